//! Which computed tensors need memory, from when until when, and which of them share it.

use super::fold::fold;
use super::inline::readers;
use super::offset::{guess, reads};
use super::{Home, Item, Plan, Step, defined};
use crate::ir::{Element, Extent, Index, TensorId};
use std::collections::{BTreeMap, BTreeSet};

/// Gives every computed tensor its home.
pub fn assign(plan: &mut Plan) {
    results(plan);
    let step_of = steps(plan);
    let readers = readers(&plan.program, &plan.program.order());
    for &id in step_of.keys() {
        if !plan.homes.contains_key(&id) && is_local(plan, id, &step_of, &readers) {
            plan.homes.insert(id, Home::Local);
        }
    }
    fold(plan, &readers);
    lives(plan, &step_of, &readers);
    slots(plan, &step_of);
}

/// The first role of a computed root is where it lives.
fn results(plan: &mut Plan) {
    for root in plan.program.roots.clone() {
        if plan.program.definition(root.tensor).is_some() {
            plan.homes.entry(root.tensor).or_insert(Home::Result(root.role));
        }
    }
}

/// The step in which each tensor is computed.
fn steps(plan: &Plan) -> BTreeMap<TensorId, usize> {
    let mut found = BTreeMap::new();
    for (number, step) in plan.steps.iter().enumerate() {
        found.extend(step.computes().into_iter().map(|id| (id, number)));
    }
    found
}

/// Whether all that read a tensor stand in the loops in which it is a local.
fn is_local(
    plan: &Plan,
    id: TensorId,
    step_of: &BTreeMap<TensorId, usize>,
    readers: &BTreeMap<TensorId, BTreeSet<TensorId>>,
) -> bool {
    let Some(member) = plan.members.get(&id) else { return false };
    let own = plan.axes(id);
    plan.program.tensor(id).element == Element::Real
        && !member.accumulates
        && readers.get(&id).into_iter().flatten().all(|&reader| {
            step_of.get(&reader) == step_of.get(&id)
                && places(plan, reader, id).is_some_and(|places| places.iter().all(|at| *at == own))
        })
}

/// Where a definition of a nest reads a tensor, in the variables of the nest; `None` for other kernels.
fn places(plan: &Plan, reader: TensorId, tensor: TensorId) -> Option<Vec<Vec<Index>>> {
    plan.members.get(&reader)?;
    let body = plan.program.definition(reader)?.body;
    let reads = reads(&plan.program, body).into_iter().filter(|(read, _)| *read == tensor);
    Some(reads.map(|(_, at)| at.iter().map(|index| plan.in_variables(reader, index)).collect()).collect())
}

fn lives(plan: &mut Plan, step_of: &BTreeMap<TensorId, usize>, readers: &BTreeMap<TensorId, BTreeSet<TensorId>>) {
    for (&id, &step) in step_of {
        if plan.homes.get(&id) != Some(&Home::Local) {
            let last = readers.get(&id).into_iter().flatten().filter_map(|reader| step_of.get(reader)).max();
            plan.lives.insert(id, (step, last.copied().unwrap_or(step).max(step)));
        }
    }
    for (number, step) in plan.steps.iter().enumerate() {
        if let Step::Copy(id, _) = step
            && let Some(life) = plan.lives.get_mut(id)
        {
            life.1 = life.1.max(number);
        }
    }
}

/// A slot while slots are given away.
struct Slot {
    /// The room for each of its tenants.
    lengths: Vec<Extent>,
    integer: bool,
    owner: TensorId,
    free_after: usize,
}

