//! The workspace of a network as a struct, and how long its fields are in Rust. It must not know what the passes compute, nor
//! which memory they need: `memory::workspace` says it.

use super::code::Tightness;
use super::index::{self, Environment};
use super::names::{Names, identifier};
use super::pass::Storage;
use super::scope::Memory;
use super::step::Use;
use super::structure::Layout;
use crate::interface::Interface;
use crate::ir::Extent;
use crate::loops::{Destination, Loops, Place};
use crate::memory::workspace::{self as memory, Packed, Piece};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// A piece of memory of a workspace, as a field of its struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Ident,
    /// What lives in it.
    pub tenants: Vec<String>,
    /// How long it is: the largest of these.
    pub lengths: Vec<Extent>,
}

/// The fields of a workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The slots, which all passes share.
    pub slots: Vec<Field>,
    /// The outputs.
    pub outputs: Vec<Field>,
    /// The new values of the states.
    pub updates: Vec<Field>,
    /// The products whose operands are packed.
    pub products: Vec<Packed>,
}

impl Workspace {
    /// The memory of a workspace, with names.
    pub fn named(memory: &memory::Workspace) -> Self {
        let mut names = Names::default();
        ["sizes", "packing", "seed", "step"].iter().for_each(|name| names.reserve(name));
        let mut fields = |pieces: &[Piece], prefix: &str| -> Vec<Field> {
            let mut field = |Piece { tenants, lengths }: &Piece| {
                let wanted = tenants.first().map_or_else(|| "unused".to_owned(), |first| format!("{prefix}{first}"));
                Field { name: names.fresh(&wanted), tenants: tenants.clone(), lengths: lengths.clone() }
            };
            pieces.iter().map(&mut field).collect()
        };
        let (outputs, updates) = (fields(&memory.outputs, "output_"), fields(&memory.updates, "new_"));
        Self { slots: fields(&memory.slots, ""), outputs, updates, products: memory.products.clone() }
    }

    /// All fields with numbers.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.slots.iter().chain(&self.outputs).chain(&self.updates)
    }
}

