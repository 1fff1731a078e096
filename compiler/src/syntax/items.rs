//! Items: imports, constants, functions, layers and networks.
//!
//! They must not know what the names in them mean.

use nom::Parser;
use nom::combinator::{map, opt};
use nom::sequence::{preceded, terminated};

use super::blocks::{block, statement_block};
use super::brackets::{enclosed, shape};
use super::cures::stands_before_a_name;
use super::expressions::expression;
use super::failure::report;
use super::input::{Expected, Parse, Tokens};
use super::names::{documentation, name, punctuation, text, word};
use super::recovery::{ITEMS, item_ahead, skip_item};
use super::tree::{Block, Constant, Function, Import, Item, Layer, LayerInput, Network, Parameter};
use crate::diagnostic::Diagnostic;

/// What could stand where no item begins.
pub(super) const ITEM: &str = "`network`, `layer`, `fn`, `const` or `import`";

/// Reads all the items; what is broken is reported and left out, but for its name.
pub(super) fn items(input: Tokens<'_>) -> (Vec<Item>, Vec<String>) {
    let (mut rest, mut items, mut broken) = (input, Vec::new(), Vec::new());
    while !rest.rest.is_empty() {
        rest.context.begin();
        match item(rest) {
            Ok((after, item)) => {
                items.push(item);
                rest = after;
            }
            Err(_) => {
                broken.extend(named(rest));
                let failed = report(rest);
                let moved = failed.rest.len() < rest.rest.len();
                rest = if moved && item_ahead(failed) { failed } else { skip_item(rest) };
                rest.context.opened.borrow_mut().clear();
            }
        }
    }
    (items, broken)
}

/// The name of an item that cannot be read.
fn named(input: Tokens<'_>) -> Option<String> {
    let (rest, _) = documentation(input).ok()?;
    let begins = rest.word(0).is_some_and(|word| ITEMS.contains(&word) || stands_before_a_name(word));
    rest.word(1).filter(|_| begins).map(str::to_owned)
}

/// The `;` behind an item; where the next item begins instead, that is reported, and reading goes on there.
fn ended<'t>(start: Tokens<'t>, rest: Tokens<'t>) -> Parse<'t, ()> {
    match punctuation(";")(rest) {
        Ok((rest, _)) => Ok((rest, ())),
        Err(error) if !item_ahead(rest) && !rest.rest.is_empty() => Err(error),
        Err(_) => {
            report(start);
            Ok((rest, ()))
        }
    }
}

fn item(input: Tokens<'_>) -> Parse<'_, Item> {
    let (rest, documentation) = documentation(input)?;
    match rest.word(0) {
        Some("import") => import(rest, documentation),
        Some("const") => constant(rest, documentation),
        Some("fn") => function(rest, documentation),
        Some("layer") => layer(rest, documentation),
        Some("network") => network(rest, documentation),
        Some(_) | None => rest.fail(Expected::Some(ITEM)),
    }
}

fn import(input: Tokens<'_>, documentation: Vec<String>) -> Parse<'_, Item> {
    let (rest, (path, span)) = preceded(word("import"), text).parse(input)?;
    let (rest, ()) = ended(input, rest)?;
    Ok((rest, Item::Import(Import { documentation, path, span })))
}

fn constant(input: Tokens<'_>, documentation: Vec<String>) -> Parse<'_, Item> {
    let (rest, name) = terminated(preceded(word("const"), name), punctuation("=")).parse(input)?;
    let (rest, value) = expression(rest)?;
    let (rest, ()) = ended(input, rest)?;
    Ok((rest, Item::Constant(Constant { documentation, name, value })))
}

/// `(a, b = 1)`
fn parameters(input: Tokens<'_>) -> Parse<'_, Vec<Parameter>> {
    map(|input| enclosed(input, ("(", ")"), parameter), |(parameters, _)| parameters).parse(input)
}

fn parameter(input: Tokens<'_>) -> Parse<'_, Parameter> {
    let (rest, name) = name(input)?;
    let (rest, default) = opt(preceded(punctuation("="), expression)).parse(rest)?;
    Ok((rest, Parameter { name, default }))
}

fn function(input: Tokens<'_>, documentation: Vec<String>) -> Parse<'_, Item> {
    let (rest, name) = preceded(word("fn"), name).parse(input)?;
    let (rest, parameters) = parameters(rest)?;
    let (rest, body) = if rest.at("{") {
        let (rest, block) = block(rest)?;
        (rest, *block)
    } else {
        let (after, value) = preceded(punctuation("="), expression).parse(rest).inspect_err(|_| {
            rest.expected(Expected::Exactly("{"));
        })?;
        let (rest, ()) = ended(input, after)?;
        let span = value.span;
        (rest, Block { statements: Vec::new(), value: Some(Box::new(value)), braces: false, span })
    };
    Ok((rest, Item::Function(Function { documentation, name, parameters, body })))
}

fn layer(input: Tokens<'_>, documentation: Vec<String>) -> Parse<'_, Item> {
    let (rest, name) = preceded(word("layer"), name).parse(input)?;
    let (rest, configuration) = parameters(rest)?;
    if rest.at("{") {
        let error = Diagnostic::error(rest.span(), format!("the layer `{}` has no data", name.text));
        let cure = "a layer has two pairs of parentheses, for what configures it and for its data: `layer Name()(x) { ... }`";
        return Err(rest.refused(error.help(cure)));
    }
    let (rest, (inputs, _)) = enclosed(rest, ("(", ")"), layer_input)?;
    let (rest, body) = block(rest)?;
    Ok((rest, Item::Layer(Layer { documentation, name, configuration, inputs, body: *body })))
}

fn layer_input(input: Tokens<'_>) -> Parse<'_, LayerInput> {
    let (rest, name) = name(input)?;
    let (rest, shape) = opt(preceded(punctuation(":"), shape)).parse(rest)?;
    Ok((rest, LayerInput { name, shape }))
}

fn network(input: Tokens<'_>, documentation: Vec<String>) -> Parse<'_, Item> {
    let (rest, start) = word("network")(input)?;
    let (rest, name) = name(rest)?;
    let (rest, hyperparameters) = if rest.at("(") { parameters(rest)? } else { (rest, Vec::new()) };
    let (rest, precision) = opt(preceded(punctuation(":"), super::names::name)).parse(rest)?;
    let (rest, body) = statement_block(rest)?;
    let (statements, span) = (body.statements, start.to(body.span));
    Ok((rest, Item::Network(Network { documentation, name, hyperparameters, precision, statements, span })))
}
