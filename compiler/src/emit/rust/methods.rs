//! The inherent methods of a network: what a user calls. They check shapes and have names. It must not know what passes do.

use super::names::{Names, public};
use super::network::{bind_sizes, key, shape_codes};
use super::scope::Scope;
use super::unit::Unit;
use crate::interface::Input;
use crate::ir::Extent;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

/// All inherent methods, in one block; and the structs that they return.
pub fn methods(unit: &Unit<'_>) -> (TokenStream, TokenStream) {
    let Unit { name, visibility, derivatives, .. } = unit;
    let (general, gradient) = (general(unit), gradient(unit));
    let (evaluate, report) = evaluate(unit);
    let (predict, outputs) = predict(unit);
    let line = format!(" The formulas of {} and of its derivative.", unit.interface.name);
    let block = quote! {
        impl #name {
            #[doc = #line]
            #visibility const DERIVATIVES: &'static str = #derivatives;
            #general
            #gradient
            #evaluate
            #predict
        }
    };
    (block, quote!(#report #outputs))
}

fn general(unit: &Unit<'_>) -> TokenStream {
    let Unit { workspace_name, visibility, .. } = unit;
    let scope = Scope::blank(&unit.blank);
    let sizes = scope.sizes();
    let symbols = unit.interface.sizes.join(", ");
    let made = if symbols.is_empty() {
        " The memory for every intermediate; nothing is allocated after it.".to_owned()
    } else {
        format!(" The memory for every intermediate of sizes ({symbols}) up to these; nothing is allocated after it.")
    };
    quote! {
        /// A network that starts as its initializers say. The same seed gives the same numbers everywhere.
        #visibility fn init(seed: u64) -> ::std::boxed::Box<Self> {
            let mut network = Self::zeros();
            network.initialize(seed);
            network
        }

        /// A network, or a gradient, of zeros.
        #visibility fn zeros() -> ::std::boxed::Box<Self> {
            <Self as Network>::zeroed()
        }

        /// Starts everything anew, as the initializers say.
        #visibility fn initialize(&mut self, seed: u64) {
            ::chainrule::__private::initialize(self, seed);
        }

        #[doc = #made]
        #visibility fn workspace(#(#sizes: usize),*) -> #workspace_name {
            <Self as Network>::allocate(&[#(#sizes),*])
        }

        /// Writes all that is kept to a file in the safetensors format.
        ///
        /// # Errors
        ///
        /// If the file cannot be written.
        #visibility fn save(&self, path: impl ::core::convert::AsRef<::std::path::Path>) -> ::chainrule::Result<()> {
            ::chainrule::__private::save(self, path)
        }

        /// Reads a network from a file that [`save`](Self::save) wrote.
        ///
        /// # Errors
        ///
        /// If the file cannot be read or does not fit the network.
        #visibility fn load(path: impl ::core::convert::AsRef<::std::path::Path>) -> ::chainrule::Result<::std::boxed::Box<Self>> {
            let mut network = Self::zeros();
            ::chainrule::__private::load(&mut *network, path)?;
            ::core::result::Result::Ok(network)
        }
    }
}

/// The arguments of a method: their declarations, their checks, and their names.
struct Arguments {
    declared: TokenStream,
    checked: Vec<TokenStream>,
    kinds: Vec<bool>,
}

