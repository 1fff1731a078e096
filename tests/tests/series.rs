//! Derivatives of high order of functions of one number, against the coefficients of their power series, which are found without
//! differentiating.

mod support;

use chainrule_compiler::eval::{Tensor, Values, evaluate};
use chainrule_compiler::ir::Role;
use chainrule_compiler::pipeline;
use support::compile::compile;
use support::numbers::close;

/// The highest order.
const ORDER: usize = 12;

/// The coefficients of a power series around a point.
#[derive(Clone)]
struct Series([f64; ORDER + 1]);

impl Series {
    fn number(value: f64) -> Self {
        Self(std::array::from_fn(|place| if place == 0 { value } else { 0.0 }))
    }

    fn variable(at: f64) -> Self {
        Self(std::array::from_fn(|place| [at, 1.0].get(place).copied().unwrap_or(0.0)))
    }

    fn plus(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place] + other.0[place]))
    }

    fn times(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|place| (0..=place).map(|part| self.0[part] * other.0[place - part]).sum()))
    }

    fn scaled(&self, factor: f64) -> Self {
        self.times(&Self::number(factor))
    }

    fn power(&self, power: usize) -> Self {
        (0..power).fold(Self::number(1.0), |product, _| product.times(self))
    }

    /// From `r·s = 1`, one coefficient after the other.
    fn reciprocal(&self) -> Self {
        let mut found = [0.0; ORDER + 1];
        for place in 0..=ORDER {
            let known: f64 = (0..place).map(|part| found[part] * self.0[place - part]).sum();
            found[place] = (f64::from(u8::from(place == 0)) - known) / self.0[0];
        }
        Self(found)
    }

    /// From `e' = s'·e`, one coefficient after the other.
    fn exp(&self) -> Self {
        let mut found = [self.0[0].exp(); ORDER + 1];
        for place in 1..=ORDER {
            let sum: f64 = (1..=place).map(|part| part as f64 * self.0[part] * found[place - part]).sum();
            found[place] = sum / place as f64;
        }
        Self(found)
    }
}

/// A function as it is written, and its series at a point.
type Function = (&'static str, fn(&Series) -> Series);

const FUNCTIONS: &[Function] = &[
    ("exp(-x^2 / 2)", |x| x.power(2).scaled(-0.5).exp()),
    ("x * exp(-x^2 / 2)", |x| x.times(&x.power(2).scaled(-0.5).exp())),
    ("(1 + x)^2 * exp(-x^2)", |x| x.plus(&Series::number(1.0)).power(2).times(&x.power(2).scaled(-1.0).exp())),
    ("exp(-(x - 1)^2 / 2)", |x| x.plus(&Series::number(-1.0)).power(2).scaled(-0.5).exp()),
    ("exp(x - 2 * x^2)", |x| x.plus(&x.power(2).scaled(-2.0)).exp()),
    ("x^3 * exp(-x)", |x| x.power(3).times(&x.scaled(-1.0).exp())),
    ("1 / (1 + x^2)", |x| Series::number(1.0).plus(&x.power(2)).reciprocal()),
    ("1 / (1 + x^4)", |x| Series::number(1.0).plus(&x.power(4)).reciprocal()),
    ("1 / (1 - x^2)", |x| Series::number(1.0).plus(&x.power(2).scaled(-1.0)).reciprocal()),
    ("x / (1 + x^2)^3", |x| x.times(&Series::number(1.0).plus(&x.power(2)).power(3).reciprocal())),
    ("1 / (2 + x + x^2)", |x| Series::number(2.0).plus(x).plus(&x.power(2)).reciprocal()),
    ("exp(-x^2) / (1 + x^2)", |x| x.power(2).scaled(-1.0).exp().times(&Series::number(1.0).plus(&x.power(2)).reciprocal())),
    ("exp(-x) / (1 + x^2)^2", |x| x.scaled(-1.0).exp().times(&Series::number(1.0).plus(&x.power(2)).power(2).reciprocal())),
    ("x^5 / (3 - x)", |x| x.power(5).times(&Series::number(3.0).plus(&x.scaled(-1.0)).reciprocal())),
    ("x^7 / (1 + x^2)^2", |x| x.power(7).times(&Series::number(1.0).plus(&x.power(2)).power(2).reciprocal())),
    ("1 / ((1 + x^2) * (2 + x))", |x| Series::number(1.0).plus(&x.power(2)).times(&Series::number(2.0).plus(x)).reciprocal()),
];

const POINTS: [f64; 8] = [-3.0, -1.25, -0.5, 0.0, 0.3, 0.875, 1.5, 2.5];

#[test]
fn nested_derivatives_are_the_coefficients_of_power_series() {
    for (function, series) in FUNCTIONS {
        for order in [2, 5, 8, ORDER] {
            let steps: String = (1..=order).map(|step| format!("y{step} = derivative(y{}, x); ", step - 1)).collect();
            let text = format!("network Nested: f64 {{ input x: [8]; y0 = {function}; {steps} output y = y{order}; }}");
            let program = compile("nested.nn", &text, None, true).unwrap_or_else(|mistakes| panic!("{}", mistakes.text));
            let derived = pipeline::forward(&program, |_| true).program;
            let values = Values::from([("x".to_owned(), Tensor { shape: vec![8], data: POINTS.to_vec() })]);
            let output = derived.root(&Role::Output("y".into())).expect("an output");
            let found = &evaluate(&derived, &values).expect("values")[&derived.tensor(output).name].data;
            let factorial: f64 = (1..=order).map(|factor| factor as f64).product();
            for (&at, &found) in POINTS.iter().zip(found) {
                let expected = series(&Series::variable(at)).0[order] * factorial;
                assert!(close(found, expected, 1e-8), "order {order} of {function} at {at}: {found}, expected {expected}");
            }
        }
    }
}
