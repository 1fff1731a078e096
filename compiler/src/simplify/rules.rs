//! The rules, each one equation. How to write one: `README.md` beside this file.

use super::pattern::{
    Pattern, abs, and, any_number, equal, exp, expm1, log, log1p, maximum, minimum, not, not_equal, or, power, rsqrt, select,
    sigmoid, softplus, sqrt, variable,
};
use std::sync::LazyLock;

/// How far both sides of a rule agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The same bits.
    Exact,
    /// The same wherever both are finite.
    Finite,
    /// The same real number, rounded differently.
    Real,
}

/// `from` may be replaced by `to`.
#[derive(Debug)]
pub struct Rule {
    /// What people read: `log(exp(a)) = a`.
    pub name: &'static str,
    /// How far both sides agree.
    pub kind: Kind,
    /// What is found.
    pub from: Pattern,
    /// What takes its place.
    pub to: Pattern,
    /// Whether the variable `a` must be a truth value.
    pub truth: bool,
}

/// All rules, in the order in which they are tried.
pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut rules = arithmetic();
    rules.extend(powers());
    rules.extend(quotients());
    rules.extend(stable());
    rules.extend(conditions());
    rules
});

macro_rules! rules {
    ($($kind:ident $(($truth:ident))?: $from:expr => $to:expr;)*) => {
        vec![$(Rule {
            name: readable(concat!(stringify!($from), " = ", stringify!($to))),
            kind: Kind::$kind,
            from: $from.into(),
            to: $to.into(),
            truth: [$(stringify!($truth) == "truth",)? false][0],
        }),*]
    };
}

#[allow(clippy::eq_op)] // a - a is a pattern
fn arithmetic() -> Vec<Rule> {
    let [a, b, c, d] = [variable(0), variable(1), variable(2), variable(3)];
    let [j, k] = [any_number(4), any_number(5)];
    rules! {
        Finite: a + 0.0 => a;
        Exact: a - 0.0 => a;
        Finite: 0.0 - a => -a;
        Finite: a - a => 0.0;
        Exact: a * 1.0 => a;
        Finite: a * 0.0 => 0.0;
        Exact: a * -1.0 => -a;
        Exact: a / 1.0 => a;
        Exact: a / -1.0 => -a;
        Finite: 0.0 / a => 0.0;
        Exact: -(-a) => a;
        Exact: a - (-b) => a + b;
        Exact: a + (-b) => a - b;
        Finite: -(a - b) => b - a;
        Finite: (-a) - b => -(a + b);
        Exact: (-a) * b => -(a * b);
        Exact: (-a) / b => -(a / b);
        Exact: a / (-b) => -(a / b);
        Real: (a * j) * k => a * (j * k);
        Real: (a * j) / k => a * (j / k);
        Real: (a + j) + k => a + (j + k);
        Real: (a - j) + k => a + (k - j);
        Real: (a + j) - k => a + (j - k);
        Real: -(a * j) => a * (-j);
        Exact: a + a => a * 2.0;
        Real: a * j + a => a * (j + 1.0);
        Real: a * j - a => a * (j - 1.0);
        Real: a * (1.0 / b) => a / b;
        Real: (a * j) * b => (a * b) * j;
        Real: (a / b) * j => a * (j / b);
        Real: (a * j) / b => a * (j / b);
        Real: (a * (j / b)) * k => a * ((j * k) / b);
        Real: (a * ((j / b) / c)) * k => a * (((j * k) / b) / c);
        Real: a * b + a * c => a * (b + c);
        Real: a * b - a * c => a * (b - c);
        Real: a / c + b / c => (a + b) / c;
        Real: a / c - b / c => (a - b) / c;
        Real: a * (b / c) + d / c => (a * b + d) / c;
        Real: a * (b / c) - d / c => (a * b - d) / c;
        Real: d / c - a * (b / c) => (d - a * b) / c;
        Exact: maximum(a, a) => a;
        Exact: minimum(a, a) => a;
    }
}

/// A rule in the words of the language. There are some dozens, made once.
fn readable(rust: &str) -> &'static str {
    Box::leak(rust.replace("select(", "where(").replace(".0", "").into_boxed_str())
}

/// What is divided by what it is a multiple of.
#[allow(clippy::eq_op)] // a / a is a pattern
fn quotients() -> Vec<Rule> {
    let [a, b, c] = [variable(0), variable(1), variable(2)];
    rules! {
        Finite: a / a => 1.0;
        Real: (a * b) / a => b;
        Real: a / (a * b) => 1.0 / b;
        Real: (a * b) / (a * c) => b / c;
        Real: a * (b / a) => b;
        Real: a / (a / b) => b;
        Real: (a / b) * (b / c) => a / c;
        Real: a / sqrt(a) => sqrt(a);
        Real: a * rsqrt(a) => sqrt(a);
        Real: (b / sqrt(a)) / sqrt(a) => b / a;
    }
}

