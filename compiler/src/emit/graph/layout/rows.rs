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
    let cuts = cuts(layout);
    let row_of = |x: f64| cuts.iter().filter(|cut| **cut <= x).count();
    let pieces: Vec<Vec<Path>> = layout.routes.iter().map(|route| split(&route.forth, &cuts)).collect();
    let rows: Vec<usize> = layout.routes.iter().map(|route| row_of(leftmost(route))).collect();
    // How far up and down everything in a row reaches.
    let mut reach = vec![(f64::INFINITY, f64::NEG_INFINITY); cuts.len() + 1];
    let mut take = |row: usize, above: f64, below: f64| {
        reach[row] = (reach[row].0.min(above), reach[row].1.max(below));
    };
    for (at, area) in layout.boxes.iter().zip(boxes) {
        take(row_of(at.x), at.y - area.above, at.y + area.below);
    }
    for ((route, link), (parts, first)) in layout.routes.iter().zip(links).zip(pieces.iter().zip(&rows)) {
        for (number, part) in parts.iter().enumerate() {
            part.points().for_each(|point| take(first + number, point.y, point.y + BACK));
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
    let link = |((route, parts), first): ((&Route, &Vec<Path>), &usize)| {
        let count = parts.len();
        let piece = |(number, part): (usize, &Path)| {
            let part = part.with_stubs(number > 0, number + 1 < count);
            part.moved(|at| moved(first + number, at))
        };
        let forth: Vec<Path> = parts.iter().enumerate().map(piece).collect();
        let back = if count == 1 {
            vec![route.back.moved(|at| moved(*first, at))]
        } else {
            forth.iter().rev().map(Path::returned).collect()
        };
        Pieces { forth, back, label: route.label.map(|at| moved(row_of(at.x), at)) }
    };
    let links = layout.routes.iter().zip(&pieces).zip(&rows).map(link).collect();
    let boxes = layout.boxes.iter().map(|&at| moved(row_of(at.x), at)).collect();
    Rows { width, height: top - BETWEEN, boxes, links }
}

fn leftmost(route: &Route) -> f64 {
    route.forth.points().map(|point| point.x).fold(f64::INFINITY, f64::min)
}

/// Where a layout is cut.
fn cuts(layout: &Layout) -> Vec<f64> {
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
        let cost = |cut: f64| passing(layout, cut).map(|count| (count, (cut - wanted).abs()));
        let near = layout.cuts.iter().filter(is_near).filter_map(|&cut| Some((cost(cut)?, cut)));
        let best = near.min_by(|one, other| one.0.0.cmp(&other.0.0).then(one.0.1.total_cmp(&other.0.1)));
        let beyond = || layout.cuts.iter().copied().find(|&cut| cut > wanted && cost(cut).is_some());
        let Some(cut) = best.map(|(_, cut)| cut).or_else(beyond) else { break };
        found.push(cut);
        start = cut;
    }
    found
}

/// How many links a cut goes through; nothing where one of them leads back.
fn passing(layout: &Layout, cut: f64) -> Option<usize> {
    let mut count = 0;
    for route in &layout.routes {
        let ends = (route.forth.start.x, route.forth.end().x);
        if ends.0 < ends.1 {
            count += usize::from(ends.0 < cut && cut < ends.1);
        } else {
            let right = route.forth.points().map(|point| point.x).fold(f64::NEG_INFINITY, f64::max);
            if leftmost(route) <= cut && cut <= right {
                return None;
            }
        }
    }
    Some(count)
}

/// A path in pieces between cuts; one that leads back is not cut.
fn split(path: &Path, cuts: &[f64]) -> Vec<Path> {
    let mut parts = vec![Path::from(path.start)];
    if path.start.x >= path.end().x {
        return vec![path.clone()];
    }
    let mut open = cuts.iter().filter(|cut| path.start.x < **cut && **cut < path.end().x);
    let mut next = open.next();
    for curve in &path.curves {
        let mut rest = *curve;
        while let (Some(&cut), Some(part)) = (next, parts.last_mut())
            && cut <= rest.end.x
        {
            let (before, behind) = halves(part.end(), &rest, cut);
            part.curves.push(before);
            let start = before.end;
            parts.push(Path::from(start));
            rest = behind;
            next = open.next();
        }
        if let Some(part) = parts.last_mut().filter(|part| part.end() != rest.end) {
            part.curves.push(rest);
        }
    }
    parts
}

/// A curve that goes to the right, as one up to a place and one behind it (de Casteljau).
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
        if at(middle).0.end.x < x { low = middle } else { high = middle }
    }
    at(high)
}

impl Path {
    /// All points that it is made of.
    fn points(&self) -> impl Iterator<Item = Point> + '_ {
        let curves = self.curves.iter().flat_map(|curve| [curve.first, curve.second, curve.end]);
        std::iter::once(self.start).chain(curves)
    }

    /// With a level piece before it and one behind it.
    fn with_stubs(&self, before: bool, behind: bool) -> Self {
        let start = if before { Point { x: self.start.x - STUB, ..self.start } } else { self.start };
        let mut made = Self::from(start);
        made.line(self.start);
        made.curves.extend(&self.curves);
        let end = self.end();
        made.line(if behind { Point { x: end.x + STUB, ..end } } else { end });
        made
    }

    /// Somewhere else.
    fn moved(&self, place: impl Fn(Point) -> Point) -> Self {
        let curve = |curve: &Curve| Curve { first: place(curve.first), second: place(curve.second), end: place(curve.end) };
        Self { start: place(self.start), curves: self.curves.iter().map(curve).collect() }
    }
}
