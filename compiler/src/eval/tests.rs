//! Programs made by hand, with values worked out by hand.

use super::{Tensor, Values, evaluate};
use crate::ir::*;
use crate::ops::{Operator as O, Reduction};
use crate::span::Span;

fn add(program: &mut Program, name: &str, shape: Vec<Extent>, element: Element, source: Source) -> TensorId {
    let (label_names, documentation) = (Vec::new(), Vec::new());
    program.add(crate::ir::Tensor {
        name: name.into(),
        shape,
        element,
        source,
        label_names,
        span: Span::default(),
        documentation,
    })
}

fn define(program: &mut Program, shape: Vec<Extent>, reduction: Option<(Reduction, Vec<Extent>)>, body: ExpressionId) {
    let y = add(program, "y", shape, Element::Real, Source::Defined(Definition { reduction, body }));
    program.roots = vec![Root { role: Role::Output("y".into()), tensor: y }];
}

fn matrix(shape: &[usize], data: &[f64]) -> Tensor {
    Tensor { shape: shape.to_vec(), data: data.to_vec() }
}

fn values(pairs: &[(&str, Tensor)]) -> Values {
    pairs.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.clone())).collect()
}

fn label(number: u32) -> Index {
    Index::label(Label(number))
}

/// `y[i, j] = sum[k](x[i, k] * w[k, j])` with x: [B, K], w: [K, 2].
fn product() -> Program {
    let mut program = Program::default();
    let (b, k, two) = (Extent::size(program.size("B")), Extent::size(program.size("K")), Extent::constant(2));
    let x = add(&mut program, "x", vec![b.clone(), k.clone()], Element::Real, Source::Input);
    let w = add(&mut program, "w", vec![k.clone(), two.clone()], Element::Real, Source::Target);
    let left = program.expressions.read(x, vec![label(0), label(2)]);
    let right = program.expressions.read(w, vec![label(2), label(1)]);
    let body = program.expressions.apply(O::Multiply, &[left, right]);
    define(&mut program, vec![b, two], Some((Reduction::Sum, vec![k])), body);
    program
}

#[test]
fn a_matrix_product() {
    let x = matrix(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let w = matrix(&[3, 2], &[1.0, 0.5, 0.0, -1.0, 2.0, 0.0]);
    let result = evaluate(&product(), &values(&[("x", x), ("w", w)])).unwrap();
    assert_eq!(result["y"], matrix(&[2, 2], &[7.0, -1.5, 16.0, -3.0]));
}

#[test]
fn what_does_not_fit_is_named() {
    let x = matrix(&[2, 3], &[0.0; 6]);
    let message = |pairs: &[(&str, Tensor)]| evaluate(&product(), &values(pairs)).unwrap_err().to_string();
    let short = message(&[("x", x.clone()), ("w", matrix(&[4, 2], &[0.0; 8]))]);
    assert_eq!(short, "`w`: the shape [K = 3, 2] is expected, found [4, 2]");
    let flat = message(&[("x", matrix(&[6], &[0.0; 6]))]);
    assert_eq!(flat, "`x`: the shape [B, K] is expected, found [6]");
    assert_eq!(message(&[("x", x)]), "`w`: it has no value");
    assert!(message(&[]).contains("has no value"));
}

/// `y[i] = where(x[i + 1 ...] ...)`: the read at the end of `x` is protected by the condition, or not.
fn next(guarded: bool) -> Program {
    let mut program = Program::default();
    let b = Extent::size(program.size("B"));
    let x = add(&mut program, "x", vec![b.clone()], Element::Real, Source::Input);
    let after = label(0).plus_extent(&Extent::one());
    let mut body = program.expressions.read(x, vec![after.clone()]);
    if guarded {
        let (position, end) = (program.expressions.position(after), program.expressions.position(Index::constant(b.clone())));
        let inside = program.expressions.apply(O::Less, &[position, end]);
        let outside = program.expressions.number(-1.0);
        body = program.expressions.select(inside, body, outside);
    }
    define(&mut program, vec![b], None, body);
    program
}

#[test]
fn selections_protect_their_reads() {
    let x = values(&[("x", matrix(&[3], &[1.0, 2.0, 3.0]))]);
    assert_eq!(evaluate(&next(true), &x).unwrap()["y"].data, [2.0, 3.0, -1.0]);
    let message = evaluate(&next(false), &x).unwrap_err().to_string();
    assert_eq!(message, "`x`: `y` reads its element [3], which is outside of its shape [3]");
}

#[test]
fn integers_index_and_are_checked() {
    let mut program = Program::default();
    let b = Extent::size(program.size("B"));
    let range = Element::Integer { from: Extent::zero(), to: Extent::constant(3) };
    let token = add(&mut program, "token", vec![b.clone()], range, Source::Input);
    let table = add(&mut program, "table", vec![Extent::constant(3)], Element::Real, Source::Target);
    let at = Index::atom(Atom::Element(token, vec![label(0)]));
    let body = program.expressions.read(table, vec![at]);
    define(&mut program, vec![b], None, body);
    let table = matrix(&[3], &[10.0, 20.0, 30.0]);
    let run = |tokens: &[f64]| evaluate(&program, &values(&[("token", matrix(&[2], tokens)), ("table", table.clone())]));
    assert_eq!(run(&[2.0, 0.0]).unwrap()["y"].data, [30.0, 10.0]);
    for bad in [3.0, -1.0, 0.5, f64::NAN] {
        let message = run(&[0.0, bad]).unwrap_err().to_string();
        assert!(message.starts_with("`token`: integers in 0..3 are expected, found"), "{message}");
    }
}

#[test]
fn quotients_and_remainders_are_those_of_euclid() {
    let mut program = Program::default();
    let form = label(0).plus_extent(&Extent::constant(-3));
    let (by, seven) = (Extent::constant(2), Extent::constant(7));
    let ten = Extent::constant(10);
    let body = program.expressions.position(form.quotient(&by).times(&ten).plus(&form.remainder(&by)));
    define(&mut program, vec![seven], None, body);
    let expected: Vec<f64> = vec![-19.0, -10.0, -9.0, 0.0, 1.0, 10.0, 11.0];
    assert_eq!(evaluate(&program, &Values::new()).unwrap()["y"].data, expected);
}

#[test]
fn deep_formulas_absurd_shapes_and_negative_lengths_are_no_danger() {
    let mut program = Program::default();
    let one = program.expressions.number(1.0);
    let deep = (0..200_000).fold(one, |sum, _| program.expressions.apply(O::Add, &[sum, one]));
    define(&mut program, vec![], None, deep);
    assert_eq!(evaluate(&program, &Values::new()).unwrap()["y"], Tensor::scalar(200_001.0));
    let huge = Extent::constant(1 << 40);
    for shape in [vec![huge.clone(); 2], vec![huge.clone(); 4], vec![huge]] {
        let mut program = Program::default();
        let one = program.expressions.number(1.0);
        define(&mut program, shape, None, one);
        assert!(evaluate(&program, &Values::new()).unwrap_err().message.contains("more elements"));
    }
    let mut program = next(true);
    program.tensors[1].shape = vec![Extent::size(SizeId(0)).plus_constant(-5)];
    let x = values(&[("x", matrix(&[3], &[1.0, 2.0, 3.0]))]);
    assert_eq!(evaluate(&program, &x).unwrap_err().to_string(), "`y`: the length B - 5 of an axis is -2 here");
}
