//! Definitions: formulas become tensors of the program, with names that people can read.

use super::Result;
use super::core::Elaborator;
use super::formula::{Formula, FormulaId, fits};
use super::view::View;
use crate::ir::{Definition, Element, ExpressionId, Extent, Index, Label, Node, Source, Tensor, TensorId};
use crate::ops::Reduction;
use crate::span::Span;
use rustc_hash::FxHashMap;

/// More elements than this no tensor has.
const MOST_ELEMENTS: i64 = 1 << 40;
/// More nodes than this no formula of one definition has.
const MOST_NODES: usize = 10_000;
/// More axes than this no tensor has.
const MOST_AXES: usize = 32;

/// What becomes a definition.
pub struct Draft {
    /// The labels of its axes.
    pub axes: Vec<Label>,
    /// What is reduced.
    pub reduction: Option<(Reduction, Vec<Label>)>,
    /// The formula.
    pub body: FormulaId,
}

impl<'a> Elaborator<'a> {
    /// That a shape is one that a tensor may have.
    pub fn check_shape(&mut self, shape: &[Extent], span: Span) -> Result<()> {
        let message = if shape.len() > MOST_AXES {
            format!("a tensor of {} axes: at most {MOST_AXES} are possible", shape.len())
        } else if let Some(extent) = shape.iter().find(|extent| extent.is_at_most(0)) {
            format!("an axis of {} elements: an axis has at least 1", self.extent_text(extent))
        } else if is_too_large(shape) {
            format!("a tensor of {} has too many elements", self.extents_text(shape))
        } else {
            return Ok(());
        };
        Err(self.error(span, message))
    }

    /// The tensor of a definition: the one that says the same, or a new one.
    pub fn define(&mut self, draft: &Draft, what: &str, span: Span) -> Result<TensorId> {
        let shape: Vec<Extent> = draft.axes.iter().map(|label| self.extent(*label).clone()).collect();
        self.check_shape(&shape, span)?;
        let mut labels = draft.axes.clone();
        if let Some((_, bound)) = &draft.reduction {
            labels.extend(bound);
            let extents: Vec<Extent> = bound.iter().map(|label| self.extent(*label).clone()).collect();
            self.check_shape(&extents, span)?;
        }
        let body = self.lower(draft.body, &labels, span)?;
        let extents = |bound: &Vec<Label>| bound.iter().map(|label| self.extent(*label).clone()).collect();
        let reduction = draft.reduction.as_ref().map(|(reduction, bound)| (*reduction, extents(bound)));
        let definition = Definition { reduction, body };
        if let Some(&known) = self.known.get(&(shape.clone(), definition.clone())) {
            return Ok(known);
        }
        let name = self.free_name(format!("{}{what}", self.hint));
        let tensor = Tensor {
            name,
            shape: shape.clone(),
            element: Element::Real,
            source: Source::Defined(definition.clone()),
            label_names: self.names_of_labels(&labels),
            span: self.statement,
            documentation: Vec::new(),
        };
        let id = self.add_tensor(tensor);
        self.known.insert((shape, definition), id);
        self.intermediate.insert(id);
        self.limit(span)?;
        Ok(id)
    }

    /// A definition for a name of the user's own: nothing else is or becomes the same tensor, however equal it is, as only what is read by
    /// that name depends on it.
    pub fn own(&mut self, tensor: TensorId) -> TensorId {
        let Some(definition) = self.program.definition(tensor).cloned() else { return tensor };
        self.known.remove(&(self.program.tensor(tensor).shape.clone(), definition));
        if self.intermediate.contains(&tensor) && !self.read.contains(&tensor) {
            return tensor;
        }
        let name = self.free_name(self.program.tensor(tensor).name.clone());
        let id = self.add_tensor(Tensor { name, ..self.program.tensor(tensor).clone() });
        self.intermediate.insert(id);
        id
    }

    /// Adds a tensor whose name is taken already.
    pub fn add_tensor(&mut self, tensor: Tensor) -> TensorId {
        self.program.push(tensor)
    }

