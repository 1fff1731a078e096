//! Rust from loops: parameters and states as a struct, the passes as functions, and the methods that a user calls.
//!
//! Generated code is a product: it is named after the user's names and says which formula it computes. It must not know how the
//! loops came about.

mod access;
mod cases;
mod code;
mod columns;
mod copies;
#[cfg(feature = "format")]
mod evaluation;
mod families;
#[cfg(feature = "format")]
mod format;
mod functions;
mod groups;
mod independent;
mod index;
mod lanes;
mod leaves;
mod methods;
pub mod names;
mod nest;
mod network;
mod pass;
mod prefix;
mod ranges;
mod rounds;
#[cfg(test)]
mod rounds_tests;
mod scope;
mod shared;
mod step;
mod structure;
#[cfg(test)]
mod tests;
mod time;
mod unit;
mod value;
mod workspace;

#[cfg(feature = "format")]
pub use evaluation::evaluation_module;
pub use structure::{array, representation, states_field};

use super::Passes;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use scope::Remarks;
use structure::{Place, Style};
use unit::Unit;

/// Where the struct of the parameters comes from.
#[derive(Clone, Debug)]
pub enum StructSource {
    /// It is generated, with what the user wrote on it.
    Generated {
        /// Its name.
        name: Ident,
        /// Its visibility.
        visibility: TokenStream,
        /// Its attributes and documentation.
        attributes: TokenStream,
        /// `#[derive(...)]` for the structs within it.
        derives: TokenStream,
    },
    /// It is the user's own.
    Given {
        /// Its name.
        name: Ident,
        /// Its visibility.
        visibility: TokenStream,
        /// The struct itself; where the network has states, with the field that [`states_field`] gives.
        item: TokenStream,
        /// The names of the user's fields.
        fields: Vec<String>,
        /// The types of the fields of `item`.
        kinds: Vec<TokenStream>,
        /// `#[derive(...)]` for the structs of the states.
        derives: TokenStream,
    },
}

