//! A layout that is wider than a page, in rows: it is cut where few links pass, and these go on at the beginning of the next row. It must
//! not know how places were found, or what is drawn.

use super::routes::{BACK, Curve, Path, Route};
use super::{Area, Layout, Link, Point};

/// What is no wider stays in one row.
const WIDEST: f64 = 2800.0;
/// Rows are about as wide as this.
const ROW: f64 = 2500.0;
/// How much narrower or wider a row may be for the sake of fewer links that are cut.
const PLAY: f64 = 0.25;
/// Between rows.
const BETWEEN: f64 = 44.0;
/// So far a link goes on behind the end of a row, and begins before the next.
const STUB: f64 = 16.0;
/// There is so much room for names beside these ends.
pub const NAME: f64 = 120.0;

/// Where everything is, in rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// How wide all of it is.
    pub width: f64,
    /// How high.
    pub height: f64,
    /// The boxes.
    pub boxes: Vec<Point>,
    /// The links.
    pub links: Vec<Pieces>,
}

/// The way of a link, in pieces: one for each row that it passes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pieces {
    /// From its beginning to its end.
    pub forth: Vec<Path>,
    /// Beside that, from its end to its beginning.
    pub back: Vec<Path>,
    /// Where its label stands.
    pub label: Option<Point>,
}

/// A layout in rows: one, where it is not too wide.
pub fn rows(layout: &Layout, boxes: &[Area], links: &[Link]) -> Rows {
    let cuts = cuts(layout, links);
    let row_of = |x: f64| cuts.iter().filter(|cut| **cut <= x).count();
    let pieces: Vec<Vec<Piece>> = layout.routes.iter().map(|route| split(&route.forth, &cuts)).collect();
    // How far up and down everything in a row reaches.
    let mut reach = vec![(f64::INFINITY, f64::NEG_INFINITY); cuts.len() + 1];
    let mut take = |row: usize, above: f64, below: f64| {
        reach[row] = (reach[row].0.min(above), reach[row].1.max(below));
    };
    for (at, area) in layout.boxes.iter().zip(boxes) {
        take(row_of(at.x), at.y - area.above, at.y + area.below);
    }
    for ((route, link), parts) in layout.routes.iter().zip(links).zip(&pieces) {
        for (row, part) in parts {
            part.points().for_each(|point| take(*row, point.y, point.y + BACK));
        }
        if let (Some(at), Some(area)) = (route.label, link.label) {
            take(row_of(at.x), at.y, at.y + area.below);
        }
    }
    let mut top = 0.0;
    let mut moves = Vec::new();
    for (row, (above, below)) in reach.into_iter().enumerate() {
        let left = if row == 0 { 0.0 } else { cuts[row - 1] - NAME - STUB };
        // One row is as high as its layout says.
        let (above, below) = if cuts.is_empty() { (0.0, layout.height) } else { (above, below) };
        moves.push((left, top - above));
        top += below - above + BETWEEN;
    }
    let moved = |row: usize, at: Point| Point { x: at.x - moves[row].0, y: at.y + moves[row].1 };
    let ends = cuts.iter().map(|cut| cut + STUB + NAME).chain([layout.width]);
    let width = ends.zip(&moves).map(|(end, (left, _))| end - left).fold(0.0, f64::max);
    let placed = |parts: &[Piece]| -> Vec<Path> {
        let piece = |(number, (row, part)): (usize, &Piece)| {
            let other = |number: Option<usize>| number.and_then(|number| parts.get(number)).map(|(other, _)| other > row);
            part.with_stubs(other(number.checked_sub(1)), other(Some(number + 1))).moved(|at| moved(*row, at))
        };
        parts.iter().enumerate().map(piece).collect()
    };
    let link = |(route, parts): (&Route, &Vec<Piece>)| {
        let forth = placed(parts);
        let back = match forth.as_slice() {
            [_, _, ..] if goes_right(&route.forth) => forth.iter().rev().map(Path::returned).collect(),
            _ => placed(&split(&route.back, &cuts)),
        };
        Pieces { forth, back, label: route.label.map(|at| moved(row_of(at.x), at)) }
    };
    let links = layout.routes.iter().zip(&pieces).map(link).collect();
    let boxes = layout.boxes.iter().map(|&at| moved(row_of(at.x), at)).collect();
    Rows { width, height: top - BETWEEN, boxes, links }
}

/// A part of a path, and its row.
type Piece = (usize, Path);

/// Whether a path ends to the right of its beginning.
fn goes_right(path: &Path) -> bool {
    path.start.x < path.end().x
}

