//! Elimination of the Kronecker δ: `Σ over labels: value · δ(index = p)` becomes a formula in p, with as few sums as possible.
//!
//! Each axis of the read gives an equation `index = p`. An equation is solved for a label, which is then replaced everywhere:
//!
//! | equation | solution | condition |
//! |---|---|---|
//! | `i = p` | i := p | p inside the range of i |
//! | `i + rest = p` | i := p - rest | inside |
//! | `c·i + rest = p` | i := (p - rest) div c | inside, and (p - rest) mod c = 0 |
//! | `c·h + d = p`, d in 0..c | h := p div c, d := p mod c | p below c·(range of h) |
//! | `⌊f / n⌋ = p` | f = n·p + r, with a new label r in 0..n | |
//! | `f mod n = p` | f = n·q + p, with a new label q | |
//! | no label left, or an integer tensor's element | none | `index = p` stays |

use super::guards::{self, Guard};
use super::{is_over_axes, label, plain_labels};
use crate::ir::{Atom, Definition, ExpressionId, Extent, Index, Label, Program, TensorId, bounds};
use crate::ops::{Operator, Reduction};

/// A contribution, over the axes of the tensor that is read and the labels that are left.
pub struct Solved {
    /// Its sum and formula.
    pub definition: Definition,
    /// The names of its labels.
    pub label_names: Vec<String>,
    /// The condition over the axes outside of which it is 0.
    pub guard: Option<Guard>,
    /// The labels of the reader that have been solved for, with what stands in their place.
    pub solved: Vec<(Label, Index)>,
    /// The labels that are left: those of the reader, or new ones.
    pub left: Vec<Option<Label>>,
}

/// The contribution of a read of `read` at `index` in the definition of `reader`, where `value` is the slope of the loss for the
/// read, which is 0 outside of `guard`.
pub fn contribution(
    program: &mut Program,
    reader: TensorId,
    read: TensorId,
    index: &[Index],
    value: ExpressionId,
    guard: Option<Guard>,
) -> Solved {
    let shape = program.tensor(read).shape.clone();
    let mut extents = program.label_extents(reader);
    let own = extents.len();
    extents.extend(shape.iter().cloned());
    let mut solver = Solver {
        unsolved: (0..own).map(label).collect(),
        current: (0..extents.len()).map(|number| Index::label(label(number))).collect(),
        equations: index.iter().cloned().zip((own..).map(|number| Index::label(label(number)))).collect(),
        conditions: Vec::new(),
        extents,
    };
    solver.solve(program);
    solver.finish(program, (reader, read), own, shape.len(), value, guard)
}

/// What must hold for a contribution to count.
enum Condition {
    /// The index lies in `0..extent`.
    Inside(Index, Extent),
    /// Both are equal.
    Equal(Index, Index),
}

impl Condition {
    /// Whether it reads an element of an integer tensor that may be outside.
    fn may_read_outside(&self, program: &Program, extents: &[Extent]) -> bool {
        match self {
            Self::Inside(form, _) => !bounds::has_elements(program, form, extents),
            Self::Equal(left, right) => [left, right].into_iter().any(|form| !bounds::has_elements(program, form, extents)),
        }
    }
}

struct Solver {
    /// Labels of the reader (and new ones) that are still summed over.
    unsolved: Vec<Label>,
    /// For each label, what it has been replaced by.
    current: Vec<Index>,
    /// `left = right`, where the right side is a label of the tensor that is read, or a form of such.
    equations: Vec<(Index, Index)>,
    conditions: Vec<Condition>,
    /// The extents of all labels: the reader's, those of the tensor that is read, new ones.
    extents: Vec<Extent>,
}

impl Solver {
    fn solve(&mut self, program: &Program) {
        while let Some(position) = self.easiest() {
            let (left, right) = self.equations.remove(position);
            if self.solve_division(program, &left, &right) {
                continue;
            }
            let (left, right) = self.unknowns_left(left, right);
            if let Some((parted, by, count)) = self.parted(&left) {
                let whole = self.fresh(count).times(&by).plus(&self.fresh(by.clone()));
                self.equations.push((left, right));
                self.replace(program, parted, &whole);
                continue;
            }
            if self.solve_digits(program, &left, &right) || self.solve_for_label(program, &left, &right) {
                continue;
            }
            let difference = left.minus(&right);
            if difference.as_extent().is_none_or(|extent| !extent.is_zero()) {
                self.conditions.push(Condition::Equal(left, right));
            }
        }
    }

