//! Where columns stand, where links meet boxes, and the curves between. It must not know how orders and lines were found.

use super::columns::Columns;
use super::{Area, Layout, Link, Point, lanes};

/// Between columns.
const BETWEEN: f64 = 18.0;
/// Columns between which links climb stand further apart: by that much of the highest climb,
const CLIMB: f64 = 0.16;
/// and by that much at most.
const MOST_CLIMB: f64 = 32.0;
/// Between two links that meet a box.
const BETWEEN_PORTS: f64 = 15.0;
/// From the corner of a box to the first link.
const CORNER: f64 = 9.0;
/// Nothing shorter is drawn: sums of widths are rounded.
const LEAST: f64 = 1e-6;
/// The line of what flows back is that far from the line of what flows forth.
pub const BACK: f64 = 5.0;

/// A piece of a line, as a cubic Bézier curve from where the one before ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// The point that it leaves for.
    pub first: Point,
    /// The point that it comes from.
    pub second: Point,
    /// Where it ends.
    pub end: Point,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// Where it begins.
    pub start: Point,
    /// Its pieces.
    pub curves: Vec<Curve>,
}

/// The way of a link.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// From its beginning to its end.
    pub forth: Path,
    /// A line beside it, from its end to its beginning.
    pub back: Path,
    /// Where its label stands: the left side, on the line.
    pub label: Option<Point>,
}

impl Path {
    /// From a point.
    pub fn from(start: Point) -> Self {
        Self { start, curves: Vec::new() }
    }

    /// Where it ends.
    pub fn end(&self) -> Point {
        self.curves.last().map_or(self.start, |curve| curve.end)
    }

    /// Goes on straight; straight pieces of the same height become one.
    pub fn line(&mut self, end: Point) {
        let from = self.end();
        if (from.x - end.x).abs() + (from.y - end.y).abs() < LEAST {
            return;
        }
        if let Some(last) = self.curves.last_mut() {
            let is_level = last.first.y == end.y && last.second.y == end.y && last.end.y == end.y;
            if is_level && last.first.x <= last.end.x && last.end.x <= end.x {
                (last.second, last.end) = (end, end);
                return;
            }
        }
        self.curves.push(Curve { first: from, second: end, end });
    }

    /// Goes on in a curve that is level at both ends.
    pub fn swing(&mut self, end: Point) {
        let from = self.end();
        if from.y == end.y {
            return self.line(end);
        }
        let middle = f64::midpoint(from.x, end.x);
        self.curves.push(Curve { first: Point { x: middle, y: from.y }, second: Point { x: middle, y: end.y }, end });
    }

    /// The same line from its end.
    pub fn reversed(&self) -> Self {
        let mut reversed = Self::from(self.end());
        for (number, curve) in self.curves.iter().enumerate().rev() {
            let end = if number == 0 { self.start } else { self.curves[number - 1].end };
            reversed.curves.push(Curve { first: curve.second, second: curve.first, end });
        }
        reversed
    }

    /// The line beside it, from its end.
    pub fn returned(&self) -> Self {
        let mut back = self.reversed();
        back.start.y += BACK;
        for point in back.curves.iter_mut().flat_map(|curve| [&mut curve.first, &mut curve.second, &mut curve.end]) {
            point.y += BACK;
        }
        back
    }
}

