//! Formulas under conditions: `where(a, where(b && c, f, 0), 0)`.

use super::expression::{ExpressionId, Expressions, Node};
use super::program::{Program, TensorId};
use crate::ops::Operator;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

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

    /// The same with neighbouring conditions that read nothing asked at once.
    pub fn joined(self, expressions: &mut Expressions) -> ExpressionId {
        let mut conditions: Vec<ExpressionId> = Vec::new();
        for condition in self.conditions {
            match conditions.last_mut() {
                Some(last) if reads_nothing(expressions, *last) && reads_nothing(expressions, condition) => {
                    *last = expressions.apply(Operator::And, &[*last, condition]);
                }
                Some(_) | None => conditions.push(condition),
            }
        }
        Self { conditions, value: self.value }.formula(expressions)
    }
}

fn reads_nothing(expressions: &Expressions, condition: ExpressionId) -> bool {
    let mut reads = false;
    expressions.each_tensor(condition, &mut |_| reads = true);
    !reads
}

/// The conditions that all must hold where one does.
pub fn conditions(expressions: &Expressions, condition: ExpressionId) -> Vec<ExpressionId> {
    let mut parts = Vec::new();
    conjunction(expressions, condition, &mut parts);
    parts
}

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

/// The tensors whose numbers reach a result, whatever conditions say: results, and what these read outside of branches, however indirectly.
pub fn read_outside(program: &Program) -> BTreeSet<TensorId> {
    let mut reached = BTreeSet::new();
    let mut tensors: Vec<TensorId> = program.roots.iter().map(|root| root.tensor).collect();
    while let Some(tensor) = tensors.pop() {
        if !reached.insert(tensor) {
            continue;
        }
        let mut open: Vec<ExpressionId> = program.definition(tensor).map(|definition| definition.body).into_iter().collect();
        let mut seen = FxHashSet::default();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            match program.expressions.node(id) {
                Node::Select(condition, ..) => open.push(*condition),
                Node::Apply(_, arguments) => open.extend(arguments),
                Node::Read(read, _) => tensors.push(*read),
                Node::Number(_) | Node::Position(_) | Node::Random(..) => {}
            }
        }
    }
    reached
}
