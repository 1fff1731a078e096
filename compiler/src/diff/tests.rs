//! The gradient of small programs, made by hand, and their slopes along a direction, against central finite differences; before and
//! after simplification.

use super::{gradient, tangent};
use crate::eval::{self, Values};
use crate::ir::*;
use crate::ops::{Operator as O, Reduction};
use crate::simplify::simplify;
use crate::span::Span;

/// A program that grows statement by statement. All extents are numbers.
#[derive(Default)]
struct Builder {
    program: Program,
    values: Values,
    state: u64,
}

impl Builder {
    fn given(&mut self, name: &str, shape: &[usize], element: Element, next: impl Fn(u64) -> f64) -> TensorId {
        let extents = shape.iter().map(|&extent| Extent::constant(i64::try_from(extent).unwrap())).collect();
        let count = shape.iter().product();
        let mut data = Vec::new();
        for _ in 0..count {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            data.push(next(self.state >> 33));
        }
        self.values.insert(name.into(), eval::Tensor { shape: shape.to_vec(), data });
        self.add(name, extents, element, Source::Input)
    }

    fn input(&mut self, name: &str, shape: &[usize]) -> TensorId {
        self.given(name, shape, Element::Real, |bits| f64::from(u32::try_from(bits % 2000).unwrap()) / 1000.0 - 1.0)
    }

    fn integers(&mut self, name: &str, shape: &[usize], end: u32) -> TensorId {
        let element = Element::Integer { from: Extent::zero(), to: Extent::constant(end.into()) };
        self.given(name, shape, element, |bits| f64::from(u32::try_from(bits % u64::from(end)).unwrap()))
    }

    fn add(&mut self, name: &str, shape: Vec<Extent>, element: Element, source: Source) -> TensorId {
        let (name, label_names, span, documentation) = (name.into(), Vec::new(), Span::default(), Vec::new());
        self.program.add(Tensor { name, shape, element, source, label_names, span, documentation })
    }

    fn define(
        &mut self,
        name: &str,
        shape: &[i64],
        reduction: Option<(Reduction, &[i64])>,
        body: impl FnOnce(&mut Expressions) -> ExpressionId,
    ) -> TensorId {
        let body = body(&mut self.program.expressions);
        let extents = |list: &[i64]| list.iter().map(|&extent| Extent::constant(extent)).collect();
        let reduction = reduction.map(|(kind, list)| (kind, extents(list)));
        self.add(name, extents(shape), Element::Real, Source::Defined(Definition { reduction, body }))
    }

    /// `loss = Σ weight · y²`, with weights that differ, so that no element can hide.
    fn finish(mut self, y: TensorId, wrt: &[TensorId]) {
        self.check_along(y, wrt);
        let extents = self.program.tensor(y).shape.clone();
        let labels: Vec<Index> = super::plain_labels(extents.len());
        let e = &mut self.program.expressions;
        let value = e.read(y, labels.clone());
        let square = e.apply(O::Multiply, &[value, value]);
        let weight = labels.iter().enumerate().fold(Index::constant(1), |sum, (axis, label)| {
            sum.plus(&label.times(&Extent::constant(i64::try_from(axis).unwrap() + 1)))
        });
        let weight = e.position(weight);
        let body = e.apply(O::Multiply, &[square, weight]);
        let definition = Definition { reduction: (!extents.is_empty()).then_some((Reduction::Sum, extents)), body };
        let loss = self.add("loss", Vec::new(), Element::Real, Source::Defined(definition));
        self.program.roots = vec![Root { role: Role::Loss, tensor: loss }];
        self.check(loss, wrt);
    }

    fn check(self, loss: TensorId, wrt: &[TensorId]) {
        let mut raw = self.program.clone();
        gradient(&mut raw, loss, wrt);
        let mut simple = raw.clone();
        simplify(&mut simple);
        let mut first = self.program.clone();
        simplify(&mut first);
        let loss = first.root(&Role::Loss).unwrap();
        gradient(&mut first, loss, wrt);
        simplify(&mut first);
        for program in [&raw, &simple, &first] {
            check(program).unwrap();
            let found = eval::evaluate(program, &self.values).unwrap();
            for &id in wrt {
                let adjoint = program.root(&Role::Gradient(id)).unwrap();
                self.compare(&program.tensor(id).name, &found[&program.tensor(adjoint).name]);
            }
        }
    }

