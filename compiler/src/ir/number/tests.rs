use super::*;
use crate::ir::Node;

fn number(text: f64) -> Number {
    Number::new(text)
}

fn apply(operator: Operator, of: Number) -> Number {
    Number::apply(operator, &[of])
}

fn pi() -> Number {
    number(std::f64::consts::PI)
}

#[test]
fn a_short_decimal_is_a_fraction_and_the_same_float() {
    for (value, fraction) in [(0.1, (1, 10)), (-2.5, (-5, 2)), (7.0, (7, 1)), (1e-5, (1, 100_000)), (0.0, (0, 1))] {
        assert_eq!(number(value).as_fraction(), Some(fraction));
    }
    for value in [-0.0, f64::NAN, f64::INFINITY, 0.1 + 0.2, std::f64::consts::SQRT_2, 1e-300, 1e300, 1.0 / 3.0] {
        assert_eq!(number(value).as_fraction(), None, "{value}");
        assert_eq!(number(value).get().to_bits(), value.to_bits());
    }
}

#[test]
fn what_is_exact_has_no_digits_of_rounding() {
    let half_root = apply(Operator::Sqrt, number(0.5));
    assert_eq!(half_root * half_root, number(0.5));
    assert_eq!(number(0.1) * number(3.0), number(0.3));
    let third = number(1.0) / number(3.0);
    assert_eq!(third + third + third, number(1.0));
    assert_eq!(apply(Operator::Sqrt, number(12.0)) / apply(Operator::Sqrt, number(3.0)), number(2.0));
    assert_eq!(apply(Operator::Rsqrt, number(8.0)) * apply(Operator::Sqrt, number(2.0)), number(0.5));
    assert_eq!(apply(Operator::Sqrt, pi()) * apply(Operator::Sqrt, pi()), pi());
    assert_eq!(apply(Operator::Log, number(8.0)) / apply(Operator::Log, number(2.0)), number(3.0));
    assert_eq!(Number::apply(Operator::Power, &[number(2.0), number(-1.5)]) * apply(Operator::Sqrt, number(2.0)), number(0.5));
    assert_eq!(Number::apply(Operator::Power, &[number(0.1), number(3.0)]), number(0.001));
}

#[test]
fn what_leaves_the_form_is_the_float() {
    let root = apply(Operator::Sqrt, number(2.0));
    assert_eq!((root + number(1.0)).get().to_bits(), (2.0_f64.sqrt() + 1.0).to_bits());
    assert_eq!(number(1.0) / number(0.0), number(f64::INFINITY));
    assert!((number(0.0) / number(0.0)).get().is_nan());
    assert!(apply(Operator::Sqrt, number(-1.0)).get().is_nan());
    assert!(apply(Operator::Log, number(0.0)).get().is_infinite());
    let large = number(1e12) * number(1e12);
    assert_eq!(large.get().to_bits(), 1e24_f64.to_bits());
    assert_eq!(apply(Operator::Negate, number(0.0)).get().to_bits(), (-0.0_f64).to_bits());
}

#[test]
fn numbers_are_written_as_people_write_them() {
    let root = |of: Number| apply(Operator::Sqrt, of);
    let (one, two) = (number(1.0), number(2.0));
    for (number, text) in [
        (number(0.5), "0.5"),
        (one / number(3.0), "1 / 3"),
        (-(two / number(3.0)), "-2 / 3"),
        (root(number(0.5)), "1 / sqrt(2)"),
        (two / root(pi()), "2 / sqrt(pi)"),
        (root(number(0.5)) / root(pi()), "1 / sqrt(2 * pi)"),
        (root(two / pi()) * number(0.5), "1 / sqrt(2 * pi)"),
        (root(two / pi()), "sqrt(2 / pi)"),
        (root(two / pi()) * number(0.134_145), "0.134145 * sqrt(2 / pi)"),
        (root(pi() / two), "sqrt(pi / 2)"),
        (pi() * pi() / number(6.0), "pi * pi / 6"),
        (one / (pi() * two), "1 / (2 * pi)"),
        (apply(Operator::Log, number(0.125)), "-3 * log(2)"),
        (one / apply(Operator::Log, number(10.0)), "1 / log(10)"),
        (number(1.0 / 3.0), "0.3333333333333333"),
    ] {
        assert_eq!(number.text().0, text);
    }
}

/// Numbers made at random, with what the same operators give on floats.
fn each_number(visit: &mut dyn FnMut(Number, f64)) {
    const OPERATORS: [Operator; 12] = [
        Operator::Add,
        Operator::Subtract,
        Operator::Multiply,
        Operator::Multiply,
        Operator::Divide,
        Operator::Divide,
        Operator::Power,
        Operator::Sqrt,
        Operator::Rsqrt,
        Operator::Log,
        Operator::Negate,
        Operator::Maximum,
    ];
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut below = |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % most
    };
    for _ in 0..2000 {
        let mut made: Vec<(Number, f64)> =
            [0.1, 2.0, 3.0, 0.25, 6.0, -1.5, 0.07, 1.0, std::f64::consts::PI].map(|value| (number(value), value)).into();
        for _ in 0..8 {
            let operator = OPERATORS[below(OPERATORS.len())];
            let (one, two) = (made[below(made.len())], made[below(made.len())]);
            let of = if operator.row().arity == 1 { vec![one.0] } else { vec![one.0, two.0] };
            made.push((Number::apply(operator, &of), (operator.row().value)(&[one.1, two.1])));
        }
        made.into_iter().for_each(|(number, value)| visit(number, value));
    }
}

#[test]
fn exact_numbers_are_what_floats_come_to() {
    let mut exact = 0;
    each_number(&mut |number, value| {
        // Where a difference vanishes, floats leave noise, and what is made of it is nothing.
        let is_sound = value.abs() > 1e-6 && value.abs() < 1e9;
        let is_noise = number.get().abs() < 1e-9 || !number.get().is_finite();
        assert!(!is_sound || is_noise || (number.get() - value).abs() <= 1e-9 * value.abs(), "{number:?} {value}");
        exact += usize::from(is_sound && matches!(number.0, Kind::Exact(exact) if !exact.is_fraction()));
    });
    assert!(exact > 1000, "{exact}");
}

#[test]
fn what_is_written_is_read_again_as_the_same_number() {
    let mut texts = std::collections::BTreeMap::new();
    each_number(&mut |number, _| {
        texts.insert(number.text().0, number);
    });
    let outputs: String = texts.keys().take(400).enumerate().map(|(at, text)| format!("output y{at} = x + {text};")).collect();
    let program = crate::emit::nn::tests::program(&format!("network N: f64 {{ input x: []; {outputs} }}"));
    for (at, number) in texts.values().take(400).enumerate() {
        let id = program.ids().find(|&id| program.tensor(id).name == format!("y{at}")).unwrap();
        let Node::Apply(Operator::Add, arguments) = program.expressions.node(program.definition(id).unwrap().body) else {
            panic!()
        };
        let read = program.expressions.as_constant(arguments[1]).unwrap();
        let is_near = (read.get() - number.get()).abs() <= 1e-15 * number.get().abs();
        assert!(is_near || read.get().to_bits() == number.get().to_bits() || number.get().is_nan(), "{number:?} {read:?}");
    }
}
