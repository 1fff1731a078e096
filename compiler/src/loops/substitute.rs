//! Statements with other index forms in the place of loop variables, and with other locals.

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

    /// A statement that is no loop and no call; those stay as they are.
    pub fn statement(&mut self, statement: &Statement) -> Statement {
        match statement {
            Statement::Let(local, value) => Statement::Let((self.local)(*local), self.value(value)),
            Statement::Accumulator(local, value) => Statement::Accumulator((self.local)(*local), self.value(value)),
            Statement::Assign(local, value) => Statement::Assign((self.local)(*local), self.value(value)),
            Statement::Store { buffer, offset, value, accumulate } => {
                let value = self.value(value);
                Statement::Store { buffer: *buffer, offset: self.index(offset), value, accumulate: *accumulate }
            }
            Statement::Comment(_) | Statement::For { .. } | Statement::Fill(..) | Statement::Product(_) => statement.clone(),
        }
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::Number(_) => value.clone(),
            Value::Local(local) => Value::Local((self.local)(*local)),
            Value::Position(form) => Value::Position(self.index(form)),
            Value::Random(stream, form) => Value::Random(*stream, self.index(form)),
            Value::Load(buffer, offset) => Value::Load(*buffer, self.index(offset)),
            Value::Apply(operator, arguments) => {
                Value::Apply(*operator, arguments.iter().map(|argument| self.value(argument)).collect())
            }
            Value::Select(condition, then, otherwise) => {
                let condition = Box::new(self.value(condition));
                let [then, otherwise] = [then, otherwise].map(|block| Box::new(self.block(block)));
                Value::Select(condition, then, otherwise)
            }
        }
    }

    fn block(&mut self, block: &Block) -> Block {
        let locals = block.locals.iter().map(|(local, value)| ((self.local)(*local), self.value(value))).collect();
        Block { locals, value: self.value(&block.value) }
    }

    fn index(&mut self, index: &Index) -> Index {
        index.substitute(&mut self.label)
    }
}
