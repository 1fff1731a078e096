//! The nodes of a graph. It must not know how formulas become texts.

use super::Sketch;
use super::lines::{Line, Texts};
use crate::emit::graph::{Gradient, Kind, Node};
use crate::emit::math::{Style, Text};
use crate::explain::{chapter, tree};
use crate::ir::{Element, Program, Role, Source, TensorId};
use crate::syntax::tree::Expression;

impl Sketch {
    /// A node for each tensor that is shown.
    pub fn nodes(&self, lines: &[Line], texts: &Texts) -> Vec<Node> {
        self.shown.iter().map(|&id| self.node(id, lines, texts)).collect()
    }

    fn node(&self, id: TensorId, lines: &[Line], texts: &Texts) -> Node {
        let program = &self.book.sheet.program;
        let tensor = program.tensor(id);
        let indexed = self.indexed(id, texts);
        let element = |value: &Expression| {
            let labels = self.book.labels.of(id);
            let left = &labels[..tensor.shape.len().min(labels.len())];
            let left = if left.is_empty() { tensor.name.clone() } else { Text.element(&tensor.name, left) };
            format!("{left} = {}", self.words.full(value))
        };
        let (kind, tag) = kind(program, id);
        Node {
            kind,
            tag,
            name: tensor.name.clone(),
            shape: shape(program, id),
            formula: texts.arrays.get(&id).or(indexed.as_ref()).map(|value| self.words.brief(value)),
            definition: indexed.as_ref().map(element),
            documentation: tensor.documentation.join("\n").trim().to_owned(),
            gradient: self.gradient(id, lines, texts),
            value: Vec::new(),
        }
    }

    /// The right side of a definition in index notation, with what is written within it.
    fn indexed(&self, id: TensorId, texts: &Texts) -> Option<Expression> {
        let mut value = texts.indexed(id)?.clone();
        for (part, _) in self.book.inside(id) {
            if let Some(inner) = texts.indexed(part) {
                tree::replace(&mut value, &self.book.sheet.program.tensor(part).name, inner);
            }
        }
        Some(value)
    }

    /// What all reads contribute to the adjoint of a tensor.
    fn gradient(&self, id: TensorId, lines: &[Line], texts: &Texts) -> Option<Gradient> {
        let name = &self.book.sheet.program.tensor(id).name;
        if id == self.book.of && !self.book.record.steps.is_empty() {
            return self.of_itself(name);
        }
        let mine: Vec<&Line> = lines.iter().filter(|line| line.step.read == id).collect();
        let first = mine.first()?;
        let sum = |parts: Option<Vec<&Expression>>| parts?.into_iter().cloned().reduce(chapter::plus);
        let arrays = sum(mine.iter().map(|line| texts.arrays.get(&line.contribution)).collect());
        let axes = if arrays.is_some() { [].as_slice() } else { &first.axes };
        let value = arrays.or_else(|| sum(mine.iter().map(|line| texts.indexed(line.contribution)).collect()))?;
        let element = |name: &str| if axes.is_empty() { name.to_owned() } else { Text.element(name, axes) };
        let derivative = |name: &str| Text.derivative(&self.book.of_name, &element(name)).text().to_owned();
        let full = format!("{} = {}", derivative(name), self.words.full(&value));
        let (name, formula) = (derivative(&self.words.short(name)), self.words.brief(&value));
        Some(Gradient { name, formula, full, value: Vec::new() })
    }

    /// The gradient of a scalar for itself.
    fn of_itself(&self, name: &str) -> Option<Gradient> {
        if *name != self.book.of_name {
            return None;
        }
        let (name, one) = (Text.derivative(name, name).text().to_owned(), "1".to_owned());
        Some(Gradient { full: format!("{name} = 1"), name, formula: one, value: Vec::new() })
    }
}

/// What a tensor is, and the words for it.
fn kind(program: &Program, id: TensorId) -> (Kind, String) {
    let kind = match &program.tensor(id).source {
        Source::Input => Kind::Input,
        Source::Target => Kind::Target,
        Source::Parameter(_) => Kind::Parameter,
        Source::State(_) => Kind::State,
        Source::Defined(_) => Kind::Definition,
    };
    let mut roles = vec![(kind, if kind == Kind::Definition { String::new() } else { kind.word().to_owned() })];
    let own = &program.tensor(id).name;
    let named =
        |kind: Kind, name: &str| (kind, if name == own { kind.word().to_owned() } else { format!("{} {name}", kind.word()) });
    for root in program.roots.iter().filter(|root| root.tensor == id) {
        match &root.role {
            Role::Loss => roles.push((Kind::Loss, Kind::Loss.word().to_owned())),
            Role::Output(name) => roles.push(named(Kind::Output, name)),
            Role::Metric(name) => roles.push(named(Kind::Metric, name)),
            Role::Update(state) => roles.push(named(Kind::Update, &program.tensor(*state).name)),
            Role::Gradient(_) => {}
        }
    }
    let words: Vec<String> = roles.iter().map(|(_, word)| word.clone()).filter(|word| !word.is_empty()).collect();
    let kind = if kind == Kind::Definition { roles.iter().map(|(kind, _)| *kind).max().unwrap_or(kind) } else { kind };
    (kind, words.join(", "))
}

/// `[B, 10]`, and which integers.
fn shape(program: &Program, id: TensorId) -> String {
    let tensor = program.tensor(id);
    let axes: Vec<String> = tensor.shape.iter().map(|axis| axis.display(&program.sizes)).collect();
    let axes = if axes.is_empty() { String::new() } else { format!("[{}]", axes.join(", ")) };
    match &tensor.element {
        Element::Real => axes,
        Element::Integer { from, to } => {
            format!("{axes} in {}..{}", from.display(&program.sizes), to.display(&program.sizes))
        }
    }
}
