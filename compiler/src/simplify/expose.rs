//! Stable forms across definitions: a logarithm looks through the definitions that it reads, and a sum of exponentials under a
//! logarithm or a fraction becomes a `logsumexp`.
//!
//! `p = softmax(z)` and `log(p)` in another statement are `z - logsumexp(z)`; so is a softmax that was written by hand. No more definitions
//! are looked through than that takes: what z is made of stays behind its name, so that all of its gradient meets there.

use super::definitions::add_auxiliary;
use super::{Report, formula, map_reads, set_body};
use crate::diff::plain_labels;
use crate::ir::{Definition, ExpressionId, Expressions, Index, Label, Node, Program, TensorId};
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
        return Some(program.expressions.substitute(logarithm, &mut |Label(number)| at[number as usize].clone()));
    }
    let mut open = argument;
    for _ in 0..DEEPEST {
        open = look_through(program, closed, open)?;
        let tried = program.expressions.apply(operator, &[open]);
        let mut attempt = Report::default();
        let simple = formula(program, id, tried, &mut attempt);
        if !matches!(program.expressions.node(simple), Node::Apply(Operator::Log | Operator::Log1P, _)) {
            report.add(&attempt);
            return Some(simple);
        }
    }
    None
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
    let exponent = exponent(program, closed, above, &mut |_, open| open)?;
    let logarithm = logarithm_of_sum(program, closed, sum, report)?;
    report.enter(&program.tensor(id).name);
    report.fired("exp(a) / sum(exp(b)) = exp(a - logsumexp(b))");
    let logarithm = program.expressions.substitute(logarithm, &mut |Label(number)| at[number as usize].clone());
    let difference = program.expressions.apply(Operator::Subtract, &[exponent, logarithm]);
    let quotient = program.expressions.apply(Operator::Exp, &[difference]);
    Some(formula(program, id, quotient, report))
}

/// For `S = Σ_k exp(f + c)`: the formula `logsumexp(f) + c`, where k does not occur in c. Who subtracts the largest number of a row by hand, so
/// that nothing overflows, needs it no more.
fn logarithm_of_sum(program: &mut Program, closed: &Closed, sum: TensorId, report: &mut Report) -> Option<ExpressionId> {
    let Definition { reduction: Some((Reduction::Sum, extents)), body } = program.definition(sum)?.clone() else { return None };
    let exponent = exponent(program, closed, body, &mut |program, open| formula(program, sum, open, report))?;
    let rank = program.tensor(sum).shape.len();
    let (exponent, outside) = parted(&mut program.expressions, rank, exponent);
    let definition = Definition { reduction: Some((Reduction::LogSumExp, extents)), body: exponent? };
    let known = program
        .ids()
        .find(|&id| program.definition(id) == Some(&definition) && program.tensor(id).shape == program.tensor(sum).shape);
    let logarithm = known.unwrap_or_else(|| {
        let (shape, names) = (program.tensor(sum).shape.clone(), program.tensor(sum).label_names.clone());
        add_auxiliary(program, sum, "log", shape, names, definition)
    });
    let logarithm = program.expressions.read(logarithm, plain_labels(rank));
    Some(added(&mut program.expressions, Some(logarithm), outside).unwrap_or(logarithm))
}

/// The terms of a formula in which labels behind the first `rank` occur, and those in which none does; each added up.
fn parted(expressions: &mut Expressions, rank: usize, formula: ExpressionId) -> (Option<ExpressionId>, Option<ExpressionId>) {
    let mut occurs = false;
    expressions.each_label(formula, &mut |Label(number)| occurs |= number as usize >= rank);
    if !occurs {
        return (None, Some(formula));
    }
    match expressions.node(formula).clone() {
        Node::Apply(operator @ (Operator::Add | Operator::Subtract), arguments) => {
            let (inside, outside) = parted(expressions, rank, arguments[0]);
            let mut second = parted(expressions, rank, arguments[1]);
            if operator == Operator::Subtract {
                let mut negated = |part: Option<ExpressionId>| part.map(|part| expressions.apply(Operator::Negate, &[part]));
                second = (negated(second.0), negated(second.1));
            }
            (added(expressions, inside, second.0), added(expressions, outside, second.1))
        }
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
            (Some(formula), None)
        }
    }
}

fn added(expressions: &mut Expressions, one: Option<ExpressionId>, other: Option<ExpressionId>) -> Option<ExpressionId> {
    match (one, other) {
        (Some(one), Some(other)) => Some(expressions.apply(Operator::Add, &[one, other])),
        (one, other) => one.or(other),
    }
}

/// For `exp(f)`, behind as few definitions as it is: the formula f.
fn exponent(
    program: &mut Program,
    closed: &Closed,
    root: ExpressionId,
    simplify: &mut dyn FnMut(&mut Program, ExpressionId) -> ExpressionId,
) -> Option<ExpressionId> {
    let mut open = root;
    for depth in 0..=DEEPEST {
        if depth > 0 {
            open = look_through(program, closed, open)?;
        }
        let simple = simplify(program, open);
        if let Node::Apply(Operator::Exp, exponent) = program.expressions.node(simple) {
            return Some(exponent[0]);
        }
    }
    None
}

/// The formula with the definitions that it reads written out, those that are formulas without a reduction; `None` where it reads none.
fn look_through(program: &mut Program, closed: &Closed, root: ExpressionId) -> Option<ExpressionId> {
    let read = program.expressions.tensors(root).into_iter().filter(|id| !closed.contains(id));
    let bodies: FxHashMap<TensorId, ExpressionId> = read
        .filter_map(|id| match program.definition(id) {
            Some(Definition { reduction: None, body }) => Some((id, *body)),
            Some(_) | None => None,
        })
        .collect();
    let open = map_reads(program, root, &mut |expressions, tensor, at: &[Index]| {
        let &body = bodies.get(&tensor)?;
        Some(expressions.substitute(body, &mut |Label(number)| at[number as usize].clone()))
    });
    (open != root).then_some(open)
}
