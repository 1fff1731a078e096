//! Adjoints that are products of formulas over fewer axes: `T[i, j] = a[i] * b[j]` is read through, and has fewer numbers to store
//! and to compute with. This chooses the order in which derivatives are multiplied: a factor that the chain rule carries along
//! leaves all sums on its way, and those are over fewer axes.
//!
//! A factor that all terms of a sum have is one of the whole, also where a term stands under a condition: then only one that is a
//! number for all data may leave it.

use super::definitions::is_adjoint;
use super::diagonal::{axes, over_own_axes};
use super::{Report, diagonal, set_body};
use crate::ir::{Definition, ExpressionId, Expressions, Node, Program, TensorId, bounds};
use crate::ops::Operator;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// More factors than this are not told apart.
const MOST: usize = 3;

/// Gives the factors of all adjoints definitions of their own.
pub fn simplify(program: &mut Program, report: &mut Report) -> bool {
    let recurrent = program.recurrent();
    let roots: FxHashSet<TensorId> = program.roots.iter().map(|root| root.tensor).collect();
    let mut total = Total::default();
    let mut changed = false;
    for id in program.order() {
        let is_open = is_adjoint(program.tensor(id)) && !recurrent.contains(&id) && !roots.contains(&id);
        if is_open && split(program, id, &mut total) {
            report.enter(&program.tensor(id).name);
            report.fired("a product over fewer axes is told apart");
            changed = true;
        }
    }
    changed
}

/// Whether a formula is a product of reads, each over fewer axes than the whole.
pub fn is_product(program: &Program, id: TensorId, body: ExpressionId) -> bool {
    let factors = reads(&program.expressions, body).unwrap_or_default();
    let count = factors.iter().filter(|&&factor| program.expressions.as_number(factor).is_none()).count();
    count >= 2 && factors.iter().all(|&factor| is_smaller(program, id, &axes(&program.expressions, factor)))
}

/// The factors of a product of a few reads and numbers.
pub fn reads(expressions: &Expressions, formula: ExpressionId) -> Option<Vec<ExpressionId>> {
    let mut factors = Vec::new();
    product(expressions, formula, &mut factors);
    let is_read = |&factor: &ExpressionId| match expressions.node(factor) {
        Node::Read(..) | Node::Number(_) => true,
        Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => false,
    };
    (factors.len() <= MOST + 1 && factors.iter().all(is_read)).then_some(factors)
}

/// Whether some axes are not all that a definition has, apart from those of length 1.
fn is_smaller(program: &Program, id: TensorId, axes: &[usize]) -> bool {
    let shape = &program.tensor(id).shape;
    (0..shape.len()).any(|axis| !shape[axis].is_one() && !axes.contains(&axis))
}

fn product(expressions: &Expressions, id: ExpressionId, factors: &mut Vec<ExpressionId>) {
    if let Node::Apply(Operator::Multiply, arguments) = expressions.node(id) {
        arguments.iter().for_each(|&argument| product(expressions, argument, factors));
    } else {
        factors.push(id);
    }
}

/// A summand: under some conditions a product, divided and perhaps negated.
#[derive(Clone, Default)]
struct Term {
    conditions: Vec<ExpressionId>,
    above: Vec<ExpressionId>,
    below: Vec<ExpressionId>,
    negative: bool,
}

