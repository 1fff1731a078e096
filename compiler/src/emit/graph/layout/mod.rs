//! A layered layout from left to right (Sugiyama, Tagawa and Toda, *Methods for visual understanding of hierarchical system
//! structures*, 1981): ranks, orders within the columns with few crossings, then coordinates. It must not know what is drawn.
//!
//! A link goes through every column between its ends as a chain of pieces; its label is a piece of its own, in the column before
//! what it leads to.

mod columns;
mod coordinates;
mod lanes;
mod order;
mod ranks;
mod routes;
mod rows;
#[cfg(test)]
mod tests;

use super::{MOST_PIECES, TooLarge};
pub use routes::{Path, Route};
pub use rows::{NAME, Pieces, Rows, rows};

/// What takes up space: so much to the right of its left side, and so much above and below the line that it lies on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// From its left side to its right side.
    pub width: f64,
    /// Above the line.
    pub above: f64,
    /// Below the line.
    pub below: f64,
}

/// From a box to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// Its label, of a certain size.
    pub label: Option<Area>,
    /// Whether it leads back to what it may come from: it is drawn below all boxes between its ends.
    pub back: bool,
}

/// A place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From above.
    pub y: f64,
}

/// Where everything is. The left side of a box stands on its line at its point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// How wide all of it is.
    pub width: f64,
    /// How high.
    pub height: f64,
    /// The boxes.
    pub boxes: Vec<Point>,
    /// The links.
    pub routes: Vec<Route>,
    /// How many pairs of links cross, those that lead back left out.
    pub crossings: usize,
    /// Where it may be cut: before the columns of boxes, but for the first.
    pub cuts: Vec<f64>,
}

/// Places boxes.
pub fn layout(boxes: &[Area], links: &[Link]) -> Result<Layout, TooLarge> {
    let ranks = ranks::ranks(boxes.len(), links);
    let pieces: usize = links.iter().map(|link| 2 * ranks[link.to].saturating_sub(ranks[link.from])).sum();
    if pieces > MOST_PIECES {
        return Err(TooLarge { count: pieces, most: MOST_PIECES, what: "places where its edges pass a column" });
    }
    let mut columns = columns::Columns::new(boxes, links, &ranks);
    let crossings = order::order(&mut columns);
    let lines = coordinates::coordinates(&columns);
    Ok(routes::place(&columns, &lines, boxes, links, crossings))
}
