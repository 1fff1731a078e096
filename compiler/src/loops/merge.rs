//! Two loops, one in the other, that walk through memory as one longer loop would are that loop, so that rows are as long as memory allows. It
//! must not know what is computed.

use super::substitute::Substitution;
use super::{Block, Product, Statement, Value};
use crate::ir::{Atom, Extent, Index, Label};

/// Merges the loops of statements. The outermost loop of all stays, since threads may share its rounds.
pub fn merge(body: &mut [Statement]) {
    for statement in body {
        if let Statement::For { body, .. } = statement {
            body.iter_mut().for_each(in_loop);
        }
    }
}

fn in_loop(statement: &mut Statement) {
    let Statement::For { body, .. } = statement else { return };
    body.iter_mut().for_each(in_loop);
    if let Some(merged) = merged(statement) {
        *statement = merged;
    }
}

/// A loop with nothing but a loop in it as one, if it is one.
fn merged(statement: &Statement) -> Option<Statement> {
    let Statement::For { variable: outer, extent: rounds, backward: false, body } = statement else { return None };
    let [Statement::For { variable, extent, backward: false, body }] = body.as_slice() else { return None };
    let pair = Pair { outer: Label(outer.0), inner: Label(variable.0), length: extent };
    if !body.iter().all(|statement| pair.is_one_in(statement)) {
        return None;
    }
    let first = |label: Label| if label.0 == outer.0 { Index::constant(0) } else { Index::label(label) };
    let mut first = Substitution::new(first, |local| local);
    let body = body.iter().map(|statement| first.statement(statement)).collect();
    Some(Statement::For { variable: *variable, extent: rounds.times(extent), backward: false, body })
}

/// The variables of two loops, and the length of the inner one.
struct Pair<'a> {
    outer: Label,
    inner: Label,
    length: &'a Extent,
}

impl Pair<'_> {
    /// Whether a form goes on where a round of the outer loop ends.
    fn is_one(&self, form: &Index) -> bool {
        let is_within = |atom: &Atom| {
            let form = Index::atom(atom.clone());
            !matches!(atom, Atom::Label(_)) && (form.mentions(self.outer) || form.mentions(self.inner))
        };
        !form.terms().any(|(atom, _)| is_within(atom))
            && form.coefficient(self.outer) == form.coefficient(self.inner).times(self.length)
    }

    fn is_one_in(&self, statement: &Statement) -> bool {
        match statement {
            Statement::For { body, .. } => body.iter().all(|statement| self.is_one_in(statement)),
            Statement::Let(_, value) | Statement::Accumulator(_, value) | Statement::Assign(_, value) => self.is_one_of(value),
            Statement::Store { offset, value, .. } => self.is_one(offset) && self.is_one_of(value),
            Statement::Product(product) => {
                let Product { a, b, c, .. } = product.as_ref();
                [a, b, c].iter().all(|operand| self.is_one(&operand.offset))
            }
            Statement::Comment(_) | Statement::Fill(..) => true,
        }
    }

    fn is_one_of(&self, value: &Value) -> bool {
        match value {
            Value::Number(_) | Value::Local(_) => true,
            Value::Position(form) | Value::Random(_, form) | Value::Load(_, form) => self.is_one(form),
            Value::Apply(_, arguments) => arguments.iter().all(|argument| self.is_one_of(argument)),
            Value::Select(condition, then, otherwise) => {
                let in_block =
                    |block: &Block| self.is_one_of(&block.value) && block.locals.iter().all(|(_, value)| self.is_one_of(value));
                self.is_one_of(condition) && in_block(then) && in_block(otherwise)
            }
        }
    }
}
