//! Text of generated code for a small network whose loops are written by hand.

use crate::emit::{Pass, Passes};
use crate::interface::{Input, Interface, Parameter};
use crate::ir::{Domain, Extent, Index, Initializer, Label, Precision, SizeId};
use crate::loops::{Axis, Buffer, BufferId, Destination, Local, Loops, Operand, Place, Product, Statement, Value, Variable};
use crate::ops::Operator;

fn size() -> Extent {
    Extent::size(SizeId(0))
}

fn buffer(name: &str, shape: Vec<Extent>, place: Place) -> Buffer {
    Buffer { name: name.into(), shape, integers: None, place }
}

/// The offset of `[i, j]` in rows of this length, in variables 0 and 1.
fn at(columns: i64) -> Index {
    Index::label(Label(0)).times(&Extent::constant(columns)).plus(&Index::label(Label(1)))
}

fn column() -> Index {
    Index::label(Label(1))
}

fn repeat(variable: u32, extent: Extent, body: Vec<Statement>) -> Statement {
    Statement::For { variable: Variable(variable), extent, backward: false, body }
}

fn apply(operator: Operator, a: Value, b: Value) -> Value {
    Value::Apply(operator, vec![a, b])
}

fn store(buffer: u32, offset: Index, value: Value) -> Statement {
    Statement::Store { buffer: BufferId(buffer), offset, value, accumulate: false }
}

fn side(extent: Extent, strides: [i64; 2]) -> Vec<Axis> {
    vec![Axis { extent, strides: strides.map(Extent::constant) }]
}

/// A buffer as a matrix: how far apart rows and columns are.
fn matrix(buffer: u32, row: i64, column: i64) -> (Operand, [i64; 2]) {
    (Operand { buffer: BufferId(buffer), offset: Index::default() }, [row, column])
}

const WIDE: i64 = 40;
const DEEP: i64 = 3;

/// `y = x @ w + b`, `loss = sum((y - t)²)`, and the gradient.
fn gradient() -> Loops {
    let (load, local) = (|buffer, offset| Value::Load(BufferId(buffer), offset), |number| Value::Local(Local(number)));
    let wide = Extent::constant(WIDE);
    let product = |m: Extent, n: i64, k: Extent, a: (Operand, [i64; 2]), b: (Operand, [i64; 2]), c: (Operand, [i64; 2])| {
        let (m, n) = (side(m, [a.1[0], c.1[0]]), side(n.into(), [b.1[1], c.1[1]]));
        Statement::Product(Box::new(Product { m, n, k: side(k, [a.1[1], b.1[0]]), a: a.0, b: b.0, c: c.0, edge: None }))
    };
    let parameter = |path: &str| Place::Parameter(path.into());
    let gradient = |path: &str| Place::Result(Destination::Gradient(path.into()));
    let buffers = vec![
        buffer("x", vec![size(), DEEP.into()], Place::Input("x".into())),
        buffer("t", vec![size(), wide.clone()], Place::Input("t".into())),
        buffer("dense1.w", vec![DEEP.into(), wide.clone()], parameter("dense1.w")),
        buffer("dense1.b", vec![wide.clone()], parameter("dense1.b")),
        buffer("y", vec![size(), wide.clone()], Place::Workspace(0)),
        buffer("loss", vec![], Place::Result(Destination::Loss)),
        buffer("d y", vec![size(), wide.clone()], Place::Workspace(0)),
        buffer("d dense1.w", vec![DEEP.into(), wide.clone()], gradient("dense1.w")),
        buffer("d dense1.b", vec![wide.clone()], gradient("dense1.b")),
    ];
    let difference = || apply(Operator::Subtract, load(4, at(WIDE)), load(1, at(WIDE)));
    let sum = |value| Statement::Assign(Local(0), apply(Operator::Add, local(0), value));
    let comment = |text: &str| Statement::Comment(text.into());
    let body = vec![
        comment("y[i, j] = sum[k](x[i, k] * dense1.w[k, j])"),
        product(size(), WIDE, DEEP.into(), matrix(0, DEEP, 1), matrix(2, WIDE, 1), matrix(4, WIDE, 1)),
        comment("y[i, j] = y[i, j] + dense1.b[j]"),
        repeat(
            0,
            size(),
            vec![repeat(1, wide.clone(), vec![store(4, at(WIDE), apply(Operator::Add, load(4, at(WIDE)), load(3, column())))])],
        ),
        comment("loss = sum[i, j]((y[i, j] - t[i, j])^2)"),
        Statement::Accumulator(Local(0), Value::Number(0.0)),
        repeat(
            0,
            size(),
            vec![repeat(
                1,
                wide.clone(),
                vec![Statement::Let(Local(1), difference()), sum(apply(Operator::Multiply, local(1), local(1)))],
            )],
        ),
        store(5, Index::default(), local(0)),
        comment("d y[i, j] = 2 * (y[i, j] - t[i, j])"),
        repeat(
            0,
            size(),
            vec![repeat(1, wide.clone(), vec![store(6, at(WIDE), apply(Operator::Multiply, Value::Number(2.0), difference()))])],
        ),
        comment("d dense1.b[j] = sum[i](d y[i, j])"),
        Statement::Fill(BufferId(8), 0.0),
        repeat(
            0,
            size(),
            vec![repeat(
                1,
                wide,
                vec![Statement::Store { buffer: BufferId(8), offset: column(), value: load(6, at(WIDE)), accumulate: true }],
            )],
        ),
        comment("d dense1.w[k, j] = sum[i](x[i, k] * d y[i, j])"),
        product(DEEP.into(), WIDE, size(), matrix(0, 1, DEEP), matrix(6, WIDE, 1), matrix(7, WIDE, 1)),
    ];
    Loops {
        name: "gradient".into(),
        precision: Precision::F32,
        sizes: vec!["B".into()],
        domain: Domain::default(),
        buffers,
        slots: vec![vec![size().times(&WIDE.into())]],
        variable_names: vec!["i".into(), "j".into()],
        local_names: vec!["loss".into(), "difference".into()],
        body,
    }
}