    /// The same equation with the labels that can be solved for on its left side.
    fn unknowns_left(&self, left: Index, right: Index) -> (Index, Index) {
        let unknown = self.free_terms(&right).into_iter();
        let moved = unknown.fold(Index::default(), |sum, (found, c)| sum.plus(&Index::label(found).times(&c)));
        (left.minus(&moved), right.minus(&moved))
    }

    /// The equation to solve next: plain labels first, so that what follows is simpler; those with divisions last.
    fn easiest(&self) -> Option<usize> {
        let rank = |(left, _): &(Index, Index)| {
            let free = self.free_terms(left).len();
            let divided = left.terms().any(|(atom, _)| matches!(atom, Atom::Quotient(..) | Atom::Remainder(..)));
            match (left.as_label().is_some(), divided, free) {
                (true, _, _) => 0,
                (false, false, 1..) => 1,
                (false, true, _) => 2,
                (false, false, 0) => 3,
            }
        };
        (0..self.equations.len()).min_by_key(|&position| rank(&self.equations[position]))
    }

    /// The labels of a form that can still be solved for, with their coefficients.
    fn free_terms(&self, form: &Index) -> Vec<(Label, Extent)> {
        let mut free = Vec::new();
        for (atom, coefficient) in form.terms() {
            if let Atom::Label(found) = atom
                && self.unsolved.contains(found)
            {
                free.push((*found, coefficient.clone()));
            }
        }
        // A label that stands inside of another atom too cannot be taken out of it.
        free.retain(|(found, coefficient)| !form.minus(&Index::label(*found).times(coefficient)).mentions(*found));
        free
    }

    /// A label whose digits stand in a form beside others that can be solved for, as `p` in `p mod 2 + 2·u`: it becomes a label for each
    /// digit, so that all of them can be solved for. With it come what it is divided by, and how often that is in it.
    fn parted(&self, form: &Index) -> Option<(Label, Extent, Extent)> {
        if self.free_terms(form).is_empty() {
            return None;
        }
        form.terms().find_map(|(atom, _)| {
            let (Atom::Quotient(of, by) | Atom::Remainder(of, by)) = atom else { return None };
            let label = of.as_label().filter(|label| self.unsolved.contains(label))?;
            by.as_constant()?;
            Some((label, by.clone(), self.extent(label).divided_exactly(by)?))
        })
    }

    fn extent(&self, of: Label) -> &Extent {
        &self.extents[of.0 as usize]
    }

    /// A group of digits `c·h + d + rest = p`, where the coefficients are the products of the extents of the later digits.
    fn solve_digits(&mut self, program: &Program, left: &Index, right: &Index) -> bool {
        let free = self.free_terms(left);
        if free.len() < 2 {
            return false;
        }
        let mut digits: Vec<(Label, Extent)> = Vec::new();
        let mut radix = Extent::one();
        while let Some((digit, _)) = free
            .iter()
            .find(|(candidate, coefficient)| *coefficient == radix && !digits.iter().any(|(known, _)| known == candidate))
        {
            digits.push((*digit, radix.clone()));
            radix = radix.times(self.extent(*digit));
        }
        if digits.len() != free.len() {
            return false;
        }
        let rest = digits.iter().fold(left.clone(), |rest, (digit, c)| rest.minus(&Index::label(*digit).times(c)));
        let value = bounds::simplify(program, &right.minus(&rest), &self.extents);
        for (place, (digit, coefficient)) in digits.iter().enumerate() {
            let quotient = bounds::simplify(program, &value.quotient(coefficient), &self.extents);
            // The value is inside, so the highest digit is the whole quotient.
            let solved = if place + 1 == digits.len() {
                quotient
            } else {
                bounds::simplify(program, &quotient.remainder(&self.extent(*digit).clone()), &self.extents)
            };
            self.replace(program, *digit, &solved);
        }
        self.require_inside(program, value, radix);
        true
    }

