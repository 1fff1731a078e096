//! What each step of a derivation says on an edge, as definitions that are written all at once. It must not know which edge that
//! is.

use super::Sketch;
use crate::diff;
use crate::emit::nn::{self, Notation};
use crate::explain::sheet::Formula;
use crate::explain::{Step, tidy, tree};
use crate::ir::{Definition, ExpressionId, Extent, Index, Label, Node, Source, TensorId};
use crate::simplify;
use crate::syntax::tree::{Binary, Expression, ExpressionKind};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// What a step says.
pub struct Line {
    /// The step; what reads is a node.
    pub step: Step,
    /// The names of the labels of the reader.
    pub labels: Vec<String>,
    /// The names of the axes of what is read.
    pub axes: Vec<String>,
    /// The read, over the labels of the reader.
    pub read: TensorId,
    /// The partial, over these.
    pub partial: TensorId,
    /// The same over those labels that it has, where it is an array over axes that the read has or the reader.
    pub array: Option<TensorId>,
    /// What is contributed, over the axes of what is read.
    pub contribution: TensorId,
}

/// How definitions are written.
pub struct Texts {
    /// As arrays.
    pub arrays: BTreeMap<TensorId, Expression>,
    /// In index notation.
    pub indexed: BTreeMap<TensorId, Notation>,
}

impl Texts {
    /// A definition in index notation.
    pub fn indexed(&self, id: TensorId) -> Option<&Expression> {
        self.indexed.get(&id).map(|notation| &notation.indexed)
    }
}

impl Sketch {
    /// A line for each step.
    pub fn lines(&mut self) -> Vec<Line> {
        let steps = self.book.record.steps.clone();
        let steps: Vec<&Step> = steps.iter().filter(|step| !self.hidden.contains_key(&step.read)).collect();
        let mut axes: BTreeMap<TensorId, Vec<String>> = BTreeMap::new();
        let mut lines = Vec::new();
        for recorded in steps {
            let program = &self.book.sheet.program;
            let new = || self.book.labels.axes(program, recorded.read, recorded.reader, &recorded.index);
            let axes = axes.entry(recorded.read).or_insert_with(new).clone();
            lines.push(self.line(recorded, axes));
        }
        lines
    }

    fn line(&mut self, recorded: &Step, axes: Vec<String>) -> Line {
        let step = self.book.of_the_whole(recorded);
        let reader = recorded.reader;
        let labels = self.book.labels.of(reader);
        let extents = self.book.sheet.program.label_extents(reader);
        let body = self.book.sheet.program.expressions.read(step.read, step.index.clone());
        let over = |body| Formula { shape: extents.clone(), summed: Vec::new(), labels: labels.clone(), body };
        let read = self.book.sheet.define("read", over(body));
        let partial = self.book.sheet.define("partial", over(step.partial));
        self.simplified(partial);
        let rank = self.book.sheet.program.tensor(reader).shape.len();
        let partial_body = self.with_value(&step, reader, partial, &diff::plain_labels(rank));
        let array = self.array(&step, reader, partial_body, &extents, &labels);
        let contribution = self.contribution(&step, reader, &axes);
        Line { step, labels, axes, read, partial, array, contribution }
    }

    /// Brings a definition to its simplest form.
    fn simplified(&mut self, id: TensorId) {
        let program = &mut self.book.sheet.program;
        let simple = simplify::simplified_body(program, id);
        if let (Source::Defined(definition), Some(simple)) = (&mut program.tensors[id.0 as usize].source, simple) {
            definition.body = simple;
        }
    }

    /// A partial over the labels that it has, where the read is element by element and these are axes of it or of the reader.
    fn array(
        &mut self,
        step: &Step,
        reader: TensorId,
        partial: ExpressionId,
        extents: &[Extent],
        labels: &[String],
    ) -> Option<TensorId> {
        let read: Vec<Label> = step.index.iter().map(Index::as_label).collect::<Option<_>>()?;
        let rank = self.book.sheet.program.tensor(reader).shape.len();
        let mut mentioned = BTreeSet::new();
        self.book.sheet.program.expressions.each_label(partial, &mut |label| {
            mentioned.insert(label);
        });
        let is_plain = read.is_sorted() && mentioned.iter().all(|label| read.contains(label) || (label.0 as usize) < rank);
        let own = mentioned.iter().all(|label| read.contains(label)) || mentioned.iter().all(|label| (label.0 as usize) < rank);
        if !is_plain || !own {
            return None;
        }
        let mentioned: Vec<Label> = mentioned.into_iter().collect();
        let place = |label: usize| mentioned.iter().position(|own| own.0 as usize == label).unwrap_or(0);
        let body = self.book.sheet.renumbered(partial, place);
        let shape = mentioned.iter().map(|label| extents[label.0 as usize].clone()).collect();
        let labels = mentioned.iter().filter_map(|label| labels.get(label.0 as usize).cloned()).collect();
        Some(self.book.sheet.define("array", Formula { shape, summed: Vec::new(), labels, body }))
    }

    fn contribution(&mut self, step: &Step, reader: TensorId, axes: &[String]) -> TensorId {
        let labels = self.book.labels.beside(reader, axes);
        let left = self.book.left_names(step, axes, &labels);
        let summed = step.contribution.reduction.as_ref().map(|(_, extents)| extents.clone()).unwrap_or_default();
        let formula = Formula {
            shape: self.book.sheet.program.tensor(step.read).shape.clone(),
            summed,
            labels: axes.iter().cloned().chain(left).collect(),
            body: step.contribution.body,
        };
        let id = self.book.sheet.define("contribution", formula);
        self.simplified(id);
        if let Some(at) = self.place(reader, id) {
            self.with_value(step, reader, id, &at);
        }
        id
    }

