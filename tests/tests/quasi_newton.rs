//! L-BFGS as a user meets it: known minima, exact least squares, data sets, states, and losses that are no numbers.

use chainrule::optim::{Lbfgs, Minimum};
use chainrule::prelude::*;
use chainrule::{Error, train};
use ndarray::{Array1, Array2};

/// H. Rosenbrock's valley, chained: the minimum is 0 at ones.
#[network(
    loss = sum[i in 0..9](100 * (x[i + 1] - x[i] ^ 2) ^ 2 + (1 - x[i]) ^ 2);
)]
#[derive(Clone, Debug, PartialEq)]
struct Valley {
    x: [f64; 10],
}

fn through_the_valley(mut method: Lbfgs) -> (Minimum, Box<Valley>) {
    let (mut point, mut workspace) = (Valley::zeros(), Valley::workspace());
    point.x = std::array::from_fn(|place| if place % 2 == 0 { -1.2 } else { 1.0 });
    let found = method.minimize(&mut point, |point, gradient| point.gradient(&mut workspace, gradient));
    (found, point)
}

#[test]
fn the_valley_is_walked_to_its_end() {
    for history in [3, 10, 500] {
        let (found, point) = through_the_valley(Lbfgs::default().history(history).iterations(1000).tolerance(1e-9));
        assert!(found.converged && found.gradient_norm <= 1e-9 && found.loss < 1e-18, "{found:?}");
        assert!(found.evaluations > found.iterations && found.evaluations < 2 * found.iterations, "{found:?}");
        assert!(point.x.iter().all(|x| (x - 1.0).abs() < 1e-8), "{point:?}");
    }
    // Without pairs the way is far longer.
    let (found, _) = through_the_valley(Lbfgs::default().history(0).iterations(1000).tolerance(1e-9));
    assert!(!found.converged && found.iterations == 1000 && found.loss > 1e-3, "{found:?}");
}

/// Each iteration more goes on where the one before has ended, and further down.
#[test]
fn every_iteration_descends() {
    let losses: Vec<f64> = (0..30).map(|iterations| through_the_valley(Lbfgs::default().iterations(iterations)).0.loss).collect();
    assert!(losses.is_sorted_by(|before, after| after < before), "{losses:?}");
}

#[test]
fn every_minimization_begins_anew() {
    let mut method = Lbfgs::default().tolerance(1e-9);
    let mut once = || {
        let (mut point, mut workspace) = (Valley::zeros(), Valley::workspace());
        (method.minimize(&mut point, |point, gradient| point.gradient(&mut workspace, gradient)), point)
    };
    assert_eq!(once(), once());
}

#[network(
    loss = x - log(x);
)]
#[derive(Clone, Debug, PartialEq)]
struct Half {
    x: f64,
}

#[test]
fn the_search_steps_back_from_what_is_no_number() {
    let (mut point, mut workspace, mut outside) = (Half { x: 20.0 }, Half::workspace(), 0);
    let found = Lbfgs::default().minimize(&mut point, |point, gradient| {
        let loss = point.gradient(&mut workspace, gradient);
        outside += usize::from(loss.is_nan());
        loss
    });
    assert!(outside > 0 && found.converged && (point.x - 1.0).abs() < 1e-5, "{outside} {found:?} {point:?}");
    // A gradient that is no number is no better: here beyond a wall at 8, which the search meets first.
    let (mut point, mut walls) = (Half { x: 9.0 }, 0);
    let found = Lbfgs::default().minimize(&mut point, |point, gradient| {
        let wall = (1.5..8.0).contains(&point.x) && walls == 0;
        walls += usize::from(wall);
        let loss = point.gradient(&mut workspace, gradient);
        gradient.x = if wall { f64::NAN } else { gradient.x };
        loss
    });
    assert!(walls == 1 && found.converged && (point.x - 1.0).abs() < 1e-5, "{walls} {found:?} {point:?}");
    // Where there is no number to begin with, nothing moves.
    let mut point = Half { x: -1.0 };
    let found = Lbfgs::default().minimize(&mut point, |point, gradient| point.gradient(&mut workspace, gradient));
    assert_eq!((found.converged, found.iterations, found.evaluations, point.x), (false, 0, 1, -1.0));
}

