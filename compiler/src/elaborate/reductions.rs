//! Reductions: over axes of a tensor, and over labels.

use super::Result;
use super::core::{Elaborator, Scope};
use super::formula::FormulaId;
use super::messages::nearest;
use super::view::{Value, View};
use crate::ir::{Extent, Index, Label};
use crate::ops::{Operator, Reduction};
use crate::span::Span;
use crate::syntax::tree::{Expression, Name, ReducedLabel};
use rustc_hash::FxHashMap;

/// What the language can do over axes or labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reducer {
    /// A reduction of the table.
    Plain(Reduction),
    /// A sum divided by how many there are.
    Mean,
    /// Whether one is not 0.
    Any,
    /// Whether none is 0.
    All,
}

impl Reducer {
    /// The reducer of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "mean" => Some(Self::Mean),
            "any" => Some(Self::Any),
            "all" => Some(Self::All),
            _ => Reduction::spelled(name).map(Self::Plain),
        }
    }

    /// All names.
    pub fn names() -> Vec<&'static str> {
        Reduction::ALL.iter().map(|reduction| reduction.spelling()).chain(["mean", "any", "all"]).collect()
    }

    /// Whether it runs over the last axis where none is given, and not over all.
    pub fn takes_last_axis(self) -> bool {
        matches!(self, Self::Plain(reduction) if reduction.takes_last_axis())
    }

    fn reduction(self) -> Reduction {
        match self {
            Self::Plain(reduction) => reduction,
            Self::Mean => Reduction::Sum,
            Self::Any => Reduction::Maximum,
            Self::All => Reduction::Minimum,
        }
    }
}

impl<'a> Elaborator<'a> {
    /// Reduces axes of a view, by their numbers.
    pub fn reduce_axes(&mut self, reducer: Reducer, view: &View, axes: &[usize], keep: bool, span: Span) -> Result<View> {
        let view = self.fresh(view);
        let bound: Vec<Label> = axes.iter().map(|axis| view.axes[*axis]).collect();
        let rest: Vec<Label> = view.axes.iter().copied().filter(|label| !bound.contains(label)).collect();
        let body = self.reduce_labels(reducer, bound, view.body, &rest, span)?;
        let mut kept = Vec::new();
        for (axis, label) in view.axes.iter().enumerate() {
            if !axes.contains(&axis) {
                kept.push(*label);
            } else if keep {
                kept.push(self.label(Extent::one()));
            }
        }
        Ok(View { axes: kept, body })
    }

    /// Reduces labels of a formula.
    fn reduce_labels(
        &mut self,
        reducer: Reducer,
        bound: Vec<Label>,
        body: FormulaId,
        rest: &[Label],
        span: Span,
    ) -> Result<FormulaId> {
        let body = match reducer {
            Reducer::Plain(_) | Reducer::Mean => body,
            Reducer::Any | Reducer::All => self.truth(body),
        };
        let reduction = reducer.reduction();
        let what = if reducer == Reducer::Mean { "sum" } else { reduction.spelling() };
        let reduced = self.reduced(reduction, bound.clone(), body, rest, what, span)?;
        if reducer != Reducer::Mean {
            return Ok(reduced);
        }
        let count = self.count(&bound);
        Ok(self.formulas.apply(Operator::Divide, &[reduced, count]))
    }

    /// How many values labels take together; where a range is not known yet, it is counted by a sum.
    fn count(&mut self, bound: &[Label]) -> FormulaId {
        if bound.iter().all(|label| self.is_resolved(*label)) {
            let extent = Extent::product(bound.iter().map(|label| self.extent(*label)));
            return self.formulas.position(Index::constant(extent));
        }
        let count = self.named_label(String::new(), None, Span::default());
        self.counts.push((count, bound.to_vec()));
        self.formulas.position(Index::label(count))
    }

