//! Formulas as sums of fractions of products: how they are taken apart and put together again, numbers before other factors, sums behind
//! them. It must not know what a formula is for.

use super::tidy::{binary, guarded, is_equality, make, number};
use crate::emit::math::moved;
use crate::syntax::tree::{Argument, Binary, Expression, ExpressionKind, Unary};

/// A fraction of two products: numbers, and factors with whole powers.
#[derive(Clone)]
pub struct Product {
    /// The number above the line.
    pub number: f64,
    /// The factors above the line, with their powers.
    pub factors: Vec<(Expression, u32)>,
    /// The number below the line.
    pub below_number: f64,
    /// The factors below the line.
    pub below: Vec<(Expression, u32)>,
}

impl Product {
    /// The product of nothing.
    pub fn one() -> Self {
        Self { number: 1.0, factors: Vec::new(), below_number: 1.0, below: Vec::new() }
    }

    /// Whether it is that.
    pub fn is_one(&self) -> bool {
        self.number == self.below_number && self.factors.is_empty() && self.below.is_empty()
    }

    /// Writes `a` as `√a²`, for this `√a`.
    pub fn as_powers_of(&mut self, root: &Expression) {
        let Some(inside) = under_root(root) else { return };
        for side in [&mut self.factors, &mut self.below] {
            let power = power_of(side, &inside);
            let Some(place) = side.iter().position(|(factor, _)| *factor == inside) else { continue };
            if let Some((_, before)) = side.iter_mut().find(|(factor, _)| factor == root) {
                *before += 2 * power;
                side.remove(place);
            } else {
                side[place] = (root.clone(), 2 * power);
            }
        }
    }
}

/// `√a` of `1/√a`, which the compiler has an operator for.
pub fn below_root(source: &Expression) -> Option<Expression> {
    let ExpressionKind::Call(callee, arguments) = &source.kind else { return None };
    let is_inverse = matches!(&callee.kind, ExpressionKind::Name(word) if word == "rsqrt");
    let callee = Box::new(make(ExpressionKind::Name("sqrt".to_owned())));
    is_inverse.then(|| make(ExpressionKind::Call(callee, arguments.clone())))
}

/// `a` of `√a`.
pub fn under_root(source: &Expression) -> Option<Expression> {
    let ExpressionKind::Call(callee, arguments) = &source.kind else { return None };
    let is_root = matches!(&callee.kind, ExpressionKind::Name(word) if word == "sqrt");
    arguments.first().filter(|_| is_root).map(|argument| argument.value.clone())
}

/// A formula as a sum of products; what is the same is there once.
pub fn terms(source: &Expression) -> Vec<Product> {
    let mut found: Vec<Product> = Vec::new();
    let mut open = vec![(source, 1.0)];
    while let Some((next, sign)) = open.pop() {
        if let ExpressionKind::Binary(operator @ (Binary::Add | Binary::Subtract), left, right) = &next.kind {
            let right_sign = if *operator == Binary::Subtract { -sign } else { sign };
            open.push((right, right_sign));
            open.push((left, sign));
            continue;
        }
        let mut product = product(next);
        product.number *= sign;
        let same = found.iter_mut().find(|other| same_factors(other, &product));
        match same {
            Some(other) => {
                other.number += product.number;
                cancel(other);
            }
            None => found.push(product),
        }
    }
    found.retain(|product| product.number != 0.0);
    found
}

