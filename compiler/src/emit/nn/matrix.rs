//! Matrix notation: element-wise formulas, products of matrices, reductions of axes. It must not know of index notation.
//!
//! What is written is an [`Array`]: an expression whose axes are known by labels. Arrays are put together as NumPy does, the
//! last axes below each other, so that the text says what broadcasting makes of it.

use super::patterns;
use super::write::{binary, call, constant, extent, floating, make, name, natural};
use super::writer::Writer;
use crate::ir::{Atom, Definition, ExpressionId, Extent, Index, Label, Node, TensorId};
use crate::ops::{Operator, Reduction};
use crate::syntax::tree::{Argument, Binary, Expression, ExpressionKind};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// A definition that would be longer is not written in this notation.
const MOST_NODES: usize = 150;

/// An expression with its axes.
#[derive(Clone, Debug)]
pub struct Array {
    /// The expression.
    pub value: Expression,
    /// Its axes by labels; `None` for one of length one that is broadcast.
    pub axes: Vec<Option<Label>>,
    /// What it reads by name.
    pub names: BTreeSet<TensorId>,
    nodes: usize,
}

impl Array {
    fn scalar(value: Expression) -> Self {
        Self { value, axes: Vec::new(), names: BTreeSet::new(), nodes: 1 }
    }

    /// Made of this array alone.
    pub fn map(self, make: impl FnOnce(Expression) -> Expression) -> Self {
        Self { value: make(self.value), nodes: self.nodes + 1, ..self }
    }

    fn is_aligned(&self, order: &[Label]) -> bool {
        let pairs = self.axes.iter().rev().zip(order.iter().rev());
        self.axes.len() <= order.len() && pairs.into_iter().all(|(axis, label)| axis.is_none_or(|axis| axis == *label))
    }
}

/// What a formula is written for: its tensor, and the labels of the axes that the array has at most.
pub struct Frame<'f> {
    id: TensorId,
    extents: &'f [Extent],
    /// The axes.
    pub order: &'f [Label],
}

/// The right side of a definition in matrix notation, where it has one.
pub fn notation(writer: &Writer, id: TensorId) -> Option<Array> {
    let rank = writer.program.tensor(id).shape.len();
    match &writer.program.definition(id)?.reduction {
        None => {
            let (extents, order) = (writer.program.label_extents(id), labels(0..rank));
            let frame = Frame { id, extents: &extents, order: &order };
            covering(writer, &frame, writer.program.definition(id)?.body).or_else(|| padded(writer, id))
        }
        Some((Reduction::Sum, more)) if more.len() == 1 => {
            product(writer, id).or_else(|| reduced(writer, id, Reduction::Sum.spelling(), false))
        }
        Some((reduction, _)) => reduced(writer, id, reduction.spelling(), false),
    }
}

/// `pad(x, [[1, 1], [0, 2]])`
fn padded(writer: &Writer, id: TensorId) -> Option<Array> {
    let patterns::Padding { tensor, widths, value } = patterns::padding(writer.program, id)?;
    let list = |parts: Vec<Expression>| make(ExpressionKind::List(parts));
    let widths = widths.iter().map(|(low, high)| list(vec![natural(*low), natural(*high)])).collect();
    let axes = labels(0..writer.program.tensor(id).shape.len()).into_iter().map(Some).collect();
    let padded = by_name(writer, tensor).map(|whole| {
        let positional = |value| Argument { name: None, value };
        let mut arguments = vec![positional(whole), positional(list(widths))];
        if value != 0.0 {
            arguments.push(Argument { name: Some(name("value")), value: floating(value) });
        }
        make(ExpressionKind::Call(Box::new(super::write::named("pad")), arguments))
    });
    Some(Array { axes, ..padded })
}

fn labels(range: std::ops::Range<usize>) -> Vec<Label> {
    range.map(|label| Label(u32::try_from(label).unwrap_or(u32::MAX))).collect()
}

/// A formula that has all the axes of its frame.
fn covering(writer: &Writer, frame: &Frame, body: ExpressionId) -> Option<Array> {
    let array = elementwise(writer, frame, body)?;
    let mut axes = array.axes.iter().zip(frame.order);
    let covers = axes.all(|(axis, label)| axis.is_some() || frame.extents[label.0 as usize].is_one());
    (array.axes.len() == frame.order.len() && covers).then_some(array)
}

