//! Statements and blocks to layouts.
//!
//! It must know nothing of items.

use super::comments::{Comments, Entry};
use super::format_expression::{expression, name, range, reduced_label, tuple};
use super::layout::{Layout, group, indented, listed, sequence, text};
use super::tree::{Axis, Block, Data, LeftIndex, Parameter, Role, Shape, Statement, StatementKind, Stored};

/// Entries on lines of their own, with the empty lines between them.
pub(super) fn lines(entries: Vec<Entry>) -> Layout {
    let mut parts = Vec::new();
    for (blank, layout) in entries {
        if !parts.is_empty() {
            parts.push(if blank { Layout::Blank } else { Layout::Break });
        }
        parts.push(layout);
    }
    Layout::Sequence(parts)
}

/// Something below its documentation.
pub(super) fn documented(documentation: &[String], what: Layout) -> Layout {
    let mut parts = Vec::new();
    for line in documentation.iter().flat_map(|text| text.split('\n')) {
        let space = if line.starts_with('/') { " " } else { "" };
        parts.extend([text(format!("///{space}{}", line.trim_end())), Layout::Break]);
    }
    parts.push(what);
    Layout::Sequence(parts)
}

/// A body of a function or a layer: on lines of its own.
pub(super) fn braces(block: &Block, comments: &mut Comments<'_>) -> Layout {
    body(&block.statements, block, comments)
}

/// A block of an `if`: on one line if it holds a value only.
pub(super) fn block(block: &Block, comments: &mut Comments<'_>) -> Layout {
    match &block.value {
        Some(value) if !block.braces && block.statements.is_empty() => expression(value, comments),
        Some(value) if block.statements.is_empty() && !comments.any_before(block.span.end) => {
            let inner = sequence([Layout::Line(" "), expression(value, comments)]);
            group(sequence([text("{"), indented(inner), Layout::Line(" "), text("}")]))
        }
        Some(_) | None => braces(block, comments),
    }
}

/// Statements between braces, and the value of the block behind them.
pub(super) fn body(statements: &[Statement], block: &Block, comments: &mut Comments<'_>) -> Layout {
    let mut entries: Vec<Entry> = Vec::new();
    for one in statements {
        let (start, end) = (one.span.start, one.span.end);
        entries.extend(comments.take_before(start));
        entries.extend(comments.take_outside_braces(start, end));
        let blank = comments.blank_before_documented(start);
        let printed = documented(&one.documentation, statement(one, comments));
        entries.push((blank, with_trailing(printed, end, comments)));
    }
    if let Some(value) = &block.value {
        let (start, end) = (value.span.start, value.span.end);
        entries.extend(comments.take_before(start));
        entries.extend(comments.take_outside_braces(start, end));
        let blank = comments.blank_before_documented(start);
        let printed = expression(value, comments);
        entries.push((blank, with_trailing(printed, end, comments)));
    }
    entries.extend(comments.take_before(block.span.end));
    if entries.is_empty() {
        return text("{}");
    }
    sequence([text("{"), indented(sequence([Layout::Break, lines(entries)])), Layout::Break, text("}")])
}

fn with_trailing(printed: Layout, end: u32, comments: &mut Comments<'_>) -> Layout {
    match comments.take_trailing(end) {
        Some(trailing) => sequence([printed, trailing]),
        None => printed,
    }
}

/// A statement without its documentation.
pub(super) fn statement(statement: &Statement, comments: &mut Comments<'_>) -> Layout {
    let inner = match &statement.kind {
        StatementKind::Input(data) => data_layout("input", data, comments),
        StatementKind::Target(data) => data_layout("target", data, comments),
        StatementKind::Param(stored) => stored_layout("param", stored, comments),
        StatementKind::State(stored) => stored_layout("state", stored, comments),
        StatementKind::Define { role, name, value } => {
            sequence([text(format!("{}{} = ", keyword(*role), name.text)), expression(value, comments)])
        }
        StatementKind::DefineIndexed { role, name, indices, value } => {
            let indices = indices.iter().map(|index| left_index(index, comments)).collect();
            let left = sequence([text(format!("{}{}", keyword(*role), name.text)), listed("[", indices, "]")]);
            sequence([left, text(" = "), expression(value, comments)])
        }
    };
    sequence([inner, text(";")])
}

fn keyword(role: Role) -> &'static str {
    match role {
        Role::Plain | Role::Loss => "",
        Role::Output => "output ",
        Role::Metric => "metric ",
        Role::Update => "update ",
    }
}

fn data_layout(keyword: &str, data: &Data, comments: &mut Comments<'_>) -> Layout {
    let shape = shape(&data.shape, comments);
    sequence([text(format!("{keyword} {}: ", data.name.text)), shape, range(data.range.as_ref(), comments)])
}

fn stored_layout(keyword: &str, stored: &Stored, comments: &mut Comments<'_>) -> Layout {
    let mut parts = vec![text(format!("{keyword} {}: ", stored.name.text)), shape(&stored.shape, comments)];
    if let Some(initializer) = &stored.initializer {
        parts.extend([text(" = "), expression(initializer, comments)]);
    }
    Layout::Sequence(parts)
}

/// `[B, 784]`
pub(super) fn shape(shape: &Shape, comments: &mut Comments<'_>) -> Layout {
    let mut axes = Vec::new();
    for axis in &shape.axes {
        axes.push(match axis {
            Axis::Rest(_) => text(".."),
            Axis::Size(size) => expression(size, comments),
        });
    }
    listed("[", axes, "]")
}

/// `(a, b = 1)`
pub(super) fn parameters(parameters: &[Parameter], comments: &mut Comments<'_>) -> Layout {
    let mut items = Vec::new();
    for parameter in parameters {
        items.push(match &parameter.default {
            Some(default) => sequence([name(&parameter.name), text(" = "), expression(default, comments)]),
            None => name(&parameter.name),
        });
    }
    listed("(", items, ")")
}

fn left_index(index: &LeftIndex, comments: &mut Comments<'_>) -> Layout {
    match index {
        LeftIndex::Label(label) => reduced_label(label, comments),
        LeftIndex::Group(labels, _) => tuple(labels.iter().map(|label| reduced_label(label, comments)).collect()),
        LeftIndex::Start(start) => expression(start, comments),
    }
}
