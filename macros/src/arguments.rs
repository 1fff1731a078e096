//! What stands in the parentheses of the attribute: equations with settings before them, or a file with settings behind it. It must
//! not know what they mean.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, Lit, LitStr, Token};

/// The arguments of the attribute.
pub enum Arguments {
    /// A file that holds the network.
    File(FileArguments),
    /// The equations themselves, with what stands before them.
    Equations(Header, TokenStream),
}

/// `file = "x.nn", check, trace, network = "X", hidden = 256, max_memory = "1 MiB", B = 32`
pub struct FileArguments {
    /// The path as written.
    pub path: LitStr,
    /// Which network of the file.
    pub network: Option<String>,
    /// What is wanted beside the network.
    pub flags: Flags,
    /// The most memory that a workspace may take.
    pub max_memory: Option<LitStr>,
    /// Values of hyperparameters, and of the sizes for which the memory is bounded.
    pub settings: Vec<Setting>,
}

/// `f64, check, trace, max_memory = "1 MiB", B = 32`
#[derive(Default)]
pub struct Header {
    /// The type of the numbers, where it is said.
    pub precision: Option<Ident>,
    /// What is wanted beside the network.
    pub flags: Flags,
    /// The most memory that a workspace may take.
    pub max_memory: Option<LitStr>,
    /// The sizes for which the memory is bounded.
    pub sizes: Vec<Setting>,
}

/// Words that stand alone.
#[derive(Clone, Copy, Default)]
pub struct Flags {
    /// Whether a test of the gradient is wanted.
    pub check: bool,
    /// Whether the network says where its numbers leave the finite range.
    pub trace: bool,
}

/// A number for a name.
#[derive(Clone)]
pub struct Setting {
    /// The name as written.
    pub name: Ident,
    /// The number; `true` is 1 and `false` is 0.
    pub value: f64,
    /// The number, where it is written as a whole one that is not negative.
    pub whole: Option<usize>,
}

impl Arguments {
    /// Reads the arguments.
    pub fn read(stream: TokenStream) -> syn::Result<Self> {
        let start: Vec<TokenTree> = stream.clone().into_iter().take(3).collect();
        match start.as_slice() {
            [TokenTree::Ident(word), TokenTree::Punct(equals), TokenTree::Literal(_)]
                if word == "file" && equals.as_char() == '=' =>
            {
                syn::parse2(stream).map(Self::File)
            }
            start if is_header(start) => {
                let is_end = |tree: &TokenTree| matches!(tree, TokenTree::Punct(sign) if sign.as_char() == ';');
                let header = stream.clone().into_iter().take_while(|tree| !is_end(tree)).collect();
                let equations: TokenStream = stream.into_iter().skip_while(|tree| !is_end(tree)).skip(1).collect();
                let start: Vec<TokenTree> = equations.clone().into_iter().take(3).collect();
                if let Some(first) = start.first().filter(|_| is_header(&start)) {
                    let message = format!(
                        "settings stand together before the equations: `#[network(f64, check; ...)]`, found `{first}` behind `;`"
                    );
                    return Err(syn::Error::new(first.span(), message));
                }
                Ok(Self::Equations(syn::parse2(header)?, equations))
            }
            _ => Ok(Self::Equations(Header::default(), stream)),
        }
    }
}

/// Whether equations begin with settings.
fn is_header(start: &[TokenTree]) -> bool {
    match start {
        [TokenTree::Ident(word), TokenTree::Punct(end), ..] if word == "f32" || word == "f64" || is_flag(word) => {
            matches!(end.as_char(), ';' | ',')
        }
        [TokenTree::Ident(word), TokenTree::Punct(equals), TokenTree::Literal(_)] => {
            word == "max_memory" && equals.as_char() == '='
        }
        _ => false,
    }
}

