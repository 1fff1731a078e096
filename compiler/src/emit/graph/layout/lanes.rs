//! Links that lead back: out at the right side of a box, around below everything between, and in at the left side of another.
//! It must not know how the other links go.

use super::columns::Columns;
use super::routes::{BACK, Curve, Path, Route};
use super::{Area, Link, Point};

/// Below what a lane goes around.
const BELOW: f64 = 14.0;
/// Between a column and the first link that goes up or down beside it, and between two such.
const BESIDE: f64 = 12.0;
/// The radius of a corner.
const RADIUS: f64 = 10.0;
/// How near 4/3·(√2 - 1) of the radius brings a cubic curve to a quarter of a circle.
const ROUND: f64 = 0.552_284_75;

/// What is known of the ends of links.
pub struct Ends<'a> {
    /// The left and the right side of each column.
    pub sides: &'a [(f64, f64)],
    /// The column of each item.
    pub numbers: &'a [usize],
    /// Where each link leaves its box.
    pub begin: &'a [f64],
    /// Where each link meets its box.
    pub end: &'a [f64],
}

/// Whether a link goes through a lane.
fn is_lane(link: &Link, numbers: &[usize]) -> bool {
    link.back || numbers[link.from] >= numbers[link.to]
}

/// The room that lanes need before a column (or behind the last).
pub fn room(column: usize, numbers: &[usize], links: &[Link]) -> f64 {
    let passes = |link: &&Link| numbers[link.from] + 1 == column || numbers[link.to] == column;
    let count = links.iter().filter(|link| is_lane(link, numbers)).filter(passes).count();
    #[allow(clippy::cast_precision_loss)]
    let room = count as f64 * (BESIDE + BACK);
    if count > 0 { room + BESIDE } else { 0.0 }
}

/// Routes the links that go through lanes; how far down everything reaches.
pub fn route(
    columns: &Columns,
    areas: &[(Point, Area)],
    boxes: &[Area],
    links: &[Link],
    ends: &Ends<'_>,
    routes: &mut [Route],
) -> f64 {
    let mut taken: Vec<(f64, f64, f64)> = areas.iter().map(|(at, area)| (at.x, at.x + area.width, at.y + area.below)).collect();
    let mut lanes: Vec<usize> = (0..links.len()).filter(|&link| is_lane(&links[link], ends.numbers)).collect();
    let span = |link: usize| ends.numbers[links[link].from] - ends.numbers[links[link].to].min(ends.numbers[links[link].from]);
    lanes.sort_by_key(|&link| (span(link), link));
    let mut beside: Vec<f64> = vec![0.0; columns.columns.len() + 1];
    for link in lanes {
        let Link { from, to, label, .. } = links[link];
        let mut turn = |column: usize| {
            beside[column] += BESIDE + BACK;
            beside[column]
        };
        let (source, target) = (ends.numbers[from], ends.numbers[to]);
        let right = ends.sides[source].1 + turn(source + 1);
        let left = ends.sides[target].0 - turn(target);
        let label = label.unwrap_or_default();
        let middle = f64::midpoint(left, right);
        let reach = (middle - label.width / 2.0).min(left)..(middle + label.width / 2.0).max(right);
        let over = taken.iter().filter(|(begin, end, _)| *begin <= reach.end && reach.start <= *end);
        let line = over.map(|(_, _, bottom)| *bottom).fold(0.0, f64::max) + BELOW + BACK + label.above;
        let begin = Point { x: areas[from].0.x + boxes[from].width, y: ends.begin[link] };
        let end = Point { x: areas[to].0.x, y: ends.end[link] };
        let around = |inset: f64| {
            let corners = [
                Point { x: right - inset, y: begin.y + inset },
                Point { x: right - inset, y: line - inset },
                Point { x: left + inset, y: line - inset },
                Point { x: left + inset, y: end.y + inset },
            ];
            let mut path = Path::from(Point { x: begin.x, y: begin.y + inset });
            cornered(&mut path, &corners, Point { x: end.x, y: end.y + inset });
            path
        };
        let place = (label.width > 0.0).then_some(Point { x: middle - label.width / 2.0, y: line - BACK });
        routes[link] = Route { forth: around(0.0), back: around(BACK).reversed(), label: place };
        taken.push((reach.start, reach.end, line + label.below));
    }
    taken.into_iter().map(|(_, _, bottom)| bottom).fold(0.0, f64::max)
}

/// Straight lines from corner to corner, which are round.
fn cornered(path: &mut Path, corners: &[Point], end: Point) {
    for (number, corner) in corners.iter().enumerate() {
        let from = path.end();
        let next = corners.get(number + 1).copied().unwrap_or(end);
        let length = |one: Point, other: Point| (one.x - other.x).abs() + (one.y - other.y).abs();
        let radius = RADIUS.min(length(from, *corner)).min(length(*corner, next) / 2.0);
        let toward = |other: Point, distance: f64| {
            let whole = length(*corner, other);
            let part = if whole > 0.0 { distance / whole } else { 0.0 };
            Point { x: corner.x + (other.x - corner.x) * part, y: corner.y + (other.y - corner.y) * part }
        };
        path.line(toward(from, radius));
        let rest = radius * (1.0 - ROUND);
        path.curves.push(Curve { first: toward(from, rest), second: toward(next, rest), end: toward(next, radius) });
    }
    path.line(end);
}
