//! Constants as they are written: fractions, roots, π and logarithms, or digits where these say it better.

use super::{Exact, Kind, Number};
use crate::ops::precedence;

/// Fractions are written as such up to these numbers.
const MOST_WRITTEN: i64 = 1_000_000;
/// Decimals of so many places say as much as a fraction, and are read more easily.
const PLACES: u32 = 6;
/// Beside a root, fractions over more than that are decimals if these end.
const MOST_BELOW_ROOT: i64 = 1000;

/// What a constant is written with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece {
    /// A number in digits, not negative.
    Decimal(f64),
    /// π
    Pi,
    /// The logarithm of a natural number.
    Logarithm(i64),
    /// The root of a quotient of natural numbers, each perhaps times π.
    Root((i64, bool), (i64, bool)),
}

/// The magnitude of a constant as products above and below a line; an empty product is 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// What is divided.
    pub above: Vec<Piece>,
    /// What divides.
    pub below: Vec<Piece>,
}

impl Number {
    /// How the magnitude of a number is written.
    pub fn written(self) -> Written {
        let exact = if let Kind::Exact(exact) = self.0 { exact.written() } else { None };
        exact.unwrap_or_else(|| Written { above: vec![Piece::Decimal(self.get().abs())], below: Vec::new() })
    }

    /// As the language reads it, with its precedence.
    pub fn text(self) -> (String, u8) {
        if self.get().is_nan() {
            return ("(inf - inf)".to_owned(), precedence::POSTFIX);
        }
        let Written { above, below } = self.written();
        let product = |pieces: &[Piece]| pieces.iter().map(piece_text).collect::<Vec<_>>().join(" * ");
        let (magnitude, has) = match (above.as_slice(), below.as_slice()) {
            ([one], []) => (piece_text(one), precedence::POSTFIX),
            (above, []) => (product(above), precedence::MULTIPLY),
            (above, below) => {
                let above = if above.is_empty() { "1".to_owned() } else { product(above) };
                let below = if below.len() == 1 { product(below) } else { format!("({})", product(below)) };
                (format!("{above} / {below}"), precedence::MULTIPLY)
            }
        };
        if self.get().is_sign_negative() { (format!("-{magnitude}"), has.min(precedence::UNARY)) } else { (magnitude, has) }
    }
}

impl Exact {
    /// `None` where digits say it better.
    fn written(self) -> Option<Written> {
        let (numerator, denominator) = (self.numerator.abs(), self.denominator);
        let places = places(denominator);
        if self.is_fraction() && places.is_some_and(|places| places <= PLACES) {
            return None;
        }
        let is_decimal = places.is_some() && denominator > if self.is_fraction() { MOST_WRITTEN } else { MOST_BELOW_ROOT };
        if !is_decimal && numerator.max(denominator) > MOST_WRITTEN {
            return None;
        }
        // √2 / 2 is 1 / √2.
        let is_below = !is_decimal && denominator % self.root == 0;
        let (root, denominator) =
            if is_below { ((1, self.root), denominator / self.root) } else { ((self.root, 1), denominator) };
        #[allow(clippy::cast_precision_loss)]
        let (above, below) = (numerator as f64, denominator as f64);
        let (above, below) = if is_decimal { (above / below, 1.0) } else { (above, below) };
        let decimal = |number: f64| if number == 1.0 { Vec::new() } else { vec![Piece::Decimal(number)] };
        let (mut above, mut below) = (decimal(above), decimal(below));
        let has_pi = |sign: i8| self.halves % 2 == sign;
        match ((root.0, has_pi(1)), (root.1, has_pi(-1))) {
            ((1, false), (1, false)) => {}
            ((1, false), over) => below.push(Piece::Root(over, (1, false))),
            (of, over) => above.push(Piece::Root(of, over)),
        }
        let side = if self.halves < 0 { &mut below } else { &mut above };
        side.extend((0..self.halves.abs() / 2).map(|_| Piece::Pi));
        let side = if self.power < 0 { &mut below } else { &mut above };
        side.extend((0..self.power.abs()).map(|_| Piece::Logarithm(self.of)));
        Some(Written { above, below })
    }
}

/// How many places a fraction over this has as a decimal, if that ends.
fn places(denominator: i64) -> Option<u32> {
    let (mut rest, mut counts) = (denominator, [0, 0]);
    for (count, prime) in counts.iter_mut().zip([2, 5]) {
        while rest % prime == 0 {
            rest /= prime;
            *count += 1;
        }
    }
    (rest == 1).then(|| counts[0].max(counts[1]))
}

fn piece_text(piece: &Piece) -> String {
    let with_pi = |&(number, pi): &(i64, bool)| match (number, pi) {
        (1, true) => "pi".to_owned(),
        (number, true) => format!("{number} * pi"),
        (number, false) => number.to_string(),
    };
    match piece {
        Piece::Decimal(value) if value.is_infinite() => "inf".to_owned(),
        Piece::Decimal(value) if value.fract() == 0.0 && *value < 1e15 => format!("{value}"),
        Piece::Decimal(value) => format!("{value:?}"),
        Piece::Pi => "pi".to_owned(),
        Piece::Logarithm(of) => format!("log({of})"),
        Piece::Root(of, (1, false)) => format!("sqrt({})", with_pi(of)),
        Piece::Root(of, over @ (1, _) | over @ (_, false)) => format!("sqrt({} / {})", with_pi(of), with_pi(over)),
        Piece::Root(of, over) => format!("sqrt({} / ({}))", with_pi(of), with_pi(over)),
    }
}
