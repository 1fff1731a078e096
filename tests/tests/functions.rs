//! Functions with their derivatives, as a user meets them: the examples reach what is known of what they compute.

#[allow(dead_code)]
#[path = "../../examples/examples/arm.rs"]
mod arm;
#[allow(dead_code)]
#[path = "../../examples/examples/likelihood.rs"]
mod likelihood;
#[allow(dead_code)]
#[path = "../../examples/examples/newton.rs"]
mod newton;
#[allow(dead_code)]
#[path = "../../examples/examples/poisson.rs"]
mod poisson;

use chainrule::optim::Lbfgs;
use chainrule::prelude::*;

#[network(f64; input x: [3]; output value = sum(sin(x) ^ 2); output slope = grad(value, x); output twice = 2 * slope;)]
struct Function;

/// Rosenbrock's function in four variables, and what differs by equation; several of these are computed by one loop.
#[network(f64;
    input x: [4];
    param shift: [4] = zeros;
    at = x + shift;
    output value     = sum(100 * (at[1..] - at[..3] ^ 2) ^ 2 + (1 - at[..3]) ^ 2);
    output slope     = grad(value, x);
    output curvature = hessian(value, x);
    residuals        = at[1..] ^ 2 * sin(at[..3]);
    output motion    = jacobian(residuals, x);
)]
struct Rosenbrock;

#[test]
fn newtons_method_doubles_the_digits() {
    let way = newton::newton([-1.2, 1.0], 7);
    // The values by hand: f(-1.2, 1) = 2.2² + 100·0.44².
    assert!((way[0].1 - 24.2).abs() < 1e-12);
    let errors: Vec<f64> = way.iter().map(|(x, _)| (x[0] - 1.0).hypot(x[1] - 1.0)).collect();
    assert!(errors[4] > 1e-2 && errors[5] < 1e-4 && errors[6] < 1e-8 && errors[7] < 1e-12, "{errors:?}");
}

#[test]
fn one_call_computes_a_function_with_all_its_derivatives() {
    let (mut net, x) = (Rosenbrock::init(0), [1.0, 2.0, 0.5, -1.0]);
    let mut workspace = Rosenbrock::workspace();
    let RosenbrockOutputs { value, slope, curvature, motion } = net.predict(&mut workspace, x);
    // By hand: 100·(1 + 3.5² + 1.25²) + 1 + 0.25.
    assert_eq!(value, 1482.5);
    assert_eq!(slope.to_vec(), [-400.0, 3002.0, -451.0, -250.0]);
    let rows: Vec<Vec<f64>> = curvature.outer_iter().map(|row| row.to_vec()).collect();
    assert_eq!(rows[..2], [[402.0, -400.0, 0.0, 0.0], [-400.0, 4802.0, -800.0, 0.0]]);
    assert_eq!(rows[2..], [[0.0, -800.0, 902.0, -200.0], [0.0, 0.0, -200.0, 200.0]]);
    let by_hand = [[4.0 * 1_f64.cos(), 4.0 * 1_f64.sin(), 0.0, 0.0], [0.0, 0.25 * 2_f64.cos(), 2_f64.sin(), 0.0]];
    assert!(motion.iter().zip(by_hand.as_flattened()).all(|(one, other)| (one - other).abs() < 1e-15), "{motion}");
    let derivatives = Function::DERIVATIVES;
    assert!(derivatives.contains("d x = slope;"), "where there are no parameters, it is derived for the inputs: {derivatives}");
    // The only scalar output is what a gradient is of, and the other outputs have no part in it.
    let mut gradient = Rosenbrock::zeros();
    assert_eq!(net.gradient(&mut workspace, x, &mut gradient), 1482.5);
    assert_eq!(gradient.shift, [-400.0, 3002.0, -451.0, -250.0]);
    net.shift = [0.0, -1.0, 0.5, 2.0];
    assert_eq!(net.gradient(&mut workspace, x, &mut gradient), 0.0);
}

#[test]
fn an_arm_reaches_what_is_near_enough() {
    let arm = arm::Arm { links: [1.0, 0.8, 0.5] };
    for goal in [[1.5, 1.0], [-0.5, 1.2], [0.4, -1.9], [0.0, 2.2]] {
        let (joints, distance) = arm::reach(&arm, [0.3, 0.3, 0.3], goal, 60);
        assert!(distance < 1e-9, "{goal:?} is missed by {distance}");
        // The hand by the sums of the angles, without the network.
        let angles = [joints[0], joints[0] + joints[1], joints[0] + joints[1] + joints[2]];
        let hand = [0, 1].map(|axis: usize| {
            let along = |(angle, link): (&f64, &f64)| link * if axis == 0 { angle.cos() } else { angle.sin() };
            angles.iter().zip(&arm.links).map(along).sum::<f64>()
        });
        assert!((hand[0] - goal[0]).hypot(hand[1] - goal[1]) < 1e-8, "{hand:?} is not {goal:?}");
    }
}

#[test]
fn a_likelihood_has_one_maximum_for_both_methods() {
    let start = likelihood::Weibull { theta: [0.0, 5.0] };
    let (mut fitted, mut workspace) = (start.clone(), likelihood::Weibull::workspace(likelihood::HOURS.len()));
    let method = Lbfgs::default().tolerance(1e-9);
    let found = { method }.minimize(&mut fitted, |net, gradient| net.gradient(&mut workspace, likelihood::HOURS, gradient));
    let (newton, covariance, length) = likelihood::newton(start, 15);
    assert!(found.converged && length < 1e-9, "{found:?} {length}");
    assert!((0..2).all(|number| (fitted.theta[number] - newton.theta[number]).abs() < 1e-6), "{fitted:?} {newton:?}");
    // At the maximum λ^k is the mean of t^k.
    let [k, lambda] = newton.theta.map(f64::exp);
    let mean = likelihood::HOURS.iter().map(|t| t.powf(k)).sum::<f64>() / likelihood::HOURS.len() as f64;
    assert!((mean.powf(1.0 / k) - lambda).abs() < 1e-9 * lambda);
    // The information of log λ alone is n k².
    let determinant = covariance[0][0] * covariance[1][1] - covariance[0][1] * covariance[1][0];
    assert!((covariance[0][0] / determinant - 20.0 * k * k).abs() < 1e-8);
}

#[test]
fn a_physics_informed_network_reaches_its_solution() {
    let (loss, error) = poisson::solve(1, 40, 300);
    assert!(loss < 1e-5 && error < 1e-4, "loss {loss}, error {error}");
}
