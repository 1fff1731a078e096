use super::{Contraction, Dimension, contract, contraction_packing_len};
use crate::kernels::threads::tests::with_threads;
use crate::kernels::{Float, Level};

/// Small numbers that repeat after 2⁶⁴: a linear congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
    fn numbers<S: Float>(&mut self, count: usize) -> Vec<S> {
        (0..count).map(|_| S::from_f64(self.below(2001) as f64 / 1000.0 - 1.0)).collect()
    }
    /// One to three axes, not all of them long.
    fn extents(&mut self) -> Vec<usize> {
        (0..self.below(4)).map(|_| [1, 2, 3, 5, 7, 13, 20][self.below(7)]).collect()
    }
}

/// All offsets of a side in its two tensors, in order.
fn offsets(axes: &[Dimension]) -> Vec<[usize; 2]> {
    axes.iter().fold(vec![[0, 0]], |found, axis| {
        let steps = |at: &[usize; 2]| {
            let at = *at;
            (0..axis.extent).map(move |step| [at[0] + step * axis.strides[0], at[1] + step * axis.strides[1]])
        };
        found.iter().flat_map(steps).collect()
    })
}

/// Dense strides for some axes in a random order, and the length of the tensor.
fn dense(random: &mut Random, extents: &[usize]) -> (Vec<usize>, usize) {
    let mut strides = vec![0; extents.len()];
    let mut left: Vec<usize> = (0..extents.len()).collect();
    let mut length = 1;
    while !left.is_empty() {
        let axis = left.remove(random.below(left.len()));
        strides[axis] = length;
        length *= extents[axis];
    }
    (strides, length)
}

fn agrees<S: Float>(level: Level, random: &mut Random, tolerance: f64) {
    let [m, n, k] = [random.extents(), random.extents(), random.extents()];
    let joined = |first: &[usize], second: &[usize]| [first, second].concat();
    let (of_a, mut a_len) = dense(random, &joined(&m, &k));
    let (mut of_b, mut b_len) = dense(random, &joined(&k, &n));
    let (of_c, c_len) = dense(random, &joined(&m, &n));
    if random.below(2) == 0 && !of_b.is_empty() {
        // Windows: elements of B that several places share.
        let total: usize = k.iter().chain(&n).sum();
        of_b.iter_mut().for_each(|stride| *stride = (*stride).min(3));
        b_len = 3 * total + 1;
    }
    (a_len, b_len) = (a_len + 3, b_len + 3);
    let side = |extents: &[usize], first: &[usize], second: &[usize]| -> Vec<Dimension> {
        let axis = |(at, &extent): (usize, &usize)| Dimension { extent, strides: [first[at], second[at]] };
        extents.iter().enumerate().map(axis).collect()
    };
    let rows = side(&m, &of_a[..m.len()], &of_c[..m.len()]);
    let columns = side(&n, &of_b[k.len()..], &of_c[m.len()..]);
    let terms = side(&k, &of_a[m.len()..], &of_b[..k.len()]);
    let accumulate = random.below(2) == 0;
    let contraction = Contraction { m: &rows, n: &columns, k: &terms, accumulate };
    let (a, b, old) = (random.numbers::<S>(a_len), random.numbers::<S>(b_len), random.numbers::<S>(c_len));
    let mut c = if accumulate { old.clone() } else { vec![S::NAN; c_len] };
    let lengths = [&m, &n, &k].map(|extents| extents.iter().product::<usize>());
    let mut packing = vec![S::NAN; contraction_packing_len(lengths[0], lengths[2])];
    contract(level, &contraction, &a, &b, &mut c, &mut packing);
    let (down, across, along) = (offsets(&rows), offsets(&columns), offsets(&terms));
    for row in down {
        for &column in &across {
            let at = row[1] + column[1];
            let start = if accumulate { old[at].to_f64() } else { 0.0 };
            let product = |term: &[usize; 2]| a[row[0] + term[0]].to_f64() * b[term[1] + column[0]].to_f64();
            let expected = along.iter().map(product).fold(start, |sum, term| sum + term);
            let error = (c[at].to_f64() - expected).abs();
            assert!(
                error <= tolerance * (lengths[2] as f64 + 1.0),
                "{level:?} {contraction:?} at {at}: {} for {expected}",
                c[at]
            );
        }
    }
}

#[test]
fn contractions_are_their_definition() {
    for &level in Level::available() {
        let mut random = Random(5);
        for _ in 0..100 {
            agrees::<f32>(level, &mut random, 4e-7);
            agrees::<f64>(level, &mut random, 1e-15);
        }
    }
}

