use super::rounds::independent;
use crate::ir::{Atom, Domain, Extent, Index, Label, Precision, SizeId, TensorId};
use crate::loops::{Buffer, BufferId, Destination, Local, Loops, Place, Statement, Value, Variable};
use crate::ops::Operator;
use std::collections::BTreeMap;

/// How many numbers a row has.
const WIDE: i64 = 600;

/// `x` is given, `y` is written, and so is a row `z`: all in rows of [`WIDE`] for `B` rounds.
fn loops() -> Loops {
    let buffer = |name: &str, rows: Extent, place| Buffer {
        name: name.into(),
        shape: vec![rows, Extent::constant(WIDE)],
        integers: None,
        place,
    };
    let places = |to: i64| Some([Extent::zero(), Extent::constant(to)]);
    let batch = Extent::size(SizeId(0));
    Loops {
        name: "predict".into(),
        precision: Precision::F32,
        sizes: vec!["B".into()],
        domain: Domain::default(),
        buffers: vec![
            buffer("x", batch.clone(), Place::Input("x".into())),
            buffer("y", batch, Place::Result(Destination::Output("y".into()))),
            buffer("z", Extent::one(), Place::Result(Destination::Output("z".into()))),
            Buffer { integers: places(WIDE), ..buffer("near", Extent::one(), Place::Input("near".into())) },
            Buffer { integers: places(WIDE + 1), ..buffer("far", Extent::one(), Place::Input("far".into())) },
        ],
        slots: Vec::new(),
        variable_names: vec!["i".into(), "j".into()],
        local_names: vec!["sum".into()],
        body: Vec::new(),
    }
}

/// The place `[i + up, j]`.
fn at(up: i64) -> Index {
    let row = Index::label(Label(0)).plus_extent(&Extent::constant(up));
    row.times(&Extent::constant(WIDE)).plus(&Index::label(Label(1)))
}

fn load(buffer: u32, offset: Index) -> Value {
    Value::Apply(Operator::Exp, vec![Value::Load(BufferId(buffer), offset)])
}

fn store(buffer: u32, offset: Index, value: Value, accumulate: bool) -> Statement {
    Statement::Store { buffer: BufferId(buffer), offset, value, accumulate }
}

/// A loop over rows, and in it one over so many columns.
fn nest(columns: i64, body: Vec<Statement>) -> Statement {
    let repeat = |variable, extent, body| Statement::For { variable: Variable(variable), extent, backward: false, body };
    repeat(0, Extent::size(SizeId(0)), vec![repeat(1, Extent::constant(columns), body)])
}

/// How many elements of each buffer belong to a round, if the loop can be shared.
fn shared(statement: &Statement) -> Option<Vec<Option<i64>>> {
    let loops = loops();
    let each: BTreeMap<_, _> = independent(&loops, statement)?.written;
    Some(each.values().map(Extent::as_constant).collect())
}

#[test]
fn rounds_that_write_rows_of_their_own_are_shared() {
    let rows = store(1, at(0), load(0, at(0)), false);
    assert_eq!(shared(&nest(WIDE, vec![rows])), Some(vec![Some(WIDE)]));
    // What nobody writes may be read anywhere, and a round may read what it has written.
    let both = vec![store(1, at(0), load(0, at(7)), false), store(1, at(0), load(1, at(0)), true)];
    assert_eq!(shared(&nest(WIDE, both)), Some(vec![Some(WIDE)]));
}

#[test]
fn rounds_that_meet_stay_together() {
    let sum_over_rows = store(2, Index::label(Label(1)), load(0, at(0)), true);
    let from_the_row_before = store(1, at(0), load(1, at(-1)), false);
    let into_the_next_row = store(1, at(0), load(0, at(0)), false);
    let sum = Statement::Assign(Local(0), load(0, at(0)));
    for body in [vec![sum_over_rows], vec![from_the_row_before]] {
        assert_eq!(shared(&nest(WIDE, body)), None);
    }
    assert_eq!(shared(&nest(WIDE + 1, vec![into_the_next_row.clone()])), None);
    assert_eq!(shared(&nest(WIDE, vec![into_the_next_row, sum])), None);
}

#[test]
fn places_that_integers_say_are_as_far_as_their_range() {
    let at_place = |buffer: u32| {
        let place = Index::atom(Atom::Element(TensorId(buffer), vec![Index::label(Label(1))]));
        Index::label(Label(0)).times(&Extent::constant(WIDE)).plus(&place)
    };
    let [near, far] = [3, 4].map(|buffer| nest(WIDE, vec![store(1, at_place(buffer), load(0, at(0)), true)]));
    assert_eq!(shared(&near), Some(vec![Some(WIDE)]));
    assert_eq!(shared(&far), None);
}

#[test]
fn small_rounds_stay_on_one_thread() {
    assert_eq!(shared(&nest(3, vec![store(1, at(0), load(0, at(0)), false)])), None);
}

/// `B` rounds in a step of the time: `y[b, t] = exp(y[b, t - 1] if t >= 1 else x[b, t])`, for `WIDE` steps.
fn recurrence(guard: i64) -> Statement {
    let (batch, time) = (Label(0), Label(1));
    let place = |back: i64| {
        Index::label(batch).times(&Extent::constant(WIDE)).plus(&Index::label(time).plus_extent(&Extent::constant(-back)))
    };
    let block = |value| Box::new(crate::loops::Block { locals: Vec::new(), value });
    let condition = Value::Apply(
        Operator::GreaterEqual,
        vec![Value::Position(Index::label(time)), Value::Position(Index::constant(Extent::constant(guard)))],
    );
    let value = Value::Select(Box::new(Value::Local(Local(0))), block(load(1, place(1))), block(load(0, place(0))));
    let round = Statement::For {
        variable: Variable(0),
        extent: Extent::size(SizeId(0)),
        backward: false,
        body: vec![store(1, place(0), value, false)],
    };
    let body = vec![Statement::Let(Local(0), condition), round];
    Statement::For { variable: Variable(1), extent: Extent::constant(WIDE), backward: false, body }
}

#[test]
fn samples_of_a_recurrence_are_shared_through_the_time() {
    assert_eq!(shared(&recurrence(1)), Some(vec![Some(WIDE)]));
    // Without the guard the first step would read what belongs to the sample before.
    assert_eq!(shared(&recurrence(0)), None);
}
