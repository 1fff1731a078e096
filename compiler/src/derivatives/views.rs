//! A tensor that is read in parts only, as definitions of these parts: `w[k, j] = v[20·k + j]` and `b[j] = v[200 + j]` of a vector
//! that holds all parameters of a network.
//!
//! What is differentiated for such a tensor is differentiated for the parts first, each with axes of its own, and put together at the
//! end. It must know nothing of syntax and of Rust.

use crate::ir::{Atom, Definition, Element, Extent, Index, Label, Node, Program, Source, Tensor, TensorId};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Of more parts each is not told apart: there would be a block of second derivatives for each pair.
const MOST_PARTS: usize = 16;

/// A part: where it lies in the tensor, over its own labels, and their lengths.
type View = (Vec<Index>, Vec<Extent>);

/// Gives the parts of a tensor definitions, where no two of them overlap and none is the whole. Where it has no such parts, there are
/// none.
pub fn introduce(program: &mut Program, of: TensorId) -> Vec<TensorId> {
    let Some(found) = found(program, of) else { return Vec::new() };
    let views: Vec<View> =
        found.values().map(|(view, _)| view.clone()).collect::<std::collections::BTreeSet<View>>().into_iter().collect();
    if !are_parts(program, of, &views) {
        return Vec::new();
    }
    let parts: BTreeMap<View, TensorId> = views.into_iter().map(|view| (view.clone(), define(program, of, view))).collect();
    let readers: Vec<TensorId> = program.order().into_iter().filter(|id| !parts.values().any(|part| part == id)).collect();
    for reader in readers {
        let Some(Definition { reduction, body }) = program.definition(reader).cloned() else { continue };
        let replaced: FxHashMap<_, _> = (program.expressions.reachable(body).into_iter())
            .filter_map(|node| {
                let (view, labels) = found.get(&(reader, node))?;
                let at = labels.iter().copied().map(Index::label).collect();
                Some((node, (parts[view], at)))
            })
            .collect();
        let replaced = replaced.into_iter().map(|(node, (part, at))| (node, program.expressions.read(part, at))).collect();
        let body = program.expressions.replace(body, &replaced);
        program.tensors[reader.0 as usize].source = Source::Defined(Definition { reduction, body });
    }
    parts.into_values().collect()
}

/// The reads of a tensor as parts, with the labels of the reader; `None` where one is not affine.
#[allow(clippy::type_complexity)]
fn found(program: &Program, of: TensorId) -> Option<FxHashMap<(TensorId, crate::ir::ExpressionId), (View, Vec<Label>)>> {
    let mut found = FxHashMap::default();
    for reader in program.order() {
        let Some(definition) = program.definition(reader) else { continue };
        let extents = program.label_extents(reader);
        for node in program.expressions.reachable(definition.body) {
            let Node::Read(tensor, at) = program.expressions.node(node) else { continue };
            if *tensor == of {
                found.insert((reader, node), view(at, &extents)?);
            }
        }
    }
    Some(found)
}

/// A read as a part: its labels by axes, those with the longest steps first, without those of length 1.
fn view(at: &[Index], extents: &[Extent]) -> Option<(View, Vec<Label>)> {
    let extent = |label: Label| extents.get(label.0 as usize);
    let mut labels: Vec<Label> = Vec::new();
    for index in at {
        let mut own: Vec<(i64, Label)> = Vec::new();
        for (atom, step) in index.terms() {
            let Atom::Label(label) = atom else { return None };
            if !extent(*label)?.is_one() {
                own.push((step.as_constant()?, *label));
            }
        }
        own.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
        labels.extend(own.into_iter().map(|(_, label)| label));
    }
    let is_twice = |(number, label): (usize, &Label)| labels[..number].contains(label);
    if labels.iter().enumerate().any(is_twice) {
        return None;
    }
    let own = |old: Label| match labels.iter().position(|&label| label == old) {
        Some(place) => Index::label(Label(u32::try_from(place).unwrap_or(u32::MAX))),
        None => Index::default(),
    };
    let at = at.iter().map(|index| index.substitute(&mut |old| own(old))).collect();
    let lengths = labels.iter().map(|&label| extent(label).cloned()).collect::<Option<Vec<Extent>>>()?;
    Some(((at, lengths), labels))
}

/// Whether some views lie apart from each other and reach each element once; and none has the shape of the whole.
fn are_parts(program: &Program, of: TensorId, views: &[View]) -> bool {
    let shape: Option<Vec<i64>> = program.tensor(of).shape.iter().map(Extent::as_constant).collect();
    let Some(shape) = shape else { return false };
    let ranges: Option<Vec<(i64, i64)>> = views.iter().map(|view| range(view, &shape)).collect();
    let Some(mut ranges) = ranges else { return false };
    ranges.sort_unstable();
    let is_whole = |(_, lengths): &View| *lengths == program.tensor(of).shape;
    (1..=MOST_PARTS).contains(&views.len()) && !views.iter().any(is_whole) && ranges.windows(2).all(|pair| pair[0].1 < pair[1].0)
}

/// The first and the last element in row-major order, where each element is reached once and all are inside: what is read under a
/// condition alone may reach further.
fn range((at, lengths): &View, shape: &[i64]) -> Option<(i64, i64)> {
    let mut stride = 1;
    let (mut first, mut steps): (i64, Vec<(i64, i64)>) = (0, Vec::new());
    for (index, length) in at.iter().zip(shape).rev() {
        let begin = index.constant_part().as_constant()?;
        first += stride * begin;
        let mut end = begin;
        for (atom, step) in index.terms() {
            let Atom::Label(label) = atom else { return None };
            let (step, count) = (step.as_constant()?, lengths.get(label.0 as usize)?.as_constant()?);
            steps.push((stride * step, count));
            end += step * (count - 1);
        }
        if begin < 0 || end >= *length {
            return None;
        }
        stride *= length;
    }
    steps.sort_unstable();
    let mut last = 0;
    for (step, length) in steps {
        if step <= last {
            return None;
        }
        last += step * (length - 1);
    }
    Some((first, first + last))
}

/// Adds the definition of a part.
fn define(program: &mut Program, of: TensorId, (at, shape): View) -> TensorId {
    let whole = program.tensor(of);
    let (name, span) = (format!("{}_view", whole.name), whole.span);
    let body = program.expressions.read(of, at);
    program.add(Tensor {
        name,
        shape,
        element: Element::Real,
        source: Source::Defined(Definition { reduction: None, body }),
        label_names: Vec::new(),
        span,
        documentation: Vec::new(),
    })
}
