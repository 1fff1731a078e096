//! Rows of which each round of an innermost loop has several elements side by side: windows that are written out. The row is cut out
//! before the loop. It must not know how a loop is written.

use super::access::Access;
use super::index;
use super::scope::{Memory, Reach, Scope, memory_of};
use crate::ir::{Atom, Extent, Index, Label};
use crate::loops::{BufferId, Local, Statement, Variable};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// The lanes of the widest vector of floats.
const WIDEST: i64 = 16;

/// The ranges in which a loop over such rows is written, so that each is whole vectors: what is left is done with vectors of half the
/// length and so on, or again with some rounds that are done already, where that changes nothing. `None` for one range, or another loop.
pub fn whole_vectors(scope: &Scope<'_>, body: &[Statement], variable: Variable, length: i64) -> Option<Vec<(i64, i64)>> {
    let accesses = super::access::accesses(body);
    let steps: Option<Vec<i64>> = accesses.iter().map(|access| step(&access.offset, variable)).collect();
    if !steps?.iter().any(|&step| step > 1) {
        return None;
    }
    let adds = body.iter().any(|one| matches!(one, Statement::Store { accumulate: true, .. }));
    let carried = body.iter().any(|one| matches!(one, Statement::Assign(local, _) if !declares(body, *local)));
    let memory = |access: &Access| memory_of(scope.loops, access.buffer);
    let is_read = |written: &Access| accesses.iter().any(|other| !other.written && memory(other) == memory(written));
    let in_place = accesses.iter().any(|access| access.written && is_read(access));
    let repeats = !adds && !carried && !in_place;
    let mut ranges = Vec::new();
    let mut done = 0;
    let mut width = WIDEST;
    while done < length {
        let whole = (length - done) / width * width;
        if whole > 0 {
            ranges.push((done, done + whole));
            done += whole;
        }
        let left = length - done;
        if left > 0 && repeats && done > 0 && 2 * left > width {
            ranges.push((length - width.min(length), length));
            break;
        }
        width /= 2;
    }
    (ranges.len() > 1).then_some(ranges)
}

fn declares(body: &[Statement], local: Local) -> bool {
    body.iter().any(|one| matches!(one, Statement::Accumulator(other, _) if *other == local))
}

/// Elements that lie side by side in each round.
struct Group<'a> {
    /// How many there are from round to round.
    step: i64,
    /// The lowest of them.
    lowest: Index,
    /// All of them, with how far they are from the lowest.
    members: Vec<(&'a Index, i64)>,
}

/// The cuts of all rows of a memory, from where on the scope reaches the elements through them. `None` where something else is read or
/// written there, or where no round has more than one element.
pub fn cut(
    scope: &mut Scope<'_>,
    outer: &Scope<'_>,
    memory: Memory,
    (variable, at, extent): (Variable, &Ident, &Extent),
    accesses: &[Access],
) -> Option<TokenStream> {
    let length = extent.as_constant().filter(|&length| length > 0)?;
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut steps = Vec::new();
    for access in accesses {
        let step = step(&access.offset, variable)?;
        if step > 0 {
            join(&mut groups, &access.offset, step);
        }
        steps.push(step);
    }
    let written = accesses.iter().any(|access| access.written);
    let safe = |offset: &Index| {
        let of_offset = |one: &&Access| one.offset == *offset;
        accesses.iter().filter(of_offset).any(|one| !one.guarded || outer.is_inside(one.buffer, offset))
    };
    let fits = groups.iter().all(|group| {
        let last = group.members.iter().map(|(_, place)| *place).max().unwrap_or(0);
        last < group.step && group.members.iter().all(|(offset, _)| safe(offset))
    });
    let rows_alone = steps.iter().all(|&step| step > 0);
    if !steps.iter().any(|&step| step > 1) || !fits || written && (groups.len() > 1 || !rows_alone) {
        return None;
    }
    let buffer = accesses.first()?.buffer;
    let mut still: Vec<&Index> = Vec::new();
    for (access, _) in accesses.iter().zip(&steps).filter(|(_, step)| **step == 0) {
        if !still.contains(&&access.offset) && safe(&access.offset) {
            still.push(&access.offset);
        }
    }
    let mut tokens: TokenStream = still.into_iter().map(|offset| load(scope, outer, memory, buffer, offset)).collect();
    for group in groups {
        let whole = outer.memory(memory);
        let row = scope.names.fresh(&format!("{whole}_row"));
        let last = group.members.iter().map(|(_, place)| *place).max().unwrap_or(0);
        let count = Literal::i64_unsuffixed(group.step * (length - 1) + last + 1);
        let borrow = if written { quote!(&mut) } else { quote!(&) };
        let along = Index::label(Label(variable.0)).times(&Extent::constant(group.step));
        let base = index::index(outer, &group.lowest.minus(&along)).bare();
        tokens.extend(quote!(let #row = #borrow #whole[#base..][..#count];));
        for (offset, place) in group.members {
            let reach = if group.step == 1 {
                Reach::Row { row: row.clone(), at: at.clone() }
            } else {
                Reach::Group { row: row.clone(), at: at.clone(), step: group.step, place }
            };
            scope.reach(memory, offset.clone(), reach);
        }
    }
    Some(tokens)
}

/// A number that stays the same is loaded before the loop.
fn load(scope: &mut Scope<'_>, outer: &Scope<'_>, memory: Memory, buffer: BufferId, offset: &Index) -> TokenStream {
    let loaded = scope.names.fresh(&format!("{}_here", outer.memory(memory)));
    let element = outer.element_of(buffer, offset);
    scope.reach(memory, offset.clone(), Reach::Loaded(loaded.clone()));
    quote!(let #loaded = #element;)
}

/// How many elements an offset goes on in a round, where that is a number.
fn step(offset: &Index, variable: Variable) -> Option<i64> {
    let label = Label(variable.0);
    let affine = offset.terms().all(|(atom, _)| matches!(atom, Atom::Label(_)) || !Index::atom(atom.clone()).mentions(label));
    let step = offset.coefficient(label).as_constant()?;
    (affine && step >= 0).then_some(step)
}

/// Puts an offset to those of the same row.
fn join<'a>(groups: &mut Vec<Group<'a>>, offset: &'a Index, step: i64) {
    for group in groups.iter_mut().filter(|group| group.step == step) {
        let Some(distance) = offset.minus(&group.lowest).as_extent().and_then(Extent::as_constant) else { continue };
        let span = |from: i64, to: i64| to - from < step;
        let (first, last) = (distance.min(0), group.members.iter().map(|(_, place)| *place).max().unwrap_or(0).max(distance));
        if span(first, last) {
            if distance < 0 {
                group.lowest = offset.clone();
                group.members.iter_mut().for_each(|(_, place)| *place -= distance);
            }
            if group.members.iter().all(|(other, _)| *other != offset) {
                group.members.push((offset, distance.max(0)));
            }
            return;
        }
    }
    groups.push(Group { step, lowest: offset.clone(), members: vec![(offset, 0)] });
}
