//! A plan as loops: buffers, nests, products and copies.
//!
//! The planned program says what is computed, the plan how; the program that was planned says how its formulas are shown.

use super::{Axis, Buffer, BufferId, Destination, Local, Loops, Operand, Place, Product, Statement, Value, Variable};
use crate::ir::{Atom, Element, ExpressionId, Extent, Index, Label, Program, Role, SizeId, Source, TensorId};
use crate::plan::{Contraction, Home, Part, Plan, Step, defined, offset, variable_label};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// Builds the loops of a plan; `program` is the one that was planned.
pub fn build(program: &Program, plan: &Plan) -> Loops {
    let mut builder = Builder::new(plan);
    builder.buffers(program);
    let computed: BTreeSet<TensorId> = plan.steps.iter().flat_map(Step::computes).collect();
    for step in &plan.steps {
        let formulas = formulas(program, plan, &step.computes(), &computed);
        builder.loops.body.extend(formulas.into_iter().map(Statement::Comment));
        let statements = builder.step(step);
        builder.loops.body.extend(statements);
    }
    super::merge::merge(&mut builder.loops.body);
    super::unroll::unroll(&mut builder.loops);
    builder.loops
}

/// The formulas that a step computes, as far as the reader of the program knows them; before each those of the reductions in it of which only
/// the parts are computed. A step that computes nothing else has formulas of the plan.
fn formulas(program: &Program, plan: &Plan, step: &[TensorId], computed: &BTreeSet<TensorId>) -> Vec<String> {
    let mut shown: Vec<TensorId> = Vec::new();
    for &id in step.iter().filter(|id| (id.0 as usize) < program.tensors.len()) {
        let in_parts = |read: &TensorId| {
            !computed.contains(read) && program.definition(*read).is_some_and(|definition| definition.reduction.is_some())
        };
        for known in program.dependencies(id).into_iter().filter(in_parts).chain([id]) {
            if !shown.contains(&known) {
                shown.push(known);
            }
        }
    }
    if shown.is_empty() {
        return step.iter().map(|&id| crate::ir::print::formula(&plan.program, id)).collect();
    }
    shown.into_iter().map(|id| crate::ir::print::formula(program, id)).collect()
}

/// A body that is being written.
pub(super) struct Frame {
    /// The variable of its loop.
    pub variable: Option<usize>,
    /// What is written so far.
    pub statements: Vec<Statement>,
    /// The formulas (over variables) that have a local here.
    pub known: FxHashMap<ExpressionId, Local>,
}

impl Frame {
    pub fn new(variable: Option<usize>) -> Self {
        Self { variable, statements: Vec::new(), known: FxHashMap::default() }
    }
}

/// What is being built.
pub(super) struct Builder<'a> {
    pub plan: &'a Plan,
    /// The planned program; its arena grows.
    pub program: Program,
    pub loops: Loops,
    /// The extents of all variables.
    pub extents: Vec<Extent>,
    /// The open bodies, outermost first.
    pub frames: Vec<Frame>,
    /// Nothing may be written further out than this frame: the branch of a selection.
    pub floor: usize,
    /// The accumulators of the reductions that are open; the second holds a position.
    pub accumulators: BTreeMap<TensorId, (Local, Option<Local>)>,
    /// Branches of the present definitions that are computed whether they are taken or not.
    pub harmless: FxHashSet<ExpressionId>,
    /// What the present nest reads.
    pub read_here: BTreeSet<TensorId>,
    buffer_of: BTreeMap<TensorId, BufferId>,
}

impl<'a> Builder<'a> {
    fn new(plan: &'a Plan) -> Self {
        let loops = Loops {
            name: plan.name.clone(),
            precision: plan.program.precision,
            sizes: plan.program.sizes.clone(),
            domain: plan.program.domain().clone(),
            buffers: Vec::new(),
            slots: plan.slots.clone(),
            variable_names: plan.variables.iter().map(|variable| variable.name.clone()).collect(),
            local_names: Vec::new(),
            body: Vec::new(),
        };
        Self {
            plan,
            program: plan.program.clone(),
            loops,
            extents: plan.variables.iter().map(|variable| variable.extent.clone()).collect(),
            frames: Vec::new(),
            floor: 0,
            accumulators: BTreeMap::new(),
            harmless: FxHashSet::default(),
            read_here: BTreeSet::new(),
            buffer_of: BTreeMap::new(),
        }
    }

