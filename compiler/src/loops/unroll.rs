//! Short loops of constant length within a loop along a row are written out, so that the loop along the row is the innermost and
//! vectorizes: windows of pooling and small kernels.

use super::substitute::Substitution;
use super::{Local, Loops, Statement, Value, Variable};
use crate::ir::{Atom, Extent, Index, Label};
use crate::plan::UNROLLED;
use std::collections::BTreeMap;

/// A body is written out at most this often: a window of 4 by 4.
const MOST_COPIES: i64 = 16;
/// A loop has at most this many statements then.
const MOST_STATEMENTS: usize = 96;
/// A row of elements that are further apart than this is none.
const FARTHEST: i64 = 4;
/// A shorter loop is no row; one of a length that is not known has elements that are not shown to be inside.
const SHORTEST_ROW: i64 = 5;

/// Writes out the short loops of all rows.
pub fn unroll(loops: &mut Loops) {
    let mut body = std::mem::take(&mut loops.body);
    in_body(loops, &mut body);
    loops.body = body;
}

fn in_body(loops: &mut Loops, body: &mut [Statement]) {
    for statement in body {
        let Statement::For { variable, extent, body, .. } = statement else { continue };
        let is_row = extent.as_constant().is_some_and(|length| length >= SHORTEST_ROW);
        let has_loops = body.iter().any(|one| matches!(one, Statement::For { .. }));
        if is_row
            && has_loops
            && !has_columns(*variable, body)
            && copies(body).is_some_and(|copies| copies <= MOST_COPIES)
            && let Some(flat) = flat(loops, body).filter(|flat| is_along_rows(flat, *variable))
        {
            *body = flat;
        } else {
            in_body(loops, body);
        }
    }
}

/// Whether a longer loop goes from row to row and takes functions of what it reads: emission goes through some columns at the same time.
fn has_columns(column: Variable, body: &[Statement]) -> bool {
    body.iter().any(|statement| {
        let Statement::For { variable, extent, body, .. } = statement else { return false };
        let is_long = extent.as_constant().is_some_and(|length| length >= UNROLLED);
        let is_column = |offset: &Index| {
            let along = |variable: Variable| offset.coefficient(Label(variable.0)).as_constant();
            along(column) == Some(1) && along(*variable).is_some_and(|stride| stride > FARTHEST)
        };
        let (mut rows, mut functions) = (false, false);
        for statement in body {
            if let Statement::Let(_, value) | Statement::Assign(_, value) = statement {
                each_load(value, &mut |offset| rows |= is_column(offset));
                functions |= value.has_functions();
            }
        }
        is_long && rows && functions || has_columns(column, body)
    })
}

/// How often the innermost statements are done; `None` where that is no number, or where something is called.
fn copies(body: &[Statement]) -> Option<i64> {
    let mut most = 1;
    for statement in body {
        match statement {
            Statement::For { extent, body, .. } => most = most.max(copies(body)?.checked_mul(extent.as_constant()?)?),
            Statement::Fill(..) | Statement::Product(_) => return None,
            Statement::Comment(_)
            | Statement::Let(..)
            | Statement::Accumulator(..)
            | Statement::Assign(..)
            | Statement::Store { .. } => {}
        }
    }
    Some(most)
}

/// The statements with all loops in them written out, if they are not too many.
fn flat(loops: &mut Loops, body: &[Statement]) -> Option<Vec<Statement>> {
    let mut statements = Vec::new();
    for statement in body {
        let Statement::For { variable, extent, backward, body } = statement else {
            statements.push(statement.clone());
            continue;
        };
        let inner = flat(loops, body)?;
        let mut steps: Vec<i64> = (0..extent.as_constant()?).collect();
        if *backward {
            steps.reverse();
        }
        for step in steps {
            copy(loops, &inner, *variable, step, &mut statements);
        }
        if statements.len() > MOST_STATEMENTS {
            return None;
        }
    }
    Some(statements)
}

