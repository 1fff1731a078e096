//! The functions of all steps. Steps of equal structure share one, whatever their memory is called, so that repeated layers are
//! compiled once. It must not know where the memory of a step comes from.

use super::copies::{Signature, copies};
use super::index;
use super::names::{Names, Places};
use super::nest;
use super::rounds::{self, Rounds};
use super::scope::{REMARK, Remarks, Scope};
use super::shared;
use super::step::{Step, Use};
use crate::ir::{Extent, SizeId};
use crate::loops::{Loops, Statement};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The functions that are written so far.
#[derive(Default)]
pub struct Functions {
    names: Names,
    /// By the code of a step with places for its names.
    known: BTreeMap<String, Function>,
    /// What is written.
    pub tokens: TokenStream,
}

/// A function that computes steps.
#[derive(Clone)]
pub struct Function {
    /// Its name.
    pub name: Ident,
    /// What it computes, in the names of the step that it is written for.
    formulas: Vec<String>,
}

impl Function {
    /// Whether its own formulas are those of the step, so that a call needs no others.
    pub fn is_of(&self, step: &Step<'_>) -> bool {
        self.formulas == step.formulas
    }
}

impl Functions {
    /// No function yet; these names are not given to any.
    pub fn new(reserved: &[&str]) -> Self {
        let mut functions = Self::default();
        reserved.iter().for_each(|name| functions.names.reserve(name));
        functions
    }

    /// A name for a function that is no step.
    pub fn fresh(&mut self, wanted: &str) -> Ident {
        self.names.fresh(wanted)
    }