    /// Which element of the reader a contribution is about: that of its adjoint.
    fn place(&mut self, reader: TensorId, contribution: TensorId) -> Option<Vec<Index>> {
        let body = self.body(contribution);
        let adjoint = self.book.adjoints.get(&reader)?;
        let expressions = &self.book.sheet.program.expressions;
        expressions.reachable(body).into_iter().find_map(|node| match expressions.node(node) {
            Node::Read(tensor, at) => (tensor == adjoint).then(|| at.clone()),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => None,
        })
    }

    /// Writes an element of the reader where a definition computes it again: `1 - h²` for `1 - tanh(z)²`.
    fn with_value(&mut self, step: &Step, reader: TensorId, id: TensorId, at: &[Index]) -> ExpressionId {
        let body = self.body(id);
        let program = &mut self.book.sheet.program;
        let (value, simple) = (program.definition(reader).cloned(), simplify::simplified_body(program, reader));
        let (Some(Definition { reduction: None, .. }), Some(simple)) = (value, simple) else { return body };
        if reader != step.reader || !matches!(program.expressions.node(simple), Node::Apply(..) | Node::Select(..)) {
            return body;
        }
        let expressions = &mut program.expressions;
        let computed = expressions.substitute(simple, &mut |label| at.get(label.0 as usize).cloned().unwrap_or_default());
        let read = expressions.read(reader, at.to_vec());
        let body = expressions.replace(body, &FxHashMap::from_iter([(computed, read)]));
        if let Source::Defined(definition) = &mut program.tensors[id.0 as usize].source {
            definition.body = body;
        }
        body
    }

    fn body(&mut self, id: TensorId) -> ExpressionId {
        let program = &mut self.book.sheet.program;
        let body = program.definition(id).map(|definition| definition.body);
        body.unwrap_or_else(|| program.expressions.number(0.0))
    }

    /// All that is written, at once.
    pub fn texts(&mut self, lines: &[Line]) -> Texts {
        let auxiliary: BTreeSet<TensorId> = lines.iter().flat_map(|line| self.auxiliary(line)).collect();
        self.name_labels(&auxiliary);
        let of_line = |line: &Line| [line.read, line.partial, line.contribution].into_iter().chain(line.array);
        let all: Vec<TensorId> =
            lines.iter().flat_map(of_line).chain(self.shown.iter().chain(self.hidden.keys()).copied()).collect();
        let all: Vec<TensorId> = all.into_iter().chain(auxiliary).collect();
        let program = &self.book.sheet.program;
        let hidden = self.hidden.keys().copied().collect();
        let mut arrays = nn::arrays(program, &all, &hidden);
        // What is written within others has no node that a name could stand for.
        let names: BTreeSet<&str> = self.hidden.keys().map(|&id| program.tensor(id).name.as_str()).collect();
        arrays.retain(|_, value| !tree::names(value).iter().any(|name| names.contains(name.as_str())));
        Texts { arrays, indexed: nn::notations(program, &all, &nn::Circles::of(program)) }
    }

    /// The definitions that differentiation added for a partial, as a product of all factors but one.
    pub fn auxiliary(&self, line: &Line) -> BTreeSet<TensorId> {
        let program = &self.book.sheet.program;
        let mut found = BTreeSet::new();
        if let Some(definition) = program.definition(line.partial) {
            program.expressions.each_tensor(definition.body, &mut |id| {
                found.insert(id);
            });
        }
        found.retain(|id| id.0 as usize >= self.book.known && program.definition(*id).is_some());
        found
    }

    /// Gives the labels of all definitions the names of the blackboard; those of what is written within others fit there.
    fn name_labels(&mut self, auxiliary: &BTreeSet<TensorId>) {
        let whole = self.shown.iter().chain(auxiliary);
        let names: Vec<(TensorId, Vec<String>)> = whole.map(|&id| (id, self.book.labels.of(id))).collect();
        let within =
            |(&part, &whole): (&TensorId, &TensorId)| (part, self.book.labels.within(&self.book.sheet.program, part, whole));
        let parts: Vec<(TensorId, Vec<String>)> = self.hidden.iter().map(within).collect();
        for (id, labels) in names.into_iter().chain(parts).filter(|(_, labels)| !labels.is_empty()) {
            self.book.sheet.program.tensors[id.0 as usize].label_names = labels;
        }
    }

    /// What the adjoint of the reader is multiplied by, as short as it is.
    pub fn short(&self, line: &Line, texts: &Texts) -> String {
        let product = texts.arrays.get(&line.contribution).and_then(|value| self.operand(&tidy::tidy(value), line.step.reader));
        let array = || line.array.and_then(|id| texts.arrays.get(&id)).cloned();
        let indexed = || texts.indexed(line.partial).cloned();
        product.or_else(array).or_else(indexed).map_or_else(String::new, |value| self.words.brief(&value))
    }

    /// The other operand of a matrix product with the adjoint of a tensor.
    fn operand(&self, value: &Expression, reader: TensorId) -> Option<Expression> {
        let ExpressionKind::Binary(Binary::MatrixMultiply, left, right) = &value.kind else { return None };
        let adjoint = self.book.adjoints.get(&reader).map(|&id| self.book.sheet.program.tensor(id).name.clone())?;
        let is_adjoint = |side: &Expression| matches!(&side.kind, ExpressionKind::Name(name) if *name == adjoint);
        match (is_adjoint(left), is_adjoint(right)) {
            (true, false) => Some((**right).clone()),
            (false, true) => Some((**left).clone()),
            (_, _) => None,
        }
    }
}
