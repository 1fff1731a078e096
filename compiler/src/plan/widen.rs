//! Axes that are read by digits have whole numbers of them: of nine places two by two the tenth is there too, though nothing reads it. So each digit
//! is a label of the matrix product that the gradient of a strided convolution is, whose parts leave out what nothing reads (`zeros`).

use super::offset::{digits, label};
use super::pad::is_bounded;
use crate::ir::{Definition, Element, Extent, Program, TensorId};
use crate::ops::Reduction;
use std::collections::BTreeSet;

/// Widens the sums of a program that are matrix products, if all that they read is still inside.
pub fn widen(program: &mut Program) {
    let kept: BTreeSet<TensorId> = program.roots.iter().map(|root| root.tensor).chain(program.recurrent()).collect();
    for id in program.order().into_iter().filter(|id| !kept.contains(id)) {
        let Some(shape) = widened(program, id) else { continue };
        let narrow = std::mem::replace(&mut program.tensors[id.0 as usize].shape, shape);
        if !is_bounded(program, id) {
            program.tensors[id.0 as usize].shape = narrow;
        }
    }
}

/// The shape with whole numbers of digits, if it is another.
fn widened(program: &Program, id: TensorId) -> Option<Vec<Extent>> {
    let Definition { reduction: Some((Reduction::Sum, _)), body } = program.definition(id)? else { return None };
    let tensor = program.tensor(id);
    if tensor.element != Element::Real {
        return None;
    }
    let mut shape = tensor.shape.clone();
    for (form, by) in digits(program, *body) {
        let axis = (0..shape.len()).find(|&axis| form.as_label() == Some(label(axis)));
        if let (Some(axis), Some(by)) = (axis, by.as_constant().filter(|&by| by > 1))
            && let Some(length) = shape[axis].as_constant()
        {
            shape[axis] = Extent::constant((length + by - 1) / by * by);
        }
    }
    (shape != tensor.shape).then_some(shape)
}