    /// Gives a name back, which [`Self::free_name`] may take again.
    pub fn release_name(&mut self, name: &str) {
        self.names.remove(name);
        let numbered = name.rsplit_once('_').and_then(|(wanted, number)| Some((wanted, number.parse::<u32>().ok()?)));
        if let Some((wanted, number)) = numbered
            && let Some(last) = self.twins.get_mut(wanted)
        {
            *last = number.saturating_sub(1).clamp(1, *last);
        }
    }

    /// A name that no tensor has, and takes it.
    pub fn free_name(&mut self, wanted: String) -> String {
        let wanted = wanted.trim_end_matches(['_', '.']).to_owned();
        if !self.reserved.contains(&wanted) && self.names.insert(wanted.clone()) {
            return wanted;
        }
        let mut number = self.twins.get(&wanted).copied().unwrap_or(1);
        loop {
            number += 1;
            let name = format!("{wanted}_{number}");
            if !self.reserved.contains(&name) && self.names.insert(name.clone()) {
                self.twins.insert(wanted, number);
                return name;
            }
        }
    }

    /// The user's names of labels; others are called i, j, k, ...
    pub fn names_of_labels(&self, labels: &[Label]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let users: Vec<&String> = labels.iter().map(|label| &self.label_names[label.0 as usize]).collect();
        let letters = "ijklmnopqrstuvwabcdefgh".chars().map(String::from);
        let mut free = letters.chain((1..).map(|number| format!("i{number}"))).filter(|letter| !users.contains(&letter));
        for user in &users {
            let taken = user.is_empty() || names.contains(user);
            names.push(if taken { free.next().unwrap_or_default() } else { (*user).clone() });
        }
        names
    }

    /// A formula in the program's arena, its labels numbered by their places in `labels`.
    pub fn lower(&mut self, body: FormulaId, labels: &[Label], span: Span) -> Result<ExpressionId> {
        let order = self.formulas.reachable(body);
        if order.len() > MOST_NODES {
            return Err(self.error(span, "this formula is too large: give parts of it names"));
        }
        let places: FxHashMap<Label, Label> = labels.iter().copied().zip((0..).map(Label)).collect();
        let mut unbound = order.iter().any(|id| matches!(self.formulas.node(*id), Formula::Reduce(..)));
        let mut overflow = false;
        let mut place = |index: &Index| {
            let index = index.substitute(&mut |label| {
                unbound |= !places.contains_key(&label);
                Index::label(places.get(&label).copied().unwrap_or(label))
            });
            overflow |= !fits(&index);
            index
        };
        let mut lowered: FxHashMap<FormulaId, ExpressionId> = FxHashMap::default();
        for id in order {
            let expressions = &mut self.program.expressions;
            let expression = match self.formulas.node(id) {
                Formula::Number(number) => expressions.intern(Node::Number(*number)),
                Formula::Position(index) => expressions.position(place(index)),
                Formula::Random(stream, index) => expressions.random(*stream, place(index)),
                Formula::Read(tensor, at) => {
                    self.read.insert(*tensor);
                    expressions.read(*tensor, at.iter().map(&mut place).collect())
                }
                Formula::Apply(operator, of) => {
                    let of: Vec<ExpressionId> = of.iter().map(|argument| lowered[argument]).collect();
                    expressions.apply(*operator, &of)
                }
                Formula::Select(a, b, c) => expressions.select(lowered[a], lowered[b], lowered[c]),
                // All reductions have been cut out; see `cut_reductions`.
                Formula::Reduce(..) => expressions.number(f64::NAN),
            };
            lowered.insert(id, expression);
        }
        if unbound {
            return Err(self.error(span, "a label is used outside of the expression that binds it"));
        }
        if overflow {
            return Err(self.error(span, "an index is too large"));
        }
        Ok(lowered[&body])
    }

    /// The view of a whole tensor.
    pub fn whole(&mut self, tensor: TensorId) -> View {
        let shape = self.program.tensor(tensor).shape.clone();
        let axes: Vec<Label> = shape.into_iter().map(|extent| self.label(extent)).collect();
        let body = self.element(tensor, &axes);
        View { axes, body }
    }

