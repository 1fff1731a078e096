//! The engine: rewrites a formula from its leaves upwards until no rule applies.

use super::pattern::{Form, VARIABLES, is_commutative};
use super::report::Report;
use super::rules::{RULES, Rule};
use super::{like_terms, positions};
use crate::ir::{ExpressionId, Expressions, Extent, Node, Number, Program};
use crate::ops::{Operator, Runtime};
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// A formula is rewritten at most this often at one place; rules that undo each other would go on for ever.
const MOST_STEPS: usize = 64;

/// The rules by the operator at the root of their left side; those of `where` and of constants have none.
static BY_OPERATOR: LazyLock<FxHashMap<Option<Operator>, Vec<&'static Rule>>> = LazyLock::new(|| {
    let mut by_operator: FxHashMap<Option<Operator>, Vec<&'static Rule>> = FxHashMap::default();
    for rule in RULES.iter() {
        let head = match rule.from.form() {
            Form::Apply(operator, _) => Some(*operator),
            Form::Variable(_) | Form::AnyNumber(_) | Form::Number(_) | Form::Select(..) => None,
        };
        by_operator.entry(head).or_default().push(rule);
    }
    by_operator
});

/// Rewrites formulas of one definition.
pub struct Engine<'a> {
    /// The program whose tensors the formulas read. Its formulas are taken while the engine works.
    pub program: &'a Program,
    /// The extents of the definition's labels.
    pub extents: &'a [Extent],
    /// Which rules fired how often.
    pub report: &'a mut Report,
    known: FxHashMap<ExpressionId, ExpressionId>,
}

impl<'a> Engine<'a> {
    /// For a definition whose labels have these extents.
    pub fn new(program: &'a Program, extents: &'a [Extent], report: &'a mut Report) -> Self {
        Self { program, extents, report, known: FxHashMap::default() }
    }

    /// The simplest form of a formula.
    pub fn simplify(&mut self, expressions: &mut Expressions, root: ExpressionId) -> ExpressionId {
        if let Some(&done) = self.known.get(&root) {
            return done;
        }
        for id in expressions.reachable(root) {
            if self.known.contains_key(&id) {
                continue;
            }
            let node = match expressions.node(id).clone() {
                Node::Apply(operator, arguments) => Node::Apply(operator, arguments.iter().map(|a| self.known[a]).collect()),
                Node::Select(c, a, b) => Node::Select(self.known[&c], self.known[&a], self.known[&b]),
                leaf @ (Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..)) => leaf,
            };
            let rebuilt = expressions.intern(node);
            let simple = self.rewrite(expressions, rebuilt);
            self.known.insert(id, simple);
            self.known.insert(simple, simple);
        }
        self.known[&root]
    }

    /// Rewrites at the root of a formula whose arguments are simple.
    fn rewrite(&mut self, expressions: &mut Expressions, mut id: ExpressionId) -> ExpressionId {
        for _ in 0..MOST_STEPS {
            let Some(next) = self.step(expressions, id) else { return id };
            // The right side of a rule has new inner formulas, which may be simpler still.
            id = self.inner(expressions, next);
        }
        id
    }

    /// Simplifies the new formulas below a root that a rule has built; known ones are known.
    fn inner(&mut self, expressions: &mut Expressions, id: ExpressionId) -> ExpressionId {
        let arguments: Vec<_> = expressions.arguments(id);
        let simple: Vec<_> = arguments.iter().map(|&argument| self.simplify(expressions, argument)).collect();
        match expressions.node(id).clone() {
            Node::Apply(operator, _) => expressions.apply(operator, &simple),
            Node::Select(..) => expressions.select(simple[0], simple[1], simple[2]),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) => id,
        }
    }

    fn step(&mut self, expressions: &mut Expressions, id: ExpressionId) -> Option<ExpressionId> {
        let head = match expressions.node(id) {
            Node::Apply(operator, _) => Some(*operator),
            Node::Select(..) => None,
            Node::Number(_) => return None,
            Node::Position(_) | Node::Random(..) | Node::Read(..) => {
                return positions::simplify_leaf(self.program, expressions, self.extents, id);
            }
        };
        if let Some(folded) = fold(expressions, id) {
            return Some(folded);
        }
        if let Some(ordered) = order(expressions, id) {
            return Some(ordered);
        }
        if let Some(decided) = positions::simplify(self.program, expressions, self.extents, id) {
            return Some(decided);
        }
        for rule in BY_OPERATOR.get(&head)? {
            if let Some(to) = apply(rule, expressions, id) {
                self.report.fired(rule.name);
                return Some(to);
            }
        }
        let (sum, done) = like_terms::simplify(expressions, id)?;
        self.report.fired(done);
        Some(sum)
    }
}

fn apply(rule: &Rule, expressions: &mut Expressions, id: ExpressionId) -> Option<ExpressionId> {
    let mut found = None;
    rule.from.matches(expressions, id, &[None; VARIABLES], &mut |bindings| {
        let allowed = !rule.truth || bindings[0].is_some_and(|a| is_truth(expressions, a));
        found = allowed.then_some(*bindings);
        allowed
    });
    let to = rule.to.build(expressions, &found?);
    (to != id).then_some(to)
}

/// Whether a formula is 0 or 1 for certain.
pub(super) fn is_truth(expressions: &Expressions, id: ExpressionId) -> bool {
    match expressions.node(id) {
        Node::Apply(operator, _) => operator.is_truth(),
        Node::Number(number) => number.get() == 0.0 || number.get() == 1.0,
        Node::Select(_, a, b) => is_truth(expressions, *a) && is_truth(expressions, *b),
        Node::Position(_) | Node::Random(..) | Node::Read(..) => false,
    }
}

/// Constants are computed, conditions that are constants are decided.
fn fold(expressions: &mut Expressions, id: ExpressionId) -> Option<ExpressionId> {
    match expressions.node(id).clone() {
        Node::Apply(operator, arguments) => {
            let values: Option<Vec<Number>> = arguments.iter().map(|&argument| expressions.as_constant(argument)).collect();
            Some(expressions.constant(Number::apply(operator, &values?)))
        }
        Node::Select(condition, then, otherwise) => {
            let condition = expressions.as_number(condition)?;
            Some(if condition == 0.0 { otherwise } else { then })
        }
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) => None,
    }
}

/// The normal order of commutative operators: the older formula first, numbers last, and the sum that a term is added to before the term, so
/// that long sums keep the order in which they were written when one of their terms gets another form. `a > b` is `b < a` only where it
/// would otherwise be a second way to say the same, so comparisons stay as they are written.
fn order(expressions: &mut Expressions, id: ExpressionId) -> Option<ExpressionId> {
    let Node::Apply(operator, arguments) = expressions.node(id).clone() else { return None };
    if !is_commutative(operator) || matches!(operator.row().runtime, Runtime::Logical(_)) {
        return None;
    }
    let is_term = |argument: ExpressionId| {
        let is_sum = matches!(expressions.node(argument), Node::Apply(Operator::Add | Operator::Subtract, _));
        operator == Operator::Add && !is_sum
    };
    let key = |argument: ExpressionId| (expressions.as_number(argument).is_some(), is_term(argument), argument);
    (key(arguments[0]) > key(arguments[1])).then(|| expressions.apply(operator, &[arguments[1], arguments[0]]))
}
