//! The slope of a scalar formula for each of its reads: reverse mode within one formula.
//!
//! A `where` is a wall: what is found in a branch is guarded by its condition on the outside, so that a slope of the branch
//! that is not taken, however infinite, is never multiplied by anything.

use super::guards::{Guard, around};
use crate::ir::{ExpressionId, Expressions, Node};
use crate::ops::Operator;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// For each read of an active tensor, `upstream · ∂formula/∂read`. Reads are in the order of their ids.
pub type Contributions = BTreeMap<ExpressionId, ExpressionId>;

/// The contributions of a formula. `is_active` tells which reads are wanted.
pub fn contributions(
    expressions: &mut Expressions,
    formula: ExpressionId,
    upstream: ExpressionId,
    is_active: &dyn Fn(&Node) -> bool,
) -> Contributions {
    let live = live(expressions, formula, is_active);
    let mut walk = Walk { live, found: Contributions::new() };
    walk.region(expressions, formula, upstream, &mut |_, value| value);
    walk.found
}

/// The formulas below `root` on which an active read depends.
fn live(expressions: &Expressions, root: ExpressionId, is_active: &dyn Fn(&Node) -> bool) -> FxHashSet<ExpressionId> {
    let mut live = FxHashSet::default();
    for id in expressions.reachable(root) {
        let below = match expressions.node(id) {
            Node::Select(_, then, otherwise) => live.contains(then) || live.contains(otherwise),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) => {
                expressions.arguments(id).iter().any(|argument| live.contains(argument))
            }
        };
        if below || is_active(expressions.node(id)) {
            live.insert(id);
        }
    }
    live
}

struct Walk {
    live: FxHashSet<ExpressionId>,
    found: Contributions,
}

/// Puts the conditions that stand around a region around a value.
type Walls<'a> = dyn FnMut(&mut Expressions, ExpressionId) -> ExpressionId + 'a;

impl Walk {
    /// Walks the formulas between `root` and the next `where`s, users before arguments.
    fn region(&mut self, expressions: &mut Expressions, root: ExpressionId, upstream: ExpressionId, outer: &mut Walls<'_>) {
        let mut adjoints: FxHashMap<ExpressionId, ExpressionId> = FxHashMap::from_iter([(root, upstream)]);
        for id in self.users_first(expressions, root) {
            let Some(&adjoint) = adjoints.get(&id) else { continue };
            match expressions.node(id).clone() {
                Node::Number(_) | Node::Position(_) | Node::Random(..) => {}
                Node::Read(..) => {
                    let value = outer(expressions, adjoint);
                    let total = self.found.get(&id).map_or(value, |&other| plus(expressions, other, value));
                    self.found.insert(id, total);
                }
                Node::Select(condition, then, otherwise) => {
                    self.branches(expressions, condition, then, otherwise, adjoint, outer);
                }
                Node::Apply(..) => {
                    for (argument, partial) in partials(expressions, id) {
                        if !self.live.contains(&argument) {
                            continue;
                        }
                        let share = times(expressions, adjoint, partial);
                        let total = adjoints.get(&argument).map_or(share, |&other| plus(expressions, other, share));
                        adjoints.insert(argument, total);
                    }
                }
            }
        }
    }

    fn branches(
        &mut self,
        expressions: &mut Expressions,
        condition: ExpressionId,
        then: ExpressionId,
        otherwise: ExpressionId,
        adjoint: ExpressionId,
        outer: &mut Walls<'_>,
    ) {
        if self.live.contains(&then) {
            self.region(expressions, then, adjoint, &mut |e, value| {
                let guarded = around(e, Guard { condition, holds: true }, value);
                outer(e, guarded)
            });
        }
        if self.live.contains(&otherwise) {
            self.region(expressions, otherwise, adjoint, &mut |e, value| {
                let guarded = around(e, Guard { condition, holds: false }, value);
                outer(e, guarded)
            });
        }
    }

    /// The live formulas of a region, each before its arguments; a `where` is a leaf.
    fn users_first(&self, expressions: &Expressions, root: ExpressionId) -> Vec<ExpressionId> {
        let mut order = Vec::new();
        let mut seen = FxHashSet::default();
        let mut stack = vec![(root, false)];
        while let Some((id, entered)) = stack.pop() {
            if entered {
                order.push(id);
            } else if self.live.contains(&id) && seen.insert(id) {
                stack.push((id, true));
                if let Node::Apply(_, arguments) = expressions.node(id) {
                    stack.extend(arguments.iter().rev().map(|&argument| (argument, false)));
                }
            }
        }
        order.reverse();
        order
    }
}

/// The arguments of an operator on which its value depends with a slope, and their partials.
pub fn partials(expressions: &mut Expressions, id: ExpressionId) -> Vec<(ExpressionId, ExpressionId)> {
    let Node::Apply(operator, arguments) = expressions.node(id).clone() else { return Vec::new() };
    let partials = (operator.row().partials)(expressions, &arguments, id);
    arguments.into_iter().zip(partials).filter(|&(_, partial)| expressions.as_number(partial) != Some(0.0)).collect()
}

/// `a · b`, without the factors 1 and -1.
pub fn times(expressions: &mut Expressions, a: ExpressionId, b: ExpressionId) -> ExpressionId {
    match (expressions.as_number(a), expressions.as_number(b)) {
        (_, Some(1.0)) => a,
        (Some(1.0), _) => b,
        (_, Some(-1.0)) => expressions.apply(Operator::Negate, &[a]),
        (Some(-1.0), _) => expressions.apply(Operator::Negate, &[b]),
        (_, _) => expressions.apply(Operator::Multiply, &[a, b]),
    }
}

/// `a + b`
pub fn plus(expressions: &mut Expressions, a: ExpressionId, b: ExpressionId) -> ExpressionId {
    expressions.apply(Operator::Add, &[a, b])
}
