//! Extents: how long an axis is, as a polynomial in the symbolic sizes.
//!
//! `784`, `B`, `N - 2`, `H·T + 1`. The form is canonical, so equal polynomials are equal values. A size is at least 1.
//! Arithmetic saturates at the ends of `i64`; elaboration refuses extents that are [`Extent::is_too_large`].

use std::collections::BTreeMap;

/// A symbolic size such as `B`, by its number in [`crate::ir::Program::sizes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SizeId(pub u32);

/// A product of sizes, sorted; the empty product is 1.
pub type Monomial = Vec<SizeId>;

/// A polynomial in the symbolic sizes with integer coefficients, none of them zero.
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
        Self(BTreeMap::from([(vec![size], 1)]))
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
        (self.0.len() == 1 && coefficient == 1 && monomial.len() == 1).then(|| monomial[0])
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
        self.0.values().any(|coefficient| coefficient.unsigned_abs() >= 1 << 48)
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
                product = product.plus(&Self(BTreeMap::from([(monomial, a.saturating_mul(b))])));
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
            for size in by {
                let position = rest.iter().position(|other| other == size)?;
                rest.remove(position);
            }
            if value % coefficient != 0 {
                return None;
            }
            quotient.insert(rest, value / coefficient);
        }
        Some(Self(quotient))
    }

    /// A number that it never falls below (every size is at least 1), if there is one.
    pub fn lower_bound(&self) -> Option<i64> {
        let grows = self.0.iter().all(|(monomial, &coefficient)| monomial.is_empty() || coefficient > 0);
        grows.then(|| self.0.values().fold(0i64, |sum, &coefficient| sum.saturating_add(coefficient)))
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
            let product = monomial.iter().fold(coefficient, |product, size| {
                product.saturating_mul(i64::try_from(sizes[size.0 as usize]).unwrap_or(i64::MAX))
            });
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
            let names: Vec<&str> = monomial.iter().map(|size| sizes[size.0 as usize].as_str()).collect();
            match (coefficient.unsigned_abs(), names.is_empty()) {
                (number, true) => text.push_str(&number.to_string()),
                (1, false) => text.push_str(&names.join("*")),
                (number, false) => text.push_str(&format!("{number}*{}", names.join("*"))),
            }
        }
        if text.is_empty() { "0".into() } else { text }
    }
}

impl From<i64> for Extent {
    fn from(value: i64) -> Self {
        Self::constant(value)
    }
}