    /// The buffers of what is read and of what is computed and has memory.
    fn buffers(&mut self, original: &Program) {
        for id in self.given() {
            let name = self.program.tensor(id).name.clone();
            let place = match &self.program.tensor(id).source {
                Source::Input | Source::Target => Place::Input(name),
                Source::Parameter(_) => Place::Parameter(name),
                Source::State(_) => Place::State(name),
                Source::Defined(_) => continue,
            };
            self.add_buffer(original, id, place);
        }
        for (id, home) in self.plan.homes.clone() {
            match home {
                Home::Local => {}
                Home::Slot(slot) => self.add_buffer(original, id, Place::Workspace(slot)),
                Home::Result(role) => self.add_buffer(original, id, Place::Result(destination(original, &role))),
            }
        }
    }

    /// The given tensors that are read, and those that are needed to tell the sizes.
    fn given(&self) -> Vec<TensorId> {
        let is_given = |id: &TensorId| self.program.definition(*id).is_none();
        let mut given: Vec<TensorId> = self.program.order().iter().flat_map(|&id| self.program.dependencies(id)).collect();
        given.extend(self.program.roots.iter().map(|root| root.tensor));
        given.retain(is_given);
        given.sort_unstable();
        given.dedup();
        let sizes = |id: TensorId| self.program.tensor(id).shape.iter().filter_map(Extent::as_size);
        let mut told: BTreeSet<SizeId> = given.iter().flat_map(|&id| sizes(id)).collect();
        for id in self.program.ids().filter(is_given) {
            if sizes(id).any(|size| !told.contains(&size)) {
                told.extend(sizes(id));
                given.push(id);
            }
        }
        given.sort_unstable();
        given
    }

    /// A buffer has the shape that the reader of the program knows, unless memory holds less of it.
    fn add_buffer(&mut self, original: &Program, id: TensorId, place: Place) {
        let tensor = self.program.tensor(id);
        let in_memory = self.plan.shape_in_memory(id);
        let shape = match original.tensors.get(id.0 as usize) {
            Some(known) if Extent::product(&known.shape) == Extent::product(&in_memory) => known.shape.clone(),
            Some(_) | None => in_memory,
        };
        let integers = match &tensor.element {
            Element::Real => None,
            Element::Integer { from, to } => Some([from.clone(), to.clone()]),
        };
        let buffer = Buffer { name: tensor.name.clone(), shape, integers, place };
        self.buffer_of.insert(id, BufferId(number(self.loops.buffers.len())));
        self.loops.buffers.push(buffer);
    }

    /// The buffer of a tensor that has one.
    pub fn buffer(&self, id: TensorId) -> BufferId {
        self.buffer_of[&id]
    }

    /// A new local.
    pub fn local(&mut self, name: &str) -> Local {
        self.loops.local_names.push(name.to_owned());
        Local(number(self.loops.local_names.len() - 1))
    }

    /// An index form over variables with buffers in the place of tensors.
    pub fn form(&self, index: &Index) -> Index {
        let mut result = Index::constant(index.constant_part().clone());
        for (atom, coefficient) in index.terms() {
            let part = match atom {
                Atom::Label(_) => Index::atom(atom.clone()),
                Atom::Quotient(form, by) => self.form(form).quotient(by),
                Atom::Remainder(form, by) => self.form(form).remainder(by),
                Atom::Element(tensor, at) => {
                    Index::atom(Atom::Element(TensorId(self.buffer(*tensor).0), vec![self.offset(*tensor, at)]))
                }
            };
            result = result.plus(&part.times(coefficient));
        }
        result
    }

    /// The flat offset of an element, in variables and buffers.
    pub fn offset(&self, tensor: TensorId, at: &[Index]) -> Index {
        let Some(&time) = self.plan.folded.get(&tensor) else {
            return self.form(&offset::flat(&self.program, tensor, at, &self.extents));
        };
        let mut at = at.to_vec();
        at[time] = Index::default();
        self.form(&offset::flat_in(&self.program, &self.plan.shape_in_memory(tensor), &at, &self.extents))
    }

    /// The statements of a step.
    fn step(&mut self, step: &Step) -> Vec<Statement> {
        let mut statements = self.fills(step);
        self.read_here = step.computes().into_iter().flat_map(|id| self.program.dependencies(id)).collect();
        self.frames.push(Frame::new(None));
        self.inside(step);
        statements.extend(self.frames.pop().map(|frame| frame.statements).unwrap_or_default());
        statements
    }

    /// What is added up in memory begins with zero.
    fn fills(&self, step: &Step) -> Vec<Statement> {
        let fill = |id: TensorId| Statement::Fill(self.buffer(id), 0.0);
        match step {
            Step::Nest(items) => defined(items).into_iter().filter(|id| self.plan.members[id].accumulates).map(fill).collect(),
            Step::Product(_) | Step::Copy(..) => Vec::new(),
            Step::Recurrence(recurrence) => recurrence.steps.iter().flat_map(|step| self.fills(step)).collect(),
        }
    }