/// Windows of 5 x 5 over images: with few and with many rows, with panels of columns and with less than one.
#[test]
fn is_the_same_bit_for_bit_on_any_number_of_threads() {
    let axis = |extent, first, second| Dimension { extent, strides: [first, second] };
    let mut random = Random(7);
    for (filters, images, side) in [(6, 9, 20), (60, 1, 24), (400, 1, 9), (30, 3, 8)] {
        let places = side - 4;
        let (m, k) = ([axis(filters, 25, places * places)], [axis(5, 5, side), axis(5, 1, 1)]);
        let n = [axis(images, side * side, filters * places * places), axis(places, side, places), axis(places, 1, 1)];
        let (a, b) = (random.numbers::<f32>(filters * 25), random.numbers::<f32>(images * side * side));
        for &level in Level::available() {
            let run = |threads| {
                let (mut c, mut packing) =
                    (vec![0.0; images * filters * places * places], vec![f32::NAN; contraction_packing_len(filters, 25)]);
                let contraction = Contraction { m: &m, n: &n, k: &k, accumulate: false };
                with_threads(threads, || contract(level, &contraction, &a, &b, &mut c, &mut packing));
                c.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            let alone = run(1);
            assert!([2, 3, 7].into_iter().all(|threads| run(threads) == alone), "{level:?} {filters} {images} {side}");
        }
    }
}

/// The gradient of a convolution's weights: sums along rows of pixels, which are vectors and their ends, or short.
#[test]
fn sums_along_rows_are_their_definition_on_any_number_of_threads() {
    let axis = |extent, first, second| Dimension { extent, strides: [first, second] };
    let mut random = Random(11);
    for (filters, images, rows, columns) in
        [(6, 3, 9, 28), (1, 2, 3, 16), (13, 2, 5, 40), (7, 300, 2, 19), (16, 33, 7, 6), (40, 33, 7, 6)]
    {
        let (side, pixels) = (columns + 2, rows * columns);
        let of_image = (rows + 2) * side;
        let m = [axis(filters, pixels, 9)];
        let n = [axis(3, side, 3), axis(3, 1, 1)];
        let k = [axis(images, filters * pixels, of_image), axis(rows, columns, side), axis(columns, 1, 1)];
        let (a, b) = (random.numbers::<f32>(images * filters * pixels), random.numbers::<f32>(images * of_image));
        let old = random.numbers::<f32>(filters * 9);
        for (&level, accumulate) in Level::available().iter().flat_map(|level| [(level, false), (level, true)]) {
            let contraction = Contraction { m: &m, n: &n, k: &k, accumulate };
            let run = |threads| {
                let mut c = old.clone();
                let mut packing = vec![f32::NAN; contraction_packing_len(filters, images * pixels)];
                with_threads(threads, || contract(level, &contraction, &a, &b, &mut c, &mut packing));
                c
            };
            let alone = run(1);
            assert!([2, 3, 7].into_iter().all(|threads| run(threads) == alone), "{level:?} {filters} {images} {rows} {columns}");
            for (at, &sum) in alone.iter().enumerate() {
                let (filter, window) = (at / 9 * pixels, at % 9 / 3 * side + at % 3);
                let products =
                    offsets(&k).into_iter().map(|[in_a, in_b]| f64::from(a[filter + in_a]) * f64::from(b[window + in_b]));
                let expected = products.sum::<f64>() + if accumulate { f64::from(old[at]) } else { 0.0 };
                let error = (f64::from(sum) - expected).abs();
                assert!(error <= 1e-7 * (images * pixels) as f64, "{level:?} {contraction:?} at {at}: {sum} for {expected}");
            }
        }
    }
}

#[test]
fn sums_of_nothing_are_zero() {
    let axis = |extent| [Dimension { extent, strides: [1, 1] }];
    let mut c = [f32::NAN; 3];
    let contraction = Contraction { m: &axis(3), n: &[], k: &axis(0), accumulate: false };
    contract(Level::detect(), &contraction, &[], &[], &mut c, &mut []);
    assert_eq!(c, [0.0; 3]);
    let contraction = Contraction { m: &axis(0), n: &axis(3), k: &axis(2), accumulate: false };
    contract(Level::detect(), &contraction, &[], &[0.0; 4], &mut [], &mut [0.0; 64]);
}

#[test]
#[should_panic(expected = "does not fit into 5 elements")]
fn what_reaches_beyond_is_refused() {
    let axis = |extent, stride| [Dimension { extent, strides: [stride, stride] }];
    let contraction = Contraction { m: &axis(2, 3), n: &axis(3, 1), k: &[], accumulate: false };
    contract(Level::detect(), &contraction, &[0.0f32; 5], &[0.0; 5], &mut [0.0; 5], &mut [0.0; 4096]);
}
