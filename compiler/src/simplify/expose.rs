//! Stable forms across definitions: a logarithm looks through the definitions that it reads, and a sum of exponentials under a
//! logarithm or a fraction becomes a `logsumexp`.
//!
//! `p = softmax(z)` and `log(p)` in another statement are `z - logsumexp(z)`; so is a softmax that was written by hand.

use super::definitions::add_auxiliary;
use super::{Report, formula, map_reads, set_body};
use crate::ir::{Definition, ExpressionId, Index, Label, Node, Program, TensorId};
use crate::ops::{Operator, Reduction};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Definitions are looked through at most this deep.
const DEEPEST: usize = 4;

/// The definitions that are not looked through, as that would never end: those of recurrences.
type Closed = BTreeSet<TensorId>;

/// Tries every logarithm, and every fraction with a sum of exponentials below.
pub fn expose(program: &mut Program, report: &mut Report) -> bool {
    let mut changed = false;
    let closed = program.recurrent();
    for id in program.order() {
        let Some(body) = program.definition(id).map(|definition| definition.body) else { continue };
        let mut replaced: FxHashMap<ExpressionId, ExpressionId> = FxHashMap::default();
        for node in program.expressions.reachable(body) {
            if let Some(better) = better(program, &closed, id, node, report) {
                replaced.insert(node, better);
            }
        }
        if !replaced.is_empty() {
            let new = program.expressions.replace(body, &replaced);
            set_body(program, id, new);
            changed = true;
        }
    }
    changed
}

fn better(program: &mut Program, closed: &Closed, id: TensorId, node: ExpressionId, report: &mut Report) -> Option<ExpressionId> {
    let Node::Apply(operator, arguments) = program.expressions.node(node).clone() else { return None };
    if operator == Operator::Log || operator == Operator::Log1P {
        logarithm(program, closed, id, operator, arguments[0], report)
    } else if operator == Operator::Divide {
        fraction(program, closed, id, [arguments[0], arguments[1]], report)
    } else {
        None
    }
}

/// `log(f)`, where a rule applies once f is written out.
fn logarithm(
    program: &mut Program,
    closed: &Closed,
    id: TensorId,
    operator: Operator,
    argument: ExpressionId,
    report: &mut Report,
) -> Option<ExpressionId> {
    if let (Operator::Log, Node::Read(sum, at)) = (operator, program.expressions.node(argument).clone())
        && let Some(logarithm) = logarithm_of_sum(program, closed, sum, report)
    {
        report.enter(&program.tensor(id).name);
        report.fired("log(sum(exp(a))) = logsumexp(a)");
        return Some(program.expressions.read(logarithm, at));
    }
    let open = look_through(program, closed, argument);
    if open == argument {
        return None;
    }
    let tried = program.expressions.apply(operator, &[open]);
    let mut attempt = Report::default();
    let simple = formula(program, id, tried, &mut attempt);
    let still = matches!(program.expressions.node(simple), Node::Apply(Operator::Log | Operator::Log1P, _));
    if still {
        return None;
    }
    report.add(&attempt);
    Some(simple)
}

/// `exp(a)·b / Σ exp` as `exp(a - logsumexp)·b`.
fn fraction(
    program: &mut Program,
    closed: &Closed,
    id: TensorId,
    [above, below]: [ExpressionId; 2],
    report: &mut Report,
) -> Option<ExpressionId> {
    let Node::Read(sum, at) = program.expressions.node(below).clone() else { return None };
    if !matches!(program.definition(sum)?.reduction, Some((Reduction::Sum, _))) {
        return None;
    }
    let open = look_through(program, closed, above);
    let Node::Apply(Operator::Exp, exponent) = program.expressions.node(open).clone() else { return None };
    let logarithm = logarithm_of_sum(program, closed, sum, report)?;
    report.enter(&program.tensor(id).name);
    report.fired("exp(a) / sum(exp(b)) = exp(a - logsumexp(b))");
    let logarithm = program.expressions.read(logarithm, at);
    let difference = program.expressions.apply(Operator::Subtract, &[exponent[0], logarithm]);
    let quotient = program.expressions.apply(Operator::Exp, &[difference]);
    Some(formula(program, id, quotient, report))
}

/// For `S = Σ exp(f)`: the definition `logsumexp(f)`.
fn logarithm_of_sum(program: &mut Program, closed: &Closed, sum: TensorId, report: &mut Report) -> Option<TensorId> {
    let Definition { reduction: Some((Reduction::Sum, extents)), body } = program.definition(sum)?.clone() else { return None };
    let open = look_through(program, closed, body);
    let open = formula(program, sum, open, report);
    let Node::Apply(Operator::Exp, exponent) = program.expressions.node(open).clone() else { return None };
    let definition = Definition { reduction: Some((Reduction::LogSumExp, extents)), body: exponent[0] };
    let known = program
        .ids()
        .find(|&id| program.definition(id) == Some(&definition) && program.tensor(id).shape == program.tensor(sum).shape);
    Some(known.unwrap_or_else(|| {
        let (shape, names) = (program.tensor(sum).shape.clone(), program.tensor(sum).label_names.clone());
        add_auxiliary(program, sum, "log", shape, names, definition)
    }))
}

/// The formula with the definitions that it reads written out, as far as they are formulas without a reduction.
fn look_through(program: &mut Program, closed: &Closed, root: ExpressionId) -> ExpressionId {
    let mut open = root;
    for _ in 0..DEEPEST {
        let read = program.expressions.tensors(open).into_iter().filter(|id| !closed.contains(id));
        let bodies: FxHashMap<TensorId, ExpressionId> = read
            .filter_map(|id| match program.definition(id) {
                Some(Definition { reduction: None, body }) => Some((id, *body)),
                Some(_) | None => None,
            })
            .collect();
        let next = map_reads(program, open, &mut |expressions, tensor, at: &[Index]| {
            let &body = bodies.get(&tensor)?;
            Some(expressions.substitute(body, &mut |Label(number)| at[number as usize].clone()))
        });
        if next == open {
            break;
        }
        open = next;
    }
    open
}
