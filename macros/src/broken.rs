//! What a broken network still is: the user's struct with stubs of its methods, so that one mistake makes one error. It must not
//! know what is wrong.

use chainrule_compiler::emit::rust::names::public;
use chainrule_compiler::syntax::tree::{Axis, Data, ExpressionKind, File, Item, Network, Role, StatementKind};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{ItemStruct, Visibility};

/// What can be told of a network that has no meaning.
#[derive(Default)]
pub struct Outline {
    /// Whether its floats are `f64`.
    double: bool,
    /// Its symbolic sizes.
    sizes: Vec<String>,
    /// How many inputs there are.
    inputs: usize,
    /// How many targets there are.
    targets: usize,
    /// The names of its outputs.
    outputs: Vec<String>,
    /// The names of its metrics.
    metrics: Vec<String>,
}

/// The network of a file that has this name, or the first.
pub fn network_of<'a>(file: &'a File, name: Option<&str>) -> Option<&'a Network> {
    file.items.iter().find_map(|item| match item {
        Item::Network(network) if name.is_none_or(|name| name == network.name.text) => Some(network),
        Item::Network(_) | Item::Import(_) | Item::Constant(_) | Item::Function(_) | Item::Layer(_) => None,
    })
}

impl Outline {
    /// Of a network of a file.
    pub fn of(file: &File, name: Option<&str>) -> Self {
        network_of(file, name).map(|network| Self::of_network(network, file)).unwrap_or_default()
    }

    fn of_network(network: &Network, file: &File) -> Self {
        let double = network.precision.as_ref().is_some_and(|precision| precision.text == "f64");
        let mut outline = Self { double, ..Self::default() };
        for statement in &network.statements {
            match &statement.kind {
                StatementKind::Input(data) => {
                    outline.inputs += 1;
                    outline.sizes_of(data, network, file);
                }
                StatementKind::Target(data) => {
                    outline.targets += 1;
                    outline.sizes_of(data, network, file);
                }
                StatementKind::Define { role, name, .. } | StatementKind::DefineIndexed { role, name, .. } => {
                    let names = match role {
                        Role::Output => &mut outline.outputs,
                        Role::Metric => &mut outline.metrics,
                        Role::Plain | Role::Loss | Role::Update => continue,
                    };
                    if name.text != "loss" && !names.contains(&name.text) {
                        names.push(name.text.clone());
                    }
                }
                StatementKind::Param(_) | StatementKind::State(_) => {}
            }
        }
        outline
    }

    /// The names in a shape that are no constants.
    fn sizes_of(&mut self, data: &Data, network: &Network, file: &File) {
        let is_known = |name: &str| {
            let constant = file.items.iter().any(|item| matches!(item, Item::Constant(constant) if constant.name.text == name));
            constant || network.hyperparameters.iter().any(|parameter| parameter.name.text == name)
        };
        for axis in &data.shape.axes {
            if let Axis::Size(size) = axis
                && let ExpressionKind::Name(name) = &size.kind
                && !is_known(name)
                && !self.sizes.contains(name)
            {
                self.sizes.push(name.clone());
            }
        }
    }

    fn float(&self) -> Ident {
        Ident::new(if self.double { "f64" } else { "f32" }, Span::call_site())
    }
}

