//! Sums that add each term to one element: their conditions become the places to which the terms are added.

use super::lower::redefine;
use super::offset::label;
use crate::ir::scatter::scatter;
use crate::ir::{Definition, Index, Program, TensorId};
use std::collections::BTreeMap;

/// For each definition that is a scatter, the axes along which its terms are added at a place, and the place.
pub type Scatters = BTreeMap<TensorId, BTreeMap<usize, Index>>;

/// Takes the conditions of all scatters from their definitions.
pub fn split(program: &mut Program) -> Scatters {
    let mut found = Scatters::new();
    for id in program.order() {
        let (Some(scatter), Some(definition)) = (scatter(program, id), program.definition(id).cloned()) else { continue };
        let places: BTreeMap<usize, Index> = scatter.places.into_iter().collect();
        let expressions = &mut program.expressions;
        let body = scatter.term.formula(expressions);
        let body = expressions.substitute(body, &mut |old| match places.get(&(old.0 as usize)) {
            Some(place) => place.clone(),
            None => Index::label(label(old.0 as usize)),
        });
        redefine(program, id, Definition { body, ..definition });
        found.insert(id, places);
    }
    found
}
