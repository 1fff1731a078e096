//! Statements: loops, locals, stores, fills and products. It must not know where memory comes from.

use super::access;
use super::cases::{self, Cases};
use super::columns;
use super::index;
use super::lanes;
use super::prefix;
use super::scope::{Scope, memory_of};
use super::value;
use crate::ir::{Extent, Label};
use crate::loops::{Axis, Operand, Product, Statement, Value, Variable};
use crate::ops::Operator;
use crate::plan::{Beside, Edge, Pair};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// Statements, one after the other.
pub fn statements(scope: &mut Scope<'_>, body: &[Statement]) -> TokenStream {
    body.iter()
        .map(|one| {
            let known = scope.tails().len();
            let code = statement(scope, one, body);
            forget(scope, one, known);
            code
        })
        .collect()
}

/// What was known of rows before a statement is forgotten where it writes.
fn forget(scope: &mut Scope<'_>, statement: &Statement, known: usize) {
    match statement {
        Statement::Store { buffer, .. } | Statement::Fill(buffer, _) => scope.forget(memory_of(scope.loops, *buffer), known),
        Statement::Product(product) => scope.forget(memory_of(scope.loops, product.c.buffer), known),
        Statement::For { body, .. } => body.iter().for_each(|statement| forget(scope, statement, known)),
        Statement::Comment(_) | Statement::Let(..) | Statement::Accumulator(..) | Statement::Assign(..) => {}
    }
}