impl StructSource {
    /// A public struct of this name.
    pub fn public(name: &str, documentation: &[String]) -> Self {
        let derives = quote!(#[derive(Clone, Debug, PartialEq)]);
        Self::Generated {
            name: names::public(name),
            visibility: quote!(pub),
            attributes: quote!(#(#[doc = #documentation])* #derives),
            derives,
        }
    }
}

/// The parts of the code of a network.
struct Parts {
    structs: TokenStream,
    inner: TokenStream,
}

/// The code of a network, as a macro gives it to rustc. An error says what generated code cannot do.
pub fn tokens(passes: &Passes, source: StructSource) -> Result<TokenStream, String> {
    let Parts { structs, inner } = parts(passes, source, None)?;
    let (uses, allowed) = (uses(), allowed());
    Ok(quote! {
        #structs
        #[allow(#allowed)]
        const _: () = {
            #uses
            #inner
        };
    })
}

/// The code of a network as a file of its own. An error says what generated code cannot do.
#[cfg(feature = "format")]
pub fn module(passes: &Passes) -> Result<String, String> {
    let remarks = Remarks::default();
    let mut documentation = passes.interface.documentation.clone();
    if documentation.is_empty() {
        documentation.push(format!(" The parameters of {}.", passes.interface.name));
    }
    let source = StructSource::public(&passes.interface.name, &documentation);
    let Parts { structs, inner } = parts(passes, source, Some(&remarks))?;
    let (uses, allowed) = (uses(), allowed());
    let line =
        format!(" The network {}, written by chainrule. A change here is lost when it is written again.", passes.interface.name);
    format::text(quote!(#![doc = #line] #![allow(#allowed)] #uses #structs #inner), &remarks)
}

/// What generated code may do in a crate that denies it to people.
fn allowed() -> TokenStream {
    quote!(
        clippy::all,
        clippy::pedantic,
        clippy::nursery,
        clippy::restriction,
        unused_imports,
        unused_variables,
        unused_comparisons,
        unused_parens,
        unused_braces,
        unused_qualifications,
        unreachable_code,
        dead_code,
        non_snake_case,
        unsafe_code,
        private_interfaces
    )
}

fn uses() -> TokenStream {
    quote! {
        use ::chainrule::__private::kernels::product::{
            Contraction, Dimension, Edge, Product, Strides, contract, contraction_packing_len, multiply, multiply_rows, multiply_within,
            packing_len,
        };
        use ::chainrule::__private::kernels::threads::{Rounds, share};
        use ::chainrule::__private::kernels::{Avx2, Avx512, Baseline, Buffer, Isa, Level, array, array_mut, lanes};
        use ::chainrule::__private::{Arguments, AsNetwork, Axis, Description, Elements, Input, Network, Parameter, Scalar};
    }
}

fn parts(passes: &Passes, source: StructSource, remarks: Option<&Remarks>) -> Result<Parts, String> {
    let interface = &passes.interface;
    let (name, visibility, order) = match &source {
        StructSource::Generated { name, visibility, .. } => (name.clone(), visibility.clone(), Vec::new()),
        StructSource::Given { name, visibility, fields, .. } => (name.clone(), visibility.clone(), fields.clone()),
    };
    let mut unit = Unit::new(passes, name, visibility, &order, remarks)?;
    let functions = unit.write_passes(passes)?;
    let (own, derives, assertions) = match &source {
        StructSource::Generated { name, visibility, attributes, derives } => {
            let structs = structure::structs(interface, name, attributes, Style { visibility, derives })?;
            (structs, derives, TokenStream::new())
        }
        StructSource::Given { item, derives, fields, kinds, .. } => (item.clone(), derives, assertions(&unit, fields, kinds)?),
    };
    let states = structure::states(interface, &unit.name, Style { visibility: &unit.visibility, derives })?;
    let workspace = network::workspace_struct(&unit);
    let implementation = network::implementation(&unit)?;
    let (methods, returned) = methods::methods(&unit);
    Ok(Parts {
        structs: quote!(#own #states #workspace #returned),
        inner: quote!(#assertions #methods #implementation #functions),
    })
}

/// That a user's own struct has the layout that the passes expect.
fn assertions(unit: &Unit<'_>, fields: &[String], kinds: &[TokenStream]) -> Result<TokenStream, String> {
    let Unit { name, float, layout, .. } = unit;
    let has_field = |place: &&Place<'_>| fields.iter().any(|field| place.words.first() == Some(&field.as_str()));
    if let Some(place) = layout.parameters.iter().find(|place| !has_field(place)) {
        let (path, field) = (&place.parameter.path, place.words.first().unwrap_or(&""));
        return Err(format!(
            "the network owns the parameter `{path}`, but its struct has no field `{field}`\n  help: a layer is a field too, of its \
             own type: `out: Dense<512, 10>`, and is used by the name of the field; or the struct has no fields, and all of them are made \
             from the equations"
        ));
    }
    let checks = layout.all().map(|place| {
        let words: Vec<Ident> = place.words.iter().map(|word| names::public(word)).collect();
        let kind = array(float, &place.shape);
        let offset = Literal::u64_unsuffixed(place.offset);
        let message = format!("`{}` does not lie where the network `{}` expects it", place.parameter.path, unit.interface.name);
        quote! {
            let _: fn(&#name) -> &#kind = |network| &network #(.#words)*;
            assert!(::core::mem::offset_of!(#name, #(#words).*) == #offset * ::core::mem::size_of::<#float>(), #message);
        }
    });
    let count = Literal::u64_unsuffixed(layout.count());
    let message = format!("the struct `{name}` holds more than the parameters that its equations use");
    Ok(quote! {
        const _: () = {
            #(#checks)*
            assert!(0 #(+ ::core::mem::size_of::<#kinds>())* == #count * ::core::mem::size_of::<#float>(), #message);
        };
    })
}