fn slots(plan: &mut Plan, step_of: &BTreeMap<TensorId, usize>) {
    let mut slots: Vec<Slot> = Vec::new();
    let mut computed: Vec<Vec<TensorId>> = vec![Vec::new(); plan.steps.len()];
    step_of.iter().for_each(|(&id, &step)| computed[step].push(id));
    for (number, ids) in computed.into_iter().enumerate() {
        for id in ids.into_iter().filter(|id| !plan.homes.contains_key(id)).collect::<Vec<_>>() {
            let tensor = plan.program.tensor(id);
            let length = Extent::room_of(&plan.shape_in_memory(id));
            let integer = tensor.element != Element::Real;
            let life = plan.lives[&id];
            let found = in_place(plan, &slots, id, number).or_else(|| free(&slots, &length, integer, life.0));
            let slot = found.unwrap_or_else(|| {
                slots.push(Slot { lengths: Vec::new(), integer, owner: id, free_after: 0 });
                slots.len() - 1
            });
            slots[slot].owner = id;
            slots[slot].free_after = life.1;
            if !slots[slot].lengths.contains(&length) {
                slots[slot].lengths.push(length);
            }
            plan.homes.insert(id, Home::Slot(slot));
        }
    }
    plan.slots = slots.into_iter().map(|slot| largest(slot.lengths)).collect();
}

/// The lengths of which none is certainly shorter than another.
fn largest(lengths: Vec<Extent>) -> Vec<Extent> {
    let beaten = |length: &Extent| lengths.iter().any(|other| other != length && other.minus(length).is_at_least(0));
    lengths.iter().filter(|length| !beaten(length)).cloned().collect()
}

/// A slot that nobody uses any more: one of the same length, else the one that wastes least.
fn free(slots: &[Slot], length: &Extent, integer: bool, start: usize) -> Option<usize> {
    let wanted = guess(length);
    let waste = |slot: &Slot| slot.lengths.iter().map(|other| (guess(other) - wanted).abs()).min().unwrap_or(0);
    let usable = |slot: &&(usize, &Slot)| {
        let same_sizes = |other: &Extent| other.as_constant().is_some() == length.as_constant().is_some();
        slot.1.integer == integer && slot.1.free_after < start && slot.1.lengths.iter().any(same_sizes)
    };
    let candidates: Vec<(usize, &Slot)> = slots.iter().enumerate().filter(|candidate| usable(&candidate)).collect();
    let exact = candidates.iter().find(|(_, slot)| slot.lengths.contains(length));
    exact.or_else(|| candidates.iter().min_by_key(|(_, slot)| waste(slot))).map(|(number, _)| *number)
}

/// The slot of a tensor that dies in this nest, where each of its elements is read for the last time just before the element of
/// the new tensor at the same place is written.
fn in_place(plan: &Plan, slots: &[Slot], id: TensorId, step: usize) -> Option<usize> {
    let Step::Nest(items) = &plan.steps[step] else { return None };
    let (tensor, member) = (plan.program.tensor(id), &plan.members[&id]);
    let axes = member.variables[..tensor.shape.len()].iter().filter(|&&variable| variable != usize::MAX).count();
    if member.accumulates || member.order.len() != axes || plan.folded.contains_key(&id) {
        return None;
    }
    let leaf = leaf_of(items, id)?;
    let own = plan.axes(id);
    let dying = slots.iter().enumerate().filter(|(_, slot)| slot.free_after == step);
    let mut usable = dying.filter(|(_, slot)| {
        let old = plan.program.tensor(slot.owner);
        let life = plan.lives[&slot.owner];
        let pointwise = |reader: TensorId| match places(plan, reader, slot.owner) {
            Some(places) if places.is_empty() => true,
            Some(places) => leaf.contains(&reader) && places.iter().all(|at| *at == own),
            None => false,
        };
        life.0 < step
            && life.1 == step
            && !plan.folded.contains_key(&slot.owner)
            && old.shape == tensor.shape
            && old.element == tensor.element
            && defined(items).into_iter().all(pointwise)
    });
    usable.next().map(|(number, _)| number)
}

/// The definitions that are computed side by side with this one.
fn leaf_of(items: &[Item], id: TensorId) -> Option<Vec<TensorId>> {
    let mut run = Vec::new();
    for item in items {
        match item {
            Item::Define(other) => run.push(*other),
            Item::Loop(_, body) => {
                if run.contains(&id) {
                    return Some(run);
                }
                run.clear();
                if let Some(found) = leaf_of(body, id) {
                    return Some(found);
                }
            }
        }
    }
    run.contains(&id).then_some(run)
}