/// Puts everything in its place.
pub fn place(columns: &Columns, lines: &[f64], boxes: &[Area], links: &[Link], crossings: usize) -> Layout {
    let numbers = columns.numbers();
    let sides = sides(columns, lines, links, &numbers);
    let left = |id: usize| {
        let (from, to) = sides[numbers[id]];
        f64::midpoint(from, to) - columns.items[id].area.width / 2.0
    };
    let ports = Ports::new(columns, lines, boxes, links);
    let point = |id: usize| Point { x: left(id), y: lines[id] };
    let mut routes: Vec<Route> = Vec::new();
    for (number, link) in links.iter().enumerate() {
        let mut forth = Path::from(Point { x: left(link.from) + boxes[link.from].width, y: ports.begin[number] });
        forth.line(Point { x: sides[numbers[link.from]].1, y: ports.begin[number] });
        for &piece in &columns.chains[number] {
            let (from, to) = sides[numbers[piece]];
            // Where no label stands, there is nothing to go around.
            if from == to && columns.columns[numbers[piece]].iter().all(|&id| columns.items[id].is_piece) {
                continue;
            }
            forth.swing(Point { x: from, y: lines[piece] });
            forth.line(Point { x: to, y: lines[piece] });
        }
        forth.swing(Point { x: sides[numbers[link.to]].0, y: ports.end[number] });
        forth.line(Point { x: left(link.to), y: ports.end[number] });
        let back = forth.returned();
        let label = columns.labels[number].map(point);
        routes.push(Route { forth, back, label });
    }
    let places: Vec<Point> = (0..boxes.len()).map(point).collect();
    let areas: Vec<(Point, Area)> = (0..columns.items.len()).map(|id| (point(id), columns.items[id].area)).collect();
    let ends = lanes::Ends { sides: &sides, numbers: &numbers, begin: &ports.begin, end: &ports.end };
    let bottom = lanes::route(columns, &areas, boxes, links, &ends, &mut routes);
    let width = sides.last().map_or(0.0, |(_, right)| right + lanes::room(columns.columns.len(), &numbers, links));
    // There all links are almost level, and those to boxes of the column have not come to their ends.
    let cuts = sides.iter().step_by(2).skip(1).map(|(left, _)| left - 1.0).collect();
    Layout { width, height: bottom, boxes: places, routes, crossings, cuts }
}

/// The left and the right side of each column.
fn sides(columns: &Columns, lines: &[f64], links: &[Link], numbers: &[usize]) -> Vec<(f64, f64)> {
    let mut sides: Vec<(f64, f64)> = Vec::new();
    let mut x = lanes::room(0, numbers, links);
    for (number, column) in columns.columns.iter().enumerate() {
        if number > 0 {
            let climb = |&id: &usize| {
                let behind = columns.items[id].behind.iter();
                behind.map(|&other| (lines[other] - lines[id]).abs()).fold(0.0, f64::max)
            };
            let highest = columns.columns[number - 1].iter().map(climb).fold(0.0, f64::max);
            x += BETWEEN + (CLIMB * highest).min(MOST_CLIMB) + lanes::room(number, numbers, links);
        }
        let width = column.iter().map(|&id| columns.items[id].area.width).fold(0.0, f64::max);
        sides.push((x, x + width));
        x += width;
    }
    sides
}

/// Where links meet the boxes at their ends.
struct Ports {
    begin: Vec<f64>,
    end: Vec<f64>,
}

impl Ports {
    fn new(columns: &Columns, lines: &[f64], boxes: &[Area], links: &[Link]) -> Self {
        let (mut begins, mut ends): (Vec<Vec<usize>>, Vec<Vec<usize>>) =
            (vec![Vec::new(); boxes.len()], vec![Vec::new(); boxes.len()]);
        for (number, link) in links.iter().enumerate() {
            begins[link.from].push(number);
            ends[link.to].push(number);
        }
        let mut ports = Self { begin: vec![0.0; links.len()], end: vec![0.0; links.len()] };
        for (id, area) in boxes.iter().enumerate() {
            // What goes through a lane goes below all boxes.
            let first = |link: usize| columns.chains[link].first().map_or(f64::INFINITY, |&piece| lines[piece]);
            let last = |link: usize| columns.chains[link].last().map_or(f64::INFINITY, |&piece| lines[piece]);
            spread(lines[id], area, &begins[id], &first, &mut ports.begin);
            spread(lines[id], area, &ends[id], &last, &mut ports.end);
        }
        ports
    }
}

/// Links meet a box as high as where they come from, where that can be, and not too close to each other.
fn spread(line: f64, area: &Area, links: &[usize], wanted: &dyn Fn(usize) -> f64, places: &mut [f64]) {
    let (low, high) = (line - area.above + CORNER, line + area.below - CORNER - BACK);
    let (low, high) = if low <= high { (low, high) } else { (line, line) };
    let mut found: Vec<(f64, usize)> = links.iter().map(|&link| (wanted(link), link)).collect();
    found.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    #[allow(clippy::cast_precision_loss)]
    let between = BETWEEN_PORTS.min((high - low) / (found.len().max(2) - 1) as f64);
    let mut last = f64::NEG_INFINITY;
    for (place, _) in &mut found {
        *place = place.clamp(low, high).max(last + between);
        last = *place;
    }
    let mut next = high + between;
    for (place, link) in found.into_iter().rev() {
        next = place.min(next - between);
        places[link] = next;
    }
}
