//! A pass in two forms, where the cheaper order of its products depends on sizes that are known when it runs: one that is derived for
//! small sizes, one for large ones, and which costs less where. It must not know what a pass is for.

use crate::ir::cost::{self, Supposed};
use crate::ir::{Extent, Program};
use crate::pipeline::Derived;

/// A form must cost less than this part of the other for some of its sizes to be worth its code.
const WORTH: f64 = 0.9;

/// A derived program, in one form or in two.
pub struct Forms {
    /// The only one, or the one for small sizes.
    pub program: Program,
    /// The one for large sizes, and by how much it costs less, in additions.
    pub large: Option<(Program, Extent)>,
}

impl Forms {
    /// What was derived for any sizes, or two forms instead, if each is worth it. `derive` derives the same from a program with other
    /// sizes supposed.
    pub fn of(program: &Program, derived: Derived, derive: impl Fn(&Program) -> Program) -> Self {
        let only = |program| Self { program, large: None };
        if !derived.report.is_by_sizes() {
            return only(derived.program);
        }
        let [small, large] = [Supposed::Small, Supposed::Large].map(|supposed| {
            let mut program = program.clone();
            program.supposed = supposed;
            derive(&program)
        });
        let [cost_of_small, cost_of_large] = [&small, &large].map(cost::polynomial);
        let gain = cost_of_small.minus(&cost_of_large);
        let is_worth = is_cheaper(&small, &cost_of_small, &cost_of_large) && is_cheaper(&large, &cost_of_large, &cost_of_small);
        if !is_worth || gain.is_too_large() {
            return only(derived.program);
        }
        Self { program: small, large: Some((large, gain.without_common_factors())) }
    }
}

/// Whether a form costs so much less than the other for some of the sizes that it is made for.
#[allow(clippy::cast_precision_loss, reason = "costs are estimates")]
fn is_cheaper(form: &Program, cost: &Extent, other: &Extent) -> bool {
    form.supposed.sizes().into_iter().any(|size| {
        let sizes = vec![size; form.sizes.len()];
        (cost.value(&sizes) as f64) < WORTH * other.value(&sizes) as f64
    })
}
