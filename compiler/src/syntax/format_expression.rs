//! Expressions to layouts, with no more parentheses than they need.
//!
//! Chains (sums, pipes, powers, calls of calls) are walked in loops, so that long ones take no stack. It must know nothing of
//! statements; blocks of an `if` are printed elsewhere.

use super::comments::Comments;
use super::format_statement::block;
use super::layout::{Layout, group, indented, listed, sequence, text};
use super::operators::{binary_precedence, binary_text};
use super::tree::{Argument, Binary, Expression, ExpressionKind, IndexItem, Name, ReducedLabel, Unary};
use crate::ops::precedence;

/// How tightly an expression holds together; what stands alone holds as tightly as anything.
fn tightness(source: &Expression) -> u8 {
    match &source.kind {
        ExpressionKind::Number { value, .. } if value.is_sign_negative() => precedence::UNARY,
        ExpressionKind::Unary(..) => precedence::UNARY,
        ExpressionKind::Binary(operator, ..) => binary_precedence(*operator),
        ExpressionKind::Pipe(..) => precedence::PIPE,
        ExpressionKind::Number { .. }
        | ExpressionKind::Boolean(_)
        | ExpressionKind::Name(_)
        | ExpressionKind::Call(..)
        | ExpressionKind::Index(..)
        | ExpressionKind::Reduce { .. }
        | ExpressionKind::Transpose(_)
        | ExpressionKind::Field(..)
        | ExpressionKind::List(_)
        | ExpressionKind::Group(_)
        | ExpressionKind::Arrow(..)
        | ExpressionKind::If { .. }
        | ExpressionKind::Missing => precedence::POSTFIX,
    }
}

/// An expression where something of some tightness may stand.
fn operand(source: &Expression, needed: u8, comments: &mut Comments<'_>) -> Layout {
    let inner = expression(source, comments);
    if tightness(source) >= needed { inner } else { parenthesized(inner) }
}

fn parenthesized(inner: Layout) -> Layout {
    group(sequence([text("("), indented(sequence([Layout::Line(""), inner])), Layout::Line(""), text(")")]))
}

/// An expression. Each kind has a function of its own: a level of nesting then takes the stack of that kind only.
pub(super) fn expression(source: &Expression, comments: &mut Comments<'_>) -> Layout {
    let lay_out = match &source.kind {
        ExpressionKind::Number { .. } | ExpressionKind::Boolean(_) | ExpressionKind::Name(_) | ExpressionKind::Missing => atom,
        ExpressionKind::Unary(..) | ExpressionKind::Binary(Binary::Power, ..) => prefixes_and_powers,
        ExpressionKind::Binary(..) | ExpressionKind::Pipe(..) => chain,
        ExpressionKind::Call(..) | ExpressionKind::Index(..) | ExpressionKind::Transpose(_) | ExpressionKind::Field(..) => {
            postfix
        }
        ExpressionKind::Reduce { .. } => reduction,
        ExpressionKind::List(_) | ExpressionKind::Group(_) | ExpressionKind::Arrow(..) => listing,
        ExpressionKind::If { .. } => conditional,
    };
    lay_out(source, comments)
}

fn atom(source: &Expression, _: &mut Comments<'_>) -> Layout {
    if let ExpressionKind::Number { value, integer } = &source.kind {
        text(number(*value, *integer))
    } else if let ExpressionKind::Boolean(value) = &source.kind {
        text(value.to_string())
    } else if let ExpressionKind::Name(name) = &source.kind {
        text(name)
    } else {
        text("_")
    }
}

/// `[a, b]`, `(a, b)`, `[a, b] -> [b, a]`
fn listing(source: &Expression, comments: &mut Comments<'_>) -> Layout {
    if let ExpressionKind::List(parts) = &source.kind {
        listed("[", all(parts, comments), "]")
    } else if let ExpressionKind::Group(parts) = &source.kind {
        tuple(all(parts, comments))
    } else if let ExpressionKind::Arrow(from, to) = &source.kind {
        let from = listed("[", all(from, comments), "]");
        sequence([from, text(" -> "), listed("[", all(to, comments), "]")])
    } else {
        text("_")
    }
}

/// `(a, b)`; one alone has a comma behind it.
pub(super) fn tuple(mut parts: Vec<Layout>) -> Layout {
    match parts.pop() {
        Some(only) if parts.is_empty() => sequence([text("("), only, text(",)")]),
        last => {
            parts.extend(last);
            listed("(", parts, ")")
        }
    }
}

fn conditional(source: &Expression, comments: &mut Comments<'_>) -> Layout {
    let ExpressionKind::If { condition, then, otherwise } = &source.kind else { return text("_") };
    let mut parts = vec![text("if "), expression(condition, comments), text(" ")];
    parts.push(block(then, comments));
    parts.push(text(" else "));
    parts.push(block(otherwise, comments));
    Layout::Sequence(parts)
}

fn all(parts: &[Expression], comments: &mut Comments<'_>) -> Vec<Layout> {
    parts.iter().map(|part| expression(part, comments)).collect()
}

fn number(value: f64, integer: bool) -> String {
    if value.is_nan() {
        "nan".to_string()
    } else if value.is_infinite() {
        if value > 0.0 { "inf".to_string() } else { "-inf".to_string() }
    } else if integer && value.fract() == 0.0 {
        format!("{value}")
    } else {
        format!("{value:?}")
    }
}