impl Term {
    /// Takes the summands of a formula apart.
    fn all(expressions: &Expressions, id: ExpressionId, outer: Term, found: &mut Vec<Term>) {
        match expressions.node(id) {
            Node::Apply(Operator::Add, arguments) if outer.above.is_empty() && outer.below.is_empty() => {
                arguments.iter().for_each(|&argument| Self::all(expressions, argument, outer.clone(), found));
            }
            Node::Apply(Operator::Subtract, arguments) if outer.above.is_empty() && outer.below.is_empty() => {
                Self::all(expressions, arguments[0], outer.clone(), found);
                Self::all(expressions, arguments[1], Term { negative: !outer.negative, ..outer }, found);
            }
            Node::Select(condition, then, otherwise) if expressions.as_number(*otherwise) == Some(0.0) => {
                let mut outer = outer;
                outer.conditions.push(*condition);
                Self::all(expressions, *then, outer, found);
            }
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                let mut term = outer;
                term.multiply(expressions, id);
                found.push(term);
            }
        }
    }

    fn multiply(&mut self, expressions: &Expressions, id: ExpressionId) {
        match expressions.node(id) {
            Node::Apply(Operator::Multiply, arguments) => {
                arguments.iter().for_each(|&argument| self.multiply(expressions, argument));
            }
            Node::Apply(Operator::Divide, arguments) => {
                self.multiply(expressions, arguments[0]);
                self.below.push(arguments[1]);
            }
            Node::Apply(Operator::Negate, arguments) => {
                self.negative = !self.negative;
                self.multiply(expressions, arguments[0]);
            }
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                self.above.push(id);
            }
        }
    }

    /// The summand put together again, but for its sign.
    fn formula(&self, expressions: &mut Expressions) -> ExpressionId {
        let one = expressions.number(1.0);
        let above = self.above.iter().copied().reduce(|all, factor| expressions.apply(Operator::Multiply, &[all, factor]));
        let mut value = above.unwrap_or(one);
        for &divisor in &self.below {
            value = expressions.apply(Operator::Divide, &[value, divisor]);
        }
        let zero = expressions.number(0.0);
        self.conditions.iter().rev().fold(value, |value, &condition| expressions.select(condition, value, zero))
    }
}

/// Splits a definition into factors over fewer axes; whether it was not split before.
fn split(program: &mut Program, id: TensorId, total: &mut Total) -> bool {
    let Some(Definition { reduction: None, body }) = program.definition(id).cloned() else { return false };
    if program.tensor(id).shape.len() < 2 || is_product(program, id, body) || diagonal::has_delta(program, id, body) {
        return false;
    }
    let mut terms = Vec::new();
    Term::all(&program.expressions, body, Term::default(), &mut terms);
    // A condition inside of a product has not come to its place yet.
    let is_open = |factor: &ExpressionId| matches!(program.expressions.node(*factor), Node::Select(..));
    if terms.iter().any(|term| term.above.iter().any(is_open)) {
        return false;
    }
    let mut factors = common(program, id, &mut terms, total);
    if factors.is_empty() {
        return false;
    }
    factors.extend(sum(&mut program.expressions, &terms));
    let Some(groups) = groups(program, id, factors) else { return false };
    let parts: Vec<ExpressionId> = groups.into_iter().map(|group| part(program, id, &group)).collect();
    let product = parts.into_iter().reduce(|all, factor| program.expressions.apply(Operator::Multiply, &[all, factor]));
    product.is_some_and(|product| {
        set_body(program, id, product);
        product != body
    })
}

/// Takes from all summands the factors that all of them have and that may leave their conditions.
fn common(program: &Program, id: TensorId, terms: &mut [Term], total: &mut Total) -> Vec<ExpressionId> {
    let free = terms.iter().position(|term| term.conditions.is_empty());
    let mut found = Vec::new();
    for factor in terms[free.unwrap_or(0)].above.clone() {
        let everywhere = terms.iter().all(|term| term.above.contains(&factor));
        // Where one summand has no condition, the factor has to be a number anyway.
        if everywhere && (free.is_some() || total.may_leave(program, id, factor)) {
            for term in &mut *terms {
                let place = term.above.iter().position(|&other| other == factor);
                place.map(|place| term.above.remove(place));
            }
            found.push(factor);
        }
    }
    found
}

/// The sum of what is left; none where that is 1.
fn sum(expressions: &mut Expressions, terms: &[Term]) -> Option<ExpressionId> {
    if let [Term { conditions, above, below, negative: false }] = terms
        && conditions.is_empty()
        && above.is_empty()
        && below.is_empty()
    {
        return None;
    }
    let mut sum: Option<ExpressionId> = None;
    for term in terms {
        let value = term.formula(expressions);
        sum = Some(match (sum, term.negative) {
            (None, false) => value,
            (None, true) => expressions.apply(Operator::Negate, &[value]),
            (Some(sum), false) => expressions.apply(Operator::Add, &[sum, value]),
            (Some(sum), true) => expressions.apply(Operator::Subtract, &[sum, value]),
        });
    }
    sum
}

