//! Damped polynomials multiplied out in full, over one denominator without what numerator and denominator have in common:
//!
//! ```text
//! q = 1 + x^2, r = 1 / q     6·x·q^2·r^6 - x·r^3·2 = 4·x·r^4 - 2·x^3·r^4
//! ```
//!
//! So the n-th derivative of a polynomial over a power of another one has as many terms as its numerator. It is less exact near a root of a
//! sum that was multiplied out, so it is taken where it costs much less (`mod.rs`). A formula as a whole is so too where parts of it by
//! themselves have more large factors than what damps them allows (`x^18·(a + b·r)`, which `r^9·exp(-x^2)` is multiplied with): beside
//! exponentials then no divisor may have a root, and no two may.

use super::algebra::{Monomial, Polynomial, add, divided, times};
use super::{MOST_LARGE, MOST_SUMS, MOST_TERMS, Reader, Way};
use crate::ir::{ExpressionId, Expressions, Node, Number};
use crate::ops::Operator;
use std::collections::BTreeSet;

impl Reader<'_> {
    /// A damped polynomial in full; `None` where it has too many terms, or one that is not damped.
    pub fn expanded(&mut self, expressions: &mut Expressions, polynomial: &Polynomial) -> Option<Polynomial> {
        let mut expanded = polynomial.clone();
        for _ in 0..MOST_SUMS {
            let factors: BTreeSet<ExpressionId> = expanded.keys().flatten().map(|&(factor, _)| factor).collect();
            let Some(sum) = factors.iter().copied().find(|&factor| self.is_sum(factor)) else { break };
            expanded = substituted(&expanded, sum, &self.known[&sum].clone())?;
        }
        let factors: BTreeSet<ExpressionId> = expanded.keys().flatten().map(|&(factor, _)| factor).collect();
        if self.way == Way::Whole && !self.is_exact(expressions, &factors) {
            return None;
        }
        for reciprocal in factors {
            if let Node::Apply(Operator::Divide, arguments) = expressions.node(reciprocal) {
                let of = arguments[1];
                let of = self.polynomial(expressions, of);
                expanded = reduced(over_one(expanded, reciprocal, &of)?, reciprocal, &of);
            }
        }
        // What the parts of a formula may be by themselves is looked at before; the whole may have few factors that are large.
        let most = if self.way == Way::Whole { MOST_LARGE } else { 0 };
        let is_damped =
            expanded.keys().all(|monomial| self.is_damped(expressions, monomial) && self.degree(expressions, monomial) <= most);
        is_damped.then_some(expanded)
    }

    /// Whether what is multiplied out keeps its digits: near the root of a divisor it does beside nothing but divisors without one.
    fn is_exact(&mut self, expressions: &mut Expressions, factors: &BTreeSet<ExpressionId>) -> bool {
        let (mut exponentials, mut with_roots) = (0, 0);
        for &factor in factors {
            let is_reciprocal = matches!(expressions.node(factor), Node::Apply(Operator::Divide, _));
            let Some(is_within_one) = self.damping(expressions, factor).map(|damping| damping.is_within_one) else { continue };
            exponentials += usize::from(!is_reciprocal);
            with_roots += usize::from(is_reciprocal && !is_within_one);
        }
        with_roots == 0 || with_roots == 1 && exponentials == 0
    }
}

fn exponent(monomial: &Monomial, of: ExpressionId) -> u32 {
    monomial.iter().find(|&&(factor, _)| factor == of).map_or(0, |&(_, exponent)| exponent)
}

fn product(a: &Polynomial, b: &Polynomial) -> Option<Polynomial> {
    let mut product = Polynomial::new();
    for (one, &number) in a {
        for (other, &factor) in b {
            add(&mut product, times(one, other), number * factor);
        }
        if product.len() > MOST_TERMS {
            return None;
        }
    }
    Some(product)
}

/// A term with a factor taken so often more.
fn raised(term: (&Monomial, Number), of: &Polynomial, power: u32) -> Option<Polynomial> {
    let first = Polynomial::from([(term.0.clone(), term.1)]);
    (0..power).try_fold(first, |total, _| product(&total, of))
}

fn added(total: Polynomial, other: Polynomial) -> Polynomial {
    other.into_iter().fold(total, |mut total, (monomial, number)| {
        add(&mut total, monomial, number);
        total
    })
}

/// A polynomial with the terms of a sum in its place.
fn substituted(polynomial: &Polynomial, sum: ExpressionId, terms: &Polynomial) -> Option<Polynomial> {
    let mut total = Polynomial::new();
    for (monomial, &number) in polynomial {
        let power = exponent(monomial, sum);
        let rest = divided(monomial, &vec![(sum, power)]);
        total = added(total, raised((&rest, number), terms, power)?);
        if total.len() > MOST_TERMS {
            return None;
        }
    }
    Some(total)
}

/// A polynomial whose terms all have the highest power of a reciprocal.
fn over_one(polynomial: Polynomial, reciprocal: ExpressionId, of: &Polynomial) -> Option<Polynomial> {
    let most = polynomial.keys().map(|monomial| exponent(monomial, reciprocal)).max()?;
    let mut total = Polynomial::new();
    for (monomial, number) in polynomial {
        let missing = most - exponent(&monomial, reciprocal);
        let with = if missing > 0 { times(&monomial, &vec![(reciprocal, missing)]) } else { monomial };
        total = added(total, raised((&with, number), of, missing)?);
    }
    Some(total)
}

/// A polynomial over a power of a reciprocal, divided by what that is the reciprocal of, as often as that goes.
fn reduced(mut polynomial: Polynomial, reciprocal: ExpressionId, of: &Polynomial) -> Polynomial {
    while !polynomial.is_empty() && polynomial.keys().all(|monomial| exponent(monomial, reciprocal) > 1) {
        let Some(quotient) = quotient(&polynomial, of) else { break };
        polynomial =
            quotient.into_iter().map(|(monomial, number)| (divided(&monomial, &vec![(reciprocal, 1)]), number)).collect();
    }
    polynomial
}

/// A polynomial divided by another in one factor; `None` where something is left.
fn quotient(polynomial: &Polynomial, by: &Polynomial) -> Option<Polynomial> {
    let (leading, &number) = by.iter().max_by_key(|(monomial, _)| monomial.iter().map(|&(_, exponent)| exponent).max())?;
    let &[(factor, degree)] = leading.as_slice() else { return None };
    let (mut rest, mut quotient) = (polynomial.clone(), Polynomial::new());
    while let Some((highest, &first)) = rest.iter().max_by_key(|(monomial, _)| exponent(monomial, factor)) {
        if exponent(highest, factor) < degree || quotient.len() > MOST_TERMS {
            return None;
        }
        let (part, share) = (divided(highest, &vec![(factor, degree)]), first / number);
        let highest = highest.clone();
        for (monomial, &number) in by {
            add(&mut rest, times(&part, monomial), -share * number);
        }
        rest.remove(&highest);
        add(&mut quotient, part, share);
    }
    Some(quotient)
}
