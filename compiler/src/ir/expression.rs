//! Scalar formulas, hash-consed: the same formula is the same [`ExpressionId`].

use super::index::{Index, Label};
use super::number::Number;
use super::program::TensorId;
use crate::ops::{Algebra, Operator};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;

/// A scalar formula, by its number in an [`Expressions`].
pub use crate::ops::Term as ExpressionId;

/// A sequence of random numbers among those of a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stream(pub u32);

/// A node of a formula.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// A constant.
    Number(Number),
    /// An index form as a number: a label, a size, an element of an integer tensor.
    Position(Index),
    /// A random number from 0 up to, but without, 1: the one at a position of a stream ([`chainrule_math::counter`]). A pure function
    /// of the key that a run is given, with slope 0.
    Random(Stream, Index),
    /// An element of a real tensor.
    Read(TensorId, Vec<Index>),
    /// A scalar operator with as many arguments as its row says.
    Apply(Operator, Vec<ExpressionId>),
    /// `where(condition, taken where it is not 0, taken where it is 0)`. Lazy: only the branch that is taken has a value,
    /// so the condition protects the reads in it.
    Select(ExpressionId, ExpressionId, ExpressionId),
}

/// The arena of formulas of one program. Append-only: an id stays valid, and arguments come before what uses them.
#[derive(Clone, Debug, Default)]
pub struct Expressions {
    nodes: Vec<Node>,
    known: FxHashMap<Node, ExpressionId>,
    /// The tensors in whole formulas, once they were asked for: a formula never changes.
    tensors: RefCell<FxHashMap<ExpressionId, Vec<TensorId>>>,
}

impl Expressions {
    /// The id of a node: the one it has had before, if it was there.
    pub fn intern(&mut self, node: Node) -> ExpressionId {
        if let Some(&id) = self.known.get(&node) {
            return id;
        }
        let id = ExpressionId(u32::try_from(self.nodes.len()).expect("fewer than 2^32 formulas"));
        self.nodes.push(node.clone());
        self.known.insert(node, id);
        id
    }

    /// The node of an id.
    pub fn node(&self, id: ExpressionId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// How many there are; ids are `0..len`.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A constant.
    pub fn number(&mut self, value: f64) -> ExpressionId {
        self.intern(Node::Number(Number::new(value)))
    }

    /// An index form as a number; constants become numbers.
    pub fn position(&mut self, index: Index) -> ExpressionId {
        match index.as_extent().and_then(super::extent::Extent::as_constant) {
            #[allow(clippy::cast_precision_loss)]
            Some(value) => self.number(value as f64),
            None => self.intern(Node::Position(index)),
        }
    }

    /// An element of a real tensor.
    pub fn read(&mut self, tensor: TensorId, at: Vec<Index>) -> ExpressionId {
        self.intern(Node::Read(tensor, at))
    }

    /// A random number.
    pub fn random(&mut self, stream: Stream, position: Index) -> ExpressionId {
        self.intern(Node::Random(stream, position))
    }

    /// An operator applied.
    pub fn apply(&mut self, operator: Operator, arguments: &[ExpressionId]) -> ExpressionId {
        debug_assert_eq!(operator.row().arity, arguments.len(), "{operator:?}");
        self.intern(Node::Apply(operator, arguments.to_vec()))
    }

    /// `where(condition, then, otherwise)`
    pub fn select(&mut self, condition: ExpressionId, then: ExpressionId, otherwise: ExpressionId) -> ExpressionId {
        self.intern(Node::Select(condition, then, otherwise))
    }

    /// An exact constant.
    pub fn constant(&mut self, value: Number) -> ExpressionId {
        self.intern(Node::Number(value))
    }

    /// The float that a constant formula is.
    pub fn as_number(&self, id: ExpressionId) -> Option<f64> {
        self.as_constant(id).map(Number::get)
    }

    /// The constant that a formula is.
    pub fn as_constant(&self, id: ExpressionId) -> Option<Number> {
        match self.node(id) {
            Node::Number(number) => Some(*number),
            Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => None,
        }
    }

    /// The index form that a formula is; only small integers are exact in every float.
    pub fn as_index(&self, id: ExpressionId) -> Option<Index> {
        match self.node(id) {
            Node::Position(index) => Some(index.clone()),
            Node::Number(number) => {
                let value = number.get();
                let integer = value.fract() == 0.0 && value.abs() < 1e9 && !(value == 0.0 && value.is_sign_negative());
                #[allow(clippy::cast_possible_truncation)]
                integer.then(|| Index::constant(value as i64))
            }
            Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => None,
        }
    }

    /// The form of which a comparison of integers says that it is not negative.
    pub fn not_negative(&self, condition: ExpressionId) -> Option<Index> {
        let Node::Apply(operator, arguments) = self.node(condition) else { return None };
        let [a, b] = arguments.as_slice() else { return None };
        let (a, b) = (self.as_index(*a)?, self.as_index(*b)?);
        let one = Index::constant(1);
        let forms = [
            (Operator::LessEqual, b.minus(&a)),
            (Operator::Less, b.minus(&a).minus(&one)),
            (Operator::GreaterEqual, a.minus(&b)),
            (Operator::Greater, a.minus(&b).minus(&one)),
        ];
        forms.into_iter().find(|(known, _)| known == operator).map(|(_, form)| form)
    }

    /// The direct arguments of a formula (index forms hold none).
    pub fn arguments(&self, id: ExpressionId) -> Vec<ExpressionId> {
        match self.node(id) {
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) => Vec::new(),
            Node::Apply(_, arguments) => arguments.clone(),
            Node::Select(condition, then, otherwise) => vec![*condition, *then, *otherwise],
        }
    }

