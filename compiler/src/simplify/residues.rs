//! Sums of which only every n-th term counts: the adjoints of strides.
//!
//! `Σ_u where((k - u) mod 2 == 0, f[(k - u) div 2, u], 0)` is `Σ_u f[k div 2 - u, 2·u + k mod 2]` over half as many u, under the condition
//! that `2·u + k mod 2` is still one of them where their number is odd.

use super::{Report, set_definition};
use crate::ir::{Atom, Definition, ExpressionId, Expressions, Extent, Guarded, Index, Label, Node, Program, TensorId};
use crate::ops::{Operator, Reduction};

/// Simplifies every sum under a condition on a remainder.
pub fn simplify(program: &mut Program, report: &mut Report) -> bool {
    let mut changed = false;
    for id in program.order() {
        report.enter(&program.tensor(id).name);
        while let Some((residue, rest)) = find(program, id) {
            restrict(program, id, &residue, rest);
            report.fired("only every n-th term counts");
            changed = true;
        }
    }
    changed
}

/// A form `u - whole` or `whole - u` that must be a multiple of a number, where u is summed, and the rest is not.
struct Residue {
    form: Index,
    number: usize,
    negative: bool,
    whole: Index,
    by: Extent,
    /// How many values u has, and of them at most every how manieth counts.
    count: i64,
    step: i64,
}

fn find(program: &Program, id: TensorId) -> Option<(Residue, Guarded)> {
    let Definition { reduction: Some((Reduction::Sum, _)), body } = program.definition(id)? else { return None };
    let Guarded { conditions, value } = Guarded::of(&program.expressions, *body);
    let extents = program.label_extents(id);
    let rank = program.tensor(id).shape.len();
    conditions.iter().enumerate().find_map(|(number, &condition)| {
        let residue = residue(&program.expressions, condition, &extents, rank)?;
        let mut rest = conditions.clone();
        rest.remove(number);
        Some((residue, Guarded { conditions: rest, value }))
    })
}

fn residue(expressions: &Expressions, condition: ExpressionId, extents: &[Extent], rank: usize) -> Option<Residue> {
    let Node::Apply(Operator::Equal, arguments) = expressions.node(condition) else { return None };
    let [a, b] = arguments.as_slice() else { return None };
    let difference = expressions.as_index(*a)?.minus(&expressions.as_index(*b)?);
    let mut terms = difference.terms();
    let (Some((Atom::Remainder(form, by), _)), None) = (terms.next(), terms.next()) else { return None };
    if !difference.constant_part().is_zero() {
        return None;
    }
    (rank..extents.len()).find_map(|number| {
        let own = Label(u32::try_from(number).ok()?);
        let factor = form.coefficient(own);
        let negative = factor.negated().is_one();
        let rest = form.minus(&Index::label(own).times(&factor));
        let mut known = factor.is_one() || negative;
        rest.each_label(&mut |Label(other)| known &= (other as usize) < rank);
        let whole = if negative { rest } else { Index::default().minus(&rest) };
        let (count, step) = (extents[number].as_constant()?, by.as_constant()?);
        known.then(|| Residue { form: form.clone(), number, negative, whole, by: by.clone(), count, step })
    })
}

/// Gives the summed label only the values that count.
fn restrict(program: &mut Program, id: TensorId, residue: &Residue, rest: Guarded) {
    let Some(Definition { reduction: Some((kind, mut extents)), .. }) = program.definition(id).cloned() else { return };
    let place = residue.number - program.tensor(id).shape.len();
    extents[place] = Extent::constant((residue.count + residue.step - 1) / residue.step);
    let expressions = &mut program.expressions;
    let mut guarded = rest;
    if residue.count % residue.step != 0 {
        let value = expressions.position(Index::label(residue.label()));
        let end = expressions.position(Index::constant(residue.count));
        guarded.conditions.insert(0, expressions.apply(Operator::Less, &[value, end]));
    }
    let body = guarded.joined(expressions);
    let body = expressions.rebuild(body, &mut |expressions, node| {
        let node = match node {
            Node::Position(index) => Node::Position(residue.replaced(&index)),
            Node::Random(stream, index) => Node::Random(stream, residue.replaced(&index)),
            Node::Read(tensor, at) => Node::Read(tensor, at.iter().map(|index| residue.replaced(index)).collect()),
            other @ (Node::Number(_) | Node::Apply(..) | Node::Select(..)) => other,
        };
        expressions.intern(node)
    });
    set_definition(program, id, Definition { reduction: Some((kind, extents)), body });
}

impl Residue {
    fn label(&self) -> Label {
        Label(u32::try_from(self.number).unwrap_or(u32::MAX))
    }

    /// An index form in the new label: u is `by·u + whole mod by`, and the quotient of the form `±(u - whole div by)`.
    fn replaced(&self, index: &Index) -> Index {
        let own = Index::label(self.label());
        let mut result = Index::constant(index.constant_part().clone());
        for (atom, coefficient) in index.terms() {
            let part = match atom {
                Atom::Label(label) if *label == self.label() => own.times(&self.by).plus(&self.whole.remainder(&self.by)),
                Atom::Label(_) => Index::atom(atom.clone()),
                Atom::Quotient(form, by) if *form == self.form && *by == self.by => {
                    let quotient = own.minus(&self.whole.quotient(&self.by));
                    if self.negative { Index::default().minus(&quotient) } else { quotient }
                }
                Atom::Remainder(form, by) if *form == self.form && *by == self.by => Index::default(),
                Atom::Quotient(form, by) => self.replaced(form).quotient(by),
                Atom::Remainder(form, by) => self.replaced(form).remainder(by),
                Atom::Element(tensor, at) => {
                    Index::atom(Atom::Element(*tensor, at.iter().map(|form| self.replaced(form)).collect()))
                }
            };
            result = result.plus(&part.times(coefficient));
        }
        result
    }
}
