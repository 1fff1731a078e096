use super::{Product, Strides, multiply, multiply_rows, packing_len};
use crate::kernels::threads::tests::with_threads;
use crate::kernels::{Float, Level};

/// Small numbers that repeat after 2⁶⁴: a linear congruential generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
    fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound
    }
    fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
    /// From -1 to 1.
    fn number<S: Float>(&mut self) -> S {
        S::from_f64(self.next() as f64 / (1u64 << 30) as f64 - 1.0)
    }
    fn numbers<S: Float>(&mut self, count: usize) -> Vec<S> {
        (0..count).map(|_| self.number()).collect()
    }
}

const SENTINEL: f64 = 7.25;

fn span(strides: Strides, rows: usize, columns: usize) -> usize {
    strides.span(rows, columns).unwrap()
}

/// The product in f64, and the sum of the absolute values of all that is added, for the tolerance.
fn oracle<S: Float>(product: &Product, a: &[S], b: &[S], c: &[S]) -> (Vec<f64>, Vec<f64>) {
    let mut sums: Vec<f64> = c.iter().map(|x| x.to_f64()).collect();
    let mut sizes: Vec<f64> = sums.iter().map(|x| x.abs()).collect();
    for i in 0..product.m {
        for j in 0..product.n {
            let at = i * product.c.row + j * product.c.column;
            if !product.accumulate {
                (sums[at], sizes[at]) = (0.0, 0.0);
            }
            for p in 0..product.k {
                let left = a[i * product.a.row + p * product.a.column].to_f64();
                let term = left * b[p * product.b.row + j * product.b.column].to_f64();
                sums[at] += term;
                sizes[at] += term.abs();
            }
        }
    }
    (sums, sizes)
}

fn agrees<S: Float>(level: Level, product: &Product, epsilon: f64, random: &mut Random) {
    let Product { m, n, k, .. } = *product;
    let a = random.numbers::<S>(span(product.a, m, k));
    let b = random.numbers::<S>(span(product.b, k, n));
    let margin = 33;
    let mut c = vec![S::from_f64(SENTINEL); span(product.c, m, n) + 2 * margin];
    let end = c.len() - margin;
    let (expected, sizes) = oracle(product, &a, &b, &c[margin..end]);
    if !product.accumulate {
        // What C held must not be read.
        for i in 0..m {
            for j in 0..n {
                c[margin + i * product.c.row + j * product.c.column] = S::NAN;
            }
        }
    }
    let mut packing = vec![S::NAN; packing_len(m, n, k)];
    multiply(level, product, &a, &b, &mut c[margin..end], &mut packing);
    let (before, rest) = c.split_at(margin);
    let (inside, after) = rest.split_at(end - margin);
    for sentinel in before.iter().chain(after) {
        assert_eq!(sentinel.to_f64(), SENTINEL, "written around C: {level:?} {product:?}");
    }
    for (at, (found, (expected, size))) in inside.iter().zip(expected.iter().zip(&sizes)).enumerate() {
        let error = (found.to_f64() - expected).abs();
        let limit = epsilon * size * (k as f64 + 2.0).sqrt() * 2.0;
        assert!(error <= limit, "{level:?} {product:?} at {at}: {found} is not {expected}");
    }
}

/// Row-major, transposed, with gaps, or with zero strides if allowed.
fn strides(random: &mut Random, rows: usize, columns: usize, repeats: bool) -> Strides {
    let gap = random.choose(&[0, 0, 1, 5]);
    match random.below(if repeats { 7 } else { 5 }) {
        0 | 1 => Strides { row: columns + gap, column: 1 },
        2 | 3 => Strides { row: 1, column: rows + gap },
        4 => Strides { row: columns * 3 + gap, column: 3 },
        5 => Strides { row: 0, column: 1 },
        _ => Strides { row: 1, column: 0 },
    }
}

