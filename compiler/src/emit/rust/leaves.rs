//! Statements with other leaves in their values. It must not know why.

use crate::ir::{Index, Label};
use crate::loops::{Block, BufferId, Local, Statement, Value};

/// The statements with an index form in the place of each variable.
pub fn moved(body: &[Statement], variable: &mut dyn FnMut(Label) -> Index) -> Vec<Statement> {
    body.iter()
        .map(|statement| {
            let mut statement = with_values(statement, &mut |value| {
                with_leaves(value, &mut |leaf| match leaf {
                    Value::Position(form) => Value::Position(form.substitute(variable)),
                    Value::Random(stream, form) => Value::Random(*stream, form.substitute(variable)),
                    Value::Load(buffer, offset) => Value::Load(*buffer, offset.substitute(variable)),
                    Value::Number(_) | Value::Local(_) | Value::Apply(..) | Value::Select(..) => leaf.clone(),
                })
            });
            if let Statement::Store { offset, .. } = &mut statement {
                *offset = offset.substitute(variable);
            }
            statement
        })
        .collect()
}

/// The statements with the numbers that are known in the place of loads; `None` where there is no such load.
pub fn loaded(body: &[Statement], known: &dyn Fn(BufferId, &Index) -> Option<f64>) -> Option<Vec<Statement>> {
    let mut any = false;
    let mut replaced = |leaf: &Value| match leaf {
        Value::Load(buffer, offset) => match known(*buffer, offset) {
            Some(number) => {
                any = true;
                Value::Number(number)
            }
            None => leaf.clone(),
        },
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Apply(..) | Value::Select(..) => {
            leaf.clone()
        }
    };
    let body = body.iter().map(|statement| with_values(statement, &mut |value| with_leaves(value, &mut replaced))).collect();
    any.then_some(body)
}

/// The statements with the locals that are nothing but a number as that number.
pub fn with_numbers(body: Vec<Statement>) -> Vec<Statement> {
    let mut numbers: Vec<(Local, f64)> = Vec::new();
    let mut kept = Vec::new();
    for statement in body {
        let statement = with_values(&statement, &mut |value| {
            with_leaves(value, &mut |leaf| match leaf {
                Value::Local(local) => match numbers.iter().find(|(known, _)| known == local) {
                    Some((_, number)) => Value::Number(*number),
                    None => leaf.clone(),
                },
                Value::Number(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => leaf.clone(),
                Value::Apply(..) | Value::Select(..) => leaf.clone(),
            })
        });
        if let Statement::Let(local, Value::Number(number)) = statement {
            numbers.push((local, number));
        } else {
            kept.push(statement);
        }
    }
    kept
}

/// A statement of an innermost loop with other values.
fn with_values(statement: &Statement, map: &mut dyn FnMut(&Value) -> Value) -> Statement {
    match statement {
        Statement::Let(local, value) => Statement::Let(*local, map(value)),
        Statement::Accumulator(local, value) => Statement::Accumulator(*local, map(value)),
        Statement::Assign(local, value) => Statement::Assign(*local, map(value)),
        Statement::Store { buffer, offset, value, accumulate } => {
            Statement::Store { buffer: *buffer, offset: offset.clone(), value: map(value), accumulate: *accumulate }
        }
        Statement::Comment(_) | Statement::For { .. } | Statement::Fill(..) | Statement::Product(_) => statement.clone(),
    }
}

/// A value with other leaves.
fn with_leaves(value: &Value, map: &mut dyn FnMut(&Value) -> Value) -> Value {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => map(value),
        Value::Apply(operator, arguments) => {
            Value::Apply(*operator, arguments.iter().map(|argument| with_leaves(argument, map)).collect())
        }
        Value::Select(condition, then, otherwise) => {
            let condition = Box::new(with_leaves(condition, map));
            let [then, otherwise] = [then, otherwise].map(|block| {
                let locals = block.locals.iter().map(|(local, value)| (*local, with_leaves(value, map))).collect();
                Box::new(Block { locals, value: with_leaves(&block.value, map) })
            });
            Value::Select(condition, then, otherwise)
        }
    }
}