/// The errors, the struct and stubs.
pub fn network(structure: &ItemStruct, outline: &Outline, errors: TokenStream) -> TokenStream {
    let mut structure = structure.clone();
    structure.fields.iter_mut().for_each(|field| field.attrs.retain(|attribute| !attribute.path().is_ident("init")));
    let (name, visibility) = (&structure.ident, &structure.vis);
    let workspace = Ident::new(&format!("{name}Workspace"), Span::call_site());
    let count = Literal::usize_unsuffixed(outline.sizes.len());
    let (methods, results, float) = (methods(outline, name, &workspace), results(outline, name, visibility), outline.float());
    quote! {
        #errors
        #[allow(dead_code)]
        #structure
        #[doc(hidden)]
        #[allow(dead_code)]
        #visibility struct #workspace { sizes: [usize; #count] }
        #results
        #[allow(dead_code, unused_variables, clippy::all, clippy::pedantic)]
        const _: () = {
            use ::chainrule::__private::{AsNetwork, Description, Elements, Network};
            fn broken() -> ! { ::core::panic!("this network has errors") }
            #[doc(hidden)]
            impl #name { #methods }
            #[doc(hidden)]
            impl #workspace { pub fn seed(&mut self, seed: u64) { broken() } }
            #[automatically_derived]
            unsafe impl Network for #name {
                type Scalar = #float;
                type Workspace = #workspace;
                const DESCRIPTION: Description = Description { name: "", sizes: &[], inputs: &[], parameters: &[], states: &[], metrics: &[] };
                fn allocate(_: &[usize]) -> #workspace { broken() }
                fn workspace_bytes(_: &[usize]) -> usize { broken() }
                fn differentiate(
                    &self, _: &mut #workspace, _: &[usize], _: &[Elements<'_, #float>], _: &mut Self, _: &mut [#float],
                ) -> #float {
                    broken()
                }
                fn assess(&self, _: &mut #workspace, _: &[usize], _: &[Elements<'_, #float>], _: &mut [#float]) -> #float {
                    broken()
                }
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

/// What `evaluate` and, where there are several outputs, `predict` return.
fn results(outline: &Outline, name: &Ident, visibility: &Visibility) -> TokenStream {
    let (report, outputs, float) = (format_ident!("{name}Report"), format_ident!("{name}Outputs"), outline.float());
    let metrics = outline.metrics.iter().map(|metric| public(metric));
    let fields = outline.outputs.iter().map(|output| public(output));
    let several = (outline.outputs.len() > 1).then(|| {
        quote! {
            #[doc(hidden)]
            #[derive(Clone, Debug)]
            #visibility struct #outputs<'w> { #(pub #fields: ::chainrule::__private::ndarray::ArrayViewD<'w, #float>,)* }
        }
    });
    quote! {
        #[doc(hidden)]
        #[derive(Clone, Copy, Debug, PartialEq)]
        #visibility struct #report { pub loss: #float, #(pub #metrics: #float,)* }
        #several
    }
}

fn methods(outline: &Outline, name: &Ident, workspace: &Ident) -> TokenStream {
    let (report, float) = (format_ident!("{name}Report"), outline.float());
    let sizes = (0..outline.sizes.len()).map(|number| format_ident!("size_{number}"));
    let all: Vec<Ident> = (0..outline.inputs + outline.targets).map(|number| format_ident!("input_{number}")).collect();
    let inputs = &all[..outline.inputs];
    let returned = if outline.outputs.len() > 1 {
        let outputs = format_ident!("{name}Outputs");
        quote!(#outputs<'w>)
    } else {
        quote!(::chainrule::__private::ndarray::ArrayViewD<'w, #float>)
    };
    quote! {
        pub const DERIVATIVES: &'static str = "";
        pub fn init(seed: u64) -> ::std::boxed::Box<Self> { broken() }
        pub fn zeros() -> ::std::boxed::Box<Self> { broken() }
        pub fn initialize(&mut self, seed: u64) { broken() }
        pub fn workspace(#(#sizes: usize),*) -> #workspace { broken() }
        pub fn gradient(
            &self,
            workspace: &mut #workspace,
            #(#all: impl ::core::marker::Sized,)*
            gradient: &mut Self,
        ) -> #float {
            broken()
        }
        pub fn evaluate(&self, workspace: &mut #workspace, #(#all: impl ::core::marker::Sized,)*) -> #report { broken() }
        pub fn predict<'w>(&self, workspace: &'w mut #workspace, #(#inputs: impl ::core::marker::Sized,)*) -> #returned {
            broken()
        }
        pub fn save(&self, path: impl ::core::convert::AsRef<::std::path::Path>) -> ::chainrule::Result<()> { broken() }
        pub fn load(path: impl ::core::convert::AsRef<::std::path::Path>) -> ::chainrule::Result<::std::boxed::Box<Self>> { broken() }
    }
}
