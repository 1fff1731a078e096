//! A network as a drawing: boxes with formulas from left to right, the local gradient on each edge; as SVG and as DOT.
//!
//! What is drawn is a [`Graph`]: texts alone. `layout` places boxes, `svg` and `dot` write. It must not know where the texts come
//! from.

mod boxes;
mod dot;
mod layout;
mod legend;
mod marks;
mod numbers;
mod style;
mod svg;
#[cfg(test)]
mod tests;
mod text;

pub use dot::dot;
pub use numbers::lines;
pub use svg::svg;

/// More nodes than this are not drawn.
pub const MOST_NODES: usize = 1000;
/// Edges that go through more columns than this altogether are not drawn as SVG.
pub const MOST_PIECES: usize = 50_000;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Data of inference.
    Input,
    /// Data that only training needs.
    Target,
    /// What is learned.
    Parameter,
    /// What a training step hands to the next.
    State,
    /// Computed on the way.
    Definition,
    /// What inference returns.
    Output,
    /// What training reports.
    Metric,
    /// The new value of a state.
    Update,
    /// What is differentiated.
    Loss,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Target => "target",
            Self::Parameter => "param",
            Self::State => "state",
            Self::Definition => "definition",
            Self::Output => "output",
            Self::Metric => "metric",
            Self::Update => "update",
            Self::Loss => "loss",
        }
    }
}

/// A tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The same in words; nothing for what is only computed on the way.
    pub tag: String,
    /// Its name.
    pub name: String,
    /// Its axes: `[B, 10]`; nothing for a scalar.
    pub shape: String,
    /// The right side of its definition, as short as it is.
    pub formula: Option<String>,
    /// All of its definition, in index notation.
    pub definition: Option<String>,
    /// Its documentation.
    pub documentation: String,
    /// The gradient for it, where there is one.
    pub gradient: Option<Gradient>,
    /// Its value, in lines.
    pub value: Vec<String>,
}

/// The gradient for a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// `∂loss/∂w`
    pub name: String,
    /// What it is, as short as it is.
    pub formula: String,
    /// All of it.
    pub full: String,
    /// Its value, in lines.
    pub value: Vec<String>,
}

/// That a node reads another.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// What is read, by its number.
    pub from: usize,
    /// What reads.
    pub to: usize,
    /// What is read is that of another step of a recurrence: `t - 1`.
    pub step: Option<String>,
    /// The local gradient for each place where it is read; none where no gradient flows.
    pub partials: Vec<Partial>,
    /// What flows back here, in lines, where that is not all of the gradient.
    pub share: Vec<String>,
}

/// A local gradient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// What is differentiated: `z1`.
    pub of: String,
    /// For what: `x`.
    pub wrt: String,
    /// What that is, as short as it is: `w1ᵀ`.
    pub formula: String,
    /// All of it in index notation: `∂z1[i, j]/∂x[i, k] = w1[k, j]`.
    pub full: String,
}

/// A network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Its name.
    pub name: String,
    /// Its documentation.
    pub documentation: String,
    /// What is differentiated, if anything is.
    pub of: Option<String>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The edges, sorted by what is read.
    pub edges: Vec<Edge>,
}

/// Why there is no drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// How many there are of what there are too many.
    pub count: usize,
    /// How many there may be.
    pub most: usize,
    /// Of what.
    pub what: &'static str,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { count, most, what } = self;
        write!(formatter, "the graph is too large to be drawn: {count} {what}, and at most {most} are drawn")
    }
}