/// Where a layout is cut.
fn cuts(layout: &Layout, links: &[Link]) -> Vec<f64> {
    let mut found = Vec::new();
    if layout.width <= WIDEST {
        return found;
    }
    let row = layout.width / (layout.width / ROW).ceil();
    let mut start = 0.0;
    while layout.width - start > row * (1.0 + PLAY) {
        let wanted = start + row;
        let is_near = |cut: &&f64| (**cut - wanted).abs() <= row * PLAY;
        // Of as many links, those cuts are better that are nearer.
        let cost = |cut: f64| passing(layout, links, cut).map(|count| (count, (cut - wanted).abs()));
        let near = layout.cuts.iter().filter(is_near).filter_map(|&cut| Some((cost(cut)?, cut)));
        let best = near.min_by(|one, other| one.0.0.cmp(&other.0.0).then(one.0.1.total_cmp(&other.0.1)));
        let beyond = || layout.cuts.iter().copied().find(|&cut| cut > wanted && cost(cut).is_some());
        let Some(cut) = best.map(|(_, cut)| cut).or_else(beyond) else { break };
        found.push(cut);
        start = cut;
    }
    found
}

/// How many links a cut goes through; nothing where one that leads back turns there, or has its label there.
fn passing(layout: &Layout, links: &[Link], cut: f64) -> Option<usize> {
    let mut count = 0;
    for (route, link) in layout.routes.iter().zip(links) {
        let (start, end) = (route.forth.start.x, route.forth.end().x);
        if goes_right(&route.forth) {
            count += usize::from(start < cut && cut < end);
            continue;
        }
        let all = || route.forth.points().map(|point| point.x);
        let (left, right) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        let label = route.label.zip(link.label).map(|(at, area)| at.x - BACK..at.x + area.width + BACK);
        let turns = (left - BACK..=end).contains(&cut) || (start..=right + BACK).contains(&cut);
        if turns || label.is_some_and(|label| label.contains(&cut)) {
            return None;
        }
        count += usize::from(left < cut && cut < right);
    }
    Some(count)
}

/// A path in pieces between cuts.
fn split(path: &Path, cuts: &[f64]) -> Vec<Piece> {
    let mut row = cuts.iter().filter(|cut| **cut <= path.start.x).count();
    let mut parts = vec![(row, Path::from(path.start))];
    for curve in &path.curves {
        let mut rest = *curve;
        while let Some((_, part)) = parts.last_mut() {
            let right = cuts.get(row).filter(|cut| **cut <= rest.end.x).map(|&cut| (cut, row + 1));
            let left = row.checked_sub(1).filter(|&before| rest.end.x < cuts[before]).map(|before| (cuts[before], before));
            let Some((cut, next)) = right.or(left) else { break };
            let (before, behind) = halves(part.end(), &rest, cut);
            part.curves.push(before);
            row = next;
            parts.push((row, Path::from(before.end)));
            rest = behind;
        }
        if let Some((_, part)) = parts.last_mut().filter(|(_, part)| part.end() != rest.end) {
            part.curves.push(rest);
        }
    }
    parts
}

/// A curve that goes to the right, or to the left, as one up to a place and one behind it (de Casteljau).
fn halves(start: Point, curve: &Curve, x: f64) -> (Curve, Curve) {
    let between =
        |one: Point, other: Point, part: f64| Point { x: one.x + (other.x - one.x) * part, y: one.y + (other.y - one.y) * part };
    let at = |part: f64| {
        let (a, b, c) =
            (between(start, curve.first, part), between(curve.first, curve.second, part), between(curve.second, curve.end, part));
        let (d, e) = (between(a, b, part), between(b, c, part));
        (Curve { first: a, second: d, end: between(d, e, part) }, Curve { first: e, second: c, end: curve.end })
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if (at(middle).0.end.x < x) == (start.x < curve.end.x) { low = middle } else { high = middle }
    }
    at(high)
}

impl Path {
    /// All points that it is made of.
    fn points(&self) -> impl Iterator<Item = Point> + '_ {
        let curves = self.curves.iter().flat_map(|curve| [curve.first, curve.second, curve.end]);
        std::iter::once(self.start).chain(curves)
    }

    /// With a level piece before it and one behind it, where there are others: to the right where these are in a later row.
    fn with_stubs(&self, before: Option<bool>, behind: Option<bool>) -> Self {
        let beside = |at: Point, later: Option<bool>| match later {
            Some(true) => Point { x: at.x + STUB, ..at },
            Some(false) => Point { x: at.x - STUB, ..at },
            None => at,
        };
        let mut made = Self::from(beside(self.start, before));
        made.line(self.start);
        made.curves.extend(&self.curves);
        made.line(beside(self.end(), behind));
        made
    }

    /// Somewhere else.
    fn moved(&self, place: impl Fn(Point) -> Point) -> Self {
        let curve = |curve: &Curve| Curve { first: place(curve.first), second: place(curve.second), end: place(curve.end) };
        Self { start: place(self.start), curves: self.curves.iter().map(curve).collect() }
    }
}
