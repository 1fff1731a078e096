//! Every rule by itself, on random and special values, by its kind.

use super::pattern::{Form, Pattern, VARIABLES};
use super::rules::{Kind, RULES, Rule};

type Values = [f64; VARIABLES];

/// The value of a pattern, by the table and nothing else.
fn value(pattern: Pattern, values: &Values) -> f64 {
    match pattern.form() {
        Form::Variable(number) | Form::AnyNumber(number) => values[*number],
        Form::Number(number) => *number,
        Form::Apply(operator, arguments) => {
            let arguments: Vec<f64> = arguments.iter().map(|&argument| value(argument, values)).collect();
            (operator.row().value)(&arguments)
        }
        Form::Select(condition, then, otherwise) => {
            value(if value(*condition, values) == 0.0 { *otherwise } else { *then }, values)
        }
    }
}

/// Variables for which the sides of a rule are compared: special values in all combinations of two, and random ones.
fn samples(rule: &Rule) -> Vec<Values> {
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        2.0,
        -3.0,
        1e-8,
        -1e-8,
        30.0,
        -30.0,
        700.0,
        -700.0,
        1e30,
        -1e100,
        1e100,
        f64::INFINITY,
        f64::NAN,
    ];
    let mut all = Vec::new();
    for &a in &special {
        for &b in &special {
            for (c, d) in [(1.0, 0.3), (0.0, -2.0), (-0.7, 1.0)] {
                all.push([a, b, c, d, b, c]);
            }
        }
    }
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        #[allow(clippy::cast_precision_loss)]
        let unit = (state >> 11) as f64 / (1u64 << 53) as f64;
        unit * 6.0 - 3.0
    };
    for _ in 0..2000 {
        all.push(std::array::from_fn(|_| random()));
    }
    if rule.truth {
        all.iter_mut().for_each(|values| values[0] = f64::from(u8::from(values[0] > 0.0)));
    }
    all
}

fn agree(kind: Kind, values: &Values, from: f64, to: f64) -> bool {
    // Where the left side has lost its digits (1 - sigmoid(30)), the right side, which keeps them, may differ.
    let tolerance = if values.iter().all(|value| value.abs() <= 8.0) { 1e-9 } else { 1e-2 };
    match kind {
        Kind::Exact => from.to_bits() == to.to_bits() || from.is_nan() && to.is_nan(),
        Kind::Finite | Kind::Real if !from.is_finite() => true,
        Kind::Finite => from == to || (from - to).abs() <= 4.0 * f64::EPSILON * from.abs().max(f64::MIN_POSITIVE),
        // Cancellation: what one side rounds away may be all that is left, so small numbers are compared to 1.
        Kind::Real => (from - to).abs() <= tolerance * from.abs().max(1e-3),
    }
}

/// The largest magnitude of the variables and of all that is computed on the left: with it, rounding errors grow.
fn magnitude(pattern: Pattern, values: &Values) -> f64 {
    let own = value(pattern, values).abs();
    let parts: Vec<f64> = match pattern.form() {
        Form::Variable(_) | Form::AnyNumber(_) | Form::Number(_) => Vec::new(),
        Form::Apply(_, arguments) => arguments.iter().map(|&argument| magnitude(argument, values)).collect(),
        Form::Select(_, then, otherwise) => vec![magnitude(*then, values), magnitude(*otherwise, values)],
    };
    parts.into_iter().fold(own, f64::max)
}

#[test]
fn both_sides_of_a_rule_agree() {
    let mut problems = Vec::new();
    for rule in RULES.iter() {
        let mut compared = 0;
        for values in samples(rule) {
            let (from, to) = (value(rule.from, &values), value(rule.to, &values));
            compared += usize::from(from.is_finite());
            if let Some(problem) = harm(rule, &values, from, to) {
                problems.push(format!("{} {problem} at {values:?}", rule.name));
                break;
            }
        }
        assert!(compared > 100 || !problems.is_empty(), "{} was hardly tried", rule.name);
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// What is wrong with a rule for these values.
fn harm(rule: &Rule, values: &Values, from: f64, to: f64) -> Option<String> {
    let scale = magnitude(rule.from, values);
    // Beyond these magnitudes a product of two numbers may overflow where another order does not.
    if from.is_finite() && !to.is_finite() && !(rule.kind == Kind::Real && scale > 1e99) {
        return Some(format!("is finite, {from}, and becomes {to}"));
    }
    let rounding = rule.kind == Kind::Real && (scale > 1e99 || scale > 1e3 && (from - to).abs() <= 1e-12 * scale);
    (!rounding && !agree(rule.kind, values, from, to)).then(|| format!("is {from} and becomes {to}"))
}

fn cost(pattern: Pattern) -> u32 {
    match pattern.form() {
        Form::Variable(_) | Form::AnyNumber(_) | Form::Number(_) => 0,
        Form::Apply(operator, arguments) => {
            let constant = arguments.iter().all(|argument| matches!(argument.form(), Form::AnyNumber(_) | Form::Number(_)));
            let own = if constant { 0 } else { operator.row().cost };
            own + arguments.iter().map(|&argument| cost(argument)).sum::<u32>()
        }
        Form::Select(condition, then, otherwise) => 1 + cost(*condition) + cost(*then) + cost(*otherwise),
    }
}

#[test]
fn no_rule_costs_more() {
    let dearer: Vec<_> = RULES.iter().filter(|rule| cost(rule.to) > cost(rule.from)).map(|rule| rule.name).collect();
    assert!(dearer.is_empty(), "{dearer:#?}");
}
