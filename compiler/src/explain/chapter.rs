//! One chapter: the lines of each step that contributes to an adjoint, and their sum. It must not know how lines are printed.

use super::ends::Simplest;
use super::reasons::{self, words};
use super::sheet::{Formula, element, plain};
use super::{Book, Chapter, Line, Part, Piece, Step, tidy, tree};
use crate::emit::math::Symbol;
use crate::emit::nn::Notation;
use crate::ir::{Extent, Index, Source, TensorId};
use crate::simplify;
use crate::span::Span;
use crate::syntax::tree::{Binary, Expression, ExpressionKind, Statement, StatementKind};
use std::collections::BTreeSet;

/// A step with the names of its labels.
struct Frame<'a> {
    step: &'a Step,
    /// The names of the axes of what is read.
    axes: &'a [String],
    /// The names of the labels of the reader.
    labels: Vec<String>,
    /// How many of these are axes.
    rank: usize,
    shape: Vec<Extent>,
    reader_shape: Vec<Extent>,
    summed: Vec<Extent>,
}

/// A contribution, in its forms.
struct Left {
    /// As the δ leaves it.
    first: Expression,
    /// Simplified.
    simple: Expression,
    /// In matrix notation.
    matrix: Option<Expression>,
    /// Why it is 0, where it is.
    vanishes: Option<Vec<Piece>>,
}

impl Book {
    /// The adjoint of a tensor, from the steps that read it.
    pub(super) fn chapter(&mut self, tensor: TensorId, steps: &[usize], simplest: &Simplest) -> Chapter {
        let first = &self.record.steps[steps[0]];
        let axes = self.labels.axes(&self.sheet.program, tensor, first.reader, &first.index);
        let adjoint = self.adjoints.get(&tensor).map_or_else(String::new, |&id| self.sheet.program.tensor(id).name.clone());
        let unit = self.unit(tensor, &axes);
        let readers: Vec<TensorId> = steps.iter().map(|&step| self.shown(self.record.steps[step].reader)).collect();
        let places: Vec<Vec<Index>> = steps.iter().map(|&step| self.record.steps[step].index.clone()).collect();
        let elsewhere = |number: usize| {
            let mut others = readers.iter().zip(&places);
            others.any(|(reader, place)| *reader == readers[number] && *place != places[number])
        };
        let parts: Vec<Part> =
            steps.iter().enumerate().map(|(number, &step)| self.part(step, &axes, unit, elsewhere(number))).collect();
        let left = element(&adjoint, &axes);
        let (inside, total, simplified) = (Vec::new(), Vec::new(), Vec::new());
        let mut chapter = Chapter { tensor, left, axes, parts, inside, total, simplified, conditional: None };
        self.put_together(&mut chapter);
        chapter.inside = BTreeSet::from_iter(readers).into_iter().flat_map(|whole| self.inside(whole)).collect();
        self.finish(&adjoint, &mut chapter, simplest);
        chapter
    }

    /// The derivative of a tensor for itself: 1 where all indices are the same.
    fn unit(&mut self, tensor: TensorId, axes: &[String]) -> TensorId {
        let shape = self.sheet.program.tensor(tensor).shape.clone();
        let rank = shape.len();
        let condition = self.sheet.all_equal(&plain(0..rank), &plain(rank..2 * rank));
        let one = self.sheet.program.expressions.number(1.0);
        let body = self.sheet.where_(condition, one);
        let name = self.name_of(tensor);
        let labels = axes.iter().map(|name| format!("{name}'")).chain(axes.iter().cloned()).collect();
        let shape = shape.iter().chain(&shape).cloned().collect();
        let id = self.sheet.define(&format!("∂{name}/∂{name}"), Formula { shape, summed: Vec::new(), labels, body });
        self.symbol(id, name.clone(), name, rank);
        id
    }

    fn symbol(&mut self, id: TensorId, of: String, wrt: String, rank: usize) {
        let name = self.sheet.program.tensor(id).name.clone();
        self.sheet.names.symbols.insert(name, Symbol::Partial { of, wrt, rank });
    }

    /// What one read contributes; where the same definition reads at another place too, it says which.
    fn part(&mut self, number: usize, axes: &[String], unit: TensorId, is_one_of_several: bool) -> Part {
        let recorded = self.record.steps[number].clone();
        let step = self.of_the_whole(&recorded);
        let program = &self.sheet.program;
        let reader_shape = program.tensor(step.reader).shape.clone();
        let frame = Frame {
            axes,
            labels: self.labels.beside(recorded.reader, axes),
            rank: reader_shape.len(),
            shape: program.tensor(step.read).shape.clone(),
            summed: program.label_extents(recorded.reader).split_off(reader_shape.len()),
            reader_shape,
            step: &step,
        };
        let facts = self.facts(&frame, unit);
        let lines = self.lines(&frame, unit, &facts);
        let is_of_itself = self.is_first(&frame);
        let read = facts.as_ref().filter(|_| is_one_of_several).map(|facts| &facts.read);
        let through = reasons::through(&self.name_of(frame.step.reader), is_of_itself, read);
        let (left, right) = self.definition(step.reader);
        let definition = (left, tidy::tidy(&right));
        let with = self.with(&lines);
        Part { definition, through, with, lines }
    }

