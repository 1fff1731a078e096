//! What must hold of loops: locals and variables are bound before their uses and bound once, what is given is never written,
//! workspace and results are written before they are read, every result is written, offsets that are affine stay inside.

use super::{Block, BufferId, Local, Loops, Place, Product, Statement, Value};
use crate::ir::{Atom, Extent, Index};
use std::collections::BTreeSet;

/// What is violated, in words.
pub fn check(loops: &Loops) -> Result<(), String> {
    let count = loops.variable_names.len();
    let mut checker = Checker {
        loops,
        extents: vec![None; count],
        locals: Vec::new(),
        ever: BTreeSet::new(),
        written: BTreeSet::new(),
        problems: Vec::new(),
        guarded: false,
        around: Vec::new(),
    };
    checker.body(&loops.body);
    for (number, buffer) in loops.buffers.iter().enumerate() {
        let is_written = checker.written.contains(&id(number));
        match &buffer.place {
            Place::Result(_) if !is_written => checker.problems.push(format!("the result {} is never written", buffer.name)),
            Place::Workspace(slot) if *slot >= loops.slots.len() => checker.problems.push(format!("{} has no slot", buffer.name)),
            Place::Result(_) | Place::Workspace(_) | Place::Input(_) | Place::Parameter(_) | Place::State(_) => {}
        }
    }
    if checker.problems.is_empty() { Ok(()) } else { Err(checker.problems.join("; ")) }
}

fn id(number: usize) -> BufferId {
    BufferId(u32::try_from(number).unwrap_or(u32::MAX))
}

struct Checker<'a> {
    loops: &'a Loops,
    /// The extents of the variables in scope.
    extents: Vec<Option<Extent>>,
    /// The locals in scope.
    locals: Vec<Local>,
    /// All locals that were ever bound.
    ever: BTreeSet<Local>,
    written: BTreeSet<BufferId>,
    problems: Vec<String>,
    /// Within a branch: a condition may keep an offset inside.
    guarded: bool,
    /// What is written in the loops around: an earlier round may have written what a branch reads.
    around: Vec<BTreeSet<BufferId>>,
}