/// A formula, element by element. Without recursion: formulas may be deep.
pub fn elementwise(writer: &Writer, frame: &Frame, body: ExpressionId) -> Option<Array> {
    let mut done: FxHashMap<ExpressionId, Option<Array>> = FxHashMap::default();
    for id in writer.program.expressions.reachable(body) {
        let arguments = |ids: &[ExpressionId]| -> Option<Vec<Array>> {
            ids.iter().map(|id| done.get(id).and_then(Option::as_ref).cloned()).collect()
        };
        let made = match writer.program.expressions.node(id) {
            Node::Number(number) => Some(Array::scalar(constant(writer.program, *number))),
            Node::Position(index) => position(writer, frame, index),
            Node::Random(..) => None,
            Node::Read(tensor, at) => read(writer, frame, *tensor, at, None),
            Node::Apply(operator, of) => {
                let found = patterns::softmax(writer, frame, id, &done).or_else(|| mean(writer, frame, of, *operator));
                found.or_else(|| combined(arguments(of)?, |values| super::formula::apply(*operator, values)))
            }
            Node::Select(condition, then, otherwise) => {
                let parts = arguments(&[*condition, *then, *otherwise]);
                parts.and_then(|parts| combined(parts, |values| call("where", values)))
            }
        };
        done.insert(id, made.filter(|array| array.nodes <= MOST_NODES));
    }
    done.remove(&body).flatten()
}

/// Arrays put together.
fn combined(parts: Vec<Array>, make: impl FnOnce(Vec<Expression>) -> Expression) -> Option<Array> {
    let rank = parts.iter().map(|part| part.axes.len()).max().unwrap_or(0);
    let mut axes = vec![None; rank];
    let (mut names, mut nodes, mut values) = (BTreeSet::new(), 1, Vec::new());
    for part in parts {
        for (axis, own) in axes.iter_mut().rev().zip(part.axes.iter().rev()) {
            *axis = axis.or(*own);
        }
        names.extend(part.names);
        nodes += part.nodes;
        values.push(part.value);
    }
    Some(Array { value: make(values), axes, names, nodes })
}

/// A size, or an element of an integer tensor.
fn position(writer: &Writer, frame: &Frame, index: &Index) -> Option<Array> {
    if let Some(size) = index.as_extent() {
        return Some(Array::scalar(extent(writer.program, size)));
    }
    let mut terms = index.terms();
    match (terms.next()?, terms.next()) {
        ((Atom::Element(tensor, at), factor), None) if factor.is_one() && index.constant_part().is_zero() => {
            read(writer, frame, *tensor, at, None)
        }
        _ => None,
    }
}

/// A whole tensor whose axes are those of the frame; a reduction keeps its axes where this is needed.
fn read(writer: &Writer, frame: &Frame, tensor: TensorId, at: &[Index], word: Option<&str>) -> Option<Array> {
    let shape = &writer.program.tensor(tensor).shape;
    let axis = |(index, length): (&Index, &Extent)| match index.as_label() {
        Some(label) => (frame.extents.get(label.0 as usize) == Some(length)).then_some(Some(label)),
        None => (length.is_one() && index.as_extent().is_some_and(Extent::is_zero)).then_some(None),
    };
    let axes: Vec<Option<Label>> = at.iter().zip(shape).map(axis).collect::<Option<_>>()?;
    if tensor == frame.id {
        return None;
    }
    let inlined = |word: Option<&str>, keep: bool| writer.within(|| embedded(writer, tensor, word, keep));
    let plain = || match (word, writer.is_inlined(tensor)) {
        (Some(_), _) => inlined(word, false),
        (None, true) => inlined(None, false).or_else(|| Some(by_name(writer, tensor))),
        (None, false) => Some(by_name(writer, tensor)),
    };
    let whole = Array { axes: axes.clone(), ..Array::scalar(natural(0)) };
    if whole.is_aligned(frame.order) {
        return plain().map(|array| Array { axes, ..array });
    }
    if !writer.is_inlined(tensor) {
        return None;
    }
    let kept = inlined(word, true)?;
    let outer = |axis: Option<Label>| axis.and_then(|label| axes.get(label.0 as usize).copied().flatten());
    let kept = Array { axes: kept.axes.iter().map(|axis| outer(*axis)).collect(), ..kept };
    kept.is_aligned(frame.order).then_some(kept)
}

