//! What lives where in a pass, from which step until which, and how much that is at once. It must not know how many bytes a number
//! takes.

use super::Sizes;
use super::workspace::largest;
use crate::ir::{Extent, Role, TensorId};
use crate::plan::{Home, Plan, Step};
use std::collections::BTreeMap;

/// Where a definition of a pass has its memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a slot of the workspace.
    Slot(usize),
    /// In a buffer of the workspace of its own: an output, or the new value of a state.
    Own(String),
    /// In the memory of the caller.
    Caller(String),
}

/// A definition that has memory in a pass.
#[derive(Clone, Debug)]
pub struct Resident {
    /// The definition.
    pub tensor: TensorId,
    /// Where it lives.
    pub place: Place,
    /// How many numbers it has at most.
    pub length: Extent,
    /// The first and the last step in which it is needed.
    pub life: (usize, usize),
    /// What it replaces element by element in the step in which it is computed.
    pub instead_of: Option<TensorId>,
}

/// The most numbers that live at once.
#[derive(Clone, Debug)]
pub struct Peak {
    /// The step.
    pub step: usize,
    /// How many numbers: the sum over the buffers that are in use.
    pub length: Extent,
}

/// All that has memory in a pass, in the order of places and then of lives. `returns` says whether outputs are for the user and
/// not the objective.
pub fn residents(plan: &Plan, returns: bool) -> Vec<Resident> {
    let place = |home: &Home| match home {
        Home::Local => None,
        Home::Slot(slot) => Some(Place::Slot(*slot)),
        Home::Result(role) => Some(result(plan, role, returns)),
    };
    let last = plan.steps.len().saturating_sub(1);
    let resident = |tensor: TensorId, place: Place, life: (usize, usize)| {
        // What is a result is there when the pass has ended.
        let life = if matches!(place, Place::Slot(_)) { life } else { (life.0, last) };
        let length = Extent::room_of(&plan.shape_in_memory(tensor));
        Resident { tensor, place, length, life, instead_of: None }
    };
    let lives = plan.lives.iter().filter_map(|(&tensor, &life)| Some(resident(tensor, place(plan.homes.get(&tensor)?)?, life)));
    let copies = plan.steps.iter().enumerate().filter_map(|(number, step)| match step {
        Step::Copy(tensor, role) => Some(resident(*tensor, result(plan, role, returns), (number, last))),
        Step::Nest(_) | Step::Product(_) | Step::Recurrence(_) => None,
    });
    let mut all: Vec<Resident> = lives.chain(copies).collect();
    all.sort_by(|a, b| (&a.place, a.life, a.tensor).cmp(&(&b.place, b.life, b.tensor)));
    for number in 1..all.len() {
        let (before, own) = (&all[number - 1], &all[number]);
        if before.place == own.place && before.life.1 == own.life.0 {
            all[number].instead_of = Some(before.tensor);
        }
    }
    all
}

fn result(plan: &Plan, role: &Role, returns: bool) -> Place {
    match role {
        Role::Output(name) if returns => Place::Own(format!("output {name}")),
        // The only output of a network without a loss stands for one.
        Role::Output(_) | Role::Loss => Place::Caller("loss".to_owned()),
        Role::Metric(name) => Place::Caller(format!("metric {name}")),
        Role::Gradient(tensor) => Place::Caller(format!("gradient of {}", plan.program.tensor(*tensor).name)),
        Role::Update(tensor) => Place::Own(format!("new {}", plan.program.tensor(*tensor).name)),
    }
}

/// Where most of the workspace is in use, packing aside: of the steps of which none is certainly below another, the first of each
/// length.
pub fn peaks(plan: &Plan, residents: &[Resident], sizes: &Sizes<'_>) -> Vec<Peak> {
    let mut peaks: Vec<Peak> = Vec::new();
    for step in 0..plan.steps.len() {
        let length = used(residents, step, sizes);
        if !peaks.iter().any(|other| other.length.minus(&length).is_at_least(0)) {
            peaks.retain(|other| !length.minus(&other.length).is_at_least(0));
            peaks.push(Peak { step, length });
        }
    }
    peaks
}

/// How many numbers of the workspace are in use in a step; what is computed in the place of something else counts once.
fn used(residents: &[Resident], step: usize, sizes: &Sizes<'_>) -> Extent {
    let mut places: BTreeMap<&Place, Vec<Extent>> = BTreeMap::new();
    let living = residents.iter().filter(|one| (one.life.0..=one.life.1).contains(&step));
    for one in living.filter(|one| !matches!(one.place, Place::Caller(_))) {
        largest(places.entry(&one.place).or_default(), &sizes.fixed(&one.length));
    }
    // Tenants that live in a slot at once have the same shape, so each list has one entry.
    places.values().flatten().fold(Extent::zero(), |sum, length| sum.plus(length))
}
