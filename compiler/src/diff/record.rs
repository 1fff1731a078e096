//! What differentiation did, step by step, for those who want to show it.

use crate::ir::{Definition, ExpressionId, Index, Label, TensorId};

/// A derivation: the steps in their order, and the adjoints that they make.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// One step for each read.
    pub steps: Vec<Step>,
    /// Tensors with their adjoints, in the order in which these are defined.
    pub adjoints: Vec<(TensorId, TensorId)>,
}

/// One application of the chain rule: what a read contributes to the adjoint of what it reads.
#[derive(Clone, Debug)]
pub struct Step {
    /// The definition that reads.
    pub reader: TensorId,
    /// The tensor that is read.
    pub read: TensorId,
    /// Where, over the labels of the reader.
    pub index: Vec<Index>,
    /// The adjoint of the reader, over its axes.
    pub upstream: ExpressionId,
    /// The slope of an element of the reader for the read, over the reader's labels; it is summed over those of a reduction.
    pub partial: ExpressionId,
    /// The labels of the reader that the δ has been solved for, with what stands in their place.
    pub solved: Vec<(Label, Index)>,
    /// The labels that are still summed over, behind the axes of what is read: labels of the reader, or new ones.
    pub left: Vec<Option<Label>>,
    /// What is contributed, over the axes of what is read and the labels that are left.
    pub contribution: Definition,
}
