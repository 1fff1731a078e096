//! Labels of index notation: where they are bound, what they index, and when their ranges must be known.

use super::Result;
use super::core::{Elaborator, Scope};
use super::formula::{Formula, FormulaId, fits};
use super::view::{Value, View};
use crate::ir::{Extent, Index, Label, bounds};
use crate::span::Span;
use crate::syntax::tree::{Expression, ReducedLabel};
use rustc_hash::FxHashMap;

/// How ranges are written.
pub const RANGE: &str = "a range goes from its first number to the one behind its last: `0..3` holds 0, 1 and 2";

/// An index form that reads an axis.
#[derive(Clone, Debug)]
pub struct Use {
    /// The form.
    pub index: Index,
    /// The label of the axis; that of a recurrence may have no extent yet.
    pub of: Label,
    /// Where the index stands.
    pub span: Span,
    /// What is read, for people: `x`.
    pub tensor: String,
    /// Which axis.
    pub axis: usize,
}

/// `(h, d)`: a label of its own for the axis, and those that it is made of, the slowest first.
#[derive(Clone, Debug)]
pub struct Group {
    /// The label for the whole; its extent may be the product of the others.
    pub whole: Label,
    /// What it is made of.
    pub parts: Vec<Label>,
    /// Where it stands.
    pub span: Span,
    /// Whether the whole is an axis on the left, so that the parts are computed of it and not it of the parts.
    pub left: bool,
}

/// What a frame has found of its labels.
#[derive(Clone, Debug)]
pub struct Settled {
    groups: Vec<Group>,
    /// How many values labels take, by the labels that stood for it.
    counts: FxHashMap<Label, Index>,
}

/// Where labels began whose ranges must be known at its end.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The first label.
    pub label: usize,
    /// The first use.
    pub index: usize,
    /// The first group.
    pub group: usize,
}

impl<'a> Elaborator<'a> {
    /// Begins a frame.
    pub fn open_frame(&mut self) -> Frame {
        let frame = Frame { label: self.extents.len(), index: self.uses.len(), group: self.groups.len() };
        self.frames.push(frame);
        frame
    }

    /// A label with the range that was written, if one was. The range `a..b` of a label that does not start at 0 is kept by
    /// an offset.
    pub fn bind_label(&mut self, label: &'a ReducedLabel, scope: &mut Scope<'a>) -> Result<Label> {
        let (name, span) = (&label.name.text, label.name.span);
        if self.is_size_or_constant(name, span) {
            return Err(self.error_with(
                span,
                format!("the label `{name}` has the name of a size or a constant"),
                |diagnostic| diagnostic.help(format!("take another name for the label, such as `{}`", other_name(name))),
            ));
        }
        if scope.names.contains_key(name) {
            return Err(self.error(span, format!("the label `{name}` is bound twice")));
        }
        let range = match &label.range {
            Some((from, to)) => {
                let (from, to) = (self.extent_of(from)?, self.extent_of(to)?);
                let extent = to.minus(&from);
                if extent.is_at_most(0) || extent.is_too_large() {
                    let range = format!("{}..{}", self.extent_text(&from), self.extent_text(&to));
                    let message = format!("the range {range} of the label `{name}` holds nothing");
                    return Err(self.error_with(span, message, |diagnostic| diagnostic.help(RANGE)));
                }
                self.require(extent.clone(), &format!("the range of the label {name}"), span);
                Some((from, extent))
            }
            None => None,
        };
        let (offset, extent) = range.unzip();
        let bound = self.named_label(name.clone(), extent, span);
        let index = Index::label(bound).plus_extent(&offset.unwrap_or_default());
        let body = self.formulas.position(index);
        scope.names.insert(name.clone(), Some(Value::View(View::scalar(body))));
        Ok(bound)
    }

    /// The extent that an expression must be.
    pub fn extent_of(&mut self, expression: &'a Expression) -> Result<Extent> {
        let value = self.evaluate(expression)?;
        let view = self.view(value, expression.span)?;
        self.extent_of_view(&view, expression.span)
    }

