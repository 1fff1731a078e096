//! Functions that join tensors or make room: concat, stack, pad; and rearrange.

use super::Reported;
use super::Result;
use super::arguments::{Given, Signature};
use super::builtins::{Places, take_places};
use super::core::Elaborator;
use super::formula::FormulaId;
use super::solve::divided;
use super::view::{Value, View};
use crate::ir::{Extent, Index, Label, bounds};
use crate::ops::Operator;
use crate::span::Span;
use crate::syntax::tree::{Argument, Expression, ExpressionKind};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

impl<'a> Elaborator<'a> {
    /// The tensors of a list.
    fn listed_views(&mut self, given: Option<Given<'a>>) -> Result<Vec<View>> {
        let given = given.ok_or(Reported)?;
        let span = given.span();
        if let Value::List(list) = self.given(given)?
            && !list.is_empty()
        {
            return list.into_iter().map(|value| self.view(value, span)).collect();
        }
        Err(self.error_with(span, "expected a list of tensors in brackets", |diagnostic| {
            diagnostic.help("the tensors are one argument: `concat([a, b], axis = 0)`")
        }))
    }

    /// `concat([a, b], axis = 0)`
    pub fn concat(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [tensors, axis] = take_places(places)?;
        let views = self.listed_views(tensors)?;
        let axis = self.axis_or(axis, views[0].rank(), 0)?;
        let shapes: Vec<Vec<Extent>> = views.iter().map(|view| self.shape(view)).collect();
        if shapes[0].is_empty() || !along(&shapes, axis) {
            let texts: Vec<String> = shapes.iter().map(|shape| self.extents_text(shape)).collect();
            let message =
                format!("concat along axis {axis} needs tensors that agree in all other axes, found {}", texts.join(" and "));
            let other = (0..shapes[0].len()).find(|&other| along(&shapes, other));
            return Err(self.error_with(span, message, |diagnostic| match other {
                Some(other) => diagnostic.help(format!("along axis {other} they fit: `axis = {other}`")),
                None => diagnostic,
            }));
        }
        let total = shapes.iter().fold(Extent::zero(), |sum, shape| sum.plus(&shape[axis]));
        let axes = self.joined_axes(&shapes[0], axis, total);
        let mut parts = Vec::new();
        let mut start = Extent::zero();
        for (view, shape) in views.iter().zip(&shapes) {
            let mut at: Vec<Index> = axes.iter().map(|label| Index::label(*label)).collect();
            at[axis] = at[axis].minus(&Index::constant(start.clone()));
            start = start.plus(&shape[axis]);
            parts.push((start.clone(), self.at(view, &at)));
        }
        self.limit(span)?;
        let body = self.pieces(axes[axis], parts);
        Ok(Value::View(View { axes, body }))
    }

    /// `stack([a, b], axis = 0)`
    pub fn stack(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [tensors, axis] = take_places(places)?;
        let views = self.listed_views(tensors)?;
        let shape = self.shape(&views[0]);
        if views.iter().any(|view| self.shape(view) != shape) {
            let texts: Vec<String> = views.iter().map(|view| self.shape_text(view)).collect();
            return Err(self.error(span, format!("stack needs tensors of one shape, found {}", texts.join(" and "))));
        }
        let axis = self.axis_or(axis, shape.len() + 1, 0)?;
        let mut longer = shape.clone();
        longer.insert(axis, Extent::one());
        let count = Extent::constant(i64::try_from(views.len()).unwrap_or(i64::MAX));
        let axes = self.joined_axes(&longer, axis, count);
        let mut at: Vec<Index> = axes.iter().map(|label| Index::label(*label)).collect();
        at.remove(axis);
        let mut parts: Vec<(Extent, FormulaId)> = Vec::new();
        for (number, view) in (1..).zip(&views) {
            parts.push((Extent::constant(number), self.at(view, &at)));
        }
        self.limit(span)?;
        let body = self.pieces(axes[axis], parts);
        Ok(Value::View(View { axes, body }))
    }

    fn joined_axes(&mut self, shape: &[Extent], axis: usize, extent: Extent) -> Vec<Label> {
        let mut shape = shape.to_vec();
        shape[axis] = extent;
        shape.into_iter().map(|extent| self.label(extent)).collect()
    }