/// A formula as a product.
pub fn product(source: &Expression) -> Product {
    let mut product = Product::one();
    // Whether a factor stands below the line.
    let mut open = vec![(source.clone(), false)];
    while let Some((next, is_below)) = open.pop() {
        let next = &next;
        let number = if is_below { &mut product.below_number } else { &mut product.number };
        if let ExpressionKind::Binary(operator @ (Binary::Multiply | Binary::Divide), left, right) = &next.kind {
            open.push(((**right).clone(), is_below != (*operator == Binary::Divide)));
            open.push(((**left).clone(), is_below));
        } else if let ExpressionKind::Unary(Unary::Negate, of) = &next.kind {
            *number = -*number;
            open.push(((**of).clone(), is_below));
        } else if let ExpressionKind::Number { value, .. } = &next.kind {
            let (above, below) = fraction(*value);
            let (above, below) = if is_below { (below, above) } else { (above, below) };
            product.number *= above;
            product.below_number *= below;
        } else if let Some((delta, number)) = constant_where(next) {
            open.extend([(delta, is_below), (number, is_below)]);
        } else {
            let (base, power) = power(next);
            let root = below_root(base);
            let factors = if is_below == root.is_some() { &mut product.factors } else { &mut product.below };
            let base = root.unwrap_or_else(|| base.clone());
            match factors.iter_mut().find(|(factor, _)| *factor == base) {
                Some((_, before)) => *before += power,
                None => factors.push((base, power)),
            }
        }
    }
    if product.below_number < 0.0 {
        (product.number, product.below_number) = (-product.number, -product.below_number);
    }
    cancel(&mut product);
    gather_roots(&mut product);
    product
}

/// `1 / 4` for `0.25`: a number as a fraction, where that is how a person would write it.
fn fraction(value: f64) -> (f64, f64) {
    let inverse = value.recip();
    let is_power_of_two = inverse.fract() == 0.0 && (2.0..=65536.0).contains(&inverse) && (inverse as u32).is_power_of_two();
    if is_power_of_two { (1.0, inverse) } else { (value, 1.0) }
}

/// Writes `a` as `√a²` where there is a factor `√a` too, and takes those that are on both sides of the line from both.
fn gather_roots(product: &mut Product) {
    let roots = product.factors.iter().chain(&product.below).filter(|(factor, _)| under_root(factor).is_some());
    for root in roots.map(|(root, _)| root.clone()).collect::<Vec<_>>() {
        product.as_powers_of(&root);
        let (above, below) = (power_of(&product.factors, &root), power_of(&product.below, &root));
        lower(&mut product.factors, &root, above.min(below));
        lower(&mut product.below, &root, above.min(below));
    }
}

/// The power that a factor has in a product.
pub fn power_of(factors: &[(Expression, u32)], wanted: &Expression) -> u32 {
    factors.iter().find(|(factor, _)| factor == wanted).map_or(0, |(_, power)| *power)
}

/// Takes a power of a factor out of a product.
pub fn lower(factors: &mut Vec<(Expression, u32)>, wanted: &Expression, by: u32) {
    factors.iter_mut().filter(|(factor, _)| factor == wanted).for_each(|(_, power)| *power -= by);
    factors.retain(|(_, power)| *power > 0);
}

/// Takes what divides both numbers of a fraction out of it.
fn cancel(product: &mut Product) {
    let common = common_divisor(product.number.abs(), product.below_number);
    (product.number, product.below_number) = (product.number / common, product.below_number / common);
}

/// The greatest number that divides two whole numbers; 1 for others.
fn common_divisor(mut one: f64, mut other: f64) -> f64 {
    let is_whole = |value: f64| (1.0..1e15).contains(&value) && value.fract() == 0.0;
    if !is_whole(one) || !is_whole(other) {
        return 1.0;
    }
    while other > 0.0 {
        (one, other) = (other, one % other);
    }
    one
}

/// A δ, and what that is multiplied by, of something that is the same number wherever it is not 0.
fn constant_where(source: &Expression) -> Option<(Expression, Expression)> {
    let (condition, then) = guarded(source).filter(|(condition, then)| is_equality(condition) && is_constant(then))?;
    let is_one = matches!(then.kind, ExpressionKind::Number { value: 1.0, .. });
    let arguments = [condition.clone(), number(1.0), number(0.0)].map(|value| Argument { name: None, value }).to_vec();
    let delta = make(ExpressionKind::Call(Box::new(make(ExpressionKind::Name("where".to_owned()))), arguments));
    (!is_one).then(|| (delta, then.clone()))
}

