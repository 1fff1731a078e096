//! Expected and computed numbers.

use serde_json::{Map, Value};

/// How far a computed number may be from the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// The reference evaluator.
    Interpreter,
    /// Compiled code in `f64`.
    CompiledF64,
    /// Compiled code in `f32`.
    CompiledF32,
}

impl Tolerance {
    /// Whether a computed entry meets the expected one, in a tensor whose largest finite expected magnitude is `largest`.
    fn allows(self, computed: f64, expected: f64, largest: f64) -> bool {
        if !expected.is_finite() {
            return computed == expected || computed.is_nan() && expected.is_nan();
        }
        let allowed = match self {
            Self::Interpreter => 1e-9 + 1e-8 * expected.abs(),
            Self::CompiledF64 => 1e-9 + 1e-7 * expected.abs(),
            Self::CompiledF32 => (2e-4 * largest).max(1e-6),
        };
        (computed - expected).abs() <= allowed
    }
}

/// The groups of an answer.
const GROUPS: [&str; 4] = ["outputs", "metrics", "gradients", "states"];

/// Compares an answer with the expected one: the same names, shapes and (nearly) numbers. Says what is wrong first.
pub fn answers(computed: &Value, expected: &Value, tolerance: Tolerance) -> Result<(), String> {
    match (computed.get("loss"), expected.get("loss")) {
        (None, None) => {}
        (Some(computed), Some(expected)) => tensors("loss", computed, expected, tolerance)?,
        (None, Some(_)) => return Err("the loss is missing".into()),
        (Some(_), None) => return Err("a loss is not expected".into()),
    }
    let nothing = Map::new();
    for group in GROUPS {
        let of = |value: &'_ Value| value.get(group).and_then(Value::as_object).cloned().unwrap_or(nothing.clone());
        let (computed, expected) = (of(computed), of(expected));
        if let Some(name) = computed.keys().find(|name| !expected.contains_key(*name)) {
            return Err(format!("{group}: `{name}` is not expected"));
        }
        for (name, expected) in &expected {
            let computed = computed.get(name).ok_or_else(|| format!("{group}: `{name}` is missing"))?;
            tensors(&format!("{group}: `{name}`"), computed, expected, tolerance)?;
        }
    }
    Ok(())
}

/// Compares two tensors; names the first wrong element.
pub fn tensors(name: &str, computed: &Value, expected: &Value, tolerance: Tolerance) -> Result<(), String> {
    let mut largest = 0.0f64;
    each(expected, &mut |value| {
        if value.is_finite() {
            largest = largest.max(value.abs());
        }
    });
    elements(name, &mut Vec::new(), computed, expected, &|a, b| tolerance.allows(a, b, largest))
}

fn elements(
    name: &str,
    at: &mut Vec<usize>,
    computed: &Value,
    expected: &Value,
    allows: &dyn Fn(f64, f64) -> bool,
) -> Result<(), String> {
    if let (Some(computed), Some(expected)) = (computed.as_array(), expected.as_array()) {
        if computed.len() != expected.len() {
            let (a, b) = (computed.len(), expected.len());
            return Err(format!("{name}{at:?} has {a} entries along axis {}, expected {b}", at.len()));
        }
        for (place, (computed, expected)) in computed.iter().zip(expected).enumerate() {
            at.push(place);
            elements(name, at, computed, expected, allows)?;
            at.pop();
        }
        return Ok(());
    }
    match (number(computed), number(expected)) {
        (Some(a), Some(b)) if allows(a, b) => Ok(()),
        (Some(a), Some(b)) => Err(format!("{name}{at:?} is {a:?}, expected {b:?}")),
        (None, _) | (_, None) => Err(format!("{name}{at:?} is {computed}, expected {expected}: the shapes differ")),
    }
}

fn each(value: &Value, visit: &mut dyn FnMut(f64)) {
    match value.as_array() {
        Some(items) => items.iter().for_each(|item| each(item, visit)),
        None => number(value).into_iter().for_each(visit),
    }
}

/// A number, or one of the words for those that JSON lacks.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| match value.as_str()? {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    })
}
