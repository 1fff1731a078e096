//! Each mistake, made on purpose, is found; what is right passes.

use super::check;
use crate::ir::*;
use crate::ops::{Operator, Reduction};
use crate::span::Span;

fn tensor(name: &str, shape: Vec<Extent>, source: Source) -> Tensor {
    let (label_names, documentation) = (Vec::new(), Vec::new());
    Tensor { name: name.into(), shape, element: Element::Real, source, label_names, span: Span::default(), documentation }
}

fn defined(program: &mut Program, name: &str, shape: Vec<Extent>, body: ExpressionId) -> TensorId {
    program.add(tensor(name, shape, Source::Defined(Definition { reduction: None, body })))
}

/// `x: [B]`, and `y[i] = x[index of i]` for `length` values of i.
fn reading(index: Index, length: Extent) -> (Program, TensorId) {
    let mut program = Program::default();
    let b = Extent::size(program.size("B"));
    let x = program.add(tensor("x", vec![b], Source::Input));
    let body = program.expressions.read(x, vec![index]);
    let y = defined(&mut program, "y", vec![length], body);
    program.roots.push(Root { role: Role::Output("y".into()), tensor: y });
    (program, x)
}

fn i() -> Index {
    Index::label(Label(0))
}

fn b() -> Extent {
    Extent::size(SizeId(0))
}

fn found(program: &Program, words: &str) {
    let problems = check(program).expect_err(words);
    assert!(problems.contains(words), "{words}: {problems}");
}

#[test]
fn a_plain_read_passes() {
    assert_eq!(check(&reading(i(), b()).0), Ok(()));
    assert_eq!(check(&reading(i().plus_extent(&Extent::constant(2)), b().plus_constant(-2)).0), Ok(()));
}

#[test]
fn reads_outside_are_found_where_nothing_guards_them() {
    let next = i().plus_extent(&Extent::one());
    let (mut program, _) = reading(next.clone(), b());
    found(&program, "outside of its axis 0");
    let position = program.expressions.position(next);
    let end = program.expressions.position(Index::constant(b()));
    let inside = program.expressions.apply(Operator::Less, &[position, end]);
    let Source::Defined(definition) = &mut program.tensors[1].source else { panic!("y is defined") };
    let zero = program.expressions.number(0.0);
    definition.body = program.expressions.select(inside, definition.body, zero);
    assert_eq!(check(&program), Ok(()));
}

#[test]
fn unbound_labels_wrong_ranks_and_twins_are_found() {
    found(&reading(Index::label(Label(1)), b()).0, "label 1 is not bound");
    let (mut program, x) = reading(i(), b());
    let body = program.expressions.read(x, vec![i(), i()]);
    let two = defined(&mut program, "two", vec![b()], body);
    program.roots.push(Root { role: Role::Output("two".into()), tensor: two });
    found(&program, "which has 1 axes, with 2 indices");
    program.tensors[2].name = "x".into();
    found(&program, "another tensor has this name");
}

#[test]
fn cycles_and_wrong_roots_are_found() {
    let (mut program, _) = reading(i(), b());
    program.roots.push(Root { role: Role::Loss, tensor: TensorId(1) });
    found(&program, "no scalar");
    program.roots.pop();
    let body = program.expressions.read(TensorId(1), vec![i()]);
    program.tensors[1].source = Source::Defined(Definition { reduction: Some((Reduction::Sum, vec![b()])), body });
    found(&program, "it reads itself, and y are no recurrence");
    program.roots[0].tensor = TensorId(9);
    found(&program, "not in the program");
}