    /// Writes a step into the innermost body.
    fn inside(&mut self, step: &Step) {
        match step {
            Step::Nest(items) => self.walk(items),
            Step::Product(contraction) => {
                self.product(contraction).into_iter().for_each(|statement| self.write(statement));
            }
            Step::Copy(tensor, role) => {
                let statement = self.copy(*tensor, role);
                self.write(statement);
            }
            Step::Recurrence(recurrence) => {
                self.frames.push(Frame::new(Some(recurrence.variable)));
                recurrence.steps.iter().for_each(|step| self.inside(step));
                let body = self.frames.pop().map(|frame| frame.statements).unwrap_or_default();
                let (variable, extent) = (recurrence.variable, self.extents[recurrence.variable].clone());
                let backward = recurrence.backward;
                self.write(Statement::For { variable: Variable(number(variable)), extent, backward, body });
            }
        }
    }

    /// The parts of a product, in the loops around it.
    fn product(&self, contraction: &Contraction) -> Vec<Statement> {
        let mut statements: Vec<Statement> =
            contraction.parts.iter().map(|part| self.part_of_product(contraction, part)).collect();
        for around in contraction.outer.iter().rev().filter(|around| !self.is_open(around.variable)) {
            statements = vec![self.looped(around.variable, statements)];
        }
        statements
    }

    fn part_of_product(&self, contraction: &Contraction, part: &Part) -> Statement {
        let range = |label: Label| part.iter().find(|(own, _)| *own == label).map(|(_, range)| range);
        // Labels of the product's own axes start with their ranges, those of the loops around are variables.
        let start = |flat: &Index| {
            flat.substitute(&mut |label| {
                let variable = contraction.outer.iter().find(|around| around.label == label).map(|around| around.variable);
                let first = || Index::constant(range(label).map_or(0, |range| range.start));
                variable.map_or_else(first, |variable| Index::label(variable_label(variable)))
            })
        };
        let operand = |tensor: TensorId, flat: &Index| Operand { buffer: self.buffer(tensor), offset: start(flat) };
        let extent = |axis: &crate::plan::Axis| match axis.labels.as_slice() {
            [label] => range(*label).map_or_else(|| axis.extent.clone(), |range| Extent::constant(range.end - range.start)),
            _ => axis.extent.clone(),
        };
        let side = |axes: &[crate::plan::Axis]| -> Vec<Axis> {
            let axes = axes.iter().map(|axis| Axis { extent: extent(axis), strides: axis.strides.clone() });
            axes.filter(|axis| !axis.extent.is_one()).collect()
        };
        let [(a, flat_a), (b, flat_b)] = &contraction.operands;
        Statement::Product(Box::new(Product {
            m: side(&contraction.m),
            n: side(&contraction.n),
            k: side(&contraction.k),
            a: operand(*a, flat_a),
            b: operand(*b, flat_b),
            c: operand(contraction.tensor, &contraction.result),
            edge: contraction.edge,
        }))
    }

    /// Whether what is written stands in the loop of a variable.
    fn is_open(&self, variable: usize) -> bool {
        self.frames.iter().any(|frame| frame.variable == Some(variable))
    }

    /// A loop over a variable of the plan.
    pub fn looped(&self, variable: usize, body: Vec<Statement>) -> Statement {
        Statement::For { variable: Variable(number(variable)), extent: self.extents[variable].clone(), backward: false, body }
    }

    /// A second copy of a tensor.
    fn copy(&mut self, id: TensorId, role: &Role) -> Statement {
        let from = self.buffer(id);
        let destination = destination(&self.program, role);
        let source = self.loops.buffer(from).clone();
        let name = format!("{} ({})", source.name, super::print::destination(&destination));
        let to = BufferId(number(self.loops.buffers.len()));
        self.loops.buffers.push(Buffer { name, shape: source.shape.clone(), integers: None, place: Place::Result(destination) });
        let variable = self.extents.len();
        self.extents.push(Extent::product(&source.shape));
        self.loops.variable_names.push("i".into());
        let at = Index::label(variable_label(variable));
        let value = if source.integers.is_some() {
            Value::Position(Index::atom(Atom::Element(TensorId(from.0), vec![at.clone()])))
        } else {
            Value::Load(from, at.clone())
        };
        self.looped(variable, vec![Statement::Store { buffer: to, offset: at, value, accumulate: false }])
    }
}

fn destination(program: &Program, role: &Role) -> Destination {
    let path = |tensor: TensorId| program.tensor(tensor).name.clone();
    match role {
        Role::Loss => Destination::Loss,
        Role::Output(name) => Destination::Output(name.clone()),
        Role::Metric(name) => Destination::Metric(name.clone()),
        Role::Gradient(tensor) => Destination::Gradient(path(*tensor)),
        Role::Update(tensor) => Destination::Update(path(*tensor)),
    }
}

/// A number as ids have it.
fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
