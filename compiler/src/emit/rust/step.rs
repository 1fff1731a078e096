//! A pass in steps: a function for each definition, named after it. It must not know where the memory of a step comes from.

use super::access::{self, Access};
use super::code::Code;
use super::index;
use super::names::Names;
use super::nest;
use super::rounds;
use super::scope::{Memory, Remarks, Scope, memory_of};
use super::shared;
use crate::ir::{Extent, Index, Stream};
use crate::loops::{BufferId, Local, Loops, Statement, Value};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};

/// A piece of memory that a step uses.
#[derive(Clone, Debug)]
pub struct Use {
    /// Which.
    pub memory: Memory,
    /// The buffers in it that the step speaks of, the first one that is written first.
    pub buffers: Vec<BufferId>,
    /// Whether it is written.
    pub written: bool,
}

/// A step: statements that belong together.
#[derive(Debug)]
pub struct Step<'a> {
    /// What it does.
    pub body: Vec<&'a Statement>,
    /// What it does, for people.
    pub formulas: Vec<&'a str>,
    /// The memory that it uses, what it reads first.
    pub uses: Vec<Use>,
    /// Whether it calls a kernel that packs.
    pub packs: bool,
    /// The random numbers that it takes.
    pub streams: BTreeSet<Stream>,
}

/// The steps of a pass: each begins with a remark, unless it uses locals of the one before.
pub fn steps(loops: &Loops) -> Vec<Step<'_>> {
    let mut groups: Vec<Vec<&Statement>> = Vec::new();
    let mut declared: BTreeMap<Local, usize> = BTreeMap::new();
    let mut after_remark = false;
    for statement in &loops.body {
        let remark = matches!(statement, Statement::Comment(_));
        if groups.is_empty() || remark && !after_remark {
            groups.push(Vec::new());
        }
        after_remark = remark;
        let mut from = groups.len() - 1;
        each_local(statement, &mut |local| from = from.min(declared.get(&local).copied().unwrap_or(from)));
        if let Statement::Let(local, _) | Statement::Accumulator(local, _) = statement {
            declared.insert(*local, from);
        }
        let merged: Vec<&Statement> = groups.drain(from..).flatten().chain([statement]).collect();
        groups.push(merged);
        declared.values_mut().for_each(|group| *group = (*group).min(from));
    }
    groups.into_iter().map(|body| step(loops, body)).collect()
}

fn step<'a>(loops: &Loops, body: Vec<&'a Statement>) -> Step<'a> {
    let mut found = Vec::new();
    let mut packs = false;
    body.iter().for_each(|statement| gather(statement, &mut found, &mut packs));
    let mut uses: Vec<Use> = Vec::new();
    for access in &found {
        let memory = memory_of(loops, access.buffer);
        let at = uses.iter().position(|one| one.memory == memory).unwrap_or_else(|| {
            uses.push(Use { memory, buffers: Vec::new(), written: false });
            uses.len() - 1
        });
        let one = &mut uses[at];
        let known = one.buffers.contains(&access.buffer);
        if access.written && !one.written {
            one.buffers.retain(|&buffer| buffer != access.buffer);
            one.buffers.insert(0, access.buffer);
        } else if !known {
            one.buffers.push(access.buffer);
        }
        one.written |= access.written;
    }
    uses.sort_by_key(|one| one.written);
    let formulas = body.iter().filter_map(|statement| match statement {
        Statement::Comment(text) => Some(text.as_str()),
        Statement::For { .. }
        | Statement::Let(..)
        | Statement::Accumulator(..)
        | Statement::Assign(..)
        | Statement::Store { .. }
        | Statement::Fill(..)
        | Statement::Product(_) => None,
    });
    let formulas = formulas.collect();
    let mut streams = BTreeSet::new();
    body.iter().for_each(|statement| {
        each_stream(statement, &mut |stream| {
            streams.insert(stream);
        })
    });
    Step { formulas, body, uses, packs, streams }
}

/// All accesses of a statement, in order.
fn gather(statement: &Statement, found: &mut Vec<Access>, packs: &mut bool) {
    let mut whole = |buffer: BufferId, written: bool| {
        found.push(Access { buffer, offset: Index::default(), written, guarded: false });
    };
    match statement {
        Statement::For { body, .. } => body.iter().for_each(|statement| gather(statement, found, packs)),
        Statement::Fill(buffer, _) => whole(*buffer, true),
        Statement::Product(product) => {
            *packs = true;
            whole(product.a.buffer, false);
            whole(product.b.buffer, false);
            whole(product.c.buffer, true);
            for operand in [&product.a, &product.b, &product.c] {
                access::of_index(&operand.offset, false, found);
            }
        }
        Statement::Comment(_)
        | Statement::Let(..)
        | Statement::Accumulator(..)
        | Statement::Assign(..)
        | Statement::Store { .. } => found.extend(access::accesses(std::slice::from_ref(statement))),
    }
}

/// Calls `visit` for every local that is read or assigned.
pub fn each_local(statement: &Statement, visit: &mut dyn FnMut(Local)) {
    match statement {
        Statement::For { body, .. } => body.iter().for_each(|statement| each_local(statement, visit)),
        Statement::Let(_, value) | Statement::Accumulator(_, value) | Statement::Store { value, .. } => of_value(value, visit),
        Statement::Assign(local, value) => {
            visit(*local);
            of_value(value, visit);
        }
        Statement::Comment(_) | Statement::Fill(..) | Statement::Product(_) => {}
    }
}

