//! The parameters and the states of a network as plain Rust structs, nested by their paths. It must not know what is computed
//! with them.

use super::names::{Names, camel, public};
use crate::interface::{Interface, Parameter};
use crate::ir::Extent;
use chainrule_math::memory::LINE;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// The field of a network's struct that holds its states.
pub const STATES: &str = "states";

/// A parameter or a state where it lies in memory.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// What it is.
    pub parameter: &'a Parameter,
    /// The fields that lead to it: the words of its path, those of a state after [`STATES`].
    pub words: Vec<&'a str>,
    /// Its shape.
    pub shape: Vec<u64>,
    /// How many numbers stand before it.
    pub offset: u64,
}

impl Place<'_> {
    /// How many numbers stand before what comes after it.
    pub fn end(&self) -> u64 {
        self.offset + self.shape.iter().product::<u64>()
    }
}

/// All numbers of a network in the order of memory.
#[derive(Clone, Debug)]
pub struct Layout<'a> {
    /// The parameters.
    pub parameters: Vec<Place<'a>>,
    /// The states, behind them.
    pub states: Vec<Place<'a>>,
}

impl<'a> Layout<'a> {
    /// The layout of a network. `order` are the first words of paths in the order of a user's struct; what is not among them
    /// comes in the order of the source.
    pub fn new(interface: &'a Interface, order: &[String]) -> Result<Self, String> {
        let mut layout = Self { parameters: Vec::new(), states: Vec::new() };
        let mut offset = 0u64;
        place(&tree(&interface.parameters, order)?, &mut Vec::new(), &mut offset, &mut layout.parameters)?;
        place(&tree(&interface.states, &[])?, &mut vec![STATES], &mut offset, &mut layout.states)?;
        match layout.parameters.iter().find(|place| !layout.states.is_empty() && place.words.first() == Some(&STATES)) {
            Some(place) => {
                let path = &place.parameter.path;
                Err(format!("`{path}` needs another name: the field `{STATES}` of the struct holds the states of the network"))
            }
            None => Ok(layout),
        }
    }

    /// Parameters and states.
    pub fn all(&self) -> impl Iterator<Item = &Place<'a>> {
        self.parameters.iter().chain(&self.states)
    }

    /// The parameter or the state of a path.
    pub fn find(&self, path: &str) -> Option<&Place<'a>> {
        self.all().find(|place| place.parameter.path == path)
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.all().map(Place::end).max().unwrap_or(0)
    }
}

/// What one owner owns.
#[derive(Debug, Default)]
struct Owner<'a> {
    entries: Vec<(&'a str, Entry<'a>)>,
}

#[derive(Debug)]
enum Entry<'a> {
    Leaf(&'a Parameter),
    Owner(Owner<'a>),
}

fn tree<'a>(kept: &'a [Parameter], order: &[String]) -> Result<Owner<'a>, String> {
    let mut root = Owner::default();
    let mut parameters: Vec<&Parameter> = kept.iter().collect();
    parameters.sort_by_key(|parameter| {
        let first = parameter.path.split('.').next().unwrap_or_default();
        order.iter().position(|name| name == first).unwrap_or(order.len())
    });
    for parameter in parameters {
        let words: Vec<&str> = parameter.path.split('.').collect();
        insert(&mut root, &words, parameter)?;
    }
    Ok(root)
}

fn insert<'a>(owner: &mut Owner<'a>, words: &[&'a str], parameter: &'a Parameter) -> Result<(), String> {
    let clash = || {
        format!("the parameter `{}` has the name of something that owns parameters, so no struct can hold both", parameter.path)
    };
    let Some((first, rest)) = words.split_first() else { return Ok(()) };
    let at = owner.entries.iter().position(|(name, _)| name == first);
    if rest.is_empty() {
        if at.is_some() {
            return Err(clash());
        }
        owner.entries.push((first, Entry::Leaf(parameter)));
        return Ok(());
    }
    let at = at.unwrap_or_else(|| {
        owner.entries.push((first, Entry::Owner(Owner::default())));
        owner.entries.len() - 1
    });
    match &mut owner.entries[at].1 {
        Entry::Owner(inner) => insert(inner, rest, parameter),
        Entry::Leaf(_) => Err(clash()),
    }
}

fn place<'a>(owner: &Owner<'a>, words: &mut Vec<&'a str>, offset: &mut u64, places: &mut Vec<Place<'a>>) -> Result<(), String> {
    for (name, entry) in &owner.entries {
        words.push(name);
        match entry {
            Entry::Owner(inner) => place(inner, words, offset, places)?,
            Entry::Leaf(parameter) => {
                let shape = fixed(parameter)?;
                let length = shape.iter().try_fold(1u64, |product, &length| product.checked_mul(length));
                let after = length.and_then(|length| offset.checked_add(length)).filter(|&after| after < 1 << 48);
                let after =
                    after.ok_or_else(|| format!("the parameters up to `{}` are too many for one struct", parameter.path))?;
                places.push(Place { parameter, words: words.clone(), shape, offset: *offset });
                *offset = after;
            }
        }
        words.pop();
    }
    Ok(())
}