    fn truth(&mut self, body: FormulaId) -> FormulaId {
        let zero = self.formulas.number(0.0);
        let is_truth = matches!(self.formulas.node(body),
            super::formula::Formula::Apply(operator, _) if operator.is_truth());
        if is_truth { body } else { self.formulas.apply(Operator::NotEqual, &[body, zero]) }
    }

    /// `sum[k, l in 0..4](body)`
    pub fn reduce_expression(
        &mut self,
        reduction: &'a Name,
        labels: &'a [ReducedLabel],
        body: &'a Expression,
        span: Span,
    ) -> Result<View> {
        let Some(reducer) = Reducer::named(&reduction.text) else {
            let near = nearest(&reduction.text, Reducer::names());
            let message = format!("`{}` is no reduction", reduction.text);
            return Err(self.error_with(reduction.span, message, |diagnostic| match near {
                Some(near) => diagnostic.help(format!("is `{near}` meant?")),
                None => diagnostic.help(format!("reductions are {}", Reducer::names().join(" "))),
            }));
        };
        let frame = self.frames.is_empty().then(|| self.open_frame());
        let result = self.reduce_scope(reducer, labels, body, span);
        let Some(frame) = frame else { return result };
        match result {
            Ok(view) => {
                let body = self.close_frame(frame, view.body)?;
                Ok(View { axes: view.axes, body })
            }
            Err(reported) => {
                self.drop_frame(frame);
                Err(reported)
            }
        }
    }

    fn reduce_scope(&mut self, reducer: Reducer, labels: &'a [ReducedLabel], body: &'a Expression, span: Span) -> Result<View> {
        let mut scope = Scope { labels: true, ..Scope::default() };
        let mut bound = Vec::new();
        for label in labels {
            bound.push(self.bind_label(label, &mut scope)?);
        }
        let value = self.within(scope, |this| this.evaluate(body))?;
        let view = self.view(value, body.span)?;
        if view.rank() > 0 {
            return Err(self.not_a_number(&view, body.span));
        }
        let body = self.reduce_labels(reducer, bound, view.body, &[], span)?;
        Ok(View::scalar(body))
    }

    /// What stands in index notation must be one number for each value of the labels.
    pub fn not_a_number(&mut self, view: &View, span: Span) -> super::Reported {
        let shape = self.shape_text(view);
        self.error_with(span, format!("index notation needs a number here, found a tensor {shape}"), |diagnostic| {
            diagnostic.help("index it with labels in brackets")
        })
    }

    /// `params` in a sum: the sum of the sums.
    pub fn sum_of_many(&mut self, views: &[View], span: Span) -> Result<Value<'a>> {
        let mut total: Option<FormulaId> = None;
        for view in views {
            let axes: Vec<usize> = (0..view.rank()).collect();
            let part = if axes.is_empty() {
                view.body
            } else {
                self.reduce_axes(Reducer::Plain(Reduction::Sum), view, &axes, false, span)?.body
            };
            total = Some(match total {
                None => part,
                Some(sum) => self.formulas.apply(Operator::Add, &[sum, part]),
            });
        }
        let total = total.unwrap_or_else(|| self.formulas.number(0.0));
        Ok(Value::View(View::scalar(total)))
    }

    /// Counts whose labels are known by now, in the place of the labels that stood for them.
    pub fn known_counts(&mut self) -> FxHashMap<Label, Index> {
        let (known, open): (Vec<_>, Vec<_>) = std::mem::take(&mut self.counts)
            .into_iter()
            .partition(|(_, bound)| bound.iter().all(|label| self.is_resolved(*label)));
        self.counts = open;
        (known.into_iter())
            .map(|(count, bound)| {
                let extent = Extent::product(bound.iter().map(|label| self.extent(*label)));
                self.resolved[count.0 as usize] = true;
                self.extents[count.0 as usize] = extent.plus_constant(1);
                (count, Index::constant(extent))
            })
            .collect()
    }
}
