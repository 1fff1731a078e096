//! Formulas as text: parentheses where the structure needs them and nowhere else.

use super::{expression, formula, print};
use crate::ir::*;
use crate::ops::{Operator as O, Reduction};
use crate::span::Span;

fn text(build: impl FnOnce(&mut Expressions) -> ExpressionId) -> String {
    let mut program = Program::default();
    program.size("B");
    let id = build(&mut program.expressions);
    expression(&program, id, &|label| ["i", "j", "k"][label.0 as usize].into())
}

#[test]
fn parentheses_follow_precedence() {
    let label = |e: &mut Expressions, number| e.position(Index::label(Label(number)));
    let three = |outer: O, inner: O, inner_left: bool| {
        text(|e| {
            let (i, j, k) = (label(e, 0), label(e, 1), label(e, 2));
            if inner_left {
                let inside = e.apply(inner, &[i, j]);
                e.apply(outer, &[inside, k])
            } else {
                let inside = e.apply(inner, &[j, k]);
                e.apply(outer, &[i, inside])
            }
        })
    };
    assert_eq!(three(O::Subtract, O::Subtract, true), "i - j - k");
    assert_eq!(three(O::Subtract, O::Subtract, false), "i - (j - k)");
    assert_eq!(three(O::Multiply, O::Add, true), "(i + j) * k");
    assert_eq!(three(O::Add, O::Multiply, false), "i + j * k");
    assert_eq!(three(O::Power, O::Power, true), "(i ^ j) ^ k");
    assert_eq!(three(O::Power, O::Power, false), "i ^ j ^ k");
    assert_eq!(three(O::Or, O::And, true), "i && j || k");
    assert_eq!(three(O::Maximum, O::Add, true), "max(i + j, k)");
}

#[test]
fn signs_and_numbers() {
    let number = |value| text(|e| e.number(value));
    assert_eq!([number(0.5), number(-2.0), number(1e-5), number(-f64::INFINITY)], ["0.5", "-2", "1e-5", "-inf"]);
    let power = |negate_first| {
        text(|e| {
            let (i, two) = (e.position(Index::label(Label(0))), e.number(-2.0));
            if negate_first {
                let negated = e.apply(O::Negate, &[i]);
                e.apply(O::Power, &[negated, two])
            } else {
                let power = e.apply(O::Power, &[i, two]);
                e.apply(O::Negate, &[power])
            }
        })
    };
    assert_eq!(power(true), "(-i) ^ (-2)");
    assert_eq!(power(false), "-i ^ (-2)");
}

#[test]
fn index_forms() {
    let index = |index: Index| text(|e| e.position(index));
    let (i, j) = (Index::label(Label(0)), Index::label(Label(1)));
    let b = Extent::size(SizeId(0));
    let two_i = i.times(&Extent::constant(2));
    assert_eq!(index(two_i.plus(&j).plus_extent(&Extent::constant(-1))), "2*i + j - 1");
    assert_eq!(index(Index::constant(b.plus_constant(-1)).minus(&i)), "-i + B - 1");
    assert_eq!(index(two_i.plus(&j).quotient(&Extent::constant(3))), "floor((2*i + j) / 3)");
    let scaled = text(|e| {
        let (sum, i) = (e.position(i.plus(&j)), e.position(i.clone()));
        e.apply(O::Multiply, &[sum, i])
    });
    assert_eq!(scaled, "(i + j) * i");
}

#[test]
fn a_definition_is_a_line_and_a_deep_formula_is_no_danger() {
    let mut program = Program::default();
    program.name = "Net".into();
    let shape = vec![Extent::size(program.size("B")), Extent::constant(3)];
    let mut tensor = Tensor {
        name: "x".into(),
        shape: shape.clone(),
        element: Element::Real,
        source: Source::Input,
        label_names: vec!["i".into(), "k".into()],
        span: Span::default(),
        documentation: Vec::new(),
    };
    let x = program.add(tensor.clone());
    let read = program.expressions.read(x, vec![Index::label(Label(0)), Index::label(Label(1))]);
    let body = program.expressions.apply(O::Exp, &[read]);
    tensor.name = "h".into();
    tensor.shape.pop();
    let reduction = Some((Reduction::Sum, vec![Extent::constant(3)]));
    tensor.source = Source::Defined(Definition { reduction, body });
    let h = program.add(tensor);
    program.roots.push(Root { role: Role::Output("h".into()), tensor: h });
    assert_eq!(formula(&program, h), "h[i] = sum[k](exp(x[i, k]))");
    let expected = "Net\n  input x: [B, 3]\n  h[i: B] = sum[k: 3](exp(x[i, k]))\n  output h is h\n";
    assert_eq!(print(&program), expected);
    let deep = (0..100_000).fold(read, |id, _| program.expressions.apply(O::Add, &[id, id]));
    assert!(expression(&program, deep, &|_| "i".into()).ends_with("..."));
}
