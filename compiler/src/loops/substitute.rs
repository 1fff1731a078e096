//! Statements with other leaves in their values: index forms in the place of loop variables, other locals, numbers that are known.

use super::{Block, Local, Statement, Value};
use crate::ir::{Index, Label};

/// What stands in the place of what.
pub struct Substitution<L, N> {
    label: L,
    local: N,
}

impl<L: FnMut(Label) -> Index, N: FnMut(Local) -> Local> Substitution<L, N> {
    /// Index forms in the place of variables, and locals in the place of locals.
    pub fn new(label: L, local: N) -> Self {
        Self { label, local }
    }

    /// A statement, with all that stands in it.
    pub fn statement(&mut self, statement: &Statement) -> Statement {
        if let Statement::For { variable, extent, backward, body } = statement {
            let body = body.iter().map(|statement| self.statement(statement)).collect();
            return Statement::For { variable: *variable, extent: extent.clone(), backward: *backward, body };
        }
        let Self { label, local } = self;
        let mut statement = with_leaves(statement, &mut |leaf| match leaf {
            Value::Local(name) => Value::Local(local(*name)),
            Value::Position(form) => Value::Position(form.substitute(label)),
            Value::Random(stream, form) => Value::Random(*stream, form.substitute(label)),
            Value::Load(buffer, offset) => Value::Load(*buffer, offset.substitute(label)),
            Value::Number(_) | Value::Apply(..) | Value::Select(..) => leaf.clone(),
        });
        if let Statement::Store { offset, .. } = &mut statement {
            *offset = offset.substitute(label);
        } else if let Statement::Product(product) = &mut statement {
            for operand in [&mut product.a, &mut product.b, &mut product.c] {
                operand.offset = operand.offset.substitute(label);
            }
        }
        statement
    }
}

/// A statement that is no loop and no call, with the values that are made of no others mapped. Where a local becomes another one, that is
/// declared and assigned in its place.
pub fn with_leaves(statement: &Statement, leaf: &mut dyn FnMut(&Value) -> Value) -> Statement {
    match statement {
        Statement::Let(local, value) => Statement::Let(renamed(*local, leaf), mapped(value, leaf)),
        Statement::Accumulator(local, value) => Statement::Accumulator(renamed(*local, leaf), mapped(value, leaf)),
        Statement::Assign(local, value) => Statement::Assign(renamed(*local, leaf), mapped(value, leaf)),
        Statement::Store { buffer, offset, value, accumulate } => {
            let value = mapped(value, leaf);
            Statement::Store { buffer: *buffer, offset: offset.clone(), value, accumulate: *accumulate }
        }
        Statement::Comment(_) | Statement::For { .. } | Statement::Fill(..) | Statement::Product(_) => statement.clone(),
    }
}

fn renamed(local: Local, leaf: &mut dyn FnMut(&Value) -> Value) -> Local {
    if let Value::Local(other) = leaf(&Value::Local(local)) { other } else { local }
}

fn mapped(value: &Value, leaf: &mut dyn FnMut(&Value) -> Value) -> Value {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => leaf(value),
        Value::Apply(operator, arguments) => {
            Value::Apply(*operator, arguments.iter().map(|argument| mapped(argument, leaf)).collect())
        }
        Value::Select(condition, then, otherwise) => {
            let condition = Box::new(mapped(condition, leaf));
            let [then, otherwise] = [then, otherwise].map(|block| {
                let locals = block.locals.iter().map(|(local, value)| (renamed(*local, leaf), mapped(value, leaf))).collect();
                Box::new(Block { locals, value: mapped(&block.value, leaf) })
            });
            Value::Select(condition, then, otherwise)
        }
    }
}