fn random_products<S: Float>(level: Level, epsilon: f64, count: usize, seed: u64) {
    const SIZES: &[usize] = &[0, 1, 1, 2, 3, 5, 7, 8, 10, 13, 14, 15, 16, 17, 28, 31, 32, 33, 37, 48, 64, 65, 97, 100];
    let mut random = Random(seed);
    for _ in 0..count {
        let (m, n, k) = (random.choose(SIZES), random.choose(SIZES), random.choose(SIZES));
        let product = Product {
            m,
            n,
            k,
            a: strides(&mut random, m, k, true),
            b: strides(&mut random, k, n, true),
            c: strides(&mut random, m, n, false),
            accumulate: random.below(2) == 1,
        };
        agrees::<S>(level, &product, epsilon, &mut random);
    }
}

#[test]
fn agrees_with_the_definition_in_f32() {
    for &level in Level::available() {
        random_products::<f32>(level, f64::from(f32::EPSILON), 1500, 1);
    }
}

#[test]
fn agrees_with_the_definition_in_f64() {
    for &level in Level::available() {
        random_products::<f64>(level, 4.0 * f64::EPSILON, 1500, 2);
    }
}

fn layouts(rows: usize, columns: usize) -> [Strides; 2] {
    [Strides { row: columns, column: 1 }, Strides { row: 1, column: rows }]
}

/// Shapes that take several blocks along k, m and n, in all four layouts.
fn several_blocks<S: Float>(epsilon: f64) {
    let mut random = Random(3);
    for (m, n, k) in [(1, 300, 801), (3000, 1, 19), (350, 70, 500), (5, 130, 900), (700, 9, 400)] {
        for a in layouts(m, k) {
            for b in layouts(k, n) {
                for &level in Level::available() {
                    let c = Strides { row: n, column: 1 };
                    agrees::<S>(level, &Product { m, n, k, a, b, c, accumulate: a.row == 1 }, epsilon, &mut random);
                }
            }
        }
    }
}

#[test]
fn agrees_over_several_blocks() {
    several_blocks::<f32>(f64::from(f32::EPSILON));
    several_blocks::<f64>(4.0 * f64::EPSILON);
}

/// A product of row-major matrices.
fn row_major(m: usize, n: usize, k: usize) -> Product {
    let along = |columns| Strides { row: columns, column: 1 };
    Product { m, n, k, a: along(k), b: along(n), c: along(n), accumulate: false }
}