    /// The element of a tensor at labels: a read, or an index form where its elements are integers.
    pub fn element(&mut self, tensor: TensorId, labels: &[Label]) -> FormulaId {
        let at: Vec<Index> = labels.iter().map(|label| Index::label(*label)).collect();
        match self.program.tensor(tensor).element {
            Element::Real => self.formulas.intern(Formula::Read(tensor, at)),
            Element::Integer { .. } => self.formulas.position(Index::atom(crate::ir::Atom::Element(tensor, at))),
        }
    }

    /// A reduction over labels of a formula, with what else it depends on as axes: those of `axes` last.
    pub fn reduced(
        &mut self,
        reduction: Reduction,
        bound: Vec<Label>,
        body: FormulaId,
        axes: &[Label],
        what: &str,
        span: Span,
    ) -> Result<FormulaId> {
        let labels = self.formulas.labels(body);
        if self.is_pending(body) || bound.iter().chain(axes).any(|label| !self.is_resolved(*label)) {
            return Ok(self.formulas.intern(Formula::Reduce(reduction, bound, body)));
        }
        let around = labels.into_iter().filter(|label| !bound.contains(label) && !axes.contains(label));
        let all: Vec<Label> = around.chain(axes.iter().copied()).collect();
        let draft = Draft { axes: all.clone(), reduction: Some((reduction, bound)), body };
        let tensor = self.define(&draft, what, span)?;
        Ok(self.element(tensor, &all))
    }

    /// Cuts out the reductions of a formula whose labels are all known by now, inner ones first.
    pub fn cut_reductions(&mut self, body: FormulaId) -> Result<FormulaId> {
        let mut formulas = std::mem::take(&mut self.formulas);
        let span = self.statement;
        let result = formulas.rebuild(body, &mut |formulas, node| {
            if let Formula::Reduce(reduction, bound, body) = node {
                std::mem::swap(formulas, &mut self.formulas);
                let cut = self.reduced(reduction, bound, body, &[], reduction.spelling(), span);
                std::mem::swap(formulas, &mut self.formulas);
                cut
            } else {
                Ok(formulas.again(node))
            }
        });
        self.formulas = formulas;
        result
    }

    /// A view that reads a tensor at its own labels: the same tensor, or a new definition.
    pub fn stored(&mut self, view: &View, what: &str, span: Span) -> Result<View> {
        if self.is_pending(view.body) {
            return Ok(view.clone());
        }
        let labels = self.formulas.labels(view.body);
        let around = labels.into_iter().filter(|label| !view.axes.contains(label));
        let all: Vec<Label> = around.chain(view.axes.iter().copied()).collect();
        let draft = Draft { axes: all.clone(), reduction: None, body: view.body };
        let tensor = self.define(&draft, what, span)?;
        Ok(View { axes: view.axes.clone(), body: self.element(tensor, &all) })
    }

    /// The same as [`Self::stored`], but what is plain stays as it is.
    pub fn stored_unless_plain(&mut self, view: View, what: &str, span: Span) -> Result<View> {
        if self.is_plain(view.body) { Ok(view) } else { self.stored(&view, what, span) }
    }

    /// The tensor that a view is as a whole, if it is one.
    pub fn alias(&self, view: &View) -> Option<TensorId> {
        let (tensor, at) = match self.formulas.node(view.body) {
            Formula::Read(tensor, at) => (*tensor, at),
            Formula::Number(_) | Formula::Position(_) | Formula::Random(..) => return None,
            Formula::Apply(..) | Formula::Select(..) | Formula::Reduce(..) => return None,
        };
        let same = at.len() == view.rank() && at.iter().zip(&view.axes).all(|(index, axis)| index.as_label() == Some(*axis));
        (same && self.program.tensor(tensor).shape == self.shape(view)).then_some(tensor)
    }
}

fn is_too_large(shape: &[Extent]) -> bool {
    let product = Extent::product(shape);
    let numbers = shape.iter().filter_map(Extent::as_constant).fold(1i64, i64::saturating_mul);
    shape.iter().any(Extent::is_too_large)
        || product.is_too_large()
        || numbers >= MOST_ELEMENTS
        || product.is_at_least(MOST_ELEMENTS)
}
