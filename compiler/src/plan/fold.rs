//! Tensors of a recurrence of which memory holds one step: all that is read of them is of the same step, or of the one before until the new one is
//! written. So what lives within a step stays in a cache, however long the time is.

use super::offset::{reads, strides};
use super::{Contraction, Plan, Recurrence, Step};
use crate::ir::recurrence::lag;
use crate::ir::{Atom, Element, Extent, Index, Label, TensorId};
use std::collections::{BTreeMap, BTreeSet};

/// Which axis of such a tensor is the time.
pub type Folded = BTreeMap<TensorId, usize>;

/// Finds them, and puts the strides that they have then into the products.
pub fn fold(plan: &mut Plan, readers: &BTreeMap<TensorId, BTreeSet<TensorId>>) {
    let times = plan.program.times();
    let mut folded = Folded::new();
    for step in &plan.steps {
        let Step::Recurrence(recurrence) = step else { continue };
        let inner: BTreeMap<TensorId, usize> = (recurrence.steps.iter().enumerate())
            .flat_map(|(number, step)| step.computes().into_iter().map(move |id| (id, number)))
            .collect();
        let within = Within { plan, recurrence, times: &times, inner: &inner };
        folded.extend(inner.keys().filter(|id| within.is_of_one_step(**id, readers)).map(|&id| (id, times[&id].0 as usize)));
    }
    let mut steps = std::mem::take(&mut plan.steps);
    for step in &mut steps {
        let Step::Recurrence(recurrence) = step else { continue };
        for step in &mut recurrence.steps {
            if let Step::Product(contraction) = step {
                shrink(plan, &folded, contraction);
            }
        }
    }
    plan.steps = steps;
    plan.folded = folded;
}

/// A recurrence, and in which of its steps each definition is computed.
struct Within<'a> {
    plan: &'a Plan,
    recurrence: &'a Recurrence,
    times: &'a BTreeMap<TensorId, Label>,
    inner: &'a BTreeMap<TensorId, usize>,
}

impl Within<'_> {
    /// Whether all that read a tensor stand in the recurrence, and read this step of it after it is written, or the one before in steps
    /// that come before.
    fn is_of_one_step(&self, id: TensorId, readers: &BTreeMap<TensorId, BTreeSet<TensorId>>) -> bool {
        let (program, Some(own)) = (&self.plan.program, self.times.get(&id)) else { return false };
        let accumulates = self.plan.members.get(&id).is_some_and(|member| member.accumulates);
        let before = if self.recurrence.backward { 1 } else { -1 };
        let of_step = |reader: &TensorId| {
            let (Some(step), Some(time), Some(definition)) =
                (self.inner.get(reader), self.times.get(reader), program.definition(*reader))
            else {
                return false;
            };
            let is_product = !self.plan.members.contains_key(reader);
            reads(program, definition.body).into_iter().filter(|(read, _)| *read == id).all(|(_, at)| {
                match lag(&at[own.0 as usize], *time) {
                    Some(0) => !is_product || has_no_start(&at),
                    Some(steps) => steps == before && !is_product && step < &self.inner[&id],
                    None => false,
                }
            })
        };
        let is_free = !self.plan.homes.contains_key(&id) && program.tensor(id).element == Element::Real;
        // The strides of the axes before the time can be told.
        let shape = &program.tensor(id).shape;
        let is_simple = shape[own.0 as usize].divided_exactly(&shape[own.0 as usize]).is_some();
        is_free && is_simple && !accumulates && readers.get(&id).into_iter().flatten().all(of_step)
    }
}

/// Whether no axis begins behind the first element.
fn has_no_start(at: &[Index]) -> bool {
    at.iter().all(|index| index.constant_part().is_zero())
}

/// A tensor whose memory loses its time.
struct OneStep {
    /// The time in a product.
    time: Label,
    /// From one step to the next in the tensor.
    stride: Extent,
    /// From there past all steps.
    whole: Extent,
}

impl OneStep {
    fn of(plan: &Plan, axis: usize, tensor: TensorId, time: Label) -> Self {
        let shape = &plan.program.tensor(tensor).shape;
        let stride = strides(shape).swap_remove(axis);
        Self { time, whole: stride.times(&shape[axis]), stride }
    }

    /// A stride of an axis: those that lead past all steps become shorter.
    fn stride(&self, old: &Extent) -> Extent {
        old.divided_exactly(&self.whole).map_or_else(|| old.clone(), |steps| steps.times(&self.stride))
    }

    fn offset(&self, old: &Index) -> Index {
        let start = Index::constant(self.stride(old.constant_part()));
        let terms = old.terms().filter(|(atom, _)| **atom != Atom::Label(self.time));
        terms.fold(start, |sum, (atom, stride)| sum.plus(&Index::atom(atom.clone()).times(&self.stride(stride))))
    }
}

/// Takes the time out of the offsets and the strides of a product in tensors of one step.
fn shrink(plan: &Plan, folded: &Folded, contraction: &mut Contraction) {
    let Some(time) = contraction.outer.iter().find(|around| around.is_time).map(|around| around.label) else { return };
    let one_step = |tensor: TensorId| Some(OneStep::of(plan, *folded.get(&tensor)?, tensor, time));
    let [a, b] = contraction.operands.each_ref().map(|(tensor, _)| one_step(*tensor));
    let c = one_step(contraction.tensor);
    let [(_, in_a), (_, in_b)] = &mut contraction.operands;
    for (offset, of) in [(in_a, &a), (in_b, &b), (&mut contraction.result, &c)] {
        if let Some(of) = of {
            *offset = of.offset(offset);
        }
    }
    for (axes, sides) in [(&mut contraction.m, [&a, &c]), (&mut contraction.n, [&b, &c]), (&mut contraction.k, [&a, &b])] {
        for (stride, of) in axes.iter_mut().flat_map(|axis| axis.strides.iter_mut().zip(sides)) {
            if let Some(of) = of {
                *stride = of.stride(stride);
            }
        }
    }
}