    /// All lines of a step.
    fn lines(&mut self, frame: &Frame<'_>, unit: TensorId, facts: &Option<reasons::Facts>) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let Some((symbol, slope)) = self.slope(frame) else { return lines };
        let chain = if self.is_first(frame) { None } else { self.chain(frame, symbol) };
        let symbol_name = self.sheet.program.tensor(symbol).name.clone();
        let put = |by: &Notation| {
            let mut line = chain.clone().unwrap_or_else(|| element(&symbol_name, &[]));
            tree::replace(&mut line, &symbol_name, &by.indexed);
            tree::bound(&mut line, &by.indices);
            line
        };
        if let Some(chain) = &chain {
            let reason = reasons::chain_rule(&self.name_of(frame.step.reader), frame.rank);
            lines.push(Line { value: chain.clone(), whole: false, reason });
        }
        if let Some((with_unit, reason)) = self.with_unit(frame, unit, facts) {
            next(&mut lines, put(&with_unit), reason);
            next(&mut lines, put(&slope), facts.as_ref().map(reasons::delta).unwrap_or_default());
        } else {
            next(&mut lines, put(&slope), facts.as_ref().map(reasons::partial).unwrap_or_default());
        }
        let Some(left) = self.left(frame) else { return lines };
        let left_labels = self.left_labels(frame);
        let mut reason = reasons::solution(self, frame.step, &frame.shape, frame.axes, &frame.labels, &left_labels);
        if reason.is_empty() {
            reason = words("written as one sum");
        }
        // What solving leaves of conditions and digits says little before it is decided.
        let is_open = tree::names(&left.first).iter().any(|name| name == "where" || name == "floor");
        if is_open {
            next(&mut lines, left.simple, reason);
        } else {
            next(&mut lines, left.first, reason);
            next(&mut lines, left.simple, words("simplified"));
        }
        if let Some(reason) = left.vanishes {
            next(&mut lines, tidy::zero(), reason);
        } else if let Some(value) = left.matrix.map(|value| tidy::tidy(&value)) {
            let reason = words(if tree::is_product(&value) { "as a matrix product" } else { "in matrix notation" });
            lines.push(Line { value, whole: true, reason });
        }
        lines
    }

    /// Whether the reader is what is differentiated itself.
    fn is_first(&self, frame: &Frame<'_>) -> bool {
        let is_one = self.sheet.program.expressions.as_number(frame.step.upstream) == Some(1.0);
        frame.step.reader == self.of && frame.rank == 0 && is_one
    }

    /// The derivative of the reader for what is read: a symbol, and what it is with δs.
    fn slope(&mut self, frame: &Frame<'_>) -> Option<(TensorId, Notation)> {
        let Frame { step, axes, labels, rank, .. } = frame;
        let (count, more) = (axes.len(), rank + axes.len());
        let move_up = |number: usize| if number < *rank { number } else { number + count };
        let index = self.moved(&step.index, move_up);
        let condition = self.sheet.all_equal(&index, &plain(*rank..more));
        let partial = self.sheet.renumbered(step.partial, move_up);
        let body = if reads_integers(&step.index) {
            self.sheet.within_guard(partial, &mut |sheet, inner| sheet.where_(condition, inner))
        } else {
            self.sheet.where_(condition, partial)
        };
        let (reader, read) = (self.name_of(step.reader), self.name_of(step.read));
        let formula = Formula {
            shape: frame.reader_shape.iter().chain(&frame.shape).cloned().collect(),
            summed: frame.summed.clone(),
            labels: labels[..*rank].iter().chain(*axes).chain(&labels[*rank..]).cloned().collect(),
            body,
        };
        let id = self.sheet.define(&format!("∂{reader}/∂{read}"), formula);
        self.symbol(id, reader, read, *rank);
        Some((id, self.sheet.notation(id)?))
    }

    fn moved(&self, index: &[Index], number: impl Fn(usize) -> usize) -> Vec<Index> {
        let place = |old: crate::ir::Label| Index::label(super::sheet::label(number(old.0 as usize)));
        index.iter().map(|form| form.substitute(&mut |old| place(old))).collect()
    }

