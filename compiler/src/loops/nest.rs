//! The loop nests of a plan: loops, accumulators and stores.

use super::build::{Builder, Frame};
use super::{Local, Statement, Value};
use crate::ir::{ExpressionId, Index, Node, TensorId};
use crate::ops::{Operator, Reduction};
use crate::plan::offset::strides;
use crate::plan::{Home, Item, defined, variable_label};

impl Builder<'_> {
    /// Writes the items of a nest.
    pub fn walk(&mut self, items: &[Item]) {
        let mut run = Vec::new();
        for item in items {
            match item {
                Item::Define(id) => run.push(*id),
                Item::Loop(variable, body) => {
                    self.leaf(&std::mem::take(&mut run));
                    self.enter(*variable, body);
                }
            }
        }
        self.leaf(&run);
    }

    /// A loop, with the accumulators that live around it.
    fn enter(&mut self, variable: usize, body: &[Item]) {
        let starts = |id: &TensorId| {
            let member = &self.plan.members[id];
            member.order.get(member.depth) == Some(&variable)
        };
        let reductions: Vec<TensorId> = defined(body).into_iter().filter(starts).collect();
        for &id in &reductions {
            self.open(id);
        }
        self.frames.push(Frame::new(Some(variable)));
        self.walk(body);
        let inner = self.frames.pop().map(|frame| frame.statements).unwrap_or_default();
        let statement = self.looped(variable, inner);
        self.write(statement);
        for id in reductions {
            self.close(id);
        }
    }

    /// Writes a statement into the innermost body.
    pub fn write(&mut self, statement: Statement) {
        if let Some(frame) = self.frames.last_mut() {
            frame.statements.push(statement);
        }
    }

    fn reduction(&self, id: TensorId) -> Option<Reduction> {
        self.program.definition(id)?.reduction.as_ref().map(|(reduction, _)| *reduction)
    }

    /// Starts the accumulators of a reduction.
    fn open(&mut self, id: TensorId) {
        let Some(reduction) = self.reduction(id) else { return };
        let name = self.program.tensor(id).name.clone();
        let (start, arg) = match reduction {
            Reduction::Sum => (0.0, false),
            Reduction::Product => (1.0, false),
            Reduction::Maximum | Reduction::LogSumExp => (f64::NEG_INFINITY, false),
            Reduction::Minimum => (f64::INFINITY, false),
            Reduction::ArgMaximum => (f64::NEG_INFINITY, true),
            Reduction::ArgMinimum => (f64::INFINITY, true),
        };
        let best = self.local(if arg { "best" } else { &name });
        self.write(Statement::Accumulator(best, Value::Number(start)));
        let position = arg.then(|| self.local(&name));
        if let Some(position) = position {
            self.write(Statement::Accumulator(position, Value::Number(0.0)));
        }
        self.accumulators.insert(id, (best, position));
    }

    /// Uses the value of a reduction that is complete.
    fn close(&mut self, id: TensorId) {
        let Some((value, position)) = self.accumulators.remove(&id) else { return };
        let value = position.unwrap_or(value);
        self.remember(id, value);
        self.store(id, Value::Local(value));
    }

    /// Later reads of this element are the local.
    fn remember(&mut self, id: TensorId, local: Local) {
        let axes = self.plan.axes(id);
        let read = self.program.expressions.read(id, axes);
        if let Some(frame) = self.frames.last_mut() {
            frame.known.insert(read, local);
        }
    }

    fn store(&mut self, id: TensorId, value: Value) {
        if self.plan.homes.get(&id) == Some(&Home::Local) {
            return;
        }
        let axes = self.plan.axes(id);
        let store = Statement::Store {
            buffer: self.buffer(id),
            offset: self.offset(id, &axes),
            value,
            accumulate: self.plan.members[&id].accumulates,
        };
        self.write(store);
    }

    /// Definitions side by side: all values first, then all stores, so that a store may end the life of what was read.
    fn leaf(&mut self, run: &[TensorId]) {
        let roots: Vec<ExpressionId> = run.iter().map(|&id| self.body(id)).collect();
        let uses = self.uses(&roots);
        self.harmless.clear();
        let mut values = Vec::new();
        for (&id, &root) in run.iter().zip(&roots) {
            self.prepare(root, &uses);
            let mut value = self.construct(root, &uses);
            let is_term = self.reduction(id).is_some();
            let is_read = !is_term && self.read_here.contains(&id);
            let is_bound = matches!(value, Value::Local(_));
            if !is_bound && (run.len() > 1 || is_read || self.is_arg(id)) {
                let local = self.local(&self.program.tensor(id).name.clone());
                self.write(Statement::Let(local, value));
                value = Value::Local(local);
            }
            if let Value::Local(local) = value
                && !is_term
            {
                self.remember(id, local);
            }
            values.push(value);
        }
        for (&id, value) in run.iter().zip(values) {
            self.finish(id, value);
        }
    }

    fn is_arg(&self, id: TensorId) -> bool {
        matches!(self.reduction(id), Some(Reduction::ArgMaximum | Reduction::ArgMinimum))
    }

    /// What is done with the value of a definition, or with a term of its reduction.
    fn finish(&mut self, id: TensorId, value: Value) {
        let Some((accumulator, position)) = self.accumulators.get(&id).copied() else { return self.store(id, value) };
        let operator = match self.reduction(id) {
            None => return,
            Some(Reduction::Sum | Reduction::LogSumExp) => Operator::Add,
            Some(Reduction::Product) => Operator::Multiply,
            Some(Reduction::Maximum) => Operator::Maximum,
            Some(Reduction::Minimum) => Operator::Minimum,
            Some(Reduction::ArgMaximum) => return self.first(id, value, (accumulator, position), Operator::LessEqual),
            Some(Reduction::ArgMinimum) => return self.first(id, value, (accumulator, position), Operator::GreaterEqual),
        };
        self.write(Statement::Assign(accumulator, Value::Apply(operator, vec![Value::Local(accumulator), value])));
    }

    /// Keeps the first best value and its position: one that is not worse or equal to the best so far, so that a NaN beats all but a NaN.
    fn first(&mut self, id: TensorId, value: Value, (best, position): (Local, Option<Local>), no_better: Operator) {
        let Some(position) = position else { return };
        let apply = |operator, a: &Value, b: &Value| Value::Apply(operator, vec![a.clone(), b.clone()]);
        let old = Value::Local(best);
        let is_better = Value::Apply(Operator::Not, vec![apply(no_better, &value, &old)]);
        let beats = apply(Operator::And, &is_better, &apply(Operator::Equal, &old, &old));
        let condition = self.local("beats");
        self.write(Statement::Let(condition, beats));
        let select = |then: Value, otherwise: Value| {
            Value::Select(Box::new(Value::Local(condition)), Box::new(then.into()), Box::new(otherwise.into()))
        };
        let here = Value::Position(self.form(&self.position(id)));
        self.write(Statement::Assign(position, select(here, Value::Local(position))));
        self.write(Statement::Assign(best, select(value, old)));
    }

    /// The row-major position of the labels of a reduction.
    fn position(&self, id: TensorId) -> Index {
        let rank = self.program.tensor(id).shape.len();
        let extents = &self.program.label_extents(id)[rank..];
        let variables = &self.plan.members[&id].variables[rank..];
        variables
            .iter()
            .zip(strides(extents))
            .fold(Index::default(), |sum, (&variable, stride)| sum.plus(&Index::label(variable_label(variable)).times(&stride)))
    }

    /// The formula of a definition over the variables of its nest.
    fn body(&mut self, id: TensorId) -> ExpressionId {
        let Some(definition) = self.program.definition(id) else {
            return self.program.expressions.intern(Node::Number(crate::ir::Number::new(0.0)));
        };
        let body = definition.body;
        let variables = &self.plan.members[&id].variables;
        self.program.expressions.substitute(body, &mut |label| Index::label(variable_label(variables[label.0 as usize])))
    }
}
