//! The workspace of a network: the pieces of memory that its passes share, and how long each is. It must not know what the passes
//! compute, nor how many bytes a number takes.

use crate::interface::Interface;
use crate::ir::Extent;
use crate::loops::{Destination, Loops, Place, Statement};

/// A piece of memory of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What lives in it.
    pub tenants: Vec<String>,
    /// How many numbers it holds: the largest of these.
    pub lengths: Vec<Extent>,
}

/// A product whose operands are packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// How many rows, columns and terms it has at most.
    pub shape: [Extent; 3],
    /// Whether it is one of matrices, and not along several axes.
    pub is_of_matrices: bool,
}

/// All memory of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The slots, which all passes share.
    pub slots: Vec<Piece>,
    /// The outputs.
    pub outputs: Vec<Piece>,
    /// The new values of the states.
    pub updates: Vec<Piece>,
    /// The products whose operands are packed, one after the other in the same memory.
    pub products: Vec<Packed>,
}

impl Workspace {
    /// What the passes need.
    pub fn of(interface: &Interface, passes: &[&Loops]) -> Self {
        let alone =
            |name: &String, shape: &[Extent]| Piece { tenants: vec![name.clone()], lengths: vec![Extent::room_of(shape)] };
        let buffers = || passes.iter().flat_map(|loops| &loops.buffers);
        let mut outputs: Vec<Piece> = interface.outputs.iter().map(|(output, shape)| alone(output, shape)).collect();
        // What a traced pass keeps.
        for buffer in buffers() {
            if let Place::Result(Destination::Output(name)) = &buffer.place
                && outputs.iter().all(|piece| piece.tenants[0] != *name)
            {
                outputs.push(alone(name, &buffer.shape));
            }
        }
        let updates = interface.states.iter().filter_map(|state| {
            let place = Place::Result(Destination::Update(state.path.clone()));
            buffers().find(|buffer| buffer.place == place).map(|buffer| alone(&state.path, &buffer.shape))
        });
        let updates = updates.collect();
        let count = passes.iter().map(|loops| loops.slots.len()).max().unwrap_or(0);
        let slots = (0..count).map(|number| slot(number, passes)).collect();
        let mut products = Vec::new();
        passes.iter().for_each(|loops| gather(&loops.body, &mut products));
        Self { slots, outputs, updates, products }
    }
}

fn slot(slot: usize, passes: &[&Loops]) -> Piece {
    let mut tenants: Vec<String> = Vec::new();
    let mut lengths: Vec<Extent> = Vec::new();
    for loops in passes {
        let living = loops.buffers.iter().filter(|buffer| buffer.place == Place::Workspace(slot));
        living.for_each(|buffer| {
            if !tenants.contains(&buffer.name) {
                tenants.push(buffer.name.clone())
            }
        });
        loops.slots.get(slot).into_iter().flatten().for_each(|length| largest(&mut lengths, length));
    }
    Piece { tenants, lengths }
}

/// Adds a length, unless one is there that is never shorter.
pub fn largest(lengths: &mut Vec<Extent>, length: &Extent) {
    if lengths.iter().any(|other| other.minus(length).is_at_least(0)) {
        return;
    }
    lengths.retain(|other| !length.minus(other).is_at_least(0));
    lengths.push(length.clone());
}

/// The products of some statements.
pub fn products(body: &[Statement]) -> Vec<Packed> {
    let mut products = Vec::new();
    gather(body, &mut products);
    products
}

fn gather(body: &[Statement], products: &mut Vec<Packed>) {
    for statement in body {
        match statement {
            Statement::For { body, .. } => gather(body, products),
            Statement::Product(product) => {
                let shape = product.shape().each_ref().map(Extent::room);
                let packed = Packed { shape, is_of_matrices: product.is_of_matrices() };
                if !products.contains(&packed) {
                    products.push(packed);
                }
            }
            Statement::Comment(_)
            | Statement::Let(..)
            | Statement::Accumulator(..)
            | Statement::Assign(..)
            | Statement::Store { .. }
            | Statement::Fill(..) => {}
        }
    }
}