fn by_name(writer: &Writer, tensor: TensorId) -> Array {
    let value = super::write::named(&super::write::text_name(writer.program, tensor));
    Array { names: BTreeSet::from([tensor]), ..Array::scalar(value) }
}

/// A definition as a part of another.
fn embedded(writer: &Writer, id: TensorId, word: Option<&str>, keep: bool) -> Option<Array> {
    let reduction = writer.program.definition(id)?.reduction.as_ref().map(|(reduction, _)| *reduction);
    match (reduction, word) {
        (Some(_), Some(word)) => reduced(writer, id, word, keep),
        (Some(reduction), None) if keep => reduced(writer, id, reduction.spelling(), true),
        (None, None) if keep => None,
        (None, Some(_)) => None,
        (_, None) => notation(writer, id),
    }
}

/// A sum that is divided by how much it adds.
fn mean(writer: &Writer, frame: &Frame, of: &[ExpressionId], operator: Operator) -> Option<Array> {
    let (Operator::Divide, [sum, count]) = (operator, of) else { return None };
    let program = writer.program;
    let Node::Read(tensor, at) = program.expressions.node(*sum) else { return None };
    let Some((Reduction::Sum, more)) = &program.definition(*tensor)?.reduction else { return None };
    let all = Extent::product(more);
    #[allow(clippy::cast_precision_loss)]
    let fits = match program.expressions.node(*count) {
        Node::Position(index) => index.as_extent() == Some(&all),
        Node::Number(number) => all.as_constant().is_some_and(|all| all as f64 == number.get()),
        Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => false,
    };
    if !fits || !writer.is_inlined(*tensor) {
        return None;
    }
    read(writer, frame, *tensor, at, Some("mean"))
}

/// `x @ w`, `h.T @ d`, `d @ w.T`, `w @ x`
fn product(writer: &Writer, id: TensorId) -> Option<Array> {
    let Definition { body, .. } = writer.program.definition(id)?;
    let Node::Apply(Operator::Multiply, factors) = writer.program.expressions.node(*body) else { return None };
    let rank = writer.program.tensor(id).shape.len();
    let (own, inner) = (labels(0..rank), labels(rank..rank + 1)[0]);
    let extents = writer.program.label_extents(id);
    let operand = |factor: ExpressionId| match writer.program.expressions.node(factor) {
        Node::Read(tensor, at) if *tensor != id => {
            let at: Vec<Label> = at.iter().map(Index::as_label).collect::<Option<_>>()?;
            let mut axes = writer.program.tensor(*tensor).shape.iter().zip(&at);
            axes.all(|(axis, label)| extents.get(label.0 as usize) == Some(axis)).then_some((*tensor, at))
        }
        Node::Read(..) | Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => None,
    };
    let (first, second) = (operand(*factors.first()?)?, operand(*factors.get(1)?)?);
    let as_product = |left: &(TensorId, Vec<Label>), right: &(TensorId, Vec<Label>)| {
        let (rows, columns) = split(&own, left, right)?;
        let left_side = oriented(writer, left, &[rows.as_slice(), &[inner]].concat())?;
        let right_side = oriented(writer, right, &columns_order(&rows, &columns, inner, right.1.len()))?;
        let made = combined(vec![left_side, right_side], infix_product);
        made.map(|array| Array { axes: own.iter().copied().map(Some).collect(), ..array })
    };
    as_product(&first, &second).or_else(|| as_product(&second, &first))
}

fn infix_product(mut values: Vec<Expression>) -> Expression {
    let right = values.pop().unwrap_or_else(|| natural(0));
    binary(Binary::MatrixMultiply, values.pop().unwrap_or_else(|| natural(0)), right)
}

/// The axes of a product that come from its left operand, and those from its right one alone.
fn split(own: &[Label], left: &(TensorId, Vec<Label>), right: &(TensorId, Vec<Label>)) -> Option<(Vec<Label>, Vec<Label>)> {
    let rows = own.iter().copied().take_while(|label| left.1.contains(label)).collect::<Vec<_>>();
    let columns = own[rows.len()..].to_vec();
    let fits = left.1.len() == rows.len() + 1 && columns.len() <= 1 && right.1.len() > columns.len();
    // A vector for each of several matrices is no product of the language.
    let fits = fits && (!columns.is_empty() || right.1.len() == 1);
    (fits && (left.1.len() > 1 || right.1.len() > 1)).then_some((rows, columns))
}

