//! Floors of quotients of extents: their canonical form, and what can be told of extents that hold some.
//!
//! `⌊p / n⌋` of a polynomial is a factor whose polynomial has coefficients in `0..n`: whole multiples of `n` stand outside. So it
//! is never negative, and `n·⌊p / n⌋ <= p <= n·⌊p / n⌋ + n - 1` leads from it to the polynomial inside.

use super::extent::{Extent, Factor, Monomial, SizeId};

/// Floors of larger polynomials (all factors within counted) are not made.
const LARGEST: usize = 64;

impl Extent {
    /// `⌊self / by⌋` for a positive number; `None` where it would be too large or too complicated.
    pub fn quotient(&self, by: i64) -> Option<Self> {
        if by < 1 || self.is_too_large() {
            return None;
        }
        let (mut whole, mut rest) = (Self::zero(), Self::zero());
        for (monomial, coefficient) in self.terms() {
            whole = whole.plus(&Self::term(coefficient.div_euclid(by), monomial));
            rest = rest.plus(&Self::term(coefficient.rem_euclid(by), monomial));
        }
        Some(whole.plus(&floor(&rest, by)?))
    }

    /// A number that it never falls below (every size is at least 1), if one is found.
    pub fn lower_bound(&self) -> Option<i64> {
        if self.grows() {
            return Some(self.smallest());
        }
        // What is added may be bounded by the polynomials inside of its floors, or by the smallest values of these.
        let lowest =
            self.map(|monomial, coefficient| if coefficient > 0 { floors_at_lowest(monomial) } else { monomial_of(monomial) });
        bound(self).max(bound(&lowest))
    }

    /// What is never less than this extent, for these sizes and for all smaller ones: memory that is so long for the largest sizes is
    /// enough for others. That is the extent itself, unless it shrinks where a size grows, as `N - K` does.
    pub fn room(&self) -> Self {
        if self.grows() {
            return self.clone();
        }
        match self.negated().lower_bound() {
            Some(least) => Self::constant(least.saturating_neg()),
            None => {
                self.map(|monomial, number| if number > 0 { monomial_of(monomial) } else { Self::constant(smallest(monomial)) })
            }
        }
    }

    /// The room for an array of this shape.
    pub fn room_of(shape: &[Self]) -> Self {
        Self::product(&shape.iter().map(Self::room).collect::<Vec<_>>())
    }

    /// The extent with others in the place of some sizes; `None` where it would be too large or too complicated.
    pub fn with(&self, value: &dyn Fn(SizeId) -> Option<Self>) -> Option<Self> {
        let mut sum = Self::zero();
        for (monomial, coefficient) in self.terms() {
            let factors = monomial.iter().map(|factor| factor.with(value)).collect::<Option<Vec<_>>>()?;
            sum = sum.plus(&Self::product(&factors).times(&Self::constant(coefficient)));
        }
        (!sum.is_too_large()).then_some(sum)
    }

    /// Whether it never gets smaller when a size gets larger.
    pub(super) fn grows(&self) -> bool {
        self.terms().all(|(monomial, coefficient)| monomial.is_empty() || coefficient > 0)
    }

    /// Its value where all sizes are 1.
    fn smallest(&self) -> i64 {
        let terms = self.terms().map(|(monomial, coefficient)| coefficient.saturating_mul(smallest(monomial)));
        terms.fold(0, i64::saturating_add)
    }

    /// The sum of its terms with something else in the place of their factors.
    fn map(&self, new: impl Fn(&Monomial, i64) -> Self) -> Self {
        self.terms().fold(Self::zero(), |sum, (monomial, number)| sum.plus(&new(monomial, number).times(&Self::constant(number))))
    }

    fn depth(&self) -> usize {
        self.terms().flat_map(|(monomial, _)| monomial).map(Factor::depth).max().unwrap_or(0)
    }

