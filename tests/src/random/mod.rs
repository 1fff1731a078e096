//! Random programs as text: definitions of many kinds over each other, every one of them smooth and finite where it is sampled.
//!
//! It knows the language and the operator table, and nothing of the compiler's stages.

// Each test uses a part of it.
#![allow(dead_code, unused_imports)]

mod choices;
mod derivatives;
mod kinds;
mod layers;
mod layouts;
mod recurrences;

pub use derivatives::{Claim, Derived, Kind, derived};

use crate::support::numbers::Random;

/// An axis: so long, or an extent in the symbolic size `B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// A number.
    Fixed(usize),
    /// `B`
    Batch,
    /// Every second of `B`, the first among them.
    Half,
    /// One or two: longer where `B` is odd.
    Parity,
    /// So many times `B`.
    Times(usize),
}

/// What a batch counts as when a program is kept small.
const BATCH: usize = 3;
/// Larger tensors are not made.
const MOST_ELEMENTS: usize = 150;
/// Larger values are squashed.
const MOST: f64 = 20.0;

impl Axis {
    fn length(self) -> usize {
        match self {
            Self::Fixed(length) => length,
            Self::Batch => BATCH,
            Self::Half => BATCH.div_ceil(2),
            Self::Parity => BATCH % 2 + 1,
            Self::Times(factor) => factor * BATCH,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Fixed(length) => length.to_string(),
            Self::Batch => "B".into(),
            Self::Half => "floor((B + 1) / 2)".into(),
            Self::Parity => "B - 2 * floor(B / 2) + 1".into(),
            Self::Times(factor) => format!("{factor} * B"),
        }
    }
}

/// A tensor that further definitions may read.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<Axis>,
    /// Its elements are at most so large.
    pub bound: f64,
}

/// A program in the making.
#[derive(Clone, Debug)]
pub struct Generator {
    random: Random,
    declarations: Vec<String>,
    tensors: Vec<Tensor>,
    /// Statements, each with the name that it defines.
    definitions: Vec<(String, String)>,
}

/// The program of a seed.
pub fn program(seed: u64) -> Generator {
    let mut generator =
        Generator { random: Random::new(seed), declarations: Vec::new(), tensors: Vec::new(), definitions: Vec::new() };
    generator.given("input", vec![Axis::Batch, Axis::Fixed(4), Axis::Fixed(3)]);
    generator.given("input", vec![Axis::Batch, Axis::Fixed(5)]);
    let others = [Axis::Batch, Axis::Half, Axis::Parity, Axis::Times(2)];
    let other = *generator.random.choose(&others);
    generator.given("input", vec![other, Axis::Fixed(2)]);
    for _ in 0..3 {
        let rank = generator.random.below(4);
        let shape = (0..rank).map(|_| Axis::Fixed(1 + generator.random.below(5))).collect();
        generator.given("param", shape);
    }
    let count = 3 + generator.random.below(6);
    while generator.definitions.len() < count {
        generator.define();
    }
    generator
}

impl Generator {
    /// How many definitions there are.
    pub fn len(&self) -> usize {
        self.definitions.len()
    }

    /// The text of the program with its first definitions; the loss reads them all, or the last alone.
    pub fn text(&self, count: usize, last_alone: bool) -> String {
        let kept = &self.definitions[..count];
        let read = if last_alone { &kept[count - 1..] } else { kept };
        let terms: Vec<String> = read.iter().map(|(name, _)| format!("mean(sin({name} + 0.3))")).collect();
        let lines = self.declarations.iter().chain(kept.iter().map(|(_, statement)| statement));
        let body: String = lines.map(|line| format!("    {line}\n")).collect();
        format!("network Random: f64 {{\n{body}    loss = {};\n}}\n", terms.join(" + "))
    }

    /// A new input or parameter.
    fn given(&mut self, word: &str, shape: Vec<Axis>) -> Tensor {
        let name = format!("{}{}", &word[..1], self.declarations.len());
        let start = if word == "input" { "" } else { " = zeros" };
        self.declarations.push(format!("{word} {name}: {}{start};", shape_text(&shape)));
        let tensor = Tensor { name, shape, bound: 1.0 };
        self.tensors.push(tensor.clone());
        tensor
    }

    /// A new input of integers `0..below`.
    fn integers(&mut self, shape: &[Axis], below: &str) -> String {
        let name = format!("n{}", self.declarations.len());
        self.declarations.push(format!("input {name}: {} in 0..{below};", shape_text(shape)));
        name
    }

    /// Adds a definition as it is.
    fn add_plain(&mut self, value: &str, shape: Vec<Axis>, bound: f64) {
        let name = format!("d{}", self.definitions.len());
        self.definitions.push((name.clone(), format!("{name} = {value};")));
        self.tensors.push(Tensor { name, shape, bound });
    }

    /// Adds a definition of matrix notation, squashed where it is large.
    fn add(&mut self, value: &str, shape: Vec<Axis>, bound: f64) {
        let name = format!("d{}", self.definitions.len());
        let (value, bound) = squashed(value, bound);
        let word = self.word();
        self.definitions.push((name.clone(), format!("{word}{name} = {value};")));
        self.tensors.push(Tensor { name, shape, bound });
    }

    /// Adds a definition of index notation with these labels (`i`, `j in 0..3`).
    fn add_indexed(&mut self, labels: &[String], value: &str, shape: Vec<Axis>, bound: f64) {
        let name = format!("d{}", self.definitions.len());
        let (value, bound) = squashed(value, bound);
        let left = if labels.is_empty() { name.clone() } else { format!("{name}[{}]", labels.join(", ")) };
        let word = self.word();
        self.definitions.push((name.clone(), format!("{word}{left} = {value};")));
        self.tensors.push(Tensor { name, shape, bound });
    }

    /// Some definitions are outputs.
    fn word(&mut self) -> &'static str {
        if self.random.below(6) == 0 { "output " } else { "" }
    }

    /// A statement behind the last definition, which it needs.
    fn append(&mut self, statement: &str) {
        if let Some((_, text)) = self.definitions.last_mut() {
            text.push(' ');
            text.push_str(statement);
        }
    }

    /// One of the tensors; later ones more often.
    fn any(&mut self) -> Tensor {
        let (a, b) = (self.random.below(self.tensors.len()), self.random.below(self.tensors.len()));
        self.tensors[a.max(b)].clone()
    }

    /// One of the tensors that fit, or none.
    fn any_with(&mut self, fits: impl Fn(&Tensor) -> bool) -> Option<Tensor> {
        let fitting: Vec<&Tensor> = self.tensors.iter().filter(|tensor| fits(tensor)).collect();
        let place = self.random.below(fitting.len());
        fitting.get(place).map(|tensor| (*tensor).clone())
    }
}

fn squashed(value: &str, bound: f64) -> (String, f64) {
    if bound <= MOST { (value.to_owned(), bound) } else { (format!("tanh(({value}) / {:?})", bound / 4.0), 1.0) }
}

/// The axes as they are written.
fn shape_text(shape: &[Axis]) -> String {
    let axes: Vec<String> = shape.iter().map(|axis| axis.text()).collect();
    format!("[{}]", axes.join(", "))
}

/// How many elements a shape has.
fn count(shape: &[Axis]) -> usize {
    shape.iter().map(|axis| axis.length()).product()
}
