//! A loop that threads share: its rounds as a method of what it reads, which the runtime calls for parts of them. It must not know which
//! loops can be shared.

use super::families;
use super::index;
use super::nest;
use super::rounds::{PER_NANOSECOND, Rounds, of_part, within_time};
use super::scope::Scope;
use super::step::Step;
use super::workspace;
use crate::ir::{Index, Label};
use crate::loops::{Statement, Value, Variable};
use crate::memory::workspace::products;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// The body of the function of a step that is one such loop, after these statements.
pub fn write(scope: &mut Scope<'_>, step: &Step<'_>, before: &TokenStream, rounds: &Rounds) -> TokenStream {
    let float = scope.float();
    let read = captured(scope, step, rounds);
    let captured: Vec<_> = read.iter().map(|one| &one.name).collect();
    let fields = read.iter().map(|one| one.kind(&quote!(&'a)));
    let arguments = read.iter().map(|one| one.kind(&quote!(&)));
    let written: Vec<_> = rounds.written.keys().map(|&memory| scope.memory(memory)).collect();
    let each = rounds.written.values().map(|each| index::extent(scope, each).bare());
    let each: Vec<TokenStream> = each.collect();
    let (count, time) = (index::extent(scope, &rounds.extent).bare(), nanoseconds(scope, rounds));
    let packing = if step.packs {
        let needed = workspace::packing(scope, &products(&rounds.body));
        quote!(packing, #needed)
    } else {
        quote!(&mut [], 0)
    };
    let (parts, body) = if rounds.in_time {
        (
            Some(quote!(
                const PARTS: usize = 1;
            )),
            through_time(scope, rounds),
        )
    } else {
        (None, round(scope, rounds))
    };
    let slices = Literal::usize_unsuffixed(written.len());
    let (declared, implemented) =
        if read.iter().any(|one| one.is_slice) { (quote!(Loop<'a>), quote!(Loop<'_>)) } else { (quote!(Loop), quote!(Loop)) };
    let (numbers, numbers_declared) = (families::handed(), families::declared());
    quote! {
        struct #declared { #numbers_declared #(#captured: #fields,)* }
        impl Rounds<#float, #slices> for #implemented {
            #parts

            #[inline(always)]
            fn compute<I: Isa>(
                &self,
                rounds: ::core::ops::Range<usize>,
                written: [&mut [#float]; #slices],
                packing: &mut [#float],
            ) {
                let Self { #numbers #(#captured),* } = *self;
                let [#(#written),*] = written;
                part::<I>(rounds, #numbers #(#captured,)* #(#written,)* packing);
            }
        }
        #[inline(always)]
        fn part<I: Isa>(
            rounds: ::core::ops::Range<usize>,
            #numbers_declared
            #(#captured: #arguments,)*
            #(#written: &mut [#float],)*
            packing: &mut [#float],
        ) {
            #body
        }
        #before
        share::<I, _, #slices>(&Loop { #numbers #(#captured),* }, #time, #count, [#((#written, #each)),*], #packing);
    }
}

/// What a loop reads.
struct Captured {
    name: Ident,
    /// Its type, or that of its elements.
    element: TokenStream,
    is_slice: bool,
}

impl Captured {
    fn kind(&self, borrow: &TokenStream) -> TokenStream {
        let element = &self.element;
        if self.is_slice { quote!(#borrow [#element]) } else { element.clone() }
    }
}

fn captured(scope: &Scope<'_>, step: &Step<'_>, rounds: &Rounds) -> Vec<Captured> {
    let float = scope.float();
    let alone = |name, element| Captured { name, element, is_slice: false };
    let mut captured: Vec<_> = scope.sizes().iter().map(|size| alone(size.clone(), quote!(usize))).collect();
    let read = step.uses.iter().filter(|one| !rounds.written.contains_key(&one.memory));
    captured.extend(read.map(|one| {
        let element = if scope.loops.buffer(one.buffers[0]).integers.is_some() { quote!(i32) } else { quote!(#float) };
        Captured { name: scope.memory(one.memory), element, is_slice: true }
    }));
    captured.extend(step.streams.iter().map(|&stream| alone(scope.stream(stream), quote!(::chainrule::__private::Key))));
    captured
}

/// What all rounds take, in nanoseconds.
fn nanoseconds(scope: &Scope<'_>, rounds: &Rounds) -> TokenStream {
    let cost = rounds.extent.times(&rounds.cost);
    if let Some(cost) = cost.as_constant() {
        let time = Literal::i64_unsuffixed(cost / PER_NANOSECOND);
        return quote!(#time);
    }
    let (cost, per) =
        (index::extent(scope, &cost).at_least(super::code::Tightness::Factor), Literal::i64_unsuffixed(PER_NANOSECOND));
    quote!(#cost / #per)
}

/// The loop over the rounds of a part: `round` counts them, beside the variable of the loop where that is spoken of.
fn round(scope: &mut Scope<'_>, rounds: &Rounds) -> TokenStream {
    let round = Variable(u32::try_from(scope.loops.variable_names.len()).unwrap_or(u32::MAX));
    let body = of_part(scope.loops, rounds, round);
    let mut inner = scope.clone();
    let at = inner.enter_as(round, &rounds.extent, "round");
    let name = inner.enter(rounds.variable, &rounds.extent);
    let written = nest::statements(&mut inner, &body);
    if mentions(&body, Label(rounds.variable.0)) {
        quote!(for (#at, #name) in rounds.enumerate() { #written })
    } else {
        quote!(for #at in 0..rounds.len() { #written })
    }
}

/// The loop over the time for the rounds of a part.
fn through_time(scope: &mut Scope<'_>, rounds: &Rounds) -> TokenStream {
    let first = Variable(u32::try_from(scope.loops.variable_names.len()).unwrap_or(u32::MAX));
    let mut inner = scope.clone();
    let (count, extent) = inner.open_size("count");
    // The last round of the part is one of all.
    let at = inner.enter_as(first, &rounds.extent.minus(&extent).plus_constant(1), "first");
    let body = within_time(scope.loops, rounds, first, &extent);
    inner.part = Some((extent, rounds.extent.clone()));
    let written = nest::statements(&mut inner, &body);
    quote! {
        let (#at, #count) = (rounds.start, rounds.len());
        #written
    }
}

/// Whether statements speak of a loop's variable.
fn mentions(body: &[Statement], label: Label) -> bool {
    let of_form = |form: &Index| form.mentions(label);
    body.iter().any(|statement| match statement {
        Statement::For { body, .. } => mentions(body, label),
        Statement::Let(_, value) | Statement::Accumulator(_, value) | Statement::Assign(_, value) => in_value(value, label),
        Statement::Store { offset, value, .. } => of_form(offset) || in_value(value, label),
        Statement::Product(product) => [&product.a, &product.b, &product.c].into_iter().any(|operand| of_form(&operand.offset)),
        Statement::Comment(_) | Statement::Fill(..) => false,
    })
}

fn in_value(value: &Value, label: Label) -> bool {
    match value {
        Value::Number(_) | Value::Local(_) => false,
        Value::Position(form) | Value::Random(_, form) | Value::Load(_, form) => form.mentions(label),
        Value::Apply(_, arguments) => arguments.iter().any(|argument| in_value(argument, label)),
        Value::Select(condition, then, otherwise) => {
            in_value(condition, label)
                || [then, otherwise]
                    .into_iter()
                    .any(|block| in_value(&block.value, label) || block.locals.iter().any(|(_, value)| in_value(value, label)))
        }
    }
}
