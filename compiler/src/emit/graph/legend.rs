//! What the boxes and lines of a drawing mean. It must not know where it stands.

use super::boxes::{Block, Class, Row};
use super::style::KINDS;
use super::{Graph, Kind};

/// A sign of the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A box.
    Box(Kind),
    /// From what is read to what reads it.
    Forth,
    /// What flows back.
    Back,
    /// From one step to the next.
    Circle,
}

/// Signs with where they stand, and words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Legend {
    /// The words.
    pub block: Block,
    /// The signs: the left side and the middle.
    pub signs: Vec<(Sign, f64, f64)>,
}

/// How wide a sign is.
pub const SIGN: f64 = 30.0;
/// How high a row is.
const HIGH: f64 = 19.0;

/// The legend of a graph, no wider than that where this can be.
pub fn legend(graph: &Graph, most: f64) -> Legend {
    let mut legend = Legend::default();
    let (mut x, mut y) = (0.0, 0.0);
    for (sign, words) in entries(graph) {
        let wide = SIGN + 6.0 + Class::Note.width(&words);
        if x > 0.0 && x + wide > most {
            (x, y) = (0.0, y + HIGH);
        }
        legend.signs.push((sign, x, y + HIGH / 2.0));
        legend.block.rows.push(Row { x: x + SIGN + 6.0, y: y + HIGH / 2.0 + 4.0, texts: vec![(Class::Note, words)] });
        legend.block.width = legend.block.width.max(x + wide);
        x += wide + 22.0;
    }
    legend.block.height = y + HIGH;
    legend
}

fn entries(graph: &Graph) -> Vec<(Sign, String)> {
    let mut entries = Vec::new();
    for kind in KINDS {
        if graph.nodes.iter().any(|node| node.kind == kind) {
            entries.push((Sign::Box(kind), kind.word().to_owned()));
        }
    }
    entries.push((Sign::Forth, "forward: is read by".to_owned()));
    if graph.edges.iter().any(|edge| edge.step.is_some()) {
        entries.push((Sign::Circle, "of another step".to_owned()));
    }
    if let Some(of) = &graph.of {
        let words = format!("backward: ∂{of}/∂… flows here, times the local gradient beside it");
        entries.push((Sign::Back, words));
    }
    entries
}
