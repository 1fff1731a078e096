//! Functions that read a tensor at other indices: reshape, transpose, diagonal, rearrange, slice, take, one_hot, cumsum.

use super::Reported;
use super::Result;
use super::arguments::Given;
use super::builtins::{Places, take_places};
use super::core::Elaborator;
use super::formula::{Formula, FormulaId};
use super::messages::counted;
use super::solve::divided;
use super::view::{Value, View};
use crate::ir::{Extent, Index, Label, bounds};
use crate::ops::{Operator, Reduction};
use crate::span::Span;

impl<'a> Elaborator<'a> {
    /// `reshape(x, [B, 400])`: the same elements in row-major order; one size may be -1.
    pub fn reshape(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x, shape] = take_places(places)?;
        let view = self.needed_view(x)?;
        let mut shape = self.given_extents(shape.ok_or(Reported)?)?;
        let open: Vec<usize> = (0..shape.len()).filter(|axis| shape[*axis].as_constant() == Some(-1)).collect();
        if let [axis] = open.as_slice() {
            let total = Extent::product(&self.shape(&view));
            let known = Extent::product(shape.iter().enumerate().filter(|(other, _)| other != axis).map(|(_, extent)| extent));
            shape[*axis] = divided(&total, &known).unwrap_or_else(|| Extent::constant(-1));
        }
        self.reshaped(&view, &shape, span).map(Value::View)
    }

    /// `flatten(x)`: all but the first axis become one.
    pub fn flatten(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x] = take_places(places)?;
        let view = self.needed_view(x)?;
        let extents = self.shape(&view);
        let Some((first, rest)) = extents.split_first() else {
            return Err(self.error(span, "a number has no axes to flatten"));
        };
        let shape = [first.clone(), Extent::product(rest)];
        self.reshaped(&view, &shape, span).map(Value::View)
    }

    fn reshaped(&mut self, view: &View, shape: &[Extent], span: Span) -> Result<View> {
        self.check_shape(shape, span)?;
        let old = self.shape(view);
        let (before, after) = (Extent::product(&old), Extent::product(shape));
        if before != after {
            let (from, to) = (self.extents_text(&old), self.extents_text(shape));
            let (before, after) = (self.extent_text(&before), self.extent_text(&after));
            let message = format!("{from} has {before} elements and cannot be reshaped to {to}, which has {after}");
            return Err(self.error(span, message));
        }
        if old == shape {
            return Ok(view.clone());
        }
        let axes: Vec<Label> = shape.iter().map(|extent| self.label(extent.clone())).collect();
        let flat = (axes.iter().zip(shape))
            .fold(Index::default(), |flat, (label, extent)| flat.times(extent).plus(&Index::label(*label)));
        let at: Vec<Index> = (0..old.len())
            .map(|axis| {
                let stride = Extent::product(&old[axis + 1..]);
                let quotient = bounds::simplify(&self.program, &flat.quotient(&stride), &self.extents);
                let digit = if axis == 0 { quotient } else { quotient.remainder(&old[axis]) };
                bounds::simplify(&self.program, &digit, &self.extents)
            })
            .collect();
        let body = self.at(view, &at);
        self.limit(span)?;
        Ok(View { axes, body })
    }

    /// `transpose(x, [0, 2, 1])`
    pub fn transpose(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x, axes] = take_places(places)?;
        let view = self.needed_view(x)?;
        let axes = self.given_axes(axes.ok_or(Reported)?, view.rank())?;
        if axes.len() != view.rank() {
            let shape = self.shape_text(&view);
            let message = format!("transpose needs all {}of {shape}, each once", counted(view.rank(), "axis ", "axes "));
            return Err(self.error(span, message));
        }
        let axes = axes.iter().map(|axis| view.axes[*axis]).collect();
        Ok(Value::View(View { axes, body: view.body }))
    }

    /// `diagonal(x, axis)`: of a tensor that has the same axes twice, what stands at the same place along some of them, or all.
    pub fn diagonal(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x, axis] = take_places(places)?;
        let view = self.needed_view(x)?;
        let shape = self.shape(&view);
        let (first, second) = shape.split_at(view.rank() / 2);
        if first != second {
            let shape = self.extents_text(&shape);
            return Err(self.error(span, format!("diagonal wants a tensor that has the same axes twice, found {shape}")));
        }
        let half = first.len();
        let joined = axis.map_or_else(|| Ok((0..half).collect()), |axis| self.given_axes(axis, half))?;
        let place = |axis: usize| if axis >= half && joined.contains(&(axis - half)) { axis - half } else { axis };
        let at: Vec<Index> = (0..view.rank()).map(|axis| Index::label(view.axes[place(axis)])).collect();
        let axes = (0..view.rank()).filter(|&axis| place(axis) == axis).map(|axis| view.axes[axis]).collect();
        let body = self.at(&view, &at);
        Ok(Value::View(View { axes, body }))
    }

    /// `slice(x, axis, from, to)`
    pub fn slice(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x, axis, from, to] = take_places(places)?;
        let view = self.needed_view(x)?;
        let axis = self.given_axis(axis.ok_or(Reported)?, view.rank())?;
        let extent = self.extent(view.axes[axis]).clone();
        let from = self.given_extent(from.ok_or(Reported)?)?;
        let to = self.given_extent(to.ok_or(Reported)?)?;
        let (from, to) = (super::indexing::from_the_end(from, &extent), super::indexing::from_the_end(to, &extent));
        let (index, label) = self.slice_axis(&extent, &from, &to, &format!("axis {axis}"), span)?;
        let mut axes = view.axes.clone();
        let mut at: Vec<Index> = axes.iter().map(|label| Index::label(*label)).collect();
        axes[axis] = label;
        at[axis] = index;
        let body = self.at(&view, &at);
        Ok(Value::View(View { axes, body }))
    }

    /// `cumsum(x, axis = -1)`
    pub fn cumsum(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x, axis] = take_places(places)?;
        let view = self.needed_view(x)?;
        let Some(last) = view.rank().checked_sub(1) else {
            return Err(self.error(span, "cumsum needs a tensor with an axis"));
        };
        let axis = self.axis_or(axis, view.rank(), last)?;
        let view = self.stored_unless_plain(view, "summand", span)?;
        let view = self.fresh(&view);
        let (summed, extent) = (view.axes[axis], self.extent(view.axes[axis]).clone());
        let end = self.label(extent);
        let (from, to) = (self.formulas.position(Index::label(summed)), self.formulas.position(Index::label(end)));
        let inside = self.formulas.apply(Operator::LessEqual, &[from, to]);
        let zero = self.formulas.number(0.0);
        let body = self.formulas.select(inside, view.body, zero);
        let mut axes = view.axes.clone();
        axes[axis] = end;
        let body = self.reduced(Reduction::Sum, vec![summed], body, &axes, "cumsum", span)?;
        Ok(Value::View(View { axes, body }))
    }

    /// `one_hot(i, n)`: 1 where the last, new axis is at `i`.
    pub fn one_hot(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [i, n] = take_places(places)?;
        let place = i.as_ref().map_or(span, Given::span);
        let view = self.needed_view(i)?;
        let extent = self.given_extent(n.ok_or(Reported)?)?;
        self.check_shape(std::slice::from_ref(&extent), span)?;
        self.check_classes(&view, &extent, place)?;
        let label = self.label(extent);
        let position = self.formulas.position(Index::label(label));
        let body = self.formulas.apply(Operator::Equal, &[view.body, position]);
        let axes = view.axes.iter().copied().chain([label]).collect();
        Ok(Value::View(View { axes, body }))
    }

    /// That what becomes rows of 0 and 1 is integers, each with a place in the row.
    fn check_classes(&mut self, view: &View, count: &Extent, span: Span) -> Result<()> {
        if !self.is_integer(view.body) {
            return Err(self.no_integers(view, span));
        }
        let Some(index) = self.formulas.as_index(view.body) else { return Ok(()) };
        let Some(range) = bounds::range(&self.program, &index, &self.extents) else { return Ok(()) };
        if range.highest.minus(count).is_at_least(0) || range.lowest.is_at_most(-1) {
            let (low, high) = (self.extent_text(&range.lowest), self.extent_text(&range.highest));
            let message = format!("integers from {low} to {high} do not fit into rows of {}", self.extent_text(count));
            return Err(self.error(span, message));
        }
        Ok(())
    }

    /// Whether a formula is an integer for all numbers that are read.
    fn is_integer(&self, body: FormulaId) -> bool {
        if self.formulas.as_index(body).is_some() {
            return true;
        }
        match self.formulas.node(body) {
            Formula::Apply(operator, _) => matches!(operator, Operator::Floor | Operator::Ceil | Operator::Round),
            Formula::Read(tensor, _) => self.program.definition(*tensor).is_some_and(|definition| {
                matches!(definition.reduction, Some((Reduction::ArgMaximum | Reduction::ArgMinimum, _)))
            }),
            Formula::Number(_) | Formula::Position(_) | Formula::Random(..) | Formula::Select(..) | Formula::Reduce(..) => false,
        }
    }

    fn no_integers(&mut self, view: &View, span: Span) -> Reported {
        let shape = self.shape_text(view);
        self.error_with(span, format!("expected integers, found a tensor of numbers {shape}"), |diagnostic| {
            diagnostic.help("an integer input is declared with its range: `input tok: [B, T] in 0..65;`")
        })
    }

    /// `take(x, i, axis = 0)`: the axis is replaced by the axes of `i`, whose elements choose.
    pub fn take(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x, i, axis] = take_places(places)?;
        let view = self.needed_view(x)?;
        let (index, chosen, index_span) = self.chosen(i)?;
        if view.rank() == 0 {
            return Err(self.error(span, "a number has no axis to take from"));
        }
        let axis = self.axis_or(axis, view.rank(), 0)?;
        self.inside(&view, axis, &index, index_span)?;
        let mut at: Vec<Index> = view.axes.iter().map(|label| Index::label(*label)).collect();
        at[axis] = index;
        let body = self.at(&view, &at);
        let axes = view.axes[..axis].iter().chain(&chosen.axes).chain(&view.axes[axis + 1..]).copied().collect();
        Ok(Value::View(View { axes, body }))
    }

    /// `take_along(x, i, axis = -1)`: for each element of `i`, which has the other axes of `x`, the one it chooses.
    pub fn take_along(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x, i, axis] = take_places(places)?;
        let view = self.needed_view(x)?;
        let (index, chosen, index_span) = self.chosen(i)?;
        let Some(last) = view.rank().checked_sub(1) else {
            return Err(self.error(span, "a number has no axis to take from"));
        };
        let axis = self.axis_or(axis, view.rank(), last)?;
        let mut rest = self.shape(&view);
        rest.remove(axis);
        if rest != self.shape(&chosen) {
            let (of, by) = (self.shape_text(&view), self.shape_text(&chosen));
            let wanted = self.extents_text(&rest);
            let message = format!("integers that choose along axis {axis} of {of} must have the shape {wanted}, found {by}");
            return Err(self.error(index_span, message));
        }
        self.inside(&view, axis, &index, index_span)?;
        let mut at: Vec<Index> = chosen.axes.iter().map(|label| Index::label(*label)).collect();
        at.insert(axis, index);
        let body = self.at(&view, &at);
        Ok(Value::View(View { axes: chosen.axes, body }))
    }

    /// Integers that choose, with axes of their own.
    fn chosen(&mut self, given: Option<Given<'a>>) -> Result<(Index, View, Span)> {
        let given = given.ok_or(Reported)?;
        let span = given.span();
        let view = self.given_view(given)?;
        let view = self.fresh(&view);
        match self.formulas.as_index(view.body) {
            Some(index) => Ok((index, view, span)),
            None => Err(self.no_integers(&view, span)),
        }
    }

    fn inside(&mut self, view: &View, axis: usize, index: &Index, span: Span) -> Result<()> {
        let tensor = self.shape_text(view);
        self.record_use(super::labels::Use { index: index.clone(), of: view.axes[axis], span, tensor, axis })
    }
}
