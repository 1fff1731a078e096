//! Formulas as values: what is used twice, and what does not depend on inner loops, becomes a local further out.

use super::build::{Builder, Frame};
use super::{Block, Local, Statement, Value};
use crate::ir::cost::formula_cost;
use crate::ir::{Atom, ExpressionId, Node, bounds};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;

/// A branch that reads nothing it must not read, and costs no more than this, is computed whether it is taken or not.
const SPECULATED: u32 = 64;

/// A value is no deeper than this; what is below becomes a local.
const DEEPEST: u32 = 12;

/// How often formulas are used, and by whom.
pub(super) struct Uses {
    count: FxHashMap<ExpressionId, u32>,
    user: FxHashMap<ExpressionId, ExpressionId>,
    /// The innermost frame whose label occurs in a formula, of those that have been asked for.
    levels: RefCell<FxHashMap<ExpressionId, usize>>,
}

impl From<Value> for Block {
    fn from(value: Value) -> Self {
        Self { locals: Vec::new(), value }
    }
}

impl Builder<'_> {
    /// How often the parts of some formulas are used.
    pub fn uses(&self, roots: &[ExpressionId]) -> Uses {
        let mut uses = Uses { count: FxHashMap::default(), user: FxHashMap::default(), levels: RefCell::default() };
        let mut seen = FxHashSet::default();
        for &root in roots {
            *uses.count.entry(root).or_insert(0) += 1;
            for id in self.program.expressions.reachable(root) {
                if seen.insert(id) {
                    for argument in self.program.expressions.arguments(id) {
                        *uses.count.entry(argument).or_insert(0) += 1;
                        uses.user.insert(argument, id);
                    }
                }
            }
        }
        uses
    }

    /// The local of a formula, if it has one that is in scope.
    fn known(&self, id: ExpressionId) -> Option<Local> {
        self.frames.iter().rev().find_map(|frame| frame.known.get(&id)).copied()
    }

    /// Writes the locals that a formula needs: what is used twice, what belongs to an outer loop, what would nest too deeply.
    pub fn prepare(&mut self, root: ExpressionId, uses: &Uses) {
        let mut heights: FxHashMap<ExpressionId, u32> = FxHashMap::default();
        for id in self.always(root) {
            if self.is_trivial(id) || self.known(id).is_some() {
                continue;
            }
            let height = |argument: &ExpressionId| heights.get(argument).map_or(0, |height| height + 1);
            let height = self.program.expressions.arguments(id).iter().map(height).max().unwrap_or(0);
            let level = self.level(id, uses);
            let user = uses.user.get(&id).filter(|_| id != root);
            let wanted_at = user.map_or(self.frames.len() - 1, |&user| self.level(user, uses));
            let twice = uses.count.get(&id).is_some_and(|&count| count > 1);
            if twice || level < wanted_at || height > DEEPEST {
                self.bind(id, level, uses);
            } else {
                heights.insert(id, height);
            }
        }
    }

    fn bind(&mut self, id: ExpressionId, level: usize, uses: &Uses) {
        let value = self.construct(id, uses);
        let name = self.name(id);
        let local = self.local(&name);
        self.frames[level].statements.push(Statement::Let(local, value));
        self.frames[level].known.insert(id, local);
    }

    fn name(&self, id: ExpressionId) -> String {
        match self.program.expressions.node(id) {
            Node::Read(tensor, _) => self.program.tensor(*tensor).name.clone(),
            Node::Apply(operator, _) => match operator.row().spelling {
                crate::ops::Spelling::Function(name) => name.to_owned(),
                crate::ops::Spelling::Infix(..) | crate::ops::Spelling::Prefix(..) => "value".into(),
            },
            Node::Random(..) => "random".into(),
            Node::Number(_) | Node::Position(_) | Node::Select(..) => "value".into(),
        }
    }

    /// The frame in which all labels of a formula are bound.
    fn level(&self, root: ExpressionId, uses: &Uses) -> usize {
        let mut levels = uses.levels.borrow_mut();
        let mut stack = if levels.contains_key(&root) { Vec::new() } else { vec![root] };
        while let Some(&id) = stack.last() {
            let arguments = self.program.expressions.arguments(id);
            let unknown: Vec<ExpressionId> = arguments.iter().copied().filter(|of| !levels.contains_key(of)).collect();
            if unknown.is_empty() {
                let level = self.own_level(id, &arguments, &levels);
                levels.insert(id, level);
                stack.pop();
            } else {
                stack.extend(unknown);
            }
        }
        levels.get(&root).map_or(self.floor, |&level| level.max(self.floor))
    }

    fn own_level(&self, id: ExpressionId, arguments: &[ExpressionId], levels: &FxHashMap<ExpressionId, usize>) -> usize {
        let mut level = arguments.iter().filter_map(|argument| levels.get(argument)).copied().max().unwrap_or(0);
        self.program.expressions.each_own_label(id, &mut |label| {
            let bound = self.frames.iter().position(|frame| frame.variable == Some(label.0 as usize));
            level = level.max(bound.unwrap_or(0));
        });
        level
    }

    /// Constants and plain positions are written where they are used.
    fn is_trivial(&self, id: ExpressionId) -> bool {
        match self.program.expressions.node(id) {
            Node::Number(_) => true,
            Node::Position(index) => index.terms().all(|(atom, _)| matches!(atom, Atom::Label(_))),
            Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => false,
        }
    }

    /// The parts of a formula that may be computed whatever the conditions in it are, arguments before their users.
    fn always(&mut self, root: ExpressionId) -> Vec<ExpressionId> {
        let mut order = Vec::new();
        let mut seen = FxHashSet::default();
        let mut stack = vec![(root, false)];
        while let Some((id, entered)) = stack.pop() {
            if entered {
                order.push(id);
            } else if self.known(id).is_none() && seen.insert(id) {
                stack.push((id, true));
                stack.extend(self.always_used(id).into_iter().rev().map(|argument| (argument, false)));
            }
        }
        order
    }

    fn always_used(&mut self, id: ExpressionId) -> Vec<ExpressionId> {
        match *self.program.expressions.node(id) {
            Node::Select(condition, then, otherwise) => {
                let branches: Vec<ExpressionId> =
                    [then, otherwise].into_iter().filter(|&branch| self.is_harmless(branch)).collect();
                self.harmless.extend(&branches);
                std::iter::once(condition).chain(branches).collect()
            }
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) => {
                self.program.expressions.arguments(id)
            }
        }
    }

    /// Whether a branch may be computed even where it is not taken: its reads are inside for all labels, and it is cheap.
    fn is_harmless(&self, branch: ExpressionId) -> bool {
        formula_cost(&self.program.expressions, branch) <= SPECULATED
            && self.program.expressions.reachable(branch).into_iter().all(|id| match self.program.expressions.node(id) {
                Node::Read(tensor, at) => {
                    self.known(id).is_some() || bounds::is_element(&self.program, *tensor, at, &self.extents)
                }
                Node::Position(index) | Node::Random(_, index) => bounds::has_elements(&self.program, index, &self.extents),
                Node::Number(_) | Node::Apply(..) | Node::Select(..) => true,
            })
    }

    /// The value of a formula, with the locals that are there.
    pub fn construct(&mut self, id: ExpressionId, uses: &Uses) -> Value {
        if let Some(local) = self.known(id) {
            return Value::Local(local);
        }
        match self.program.expressions.node(id).clone() {
            Node::Number(number) => Value::Number(number.get()),
            Node::Position(index) => {
                let simple = bounds::simplify(&self.program, &index, &self.extents);
                Value::Position(self.form(&simple))
            }
            Node::Random(stream, index) => {
                let simple = bounds::simplify(&self.program, &index, &self.extents);
                Value::Random(stream, self.form(&simple))
            }
            Node::Read(tensor, at) => Value::Load(self.buffer(tensor), self.offset(tensor, &at)),
            Node::Apply(operator, arguments) => {
                Value::Apply(operator, arguments.into_iter().map(|argument| self.construct(argument, uses)).collect())
            }
            Node::Select(condition, then, otherwise) => {
                let condition = self.construct(condition, uses);
                let (then, otherwise) = (self.branch(then, uses), self.branch(otherwise, uses));
                Value::Select(Box::new(condition), Box::new(then), Box::new(otherwise))
            }
        }
    }

    /// A branch of a selection, with its own locals where it must not be computed unless it is taken.
    fn branch(&mut self, branch: ExpressionId, uses: &Uses) -> Block {
        if self.harmless.contains(&branch) {
            return self.construct(branch, uses).into();
        }
        let floor = std::mem::replace(&mut self.floor, self.frames.len());
        self.frames.push(Frame::new(None));
        self.prepare(branch, uses);
        let value = self.construct(branch, uses);
        self.floor = floor;
        let statements = self.frames.pop().map(|frame| frame.statements).unwrap_or_default();
        let locals = statements.into_iter().filter_map(|statement| match statement {
            Statement::Let(local, value) => Some((local, value)),
            Statement::Comment(_) | Statement::For { .. } | Statement::Accumulator(..) | Statement::Assign(..) => None,
            Statement::Store { .. } | Statement::Fill(..) | Statement::Product(_) => None,
        });
        Block { locals: locals.collect(), value }
    }
}
