//! Brackets: indices in index notation, and slices elsewhere.

use super::Result;
use super::core::Elaborator;
use super::formula::Formula;
use super::labels::{Group, Use};
use super::messages::counted;
use super::view::{Value, View};
use crate::ir::{Extent, Index, Label};
use crate::span::Span;
use crate::syntax::tree::{Expression, ExpressionKind, IndexItem};

/// What an axis is read at, and the axes that this gives to the result.
pub struct Access {
    /// The form.
    pub index: Index,
    /// The axes.
    pub axes: Vec<Label>,
}

impl<'a> Elaborator<'a> {
    /// `base[items]`
    pub fn index_expression(&mut self, base: &'a Expression, items: &'a [IndexItem], span: Span) -> Result<Value<'a>> {
        let value = self.base_of_index(base)?;
        if let Value::List(list) = &value {
            return self.entry(list, items, span);
        }
        if let Value::Circular(member) = value {
            return self.circular_read(member, items, span).map(Value::View);
        }
        let view = self.view(value, base.span)?;
        self.index_view(base, &view, items, span).map(Value::View)
    }

    /// An entry of a list of constants.
    fn entry(&mut self, list: &[Value<'a>], items: &'a [IndexItem], span: Span) -> Result<Value<'a>> {
        let position = match items {
            [IndexItem::At(at)] => self.extent_of(at)?.as_constant(),
            _ => None,
        };
        let entry = position.and_then(|position| usize::try_from(position).ok()).and_then(|position| list.get(position));
        entry.cloned().ok_or(()).map_err(|()| self.error(span, format!("a list of {} has no such entry", list.len())))
    }

    fn index_view(&mut self, base: &'a Expression, view: &View, items: &'a [IndexItem], span: Span) -> Result<View> {
        let name = if let ExpressionKind::Name(name) = &base.kind { name.clone() } else { "this tensor".to_owned() };
        let positions = self.positions(view, items, &name, span)?;
        let mut accesses: Vec<Access> = Vec::new();
        let mut result = Ok(());
        for (axis, item) in positions.into_iter().enumerate() {
            match self.access(view.axes[axis], item, &name, axis) {
                Ok(access) => accesses.push(access),
                Err(reported) => result = Err(reported),
            }
        }
        result?;
        let at: Vec<Index> = accesses.iter().map(|access| access.index.clone()).collect();
        let body = self.at(view, &at);
        self.limit(span)?;
        Ok(View { axes: accesses.into_iter().flat_map(|access| access.axes).collect(), body })
    }

    /// A tensor may have the name of a label: in front of brackets the tensor is meant.
    fn base_of_index(&mut self, base: &'a Expression) -> Result<Value<'a>> {
        if let ExpressionKind::Name(name) = &base.kind
            && let Some(value) = self.tensor_beside_labels(name)
        {
            return value;
        }
        self.evaluate(base)
    }

    /// The item for each axis; `None` for a whole one.
    fn positions(&mut self, view: &View, items: &'a [IndexItem], name: &str, span: Span) -> Result<Vec<Option<&'a IndexItem>>> {
        let rest = items.iter().filter(|item| matches!(item, IndexItem::Rest(_))).count();
        let given = items.len() - rest;
        let exact = rest == 0 && self.in_index_notation();
        if rest > 1 {
            return Err(self.error(span, "only one `..` can stand for all the axes that are left"));
        }
        if given > view.rank() || exact && given != view.rank() {
            let shape = self.shape_text(view);
            let axes = counted(view.rank(), "axis", "axes");
            let indices = counted(given, "index is", "indices are");
            return Err(self.error_with(span, format!("`{name}` has {axes}, but {indices} given"), |diagnostic| {
                let diagnostic = diagnostic.labelled(format!("{name}: {shape}"));
                if exact { diagnostic.help("in index notation every axis has an index") } else { diagnostic }
            }));
        }
        let mut positions = Vec::new();
        for item in items {
            match item {
                IndexItem::Rest(_) => positions.extend((given..view.rank()).map(|_| None)),
                IndexItem::Whole(_) => positions.push(None),
                IndexItem::At(_) | IndexItem::Range(..) => positions.push(Some(item)),
            }
        }
        positions.resize(view.rank(), None);
        Ok(positions)
    }

    fn access(&mut self, axis: Label, item: Option<&'a IndexItem>, name: &str, number: usize) -> Result<Access> {
        let whole = Access { index: Index::label(axis), axes: vec![axis] };
        match item {
            None | Some(IndexItem::Rest(_) | IndexItem::Whole(_)) => Ok(whole),
            Some(IndexItem::Range(from, to, span)) => self.range_access(axis, (from.as_ref(), to.as_ref()), *span, name, number),
            Some(IndexItem::At(expression)) => {
                let access = self.at_access(expression, axis)?;
                let tensor = format!("`{name}`");
                let index = access.index.clone();
                self.record_use(Use { index, of: axis, span: expression.span, tensor, axis: number })?;
                Ok(access)
            }
        }
    }

    fn range_access(
        &mut self,
        axis: Label,
        (from, to): (Option<&'a Expression>, Option<&'a Expression>),
        span: Span,
        name: &str,
        number: usize,
    ) -> Result<Access> {
        let extent = self.extent(axis).clone();
        let from = from.map_or(Ok(Extent::zero()), |end| self.end_of_slice(end, &extent))?;
        let to = to.map_or(Ok(extent.clone()), |end| self.end_of_slice(end, &extent))?;
        self.slice_axis(&extent, &from, &to, &format!("axis {number} of `{name}`"), span)
            .map(|(index, label)| Access { index, axes: vec![label] })
    }

    /// `from..to` of an axis: the index form, and the new axis.
    pub fn slice_axis(&mut self, extent: &Extent, from: &Extent, to: &Extent, what: &str, span: Span) -> Result<(Index, Label)> {
        let length = to.minus(from);
        let (range, whole) = (format!("{}..{}", self.extent_text(from), self.extent_text(to)), self.extent_text(extent));
        if length.is_at_most(0) {
            return Err(self.error(span, format!("the slice {range} holds nothing")));
        }
        let room = extent.minus(to);
        if from.is_at_most(-1) || room.is_at_most(-1) {
            let message = format!("the slice {range} reads outside of {what}, which is {whole} long");
            return Err(self.error(span, message));
        }
        for slack in [from.clone(), room, length.clone()] {
            self.require(slack, &format!("the slice {range} of {what}, which is {whole} long"), span);
        }
        let label = self.label(length);
        Ok((Index::label(label).plus_extent(from), label))
    }

    /// An end of a slice: a negative number counts from the end.
    fn end_of_slice(&mut self, end: &'a Expression, extent: &Extent) -> Result<Extent> {
        let end = self.extent_of(end)?;
        Ok(from_the_end(end, extent))
    }

    /// What an axis is read at by an expression.
    pub fn at_access(&mut self, expression: &'a Expression, axis: Label) -> Result<Access> {
        if let ExpressionKind::Group(parts) = &expression.kind {
            return self.group_access(parts, axis, expression.span);
        }
        let value = self.evaluate(expression)?;
        let view = self.view(value, expression.span)?;
        let view = self.fresh(&view);
        let Some(index) = self.formulas.as_index(view.body) else { return Err(self.no_index(&view, expression)) };
        let index = match index.as_extent() {
            Some(number) if !self.in_index_notation() => Index::constant(from_the_end(number.clone(), self.extent(axis))),
            _ => index,
        };
        Ok(Access { index, axes: view.axes })
    }

    fn no_index(&mut self, view: &View, expression: &'a Expression) -> super::Reported {
        let mut tensor = None;
        if let Formula::Read(read, _) = self.formulas.node(view.body) {
            tensor = Some(self.program.tensor(*read).name.clone());
        }
        let message = match &tensor {
            Some(name) => format!("`{name}` cannot be an index: its elements are not integers"),
            None => "this is no index: an index is a label, a whole number, a sum of such (`2*i + u - 1`), a group `(h, d)` or \
                     an element of an integer input"
                .to_owned(),
        };
        self.error_with(expression.span, message, |diagnostic| match tensor {
            Some(name) => diagnostic.help(format!("declare it as an integer input: `input {name}: [...] in 0..n`")),
            None => diagnostic,
        })
    }

    fn group_access(&mut self, parts: &'a [Expression], axis: Label, span: Span) -> Result<Access> {
        let mut labels = Vec::new();
        for part in parts {
            let value = self.evaluate(part)?;
            let view = self.view(value, part.span)?;
            let label = self.formulas.as_index(view.body).filter(|_| view.rank() == 0).and_then(|index| index.as_label());
            let Some(label) = label else { return Err(self.error(part.span, "a group in an index is made of labels")) };
            labels.push(label);
        }
        if self.frames.is_empty() {
            return Err(self.error(span, "a group stands in index notation alone"));
        }
        let extent = self.is_resolved(axis).then(|| self.extent(axis).clone());
        let whole = self.named_label("group".to_owned(), extent, span);
        self.groups.push(Group { whole, parts: labels, span, left: false });
        Ok(Access { index: Index::label(whole), axes: Vec::new() })
    }
}

/// A negative number counts from the end of an axis.
pub fn from_the_end(position: Extent, extent: &Extent) -> Extent {
    if position.as_constant().is_some_and(|number| number < 0) { extent.plus(&position) } else { position }
}
