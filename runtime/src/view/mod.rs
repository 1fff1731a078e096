//! What generated methods accept for a tensor, and the check that shapes and numbers are those which the network declares.
//!
//! Must not know what a network computes.

mod check;
#[cfg(test)]
mod tests;

pub use check::Arguments;
pub(crate) use check::{bind, check_range, format_axes};

use ndarray::{ArrayBase, Data, Dimension};

/// The lengths of the axes of a tensor, seen where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape<'a>(Lengths<'a>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths<'a> {
    /// Of any number of axes.
    Axes(&'a [usize]),
    /// Of the only axis.
    Only(usize),
}

impl<'a> Shape<'a> {
    /// The shape with these axes.
    pub fn new(axes: &'a [usize]) -> Self {
        Self(Lengths::Axes(axes))
    }

    /// The lengths of the axes.
    #[inline]
    pub fn axes(&self) -> &[usize] {
        match &self.0 {
            Lengths::Axes(axes) => axes,
            Lengths::Only(length) => std::slice::from_ref(length),
        }
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
    fn shape(&self) -> Shape<'_>;

    /// Its elements in row-major order; `None` if they do not stand in that order.
    fn elements(&self) -> Option<&[S]>;
}

impl<S, T: Data<Elem = S>, D: Dimension> sealed::Sealed for ArrayBase<T, D> {}

impl<S, T: Data<Elem = S>, D: Dimension> View<S> for ArrayBase<T, D> {
    #[inline]
    fn shape(&self) -> Shape<'_> {
        Shape(Lengths::Axes(ndarray::LayoutRef::shape(self)))
    }

    #[inline]
    fn elements(&self) -> Option<&[S]> {
        self.as_slice()
    }
}

macro_rules! flat {
    ($type:ty $(, $length:ident)?) => {
        impl<S $(, const $length: usize)?> sealed::Sealed for $type {}

        impl<S $(, const $length: usize)?> View<S> for $type {
            #[inline]
            fn shape(&self) -> Shape<'_> {
                Shape(Lengths::Only(self.len()))
            }

            #[inline]
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
    #[inline]
    fn shape(&self) -> Shape<'_> {
        (**self).shape()
    }

    #[inline]
    fn elements(&self) -> Option<&[S]> {
        (**self).elements()
    }
}

impl<V: sealed::Sealed + ?Sized> sealed::Sealed for &mut V {}

impl<S, V: View<S> + ?Sized> View<S> for &mut V {
    #[inline]
    fn shape(&self) -> Shape<'_> {
        (**self).shape()
    }

    #[inline]
    fn elements(&self) -> Option<&[S]> {
        (**self).elements()
    }
}
