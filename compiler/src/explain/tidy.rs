//! Formulas as a person writes them: `2·a` for `a + a`, `a²` for `a·a`, numbers before other factors, `a/√b` for `a·rsqrt(b)`, `a/2` for `0.5·a`, sums behind other factors. The compiler
//! prefers what is cheaper to compute. It must not know what a formula is for. (Formulas that the compiler writes have no places, so `==` compares what they say.)

use super::tree;
use crate::emit::math::moved;
use crate::ops::Reduction;
use crate::span::Span;
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
}

/// The formula, written so.
pub fn tidy(source: &Expression) -> Expression {
    let mut tidied = source.clone();
    tidy_in_place(&mut tidied);
    tidied
}

fn tidy_in_place(source: &mut Expression) {
    tidy_operands(source);
    if Chain::of(source) != Chain::None || below_root(source).is_some() {
        *source = sum(terms(source));
    } else if let Some(made) = logarithm(source).or_else(|| decided(source)).or_else(|| negated_outside(source)) {
        *source = made;
    }
}

/// `√a` of `1/√a`, which the compiler has an operator for.
fn below_root(source: &Expression) -> Option<Expression> {
    let ExpressionKind::Call(callee, arguments) = &source.kind else { return None };
    let is_inverse = matches!(&callee.kind, ExpressionKind::Name(word) if word == "rsqrt");
    let callee = Box::new(make(ExpressionKind::Name("sqrt".to_owned())));
    is_inverse.then(|| make(ExpressionKind::Call(callee, arguments.clone())))
}

/// `a` of `√a`.
fn under_root(source: &Expression) -> Option<Expression> {
    let ExpressionKind::Call(callee, arguments) = &source.kind else { return None };
    let is_root = matches!(&callee.kind, ExpressionKind::Name(word) if word == "sqrt");
    arguments.first().filter(|_| is_root).map(|argument| argument.value.clone())
}

/// `log(2)` for the number that the compiler makes of it.
fn logarithm(source: &Expression) -> Option<Expression> {
    let ExpressionKind::Number { value, .. } = &source.kind else { return None };
    let of = (2..=100u32).map(f64::from).find(|of| of.ln() == *value)?;
    let argument = Argument { name: None, value: number(of) };
    Some(make(ExpressionKind::Call(Box::new(make(ExpressionKind::Name("log".to_owned()))), vec![argument])))
}

/// The branch of a choice between two that numbers decide: `where(3 == 0, 0, a)`.
fn decided(source: &Expression) -> Option<Expression> {
    let ExpressionKind::Call(callee, arguments) = &source.kind else { return None };
    let [condition, then, otherwise] = arguments.as_slice() else { return None };
    let ExpressionKind::Binary(Binary::Equal, left, right) = &condition.value.kind else { return None };
    let (ExpressionKind::Number { value: left, .. }, ExpressionKind::Number { value: right, .. }) = (&left.kind, &right.kind)
    else {
        return None;
    };
    let is_where = matches!(&callee.kind, ExpressionKind::Name(word) if word == "where");
    is_where.then(|| if left == right { then.value.clone() } else { otherwise.value.clone() })
}

/// Tidies what a chain of sums and products is made of, or what stands directly below another formula. A chain is brought to its form
/// once, as a whole.
fn tidy_operands(source: &mut Expression) {
    // The same twice is a multiple of it, as it is.
    if let ExpressionKind::Binary(Binary::Add, left, right) = &source.kind
        && left == right
    {
        let twice = binary(Binary::Multiply, number(2.0), (**left).clone());
        *source = twice;
    }
    let chain = Chain::of(source);
    for child in tree::children_mut(source) {
        if chain.goes_on(child) { tidy_operands(child) } else { tidy_in_place(child) }
    }
}

/// Which kind of chain a formula is a link of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chain {
    /// Terms, which may be products.
    Sum,
    /// Factors, quotients, signs.
    Product,
    /// None.
    None,
}

impl Chain {
    fn of(source: &Expression) -> Self {
        if let ExpressionKind::Binary(operator, ..) = &source.kind {
            match operator {
                Binary::Add | Binary::Subtract => Self::Sum,
                Binary::Multiply | Binary::Divide => Self::Product,
                Binary::Or
                | Binary::And
                | Binary::Equal
                | Binary::NotEqual
                | Binary::Less
                | Binary::LessEqual
                | Binary::Greater
                | Binary::GreaterEqual
                | Binary::MatrixMultiply
                | Binary::Power => Self::None,
            }
        } else if matches!(source.kind, ExpressionKind::Unary(Unary::Negate, _)) {
            Self::Product
        } else {
            Self::None
        }
    }

