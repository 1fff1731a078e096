//! Formulas in index notation. It must not know of matrix notation.

use super::groups::Grouped;
use super::recurrence;
use super::times::{divided, negated, plus, times};
use super::write::{binary, call, constant, extent, extent_terms, floating, make, name, named, natural, sum, unary};
use super::writer::Writer;
use crate::derived_names;
use crate::ir::{Atom, ExpressionId, Extent, Index, Label, Node, Program, TensorId, bounds};
use crate::ops::{Operator, Reduction, Spelling};
use crate::syntax::tree::{Binary, Expression, ExpressionKind, IndexItem, ReducedLabel, Unary};
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::collections::BTreeSet;

/// The labels of a definition: their names, and whether their ranges must be written.
pub struct Labels {
    names: Vec<String>,
    extents: Vec<Extent>,
    plain: Vec<bool>,
    taken: BTreeSet<String>,
    more: Cell<usize>,
}

impl Labels {
    /// Those of a definition. No name is that of a size, or the beginning of that of a tensor which is read.
    pub fn of(writer: &Writer, id: TensorId, grouped: &Grouped) -> Self {
        let program = writer.program;
        let first = |id: TensorId| {
            let name = derived_names::source_of(&program.tensor(id).name);
            name.split('.').next().unwrap_or(name).to_owned()
        };
        let mut taken: BTreeSet<String> = program.dependencies(id).into_iter().chain([id]).map(first).collect();
        taken.extend(program.sizes.iter().cloned());
        let mut names: Vec<String> = Vec::new();
        for wanted in &grouped.names {
            let separator = if wanted.ends_with(|letter: char| letter.is_ascii_digit()) { "_" } else { "" };
            let numbered = (2..).map(|suffix| format!("{wanted}{separator}{suffix}"));
            let name = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name));
            let name = name.unwrap_or_else(|| wanted.clone());
            taken.insert(name.clone());
            names.push(name);
        }
        let plain = plain(writer, id, grouped);
        Self { names, extents: grouped.extents.clone(), plain, taken, more: Cell::new(0) }
    }

    /// The name of one more label.
    fn fresh(&self) -> String {
        loop {
            self.more.set(self.more.get() + 1);
            let name = format!("at{}", self.more.get());
            if !self.taken.contains(&name) {
                return name;
            }
        }
    }

    /// A label where it is bound, with its range where reads do not tell it.
    pub fn bound(&self, program: &Program, label: Label) -> ReducedLabel {
        let label = label.0 as usize;
        let range = (!self.plain[label]).then(|| (natural(0), extent(program, &self.extents[label])));
        ReducedLabel { name: name(&self.names[label]), range }
    }

    fn name(&self, label: Label) -> Expression {
        named(self.names.get(label.0 as usize).map_or("_", String::as_str))
    }
}

/// Which labels index an axis of their own length, and no axis of another one. What recurs together has no length by itself.
fn plain(writer: &Writer, id: TensorId, grouped: &Grouped) -> Vec<bool> {
    let program = writer.program;
    let extents = &grouped.extents;
    let mut uses: Vec<Vec<Extent>> = vec![Vec::new(); extents.len()];
    for node in program.expressions.reachable(grouped.body) {
        if let Node::Read(tensor, at) = program.expressions.node(node) {
            let together = writer.recur_together(id, *tensor);
            for (index, axis) in at.iter().zip(&program.tensor(*tensor).shape) {
                if is_index(program, index, extents, axis)
                    && let Some(Label(label)) = index.as_label()
                    && let Some(known) = uses.get_mut(label as usize)
                    && !(together && extents.get(label as usize) == Some(axis))
                {
                    known.push(axis.clone());
                }
            }
        }
    }
    uses.iter().zip(extents).map(|(uses, extent)| !uses.is_empty() && uses.iter().all(|axis| axis == extent)).collect()
}

