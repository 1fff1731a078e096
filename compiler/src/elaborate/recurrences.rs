//! Recurrences: definitions in index notation that read themselves, or each other, at other steps.
//!
//! All statements of a circle share one frame, since the ranges of their labels depend on each other: a read of a definition that
//! is not complete is a use of a label that may have no extent yet. When all ranges are known, the reads tell which axis is the
//! time; a read at another step that no step of the recurrence has becomes its start.

use super::core::{Elaborator, Owner, Scope};
use super::formula::{Formula, FormulaId};
use super::labels::{Settled, Use};
use super::messages::listed;
use super::order::defined_name;
use super::starts::Start;
use super::view::{Value, View};
use super::{Reported, Result};
use crate::ir::recurrence::{Lag, Schedule, lag, schedule};
use crate::ir::{Definition, Element, Index, Label, Source, Tensor, TensorId};
use crate::ops::Operator;
use crate::span::Span;
use crate::syntax::tree::{Expression, IndexItem, Name, Role, Statement, StatementKind};
use std::collections::BTreeMap;

/// A circle of statements that is being elaborated.
#[derive(Default)]
pub struct Circle<'a> {
    /// Its definitions.
    pub members: Vec<Member<'a>>,
    /// What they read of each other.
    lags: Vec<Lag>,
    /// Reads at other steps of some label, which is the time or not.
    shifted: Vec<(usize, usize, Use)>,
    /// Whose formula is being elaborated.
    reader: usize,
}

/// A definition of a circle.
pub struct Member<'a> {
    /// Its name.
    pub name: &'a Name,
    /// Its statement.
    pub statement: &'a Statement,
    /// What it is wanted for.
    role: Role,
    value: &'a Expression,
    /// Its tensor, which has no definition yet.
    pub tensor: TensorId,
    /// The labels of its axes.
    pub axes: Vec<Label>,
    scope: Scope<'a>,
}

impl<'a> Elaborator<'a> {
    /// Elaborates a circle of statements in index notation.
    pub fn recurrence(&mut self, statements: &'a [Statement], circle: &[usize], starts: &BTreeMap<usize, usize>) -> Result<()> {
        let frame = self.open_frame();
        let opened = self.open_circle(statements, circle);
        let bodies = opened.and_then(|()| self.circle_bodies());
        let settled = match bodies {
            Ok(_) => self.settle_frame(frame),
            Err(Reported) => {
                self.drop_frame(frame);
                Err(Reported)
            }
        };
        // An empty circle stays: what still reads its names is told so.
        let circle_of = self.circles.last_mut().map(std::mem::take).unwrap_or_default();
        let result = settled.and_then(|settled| Ok((settled, bodies?)));
        let result =
            result.and_then(|(settled, bodies)| self.close_circle(circle_of, statements, circle, starts, settled, bodies));
        self.circles.pop();
        result
    }

