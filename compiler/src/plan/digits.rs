//! Sums whose labels are read by digits.
//!
//! In `Σ_j p[b, n / 16, i, j]·v[b, j, n]` the digits of `n` go different ways: `n / 16` is a head, and `n % 16` a place in it. With a
//! label for each digit every read is affine, and the sum is a matrix product for each head. The digits are labels of the product
//! alone: the tensor keeps its axes, since `16·(n / 16) + n % 16` is where its elements lie.

use super::offset::{label, plain};
use crate::ir::{Atom, ExpressionId, Expressions, Extent, Index, Label, Node, Program, TensorId, bounds};

/// A sum over labels of its own: those of a definition, or digits of them.
pub struct Sum {
    /// How long each label is, and its name; the axes first, what is summed behind.
    pub labels: Vec<(String, Extent)>,
    /// How many of the labels are axes.
    pub rank: usize,
    /// What is summed, in these labels.
    pub body: ExpressionId,
    /// Each label of the definition in these labels.
    pub wholes: Vec<Index>,
    /// Each of these labels in those of the definition.
    digits: Vec<Index>,
}

impl Sum {
    /// The sum of a definition, with a label for each digit that is read.
    pub fn of(program: &mut Program, id: TensorId, body: ExpressionId) -> Self {
        let extents = program.label_extents(id);
        let names = (0..extents.len()).map(|number| program.label_name(id, label(number)));
        let labels: Vec<(String, Extent)> = names.zip(extents).collect();
        let all = plain(labels.len());
        let rank = program.tensor(id).shape.len();
        let mut sum = Self { labels, rank, body, wholes: all.clone(), digits: all };
        while let Some((label, by)) = sum.read_by_digits(program) {
            sum.split(program, label, &by);
        }
        sum
    }

    /// The extents of the labels.
    pub fn extents(&self) -> Vec<Extent> {
        self.labels.iter().map(|(_, extent)| extent.clone()).collect()
    }

    /// A formula over these labels in the labels of the definition.
    pub fn formula_of_definition(&self, program: &mut Program, id: TensorId, formula: ExpressionId) -> ExpressionId {
        let extents = program.label_extents(id);
        substituted(program, formula, &extents, &self.digits)
    }

    /// A label of which a digit is read, and what it is divided by for that.
    fn read_by_digits(&self, program: &Program) -> Option<(Label, Extent)> {
        let mut found = None;
        for id in program.expressions.reachable(self.body) {
            match program.expressions.node(id) {
                Node::Position(index) | Node::Random(_, index) => self.divided(index, &mut found),
                Node::Read(_, at) => at.iter().for_each(|index| self.divided(index, &mut found)),
                Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
            }
        }
        found
    }

    fn divided(&self, index: &Index, found: &mut Option<(Label, Extent)>) {
        for (atom, _) in index.terms() {
            match atom {
                Atom::Label(_) => {}
                Atom::Quotient(form, by) | Atom::Remainder(form, by) => {
                    let whole = form.as_label().filter(|label| {
                        let outer = self.labels[label.0 as usize].1.divided_exactly(by);
                        outer.is_some_and(|outer| !outer.is_one() && !by.is_one())
                    });
                    match whole {
                        Some(label) => *found = Some((label, by.clone())),
                        None => self.divided(form, found),
                    }
                }
                Atom::Element(_, at) => at.iter().for_each(|form| self.divided(form, found)),
            }
        }
    }

    /// Puts two labels in the place of one: its quotient, and its remainder behind that.
    fn split(&mut self, program: &mut Program, whole: Label, by: &Extent) {
        let at = whole.0 as usize;
        let (name, extent) = self.labels[at].clone();
        let outer = extent.divided_exactly(by).unwrap_or_default();
        self.labels[at] = (format!("{name}_outer"), outer);
        self.labels.insert(at + 1, (format!("{name}_inner"), by.clone()));
        if at < self.rank {
            self.rank += 1;
        }
        let of_definition = self.digits[at].clone();
        self.digits[at] = of_definition.quotient(by);
        self.digits.insert(at + 1, of_definition.remainder(by));
        let new: Vec<Index> = (0..self.labels.len() - 1)
            .map(|old| {
                let moved = Index::label(label(if old > at { old + 1 } else { old }));
                if old == at { moved.times(by).plus(&Index::label(label(at + 1))) } else { moved }
            })
            .collect();
        let extents = self.extents();
        self.body = substituted(program, self.body, &extents, &new);
        for form in &mut self.wholes {
            *form = form.substitute(&mut |old| new[old.0 as usize].clone());
        }
    }
}

/// A formula with an index form in the place of each label, and with what the ranges of the new labels tell.
fn substituted(program: &mut Program, formula: ExpressionId, extents: &[Extent], new: &[Index]) -> ExpressionId {
    let mut expressions = std::mem::take(&mut program.expressions);
    let place = |index: &Index| {
        let index = index.substitute(&mut |old| new[old.0 as usize].clone());
        bounds::simplify(program, &index, extents)
    };
    let formula = expressions.rebuild(formula, &mut |expressions: &mut Expressions, node| match node {
        Node::Position(index) => expressions.position(place(&index)),
        Node::Random(stream, index) => expressions.random(stream, place(&index)),
        Node::Read(tensor, at) => expressions.read(tensor, at.iter().map(place).collect()),
        other @ (Node::Number(_) | Node::Apply(..) | Node::Select(..)) => expressions.intern(other),
    });
    program.expressions = expressions;
    formula
}