/// A formula; labels have the names of the definition. Without recursion: formulas may be deep.
pub fn expression(writer: &Writer, id: TensorId, root: ExpressionId, labels: &Labels) -> Expression {
    let mut done: FxHashMap<ExpressionId, Expression> = FxHashMap::default();
    for node in writer.program.expressions.reachable(root) {
        let argument = |id: &ExpressionId| done.get(id).cloned().unwrap_or_else(|| natural(0));
        let made = match writer.program.expressions.node(node) {
            Node::Number(number) => constant(writer.program, *number),
            Node::Position(index) => position(writer, index, labels),
            Node::Random(stream, index) => call("random_at", vec![natural(stream.0.into()), position(writer, index, labels)]),
            Node::Read(tensor, at) => {
                // What a recurrence reads of a step that is not there is zero, or protected.
                let time = if writer.recur_together(id, *tensor) { writer.time(*tensor) } else { None };
                read(writer, *tensor, at, time, labels)
            }
            Node::Apply(operator, arguments) => apply(*operator, arguments.iter().map(argument).collect()),
            Node::Select(_, then, _) if recurrence::is_understood(writer, id, node) => argument(then),
            Node::Select(condition, then, otherwise) => {
                call("where", vec![argument(condition), argument(then), argument(otherwise)])
            }
        };
        done.insert(node, made);
    }
    done.remove(&root).unwrap_or_else(|| natural(0))
}

/// Whether an index form can stand in brackets: an affine form of labels and elements that is known to stay inside.
fn is_index(program: &Program, index: &Index, extents: &[Extent], axis: &Extent) -> bool {
    let is_plain = index.terms().all(|(atom, _)| match atom {
        Atom::Label(_) => true,
        Atom::Quotient(..) | Atom::Remainder(..) => false,
        Atom::Element(tensor, at) => {
            at.iter().zip(&program.tensor(*tensor).shape).all(|(index, axis)| is_index(program, index, extents, axis))
        }
    });
    is_plain && bounds::is_inside(program, index, extents, axis)
}

/// An operator applied.
pub fn apply(operator: Operator, mut arguments: Vec<Expression>) -> Expression {
    match operator.row().spelling {
        Spelling::Function(text) => call(text, arguments),
        Spelling::Prefix(text, _) => {
            let of = arguments.pop().unwrap_or_else(|| natural(0));
            if text == "!" { unary(Unary::Not, of) } else { negated(of) }
        }
        Spelling::Infix(text, _) => {
            let right = arguments.pop().unwrap_or_else(|| natural(0));
            let left = arguments.pop().unwrap_or_else(|| natural(0));
            match infix(text) {
                Binary::Multiply => times(left, right),
                sign @ (Binary::Add | Binary::Subtract) => plus(sign, left, right),
                Binary::Divide => divided(left, right),
                sign @ (Binary::MatrixMultiply
                | Binary::Power
                | Binary::Equal
                | Binary::NotEqual
                | Binary::Less
                | Binary::LessEqual
                | Binary::Greater
                | Binary::GreaterEqual
                | Binary::And
                | Binary::Or) => binary(sign, left, right),
            }
        }
    }
}

/// The operator of the syntax tree of that spelling.
fn infix(text: &str) -> Binary {
    match text {
        "||" => Binary::Or,
        "&&" => Binary::And,
        "==" => Binary::Equal,
        "!=" => Binary::NotEqual,
        "<" => Binary::Less,
        "<=" => Binary::LessEqual,
        ">" => Binary::Greater,
        ">=" => Binary::GreaterEqual,
        "+" => Binary::Add,
        "-" => Binary::Subtract,
        "*" => Binary::Multiply,
        "/" => Binary::Divide,
        _ => Binary::Power,
    }
}

