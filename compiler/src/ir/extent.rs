//! Extents: how long an axis is, as a polynomial in the symbolic sizes and in the floors of quotients of such.
//!
//! `784`, `B`, `N - 2`, `H·T + 1`, `⌊(N + 1) / 2⌋`. The form is canonical, so equal polynomials are equal values. A size is at
//! least 1. Arithmetic saturates at the ends of `i64`; elaboration refuses extents that are [`Extent::is_too_large`]. How floors
//! are brought to their form, and what is known of them, stands in `floors.rs`.

use super::number::greatest_divisor;
use std::cmp::Ordering;

/// More terms than this are as bad as coefficients that do not fit.
const MOST_TERMS: usize = 256;

/// A symbolic size such as `B`, by its number in [`crate::ir::Program::sizes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SizeId(pub u32);

/// What a product is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Factor {
    /// A symbolic size.
    Size(SizeId),
    /// `⌊extent / number⌋`, made by [`Extent::quotient`]: the number is at least 2, and no coefficient is negative.
    Floor(Box<Extent>, i64),
}

/// A product of sizes and floors, sorted; the empty product is 1.
pub type Monomial = Vec<Factor>;

/// A polynomial: sorted terms with integer coefficients, none of them zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Extent(Vec<(Monomial, i64)>);

impl Extent {
    /// A number.
    pub fn constant(value: i64) -> Self {
        Self::from_terms(vec![(Monomial::new(), value)])
    }

    /// A symbolic size.
    pub fn size(size: SizeId) -> Self {
        Self::factor(Factor::Size(size))
    }

    /// A factor alone.
    pub(super) fn factor(factor: Factor) -> Self {
        Self(vec![(vec![factor], 1)])
    }

    /// A product of numbers and factors.
    pub fn term(coefficient: i64, monomial: &Monomial) -> Self {
        Self::from_terms(vec![(monomial.clone(), coefficient)])
    }

    /// The sum of any terms.
    fn from_terms(mut terms: Vec<(Monomial, i64)>) -> Self {
        terms.sort_unstable();
        terms.dedup_by(|next, sum| {
            let same = next.0 == sum.0;
            if same {
                sum.1 = sum.1.saturating_add(next.1);
            }
            same
        });
        terms.retain(|(_, coefficient)| *coefficient != 0);
        Self(terms)
    }

    /// 0
    pub fn zero() -> Self {
        Self::default()
    }

    /// 1
    pub fn one() -> Self {
        Self::constant(1)
    }

    /// Its terms: monomials with their coefficients.
    pub fn terms(&self) -> impl Iterator<Item = (&Monomial, i64)> {
        self.0.iter().map(|(monomial, coefficient)| (monomial, *coefficient))
    }

    /// The number it is, where no size occurs.
    pub fn as_constant(&self) -> Option<i64> {
        match self.0.as_slice() {
            [] => Some(0),
            [(monomial, number)] if monomial.is_empty() => Some(*number),
            _ => None,
        }
    }

    /// The size it is, where it is nothing else.
    pub fn as_size(&self) -> Option<SizeId> {
        let (monomial, coefficient) = self.terms().next()?;
        match monomial.as_slice() {
            [Factor::Size(size)] if self.0.len() == 1 && coefficient == 1 => Some(*size),
            _ => None,
        }
    }

    /// Calls `visit` for every size that occurs, also inside of floors; some more than once.
    pub fn each_size(&self, visit: &mut dyn FnMut(SizeId)) {
        for factor in self.0.iter().flat_map(|(monomial, _)| monomial) {
            match factor {
                Factor::Size(size) => visit(*size),
                Factor::Floor(of, _) => of.each_size(visit),
            }
        }
    }

    /// Whether it is a size or a floor alone.
    pub fn is_factor(&self) -> bool {
        self.0.len() == 1 && self.terms().all(|(monomial, coefficient)| monomial.len() == 1 && coefficient == 1)
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is 1.
    pub fn is_one(&self) -> bool {
        self.as_constant() == Some(1)
    }

    /// Whether arithmetic has left (or come near) what fits.
    pub fn is_too_large(&self) -> bool {
        let inside = |factor: &Factor| match factor {
            Factor::Size(_) => false,
            Factor::Floor(of, by) => *by >= 1 << 48 || of.is_too_large(),
        };
        let terms = &self.0;
        terms.len() > MOST_TERMS
            || terms.iter().any(|(monomial, coefficient)| coefficient.unsigned_abs() >= 1 << 48 || monomial.iter().any(inside))
    }

    /// `self + other`
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(merged(&self.0, &other.0, |a, b| Some(a.saturating_add(*b)).filter(|sum| *sum != 0)))
    }

    /// `-self`
    #[must_use]
    pub fn negated(&self) -> Self {
        Self(self.0.iter().map(|(monomial, coefficient)| (monomial.clone(), coefficient.saturating_neg())).collect())
    }

