//! The steps of recurrences: what is done at each step of the time.

use super::fuse::{Fuser, Time};
use super::offset::label;
use super::product::Contractions;
use super::{Recurrence, Step};
use crate::ir::{self, TensorId};

impl Fuser<'_> {
    /// Puts the definitions of a recurrence into steps of their own, within one step.
    pub fn recur(&mut self, circle: &[TensorId], contractions: &mut Contractions) {
        let found = ir::Recurrence::of(self.program, circle).expect("the checker lets no other circles pass");
        let first = found.members[0];
        let axis = label(found.axes[0]);
        let extent = self.program.label_extents(first)[found.axes[0]].clone();
        let variable = self.variable(self.program.label_name(first, axis), extent);
        let labels = found.members.iter().copied().zip(found.axes.iter().copied().map(label)).collect();
        let steps = std::mem::take(&mut self.fused.steps);
        let step_of = std::mem::take(&mut self.step_of);
        self.time = Some(Time { variable, labels });
        for &id in &found.members {
            self.compute(id, contractions);
        }
        self.time = None;
        let inner = std::mem::replace(&mut self.fused.steps, steps);
        self.step_of = step_of;
        self.step_of.extend(found.members.iter().map(|&id| (id, self.fused.steps.len())));
        let recurrence = Recurrence { variable, backward: found.backward, steps: inner };
        self.fused.steps.push(Step::Recurrence(Box::new(recurrence)));
    }
}
