//! The numbers of initializers, from a generator. Must not know of networks.

use super::{Initializer, orthogonal};
use crate::random::{self, Rng};

/// The standard deviation of a standard normal distribution that is cut at ±2.
const CUT_DEVIATION: f64 = 0.879_625_661_034_239_8;

impl Initializer {
    /// Fills the parameter (or the state) of that path and shape, given as its elements in row-major order, from a seed.
    ///
    /// # Panics
    ///
    /// If `elements` has another length than the shape.
    pub fn start<S>(self, path: &str, shape: &[usize], seed: u64, elements: &mut [S], round: impl Fn(f64) -> S) {
        self.fill(shape, &mut random::named(seed, path), elements, round);
    }

    /// Fills a parameter of that shape, given as its elements in row-major order; `round` makes an element of a number.
    ///
    /// # Panics
    ///
    /// If `elements` has another length than the shape.
    pub fn fill<S>(self, shape: &[usize], rng: &mut Rng, elements: &mut [S], round: impl Fn(f64) -> S) {
        assert_eq!(elements.len(), shape.iter().product::<usize>(), "the elements of a parameter with the shape {shape:?}");
        let mut draw = |number: &mut dyn FnMut() -> f64| elements.iter_mut().for_each(|element| *element = round(number()));
        match self {
            Self::Constant(value) => draw(&mut || value),
            Self::Uniform(from, to) => draw(&mut || from + (to - from) * random::unit(rng)),
            Self::Normal(mean, deviation) => draw(&mut || mean + deviation * random::normal(rng)),
            Self::TruncatedNormal(mean, deviation) => draw(&mut || mean + deviation * cut_normal(rng)),
            Self::Scaled { scale, fan, uniform } => {
                let variance = scale / fan.of(shape);
                let limit = (3.0 * variance).sqrt();
                let deviation = variance.sqrt() / CUT_DEVIATION;
                if uniform {
                    draw(&mut || limit * (2.0 * random::unit(rng) - 1.0));
                } else {
                    draw(&mut || deviation * cut_normal(rng));
                }
            }
            Self::Orthogonal => {
                let (rows, columns) = matrix(shape);
                let mut numbers = orthogonal::orthogonal(rows, columns, rng).into_iter();
                draw(&mut || numbers.next().unwrap_or_default());
            }
            Self::Identity => {
                let mut positions = 0..;
                draw(&mut || f64::from(u8::from(positions.next().is_some_and(|position| is_one(shape, position)))));
            }
        }
    }
}

fn cut_normal(rng: &mut Rng) -> f64 {
    loop {
        let number = random::normal(rng);
        if number.abs() <= 2.0 {
            return number;
        }
    }
}

/// Rows and columns of a parameter seen as a matrix: of a convolution kernel the outputs, and all that each of them reads.
fn matrix(shape: &[usize]) -> (usize, usize) {
    match *shape {
        [] => (1, 1),
        [length] => (1, length),
        [rows, ref columns @ ..] => (rows, columns.iter().product()),
    }
}

/// Whether the element at that place of the flat parameter is 1 in an identity: output and input are the same, and the place in a
/// kernel is its middle.
fn is_one(shape: &[usize], position: usize) -> bool {
    let mut rest = position;
    let mut index = |length: usize| {
        let index = rest % length;
        rest /= length;
        index
    };
    match *shape {
        [] => true,
        [length] => index(length) == 0,
        [outputs, inputs, ref kernel @ ..] => {
            let middle = kernel.iter().rev().fold(true, |middle, &length| (index(length) == length / 2) & middle);
            let input = index(inputs);
            middle && input == index(outputs)
        }
    }
}
