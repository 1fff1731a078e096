//! Formulas under conditions: `where(a, where(b && c, f, 0), 0)`.

use super::expression::{ExpressionId, Expressions, Node};
use crate::ops::Operator;

/// A formula that is 0 where one of some conditions does not hold. Each condition is looked at only where those before it hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// The conditions.
    pub conditions: Vec<ExpressionId>,
    /// The formula.
    pub value: ExpressionId,
}

impl Guarded {
    /// A formula taken apart.
    pub fn of(expressions: &Expressions, body: ExpressionId) -> Self {
        let mut guarded = Self { conditions: Vec::new(), value: body };
        while let Node::Select(condition, then, otherwise) = *expressions.node(guarded.value)
            && expressions.as_number(otherwise) == Some(0.0)
        {
            conjunction(expressions, condition, &mut guarded.conditions);
            guarded.value = then;
        }
        guarded
    }

    /// The formula put together again.
    pub fn formula(&self, expressions: &mut Expressions) -> ExpressionId {
        let zero = expressions.number(0.0);
        self.conditions.iter().rev().fold(self.value, |value, &condition| expressions.select(condition, value, zero))
    }
}

/// The conditions that all must hold.
fn conjunction(expressions: &Expressions, condition: ExpressionId, parts: &mut Vec<ExpressionId>) {
    match expressions.node(condition) {
        Node::Apply(Operator::And, arguments) => {
            arguments.iter().for_each(|&argument| conjunction(expressions, argument, parts));
        }
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
            parts.push(condition);
        }
    }
}
