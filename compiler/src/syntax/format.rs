//! Trees to text in the canonical form: items, and the ways in.
//!
//! What is printed parses to the same tree. It must know nothing of what programs mean.

use super::comments::{Comments, Entry};
use super::format_expression::expression;
use super::format_statement::{braces, documented, lines, parameters, shape, statement as statement_layout};
use super::layout::{Layout, group, listed, sequence, text};
use super::lexer::lex_with_comments;
use super::parse::parse_file;
use super::tree::{Expression, File, Function, Item, Layer, Network, Statement};
use crate::diagnostic::Diagnostics;
use crate::span::FileId;

/// How wide lines may be.
const WIDTH: usize = 100;

/// The width of what is printed on one line.
const ENDLESS: usize = 1 << 40;

/// Prints a file in the canonical form.
pub fn print(file: &File) -> String {
    layout(file, &mut Comments::none())
}

/// Prints an expression on one line, but for blocks that hold statements.
pub fn print_expression(source: &Expression) -> String {
    super::layout::print(&group(expression(source, &mut Comments::none())), ENDLESS)
}

/// Prints a statement without its documentation, within the width of a file's lines.
pub fn print_statement(statement: &Statement) -> String {
    super::layout::print(&statement_layout(statement, &mut Comments::none()), WIDTH)
}

/// Brings a text into the canonical form; its comments and single empty lines stay. A text that cannot be read is left alone:
/// what is wrong with it is reported, and there is no result.
pub fn format_text(source: &str, file: FileId, diagnostics: &mut Diagnostics) -> Option<String> {
    let mut found = Diagnostics::new();
    let (tokens, comments) = lex_with_comments(source, file, &mut found);
    let tree = parse_file(&tokens, file, &mut found);
    for diagnostic in found.sorted() {
        diagnostics.push(diagnostic.clone());
    }
    if found.has_errors() { None } else { Some(layout(&tree, &mut Comments::new(source, &tokens, comments))) }
}

fn layout(file: &File, comments: &mut Comments<'_>) -> String {
    let mut entries: Vec<Entry> = Vec::new();
    let mut previous: Option<&Item> = None;
    for item in &file.items {
        let (start, end) = place(item, comments);
        let mut added = comments.take_before(start);
        added.extend(comments.take_outside_braces(start, end));
        let blank = comments.blank_before_documented(start);
        let documentation = documentation(item);
        let mut printed = documented(documentation, item_layout(item, comments));
        if let Some(trailing) = comments.take_trailing(end) {
            printed = sequence([printed, trailing]);
        }
        added.push((blank, printed));
        let together = |previous| documentation.is_empty() && alike(previous, item);
        let apart = previous.is_some_and(|previous| !together(previous));
        if let Some(first) = added.first_mut() {
            first.0 |= apart;
        }
        entries.extend(added);
        previous = Some(item);
    }
    entries.extend(comments.take_before(u32::MAX));
    if entries.is_empty() {
        return String::new();
    }
    let mut printed = super::layout::print(&lines(entries), WIDTH);
    printed.push('\n');
    printed
}

fn documentation(item: &Item) -> &[String] {
    match item {
        Item::Import(import) => &import.documentation,
        Item::Constant(constant) => &constant.documentation,
        Item::Function(function) => &function.documentation,
        Item::Layer(layer) => &layer.documentation,
        Item::Network(network) => &network.documentation,
    }
}

/// Where an item begins and ends in its source.
fn place(item: &Item, comments: &Comments<'_>) -> (u32, u32) {
    match item {
        Item::Import(import) => (comments.token_before(import.span.start), import.span.end),
        Item::Constant(constant) => (comments.token_before(constant.name.span.start), constant.value.span.end),
        Item::Function(function) => (comments.token_before(function.name.span.start), function.body.span.end),
        Item::Layer(layer) => (comments.token_before(layer.name.span.start), layer.body.span.end),
        Item::Network(network) => (network.span.start, network.span.end),
    }
}

/// Whether two items are of one kind, and short.
fn alike(one: &Item, other: &Item) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other) && short(one) && short(other)
}

/// Whether an item has no braces.
fn short(item: &Item) -> bool {
    match item {
        Item::Import(_) | Item::Constant(_) => true,
        Item::Function(function) => !function.body.braces,
        Item::Layer(_) | Item::Network(_) => false,
    }
}

fn item_layout(item: &Item, comments: &mut Comments<'_>) -> Layout {
    match item {
        Item::Import(import) => {
            let path = import.path.replace('\\', "\\\\").replace('"', "\\\"");
            text(format!("import \"{path}\";"))
        }
        Item::Constant(constant) => {
            sequence([text(format!("const {} = ", constant.name.text)), expression(&constant.value, comments), text(";")])
        }
        Item::Function(function) => function_layout(function, comments),
        Item::Layer(layer) => layer_layout(layer, comments),
        Item::Network(network) => network_layout(network, comments),
    }
}

fn function_layout(function: &Function, comments: &mut Comments<'_>) -> Layout {
    let head = sequence([text(format!("fn {}", function.name.text)), parameters(&function.parameters, comments)]);
    match &function.body.value {
        Some(value) if !function.body.braces => sequence([head, text(" = "), expression(value, comments), text(";")]),
        Some(_) | None => sequence([head, text(" "), braces(&function.body, comments)]),
    }
}

fn layer_layout(layer: &Layer, comments: &mut Comments<'_>) -> Layout {
    let configuration = parameters(&layer.configuration, comments);
    let mut inputs = Vec::new();
    for input in &layer.inputs {
        inputs.push(match &input.shape {
            Some(sizes) => sequence([text(format!("{}: ", input.name.text)), shape(sizes, comments)]),
            None => text(&input.name.text),
        });
    }
    let head = sequence([text(format!("layer {}", layer.name.text)), configuration, listed("(", inputs, ")"), text(" ")]);
    sequence([head, braces(&layer.body, comments)])
}

fn network_layout(network: &Network, comments: &mut Comments<'_>) -> Layout {
    let mut head = vec![text(format!("network {}", network.name.text))];
    if !network.hyperparameters.is_empty() {
        head.push(parameters(&network.hyperparameters, comments));
    }
    if let Some(precision) = &network.precision {
        head.push(text(format!(": {}", precision.text)));
    }
    head.push(text(" "));
    let body = super::tree::Block { statements: Vec::new(), value: None, braces: true, span: network.span };
    head.push(super::format_statement::body(&network.statements, &body, comments));
    Layout::Sequence(head)
}