    /// The extent that a view must be.
    pub fn extent_of_view(&mut self, view: &View, span: Span) -> Result<Extent> {
        if view.rank() == 0
            && let Some(extent) = self.formulas.as_extent(view.body).filter(|extent| !extent.is_too_large())
        {
            return Ok(extent);
        }
        let found = match self.formulas.as_number(view.body) {
            _ if view.rank() > 0 => format!("a tensor {}", self.shape_text(view)),
            Some(number) => format!("{number}"),
            None if self.formulas.as_index(view.body).is_some() => "one that depends on labels or is too large".to_owned(),
            None => "a number that is computed at run time".to_owned(),
        };
        Err(self.error(span, format!("expected a whole number or a size, found {found}")))
    }

    /// Notes (or checks, where all is known) that an index reads an axis.
    pub fn record_use(&mut self, the_use: Use) -> Result<()> {
        if !fits(&the_use.index) {
            return Err(self.error(the_use.span, "this index is too large"));
        }
        if self.is_known(&the_use) && (self.frames.is_empty() || self.is_label_free(&the_use.index)) {
            return self.check_use(&the_use);
        }
        self.uses.push(the_use);
        Ok(())
    }

    /// Whether all that a use speaks of has its extent.
    fn is_known(&self, the_use: &Use) -> bool {
        let mut known = self.is_resolved(the_use.of);
        the_use.index.each_label(&mut |label| known &= self.is_resolved(label));
        known
    }

    fn is_label_free(&self, index: &Index) -> bool {
        let mut free = true;
        index.each_label(&mut |_| free = false);
        free
    }

    /// That an index stays inside of its axis.
    pub fn check_use(&mut self, the_use: &Use) -> Result<()> {
        let extent = self.extent(the_use.of).clone();
        if bounds::is_inside(&self.program, &the_use.index, &self.extents, &extent) {
            return Ok(());
        }
        let range = bounds::range(&self.program, &the_use.index, &self.extents);
        let length = self.extent_text(&extent);
        let what = format!("axis {} of {}, which is {length} long", the_use.axis, the_use.tensor);
        let Some(range) = range else {
            return Err(self.error(the_use.span, format!("it cannot be told whether this index stays inside of {what}")));
        };
        let (low, high) = (self.extent_text(&range.lowest), self.extent_text(&range.highest));
        let reads = if low == high { format!("index {low}") } else { format!("index {low} to {high}") };
        let outside = range.highest.minus(&extent).is_at_least(0) || range.lowest.is_at_most(-1);
        if outside {
            let help = self.cure_of_outside(&the_use.index, &extent);
            return Err(
                self.error_with(the_use.span, format!("{reads} reads outside of {what}"), |diagnostic| diagnostic.help(help))
            );
        }
        // Only the sizes can tell: so it is checked when they are known.
        let reason = format!("{reads} of {what}");
        self.require(range.lowest, &reason, the_use.span);
        self.require(extent.plus_constant(-1).minus(&range.highest), &reason, the_use.span);
        Ok(())
    }

    fn cure_of_outside(&self, index: &Index, extent: &Extent) -> String {
        let (length, last) = (self.extent_text(extent), self.extent_text(&extent.plus_constant(-1)));
        let mut integers = false;
        index.each_tensor(&mut |_| integers = true);
        if integers {
            return format!("the integers must lie in 0..{length}: declare a smaller range, or make the axis longer");
        }
        match (index.as_extent().is_some(), self.in_index_notation()) {
            (true, false) => format!("its indices are 0 to {last}, and -1 to -{length} from the end"),
            (true, true) => format!("its indices are 0 to {last}"),
            (false, _) => "a smaller range of the labels keeps the index inside, `pad(...)` makes room".to_owned(),
        }
    }

    /// Notes that an extent must be at least 0, where that is not certain.
    pub fn require(&mut self, slack: Extent, reason: &str, span: Span) {
        if !slack.is_at_least(0) {
            self.program.require(slack, reason, span);
        }
    }