    /// The slope with the derivative of what is read for itself in the place of the δs, and why.
    fn with_unit(&mut self, frame: &Frame<'_>, unit: TensorId, facts: &Option<reasons::Facts>) -> Option<(Notation, Vec<Piece>)> {
        let Frame { step, axes, labels, rank, .. } = frame;
        if axes.is_empty() {
            return None;
        }
        let count = axes.len();
        let move_up = |number: usize| if number < *rank { number } else { number + count };
        let mut at = self.moved(&step.index, move_up);
        at.extend(plain(*rank..rank + count));
        let partial = self.sheet.renumbered(step.partial, move_up);
        let read = self.sheet.program.expressions.read(unit, at);
        let body = if reads_integers(&step.index) {
            self.sheet.within_guard(partial, &mut |sheet, inner| sheet.times(inner, read))
        } else {
            self.sheet.times(partial, read)
        };
        let formula = Formula {
            shape: frame.reader_shape.iter().chain(&frame.shape).cloned().collect(),
            summed: frame.summed.clone(),
            labels: labels[..*rank].iter().chain(*axes).chain(&labels[*rank..]).cloned().collect(),
            body,
        };
        let value = self.sheet.written(formula)?;
        Some((value, facts.as_ref().map(reasons::partial).unwrap_or_default()))
    }

    /// What the reasons of a step speak of.
    fn facts(&mut self, frame: &Frame<'_>, unit: TensorId) -> Option<reasons::Facts> {
        let Frame { step, axes, labels, .. } = frame;
        let all: Vec<Extent> = frame.reader_shape.iter().chain(&frame.summed).cloned().collect();
        let over = |body, labels: Vec<String>, shape: Vec<Extent>| Formula { shape, summed: Vec::new(), labels, body };
        let read = self.sheet.program.expressions.read(step.read, step.index.clone());
        let read = self.sheet.written(over(read, labels.clone(), all.clone()))?.indexed;
        let slope = self.sheet.written(over(step.partial, labels.clone(), all.clone()))?.indexed;
        let mut at = step.index.clone();
        at.extend(plain(all.len()..all.len() + axes.len()));
        let both: Vec<String> = labels.iter().chain(*axes).cloned().collect();
        let shape: Vec<Extent> = all.iter().chain(&frame.shape).cloned().collect();
        let condition = self.sheet.all_equal(&step.index, &plain(all.len()..all.len() + axes.len()));
        let one = self.sheet.program.expressions.number(1.0);
        let delta = self.sheet.where_(condition, one);
        let delta = self.sheet.written(over(delta, both.clone(), shape.clone()))?.indexed;
        let unit = self.sheet.program.expressions.read(unit, at);
        let unit = self.sheet.written(over(unit, both, shape))?.indexed;
        let (left, right) = self.definition(step.reader);
        let key = reasons::key(&left, &right);
        Some(reasons::Facts { read, slope, unit, delta, key })
    }

    /// The sum over every element of the reader.
    fn chain(&mut self, frame: &Frame<'_>, symbol: TensorId) -> Option<Expression> {
        let Frame { step, axes, labels, rank, .. } = frame;
        let count = axes.len();
        let upstream = self.sheet.renumbered(step.upstream, |number| number + count);
        let at = plain(count..count + rank).into_iter().chain(plain(0..count)).collect();
        let slope = self.sheet.program.expressions.read(symbol, at);
        let body = self.sheet.times(upstream, slope);
        let labels = axes.iter().chain(&labels[..*rank]).cloned().collect();
        Some(
            self.sheet.written(Formula { shape: frame.shape.clone(), summed: frame.reader_shape.clone(), labels, body })?.indexed,
        )
    }

    /// The names of the labels that are left in a contribution.
    fn left_labels(&self, frame: &Frame<'_>) -> Vec<String> {
        self.left_names(frame.step, frame.axes, &frame.labels)
    }

    /// The same, where the axes of what is read and the labels of the reader have these names.
    pub(super) fn left_names(&self, step: &Step, axes: &[String], labels: &[String]) -> Vec<String> {
        let mut all: Vec<String> = axes.to_vec();
        for left in &step.left {
            let own = left.and_then(|found| labels.get(found.0 as usize)).cloned();
            let name = own.unwrap_or_else(|| self.labels.more(&all));
            all.push(name);
        }
        all.split_off(axes.len())
    }

    /// The contribution.
    fn left(&mut self, frame: &Frame<'_>) -> Option<Left> {
        let labels: Vec<String> = frame.axes.iter().cloned().chain(self.left_labels(frame)).collect();
        let contribution = &frame.step.contribution;
        let summed = contribution.reduction.as_ref().map(|(_, extents)| extents.clone()).unwrap_or_default();
        let formula = Formula { shape: frame.shape.clone(), summed, labels: labels.clone(), body: contribution.body };
        let id = self.sheet.line(formula);
        let first = self.sheet.notation(id)?;
        let simple = simplify::simplified_body(&mut self.sheet.program, id)?;
        if let Source::Defined(definition) = &mut self.sheet.program.tensors[id.0 as usize].source {
            definition.body = simple;
        }
        let second = self.sheet.notation(id)?;
        let vanishes = reasons::vanishes(self, id, &labels);
        Some(Left { first: first.indexed, simple: second.indexed, matrix: second.matrix, vanishes })
    }