/// Least squares with a ridge.
#[network(
    input  x: [B, 3];
    target t: [B, 2];
    loss = mse(x @ w + b, t) + 0.01 * l2(w);
    metric worst = max(abs(x @ w + b - t));
)]
#[derive(Clone, Debug, PartialEq)]
struct Affine {
    w: [[f64; 2]; 3],
    b: [f64; 2],
}

/// The same in single precision.
#[network(
    input  x: [B, 3];
    target t: [B, 2];
    loss = mse(x @ w + b, t) + 0.01 * l2(w);
)]
#[derive(Clone, Debug, PartialEq)]
struct Single {
    w: [[f32; 2]; 3],
    b: [f32; 2],
}

fn samples() -> (Array2<f32>, Array2<f32>) {
    let noise = |place: usize| (place * 7919 % 1009) as f32 / 1009.0 - 0.5;
    let x = Array2::from_shape_fn((70, 3), |(sample, axis)| (1.0 + axis as f32) * noise(3 * sample + axis) + 0.25);
    let t = Array2::from_shape_fn((70, 2), |(sample, axis)| {
        2.0 * x[[sample, axis]] - x[[sample, 2]] + noise(900 + 2 * sample + axis)
    });
    (x, t)
}

/// Solves `a x = b` by elimination with pivots.
fn solve(mut a: [[f64; 4]; 4], mut b: [f64; 4]) -> [f64; 4] {
    for step in 0..4 {
        let pivot = (step..4).max_by(|&i, &j| a[i][step].abs().total_cmp(&a[j][step].abs())).expect("rows are left");
        a.swap(step, pivot);
        b.swap(step, pivot);
        for row in step + 1..4 {
            let factor = a[row][step] / a[step][step];
            (step..4).for_each(|column| a[row][column] -= factor * a[step][column]);
            b[row] -= factor * b[step];
        }
    }
    for row in (0..4).rev() {
        b[row] = (b[row] - (row + 1..4).map(|column| a[row][column] * b[column]).sum::<f64>()) / a[row][row];
    }
    b
}

/// The normal equations of `Σ (x w + b - t)² / (2 · 70) + 0.01 · Σ w²`, each output on its own.
fn least_squares(x: &Array2<f32>, t: &Array2<f32>) -> [[f64; 4]; 2] {
    let input = |sample: usize, axis: usize| if axis < 3 { f64::from(x[[sample, axis]]) } else { 1.0 };
    [0, 1].map(|output| {
        let mean = |f: &dyn Fn(usize) -> f64| (0..70).map(f).sum::<f64>() / 140.0;
        let ridge = |i, j| if i == j && i < 3 { 0.01 } else { 0.0 };
        let a = [0, 1, 2, 3].map(|i| [0, 1, 2, 3].map(|j| mean(&|s| input(s, i) * input(s, j)) + ridge(i, j)));
        solve(a, [0, 1, 2, 3].map(|i| mean(&|s| input(s, i) * f64::from(t[[s, output]]))))
    })
}

#[test]
fn a_data_set_is_fitted_as_the_normal_equations_say() -> chainrule::Result<()> {
    let (x, t) = samples();
    let (data, wanted) = (Dataset::new(x.clone(), t.clone())?, least_squares(&x, &t));
    let mut net = Affine::init(3);
    let found = Lbfgs::default().tolerance(1e-11).fit(&mut net, &data)?;
    assert!(found.converged && found.iterations < 40, "{found:?}");
    for (output, wanted) in wanted.iter().enumerate() {
        let values = [net.w[0][output], net.w[1][output], net.w[2][output], net.b[output]];
        assert!(values.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-9), "{values:?}, not {wanted:?}");
    }
    assert_eq!(train::evaluate(&net, &data, 70)?[0], ("loss", found.loss));
    // What a closure does, bit for bit.
    let (mut other, mut workspace) = (Affine::init(3), Affine::workspace(70));
    let (x, t) = (x.mapv(f64::from), t.mapv(f64::from));
    let by_hand =
        Lbfgs::default().tolerance(1e-11).minimize(&mut other, |net, slopes| net.gradient(&mut workspace, &x, &t, slopes));
    assert_eq!((found, net), (by_hand, other));
    Ok(())
}

