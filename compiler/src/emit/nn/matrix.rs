//! Matrix notation: element-wise formulas, products of matrices, sums over axes. It must not know of index notation.

use super::formula::tree;
use super::write::{binary, call, make, name, named, natural, text_name};
use crate::ir::{Definition, ExpressionId, Index, Label, Node, Program, TensorId};
use crate::ops::{Operator, Reduction};
use crate::syntax::tree::{Argument, Binary, Expression, ExpressionKind};

/// The right side of a definition in matrix notation, where it has one.
pub fn notation(program: &Program, id: TensorId) -> Option<Expression> {
    let Definition { reduction, body } = program.definition(id)?;
    let rank = program.tensor(id).shape.len();
    match reduction {
        None if rank == 0 => elementwise(program, *body, &[]),
        None => {
            let axes: Vec<Label> = labels(0..rank);
            has_whole(program, id, *body, &axes).then(|| elementwise(program, *body, &axes))?
        }
        Some((Reduction::Sum, more)) if more.len() == 1 => {
            product(program, id, *body).or_else(|| reduced(program, id, *body, Reduction::Sum, more.len()))
        }
        Some((reduction, more)) => reduced(program, id, *body, *reduction, more.len()),
    }
}

fn labels(range: std::ops::Range<usize>) -> Vec<Label> {
    range.map(|label| Label(u32::try_from(label).unwrap_or(u32::MAX))).collect()
}

/// The labels of a read, where it is at nothing else.
fn plain(at: &[Index]) -> Option<Vec<Label>> {
    at.iter().map(Index::as_label).collect()
}

/// All reads of a formula; `None` where it speaks of a position.
fn reads(program: &Program, body: ExpressionId) -> Option<Vec<(TensorId, Vec<Label>)>> {
    let mut found = Vec::new();
    for id in program.expressions.reachable(body) {
        match program.expressions.node(id) {
            Node::Position(_) => return None,
            Node::Read(tensor, at) => found.push((*tensor, plain(at)?)),
            Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
        }
    }
    Some(found)
}

/// Whether every read is of axes that are as long as their labels, and one is of all of them in order.
fn has_whole(program: &Program, id: TensorId, body: ExpressionId, order: &[Label]) -> bool {
    let Some(reads) = reads(program, body) else { return false };
    let extents = program.label_extents(id);
    let fits = |(tensor, at): &(TensorId, Vec<Label>)| {
        *tensor != id
            && program.tensor(*tensor).shape.iter().zip(at).all(|(axis, label)| extents.get(label.0 as usize) == Some(axis))
    };
    reads.iter().all(fits) && reads.iter().any(|(_, at)| at == order)
}

/// A formula whose reads are all of the last axes of `order`.
fn elementwise(program: &Program, body: ExpressionId, order: &[Label]) -> Option<Expression> {
    let reads = reads(program, body)?;
    if !reads.iter().all(|(_, at)| order.ends_with(at)) {
        return None;
    }
    Some(tree(program, body, &mut |tensor, _| named(&text_name(program, tensor)), &|_| natural(0)))
}

/// `x @ w`, `h.T @ d`, `d @ w.T`
fn product(program: &Program, id: TensorId, body: ExpressionId) -> Option<Expression> {
    let Node::Apply(Operator::Multiply, factors) = program.expressions.node(body) else { return None };
    let rank = program.tensor(id).shape.len();
    if rank < 2 {
        return None;
    }
    let (rows, column, inner) = (labels(0..rank - 1), labels(rank - 1..rank)[0], labels(rank..rank + 1)[0]);
    let operand = |factor: ExpressionId| match program.expressions.node(factor) {
        Node::Read(tensor, at) => Some((*tensor, plain(at)?)),
        Node::Number(_) | Node::Position(_) | Node::Apply(..) | Node::Select(..) => None,
    };
    let (first, second) = (operand(*factors.first()?)?, operand(*factors.get(1)?)?);
    let extents = program.label_extents(id);
    let fits = |(tensor, at): &(TensorId, Vec<Label>)| {
        *tensor != id
            && program.tensor(*tensor).shape.iter().zip(at).all(|(axis, label)| extents.get(label.0 as usize) == Some(axis))
    };
    if !fits(&first) || !fits(&second) {
        return None;
    }
    let as_product = |left: &(TensorId, Vec<Label>), right: &(TensorId, Vec<Label>)| {
        let straight: Vec<Label> = rows.iter().copied().chain([inner]).collect();
        let left_side = oriented(program, left, &straight)?;
        let right_side = oriented(program, right, &[inner, column])?;
        Some(binary(Binary::MatrixMultiply, left_side, right_side))
    };
    as_product(&first, &second).or_else(|| as_product(&second, &first))
}

/// A tensor with its axes in this order, transposed where that is needed (matrices alone).
fn oriented(program: &Program, (tensor, at): &(TensorId, Vec<Label>), order: &[Label]) -> Option<Expression> {
    let whole = named(&text_name(program, *tensor));
    if at == order {
        return Some(whole);
    }
    let turned = order.len() == 2 && at.len() == 2 && at[0] == order[1] && at[1] == order[0];
    turned.then(|| make(ExpressionKind::Transpose(Box::new(whole))))
}

/// `sum(d, axis = 0)`, `max(x, axis = [0, 2])`
fn reduced(program: &Program, id: TensorId, body: ExpressionId, reduction: Reduction, count: usize) -> Option<Expression> {
    let rank = program.tensor(id).shape.len();
    let whole = reads(program, body)?.into_iter().map(|(_, at)| at).find(|at| {
        let mut sorted = at.clone();
        sorted.sort_unstable();
        sorted == labels(0..rank + count)
    })?;
    if !has_whole(program, id, body, &whole) {
        return None;
    }
    let kept: Vec<Label> = whole.iter().copied().filter(|label| (label.0 as usize) < rank).collect();
    let gone: Vec<Label> = whole.iter().copied().filter(|label| (label.0 as usize) >= rank).collect();
    // Positions of the first largest are counted in the order of the labels.
    if kept != labels(0..rank) || gone != labels(rank..rank + count) {
        return None;
    }
    let value = elementwise(program, body, &whole)?;
    let axes: Vec<usize> = (0..whole.len()).filter(|&axis| (whole[axis].0 as usize) >= rank).collect();
    let over_all = matches!(reduction, Reduction::Sum | Reduction::Product | Reduction::Maximum | Reduction::Minimum);
    let is_arg = matches!(reduction, Reduction::ArgMaximum | Reduction::ArgMinimum);
    if is_arg && axes.len() > 1 {
        return None;
    }
    if rank == 0 && over_all {
        return Some(call(reduction.spelling(), vec![value]));
    }
    let number = |axis: usize| natural(axis as u64);
    let axis = match axes.as_slice() {
        [one] => number(*one),
        many => make(ExpressionKind::List(many.iter().map(|&axis| number(axis)).collect())),
    };
    let arguments = vec![Argument { name: None, value }, Argument { name: Some(name("axis")), value: axis }];
    Some(make(ExpressionKind::Call(Box::new(named(reduction.spelling())), arguments)))
}
