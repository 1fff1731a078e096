//! What stands in a box and beside an edge, row by row, and how much space that takes. It must not know where it stands.

use super::text::{BOLD, shortened_name, width, wrapped};
use super::{Edge, Node, Partial};

/// From the border of a box to its text.
const PADDING: f64 = 9.0;
/// Formulas in boxes are broken into lines that are no wider,
const WIDEST: f64 = 172.0;
/// and those beside edges into these.
const WIDEST_LABEL: f64 = 112.0;
/// More lines of one formula are not shown.
const MOST_LINES: usize = 6;
/// More local gradients on one edge are not shown.
const MOST_PARTIALS: usize = 3;
/// Names are cut off behind so much.
const WIDEST_NAME: f64 = 220.0;

/// What a piece of text is, which decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The kind of a node.
    Tag,
    /// Its name.
    Name,
    /// Its shape.
    Shape,
    /// Its formula.
    Formula,
    /// Its value.
    Value,
    /// The gradient for it.
    Gradient,
    /// The value of that.
    Slope,
    /// A local gradient.
    Partial,
    /// Which step is read.
    Step,
    /// The name of the drawing.
    Title,
    /// What explains it.
    Note,
}

impl Class {
    /// The size of its font.
    pub fn size(self) -> f64 {
        match self {
            Self::Tag => 10.0,
            Self::Name => 13.5,
            Self::Shape | Self::Value | Self::Slope | Self::Note => 11.0,
            Self::Formula | Self::Step => 12.0,
            Self::Gradient | Self::Partial => 11.5,
            Self::Title => 17.0,
        }
    }

    /// Its name in the style sheet.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Name => "name",
            Self::Shape => "shape",
            Self::Formula => "formula",
            Self::Value => "value",
            Self::Gradient => "gradient",
            Self::Slope => "slope",
            Self::Partial => "partial",
            Self::Step => "step",
            Self::Title => "title",
            Self::Note => "note",
        }
    }

    /// How wide a text is in it.
    pub fn width(self, text: &str) -> f64 {
        let wide = if matches!(self, Self::Name | Self::Title) { BOLD } else { 1.0 };
        wide * width(text, self.size())
    }
}

/// Texts beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where they begin.
    pub x: f64,
    /// The line that they stand on.
    pub y: f64,
    /// The texts.
    pub texts: Vec<(Class, String)>,
}

/// Between texts of one row.
pub const SPACE: f64 = 7.0;

/// A level line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// How high it is.
    pub y: f64,
}

/// Rows and level lines, measured from the upper left corner.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// How wide it is.
    pub width: f64,
    /// How high.
    pub height: f64,
    /// Its rows.
    pub rows: Vec<Row>,
    /// The bars of fractions, and what separates value and gradient.
    pub rules: Vec<Rule>,
}

impl Block {
    /// Adds a row below the others.
    fn row(&mut self, x: f64, texts: Vec<(Class, String)>) {
        let size = texts.iter().map(|(class, _)| class.size()).fold(0.0, f64::max);
        #[allow(clippy::cast_precision_loss)]
        let spaces = texts.len().saturating_sub(1) as f64 * SPACE;
        let wide = spaces + texts.iter().map(|(class, text)| class.width(text)).sum::<f64>();
        self.rows.push(Row { x, y: self.height + size, texts });
        self.width = self.width.max(x + wide);
        self.height += (size * 1.28).round();
    }

    fn rows(&mut self, x: f64, class: Class, lines: &[String]) {
        lines.iter().for_each(|line| self.row(x, vec![(class, line.clone())]));
    }
}

/// A formula in lines that fit in a box.
fn lines(text: &str, class: Class, most: f64) -> Vec<String> {
    wrapped(text, class.size(), most, MOST_LINES)
}

/// What stands in the box of a node.
pub fn node(node: &Node) -> Block {
    let mut block = Block { height: PADDING - 3.0, ..Block::default() };
    if !node.tag.is_empty() {
        block.row(PADDING, vec![(Class::Tag, node.tag.clone())]);
    }
    let name = shortened_name(&node.name, Class::Name.size() * BOLD, WIDEST_NAME);
    let mut first = vec![(Class::Name, name)];
    if !node.shape.is_empty() {
        first.push((Class::Shape, node.shape.clone()));
    }
    block.row(PADDING, first);
    if let Some(formula) = &node.formula {
        block.rows(PADDING, Class::Formula, &lines(&format!("= {formula}"), Class::Formula, WIDEST));
    }
    block.rows(PADDING, Class::Value, &node.value);
    let mut separator = None;
    if let Some(gradient) = &node.gradient {
        block.height += 3.0;
        separator = Some(block.height);
        block.height += 3.0;
        let text = format!("{} = {}", gradient.name, gradient.formula);
        block.rows(PADDING, Class::Gradient, &lines(&text, Class::Gradient, WIDEST));
        block.rows(PADDING, Class::Slope, &gradient.value);
    }
    block.width = (block.width + PADDING).ceil();
    block.height = (block.height + PADDING - 4.0).ceil();
    block.rules.extend(separator.map(|y| Rule { from: 0.0, to: block.width, y }));
    block
}

/// What stands beside an edge; nothing where there is nothing to say.
pub fn label(edge: &Edge) -> Option<Block> {
    let mut block = Block::default();
    if let Some(step) = &edge.step {
        block.row(0.0, vec![(Class::Step, format!("from the step {step}"))]);
    }
    for partial in edge.partials.iter().take(MOST_PARTIALS) {
        fraction(&mut block, partial);
    }
    if edge.partials.len() > MOST_PARTIALS {
        let more = format!("and {} more", edge.partials.len() - MOST_PARTIALS);
        block.row(0.0, vec![(Class::Partial, more)]);
    }
    block.rows(0.0, Class::Slope, &edge.share);
    block.width = block.width.ceil();
    (block.height > 0.0).then_some(block)
}

/// `∂z1/∂x = w1ᵀ`, with a bar between what is differentiated and for what.
fn fraction(block: &mut Block, partial: &Partial) {
    let class = Class::Partial;
    let part = |name: &str| format!("∂{}", shortened_name(name, class.size(), WIDEST_LABEL - class.width("∂")));
    let (above, below) = (part(&partial.of), part(&partial.wrt));
    let lines = lines(&format!("= {}", partial.formula), class, WIDEST_LABEL);
    let wide = class.width(&above).max(class.width(&below)) + 4.0;
    let line = (class.size() * 1.28).round();
    #[allow(clippy::cast_precision_loss)]
    let high = (2.0 * line + 3.0).max(line * lines.len() as f64) + 3.0;
    let middle = block.height + high / 2.0;
    let centred = |text: &str| (wide - class.width(text)) / 2.0;
    let mut row = |x: f64, y: f64, text: String| {
        block.width = block.width.max(x + class.width(&text));
        block.rows.push(Row { x, y, texts: vec![(class, text)] });
    };
    row(centred(&above), middle - 5.0, above);
    row(centred(&below), middle + class.size() + 0.5, below);
    #[allow(clippy::cast_precision_loss)]
    let mut y = middle - line * lines.len() as f64 / 2.0 + class.size() - 1.0;
    for text in lines {
        row(wide + 5.0, y, text);
        y += line;
    }
    block.rules.push(Rule { from: 0.0, to: wide, y: middle });
    block.height += high;
}