/// `x[i, 2*j + u]`; a scalar as its name. What cannot stand in brackets is met by a label that runs over the axis:
/// `sum[a](where(a == floor(i / 2), x[a], 0))`. The axis `free` may be read outside.
fn read(writer: &Writer, tensor: TensorId, at: &[Index], free: Option<usize>, labels: &Labels) -> Expression {
    let whole = writer.name(tensor);
    if at.is_empty() {
        return whole;
    }
    let (mut items, mut bound, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (index, axis)) in at.iter().zip(&writer.program.tensor(tensor).shape).enumerate() {
        let value = position(writer, index, labels);
        if free == Some(number) || is_index(writer.program, index, &labels.extents, axis) {
            items.push(IndexItem::At(group(index, labels, axis).unwrap_or(value)));
            continue;
        }
        let label = labels.fresh();
        items.push(IndexItem::At(named(&label)));
        conditions.push(binary(Binary::Equal, named(&label), value));
        bound.push(ReducedLabel { name: name(&label), range: None });
    }
    let element = make(ExpressionKind::Index(Box::new(whole), items));
    let Some(condition) = conditions.into_iter().reduce(|all, one| binary(Binary::And, all, one)) else { return element };
    let body = Box::new(call("where", vec![condition, element, natural(0)]));
    make(ExpressionKind::Reduce { reduction: name(Reduction::Sum.spelling()), labels: bound, body })
}

/// `(h, d)`, where an index is the position that two labels have together in an axis of just their size.
fn group(index: &Index, labels: &Labels, axis: &Extent) -> Option<Expression> {
    let mut terms = index.terms();
    let (Some((Atom::Label(first), by)), Some((Atom::Label(second), one)), None) = (terms.next(), terms.next(), terms.next())
    else {
        return None;
    };
    let (outer, inner, by) = if one.is_one() { (first, second, by) } else { (second, first, one) };
    let extent = |label: &Label| labels.extents.get(label.0 as usize);
    let fits = index.constant_part().is_zero()
        && !by.is_one()
        && index.coefficient(*inner).is_one()
        && extent(inner) == Some(by)
        && extent(outer).is_some_and(|outer| !outer.is_one() && outer.times(by) == *axis);
    fits.then(|| make(ExpressionKind::Group(vec![labels.name(*outer), labels.name(*inner)])))
}

/// An index form as a number.
fn position(writer: &Writer, index: &Index, labels: &Labels) -> Expression {
    let mut terms: Vec<(bool, Expression)> = Vec::new();
    for (atom, coefficient) in index.terms() {
        let value = atom_expression(writer, atom, labels);
        let negative = coefficient.is_at_most(0);
        let factor = if negative { coefficient.negated() } else { coefficient.clone() };
        let term = if factor.is_one() { value } else { binary(Binary::Multiply, extent(writer.program, &factor), value) };
        terms.push((negative, term));
    }
    terms.extend(extent_terms(writer.program, index.constant_part()));
    sum(terms)
}

fn atom_expression(writer: &Writer, atom: &Atom, labels: &Labels) -> Expression {
    match atom {
        Atom::Label(label) => labels.name(*label),
        Atom::Quotient(form, by) => quotient(writer, form, by, labels),
        Atom::Remainder(form, by) => {
            let multiple = binary(Binary::Multiply, extent(writer.program, by), quotient(writer, form, by, labels));
            binary(Binary::Subtract, position(writer, form, labels), multiple)
        }
        Atom::Element(tensor, at) => read(writer, *tensor, at, None, labels),
    }
}

/// `floor(i / 2)`. Where the divisor is no power of two, the quotient is kept away from whole numbers: `floor((i + 0.5) / 3)`
/// is the same for whole `i`, and stays so where the division is rounded.
fn quotient(writer: &Writer, form: &Index, by: &Extent, labels: &Labels) -> Expression {
    let value = position(writer, form, labels);
    let is_exact = by.as_constant().is_some_and(|by| u64::try_from(by).is_ok_and(u64::is_power_of_two));
    let value = if is_exact { value } else { binary(Binary::Add, value, floating(0.5)) };
    call("floor", vec![binary(Binary::Divide, value, extent(writer.program, by))])
}
