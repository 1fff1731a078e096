//! Formulas that would be long or deep as text: parts of them become definitions. A formula shares its parts, its text does not.
//! It must not know how formulas are written.

use crate::ir::{Definition, Element, ExpressionId, Expressions, Index, Label, Node, Program, Source, Tensor, TensorId};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// A part with more nodes than this becomes a definition.
const MOST_NODES: usize = 120;
/// A part that is deeper than this becomes a definition.
const MOST_DEPTH: usize = 24;

/// How large a part is as text.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    depth: usize,
    reads_itself: bool,
}

/// Gives parts of a definition names of their own where its text would be too long.
pub fn hoist(program: &mut Program, id: TensorId) {
    let Some(Definition { reduction, body }) = program.definition(id).cloned() else { return };
    let mut sizes: FxHashMap<ExpressionId, Size> = FxHashMap::default();
    let mut mapped: FxHashMap<ExpressionId, ExpressionId> = FxHashMap::default();
    for node in program.expressions.reachable(body) {
        let mut size = Size { nodes: 1, depth: 1, reads_itself: reads(&program.expressions, node, id) };
        for argument in program.expressions.arguments(node) {
            let part = sizes.get(&argument).copied().unwrap_or_default();
            size.nodes = size.nodes.saturating_add(part.nodes);
            size.depth = size.depth.max(part.depth + 1);
            size.reads_itself |= part.reads_itself;
        }
        let mut own = with_arguments(&mut program.expressions, node, &mapped);
        if node != body && !size.reads_itself && (size.nodes > MOST_NODES || size.depth > MOST_DEPTH) {
            own = part(program, id, own);
            size = Size { nodes: 1, depth: 1, reads_itself: false };
        }
        sizes.insert(node, size);
        mapped.insert(node, own);
    }
    program.tensors[id.0 as usize].source = Source::Defined(Definition { reduction, body: mapped[&body] });
}

fn reads(expressions: &Expressions, node: ExpressionId, id: TensorId) -> bool {
    matches!(expressions.node(node), Node::Read(tensor, _) if *tensor == id)
}

fn with_arguments(
    expressions: &mut Expressions,
    node: ExpressionId,
    mapped: &FxHashMap<ExpressionId, ExpressionId>,
) -> ExpressionId {
    let node = match expressions.node(node).clone() {
        Node::Apply(operator, of) => Node::Apply(operator, of.iter().map(|argument| mapped[argument]).collect()),
        Node::Select(condition, then, otherwise) => Node::Select(mapped[&condition], mapped[&then], mapped[&otherwise]),
        leaf @ (Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..)) => leaf,
    };
    expressions.intern(node)
}

/// A definition for a part of another; what is in its place.
fn part(program: &mut Program, of: TensorId, body: ExpressionId) -> ExpressionId {
    let mut labels = BTreeSet::new();
    program.expressions.each_label(body, &mut |label| {
        labels.insert(label);
    });
    let extents = program.label_extents(of);
    let places: BTreeMap<Label, Label> = labels.iter().copied().zip((0..).map(Label)).collect();
    let inner = program.expressions.substitute(body, &mut |label| Index::label(places[&label]));
    let tensor = Tensor {
        name: format!("{}_part", program.tensor(of).name),
        shape: labels.iter().map(|label| extents[label.0 as usize].clone()).collect(),
        element: Element::Real,
        source: Source::Defined(Definition { reduction: None, body: inner }),
        label_names: labels.iter().map(|label| program.label_name(of, *label)).collect(),
        span: program.tensor(of).span,
        documentation: Vec::new(),
    };
    let tensor = program.add(tensor);
    program.expressions.read(tensor, labels.into_iter().map(Index::label).collect())
}