    /// The definition of a reader, with the parts that have no name of their own written in it.
    pub(super) fn definition(&mut self, reader: TensorId) -> (Expression, Expression) {
        let shown = self.shown(reader);
        let labels = self.labels.of(shown);
        let rank = self.sheet.program.tensor(shown).shape.len();
        let name = self.sheet.program.tensor(shown).name.clone();
        let left = element(&name, &labels[..rank.min(labels.len())]);
        let mut right = self.sheet.with_labels(shown, &labels).map_or_else(|| left.clone(), |notation| notation.indexed);
        for (part, _) in self.inside(shown) {
            let (name, labels) = (self.name_of(part), self.labels.within(&self.sheet.program, part, shown));
            if let Some(notation) = self.sheet.with_labels(part, &labels) {
                tree::replace(&mut right, &name, &notation.indexed);
            }
        }
        (left, right)
    }

    /// All definitions that are written in one, however deep, with it.
    pub(super) fn inside(&self, whole: TensorId) -> Vec<(TensorId, TensorId)> {
        let (mut found, mut open) = (Vec::new(), vec![whole]);
        while let Some(next) = open.pop() {
            let parts = self.parts_of(next);
            found.extend(parts.iter().map(|&part| (part, whole)));
            open.extend(parts);
        }
        found
    }

    /// The parts of a definition that are written in it: those that are joined, and those that nothing is derived of.
    pub(super) fn parts_of(&self, whole: TensorId) -> Vec<TensorId> {
        let program = &self.sheet.program;
        let is_idle = |part: &TensorId| {
            self.candidates.contains(part)
                && !self.record.steps.iter().any(|step| step.read == *part)
                && super::is_read_plainly(program, whole, *part)
        };
        let is_joined = |part: &TensorId| self.joined.get(part).is_some_and(|step| step.reader == whole);
        program.dependencies(whole).into_iter().filter(|part| is_joined(part) || is_idle(part)).collect()
    }

    /// The definitions that differentiation added for a line, as a product of all factors but one.
    fn with(&mut self, lines: &[Line]) -> Vec<(Expression, Expression)> {
        let mentioned: BTreeSet<String> = lines.iter().flat_map(|line| tree::names(&line.value)).collect();
        let is_auxiliary = |id: &TensorId| {
            let tensor = self.sheet.program.tensor(*id);
            id.0 as usize >= self.known
                && mentioned.contains(&tensor.name)
                && !self.sheet.names.symbols.contains_key(&tensor.name)
        };
        let found: Vec<TensorId> = self.sheet.program.ids().filter(is_auxiliary).collect();
        found.into_iter().map(|id| self.definition(id)).collect()
    }
}

/// Whether an index is an element of an integer tensor.
fn reads_integers(index: &[Index]) -> bool {
    let mut found = false;
    index.iter().for_each(|form| form.each_tensor(&mut |_| found = true));
    found
}

/// The name of what a statement defines.
pub(super) fn name_of(statement: &Statement) -> Option<&str> {
    match &statement.kind {
        StatementKind::Define { name, .. } | StatementKind::DefineIndexed { name, .. } => Some(&name.text),
        StatementKind::Input(_) | StatementKind::Target(_) | StatementKind::Param(_) | StatementKind::State(_) => None,
    }
}

/// Writes a definition as a person does.
pub(super) fn tidied(statement: &mut Statement) {
    if let StatementKind::Define { value, .. } | StatementKind::DefineIndexed { value, .. } = &mut statement.kind {
        *value = tidy::tidy(value);
    }
}

/// Adds a line that says something else than the one before.
fn next(lines: &mut Vec<Line>, value: Expression, reason: Vec<Piece>) {
    let value = tidy::tidy(&value);
    if lines.last().is_none_or(|last| !tidy::is_same(&last.value, &value)) {
        lines.push(Line { value, whole: false, reason });
    }
}

pub(super) fn plus(left: Expression, right: Expression) -> Expression {
    Expression { kind: ExpressionKind::Binary(Binary::Add, Box::new(left), Box::new(right)), span: Span::default() }
}

/// The right side of a definition.
pub(super) fn value_of(statement: &Statement) -> Option<&Expression> {
    match &statement.kind {
        StatementKind::Define { value, .. } | StatementKind::DefineIndexed { value, .. } => Some(value),
        StatementKind::Input(_) | StatementKind::Target(_) | StatementKind::Param(_) | StatementKind::State(_) => None,
    }
}
