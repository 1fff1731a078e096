//! What the outer loops of a definition would compute again and again is computed once: `x[i, j] * rsqrt(v[j] + 1e-5)` goes through rows, and the
//! root of a column is the same in each of them. It gets a definition of its own, which all that need it share. (What is the same along the
//! inner loops stands before them anyway.)

use super::lower::{auxiliary, redefine};
use super::offset::{guess, label, labels};
use super::orders::orders;
use super::product::Contractions;
use crate::ir::{Definition, Element, ExpressionId, Extent, Index, Label, Node, Program, TensorId, bounds};
use rustc_hash::{FxHashMap, FxHashSet};

/// What costs less is computed again rather than read.
const DEAR: u32 = 4;
/// What is computed so few times may be computed again.
const FEW: i64 = 8;

/// What was made, by its formula and the extents of its labels.
type Made = FxHashMap<(ExpressionId, Vec<Extent>), TensorId>;

/// Takes such formulas out of the definitions of a program.
pub fn once(program: &mut Program, contractions: &Contractions) {
    let recurrent = program.recurrent();
    let mut made = Made::default();
    for id in program.order() {
        if recurrent.contains(&id) || contractions.contains_key(&id) || program.tensor(id).element != Element::Real {
            continue;
        }
        let Some(definition) = program.definition(id).cloned() else { continue };
        let order = orders(program, id).swap_remove(0);
        let extents = program.label_extents(id);
        let mut replaced = FxHashMap::default();
        for node in repeated(program, definition.body, &order, &extents) {
            let own = labels(program, node);
            let tensor = column(program, id, node, &own, &mut made);
            let read = program.expressions.read(tensor, own.into_iter().map(Index::label).collect());
            replaced.insert(node, read);
        }
        if !replaced.is_empty() {
            let body = program.expressions.replace(definition.body, &replaced);
            redefine(program, id, Definition { body, ..definition });
        }
    }
}

/// The largest formulas in a body that loops in this order compute more than a few times for the same labels.
fn repeated(program: &Program, body: ExpressionId, order: &[Label], extents: &[Extent]) -> Vec<ExpressionId> {
    let (mut found, mut seen, mut stack) = (Vec::new(), FxHashSet::default(), vec![body]);
    while let Some(node) = stack.pop() {
        if !seen.insert(node) {
            continue;
        }
        if is_repeated(program, node, order, extents) {
            found.push(node);
        } else {
            stack.extend(program.expressions.arguments(node));
        }
    }
    found.sort_unstable();
    found
}

fn is_repeated(program: &Program, node: ExpressionId, order: &[Label], extents: &[Extent]) -> bool {
    let own = labels(program, node);
    let Some(last) = order.iter().rposition(|label| own.contains(label)) else { return false };
    let outside = order[..last].iter().filter(|label| !own.contains(label));
    let times = outside.map(|label| guess(&extents[label.0 as usize])).fold(1, i64::saturating_mul);
    times > FEW
        && own.iter().all(|label| order.contains(label))
        && is_dear(program, node)
        && bounds::reads_inside(program, node, extents)
}

/// Whether a formula of elements costs enough; what has no labels stands before all loops. Conditions are no numbers, and random numbers belong
/// to their place in a stream.
fn is_dear(program: &Program, node: ExpressionId) -> bool {
    let mut cost = 0u32;
    let is_plain = program.expressions.reachable(node).into_iter().all(|id| match program.expressions.node(id) {
        Node::Random(..) | Node::Select(..) => false,
        Node::Apply(operator, _) => {
            if !labels(program, id).is_empty() {
                cost = cost.saturating_add(operator.row().cost);
            }
            !operator.is_truth()
        }
        Node::Number(_) | Node::Position(_) | Node::Read(..) => true,
    });
    is_plain && cost >= DEAR
}

/// The definition of a formula over its own labels.
fn column(program: &mut Program, of: TensorId, node: ExpressionId, own: &[Label], made: &mut Made) -> TensorId {
    let extents = program.label_extents(of);
    let shape: Vec<Extent> = own.iter().map(|label| extents[label.0 as usize].clone()).collect();
    let names = own.iter().map(|&label| program.label_name(of, label)).collect();
    let place = |old: Label| own.iter().position(|&other| other == old).unwrap_or_default();
    let body = program.expressions.substitute(node, &mut |old| Index::label(label(place(old))));
    if let Some(&known) = made.get(&(body, shape.clone())) {
        return known;
    }
    let tensor = auxiliary(program, of, "once", shape.clone(), Definition { reduction: None, body });
    program.tensors[tensor.0 as usize].label_names = names;
    made.insert((body, shape), tensor);
    tensor
}
