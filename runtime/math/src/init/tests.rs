//! Distributions, against their formulas.

use super::*;
use crate::random;

fn filled(name: &str, arguments: &[f64], shape: &[usize]) -> Vec<f64> {
    let mut elements = vec![0.0; shape.iter().product()];
    Initializer::new(name, arguments).expect("known").fill(shape, &mut random::rng(5), &mut elements, |number| number);
    elements
}

fn variance(numbers: &[f64]) -> f64 {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / numbers.len() as f64
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0, |largest: f64, number| largest.max(number.abs()))
}

#[test]
fn fans_follow_the_shape() {
    assert_eq!(fans(&[]), (1.0, 1.0));
    assert_eq!(fans(&[7]), (7.0, 7.0));
    assert_eq!(fans(&[784, 512]), (784.0, 512.0));
    assert_eq!(fans(&[32, 16, 3, 5]), (16.0 * 15.0, 32.0 * 15.0));
}

#[test]
fn scaled_initializers_have_the_variance_of_their_papers() {
    let shape = [300, 200];
    let expected = [
        ("glorot_uniform", 2.0 / 500.0, (6.0_f64 / 500.0).sqrt()),
        ("glorot_normal", 2.0 / 500.0, 2.0 * (2.0_f64 / 500.0).sqrt() / 0.879_625_66),
        ("he_uniform", 2.0 / 300.0, (6.0_f64 / 300.0).sqrt()),
        ("he_normal", 2.0 / 300.0, 2.0 * (2.0_f64 / 300.0).sqrt() / 0.879_625_66),
        ("lecun_uniform", 1.0 / 300.0, (3.0_f64 / 300.0).sqrt()),
        ("lecun_normal", 1.0 / 300.0, 2.0 * (1.0_f64 / 300.0).sqrt() / 0.879_625_66),
    ];
    for (name, wanted, limit) in expected {
        let numbers = filled(name, &[], &shape);
        assert!((variance(&numbers) / wanted - 1.0).abs() < 0.02, "{name}: {} for {wanted}", variance(&numbers));
        let largest = largest(&numbers);
        assert!(largest <= limit + 1e-9 && largest > 0.99 * limit, "{name}: {largest} for {limit}");
    }
}

#[test]
fn distributions_with_arguments_keep_to_them() {
    let uniform = filled("uniform", &[2.0, 5.0], &[40_000]);
    assert!(uniform.iter().all(|number| (2.0..5.0).contains(number)));
    assert!((variance(&uniform) - 0.75).abs() < 0.02);
    let normal = filled("normal", &[10.0, 3.0], &[40_000]);
    assert!((variance(&normal) - 9.0).abs() < 0.3 && largest(&normal) > 19.0);
    let cut = filled("truncated_normal", &[0.0, 1.0], &[40_000]);
    assert!((variance(&cut) - 0.773_741).abs() < 0.02 && largest(&cut) <= 2.0);
    assert_eq!(filled("constant", &[0.5], &[3]), [0.5; 3]);
    assert_eq!(filled("identity", &[], &[2, 3]), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn orthogonal_matrices_are() {
    for (rows, columns) in [(6, 4), (4, 6), (5, 5)] {
        let numbers = filled("orthogonal", &[], &[rows, columns]);
        let at = |row: usize, column: usize| numbers[row * columns + column];
        for a in 0..rows.min(columns) {
            for b in 0..rows.min(columns) {
                let product: f64 = if rows >= columns {
                    (0..rows).map(|row| at(row, a) * at(row, b)).sum()
                } else {
                    (0..columns).map(|column| at(a, column) * at(b, column)).sum()
                };
                let wanted = if a == b { 1.0 } else { 0.0 };
                assert!((product - wanted).abs() < 1e-14, "{rows}x{columns}: {a}, {b}: {product}");
            }
        }
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