    /// The function of a step.
    pub fn step(&mut self, loops: &Loops, step: &Step<'_>, remarks: Option<&Remarks>) -> Function {
        let places = Places::default();
        let Written { signature, body } = written(loops, step, remarks, places.names());
        let mut key = String::new();
        [&signature.declared, &body].into_iter().for_each(|tokens| write_key(tokens.clone(), &mut key));
        if let Some(function) = self.known.get(&key) {
            return function.clone();
        }
        let target = step.uses.iter().find(|one| one.written).map_or("step", |one| loops.buffer(one.buffers[0]).name.as_str());
        let name = self.names.fresh(&format!("compute_{target}"));
        let body = places.filled(body);
        let signature = Signature {
            declared: places.filled(signature.declared),
            arguments: places.filled(signature.arguments),
            single: signature.single,
        };
        let formulas: Vec<String> = step.formulas.iter().map(|&formula| formula.to_owned()).collect();
        let documentation = formulas.iter().map(|formula| format!(" `{formula}`"));
        self.tokens.extend(quote!(#(#[doc = #documentation])*));
        let declared = &signature.declared;
        self.tokens.extend(match calls_kernels(loops, step) {
            true => quote!(fn #name(level: Level, #declared) { #body }),
            false => copies(&name, &signature, &body, remarks),
        });
        let function = Function { name, formulas };
        self.known.insert(key, function.clone());
        function
    }
}

/// The tokens as text, without the remarks.
fn write_key(tokens: TokenStream, key: &mut String) {
    let mut trees = tokens.into_iter();
    while let Some(tree) = trees.next() {
        match tree {
            // `remark!(number);`
            TokenTree::Ident(name) if name == REMARK => drop(trees.by_ref().take(3).count()),
            TokenTree::Group(group) => {
                let [open, close] = match group.delimiter() {
                    Delimiter::Parenthesis => ['(', ')'],
                    Delimiter::Brace => ['{', '}'],
                    Delimiter::Bracket => ['[', ']'],
                    Delimiter::None => [' ', ' '],
                };
                key.push(open);
                write_key(group.stream(), key);
                key.push(close);
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {
                let _ = write!(key, "{tree} ");
            }
        }
    }
}

/// The loop that a step is, if threads may share it, and what is filled before. What is computed once before the loop is computed in each round.
fn shared(loops: &Loops, step: &Step<'_>) -> Option<(Vec<Statement>, Rounds)> {
    let statements = step.body.iter().copied().filter(|statement| !matches!(statement, Statement::Comment(_)));
    let statements: Vec<&Statement> = statements.collect();
    let (&alone, before) = statements.split_last()?;
    let Statement::For { variable, extent, backward, body } = alone else { return None };
    let (fills, mut lets): (Vec<Statement>, Vec<Statement>) =
        before.iter().copied().cloned().partition(|one| matches!(one, Statement::Fill(..)));
    if !lets.iter().all(|one| matches!(one, Statement::Let(..))) {
        return None;
    }
    if lets.is_empty() {
        return Some((fills, rounds::independent(loops, alone)?));
    }
    lets.extend(body.iter().cloned());
    let whole = Statement::For { variable: *variable, extent: extent.clone(), backward: *backward, body: lets };
    Some((fills, rounds::independent(loops, &whole)?))
}

/// Whether a step does nothing but call kernels, one after the other, which choose their instruction set themselves.
fn calls_kernels(loops: &Loops, step: &Step<'_>) -> bool {
    fn calls(statement: &Statement) -> bool {
        match statement {
            Statement::For { body, .. } => body.iter().all(calls),
            Statement::Comment(_) | Statement::Fill(..) | Statement::Product(_) => true,
            Statement::Let(..) | Statement::Accumulator(..) | Statement::Assign(..) | Statement::Store { .. } => false,
        }
    }
    step.body.iter().all(|statement| calls(statement)) && shared(loops, step).is_none()
}

/// The size whose rounds a step goes through, if they are some loops each and yet so short, that what a loop keeps between them costs as
/// much as they do.
fn size_of_short_rounds(step: &Step<'_>) -> Option<SizeId> {
    let mut repeated = step.body.iter().filter_map(|&statement| {
        let Statement::For { extent, body, .. } = statement else { return None };
        Some((extent, body))
    });
    let ((extent, body), None) = (repeated.next()?, repeated.next()) else { return None };
    let loops_in_round = body.iter().filter(|statement| matches!(statement, Statement::For { .. })).count();
    extent.as_size().filter(|_| loops_in_round > 1 && rounds::are_short(body))
}

/// A step as code.
struct Written {
    signature: Signature,
    body: TokenStream,
}

fn written(loops: &Loops, step: &Step<'_>, remarks: Option<&Remarks>, names: Names) -> Written {
    let memory: Vec<_> = step.uses.iter().map(|one| (one.memory, loops.buffer(one.buffers[0]).name.clone())).collect();
    let mut scope = Scope::new(loops, remarks, names, &memory);
    let signature = signature(&mut scope, step);
    if calls_kernels(loops, step) {
        scope.level = quote!(level);
    }
    if let Some((fills, rounds)) = shared(loops, step) {
        let fills = nest::statements(&mut scope, &fills);
        let body = shared::write(&mut scope, step, &fills, &rounds);
        return Written { signature, body };
    }
    // The remarks at the head of a step are the documentation of its function.
    let rest: Vec<Statement> =
        step.body.iter().filter(|statement| !matches!(statement, Statement::Comment(_))).map(|&one| one.clone()).collect();
    let body = nest::statements(&mut scope, &rest);
    Written { signature, body }
}

fn signature(scope: &mut Scope<'_>, step: &Step<'_>) -> Signature {
    let float = scope.float();
    let mut arguments: Vec<(Ident, TokenStream)> = scope.sizes().iter().map(|size| (size.clone(), quote!(usize))).collect();
    for one in &step.uses {
        let number = if scope.loops.buffer(one.buffers[0]).integers.is_some() { quote!(i32) } else { quote!(#float) };
        let borrow = if one.written { quote!(&mut) } else { quote!(&) };
        let elements = match fixed_length(scope.loops, step, one) {
            None => quote!([#number]),
            Some(length) => {
                let code = index::extent(scope, &length).bare();
                scope.lengths.insert(one.memory, length);
                quote!([#number; #code])
            }
        };
        arguments.push((scope.memory(one.memory), quote!(#borrow #elements)));
    }
    if step.packs {
        arguments.push((Ident::new("packing", Span::call_site()), quote!(&mut [#float])));
    }
    for &stream in &step.streams {
        arguments.push((scope.open_stream(stream), quote!(::chainrule::__private::Key)));
    }
    let short = size_of_short_rounds(step);
    Signature { single: short.map(|size| scope.sizes()[size.0 as usize].clone()), ..Signature::new(arguments) }
}

/// The length of memory that a function takes as an array, so that the compiler of Rust knows it and checks no constant index: of a
/// buffer of constant length, unless only kernels read and write it, or threads share it.
pub fn fixed_length(loops: &Loops, step: &Step<'_>, one: &Use) -> Option<Extent> {
    let [buffer] = one.buffers.as_slice() else { return None };
    let length = Extent::product(&loops.buffer(*buffer).shape);
    (length.as_constant().is_some() && !calls_kernels(loops, step) && shared(loops, step).is_none()).then_some(length)
}