impl Parse for FileArguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Ident>()?;
        input.parse::<Token![=]>()?;
        let path = input.parse()?;
        let mut arguments = Self { path, network: None, flags: Flags::default(), max_memory: None, settings: Vec::new() };
        while next(input)? {
            if is_flag_ahead(input) {
                flag(input, &mut arguments.flags)?;
                continue;
            }
            let name = name(input)?;
            if name == "network" && input.peek(LitStr) {
                arguments.network = Some(input.parse::<LitStr>()?.value());
            } else {
                setting(input, name, &mut arguments.max_memory, &mut arguments.settings)?;
            }
        }
        Ok(arguments)
    }
}

impl Parse for Header {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut header = Self::default();
        if !input.peek2(Token![=]) && !is_flag_ahead(input) {
            header.precision = Some(input.parse()?);
            if !next(input)? {
                return Ok(header);
            }
        }
        loop {
            if is_flag_ahead(input) {
                flag(input, &mut header.flags)?;
            } else {
                let name = name(input)?;
                setting(input, name, &mut header.max_memory, &mut header.sizes)?;
            }
            if !next(input)? {
                break;
            }
        }
        match (&header.max_memory, header.sizes.first()) {
            (None, Some(size)) => {
                let message =
                    "before equations a size has a value only where the memory is bounded: `max_memory = \"256 KiB\", B = 32`";
                Err(syn::Error::new(size.name.span(), message))
            }
            (None, None) | (Some(_), _) => Ok(header),
        }
    }
}

/// Whether more follows behind a comma.
fn next(input: ParseStream<'_>) -> syn::Result<bool> {
    if input.is_empty() {
        return Ok(false);
    }
    input.parse::<Token![,]>()?;
    Ok(!input.is_empty())
}

/// Whether a word may stand alone.
fn is_flag(word: &Ident) -> bool {
    word == "check" || word == "trace"
}

/// Whether such a word follows, and no value.
fn is_flag_ahead(input: ParseStream<'_>) -> bool {
    !input.peek2(Token![=]) && input.fork().parse::<Ident>().is_ok_and(|word| is_flag(&word))
}

/// A word that stands alone.
fn flag(input: ParseStream<'_>, flags: &mut Flags) -> syn::Result<()> {
    let word: Ident = input.parse()?;
    let flag = if word == "check" { &mut flags.check } else { &mut flags.trace };
    if std::mem::replace(flag, true) {
        return Err(syn::Error::new(word.span(), format!("`{word}` is given twice")));
    }
    Ok(())
}

/// `hidden =`
fn name(input: ParseStream<'_>) -> syn::Result<Ident> {
    let name = input.call(Ident::parse_any)?;
    input.parse::<Token![=]>()?;
    Ok(name)
}

/// What stands behind a name.
fn setting(input: ParseStream<'_>, name: Ident, max_memory: &mut Option<LitStr>, settings: &mut Vec<Setting>) -> syn::Result<()> {
    let twice = |name: &Ident| Err(syn::Error::new(name.span(), format!("`{name}` is given twice")));
    if name == "max_memory" {
        let unit = |error: syn::Error| syn::Error::new(error.span(), "memory has a unit: `max_memory = \"256 KiB\"`");
        let text = input.parse().map_err(unit)?;
        return if max_memory.replace(text).is_some() { twice(&name) } else { Ok(()) };
    }
    if settings.iter().any(|other| other.name == name) {
        return twice(&name);
    }
    let (value, whole) = number(input)?;
    settings.push(Setting { name, value, whole });
    Ok(())
}

/// `256`, `-0.5`, `true`
fn number(input: ParseStream<'_>) -> syn::Result<(f64, Option<usize>)> {
    let negative = input.parse::<Option<Token![-]>>()?.is_some();
    let literal: Lit = input.parse()?;
    let (value, whole) = match &literal {
        Lit::Int(number) => (number.base10_parse::<f64>()?, number.base10_parse().ok().filter(|_| !negative)),
        Lit::Float(number) => (number.base10_parse::<f64>()?, None),
        Lit::Bool(value) => (f64::from(u8::from(value.value)), None),
        _ => return Err(syn::Error::new(literal.span(), "the value of a hyperparameter is a number, `true` or `false`")),
    };
    Ok((if negative { -value } else { value }, whole))
}
