//! A polynomial as a formula, in nested form.

use super::Reader;
use super::algebra::{Monomial, Polynomial, common, divided};
use crate::ir::{ExpressionId, Expressions, Number};
use crate::ops::Operator;
use std::collections::BTreeMap;

/// Beside what damps it, so many factors that may be large are multiplied before it: their product with a large number does not overflow.
const MOST_ALONE: u32 = 2;

impl Reader<'_> {
    /// A polynomial as a formula: what is large and not damped before the nested form of the rest.
    pub fn form(&mut self, expressions: &mut Expressions, polynomial: &Polynomial) -> ExpressionId {
        let mut by_large: BTreeMap<Monomial, Polynomial> = BTreeMap::new();
        for (monomial, number) in polynomial {
            let large = self.large(expressions, monomial);
            let small = divided(monomial, &large);
            by_large.entry(large).or_default().insert(small, *number);
        }
        let mut total: Option<Product> = None;
        for (large, small) in by_large {
            let term = self.horner(expressions, &small);
            let term = multiplied(expressions, &large, term);
            total = Some(plus(expressions, total, term));
        }
        total.unwrap_or(Product { of: None, number: Number::new(0.0) }).formula(expressions)
    }

    /// The nested form: what all terms have in common before the rest, and of that what most have before those that have it. What damps
    /// high powers stays with them, so that none overflows alone.
    fn horner(&mut self, expressions: &mut Expressions, polynomial: &Polynomial) -> Product {
        let mut common = common(polynomial);
        let highest = |this: &mut Self, expressions: &mut Expressions, common: &Monomial| {
            polynomial.keys().map(|monomial| this.height(expressions, &divided(monomial, common))).max().unwrap_or(0)
        };
        let mut held = Monomial::new();
        if polynomial.len() > 1 && highest(self, expressions, &common) > MOST_ALONE {
            (held, common) = common.into_iter().partition(|&(factor, _)| self.damping(expressions, factor).is_some());
        }
        if !common.is_empty() {
            let rest = polynomial.iter().map(|(monomial, number)| (divided(monomial, &common), *number)).collect();
            let rest = self.horner(expressions, &rest);
            return multiplied(expressions, &common, rest);
        }
        let mut readers: BTreeMap<ExpressionId, usize> = BTreeMap::new();
        let is_free = |factor: ExpressionId| !held.iter().any(|&(other, _)| other == factor);
        for &(factor, _) in polynomial.keys().flatten().filter(|&&(factor, _)| is_free(factor)) {
            *readers.entry(factor).or_default() += 1;
        }
        let most = readers.iter().max_by_key(|&(&factor, &count)| (count, std::cmp::Reverse(factor))).map(|(&factor, _)| factor);
        let Some(factor) = most.filter(|_| polynomial.len() > 1) else {
            return Product { of: None, number: polynomial.values().copied().fold(Number::new(0.0), std::ops::Add::add) };
        };
        let has = |monomial: &Monomial| monomial.iter().any(|&(other, _)| other == factor);
        let (with, without): (Polynomial, Polynomial) =
            polynomial.iter().map(|(monomial, number)| (monomial.clone(), *number)).partition(|(monomial, _)| has(monomial));
        let (with, without) = (self.horner(expressions, &with), self.horner(expressions, &without));
        let (first, second) =
            if without.number.is_negative() && with.number.get() > 0.0 { (with, without) } else { (without, with) };
        plus(expressions, Some(first), second)
    }
}

/// A product: its formula without a number (none is 1), and that.
#[derive(Clone, Copy)]
struct Product {
    of: Option<ExpressionId>,
    number: Number,
}

impl Product {
    fn formula(self, expressions: &mut Expressions) -> ExpressionId {
        match self {
            Self { of: None, number } => expressions.constant(number),
            Self { of: Some(of), number } if number == 1.0 => of,
            Self { of: Some(of), number } if number == -1.0 => expressions.apply(Operator::Negate, &[of]),
            Self { of: Some(of), number } => {
                let number = expressions.constant(number);
                expressions.apply(Operator::Multiply, &[of, number])
            }
        }
    }
}

fn plus(expressions: &mut Expressions, total: Option<Product>, term: Product) -> Product {
    let Some(total) = total else { return term };
    let left = total.formula(expressions);
    let is_negative = term.number.is_negative();
    let right = Product { number: term.number.abs(), ..term }.formula(expressions);
    let operator = if is_negative { Operator::Subtract } else { Operator::Add };
    Product { of: Some(expressions.apply(operator, &[left, right])), number: Number::new(1.0) }
}

/// A product with the factors of a monomial before it.
fn multiplied(expressions: &mut Expressions, monomial: &Monomial, product: Product) -> Product {
    let mut of = None;
    for &(factor, exponent) in monomial {
        let power = (1..exponent).fold(factor, |power, _| expressions.apply(Operator::Multiply, &[power, factor]));
        of = Some(of.map_or(power, |before| expressions.apply(Operator::Multiply, &[before, power])));
    }
    let both = match (of, product.of) {
        (Some(one), Some(other)) => Some(expressions.apply(Operator::Multiply, &[one, other])),
        (one, other) => one.or(other),
    };
    Product { of: both, number: product.number }
}
