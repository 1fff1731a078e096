//! THE TABLE: a row for each scalar operator, and one for each reduction. Every stage reads the same row.
//!
//! A row says how an operator is spelled, what it means, what its partial derivatives are, where tests may sample it and which
//! function of `chainrule-math` the generated code calls. The partials are written once over an abstract [`Algebra`]: read as
//! numbers they are tested, read as formulas they are the derivative.
//!
//! It must know nothing of the rest of the compiler.

mod reductions;
#[cfg(test)]
mod tests;

use chainrule_math as math;
pub use reductions::Reduction;

/// A term of an [`Algebra`]: its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term(pub u32);

/// What partial derivatives are written in.
pub trait Algebra {
    /// A constant.
    fn number(&mut self, value: f64) -> Term;
    /// An operator applied.
    fn apply(&mut self, operator: Operator, arguments: &[Term]) -> Term;
    /// `where(condition, then, otherwise)`, lazy.
    fn select(&mut self, condition: Term, then: Term, otherwise: Term) -> Term;
}

/// How an operator is written in the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `name(a, b)`
    Function(&'static str),
    /// `a + b`, with its precedence (larger binds tighter) as in [`precedence`].
    Infix(&'static str, u8),
    /// `-a`
    Prefix(&'static str, u8),
}

/// Precedences of the language, loosest first.
pub mod precedence {
    #![allow(missing_docs)]
    pub const PIPE: u8 = 1;
    pub const OR: u8 = 2;
    pub const AND: u8 = 3;
    pub const COMPARE: u8 = 4;
    pub const ADD: u8 = 5;
    pub const MULTIPLY: u8 = 6;
    pub const UNARY: u8 = 7;
    pub const POWER: u8 = 8;
    pub const POSTFIX: u8 = 9;
}

/// The partial derivative for each argument, given an algebra, the arguments and the value itself.
pub type Partials = fn(&mut dyn Algebra, &[Term], Term) -> Vec<Term>;

/// All that is known of a scalar operator.
pub struct Row {
    /// How it is written.
    pub spelling: Spelling,
    /// How many arguments it takes.
    pub arity: usize,
    /// Its value.
    pub value: fn(&[f64]) -> f64,
    /// Its partial derivatives; at kinks those of the language's table.
    pub partials: Partials,
    /// For each argument, an interval in which it is smooth and defined whatever the others are; tests sample there.
    pub sample: &'static [(f64, f64)],
    /// The function of `chainrule_math::Scalar` that generated code calls; for infix operators that Rust has, the Rust operator.
    pub runtime: Runtime,
    /// What it costs, in additions.
    pub cost: u32,
    /// For each argument, how the value moves with it, for all numbers; none where simplification does not ask.
    pub courses: &'static [Course],
}

/// What the generated code writes for an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `a + b`
    Infix(&'static str),
    /// `-a`
    Prefix(&'static str),
    /// A method of `chainrule_math::Scalar`: `Scalar::tanh(a)`.
    Function(&'static str),
    /// A method of `chainrule_math::Scalar` that the runtime has for each instruction set too, made of operations that
    /// vectorize: `I::tanh(a)` in loops that do, `Scalar::tanh(a)` elsewhere, which is faster for one number.
    Elementary(&'static str),
    /// A Rust comparison, which gives a `bool`: `a < b`.
    Comparison(&'static str),
    /// A connective of truth values: `a && b`, `a || b`, `!a`.
    Logical(&'static str),
}

/// How a value moves with an argument, whatever the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// It never falls where the argument rises.
    Rises,
    /// It never rises where the argument rises.
    Falls,
    /// It rises where the other argument is positive and falls where that is negative.
    OfSign,
}

fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

fn none(algebra: &mut dyn Algebra, arguments: &[Term], _: Term) -> Vec<Term> {
    arguments.iter().map(|_| algebra.number(0.0)).collect()
}

/// What a random number costs, in additions.
pub const RANDOM_COST: u32 = 20;

macro_rules! operators {
    ($($(#[$doc:meta])* $name:ident: $spelling:expr, $sample:expr, $runtime:expr, $cost:expr, $value:expr, $partials:expr
        $(=> [$($course:ident),*])?;)*) => {
        /// A scalar operator: the name of its row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operator { $($(#[$doc])* $name,)* }

        impl Operator {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Operator] = &[$(Operator::$name),*];

            /// Its row.
            pub fn row(self) -> &'static Row {
                match self {
                    $(Operator::$name => {
                        const ROW: Row = Row {
                            spelling: $spelling, arity: $sample.len(), value: $value, partials: $partials,
                            sample: &$sample, runtime: $runtime, cost: $cost,
                            courses: &[$($(Course::$course),*)?],
                        };
                        &ROW
                    })*
                }
            }
        }
    };
}

use Operator as O;
use Spelling::{Function, Infix, Prefix};

operators! {
    /// `a + b`
    Add: Infix("+", precedence::ADD), [(-2.0, 2.0), (-2.0, 2.0)], Runtime::Infix("+"), 1, |a| a[0] + a[1],
        |g, _, _| { let one = g.number(1.0); vec![one, one] } => [Rises, Rises];
    /// `a - b`
    Subtract: Infix("-", precedence::ADD), [(-2.0, 2.0), (-2.0, 2.0)], Runtime::Infix("-"), 1, |a| a[0] - a[1],
        |g, _, _| { let one = g.number(1.0); let minus = g.number(-1.0); vec![one, minus] } => [Rises, Falls];
    /// `a * b`
    Multiply: Infix("*", precedence::MULTIPLY), [(-2.0, 2.0), (-2.0, 2.0)], Runtime::Infix("*"), 1, |a| a[0] * a[1],
        |_, a, _| vec![a[1], a[0]] => [OfSign, OfSign];
    /// `a / b`: ∂/∂a = 1/b, ∂/∂b = -y/b
    Divide: Infix("/", precedence::MULTIPLY), [(-2.0, 2.0), (0.5, 2.0)], Runtime::Infix("/"), 4, |a| a[0] / a[1],
        |g, a, y| {
            let one = g.number(1.0);
            let ratio = g.apply(O::Divide, &[y, a[1]]);
            vec![g.apply(O::Divide, &[one, a[1]]), g.apply(O::Negate, &[ratio])]
        } => [OfSign];
    /// `-a`
    Negate: Prefix("-", precedence::UNARY), [(-2.0, 2.0)], Runtime::Prefix("-"), 1, |a| -a[0],
        |g, _, _| vec![g.number(-1.0)] => [Falls];
    /// `a ^ b`: ∂/∂a = b·a^(b-1), 0 where b = 0; ∂/∂b = y·ln a, 0 where y = 0
    Power: Infix("^", precedence::POWER), [(0.5, 2.0), (-2.0, 2.0)], Runtime::Function("pow"), 40, |a| math::Scalar::pow(a[0], a[1]),
        |g, a, y| {
            let (zero, one) = (g.number(0.0), g.number(1.0));
            let less = g.apply(O::Subtract, &[a[1], one]);
            let power = g.apply(O::Power, &[a[0], less]);
            let slope = g.apply(O::Multiply, &[a[1], power]);
            let constant = g.apply(O::Equal, &[a[1], zero]);
            let logarithm = g.apply(O::Log, &[a[0]]);
            let growth = g.apply(O::Multiply, &[y, logarithm]);
            let vanishes = g.apply(O::Equal, &[a[0], zero]);
            vec![g.select(constant, zero, slope), g.select(vanishes, zero, growth)]
        };
    /// `min(a, b)`, half of the slope to each at a tie; NaN where one of them is
    Minimum: Function("min"), [(-2.0, -0.1), (0.1, 2.0)], Runtime::Function("minimum"), 4, |a| math::Scalar::minimum(a[0], a[1]),
        |g, a, _| extremum(g, a[0], a[1], O::Less) => [Rises, Rises];
    /// `max(a, b)`, half of the slope to each at a tie; NaN where one of them is
    Maximum: Function("max"), [(-2.0, -0.1), (0.1, 2.0)], Runtime::Function("maximum"), 4, |a| math::Scalar::maximum(a[0], a[1]),
        |g, a, _| extremum(g, a[0], a[1], O::Greater) => [Rises, Rises];
    /// `a == b`
    Equal: Infix("==", precedence::COMPARE), [(-2.0, -0.1), (0.1, 2.0)], Runtime::Comparison("=="), 1, |a| truth(a[0] == a[1]), none;
    /// `a != b`
    NotEqual: Infix("!=", precedence::COMPARE), [(-2.0, -0.1), (0.1, 2.0)], Runtime::Comparison("!="), 1, |a| truth(a[0] != a[1]), none;
    /// `a < b`
    Less: Infix("<", precedence::COMPARE), [(-2.0, -0.1), (0.1, 2.0)], Runtime::Comparison("<"), 1, |a| truth(a[0] < a[1]), none;
    /// `a <= b`
    LessEqual: Infix("<=", precedence::COMPARE), [(-2.0, -0.1), (0.1, 2.0)], Runtime::Comparison("<="), 1, |a| truth(a[0] <= a[1]), none;
    /// `a > b`
    Greater: Infix(">", precedence::COMPARE), [(-2.0, -0.1), (0.1, 2.0)], Runtime::Comparison(">"), 1, |a| truth(a[0] > a[1]), none;
    /// `a >= b`
    GreaterEqual: Infix(">=", precedence::COMPARE), [(-2.0, -0.1), (0.1, 2.0)], Runtime::Comparison(">="), 1, |a| truth(a[0] >= a[1]), none;
    /// `a && b`: both are not 0
    And: Infix("&&", precedence::AND), [(-2.0, -0.1), (0.1, 2.0)], Runtime::Logical("&&"), 1, |a| truth(a[0] != 0.0 && a[1] != 0.0), none;
    /// `a || b`: one is not 0
    Or: Infix("||", precedence::OR), [(-2.0, -0.1), (0.1, 2.0)], Runtime::Logical("||"), 1, |a| truth(a[0] != 0.0 || a[1] != 0.0), none;
    /// `!a`: a is 0
    Not: Prefix("!", precedence::UNARY), [(0.1, 2.0)], Runtime::Logical("!"), 1, |a| truth(a[0] == 0.0), none;
    /// `exp(a)`: y
    Exp: Function("exp"), [(-2.0, 2.0)], Runtime::Elementary("exp"), 20, |a| math::Scalar::exp(a[0]), |_, _, y| vec![y] => [Rises];
    /// `expm1(a)` = exp(a) - 1: y + 1
    ExpM1: Function("expm1"), [(-2.0, 2.0)], Runtime::Elementary("expm1"), 20, |a| math::Scalar::expm1(a[0]),
        |g, a, _| vec![g.apply(O::Exp, &[a[0]])];
    /// `log(a)`, natural: 1/a
    Log: Function("log"), [(0.2, 3.0)], Runtime::Elementary("log"), 20, |a| math::Scalar::log(a[0]),
        |g, a, _| vec![reciprocal(g, a[0])];
    /// `log1p(a)` = log(1 + a): 1/(1 + a)
    Log1P: Function("log1p"), [(-0.8, 2.0)], Runtime::Elementary("log1p"), 20, |a| math::Scalar::log1p(a[0]),
        |g, a, _| { let one = g.number(1.0); let sum = g.apply(O::Add, &[one, a[0]]); vec![reciprocal(g, sum)] };
    /// `sqrt(a)`: 1/(2y)
    Sqrt: Function("sqrt"), [(0.2, 3.0)], Runtime::Function("sqrt"), 4, |a| math::Scalar::sqrt(a[0]),
        |g, _, y| { let half = g.number(0.5); vec![g.apply(O::Divide, &[half, y])] };
    /// `rsqrt(a)` = 1/sqrt(a): -y/(2a)
    Rsqrt: Function("rsqrt"), [(0.2, 3.0)], Runtime::Function("rsqrt"), 8, |a| math::Scalar::rsqrt(a[0]),
        |g, a, y| { let half = g.number(-0.5); let ratio = g.apply(O::Divide, &[y, a[0]]); vec![g.apply(O::Multiply, &[half, ratio])] };
    /// `abs(a)`: sign(a), 0 at 0
    Abs: Function("abs"), [(0.1, 2.0)], Runtime::Function("abs"), 1, |a| math::Scalar::abs(a[0]),
        |g, a, _| vec![g.apply(O::Sign, &[a[0]])];
    /// `sign(a)`: -1, 0 or 1; slope 0
    Sign: Function("sign"), [(0.1, 2.0)], Runtime::Function("sign"), 4, |a| math::Scalar::sign(a[0]), none;
    /// `floor(a)`; slope 0
    Floor: Function("floor"), [(0.1, 0.9)], Runtime::Function("floor"), 1, |a| math::Scalar::floor(a[0]), none;
    /// `ceil(a)`; slope 0
    Ceil: Function("ceil"), [(0.1, 0.9)], Runtime::Function("ceil"), 1, |a| math::Scalar::ceil(a[0]), none;
    /// `round(a)`, halves to even; slope 0
    Round: Function("round"), [(0.6, 1.4)], Runtime::Function("round"), 1, |a| math::Scalar::round(a[0]), none;
    /// `sin(a)`: cos(a)
    Sin: Function("sin"), [(-3.0, 3.0)], Runtime::Function("sin"), 20, |a| math::Scalar::sin(a[0]),
        |g, a, _| vec![g.apply(O::Cos, &[a[0]])];
    /// `cos(a)`: -sin(a)
    Cos: Function("cos"), [(-3.0, 3.0)], Runtime::Function("cos"), 20, |a| math::Scalar::cos(a[0]),
        |g, a, _| { let sine = g.apply(O::Sin, &[a[0]]); vec![g.apply(O::Negate, &[sine])] };
    /// `tan(a)`: 1 + y²
    Tan: Function("tan"), [(-1.2, 1.2)], Runtime::Function("tan"), 30, |a| math::Scalar::tan(a[0]),
        |g, _, y| { let one = g.number(1.0); let square = g.apply(O::Multiply, &[y, y]); vec![g.apply(O::Add, &[one, square])] };
    /// `asin(a)`: 1/√(1 - a²)
    Asin: Function("asin"), [(-0.8, 0.8)], Runtime::Function("asin"), 30, |a| math::Scalar::asin(a[0]),
        |g, a, _| vec![arc_slope(g, a[0])];
    /// `acos(a)`: -1/√(1 - a²)
    Acos: Function("acos"), [(-0.8, 0.8)], Runtime::Function("acos"), 30, |a| math::Scalar::acos(a[0]),
        |g, a, _| { let slope = arc_slope(g, a[0]); vec![g.apply(O::Negate, &[slope])] };
    /// `atan(a)`: 1/(1 + a²)
    Atan: Function("atan"), [(-2.0, 2.0)], Runtime::Function("atan"), 30, |a| math::Scalar::atan(a[0]),
        |g, a, _| {
            let one = g.number(1.0);
            let square = g.apply(O::Multiply, &[a[0], a[0]]);
            let sum = g.apply(O::Add, &[one, square]);
            vec![reciprocal(g, sum)]
        };
    /// `sinh(a)`: cosh(a)
    Sinh: Function("sinh"), [(-2.0, 2.0)], Runtime::Function("sinh"), 30, |a| math::Scalar::sinh(a[0]),
        |g, a, _| vec![g.apply(O::Cosh, &[a[0]])];
    /// `cosh(a)`: sinh(a)
    Cosh: Function("cosh"), [(-2.0, 2.0)], Runtime::Function("cosh"), 30, |a| math::Scalar::cosh(a[0]),
        |g, a, _| vec![g.apply(O::Sinh, &[a[0]])];
    /// `tanh(a)`: 1 - y²
    Tanh: Function("tanh"), [(-2.0, 2.0)], Runtime::Elementary("tanh"), 25, |a| math::Scalar::tanh(a[0]),
        |g, _, y| { let one = g.number(1.0); let square = g.apply(O::Multiply, &[y, y]); vec![g.apply(O::Subtract, &[one, square])] } => [Rises];
    /// `erf(a)`: 2/√π·exp(-a²)
    Erf: Function("erf"), [(-2.0, 2.0)], Runtime::Elementary("erf"), 30, |a| math::Scalar::erf(a[0]),
        |g, a, _| {
            let (two, pi) = (g.number(2.0), g.number(std::f64::consts::PI));
            let root = g.apply(O::Sqrt, &[pi]);
            let factor = g.apply(O::Divide, &[two, root]);
            let square = g.apply(O::Multiply, &[a[0], a[0]]);
            let negated = g.apply(O::Negate, &[square]);
            let bell = g.apply(O::Exp, &[negated]);
            vec![g.apply(O::Multiply, &[factor, bell])]
        };
    /// `sigmoid(a)` = 1/(1 + exp(-a)): y·(1 - y)
    Sigmoid: Function("sigmoid"), [(-3.0, 3.0)], Runtime::Elementary("sigmoid"), 24, |a| math::Scalar::sigmoid(a[0]),
        |g, _, y| { let one = g.number(1.0); let rest = g.apply(O::Subtract, &[one, y]); vec![g.apply(O::Multiply, &[y, rest])] } => [Rises];
    /// `softplus(a)` = log(1 + exp(a)), without overflow: sigmoid(a)
    Softplus: Function("softplus"), [(-3.0, 3.0)], Runtime::Elementary("softplus"), 40, |a| math::Scalar::softplus(a[0]),
        |g, a, _| vec![g.apply(O::Sigmoid, &[a[0]])] => [Rises];
    /// `stop_gradient(a)` = a; slope 0
    StopGradient: Function("stop_gradient"), [(-2.0, 2.0)], Runtime::Function("stop_gradient"), 0, |a| a[0], none;
    /// `relu(a)` = max(a, 0): 1 where a > 0, else 0
    Relu: Function("relu"), [(0.1, 2.0)], Runtime::Function("relu"), 2, |a| math::Scalar::relu(a[0]),
        |g, a, _| {
            let (zero, one) = (g.number(0.0), g.number(1.0));
            let positive = g.apply(O::Greater, &[a[0], zero]);
            vec![g.select(positive, one, zero)]
        } => [Rises];
}

fn reciprocal(algebra: &mut dyn Algebra, of: Term) -> Term {
    let one = algebra.number(1.0);
    algebra.apply(O::Divide, &[one, of])
}

/// 1/√(1 - a²)
fn arc_slope(algebra: &mut dyn Algebra, a: Term) -> Term {
    let one = algebra.number(1.0);
    let square = algebra.apply(O::Multiply, &[a, a]);
    let rest = algebra.apply(O::Subtract, &[one, square]);
    algebra.apply(O::Rsqrt, &[rest])
}

/// The slopes of `max` (with `Greater`) and `min` (with `Less`): 1 to the one that wins, half to each at a tie.
fn extremum(algebra: &mut dyn Algebra, a: Term, b: Term, wins: Operator) -> Vec<Term> {
    let (zero, half, one) = (algebra.number(0.0), algebra.number(0.5), algebra.number(1.0));
    let tie = algebra.apply(O::Equal, &[a, b]);
    let mut slope = |first, second| {
        let first_wins = algebra.apply(wins, &[first, second]);
        let loses = algebra.select(tie, half, zero);
        algebra.select(first_wins, one, loses)
    };
    vec![slope(a, b), slope(b, a)]
}

impl Operator {
    /// The operator of that spelling and number of arguments.
    pub fn spelled(text: &str, arity: usize) -> Option<Self> {
        Self::ALL.iter().copied().find(|operator| {
            let row = operator.row();
            row.arity == arity && row.spelling.text() == text
        })
    }

    /// Whether its value is a number for all numbers, but for those so large that the result is no float: an exponential, a
    /// logarithm and a root are not.
    pub fn is_total(self) -> bool {
        const NUMBERS: [f64; 7] = [-800.0, -2.0, -1.0, 0.0, 1.0, 2.0, 800.0];
        let value = |arguments: &[f64]| (self.row().value)(arguments).is_finite();
        match self.row().arity {
            1 => NUMBERS.iter().all(|&a| value(&[a])),
            _ => NUMBERS.iter().all(|&a| NUMBERS.iter().all(|&b| value(&[a, b]))),
        }
    }

    /// Whether its value lies between -1 and 1, whatever the number that it is of.
    pub fn is_within_one(self) -> bool {
        const NUMBERS: [f64; 7] = [-1e9, -2.0, -1.0, 0.0, 1.0, 2.0, 1e9];
        self.row().arity == 1 && NUMBERS.iter().all(|&a| (self.row().value)(&[a]).abs() <= 1.0)
    }

    /// Whether its value is a truth value, 0 or 1.
    pub fn is_truth(self) -> bool {
        matches!(self.row().runtime, Runtime::Comparison(_) | Runtime::Logical(_))
    }
}

impl Spelling {
    /// The word or the sign.
    pub fn text(self) -> &'static str {
        match self {
            Self::Function(text) | Self::Infix(text, _) | Self::Prefix(text, _) => text,
        }
    }
}
