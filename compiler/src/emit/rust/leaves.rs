//! Statements with the numbers that are known. It must not know why they are.

use crate::ir::Index;
use crate::loops::substitute::with_leaves;
use crate::loops::{BufferId, Local, Statement, Value};

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
    let body = body.iter().map(|statement| with_leaves(statement, &mut replaced)).collect();
    any.then_some(body)
}

/// The statements with the locals that are nothing but a number as that number.
pub fn with_numbers(body: Vec<Statement>) -> Vec<Statement> {
    let mut numbers: Vec<(Local, f64)> = Vec::new();
    let mut kept = Vec::new();
    for statement in body {
        let statement = with_leaves(&statement, &mut |leaf| match leaf {
            Value::Local(local) => match numbers.iter().find(|(known, _)| known == local) {
                Some((_, number)) => Value::Number(*number),
                None => leaf.clone(),
            },
            Value::Number(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => leaf.clone(),
            Value::Apply(..) | Value::Select(..) => leaf.clone(),
        });
        if let Statement::Let(local, Value::Number(number)) = statement {
            numbers.push((local, number));
        } else {
            kept.push(statement);
        }
    }
    kept
}
