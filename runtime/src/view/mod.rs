//! What generated methods accept for a tensor, and the check that shapes and numbers are those which the network declares.
//!
//! Must not know what a network computes.

mod check;
#[cfg(test)]
mod tests;

pub use check::Arguments;
pub(crate) use check::{bind, check_range, format_axes};

use ndarray::{ArrayBase, Data, Dimension};

/// As many axes as a tensor may have here.
pub const MAX_RANK: usize = 16;

/// The lengths of the axes of a tensor, without memory on the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    rank: usize,
    axes: [usize; MAX_RANK],
}

impl Shape {
    /// The shape with these axes. Of more than 16 axes the first are kept; no input of a network has so many, so
    /// that [`Arguments`] refuses it by its rank.
    pub fn new(axes: &[usize]) -> Self {
        let mut shape = Self { rank: axes.len(), axes: [0; MAX_RANK] };
        shape.axes.iter_mut().zip(axes).for_each(|(own, &given)| *own = given);
        shape
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The lengths of the axes.
    pub fn axes(&self) -> &[usize] {
        &self.axes[..self.rank.min(MAX_RANK)]
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A tensor with elements of type `S` that can be read in row-major order: what generated methods accept.
///
/// These are arrays and views of [`ndarray`] with any number of axes, slices, vectors and arrays of Rust (which have one axis),
/// and references to all of them. The elements of an array must stand in row-major order without gaps, as in every array that
/// is not a transposed or sliced view; for others call [`as_standard_layout`](ndarray::ArrayRef::as_standard_layout) first.
///
/// ```
/// use chainrule::View;
///
/// fn shape(tensor: impl View<f32>) -> Vec<usize> {
///     tensor.shape().axes().to_vec()
/// }
/// let array = ndarray::Array2::<f32>::zeros((3, 4));
/// assert_eq!(shape(&array), [3, 4]);
/// assert_eq!(shape(array.view()), [3, 4]);
/// assert_eq!(shape([1.0, 2.0]), [2]);
/// assert!(array.t().elements().is_none());
/// ```
pub trait View<S>: sealed::Sealed {
    /// The lengths of its axes.
    fn shape(&self) -> Shape;

    /// Its elements in row-major order; `None` if they do not stand in that order.
    fn elements(&self) -> Option<&[S]>;
}

impl<S, T: Data<Elem = S>, D: Dimension> sealed::Sealed for ArrayBase<T, D> {}

impl<S, T: Data<Elem = S>, D: Dimension> View<S> for ArrayBase<T, D> {
    fn shape(&self) -> Shape {
        Shape::new(self.raw_dim().slice())
    }

    fn elements(&self) -> Option<&[S]> {
        self.as_slice()
    }
}

macro_rules! flat {
    ($type:ty $(, $length:ident)?) => {
        impl<S $(, const $length: usize)?> sealed::Sealed for $type {}

        impl<S $(, const $length: usize)?> View<S> for $type {
            fn shape(&self) -> Shape {
                Shape::new(&[self.len()])
            }

            fn elements(&self) -> Option<&[S]> {
                Some(self)
            }
        }
    };
}

flat!([S]);
flat!(Vec<S>);
flat!([S; N], N);

impl<V: sealed::Sealed + ?Sized> sealed::Sealed for &V {}

impl<S, V: View<S> + ?Sized> View<S> for &V {
    fn shape(&self) -> Shape {
        (**self).shape()
    }

    fn elements(&self) -> Option<&[S]> {
        (**self).elements()
    }
}

impl<V: sealed::Sealed + ?Sized> sealed::Sealed for &mut V {}

impl<S, V: View<S> + ?Sized> View<S> for &mut V {
    fn shape(&self) -> Shape {
        (**self).shape()
    }

    fn elements(&self) -> Option<&[S]> {
        (**self).elements()
    }
}