/// The largest of some lengths.
pub fn maximum(environment: &dyn Environment, lengths: &[Extent]) -> TokenStream {
    let codes: Vec<TokenStream> = lengths.iter().map(|length| index::extent(environment, length).bare()).collect();
    match codes.as_slice() {
        [] => quote!(0),
        [one] => one.clone(),
        [first, rest @ ..] => quote!((#first)#(.max(#rest))*),
    }
}

/// How many numbers the packing of the products takes.
pub fn packing(environment: &dyn Environment, products: &[Packed]) -> TokenStream {
    let needs = products.iter().map(|Packed { shape, is_of_matrices }| {
        let [m, n, k] = shape.each_ref().map(|extent| index::extent(environment, extent).bare());
        if *is_of_matrices { quote!(packing_len(#m, #n, #k)) } else { quote!(contraction_packing_len(#m, #k)) }
    });
    let needs: Vec<TokenStream> = needs.collect();
    if needs.is_empty() { quote!(0) } else { quote!([#(#needs),*].into_iter().max().unwrap_or(0)) }
}

/// The memory of a pass of a network.
pub struct NetworkStorage<'a> {
    /// The network's struct.
    pub network: &'a Ident,
    /// Its workspace's struct.
    pub workspace_name: &'a Ident,
    /// Its workspace.
    pub workspace: &'a Workspace,
    /// What it looks like from outside.
    pub interface: &'a Interface,
    /// Its parameters and states.
    pub layout: &'a Layout<'a>,
    /// Whether the pass computes a loss and metrics.
    pub assesses: bool,
    /// Whether the pass computes a gradient.
    pub differentiates: bool,
    /// The names of inputs and targets as slices; `None` for what the pass is not given.
    pub inputs: Vec<Option<Ident>>,
}

impl NetworkStorage<'_> {
    /// The slice of a parameter or a state within `owner`.
    pub fn kept(&self, path: &str, owner: &str, written: bool) -> Result<TokenStream, String> {
        let place =
            self.layout.find(path).ok_or_else(|| format!("`{path}` is neither a parameter nor a state of the network"))?;
        let owner = Ident::new(owner, Span::call_site());
        let words = place.words.iter().map(|word| identifier(word, Span::call_site()));
        let value = quote!(#owner #(.#words)*);
        let flatten = |name: &str| {
            let name = Ident::new(name, Span::call_site());
            let calls = (1..place.shape.len()).map(|_| quote!(.#name()));
            quote!(#(#calls)*)
        };
        Ok(match (place.shape.len(), written) {
            (0, false) => quote!(::core::slice::from_ref(&#value)),
            (0, true) => quote!(::core::slice::from_mut(&mut #value)),
            (1, false) => quote!(&#value),
            (1, true) => quote!(&mut #value),
            (_, false) => {
                let calls = flatten("as_flattened");
                quote!(#value #calls)
            }
            (_, true) => {
                let calls = flatten("as_flattened_mut");
                quote!(#value #calls)
            }
        })
    }

    /// The slice of a result.
    pub fn result(
        &self,
        destination: &Destination,
        borrow: &TokenStream,
        length: &TokenStream,
        written: bool,
    ) -> Result<TokenStream, String> {
        match destination {
            Destination::Loss if self.assesses => Ok(quote!(#borrow loss[..])),
            Destination::Metric(name) if self.assesses => {
                let at = self.interface.metrics.iter().position(|metric| metric == name);
                let at = at.ok_or_else(|| format!("`{name}` is no metric of the network"))?;
                Ok(quote!(#borrow metrics[#at..][..1]))
            }
            // The only output of a network without a loss stands for one.
            Destination::Output(_) if self.assesses && !self.interface.has_loss => Ok(quote!(#borrow loss[..])),
            Destination::Output(name) => {
                let field = self.workspace.outputs.iter().find(|field| field.tenants[0] == *name);
                let field = &field.ok_or_else(|| format!("`{name}` is no output of the network"))?.name;
                Ok(quote!(#borrow workspace.#field[..#length]))
            }
            Destination::Gradient(path) if self.differentiates => self.kept(path, "gradient", written),
            Destination::Update(path) if self.differentiates => {
                let field = self.workspace.updates.iter().find(|field| field.tenants[0] == *path);
                let field = &field.ok_or_else(|| format!("`{path}` is no state of the network"))?.name;
                Ok(quote!(#borrow workspace.#field[..#length]))
            }
            Destination::Loss | Destination::Metric(_) | Destination::Gradient(_) | Destination::Update(_) => {
                Err("a pass computes a result that it has no memory for".to_owned())
            }
        }
    }
}

impl Storage for NetworkStorage<'_> {
    fn parameters(&self) -> Vec<(Ident, TokenStream)> {
        let name = |text: &str| Ident::new(text, Span::call_site());
        let float = name(self.interface.precision.name());
        let (network, workspace) = (self.network, self.workspace_name);
        let mut parameters = vec![(name("parameters"), quote!(&#network))];
        for (input, own) in self.interface.inputs.iter().zip(&self.inputs) {
            if let Some(own) = own {
                parameters.push((own.clone(), if input.range.is_some() { quote!(&[i32]) } else { quote!(&[#float]) }));
            }
        }
        parameters.push((name("workspace"), quote!(&mut #workspace)));
        if self.differentiates {
            parameters.push((name("gradient"), quote!(&mut #network)));
        }
        if self.assesses {
            parameters.push((name("metrics"), quote!(&mut [#float])));
            parameters.push((name("loss"), quote!(&mut [#float; 1])));
        }
        parameters
    }

    fn slice(&self, loops: &Loops, one: &Use, length: Option<TokenStream>) -> Result<TokenStream, String> {
        let borrow = if one.written { quote!(&mut) } else { quote!(&) };
        let length = length.unwrap_or_default();
        if let Memory::Slot(slot) = one.memory {
            let field = &self.workspace.slots[slot].name;
            return Ok(quote!(#borrow workspace.#field[..#length]));
        }
        let buffer = loops.buffer(one.buffers[0]);
        match &buffer.place {
            Place::Input(name) => {
                let at = self.interface.inputs.iter().position(|input| input.name == *name);
                let own = at.and_then(|at| self.inputs[at].as_ref());
                let own = own.ok_or_else(|| format!("inference reads `{name}`, which it is not given"))?;
                Ok(quote!(#own))
            }
            Place::Parameter(path) | Place::State(path) => self.kept(path, "parameters", false),
            Place::Result(destination) => self.result(destination, &borrow, &length, one.written),
            Place::Workspace(_) => Err(format!("`{}` has no slot", buffer.name)),
        }
    }

    fn is_array(&self, loops: &Loops, one: &Use) -> bool {
        let buffer = loops.buffer(one.buffers[0]);
        match &buffer.place {
            Place::Parameter(_) | Place::State(_) | Place::Result(Destination::Gradient(_)) => buffer.shape.len() == 1,
            Place::Input(_) | Place::Workspace(_) => false,
            Place::Result(Destination::Loss | Destination::Metric(_) | Destination::Output(_) | Destination::Update(_)) => false,
        }
    }

    fn packing(&self) -> TokenStream {
        quote!(&mut workspace.packing)
    }
}

/// A length as an operand of a product.
pub fn factor(environment: &dyn Environment, length: &Extent) -> TokenStream {
    index::extent(environment, length).at_least(Tightness::Factor)
}
