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
    let warmup = Warmup { span: 4, then: Constant(1.0) };
    follows(warmup, &[(0, 0.2), (3, 0.8), (4, 1.0), (5, 1.0)]);
}

#[test]
fn a_plateau_waits_and_then_falls() {
    let mut plateau = Plateau::default().by(0.5).patience(2).least(0.25);
    let losses = [3.0, 2.0, 2.0, 1.9999, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0];
    let factors: Vec<f64> = losses.iter().map(|&loss| plateau.after(loss)).collect();
    assert_eq!(factors, [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25]);
}

/// The factors after each loss, of a plateau that halves the rate.
fn factors<const N: usize>(patience: usize, threshold: f64, losses: [f64; N]) -> [f64; N] {
    let mut plateau = Plateau::default().by(0.5).patience(patience).threshold(threshold);
    losses.map(|loss| plateau.after(loss))
}

/// At 10 the bound is 9, at -10 it is -11: the loss must be below it, and what is no better does not move it.
#[test]
fn a_better_loss_is_below_the_threshold() {
    assert_eq!(factors(0, 0.1, [10.0, 9.0, 8.9, 8.1, 8.0]), [1.0, 0.5, 0.5, 0.25, 0.25]);
    assert_eq!(factors(0, 0.1, [-10.0, -11.0, -10.5, -11.1, -10.0]), [1.0, 0.5, 0.25, 0.25, 0.125]);
    // A loss that stays, or gets worse by less than the threshold, is no better on either side of 0, nor at it.
    for loss in [3.0, 0.0, -3.0] {
        assert_eq!(factors(1, 0.1, [loss; 6]), [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]);
    }
    assert_eq!(factors(0, 0.1, [-10.0, -9.5, -9.1]), [1.0, 0.5, 0.25]);
    // From one side of 0 to the other.
    assert_eq!(factors(0, 0.1, [1.0, 0.0, -1e-9, 1e-9]), [1.0, 1.0, 1.0, 0.5]);
    // No positive loss is smaller than all of it; the first is better than none.
    assert_eq!(factors(0, 1.0, [2.0, 1e-300, 0.0, -1e-300]), [1.0, 0.5, 0.25, 0.25]);
}

/// Two epochs may pass, whatever stands in them.
#[test]
fn a_loss_that_is_no_number_is_never_better() {
    let nan = f64::NAN;
    assert_eq!(factors(2, 1e-4, [nan; 6]), [1.0, 1.0, 0.5, 0.5, 0.5, 0.25]);
    assert_eq!(factors(2, 1e-4, [nan, nan, 5.0, nan, nan, 4.0]), [1.0; 6]);
    assert_eq!(factors(2, 1e-4, [5.0, nan, nan, nan, 4.0, nan]), [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]);
    let infinite = f64::INFINITY;
    assert_eq!(factors(2, 1e-4, [infinite, infinite, infinite, 1.0]), [1.0, 1.0, 0.5, 0.5]);
    assert_eq!(factors(1, 1e-4, [-infinite; 5]), [1.0, 1.0, 0.5, 0.5, 0.25]);
}

#[test]
fn a_plateau_never_raises_the_rate() {
    let mut plateau = Plateau::default().patience(0).least(3.0);
    assert_eq!([1.0, 1.0, 1.0].map(|loss| plateau.after(loss)), [1.0; 3]);
}

/// PyTorch's `OneCycleLR`, as its documentation states it, with squares of the sine: `from + (to - from) · sin²(π/2 · part)`.
fn one_cycle(cycle: &OneCycle, step: u64) -> f64 {
    let square = |part: f64| (std::f64::consts::FRAC_PI_2 * part).sin().powi(2);
    let (first, step) = (cycle.largest / cycle.first_divisor, step as f64);
    let last = first / cycle.last_divisor;
    let (top, end) = (cycle.rising * cycle.span as f64 - 1.0, cycle.span as f64 - 1.0);
    if step <= top {
        first + (cycle.largest - first) * square(step / top)
    } else {
        cycle.largest + (last - cycle.largest) * square((step - top) / (end - top))
    }
}

#[test]
fn one_cycle_has_its_corners() {
    // The top is at 0.5 · 22 - 1 = 10, the end at 21; halfway stands the mean.
    let even = OneCycle { largest: 1.0, span: 22, rising: 0.5, first_divisor: 10.0, last_divisor: 100.0 };
    follows(even, &[(0, 0.1), (5, 0.55), (10, 1.0), (21, 1e-3), (22, 1e-3), (u64::MAX, 1e-3)]);
    assert_eq!([even.rate(10), even.rate(21), even.rate(22)], [1.0, 0.1 / 100.0, 0.1 / 100.0]);
    // The top lies between two steps: at 2.3 and at 29.
    for cycle in [even, OneCycle::new(0.1, 11), OneCycle::new(3.0, 100), OneCycle { rising: 0.99, ..OneCycle::new(1.0, 10) }] {
        let points: Vec<_> = (0..cycle.span).map(|step| (step, one_cycle(&cycle, step))).collect();
        follows(cycle, &points);
        let rates: Vec<_> = (0..=cycle.span).map(|step| cycle.rate(step)).collect();
        let top = (cycle.rising * cycle.span as f64 - 1.0).floor() as usize;
        assert!(rates[..=top].is_sorted_by(|a, b| a < b) && rates[top + 1..].is_sorted_by(|a, b| a >= b), "{rates:?}");
        assert_eq!(rates[cycle.span as usize - 1], rates[cycle.span as usize]);
    }
    follows(OneCycle::new(0.1, 11), &[(0, 0.004), (10, 4e-7), (11, 4e-7), (100, 4e-7)]);
}

/// Nothing rises, nothing falls, there is but one step or none: a number in all of them.
#[test]
fn one_cycle_has_degenerate_forms() {
    let cycle = |rising, span| OneCycle { rising, first_divisor: 2.0, last_divisor: 4.0, ..OneCycle::new(1.0, span) };
    follows(cycle(0.0, 5), &[(0, 1.0), (2, 0.5625), (4, 0.125), (5, 0.125)]);
    follows(cycle(1.0, 5), &[(0, 0.5), (2, 0.75), (4, 1.0), (5, 0.125)]);
    follows(cycle(0.2, 5), &[(0, 1.0), (2, 0.5625), (4, 0.125), (5, 0.125)]);
    follows(cycle(7.0, 5), &[(0, 0.5), (4, 1.0), (5, 0.125)]);
    follows(cycle(-1.0, 5), &[(0, 1.0), (4, 0.125)]);
    for span in [0, 1] {
        follows(cycle(0.3, span), &[(0, 1.0), (1, 0.125), (2, 0.125)]);
    }
    follows(cycle(0.3, 2), &[(0, 1.0), (1, 0.125), (2, 0.125)]);
}
