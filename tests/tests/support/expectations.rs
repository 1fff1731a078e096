//! Expectations in the comments of a program.
//!
//! ```text
//! // error: LINE words          a mistake on this line (4|5: either) whose message has these words
//! // given: {"x": [1, 2]}       values of given tensors; what is left out is sampled
//! // expect: {"loss": 0.25, "d x": [0, 1]}
//! // fires: log(exp(a)) = a     this rule of simplification fires
//! // data: x in 0.5..2          where values of x are sampled; -1..1 unless said
//! // network: Name              the network of the file, where there are several
//! ```

use super::compile::Mistakes;
use chainrule_compiler::eval::{Tensor, Values};
use serde_json::Value;
use std::collections::BTreeMap;

/// A mistake that a program must be refused for.
#[derive(Clone, Debug)]
pub struct Mistake {
    lines: Vec<usize>,
    words: Vec<String>,
}

/// All that the comments of a program say.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    /// What is wrong with it.
    pub mistakes: Vec<Mistake>,
    /// Values of given tensors.
    pub given: Values,
    /// Values of roots: `loss`, names of outputs and metrics, `d x`.
    pub expected: Values,
    /// Rules that fire.
    pub fires: Vec<String>,
    /// Where values are sampled.
    pub data: BTreeMap<String, (f64, f64)>,
    /// Which network.
    pub network: Option<String>,
}

impl Expectations {
    /// Reads the comments of a text.
    pub fn read(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            let Some((key, rest)) = line.trim().strip_prefix("// ").and_then(|line| line.split_once(": ")) else { continue };
            match key {
                "error" => found.mistakes.push(mistake(rest)),
                "given" => found.given.extend(values(rest)),
                "expect" => found.expected.extend(values(rest)),
                "fires" => found.fires.push(rest.to_owned()),
                "data" => found.data.extend([range(rest)]),
                "network" => found.network = Some(rest.to_owned()),
                _ => {}
            }
        }
        found
    }

    /// Whether the mistakes that were found are those that are expected.
    pub fn refused(&self, found: &Mistakes) -> Result<(), String> {
        let met = |mistake: &Mistake| {
            let fits = |(line, said): &(usize, String)| {
                mistake.lines.contains(line) && mistake.words.iter().all(|word| said.contains(word))
            };
            found.items.iter().any(fits)
        };
        match self.mistakes.iter().find(|mistake| !met(mistake)) {
            Some(missed) => Err(format!("expected on line {:?}: {:?}; found\n{}", missed.lines, missed.words, found.text)),
            None if self.mistakes.is_empty() => Err(format!("nothing is expected; found\n{}", found.text)),
            None => Ok(()),
        }
    }
}

fn mistake(text: &str) -> Mistake {
    let (place, words) = text.split_once(' ').unwrap_or((text, ""));
    let lines = place.split('|').map(|line| line.parse().unwrap_or_else(|_| panic!("{place} is no line"))).collect();
    Mistake { lines, words: words.split_whitespace().map(str::to_lowercase).collect() }
}

fn range(text: &str) -> (String, (f64, f64)) {
    let parse = |(name, range): (&str, &str)| {
        let (from, to) = range.split_once("..")?;
        Some((name.to_owned(), (from.parse().ok()?, to.parse().ok()?)))
    };
    text.split_once(" in ").and_then(parse).unwrap_or_else(|| panic!("`{text}` is no `name in a..b`"))
}

fn values(text: &str) -> Values {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let entries = value.as_object().unwrap_or_else(|| panic!("{text} is no object"));
    entries.iter().map(|(name, value)| (name.clone(), tensor(value))).collect()
}

fn tensor(value: &Value) -> Tensor {
    let mut shape = Vec::new();
    let mut inside = value;
    while let Value::Array(items) = inside {
        shape.push(items.len());
        inside = items.first().unwrap_or(&Value::Null);
    }
    let mut data = Vec::new();
    collect(value, &mut data);
    assert_eq!(data.len(), shape.iter().product::<usize>(), "{value} is no tensor");
    Tensor { shape, data }
}

fn collect(value: &Value, data: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, data)),
        Value::Number(number) => data.push(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Object(_) => panic!("{value} is no number"),
    }
}