    /// Solves for the label whose sum is the longest.
    fn solve_for_label(&mut self, program: &Program, left: &Index, right: &Index) -> bool {
        let free = self.free_terms(left);
        // A symbolic extent counts as long; among equals a coefficient of ±1 is better, then the first label.
        let unit = |coefficient: &Extent| coefficient.as_constant().is_some_and(|number| number.abs() == 1);
        let length = |found: Label| self.extent(found).as_constant().unwrap_or(i64::MAX);
        let solvable = free.iter().filter(|(_, coefficient)| coefficient.as_constant().is_some() || coefficient.is_at_least(1));
        let best = solvable.max_by_key(|(found, coefficient)| (length(*found), unit(coefficient), std::cmp::Reverse(*found)));
        let Some((chosen, coefficient)) = best.cloned() else { return false };
        let rest = left.minus(&Index::label(chosen).times(&coefficient));
        let negative = coefficient.as_constant().is_some_and(|number| number < 0);
        let (mut value, divisor) =
            if negative { (rest.minus(right), coefficient.negated()) } else { (right.minus(&rest), coefficient) };
        value = bounds::simplify(program, &value, &self.extents);
        let extent = self.extent(chosen).clone();
        let solved = bounds::simplify(program, &value.quotient(&divisor), &self.extents);
        let remainder = bounds::simplify(program, &value.remainder(&divisor), &self.extents);
        self.replace(program, chosen, &solved);
        if !divisor.is_one() {
            self.conditions.push(Condition::Equal(remainder, Index::default()));
        }
        self.require_inside(program, solved, extent);
        true
    }

    /// `⌊f / n⌋ = p` and `f mod n = p`, each alone on its side, as an equation for f with a new label.
    fn solve_division(&mut self, program: &Program, left: &Index, right: &Index) -> bool {
        let mut terms = left.terms();
        let (Some((atom, coefficient)), None) = (terms.next(), terms.next()) else { return false };
        if !coefficient.is_one() || !left.constant_part().is_zero() {
            return false;
        }
        match atom {
            Atom::Quotient(form, by) if self.has_unsolved(form) => {
                let digit = self.fresh(by.clone());
                self.equations.push((form.clone(), right.times(by).plus(&digit)));
                true
            }
            Atom::Remainder(form, by) if self.has_unsolved(form) => {
                let Some(multiples) = self.multiples(form, by) else { return false };
                let digit = self.fresh(multiples);
                self.require_inside(program, right.clone(), by.clone());
                self.equations.push((form.clone(), digit.times(by).plus(right)));
                true
            }
            Atom::Label(_) | Atom::Element(..) | Atom::Quotient(..) | Atom::Remainder(..) => false,
        }
    }

    /// How many multiples of `by` lie in the range of a single label; other forms keep their remainder as a condition.
    fn multiples(&self, form: &Index, by: &Extent) -> Option<Extent> {
        let extent = self.extent(form.as_label()?);
        extent.divided_exactly(by).or_else(|| {
            let (extent, by) = (extent.as_constant()?, by.as_constant()?);
            Some(Extent::constant((extent + by - 1) / by))
        })
    }

    fn has_unsolved(&self, form: &Index) -> bool {
        self.unsolved.iter().any(|&found| form.mentions(found))
    }

    /// A new label that is summed over.
    fn fresh(&mut self, extent: Extent) -> Index {
        let new = label(self.extents.len());
        self.extents.push(extent);
        self.current.push(Index::label(new));
        self.unsolved.push(new);
        Index::label(new)
    }

    /// Puts a form in the place of a label, everywhere.
    fn replace(&mut self, program: &Program, solved: Label, by: &Index) {
        self.unsolved.retain(|&other| other != solved);
        let put = |form: &mut Index, extents: &[Extent]| {
            let replaced = form.substitute(&mut |other| if other == solved { by.clone() } else { Index::label(other) });
            *form = bounds::simplify(program, &replaced, extents);
        };
        for form in &mut self.current {
            put(form, &self.extents);
        }
        for (left, right) in &mut self.equations {
            put(left, &self.extents);
            put(right, &self.extents);
        }
        for condition in &mut self.conditions {
            match condition {
                Condition::Inside(form, _) => put(form, &self.extents),
                Condition::Equal(left, right) => {
                    put(left, &self.extents);
                    put(right, &self.extents);
                }
            }
        }
    }

