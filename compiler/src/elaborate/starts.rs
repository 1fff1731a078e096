//! Where recurrences start: `h[b, -1, j] = h0[b, j];`, `h[b, T, j] = ...;` where it runs backwards.

use super::core::{Elaborator, Scope};
use super::labels::Use;
use super::recurrences::Member;
use super::view::View;
use super::{Reported, Result};
use crate::ir::recurrence::Schedule;
use crate::ir::{Extent, Index, Label};
use crate::span::Span;
use crate::syntax::tree::{Expression, LeftIndex, ReducedLabel, Statement, StatementKind};

/// What a recurrence reads at a step that it does not have.
pub struct Start {
    /// Of which member.
    pub member: usize,
    /// Which step: -1, -2, ... before the first, 0, 1, ... after the last.
    pub step: i64,
    /// Where it was written.
    pub span: Span,
    /// What it is, over some axes of the member.
    pub value: View,
    /// Which axes.
    axes: Vec<usize>,
}

impl Start {
    /// The indices of the start where the member is read at `at`.
    pub fn indices(&self, at: &[Index]) -> Vec<Index> {
        self.axes.iter().map(|&axis| at[axis].clone()).collect()
    }
}

impl<'a> Elaborator<'a> {
    /// Elaborates the starts of a circle; each statement with the place of its member.
    pub fn starts(
        &mut self,
        members: &[Member<'a>],
        schedule: &Schedule,
        statements: &[(usize, &'a Statement)],
    ) -> Result<Vec<Start>> {
        let mut starts: Vec<Start> = Vec::new();
        for &(place, statement) in statements {
            let before = (std::mem::replace(&mut self.statement, statement.span), self.hint.clone());
            self.hint_at(members[place].name);
            let start = self.start((place, &members[place]), schedule, statement);
            (self.statement, self.hint) = before;
            let start = start?;
            if let Some(earlier) = starts.iter().find(|other| other.member == place && other.step == start.step) {
                let (first, message) = (earlier.span, format!("`{}` starts at this step twice", members[place].name.text));
                return Err(self.error_with(start.span, message, |diagnostic| diagnostic.also(first, "first given here")));
            }
            starts.push(start);
        }
        Ok(starts)
    }

    fn start(&mut self, (place, member): (usize, &Member<'a>), schedule: &Schedule, statement: &'a Statement) -> Result<Start> {
        let StatementKind::DefineIndexed { indices, value, .. } = &statement.kind else { return Err(Reported) };
        let time = schedule.axes[place];
        let frame = self.open_frame();
        match self.start_body(member, time, schedule.backward, indices, value) {
            Ok((step, axes, view)) => {
                let body = self.close_frame(frame, view.body)?;
                let value = self.stored_unless_plain(View { axes: view.axes, body }, "start", statement.span)?;
                Ok(Start { member: place, step, span: statement.span, value, axes })
            }
            Err(reported) => {
                self.drop_frame(frame);
                Err(reported)
            }
        }
    }

    /// The step, which axes the start has, and its value over their labels.
    fn start_body(
        &mut self,
        member: &Member<'a>,
        time: usize,
        backward: bool,
        indices: &'a [LeftIndex],
        value: &'a Expression,
    ) -> Result<(i64, Vec<usize>, View)> {
        let mut scope = Scope { labels: true, ..Scope::default() };
        let (mut step, mut axes, mut labels) = (None, Vec::new(), Vec::new());
        let whole = indices.len() == member.axes.len();
        for (number, index) in indices.iter().enumerate() {
            match index {
                LeftIndex::Group(_, span) => return Err(self.error(*span, "the start of a recurrence has no groups")),
                LeftIndex::Start(expression) => {
                    let at = self.extent_of(expression)?;
                    self.take_step(&mut step, (at, expression.span), (number, time, whole), (member, backward))?;
                }
                LeftIndex::Label(label) if self.is_size_or_constant(&label.name.text, label.name.span) => {
                    let value = self.name(&label.name.text, label.name.span)?;
                    let view = self.view(value, label.name.span)?;
                    let at = self.extent_of_view(&view, label.name.span)?;
                    self.take_step(&mut step, (at, label.name.span), (number, time, whole), (member, backward))?;
                }
                LeftIndex::Label(label) => {
                    let axis = if whole { number } else { self.axis_named(label, member)? };
                    labels.push(self.start_label(label, (axis, member), &mut scope)?);
                    axes.push(axis);
                }
            }
        }
        let Some(step) = step else { return Err(Reported) };
        let body = self.within(scope, |this| this.scalar_formula(value))?;
        Ok((step, axes, View { axes: labels, body }))
    }

    /// The step that stands on the left of a start: before the first one, or after the last.
    fn take_step(
        &mut self,
        step: &mut Option<i64>,
        (at, span): (Extent, Span),
        (number, time, whole): (usize, usize, bool),
        (member, backward): (&Member<'a>, bool),
    ) -> Result<()> {
        let name = &member.name.text;
        if step.is_some() || whole && number != time {
            let message = format!("the recurrence of `{name}` goes along its axis {time}, so its start has a step there alone");
            return Err(self.error(span, message));
        }
        let length = self.extent(member.axes[time]).clone();
        let found = if backward { at.minus(&length).as_constant() } else { at.as_constant() };
        match found {
            Some(found) if (found >= 0) == backward => *step = Some(found),
            _ => {
                let (at, length) = (self.extent_text(&at), self.extent_text(&length));
                let message = format!("`{name}` does not start at {at}: its own steps are 0 to {length} - 1");
                return Err(self.error_with(span, message, |diagnostic| {
                    let before = format!("it starts before the first step: `-1`, `-2`, ... (`{length}` would be after the last)");
                    let after = format!("it runs backwards, so it starts after the last step: `{length}`, `{length} + 1`, ...");
                    diagnostic.help(if backward { after } else { before })
                }));
            }
        }
        Ok(())
    }

    /// The axis of a member whose label has the same name.
    fn axis_named(&mut self, label: &ReducedLabel, member: &Member<'a>) -> Result<usize> {
        let name = &label.name.text;
        let found = member.axes.iter().position(|axis| self.label_names[axis.0 as usize] == *name);
        found.ok_or(()).map_err(|()| {
            let message = format!("`{}` has no axis `{name}`", member.name.text);
            self.error_with(label.name.span, message, |diagnostic| {
                diagnostic.help("a start that leaves out axes names the others as the recurrence does")
            })
        })
    }

    /// A label of a start, which runs over the axis of its member.
    fn start_label(
        &mut self,
        label: &'a ReducedLabel,
        (axis, member): (usize, &Member<'a>),
        scope: &mut Scope<'a>,
    ) -> Result<Label> {
        let bound = self.bind_label(label, scope)?;
        let of = member.axes[axis];
        if self.is_resolved(bound) && self.extent(bound) != self.extent(of) {
            let (found, wanted) = (self.extent_text(self.extent(bound)), self.extent_text(self.extent(of)));
            let message = format!("axis {axis} of `{}` is {wanted} long, that of its start {found}", member.name.text);
            return Err(self.error(label.name.span, message));
        }
        let tensor = format!("`{}`", member.name.text);
        self.record_use(Use { index: Index::label(bound), of, span: label.name.span, tensor, axis })?;
        Ok(bound)
    }
}
