//! Elementary functions of parts of a tensor that several definitions need: each part is computed once.
//!
//! `sigmoid(z[r, j])` in a definition over the first quarter of z's columns, and in another one `where(j < H, sigmoid(z[r, j]), 0)` over all of
//! them: the gates of a cell, forwards and backwards.

use super::definitions::add_auxiliary;
use super::share::{DEAR, word};
use super::{Report, set_body};
use crate::diff::plain_labels;
use crate::ir::{Atom, Definition, ExpressionId, Expressions, Extent, Index, Label, Node, Program, TensorId, conditions};
use crate::ops::Operator;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// A function of the elements of a tensor from a place of its last axis up to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Window {
    operator: Operator,
    tensor: TensorId,
    from: i64,
    to: i64,
}

/// For each label its smallest and its largest value, where they are numbers.
type Ranges = Vec<Option<(i64, i64)>>;

/// Gives shared functions of parts a definition of their own.
pub fn share(program: &mut Program, report: &mut Report) -> bool {
    let order = program.order();
    let mut readers: BTreeMap<Window, BTreeSet<TensorId>> = BTreeMap::new();
    for &id in &order {
        for window in found_in(program, id) {
            readers.entry(window).or_default().insert(id);
        }
    }
    readers.retain(|_, readers| readers.len() > 1);
    if readers.is_empty() {
        return false;
    }
    let mut providers = BTreeMap::new();
    for (window, readers) in &readers {
        let first = order.iter().copied().find(|id| readers.contains(id)).unwrap_or(order[0]);
        report.enter(&program.tensor(first).name);
        report.fired("a function of a part that several definitions need is computed once");
        let provider = readers.iter().copied().find(|&id| is_provider(program, id, *window));
        providers.insert(*window, provider.unwrap_or_else(|| provide(program, first, *window)));
    }
    let mut changed = false;
    for &id in order.iter().filter(|id| !providers.values().any(|provider| provider == *id)) {
        let Some(body) = program.definition(id).map(|definition| definition.body) else { continue };
        let ranges = ranges(program, id);
        let mut walk = Walk { program, known: FxHashMap::default(), found: BTreeSet::new(), providers: Some(&providers) };
        let new = walk.formula(body, &ranges);
        changed |= new != body;
        set_body(program, id, new);
    }
    changed
}

fn found_in(program: &mut Program, id: TensorId) -> BTreeSet<Window> {
    let Some(body) = program.definition(id).map(|definition| definition.body) else { return BTreeSet::new() };
    let ranges = ranges(program, id);
    let mut walk = Walk { program, known: FxHashMap::default(), found: BTreeSet::new(), providers: None };
    walk.formula(body, &ranges);
    walk.found
}

fn ranges(program: &Program, id: TensorId) -> Ranges {
    program.label_extents(id).iter().map(|extent| extent.as_constant().map(|extent| (0, extent - 1))).collect()
}

/// A way through a formula that knows which values labels have where it is.
struct Walk<'a> {
    program: &'a mut Program,
    known: FxHashMap<(ExpressionId, Ranges), ExpressionId>,
    found: BTreeSet<Window>,
    /// What takes the place of windows, if anything is to.
    providers: Option<&'a BTreeMap<Window, TensorId>>,
}

impl Walk<'_> {
    fn formula(&mut self, id: ExpressionId, ranges: &Ranges) -> ExpressionId {
        if let Some(&known) = self.known.get(&(id, ranges.clone())) {
            return known;
        }
        let new = match self.program.expressions.node(id).clone() {
            Node::Select(condition, then, otherwise) => {
                let inside = refined(&self.program.expressions, condition, ranges);
                let condition = self.formula(condition, ranges);
                let (then, otherwise) = (self.formula(then, &inside), self.formula(otherwise, ranges));
                self.program.expressions.select(condition, then, otherwise)
            }
            Node::Apply(operator, arguments) => self.application(operator, &arguments, ranges),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) => id,
        };
        self.known.insert((id, ranges.clone()), new);
        new
    }

    fn application(&mut self, operator: Operator, arguments: &[ExpressionId], ranges: &Ranges) -> ExpressionId {
        if let [argument] = arguments
            && operator.row().cost >= DEAR
            && let Node::Read(tensor, at) = self.program.expressions.node(*argument).clone()
            && let Some((from, to)) = part(self.program, tensor, &at, ranges)
        {
            let window = Window { operator, tensor, from, to };
            self.found.insert(window);
            if let Some(&provider) = self.providers.and_then(|providers| providers.get(&window)) {
                let mut at = at;
                let last = at.len() - 1;
                at[last] = at[last].minus(&Index::constant(from));
                return self.program.expressions.read(provider, at);
            }
        }
        let arguments: Vec<ExpressionId> = arguments.iter().map(|&argument| self.formula(argument, ranges)).collect();
        self.program.expressions.apply(operator, &arguments)
    }
}