impl Checker<'_> {
    fn body(&mut self, body: &[Statement]) {
        let scope = self.locals.len();
        for statement in body {
            match statement {
                Statement::Comment(_) => {}
                Statement::For { variable, extent, body, .. } => {
                    let slot = variable.0 as usize;
                    if self.extents[slot].replace(extent.clone()).is_some() {
                        self.problems.push(format!("variable {slot} is bound twice"));
                    }
                    let mut written = BTreeSet::new();
                    stores(body, &mut written);
                    self.around.push(written);
                    self.body(body);
                    self.around.pop();
                    self.extents[slot] = None;
                }
                Statement::Let(local, value) | Statement::Accumulator(local, value) => {
                    self.value(value);
                    self.bind(*local);
                }
                Statement::Assign(local, value) => {
                    self.value(value);
                    self.used(*local);
                }
                Statement::Store { buffer, offset, value, accumulate } => {
                    self.value(value);
                    self.element(*buffer, offset, false);
                    if *accumulate {
                        self.read(*buffer);
                    }
                    self.write(*buffer);
                }
                Statement::Fill(buffer, _) => self.write(*buffer),
                Statement::Product(product) => self.product(product),
            }
        }
        self.locals.truncate(scope);
    }

    fn bind(&mut self, local: Local) {
        if !self.ever.insert(local) {
            self.problems.push(format!("local {} is bound twice", local.0));
        }
        self.locals.push(local);
    }

    fn used(&mut self, local: Local) {
        if !self.locals.contains(&local) {
            self.problems.push(format!("local {} is not bound here", local.0));
        }
    }

    fn read(&mut self, buffer: BufferId) {
        let of = self.loops.buffer(buffer);
        let given = matches!(of.place, Place::Input(_) | Place::Parameter(_) | Place::State(_));
        let recurs = self.guarded && self.around.iter().any(|written| written.contains(&buffer));
        if !given && !recurs && !self.written.contains(&buffer) {
            self.problems.push(format!("{} is read before it is written", of.name));
        }
    }

    fn write(&mut self, buffer: BufferId) {
        let of = self.loops.buffer(buffer);
        if matches!(of.place, Place::Input(_) | Place::Parameter(_) | Place::State(_)) {
            self.problems.push(format!("{} is given and yet written", of.name));
        }
        self.written.insert(buffer);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Number(_) => {}
            Value::Local(local) => self.used(*local),
            Value::Position(index) | Value::Random(_, index) => self.index(index),
            Value::Load(buffer, offset) => {
                self.read(*buffer);
                self.element(*buffer, offset, self.guarded);
            }
            Value::Apply(operator, arguments) => {
                if arguments.len() != operator.row().arity {
                    self.problems.push(format!("{operator:?} has {} arguments", arguments.len()));
                }
                arguments.iter().for_each(|argument| self.value(argument));
            }
            Value::Select(condition, then, otherwise) => {
                self.value(condition);
                let guarded = std::mem::replace(&mut self.guarded, true);
                self.block(then);
                self.block(otherwise);
                self.guarded = guarded;
            }
        }
    }

    fn block(&mut self, block: &Block) {
        let scope = self.locals.len();
        for (local, value) in &block.locals {
            self.value(value);
            self.bind(*local);
        }
        self.value(&block.value);
        self.locals.truncate(scope);
    }

    fn index(&mut self, index: &Index) {
        for (atom, _) in index.terms() {
            match atom {
                Atom::Label(label) => {
                    if self.extents.get(label.0 as usize).is_none_or(Option::is_none) {
                        self.problems.push(format!("variable {} is not bound here", label.0));
                    }
                }
                Atom::Quotient(form, _) | Atom::Remainder(form, _) => self.index(form),
                Atom::Element(buffer, at) => {
                    self.read(BufferId(buffer.0));
                    at.iter().for_each(|form| self.element(BufferId(buffer.0), form, self.guarded));
                }
            }
        }
    }

    /// An element is accessed: its offset is inside, where that can be told.
    fn element(&mut self, buffer: BufferId, offset: &Index, guarded: bool) {
        self.index(offset);
        if let Some((lowest, highest)) = self.range(offset).filter(|_| !guarded) {
            self.inside(buffer, &lowest, &highest);
        }
    }

    fn inside(&mut self, buffer: BufferId, lowest: &Extent, highest: &Extent) {
        let of = self.loops.buffer(buffer);
        let length = Extent::product(&of.shape);
        let domain = &self.loops.domain;
        if domain.is_at_most(lowest, -1) || domain.is_at_least(&highest.minus(&length), 0) {
            let text = format!("{}..={}", lowest.display(&self.loops.sizes), highest.display(&self.loops.sizes));
            self.problems.push(format!("the offset {text} leaves {}", of.name));
        }
    }

    /// The smallest and the largest value of an affine form of labels.
    fn range(&self, index: &Index) -> Option<(Extent, Extent)> {
        let mut range = (index.constant_part().clone(), index.constant_part().clone());
        for (atom, coefficient) in index.terms() {
            let Atom::Label(label) = atom else { return None };
            let last = self.extents.get(label.0 as usize)?.as_ref()?.plus_constant(-1).times(coefficient);
            if self.loops.domain.is_at_least(coefficient, 0) {
                range.1 = range.1.plus(&last);
            } else if self.loops.domain.is_at_most(coefficient, 0) {
                range.0 = range.0.plus(&last);
            } else {
                return None;
            }
        }
        Some(range)
    }

    fn product(&mut self, product: &Product) {
        for (operand, axes) in product.sides() {
            self.index(&operand.offset);
            let Some((mut low, mut high)) = self.range(&operand.offset) else { continue };
            for (extent, stride) in axes {
                let reach = stride.times(&extent.plus_constant(-1));
                if self.loops.domain.is_at_most(&reach, 0) {
                    low = low.plus(&reach);
                } else if self.loops.domain.is_at_least(&reach, 0) {
                    high = high.plus(&reach);
                }
            }
            self.inside(operand.buffer, &low, &high);
        }
        for operand in [product.a.buffer, product.b.buffer] {
            self.read(operand);
            if operand == product.c.buffer {
                self.problems.push(format!("the product reads {}, which it writes", self.loops.buffer(operand).name));
            }
        }
        self.write(product.c.buffer);
    }
}

/// The buffers that statements write.
fn stores(body: &[Statement], written: &mut BTreeSet<BufferId>) {
    for statement in body {
        match statement {
            Statement::For { body, .. } => stores(body, written),
            Statement::Store { buffer, .. } | Statement::Fill(buffer, _) => drop(written.insert(*buffer)),
            Statement::Product(product) => drop(written.insert(product.c.buffer)),
            Statement::Comment(_) | Statement::Let(..) | Statement::Accumulator(..) | Statement::Assign(..) => {}
        }
    }
}
