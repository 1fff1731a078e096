//! Definitions in the forms that loops compute: `logsumexp` in passes (`log_sum_exp`), labels with one value as 0, reductions over no
//! labels as formulas, divisions by sizes as products.

use super::log_sum_exp;
use super::offset::label;
use crate::ir::{Atom, Definition, Element, ExpressionId, Extent, Index, Node, Program, Source, Tensor, TensorId};
use crate::ops::{Operator, Reduction};

/// Lowers all definitions that the roots need.
pub fn lower(program: &mut Program) {
    let recurrent = program.recurrent();
    for id in program.order() {
        if !recurrent.contains(&id) {
            single(program, id);
        }
        multiply_by_reciprocals(program, id);
        let Some(Definition { reduction: Some((reduction, extents)), body }) = program.definition(id).cloned() else { continue };
        if extents.is_empty() {
            let body = match reduction {
                Reduction::ArgMaximum | Reduction::ArgMinimum => program.expressions.number(0.0),
                Reduction::Sum | Reduction::Product | Reduction::Maximum | Reduction::Minimum | Reduction::LogSumExp => body,
            };
            redefine(program, id, Definition { reduction: None, body });
        } else if reduction == Reduction::LogSumExp {
            log_sum_exp::lower(program, id, extents, body);
        }
    }
    integers(program);
}

/// Puts 0 in the place of the labels that have no other value, and reduces along none of them.
fn single(program: &mut Program, id: TensorId) {
    let Some(Definition { reduction, body }) = program.definition(id).cloned() else { return };
    let extents = program.label_extents(id);
    if !extents.iter().any(Extent::is_one) {
        return;
    }
    let rank = program.tensor(id).shape.len();
    let goes = |number: usize| number >= rank && extents[number].is_one();
    let body = program.expressions.substitute(body, &mut |old| {
        let number = old.0 as usize;
        let gone = (rank..number).filter(|&before| goes(before)).count();
        if extents[number].is_one() { Index::default() } else { Index::label(label(number - gone)) }
    });
    let reduction = reduction.map(|(kind, extents)| (kind, extents.into_iter().filter(|extent| !extent.is_one()).collect()));
    let names = (0..extents.len()).filter(|&number| !goes(number)).map(|number| program.label_name(id, label(number))).collect();
    program.tensors[id.0 as usize].label_names = names;
    redefine(program, id, Definition { reduction, body });
}

/// Multiplies what loops compute by the reciprocal of a size, which stands before them: a division in them takes as long as the rest of a
/// vector. A number that is read is divided, so that a mean of ones is 1.
fn multiply_by_reciprocals(program: &mut Program, id: TensorId) {
    let Some(definition) = program.definition(id).cloned() else { return };
    if program.label_extents(id).is_empty() {
        return;
    }
    let body = program.expressions.rebuild(definition.body, &mut |expressions, node| {
        if let Node::Apply(Operator::Divide, arguments) = &node
            && let &[of, by] = arguments.as_slice()
            && matches!(expressions.node(of), Node::Apply(..))
            && matches!(expressions.node(by), Node::Position(index) if index.as_extent().is_some())
        {
            let one = expressions.number(1.0);
            let reciprocal = expressions.apply(Operator::Divide, &[one, by]);
            return expressions.apply(Operator::Multiply, &[of, reciprocal]);
        }
        expressions.intern(node)
    });
    redefine(program, id, Definition { body, ..definition });
}

/// Puts another definition in the place of a tensor's.
pub fn redefine(program: &mut Program, id: TensorId, definition: Definition) {
    program.tensors[id.0 as usize].source = Source::Defined(definition);
}

