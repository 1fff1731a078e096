//! What a quasi-Newton method knows of the curvature: its last steps, and how the gradient changed along them. Must not know of losses.

use crate::Float;

/// A step and the change of the gradient along it.
#[derive(Clone, Debug, Default)]
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// Their product, which is positive.
    curvature: f64,
}

/// The last pairs, in memory that is used again and again.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs {
    /// As many as are kept; the one at `next` is the oldest as soon as all are used.
    ring: Vec<Pair>,
    next: usize,
    used: usize,
    /// What the first loop of the recursion leaves for the second.
    factors: Vec<f64>,
}

impl Pairs {
    /// Makes room for that many pairs of that many numbers, and forgets those that there are.
    pub(super) fn prepare(&mut self, pairs: usize, numbers: usize) {
        self.clear();
        self.ring.resize_with(pairs, Pair::default);
        self.factors.resize(pairs, 0.0);
        for pair in &mut self.ring {
            pair.step.resize(numbers, 0.0);
            pair.change.resize(numbers, 0.0);
        }
    }

    pub(super) fn clear(&mut self) {
        (self.next, self.used) = (0, 0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Keeps the step from one point to the next in the place of the oldest, if the loss is curved upwards along it.
    pub(super) fn push<S: Float>(&mut self, point: &[f64], next_point: &[S], slope: &[f64], next_slope: &[S]) {
        let count = self.ring.len();
        let Some(pair) = self.ring.get_mut(self.next) else { return };
        difference(&mut pair.step, next_point, point);
        difference(&mut pair.change, next_slope, slope);
        pair.curvature = dot(&pair.step, &pair.change);
        if pair.curvature > 0.0 {
            self.next = (self.next + 1) % count;
            self.used = (self.used + 1).min(count);
        } else {
            // Its memory was that of the oldest.
            self.used = self.used.min(count - 1);
        }
    }

    /// The two-loop recursion: `-H · slope`.
    pub(super) fn direction(&mut self, slope: &[f64], direction: &mut [f64]) {
        let (count, used, next) = (self.ring.len(), self.used, self.next);
        let place = |age: usize| (next + count - age) % count;
        direction.iter_mut().zip(slope).for_each(|(direction, slope)| *direction = -slope);
        for age in 1..=used {
            let pair = &self.ring[place(age)];
            let factor = dot(&pair.step, direction) / pair.curvature;
            direction.iter_mut().zip(&pair.change).for_each(|(direction, change)| *direction -= factor * change);
            self.factors[place(age)] = factor;
        }
        if used > 0 {
            let last = &self.ring[place(1)];
            let scale = last.curvature / dot(&last.change, &last.change);
            direction.iter_mut().for_each(|direction| *direction *= scale);
        }
        for age in (1..=used).rev() {
            let pair = &self.ring[place(age)];
            let rest = self.factors[place(age)] - dot(&pair.change, direction) / pair.curvature;
            direction.iter_mut().zip(&pair.step).for_each(|(direction, step)| *direction += rest * step);
        }
    }
}

fn difference<S: Float>(to: &mut [f64], after: &[S], before: &[f64]) {
    to.iter_mut().zip(after.iter().zip(before)).for_each(|(to, (after, before))| *to = after.to_f64() - before);
}

/// The product of two vectors, added up in `f64`.
pub(super) fn dot<S: Float>(a: &[S], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.to_f64() * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Matrix = [[f64; 3]; 3];

    fn product(a: &Matrix, b: &Matrix) -> Matrix {
        std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
    }

    /// `I - rho · a bᵀ`.
    fn reflection(rho: f64, a: &[f64; 3], b: &[f64; 3]) -> Matrix {
        std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j)) - rho * a[i] * b[j]))
    }

    /// Equation 6.17 of Nocedal and Wright, as matrices: `H' = (I - ρ s yᵀ) H (I - ρ y sᵀ) + ρ s sᵀ`, from `γ I` with γ of 7.20.
    fn inverse_hessian(pairs: &[([f64; 3], [f64; 3])]) -> Matrix {
        let product_of = |a: &[f64; 3], b: &[f64; 3]| dot(a, b);
        let scale = pairs.last().map_or(1.0, |(s, y)| product_of(s, y) / product_of(y, y));
        let mut h = reflection(0.0, &[0.0; 3], &[0.0; 3]).map(|row| row.map(|number| scale * number));
        for (s, y) in pairs {
            let rho = 1.0 / product_of(s, y);
            h = product(&product(&reflection(rho, s, y), &h), &reflection(rho, y, s));
            (0..3).for_each(|i| (0..3).for_each(|j| h[i][j] += rho * s[i] * s[j]));
        }
        h
    }

    #[test]
    fn the_recursion_is_the_product_with_the_matrix() {
        // Gradients of a function that is no quadratic one: its Hessian differs from point to point.
        let slope = |x: &[f64; 3]| [x[0].exp() + x[1], 4.0 * x[1].powi(3) + x[0], 2.0 * x[2] + x[2].cos()];
        let points: Vec<[f64; 3]> =
            (0..8).map(|k| [0, 1, 2].map(|i| f64::from(k * (k + i) % 7) * 0.3 - 0.5 * f64::from(i))).collect();
        for kept in 0..5 {
            let mut pairs = Pairs::default();
            pairs.prepare(kept, 3);
            let mut taken = Vec::new();
            for ends in points.windows(2) {
                let slopes = [slope(&ends[0]), slope(&ends[1])];
                pairs.push(&ends[0], &ends[1], &slopes[0], &slopes[1]);
                taken.push(([0, 1, 2].map(|i| ends[1][i] - ends[0][i]), [0, 1, 2].map(|i| slopes[1][i] - slopes[0][i])));
                assert!(dot(&taken[taken.len() - 1].0, &taken[taken.len() - 1].1) > 0.0);
                let h = inverse_hessian(&taken[taken.len().saturating_sub(kept)..]);
                let mut direction = [0.0; 3];
                pairs.direction(&slopes[1], &mut direction);
                for (row, found) in h.iter().zip(direction) {
                    let wanted = -dot(row, &slopes[1]);
                    assert!((found - wanted).abs() < 1e-9 * wanted.abs().max(1.0), "{kept}: {found}, not {wanted}");
                }
            }
        }
    }

    #[test]
    fn steps_along_which_the_loss_curves_down_are_forgotten() {
        let mut pairs = Pairs::default();
        pairs.prepare(2, 1);
        // With one parameter the direction is the slope over the last quotient of differences.
        let mut after = |change: f64| {
            pairs.push(&[0.0], &[1.0], &[0.0], &[change]);
            let mut direction = [0.0];
            pairs.direction(&[1.0], &mut direction);
            (pairs.used, direction[0])
        };
        assert_eq!([2.0, 4.0, 8.0].map(&mut after), [(1, -0.5), (2, -0.25), (2, -0.125)]);
        assert_eq!([-1.0, 0.0, f64::NAN, 2.0].map(after), [(1, -0.125), (1, -0.125), (1, -0.125), (2, -0.5)]);
    }
}