#[test]
fn is_the_same_bit_for_bit_whatever_the_memory_held() {
    let (product, mut random) = (row_major(67, 70, 450), Random(5));
    let (a, b) = (random.numbers::<f32>(67 * 450), random.numbers::<f32>(450 * 70));
    for &level in Level::available() {
        let run = |fill: f32, offset: usize| {
            let mut c = vec![fill; 67 * 70 + offset];
            let mut packing = vec![fill; packing_len(67, 70, 450) + offset];
            multiply(level, &product, &a, &b, &mut c[offset..], &mut packing[offset..]);
            c[offset..].iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(run(0.0, 0), run(f32::NAN, 3));
    }
}

/// Products that are worth several threads, in each way of computing them.
fn on_threads<S: Float>() {
    let mut random = Random(11);
    let shapes = [
        (100, 150, 70),
        (40, 128, 400),
        (400, 70, 20),
        (2000, 10, 30),
        (10, 2000, 30),
        (3, 700, 300),
        (1, 900, 300),
        (2000, 3, 200),
    ];
    for (m, n, k) in shapes {
        for (a, b) in layouts(m, k).into_iter().flat_map(|a| layouts(k, n).map(|b| (a, b))) {
            let product = Product { m, n, k, a, b, c: Strides { row: n, column: 1 }, accumulate: b.column == 1 };
            let (left, right, before) = (random.numbers::<S>(m * k), random.numbers::<S>(k * n), random.numbers::<S>(m * n));
            for &level in Level::available() {
                let run = |threads| {
                    let (mut c, mut packing) = (before.clone(), vec![S::NAN; packing_len(m, n, k)]);
                    with_threads(threads, || multiply(level, &product, &left, &right, &mut c, &mut packing));
                    c.iter().map(|number| number.to_f64().to_bits()).collect::<Vec<_>>()
                };
                let alone = run(1);
                assert!([2, 3, 7].into_iter().all(|threads| run(threads) == alone), "{level:?} {product:?}");
            }
        }
    }
}

#[test]
fn is_the_same_bit_for_bit_on_any_number_of_threads() {
    on_threads::<f32>();
    on_threads::<f64>();
}

#[test]
fn some_rows_are_those_of_the_whole_bit_for_bit() {
    let mut random = Random(7);
    for &level in Level::available() {
        for (m, n, k) in
            [(32, 256, 64), (6, 700, 900), (20, 9, 800), (3, 3, 5), (40, 1, 500), (1, 40, 40), (600, 40, 400), (70, 3, 600)]
        {
            for transposed in [false, true] {
                let mut product = row_major(m, n, k);
                if transposed {
                    (product.a, product.b) = (Strides { row: 1, column: m }, Strides { row: 1, column: k });
                }
                let (a, b) = (random.numbers::<f32>(m * k), random.numbers::<f32>(k * n));
                let (mut whole, mut c) = (vec![0.0; m * n], vec![0.0; m * n]);
                let mut packing = vec![0.0; packing_len(m, n, k)];
                multiply(level, &product, &a, &b, &mut whole, &mut packing);
                let mut start = 0;
                while start < m {
                    let rows = (1 + random.below(m)).min(m - start);
                    let part = Product { m: rows, ..product };
                    let a = &a[start * product.a.row..];
                    multiply_rows(level, &part, m, a, &b, &mut c[start * n..], &mut packing);
                    start += rows;
                }
                assert_eq!(c, whole, "{level:?} {m} {n} {k}, transposed: {transposed}");
            }
        }
    }
}

#[test]
fn not_a_number_reaches_its_row_and_column_only() {
    for &level in Level::available() {
        for (m, n, k) in [(20, 37, 30), (1, 40, 40), (40, 1, 40), (3, 3, 3)] {
            let product = row_major(m, n, k);
            let (mut a, mut b) = (vec![1.0f64; m * k], vec![1.0f64; k * n]);
            a[(m - 1) * k + k / 2] = f64::NAN;
            b[(k - 1) * n] = f64::INFINITY;
            let (mut c, mut packing) = (vec![0.0; m * n], vec![0.0; packing_len(m, n, k)]);
            multiply(level, &product, &a, &b, &mut c, &mut packing);
            for i in 0..m {
                for j in 0..n {
                    let found = c[i * n + j];
                    match (i == m - 1, j == 0) {
                        (true, _) => assert!(found.is_nan(), "{level:?} {m} {n} {k} at {i} {j}: {found}"),
                        (false, true) => assert_eq!(found, f64::INFINITY),
                        (false, false) => assert_eq!(found, k as f64),
                    }
                }
            }
        }
    }
}

#[test]
fn packing_does_not_shrink_when_a_size_grows() {
    let sizes = [0, 1, 2, 3, 10, 33, 64, 65, 300, 336, 337, 384, 385, 1000];
    for (index, &small) in sizes.iter().enumerate() {
        for &large in &sizes[index..] {
            for (x, y) in [(1, 1), (10, 500), (500, 10), (65, 385)] {
                assert!(packing_len(small, x, y) <= packing_len(large, x, y));
                assert!(packing_len(x, small, y) <= packing_len(x, large, y));
                assert!(packing_len(x, y, small) <= packing_len(x, y, large));
            }
        }
    }
    assert_eq!(packing_len(2, 2, 1), 0);
    assert!(packing_len(4096, 4096, 4096) < 200_000);
}

#[test]
#[should_panic(expected = "B of 3x4 with Strides { row: 4, column: 1 } does not fit into 11 elements")]
fn matrices_beyond_their_slices_are_refused() {
    multiply(Level::Baseline, &row_major(2, 4, 3), &[0.0f32; 6], &[0.0; 11], &mut [0.0; 8], &mut []);
}

#[test]
#[should_panic(expected = "does not fit")]
fn strides_beyond_counting_are_refused() {
    let product = Product { a: Strides { row: usize::MAX, column: 1 }, ..row_major(3, 4, 3) };
    multiply(Level::Baseline, &product, &[0.0f32; 9], &[0.0; 12], &mut [0.0; 12], &mut []);
}

#[test]
#[should_panic(expected = "packing has 5 elements")]
fn short_packing_is_refused() {
    multiply(Level::Baseline, &row_major(10, 10, 10), &[0.0f32; 100], &[0.0; 100], &mut [0.0; 100], &mut [0.0; 5]);
}
