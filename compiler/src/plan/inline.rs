//! Views and cheap formulas go into their readers.

use super::lower::redefine;
use super::offset::{flat, guess, is_affine, reads};
use super::product::Contractions;
use crate::ir::cost::formula_cost;
use crate::ir::{Element, ExpressionId, Extent, Index, Node, Program, TensorId};
use std::collections::{BTreeMap, BTreeSet};

/// A formula that costs no more than this may be inlined into its one reader.
const CHEAP: u32 = 8;

/// Inlines definitions that are nothing but another read, where the reader stays free of divisions.
pub fn views(program: &mut Program) {
    let order = program.order();
    let roots: BTreeSet<TensorId> = program.roots.iter().map(|root| root.tensor).collect();
    let readers = readers(program, &order);
    for &id in &order {
        let Some(definition) = program.definition(id).cloned().filter(|definition| definition.reduction.is_none()) else {
            continue;
        };
        if roots.contains(&id) || program.tensor(id).element != Element::Real || !is_view(program, definition.body) {
            continue;
        }
        for &reader in readers.get(&id).into_iter().flatten().filter(|&&reader| reader != id) {
            let inlined = substituted(program, reader, id, definition.body);
            if stays_simple(program, reader, inlined) {
                replace_body(program, reader, inlined);
            }
        }
    }
}

fn is_view(program: &Program, body: ExpressionId) -> bool {
    match program.expressions.node(body) {
        Node::Number(_) | Node::Read(..) => true,
        Node::Position(index) => index.as_extent().is_some(),
        Node::Random(..) | Node::Apply(..) | Node::Select(..) => false,
    }
}

/// Whether no read of a formula needs divisions that the reader did not have before.
fn stays_simple(program: &Program, reader: TensorId, body: ExpressionId) -> bool {
    let extents = program.label_extents(reader);
    let simple = |body: ExpressionId| {
        reads(program, body).iter().filter(|(tensor, at)| !is_affine(&flat(program, *tensor, at, &extents))).count()
    };
    let before = program.definition(reader).map_or(0, |definition| simple(definition.body));
    simple(body) <= before
}

/// Inlines cheap formulas that one reader reads at one place, where that neither multiplies work nor stands in the way of a matrix
/// product.
pub fn cheap(program: &mut Program, contractions: &Contractions) {
    let order = program.order();
    let roots: BTreeSet<TensorId> = program.roots.iter().map(|root| root.tensor).collect();
    let readers = readers(program, &order);
    for &id in &order {
        let Some(definition) = program.definition(id).cloned().filter(|definition| definition.reduction.is_none()) else {
            continue;
        };
        let own: Vec<TensorId> = readers.get(&id).into_iter().flatten().copied().collect();
        let is_bare = own.iter().any(|reader| *reader == id || contractions.contains_key(reader));
        if roots.contains(&id) || is_bare || !are_as_one(program, id, &own) {
            continue;
        }
        if program.tensor(id).element != Element::Real || formula_cost(&program.expressions, definition.body) > CHEAP {
            continue;
        }
        let inlined: Vec<ExpressionId> = own.iter().map(|&reader| substituted(program, reader, id, definition.body)).collect();
        if own.iter().zip(&inlined).all(|(&reader, &inlined)| stays_simple(program, reader, inlined)) {
            own.iter().zip(&inlined).for_each(|(&reader, &inlined)| replace_body(program, reader, inlined));
        }
    }
}

/// Whether readers have the same labels and read at the same place, each element once at most: they share their loops, and what is
/// inlined into all of them is computed once.
fn are_as_one(program: &Program, id: TensorId, readers: &[TensorId]) -> bool {
    let Some((first, others)) = readers.split_first() else { return false };
    let places = reads_of(program, *first, id);
    let extents = program.label_extents(*first);
    let same = |other: &TensorId| program.label_extents(*other) == extents && reads_of(program, *other, id) == places;
    let is_reduced = |reader: &TensorId| program.tensor(*reader).shape.len() < extents.len();
    covers(program, *first, id, &places) && (others.is_empty() || readers.iter().all(|one| same(one) && is_reduced(one)))
}

/// Whether a reader reads at one place only, and each element once at most: all of its labels stand in the index, and windows do not
/// overlap.
fn covers(program: &Program, reader: TensorId, id: TensorId, places: &[Vec<Index>]) -> bool {
    let [at] = places else { return false };
    let extents = program.label_extents(reader);
    let count = |extents: &[Extent]| extents.iter().map(guess).fold(1i64, i64::saturating_mul);
    (0..extents.len()).all(|number| at.iter().any(|index| index.mentions(super::offset::label(number))))
        && count(&extents) <= count(&program.tensor(id).shape)
}

/// Where a reader reads a tensor; each place once.
fn reads_of(program: &Program, reader: TensorId, tensor: TensorId) -> Vec<Vec<Index>> {
    let Some(definition) = program.definition(reader) else { return Vec::new() };
    let mut places: Vec<Vec<Index>> =
        reads(program, definition.body).into_iter().filter(|read| read.0 == tensor).map(|read| read.1).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// The formula of a reader with the formula of what it reads in the place of the reads.
fn substituted(program: &mut Program, reader: TensorId, id: TensorId, formula: ExpressionId) -> ExpressionId {
    let Some(body) = program.definition(reader).map(|definition| definition.body) else { return formula };
    program.expressions.rebuild(body, &mut |expressions, node| match node {
        Node::Read(tensor, at) if tensor == id => {
            expressions.substitute(formula, &mut |label| at.get(label.0 as usize).cloned().unwrap_or_default())
        }
        other
        @ (Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..)) => {
            expressions.intern(other)
        }
    })
}

fn replace_body(program: &mut Program, reader: TensorId, body: ExpressionId) {
    if let Some(mut definition) = program.definition(reader).cloned() {
        definition.body = body;
        redefine(program, reader, definition);
    }
}

/// Which definitions read each tensor.
pub fn readers(program: &Program, order: &[TensorId]) -> BTreeMap<TensorId, BTreeSet<TensorId>> {
    let mut readers: BTreeMap<TensorId, BTreeSet<TensorId>> = BTreeMap::new();
    for &reader in order {
        for read in program.dependencies(reader) {
            readers.entry(read).or_default().insert(reader);
        }
    }
    readers
}
