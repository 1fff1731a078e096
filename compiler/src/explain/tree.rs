//! Walks over syntax trees of formulas. It must not know what they mean.

use crate::span::Span;
use crate::syntax::tree::{
    Binary, Expression, ExpressionKind, IndexItem, LeftIndex, Name, ReducedLabel, Statement, StatementKind,
};
use std::collections::BTreeSet;

/// The expressions directly below another.
pub fn children_mut(source: &mut Expression) -> Vec<&mut Expression> {
    match &mut source.kind {
        ExpressionKind::Number { .. } | ExpressionKind::Boolean(_) | ExpressionKind::Name(_) | ExpressionKind::Missing => {
            Vec::new()
        }
        ExpressionKind::Unary(_, of) | ExpressionKind::Transpose(of) | ExpressionKind::Field(of, _) => vec![of],
        ExpressionKind::Binary(_, left, right) | ExpressionKind::Pipe(left, right) => vec![left, right],
        ExpressionKind::Call(callee, arguments) => {
            let mut all: Vec<&mut Expression> = vec![callee];
            all.extend(arguments.iter_mut().map(|argument| &mut argument.value));
            all
        }
        ExpressionKind::Index(of, items) => {
            let mut all: Vec<&mut Expression> = vec![of];
            for item in items {
                match item {
                    IndexItem::At(index) => all.push(index),
                    IndexItem::Range(from, to, _) => all.extend(from.iter_mut().chain(to)),
                    IndexItem::Rest(_) | IndexItem::Whole(_) => {}
                }
            }
            all
        }
        ExpressionKind::Reduce { labels, body, .. } => {
            let ranges = labels.iter_mut().filter_map(|label| label.range.as_mut());
            let mut all: Vec<&mut Expression> = ranges.flat_map(|(from, to)| [from, to]).collect();
            all.push(body);
            all
        }
        ExpressionKind::List(parts) | ExpressionKind::Group(parts) => parts.iter_mut().collect(),
        ExpressionKind::Arrow(from, to) => from.iter_mut().chain(to).collect(),
        // Formulas that the compiler writes hold no blocks.
        ExpressionKind::If { condition, .. } => vec![condition],
    }
}

/// Puts an expression in the place of every element (or whole) of a name.
pub fn replace(source: &mut Expression, name: &str, by: &Expression) {
    let whole = if let ExpressionKind::Index(of, _) = &source.kind { &of.kind } else { &source.kind };
    if matches!(whole, ExpressionKind::Name(own) if own == name) {
        *source = by.clone();
        return;
    }
    children_mut(source).into_iter().for_each(|child| replace(child, name, by));
}

/// Puts an expression in the place of every other that is the same as one.
pub fn exchange(source: &mut Expression, old: &Expression, new: &Expression) {
    if source == old {
        *source = new.clone();
        return;
    }
    children_mut(source).into_iter().for_each(|child| exchange(child, old, new));
}

/// Puts an expression over some labels in the place of every element of a name, at the indices of that. Labels that it binds are renamed
/// where others have their names.
pub fn put(source: &mut Expression, name: &str, axes: &[String], by: &Expression, taken: &BTreeSet<String>) {
    let is_it = |whole: &Expression| matches!(&whole.kind, ExpressionKind::Name(own) if own == name);
    let at: Option<Vec<Expression>> = if let ExpressionKind::Index(of, items) = &source.kind {
        let index = |item: &IndexItem| if let IndexItem::At(index) = item { Some(index.clone()) } else { None };
        if is_it(of) { items.iter().map(index).collect() } else { None }
    } else {
        is_it(source).then(Vec::new)
    };
    let Some(at) = at.filter(|at| at.len() == axes.len()) else {
        children_mut(source).into_iter().for_each(|child| put(child, name, axes, by, taken));
        return;
    };
    let mut inner = by.clone();
    let mut bound = BTreeSet::new();
    bound_labels(&mut inner, &mut bound);
    let fresh = |label: &String| {
        let mut name = label.clone();
        while taken.contains(&name) {
            name.push('\'');
        }
        (label.clone(), named(&name))
    };
    // All at once: no name that is put in is one that is replaced.
    let hidden = |number: usize| format!("\0{number}");
    let renamed: Vec<(String, Expression)> = bound.iter().map(fresh).collect();
    renamed.iter().for_each(|(old, new)| rename_label(&mut inner, old, new));
    axes.iter().enumerate().for_each(|(number, axis)| replace(&mut inner, axis, &named(&hidden(number))));
    at.iter().enumerate().for_each(|(number, index)| replace(&mut inner, &hidden(number), index));
    *source = inner;
}

fn named(name: &str) -> Expression {
    Expression { kind: ExpressionKind::Name(name.to_owned()), span: Span::default() }
}

fn bound_labels(source: &mut Expression, found: &mut BTreeSet<String>) {
    if let ExpressionKind::Reduce { labels, .. } = &source.kind {
        found.extend(labels.iter().map(|label| label.name.text.clone()));
    }
    children_mut(source).into_iter().for_each(|child| bound_labels(child, found));
}

