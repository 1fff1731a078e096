//! Flat offsets: where an element of a tensor stands in its row-major memory, and what a definition reads.

use crate::ir::{Atom, ExpressionId, Extent, Index, Label, Node, Program, TensorId, bounds};

/// How far apart neighbours along each axis of a row-major tensor are.
pub fn strides(shape: &[Extent]) -> Vec<Extent> {
    let mut strides = vec![Extent::one(); shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].times(&shape[axis]);
    }
    strides
}

/// The flat offset of an element; label `l` runs over `0..extents[l]`.
pub fn flat(program: &Program, tensor: TensorId, at: &[Index], extents: &[Extent]) -> Index {
    flat_in(program, &program.tensor(tensor).shape, at, extents)
}

/// The flat offset of an element in memory of a shape.
pub fn flat_in(program: &Program, shape: &[Extent], at: &[Index], extents: &[Extent]) -> Index {
    let sum = at.iter().zip(strides(shape)).fold(Index::default(), |sum, (index, stride)| {
        let index = bounds::simplify(program, index, extents);
        sum.plus(&index.times(&stride))
    });
    bounds::joined(sum)
}

/// Whether a form is affine in labels: no divisions and no elements.
pub fn is_affine(index: &Index) -> bool {
    index.terms().all(|(atom, _)| match atom {
        Atom::Label(_) => true,
        Atom::Quotient(..) | Atom::Remainder(..) | Atom::Element(..) => false,
    })
}

/// All reads of a formula, those of integer tensors in index forms among them.
pub fn reads(program: &Program, body: ExpressionId) -> Vec<(TensorId, Vec<Index>)> {
    let mut found = Vec::new();
    for id in program.expressions.reachable(body) {
        match program.expressions.node(id) {
            Node::Position(index) | Node::Random(_, index) => elements(index, &mut found),
            Node::Read(tensor, at) => {
                found.push((*tensor, at.clone()));
                at.iter().for_each(|index| elements(index, &mut found));
            }
            Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
        }
    }
    found
}

fn elements(index: &Index, found: &mut Vec<(TensorId, Vec<Index>)>) {
    for (atom, _) in index.terms() {
        match atom {
            Atom::Label(_) => {}
            Atom::Quotient(form, _) | Atom::Remainder(form, _) => elements(form, found),
            Atom::Element(tensor, at) => {
                found.push((*tensor, at.clone()));
                at.iter().for_each(|form| elements(form, found));
            }
        }
    }
}

/// What index forms of a formula are quotients or remainders of, and by what.
pub fn digits(program: &Program, body: ExpressionId) -> Vec<(Index, Extent)> {
    let mut found = Vec::new();
    let mut of_index = |index: &Index| {
        for (atom, _) in index.terms() {
            if let Atom::Quotient(form, by) | Atom::Remainder(form, by) = atom {
                found.push((Index::clone(form), by.clone()));
            }
        }
    };
    for id in program.expressions.reachable(body) {
        match program.expressions.node(id) {
            Node::Position(index) | Node::Random(_, index) => of_index(index),
            Node::Read(_, at) => at.iter().for_each(&mut of_index),
            Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
        }
    }
    found
}

/// The labels of a formula, sorted, each once.
pub fn labels(program: &Program, body: ExpressionId) -> Vec<Label> {
    let mut labels = Vec::new();
    program.expressions.each_label(body, &mut |label| labels.push(label));
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// A plain label by number.
pub fn label(number: usize) -> Label {
    Label(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The labels `0..count` as indices.
pub fn plain(count: usize) -> Vec<Index> {
    (0..count).map(|number| Index::label(label(number))).collect()
}

/// How large an extent is thought to be where its sizes are not known.
pub fn guess(extent: &Extent) -> i64 {
    let mut count = 0;
    extent.each_size(&mut |size| count = count.max(size.0 as usize + 1));
    extent.value(&vec![64; count])
}