    fn require_inside(&mut self, program: &Program, form: Index, extent: Extent) {
        if !bounds::is_inside(program, &form, &self.extents, &extent) {
            self.conditions.push(Condition::Inside(form, extent));
        }
    }

    /// Writes the contribution over the axes of the tensor that is read, then the labels that are left.
    fn finish(
        self,
        program: &mut Program,
        (reader, read): (TensorId, TensorId),
        own: usize,
        rank: usize,
        value: ExpressionId,
        guard: Option<Guard>,
    ) -> Solved {
        let mut place = vec![Index::default(); self.extents.len()];
        for (axis, index) in plain_labels(rank).into_iter().enumerate() {
            place[own + axis] = index;
        }
        for (number, summed) in self.unsolved.iter().enumerate() {
            place[summed.0 as usize] = Index::label(label(rank + number));
        }
        let put = |form: &Index| form.substitute(&mut |Label(number)| place[number as usize].clone());
        let (guarded, free): (Vec<&Condition>, Vec<&Condition>) =
            self.conditions.iter().partition(|condition| condition.may_read_outside(program, &self.extents));
        let expressions = &mut program.expressions;
        let mut over_new = |formula| expressions.substitute(formula, &mut |Label(number)| put(&self.current[number as usize]));
        let mut body = over_new(value);
        let guard = guard.map(|Guard { condition, holds }| Guard { condition: over_new(condition), holds });
        let guard = guard.filter(|guard| is_over_axes(expressions, guard.condition, rank));
        // What a guard of the value keeps inside is asked within it.
        if let Some(condition) = all(expressions, &guarded, &put) {
            body = guards::within(expressions, body, condition);
        }
        if let Some(condition) = all(expressions, &free, &put) {
            let zero = expressions.number(0.0);
            body = expressions.select(condition, body, zero);
        }
        let mut names: Vec<String> = (0..rank).map(|axis| program.label_name(read, label(axis))).collect();
        let summed = self.unsolved.iter().map(|found| match (found.0 as usize) < own {
            true => program.label_name(reader, *found),
            false => format!("r{}", found.0),
        });
        names.extend(summed);
        let reduced: Vec<Extent> = self.unsolved.iter().map(|found| self.extents[found.0 as usize].clone()).collect();
        let reduction = (!reduced.is_empty()).then_some((Reduction::Sum, reduced));
        let of_reader = |found: &Label| (found.0 as usize) < own;
        let left = self.unsolved.iter().map(|found| of_reader(found).then_some(*found)).collect();
        let solved = (0..own).map(label).filter(|found| !self.unsolved.contains(found));
        let solved = solved.map(|found| (found, put(&self.current[found.0 as usize]))).collect();
        Solved { definition: Definition { reduction, body }, label_names: names, guard, solved, left }
    }
}

/// All conditions as one truth value.
fn all(
    expressions: &mut crate::ir::Expressions,
    conditions: &[&Condition],
    put: &dyn Fn(&Index) -> Index,
) -> Option<ExpressionId> {
    let mut parts = Vec::new();
    for condition in conditions {
        match condition {
            Condition::Inside(form, extent) => {
                let (zero, end) = (expressions.number(0.0), expressions.position(Index::constant(extent.clone())));
                let position = expressions.position(put(form));
                parts.push(expressions.apply(Operator::LessEqual, &[zero, position]));
                parts.push(expressions.apply(Operator::Less, &[position, end]));
            }
            Condition::Equal(left, right) => {
                let (left, right) = (expressions.position(put(left)), expressions.position(put(right)));
                parts.push(expressions.apply(Operator::Equal, &[left, right]));
            }
        }
    }
    parts.into_iter().reduce(|all, part| expressions.apply(Operator::And, &[all, part]))
}
