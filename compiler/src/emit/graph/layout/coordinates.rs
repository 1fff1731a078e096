//! How high everything stands: what is linked stands on one line where that can be, in four ways, of which the middle is taken
//! (Brandes and Köpf, *Fast and simple horizontal coordinate assignment*, 2001). Pieces of one link are always on one line.

use super::columns::Columns;
use std::collections::BTreeSet;

/// Between boxes of one column.
const BETWEEN_BOXES: f64 = 22.0;
/// Between pieces of links, and between a piece and a box.
const BETWEEN_PIECES: f64 = 14.0;

/// The line of each item.
pub fn coordinates(columns: &Columns) -> Vec<f64> {
    let conflicts = conflicts(columns);
    let mut found: Vec<Vec<f64>> = Vec::new();
    for leftwards in [false, true] {
        for upwards in [false, true] {
            let view = View::new(columns, leftwards, upwards);
            let lines = compacted(&view, &aligned(&view, &conflicts));
            found.push(if upwards { lines.into_iter().map(|line| -line).collect() } else { lines });
        }
    }
    balanced(columns, found)
}

/// Links that cross a link between two pieces: they need not be straight.
fn conflicts(columns: &Columns) -> BTreeSet<(usize, usize)> {
    let mut found = BTreeSet::new();
    let places = columns.places();
    for pair in columns.columns.windows(2) {
        let inner = |&id: &usize| {
            let item = &columns.items[id];
            let from = item.before.first().copied().filter(|&from| item.is_piece && columns.items[from].is_piece);
            from.map(|from| places[from])
        };
        let (mut low, mut scanned) = (0, 0);
        for (place, id) in pair[1].iter().enumerate() {
            let is_last = place + 1 == pair[1].len();
            let end = inner(id);
            if end.is_none() && !is_last {
                continue;
            }
            let high = end.unwrap_or(pair[0].len());
            for &other in &pair[1][scanned..=place] {
                let is_inner = inner(&other).is_some();
                for &from in columns.items[other].before.iter().filter(|_| !is_inner) {
                    if places[from] < low || places[from] > high {
                        found.insert((from, other));
                    }
                }
            }
            (scanned, low) = (place + 1, high);
        }
    }
    found
}

/// The columns as they are seen from one of four sides.
struct View<'a> {
    columns: &'a Columns,
    /// The columns, in the order in which they are gone through.
    order: Vec<Vec<usize>>,
    places: Vec<usize>,
    leftwards: bool,
    upwards: bool,
}

impl<'a> View<'a> {
    fn new(columns: &'a Columns, leftwards: bool, upwards: bool) -> Self {
        let mut order = columns.columns.clone();
        if leftwards {
            order.reverse();
        }
        let mut places = vec![0; columns.items.len()];
        for column in &mut order {
            if upwards {
                column.reverse();
            }
            column.iter().enumerate().for_each(|(place, &id)| places[id] = place);
        }
        Self { columns, order, places, leftwards, upwards }
    }

    /// What an item is linked with in the column that was gone through before, in the order of that.
    fn linked(&self, id: usize) -> Vec<usize> {
        let item = &self.columns.items[id];
        let mut linked = if self.leftwards { item.behind.clone() } else { item.before.clone() };
        linked.sort_by_key(|&other| self.places[other]);
        linked
    }

    /// How far two neighbours of a column stand apart.
    fn distance(&self, first: usize, second: usize) -> f64 {
        let (one, other) = (&self.columns.items[first], &self.columns.items[second]);
        let (end, begin) = if self.upwards { (one.area.above, other.area.below) } else { (one.area.below, other.area.above) };
        let between = if one.is_piece || other.is_piece { BETWEEN_PIECES } else { BETWEEN_BOXES };
        end + between + begin
    }
}

/// For each item, the first one of those that stand on one line with it.
fn aligned(view: &View<'_>, conflicts: &BTreeSet<(usize, usize)>) -> Vec<usize> {
    let count = view.places.len();
    let (mut roots, mut taken): (Vec<usize>, Vec<bool>) = ((0..count).collect(), vec![false; count]);
    for column in &view.order {
        let mut last: Option<usize> = None;
        for &id in column {
            let linked = view.linked(id);
            let Some(end) = linked.len().checked_sub(1) else { continue };
            for &other in &linked[end / 2..=end.div_ceil(2)] {
                let link = if view.leftwards { (id, other) } else { (other, id) };
                let is_free = roots[id] == id && !taken[other] && last.is_none_or(|last| last < view.places[other]);
                if is_free && !conflicts.contains(&link) {
                    taken[other] = true;
                    roots[id] = roots[other];
                    last = Some(view.places[other]);
                }
            }
        }
    }
    roots
}

/// Lines as close to each other as can be, for items that stand on one line with their roots.
fn compacted(view: &View<'_>, roots: &[usize]) -> Vec<f64> {
    let count = roots.len();
    let mut behind: Vec<Vec<(usize, f64)>> = vec![Vec::new(); count];
    let mut missing = vec![0usize; count];
    for column in &view.order {
        for pair in column.windows(2) {
            behind[roots[pair[0]]].push((roots[pair[1]], view.distance(pair[0], pair[1])));
            missing[roots[pair[1]]] += 1;
        }
    }
    let mut order: Vec<usize> = (0..count).filter(|&id| roots[id] == id && missing[id] == 0).collect();
    let mut lines = vec![0.0f64; count];
    let mut next = 0;
    while let Some(&id) = order.get(next) {
        next += 1;
        for &(other, distance) in &behind[id] {
            lines[other] = lines[other].max(lines[id] + distance);
            missing[other] -= 1;
            if missing[other] == 0 {
                order.push(other);
            }
        }
    }
    // What has room below moves there, so that it is not held up by the first column alone.
    for &id in order.iter().rev() {
        let room = behind[id].iter().map(|(other, distance)| lines[*other] - distance).reduce(f64::min);
        lines[id] = room.map_or(lines[id], |room| room.max(lines[id]));
    }
    (0..count).map(|id| lines[roots[id]]).collect()
}

/// The middle of four assignments, each moved to where the smallest of them stands.
fn balanced(columns: &Columns, mut found: Vec<Vec<f64>>) -> Vec<f64> {
    let items = &columns.items;
    let top = |lines: &[f64]| lines.iter().zip(items).map(|(line, item)| line - item.area.above).fold(f64::INFINITY, f64::min);
    let bottom =
        |lines: &[f64]| lines.iter().zip(items).map(|(line, item)| line + item.area.below).fold(f64::NEG_INFINITY, f64::max);
    let ends: Vec<(f64, f64)> = found.iter().map(|lines| (top(lines), bottom(lines))).collect();
    let Some(least) = ends.iter().copied().min_by(|one, other| (one.1 - one.0).total_cmp(&(other.1 - other.0))) else {
        return Vec::new();
    };
    for (number, (lines, end)) in found.iter_mut().zip(&ends).enumerate() {
        // Those that were put together from below end where the smallest ends.
        let shift = if number % 2 == 1 { least.1 - end.1 } else { least.0 - end.0 };
        lines.iter_mut().for_each(|line| *line += shift);
    }
    let middle = |id: usize| {
        let mut four: Vec<f64> = found.iter().map(|lines| lines[id]).collect();
        four.sort_by(f64::total_cmp);
        f64::midpoint(four[1], four[2])
    };
    let lines: Vec<f64> = (0..items.len()).map(middle).collect();
    let first = top(&lines);
    lines.into_iter().map(|line| line - first).collect()
}
