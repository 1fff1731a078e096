//! `log Σ exp f` in passes over a row, without overflow, and the numbers `exp(f - log Σ exp f)` of which it is the norm.

use super::inline::readers;
use super::lower::{auxiliary, redefine};
use super::offset::{label, plain};
use crate::ir::{Definition, ExpressionId, Extent, Index, Node, Program, TensorId};
use crate::ops::{Operator, Reduction};
use rustc_hash::FxHashMap;

/// `log Σ exp f` as `m + log Σ exp(f - m)` with `m = max f`, and `m` alone where it is infinite.
pub fn lower(program: &mut Program, id: TensorId, extents: Vec<Extent>, body: ExpressionId) {
    let shape = program.tensor(id).shape.clone();
    let rank = shape.len();
    let largest = Definition { reduction: Some((Reduction::Maximum, extents.clone())), body };
    let largest = auxiliary(program, id, "max", shape.clone(), largest);
    let read = program.expressions.read(largest, plain(rank));
    let shifted = program.expressions.apply(Operator::Subtract, &[body, read]);
    let exponential = program.expressions.apply(Operator::Exp, &[shifted]);
    let summed = extents.len();
    let sum = Definition { reduction: Some((Reduction::Sum, extents)), body: exponential };
    let sum = auxiliary(program, id, "sum", shape.clone(), sum);
    normalized(program, &Row { id, body, rank, summed, largest, sum });
    let expressions = &mut program.expressions;
    let sum = expressions.read(sum, plain(rank));
    let logarithm = expressions.apply(Operator::Log, &[sum]);
    let value = expressions.apply(Operator::Add, &[read, logarithm]);
    let infinite = is_infinite(program, read);
    let body = program.expressions.select(infinite, read, value);
    redefine(program, id, Definition { reduction: None, body });
}

fn is_infinite(program: &mut Program, number: ExpressionId) -> ExpressionId {
    let expressions = &mut program.expressions;
    let size = expressions.apply(Operator::Abs, &[number]);
    let infinity = expressions.number(f64::INFINITY);
    expressions.apply(Operator::Equal, &[size, infinity])
}

/// What a `logsumexp` is made of.
struct Row {
    id: TensorId,
    /// What is summed exponentially, over the axes and what is summed.
    body: ExpressionId,
    rank: usize,
    summed: usize,
    largest: TensorId,
    sum: TensorId,
}

/// Readers take `exp(f - log Σ exp f)` as `exp(f - m)` times `1 / Σ exp(f - m)`, or times 1 where m is infinite: no logarithm stands between the
/// sum and them, and nothing is rounded at the size of m.
fn normalized(program: &mut Program, row: &Row) {
    let readers = readers(program, &program.order()).remove(&row.id).unwrap_or_default();
    let mut scale = None;
    for reader in readers {
        let Some(definition) = program.definition(reader).cloned() else { continue };
        let mut replaced = FxHashMap::default();
        for (node, shifted, at) in exponentials(program, reader, row, definition.body) {
            let scale = *scale.get_or_insert_with(|| scale_of(program, row));
            let expressions = &mut program.expressions;
            let largest = expressions.read(row.largest, at.clone());
            let shifted = expressions.apply(Operator::Subtract, &[shifted, largest]);
            let exponential = expressions.apply(Operator::Exp, &[shifted]);
            let scale = expressions.read(scale, at);
            replaced.insert(node, expressions.apply(Operator::Multiply, &[exponential, scale]));
        }
        if !replaced.is_empty() {
            let body = program.expressions.replace(definition.body, &replaced);
            redefine(program, reader, Definition { body, ..definition });
        }
    }
}

/// `1 / Σ exp(f - m)`, and 1 where m is infinite.
fn scale_of(program: &mut Program, row: &Row) -> TensorId {
    let expressions = &mut program.expressions;
    let (sum, largest) = (expressions.read(row.sum, plain(row.rank)), expressions.read(row.largest, plain(row.rank)));
    let one = expressions.number(1.0);
    let inverse = expressions.apply(Operator::Divide, &[one, sum]);
    let infinite = is_infinite(program, largest);
    let body = program.expressions.select(infinite, one, inverse);
    let shape = program.tensor(row.id).shape.clone();
    auxiliary(program, row.id, "scale", shape, Definition { reduction: None, body })
}

/// The `exp(g - read)` in a formula where `read` is of the row and `g` is what is summed there, for some labels of the reader: the node, `g`
/// and where the row is read.
fn exponentials(
    program: &mut Program,
    reader: TensorId,
    row: &Row,
    body: ExpressionId,
) -> Vec<(ExpressionId, ExpressionId, Vec<Index>)> {
    let count = program.label_extents(reader).len();
    let mut found = Vec::new();
    for node in program.expressions.reachable(body) {
        let Node::Apply(Operator::Exp, argument) = program.expressions.node(node) else { continue };
        let Node::Apply(Operator::Subtract, sides) = program.expressions.node(argument[0]) else { continue };
        let (shifted, norm) = (sides[0], sides[1]);
        let Node::Read(tensor, at) = program.expressions.node(norm) else { continue };
        if *tensor != row.id {
            continue;
        }
        let at = at.clone();
        if choices(count, row.summed).iter().any(|summed| {
            let place = |number: usize| at.get(number).cloned().unwrap_or_else(|| Index::label(label(summed[number - row.rank])));
            program.expressions.substitute(row.body, &mut |old| place(old.0 as usize)) == shifted
        }) {
            found.push((node, shifted, at));
        }
    }
    found
}

/// All ways to choose some of the numbers below `count`, in every order; none if there are too many.
fn choices(count: usize, chosen: usize) -> Vec<Vec<usize>> {
    const MOST: usize = 512;
    let mut all = vec![Vec::new()];
    for _ in 0..chosen {
        let longer = all.iter().flat_map(|some: &Vec<usize>| {
            (0..count).filter(|next| !some.contains(next)).map(move |next| [some.as_slice(), &[next]].concat())
        });
        all = longer.collect();
        if all.len() > MOST {
            return Vec::new();
        }
    }
    all
}
