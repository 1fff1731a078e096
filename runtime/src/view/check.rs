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
    pub fn new(description: &'static Description) -> Self {
        Self { description, sizes: [None; N] }
    }

    /// The elements of real input number `index`.
    ///
    /// # Panics
    ///
    /// If the shape is not that of the input or the elements are not in row-major order.
    #[track_caller]
    pub fn real<'a, S>(&mut self, index: usize, view: &'a impl View<S>) -> Elements<'a, S> {
        let input = self.description.inputs[index];
        match check_real(self.description, &input, view, &mut self.sizes) {
            Ok(elements) => Elements::Real(elements),
            Err(error) => refuse(self.description, &error),
        }
    }

    /// The elements of integer input number `index`.
    ///
    /// # Panics
    ///
    /// If the shape is not that of the input, the elements are not in row-major order, or one of them is outside of the range.
    #[track_caller]
    pub fn integer<'a, S>(&mut self, index: usize, view: &'a impl View<i32>) -> Elements<'a, S> {
        let input = self.description.inputs[index];
        match check_integer(self.description, &input, view, &mut self.sizes) {
            Ok(elements) => Elements::Integer(elements),
            Err(error) => refuse(self.description, &error),
        }
    }

    /// The values of the symbolic sizes; 0 for one that no argument of the call has.
    pub fn sizes(&self) -> [usize; N] {
        self.sizes.map(Option::unwrap_or_default)
    }
}

#[cold]
#[track_caller]
fn refuse(description: &Description, error: &Error) -> ! {
    panic!("{}: {error}", description.name)
}

/// The elements of a real input, when they have its shape.
fn check_real<'a, S>(
    description: &Description,
    input: &Input,
    view: &'a impl View<S>,
    sizes: &mut [Option<usize>],
) -> Result<&'a [S]> {
    bind(description, input, view.shape().rank(), view.shape().axes(), sizes)?;
    row_major(input, view)
}

/// The elements of an integer input, when they have its shape and its range.
fn check_integer<'a>(
    description: &Description,
    input: &Input,
    view: &'a impl View<i32>,
    sizes: &mut [Option<usize>],
) -> Result<&'a [i32]> {
    bind(description, input, view.shape().rank(), view.shape().axes(), sizes)?;
    let elements = row_major(input, view)?;
    check_range(input, elements)?;
    Ok(elements)
}

fn row_major<'a, S>(input: &Input, view: &'a impl View<S>) -> Result<&'a [S]> {
    view.elements().ok_or_else(|| {
        Error::setting(format!(
            "the elements of `{}` do not stand in row-major order (a transposed or sliced view?); pass \
             `&{}.as_standard_layout()`",
            input.name, input.name
        ))
    })
}

/// Compares a shape with that of an input, and takes the values of symbolic sizes that are not known yet from it.
pub(crate) fn bind(
    description: &Description,
    input: &Input,
    rank: usize,
    shape: &[usize],
    sizes: &mut [Option<usize>],
) -> Result<()> {
    let fits = rank == input.axes.len()
        && input.axes.iter().zip(shape).all(|(axis, &length)| match *axis {
            Axis::Fixed(expected) => expected == length,
            Axis::Symbol(symbol) => *sizes[symbol].get_or_insert(length) == length,
        });
    if fits { Ok(()) } else { Err(misfit(description, input, rank, shape, sizes)) }
}

#[cold]
fn misfit(description: &Description, input: &Input, rank: usize, shape: &[usize], sizes: &[Option<usize>]) -> Error {
    let mut found: Vec<String> = shape.iter().map(usize::to_string).collect();
    if rank > shape.len() {
        found.push("...".to_owned());
    }
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
