//! What stands in brackets: nesting and its limit, lists with trailing commas, shapes, labels with ranges, indices.
//!
//! It must know nothing of statements.

use nom::Parser;
use nom::combinator::map;
use nom::sequence::preceded;

use super::MOST_NESTING;
use super::expressions::{boxed_expression, expression};
use super::input::{Expected, Failed, Failure, Opened, Parse, Tokens};
use super::names::{name, name_ahead, punctuation, word};
use super::tree::{Axis, Expression, ExpressionKind, IndexItem, LeftIndex, Name, ReducedLabel, Shape};
use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// Both ends of a range.
type Ends = (Expression, Expression);

/// An opening bracket.
pub(super) fn open<'t>(input: Tokens<'t>, opener: &'static str, closer: &'static str) -> Parse<'t, Span> {
    let (rest, span) = punctuation(opener)(input)?;
    deepen(input, closer, span)?;
    Ok((rest, span))
}

/// Counts a level of nesting, unless there are too many; one without brackets has an empty closer.
pub(super) fn deepen(input: Tokens<'_>, closer: &'static str, span: Span) -> Result<(), Failed> {
    if input.context.opened.borrow().len() >= MOST_NESTING {
        let error = Diagnostic::error(span, format!("brackets and blocks are nested more than {MOST_NESTING} levels deep"));
        return Err(input.refused(error.help("give the inner part a name of its own")));
    }
    input.context.opened.borrow_mut().push(Opened { closer, span });
    Ok(())
}

/// The bracket that closes what was opened at a place; gives the place of all of it.
pub(super) fn close<'t>(input: Tokens<'t>, closer: &'static str, opened: Span) -> Parse<'t, Span> {
    let (rest, end) = punctuation(closer)(input)?;
    input.context.opened.borrow_mut().pop();
    Ok((rest, opened.to(end)))
}

/// A list between brackets, with its place.
pub(super) fn enclosed<'t, T>(
    input: Tokens<'t>,
    (opener, closer): (&'static str, &'static str),
    item: impl Fn(Tokens<'t>) -> Parse<'t, T>,
) -> Parse<'t, (Vec<T>, Span)> {
    let (rest, opened) = open(input, opener, closer)?;
    let (rest, items) = listed(rest, closer, item)?;
    let (rest, span) = close(rest, closer, opened)?;
    Ok((rest, (items, span)))
}

/// Things with commas between them and perhaps one after the last, up to a bracket that is not read.
fn listed<'t, T>(input: Tokens<'t>, closer: &'static str, item: impl Fn(Tokens<'t>) -> Parse<'t, T>) -> Parse<'t, Vec<T>> {
    let (mut rest, mut items) = (input, Vec::new());
    while !rest.at(closer) {
        let (after, read) = item(rest)?;
        items.push(read);
        rest = separator(after, closer)?;
    }
    Ok((rest, items))
}

/// Expressions with commas between them and perhaps one after the last, up to a bracket that is not read.
pub(super) fn expressions<'t>(input: Tokens<'t>, closer: &'static str) -> Parse<'t, Vec<Expression>> {
    let (mut rest, mut items) = (input, Vec::new());
    while !rest.at(closer) {
        let (after, read) = boxed_expression(rest)?;
        items.push(*read);
        rest = separator(after, closer)?;
    }
    Ok((rest, items))
}

/// A comma, or nothing before the closing bracket.
pub(super) fn separator<'t>(input: Tokens<'t>, closer: &'static str) -> Result<Tokens<'t>, Failed> {
    if input.at(closer) {
        return Ok(input);
    }
    if input.at(",") {
        return Ok(input.after(1));
    }
    input.expected(Expected::Exactly(","));
    input.expected(Expected::Exactly(closer));
    Err(nom::Err::Error(Failure))
}

