//! The order within columns: sweeps that put everything at the median of what it is linked with, exchanges of neighbours, and the
//! best that was seen (Gansner, Koutsofios, North and Vo, *A technique for drawing directed graphs*, 1993). It must not know how
//! high anything is.

use super::columns::Columns;

/// How many sweeps there are at most for each beginning.
const MOST_SWEEPS: usize = 24;
/// Sweeps that bring nothing end after so many.
const PATIENCE: usize = 6;
/// Large drawings have fewer sweeps: so many items are visited altogether.
const MOST_VISITS: usize = 600_000;
/// Neighbours change places in at most so many rounds.
const MOST_EXCHANGES: usize = 8;

/// Orders the columns; how many pairs of links still cross.
pub fn order(columns: &mut Columns) -> usize {
    let sweeps = (MOST_VISITS / columns.items.len().max(1)).clamp(2, MOST_SWEEPS);
    let mut best: Option<(usize, Vec<Vec<usize>>)> = None;
    for forward in [true, false] {
        begin(columns, forward);
        let mut without = 0;
        for sweep in 0..sweeps {
            let count = crossings(columns);
            if best.as_ref().is_none_or(|(least, _)| count < *least) {
                best = Some((count, columns.columns.clone()));
                without = 0;
            } else {
                without += 1;
            }
            if count == 0 || without > PATIENCE {
                break;
            }
            medians(columns, (sweep % 2 == 0) == forward, sweep % 4 >= 2);
            exchange(columns, sweep % 4 >= 2);
        }
        let count = crossings(columns);
        if best.as_ref().is_none_or(|(least, _)| count < *least) {
            best = Some((count, columns.columns.clone()));
        }
        if best.as_ref().is_some_and(|(least, _)| *least == 0) {
            break;
        }
    }
    let (least, order) = best.unwrap_or_default();
    columns.columns = order;
    least
}

/// The order in which a walk along the links comes across everything: what belongs together stands together.
fn begin(columns: &mut Columns, forward: bool) {
    let numbers = columns.numbers();
    let mut found: Vec<Vec<usize>> = vec![Vec::new(); columns.columns.len()];
    let mut seen = vec![false; columns.items.len()];
    let starts: Vec<usize> = match forward {
        true => columns.columns.iter().flatten().copied().collect(),
        false => columns.columns.iter().rev().flatten().copied().collect(),
    };
    for start in starts {
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut seen[id], true) {
                continue;
            }
            found[numbers[id]].push(id);
            let item = &columns.items[id];
            let (first, second) = if forward { (&item.behind, &item.before) } else { (&item.before, &item.behind) };
            open.extend(second.iter().rev().chain(first.iter().rev()).filter(|&&other| !seen[other]));
        }
    }
    columns.columns = found;
}

/// Puts every column, one after the other, in the order of the medians of what it is linked with in the one before.
fn medians(columns: &mut Columns, rightwards: bool, equal_turn: bool) {
    let count = columns.columns.len();
    let mut places = columns.places();
    for step in 1..count {
        let number = if rightwards { step } else { count - 1 - step };
        let median = |id: usize| {
            let item = &columns.items[id];
            let linked = if rightwards { &item.before } else { &item.behind };
            let mut at: Vec<usize> = linked.iter().map(|&other| places[other]).collect();
            at.sort_unstable();
            median(&at)
        };
        let column = &columns.columns[number];
        let found: Vec<Option<f64>> = column.iter().map(|&id| median(id)).collect();
        // What is linked with nothing stays where it is, the others go around it.
        let mut moving: Vec<(f64, usize)> = found.iter().zip(column).filter_map(|(at, &id)| Some(((*at)?, id))).collect();
        if equal_turn {
            moving.reverse();
        }
        moving.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut moving = moving.into_iter().map(|(_, id)| id);
        let next = |(at, &id): (&Option<f64>, &usize)| if at.is_some() { moving.next().unwrap_or(id) } else { id };
        let column: Vec<usize> = found.iter().zip(column).map(next).collect();
        column.iter().enumerate().for_each(|(place, &id)| places[id] = place);
        columns.columns[number] = column;
    }
}

/// The median; between the two in the middle it stands nearer to the side where the others are closer.
fn median(at: &[usize]) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)]
    let place = |number: usize| at[number] as f64;
    let middle = at.len() / 2;
    match at.len() {
        0 => None,
        length if length % 2 == 1 => Some(place(middle)),
        2 => Some(f64::midpoint(place(0), place(1))),
        length => {
            let (left, right) = (place(middle - 1) - place(0), place(length - 1) - place(middle));
            let whole = left + right;
            let both = place(middle - 1) * right + place(middle) * left;
            Some(if whole == 0.0 { f64::midpoint(place(middle - 1), place(middle)) } else { both / whole })
        }
    }
}

/// Exchanges neighbours of a column where that leaves fewer crossings, or as many, if that may help later.
fn exchange(columns: &mut Columns, equal_turn: bool) {
    let mut places = columns.places();
    for number in 0..columns.columns.len() {
        let sorted = |linked: &[usize]| {
            let mut at: Vec<usize> = linked.iter().map(|&other| places[other]).collect();
            at.sort_unstable();
            at
        };
        let column = &columns.columns[number];
        let sides = |&id: &usize| [sorted(&columns.items[id].before), sorted(&columns.items[id].behind)];
        let order = exchanged(&column.iter().map(sides).collect::<Vec<_>>(), equal_turn);
        let column: Vec<usize> = order.into_iter().map(|place| column[place]).collect();
        column.iter().enumerate().for_each(|(place, &id)| places[id] = place);
        columns.columns[number] = column;
    }
}

/// An order of what is linked with these places on both sides: neighbours change places while that helps.
fn exchanged(linked: &[[Vec<usize>; 2]], equal_turn: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..linked.len()).collect();
    for round in 0..MOST_EXCHANGES {
        let mut improved = false;
        for place in 1..order.len() {
            let (upper, lower) = (&linked[order[place - 1]], &linked[order[place]]);
            let now: usize = (0..2).map(|side| inversions(&upper[side], &lower[side])).sum();
            let then: usize = (0..2).map(|side| inversions(&lower[side], &upper[side])).sum();
            if then < now || equal_turn && round == 0 && now > 0 && then == now {
                order.swap(place - 1, place);
                improved = true;
            }
        }
        if !improved {
            break;
        }
    }
    order
}

/// How many pairs have the first greater than the second, of two sorted lists.
fn inversions(first: &[usize], second: &[usize]) -> usize {
    let (mut count, mut smaller) = (0, 0);
    for value in first {
        while second.get(smaller).is_some_and(|other| other < value) {
            smaller += 1;
        }
        count += smaller;
    }
    count
}

/// How many pairs of links cross between all columns (Barth, Mutzel and Jünger, *Simple and efficient bilayer cross counting*,
/// 2002).
fn crossings(columns: &Columns) -> usize {
    let places = columns.places();
    let mut total = 0;
    for pair in columns.columns.windows(2) {
        let mut size = 1;
        while size < pair[1].len() {
            size *= 2;
        }
        let mut tree = vec![0usize; 2 * size];
        for &id in &pair[0] {
            let mut ends: Vec<usize> = columns.items[id].behind.iter().map(|&other| places[other]).collect();
            ends.sort_unstable();
            for end in ends.into_iter().map(|end| end + size) {
                let mut at = end;
                tree[at] += 1;
                while at > 1 {
                    // What ends below this one and began above it crosses it.
                    total += if at % 2 == 0 { tree[at + 1] } else { 0 };
                    at /= 2;
                    tree[at] += 1;
                }
            }
        }
    }
    total
}
