//! The marks of a drawing as SVG: texts, lines with heads, the signs of a legend. It must not know what they mean.

use super::boxes::{Block, Row, SPACE};
use super::layout::{Path, Point};
use super::legend::{Legend, SIGN, Sign};
use super::style;
use super::text::escaped;

/// The length and half of the width of the head of an arrow.
const HEAD: (f64, f64) = (8.0, 3.6);

/// A number with one digit behind the point, where it has one.
pub fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A row of texts.
pub fn text(out: &mut String, row: &Row, corner: Point) {
    out.push_str(&format!("<text x=\"{}\" y=\"{}\"", number(corner.x + row.x), number(corner.y + row.y)));
    match row.texts.as_slice() {
        [(class, only)] => out.push_str(&format!(" class=\"{}\">{}", class.name(), escaped(only))),
        texts => {
            out.push('>');
            for (number, (class, text)) in texts.iter().enumerate() {
                let space = if number > 0 { format!(" dx=\"{SPACE}\"") } else { String::new() };
                out.push_str(&format!("<tspan class=\"{}\"{space}>{}</tspan>", class.name(), escaped(text)));
            }
        }
    }
    out.push_str("</text>\n");
}

/// Rows and bars.
pub fn write_block(out: &mut String, block: &Block, corner: Point) {
    for rule in &block.rules {
        let (from, to, y) = (number(corner.x + rule.from), number(corner.x + rule.to), number(corner.y + rule.y));
        out.push_str(&format!("<path class=\"rule\" d=\"M{from} {y}H{to}\"/>\n"));
    }
    for row in &block.rows {
        text(out, row, corner);
    }
}

/// A line with a head at its end, which it reaches level.
pub fn arrow(out: &mut String, path: &Path, line: &str, head: &str) {
    let end = path.end();
    // The direction in which it ends: from the last point that is another one.
    let points = path.curves.iter().rev().flat_map(|curve| [curve.end, curve.second, curve.first]).chain([path.start]);
    let before = points.map(|point| point.x).find(|x| *x != end.x).unwrap_or(end.x);
    let sign = if before > end.x { -1.0 } else { 1.0 };
    // The line ends within its head.
    stroke(out, path, line, sign * HEAD.0 / 2.0);
    let (tip, y, back) = (number(end.x), end.y, number(end.x - sign * HEAD.0));
    out.push_str(&format!(
        "<path class=\"{head}\" d=\"M{tip} {}L{back} {}L{back} {}Z\"/>\n",
        number(y),
        number(y - HEAD.1),
        number(y + HEAD.1)
    ));
}

/// A line that ends by so much before its end.
pub fn stroke(out: &mut String, path: &Path, line: &str, shorter: f64) {
    let mut data = format!("M{} {}", number(path.start.x), number(path.start.y));
    for (place, curve) in path.curves.iter().enumerate() {
        let is_last = place + 1 == path.curves.len();
        let to = if is_last { Point { x: curve.end.x - shorter, y: curve.end.y } } else { curve.end };
        let from = if place == 0 { path.start } else { path.curves[place - 1].end };
        if from.y == to.y && curve.first.y == to.y && curve.second.y == to.y {
            data.push_str(&format!("H{}", number(to.x)));
        } else if from.x == to.x && curve.first.x == to.x && curve.second.x == to.x {
            data.push_str(&format!("V{}", number(to.y)));
        } else {
            let [first, second, to] = [curve.first, curve.second, to].map(|at| format!("{} {}", number(at.x), number(at.y)));
            data.push_str(&format!("C{first} {second} {to}"));
        }
    }
    out.push_str(&format!("<path class=\"{line}\" d=\"{data}\"/>\n"));
}

/// A line in pieces, with a head at the end of the last.
pub fn arrows(out: &mut String, pieces: &[Path], line: &str, head: &str) {
    if let Some((last, before)) = pieces.split_last() {
        before.iter().for_each(|piece| stroke(out, piece, line, 0.0));
        arrow(out, last, line, head);
    }
}

/// A legend.
pub fn write_legend(legend: &Legend, corner: Point, out: &mut String) {
    for (sign, x, y) in &legend.signs {
        let (x, y) = (corner.x + x, corner.y + y);
        let line = |from: f64, to: f64| {
            let mut path = Path::from(Point { x: from, y });
            path.line(Point { x: to, y });
            path
        };
        match sign {
            Sign::Box(kind) => out.push_str(&format!(
                "<rect class=\"{} box\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"12\" rx=\"3\"/>\n",
                style::class(*kind),
                number(x),
                number(y - 6.0),
                number(SIGN)
            )),
            Sign::Forth => arrow(out, &line(x, x + SIGN), "edge", "head"),
            Sign::Circle => arrow(out, &line(x, x + SIGN), "edge circle", "circlehead"),
            Sign::Back => arrow(out, &line(x + SIGN, x), "flow", "flowhead"),
        }
    }
    write_block(out, &legend.block, corner);
}
