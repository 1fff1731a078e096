//! Definitions that exist for a line: they are added to the program and read back as expressions. It must not know what they are for.

use super::{Program, Source, Tensor, TensorId};
use crate::emit::math::Names;
use crate::emit::nn::{self, Circles, Notation};
use crate::ir::{Definition, Element, ExpressionId, Extent, Index, Label, Node};
use crate::ops::{Operator, Reduction};
use crate::span::Span;
use crate::syntax::tree::{Expression, ExpressionKind, IndexItem};

/// A program that grows, and what its names stand for.
pub struct Sheet {
    /// The program.
    pub program: Program,
    /// The symbols so far.
    pub names: Names,
    circles: Circles,
    /// How many definitions are lines.
    lines: usize,
}

/// What a definition is made of.
pub struct Formula {
    /// How long its axes are.
    pub shape: Vec<Extent>,
    /// How long the labels of its sum are.
    pub summed: Vec<Extent>,
    /// The names of all labels.
    pub labels: Vec<String>,
    /// The formula.
    pub body: ExpressionId,
}

impl Sheet {
    /// Of a program.
    pub fn new(program: Program) -> Self {
        let circles = Circles::of(&program);
        Self { program, names: Names::default(), circles, lines: 0 }
    }

    /// Adds a definition.
    pub fn define(&mut self, name: &str, formula: Formula) -> TensorId {
        let Formula { shape, summed, labels, body } = formula;
        let reduction = (!summed.is_empty()).then_some((Reduction::Sum, summed));
        self.program.add(Tensor {
            name: name.to_owned(),
            shape,
            element: Element::Real,
            source: Source::Defined(Definition { reduction, body }),
            label_names: labels,
            span: Span::default(),
            documentation: Vec::new(),
        })
    }

    /// Adds a definition that no other names.
    pub fn line(&mut self, formula: Formula) -> TensorId {
        self.lines += 1;
        self.define(&format!("line {}", self.lines), formula)
    }

    /// A definition that is written once and then forgotten: in both notations.
    pub fn written(&mut self, formula: Formula) -> Option<Notation> {
        let id = self.line(formula);
        self.notation(id)
    }

    /// A definition in both notations.
    pub fn notation(&self, id: TensorId) -> Option<Notation> {
        nn::notations(&self.program, &[id], &self.circles).remove(&id)
    }

    /// A definition in both notations, with these names for its labels.
    pub fn with_labels(&mut self, id: TensorId, labels: &[String]) -> Option<Notation> {
        let own = std::mem::replace(&mut self.program.tensors[id.0 as usize].label_names, labels.to_vec());
        let notation = self.notation(id);
        self.program.tensors[id.0 as usize].label_names = own;
        notation
    }

    /// A formula with other labels.
    pub fn renumbered(&mut self, formula: ExpressionId, number: impl Fn(usize) -> usize) -> ExpressionId {
        self.program.expressions.substitute(formula, &mut |Label(old)| Index::label(label(number(old as usize))))
    }

    /// A formula with another in the place of each element of a tensor; that is over the axes of the tensor.
    pub fn replaced(&mut self, formula: ExpressionId, tensor: TensorId, by: ExpressionId) -> ExpressionId {
        self.program.expressions.rebuild(formula, &mut |expressions, node| match node {
            Node::Read(read, at) if read == tensor => {
                expressions.substitute(by, &mut |Label(axis)| at.get(axis as usize).cloned().unwrap_or_default())
            }
            other @ (Node::Read(..)
            | Node::Number(_)
            | Node::Position(_)
            | Node::Random(..)
            | Node::Apply(..)
            | Node::Select(..)) => expressions.intern(other),
        })
    }

    /// `a · b`, without a factor 1.
    pub fn times(&mut self, a: ExpressionId, b: ExpressionId) -> ExpressionId {
        let expressions = &mut self.program.expressions;
        match (expressions.as_number(a), expressions.as_number(b)) {
            (Some(1.0), _) => b,
            (_, Some(1.0)) => a,
            (_, _) => expressions.apply(Operator::Multiply, &[a, b]),
        }
    }

    /// That each index of one list is the one of the other; `None` for none.
    pub fn all_equal(&mut self, left: &[Index], right: &[Index]) -> Option<ExpressionId> {
        let expressions = &mut self.program.expressions;
        let mut all = None;
        for (left, right) in left.iter().zip(right) {
            let (left, right) = (expressions.position(left.clone()), expressions.position(right.clone()));
            let equal = expressions.apply(Operator::Equal, &[left, right]);
            all = Some(all.map_or(equal, |before| expressions.apply(Operator::And, &[before, equal])));
        }
        all
    }

    /// Makes another formula of one, within the condition outside of which that is 0: what it is read at may be nowhere there.
    pub fn within_guard(
        &mut self,
        formula: ExpressionId,
        make: &mut dyn FnMut(&mut Self, ExpressionId) -> ExpressionId,
    ) -> ExpressionId {
        match self.program.expressions.node(formula).clone() {
            Node::Select(condition, then, otherwise) if self.program.expressions.as_number(otherwise) == Some(0.0) => {
                let then = make(self, then);
                self.program.expressions.select(condition, then, otherwise)
            }
            Node::Apply(Operator::Negate, of) => {
                let positive = self.within_guard(of[0], make);
                self.program.expressions.apply(Operator::Negate, &[positive])
            }
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                make(self, formula)
            }
        }
    }

    /// A formula where a condition holds, else 0.
    pub fn where_(&mut self, condition: Option<ExpressionId>, then: ExpressionId) -> ExpressionId {
        let zero = self.program.expressions.number(0.0);
        condition.map_or(then, |condition| self.program.expressions.select(condition, then, zero))
    }
}

/// `name[i, j]`, or the name alone.
pub fn element(name: &str, labels: &[String]) -> Expression {
    let make = |kind| Expression { kind, span: Span::default() };
    let named = |text: &str| make(ExpressionKind::Name(text.to_owned()));
    if labels.is_empty() {
        return named(name);
    }
    let items = labels.iter().map(|label| IndexItem::At(named(label))).collect();
    make(ExpressionKind::Index(Box::new(named(name)), items))
}

/// The label of a number.
pub fn label(number: usize) -> Label {
    Label(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The labels of a range, each as an index.
pub fn plain(range: std::ops::Range<usize>) -> Vec<Index> {
    range.map(|number| Index::label(label(number))).collect()
}
