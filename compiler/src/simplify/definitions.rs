//! Definitions as wholes: aliases vanish, small adjoints are read through, equal definitions become one, and what nobody needs goes.

use super::{Report, diagonal, factors, formula, map_reads, set_body, set_definition};
use crate::derived_names;
use crate::ir::cost::formula_cost;
use crate::ir::transfer::transfer;
use crate::ir::{
    Definition, Element, ExpressionId, Label, Node, Program, Recurrence, Role, Root, Source, Tensor, TensorId, Unit,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// A formula that costs more is not written twice.
const CHEAP: u32 = 8;

/// Reads through definitions that are aliases of another tensor or constants, and through adjoints that are small.
pub fn inline(program: &mut Program, report: &mut Report) -> bool {
    let order = program.order();
    // What is read through in a circle would never end.
    let recurrent = program.recurrent();
    let stored = stored_factors(program, &order);
    let mut bodies: FxHashMap<TensorId, (ExpressionId, &'static str)> = FxHashMap::default();
    let mut changed = false;
    // A recurrence reads what comes after it, so it is gone through again.
    let again: Vec<TensorId> = order.iter().copied().filter(|id| recurrent.contains(id)).collect();
    for id in order.into_iter().chain(again) {
        let Some(definition) = program.definition(id).cloned() else { continue };
        report.enter(&program.tensor(id).name);
        let mut body = definition.body;
        if program.expressions.tensors(body).iter().any(|tensor| bodies.contains_key(tensor)) {
            body = map_reads(program, body, &mut |expressions, tensor, at| {
                let &(body, rule) = bodies.get(&tensor).filter(|_| tensor != id)?;
                report.fired(rule);
                Some(expressions.substitute(body, &mut |Label(number)| at[number as usize].clone()))
            });
        }
        if body != definition.body {
            set_body(program, id, body);
            changed = true;
        }
        if definition.reduction.is_none()
            && let Some(rule) = transparent(program, id, body, recurrent.contains(&id), stored.contains(&id))
        {
            bodies.insert(id, (body, rule));
        }
    }
    changed | redirect_roots(program)
}

/// Why a definition without a reduction may be read through.
fn transparent(program: &Program, id: TensorId, body: ExpressionId, recurrent: bool, is_factor: bool) -> Option<&'static str> {
    let expressions = &program.expressions;
    if let Node::Read(..) = expressions.node(body) {
        return Some("an alias is its tensor");
    }
    if recurrent {
        return None;
    }
    if is_adjoint(program.tensor(id)) {
        if diagonal::is_stated(program, id, body) {
            return Some("a Kronecker δ is read through");
        }
        if factors::is_product(program, id, body) {
            return Some("a product over fewer axes is read through");
        }
    }
    let reads = expressions.reachable(body).into_iter().filter(|&node| matches!(expressions.node(node), Node::Read(..))).count();
    let cost = formula_cost(expressions, body);
    if reads == 0 && cost <= CHEAP {
        return Some("a constant is its value");
    }
    let small = reads <= 1 && cost <= CHEAP && is_adjoint(program.tensor(id)) && !is_factor;
    small.then_some("a small adjoint is read through")
}

/// Whether differentiation made the tensor.
pub fn is_adjoint(tensor: &Tensor) -> bool {
    derived_names::is_derived(&tensor.name)
}

/// The tensors that a sum of products reads, and those of products over fewer axes: a stored factor makes a matrix product.
fn stored_factors(program: &Program, order: &[TensorId]) -> FxHashSet<TensorId> {
    let is_product = |reader: &&TensorId| {
        let Some(Definition { reduction, body }) = program.definition(**reader) else { return false };
        if reduction.is_none() {
            return is_adjoint(program.tensor(**reader)) && factors::is_product(program, **reader, *body);
        }
        let nodes = program.expressions.reachable(*body);
        nodes.iter().filter(|&&node| matches!(program.expressions.node(node), Node::Read(..))).count() > 1
    };
    order.iter().filter(is_product).flat_map(|&reader| program.dependencies(reader)).collect()
}

/// Roots that are exact copies of another definition point at it.
fn redirect_roots(program: &mut Program) -> bool {
    let mut changed = false;
    for number in 0..program.roots.len() {
        let id = program.roots[number].tensor;
        let Some(Definition { reduction: None, body }) = program.definition(id) else { continue };
        let Node::Read(source, at) = program.expressions.node(*body) else { continue };
        let identity = at.iter().enumerate().all(|(axis, index)| index.as_label().is_some_and(|Label(l)| l as usize == axis));
        let source = *source;
        if identity && program.tensor(source).shape == program.tensor(id).shape && program.definition(source).is_some() {
            program.roots[number].tensor = source;
            changed = true;
        }
    }
    changed
}

/// Definitions with the same shape, reduction and formula become one, the first.
pub fn merge_equal(program: &mut Program, report: &mut Report) -> bool {
    let mut first: FxHashMap<(Vec<crate::ir::Extent>, Definition), TensorId> = FxHashMap::default();
    let mut same: FxHashMap<TensorId, TensorId> = FxHashMap::default();
    let order = program.order();
    for &id in &order {
        let Some(definition) = program.definition(id).cloned() else { continue };
        let body = read_representatives(program, id, &same);
        let key = (program.tensor(id).shape.clone(), Definition { body, ..definition });
        let representative = *first.entry(key).or_insert(id);
        if representative != id {
            report.enter(&program.tensor(id).name);
            report.fired("equal definitions are one");
            same.insert(id, representative);
        }
    }
    merge_equal_circles(program, &mut same, report);
    if same.is_empty() {
        return false;
    }
    // A recurrence reads what comes after it.
    for id in order {
        read_representatives(program, id, &same);
    }
    for root in &mut program.roots {
        root.tensor = same.get(&root.tensor).copied().unwrap_or(root.tensor);
    }
    true
}

/// Recurrences whose definitions are the same, one by one, when each reads itself, become one, the first.
fn merge_equal_circles(program: &mut Program, same: &mut FxHashMap<TensorId, TensorId>, report: &mut Report) {
    let circles: Vec<Vec<TensorId>> = (program.units().into_iter())
        .filter_map(|unit| match unit {
            Unit::Circle(members) => Recurrence::of(program, &members).map(|found| found.members),
            Unit::Single(_) => None,
        })
        .collect();
    for (number, later) in circles.iter().enumerate() {
        let equal = circles[..number].iter().find(|first| {
            first.len() == later.len() && first.iter().all(|id| !same.contains_key(id)) && are_equal(program, first, later)
        });
        if let Some(first) = equal {
            report.enter(&program.tensor(later[0]).name);
            report.fired("equal recurrences are one");
            same.extend(later.iter().copied().zip(first.iter().copied()));
        }
    }
}

/// Whether the definitions of two recurrences are the same when those of the second read those of the first.
fn are_equal(program: &mut Program, first: &[TensorId], second: &[TensorId]) -> bool {
    // A member cannot be read in the place of one with other axes.
    if first.iter().zip(second).any(|(&one, &other)| program.label_extents(one) != program.label_extents(other)) {
        return false;
    }
    let names: FxHashMap<TensorId, TensorId> = second.iter().copied().zip(first.iter().copied()).collect();
    first.iter().zip(second).all(|(&one, &other)| {
        let (Some(a), Some(b)) = (program.definition(one).cloned(), program.definition(other).cloned()) else { return false };
        let body = map_reads(program, b.body, &mut |expressions, tensor, at| {
            names.get(&tensor).map(|&same| expressions.read(same, at.to_vec()))
        });
        // In the order that its operands have when they read the others.
        let body = formula(program, one, body, &mut Report::default());
        a.reduction == b.reduction && a.body == body && program.tensor(one).shape == program.tensor(other).shape
    })
}

/// Reads those that stand for others in the place of the others; the formula that this gives.
fn read_representatives(program: &mut Program, id: TensorId, same: &FxHashMap<TensorId, TensorId>) -> ExpressionId {
    let Some(body) = program.definition(id).map(|definition| definition.body) else { return program.expressions.number(0.0) };
    if !program.expressions.tensors(body).iter().any(|tensor| same.contains_key(tensor)) {
        return body;
    }
    let body = map_reads(program, body, &mut |expressions, tensor, at| {
        same.get(&tensor).map(|&other| expressions.read(other, at.to_vec()))
    });
    set_body(program, id, body);
    body
}

/// Removes definitions that no root needs; given tensors stay, in their order, before the definitions.
pub fn prune(program: &mut Program) {
    let given = program.ids().filter(|&id| program.definition(id).is_none());
    let kept: Vec<TensorId> = given.chain(program.order()).collect();
    let numbers: FxHashMap<TensorId, TensorId> = kept.iter().zip(0..).map(|(&old, new)| (old, TensorId(new))).collect();
    let old = std::mem::take(&mut program.expressions);
    let mut tensors = Vec::with_capacity(kept.len());
    for &id in &kept {
        let mut tensor = program.tensor(id).clone();
        if let Source::Defined(definition) = &mut tensor.source {
            definition.body = transfer(&old, &mut program.expressions, definition.body, &numbers);
        }
        tensors.push(tensor);
    }
    program.replace(tensors);
    for Root { role, tensor } in &mut program.roots {
        *tensor = numbers[tensor];
        match role {
            Role::Gradient(of) | Role::Update(of) => *of = numbers.get(of).copied().unwrap_or(*of),
            Role::Loss | Role::Output(_) | Role::Metric(_) => {}
        }
    }
}

/// Adds a definition that simplification makes for `like`, with a name of its own.
pub fn add_auxiliary(
    program: &mut Program,
    like: TensorId,
    suffix: &str,
    shape: Vec<crate::ir::Extent>,
    label_names: Vec<String>,
    definition: Definition,
) -> TensorId {
    let original = program.tensor(like);
    let tensor = Tensor {
        name: format!("{}_{suffix}", original.name),
        shape,
        element: Element::Real,
        source: Source::Input,
        label_names,
        span: original.span,
        documentation: Vec::new(),
    };
    let id = program.add(tensor);
    set_definition(program, id, definition);
    id
}