    /// `self - other`
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.plus(&other.negated())
    }

    /// `self + number`
    #[must_use]
    pub fn plus_constant(&self, number: i64) -> Self {
        self.plus(&Self::constant(number))
    }

    /// `self * other`
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        if self.0.len().saturating_mul(other.0.len()) > MOST_TERMS * MOST_TERMS {
            return Self::constant(i64::MAX);
        }
        let mut terms = Vec::with_capacity(self.0.len() * other.0.len());
        for (left, a) in &self.0 {
            for (right, b) in &other.0 {
                let mut monomial = [left.as_slice(), right.as_slice()].concat();
                monomial.sort_unstable();
                terms.push((monomial, a.saturating_mul(*b)));
            }
        }
        Self::from_terms(terms)
    }

    /// The product of many.
    pub fn product<'a>(extents: impl IntoIterator<Item = &'a Extent>) -> Self {
        extents.into_iter().fold(Self::one(), |product, extent| product.times(extent))
    }

    /// `self / divisor` where that is exact for every value of the sizes and the divisor is a single term.
    pub fn divided_exactly(&self, divisor: &Self) -> Option<Self> {
        let (by, coefficient) = divisor.terms().next().filter(|_| divisor.0.len() == 1)?;
        let mut quotient = Vec::with_capacity(self.0.len());
        for (monomial, value) in self.terms() {
            let mut rest = monomial.clone();
            for factor in by {
                let position = rest.iter().position(|other| other == factor)?;
                rest.remove(position);
            }
            if value % coefficient != 0 {
                return None;
            }
            quotient.push((rest, value / coefficient));
        }
        Some(Self::from_terms(quotient))
    }

    /// The same divided by the largest number that divides all of its coefficients, and by the sizes that all terms have: it has
    /// the same sign for all sizes.
    #[must_use]
    pub fn without_common_factors(&self) -> Self {
        let common = self.terms().fold(0, |common, (_, coefficient)| greatest_divisor(common, coefficient.into()));
        let mut rest = Self::constant(i64::try_from(common).unwrap_or(1).max(1));
        let sizes = self.0.first().map_or_else(Vec::new, |(monomial, _)| monomial.clone());
        for size in sizes.into_iter().filter(|factor| matches!(factor, Factor::Size(_))) {
            let with = rest.times(&Self::factor(size));
            if self.divided_exactly(&with).is_some() {
                rest = with;
            }
        }
        self.divided_exactly(&rest).unwrap_or_else(|| self.clone())
    }

    /// Its terms with positive coefficients, and those with negative ones with the other sign: the one minus the other is the same.
    pub fn parts(&self) -> [Self; 2] {
        let positive = |coefficient: i64| Self(self.0.iter().filter(|term| term.1.signum() == coefficient).cloned().collect());
        [positive(1), positive(-1).negated()]
    }

    /// Whether it is at least `number` for every value of the sizes.
    pub fn is_at_least(&self, number: i64) -> bool {
        self.lower_bound().is_some_and(|bound| bound >= number)
    }

    /// Whether it is at most `number` for every value of the sizes.
    pub fn is_at_most(&self, number: i64) -> bool {
        self.negated().is_at_least(number.saturating_neg())
    }

    /// Its value for given sizes (by number), saturating.
    pub fn value(&self, sizes: &[usize]) -> i64 {
        self.terms().fold(0i64, |sum, (monomial, coefficient)| {
            let product = monomial.iter().fold(coefficient, |product, factor| product.saturating_mul(factor.value(sizes)));
            sum.saturating_add(product)
        })
    }

    /// As a person writes it: `4*B + 1`.
    pub fn display(&self, sizes: &[String]) -> String {
        let mut text = String::new();
        // Terms with sizes first, the number last.
        for (monomial, coefficient) in
            self.terms().filter(|(m, _)| !m.is_empty()).chain(self.terms().filter(|(m, _)| m.is_empty()))
        {
            let sign = if coefficient < 0 { "-" } else { "+" };
            match (text.is_empty(), coefficient < 0) {
                (true, false) => {}
                (true, true) => text.push('-'),
                (false, _) => text.push_str(&format!(" {sign} ")),
            }
            let names: Vec<String> = monomial.iter().map(|factor| factor.display(sizes)).collect();
            match (coefficient.unsigned_abs(), names.is_empty()) {
                (number, true) => text.push_str(&number.to_string()),
                (1, false) => text.push_str(&names.join("*")),
                (number, false) => text.push_str(&format!("{number}*{}", names.join("*"))),
            }
        }
        if text.is_empty() { "0".into() } else { text }
    }
}

impl Factor {
    /// Its value for given sizes.
    fn value(&self, sizes: &[usize]) -> i64 {
        match self {
            Self::Size(size) => i64::try_from(sizes[size.0 as usize]).unwrap_or(i64::MAX),
            Self::Floor(of, by) => of.value(sizes).div_euclid((*by).max(1)),
        }
    }

    /// `B`, `floor((N + 1) / 2)`
    fn display(&self, sizes: &[String]) -> String {
        match self {
            Self::Size(size) => sizes[size.0 as usize].clone(),
            Self::Floor(of, by) if of.0.len() == 1 => format!("floor({} / {by})", of.display(sizes)),
            Self::Floor(of, by) => format!("floor(({}) / {by})", of.display(sizes)),
        }
    }
}

/// Two sorted sums as one; what has become nothing is left out.
pub(super) fn merged<K: Ord + Clone, V: Clone>(a: &[(K, V)], b: &[(K, V)], add: impl Fn(&V, &V) -> Option<V>) -> Vec<(K, V)> {
    let mut terms = Vec::with_capacity(a.len() + b.len());
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    while let (Some((one, _)), Some((other, _))) = (left.peek(), right.peek()) {
        match one.cmp(other) {
            Ordering::Less => terms.extend(left.next().cloned()),
            Ordering::Greater => terms.extend(right.next().cloned()),
            Ordering::Equal => {
                let both = left.next().zip(right.next());
                terms.extend(both.and_then(|((key, a), (_, b))| Some((key.clone(), add(a, b)?))));
            }
        }
    }
    terms.extend(left.chain(right).cloned());
    terms
}

impl From<i64> for Extent {
    fn from(value: i64) -> Self {
        Self::constant(value)
    }
}
