//! Constants: exact where they are made of fractions, roots, π and logarithms of natural numbers, floats otherwise.
//!
//! A short decimal is the fraction that it is written as, so `0.1 * 3` is 3/10, `sqrt(0.5) * sqrt(0.5)` is 1/2, and what is folded has no
//! digits of rounding in it. What leaves the form, or the range in which its fraction is rounded once, is the float that it would have been.

#[cfg(test)]
mod tests;
mod written;

use crate::ops::Operator;
pub use written::{Piece, Written};

/// Numerators and denominators are not larger, so that both are floats and their quotient is rounded once.
const MOST: i128 = 1 << 53;
/// Short decimals have at most so many digits: no two of them are the same float.
const DIGITS: i32 = 15;
/// Larger numbers are not searched for squares and powers in them.
const MOST_SEARCHED: i128 = 1_000_000_000;
/// Larger powers are floats.
const MOST_POWER: i64 = 64;

/// A constant. Equal numbers are equal here, but for floats that an exact number would be rounded to; -0 is not 0, and NaN is NaN.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(Kind);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind {
    Exact(Exact),
    /// The bits of a float.
    Float(u64),
}

/// `numerator / denominator · √root · √π^halves · log(of)^power`
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Exact {
    numerator: i64,
    /// Positive, and without a factor in common with the numerator.
    denominator: i64,
    /// Without a square in it.
    root: i64,
    halves: i8,
    /// 1 where there is none, else no power of another number.
    of: i64,
    power: i8,
}

impl Number {
    /// Of a float: exact if it is a short decimal or π.
    pub fn new(value: f64) -> Self {
        let pi = Exact { halves: 2, ..Exact::fraction(1, 1) };
        let exact = if value == std::f64::consts::PI { Some(pi) } else { short_decimal(value) };
        Self(exact.map_or(Kind::Float(value.to_bits()), Kind::Exact))
    }

    /// The float.
    pub fn get(self) -> f64 {
        match self.0 {
            Kind::Exact(exact) => exact.value(),
            Kind::Float(bits) => f64::from_bits(bits),
        }
    }

    /// The value of an operator of constants.
    pub fn apply(operator: Operator, arguments: &[Self]) -> Self {
        let value = || {
            let values: Vec<f64> = arguments.iter().map(|argument| argument.get()).collect();
            (operator.row().value)(&values)
        };
        if let Some(exact) = exactly(operator, arguments) {
            return Self(Kind::Exact(exact));
        }
        // Some give one of their arguments, which may be no short decimal.
        let value = value();
        let same = arguments.iter().find(|argument| argument.get().to_bits() == value.to_bits());
        same.copied().unwrap_or_else(|| Self::new(value))
    }

    /// `|a|`
    pub fn abs(self) -> Self {
        Self::apply(Operator::Abs, &[self])
    }

    /// Whether it is less than 0.
    pub fn is_negative(self) -> bool {
        self.get() < 0.0
    }

    /// Numerator and denominator of a fraction.
    pub fn as_fraction(self) -> Option<(i64, i64)> {
        match self.0 {
            Kind::Exact(exact) if exact.is_fraction() => Some((exact.numerator, exact.denominator)),
            Kind::Exact(_) | Kind::Float(_) => None,
        }
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::new(value)
    }
}

impl PartialEq<f64> for Number {
    fn eq(&self, other: &f64) -> bool {
        self.get() == *other
    }
}

impl std::fmt::Debug for Number {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?}", self.get())
    }
}

macro_rules! infix {
    ($($trait:ident $method:ident $operator:ident),*) => {$(
        impl std::ops::$trait for Number {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                Self::apply(Operator::$operator, &[self, other])
            }
        }
    )*};
}

infix!(Add add Add, Sub sub Subtract, Mul mul Multiply, Div div Divide);

impl std::ops::Neg for Number {
    type Output = Self;
    fn neg(self) -> Self {
        Self::apply(Operator::Negate, &[self])
    }
}

