//! The fields of a user's struct as statements of the language. It must not know what the statements mean.

use crate::tokens::Adapter;
use chainrule_compiler::elaborate::sizes_from_data;
use chainrule_compiler::syntax::token::TokenKind;
use chainrule_compiler::syntax::tree::{File, Item, Layer};
use proc_macro2::{Ident, Span};
use std::rc::Rc;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Field, GenericArgument, ItemStruct, Lit, Meta, PathArguments, Type};

/// The float type of a struct: what stands before the equations, or that of its fields, `f32` where nothing tells.
pub fn precision(item: &ItemStruct, written: Option<&Ident>, adapter: &mut Adapter) -> String {
    let mut found: Option<String> = written.map(Ident::to_string);
    for field in &item.fields {
        let Some(own) = float_of(&field.ty) else { continue };
        match &found {
            Some(other) if other != own => {
                adapter.complain(
                    format!("all numbers of a network have one type, but these are `{own}` and others `{other}`"),
                    field.ty.span(),
                );
            }
            Some(_) | None => found = Some(own.to_owned()),
        }
    }
    found.unwrap_or_else(|| "f32".to_owned())
}

fn float_of(kind: &Type) -> Option<&'static str> {
    match kind {
        Type::Array(array) => float_of(&array.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match &last.arguments {
                PathArguments::None => ["f32", "f64"].into_iter().find(|name| last.ident == name),
                PathArguments::AngleBracketed(arguments) => {
                    let named = arguments.args.iter().find_map(|argument| match argument {
                        GenericArgument::Type(kind) => float_of(kind),
                        _ => None,
                    });
                    Some(named.unwrap_or("f32"))
                }
                PathArguments::Parenthesized(_) => None,
            }
        }
        _ => None,
    }
}

/// A field as a statement: `param w: [784, 512] = he_uniform;`, or `out = Dense(10);`.
pub fn statement(field: &Field, library: &[Rc<File>], adapter: &mut Adapter) {
    let Some(name) = &field.ident else {
        return adapter.complain("the parameters of a network have names".to_owned(), field.span());
    };
    for attribute in &field.attrs {
        if let Some(text) = documentation(attribute) {
            adapter.push(TokenKind::Documentation(text), attribute.span());
        }
    }
    let text = name.to_string();
    let text = text.strip_prefix("r#").unwrap_or(&text);
    let place = name.span();
    if let Some((layer, numbers)) = layer_of(&field.ty, library) {
        return instance(text, layer, &numbers, field.ty.span(), place, adapter);
    }
    let mut shape = Vec::new();
    let ok = lengths(&field.ty, &mut shape, adapter);
    if !ok {
        return;
    }
    adapter.word("param", place);
    adapter.word(text, place);
    adapter.sign(":", place);
    adapter.sign("[", field.ty.span());
    for (number, place) in &shape {
        adapter.push(TokenKind::Integer(*number), *place);
        adapter.sign(",", *place);
    }
    adapter.sign("]", field.ty.span());
    adapter.sign("=", place);
    match field.attrs.iter().find(|attribute| attribute.path().is_ident("init")) {
        Some(attribute) => match &attribute.meta {
            Meta::List(list) => adapter.stream(list.tokens.clone()),
            Meta::Path(_) | Meta::NameValue(_) => {
                adapter.complain("an initializer is written `#[init(he_uniform)]`".to_owned(), attribute.span());
            }
        },
        None => adapter.word(if shape.len() >= 2 { "glorot_uniform" } else { "zeros" }, place),
    }
    adapter.sign(";", place);
}

/// The text of a documentation attribute.
fn documentation(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        Expr::Lit(literal) if pair.path.is_ident("doc") => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The lengths of nested arrays, outermost first; whether the type is one.
fn lengths(kind: &Type, shape: &mut Vec<(u64, Span)>, adapter: &mut Adapter) -> bool {
    match kind {
        Type::Array(array) => {
            let number = match &array.len {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Int(number) => number.base10_parse::<u64>().ok(),
                    _ => None,
                },
                _ => None,
            };
            let Some(number) = number else {
                let message = "the length of an axis must be a number that is written here: the macro sees words, not the values of constants";
                adapter.complain(message.to_owned(), array.len.span());
                return false;
            };
            shape.push((number, array.len.span()));
            lengths(&array.elem, shape, adapter)
        }
        Type::Path(path) if path.path.is_ident("f32") || path.path.is_ident("f64") => true,
        _ => {
            let message =
                "a field of a network is `f32`, `f64`, an array of them, or a layer of the language such as `Dense<512, 10>`";
            adapter.complain(message.to_owned(), kind.span());
            false
        }
    }
}

/// The layer that a type names, and its numbers.
fn layer_of<'a>(kind: &Type, library: &'a [Rc<File>]) -> Option<(&'a Layer, Vec<u64>)> {
    let Type::Path(path) = kind else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let layer = library.iter().flat_map(|file| &file.items).find_map(|item| match item {
        Item::Layer(layer) if last.ident == layer.name.text => Some(layer),
        Item::Layer(_) | Item::Import(_) | Item::Constant(_) | Item::Function(_) | Item::Network(_) => None,
    })?;
    let numbers = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Const(Expr::Lit(literal)) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        _ => None,
    });
    Some((layer, numbers.collect()))
}

/// `out = Dense(10);`: of the numbers of the type the first are those that the layer finds in its data.
fn instance(name: &str, layer: &Layer, numbers: &[u64], kind: Span, place: Span, adapter: &mut Adapter) {
    adapter.word(name, place);
    adapter.sign("=", place);
    adapter.word(&layer.name.text, kind);
    adapter.sign("(", kind);
    for number in numbers.iter().skip(sizes_from_data(layer).len()) {
        adapter.push(TokenKind::Integer(*number), kind);
        adapter.sign(",", kind);
    }
    adapter.sign(")", kind);
    adapter.sign(";", place);
}
