//! The check of a network's arguments against its description. Must not know where they come from.

use super::View;
use crate::network::{Axis, Description, Elements, Input};
use crate::{Error, Result};

/// The arguments of one call, checked one after the other; finds the values of up to `N` symbolic sizes on the way.
///
/// Generated code makes it with [`new`](Self::new), passes every argument through [`real`](Self::real) or
/// [`integer`](Self::integer), and then asks for the [`sizes`](Self::sizes). The trainer uses the forms that return an error.
#[derive(Clone, Debug)]
pub struct Arguments<const N: usize> {
    description: &'static Description,
    sizes: [Option<usize>; N],
}

impl<const N: usize> Arguments<N> {
    /// No argument yet. `N` is the number of symbolic sizes of the description.
    #[inline]
    pub fn new(description: &'static Description) -> Self {
        Self { description, sizes: [None; N] }
    }

    /// The elements of real input number `index`.
    ///
    /// # Panics
    ///
    /// If the shape is not that of the input or the elements are not in row-major order.
    #[inline]
    #[track_caller]
    pub fn real<'a, S>(&mut self, index: usize, view: &'a impl View<S>) -> Elements<'a, S> {
        Elements::Real(self.checked(index, view))
    }

    /// The elements of integer input number `index`.
    ///
    /// # Panics
    ///
    /// If the shape is not that of the input, the elements are not in row-major order, or one of them is outside of the range.
    #[inline]
    #[track_caller]
    pub fn integer<'a, S>(&mut self, index: usize, view: &'a impl View<i32>) -> Elements<'a, S> {
        let elements = self.checked(index, view);
        if let Err(error) = check_range(&self.description.inputs[index], elements) {
            refuse(self.description, &error);
        }
        Elements::Integer(elements)
    }

    /// The elements of an input, when they have its shape and stand in order.
    #[inline(always)]
    #[track_caller]
    fn checked<'a, S>(&mut self, index: usize, view: &'a impl View<S>) -> &'a [S] {
        let input = &self.description.inputs[index];
        let shape = view.shape();
        if !fits(input, shape.axes(), &mut self.sizes) {
            refuse(self.description, &misfit(self.description, input, shape.axes(), &self.sizes));
        }
        match view.elements() {
            Some(elements) => elements,
            None => refuse(self.description, &out_of_order(input)),
        }
    }

    /// The values of the symbolic sizes; 0 for one that no argument of the call has.
    #[inline]
    pub fn sizes(&self) -> [usize; N] {
        self.sizes.map(Option::unwrap_or_default)
    }
}

#[cold]
#[track_caller]
fn refuse(description: &Description, error: &Error) -> ! {
    panic!("{}: {error}", description.name)
}

#[cold]
fn out_of_order(input: &Input) -> Error {
    Error::setting(format!(
        "the elements of `{}` do not stand in row-major order (a transposed or sliced view?); pass \
         `&{}.as_standard_layout()`",
        input.name, input.name
    ))
}

/// Compares a shape with that of an input, and takes the values of symbolic sizes that are not known yet from it.
pub(crate) fn bind(description: &Description, input: &Input, shape: &[usize], sizes: &mut [Option<usize>]) -> Result<()> {
    if fits(input, shape, sizes) { Ok(()) } else { Err(misfit(description, input, shape, sizes)) }
}

/// Whether a shape is that of an input; symbolic sizes that are not known yet have their values from it then.
#[inline(always)]
fn fits(input: &Input, shape: &[usize], sizes: &mut [Option<usize>]) -> bool {
    shape.len() == input.axes.len()
        && input.axes.iter().zip(shape).all(|(axis, &length)| match *axis {
            Axis::Fixed(expected) => expected == length,
            Axis::Symbol(symbol) => *sizes[symbol].get_or_insert(length) == length,
        })
}

#[cold]
fn misfit(description: &Description, input: &Input, shape: &[usize], sizes: &[Option<usize>]) -> Error {
    let found: Vec<String> = shape.iter().map(usize::to_string).collect();
    Error::Shape {
        name: input.name.to_owned(),
        expected: format_axes(description, input.axes),
        found: format!("[{}]", found.join(", ")),
        help: known_sizes(description, input, shape, sizes),
    }
}

/// `B is 128 in the inputs before it`, for the sizes that the shape contradicts.
fn known_sizes(description: &Description, input: &Input, shape: &[usize], sizes: &[Option<usize>]) -> String {
    let mut known = Vec::new();
    for (axis, &length) in input.axes.iter().zip(shape) {
        if let Axis::Symbol(symbol) = *axis
            && let Some(value) = sizes[symbol]
            && value != length
        {
            known.push(format!("{} is {value} in what came before it", description.sizes[symbol]));
        }
    }
    known.dedup();
    known.join(", ")
}

/// `[B, 784]`
pub(crate) fn format_axes(description: &Description, axes: &[Axis]) -> String {
    let names: Vec<String> = axes
        .iter()
        .map(|axis| match *axis {
            Axis::Fixed(length) => length.to_string(),
            Axis::Symbol(symbol) => {
                description.sizes.get(symbol).map_or_else(|| format!("size {symbol}"), |&name| name.to_owned())
            }
        })
        .collect();
    format!("[{}]", names.join(", "))
}

/// Refuses an integer outside of the range that the input declares.
pub(crate) fn check_range(input: &Input, elements: &[i32]) -> Result<()> {
    let Some((from, to)) = input.range else { return Ok(()) };
    match elements.iter().position(|&element| !(from..to).contains(&i64::from(element))) {
        None => Ok(()),
        Some(position) => {
            Err(Error::Range { name: input.name.to_owned(), position, found: i64::from(elements[position]), from, to })
        }
    }
}
