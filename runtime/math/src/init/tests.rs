//! Distributions, against their formulas.

use super::*;
use crate::random;

fn filled(name: &str, arguments: &[f64], shape: &[usize]) -> Vec<f64> {
    let mut elements = vec![0.0; shape.iter().product()];
    Initializer::new(name, arguments).expect("known").fill(shape, &mut random::rng(5), &mut elements, |number| number);
    elements
}

/// A distribution to compare with: its mean, variance and kurtosis (E (x - mean)⁴ / variance²), its bounds, and how much of it
/// lies below a number.
struct Distribution {
    mean: f64,
    variance: f64,
    kurtosis: f64,
    bounds: (f64, f64),
    below: Box<dyn Fn(f64) -> f64>,
}

/// How much of the standard normal distribution lies below a number.
fn normal_below(number: f64) -> f64 {
    0.5 * libm::erfc(-number / 2.0_f64.sqrt())
}

impl Distribution {
    fn uniform(from: f64, to: f64) -> Self {
        let (mean, variance) = (f64::midpoint(from, to), (to - from).powi(2) / 12.0);
        Self { mean, variance, kurtosis: 1.8, bounds: (from, to), below: Box::new(move |x| (x - from) / (to - from)) }
    }

    fn normal(mean: f64, deviation: f64) -> Self {
        let (bounds, below) = ((f64::NEG_INFINITY, f64::INFINITY), move |x| normal_below((x - mean) / deviation));
        Self { mean, variance: deviation.powi(2), kurtosis: 3.0, bounds, below: Box::new(below) }
    }

    /// A normal distribution cut at two standard deviations. With the density φ and Z = Φ(2) - Φ(-2), integration by parts gives
    /// E x² = 1 - 4 φ(2) / Z and E x⁴ = 3 E x² - 16 φ(2) / Z.
    fn cut(mean: f64, deviation: f64) -> Self {
        let inside = normal_below(2.0) - normal_below(-2.0);
        let edge = (-2.0_f64).exp() / std::f64::consts::TAU.sqrt() / inside;
        let (second, fourth) = (1.0 - 4.0 * edge, 3.0 * (1.0 - 4.0 * edge) - 16.0 * edge);
        Self {
            mean,
            variance: second * deviation.powi(2),
            kurtosis: fourth / (second * second),
            bounds: (mean - 2.0 * deviation, mean + 2.0 * deviation),
            below: Box::new(move |x| (normal_below((x - mean) / deviation) - normal_below(-2.0)) / inside),
        }
    }

    /// A normal distribution that has that variance after it was cut.
    fn cut_of_variance(variance: f64) -> Self {
        Self::cut(0.0, (variance / Self::cut(0.0, 1.0).variance).sqrt())
    }

    /// Mean and variance within four standard errors, nothing outside of the bounds, and the largest distance of the two functions of
    /// distribution below 1.95 / √n (Kolmogorov and Smirnov at the level 0.001).
    #[track_caller]
    fn assert_of(&self, what: &str, mut numbers: Vec<f64>) {
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / (count - 1.0);
        assert!((mean - self.mean).abs() < 4.0 * (self.variance / count).sqrt(), "{what}: mean {mean}, not {}", self.mean);
        let error = self.variance * ((self.kurtosis - 1.0) / count).sqrt();
        assert!((variance - self.variance).abs() < 4.0 * error, "{what}: variance {variance}, not {} ± {error}", self.variance);
        numbers.sort_by(f64::total_cmp);
        let (from, to) = self.bounds;
        let least = numbers.first().zip(numbers.last()).expect("numbers");
        assert!(*least.0 >= from && *least.1 <= to, "{what}: {least:?}, not {from} to {to}");
        let apart = |(place, &number): (usize, &f64)| {
            let below = (self.below)(number);
            (below - place as f64 / count).abs().max((below - (place + 1) as f64 / count).abs())
        };
        let distance = numbers.iter().enumerate().map(apart).fold(0.0, f64::max);
        assert!(distance < 1.95 / count.sqrt(), "{what}: {distance} apart from its distribution");
    }
}

#[test]
fn fans_follow_the_shape() {
    assert_eq!(fans(&[]), (1.0, 1.0));
    assert_eq!(fans(&[7]), (7.0, 7.0));
    assert_eq!(fans(&[784, 512]), (784.0, 512.0));
    assert_eq!(fans(&[32, 16, 3, 5]), (16.0 * 15.0, 32.0 * 15.0));
}

#[test]
fn scaled_initializers_have_the_distributions_of_their_papers() {
    // A matrix, and a convolution kernel of 60 outputs with 20 inputs and 3 by 5 elements each.
    for (shape, fan_in, fan_out) in [(&[300, 200][..], 300.0, 200.0), (&[60, 20, 3, 5], 300.0, 900.0)] {
        for (name, variance) in [("glorot", 2.0 / (fan_in + fan_out)), ("he", 2.0 / fan_in), ("lecun", 1.0 / fan_in)] {
            let limit = (3.0_f64 * variance).sqrt();
            let uniform = format!("{name}_uniform");
            Distribution::uniform(-limit, limit).assert_of(&uniform, filled(&uniform, &[], shape));
            let normal = format!("{name}_normal");
            Distribution::cut_of_variance(variance).assert_of(&normal, filled(&normal, &[], shape));
        }
    }
}

