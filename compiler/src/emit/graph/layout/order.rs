//! The order within columns: sweeps that put everything at the median of what it is linked with, exchanges of neighbours, and the
//! best that was seen (Gansner, Koutsofios, North and Vo, *A technique for drawing directed graphs*, 1993). It must not know how
//! high anything is.

use super::columns::Columns;

/// How many beginnings there are at most: walks from the left and from the right, and what is equal in different orders.
const MOST_TRIALS: usize = 12;
/// How many sweeps there are at most for each beginning.
const MOST_SWEEPS: usize = 24;
/// Sweeps that bring nothing end after so many.
const PATIENCE: usize = 6;
/// Large drawings have fewer trials and sweeps: so many items are visited altogether.
const MOST_VISITS: usize = 1_000_000;
/// Neighbours change places in at most so many rounds.
const MOST_EXCHANGES: usize = 8;

/// Orders the columns; how many pairs of links still cross.
pub fn order(columns: &mut Columns) -> usize {
    let visits = MOST_VISITS / columns.items.len().max(1);
    let (trials, sweeps) = ((visits / MOST_SWEEPS).clamp(2, MOST_TRIALS), visits.clamp(2, MOST_SWEEPS));
    let mut best = Best { least: usize::MAX, order: columns.columns.clone() };
    for trial in 0..trials {
        if best.least == 0 {
            break;
        }
        let forward = trial % 2 == 0;
        begin(columns, forward);
        let mut without = 0;
        for sweep in 0..sweeps {
            without = if best.take(columns) { 0 } else { without + 1 };
            if best.least == 0 || without > PATIENCE {
                break;
            }
            let ties = if trial < 2 { Ties::Turned(sweep % 4 >= 2) } else { Ties::Mixed(trial * MOST_SWEEPS + sweep) };
            medians(columns, (sweep % 2 == 0) == forward, ties);
            exchange(columns, ties);
        }
        best.take(columns);
    }
    columns.columns = best.order;
    best.least
}

/// The best order that was seen.
struct Best {
    least: usize,
    order: Vec<Vec<usize>>,
}

impl Best {
    /// Takes an order where it is better.
    fn take(&mut self, columns: &Columns) -> bool {
        let count = crossings(columns);
        let is_better = count < self.least;
        if is_better {
            (self.least, self.order) = (count, columns.columns.clone());
        }
        is_better
    }
}

/// In which order stands what is equal.
#[derive(Clone, Copy, Debug)]
enum Ties {
    /// As before, or the other way round.
    Turned(bool),
    /// In some order that depends on a number.
    Mixed(usize),
}

impl Ties {
    /// What decides about an item at a place.
    fn key(self, place: usize, id: usize) -> u64 {
        let number = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        match self {
            Self::Turned(false) => number(place),
            Self::Turned(true) => u64::MAX - number(place),
            // The mixing of SplitMix64.
            Self::Mixed(seed) => {
                let mixed = (number(id) ^ (number(seed) << 32)).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed ^ (mixed >> 27)
            }
        }
    }

    /// Whether two neighbours change places where that is no worse.
    fn turns(self, place: usize) -> bool {
        match self {
            Self::Turned(turned) => turned,
            Self::Mixed(_) => self.key(place, place).is_multiple_of(2),
        }
    }
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
fn medians(columns: &mut Columns, rightwards: bool, ties: Ties) {
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
        let known = found.iter().zip(column).enumerate();
        let key = |(place, (at, &id)): (usize, (&Option<f64>, &usize))| Some(((*at)?, ties.key(place, id), id));
        let mut moving: Vec<(f64, u64, usize)> = known.filter_map(key).collect();
        moving.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let mut moving = moving.into_iter().map(|(_, _, id)| id);
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
fn exchange(columns: &mut Columns, ties: Ties) {
    let mut places = columns.places();
    for number in 0..columns.columns.len() {
        let sorted = |linked: &[usize]| {
            let mut at: Vec<usize> = linked.iter().map(|&other| places[other]).collect();
            at.sort_unstable();
            at
        };
        let column = &columns.columns[number];
        let sides = |&id: &usize| [sorted(&columns.items[id].before), sorted(&columns.items[id].behind)];
        let order = exchanged(&column.iter().map(sides).collect::<Vec<_>>(), ties);
        let column: Vec<usize> = order.into_iter().map(|place| column[place]).collect();
        column.iter().enumerate().for_each(|(place, &id)| places[id] = place);
        columns.columns[number] = column;
    }
}

/// An order of what is linked with these places on both sides: neighbours change places while that helps.
fn exchanged(linked: &[[Vec<usize>; 2]], ties: Ties) -> Vec<usize> {
    let mut order: Vec<usize> = (0..linked.len()).collect();
    for round in 0..MOST_EXCHANGES {
        let mut improved = false;
        for place in 1..order.len() {
            let (upper, lower) = (&linked[order[place - 1]], &linked[order[place]]);
            let now: usize = (0..2).map(|side| inversions(&upper[side], &lower[side])).sum();
            let then: usize = (0..2).map(|side| inversions(&lower[side], &upper[side])).sum();
            if then < now || then == now && now > 0 && round == 0 && ties.turns(place) {
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