/// `[B, 784]`, `[.., k]`
pub(super) fn shape(input: Tokens<'_>) -> Parse<'_, Shape> {
    let (rest, (axes, span)) = enclosed(input, ("[", "]"), axis)?;
    Ok((rest, Shape { axes, span }))
}

fn axis(input: Tokens<'_>) -> Parse<'_, Axis> {
    if input.at("..") {
        return Ok((input.after(1), Axis::Rest(input.span())));
    }
    map(expression, Axis::Size).parse(input)
}

/// `in a..b`, if it is there.
pub(super) fn optional_range(input: Tokens<'_>) -> Parse<'_, Option<Ends>> {
    if input.at_word("in") {
        return map(preceded(word("in"), ends), Some).parse(input);
    }
    input.expected(Expected::Exactly("in"));
    Ok((input, None))
}

fn ends(input: Tokens<'_>) -> Parse<'_, Ends> {
    let (rest, low) = expression(input)?;
    let (rest, high) = preceded(punctuation(".."), expression).parse(rest)?;
    Ok((rest, (low, high)))
}

/// `i`, `i in 0..4`
fn label(input: Tokens<'_>) -> Parse<'_, ReducedLabel> {
    let (rest, name) = name(input)?;
    let (rest, range) = optional_range(rest)?;
    Ok((rest, ReducedLabel { name, range }))
}

/// The indices on the left side of a definition, with the brackets.
pub(super) fn left_indices(input: Tokens<'_>) -> Parse<'_, Vec<LeftIndex>> {
    let (rest, (indices, _)) = enclosed(input, ("[", "]"), left_index)?;
    Ok((rest, indices))
}

fn left_index(input: Tokens<'_>) -> Parse<'_, LeftIndex> {
    let alone = input.at_distance(1, ",") || input.at_distance(1, "]") || input.after(1).at_word("in");
    if name_ahead(input, 0) && alone {
        return map(label, LeftIndex::Label).parse(input);
    }
    if input.at("(") && group_ahead(input) {
        let (rest, (labels, span)) = enclosed(input, ("(", ")"), label)?;
        return Ok((rest, LeftIndex::Group(labels, span)));
    }
    map(expression, LeftIndex::Start).parse(input)
}

/// Whether parentheses hold labels with commas or ranges, and not an expression.
fn group_ahead(input: Tokens<'_>) -> bool {
    name_ahead(input, 1) && (input.at_distance(2, ",") || input.after(2).at_word("in"))
}

/// What may stand in the brackets behind a value: an index, or a label with a range where it is a reduction.
pub(super) enum Entry {
    /// An index, a slice.
    Item(IndexItem),
    /// `k in 0..4`
    Label(ReducedLabel),
}

/// An entry of the brackets behind a value, put into a list.
pub(super) fn entry<'t>(input: Tokens<'t>, entries: &mut Vec<Entry>) -> Result<Tokens<'t>, Failed> {
    if name_ahead(input, 0) && input.after(1).at_word("in") {
        return labelled(input, entries);
    }
    let alone = input.at_distance(1, ",") || input.at_distance(1, "]");
    if alone && (input.at_word("_") || input.at("..")) {
        let span = input.span();
        entries.push(Entry::Item(if input.at("..") { IndexItem::Rest(span) } else { IndexItem::Whole(span) }));
        return Ok(input.after(1));
    }
    let (rest, low) = end(input, input.at(".."))?;
    if !rest.at("..") {
        rest.expected(Expected::Exactly(".."));
        entries.extend(low.map(|low| Entry::Item(IndexItem::At(*low))));
        return Ok(rest);
    }
    let dots = rest.after(1);
    let (after, high) = end(dots, dots.at(",") || dots.at("]"))?;
    let span = input.span().to(high.as_ref().map_or(rest.span(), |high| high.span));
    entries.push(Entry::Item(IndexItem::Range(low.map(|low| *low), high.map(|high| *high), span)));
    Ok(after)
}

fn labelled<'t>(input: Tokens<'t>, entries: &mut Vec<Entry>) -> Result<Tokens<'t>, Failed> {
    let (rest, label) = label(input)?;
    entries.push(Entry::Label(label));
    Ok(rest)
}

/// An end of a range, unless it is left out.
fn end(input: Tokens<'_>, left_out: bool) -> Parse<'_, Option<Box<Expression>>> {
    if left_out {
        return Ok((input, None));
    }
    input.expected(Expected::Exactly(".."));
    let (rest, read) = boxed_expression(input)?;
    Ok((rest, Some(read)))
}

/// The labels of a reduction, where the entries are labels.
pub(super) fn labels(entries: &[Entry]) -> Option<Vec<ReducedLabel>> {
    entries.iter().map(as_label).collect()
}

fn as_label(entry: &Entry) -> Option<ReducedLabel> {
    match entry {
        Entry::Label(label) => Some(label.clone()),
        Entry::Item(IndexItem::At(Expression { kind: ExpressionKind::Name(text), span })) if !text.contains([' ', '.']) => {
            Some(ReducedLabel { name: Name { text: text.clone(), span: *span }, range: None })
        }
        Entry::Item(IndexItem::At(_) | IndexItem::Range(..) | IndexItem::Rest(_) | IndexItem::Whole(_)) => None,
    }
}

/// The indices, where no entry is a label with a range.
pub(super) fn items(entries: Vec<Entry>) -> Option<Vec<IndexItem>> {
    let item = |entry| match entry {
        Entry::Item(item) => Some(item),
        Entry::Label(_) => None,
    };
    entries.into_iter().map(item).collect()
}
