//! Random matrices with orthonormal rows or columns, in f64. Must not know of networks.

use crate::random::{self, Rng};

/// A matrix, row by row, whose columns are orthonormal (whose rows are, if it has more columns than rows).
///
/// Vectors of normal numbers, made orthogonal one after the other (Gram and Schmidt, every vector twice: "twice is enough",
/// Kahan and Parlett), are distributed evenly over all such matrices.
pub(super) fn orthogonal(rows: usize, columns: usize, rng: &mut Rng) -> Vec<f64> {
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(count);
    while vectors.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| random::normal(rng)).collect();
        let before = norm(&vector);
        for _ in 0..2 {
            vectors.iter().for_each(|other| remove(other, &mut vector));
        }
        let after = norm(&vector);
        // A vector that (almost) lies in the space of the others is drawn again; it happens with probability 0.
        if after > 1e-8 * before {
            vector.iter_mut().for_each(|number| *number /= after);
            vectors.push(vector);
        }
    }
    let element = |row: usize, column: usize| if rows >= columns { vectors[column][row] } else { vectors[row][column] };
    (0..rows).flat_map(|row| (0..columns).map(move |column| element(row, column))).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

/// Takes the part of the vector away that lies in the direction of another of length 1.
fn remove(direction: &[f64], vector: &mut [f64]) {
    let part = dot(direction, vector);
    vector.iter_mut().zip(direction).for_each(|(number, direction)| *number -= part * direction);
}