/// `y` alone.
fn predict() -> Loops {
    let mut loops = gradient();
    loops.name = "predict".into();
    loops.body.truncate(4);
    loops.buffers[4].place = Place::Result(Destination::Output("y".into()));
    loops
}

/// Loss alone.
fn assess() -> Loops {
    let mut loops = gradient();
    loops.name = "assess".into();
    loops.body.truncate(8);
    loops
}

fn only(loops: Loops) -> Pass {
    Pass { loops, large: None }
}

pub(crate) fn passes() -> Passes {
    let input = |name: &str, columns: i64, target| Input {
        name: name.into(),
        documentation: Vec::new(),
        shape: vec![size(), columns.into()],
        range: None,
        target,
    };
    let parameter = |path: &str, shape: Vec<Extent>, name: &str| Parameter {
        path: path.into(),
        documentation: Vec::new(),
        shape,
        initializer: Initializer { name: name.into(), arguments: Vec::new() },
    };
    let interface = Interface {
        name: "Line".into(),
        documentation: vec![" A line.".into()],
        precision: Precision::F32,
        sizes: vec!["B".into()],
        requirements: Vec::new(),
        inputs: vec![input("x", DEEP, false), input("t", WIDE, true)],
        parameters: vec![
            parameter("dense1.w", vec![DEEP.into(), WIDE.into()], "glorot_uniform"),
            parameter("dense1.b", vec![WIDE.into()], "zeros"),
        ],
        states: Vec::new(),
        outputs: vec![("y".into(), vec![size(), WIDE.into()])],
        metrics: Vec::new(),
        has_loss: true,
    };
    Passes {
        interface,
        derivatives: "d y = 2 * (y - t)".into(),
        gradient: Some(only(gradient())),
        assess: Some(only(assess())),
        predict: Some(only(predict())),
        traced: Vec::new(),
    }
}

#[cfg(feature = "format")]
#[test]
fn the_text_of_a_network() {
    let text = super::module(&passes()).expect("a network that can be written");
    for expected in [
        "pub struct LineDense1 {",
        "pub w: [[f32; 40]; 3],",
        "/// `dense1.w: [3, 40] = glorot_uniform`",
        "fn compute_y(",
        "fn compute_y_2_on<I: Isa>(",
        "let y = &mut y[i * 40..][..40];",
        "// SAFETY: `Line` is `repr(C)` and made of nothing but `f32`.",
        "gradient.dense1.w.as_flattened_mut()",
        "d_dense1_b[j] += d_y[j];",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert_eq!(text, super::module(&passes()).expect("the same"), "same loops, same text");
    if let Ok(path) = std::env::var("EMIT_LAB") {
        std::fs::write(format!("{path}/line.rs"), &text).expect("lab");
        std::fs::write(format!("{path}/bin/eval.rs"), super::evaluation_module(&gradient()).expect("a module")).expect("lab");
        let source = super::StructSource::public("Line", &[]);
        std::fs::write(format!("{path}/tokens.rs"), super::tokens(&passes(), source).expect("tokens").to_string()).expect("lab");
    }
}
