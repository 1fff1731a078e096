//! The functions of all steps. Steps of equal structure share one, whatever their memory is called, so that repeated layers are
//! compiled once. It must not know where the memory of a step comes from.

use super::copies::{Signature, copies};
use super::families::{self, Families, Family, Form};
use super::index;
use super::names::{Names, Places};
use super::nest;
use super::rounds::{self, Rounds};
use super::scope::{Remarks, Scope};
use super::shared;
use super::step::{Step, Use, steps};
use crate::ir::{Extent, SizeId};
use crate::loops::{Loops, Statement};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use std::collections::BTreeMap;

/// The functions that are written so far.
#[derive(Default)]
pub struct Functions {
    names: Names,
    families: Families,
    /// By the code of a step with places for its names, and for numbers that differ.
    known: BTreeMap<String, Function>,
    /// What is written.
    pub tokens: TokenStream,
}

/// The functions of the runtime that steps and passes call by their names.
const CALLED: &[&str] =
    &["contract", "contraction_packing_len", "multiply", "multiply_rows", "multiply_within", "packing_len", "array", "array_mut"];

/// A function that computes steps.
#[derive(Clone)]
pub struct Function {
    /// Its name.
    pub name: Ident,
    /// The numbers that it takes for the step, behind the instruction set.
    pub numbers: Vec<u64>,
    /// Whether memory of constant length is handed to it as an array.
    pub takes_arrays: bool,
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
    /// No function yet; neither these names nor those of [`CALLED`] are given to any.
    pub fn new(reserved: &[&str]) -> Self {
        let mut functions = Self::default();
        CALLED.iter().chain(reserved).for_each(|name| functions.names.reserve(name));
        functions
    }

    /// Finds the steps of passes that are equal but for numbers. All passes are surveyed before the first one is written.
    pub fn survey<'a>(&mut self, passes: impl IntoIterator<Item = &'a Loops>) {
        for loops in passes {
            let steps = steps(loops);
            steps.iter().filter_map(|step| Written::of(loops, step, None, false).form()).for_each(|form| self.families.add(form));
        }
        self.families.keep_large();
    }

    /// A name for a function that is no step.
    pub fn fresh(&mut self, wanted: &str) -> Ident {
        self.names.fresh(wanted)
    }

    /// The function of a step.
    pub fn step(&mut self, loops: &Loops, step: &Step<'_>, remarks: Option<&Remarks>) -> Function {
        let (written, family) = self.of_family(loops, step, remarks).unzip();
        let written = written.unwrap_or_else(|| Written::of(loops, step, remarks, true));
        let numbers = family.as_ref().map_or_else(Vec::new, |family| family.arguments.clone());
        let key = family.as_ref().map_or_else(|| families::text(&written.code()), |family| family.text.clone());
        if let Some(function) = self.known.get(&key) {
            return Function { numbers, ..function.clone() };
        }
        let takes_arrays = family.is_none();
        let Written { signature, body, .. } = match &family {
            Some(family) => written.with_numbers(family),
            None => written.without_numbers(),
        }
        .filled();
        let target = step.uses.iter().find(|one| one.written).map_or("step", |one| loops.buffer(one.buffers[0]).name.as_str());
        let name = self.names.fresh(&format!("compute_{target}"));
        let formulas: Vec<String> = step.formulas.iter().map(|&formula| formula.to_owned()).collect();
        let documentation = formulas.iter().map(|formula| format!(" `{formula}`"));
        self.tokens.extend(quote!(#(#[doc = #documentation])*));
        let declared = &signature.declared;
        self.tokens.extend(match calls_kernels(loops, step) {
            true => quote!(fn #name(level: Level, #declared) { #body }),
            false => copies(&name, &signature, &body, remarks),
        });
        let function = Function { name, numbers, takes_arrays, formulas };
        self.known.insert(key, function.clone());
        function
    }

    /// The code of a step that has many variants.
    fn of_family(&self, loops: &Loops, step: &Step<'_>, remarks: Option<&Remarks>) -> Option<(Written, Family)> {
        if self.families.is_empty() {
            return None;
        }
        let written = Written::of(loops, step, remarks, false);
        let family = self.families.of(written.form()?)?;
        Some((written, family))
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

/// A step as code, with places for names.
struct Written {
    signature: Signature,
    body: TokenStream,
    places: Places,
}

impl Written {
    fn of(loops: &Loops, step: &Step<'_>, remarks: Option<&Remarks>, with_arrays: bool) -> Self {
        let places = Places::default();
        let memory: Vec<_> = step.uses.iter().map(|one| (one.memory, loops.buffer(one.buffers[0]).name.clone())).collect();
        let mut scope = Scope::new(loops, remarks, places.names(), &memory);
        let signature = signature(&mut scope, step, with_arrays);
        if calls_kernels(loops, step) {
            scope.level = quote!(level);
        }
        if let Some((fills, rounds)) = shared(loops, step) {
            let fills = nest::statements(&mut scope, &fills);
            let body = shared::write(&mut scope, step, &fills, &rounds);
            return Self { signature, body, places };
        }
        // The remarks at the head of a step are the documentation of its function.
        let rest: Vec<Statement> =
            step.body.iter().filter(|statement| !matches!(statement, Statement::Comment(_))).map(|&one| one.clone()).collect();
        let body = nest::statements(&mut scope, &rest);
        Self { signature, body, places }
    }

    /// What tells it from other steps.
    fn code(&self) -> [&TokenStream; 2] {
        [&self.signature.declared, &self.body]
    }

    fn form(&self) -> Option<Form> {
        Form::of(&self.code())
    }

    /// The code that takes no numbers.
    fn without_numbers(self) -> Self {
        Self { body: families::without_numbers(self.body), ..self }
    }

    /// The code that takes the numbers that differ within a family.
    fn with_numbers(self, family: &Family) -> Self {
        // Beside the names that will stand in their places.
        let [declared, body] = self.code().map(|code| self.places.filled(code.clone()));
        let names = family.names(&[&declared, &body]);
        let mut seen = 0;
        let [declared, body] = self.code().map(|code| family.named(code.clone(), &names, &mut seen));
        let arguments = self.signature.arguments;
        let signature = Signature {
            declared: quote!(#(#names: usize,)* #declared),
            arguments: quote!(#(#names,)* #arguments),
            single: self.signature.single,
        };
        Self { signature, body, places: self.places }
    }

    /// The code with its names.
    fn filled(self) -> Self {
        let Self { signature: Signature { declared, arguments, single }, body, places } = self;
        let [declared, arguments, body] = [declared, arguments, body].map(|tokens| places.filled(tokens));
        Self { signature: Signature { declared, arguments, single }, body, places }
    }
}

fn signature(scope: &mut Scope<'_>, step: &Step<'_>, with_arrays: bool) -> Signature {
    let float = scope.float();
    let mut arguments: Vec<(Ident, TokenStream)> = scope.sizes().iter().map(|size| (size.clone(), quote!(usize))).collect();
    for one in &step.uses {
        let number = if scope.loops.buffer(one.buffers[0]).integers.is_some() { quote!(i32) } else { quote!(#float) };
        let borrow = if one.written { quote!(&mut) } else { quote!(&) };
        let elements = match fixed_length(scope.loops, step, one).filter(|_| with_arrays) {
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