/// Which part of a tensor's last axis a read runs over, if it runs over all of the others.
fn part(program: &Program, tensor: TensorId, at: &[Index], ranges: &Ranges) -> Option<(i64, i64)> {
    let (last, others) = at.split_last()?;
    let shape = &program.tensor(tensor).shape;
    let length = shape.last()?.as_constant()?;
    let mut labels = BTreeSet::new();
    let runs = others.iter().all(|index| shifted(index).is_some_and(|(label, _)| labels.insert(label)));
    let (label, shift) = shifted(last)?;
    let (lowest, highest) = ranges.get(label.0 as usize).copied().flatten()?;
    let (from, to) = (lowest + shift, highest + shift + 1);
    (runs && labels.insert(label) && 0 <= from && from < to && to <= length).then_some((from, to))
}

/// `label + number`
fn shifted(index: &Index) -> Option<(Label, i64)> {
    let mut terms = index.terms();
    let (Some((Atom::Label(label), factor)), None) = (terms.next(), terms.next()) else { return None };
    Some((*label, index.constant_part().as_constant()?)).filter(|_| factor.is_one())
}

/// The values of labels where a condition holds.
fn refined(expressions: &Expressions, condition: ExpressionId, ranges: &Ranges) -> Ranges {
    let mut refined = ranges.clone();
    for form in conditions(expressions, condition).into_iter().filter_map(|part| expressions.not_negative(part)) {
        if let Some((label, shift)) = shifted(&form) {
            bound(&mut refined, label, |(low, high)| (low.max(-shift), high));
        } else if let Some((label, shift)) = shifted(&Index::default().minus(&form)) {
            bound(&mut refined, label, |(low, high)| (low, high.min(-shift)));
        }
    }
    refined
}

fn bound(ranges: &mut Ranges, label: Label, narrower: impl Fn((i64, i64)) -> (i64, i64)) {
    if let Some(range) = ranges.get_mut(label.0 as usize) {
        *range = range.map(narrower);
    }
}

/// Whether a definition is a window and nothing else.
fn is_provider(program: &Program, id: TensorId, window: Window) -> bool {
    let Some(&Definition { reduction: None, body }) = program.definition(id) else { return false };
    let Node::Apply(operator, arguments) = program.expressions.node(body) else { return false };
    let [argument] = arguments.as_slice() else { return false };
    let Node::Read(tensor, at) = program.expressions.node(*argument) else { return false };
    *operator == window.operator
        && *tensor == window.tensor
        && program.tensor(id).shape == shape(program, window)
        && *at == places(at.len(), window)
}

fn shape(program: &Program, window: Window) -> Vec<Extent> {
    let mut shape = program.tensor(window.tensor).shape.clone();
    if let Some(last) = shape.last_mut() {
        *last = Extent::constant(window.to - window.from);
    }
    shape
}

/// Where the elements of a window lie in its tensor.
fn places(rank: usize, window: Window) -> Vec<Index> {
    let mut at = plain_labels(rank);
    if let Some(last) = at.last_mut() {
        *last = last.plus(&Index::constant(window.from));
    }
    at
}

fn provide(program: &mut Program, first: TensorId, window: Window) -> TensorId {
    let shape = shape(program, window);
    let names =
        (0..shape.len()).map(|axis| program.label_name(window.tensor, Label(u32::try_from(axis).unwrap_or(u32::MAX)))).collect();
    let read = program.expressions.read(window.tensor, places(shape.len(), window));
    let body = program.expressions.apply(window.operator, &[read]);
    add_auxiliary(program, first, word(window.operator), shape, names, Definition { reduction: None, body })
}
