//! Products of many factors, step by step: the slope of each is the product of all others, which costs as many multiplications as there
//! are pairs of factors when each is computed alone.
//!
//! ```text
//! p[i] = Π_k f[i, k]      before[i, k] = where(k == 0, 1, upto[i, k - 1])
//!                         upto[i, k] = before[i, k] · f[i, k]
//!                         p[i] = upto[i, n - 1]
//! ```
//!
//! So written, the gradient of a loss and every derivative along a vector has a few multiplications for each factor, and no factor is
//! divided by: it is right with zeros among them. What a Jacobian may be taken of is left as it is: a recurrence would hide its structure.

use crate::diff::plain_labels;
use crate::ir::{Definition, Element, ExpressionId, Extent, Index, Label, Node, Program, Role, Root, Source, Tensor, TensorId};
use crate::ops::{Operator, Reduction};
use std::collections::BTreeSet;

/// Writes the products by which a tensor depends on one of `wrt` and that have more than `most` factors step by step, those within a
/// recurrence excepted.
pub fn stepwise(program: &mut Program, of: TensorId, wrt: &[TensorId], most: i64) {
    let recurrent = program.recurrent();
    let saved = std::mem::replace(&mut program.roots, vec![Root { role: Role::Loss, tensor: of }]);
    let mut active: BTreeSet<TensorId> = wrt.iter().copied().collect();
    for id in program.order() {
        if recurrent.contains(&id) || program.dependencies(id).iter().any(|read| active.contains(read)) {
            active.insert(id);
        }
        let is_free = active.contains(&id) && !recurrent.contains(&id) && !wrt.contains(&id);
        if let Some(Definition { reduction: Some((Reduction::Product, extents)), body }) = program.definition(id).cloned()
            && is_free
            && program.tensor(id).element == Element::Real
        {
            let length = extents.iter().fold(Extent::one(), |product, extent| product.times(extent));
            if length.as_constant().is_none_or(|count| count > most) {
                let body = product(program, id, &extents, &length, body);
                set(program, id, body);
            }
        }
    }
    program.roots = saved;
}

/// The product of factors, one after the other; those along several labels stand in the order of a row.
fn product(program: &mut Program, id: TensorId, extents: &[Extent], length: &Extent, body: ExpressionId) -> ExpressionId {
    let rank = program.tensor(id).shape.len();
    let along = Index::label(label(rank));
    let at = |place: Index| plain_labels(rank).into_iter().chain([place]).collect();
    let mut axes = program.tensor(id).shape.clone();
    axes.push(length.clone());
    let factor = factor(program, id, extents, body);
    let one = program.expressions.number(1.0);
    let before = define(program, id, "before", &axes, one);
    let read = program.expressions.read(before, plain_labels(rank + 1));
    let with = program.expressions.apply(Operator::Multiply, &[read, factor]);
    let upto = define(program, id, "upto", &axes, with);
    let expressions = &mut program.expressions;
    let last = expressions.read(upto, at(along.plus(&Index::constant(Extent::constant(-1)))));
    let (position, zero) = (expressions.position(along), expressions.number(0.0));
    let is_first = expressions.apply(Operator::Equal, &[position, zero]);
    let body = expressions.select(is_first, one, last);
    set(program, before, body);
    program.expressions.read(upto, at(Index::constant(length.plus_constant(-1))))
}

/// The factor at a place of the row. What is more than a read is computed once.
fn factor(program: &mut Program, id: TensorId, extents: &[Extent], body: ExpressionId) -> ExpressionId {
    let own = program.label_extents(id);
    let body = match program.expressions.node(body) {
        Node::Read(..) => body,
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => {
            let factors = define(program, id, "factors", &own, body);
            program.expressions.read(factors, plain_labels(own.len()))
        }
    };
    let rank = own.len() - extents.len();
    let mut place = plain_labels(rank + 1);
    let mut rest = place.remove(rank);
    let mut digits = Vec::new();
    for (number, extent) in extents.iter().enumerate().rev() {
        digits.push(if number == 0 { rest.clone() } else { rest.remainder(extent) });
        rest = rest.quotient(extent);
    }
    place.extend(digits.into_iter().rev());
    program.expressions.substitute(body, &mut |Label(number)| place[number as usize].clone())
}

fn define(program: &mut Program, like: TensorId, suffix: &str, axes: &[Extent], body: ExpressionId) -> TensorId {
    let original = program.tensor(like);
    let tensor = Tensor {
        name: format!("{}_{suffix}", original.name),
        shape: axes.to_vec(),
        element: Element::Real,
        source: Source::Defined(Definition { reduction: None, body }),
        label_names: (0..axes.len()).map(|axis| program.label_name(like, label(axis))).collect(),
        span: original.span,
        documentation: Vec::new(),
    };
    program.add(tensor)
}

fn set(program: &mut Program, id: TensorId, body: ExpressionId) {
    program.tensors[id.0 as usize].source = Source::Defined(Definition { reduction: None, body });
}

fn label(number: usize) -> Label {
    Label(u32::try_from(number).unwrap_or(u32::MAX))
}
