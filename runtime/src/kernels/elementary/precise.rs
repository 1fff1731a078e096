//! The elementary functions in pairs of floats (Dekker 1971), about 30 digits, by series and Newton's method: what the others are
//! measured against. It must not know of them.

/// The sum of two floats, the second below half of the last digit of the first.
#[derive(Clone, Copy, Debug)]
pub struct Pair(pub f64, pub f64);

const LN_2: Pair = Pair(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);
const TWO_BY_ROOT_PI: Pair = Pair(std::f64::consts::FRAC_2_SQRT_PI, 1.533_545_961_316_588e-17);
pub const ONE: Pair = Pair(1.0, 0.0);

impl Pair {
    fn of_sum(a: f64, b: f64) -> Pair {
        let sum = a + b;
        let part = sum - a;
        Pair(sum, (a - (sum - part)) + (b - part))
    }

    pub fn plus(self, other: Pair) -> Pair {
        let (high, low) = (Pair::of_sum(self.0, other.0), Pair::of_sum(self.1, other.1));
        let middle = Pair::of_sum(high.0, high.1 + low.0);
        Pair::of_sum(middle.0, middle.1 + low.1)
    }

    pub fn minus(self, other: Pair) -> Pair {
        self.plus(other.times(-1.0))
    }

    pub fn times(self, factor: f64) -> Pair {
        self.product(Pair(factor, 0.0))
    }

    pub fn product(self, other: Pair) -> Pair {
        let high = self.0 * other.0;
        let low = self.0.mul_add(other.0, -high);
        Pair::of_sum(high, low + (self.0 * other.1 + self.1 * other.0))
    }

    pub fn by(self, other: Pair) -> Pair {
        let first = self.0 / other.0;
        let rest = self.minus(other.times(first));
        let second = rest.0 / other.0;
        let rest = rest.minus(other.times(second));
        Pair::of_sum(first, second).plus(Pair(rest.0 / other.0, 0.0))
    }
}

/// Σ x^n/n! from n = 1, for small x.
fn series(x: Pair) -> Pair {
    let (mut term, mut sum) = (x, x);
    for n in 2..40 {
        term = term.product(x).by(Pair(f64::from(n), 0.0));
        sum = sum.plus(term);
        if term.0.abs() < 1e-36 * sum.0.abs() {
            break;
        }
    }
    sum
}

pub fn exp(x: Pair) -> Pair {
    if x.0 < -700.0 {
        return Pair(x.0.exp(), 0.0);
    }
    let n = (x.0 / LN_2.0).round();
    let half = (n / 2.0).trunc();
    let value = ONE.plus(series(x.minus(LN_2.times(n))));
    value.times(half.exp2()).times((n - half).exp2())
}

pub fn expm1(x: Pair) -> Pair {
    if x.0.abs() < 0.5 { series(x) } else { exp(x).minus(ONE) }
}

/// Halley's step from the platform's value: x = expm1(y).
pub fn log1p(x: Pair) -> Pair {
    let start = Pair(x.0.ln_1p(), 0.0);
    let e = expm1(start);
    start.plus(x.minus(e).times(2.0).by(x.plus(e).plus(ONE).plus(ONE)))
}

pub fn log(x: Pair) -> Pair {
    if x.0 > 0.5 {
        return log1p(x.minus(ONE));
    }
    let start = Pair(x.0.ln(), 0.0);
    let e = exp(start);
    start.plus(x.minus(e).times(2.0).by(x.plus(e)))
}

pub fn tanh(x: Pair) -> Pair {
    let e = expm1(Pair(-2.0 * x.0.abs(), 0.0));
    e.times(-x.0.signum()).by(e.plus(ONE).plus(ONE))
}

pub fn sigmoid(x: Pair) -> Pair {
    let e = exp(Pair(-x.0.abs(), 0.0));
    (if x.0 < 0.0 { e } else { ONE }).by(e.plus(ONE))
}

pub fn softplus(x: Pair) -> Pair {
    Pair(x.0.max(0.0), 0.0).plus(log1p(exp(Pair(-x.0.abs(), 0.0))))
}

/// 2/√π exp(-x²) Σ 2^n x^(2n+1)/(1·3·5···(2n+1)), whose terms are all of one sign (Abramowitz and Stegun 7.1.6).
pub fn erf(x: Pair) -> Pair {
    let square = x.product(x);
    let (mut term, mut sum) = (x, x);
    for n in 1..400 {
        term = term.product(square).times(2.0).by(Pair(f64::from(2 * n + 1), 0.0));
        sum = sum.plus(term);
        if term.0.abs() < 1e-34 * sum.0.abs() {
            break;
        }
    }
    sum.product(exp(square.times(-1.0))).product(TWO_BY_ROOT_PI)
}