    /// The first of the formulas whose end is above the label.
    fn pieces(&mut self, label: Label, mut parts: Vec<(Extent, FormulaId)>) -> FormulaId {
        let position = self.formulas.position(Index::label(label));
        let Some((_, mut body)) = parts.pop() else { return position };
        for (end, part) in parts.into_iter().rev() {
            let end = self.formulas.position(Index::constant(end));
            let before = self.formulas.apply(Operator::Less, &[position, end]);
            body = self.formulas.select(before, part, body);
        }
        body
    }

    /// `pad(x, [[lo, hi], ...], value = 0)`
    pub fn pad(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x, widths, value] = take_places(places)?;
        let view = self.needed_view(x)?;
        let widths = self.widths(widths, view.rank(), span)?;
        let value = match value {
            Some(value) => self.given_view(value)?,
            None => View::scalar(self.formulas.number(0.0)),
        };
        if value.rank() > 0 {
            return Err(self.error(span, "the value that pad puts around a tensor is a number"));
        }
        let mut axes = view.axes.clone();
        let mut at: Vec<Index> = axes.iter().map(|label| Index::label(*label)).collect();
        let mut inside: Option<FormulaId> = None;
        for (axis, (low, high)) in widths.iter().enumerate() {
            if low.is_zero() && high.is_zero() {
                continue;
            }
            let extent = self.extent(axes[axis]).clone();
            let label = self.label(extent.plus(low).plus(high));
            axes[axis] = label;
            at[axis] = Index::label(label).minus(&Index::constant(low.clone()));
            for condition in self.room(label, (low, high), &extent) {
                inside = Some(match inside {
                    None => condition,
                    Some(before) => self.formulas.apply(Operator::And, &[before, condition]),
                });
            }
        }
        let Some(inside) = inside else { return Ok(Value::View(view)) };
        let body = self.at(&view, &at);
        let body = self.formulas.select(inside, body, value.body);
        Ok(Value::View(View { axes, body }))
    }

    fn room(&mut self, label: Label, (low, high): (&Extent, &Extent), extent: &Extent) -> Vec<FormulaId> {
        let position = self.formulas.position(Index::label(label));
        let mut conditions = Vec::new();
        if !low.is_zero() {
            let low = self.formulas.position(Index::constant(low.clone()));
            conditions.push(self.formulas.apply(Operator::GreaterEqual, &[position, low]));
        }
        if !high.is_zero() {
            let end = self.formulas.position(Index::constant(extent.plus(low)));
            conditions.push(self.formulas.apply(Operator::Less, &[position, end]));
        }
        conditions
    }

    fn widths(&mut self, given: Option<Given<'a>>, rank: usize, span: Span) -> Result<Vec<(Extent, Extent)>> {
        let mut widths = Vec::new();
        if let Value::List(list) = self.needed(given)? {
            for value in list {
                let Value::List(ends) = value else { break };
                let mut extents = Vec::new();
                for end in ends {
                    let end = self.view(end, span)?;
                    extents.push(self.extent_of_view(&end, span)?);
                }
                if let [low, high] = extents.as_slice() {
                    widths.push((low.clone(), high.clone()));
                }
            }
        }
        if widths.len() != rank {
            let message = format!("pad needs [lo, hi] for each of the {rank} axes");
            return Err(self.error(span, message));
        }
        if widths.iter().any(|(low, high)| !low.is_at_least(0) || !high.is_at_least(0)) {
            return Err(self.error(span, "pad cannot take away: its widths are at least 0"));
        }
        Ok(widths)
    }

    /// `rearrange(x, [b, t, (h, d)] -> [b, h, t, d], h = 4)`
    pub fn rearrange(&mut self, mut first: Vec<Given<'a>>, arguments: &'a [Argument], span: Span) -> Result<Value<'a>> {
        let signature = Signature { name: "rearrange", parameters: vec![("x", false), ("axes", false)] };
        let (named, plain): (Vec<_>, Vec<_>) = arguments.iter().partition(|argument| argument.name.is_some());
        first.extend(plain.into_iter().map(|argument| Given::Expression(&argument.value)));
        let [x, axes] = take_places(self.arrange(&signature, first, &[], span)?)?;
        let view = self.needed_view(x)?;
        let Some(Given::Expression(Expression { kind: ExpressionKind::Arrow(left, right), .. })) = axes else {
            return Err(self.error(span, "rearrange needs its axes as `[b, t, (h, d)] -> [b, h, t, d]`"));
        };
        let mut sizes: BTreeMap<&str, Extent> = BTreeMap::new();
        for argument in named {
            let extent = self.extent_of(&argument.value)?;
            sizes.insert(argument.name.as_ref().map_or("", |name| &name.text), extent);
        }
        let (left, right) = (self.axis_names(left)?, self.axis_names(right)?);
        let (mut before, mut after) = (left.concat(), right.concat());
        before.sort_unstable();
        after.sort_unstable();
        if before != after || before.windows(2).any(|pair| pair[0] == pair[1]) || left.len() != view.rank() {
            let shape = self.shape_text(&view);
            let message =
                format!("rearrange needs the same names on both sides, each once, and one entry for each axis of {shape}");
            return Err(self.error(span, message));
        }
        self.split_sizes(&view, &left, &mut sizes, span)?;
        self.rearranged(&view, (&left, &right), &sizes).map(Value::View)
    }

    fn axis_names(&mut self, axes: &'a [Expression]) -> Result<Vec<Vec<&'a str>>> {
        let mut names = Vec::new();
        for axis in axes {
            let parts = if let ExpressionKind::Group(parts) = &axis.kind { parts.as_slice() } else { std::slice::from_ref(axis) };
            let mut group = Vec::new();
            for part in parts {
                let ExpressionKind::Name(name) = &part.kind else {
                    return Err(self.error(part.span, "the axes of rearrange are names and groups of names"));
                };
                group.push(name.as_str());
            }
            names.push(group);
        }
        Ok(names)
    }

    /// The sizes of all names, from the axes of the tensor.
    fn split_sizes(
        &mut self,
        view: &View,
        left: &[Vec<&'a str>],
        sizes: &mut BTreeMap<&'a str, Extent>,
        span: Span,
    ) -> Result<()> {
        for (label, group) in view.axes.iter().zip(left) {
            let extent = self.extent(*label).clone();
            let open: Vec<&str> = group.iter().copied().filter(|name| !sizes.contains_key(name)).collect();
            let known = Extent::product(group.iter().filter_map(|name| sizes.get(name)));
            let whole = match open.as_slice() {
                [] => known == extent,
                [name] => match divided(&extent, &known) {
                    Some(rest) => sizes.insert(name, rest).is_none(),
                    None => false,
                },
                _ => false,
            };
            if !whole {
                let extent = self.extent_text(&extent);
                let message = format!("an axis of {extent} cannot be split into ({})", group.join(", "));
                return Err(self.error_with(span, message, |diagnostic| {
                    diagnostic.help("all sizes of a group but one are given by name: `h = 4`; their product is the axis")
                }));
            }
        }
        Ok(())
    }

    fn rearranged(
        &mut self,
        view: &View,
        (left, right): (&[Vec<&'a str>], &[Vec<&'a str>]),
        sizes: &BTreeMap<&'a str, Extent>,
    ) -> Result<View> {
        let mut axes = Vec::new();
        let mut indices: FxHashMap<&str, Index> = FxHashMap::default();
        for group in right {
            let extents: Vec<&Extent> = group.iter().filter_map(|name| sizes.get(name)).collect();
            let whole = self.label(Extent::product(extents.iter().copied()));
            axes.push(whole);
            for (position, name) in group.iter().enumerate() {
                let stride = Extent::product(extents[position + 1..].iter().copied());
                let quotient = bounds::simplify(&self.program, &Index::label(whole).quotient(&stride), &self.extents);
                let digit = if position == 0 { quotient } else { quotient.remainder(extents[position]) };
                indices.insert(name, digit);
            }
        }
        let at: Vec<Index> = (left.iter())
            .map(|group| {
                let flat = group.iter().fold(Index::default(), |flat, name| {
                    let extent = sizes.get(name).cloned().unwrap_or_default();
                    flat.times(&extent).plus(&indices.get(name).cloned().unwrap_or_default())
                });
                bounds::simplify(&self.program, &flat, &self.extents)
            })
            .collect();
        let body = self.at(view, &at);
        Ok(View { axes, body })
    }
}

/// Whether shapes agree in all axes but one.
fn along(shapes: &[Vec<Extent>], axis: usize) -> bool {
    let others = |shape: &[Extent]| -> Vec<Extent> {
        shape.iter().enumerate().filter(|(other, _)| *other != axis).map(|(_, extent)| extent.clone()).collect()
    };
    shapes.iter().all(|shape| shape.len() == shapes[0].len() && others(shape) == others(&shapes[0]))
}
