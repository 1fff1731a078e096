//! Adjoints of which only a diagonal or a slice is read: they are computed there alone.
//!
//! `h[i, j]` that is read as `h[i, i]` and nowhere else is a definition over i; so is one that is read as `h[i, 0]`.

use super::definitions::is_adjoint;
use super::diagonal::label;
use super::{Report, map_reads, set_body, set_definition};
use crate::ir::{Definition, Extent, Index, Label, Node, Program, TensorId};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Which elements of a tensor a read reaches: for each axis the number of a label of its own, or a place.
type Place = Vec<Result<usize, Extent>>;

/// How a tensor is read: always in the same way, or not.
type Ways = BTreeMap<TensorId, Option<(Place, Vec<Extent>)>>;

/// Narrows all definitions that can be.
pub fn simplify(program: &mut Program, report: &mut Report) -> bool {
    let recurrent = program.recurrent();
    let roots: FxHashSet<TensorId> = program.roots.iter().map(|root| root.tensor).collect();
    let is_free =
        |program: &Program, id: TensorId| is_adjoint(program.tensor(id)) && !recurrent.contains(&id) && !roots.contains(&id);
    let find = |program: &Program| {
        ways(program).into_iter().find_map(|(id, way)| {
            let (place, lengths) = way?;
            let is_narrow = lengths.len() < place.len() && program.definition(id).is_some();
            (is_narrow && is_free(program, id) && fits(program, id, &place, &lengths)).then_some((id, place, lengths))
        })
    };
    let mut changed = false;
    // What is narrow is computed from less, too.
    while let Some((id, place, lengths)) = find(program) {
        report.enter(&program.tensor(id).name);
        report.fired("a definition is computed where it is read");
        narrow(program, id, &place, &lengths);
        changed = true;
    }
    changed
}

/// How all tensors are read.
fn ways(program: &Program) -> Ways {
    let mut ways = Ways::new();
    for reader in program.order() {
        let Some(definition) = program.definition(reader) else { continue };
        let extents = program.label_extents(reader);
        for node in program.expressions.reachable(definition.body) {
            match program.expressions.node(node) {
                Node::Read(tensor, at) => {
                    let way = way(at, &extents);
                    let known = ways.entry(*tensor).or_insert_with(|| way.clone());
                    if *known != way {
                        *known = None;
                    }
                    at.iter().for_each(|index| {
                        index.each_tensor(&mut |tensor| {
                            ways.insert(tensor, None);
                        })
                    });
                }
                Node::Position(index) | Node::Random(_, index) => index.each_tensor(&mut |tensor| {
                    ways.insert(tensor, None);
                }),
                Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
            }
        }
    }
    ways
}

/// A read whose indices are labels or places, with the lengths of its labels.
fn way(at: &[Index], extents: &[Extent]) -> Option<(Place, Vec<Extent>)> {
    let mut labels: Vec<Label> = Vec::new();
    let mut place = Place::new();
    for index in at {
        place.push(match (index.as_extent(), index.as_label()) {
            (Some(constant), _) => Err(constant.clone()),
            (None, Some(label)) => {
                let known = labels.iter().position(|&other| other == label);
                Ok(known.unwrap_or_else(|| {
                    labels.push(label);
                    labels.len() - 1
                }))
            }
            (None, None) => return None,
        });
    }
    let lengths = labels.iter().map(|label| extents.get(label.0 as usize).cloned()).collect::<Option<Vec<Extent>>>()?;
    Some((place, lengths))
}

/// Whether the labels run over whole axes, so that nothing outside is computed.
fn fits(program: &Program, id: TensorId, place: &Place, lengths: &[Extent]) -> bool {
    let shape = &program.tensor(id).shape;
    place.iter().zip(shape).all(|(place, extent)| match place {
        Ok(number) => lengths[*number] == *extent,
        // An axis of length 1 is there to be broadcast.
        Err(constant) => {
            let is_place = program.domain().is_at_least(constant, 0) && program.domain().is_at_least(&extent.minus(constant), 1);
            is_place && !extent.is_one()
        }
    })
}

/// Gives a definition the axes that the labels of its reads are.
fn narrow(program: &mut Program, id: TensorId, place: &Place, lengths: &[Extent]) {
    let Some(Definition { reduction, body }) = program.definition(id).cloned() else { return };
    let (rank, count) = (place.len(), program.label_extents(id).len());
    let names: Vec<String> = (0..count).map(|number| program.label_name(id, label(number))).collect();
    let body = program.expressions.substitute(body, &mut |Label(old)| match place.get(old as usize) {
        Some(Ok(number)) => Index::label(label(*number)),
        Some(Err(constant)) => Index::constant(constant.clone()),
        None => Index::label(label(old as usize - rank + lengths.len())),
    });
    let first = |number: usize| place.iter().position(|other| *other == Ok(number)).unwrap_or_default();
    let kept = (0..lengths.len()).map(first).chain(rank..count).map(|axis| names[axis].clone()).collect();
    let tensor = &mut program.tensors[id.0 as usize];
    tensor.label_names = kept;
    tensor.shape = lengths.to_vec();
    set_definition(program, id, Definition { reduction, body });
    for reader in program.order() {
        let Some(body) = program.definition(reader).map(|definition| definition.body) else { continue };
        let body = map_reads(program, body, &mut |expressions, tensor, at| {
            (tensor == id).then(|| {
                let at = (0..lengths.len()).map(|number| at[first(number)].clone()).collect();
                expressions.read(id, at)
            })
        });
        set_body(program, reader, body);
    }
}
