//! Formulas as a person writes them: `2·a` for `a + a`, `a²` for `a·a`, numbers before other factors, `a/√b` for `a·rsqrt(b)`, `a/2` for `0.5·a`, sums behind other factors. The compiler
//! prefers what is cheaper to compute. It must not know what a formula is for. (Formulas that the compiler writes have no places, so `==` compares what they say.)

use super::products::{below_root, sum, terms};
use super::tree;
use crate::ops::Reduction;
use crate::span::Span;
use crate::syntax::tree::{Argument, Binary, Expression, ExpressionKind, Unary};

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
    } else if let Some(made) = decided(source).or_else(|| negated_outside(source)).or_else(|| joined(source)) {
        *source = made;
    }
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

/// `where(a && b, f, 0)` for `where(a, where(b, f, 0), 0)`, unless the one is a δ.
fn joined(source: &Expression) -> Option<Expression> {
    let (outer, inner) = guarded(source).filter(|(outer, _)| !is_equality(outer))?;
    let (own, formula) = guarded(inner)?;
    let condition = binary(Binary::And, outer.clone(), own.clone());
    let arguments = [condition, formula.clone(), zero()].map(|value| Argument { name: None, value }).to_vec();
    Some(make(ExpressionKind::Call(Box::new(make(ExpressionKind::Name("where".to_owned()))), arguments)))
}

/// Whether a condition says that things are equal, and no more.
pub fn is_equality(condition: &Expression) -> bool {
    if let ExpressionKind::Binary(Binary::And, one, other) = &condition.kind {
        return is_equality(one) && is_equality(other);
    }
    matches!(condition.kind, ExpressionKind::Binary(Binary::Equal, ..))
}

/// A condition, and what is there where it holds; elsewhere it is 0.
pub fn guarded(source: &Expression) -> Option<(&Expression, &Expression)> {
    let ExpressionKind::Call(callee, arguments) = &source.kind else { return None };
    let [condition, then, otherwise] = arguments.as_slice() else { return None };
    let is_where = matches!(&callee.kind, ExpressionKind::Name(word) if word == "where");
    let is_zero = matches!(otherwise.value.kind, ExpressionKind::Number { value: 0.0, .. });
    (is_where && is_zero).then_some((&condition.value, &then.value))
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

pub fn make(kind: ExpressionKind) -> Expression {
    Expression { kind, span: Span::default() }
}

/// Whether a formula is a sum, a product, a quotient or has a sign.
pub fn is_link(source: &Expression) -> bool {
    Chain::of(source) != Chain::None
}

/// A function of a formula.
pub fn call(function: &str, argument: Expression) -> Expression {
    let callee = Box::new(make(ExpressionKind::Name(function.to_owned())));
    make(ExpressionKind::Call(callee, vec![Argument { name: None, value: argument }]))
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

pub fn number(value: f64) -> Expression {
    make(ExpressionKind::Number { value, integer: value.fract() == 0.0 && value < 1e15 })
}

/// An operator with its operands.
pub fn binary(operator: Binary, left: Expression, right: Expression) -> Expression {
    make(ExpressionKind::Binary(operator, Box::new(left), Box::new(right)))
}