fn arguments(unit: &Unit<'_>, targets: bool) -> Arguments {
    let float = &unit.float;
    let mut names = Names::default();
    ["workspace", "gradient", "arguments", "metrics", "sizes", "inputs", "loss"].iter().for_each(|name| names.reserve(name));
    let mut arguments = Arguments { declared: TokenStream::new(), checked: Vec::new(), kinds: Vec::new() };
    for (at, input) in unit.interface.inputs.iter().enumerate().filter(|(_, input)| targets || !input.target) {
        let name = names.fresh(&input.name);
        let at = Literal::usize_unsuffixed(at);
        let integer = input.range.is_some();
        let element = if integer { quote!(i32) } else { quote!(#float) };
        arguments.declared.extend(quote!(#name: impl ::chainrule::View<#element>,));
        arguments.checked.push(if integer {
            quote!(arguments.integer(#at, &#name))
        } else {
            quote!(arguments.real(#at, &#name))
        });
        arguments.kinds.push(integer);
    }
    arguments
}

/// `let mut arguments = ...;`
fn checker(unit: &Unit<'_>) -> TokenStream {
    let count = Literal::usize_unsuffixed(unit.interface.sizes.len());
    quote!(let mut arguments = Arguments::<#count>::new(&<Self as Network>::DESCRIPTION);)
}

fn shapes(inputs: &[Input], sizes: &[String], targets: bool) -> String {
    let shape = |input: &Input| {
        let axes: Vec<String> = input.shape.iter().map(|extent| extent.display(sizes)).collect();
        format!("`{}: [{}]`", input.name, axes.join(", "))
    };
    inputs.iter().filter(|input| targets || !input.target).map(shape).collect::<Vec<_>>().join(", ")
}

const PANICS: &str =
    " If a shape or a number is not what the network declares, or a size is larger than the workspace was made for.";

fn gradient(unit: &Unit<'_>) -> TokenStream {
    if unit.gradient_pass.is_none() {
        return without_loss(unit, "gradient", quote!(gradient: &mut Self,));
    }
    let Unit { workspace_name, visibility, float, .. } = unit;
    let Arguments { declared, checked, .. } = arguments(unit, true);
    let (checker, metrics) = (checker(unit), no_metrics(unit));
    let what = if unit.interface.has_loss { "loss" } else { "output" };
    let line = format!(" The {what} of a batch, in training mode; `gradient` becomes its gradient for all parameters.");
    let updates = !unit.workspace.updates.is_empty();
    let (itself, updated) = if updates {
        let updated = quote! {
            ///
            /// The states take their new values.
        };
        (quote!(&mut self), updated)
    } else {
        (quote!(&self), TokenStream::new())
    };
    let mut body = quote!(Network::differentiate(self, workspace, &sizes, &inputs, gradient, &mut metrics));
    if updates {
        body = quote!(let loss = #body; Network::update_states(self, workspace); loss);
    }
    let takes = format!(" Takes {}.", shapes(&unit.interface.inputs, &unit.interface.sizes, true));
    quote! {
        #[doc = #line]
        ///
        #[doc = #takes]
        #updated
        ///
        /// # Panics
        ///
        #[doc = #PANICS]
        #[track_caller]
        #visibility fn gradient(#itself, workspace: &mut #workspace_name, #declared gradient: &mut Self) -> #float {
            #checker
            let inputs = [#(#checked),*];
            let sizes = arguments.sizes();
            #metrics
            #body
        }
    }
}

/// What stands in the place of a method that needs a loss, so that a call of it says what is missing.
fn without_loss(unit: &Unit<'_>, method: &str, last: TokenStream) -> TokenStream {
    let Unit { workspace_name, visibility, float, .. } = unit;
    let method = Ident::new(method, Span::call_site());
    let given = (0..unit.interface.inputs.len()).map(|number| format_ident!("given_{number}"));
    quote! {
        #[doc(hidden)]
        #[allow(unused_variables)]
        #visibility fn #method<Call>(
            &self, workspace: &mut #workspace_name, #(#given: impl ::core::marker::Sized,)* #last
        ) -> #float
        where
            Self: ::chainrule::__private::HasLoss<Call>,
        {
            ::core::unreachable!("a network without a loss never implements what is needed here")
        }
    }
}

fn no_metrics(unit: &Unit<'_>) -> TokenStream {
    let count = Literal::usize_unsuffixed(unit.interface.metrics.len());
    let zero = super::value::literal(unit.interface.precision, 0.0).bare();
    quote!(let mut metrics = [#zero; #count];)
}

fn evaluate(unit: &Unit<'_>) -> (TokenStream, TokenStream) {
    if unit.assess_pass.is_none() || !unit.interface.has_loss {
        return (without_loss(unit, "evaluate", TokenStream::new()), TokenStream::new());
    }
    let Unit { name, workspace_name, visibility, float, .. } = unit;
    let report = Ident::new(&format!("{name}Report"), Span::call_site());
    let Arguments { declared, checked, .. } = arguments(unit, true);
    let (checker, no_metrics) = (checker(unit), no_metrics(unit));
    let mut names = Names::default();
    names.reserve("loss");
    let fields: Vec<Ident> =
        unit.interface.metrics.iter().map(|metric| public(&names.fresh(metric).to_string().replace("r#", ""))).collect();
    let lines = unit.interface.metrics.iter().map(|metric| format!(" The metric `{metric}`."));
    let positions = (0..fields.len()).map(Literal::usize_unsuffixed);
    let takes = format!(" Takes {}.", shapes(&unit.interface.inputs, &unit.interface.sizes, true));
    let line = format!(" What [`{name}::evaluate`] finds.");
    let method = quote! {
        /// The loss and the metrics of a batch, in inference mode.
        ///
        #[doc = #takes]
        ///
        /// # Panics
        ///
        #[doc = #PANICS]
        #[track_caller]
        #visibility fn evaluate(&self, workspace: &mut #workspace_name, #declared) -> #report {
            #checker
            let inputs = [#(#checked),*];
            let sizes = arguments.sizes();
            #no_metrics
            let loss = Network::assess(self, workspace, &sizes, &inputs, &mut metrics);
            #report { loss, #(#fields: metrics[#positions]),* }
        }
    };
    let structure = quote! {
        #[doc = #line]
        #[derive(Clone, Copy, Debug, PartialEq)]
        #visibility struct #report {
            /// The loss.
            pub loss: #float,
            #(#[doc = #lines] pub #fields: #float,)*
        }
    };
    (method, structure)
}

fn predict(unit: &Unit<'_>) -> (TokenStream, TokenStream) {
    let Some(pass) = &unit.predict_pass else { return (TokenStream::new(), TokenStream::new()) };
    let Unit { workspace_name, visibility, .. } = unit;
    let Arguments { declared, checked, kinds } = arguments(unit, false);
    let scope = Scope::blank(&unit.blank);
    let (checker, sizes) = (checker(unit), bind_sizes(&scope));
    let names = scope.sizes();
    let slices = kinds.iter().enumerate().map(|(at, &integer)| {
        let at = Literal::usize_unsuffixed(at);
        if integer { quote!(inputs[#at].integer()) } else { quote!(inputs[#at].real()) }
    });
    let slices: Vec<TokenStream> = slices.collect();
    let (result, value, structure) = results(unit, &scope);
    let (made, key) = key(unit, unit.draws[2], false);
    let takes = format!(" Takes {}.", shapes(&unit.interface.inputs, &unit.interface.sizes, false));
    let float = &unit.float;
    let count = Literal::usize_unsuffixed(checked.len());
    let method = quote! {
        /// The outputs of a batch, in inference mode; they live in the workspace.
        ///
        #[doc = #takes]
        ///
        /// # Panics
        ///
        #[doc = #PANICS]
        #[track_caller]
        #visibility fn predict<'w>(&self, workspace: &'w mut #workspace_name, #declared) -> #result {
            #checker
            let inputs: [Elements<'_, #float>; #count] = [#(#checked),*];
            let sizes = arguments.sizes();
            workspace.check(&sizes);
            #sizes
            #made
            #pass(#(#names,)* #key self, #(#slices,)* workspace);
            #value
        }
    };
    (method, structure)
}

/// What `predict` returns: its type, its value, and the struct that it is where there are several outputs.
fn results(unit: &Unit<'_>, scope: &Scope<'_>) -> (TokenStream, TokenStream, TokenStream) {
    let Unit { name, visibility, .. } = unit;
    let outputs = &unit.interface.outputs;
    let views: Vec<(TokenStream, TokenStream)> =
        outputs.iter().zip(&unit.workspace.outputs).map(|((_, shape), field)| view(unit, scope, &field.name, shape)).collect();
    if let [(kind, value)] = views.as_slice() {
        return (kind.clone(), value.clone(), TokenStream::new());
    }
    let structure = Ident::new(&format!("{name}Outputs"), Span::call_site());
    let fields: Vec<Ident> = outputs.iter().map(|(name, _)| public(name)).collect();
    let (kinds, values): (Vec<_>, Vec<_>) = views.into_iter().unzip();
    let line = format!(" The outputs of [`{name}::predict`].");
    let lines = outputs.iter().map(|(name, shape)| {
        let axes: Vec<String> = shape.iter().map(|extent| extent.display(&unit.interface.sizes)).collect();
        format!(" `{name}: [{}]`", axes.join(", "))
    });
    let scalars = outputs.iter().all(|(_, shape)| shape.is_empty());
    // A struct of numbers alone borrows nothing.
    let lifetime = if scalars { TokenStream::new() } else { quote!(<'w>) };
    let declared = quote! {
        #[doc = #line]
        #[derive(Clone, Debug)]
        #visibility struct #structure #lifetime { #(#[doc = #lines] pub #fields: #kinds,)* }
    };
    (quote!(#structure #lifetime), quote!(#structure { #(#fields: #values),* }), declared)
}

fn view(unit: &Unit<'_>, scope: &Scope<'_>, field: &Ident, shape: &[Extent]) -> (TokenStream, TokenStream) {
    let float = &unit.float;
    if shape.is_empty() {
        return (quote!(#float), quote!(workspace.#field[0]));
    }
    let (_, axes) = shape_codes(scope, shape);
    let length = super::index::extent(scope, &Extent::product(shape)).bare();
    let dimension = match shape.len() {
        rank @ 1..=6 => Ident::new(&format!("Ix{rank}"), Span::call_site()),
        _ => Ident::new("IxDyn", Span::call_site()),
    };
    let place = quote!(::chainrule::__private::ndarray);
    let axes = if shape.len() > 6 { quote!(#place::IxDyn(&[#(#axes),*])) } else { quote!([#(#axes),*]) };
    (
        quote!(#place::ArrayView<'w, #float, #place::#dimension>),
        quote!(#place::ArrayView::from_shape(#axes, &workspace.#field[..#length]).expect("as many elements as the shape has")),
    )
}
