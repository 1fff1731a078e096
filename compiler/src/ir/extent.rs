//! Extents: how long an axis is, as a polynomial in the symbolic sizes and in the floors of quotients of such.
//!
//! `784`, `B`, `N - 2`, `H·T + 1`, `⌊(N + 1) / 2⌋`. The form is canonical, so equal polynomials are equal values. A size is at
//! least 1. Arithmetic saturates at the ends of `i64`; elaboration refuses extents that are [`Extent::is_too_large`]. How floors
//! are brought to their form, and what is known of them, stands in `floors.rs`.

use std::collections::BTreeMap;

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

/// A polynomial with integer coefficients, none of them zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Extent(BTreeMap<Monomial, i64>);

impl Extent {
    /// A number.
    pub fn constant(value: i64) -> Self {
        let mut terms = BTreeMap::new();
        if value != 0 {
            terms.insert(Monomial::new(), value);
        }
        Self(terms)
    }

    /// A symbolic size.
    pub fn size(size: SizeId) -> Self {
        Self::factor(Factor::Size(size))
    }

    /// A factor alone.
    pub(super) fn factor(factor: Factor) -> Self {
        Self(BTreeMap::from([(vec![factor], 1)]))
    }

    /// A product of numbers and factors.
    pub fn term(coefficient: i64, monomial: &Monomial) -> Self {
        Self::zero().plus(&Self(BTreeMap::from([(monomial.clone(), coefficient)])))
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
        self.0.iter().map(|(monomial, &coefficient)| (monomial, coefficient))
    }

    /// The number it is, where no size occurs.
    pub fn as_constant(&self) -> Option<i64> {
        match self.0.len() {
            0 => Some(0),
            1 => self.0.get(&Monomial::new()).copied(),
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
        for factor in self.0.keys().flatten() {
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

    /// Whether arithmetic has left (or come near) the numbers that fit.
    pub fn is_too_large(&self) -> bool {
        let inside = |factor: &Factor| match factor {
            Factor::Size(_) => false,
            Factor::Floor(of, by) => *by >= 1 << 48 || of.is_too_large(),
        };
        self.0.iter().any(|(monomial, coefficient)| coefficient.unsigned_abs() >= 1 << 48 || monomial.iter().any(inside))
    }

    /// `self + other`
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut terms = self.0.clone();
        for (monomial, &coefficient) in &other.0 {
            let sum = terms.entry(monomial.clone()).or_insert(0);
            *sum = sum.saturating_add(coefficient);
            if *sum == 0 {
                terms.remove(monomial);
            }
        }
        Self(terms)
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
        let mut product = Self::zero();
        for (left, &a) in &self.0 {
            for (right, &b) in &other.0 {
                let mut monomial = [left.as_slice(), right.as_slice()].concat();
                monomial.sort_unstable();
                product = product.plus(&Self::term(a.saturating_mul(b), &monomial));
            }
        }
        product
    }

    /// The product of many.
    pub fn product<'a>(extents: impl IntoIterator<Item = &'a Extent>) -> Self {
        extents.into_iter().fold(Self::one(), |product, extent| product.times(extent))
    }

    /// `self / divisor` where that is exact for every value of the sizes and the divisor is a single term.
    pub fn divided_exactly(&self, divisor: &Self) -> Option<Self> {
        let (by, coefficient) = divisor.terms().next().filter(|_| divisor.0.len() == 1)?;
        let mut quotient = BTreeMap::new();
        for (monomial, &value) in &self.0 {
            let mut rest = monomial.clone();
            for factor in by {
                let position = rest.iter().position(|other| other == factor)?;
                rest.remove(position);
            }
            if value % coefficient != 0 {
                return None;
            }
            quotient.insert(rest, value / coefficient);
        }
        Some(Self(quotient))
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

impl From<i64> for Extent {
    fn from(value: i64) -> Self {
        Self::constant(value)
    }
}