/// Factors by their axes: one whose axes another has goes with it. `None` where a group has all axes of the definition.
fn groups(program: &Program, id: TensorId, factors: Vec<ExpressionId>) -> Option<Vec<Vec<ExpressionId>>> {
    let of = |factor: ExpressionId| axes(&program.expressions, factor).into_iter().collect::<BTreeSet<usize>>();
    let mut sorted: Vec<(BTreeSet<usize>, ExpressionId)> = factors.into_iter().map(|factor| (of(factor), factor)).collect();
    sorted.sort_by_key(|(axes, _)| std::cmp::Reverse(axes.len()));
    let mut groups: Vec<(BTreeSet<usize>, Vec<ExpressionId>)> = Vec::new();
    for (axes, factor) in sorted {
        match groups.iter_mut().rev().find(|(group, _)| axes.is_subset(group)) {
            Some((_, members)) => members.push(factor),
            None => groups.push((axes, vec![factor])),
        }
    }
    let smaller =
        |(axes, _): &(BTreeSet<usize>, Vec<ExpressionId>)| is_smaller(program, id, &axes.iter().copied().collect::<Vec<usize>>());
    let told = (2..=MOST).contains(&groups.len()) && groups.iter().all(smaller);
    told.then(|| groups.into_iter().map(|(_, members)| members).collect())
}

/// The read that stands for the product of some factors.
fn part(program: &mut Program, id: TensorId, factors: &[ExpressionId]) -> ExpressionId {
    if let [factor] = factors
        && let Node::Read(..) = program.expressions.node(*factor)
    {
        return *factor;
    }
    let product = factors.iter().copied().reduce(|all, factor| program.expressions.apply(Operator::Multiply, &[all, factor]));
    let product = product.unwrap_or_else(|| program.expressions.number(1.0));
    over_own_axes(program, id, product, "factor")
}

/// Which definitions are numbers for all data that are numbers, so that they may be computed where nobody wants them.
#[derive(Default)]
struct Total {
    known: FxHashMap<TensorId, bool>,
}

impl Total {
    /// Whether a factor may be computed, and multiplied with 0, outside of the conditions around it.
    fn may_leave(&mut self, program: &Program, id: TensorId, factor: ExpressionId) -> bool {
        bounds::reads_inside(program, factor, &program.tensor(id).shape) && self.formula(program, factor)
    }

    fn formula(&mut self, program: &Program, formula: ExpressionId) -> bool {
        program.expressions.reachable(formula).into_iter().all(|node| match program.expressions.node(node) {
            Node::Read(tensor, _) => self.tensor(program, *tensor),
            Node::Apply(operator, arguments) => operator.is_total() || Self::is_fraction(program, *operator, arguments),
            Node::Number(number) => number.get().is_finite(),
            Node::Position(_) | Node::Random(..) | Node::Select(..) => true,
        })
    }

    /// Whether it is a division by a number that is not 0, or by a size.
    fn is_fraction(program: &Program, operator: Operator, arguments: &[ExpressionId]) -> bool {
        let Some(&divisor) = arguments.get(1).filter(|_| operator == Operator::Divide) else { return false };
        match program.expressions.node(divisor) {
            Node::Number(number) => number.get() != 0.0,
            Node::Position(index) => index.as_extent().is_some_and(|size| program.domain().is_at_least(size, 1)),
            Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => false,
        }
    }

    fn tensor(&mut self, program: &Program, id: TensorId) -> bool {
        if let Some(&known) = self.known.get(&id) {
            return known;
        }
        // What needs itself is not told.
        self.known.insert(id, false);
        let total = match program.definition(id) {
            Some(Definition { body, .. }) => self.formula(program, *body),
            None => true,
        };
        self.known.insert(id, total);
        total
    }
}
