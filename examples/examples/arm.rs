//! A robot's arm reaches for a point: its kinematics with their Jacobian, and least squares with damping.
//!
//! Three links in a plane, each turned against the one before. The Jacobian says how the hand moves when the joints turn; the step
//! Jᵀ (J Jᵀ + d²)⁻¹ (goal - hand) moves the hand towards the goal, and d keeps it short where the arm is stretched and J has no inverse.

use chainrule::prelude::*;

/// Where the hand is for the angles of the joints, and how it moves with them.
#[network(
    f64;
    input  joints: [3];
    param  links: [3] = ones;
    angles = cumsum(joints);
    output hand = stack([dot(links, cos(angles)), dot(links, sin(angles))]);
    output motion = jacobian(hand, joints);
)]
pub struct Arm;

/// Turns the joints until the hand is at a goal; the joints and how far the hand is away.
pub fn reach(arm: &Arm, mut joints: [f64; 3], goal: [f64; 2], steps: usize) -> ([f64; 3], f64) {
    const DAMPING: f64 = 0.1;
    let mut workspace = Arm::workspace();
    let mut distance = f64::INFINITY;
    for _ in 0..steps {
        let at = arm.predict(&mut workspace, joints);
        let away = [goal[0] - at.hand[0], goal[1] - at.hand[1]];
        distance = away[0].hypot(away[1]);
        // J Jᵀ + d² is a matrix of 2 x 2.
        let j = at.motion;
        let product = |row: usize, other: usize| (0..3).map(|joint| j[[row, joint]] * j[[other, joint]]).sum::<f64>();
        let damping = DAMPING * DAMPING * distance.min(1.0);
        let (a, b, d) = (product(0, 0) + damping, product(0, 1), product(1, 1) + damping);
        let determinant = a * d - b * b;
        let solved = [(away[0] * d - away[1] * b) / determinant, (away[1] * a - away[0] * b) / determinant];
        for (joint, angle) in joints.iter_mut().enumerate() {
            *angle += j[[0, joint]] * solved[0] + j[[1, joint]] * solved[1];
        }
    }
    (joints, distance)
}

fn main() {
    let arm = Arm { links: [1.0, 0.8, 0.5] };
    for goal in [[1.5, 1.0], [-0.5, 1.2], [0.4, -1.9]] {
        let (joints, distance) = reach(&arm, [0.3, 0.3, 0.3], goal, 30);
        let degrees = joints.map(f64::to_degrees);
        println!(
            "goal ({:5.2}, {:5.2}): joints {:7.2}°, {:7.2}°, {:7.2}°, the hand is {distance:.1e} away",
            goal[0], goal[1], degrees[0], degrees[1], degrees[2]
        );
    }
}
