//! What a broken network still is: the user's struct with stubs of its methods, so that one mistake makes one error. It must not
//! know what is wrong.

use chainrule_compiler::syntax::tree::{Axis, ExpressionKind, File, Item, Network, StatementKind};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ItemStruct;

/// What can be told of a network that has no meaning.
#[derive(Default)]
pub struct Outline {
    /// How many symbolic sizes there are.
    sizes: usize,
    /// How many inputs there are.
    inputs: usize,
    /// How many targets there are.
    targets: usize,
}

impl Outline {
    /// Of a network of a file.
    pub fn of(file: &File, name: Option<&str>) -> Self {
        let network = file.items.iter().find_map(|item| match item {
            Item::Network(network) if name.is_none_or(|name| name == network.name.text) => Some(network),
            Item::Network(_) | Item::Import(_) | Item::Constant(_) | Item::Function(_) | Item::Layer(_) => None,
        });
        network.map(|network| Self::of_network(network, file)).unwrap_or_default()
    }

    fn of_network(network: &Network, file: &File) -> Self {
        let mut sizes: Vec<&str> = Vec::new();
        let known = |name: &str| {
            let constant = file.items.iter().any(|item| matches!(item, Item::Constant(constant) if constant.name.text == name));
            constant || network.hyperparameters.iter().any(|parameter| parameter.name.text == name)
        };
        let (mut inputs, mut targets) = (0, 0);
        for statement in &network.statements {
            let data = match &statement.kind {
                StatementKind::Input(data) => {
                    inputs += 1;
                    data
                }
                StatementKind::Target(data) => {
                    targets += 1;
                    data
                }
                StatementKind::Param(_)
                | StatementKind::State(_)
                | StatementKind::Define { .. }
                | StatementKind::DefineIndexed { .. } => {
                    continue;
                }
            };
            for axis in &data.shape.axes {
                if let Axis::Size(size) = axis
                    && let ExpressionKind::Name(name) = &size.kind
                    && !known(name)
                    && !sizes.contains(&name.as_str())
                {
                    sizes.push(name);
                }
            }
        }
        Self { sizes: sizes.len(), inputs, targets }
    }
}

/// The errors, the struct and stubs.
pub fn network(structure: &ItemStruct, outline: &Outline, errors: TokenStream) -> TokenStream {
    let mut structure = structure.clone();
    structure.fields.iter_mut().for_each(|field| field.attrs.retain(|attribute| !attribute.path().is_ident("init")));
    let (name, visibility) = (&structure.ident, &structure.vis);
    let workspace = Ident::new(&format!("{name}Workspace"), Span::call_site());
    let count = Literal::usize_unsuffixed(outline.sizes);
    let methods = methods(outline, &workspace);
    quote! {
        #errors
        #[allow(dead_code)]
        #structure
        #[doc(hidden)]
        #[allow(dead_code)]
        #visibility struct #workspace { sizes: [usize; #count] }
        #[allow(dead_code, unused_variables, clippy::all, clippy::pedantic)]
        const _: () = {
            use ::chainrule::__private::{AsNetwork, Description, Elements, Network};
            fn broken() -> ! { ::core::panic!("this network has errors") }
            #[doc(hidden)]
            impl #name { #methods }
            #[automatically_derived]
            unsafe impl Network for #name {
                type Scalar = f32;
                type Workspace = #workspace;
                const DESCRIPTION: Description = Description { name: "", sizes: &[], inputs: &[], parameters: &[], metrics: &[] };
                fn allocate(_: &[usize]) -> #workspace { broken() }
                fn workspace_bytes(_: &[usize]) -> usize { broken() }
                fn differentiate(&self, _: &mut #workspace, _: &[usize], _: &[Elements<'_, f32>], _: &mut Self, _: &mut [f32]) -> f32 {
                    broken()
                }
                fn assess(&self, _: &mut #workspace, _: &[usize], _: &[Elements<'_, f32>], _: &mut [f32]) -> f32 { broken() }
            }
            #[automatically_derived]
            impl AsNetwork for #name {
                type Network = Self;
                fn network(&self) -> &Self { self }
                fn network_mut(&mut self) -> &mut Self { self }
            }
        };
    }
}

fn methods(outline: &Outline, workspace: &Ident) -> TokenStream {
    let sizes = (0..outline.sizes).map(|number| format_ident!("size_{number}"));
    let all: Vec<Ident> = (0..outline.inputs + outline.targets).map(|number| format_ident!("input_{number}")).collect();
    let inputs = &all[..outline.inputs];
    quote! {
        pub const DERIVATIVES: &'static str = "";
        pub fn init(seed: u64) -> ::std::boxed::Box<Self> { broken() }
        pub fn zeros() -> ::std::boxed::Box<Self> { broken() }
        pub fn initialize(&mut self, seed: u64) { broken() }
        pub fn workspace(#(#sizes: usize),*) -> #workspace { broken() }
        pub fn gradient(&self, workspace: &mut #workspace, #(#all: impl ::core::marker::Sized,)* gradient: &mut Self) -> f32 { broken() }
        pub fn predict<'w>(
            &self,
            workspace: &'w mut #workspace,
            #(#inputs: impl ::core::marker::Sized,)*
        ) -> ::chainrule::__private::ndarray::ArrayViewD<'w, f32> {
            broken()
        }
        pub fn save(&self, path: impl ::core::convert::AsRef<::std::path::Path>) -> ::chainrule::Result<()> { broken() }
        pub fn load(path: impl ::core::convert::AsRef<::std::path::Path>) -> ::chainrule::Result<::std::boxed::Box<Self>> { broken() }
    }
}
