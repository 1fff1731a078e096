//! The rows of the table against finite differences, and the reductions by definition.

use super::{Algebra, Course, Operator, Reduction, Term};

/// Numbers as an algebra: a term is the number of a value.
#[derive(Default)]
struct Numbers(Vec<f64>);

impl Algebra for Numbers {
    fn number(&mut self, value: f64) -> Term {
        self.0.push(value);
        Term(u32::try_from(self.0.len() - 1).unwrap())
    }
    fn apply(&mut self, operator: Operator, arguments: &[Term]) -> Term {
        let values: Vec<f64> = arguments.iter().map(|term| self.0[term.0 as usize]).collect();
        self.number((operator.row().value)(&values))
    }
    fn select(&mut self, condition: Term, then: Term, otherwise: Term) -> Term {
        if self.0[condition.0 as usize] == 0.0 { otherwise } else { then }
    }
}

fn partials(operator: Operator, values: &[f64]) -> Vec<f64> {
    let mut numbers = Numbers::default();
    let arguments: Vec<Term> = values.iter().map(|&value| numbers.number(value)).collect();
    let value = numbers.number((operator.row().value)(values));
    let partials = (operator.row().partials)(&mut numbers, &arguments, value);
    partials.iter().map(|term| numbers.0[term.0 as usize]).collect()
}

#[test]
fn partials_are_the_slopes_of_the_values() {
    // What stops a gradient has a slope that is not that of its value: that is what it is for.
    for &operator in Operator::ALL.iter().filter(|&&operator| operator != Operator::StopGradient) {
        let row = operator.row();
        for step in 0..25 {
            let at = |number: usize, (low, high): (f64, f64)| {
                let fraction = f64::from((step * (7 + 4 * u32::try_from(number).unwrap())) % 25) / 24.0;
                low + (high - low) * (0.02 + 0.96 * fraction)
            };
            let values: Vec<f64> = row.sample.iter().enumerate().map(|(number, &interval)| at(number, interval)).collect();
            for (argument, partial) in partials(operator, &values).into_iter().enumerate() {
                let moved = |by: f64| {
                    let mut values = values.clone();
                    values[argument] += by;
                    (row.value)(&values)
                };
                let slope = (8.0 * (moved(1e-4) - moved(-1e-4)) - (moved(2e-4) - moved(-2e-4))) / 12e-4;
                assert!(
                    (slope - partial).abs() <= 1e-8 * (1.0 + slope.abs()),
                    "{operator:?} at {values:?}: {partial}, not {slope}"
                );
            }
        }
    }
}

#[test]
fn values_move_with_their_arguments_as_the_rows_say() {
    let numbers: Vec<f64> = (-12..=12).map(|step| f64::from(step) * 0.75).collect();
    for &operator in Operator::ALL {
        let row = operator.row();
        assert!(row.courses.len() <= row.arity, "{operator:?} has more courses than arguments");
        for (argument, course) in row.courses.iter().enumerate() {
            for other in numbers.iter().filter(|&&other| row.arity > 1 || other == 0.0) {
                let at = |moved: f64| {
                    let mut values = vec![*other; row.arity];
                    values[argument] = moved;
                    (row.value)(&values)
                };
                let sign = match course {
                    Course::Rises => 1.0,
                    Course::Falls => -1.0,
                    Course::OfSign if *other == 0.0 => continue,
                    Course::OfSign => other.signum(),
                };
                for pair in numbers.windows(2) {
                    let (low, high) = (at(pair[0]), at(pair[1]));
                    assert!((high - low) * sign >= 0.0, "{operator:?}, argument {argument}, {other}: {low}, then {high}");
                }
            }
        }
    }
}

#[test]
fn what_is_within_one_is_so_everywhere() {
    let bounded: Vec<Operator> = Operator::ALL.iter().copied().filter(|operator| operator.is_within_one()).collect();
    assert!([Operator::Tanh, Operator::Sin, Operator::Sigmoid].iter().all(|operator| bounded.contains(operator)));
    for operator in bounded {
        let numbers = (-4000..=4000).map(|step| f64::from(step) * 0.0137).chain([f64::MIN, f64::MIN_POSITIVE, f64::MAX]);
        for number in numbers {
            let value = (operator.row().value)(&[number]);
            assert!(value.abs() <= 1.0, "{operator:?} of {number} is {value}");
        }
    }
}

#[test]
fn slopes_at_kinks_are_those_of_the_language() {
    assert_eq!(partials(Operator::Relu, &[0.0]), [0.0]);
    assert_eq!(partials(Operator::Abs, &[0.0]), [0.0]);
    assert_eq!(partials(Operator::Maximum, &[1.0, 1.0]), [0.5, 0.5]);
    assert_eq!(partials(Operator::Minimum, &[2.0, 2.0]), [0.5, 0.5]);
    assert_eq!(partials(Operator::Maximum, &[1.0, 2.0]), [0.0, 1.0]);
    assert_eq!(partials(Operator::Power, &[0.0, 0.0])[0], 0.0);
    assert_eq!(partials(Operator::Floor, &[1.0]), [0.0]);
    assert_eq!(partials(Operator::StopGradient, &[3.0]), [0.0]);
}

#[test]
fn no_two_rows_are_spelled_the_same() {
    for &operator in Operator::ALL {
        let row = operator.row();
        assert_eq!(Operator::spelled(row.spelling.text(), row.arity), Some(operator));
    }
}

#[test]
fn reductions_over_nothing_and_with_nan() {
    assert_eq!(Reduction::Sum.value(&[]), 0.0);
    assert_eq!(Reduction::Product.value(&[]), 1.0);
    assert_eq!(Reduction::Maximum.value(&[]), f64::NEG_INFINITY);
    assert_eq!(Reduction::LogSumExp.value(&[]), f64::NEG_INFINITY);
    assert_eq!(Reduction::LogSumExp.value(&[1000.0, 1000.0]), 1000.0 + 2f64.ln());
    assert_eq!(Reduction::ArgMaximum.value(&[1.0, 3.0, 3.0]), 1.0);
    assert_eq!(Reduction::ArgMinimum.value(&[1.0, f64::NAN, -3.0]), 1.0);
    assert!(Reduction::Maximum.value(&[f64::NAN, 1.0]).is_nan());
}
