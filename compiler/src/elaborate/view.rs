//! Values of expressions, and broadcasting.

use super::Result;
use super::core::Elaborator;
use super::formula::{Formula, FormulaId};
use super::layers::Instance;
use crate::ir::{Extent, Index, Label};
use crate::ops::Operator;
use crate::span::Span;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A tensor that need not be stored: labels for its axes, all different, and one formula in them.
///
/// The formula may have other labels too: those of the index notation around it.
#[derive(Clone, Debug)]
pub struct View {
    /// The labels of its axes.
    pub axes: Vec<Label>,
    /// An element.
    pub body: FormulaId,
}

impl View {
    /// A view without axes.
    pub fn scalar(body: FormulaId) -> Self {
        Self { axes: Vec::new(), body }
    }

    /// How many axes it has.
    pub fn rank(&self) -> usize {
        self.axes.len()
    }
}

/// What an expression stands for.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// A tensor; numbers, sizes and labels are tensors without axes.
    View(View),
    /// `params`, or something computed of each of them.
    Many(Vec<View>),
    /// `[a, b]`
    List(Vec<Value<'a>>),
    /// A layer with its configuration.
    Instance(Rc<Instance<'a>>),
    /// The name of a function or a layer that is not called yet.
    Callable,
    /// A member of the recurrence that is being elaborated, by its number.
    Circular(usize),
}

/// Views brought to the same axes.
pub struct Broadcast {
    /// The axes.
    pub axes: Vec<Label>,
    /// The formula of each view in them.
    pub bodies: Vec<FormulaId>,
}

impl<'a> Elaborator<'a> {
    /// The extents of a view's axes.
    pub fn shape(&self, view: &View) -> Vec<Extent> {
        view.axes.iter().map(|label| self.extent(*label).clone()).collect()
    }

    /// Whether a formula is no more than one element of a tensor at affine indices, a number or a position.
    pub fn is_plain(&self, body: FormulaId) -> bool {
        match self.formulas.node(body) {
            Formula::Number(_) | Formula::Position(_) => true,
            Formula::Read(_, at) => {
                at.iter().all(|index| index.terms().all(|(atom, _)| matches!(atom, crate::ir::Atom::Label(_))))
            }
            Formula::Random(..) | Formula::Apply(..) | Formula::Select(..) | Formula::Reduce(..) => false,
        }
    }

    /// The same view with labels of its own.
    pub fn fresh(&mut self, view: &View) -> View {
        let axes: Vec<Label> = view.axes.iter().map(|label| self.label_like(*label)).collect();
        let body = self.rename(view, &axes);
        View { axes, body }
    }

    /// The formula of a view with other labels for its axes.
    pub fn rename(&mut self, view: &View, axes: &[Label]) -> FormulaId {
        let indices: Vec<Index> = axes.iter().map(|label| Index::label(*label)).collect();
        self.at(view, &indices)
    }

    /// The element of a view at index forms.
    pub fn at(&mut self, view: &View, at: &[Index]) -> FormulaId {
        let replacements: FxHashMap<Label, Index> = view.axes.iter().copied().zip(at.iter().cloned()).collect();
        self.formulas.substitute(view.body, &replacements)
    }

    /// Brings views to the same axes as NumPy does; `None` where an axis differs and is not 1.
    pub fn try_broadcast(&mut self, views: &[View]) -> Option<Broadcast> {
        let rank = views.iter().map(View::rank).max().unwrap_or(0);
        // The labels of the largest formula are kept, so that it need not be written anew.
        let main =
            (0..views.len()).max_by_key(|&number| (self.formulas.weight(views[number].body), std::cmp::Reverse(number)))?;
        let mut axes = Vec::new();
        for position in 0..rank {
            let mut extent = Extent::one();
            for view in views {
                let Some(own) = axis_of(view, position, rank) else { continue };
                let own = self.extent(own).clone();
                if extent.is_one() {
                    extent = own;
                } else if !own.is_one() && own != extent {
                    return None;
                }
            }
            let kept = axis_of(&views[main], position, rank).filter(|label| *self.extent(*label) == extent);
            axes.push(kept.unwrap_or_else(|| self.label(extent)));
        }
        let bodies = views.iter().map(|view| self.stretch(view, &axes)).collect();
        Some(Broadcast { axes, bodies })
    }

    fn stretch(&mut self, view: &View, axes: &[Label]) -> FormulaId {
        let targets = &axes[axes.len() - view.rank()..];
        let at: Vec<Index> = (view.axes.iter().zip(targets))
            .map(|(own, target)| {
                let stretched = self.extent(*own).is_one() && !self.extent(*target).is_one();
                if stretched { Index::default() } else { Index::label(*target) }
            })
            .collect();
        self.at(view, &at)
    }

    /// Brings views to the same axes; the message tells what `what` needs, and shows the views at their places.
    pub fn broadcast(&mut self, views: &[View], what: &str, places: &[Span], span: Span) -> Result<Broadcast> {
        if let Some(done) = self.try_broadcast(views) {
            return Ok(done);
        }
        let shapes: Vec<String> = views.iter().map(|view| self.shape_text(view)).collect();
        let message = format!("{what} needs shapes that broadcast, found {}", shapes.join(" and "));
        let note = self.disagreement(views);
        let help = if what == "`*`" && self.would_multiply(views) {
            "is the matrix product meant? It is written `a @ b`"
        } else {
            "two axes agree when they are equal or one of them is 1, counted from the last axis"
        };
        Err(self.error_with(span, message, |diagnostic| {
            let diagnostic = if note.is_empty() { diagnostic } else { diagnostic.note(note) };
            let shown = places.iter().zip(shapes).filter(|(place, _)| **place != span);
            shown.fold(diagnostic, |diagnostic, (place, shape)| diagnostic.also(*place, shape)).help(help)
        }))
    }

    /// Whether two views have the axes of a matrix product.
    fn would_multiply(&self, views: &[View]) -> bool {
        let [left, right] = views else { return false };
        let inner = right.rank().saturating_sub(2);
        match (left.axes.last(), right.axes.get(inner)) {
            (Some(last), Some(first)) => self.extent(*last) == self.extent(*first),
            (None, _) | (_, None) => false,
        }
    }

    fn disagreement(&self, views: &[View]) -> String {
        let rank = views.iter().map(View::rank).max().unwrap_or(0);
        for position in (0..rank).rev() {
            let mut extents: Vec<String> = Vec::new();
            for label in views.iter().filter_map(|view| axis_of(view, position, rank)) {
                let text = self.extent_text(self.extent(label));
                if text != "1" && !extents.contains(&text) {
                    extents.push(text);
                }
            }
            if extents.len() > 1 {
                return format!("the last axis but {} is {}", rank - 1 - position, extents.join(" and ")).replace(" but 0", "");
            }
        }
        String::new()
    }

    /// A scalar operator on values, element by element.
    pub fn apply(
        &mut self,
        operator: Operator,
        values: Vec<Value<'a>>,
        what: &str,
        places: &[Span],
        span: Span,
    ) -> Result<Value<'a>> {
        let many = values.iter().find_map(|value| if let Value::Many(views) = value { Some(views.len()) } else { None });
        let Some(count) = many else {
            let at = places.iter().copied().chain(std::iter::repeat(span));
            let views: Vec<View> = values.into_iter().zip(at).map(|(value, at)| self.view(value, at)).collect::<Result<_>>()?;
            return Ok(Value::View(self.apply_views(operator, &views, what, places, span)?));
        };
        let mut results = Vec::new();
        for number in 0..count {
            let one: Vec<View> = (values.iter())
                .map(|value| match value {
                    Value::Many(views) if number < views.len() => Ok(views[number].clone()),
                    Value::View(_)
                    | Value::Many(_)
                    | Value::List(_)
                    | Value::Instance(_)
                    | Value::Callable
                    | Value::Circular(_) => self.view(value.clone(), span),
                })
                .collect::<Result<_>>()?;
            results.push(self.apply_views(operator, &one, what, &[], span)?);
        }
        Ok(Value::Many(results))
    }

    fn apply_views(&mut self, operator: Operator, views: &[View], what: &str, places: &[Span], span: Span) -> Result<View> {
        let Broadcast { axes, bodies } = self.broadcast(views, what, places, span)?;
        let body = self.formulas.apply(operator, &bodies);
        self.limit(span)?;
        Ok(View { axes, body })
    }

    /// The tensor that a value must be.
    pub fn view(&mut self, value: Value<'a>, span: Span) -> Result<View> {
        let (found, help) = match value {
            Value::View(view) => return Ok(view),
            Value::Many(_) => ("`params`".to_owned(), "it can be read in sums such as `l2(params)` alone"),
            Value::List(_) => ("a list".to_owned(), ""),
            Value::Instance(instance) => {
                let name = &instance.layer.name.text;
                (format!("the layer {name}"), "a layer is applied to its data, behind its configuration: `x |> Layer(...)`")
            }
            Value::Callable => ("the name of a function or a layer that is not called".to_owned(), "write `f(x)`, or `x |> f`"),
            Value::Circular(_) => ("a definition that is not complete".to_owned(), ""),
        };
        let message = format!("expected a tensor or a number, found {found}");
        Err(self.error_with(span, message, |diagnostic| if help.is_empty() { diagnostic } else { diagnostic.help(help) }))
    }
}

/// The axis of a view that stands at a position of a rank, counted from the last.
fn axis_of(view: &View, position: usize, rank: usize) -> Option<Label> {
    (position + view.rank()).checked_sub(rank).map(|own| view.axes[own])
}