/// The labels of a definition, on the left and in sums.
pub fn labels(statement: &Statement, found: &mut BTreeSet<String>) {
    if let StatementKind::DefineIndexed { indices, .. } = &statement.kind {
        for index in indices {
            match index {
                LeftIndex::Label(label) => found.extend([label.name.text.clone()]),
                LeftIndex::Group(labels, _) => found.extend(labels.iter().map(|label| label.name.text.clone())),
                LeftIndex::Start(_) => {}
            }
        }
    }
    if let StatementKind::Define { value, .. } | StatementKind::DefineIndexed { value, .. } = &statement.kind {
        bound_labels(&mut value.clone(), found);
    }
}

/// Gives a label of a definition another name, on the left and in sums.
pub fn rename_label_of(statement: &mut Statement, old: &str, new: &str) {
    if let StatementKind::DefineIndexed { indices, .. } = &mut statement.kind {
        let labels = indices.iter_mut().flat_map(|index| match index {
            LeftIndex::Label(label) => vec![label],
            LeftIndex::Group(labels, _) => labels.iter_mut().collect(),
            LeftIndex::Start(_) => Vec::new(),
        });
        labels.filter(|label| label.name.text == old).for_each(|label| new.clone_into(&mut label.name.text));
    }
    if let StatementKind::Define { value, .. } | StatementKind::DefineIndexed { value, .. } = &mut statement.kind {
        rename_label(value, old, &named(new));
    }
}

/// The labels that are bound where a name is mentioned.
pub fn around(source: &Expression, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect_around(&mut source.clone(), name, &mut found);
    found
}

/// The same; whether the name is mentioned.
fn collect_around(source: &mut Expression, name: &str, found: &mut BTreeSet<String>) -> bool {
    let mut is_mentioned = matches!(&source.kind, ExpressionKind::Name(own) if own == name);
    for child in children_mut(source) {
        is_mentioned |= collect_around(child, name, found);
    }
    if let (ExpressionKind::Reduce { labels, .. }, true) = (&source.kind, is_mentioned) {
        found.extend(labels.iter().map(|label| label.name.text.clone()));
    }
    is_mentioned
}

fn rename_label(source: &mut Expression, old: &str, new: &Expression) {
    if let (ExpressionKind::Reduce { labels, .. }, ExpressionKind::Name(name)) = (&mut source.kind, &new.kind) {
        labels.iter_mut().filter(|label| label.name.text == old).for_each(|label| label.name.text.clone_from(name));
    }
    if matches!(&source.kind, ExpressionKind::Name(own) if own == old) {
        *source = new.clone();
    }
    children_mut(source).into_iter().for_each(|child| rename_label(child, old, new));
}

/// Gives a tensor another name, where a statement defines or reads it.
pub fn rename_tensor(statement: &mut Statement, old: &str, new: &str) {
    if let StatementKind::Define { name, value, .. } | StatementKind::DefineIndexed { name, value, .. } = &mut statement.kind {
        if name.text == old {
            new.clone_into(&mut name.text);
        }
        rename_label(value, old, &named(new));
    }
}

/// Makes a definition one of an element, over the labels of that.
pub fn define(statement: &mut Statement, left: &Expression, right: Expression) {
    let (StatementKind::Define { role, name, .. } | StatementKind::DefineIndexed { role, name, .. }) = &statement.kind else {
        return;
    };
    let (role, name, value) = (*role, name.clone(), right);
    let label = |item: &IndexItem| match item {
        IndexItem::At(Expression { kind: ExpressionKind::Name(text), span }) => {
            let name = Name { text: text.clone(), span: *span };
            Some(LeftIndex::Label(ReducedLabel { name, range: None }))
        }
        IndexItem::At(_) | IndexItem::Range(..) | IndexItem::Rest(_) | IndexItem::Whole(_) => None,
    };
    statement.kind = if let ExpressionKind::Index(_, items) = &left.kind {
        StatementKind::DefineIndexed { role, name, indices: items.iter().filter_map(label).collect(), value }
    } else {
        StatementKind::Define { role, name, value }
    };
}

/// The names that an expression mentions; labels and functions among them.
pub fn names(source: &Expression) -> Vec<String> {
    let mut source = source.clone();
    let mut found = Vec::new();
    collect(&mut source, &mut found);
    found
}

fn collect(source: &mut Expression, found: &mut Vec<String>) {
    if let ExpressionKind::Name(name) = &source.kind {
        found.push(name.clone());
    }
    children_mut(source).into_iter().for_each(|child| collect(child, found));
}

