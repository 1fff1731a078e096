//! Sums of products of formulas, as data.

use crate::ir::{ExpressionId, Number};
use std::collections::BTreeMap;

/// What a product is of, with exponents, sorted; without its number.
pub type Monomial = Vec<(ExpressionId, u32)>;
/// Monomials with their numbers; none is 0.
pub type Polynomial = BTreeMap<Monomial, Number>;

/// A factor alone.
pub fn atom(id: ExpressionId) -> Polynomial {
    Polynomial::from([(vec![(id, 1)], Number::new(1.0))])
}

/// `a + factor · b`
pub fn sum(a: &Polynomial, b: &Polynomial, factor: Number) -> Polynomial {
    let mut sum = a.clone();
    for (monomial, &number) in b {
        add(&mut sum, monomial.clone(), number * factor);
    }
    sum
}

/// Adds a term; what is left of a difference by rounding alone is nothing.
pub fn add(polynomial: &mut Polynomial, monomial: Monomial, number: Number) {
    let before = polynomial.get(&monomial).copied().unwrap_or(Number::new(0.0));
    let total = before + number;
    if total.get().abs() <= 4.0 * f64::EPSILON * before.get().abs() {
        polynomial.remove(&monomial);
    } else {
        polynomial.insert(monomial, total);
    }
}

/// The product of two products.
pub fn times(a: &Monomial, b: &Monomial) -> Monomial {
    let mut exponents: BTreeMap<ExpressionId, u32> = a.iter().copied().collect();
    for &(factor, exponent) in b {
        *exponents.entry(factor).or_default() += exponent;
    }
    exponents.into_iter().collect()
}

/// A product without the factors of another.
pub fn divided(a: &Monomial, b: &Monomial) -> Monomial {
    let less = |factor: ExpressionId| b.iter().find(|&&(other, _)| other == factor).map_or(0, |&(_, exponent)| exponent);
    a.iter()
        .map(|&(factor, exponent)| (factor, exponent.saturating_sub(less(factor))))
        .filter(|&(_, exponent)| exponent > 0)
        .collect()
}

/// The factors of all terms.
pub fn common(polynomial: &Polynomial) -> Monomial {
    let mut monomials = polynomial.keys();
    let Some(first) = monomials.next() else { return Monomial::new() };
    let mut common = first.clone();
    for monomial in monomials {
        common.retain_mut(|(factor, exponent)| {
            let own = monomial.iter().find(|(other, _)| other == factor).map_or(0, |&(_, exponent)| exponent);
            *exponent = own.min(*exponent);
            *exponent > 0
        });
    }
    common
}