fn statement(scope: &mut Scope<'_>, one: &Statement, siblings: &[Statement]) -> TokenStream {
    match one {
        Statement::Comment(text) => scope.remark(text),
        Statement::For { variable, extent, backward, body } => {
            repeat(scope, (*variable, extent, *backward), body, siblings.len() == 1)
        }
        Statement::Let(local, value) => {
            let code = initial(scope, value);
            let name = scope.declare(*local, value.is_truth());
            quote!(let #name = #code;)
        }
        Statement::Accumulator(local, value) => {
            let code = initial(scope, value);
            let name = scope.declare(*local, value.is_truth());
            // What is never assigned is a `let`, so that rustc does not warn.
            if assigns(siblings, *local) { quote!(let mut #name = #code;) } else { quote!(let #name = #code;) }
        }
        Statement::Assign(local, value) => {
            let (name, truth) = scope.local(*local);
            if truth {
                let code = value::truth(scope, value).bare();
                return quote!(#name = #code;);
            }
            assign(scope, &quote!(#name), value, |other| *other == Value::Local(*local))
        }
        Statement::Store { buffer, offset, value, accumulate } => {
            let element = scope.element_of(*buffer, offset);
            if *accumulate {
                let sum = Value::Apply(Operator::Add, vec![Value::Load(*buffer, offset.clone()), value.clone()]);
                return assign(scope, &element, &sum, |other| *other == Value::Load(*buffer, offset.clone()));
            }
            let code = value::number(scope, value).bare();
            quote!(#element = #code;)
        }
        Statement::Fill(buffer, number) => {
            let (memory, number) = (memory_of(scope.loops, *buffer), value::literal(scope.loops.precision, *number).bare());
            let name = scope.memory(memory);
            quote!(#name.fill(#number);)
        }
        Statement::Product(one) => product(scope, one),
    }
}

fn initial(scope: &Scope<'_>, value: &Value) -> TokenStream {
    if value.is_truth() { value::truth(scope, value).bare() } else { value::number(scope, value).bare() }
}

fn assigns(body: &[Statement], local: crate::loops::Local) -> bool {
    body.iter().any(|statement| match statement {
        Statement::Assign(other, _) => *other == local,
        Statement::For { body, .. } => assigns(body, local),
        Statement::Comment(_)
        | Statement::Let(..)
        | Statement::Accumulator(..)
        | Statement::Store { .. }
        | Statement::Fill(..)
        | Statement::Product(_) => false,
    })
}

/// `place = value;`, as `place += ...` where the value starts with the place itself.
fn assign(scope: &Scope<'_>, place: &TokenStream, value: &Value, is_place: impl Fn(&Value) -> bool) -> TokenStream {
    if let Value::Apply(Operator::Add, arguments) = value
        && let [left, right] = arguments.as_slice()
        && let Some(added) = if is_place(left) { Some(right) } else { is_place(right).then_some(left) }
        && !matches!(added, Value::Apply(Operator::Multiply, _))
    {
        let added = value::number(scope, added).bare();
        return quote!(#place += #added;);
    }
    let code = value::number(scope, value).bare();
    quote!(#place = #code;)
}

/// Whether there is neither a loop nor a call among statements.
fn is_innermost(body: &[Statement]) -> bool {
    body.iter().all(|statement| match statement {
        Statement::For { .. } | Statement::Fill(..) | Statement::Product(_) => false,
        Statement::Comment(_)
        | Statement::Let(..)
        | Statement::Accumulator(..)
        | Statement::Assign(..)
        | Statement::Store { .. } => true,
    })
}

fn repeat(
    scope: &mut Scope<'_>,
    (variable, extent, backward): (Variable, &Extent, bool),
    body: &[Statement],
    alone: bool,
) -> TokenStream {
    if extent.is_zero() {
        return TokenStream::new();
    }
    if is_innermost(body)
        && let Some(code) = in_cases(scope, (variable, extent, backward), body)
    {
        return code;
    }
    if is_innermost(body)
        && !backward
        && let Some(prefix) = prefix::prefix(scope, variable, extent, body)
    {
        return prefix::write(scope, (variable, extent), &prefix, |scope, end| {
            up_to(scope, (variable, extent, false), end, body, false)
        });
    }
    if !backward && let Some(code) = columns::columns(scope, variable, extent, body) {
        return code;
    }
    up_to(scope, (variable, extent, backward), extent, body, alone)
}

/// A loop over the beginning of a variable's range, or over all of it.
fn up_to(
    scope: &mut Scope<'_>,
    (variable, extent, backward): (Variable, &Extent, bool),
    length: &Extent,
    body: &[Statement],
    alone: bool,
) -> TokenStream {
    let mut inner = scope.clone();
    let name = inner.enter(variable, extent);
    let mut before = TokenStream::new();
    let mut rows = Vec::new();
    if is_innermost(body) {
        (before, rows) = access::prepare(&mut inner, variable, &name, length, body);
        if let Some(lanes) = lanes::lanes(&inner, variable, length, body, &rows) {
            let code = lanes::write(&mut inner, variable, length, &name, body, &rows, &lanes);
            return in_block(before, code, alone || rows.is_empty());
        }
        inner.vectorizes = access::vectorizes(&inner, variable, length, body, &rows);
    }
    let length = index::extent(scope, length).at_least(super::code::Tightness::Sum);
    let body = statements(&mut inner, body);
    let range = if backward { quote!((0..#length).rev()) } else { quote!(0..#length) };
    let code = quote!(for #name in #range { #body });
    in_block(before, code, alone || rows.is_empty())
}

/// An innermost loop that is written as several.
fn in_cases(
    scope: &mut Scope<'_>,
    (variable, extent, backward): (Variable, &Extent, bool),
    body: &[Statement],
) -> Option<TokenStream> {
    let mut inner = scope.clone();
    inner.enter(variable, extent);
    match cases::cases(&inner, variable, extent, body) {
        Cases::One => None,
        Cases::Parts(parts) => {
            let mut loops: Vec<TokenStream> =
                parts.iter().map(|(extent, body)| repeat(scope, (variable, extent, backward), body, false)).collect();
            if backward {
                loops.reverse();
            }
            Some(loops.into_iter().collect())
        }
        Cases::Either(condition, then, otherwise) => {
            let condition = value::truth(scope, &condition).bare();
            let [then, otherwise] = [then, otherwise].map(|body| repeat(scope, (variable, extent, backward), &body, true));
            Some(quote!(if #condition { #then } else { #otherwise }))
        }
    }
}

/// Braces keep rows from hiding their memory after the loop.
fn in_block(before: TokenStream, code: TokenStream, alone: bool) -> TokenStream {
    if before.is_empty() || alone { quote!(#before #code) } else { quote!({ #before #code }) }
}

fn product(scope: &Scope<'_>, product: &Product) -> TokenStream {
    let (left, right) = (operand(scope, &product.a, false), operand(scope, &product.b, false));
    let result = operand(scope, &product.c, true);
    let level = &scope.level;
    if !product.is_of_matrices() {
        let [m, n, k] = [&product.m, &product.n, &product.k].map(|axes| dimensions(scope, axes));
        let shape = quote!(Contraction { m: #m, n: #n, k: #k, accumulate: false });
        return quote!(contract(#level, &#shape, #left, #right, #result, packing,););
    }
    let shape = matrices(scope, product);
    match (&scope.part, product.m.as_slice()) {
        (Some((count, whole)), [row]) if row.extent == *count => {
            let whole = index::extent(scope, whole).bare();
            quote!(multiply_rows(#level, &#shape, #whole, #left, #right, #result, packing,);)
        }
        _ => match product.edge.map(edge) {
            Some(edge) => quote!(multiply_within(#level, &#shape, #edge, #left, #right, #result, packing,);),
            None => quote!(multiply(#level, &#shape, #left, #right, #result, packing,);),
        },
    }
}

/// `Edge::row_terms_up_to(0)`
fn edge(Edge { pair, beside }: Edge) -> TokenStream {
    let (name, offset) = match (pair, beside) {
        (Pair::RowTerm, Beside::UpTo(offset)) => (quote!(row_terms_up_to), offset),
        (Pair::RowTerm, Beside::From(offset)) => (quote!(row_terms_from), offset),
        (Pair::ColumnTerm, Beside::UpTo(offset)) => (quote!(column_terms_up_to), offset),
        (Pair::ColumnTerm, Beside::From(offset)) => (quote!(column_terms_from), offset),
        (Pair::RowColumn, Beside::UpTo(offset)) => (quote!(row_columns_up_to), offset),
        (Pair::RowColumn, Beside::From(offset)) => (quote!(row_columns_from), offset),
    };
    let offset = Literal::i64_unsuffixed(offset);
    quote!(Edge::#name(#offset))
}

/// The shape of a product of matrices.
fn matrices(scope: &Scope<'_>, product: &Product) -> TokenStream {
    let [m, n, k] = product.shape().map(|extent| index::extent(scope, &extent).bare());
    let stride = |axes: &[Axis], tensor: usize| {
        axes.first().map_or_else(|| quote!(0), |axis| index::extent(scope, &axis.strides[tensor]).bare())
    };
    let strides = |row: TokenStream, column: TokenStream| quote!(Strides { row: #row, column: #column });
    let a = strides(stride(&product.m, 0), stride(&product.k, 0));
    let b = strides(stride(&product.k, 1), stride(&product.n, 0));
    let c = strides(stride(&product.m, 1), stride(&product.n, 1));
    quote!(Product { m: #m, n: #n, k: #k, a: #a, b: #b, c: #c, accumulate: false })
}

fn dimensions(scope: &Scope<'_>, axes: &[Axis]) -> TokenStream {
    let dimensions = axes.iter().map(|axis| {
        let extent = index::extent(scope, &axis.extent).bare();
        let [first, second] = [&axis.strides[0], &axis.strides[1]].map(|stride| index::extent(scope, stride).bare());
        quote!(Dimension { extent: #extent, strides: [#first, #second] })
    });
    quote!(&[#(#dimensions),*])
}

fn operand(scope: &Scope<'_>, operand: &Operand, written: bool) -> TokenStream {
    let name = scope.memory(memory_of(scope.loops, operand.buffer));
    if operand.offset == crate::ir::Index::default() {
        return quote!(#name);
    }
    let offset = index::index(scope, &operand.offset).bare();
    if written { quote!(&mut #name[#offset..]) } else { quote!(&#name[#offset..]) }
}

/// Whether a loop's variable is spoken of outside of rows.
pub fn speaks_of(body: &[Statement], variable: Variable) -> bool {
    let label = Label(variable.0);
    fn in_value(value: &Value, label: Label) -> bool {
        match value {
            Value::Number(_) | Value::Local(_) | Value::Load(..) => false,
            Value::Position(form) | Value::Random(_, form) => form.mentions(label),
            Value::Apply(_, arguments) => arguments.iter().any(|argument| in_value(argument, label)),
            Value::Select(condition, then, otherwise) => {
                in_value(condition, label)
                    || [then, otherwise].into_iter().any(|block| {
                        in_value(&block.value, label) || block.locals.iter().any(|(_, value)| in_value(value, label))
                    })
            }
        }
    }
    body.iter().any(|statement| match statement {
        Statement::Let(_, value) | Statement::Accumulator(_, value) | Statement::Assign(_, value) => in_value(value, label),
        Statement::Store { value, .. } => in_value(value, label),
        Statement::For { body, .. } => speaks_of(body, variable),
        Statement::Comment(_) | Statement::Fill(..) | Statement::Product(_) => false,
    })
}