/// How many operands a formula has: elements, arrays and numbers, wherever they stand; what is in the brackets of an element counts for
/// nothing.
pub fn operands(source: &Expression) -> usize {
    match &source.kind {
        ExpressionKind::Number { .. } | ExpressionKind::Name(_) | ExpressionKind::Index(..) => 1,
        ExpressionKind::Call(_, arguments) => {
            arguments.iter().filter(|argument| argument.name.is_none()).map(|argument| operands(&argument.value)).sum()
        }
        ExpressionKind::Reduce { body, .. } => operands(body),
        ExpressionKind::Boolean(_)
        | ExpressionKind::Missing
        | ExpressionKind::Unary(..)
        | ExpressionKind::Transpose(_)
        | ExpressionKind::Field(..)
        | ExpressionKind::Binary(..)
        | ExpressionKind::Pipe(..)
        | ExpressionKind::List(_)
        | ExpressionKind::Group(_)
        | ExpressionKind::Arrow(..)
        | ExpressionKind::If { .. } => children_mut(&mut source.clone()).into_iter().map(|child| operands(child)).sum(),
    }
}

/// An expression with the labels of its sums numbered, so that those which differ in these alone are the same.
pub fn with_plain_labels(source: &Expression) -> Expression {
    let mut plain = source.clone();
    number_labels(&mut plain, &mut 0);
    plain
}

fn number_labels(source: &mut Expression, count: &mut usize) {
    if let ExpressionKind::Reduce { labels, .. } = &source.kind {
        for old in labels.iter().map(|label| label.name.text.clone()).collect::<Vec<String>>() {
            rename_label(source, &old, &named(&format!("\0{count}")));
            *count += 1;
        }
    }
    children_mut(source).into_iter().for_each(|child| number_labels(child, count));
}

/// An expression without the ranges of its sums: all sums of a line run over whole axes.
pub fn without_ranges(source: &Expression) -> Expression {
    let mut plain = source.clone();
    drop_ranges(&mut plain);
    plain
}

fn drop_ranges(source: &mut Expression) {
    if let ExpressionKind::Reduce { labels, .. } = &mut source.kind {
        labels.iter_mut().for_each(|label| label.range = None);
    }
    children_mut(source).into_iter().for_each(drop_ranges);
}

/// Gives the axes of a definition these names, where nothing else is called so there.
pub fn rename(statement: &mut Statement, axes: &[String]) {
    let StatementKind::DefineIndexed { indices, value, .. } = &mut statement.kind else { return };
    let label = |index: &LeftIndex| if let LeftIndex::Label(label) = index { Some(label.name.text.clone()) } else { None };
    let Some(own) = indices.iter().map(label).collect::<Option<Vec<String>>>() else { return };
    let used = names(value);
    let is_taken = |axis: &String| binds(value, axis) || used.contains(axis) && !own.contains(axis);
    if own.len() != axes.len() || axes.iter().any(is_taken) {
        return;
    }
    // All at once, as above.
    own.iter().enumerate().for_each(|(number, old)| replace(value, old, &named(&format!("\0{number}"))));
    axes.iter().enumerate().for_each(|(number, new)| replace(value, &format!("\0{number}"), &named(new)));
    for (index, axis) in indices.iter_mut().zip(axes) {
        if let LeftIndex::Label(label) = index {
            label.name.text.clone_from(axis);
        }
    }
}

/// The elements that an expression mentions: of which array, and what stands in the brackets, where that is a name.
pub fn elements(source: &Expression) -> Vec<(String, Vec<Option<String>>)> {
    let mut found = Vec::new();
    collect_elements(&mut source.clone(), &mut found);
    found
}

fn collect_elements(source: &mut Expression, found: &mut Vec<(String, Vec<Option<String>>)>) {
    let name = |of: &Expression| if let ExpressionKind::Name(name) = &of.kind { Some(name.clone()) } else { None };
    if let ExpressionKind::Index(of, items) = &source.kind
        && let Some(array) = name(of)
    {
        let label = |item: &IndexItem| if let IndexItem::At(index) = item { name(index) } else { None };
        found.push((array, items.iter().map(label).collect()));
    }
    children_mut(source).into_iter().for_each(|child| collect_elements(child, found));
}

/// Whether a label is bound within an expression.
fn binds(source: &Expression, label: &str) -> bool {
    let mut bound = BTreeSet::new();
    bound_labels(&mut source.clone(), &mut bound);
    bound.contains(label)
}

/// Writes the ranges of labels where these are bound: what was put into a formula may need them.
pub fn bound(source: &mut Expression, labels: &[LeftIndex]) {
    if let ExpressionKind::Reduce { labels: own, .. } = &mut source.kind {
        for label in own.iter_mut().filter(|label| label.range.is_none()) {
            let same = labels.iter().find_map(|other| match other {
                LeftIndex::Label(other) if other.name.text == label.name.text => other.range.clone(),
                LeftIndex::Label(_) | LeftIndex::Group(..) | LeftIndex::Start(_) => None,
            });
            label.range = same;
        }
    }
    children_mut(source).into_iter().for_each(|child| bound(child, labels));
}

/// Whether an expression is a matrix product.
pub fn is_product(source: &Expression) -> bool {
    matches!(source.kind, ExpressionKind::Binary(Binary::MatrixMultiply, ..))
}