    /// All of `wrt` moves at once, and each element of `y` with it.
    fn check_along(&self, y: TensorId, wrt: &[TensorId]) {
        let mut along = Self { program: self.program.clone(), values: self.values.clone(), state: self.state };
        let directions: Vec<(TensorId, TensorId)> = (wrt.iter())
            .map(|&id| {
                let (name, shape) =
                    (self.program.tensor(id).name.clone(), self.values[&self.program.tensor(id).name].shape.clone());
                (id, along.input(&format!("along {name}"), &shape))
            })
            .collect();
        let name = self.program.tensor(y).name.clone();
        let at = |by: f64| {
            let mut values = self.values.clone();
            for &(id, direction) in &directions {
                let moved = values.get_mut(&self.program.tensor(id).name).unwrap();
                let direction = &along.values[&along.program.tensor(direction).name];
                moved.data.iter_mut().zip(&direction.data).for_each(|(value, step)| *value += by * step);
            }
            let mut program = self.program.clone();
            program.roots = vec![Root { role: Role::Output("y".into()), tensor: y }];
            eval::evaluate(&program, &values).unwrap()[&name].data.clone()
        };
        let [far, near] = [2e-4, 1e-4].map(|by| [at(by), at(-by)]);
        let mut raw = along.program.clone();
        let found = tangent(&mut raw, y, &directions);
        let mut simple = raw.clone();
        simple.roots = found.into_iter().map(|tensor| Root { role: Role::Output("along".into()), tensor }).collect();
        raw.roots = simple.roots.clone();
        simplify(&mut simple);
        for program in [&raw, &simple] {
            check(program).unwrap();
            let values = eval::evaluate(program, &along.values).unwrap();
            let root = program.roots.first().map(|root| program.tensor(root.tensor).name.clone());
            for element in 0..near[0].len() {
                let [near, far] = [&near, &far].map(|[up, down]| up[element] - down[element]);
                let slope = (8.0 * near - far) / 12e-4;
                let found = root.as_ref().map_or(0.0, |root| values[root].data[element]);
                assert!((found - slope).abs() <= 1e-7 * (1.0 + slope.abs()), "along {name}[{element}]: {found} and not {slope}");
            }
        }
    }