/// How the axes of a right operand must stand: those that both have first, then the inner one and the column.
fn columns_order(rows: &[Label], columns: &[Label], inner: Label, rank: usize) -> Vec<Label> {
    let batches = rank.saturating_sub(columns.len() + 1).min(rows.len().saturating_sub(1));
    let shared = &rows[rows.len().saturating_sub(1) - batches..rows.len().saturating_sub(1)];
    [shared, &[inner], columns].concat()
}

/// A tensor with its axes in this order, transposed where that is needed (matrices alone).
fn oriented(writer: &Writer, (tensor, at): &(TensorId, Vec<Label>), order: &[Label]) -> Option<Array> {
    let whole = || match writer.is_inlined(*tensor) {
        true => writer.within(|| notation(writer, *tensor)).unwrap_or_else(|| by_name(writer, *tensor)),
        false => by_name(writer, *tensor),
    };
    if at == order {
        return Some(whole());
    }
    let turned = order.len() == 2 && at.len() == 2 && at[0] == order[1] && at[1] == order[0];
    turned.then(|| whole().map(|value| make(ExpressionKind::Transpose(Box::new(value)))))
}

/// `sum(d, axis = 0)`, `max(x, axis = [0, 2])`
fn reduced(writer: &Writer, id: TensorId, word: &str, keep: bool) -> Option<Array> {
    let Definition { reduction: Some((reduction, more)), body } = writer.program.definition(id)? else { return None };
    let rank = writer.program.tensor(id).shape.len();
    let (extents, all) = (writer.program.label_extents(id), labels(0..rank + more.len()));
    let is_reduced = |label: &Label| (label.0 as usize) >= rank;
    let mut orders: Vec<Vec<Label>> = Vec::new();
    for node in writer.program.expressions.reachable(*body) {
        if let Node::Read(_, at) = writer.program.expressions.node(node)
            && let Some(order) = at.iter().map(Index::as_label).collect::<Option<Vec<Label>>>()
            && order.len() == all.len()
            && all.iter().all(|label| order.contains(label))
            && !orders.contains(&order)
        {
            orders.push(order);
        }
    }
    orders.push(all.clone());
    orders.push(all[rank..].iter().chain(&all[..rank]).copied().collect());
    orders.truncate(4);
    orders.into_iter().find_map(|order| {
        // Positions of the first largest are counted in the order of the labels.
        let (gone, kept): (Vec<Label>, Vec<Label>) = order.iter().copied().partition(is_reduced);
        let is_arg = matches!(reduction, Reduction::ArgMaximum | Reduction::ArgMinimum);
        if kept != all[..rank] || gone != all[rank..] || is_arg && gone.len() > 1 {
            return None;
        }
        let frame = Frame { id, extents: &extents, order: &order };
        let array = covering(writer, &frame, *body)?;
        let axes: Vec<usize> = (0..order.len()).filter(|&axis| is_reduced(&order[axis])).collect();
        let left = order.iter().map(|label| (!is_reduced(label)).then_some(*label));
        let left = left.filter(|axis| keep || axis.is_some()).collect();
        Some(Array { axes: left, ..array.map(|value| reduce_call(word, *reduction, value, &axes, order.len(), keep)) })
    })
}

fn reduce_call(word: &str, reduction: Reduction, value: Expression, axes: &[usize], rank: usize, keep: bool) -> Expression {
    let over_last = reduction.takes_last_axis();
    let is_default = if over_last { axes == [rank - 1] } else { axes.len() == rank };
    let mut arguments = vec![Argument { name: None, value }];
    if !is_default {
        let number = |axis: usize| natural(axis as u64);
        let axis = match axes {
            [one] if *one + 1 == rank && rank > 1 => super::write::unary(crate::syntax::tree::Unary::Negate, natural(1)),
            [one] => number(*one),
            many => make(ExpressionKind::List(many.iter().map(|&axis| number(axis)).collect())),
        };
        arguments.push(Argument { name: Some(name("axis")), value: axis });
    }
    if keep {
        arguments.push(Argument { name: Some(name("keepdims")), value: make(ExpressionKind::Boolean(true)) });
    }
    make(ExpressionKind::Call(Box::new(super::write::named(word)), arguments))
}