/// The fraction that a short decimal is: the quotient of two floats that are exact, so it is rounded to the same float.
fn short_decimal(value: f64) -> Option<Exact> {
    if value == 0.0 {
        return value.is_sign_positive().then(|| Exact::fraction(0, 1));
    }
    if !value.is_finite() {
        return None;
    }
    (0..=DIGITS).find_map(|digits| {
        let power = 10_f64.powi(digits);
        let scaled = (value * power).round();
        let is_short = scaled.abs() < 10_f64.powi(DIGITS) && scaled / power == value;
        #[allow(clippy::cast_possible_truncation)]
        is_short.then(|| Exact::reduced(scaled as i128, power as i128)).flatten()
    })
}

/// The value of an operator as an exact number, where it has one.
fn exactly(operator: Operator, arguments: &[Number]) -> Option<Exact> {
    let exact = |at: usize| match arguments.get(at)?.0 {
        Kind::Exact(exact) => Some(exact),
        Kind::Float(_) => None,
    };
    let (a, b) = (exact(0)?, exact(1));
    let one = Exact::fraction(1, 1);
    let values: [(Operator, &dyn Fn() -> Option<Exact>); 11] = [
        (Operator::Add, &|| a.plus(b?)),
        (Operator::Subtract, &|| a.plus(b?.negated())),
        (Operator::Multiply, &|| a.times(b?)),
        (Operator::Divide, &|| a.times(b?.reciprocal()?)),
        (Operator::Negate, &|| (a.numerator != 0).then(|| a.negated())),
        (Operator::Power, &|| a.raised(b?)),
        (Operator::Sqrt, &|| a.root()),
        (Operator::Rsqrt, &|| a.root()?.reciprocal()),
        (Operator::Abs, &|| Some(Exact { numerator: a.numerator.abs(), ..a })),
        (Operator::Log, &|| a.logarithm()),
        (Operator::Log1P, &|| a.plus(one)?.logarithm()),
    ];
    values.iter().find(|(known, _)| *known == operator).and_then(|(_, value)| value())
}

impl Exact {
    fn fraction(numerator: i64, denominator: i64) -> Self {
        Self { numerator, denominator, root: 1, halves: 0, of: 1, power: 0 }
    }

    fn is_fraction(self) -> bool {
        self == Self::fraction(self.numerator, self.denominator)
    }

    /// A fraction in lowest terms; `None` where it is too large.
    fn reduced(numerator: i128, denominator: i128) -> Option<Self> {
        let divisor = greatest_divisor(numerator, denominator);
        let sign = denominator.signum();
        let (above, below) = (numerator.checked_div(divisor)? * sign, denominator / divisor * sign);
        let fits = below > 0 && above.abs() <= MOST && below <= MOST;
        fits.then(|| Some(Self::fraction(i64::try_from(above).ok()?, i64::try_from(below).ok()?)))?
    }

    /// The same roots, π and logarithms with another fraction.
    fn with(self, numerator: i128, denominator: i128) -> Option<Self> {
        let Self { numerator, denominator, .. } = Self::reduced(numerator, denominator)?;
        Some(if numerator == 0 { Self::fraction(0, 1) } else { Self { numerator, denominator, ..self } })
    }

    fn value(self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let [numerator, denominator, root, of] = [self.numerator, self.denominator, self.root, self.of].map(|part| part as f64);
        let fraction = numerator / denominator;
        let pi = std::f64::consts::PI;
        let under_root = match self.halves % 2 {
            0 => root,
            1 => root * pi,
            _ => root / pi,
        };
        let with_root = if under_root == 1.0 { fraction } else { fraction * under_root.sqrt() };
        let with_pi = with_root * pi.powi(i32::from(self.halves / 2));
        if self.power == 0 { with_pi } else { with_pi * of.ln().powi(i32::from(self.power)) }
    }

    fn negated(self) -> Self {
        Self { numerator: -self.numerator, ..self }
    }

    fn plus(self, other: Self) -> Option<Self> {
        match (self.numerator, other.numerator) {
            (0, _) => return Some(other),
            (_, 0) => return Some(self),
            _ => {}
        }
        let alike = Self { numerator: self.numerator, denominator: self.denominator, ..other };
        let [a, b, c, d] = [self.numerator, self.denominator, other.numerator, other.denominator].map(i128::from);
        if alike == self { self.with(a * d + c * b, b * d) } else { None }
    }