    /// Completes the definitions of a circle whose labels have their ranges.
    fn close_circle(
        &mut self,
        circle_of: Circle<'a>,
        statements: &'a [Statement],
        circle: &[usize],
        starts: &BTreeMap<usize, usize>,
        settled: Settled,
        bodies: Vec<FormulaId>,
    ) -> Result<()> {
        let schedule = self.time_of(&circle_of)?;
        let starts: Vec<(usize, &'a Statement)> = (circle.iter().enumerate())
            .flat_map(|(place, number)| {
                starts.iter().filter(move |(_, of)| *of == number).map(move |(start, _)| (place, &statements[*start]))
            })
            .collect();
        let starts = self.starts(&circle_of.members, &schedule, &starts)?;
        self.check_starts_are_read(&circle_of, &schedule, &starts)?;
        for (place, (member, body)) in circle_of.members.iter().zip(bodies).enumerate() {
            let body = self.settled(body, &settled);
            let body = self.with_starts(body, place, &circle_of.members, &schedule, &starts);
            self.complete(member, body)?;
        }
        for member in circle_of.members {
            let view = self.whole(member.tensor);
            self.bind(&member.name.text, Some(Value::View(view.clone())));
            if member.role != Role::Plain {
                self.give(member.role, member.name, view, member.statement)?;
            }
        }
        Ok(())
    }

    /// Gives every definition of a circle a tensor and labels, and its name the meaning of what is not complete.
    fn open_circle(&mut self, statements: &'a [Statement], circle: &[usize]) -> Result<()> {
        self.circles.push(Circle { members: Vec::new(), lags: Vec::new(), shifted: Vec::new(), reader: 0 });
        for (place, &number) in circle.iter().enumerate() {
            let statement = &statements[number];
            let (StatementKind::DefineIndexed { role, indices, value, .. }, Some(name)) =
                (&statement.kind, defined_name(statement))
            else {
                return Err(Reported);
            };
            self.statement = statement.span;
            let mut scope = Scope { labels: true, ..Scope::default() };
            let axes = self.left_labels(indices, &mut scope)?;
            let tensor = self.open_tensor(name, statement);
            self.bind(&name.text, Some(Value::Circular(place)));
            if let Some(circle) = self.circles.last_mut() {
                circle.members.push(Member { name, statement, role: *role, value, tensor, axes, scope });
            }
        }
        Ok(())
    }

    /// A tensor that has its name and nothing else.
    fn open_tensor(&mut self, name: &Name, statement: &Statement) -> TensorId {
        let before = if self.owner() == Owner::Function { self.hint.clone() } else { self.path() };
        let full = format!("{before}{}", name.text);
        self.reserved.remove(&full);
        let name = self.free_name(full);
        self.add_tensor(Tensor {
            name,
            shape: Vec::new(),
            element: Element::Real,
            source: Source::Input,
            label_names: Vec::new(),
            span: statement.span,
            documentation: statement.documentation.clone(),
        })
    }

    /// The formulas of a circle, in which not all labels have a range.
    fn circle_bodies(&mut self) -> Result<Vec<FormulaId>> {
        let count = self.circles.last().map_or(0, |circle| circle.members.len());
        let mut bodies = Vec::new();
        let mut result = Ok(());
        for place in 0..count {
            let Some(circle) = self.circles.last_mut() else { return Err(Reported) };
            circle.reader = place;
            let member = &mut circle.members[place];
            let (scope, value, name) = (std::mem::take(&mut member.scope), member.value, member.name);
            self.statement = member.statement.span;
            let hint = self.hint.clone();
            self.hint_at(name);
            match self.within(scope, |this| this.scalar_formula(value)) {
                Ok(body) => bodies.push(body),
                Err(reported) => result = Err(reported),
            }
            self.hint = hint;
        }
        result.map(|()| bodies)
    }

    /// `h[b, t - 1, k]` within the circle of `h`.
    pub fn circular_read(&mut self, member: usize, items: &'a [IndexItem], span: Span) -> Result<View> {
        let Some(circle) = self.circles.last().filter(|circle| member < circle.members.len()) else {
            return Err(self.error(span, "the start of a recurrence cannot read the recurrence"));
        };
        let (reader, name) = (circle.reader, circle.members[member].name.text.clone());
        let (axes, tensor) = (circle.members[member].axes.clone(), circle.members[member].tensor);
        let labels = circle.members[reader].axes.clone();
        let mut at = Vec::new();
        for (number, (item, &axis)) in items.iter().zip(&axes).enumerate() {
            let IndexItem::At(expression) = item else { return Err(self.whole_in_circle(&name, span)) };
            let access = self.at_access(expression, axis)?;
            if !access.axes.is_empty() {
                return Err(self.whole_in_circle(&name, span));
            }
            let index = access.index;
            let the_use =
                Use { index: index.clone(), of: axis, span: expression.span, tensor: format!("`{name}`"), axis: number };
            let is_shifted = labels.iter().any(|&label| lag(&index, label).is_some_and(|steps| steps != 0));
            match self.circles.last_mut() {
                Some(circle) if is_shifted => circle.shifted.push((member, number, the_use)),
                _ => self.record_use(the_use)?,
            }
            at.push(index);
        }
        if items.len() != axes.len() {
            let message = format!("`{name}` has {} axes, but {} indices are given", axes.len(), items.len());
            return Err(self.error(span, message));
        }
        if let Some(circle) = self.circles.last_mut() {
            circle.lags.push(Lag { reader, read: member, at: at.clone() });
        }
        Ok(View::scalar(self.formulas.intern(Formula::Read(tensor, at))))
    }

    /// What is not complete was read as a whole.
    pub fn whole_in_circle(&mut self, name: &str, span: Span) -> Reported {
        let message = format!("`{name}` reads itself as a whole: a recurrence reads single elements of other steps");
        self.error_with(span, message, |diagnostic| {
            diagnostic.help(format!("read it in index notation, such as `{name}[.., t - 1, ..]`"))
        })
    }

    /// Which axes are the time.
    fn time_of(&mut self, circle: &Circle<'a>) -> Result<Schedule> {
        let labels: Vec<Vec<Label>> = circle.members.iter().map(|member| member.axes.clone()).collect();
        let Some(found) = schedule(&labels, &circle.lags) else { return Err(self.no_recurrence(circle)) };
        let time = |place: usize| labels[place][found.axes[place]];
        for place in 1..circle.members.len() {
            let (first, other) = (self.extent(time(0)).clone(), self.extent(time(place)).clone());
            if first != other {
                let (first, other) = (self.extent_text(&first), self.extent_text(&other));
                let message = format!(
                    "`{}` has {first} steps and `{}` has {other}: definitions that read each other have the same steps",
                    circle.members[0].name.text, circle.members[place].name.text
                );
                return Err(self.error(circle.members[place].name.span, message));
            }
        }
        let mut result = Ok(());
        for (member, axis, the_use) in &circle.shifted {
            if found.axes[*member] != *axis {
                result = self.check_use(the_use).and(result);
            }
        }
        result.map(|()| found)
    }

    fn no_recurrence(&mut self, circle: &Circle<'a>) -> Reported {
        let names: Vec<String> = circle.members.iter().map(|member| format!("`{}`", member.name.text)).collect();
        let message = match names.as_slice() {
            [one] => format!("{one} reads itself, but not as a recurrence does"),
            many => format!("{} read each other, but not as a recurrence does", listed(many)),
        };
        self.error_with(circle.members[0].name.span, message, |diagnostic| {
            diagnostic
                .note("along one axis all of these reads are at earlier steps (`t - 1`, `t - 2`), or all at later ones (`t + 1`)")
                .help("what is read at the same step (`t`) must not go in a circle")
        })
    }

    /// A start that no step reads is a mistake.
    fn check_starts_are_read(&mut self, circle: &Circle<'a>, schedule: &Schedule, starts: &[Start]) -> Result<()> {
        for start in starts {
            let of_start = |one: &&Lag| one.read == start.member;
            let reads = circle.lags.iter().filter(of_start).any(|one| {
                let time = circle.members[one.reader].axes[schedule.axes[one.reader]];
                let steps = lag(&one.at[schedule.axes[one.read]], time).unwrap_or(0);
                // A step t >= 0 reads t + c = s where s - c >= 0, or one that is the last or earlier.
                if schedule.backward { start.step < steps } else { start.step >= steps }
            });
            if !reads {
                let name = &circle.members[start.member].name.text;
                let message = format!("no step of the recurrence reads this start of `{name}`");
                return Err(self.error(start.span, message));
            }
        }
        Ok(())
    }

    /// The formula of a member with the starts in it: `h[t - 1]` is `h[-1]` at the step 0.
    fn with_starts(
        &mut self,
        body: FormulaId,
        reader: usize,
        members: &[Member<'a>],
        schedule: &Schedule,
        starts: &[Start],
    ) -> FormulaId {
        let time = members[reader].axes[schedule.axes[reader]];
        let mut reads: BTreeMap<FormulaId, FormulaId> = BTreeMap::new();
        for id in self.formulas.reachable(body) {
            let Formula::Read(tensor, at) = self.formulas.node(id).clone() else { continue };
            let Some(read) = members.iter().position(|member| member.tensor == tensor) else { continue };
            let steps = lag(&at[schedule.axes[read]], time).unwrap_or(0);
            if steps != 0 {
                let own: Vec<&Start> = starts.iter().filter(|start| start.member == read).collect();
                let value = self.step_or_start(id, &at, (time, steps), &own);
                reads.insert(id, value);
            }
        }
        let mut formulas = std::mem::take(&mut self.formulas);
        let replaced = formulas.replace(body, &reads);
        self.formulas = formulas;
        replaced
    }

    /// `where(t == 0, start, h[.., t - 1, ..])`, and zero where no start is given.
    fn step_or_start(&mut self, read: FormulaId, at: &[Index], (time, steps): (Label, i64), starts: &[&Start]) -> FormulaId {
        let now = self.formulas.position(Index::label(time));
        let last = self.extent(time).plus_constant(-1);
        // The steps t whose read is outside: the first -c of them, or the last c.
        let outside = |missing: i64| {
            let at = if steps < 0 { crate::ir::Extent::constant(missing) } else { last.plus_constant(-missing) };
            Index::constant(at)
        };
        let given = |missing: i64| {
            let step = if steps < 0 { missing + steps } else { steps - missing - 1 };
            starts.iter().find(|start| start.step == step)
        };
        let count = steps.abs();
        let mut value = read;
        if (0..count).any(|missing| given(missing).is_none()) {
            let (operator, bound) = if steps < 0 {
                (Operator::GreaterEqual, Index::constant(crate::ir::Extent::constant(count)))
            } else {
                (Operator::LessEqual, Index::constant(last.plus_constant(-count)))
            };
            let bound = self.formulas.position(bound);
            let inside = self.formulas.apply(operator, &[now, bound]);
            let zero = self.formulas.number(0.0);
            value = self.formulas.select(inside, read, zero);
        }
        for start in starts {
            let missing = if steps < 0 { start.step - steps } else { steps - start.step - 1 };
            if !(0..count).contains(&missing) {
                continue;
            }
            let step = self.formulas.position(outside(missing));
            let here = self.formulas.apply(Operator::Equal, &[now, step]);
            let started = self.at(&start.value, &start.indices(at));
            value = self.formulas.select(here, started, value);
        }
        value
    }

    /// Gives the tensor of a member its definition.
    fn complete(&mut self, member: &Member<'a>, body: FormulaId) -> Result<()> {
        let before = (std::mem::replace(&mut self.statement, member.statement.span), self.hint.clone());
        self.hint_at(member.name);
        let result = self.complete_tensor(member, body);
        (self.statement, self.hint) = before;
        result
    }

    fn complete_tensor(&mut self, member: &Member<'a>, body: FormulaId) -> Result<()> {
        let span = member.statement.span;
        let shape: Vec<_> = member.axes.iter().map(|label| self.extent(*label).clone()).collect();
        self.check_shape(&shape, span)?;
        self.program.tensors[member.tensor.0 as usize].shape = shape;
        let body = self.cut_reductions(body)?;
        let body = self.lower(body, &member.axes, span)?;
        let label_names = self.names_of_labels(&member.axes);
        let tensor = &mut self.program.tensors[member.tensor.0 as usize];
        tensor.label_names = label_names;
        tensor.source = Source::Defined(Definition { reduction: None, body });
        self.limit(span)
    }
}