    fn compare(&self, name: &str, found: &eval::Tensor) {
        assert_eq!(found.shape, self.values[name].shape);
        for position in 0..found.data.len() {
            let at = |by: f64| {
                let mut values = self.values.clone();
                values.get_mut(name).unwrap().data[position] += by;
                eval::evaluate(&self.program, &values).unwrap()["loss"].data[0]
            };
            let slope = (8.0 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4;
            let difference = (found.data[position] - slope).abs();
            assert!(difference <= 1e-7 * (1.0 + slope.abs()), "d {name}[{position}]: {} and not {slope}", found.data[position]);
        }
    }
}

fn l(number: u32) -> Index {
    Index::label(Label(number))
}

fn affine(terms: &[(i64, u32)], constant: i64) -> Index {
    terms.iter().fold(Index::constant(constant), |sum, &(c, label)| sum.plus(&l(label).times(&Extent::constant(c))))
}

#[test]
fn a_dense_layer() {
    let mut b = Builder::default();
    let (x, w, bias) = (b.input("x", &[3, 4]), b.input("w", &[4, 2]), b.input("b", &[2]));
    let z = b.define("z", &[3, 2], Some((Reduction::Sum, &[4])), |e| {
        let (x, w) = (e.read(x, vec![l(0), l(2)]), e.read(w, vec![l(2), l(1)]));
        e.apply(O::Multiply, &[x, w])
    });
    let y = b.define("y", &[3, 2], None, |e| {
        let (z, bias) = (e.read(z, vec![l(0), l(1)]), e.read(bias, vec![l(1)]));
        let sum = e.apply(O::Add, &[z, bias]);
        e.apply(O::Tanh, &[sum])
    });
    b.finish(y, &[x, w, bias]);
}

#[test]
fn one_tensor_read_twice() {
    let mut b = Builder::default();
    let x = b.input("x", &[3, 4]);
    let y = b.define("y", &[3, 3], Some((Reduction::Sum, &[4])), |e| {
        let (left, right) = (e.read(x, vec![l(0), l(2)]), e.read(x, vec![l(1), l(2)]));
        let difference = e.apply(O::Subtract, &[left, right]);
        let square = e.apply(O::Multiply, &[difference, left]);
        e.apply(O::Multiply, &[square, right])
    });
    let diagonal = b.define("diagonal", &[3], None, |e| e.read(y, vec![l(0), l(0)]));
    b.finish(diagonal, &[x]);
}

#[test]
fn convolutions() {
    for (stride, dilation, long, kernel) in [(1, 1, 6, 3), (2, 1, 7, 3), (2, 1, 8, 2), (3, 2, 9, 2), (2, 3, 9, 2)] {
        let out = (long - 1 - dilation * (kernel - 1)) / stride + 1;
        let mut b = Builder::default();
        let x = b.input("x", &[2, usize::try_from(long).unwrap()]);
        let k = b.input("k", &[2, 2, usize::try_from(kernel).unwrap()]);
        let y = b.define("y", &[2, out], Some((Reduction::Sum, &[2, kernel])), |e| {
            let x = e.read(x, vec![l(2), affine(&[(stride, 1), (dilation, 3)], 0)]);
            let k = e.read(k, vec![l(0), l(2), l(3)]);
            e.apply(O::Multiply, &[x, k])
        });
        b.finish(y, &[x, k]);
    }
}

#[test]
fn every_reduction() {
    for &reduction in Reduction::ALL {
        let mut b = Builder::default();
        let x = b.input("x", &[3, 7]);
        let y = b.define("y", &[3, 3], Some((reduction, &[3])), |e| {
            let x = e.read(x, vec![l(0), affine(&[(2, 1), (1, 2)], 0)]);
            e.apply(O::Sin, &[x])
        });
        b.finish(y, &[x]);
    }
}

#[test]
fn a_product_with_zeros() {
    let mut b = Builder::default();
    let x = b.input("x", &[3, 3]);
    b.values.get_mut("x").unwrap().data = vec![0.5, -2.0, 3.0, 0.0, 1.5, 2.0, 0.0, 4.0, 0.0];
    let y = b.define("y", &[3], Some((Reduction::Product, &[3])), |e| e.read(x, vec![l(0), l(1)]));
    b.finish(y, &[x]);
}

#[test]
fn guards_protect_reads_and_slopes() {
    let mut b = Builder::default();
    let x = b.input("x", &[4]);
    let y = b.define("y", &[7], None, |e| {
        let (zero, two, five) = (e.number(0.0), e.number(2.0), e.number(5.0));
        let position = e.position(l(0));
        let low = e.apply(O::LessEqual, &[two, position]);
        let high = e.apply(O::LessEqual, &[position, five]);
        let inside = e.apply(O::And, &[low, high]);
        let read = e.read(x, vec![affine(&[(1, 0)], -2)]);
        let positive = e.apply(O::Greater, &[read, zero]);
        let root = e.apply(O::Sqrt, &[read]);
        let safe = e.select(positive, root, read);
        e.select(inside, safe, zero)
    });
    b.finish(y, &[x]);
}

#[test]
fn groups_and_their_digits() {
    let mut b = Builder::default();
    let x = b.input("x", &[12]);
    let y = b.define("y", &[2, 3, 2], None, |e| {
        let x = e.read(x, vec![affine(&[(6, 0), (2, 1), (1, 2)], 0)]);
        let position = e.position(l(1));
        e.apply(O::Multiply, &[x, position])
    });
    let three = Extent::constant(3);
    let two = Extent::constant(2);
    let z = b.define("z", &[12], None, |e| {
        let at = vec![l(0).quotient(&Extent::constant(6)), l(0).quotient(&two).remainder(&three), l(0).remainder(&two)];
        let y = e.read(y, at);
        e.apply(O::Tanh, &[y])
    });
    b.finish(z, &[x]);
}

#[test]
fn digits_are_solved_without_a_sum() {
    let mut b = Builder::default();
    let x = b.input("x", &[4, 3]);
    let y = b.define("y", &[12], None, |e| {
        let three = Extent::constant(3);
        e.read(x, vec![l(0).quotient(&three), l(0).remainder(&three)])
    });
    b.program.roots = vec![Root { role: Role::Output("y".into()), tensor: y }];
    let value = b.program.expressions.number(1.0);
    let Node::Read(_, at) = b.program.expressions.node(b.program.definition(y).unwrap().body).clone() else { panic!() };
    let definition = super::solve::contribution(&mut b.program, y, x, &at, value, None).definition;
    assert_eq!(definition, Definition { reduction: None, body: value });
}

#[test]
fn a_gather_with_repeated_tokens() {
    let mut b = Builder::default();
    let (table, tokens) = (b.input("table", &[5, 2]), b.integers("tok", &[4], 5));
    let y = b.define("y", &[4, 2], None, |e| {
        let token = Index::atom(Atom::Element(tokens, vec![l(0)]));
        let read = e.read(table, vec![token, l(1)]);
        e.apply(O::Exp, &[read])
    });
    b.finish(y, &[table]);
}

#[test]
fn constants_and_reversed_axes() {
    let mut b = Builder::default();
    let x = b.input("x", &[3, 5]);
    let y = b.define("y", &[5], None, |e| {
        let (row, reversed) =
            (e.read(x, vec![Index::constant(1), l(0)]), e.read(x, vec![Index::constant(2), affine(&[(-1, 0)], 4)]));
        e.apply(O::Multiply, &[row, reversed])
    });
    b.finish(y, &[x]);
}

#[test]
fn what_is_not_read_has_a_gradient_of_zeros() {
    let mut b = Builder::default();
    let (x, idle) = (b.input("x", &[3]), b.input("idle", &[2, 2]));
    let y = b.define("y", &[3], None, |e| e.read(x, vec![l(0)]));
    b.finish(y, &[x, idle]);
}

#[test]
fn guards_protect_what_other_definitions_compute() {
    let mut b = Builder::default();
    let x = b.input("x", &[4]);
    b.values.get_mut("x").unwrap().data = vec![0.5, -1.0, 2.0, -0.25];
    let root = b.define("root", &[4], None, |e| {
        let x = e.read(x, vec![l(0)]);
        e.apply(O::Sqrt, &[x])
    });
    let twice = b.define("twice", &[4], Some((Reduction::Sum, &[2])), |e| e.read(root, vec![l(0)]));
    let y = b.define("y", &[4], None, |e| {
        let (x, twice, zero) = (e.read(x, vec![l(0)]), e.read(twice, vec![l(0)]), e.number(0.0));
        let positive = e.apply(O::Greater, &[x, zero]);
        e.select(positive, twice, zero)
    });
    b.finish(y, &[x]);
}

#[test]
fn a_slope_without_bound_is_not_multiplied_where_nothing_moves() {
    let mut b = Builder::default();
    let x = b.input("x", &[4]);
    b.values.get_mut("x").unwrap().data = vec![0.5, -1.0, 2.0, -0.25];
    let positive = |e: &mut Expressions| {
        let (x, zero) = (e.read(x, vec![l(0)]), e.number(0.0));
        let condition = e.apply(O::Greater, &[x, zero]);
        e.select(condition, x, zero)
    };
    // A root of 0 where x is negative: in another definition, in the same one, and in a sum.
    let kept = b.define("kept", &[4], None, positive);
    let doubled = b.define("doubled", &[4], None, |e| {
        let kept = e.read(kept, vec![l(0)]);
        e.apply(O::Add, &[kept, kept])
    });
    let root = b.define("root", &[4], None, |e| {
        let doubled = e.read(doubled, vec![l(0)]);
        e.apply(O::Sqrt, &[doubled])
    });
    let y = b.define("y", &[4], Some((Reduction::Sum, &[2])), |e| {
        let (root, own) = (e.read(root, vec![l(0)]), positive(e));
        let own = e.apply(O::Sqrt, &[own]);
        e.apply(O::Add, &[root, own])
    });
    b.finish(y, &[x]);
}

#[test]
fn recurrences() {
    for lag in [-1, 1] {
        let mut b = Builder::default();
        let (x, h0) = (b.input("x", &[5, 2]), b.input("h0", &[2]));
        let h = TensorId(u32::try_from(b.program.tensors.len()).unwrap());
        b.define("h", &[5, 2], None, |e| {
            let first = e.number(if lag < 0 { 0.0 } else { 4.0 });
            let position = e.position(l(0));
            let begins = e.apply(O::Equal, &[position, first]);
            let before = e.read(h, vec![affine(&[(1, 0)], lag), l(1)]);
            let (start, x) = (e.read(h0, vec![l(1)]), e.read(x, vec![l(0), l(1)]));
            let before = e.select(begins, start, before);
            let product = e.apply(O::Multiply, &[before, x]);
            let sum = e.apply(O::Add, &[product, start]);
            e.apply(O::Sin, &[sum])
        });
        b.finish(h, &[x, h0]);
    }
}
