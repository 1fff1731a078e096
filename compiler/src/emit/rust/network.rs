//! The trait of the runtime for a network: its description, its workspace and its passes. It must not know how users call it.

use super::code::Code;
use super::scope::Scope;
use super::structure::Place;
use super::unit::Unit;
use super::workspace::{factor, maximum, packing};
use crate::emit::Traced;
use crate::interface::Input;
use crate::ir::{Extent, Index, Precision};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// `DESCRIPTION`
pub fn description(unit: &Unit<'_>) -> Result<TokenStream, String> {
    let interface = unit.interface;
    let name = &interface.name;
    let (sizes, metrics) = (&interface.sizes, &interface.metrics);
    let inputs = interface.inputs.iter().map(input).collect::<Result<Vec<_>, _>>()?;
    let [parameters, states] = [&unit.layout.parameters, &unit.layout.states].map(|places| places.iter().map(parameter));
    Ok(quote! {
        Description {
            name: #name,
            sizes: &[#(#sizes),*],
            inputs: &[#(#inputs),*],
            parameters: &[#(#parameters),*],
            states: &[#(#states),*],
            metrics: &[#(#metrics),*],
        }
    })
}

fn input(input: &Input) -> Result<TokenStream, String> {
    let Input { name, target, .. } = input;
    let axes = input.shape.iter().map(|extent| axis(name, extent)).collect::<Result<Vec<_>, _>>()?;
    let range = match &input.range {
        None => quote!(::core::option::Option::None),
        Some((from, to)) => {
            let (from, to) = from.as_constant().zip(to.as_constant()).ok_or_else(|| {
                format!("the range of `{name}` depends on a size that is known at run time only; generated code needs numbers")
            })?;
            let (from, to) = (Literal::i64_unsuffixed(from), Literal::i64_unsuffixed(to));
            quote!(::core::option::Option::Some((#from, #to)))
        }
    };
    Ok(quote!(Input { name: #name, axes: &[#(#axes),*], target: #target, range: #range }))
}

fn axis(name: &str, extent: &Extent) -> Result<TokenStream, String> {
    if let Some(number) = extent.as_constant() {
        let number = Literal::i64_unsuffixed(number);
        return Ok(quote!(Axis::Fixed(#number)));
    }
    let size = extent.as_size().ok_or_else(|| {
        format!("an axis of the input `{name}` is neither a number nor one size; generated code cannot find the size in the data")
    })?;
    let number = Literal::u32_unsuffixed(size.0);
    Ok(quote!(Axis::Symbol(#number)))
}

fn parameter(place: &Place<'_>) -> TokenStream {
    let path = &place.parameter.path;
    let shape = place.shape.iter().map(|&length| Literal::u64_unsuffixed(length));
    let offset = Literal::u64_unsuffixed(place.offset);
    let initializer = &place.parameter.initializer;
    let name = &initializer.name;
    let arguments = initializer.arguments.iter().map(|&argument| super::value::literal(Precision::F64, argument).bare());
    quote! {
        Parameter { path: #path, shape: &[#(#shape),*], offset: #offset, initializer: #name, arguments: &[#(#arguments),*] }
    }
}

/// The struct of the workspace.
pub fn workspace_struct(unit: &Unit<'_>) -> TokenStream {
    let Unit { name, workspace_name, visibility, float, .. } = unit;
    let count = Literal::usize_unsuffixed(unit.interface.sizes.len());
    let line = format!(" The memory for every intermediate of [`{name}`]; made by [`{name}::workspace`].");
    let random = draws(unit).then(|| quote!(seed: u64, step: u64,));
    let fields = unit.workspace.fields().map(|field| {
        let own = &field.name;
        let tenants = format!(" {}", field.tenants.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "));
        quote!(#[doc = #tenants] #own: ::chainrule::__private::Buffer<#float>,)
    });
    quote! {
        #[doc = #line]
        #[derive(Clone, Debug)]
        #visibility struct #workspace_name {
            sizes: [usize; #count],
            #random
            packing: ::chainrule::__private::Buffer<#float>,
            #(#fields)*
        }
    }
}

/// The implementation of `Network`.
pub fn implementation(unit: &Unit<'_>) -> Result<TokenStream, String> {
    let Unit { name, workspace_name, float, .. } = unit;
    let scope = Scope::blank(&unit.blank);
    let description = description(unit)?;
    let count = Literal::usize_unsuffixed(unit.interface.sizes.len());
    let sizes = bind_sizes(&scope);
    let packing = packing(&scope, &unit.workspace.products);
    let lengths: Vec<TokenStream> = unit.workspace.fields().map(|field| maximum(&scope, &field.lengths)).collect();
    let fields = unit.workspace.fields().map(|field| &field.name);
    let (differentiate, update_states) = (differentiate(unit)?, update_states(unit)?);
    let (assess, unmet) = (assess(unit)?, unmet(unit, &scope));
    let start = draws(unit).then(|| quote!(seed: 0, step: 0,));
    let (seed, seeded) = seeding(unit);
    let safety = unit.remark(&format!("SAFETY: `{name}` is `repr(C)` and made of nothing but `{float}`."));
    let fits = format!(
        "{}: the workspace is for sizes up to {{:?}}, but the arguments have {{sizes:?}}; make a larger one with `{name}::workspace`",
        unit.interface.name
    );
    Ok(quote! {
        #safety
        #[automatically_derived]
        unsafe impl Network for #name {
            type Scalar = #float;
            type Workspace = #workspace_name;
            const DESCRIPTION: Description = #description;

            #unmet

            #[track_caller]
            fn allocate(sizes: &[usize]) -> #workspace_name {
                ::chainrule::__private::prepare::<Self>(sizes);
                #sizes
                let mut most = [0; #count];
                most.copy_from_slice(sizes);
                #workspace_name {
                    sizes: most,
                    #start
                    packing: Buffer::zeros(#packing),
                    #(#fields: Buffer::zeros(#lengths),)*
                }
            }

            fn workspace_bytes(sizes: &[usize]) -> usize {
                #sizes
                [#packing #(, #lengths)*].into_iter().map(Buffer::<#float>::bytes).sum()
            }

            #differentiate
            #update_states
            #assess
            #seed
        }

        #[automatically_derived]
        impl AsNetwork for #name {
            type Network = Self;
            fn network(&self) -> &Self {
                self
            }
            fn network_mut(&mut self) -> &mut Self {
                self
            }
        }

        impl #workspace_name {
            #seeded

            #[track_caller]
            fn check(&self, sizes: &[usize]) {
                ::chainrule::__private::require::<#name>(sizes);
                assert!(sizes.iter().zip(&self.sizes).all(|(given, most)| given <= most), #fits, self.sizes);
            }
        }
    })
}

/// `unmet`, where the formulas do not have a meaning for all sizes.
fn unmet(unit: &Unit<'_>, scope: &Scope<'_>) -> Option<TokenStream> {
    let conditions = unit.interface.requirements.iter().map(|(slack, reason)| {
        let (enough, needed) = super::index::compared(scope, &Index::constant(slack.clone()), &Index::default());
        let (enough, needed) = (enough.bare(), needed.bare());
        quote!(if #enough < #needed { return ::core::option::Option::Some(#reason); })
    });
    let conditions: Vec<TokenStream> = conditions.collect();
    let sizes = bind_sizes(scope);
    (!conditions.is_empty()).then(|| {
        quote! {
            fn unmet(sizes: &[usize]) -> ::core::option::Option<&'static str> {
                #sizes
                #(#conditions)*
                ::core::option::Option::None
            }
        }
    })
}

/// `let b = sizes[0];`
pub fn bind_sizes(scope: &Scope<'_>) -> TokenStream {
    let names = scope.sizes();
    let positions = (0..names.len()).map(Literal::usize_unsuffixed);
    quote!(#(let #names = sizes[#positions];)*)
}

/// The arguments of a pass within a method of the trait: inputs by their position.
fn elements(unit: &Unit<'_>) -> TokenStream {
    let inputs = unit.interface.inputs.iter().enumerate().map(|(at, input)| {
        let at = Literal::usize_unsuffixed(at);
        if input.range.is_some() { quote!(inputs[#at].integer(),) } else { quote!(inputs[#at].real(),) }
    });
    quote!(#(#inputs)*)
}

fn differentiate(unit: &Unit<'_>) -> Result<TokenStream, String> {
    let Unit { workspace_name, float, .. } = unit;
    let body = match &unit.gradient_pass {
        Some(pass) => {
            let (cleared, called) = (&unit.cleared, called(unit, pass, Mode::Training)?);
            quote!(#cleared #called)
        }
        None => refused(unit, "has neither a loss nor one scalar output, so there is no gradient"),
    };
    Ok(quote! {
        fn differentiate(
            &self,
            workspace: &mut #workspace_name,
            sizes: &[usize],
            inputs: &[Elements<'_, #float>],
            gradient: &mut Self,
            metrics: &mut [#float],
        ) -> #float {
            #body
        }
    })
}

/// `update_states`, where there are some with an update.
fn update_states(unit: &Unit<'_>) -> Result<Option<TokenStream>, String> {
    let storage = unit.storage(Vec::new(), false, true);
    let mut copies = TokenStream::new();
    for field in &unit.workspace.updates {
        let (name, state) = (&field.name, storage.kept(&field.tenants[0], "self", true)?);
        copies.extend(quote!((#state).copy_from_slice(&workspace.#name);));
    }
    let workspace_name = &unit.workspace_name;
    let method = quote! {
        fn update_states(&mut self, workspace: &#workspace_name) {
            #copies
        }
    };
    Ok((!copies.is_empty()).then_some(method))
}

fn assess(unit: &Unit<'_>) -> Result<TokenStream, String> {
    let Unit { workspace_name, float, .. } = unit;
    let body = match &unit.assess_pass {
        Some(pass) => called(unit, pass, Mode::Inference)?,
        None => refused(unit, "has no loss"),
    };
    Ok(quote! {
        fn assess(
            &self,
            workspace: &mut #workspace_name,
            sizes: &[usize],
            inputs: &[Elements<'_, #float>],
            metrics: &mut [#float],
        ) -> #float {
            #body
        }
    })
}

/// Whether any pass takes random numbers, so that the workspace says which.
fn draws(unit: &Unit<'_>) -> bool {
    unit.draws.contains(&true)
}

/// `seed` of the trait and of the workspace, where there are random numbers.
fn seeding(unit: &Unit<'_>) -> (Option<TokenStream>, Option<TokenStream>) {
    let Unit { workspace_name, visibility, .. } = unit;
    let of_trait = quote! {
        fn seed(workspace: &mut #workspace_name, seed: u64) {
            workspace.seed(seed);
        }
    };
    let of_workspace = quote! {
        /// Begins the random numbers of training anew: the steps that follow have those of this seed. A new workspace has
        /// the seed 0.
        #visibility fn seed(&mut self, seed: u64) {
            (self.seed, self.step) = (seed, 0);
        }
    };
    (draws(unit).then_some(of_trait), draws(unit).then_some(of_workspace))
}

/// The key of the random numbers of a pass, and the next step of training, as statements; and the key as an argument.
pub fn key(unit: &Unit<'_>, pass_draws: bool, trains: bool) -> (TokenStream, Option<TokenStream>) {
    let made = pass_draws.then(|| quote!(let key = ::chainrule::__private::Key::new(workspace.seed, workspace.step);));
    let next = (trains && draws(unit)).then(|| quote!(workspace.step = workspace.step.wrapping_add(1);));
    (quote!(#made #next), pass_draws.then(|| quote!(key,)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Training,
    Inference,
}

fn called(unit: &Unit<'_>, pass: &Ident, mode: Mode) -> Result<TokenStream, String> {
    let scope = Scope::blank(&unit.blank);
    let (names, sizes) = (scope.sizes(), bind_sizes(&scope));
    let inputs = elements(unit);
    let trains = mode == Mode::Training;
    let gradient = trains.then(|| quote!(gradient,));
    let (made, key) = key(unit, unit.draws[usize::from(!trains)], trains);
    let zero = super::value::literal(unit.interface.precision, 0.0).bare();
    let trace = if trains { trace(unit, &scope)? } else { TokenStream::new() };
    Ok(quote! {
        workspace.check(sizes);
        #sizes
        #made
        let mut loss = [#zero];
        #pass(#(#names,)* #key self, #inputs workspace, #gradient metrics, &mut loss);
        #trace
        loss[0]
    })
}

/// Names the first number that is not finite, where the loss or a gradient is not.
fn trace(unit: &Unit<'_>, scope: &Scope<'_>) -> Result<TokenStream, String> {
    if unit.traced.is_empty() {
        return Ok(TokenStream::new());
    }
    let storage = unit.storage(unit.interface.inputs.iter().map(|_| None).collect(), true, true);
    let mut looks = TokenStream::new();
    for Traced { name, formula, shape, backward, place, destination, .. } in unit.traced {
        let (length, axes) = shape_codes(scope, shape);
        let slice = storage.result(destination, &quote!(&), &length, false)?;
        looks.extend(quote!(trace.look(#name, #formula, #place, #backward, &[#(#axes),*], #slice);));
    }
    Ok(quote! {
        if ::chainrule::__private::Trace::is_needed(loss[0], gradient) {
            let mut trace = ::chainrule::__private::Trace::new(self, sizes, inputs);
            #looks
            trace.report();
        }
    })
}

fn refused(unit: &Unit<'_>, why: &str) -> TokenStream {
    let message = format!("{} {why}", unit.interface.name);
    quote!(panic!(#message))
}

/// The length of a shape as a Rust expression, and its axes.
pub fn shape_codes(scope: &Scope<'_>, shape: &[Extent]) -> (TokenStream, Vec<TokenStream>) {
    let axes = shape.iter().map(|extent| super::index::extent(scope, extent)).map(Code::bare).collect();
    (factor(scope, &Extent::product(shape)), axes)
}

/// The float type as a name.
pub fn float(precision: Precision) -> Ident {
    Ident::new(precision.name(), Span::call_site())
}