    /// Ends a frame: all its labels get their ranges, all its reads are checked, and a formula that was made in it is
    /// brought to its final form.
    pub fn close_frame(&mut self, frame: Frame, body: FormulaId) -> Result<FormulaId> {
        let settled = self.settle_frame(frame)?;
        let body = self.settled(body, &settled);
        self.cut_reductions(body)
    }

    /// Ends a frame: all its labels get their ranges, and all its reads are checked.
    pub fn settle_frame(&mut self, frame: Frame) -> Result<Settled> {
        self.frames.pop();
        let solved = self.solve(frame);
        let uses = self.uses.split_off(frame.index.min(self.uses.len()));
        let groups = self.groups.split_off(frame.group.min(self.groups.len()));
        solved?;
        let mut result = Ok(());
        for mut the_use in uses {
            the_use.index = self.without_groups(&the_use.index, &groups);
            if self.is_known(&the_use) {
                result = self.check_use(&the_use).and(result);
            } else {
                self.uses.push(the_use);
            }
        }
        result?;
        Ok(Settled { groups, counts: self.known_counts() })
    }

    /// A formula of a frame that is settled, with what has been found in the place of what was not known.
    pub fn settled(&mut self, body: FormulaId, settled: &Settled) -> FormulaId {
        let body = self.substitute_groups(body, &settled.groups);
        if settled.counts.is_empty() { body } else { self.formulas.substitute(body, &settled.counts) }
    }

    /// Ends a frame in which something is wrong.
    pub fn drop_frame(&mut self, frame: Frame) {
        self.frames.pop();
        self.uses.truncate(frame.index);
        self.groups.truncate(frame.group);
        self.counts.retain(|(count, _)| (count.0 as usize) < frame.label);
    }

    fn substitute_groups(&mut self, body: FormulaId, groups: &[Group]) -> FormulaId {
        if groups.is_empty() {
            return body;
        }
        let mut formulas = std::mem::take(&mut self.formulas);
        let body = formulas.map_indices(body, &mut |index| self.without_groups(index, groups));
        self.formulas = formulas;
        body
    }

    /// The same index with the parts of groups in the place of the wholes (or the other way round on the left).
    fn without_groups(&self, index: &Index, groups: &[Group]) -> Index {
        let mut index = index.clone();
        // What a group is read by may be a part of a group on the left, not the other way round.
        for group in groups.iter().filter(|group| !group.left).chain(groups.iter().filter(|group| group.left)) {
            index = index.substitute(&mut |label| self.group_replacement(label, group));
        }
        bounds::simplify(&self.program, &index, &self.extents)
    }

    fn group_replacement(&self, label: Label, group: &Group) -> Index {
        let extents: Vec<Extent> = group.parts.iter().map(|part| self.extent(*part).clone()).collect();
        if group.left {
            let Some(position) = group.parts.iter().position(|part| *part == label) else { return Index::label(label) };
            let stride = Extent::product(&extents[position + 1..]);
            return Index::label(group.whole).quotient(&stride).remainder(&extents[position]);
        }
        if label != group.whole {
            return Index::label(label);
        }
        let digits = group.parts.iter().zip(&extents);
        digits.fold(Index::default(), |sum, (part, extent)| sum.times(extent).plus(&Index::label(*part)))
    }

    /// Whether a formula is a reduction, or holds one, whose labels are not known yet, or stand in a group.
    pub fn is_pending(&self, body: FormulaId) -> bool {
        self.formulas.reachable(body).iter().any(|id| matches!(self.formulas.node(*id), Formula::Reduce(..)))
            || (self.formulas.labels(body).iter())
                .any(|label| !self.is_resolved(*label) || self.groups.iter().any(|group| group.whole == *label))
    }
}

/// A name that looks like a label's: `b` for `B`.
fn other_name(name: &str) -> String {
    let lower = name.to_lowercase();
    if lower == name { format!("{name}2") } else { lower }
}