#[test]
fn distributions_with_arguments_keep_to_them() {
    Distribution::uniform(2.0, 5.0).assert_of("uniform", filled("uniform", &[2.0, 5.0], &[40_000]));
    Distribution::normal(10.0, 3.0).assert_of("normal", filled("normal", &[10.0, 3.0], &[40_000]));
    let cut = Distribution::cut(-1.0, 0.5);
    assert!((cut.variance / 0.25 - 0.773_741_3).abs() < 1e-7, "the square of 0.87962566");
    cut.assert_of("truncated_normal", filled("truncated_normal", &[-1.0, 0.5], &[40_000]));
}

#[test]
fn what_is_not_drawn_is_the_same_everywhere() {
    assert_eq!(filled("zeros", &[], &[2, 2]), [0.0; 4]);
    assert_eq!(filled("ones", &[], &[2, 2]), [1.0; 4]);
    assert_eq!(filled("constant", &[0.5], &[3]), [0.5; 3]);
}

#[test]
fn an_identity_leaves_its_input_as_it_is() {
    assert_eq!(filled("identity", &[], &[2, 3]), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(filled("identity", &[], &[3, 2]), [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(filled("identity", &[], &[]), [1.0]);
    assert_eq!(filled("identity", &[], &[3]), [1.0, 0.0, 0.0]);
    // Kernels of three numbers: [0, 1, 0] from a channel to itself.
    let (own, other) = ([0.0, 1.0, 0.0], [0.0; 3]);
    assert_eq!(filled("identity", &[], &[2, 2, 3]), [own, other, other, own].concat());
    let kernels = filled("identity", &[], &[4, 3, 5, 3]);
    let ones: Vec<usize> = (0..kernels.len()).filter(|&place| kernels[place] == 1.0).collect();
    // [i, i, 2, 1] in row-major order.
    assert_eq!(ones, [0, 1, 2].map(|i| ((i * 3 + i) * 5 + 2) * 3 + 1));
    assert_eq!(kernels.iter().sum::<f64>(), 3.0);
}

#[test]
fn orthogonal_matrices_are() {
    // Kernels of four axes: wide (3 outputs of 2·2·2 numbers), tall (9 of 2·1·3), and square.
    let shapes = [&[6, 4][..], &[4, 6], &[5, 5], &[3, 2, 2, 2], &[9, 2, 1, 3], &[4, 4, 1]];
    for shape in shapes {
        let numbers = filled("orthogonal", &[], shape);
        let (rows, columns) = (shape[0], shape[1..].iter().product());
        let at = |row: usize, column: usize| numbers[row * columns + column];
        let product = |a: usize, b: usize| -> f64 {
            if rows >= columns {
                (0..rows).map(|row| at(row, a) * at(row, b)).sum()
            } else {
                (0..columns).map(|column| at(a, column) * at(b, column)).sum()
            }
        };
        for (a, b) in (0..rows.min(columns)).flat_map(|a| (0..rows.min(columns)).map(move |b| (a, b))) {
            let wanted = f64::from(u8::from(a == b));
            assert!((product(a, b) - wanted).abs() < 1e-14, "{shape:?}: {a}, {b}: {}", product(a, b));
        }
    }
}

/// Evenly distributed over all rotations: every element has the mean 0 and the variance 1/n, and n/(n + 2) times the kurtosis of the
/// normal distribution.
#[test]
fn orthogonal_matrices_prefer_no_direction() {
    let length = 4;
    let orthogonal = Initializer::new("orthogonal", &[]).expect("known");
    let mut rng = random::rng(5);
    let draws: Vec<[f64; 16]> = (0..4_000)
        .map(|_| {
            let mut elements = [0.0; 16];
            orthogonal.fill(&[length, length], &mut rng, &mut elements, |number| number);
            elements
        })
        .collect();
    let (count, variance) = (draws.len() as f64, 1.0 / length as f64);
    let kurtosis = 3.0 * length as f64 / (length as f64 + 2.0);
    for place in 0..16 {
        let moment = |power: i32| draws.iter().map(|draw| draw[place].powi(power)).sum::<f64>() / count;
        assert!(moment(1).abs() < 4.0 * (variance / count).sqrt(), "{place}: {}", moment(1));
        let error = variance * ((kurtosis - 1.0) / count).sqrt();
        assert!((moment(2) - variance).abs() < 4.0 * error, "{place}: {} ± {error}", moment(2));
    }
}

#[test]
fn names_and_counts_are_checked() {
    for &(name, count) in NAMES {
        assert!(Initializer::new(name, &vec![1.0; count]).is_ok(), "{name}");
        let error = Initializer::new(name, &vec![1.0; count + 1]).expect_err("one too many").to_string();
        assert!(error.contains(name) && error.contains("numbers"), "{error}");
    }
    let error = Initializer::new("xavier", &[]).expect_err("unknown").to_string();
    assert!(error.contains("xavier") && error.contains("glorot_uniform"), "{error}");
}

#[test]
fn odd_shapes_are_filled_without_trouble() {
    for &(name, count) in NAMES {
        for shape in [&[][..], &[3], &[0, 4], &[4, 0], &[2, 3, 4], &[1, 1]] {
            let numbers = filled(name, &vec![0.5; count], shape);
            assert!(numbers.iter().all(|number| number.is_finite()), "{name} {shape:?}");
        }
    }
}