fn powers() -> Vec<Rule> {
    let [a, b, c] = [variable(0), variable(1), variable(2)];
    rules! {
        Exact: power(a, 0.0) => 1.0;
        Exact: power(a, 1.0) => a;
        Real: power(a, 2.0) => a * a;
        Real: power(a, 3.0) => a * a * a;
        Real: power(a, 4.0) => (a * a) * (a * a);
        Finite: power(a, 0.5) => sqrt(a);
        Real: power(a, -1.0) => 1.0 / a;
        Real: power(a, -2.0) => 1.0 / (a * a);
        Real: power(a, -0.5) => rsqrt(a);
        Real: power(a, b) * power(a, c) => power(a, b + c);
        Real: power(a, b) / power(a, c) => power(a, b - c);
        Real: 1.0 / sqrt(a) => rsqrt(a);
        Real: sqrt(a) * sqrt(a) => a;
        Real: sqrt(a * a) => abs(a);
        Exact: abs(-a) => abs(a);
    }
}

/// Forms that keep their digits and do not overflow.
fn stable() -> Vec<Rule> {
    let [a, b] = [variable(0), variable(1)];
    rules! {
        Real: log(exp(a)) => a;
        Real: log(exp(a) / b) => a - log(b);
        Real: log(exp(a) * b) => a + log(b);
        Real: log(a / exp(b)) => log(a) - b;
        Real: log(1.0 / a) => -log(a);
        Real: exp(a) / exp(b) => exp(a - b);
        Real: exp(a) * exp(b) => exp(a + b);
        Real: 1.0 / exp(a) => exp(-a);
        Real: log(exp(a) + 1.0) => softplus(a);
        Real: log1p(exp(a)) => softplus(a);
        Real: log(a + 1.0) => log1p(a);
        Real: log(1.0 - a) => log1p(-a);
        Real: exp(a) - 1.0 => expm1(a);
        Real: 1.0 - exp(a) => -expm1(a);
        Real: 1.0 / (exp(-a) + 1.0) => sigmoid(a);
        Real: 1.0 / (exp(a) + 1.0) => sigmoid(-a);
        Real: exp(a) / (exp(a) + 1.0) => sigmoid(a);
        Real: log(sigmoid(a)) => -softplus(-a);
        Real: log1p(-sigmoid(a)) => -softplus(a);
        Real: softplus(a) - a => softplus(-a);
    }
}

fn conditions() -> Vec<Rule> {
    let [a, b, c, d] = [variable(0), variable(1), variable(2), variable(3)];
    rules! {
        Exact: select(c, a, a) => a;
        Exact: select(not(c), a, b) => select(c, b, a);
        Exact: select(c, select(c, a, b), d) => select(c, a, d);
        Exact: select(c, a, select(c, b, d)) => select(c, a, d);
        Finite: a * select(c, b, 0.0) => select(c, a * b, 0.0);
        Finite: a * select(c, 0.0, b) => select(c, 0.0, a * b);
        Finite: select(c, a, 0.0) / b => select(c, a / b, 0.0);
        Finite: select(c, 0.0, a) / b => select(c, 0.0, a / b);
        Finite: -select(c, a, 0.0) => select(c, -a, 0.0);
        Finite: -select(c, 0.0, a) => select(c, 0.0, -a);
        Finite: select(c, a, 0.0) + select(c, b, 0.0) => select(c, a + b, 0.0);
        Finite: select(c, a, 0.0) + select(c, 0.0, b) => select(c, a, b);
        Finite: select(c, 0.0, a) + select(c, 0.0, b) => select(c, 0.0, a + b);
        Finite: select(c, a, 0.0) - select(c, b, 0.0) => select(c, a - b, 0.0);
        Exact: and(a, 0.0) => 0.0;
        Exact: or(a, 1.0) => 1.0;
        Exact(truth): and(a, 1.0) => a;
        Exact(truth): or(a, 0.0) => a;
        Exact(truth): and(a, a) => a;
        Exact(truth): or(a, a) => a;
        Exact(truth): not(not(a)) => a;
        Exact(truth): not_equal(a, 0.0) => a;
        Exact(truth): equal(a, 1.0) => a;
        Exact: not(equal(a, b)) => not_equal(a, b);
        Exact: not(not_equal(a, b)) => equal(a, b);
    }
}
