//! Formulas in index notation. It must not know of matrix notation.

use super::write::{binary, call, extent, extent_terms, floating, make, name, named, natural, sum, text_name, unary};
use crate::ir::{Atom, ExpressionId, Extent, Index, Label, Node, Program, TensorId};
use crate::ops::{Operator, Spelling};
use crate::syntax::tree::{Binary, Expression, ExpressionKind, IndexItem, ReducedLabel, Unary};
use std::collections::HashMap;

/// The labels of a definition: their names, and whether their ranges must be written.
pub struct Labels {
    names: Vec<String>,
    extents: Vec<Extent>,
    plain: Vec<bool>,
}

impl Labels {
    /// Those of a definition. No name is that of a size, or of a tensor that the definition reads.
    pub fn of(program: &Program, id: TensorId) -> Self {
        let extents = program.label_extents(id);
        let read: Vec<&str> = program.dependencies(id).into_iter().map(|other| program.tensor(other).name.as_str()).collect();
        let mut names: Vec<String> = Vec::new();
        for number in 0..extents.len() {
            let wanted = program.label_name(id, Label(u32::try_from(number).unwrap_or(u32::MAX)));
            let taken = |name: &str| {
                names.iter().any(|other| other == name)
                    || program.sizes.iter().any(|size| size == name)
                    || read.contains(&name)
                    || program.find(name).is_some_and(|other| other == id)
            };
            let numbered = (2..).map(|suffix| format!("{wanted}{suffix}"));
            let name = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken(name));
            names.push(name.unwrap_or(wanted));
        }
        let plain = plain(program, id, &extents);
        Self { names, extents, plain }
    }

    /// A label where it is bound, with its range where reads do not tell it.
    pub fn bound(&self, program: &Program, label: usize) -> ReducedLabel {
        let range = (!self.plain[label]).then(|| (natural(0), extent(program, &self.extents[label])));
        ReducedLabel { name: name(&self.names[label]), range }
    }

    fn name(&self, label: Label) -> Expression {
        named(self.names.get(label.0 as usize).map_or("_", String::as_str))
    }
}

/// Which labels index an axis of their own length, and no axis of another one.
fn plain(program: &Program, id: TensorId, extents: &[Extent]) -> Vec<bool> {
    let mut uses: Vec<Vec<Extent>> = vec![Vec::new(); extents.len()];
    if let Some(definition) = program.definition(id) {
        for node in program.expressions.reachable(definition.body) {
            if let Node::Read(tensor, at) = program.expressions.node(node) {
                for (index, axis) in at.iter().zip(&program.tensor(*tensor).shape) {
                    if let Some(Label(label)) = index.as_label()
                        && let Some(known) = uses.get_mut(label as usize)
                    {
                        known.push(axis.clone());
                    }
                }
            }
        }
    }
    uses.iter().zip(extents).map(|(uses, extent)| !uses.is_empty() && uses.iter().all(|axis| axis == extent)).collect()
}

/// A formula; labels have the names of the definition.
pub fn expression(program: &Program, root: ExpressionId, labels: &Labels) -> Expression {
    tree(program, root, &mut |tensor, at| read(program, tensor, at, labels), &|index| position(program, index, labels))
}

/// A formula, with reads and positions written as they are told. Without recursion: formulas may be deep.
pub fn tree(
    program: &Program,
    root: ExpressionId,
    read: &mut dyn FnMut(TensorId, &[Index]) -> Expression,
    position: &dyn Fn(&Index) -> Expression,
) -> Expression {
    let mut done: HashMap<ExpressionId, Expression> = HashMap::new();
    for id in program.expressions.reachable(root) {
        let argument = |id: &ExpressionId| done.get(id).cloned().unwrap_or_else(|| natural(0));
        let made = match program.expressions.node(id) {
            Node::Number(number) => floating(number.get()),
            Node::Position(index) => position(index),
            Node::Read(tensor, at) => read(*tensor, at),
            Node::Apply(operator, arguments) => apply(*operator, arguments.iter().map(argument).collect()),
            Node::Select(condition, then, otherwise) => {
                call("where", vec![argument(condition), argument(then), argument(otherwise)])
            }
        };
        done.insert(id, made);
    }
    done.remove(&root).unwrap_or_else(|| natural(0))
}

fn apply(operator: Operator, mut arguments: Vec<Expression>) -> Expression {
    match operator.row().spelling {
        Spelling::Function(text) => call(text, arguments),
        Spelling::Prefix(text, _) => {
            let of = arguments.pop().unwrap_or_else(|| natural(0));
            unary(if text == "!" { Unary::Not } else { Unary::Negate }, of)
        }
        Spelling::Infix(text, _) => {
            let right = arguments.pop().unwrap_or_else(|| natural(0));
            let left = arguments.pop().unwrap_or_else(|| natural(0));
            binary(infix(text), left, right)
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

/// `x[i, 2*j + u]`; a scalar as its name.
fn read(program: &Program, tensor: TensorId, at: &[Index], labels: &Labels) -> Expression {
    let whole = named(&text_name(program, tensor));
    if at.is_empty() {
        return whole;
    }
    let items = at.iter().map(|index| IndexItem::At(position(program, index, labels))).collect();
    make(ExpressionKind::Index(Box::new(whole), items))
}

/// An index form.
fn position(program: &Program, index: &Index, labels: &Labels) -> Expression {
    let mut terms: Vec<(bool, Expression)> = Vec::new();
    for (atom, coefficient) in index.terms() {
        let value = atom_expression(program, atom, labels);
        let negative = coefficient.is_at_most(0);
        let factor = if negative { coefficient.negated() } else { coefficient.clone() };
        let term = if factor.is_one() { value } else { binary(Binary::Multiply, extent(program, &factor), value) };
        terms.push((negative, term));
    }
    terms.extend(extent_terms(program, index.constant_part()));
    sum(terms)
}

fn atom_expression(program: &Program, atom: &Atom, labels: &Labels) -> Expression {
    let floor = |form: &Index, by: &Extent| {
        call("floor", vec![binary(Binary::Divide, position(program, form, labels), extent(program, by))])
    };
    match atom {
        Atom::Label(label) => labels.name(*label),
        Atom::Quotient(form, by) => floor(form, by),
        Atom::Remainder(form, by) => {
            let multiple = binary(Binary::Multiply, extent(program, by), floor(form, by));
            binary(Binary::Subtract, position(program, form, labels), multiple)
        }
        Atom::Element(tensor, at) => read(program, *tensor, at, labels),
    }
}
