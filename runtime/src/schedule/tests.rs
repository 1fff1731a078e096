//! The corners of each schedule.

use super::*;

#[track_caller]
fn follows(schedule: impl Schedule, points: &[(u64, f64)]) {
    for &(steps, expected) in points {
        let found = schedule.rate(steps);
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{steps}: {found}, not {expected}");
    }
}

#[test]
fn decays_have_their_values() {
    follows(Constant(0.3), &[(0, 0.3), (1_000_000, 0.3)]);
    let smooth = ExponentialDecay { initial: 0.1, factor: 0.25, span: 10, in_steps: false };
    follows(smooth, &[(0, 0.1), (5, 0.05), (10, 0.025), (20, 0.00625)]);
    follows(ExponentialDecay { in_steps: true, ..smooth }, &[(0, 0.1), (9, 0.1), (10, 0.025), (29, 0.00625)]);
    follows(ExponentialDecay { span: 0, ..smooth }, &[(0, 0.1), (1, 0.025)]);
    let steps = StepDecay { initial: 1.0, factor: 0.1, boundaries: vec![30, 10] };
    follows(steps, &[(0, 1.0), (9, 1.0), (10, 0.1), (29, 0.1), (30, 0.01)]);
    let line = PolynomialDecay { initial: 1.0, last: 0.2, span: 4, power: 1.0 };
    follows(line, &[(0, 1.0), (1, 0.8), (4, 0.2), (9, 0.2)]);
    follows(PolynomialDecay { power: 2.0, ..line }, &[(0, 1.0), (2, 0.4), (4, 0.2)]);
}

#[test]
fn waves_have_their_values() {
    let cosine = Cosine { initial: 1.0, last: 0.0, span: 10 };
    follows(cosine, &[(0, 1.0), (5, 0.5), (10, 0.0), (20, 0.0)]);
    follows(Cosine { last: 0.5, ..cosine }, &[(0, 1.0), (5, 0.75), (10, 0.5)]);
    let restarts = WarmRestarts { initial: 1.0, last: 0.0, span: 10, growth: 2 };
    follows(restarts, &[(0, 1.0), (5, 0.5), (10, 1.0), (20, 0.5), (30, 1.0), (50, 0.5), (70, 1.0)]);
    follows(WarmRestarts { growth: 1, ..restarts }, &[(10, 1.0), (15, 0.5), (1_000_005, 0.5)]);
    // PyTorch's OneCycleLR(max_lr=0.1, total_steps=11): the top is at 0.3 · 11 - 1 = 2.3, the end at 10.
    let cycle = OneCycle::new(0.1, 11);
    follows(cycle, &[(0, 0.004), (10, 4e-7), (100, 4e-7)]);
    let peak = (0..11).map(|step| cycle.rate(step)).fold(0.0, f64::max);
    assert!(peak > 0.097 && peak <= 0.1, "{peak}");
    let warmup = Warmup { span: 4, then: Constant(1.0) };
    follows(warmup, &[(0, 0.2), (3, 0.8), (4, 1.0), (5, 1.0)]);
}

#[test]
fn a_plateau_waits_and_then_falls() {
    let mut plateau = Plateau::default().by(0.5).patience(2).least(0.25);
    let losses = [3.0, 2.0, 2.0, 1.9999, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0];
    let factors: Vec<f64> = losses.iter().map(|&loss| plateau.after(loss)).collect();
    assert_eq!(factors, [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25]);
    assert_eq!(plateau.after(f64::NAN), 0.25);
}