    fn times(self, other: Self) -> Option<Self> {
        let (of, power) = match (self.power, other.power) {
            (power, 0) => (self.of, power),
            (0, power) => (other.of, power),
            (one, two) if self.of == other.of => (self.of, one.checked_add(two)?),
            _ => return None,
        };
        let [a, b, c, d] = [self.numerator, self.denominator, other.numerator, other.denominator].map(i128::from);
        let (one, two) = (i128::from(self.root), i128::from(other.root));
        let square = greatest_divisor(one, two);
        let root = (one / square) * (two / square);
        let root = if root <= MOST_SEARCHED { i64::try_from(root).ok()? } else { return None };
        let halves = self.halves.checked_add(other.halves)?;
        let of = if power == 0 { 1 } else { of };
        Self { root, halves, of, power, ..self }.with(a.checked_mul(c)?.checked_mul(square)?, b * d)
    }

    fn reciprocal(self) -> Option<Self> {
        let [above, below, root] = [self.numerator, self.denominator, self.root].map(i128::from);
        let inverse = Self { halves: self.halves.checked_neg()?, power: self.power.checked_neg()?, ..self };
        (above != 0).then(|| inverse.with(below, above.checked_mul(root)?))?
    }

    fn root(self) -> Option<Self> {
        let is_simple = self.root == 1 && self.halves % 2 == 0 && self.power == 0 && self.numerator >= 0;
        let product = i128::from(self.numerator) * i128::from(self.denominator);
        if !is_simple || product > MOST_SEARCHED {
            return None;
        }
        if product == 0 {
            return Some(self);
        }
        let (square, root) = squares(product);
        let root = i64::try_from(root).ok()?;
        Self { root, halves: self.halves / 2, ..Self::fraction(1, 1) }.with(square, i128::from(self.denominator))
    }

    fn raised(self, exponent: Self) -> Option<Self> {
        let (base, times) = match exponent {
            exponent if !exponent.is_fraction() => return None,
            Self { numerator, denominator: 1, .. } => (self, numerator),
            Self { numerator, denominator: 2, .. } => (self.root()?, numerator),
            _ => return None,
        };
        if times.abs() > MOST_POWER {
            return None;
        }
        let base = if times < 0 { base.reciprocal()? } else { base };
        (0..times.abs()).try_fold(Self::fraction(1, 1), |power, _| power.times(base))
    }

    fn logarithm(self) -> Option<Self> {
        if !self.is_fraction() {
            return None;
        }
        let (of, sign) = match (self.numerator, self.denominator) {
            (of, 1) => (of, 1),
            (1, of) => (of, -1),
            _ => return None,
        };
        let is_found = of >= 2 && i128::from(of) <= MOST_SEARCHED;
        let (of, times) = if is_found { perfect_power(of) } else { return None };
        Some(Self { of, power: 1, ..Self::fraction(sign * times, 1) })
    }
}

/// The greatest common divisor, 0 of nothing but zeros.
pub(super) fn greatest_divisor(a: i128, b: i128) -> i128 {
    let (mut divisor, mut rest) = (a.abs(), b.abs());
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    divisor
}

/// `n = square² · rest` with a rest without squares.
fn squares(of: i128) -> (i128, i128) {
    let (mut square, mut rest, mut factor) = (1, of, 2);
    while factor * factor <= rest && rest != 0 {
        while rest % (factor * factor) == 0 {
            rest /= factor * factor;
            square *= factor;
        }
        factor += 1;
    }
    (square, rest)
}

/// `n = base^times` with the smallest base.
fn perfect_power(of: i64) -> (i64, i64) {
    let power_of = |base: i64| {
        let (mut power, mut times) = (base, 1);
        while power < of {
            power = power.saturating_mul(base);
            times += 1;
        }
        (power == of).then_some((base, times))
    };
    (2..=of).take_while(|base| base.saturating_mul(*base) <= of).find_map(power_of).unwrap_or((of, 1))
}
