//! The attribute as a whole: what the compiler makes of it, or its errors and stubs. It must not know of any detail of either.

use crate::arguments::{Arguments, FileArguments, Flags, Header, Setting};
use crate::bound::Bound;
use crate::broken::{self, Outline, network_of};
use crate::tokens::Adapter;
use crate::{errors, fields, file};
use chainrule_compiler::diagnostic::Diagnostics;
use chainrule_compiler::elaborate::{Loader, Options, elaborate};
use chainrule_compiler::emit::rust::{StructSource, representation, states_field, tokens};
use chainrule_compiler::files::Files;
use chainrule_compiler::interface::Interface;
use chainrule_compiler::ir::{Program, Role};
use chainrule_compiler::pipeline;
use chainrule_compiler::source::Sources;
use chainrule_compiler::span::FileId;
use chainrule_compiler::syntax::parse_file;
use chainrule_compiler::syntax::tree::File;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use std::collections::BTreeMap;
use std::rc::Rc;
use syn::{Attribute, Fields, ItemStruct, Meta};

/// What the attribute becomes.
pub fn network(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let structure: ItemStruct = match syn::parse2(item.clone()) {
        Ok(structure) => structure,
        Err(error) => {
            let other = syn::parse2::<syn::Item>(item.clone()).is_ok();
            let message = if other {
                "a network is a struct: its fields are the parameters, `pub struct Name;` has them from the equations".to_owned()
            } else {
                error.to_string()
            };
            let error = syn::Error::new(error.span(), message).to_compile_error();
            return quote!(#error #item);
        }
    };
    if !structure.generics.params.is_empty() {
        let error = errors::error("a network has no generic parameters", structure.ident.span(), structure.ident.span());
        return quote!(#error #item);
    }
    match Arguments::read(attribute) {
        Ok(Arguments::File(arguments)) => from_file(&arguments, &structure),
        Ok(Arguments::Equations(header, equations)) => from_equations(&header, equations, structure),
        Err(error) => broken::network(&structure, &Outline::default(), error.to_compile_error()),
    }
}

fn from_file(arguments: &FileArguments, structure: &ItemStruct) -> TokenStream {
    let place = arguments.path.span();
    if !matches!(structure.fields, Fields::Unit) {
        let message = "the parameters come from the file; write `pub struct Name;`, or put the equations into the attribute";
        let error = errors::error(message, structure.ident.span(), structure.ident.span());
        return broken::network(structure, &Outline::default(), error);
    }
    let found = match file::read(&arguments.path) {
        Ok(found) => found,
        Err(message) => return broken::network(structure, &Outline::default(), errors::error(&message, place, place)),
    };
    let mut files = Files::default();
    let mut diagnostics = Diagnostics::new();
    let tree = files.parse(&found.path, &found.bytes, &mut diagnostics);
    let (hyperparameters, sizes) = sorted(arguments, &tree);
    let bound = match Bound::read(arguments.max_memory.as_ref(), &sizes) {
        Ok(bound) => bound,
        Err(error) => {
            return broken::network(structure, &Outline::of(&tree, arguments.network.as_deref()), error.to_compile_error());
        }
    };
    let options = Options { network: arguments.network.clone(), hyperparameters, ..Options::default() };
    let wishes = Wishes { bound: bound.as_ref(), flags: arguments.flags, structure, tokens: None };
    let compiled = compile(&tree, &options, &wishes, &mut files, &mut diagnostics, |_| generated(structure));
    let imports = file::tracked_imports(&files, &found.path);
    let tracked = &found.tracked;
    let code = compiled.unwrap_or_else(|refused| {
        let mut all = errors::in_file(&diagnostics, &files.sources, place);
        all.extend(refused.map(|refusal| refusal.error(place)));
        broken::network(structure, &Outline::of(&tree, arguments.network.as_deref()), all)
    });
    quote!(#code #tracked #imports)
}

/// The settings of a file: values of hyperparameters, and of sizes where the memory is bounded.
fn sorted(arguments: &FileArguments, tree: &File) -> (BTreeMap<String, f64>, Vec<Setting>) {
    let network = network_of(tree, arguments.network.as_deref()).filter(|_| arguments.max_memory.is_some());
    let is_size = |setting: &&Setting| {
        network.is_some_and(|network| network.hyperparameters.iter().all(|own| setting.name != own.name.text))
    };
    let (sizes, others): (Vec<&Setting>, Vec<&Setting>) = arguments.settings.iter().partition(is_size);
    let hyperparameters = others.into_iter().map(|setting| (setting.name.to_string(), setting.value)).collect();
    (hyperparameters, sizes.into_iter().cloned().collect())
}

fn from_equations(settings: &Header, equations: TokenStream, mut structure: ItemStruct) -> TokenStream {
    let mut files = Files::default();
    let library: Vec<Rc<File>> = files.library().into_iter().map(|(_, file)| file).collect();
    let file: FileId = files.sources.add("the attribute", String::new());
    let mut adapter = Adapter::new(file);
    let name = structure.ident.clone();
    header(&structure, settings.precision.as_ref(), &mut adapter);
    structure.fields.iter().for_each(|field| fields::statement(field, &library, &mut adapter));
    let fields_are_wrong = adapter.diagnostics.has_errors();
    adapter.stream(equations);
    adapter.sign("}", Span::call_site());
    structure.fields.iter_mut().for_each(|field| field.attrs.retain(|attribute| !attribute.path().is_ident("init")));
    let mut diagnostics = std::mem::take(&mut adapter.diagnostics);
    let tree = parse_file(&adapter.tokens, file, &mut diagnostics);
    let names = structure.fields.iter().filter_map(|field| field.ident.as_ref().map(plain)).collect();
    let source = |interface: &Interface| match structure.fields {
        Fields::Unit => generated(&structure),
        Fields::Named(_) | Fields::Unnamed(_) => {
            let item = with_layout(&structure, interface);
            StructSource::Given {
                name: name.clone(),
                visibility: structure.vis.to_token_stream(),
                kinds: item.fields.iter().map(|field| field.ty.to_token_stream()).collect(),
                item: item.into_token_stream(),
                fields: names,
                derives: all_derives(&structure),
            }
        }
    };
    let options = Options { network: Some(plain(&name)), ..Options::default() };
    // Without a field that is wrong, its name would be unknown too.
    let compiled = match Bound::read(settings.max_memory.as_ref(), &settings.sizes) {
        Ok(_) if fields_are_wrong => Err(None),
        Ok(bound) => {
            let tokens = Some((file, adapter.spans.as_slice()));
            let wishes = Wishes { bound: bound.as_ref(), flags: settings.flags, structure: &structure, tokens };
            compile(&tree, &options, &wishes, &mut files, &mut diagnostics, source)
        }
        Err(error) => Err(Some(Refusal { message: error.to_string(), place: Some(error.span()) })),
    };
    match compiled {
        Ok(code) => code,
        Err(refused) => {
            let mut all = errors::at_tokens(&diagnostics, &adapter.spans);
            all.extend(refused.map(|refusal| refusal.error(name.span())));
            broken::network(&structure, &Outline::of(&tree, None), all)
        }
    }
}

/// `network Name: f32 {`
fn header(structure: &ItemStruct, precision: Option<&Ident>, adapter: &mut Adapter) {
    let place = structure.ident.span();
    adapter.word("network", place);
    adapter.word(&plain(&structure.ident), place);
    adapter.sign(":", place);
    let precision = fields::precision(structure, precision, adapter);
    adapter.word(&precision, place);
    adapter.sign("{", place);
}

/// What is wrong with a network as a whole.
struct Refusal {
    message: String,
    /// Where it is said; at the network itself, where that is nowhere else.
    place: Option<Span>,
}

impl Refusal {
    fn error(&self, network: Span) -> TokenStream {
        let place = self.place.unwrap_or(network);
        errors::error(&self.message, place, place)
    }
}

/// What is asked for beside the code.
struct Wishes<'a> {
    bound: Option<&'a Bound>,
    flags: Flags,
    structure: &'a ItemStruct,
    /// The file that stands for the equations of the attribute, and where its tokens are.
    tokens: Option<(FileId, &'a [Span])>,
}

impl Wishes<'_> {
    /// A place as people read it: `src/main.rs:12:5`, `net.nn:4:5: y = exp(x * w);`.
    fn place(&self, span: chainrule_compiler::span::Span, sources: &Sources) -> String {
        if let Some((file, tokens)) = self.tokens
            && file == span.file
        {
            let place = tokens.get(span.start as usize).copied().unwrap_or_else(Span::call_site).unwrap();
            return format!("{}:{}:{}", place.file(), place.line(), place.column());
        }
        let (line, column) = sources.line_column(span.file, span.start);
        format!("{}:{line}:{column}: {}", sources.name(span.file), sources.line(span.file, line).trim())
    }
}

/// The code of a network; where there is none, the diagnostics say why, or else the refusal does.
fn compile(
    tree: &File,
    options: &Options,
    wishes: &Wishes<'_>,
    loader: &mut Files,
    diagnostics: &mut Diagnostics,
    source: impl FnOnce(&Interface) -> StructSource,
) -> Result<TokenStream, Option<Refusal>> {
    if diagnostics.has_errors() {
        // What is left after a mistake of writing may still hold mistakes of meaning.
        elaborate(tree, &Options { training: true, ..options.clone() }, loader, diagnostics);
        return Err(None);
    }
    let training = elaborate(tree, &Options { training: true, ..options.clone() }, loader, diagnostics);
    if diagnostics.has_errors() {
        return Err(None);
    }
    let inference = elaborate(tree, &Options { training: false, ..options.clone() }, loader, diagnostics);
    let (Some(training), Some(inference)) = (training, inference) else { return Err(None) };
    if diagnostics.has_errors() {
        return Err(None);
    }
    let refused = |message| Some(Refusal { message, place: None });
    let mut passes = match (wishes.flags.trace, training.root(&Role::Loss)) {
        (false, _) => pipeline::passes(&training, &inference),
        (true, Some(_)) => pipeline::traced(&training, &inference),
        (true, None) => return Err(refused("`trace` follows the numbers of a loss: the network has none".into())),
    };
    for traced in &mut passes.traced {
        traced.place = wishes.place(traced.span, &loader.sources);
    }
    if let Some(bound) = wishes.bound {
        bound.check(&passes).map_err(|(message, place)| Some(Refusal { message, place: Some(place) }))?;
    }
    let source = source(&passes.interface);
    let code = tokens(&passes, source).map_err(refused)?;
    if !wishes.flags.check {
        return Ok(code);
    }
    let checked = checked(&training, tree, options, loader, wishes.structure).map_err(refused)?;
    Ok(quote!(#code #checked))
}

/// The test of a gradient, and what it needs: the network in `f64`, for small sizes, with its inputs as parameters.
fn checked(
    training: &Program,
    tree: &File,
    options: &Options,
    loader: &mut dyn Loader,
    structure: &ItemStruct,
) -> Result<TokenStream, String> {
    if pipeline::objective(training).is_none() {
        return Err("`check` compares a gradient: the network has neither a loss nor one scalar output".into());
    }
    let sizes = pipeline::small_sizes(training).ok_or("`check` found no small sizes for which the formulas have a meaning")?;
    let values = sizes.iter().filter_map(|&size| i64::try_from(size).ok());
    let named = training.sizes.iter().cloned().zip(values).collect();
    let options = Options { training: true, sizes: named, ..options.clone() };
    let mut diagnostics = Diagnostics::new();
    let program = elaborate(tree, &options, loader, &mut diagnostics).ok_or_else(|| {
        let first = diagnostics.sorted().first().map_or_else(String::new, |diagnostic| diagnostic.message.clone());
        format!("`check` takes {} for {}, and then: {first}", listed(&sizes), training.sizes.join(", "))
    })?;
    let double = pipeline::with_inputs_as_parameters(&program);
    let passes = pipeline::passes(&double, &double);
    let name = &structure.ident;
    let source = StructSource::Generated {
        name: name.clone(),
        visibility: quote!(pub),
        attributes: quote!(#[derive(Clone, Debug, PartialEq)]),
        derives: quote!(#[derive(Clone, Debug, PartialEq)]),
    };
    let code = tokens(&passes, source)?;
    let module = Ident::new(&format!("{}_in_f64", plain(name)), Span::call_site());
    let test = Ident::new(&format!("gradient_of_{}", plain(name)), name.span());
    Ok(quote! {
        #[cfg(test)]
        #[doc(hidden)]
        #[allow(non_snake_case, missing_docs, dead_code, unreachable_pub)]
        mod #module {
            #code
        }
        #[cfg(test)]
        impl ::chainrule::check::Checked for #name {
            type Double = #module::#name;
            const SIZES: &'static [usize] = &[#(#sizes),*];
        }
        #[cfg(test)]
        #[allow(non_snake_case)]
        #[test]
        fn #test() {
            ::chainrule::assert_gradient!(#name, 0);
        }
    })
}

fn listed(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// The struct of a network that has none of its own.
fn generated(structure: &ItemStruct) -> StructSource {
    let (attributes, missing) = (&structure.attrs, missing_derives(structure));
    StructSource::Generated {
        name: structure.ident.clone(),
        visibility: structure.vis.to_token_stream(),
        attributes: quote!(#(#attributes)* #missing),
        derives: all_derives(structure),
    }
}

/// What a struct within a network derives: the same as the network's own, and `Clone`, `Debug` and `PartialEq`.
fn all_derives(structure: &ItemStruct) -> TokenStream {
    let (own, missing) = (structure.attrs.iter().filter(|one| one.path().is_ident("derive")), missing_derives(structure));
    quote!(#(#own)* #missing)
}

/// `#[derive(...)]` of what a user did not derive.
fn missing_derives(structure: &ItemStruct) -> Option<TokenStream> {
    let is_missing = |name: &&str| !structure.attrs.iter().any(|one| derives(one, name));
    let missing = ["Clone", "Debug", "PartialEq"].into_iter().filter(is_missing);
    let missing: Vec<Ident> = missing.map(|name| Ident::new(name, Span::call_site())).collect();
    (!missing.is_empty()).then(|| quote!(#[derive(#(#missing),*)]))
}

fn derives(attribute: &Attribute, name: &str) -> bool {
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("derive") => {
            list.tokens.clone().into_iter().any(|tree| matches!(tree, proc_macro2::TokenTree::Ident(word) if word == name))
        }
        Meta::List(_) | Meta::Path(_) | Meta::NameValue(_) => false,
    }
}

/// The user's struct, with its fields in the order in which they are written, and behind them the states.
fn with_layout(structure: &ItemStruct, interface: &Interface) -> ItemStruct {
    let mut structure = structure.clone();
    if let Fields::Named(fields) = &mut structure.fields
        && !interface.states.is_empty()
    {
        let field = states_field(&structure.ident);
        let states: syn::FieldsNamed = syn::parse_quote!({ #field });
        fields.named.extend(states.named);
    }
    let has_layout = structure.attrs.iter().any(|attribute| attribute.path().is_ident("repr"));
    if !has_layout {
        let representation = representation();
        structure.attrs.insert(0, syn::parse_quote!(#representation));
    }
    structure
}

fn plain(name: &Ident) -> String {
    let text = name.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}