    /// Whether a formula directly below belongs to the same chain.
    fn goes_on(self, child: &Expression) -> bool {
        match (self, Self::of(child)) {
            (Self::Sum, Self::Sum | Self::Product) | (Self::Product, Self::Product) => true,
            (Self::Sum | Self::Product, Self::None) | (Self::Product, Self::Sum) | (Self::None, _) => false,
        }
    }
}

/// `-Σ a` for `Σ -a`, and so for what is only there under a condition.
fn negated_outside(source: &Expression) -> Option<Expression> {
    let mut outside = source.clone();
    let inner = if let ExpressionKind::Reduce { reduction, body, .. } = &mut outside.kind {
        Some(body.as_mut()).filter(|_| reduction.text == Reduction::Sum.spelling())?
    } else if let ExpressionKind::Call(callee, arguments) = &mut outside.kind {
        let is_where = matches!(&callee.kind, ExpressionKind::Name(word) if word == "where");
        let [_, then, otherwise] = arguments.as_mut_slice() else { return None };
        let is_zero = matches!(otherwise.value.kind, ExpressionKind::Number { value: 0.0, .. });
        Some(&mut then.value).filter(|_| is_where && is_zero)?
    } else {
        return None;
    };
    let ExpressionKind::Unary(Unary::Negate, positive) = &inner.kind else { return None };
    *inner = (**positive).clone();
    Some(make(ExpressionKind::Unary(Unary::Negate, Box::new(outside))))
}

/// Whether two formulas differ in no more than the order of their terms and factors.
pub fn is_same(one: &Expression, other: &Expression) -> bool {
    sorted(one) == sorted(other)
}

fn sorted(source: &Expression) -> Expression {
    let mut sorted = source.clone();
    sort_in_place(&mut sorted);
    sorted
}

fn sort_in_place(source: &mut Expression) {
    sort_operands(source);
    if Chain::of(source) == Chain::None {
        return;
    }
    let key = |expression: &Expression| crate::syntax::print_expression(expression);
    let mut all = terms(source);
    for product in &mut all {
        product.factors.sort_by_cached_key(|(factor, power)| (key(factor), *power));
        product.below.sort_by_cached_key(|(factor, power)| (key(factor), *power));
    }
    let keys = |factors: &[(Expression, u32)]| factors.iter().map(|(factor, _)| key(factor)).collect::<Vec<_>>();
    all.sort_by_cached_key(|product| (keys(&product.factors), keys(&product.below)));
    *source = sum(all);
}

fn sort_operands(source: &mut Expression) {
    let chain = Chain::of(source);
    for child in tree::children_mut(source) {
        if chain.goes_on(child) { sort_operands(child) } else { sort_in_place(child) }
    }
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
    let mut open = vec![(source, false)];
    while let Some((next, is_below)) = open.pop() {
        let number = if is_below { &mut product.below_number } else { &mut product.number };
        if let ExpressionKind::Binary(operator @ (Binary::Multiply | Binary::Divide), left, right) = &next.kind {
            open.push((right, is_below != (*operator == Binary::Divide)));
            open.push((left, is_below));
        } else if let ExpressionKind::Unary(Unary::Negate, of) = &next.kind {
            *number = -*number;
            open.push((of, is_below));
        } else if let ExpressionKind::Number { value, .. } = &next.kind {
            let is_part = [2.0, 4.0, 8.0, 16.0].contains(&value.recip());
            let number = if is_part == is_below { &mut product.number } else { &mut product.below_number };
            *number *= if is_part { value.recip() } else { *value };
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
    product
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

fn make(kind: ExpressionKind) -> Expression {
    Expression { kind, span: Span::default() }
}

/// The number 0.
pub fn zero() -> Expression {
    number(0.0)
}

/// A small whole number.
pub fn natural(value: usize) -> Expression {
    #[allow(clippy::cast_precision_loss)]
    number(value as f64)
}

fn number(value: f64) -> Expression {
    make(ExpressionKind::Number { value, integer: value.fract() == 0.0 && value < 1e15 })
}

/// An operator with its operands.
pub fn binary(operator: Binary, left: Expression, right: Expression) -> Expression {
    make(ExpressionKind::Binary(operator, Box::new(left), Box::new(right)))
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
    let power = |(base, power): (Expression, u32)| match (under_root(&base), power) {
        (None | Some(_), 1) => base,
        (Some(inside), 2) => inside,
        (None | Some(_), more) => binary(Binary::Power, base, number(f64::from(more))),
    };
    let first = (coefficient != 1.0 || factors.is_empty()).then(|| number(coefficient));
    let all = first.into_iter().chain(factors.into_iter().map(power));
    all.reduce(|left, right| binary(Binary::Multiply, left, right)).unwrap_or_else(|| number(1.0))
}
