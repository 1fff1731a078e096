//! A sum with what its terms share outside: factors that do not depend on what is summed over stand before a sum, and what most terms
//! have stands before a bracket. It must not know what a formula is for.

use super::products::{Product, lower, power_of, product, sum, terms, under_root};
use super::{tidy, tree};
use crate::ops::Reduction;
use crate::syntax::print_expression;
use crate::syntax::tree::{Binary, Expression, ExpressionKind};
use std::collections::BTreeSet;

/// A sum of several terms that share something, as a product with one bracket: shorter terms first.
pub fn gathered(source: &Expression) -> Option<Expression> {
    let mut opened = source.clone();
    open_sums(&mut opened);
    let mut all = terms(&opened);
    if all.len() < 2 {
        return None;
    }
    let mut outside = Product::one();
    take_numbers(&mut all, &mut outside);
    take_above(&mut all, &mut outside);
    take_below(&mut all, &mut outside);
    if outside.is_one() {
        return None;
    }
    all.sort_by_cached_key(|term| print_expression(&sum(vec![term.clone()])).chars().count());
    outside.below.sort_by_cached_key(|(factor, _)| print_expression(factor).chars().count());
    let bracket = sum(all);
    if outside.number == 1.0 && outside.factors.is_empty() {
        outside.factors.push((bracket, 1));
        return Some(sum(vec![outside]));
    }
    Some(tidy::binary(Binary::Multiply, sum(vec![outside]), bracket))
}

/// `c·Σ f` for `Σ c·f`.
fn open_sums(source: &mut Expression) {
    tree::children_mut(source).into_iter().for_each(open_sums);
    let ExpressionKind::Reduce { reduction, labels, body, .. } = &source.kind else { return };
    if reduction.text != Reduction::Sum.spelling() {
        return;
    }
    let bound: BTreeSet<&String> = labels.iter().map(|label| &label.name.text).collect();
    let depends = |(factor, _): &(Expression, u32)| tree::names(factor).iter().any(|name| bound.contains(name));
    let term = product(body);
    let (inside, above): (Vec<_>, Vec<_>) = term.factors.into_iter().partition(depends);
    let (inside_below, below): (Vec<_>, Vec<_>) = term.below.into_iter().partition(depends);
    let mut outer = Product { factors: above, below, ..Product::one() };
    (outer.number, outer.below_number) = (term.number, term.below_number);
    if inside.is_empty() && inside_below.is_empty() || outer.is_one() {
        return;
    }
    let inner = sum(vec![Product { factors: inside, below: inside_below, ..Product::one() }]);
    let mut of_the_rest = source.clone();
    if let ExpressionKind::Reduce { body, .. } = &mut of_the_rest.kind {
        **body = inner;
    }
    outer.factors.push((of_the_rest, 1));
    *source = sum(vec![outer]);
}

/// The numbers, where all terms have the same.
fn take_numbers(all: &mut [Product], outside: &mut Product) {
    let Some((number, below)) = all.first().map(|first| (first.number.abs(), first.below_number)) else { return };
    if all.iter().all(|term| term.number.abs() == number) {
        outside.number = number;
        all.iter_mut().for_each(|term| term.number /= number);
    }
    if all.iter().all(|term| term.below_number == below) {
        outside.below_number = below;
        all.iter_mut().for_each(|term| term.below_number = 1.0);
    }
}

/// The factors that all terms have.
fn take_above(all: &mut [Product], outside: &mut Product) {
    for (factor, _) in all.first().map(|first| first.factors.clone()).unwrap_or_default() {
        let least = all.iter().map(|term| power_of(&term.factors, &factor)).min().unwrap_or(0);
        if least > 0 {
            all.iter_mut().for_each(|term| lower(&mut term.factors, &factor, least));
            outside.factors.push((factor, least));
        }
    }
}

/// The divisors that all terms have; a square counts as one by its root where another term has that.
fn take_below(all: &mut [Product], outside: &mut Product) {
    let divisors = |all: &[Product]| -> Vec<Expression> {
        let mut found: Vec<Expression> = Vec::new();
        for (factor, _) in all.iter().flat_map(|term| &term.below) {
            if !found.contains(factor) {
                found.push(factor.clone());
            }
        }
        found
    };
    for root in divisors(all).iter().filter(|divisor| under_root(divisor).is_some()) {
        all.iter_mut().for_each(|term| term.as_powers_of(root));
    }
    for divisor in divisors(all) {
        let least = all.iter().map(|term| power_of(&term.below, &divisor)).min().unwrap_or(0);
        if least > 0 {
            all.iter_mut().for_each(|term| lower(&mut term.below, &divisor, least));
            outside.below.push((divisor, least));
        }
    }
}