/// Puts the places where some definitions read a tensor elsewhere.
pub fn move_reads<'a>(
    program: &mut Program,
    readers: impl IntoIterator<Item = &'a TensorId>,
    id: TensorId,
    moved: &dyn Fn(&[Index]) -> Vec<Index>,
) {
    for &reader in readers {
        let Some(mut definition) = program.definition(reader).cloned() else { continue };
        definition.body = program.expressions.rebuild(definition.body, &mut |expressions, node| match node {
            Node::Read(tensor, at) if tensor == id => expressions.read(tensor, moved(&at)),
            other @ (Node::Number(_)
            | Node::Position(_)
            | Node::Random(..)
            | Node::Read(..)
            | Node::Apply(..)
            | Node::Select(..)) => expressions.intern(other),
        });
        redefine(program, reader, definition);
    }
}

/// Adds a definition that only the plan knows. Its name may be taken by no other.
pub fn auxiliary(program: &mut Program, of: TensorId, suffix: &str, shape: Vec<Extent>, definition: Definition) -> TensorId {
    let tensor = program.tensor(of);
    let tensor = Tensor {
        name: format!("{} {suffix}", tensor.name),
        shape,
        element: Element::Real,
        source: Source::Defined(definition),
        label_names: tensor.label_names.clone(),
        span: tensor.span,
        documentation: Vec::new(),
    };
    program.add(tensor)
}

/// Computed integers that are read as numbers alone are computed as floats.
fn integers(program: &mut Program) {
    let order = program.order();
    for &id in &order {
        if program.tensor(id).element == Element::Real || order.iter().any(|&reader| indexes(program, reader, id)) {
            continue;
        }
        program.tensors[id.0 as usize].element = Element::Real;
        for &reader in &order {
            let Some(mut definition) = program.definition(reader).cloned() else { continue };
            definition.body = program.expressions.rebuild(definition.body, &mut |expressions, node| match node {
                Node::Position(index) => numbers(expressions, &index, id),
                other @ (Node::Number(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..)) => {
                    expressions.intern(other)
                }
            });
            redefine(program, reader, definition);
        }
    }
}

/// An index form as a number, where the elements of a tensor are floats.
fn numbers(expressions: &mut crate::ir::Expressions, index: &Index, tensor: TensorId) -> ExpressionId {
    let mut rest = index.clone();
    let mut sum: Option<ExpressionId> = None;
    for (atom, coefficient) in index.terms() {
        let Atom::Element(of, at) = atom else { continue };
        if *of == tensor {
            rest = rest.minus(&Index::atom(atom.clone()).times(coefficient));
            let read = expressions.read(tensor, at.clone());
            let factor = expressions.position(Index::constant(coefficient.clone()));
            let term = if coefficient.is_one() { read } else { expressions.apply(Operator::Multiply, &[factor, read]) };
            sum = Some(sum.map_or(term, |sum| expressions.apply(Operator::Add, &[sum, term])));
        }
    }
    let remaining = (rest != Index::default()).then(|| expressions.position(rest));
    match (sum, remaining) {
        (Some(sum), Some(remaining)) => expressions.apply(Operator::Add, &[sum, remaining]),
        (Some(sum), None) => sum,
        (None, Some(remaining)) => remaining,
        (None, None) => expressions.number(0.0),
    }
}

/// Whether a reader uses elements of an integer tensor as an index.
fn indexes(program: &Program, reader: TensorId, tensor: TensorId) -> bool {
    let Some(definition) = program.definition(reader) else { return false };
    let inside = |index: &Index| {
        let mut found = false;
        index.each_tensor(&mut |other| found |= other == tensor);
        found
    };
    let in_position = |index: &Index| {
        index.terms().any(|(atom, _)| match atom {
            Atom::Label(_) => false,
            Atom::Quotient(form, _) | Atom::Remainder(form, _) => inside(form),
            Atom::Element(_, at) => at.iter().any(inside),
        })
    };
    let in_node = |id: &ExpressionId| match program.expressions.node(*id) {
        Node::Position(index) => in_position(index),
        // A position of a stream is an integer, whatever it is computed from.
        Node::Random(_, index) => inside(index),
        Node::Read(_, at) => at.iter().any(inside),
        Node::Number(_) | Node::Apply(..) | Node::Select(..) => false,
    };
    program.expressions.reachable(definition.body).iter().any(in_node)
}