/// A round of a loop, with locals of its own.
fn copy(loops: &mut Loops, body: &[Statement], variable: Variable, step: i64, statements: &mut Vec<Statement>) {
    let mut own: BTreeMap<Local, Local> = BTreeMap::new();
    let mut declare = |local: Local| {
        let name = loops.local_names.get(local.0 as usize).cloned().unwrap_or_default();
        loops.local_names.push(name);
        own.insert(local, Local(u32::try_from(loops.local_names.len() - 1).unwrap_or(u32::MAX)));
    };
    body.iter().for_each(|statement| declared(statement, &mut declare));
    let at = |label: Label| if label.0 == variable.0 { Index::constant(step) } else { Index::label(label) };
    let mut round = Substitution::new(at, |local| own.get(&local).copied().unwrap_or(local));
    statements.extend(body.iter().map(|statement| round.statement(statement)));
}

/// The locals that a statement declares.
fn declared(statement: &Statement, visit: &mut dyn FnMut(Local)) {
    match statement {
        Statement::Let(local, value) | Statement::Accumulator(local, value) => {
            visit(*local);
            in_value(value, visit);
        }
        Statement::Assign(_, value) | Statement::Store { value, .. } => in_value(value, visit),
        Statement::Comment(_) | Statement::For { .. } | Statement::Fill(..) | Statement::Product(_) => {}
    }
}

fn in_value(value: &Value, visit: &mut dyn FnMut(Local)) {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => {}
        Value::Apply(_, arguments) => arguments.iter().for_each(|argument| in_value(argument, visit)),
        Value::Select(condition, then, otherwise) => {
            in_value(condition, visit);
            for block in [then, otherwise] {
                for (local, value) in &block.locals {
                    visit(*local);
                    in_value(value, visit);
                }
                in_value(&block.value, visit);
            }
        }
    }
}

/// Whether all that is read stays where it is or goes forwards in short steps, and all that is written goes forwards, some of it from
/// neighbour to neighbour.
fn is_along_rows(body: &[Statement], variable: Variable) -> bool {
    let mut steps = Some(Vec::new());
    for statement in body {
        match statement {
            // A sum over all rounds is no row.
            Statement::Assign(local, _) if !declares(body, *local) => return false,
            Statement::Let(_, value) | Statement::Accumulator(_, value) | Statement::Assign(_, value) => {
                each_load(value, &mut |offset| note(&mut steps, offset, variable));
            }
            Statement::Store { offset, value, .. } => {
                if offset.coefficient(Label(variable.0)).is_zero() {
                    return false;
                }
                note(&mut steps, offset, variable);
                each_load(value, &mut |offset| note(&mut steps, offset, variable));
            }
            Statement::Comment(_) => {}
            Statement::For { .. } | Statement::Fill(..) | Statement::Product(_) => return false,
        }
    }
    steps.is_some_and(|steps| steps.contains(&1) && steps.iter().all(|step| (0..=FARTHEST).contains(step)))
}

fn declares(body: &[Statement], local: Local) -> bool {
    body.iter().any(|one| matches!(one, Statement::Accumulator(other, _) if *other == local))
}

fn note(steps: &mut Option<Vec<i64>>, offset: &Index, variable: Variable) {
    let label = Label(variable.0);
    let affine = offset.terms().all(|(atom, _)| matches!(atom, Atom::Label(_)) || !Index::atom(atom.clone()).mentions(label));
    let step = Some(offset.coefficient(label)).filter(|_| affine).as_ref().and_then(Extent::as_constant);
    match (step, steps.as_mut()) {
        (Some(step), Some(known)) => known.push(step),
        (None, _) | (_, None) => *steps = None,
    }
}

fn each_load(value: &Value, visit: &mut dyn FnMut(&Index)) {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) => {}
        Value::Load(_, offset) => visit(offset),
        Value::Apply(_, arguments) => arguments.iter().for_each(|argument| each_load(argument, visit)),
        Value::Select(condition, then, otherwise) => {
            each_load(condition, visit);
            for block in [then, otherwise] {
                block.locals.iter().for_each(|(_, value)| each_load(value, visit));
                each_load(&block.value, visit);
            }
        }
    }
}