/// `-x ^ -y ^ 2`: what continues to the right without parentheses.
fn prefixes_and_powers(source: &Expression, comments: &mut Comments<'_>) -> Layout {
    let mut parts = Vec::new();
    let mut rest = source;
    loop {
        if let ExpressionKind::Unary(operator, inner) = &rest.kind {
            parts.push(text(unary_text(*operator)));
            rest = inner;
        } else if let ExpressionKind::Binary(Binary::Power, base, exponent) = &rest.kind {
            parts.push(operand(base, precedence::POSTFIX, comments));
            parts.push(text(" ^ "));
            rest = exponent;
        } else {
            break;
        }
    }
    parts.push(operand(rest, precedence::UNARY, comments));
    Layout::Sequence(parts)
}

fn unary_text(operator: Unary) -> &'static str {
    match operator {
        Unary::Negate => "-",
        Unary::Not => "!",
    }
}

/// The operator of an expression that continues to the left, and its operands.
fn split(source: &Expression) -> Option<(&'static str, &Expression, &Expression)> {
    if let ExpressionKind::Pipe(left, right) = &source.kind {
        Some(("|>", left, right))
    } else if let ExpressionKind::Binary(operator, left, right) = &source.kind {
        Some((binary_text(*operator), left, right))
    } else {
        None
    }
}

/// `a + b - c`: operators of one precedence; on several lines, each begins one.
fn chain(source: &Expression, comments: &mut Comments<'_>) -> Layout {
    let level = tightness(source);
    let left = if level == precedence::COMPARE { level + 1 } else { level };
    let mut links = Vec::new();
    let mut first = source;
    while let Some((operator, before, after)) = split(first).filter(|_| tightness(first) == level) {
        links.push((operator, after));
        first = before;
        if level == precedence::COMPARE {
            break;
        }
    }
    let head = operand(first, left, comments);
    let mut rest = Vec::new();
    for (operator, after) in links.into_iter().rev() {
        let operand = operand(after, level + 1, comments);
        link(&mut rest, operator, operand);
    }
    group(sequence([head, indented(Layout::Sequence(rest))]))
}

fn link(rest: &mut Vec<Layout>, operator: &str, operand: Layout) {
    rest.extend([Layout::Line(" "), text(format!("{operator} ")), operand]);
}

/// `f(x)[i].T.w`
fn postfix(source: &Expression, comments: &mut Comments<'_>) -> Layout {
    let mut links = Vec::new();
    let mut base = source;
    while let ExpressionKind::Call(inner, _)
    | ExpressionKind::Index(inner, _)
    | ExpressionKind::Transpose(inner)
    | ExpressionKind::Field(inner, _) = &base.kind
    {
        links.push(base);
        base = inner;
    }
    let mut parts = vec![operand(base, precedence::POSTFIX, comments)];
    for link in links.into_iter().rev() {
        apply(&mut parts, link, comments);
    }
    Layout::Sequence(parts)
}

/// What stands behind an operand.
fn apply(parts: &mut Vec<Layout>, link: &Expression, comments: &mut Comments<'_>) {
    if let ExpressionKind::Call(callee, arguments) = &link.kind {
        // `(x[i])(y)` without the parentheses would be a reduction.
        if matches!(&callee.kind, ExpressionKind::Index(of, _) if matches!(of.kind, ExpressionKind::Name(_))) {
            parts.insert(0, text("("));
            parts.push(text(")"));
        }
        parts.push(listed("(", arguments.iter().map(|one| argument(one, comments)).collect(), ")"));
    } else if let ExpressionKind::Index(_, items) = &link.kind {
        parts.push(listed("[", items.iter().map(|item| index_item(item, comments)).collect(), "]"));
    } else if let ExpressionKind::Field(_, field) = &link.kind {
        parts.push(text(format!(".{}", field.text)));
    } else if let ExpressionKind::Transpose(_) = &link.kind {
        parts.push(text(".T"));
    }
}

fn argument(argument: &Argument, comments: &mut Comments<'_>) -> Layout {
    let value = expression(&argument.value, comments);
    match &argument.name {
        Some(name) => sequence([text(format!("{} = ", name.text)), value]),
        None => value,
    }
}

fn index_item(item: &IndexItem, comments: &mut Comments<'_>) -> Layout {
    match item {
        IndexItem::At(index) => expression(index, comments),
        IndexItem::Range(low, high, _) => {
            let low = low.as_ref().map(|low| expression(low, comments));
            let high = high.as_ref().map(|high| expression(high, comments));
            sequence(low.into_iter().chain([text("..")]).chain(high))
        }
        IndexItem::Rest(_) => text(".."),
        IndexItem::Whole(_) => text("_"),
    }
}

/// `sum[k in 0..4](e)`
fn reduction(source: &Expression, comments: &mut Comments<'_>) -> Layout {
    let ExpressionKind::Reduce { reduction, labels, body } = &source.kind else { return text("_") };
    let labels = labels.iter().map(|label| reduced_label(label, comments)).collect();
    let mut parts = vec![name(reduction), listed("[", labels, "]")];
    parts.push(parenthesized(expression(body, comments)));
    Layout::Sequence(parts)
}

/// A name.
pub(super) fn name(name: &Name) -> Layout {
    text(&name.text)
}

/// `k`, `k in 0..4`
pub(super) fn reduced_label(label: &ReducedLabel, comments: &mut Comments<'_>) -> Layout {
    sequence([name(&label.name), range(label.range.as_ref(), comments)])
}

/// ` in 0..4`, or nothing.
pub(super) fn range(ends: Option<&(Expression, Expression)>, comments: &mut Comments<'_>) -> Layout {
    match ends {
        Some((low, high)) => sequence([text(" in "), expression(low, comments), text(".."), expression(high, comments)]),
        None => Layout::Sequence(Vec::new()),
    }
}
