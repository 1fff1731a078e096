//! The statements of a body: names that are given twice, their order, and what reads itself.

use super::core::Elaborator;
use super::messages::listed;
use super::order::{Unit, defined_name, order, path, way_around};
use super::walk::each_of_statement;
use super::{Reported, Result};
use crate::syntax::tree::{Axis, ExpressionKind, LeftIndex, Name, Role, Statement, StatementKind};
use std::collections::{BTreeMap, BTreeSet};

/// No more names of a circle are shown.
const MOST_NAMES: usize = 8;

/// What stands in the way of a plain reading of statements, by their numbers.
#[derive(Default)]
struct Named {
    /// A name that is there already.
    skipped: BTreeSet<usize>,
    /// Where a recurrence starts, with the number of its statement.
    starts: BTreeMap<usize, usize>,
}

impl<'a> Elaborator<'a> {
    /// Elaborates the statements of a body, each after what it reads.
    pub fn statements(&mut self, statements: &'a [Statement]) {
        if let Some(last) = statements.last()
            && self.limit_definitions(statements.len(), last.span).is_err()
        {
            return;
        }
        let Named { skipped, starts } = self.named(statements);
        for unit in order(statements, &starts) {
            match unit {
                Unit::Single(number) if skipped.contains(&number) || starts.contains_key(&number) => {}
                Unit::Single(number) => {
                    let result = self.refuse_starts(statements, number, &starts);
                    let result = result.and_then(|()| self.statement(&statements[number]));
                    self.bind_failed(&statements[number], result);
                }
                Unit::Circle(circle) => {
                    let result = self.circle(statements, &circle, &starts);
                    circle.iter().for_each(|&number| self.bind_failed(&statements[number], result));
                }
            }
        }
    }

    /// What failed has a name that is known to have failed.
    fn bind_failed(&mut self, statement: &'a Statement, result: Result<()>) {
        if let (Err(Reported), Some(name)) = (result, defined_name(statement)) {
            self.bind(&name.text, None);
        }
    }

    /// Reports names that are given twice; the second statement is skipped. Statements that say where a recurrence starts have the
    /// name of the recurrence.
    fn named(&mut self, statements: &'a [Statement]) -> Named {
        let sizes = sizes_of(statements);
        let mut twice: BTreeMap<&str, usize> = BTreeMap::new();
        for name in statements.iter().filter_map(defined_name) {
            *twice.entry(&name.text).or_default() += 1;
        }
        let is_start: Vec<bool> = (statements.iter())
            .map(|statement| {
                let again = defined_name(statement).is_some_and(|name| twice.get(name.text.as_str()) > Some(&1));
                self.is_start(statement, &sizes, again)
            })
            .collect();
        let mut first: BTreeMap<&str, (usize, &Name)> = BTreeMap::new();
        let mut named = Named::default();
        for (number, statement) in statements.iter().enumerate().filter(|(number, _)| !is_start[*number]) {
            let Some(name) = defined_name(statement) else { continue };
            match first.get(name.text.as_str()) {
                None => drop(first.insert(&name.text, (number, name))),
                Some(_) if is_unread(statement) => {
                    named.skipped.insert(number);
                }
                Some((_, earlier)) => {
                    named.skipped.insert(number);
                    self.error_with(name.span, format!("`{}` is defined twice", name.text), |diagnostic| {
                        let diagnostic = diagnostic.also(earlier.span, "first defined here");
                        match name.text.as_str() {
                            "loss" => diagnostic.help("there is one loss: add them up"),
                            _ => diagnostic.help("give one of them another name"),
                        }
                    });
                }
            }
        }
        for (number, statement) in statements.iter().enumerate().filter(|(number, _)| is_start[*number]) {
            let Some(name) = defined_name(statement) else { continue };
            if let Some((recurrence, _)) = first.get(name.text.as_str()) {
                named.starts.insert(number, *recurrence);
            } else {
                named.skipped.insert(number);
                let message = format!("`{}` has a start, but no statement for its steps", name.text);
                self.error_with(name.span, message, |diagnostic| {
                    diagnostic.help(format!("add `{}[.., t, ..] = ...;`, which reads itself at `t - 1`", name.text))
                });
            }
        }
        named
    }

    /// Whether a step, and no label, stands on the left of a statement: a number, what is computed of sizes, or a size alone (where
    /// `again` another statement has the same name).
    fn is_start(&self, statement: &Statement, sizes: &BTreeSet<&str>, again: bool) -> bool {
        let StatementKind::DefineIndexed { indices, .. } = &statement.kind else { return false };
        indices.iter().any(|index| match index {
            LeftIndex::Start(_) => true,
            LeftIndex::Label(label) => {
                let name = label.name.text.as_str();
                again && label.range.is_none() && (sizes.contains(name) || self.is_size_or_constant(name, label.name.span))
            }
            LeftIndex::Group(..) => false,
        })
    }