fn fixed(parameter: &Parameter) -> Result<Vec<u64>, String> {
    let numbers = parameter.shape.iter().map(|extent| extent.as_constant().and_then(|number| u64::try_from(number).ok()));
    numbers.collect::<Option<Vec<u64>>>().ok_or_else(|| {
        format!(
            "the shape of the parameter `{}` holds a size that is known at run time only; a parameter has a fixed shape",
            parameter.path
        )
    })
}

/// `[[f32; 128]; 64]`
pub fn array(float: &Ident, shape: &[u64]) -> TokenStream {
    shape.iter().rev().fold(quote!(#float), |element, &length| {
        let length = Literal::u64_unsuffixed(length);
        quote!([#element; #length])
    })
}

/// The name of the struct of the states of a network.
pub fn states_name(network: &Ident) -> Ident {
    Ident::new(&format!("{network}States"), Span::call_site())
}

/// How the structs of a network are written.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    /// Who may see them.
    pub visibility: &'a TokenStream,
    /// What those within the network's own derive.
    pub derives: &'a TokenStream,
}

/// The structs of the parameters: the network's own, with these attributes, and one for each owner within it.
pub fn structs(interface: &Interface, name: &Ident, attributes: &TokenStream, style: Style<'_>) -> Result<TokenStream, String> {
    let mut written = Written::new(interface, style, "parameters");
    written.names.reserve(&name.to_string());
    let mut inner = TokenStream::new();
    let fields = written.fields(&tree(&interface.parameters, &[])?, &name.to_string(), &mut inner)?;
    let states = (!interface.states.is_empty()).then(|| states_field(name));
    let undocumented = !attributes.clone().into_iter().any(|tree| tree.to_string().contains("doc"));
    let line = format!(" The parameters of the network `{}`.", interface.name);
    let line = undocumented.then(|| quote!(#[doc = #line]));
    let (visibility, representation) = (style.visibility, representation());
    Ok(quote! {
        #attributes
        #line
        #representation
        #visibility struct #name { #fields #states }
        #inner
    })
}

/// How the struct of a network lies in memory: in the order of its fields, from the beginning of a cache line on, so that vectors of
/// parameters do not reach over the ends of lines.
pub fn representation() -> TokenStream {
    let line = Literal::usize_unsuffixed(LINE);
    quote!(#[repr(C, align(#line))])
}

/// The field of the states of a network.
pub fn states_field(network: &Ident) -> TokenStream {
    let (field, kind) = (public(STATES), states_name(network));
    quote! {
        /// What training keeps from step to step; unused in a gradient.
        pub #field: #kind,
    }
}

/// The structs of the states, if there are any.
pub fn states(interface: &Interface, network: &Ident, style: Style<'_>) -> Result<TokenStream, String> {
    if interface.states.is_empty() {
        return Ok(TokenStream::new());
    }
    let name = states_name(network);
    let mut written = Written::new(interface, style, "states");
    written.names.reserve(&name.to_string());
    let mut inner = TokenStream::new();
    let fields = written.fields(&tree(&interface.states, &[])?, &name.to_string(), &mut inner)?;
    let line = format!(" The states of the network `{}`.", interface.name);
    let Style { visibility, derives } = style;
    Ok(quote!(#[doc = #line] #derives #[repr(C)] #visibility struct #name { #fields } #inner))
}

struct Written<'a> {
    float: Ident,
    style: Style<'a>,
    /// What is kept, for people.
    what: &'static str,
    names: Names,
}

impl<'a> Written<'a> {
    fn new(interface: &Interface, style: Style<'a>, what: &'static str) -> Self {
        let float = Ident::new(interface.precision.name(), Span::call_site());
        Self { float, style, what, names: Names::default() }
    }

    fn fields(&mut self, owner: &Owner<'_>, prefix: &str, inner: &mut TokenStream) -> Result<TokenStream, String> {
        let mut fields = TokenStream::new();
        for (word, entry) in &owner.entries {
            let field = public(word);
            match entry {
                Entry::Leaf(parameter) => {
                    let kind = array(&self.float, &fixed(parameter)?);
                    let lines = describe(parameter);
                    fields.extend(quote!(#(#[doc = #lines])* pub #field: #kind,));
                }
                Entry::Owner(owned) => {
                    let name = self.names.fresh(&format!("{prefix}{}", camel(word)));
                    let name = Ident::new(&name.to_string(), Span::call_site());
                    let mut nested = TokenStream::new();
                    let own = self.fields(owned, &name.to_string(), &mut nested)?;
                    let line = format!(" The {} of `{word}`.", self.what);
                    fields.extend(quote!(#[doc = #line] pub #field: #name,));
                    let Style { visibility, derives } = self.style;
                    inner.extend(quote!(#[doc = #line] #derives #[repr(C)] #visibility struct #name { #own } #nested));
                }
            }
        }
        Ok(fields)
    }
}

fn describe(parameter: &Parameter) -> Vec<String> {
    let shape: Vec<String> = parameter.shape.iter().map(|extent: &Extent| extent.display(&[])).collect();
    let arguments: Vec<String> = parameter.initializer.arguments.iter().map(f64::to_string).collect();
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
    let mut lines = parameter.documentation.clone();
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(format!(" `{}: [{}] = {}{arguments}`", parameter.path, shape.join(", "), parameter.initializer.name));
    lines
}