fn of_value(value: &Value, visit: &mut dyn FnMut(Local)) {
    each_leaf(value, &mut |leaf| {
        if let Value::Local(local) = leaf {
            visit(*local);
        }
    });
}

/// Calls `visit` for every stream of random numbers that is read.
pub fn each_stream(statement: &Statement, visit: &mut dyn FnMut(Stream)) {
    match statement {
        Statement::For { body, .. } => body.iter().for_each(|statement| each_stream(statement, visit)),
        Statement::Let(_, value)
        | Statement::Accumulator(_, value)
        | Statement::Assign(_, value)
        | Statement::Store { value, .. } => each_leaf(value, &mut |leaf| {
            if let Value::Random(stream, _) = leaf {
                visit(*stream);
            }
        }),
        Statement::Comment(_) | Statement::Fill(..) | Statement::Product(_) => {}
    }
}

/// Calls `visit` for every value within one that is made of no others.
fn each_leaf(value: &Value, visit: &mut dyn FnMut(&Value)) {
    match value {
        Value::Local(_) | Value::Number(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => visit(value),
        Value::Apply(_, arguments) => arguments.iter().for_each(|argument| each_leaf(argument, visit)),
        Value::Select(condition, then, otherwise) => {
            each_leaf(condition, visit);
            for block in [then, otherwise] {
                block.locals.iter().for_each(|(_, value)| each_leaf(value, visit));
                each_leaf(&block.value, visit);
            }
        }
    }
}

/// The functions of all steps; a step that several passes share is written once.
#[derive(Default)]
pub struct Functions {
    names: Names,
    known: BTreeMap<String, Ident>,
    /// What is written.
    pub tokens: TokenStream,
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
    pub fn step(&mut self, loops: &Loops, step: &Step<'_>, remarks: Option<&Remarks>) -> Ident {
        let names: Vec<_> = step.uses.iter().map(|one| (one.memory, loops.buffer(one.buffers[0]).name.clone())).collect();
        let mut scope = Scope::new(loops, remarks, &names);
        let parameters = parameters(&scope, step);
        let streams: TokenStream = step.streams.iter().map(|&stream| open_stream(&mut scope, stream)).collect();
        let rest: Vec<Statement> = inside(step).into_iter().cloned().collect();
        let shared = if let [one] = rest.as_slice() { rounds::independent(loops, one) } else { None };
        let body = match shared {
            Some(shared) => shared::write(&mut scope, step, &shared, &streams),
            None => {
                let statements = nest::statements(&mut scope, &rest);
                quote!(#streams #statements)
            }
        };
        let documentation = step.formulas.iter().map(|formula| format!(" `{formula}`"));
        let written = quote!(#(#[doc = #documentation])* #[inline(always)]);
        let key = format!("{parameters} {body} {}", step.formulas.join("\n"));
        if let Some(name) = self.known.get(&key) {
            return name.clone();
        }
        let target = step.uses.iter().find(|one| one.written).map_or("step", |one| loops.buffer(one.buffers[0]).name.as_str());
        let name = self.names.fresh(&format!("compute_{target}"));
        self.tokens.extend(quote!(#written fn #name<I: Isa>(#parameters) { #body }));
        self.known.insert(key, name.clone());
        name
    }
}

/// The statements of a step without the remarks at its head, which are the function's documentation.
fn inside<'a>(step: &Step<'a>) -> Vec<&'a Statement> {
    step.body.iter().copied().filter(|statement| !matches!(statement, Statement::Comment(_))).collect()
}

fn parameters(scope: &Scope<'_>, step: &Step<'_>) -> TokenStream {
    let float = scope.float();
    let sizes = scope.sizes();
    let slices = step.uses.iter().map(|one| {
        let name = scope.memory(one.memory);
        match (one.written, scope.loops.buffer(one.buffers[0]).integer) {
            (true, _) => quote!(#name: &mut [#float],),
            (false, true) => quote!(#name: &[i32],),
            (false, false) => quote!(#name: &[#float],),
        }
    });
    let packing = step.packs.then(|| quote!(packing: &mut [#float],));
    let key = (!step.streams.is_empty()).then(|| quote!(key: ::chainrule::__private::Key,));
    quote!(#(#sizes: usize,)* #(#slices)* #packing #key)
}

/// `let stream_3 = key.stream(3);`
fn open_stream(scope: &mut Scope<'_>, stream: Stream) -> TokenStream {
    let (name, number) = (scope.open_stream(stream), Literal::u32_unsuffixed(stream.0));
    quote!(let #name = key.stream(#number);)
}

/// How many elements a use needs: those of its buffer, or `None` for all of a slot that several buffers share.
pub fn length(scope: &Scope<'_>, one: &Use) -> Option<Code> {
    match one.buffers.as_slice() {
        [buffer] => Some(index::extent(scope, &Extent::product(&scope.loops.buffer(*buffer).shape))),
        _ => None,
    }
}
