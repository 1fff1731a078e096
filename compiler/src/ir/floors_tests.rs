//! Floors against the numbers that they are.

use crate::ir::{Extent, SizeId};

const SIZES: usize = 2;

/// A random extent of two sizes, with floors within floors.
fn random(next: &mut dyn FnMut(i64) -> i64, depth: u32) -> Extent {
    let mut sum = Extent::constant(next(9) - 4);
    for _ in 0..=next(2) {
        let size = Extent::size(SizeId(u32::try_from(next(2)).expect("small")));
        let factor = if depth > 0 && next(3) > 0 { quotient(next, depth - 1) } else { size };
        let factor = if next(4) == 0 { factor.times(&Extent::size(SizeId(0))) } else { factor };
        sum = sum.plus(&factor.times(&Extent::constant(next(7) - 3)));
    }
    sum
}

fn quotient(next: &mut dyn FnMut(i64) -> i64, depth: u32) -> Extent {
    random(next, depth).quotient(1 + next(5)).expect("it is small")
}

fn each_sizes(visit: &mut dyn FnMut(&[usize; SIZES])) {
    (1..9).for_each(|b| (1..9).for_each(|n| visit(&[b, n])));
}

#[test]
fn quotients_and_bounds_are_those_of_the_numbers() {
    let mut seed = 7_u64;
    let mut next = |most: i64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        i64::try_from(seed >> 33).expect("31 bits") % most
    };
    let mut bounded = 0;
    for _ in 0..4000 {
        let extent = random(&mut next, 3);
        let by = 1 + next(6);
        let divided = extent.quotient(by).expect("it is small");
        let bound = extent.lower_bound();
        let (first, second) = (1 + next(8), 1 + next(8));
        let [one, both] = [1, 2].map(|known| {
            let value = |size: SizeId| [first, second][..known].get(size.0 as usize).copied().map(Extent::constant);
            extent.with(&value).expect("it is small")
        });
        bounded += usize::from(bound.is_some());
        each_sizes(&mut |sizes| {
            let value = extent.value(sizes);
            assert_eq!(divided.value(sizes), value.div_euclid(by), "{extent:?} / {by} at {sizes:?}");
            if sizes[0] as i64 == first {
                assert_eq!(one.value(sizes), value, "{extent:?} with {first} at {sizes:?}");
                assert!(sizes[1] as i64 != second || both.as_constant() == Some(value), "{extent:?} at {sizes:?}: {both:?}");
            }
            assert!(bound.is_none_or(|bound| bound <= value), "{extent:?} >= {bound:?} at {sizes:?}, found {value}");
        });
    }
    assert!(bounded > 500, "{bounded}");
}

#[test]
fn there_is_room_for_all_smaller_sizes() {
    let mut seed = 11_u64;
    let mut next = |most: i64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        i64::try_from(seed >> 33).expect("31 bits") % most
    };
    for _ in 0..300 {
        let extent = random(&mut next, 2);
        let room = extent.room();
        each_sizes(&mut |largest| {
            let room = room.value(largest);
            each_sizes(&mut |sizes| {
                if sizes.iter().zip(largest).all(|(size, largest)| size <= largest) {
                    assert!(extent.value(sizes) <= room, "{extent:?} at {sizes:?}, {room} for {largest:?}");
                }
            });
        });
    }
    let [n, k] = [0, 1].map(|size| Extent::size(SizeId(size)));
    let remainder = n.minus(&n.quotient(2).expect("small").times(&2.into()));
    let rooms = [n.plus_constant(-2), n.minus(&k).plus_constant(1), remainder].map(|extent| extent.room());
    assert_eq!(rooms, [n.plus_constant(-2), n, Extent::one()]);
}

#[test]
fn equal_quotients_have_one_form() {
    let n = Extent::size(SizeId(0));
    let names = ["N".to_owned()];
    let half = |extent: &Extent| extent.quotient(2).expect("small");
    let shown = |extent: &Extent| extent.display(&names);
    assert_eq!(shown(&half(&n.plus_constant(-1)).plus_constant(1)), "floor((N + 1) / 2)");
    assert_eq!(shown(&half(&n.times(&n).times(&3.into()).plus(&n.times(&4.into())))), "2*N + N*N + floor(N*N / 2)");
    assert_eq!(half(&half(&n)), n.quotient(4).expect("small"));
    assert_eq!(half(&half(&n.plus_constant(3)).plus_constant(5)), n.plus_constant(13).quotient(4).expect("small"));
    assert_eq!(n.times(&6.into()).plus_constant(5).quotient(9), n.times(&2.into()).plus_constant(1).quotient(3));
    assert_eq!(half(&n.times(&2.into()).plus_constant(1)), n);
}

#[test]
fn what_strides_need_is_proved() {
    let n = Extent::size(SizeId(0));
    // (N - 1 - u) div s + 1 positions from 0 on: the last reads inside, and one more would not.
    for (stride, high) in [(2, 0), (2, 2), (3, 1), (4, 6)] {
        let room = n.plus_constant(-1 - high);
        let last = room.quotient(stride).expect("small");
        let read = last.times(&stride.into()).plus_constant(high);
        assert!(n.minus(&read).is_at_least(1), "{stride} {high}");
        assert!(n.minus(&read).is_at_most(stride), "{stride} {high}");
        assert!(last.is_at_least(-1 - high / stride), "{stride} {high}");
    }
    let half = n.quotient(2).expect("small");
    assert!(n.minus(&half).is_at_least(1));
    assert!(half.times(&n).plus_constant(1).is_at_least(1));
    assert!(!half.is_at_least(1));
}

#[test]
fn floors_are_not_nested_without_end() {
    let mut extent = Extent::size(SizeId(0));
    let deepest = (0..200).find(|_| match extent.times(&5.into()).plus_constant(1).quotient(7) {
        Some(next) => {
            extent = next;
            false
        }
        None => true,
    });
    assert!(deepest.is_some_and(|rounds| rounds > 20));
    assert_eq!(Extent::size(SizeId(0)).quotient(0), None);
}