#[test]
fn single_precision_ends_where_its_floats_do() -> chainrule::Result<()> {
    let (x, t) = samples();
    let mut net = Single::init(3);
    let found = Lbfgs::default().tolerance(0.0).fit(&mut net, &Dataset::new(x.clone(), t.clone())?)?;
    assert!(found.iterations < 100 && found.gradient_norm < 1e-5, "{found:?}");
    for (output, wanted) in least_squares(&x, &t).iter().enumerate() {
        let values = [net.w[0][output], net.w[1][output], net.w[2][output], net.b[output]];
        assert!(
            values.iter().zip(wanted).all(|(&found, wanted)| (f64::from(found) - wanted).abs() < 1e-5),
            "{values:?} {wanted:?}"
        );
    }
    Ok(())
}

/// Random numbers in training, and a state that sees the input alone.
#[network(
    input  x: [B, 3];
    target t: [B, 2];
    h = x |> normal |> hidden |> tanh |> Dropout(0.25);
    output y = h |> last;
    loss = mse(y, t) + 1e-3 * l2(params);
)]
#[derive(Clone, Debug, PartialEq)]
struct Deep {
    normal: BatchNorm<3, f64>,
    hidden: Dense<3, 8, f64>,
    last: Dense<8, 2, f64>,
}

#[test]
fn random_numbers_stay_and_states_follow_the_steps() -> chainrule::Result<()> {
    let (x, t) = samples();
    let data = Dataset::new(x.clone(), t)?;
    let start = Deep::init(5);
    let mut net = start.clone();
    let found = Lbfgs::default().iterations(40).fit(&mut net, &data)?;
    assert!(found.iterations == 40 && found.evaluations > 41, "{found:?}");
    // The mean over the samples is the same in every evaluation, so its running mean says how often it was updated: at the start and
    // after every step.
    for axis in 0..3 {
        let mean = x.column(axis).iter().map(|&x| f64::from(x)).sum::<f64>() / 70.0;
        let wanted = mean * (1.0 - 0.9_f64.powi(41));
        assert!((net.states.normal.mean[axis] - wanted).abs() < 1e-12, "{:?}, not {wanted}", net.states.normal.mean);
    }
    // With other masks in each evaluation there is no point to converge to.
    let (mut again, mut method) = (start, Lbfgs::default().iterations(2000));
    let found = method.fit(&mut again, &data)?;
    assert!(found.converged, "{found:?}");
    assert_eq!(method.fit(&mut again, &data)?, Minimum { iterations: 0, evaluations: 1, ..found });
    Ok(())
}

#[test]
fn data_that_do_not_fit_change_nothing() -> chainrule::Result<()> {
    let (x, t) = samples();
    let start = Affine::init(3);
    let refused = |data: &Dataset| {
        let mut net = start.clone();
        let error = Lbfgs::default().fit(&mut net, data).expect_err("it does not fit");
        assert_eq!(net, start);
        error
    };
    let missing = refused(&Dataset::of("x", x.clone())?).to_string();
    assert!(missing.contains("column `t`: the target [B, 2] of Affine is missing"), "{missing}");
    let shape = refused(&Dataset::new(t.clone(), t.clone())?).to_string();
    assert!(shape.contains("`x` must have the shape [B, 3], but has [70, 2]"), "{shape}");
    let none = refused(&Dataset::new(Array2::<f32>::zeros((0, 3)), Array2::<f32>::zeros((0, 2)))?).to_string();
    assert!(none.contains("no samples"), "{none}");
    let mut broken = x;
    broken[[69, 2]] = f32::NAN;
    let error = refused(&Dataset::new(broken, t)?);
    assert!(matches!(error, Error::Diverged { epoch: 1, step: 1, loss } if loss.is_nan()), "{error}");
    Ok(())
}

/// Without a batch: all of the data is given whole.
#[network(
    input  x: [N];
    input  t: [N];
    loss = mean((a * exp(-k * x) - t) ^ 2);
)]
#[derive(Clone, Debug, PartialEq)]
struct Decay {
    a: f64,
    k: f64,
}

#[test]
fn a_curve_is_found_again() -> chainrule::Result<()> {
    let x = Array1::linspace(0.0_f32, 2.0, 33);
    let t = x.mapv(|x| (3.0 * (-1.25 * f64::from(x)).exp()) as f32);
    let mut net = Decay { a: 1.0, k: 0.0 };
    let found = Lbfgs::default().tolerance(1e-9).fit(&mut net, &Dataset::of("x", x)?.with("t", t)?)?;
    assert!(found.converged && (net.a - 3.0).abs() < 1e-6 && (net.k - 1.25).abs() < 1e-6, "{found:?} {net:?}");
    Ok(())
}