    /// A statement that does not read itself has no start.
    fn refuse_starts(&mut self, statements: &'a [Statement], number: usize, starts: &BTreeMap<usize, usize>) -> Result<()> {
        let Some(start) = starts.iter().find_map(|(start, of)| (*of == number).then_some(*start)) else { return Ok(()) };
        let Some(name) = defined_name(&statements[number]) else { return Ok(()) };
        let message = format!("`{}` has a start, but does not read itself at other steps", name.text);
        Err(self.error_with(statements[start].span, message, |diagnostic| diagnostic.also(name.span, "defined here")))
    }

    /// Statements that read each other: a recurrence, or a mistake.
    fn circle(&mut self, statements: &'a [Statement], circle: &[usize], starts: &BTreeMap<usize, usize>) -> Result<()> {
        if !self.reads_steps(statements, circle) {
            return Err(self.report_circle(statements, circle));
        }
        for &number in circle {
            let statement = &statements[number];
            if let StatementKind::DefineIndexed { role: Role::Plain | Role::Output, .. } = &statement.kind {
                continue;
            }
            let name = defined_name(statement).map(|name| name.text.clone()).unwrap_or_default();
            let message = format!("`{name}` stands in a recurrence, so it must be written in index notation");
            return Err(self.error_with(statement.span, message, |diagnostic| {
                diagnostic.help(format!("name its axes on the left: `{name}[.., t, ..] = ...;`"))
            }));
        }
        self.recurrence(statements, circle, starts)
    }

    /// Whether a statement in index notation reads one of the circle in brackets.
    fn reads_steps(&self, statements: &'a [Statement], circle: &[usize]) -> bool {
        let names: BTreeSet<&str> =
            circle.iter().filter_map(|&number| Some(defined_name(&statements[number])?.text.as_str())).collect();
        let mut steps = false;
        for &number in circle {
            let indexed = matches!(statements[number].kind, StatementKind::DefineIndexed { .. });
            each_of_statement(&statements[number], &mut |expression| {
                let ExpressionKind::Index(base, _) = &expression.kind else { return };
                if let ExpressionKind::Name(base) = &base.kind {
                    steps |= indexed && names.contains(base.as_str());
                } else if let ExpressionKind::Field(owner, field) = &base.kind {
                    steps |= indexed && path(owner, field).is_some_and(|path| names.contains(path.as_str()));
                }
            });
        }
        steps
    }

    fn report_circle(&mut self, statements: &'a [Statement], circle: &[usize]) -> Reported {
        let way = way_around(statements, circle);
        let names: Vec<&Name> = way.iter().filter_map(|number| defined_name(&statements[*number])).collect();
        let Some(first) = names.first() else { return Reported };
        let shown = &names[..names.len().min(MOST_NAMES)];
        let left_out = names.len() - shown.len();
        let mut quoted: Vec<String> = shown.iter().map(|name| format!("`{}`", name.text)).collect();
        let mut path: Vec<&str> = shown.iter().map(|name| name.text.as_str()).collect();
        if left_out > 0 {
            quoted.push(format!("{left_out} more"));
            path.push("...");
        }
        path.push(&first.text);
        let message = match quoted.as_slice() {
            [one] => format!("{one} is defined by itself"),
            many => format!("{} are defined by each other", listed(many)),
        };
        self.error_with(first.span, message, |diagnostic| diagnostic.note(path.join(" reads ")))
    }
}

/// Whether the value of a statement could not be read, so that the name may not be what was meant.
fn is_unread(statement: &Statement) -> bool {
    matches!(&statement.kind, StatementKind::Define { value, .. } if value.kind == ExpressionKind::Missing)
}

/// The names that stand as sizes in the shapes of a body.
fn sizes_of(statements: &[Statement]) -> BTreeSet<&str> {
    let shapes = statements.iter().filter_map(|statement| match &statement.kind {
        StatementKind::Input(data) | StatementKind::Target(data) => Some(&data.shape),
        StatementKind::Param(stored) | StatementKind::State(stored) => Some(&stored.shape),
        StatementKind::Define { .. } | StatementKind::DefineIndexed { .. } => None,
    });
    fn name(axis: &Axis) -> Option<&str> {
        if let Axis::Size(size) = axis
            && let ExpressionKind::Name(name) = &size.kind
        {
            return Some(name);
        }
        None
    }
    shapes.flat_map(|shape| &shape.axes).filter_map(name).collect()
}
