//! A graph as SVG, in one piece: no scripts, no fonts and no images from elsewhere. It must not know how boxes are placed.

use super::boxes::{self, Block, Class, Row};
use super::layout::{Area, Link, NAME, Pieces, Point, Rows, layout, rows};
use super::legend::legend;
use super::marks::{arrows, number, text, write_block, write_legend};
use super::text::{escaped, shortened_name};
use super::{Edge, Graph, MOST_NODES, Node, TooLarge, style};

/// Around everything.
const MARGIN: f64 = 18.0;
/// From the line of an edge to its label below.
const BELOW: f64 = 8.0;
/// The name of the drawing stands in the first so much.
const TITLE: f64 = 34.0;
/// Between the end of a line and a name.
const GAP: f64 = 5.0;
/// No drawing is narrower.
const NARROWEST: f64 = 420.0;

/// A graph as SVG.
pub fn svg(graph: &Graph) -> Result<String, TooLarge> {
    if graph.nodes.len() > MOST_NODES {
        return Err(TooLarge { count: graph.nodes.len(), most: MOST_NODES, what: "nodes" });
    }
    let nodes: Vec<Block> = graph.nodes.iter().map(boxes::node).collect();
    let labels: Vec<Option<Block>> = graph.edges.iter().map(boxes::label).collect();
    let areas: Vec<Area> =
        nodes.iter().map(|block| Area { width: block.width, above: block.height / 2.0, below: block.height / 2.0 }).collect();
    let links = links(graph, &labels);
    let placed = rows(&layout(&areas, &links)?, &areas, &links);
    let page = Page { graph, nodes, labels, placed };
    Ok(page.write())
}

fn links(graph: &Graph, labels: &[Option<Block>]) -> Vec<Link> {
    let area = |block: &Block| Area { width: block.width, above: 2.0, below: BELOW + block.height };
    let link = |(edge, label): (&Edge, &Option<Block>)| Link {
        from: edge.from,
        to: edge.to,
        label: label.as_ref().map(area),
        back: edge.step.is_some(),
    };
    graph.edges.iter().zip(labels).map(link).collect()
}

struct Page<'a> {
    graph: &'a Graph,
    nodes: Vec<Block>,
    labels: Vec<Option<Block>>,
    placed: Rows,
}

impl Page<'_> {
    fn write(&self) -> String {
        let legend = legend(self.graph, self.placed.width.max(NARROWEST));
        let title = self.title();
        let inner = self.placed.width.max(legend.block.width).max(Class::Title.width(&title));
        let (width, height) =
            ((inner + 2.0 * MARGIN).ceil(), (self.placed.height + legend.block.height + 20.0 + TITLE + 2.0 * MARGIN).ceil());
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             class=\"{}\" xml:space=\"preserve\" role=\"img\" aria-labelledby=\"graph-title graph-description\">\n",
            style::SCOPE
        );
        out.push_str(&format!("<title id=\"graph-title\">{}</title>\n", escaped(&title)));
        out.push_str(&format!("<desc id=\"graph-description\">{}</desc>\n", escaped(&self.description())));
        out.push_str(&format!("<style>{}</style>\n", style::sheet()));
        out.push_str(&format!("<rect class=\"paper\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n"));
        let title = Row { x: MARGIN, y: MARGIN + Class::Title.size(), texts: vec![(Class::Title, title)] };
        text(&mut out, &title, Point::default());
        let origin = Point { x: MARGIN, y: MARGIN + TITLE };
        out.push_str(&format!("<g transform=\"translate({},{})\">\n", number(origin.x), number(origin.y)));
        for number in 0..self.graph.edges.len() {
            self.edge(number, &mut out);
        }
        for number in 0..self.graph.nodes.len() {
            self.node(number, &mut out);
        }
        out.push_str("</g>\n");
        write_legend(&legend, Point { x: MARGIN, y: MARGIN + TITLE + self.placed.height + 20.0 }, &mut out);
        out.push_str("</svg>\n");
        out
    }

    fn title(&self) -> String {
        let Graph { name, of, .. } = self.graph;
        match of {
            Some(of) => format!("{name}: {of} and its gradient"),
            None => name.clone(),
        }
    }

    /// All of it in words.
    fn description(&self) -> String {
        let mut words = self.graph.documentation.clone();
        if !words.is_empty() {
            words.push('\n');
        }
        words.push_str("The graph of the network, from left to right. ");
        for node in &self.graph.nodes {
            words.push_str(&format!("{} {}{}", node.kind.word(), node.name, node.shape));
            if let Some(formula) = &node.formula {
                words.push_str(&format!(" = {formula}"));
            }
            words.push_str("; ");
        }
        words.trim_end().trim_end_matches(';').to_owned() + "."
    }

    fn edge(&self, number: usize, out: &mut String) {
        let (edge, route) = (&self.graph.edges[number], &self.placed.links[number]);
        let (from, to) = (&self.graph.nodes[edge.from].name, &self.graph.nodes[edge.to].name);
        let mut words = format!("{to} reads {from}");
        words.extend(edge.step.iter().map(|step| format!(" of the step {step}")));
        words.extend(edge.partials.iter().map(|partial| format!("\n{}", partial.full)));
        out.push_str(&format!("<g><title>{}</title>\n", escaped(&words)));
        let (line, head) = if edge.step.is_some() { ("edge circle", "circlehead") } else { ("edge", "head") };
        arrows(out, &route.forth, line, head);
        if !edge.partials.is_empty() {
            arrows(out, &route.back, "flow", "flowhead");
        }
        continued(out, route, from);
        if let (Some(block), Some(at)) = (&self.labels[number], route.label) {
            write_block(out, block, Point { x: at.x, y: at.y + BELOW });
        }
        out.push_str("</g>\n");
    }

    fn node(&self, id: usize, out: &mut String) {
        let (node, block, at) = (&self.graph.nodes[id], &self.nodes[id], self.placed.boxes[id]);
        let corner = Point { x: at.x, y: at.y - block.height / 2.0 };
        out.push_str(&format!("<g><title>{}</title>\n", escaped(&full(node))));
        out.push_str(&format!(
            "<rect class=\"{} box\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>\n",
            style::class(node.kind),
            number(corner.x),
            number(corner.y),
            number(block.width),
            number(block.height),
            if node.formula.is_some() { "4" } else { "14" },
        ));
        write_block(out, block, corner);
        out.push_str("</g>\n");
    }
}

/// The name of what is read, where its line leaves a row and where it goes on.
fn continued(out: &mut String, route: &Pieces, name: &str) {
    let class = Class::Note;
    let name = shortened_name(name, class.size(), NAME - GAP);
    let mut write = |x: f64, y: f64| {
        text(out, &Row { x, y: y + class.size() / 3.0, texts: vec![(class, name.clone())] }, Point::default());
    };
    for pair in route.forth.windows(2) {
        let (end, start) = (pair[0].end(), pair[1].start);
        // A line leaves its row at one side and goes on at the other.
        let (right, left) = if start.x < end.x { (end, start) } else { (start, end) };
        write(right.x + GAP, right.y);
        write(left.x - GAP - class.width(&name), left.y);
    }
}

/// All that is known of a node, in words.
fn full(node: &Node) -> String {
    let mut words = format!("{} {}{}", node.kind.word(), node.name, node.shape);
    words.extend(node.definition.iter().map(|definition| format!("\n{definition}")));
    words.extend(node.gradient.iter().map(|gradient| format!("\n{}", gradient.full)));
    if !node.documentation.is_empty() {
        words.push_str(&format!("\n{}", node.documentation));
    }
    words
}
