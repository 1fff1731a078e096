//! What stands in the parentheses of the attribute: equations (`f64;` may stand before them), or a file with hyperparameters. It must not know what they mean.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeMap;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, Lit, LitStr, Token};

/// The arguments of the attribute.
pub enum Arguments {
    /// A file that holds the network.
    File(FileArguments),
    /// The equations themselves, with the type of the numbers where it is said.
    Equations(Option<Ident>, TokenStream),
}

/// `file = "x.nn", network = "X", hidden = 256`
pub struct FileArguments {
    /// The path as written.
    pub path: LitStr,
    /// Which network of the file.
    pub network: Option<String>,
    /// Values of hyperparameters.
    pub hyperparameters: BTreeMap<String, f64>,
}

impl Arguments {
    /// Reads the arguments.
    pub fn read(stream: TokenStream) -> syn::Result<Self> {
        let start: Vec<TokenTree> = stream.clone().into_iter().take(3).collect();
        match start.as_slice() {
            [TokenTree::Ident(word), TokenTree::Punct(end), ..] if (word == "f32" || word == "f64") && end.as_char() == ';' => {
                Ok(Self::Equations(Some(word.clone()), stream.into_iter().skip(2).collect()))
            }
            [TokenTree::Ident(word), TokenTree::Punct(equals), TokenTree::Literal(_)]
                if word == "file" && equals.as_char() == '=' =>
            {
                syn::parse2(stream).map(Self::File)
            }
            _ => Ok(Self::Equations(None, stream)),
        }
    }
}

impl Parse for FileArguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Ident>()?;
        input.parse::<Token![=]>()?;
        let mut arguments = Self { path: input.parse()?, network: None, hyperparameters: BTreeMap::new() };
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            if name == "network" && input.peek(LitStr) {
                arguments.network = Some(input.parse::<LitStr>()?.value());
            } else if arguments.hyperparameters.insert(name.to_string(), number(input)?).is_some() {
                return Err(syn::Error::new(name.span(), format!("`{name}` is given twice")));
            }
        }
        Ok(arguments)
    }
}

/// `256`, `-0.5`, `true`
fn number(input: ParseStream<'_>) -> syn::Result<f64> {
    let negative = input.parse::<Option<Token![-]>>()?.is_some();
    let literal: Lit = input.parse()?;
    let value = match &literal {
        Lit::Int(number) => number.base10_parse::<f64>()?,
        Lit::Float(number) => number.base10_parse::<f64>()?,
        Lit::Bool(value) => f64::from(u8::from(value.value)),
        _ => return Err(syn::Error::new(literal.span(), "the value of a hyperparameter is a number, `true` or `false`")),
    };
    Ok(if negative { -value } else { value })
}