/// Whether a formula is made of numbers and sizes alone.
fn is_constant(source: &Expression) -> bool {
    match &source.kind {
        ExpressionKind::Number { .. } | ExpressionKind::Name(_) => true,
        ExpressionKind::Unary(_, of) => is_constant(of),
        ExpressionKind::Binary(_, left, right) => is_constant(left) && is_constant(right),
        ExpressionKind::Boolean(_)
        | ExpressionKind::Missing
        | ExpressionKind::Index(..)
        | ExpressionKind::Transpose(_)
        | ExpressionKind::Field(..)
        | ExpressionKind::Pipe(..)
        | ExpressionKind::Call(..)
        | ExpressionKind::Reduce { .. }
        | ExpressionKind::List(_)
        | ExpressionKind::Group(_)
        | ExpressionKind::Arrow(..)
        | ExpressionKind::If { .. } => false,
    }
}

/// A factor as a power, where its exponent is a small whole number.
fn power(source: &Expression) -> (&Expression, u32) {
    if let ExpressionKind::Binary(Binary::Power, base, exponent) = &source.kind
        && let ExpressionKind::Number { value, .. } = exponent.kind
    {
        for small in 2..=9u32 {
            if value == f64::from(small) {
                return (base, small);
            }
        }
    }
    (source, 1)
}

fn same_factors(one: &Product, other: &Product) -> bool {
    let same = |one: &[(Expression, u32)], other: &[(Expression, u32)]| {
        one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.1 == b.1 && a.0 == b.0)
    };
    one.below_number == other.below_number && same(&one.factors, &other.factors) && same(&one.below, &other.below)
}

/// A sum of products; one that is added stands first, where there is one.
pub fn sum(mut products: Vec<Product>) -> Expression {
    if let Some(first) = products.iter().position(|product| product.number > 0.0) {
        let product = products.remove(first);
        products.insert(0, product);
    }
    let mut total: Option<Expression> = None;
    for Product { number: coefficient, factors, below_number, below } in products {
        let has_below = below_number != 1.0 || !below.is_empty();
        let (sums, plain): (Vec<_>, Vec<_>) = factors.into_iter().partition(|factor| has_below && is_sum(factor));
        // A sum stands behind the fraction, so that its end is seen; alone it is divided.
        let is_alone = plain.is_empty() && coefficient.abs() == 1.0;
        let (plain, sums) = if is_alone { (sums, Vec::new()) } else { (plain, sums) };
        let above = written(coefficient.abs(), plain);
        let fraction = if has_below { binary(Binary::Divide, above, written(below_number, below)) } else { above };
        let term = if sums.is_empty() { fraction } else { binary(Binary::Multiply, fraction, written(1.0, sums)) };
        let negative = coefficient.is_sign_negative();
        total = Some(match (total, negative) {
            (None, false) => term,
            (None, true) => make(ExpressionKind::Unary(Unary::Negate, Box::new(term))),
            (Some(total), false) => binary(Binary::Add, total, term),
            (Some(total), true) => binary(Binary::Subtract, total, term),
        });
    }
    total.unwrap_or_else(|| number(0.0))
}

/// Whether a factor is written as a sum over labels.
fn is_sum((factor, power): &(Expression, u32)) -> bool {
    let ExpressionKind::Reduce { labels, body, .. } = &factor.kind else { return false };
    *power == 1 && moved::element(labels, body).is_none()
}

fn written(coefficient: f64, mut factors: Vec<(Expression, u32)>) -> Expression {
    factors.sort_by_key(is_sum);
    let raised = |base: Expression, power: u32| match power {
        1 => base,
        more => binary(Binary::Power, base, number(f64::from(more))),
    };
    let power = |(base, power): (Expression, u32)| match under_root(&base) {
        Some(inside) if power % 2 == 0 => raised(inside, power / 2),
        None | Some(_) => raised(base, power),
    };
    let first = (coefficient != 1.0 || factors.is_empty()).then(|| number(coefficient));
    let all = first.into_iter().chain(factors.into_iter().map(power));
    all.reduce(|left, right| binary(Binary::Multiply, left, right)).unwrap_or_else(|| number(1.0))
}