    /// All formulas that a formula is made of, itself last, each once, arguments before their users.
    pub fn reachable(&self, root: ExpressionId) -> Vec<ExpressionId> {
        let mut order = Vec::new();
        let mut seen = FxHashSet::<ExpressionId>::default();
        let mut stack = vec![(root, false)];
        while let Some((id, entered)) = stack.pop() {
            if entered {
                order.push(id);
            } else if seen.insert(id) {
                match self.node(id) {
                    Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) => order.push(id),
                    Node::Apply(_, arguments) => {
                        stack.push((id, true));
                        stack.extend(arguments.iter().rev().map(|&argument| (argument, false)));
                    }
                    &Node::Select(condition, then, otherwise) => {
                        stack.extend([(id, true), (otherwise, false), (then, false), (condition, false)]);
                    }
                }
            }
        }
        order
    }

    /// The same formula with every node mapped, arguments first; `map` sees a node whose arguments are mapped already.
    /// What is not reachable from the root is not visited.
    pub fn rebuild(&mut self, root: ExpressionId, map: &mut dyn FnMut(&mut Self, Node) -> ExpressionId) -> ExpressionId {
        let mut mapped: FxHashMap<ExpressionId, ExpressionId> = FxHashMap::default();
        for id in self.reachable(root) {
            let node = match self.node(id).clone() {
                Node::Apply(operator, arguments) => Node::Apply(operator, arguments.iter().map(|a| mapped[a]).collect()),
                Node::Select(condition, then, otherwise) => Node::Select(mapped[&condition], mapped[&then], mapped[&otherwise]),
                leaf @ (Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..)) => leaf,
            };
            let new = map(self, node);
            mapped.insert(id, new);
        }
        mapped[&root]
    }

    /// The same formula with an index in the place of each label.
    pub fn substitute(&mut self, root: ExpressionId, replacement: &mut dyn FnMut(Label) -> Index) -> ExpressionId {
        self.rebuild(root, &mut |expressions, node| match node {
            Node::Position(index) => {
                let index = index.substitute(replacement);
                expressions.position(index)
            }
            Node::Random(stream, index) => {
                let index = index.substitute(replacement);
                expressions.random(stream, index)
            }
            Node::Read(tensor, at) => {
                let at = at.iter().map(|index| index.substitute(replacement)).collect();
                expressions.read(tensor, at)
            }
            other @ (Node::Number(_) | Node::Apply(..) | Node::Select(..)) => expressions.intern(other),
        })
    }

    /// Calls `visit` for every label that occurs in a formula; some more than once.
    pub fn each_label(&self, root: ExpressionId, visit: &mut dyn FnMut(Label)) {
        self.reachable(root).into_iter().for_each(|id| self.each_own_label(id, visit));
    }

    /// Calls `visit` for every label of a node, not for those of its arguments.
    pub fn each_own_label(&self, id: ExpressionId, visit: &mut dyn FnMut(Label)) {
        match self.node(id) {
            Node::Position(index) | Node::Random(_, index) => index.each_label(visit),
            Node::Read(_, at) => at.iter().for_each(|index| index.each_label(visit)),
            Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
        }
    }

    /// The formula with some of its nodes replaced, the outermost first.
    pub fn replace(&mut self, root: ExpressionId, replaced: &FxHashMap<ExpressionId, ExpressionId>) -> ExpressionId {
        let mut done: FxHashMap<ExpressionId, ExpressionId> = FxHashMap::default();
        for id in self.reachable(root) {
            let new = match (replaced.get(&id), self.node(id).clone()) {
                (Some(&new), _) => new,
                (None, Node::Apply(operator, arguments)) => {
                    self.intern(Node::Apply(operator, arguments.iter().map(|argument| done[argument]).collect()))
                }
                (None, Node::Select(c, a, b)) => self.intern(Node::Select(done[&c], done[&a], done[&b])),
                (None, Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..)) => id,
            };
            done.insert(id, new);
        }
        done[&root]
    }

    /// Calls `visit` for every tensor that a formula reads, also in its index forms; some more than once.
    pub fn each_tensor(&self, root: ExpressionId, visit: &mut dyn FnMut(TensorId)) {
        for id in self.reachable(root) {
            match self.node(id) {
                Node::Position(index) | Node::Random(_, index) => index.each_tensor(visit),
                Node::Read(tensor, at) => {
                    visit(*tensor);
                    at.iter().for_each(|index| index.each_tensor(visit));
                }
                Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
            }
        }
    }

    /// The tensors in a whole formula, each once, sorted.
    pub fn tensors(&self, root: ExpressionId) -> Vec<TensorId> {
        if let Some(known) = self.tensors.borrow().get(&root) {
            return known.clone();
        }
        let mut found = Vec::new();
        self.each_tensor(root, &mut |tensor| found.push(tensor));
        found.sort_unstable();
        found.dedup();
        self.tensors.borrow_mut().insert(root, found.clone());
        found
    }
}

impl Algebra for Expressions {
    fn number(&mut self, value: f64) -> ExpressionId {
        Self::number(self, value)
    }
    fn apply(&mut self, operator: Operator, arguments: &[ExpressionId]) -> ExpressionId {
        Self::apply(self, operator, arguments)
    }
    fn select(&mut self, condition: ExpressionId, then: ExpressionId, otherwise: ExpressionId) -> ExpressionId {
        Self::select(self, condition, then, otherwise)
    }
}
