//! Circles of definitions: which of them are recurrences, and in which order they are computed.

use super::*;

fn label(number: u32) -> Label {
    Label(number)
}

fn at(number: u32, steps: i64) -> Index {
    Index::label(label(number)).plus_extent(&crate::ir::Extent::constant(steps))
}

fn read(reader: usize, read: usize, at: Vec<Index>) -> Lag {
    Lag { reader, read, at }
}

#[test]
fn the_time_is_the_axis_along_which_all_reads_go_one_way() {
    let labels = [vec![label(0), label(1)]];
    let found = schedule(&labels, &[read(0, 0, vec![at(0, 0), at(1, -1)]), read(0, 0, vec![at(0, 0), at(1, -2)])]);
    assert_eq!(found, Some(Schedule { order: vec![0], axes: vec![1], backward: false }));
    let found = schedule(&labels, &[read(0, 0, vec![at(0, 1), at(1, 0)])]);
    assert_eq!(found, Some(Schedule { order: vec![0], axes: vec![0], backward: true }));
}

#[test]
fn what_goes_both_ways_or_nowhere_is_no_recurrence() {
    let labels = [vec![label(0)]];
    assert_eq!(schedule(&labels, &[read(0, 0, vec![at(0, -1)]), read(0, 0, vec![at(0, 1)])]), None);
    assert_eq!(schedule(&labels, &[read(0, 0, vec![at(0, 0)])]), None);
    assert_eq!(schedule(&labels, &[read(0, 0, vec![Index::default()])]), None);
}

#[test]
fn members_come_after_what_they_read_of_the_same_step() {
    // a reads b of this step, b reads a of the step before; the time is not the same axis in both.
    let labels = [vec![label(0), label(1)], vec![label(0), label(1)]];
    let reads = [read(0, 1, vec![at(1, 0), at(0, 0)]), read(1, 0, vec![at(1, -1), at(0, 0)])];
    let found = schedule(&labels, &reads);
    assert_eq!(found, Some(Schedule { order: vec![1, 0], axes: vec![0, 1], backward: false }));
}

#[test]
fn components_come_after_what_they_read() {
    let reads = [vec![1, 3], vec![2], vec![1, 3], vec![]];
    assert_eq!(components(4, &|number| reads[number].clone()), [vec![3], vec![1, 2], vec![0]]);
}
