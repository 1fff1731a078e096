//! Simplification: the same numbers, fewer operations, a form that a person can read.
//!
//! Rules over one formula are equations (`rules.rs`, applied by `engine.rs`); what concerns several definitions stands in a
//! file for each concern. See `README.md` for how to write a rule. It must know nothing of Rust.

mod contraction;
mod cuts;
mod decided;
mod definitions;
pub mod deviations;
mod diagonal;
mod engine;
mod expose;
mod factors;
mod like_terms;
mod monotone;
mod narrow;
mod pattern;
mod polynomials;
mod positions;
mod report;
mod reread;
mod residues;
pub mod rules;
mod share;
mod sums;
#[cfg(test)]
mod tests;
mod windows;

pub use report::Report;

use crate::ir::cost::formula_cost;
use crate::ir::{Definition, ExpressionId, Expressions, Extent, Index, Node, Program, Source, TensorId};
use rustc_hash::FxHashMap;

/// Passes are repeated at most this often; each of them only removes work, and a factor moves on by a definition in each.
const MOST_ROUNDS: usize = 400;

/// Simplifies a program in place and removes what its roots do not need. Given tensors stay.
pub fn simplify(program: &mut Program) -> Report {
    let mut report = Report::default();
    let mut simple = Simple::default();
    for _ in 0..MOST_ROUNDS {
        let mut changed = formulas(program, &mut simple, &mut report);
        changed |= definitions::inline(program, &mut report);
        changed |= expose::expose(program, &mut report);
        changed |= narrow::simplify(program, &mut report);
        changed |= monotone::simplify(program, &mut report);
        changed |= sums::simplify(program, &mut report);
        changed |= deviations::simplify(program, &mut report);
        changed |= residues::simplify(program, &mut report);
        changed |= cuts::simplify(program, &mut report);
        changed |= diagonal::simplify(program, &mut report);
        changed |= factors::simplify(program, &mut report);
        changed |= definitions::merge_equal(program, &mut report);
        if !changed && !share::share(program, &mut report) && !windows::share(program, &mut report) {
            break;
        }
    }
    if contraction::order(program, &mut report) {
        definitions::merge_equal(program, &mut report);
    }
    definitions::prune(program);
    report
}

/// What is left to do when nothing more is differentiated.
pub fn finish(program: &mut Program) -> Report {
    let mut report = Report::default();
    reread::simplify(program, &mut report);
    report
}

/// The formulas that no rule changes any more, with the extents of their labels: rules see nothing else of a
/// definition (polynomials look whether what is read is a bounded function; what is seen later costs nothing but a chance).
type Simple = FxHashMap<TensorId, (ExpressionId, Vec<Extent>)>;

/// Rewrites the formula of every definition that is not known to be simple.
fn formulas(program: &mut Program, simple: &mut Simple, report: &mut Report) -> bool {
    let mut changed = false;
    for id in program.order() {
        let Some(old) = program.definition(id).map(|definition| definition.body) else { continue };
        let extents = program.label_extents(id);
        if simple.get(&id).is_some_and(|(body, known)| *body == old && *known == extents) {
            continue;
        }
        let body = formula(program, id, old, report);
        if body == old {
            simple.insert(id, (old, extents));
        } else {
            set_body(program, id, body);
            changed = true;
        }
    }
    changed
}

/// The simplest form of the formula of one definition, without a look at any other.
pub fn simplified_body(program: &mut Program, id: TensorId) -> Option<ExpressionId> {
    let body = program.definition(id)?.body;
    Some(formula(program, id, body, &mut Report::default()))
}

/// The simplest form of a formula over the labels of a definition.
fn formula(program: &mut Program, id: TensorId, body: ExpressionId, report: &mut Report) -> ExpressionId {
    report.enter(&program.tensor(id).name);
    let extents = program.label_extents(id);
    let mut expressions = std::mem::take(&mut program.expressions);
    let simple = engine::Engine::new(program, &extents, report).simplify(&mut expressions, body);
    let decided = decided::simplify(program, &mut expressions, &extents, simple, report);
    let simple = if decided == simple {
        simple
    } else {
        engine::Engine::new(program, &extents, report).simplify(&mut expressions, decided)
    };
    let simple = nested(program, &mut expressions, &extents, simple, report);
    program.expressions = expressions;
    simple
}

/// A simple formula with its polynomials in nested form, where that costs less and is simple too.
fn nested(
    program: &Program,
    expressions: &mut Expressions,
    extents: &[Extent],
    simple: ExpressionId,
    report: &mut Report,
) -> ExpressionId {
    let mut done = report.at_the_same_place();
    let Some(nested) = polynomials::nested(program, expressions, simple, &mut done) else { return simple };
    let nested = engine::Engine::new(program, extents, &mut done).simplify(expressions, nested);
    if formula_cost(expressions, nested) >= formula_cost(expressions, simple) {
        return simple;
    }
    report.add(&done);
    nested
}

/// Gives a definition another formula.
fn set_body(program: &mut Program, id: TensorId, body: ExpressionId) {
    if let Source::Defined(definition) = &mut program.tensors[id.0 as usize].source {
        definition.body = body;
    }
}

/// Gives a tensor another definition.
fn set_definition(program: &mut Program, id: TensorId, definition: Definition) {
    program.tensors[id.0 as usize].source = Source::Defined(definition);
}

/// What takes the place of a read of a tensor at some indices, if anything does.
type MapRead<'a> = dyn FnMut(&mut Expressions, TensorId, &[Index]) -> Option<ExpressionId> + 'a;

/// The formula with every read of a tensor (and no other node) mapped.
fn map_reads(program: &mut Program, root: ExpressionId, map: &mut MapRead<'_>) -> ExpressionId {
    program.expressions.rebuild(root, &mut |expressions, node| {
        if let Node::Read(tensor, at) = &node
            && let Some(mapped) = map(expressions, *tensor, at)
        {
            return mapped;
        }
        expressions.intern(node)
    })
}