    fn weight(&self) -> usize {
        self.terms().flat_map(|(monomial, _)| monomial).map(Factor::weight).sum()
    }
}

impl Factor {
    fn with(&self, value: &dyn Fn(SizeId) -> Option<Extent>) -> Option<Extent> {
        match self {
            Self::Size(size) => Some(value(*size).unwrap_or_else(|| Extent::size(*size))),
            Self::Floor(of, by) => of.with(value)?.quotient(*by),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Size(_) => 0,
            Self::Floor(of, _) => of.depth() + 1,
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Size(_) => 1,
            Self::Floor(of, _) => of.weight() + 1,
        }
    }

    fn smallest(&self) -> i64 {
        match self {
            Self::Size(_) => 1,
            Self::Floor(of, by) => of.smallest().div_euclid((*by).max(1)),
        }
    }
}

/// `⌊rest / by⌋`, where all coefficients lie in `0..by`.
fn floor(rest: &Extent, by: i64) -> Option<Extent> {
    if rest.as_constant().is_some() {
        return Some(Extent::zero());
    }
    // ⌊(⌊a / n⌋ + b) / m⌋ is ⌊(a + n·b) / (n·m)⌋.
    for (monomial, coefficient) in rest.terms() {
        if let ([Factor::Floor(of, inner)], 1) = (monomial.as_slice(), coefficient) {
            let others = rest.minus(&monomial_of(monomial)).times(&Extent::constant(*inner));
            return of.plus(&others).quotient(inner.checked_mul(by)?);
        }
    }
    let with_sizes = rest.terms().filter(|(monomial, _)| !monomial.is_empty());
    let common = with_sizes.fold(by, |common, (_, coefficient)| greatest_common_divisor(common, coefficient));
    if common > 1 {
        let smaller = rest.terms().fold(Extent::zero(), |sum, (monomial, coefficient)| {
            sum.plus(&Extent::term(coefficient.div_euclid(common), monomial))
        });
        return smaller.quotient(by / common);
    }
    (rest.weight() <= LARGEST).then(|| Extent::factor(Factor::Floor(Box::new(rest.clone()), by)))
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn monomial_of(monomial: &Monomial) -> Extent {
    Extent::term(1, monomial)
}

/// Its value where all sizes are 1.
fn smallest(monomial: &Monomial) -> i64 {
    monomial.iter().fold(1, |product, factor| product.saturating_mul(factor.smallest()))
}

/// The same product with each floor at its smallest value.
fn floors_at_lowest(monomial: &Monomial) -> Extent {
    Extent::product(
        &monomial
            .iter()
            .map(|factor| match factor {
                Factor::Size(size) => Extent::size(*size),
                Factor::Floor(..) => Extent::constant(factor.smallest()),
            })
            .collect::<Vec<_>>(),
    )
}

/// A lower bound, floors being led back to what is inside of them, the outermost first.
fn bound(extent: &Extent) -> Option<i64> {
    let floors = extent.terms().flat_map(|(monomial, _)| monomial).filter(|factor| factor.depth() > 0);
    let Some(outermost) = floors.max_by_key(|factor| (factor.depth(), *factor)).cloned() else {
        return extent.grows().then(|| extent.smallest());
    };
    let Factor::Floor(inside, by) = &outermost else { return None };
    let replaced = extent.map(|monomial, coefficient| {
        let Some(place) = monomial.iter().position(|factor| *factor == outermost) else {
            return Extent::term(*by, monomial);
        };
        let mut others = monomial.clone();
        others.remove(place);
        let least = if coefficient < 0 { (**inside).clone() } else { inside.plus_constant(1 - by) };
        monomial_of(&others).times(&least)
    });
    // The bound of `by` times the extent.
    let multiple = if replaced.is_too_large() { None } else { bound(&replaced) }?;
    Some(-(-multiple).div_euclid(*by))
}

#[cfg(test)]
#[path = "floors_tests.rs"]
mod tests;
