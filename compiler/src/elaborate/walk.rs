//! A walk over expressions without recursion: chains such as `a + b + c + ...` are as deep as they are long.

use crate::syntax::tree::{
    Axis, Block, Expression, ExpressionKind, IndexItem, Layer, LeftIndex, ReducedLabel, Shape, Statement, StatementKind,
};

/// Calls `visit` for an expression and all that it is made of, statements of its blocks included.
pub fn each_expression<'a>(root: &'a Expression, visit: &mut dyn FnMut(&'a Expression)) {
    let mut stack = vec![root];
    while let Some(expression) = stack.pop() {
        visit(expression);
        push_parts(expression, &mut stack);
    }
}

/// Calls `visit` for every expression of a statement.
pub fn each_of_statement<'a>(statement: &'a Statement, visit: &mut dyn FnMut(&'a Expression)) {
    let mut stack = Vec::new();
    push_statement(statement, &mut stack);
    for expression in stack {
        each_expression(expression, visit);
    }
}

/// All statements of a list and of the blocks inside of their expressions.
pub fn all_statements(statements: &[Statement]) -> Vec<&Statement> {
    let mut all: Vec<&Statement> = Vec::new();
    let mut waiting: Vec<&Statement> = statements.iter().collect();
    while let Some(statement) = waiting.pop() {
        all.push(statement);
        each_of_statement(statement, &mut |expression| {
            if let ExpressionKind::If { then, otherwise, .. } = &expression.kind {
                all.extend(then.statements.iter().chain(&otherwise.statements));
            }
        });
    }
    all
}

fn push_parts<'a>(expression: &'a Expression, stack: &mut Vec<&'a Expression>) {
    match &expression.kind {
        // What stands in an arrow are names of axes.
        ExpressionKind::Number { .. }
        | ExpressionKind::Boolean(_)
        | ExpressionKind::Name(_)
        | ExpressionKind::Arrow(..)
        | ExpressionKind::Missing => {}
        ExpressionKind::Unary(_, of) | ExpressionKind::Transpose(of) | ExpressionKind::Field(of, _) => stack.push(of),
        ExpressionKind::Binary(_, a, b) | ExpressionKind::Pipe(a, b) => stack.extend([&**a, &**b]),
        ExpressionKind::Call(callee, arguments) => {
            stack.push(callee);
            stack.extend(arguments.iter().map(|argument| &argument.value));
        }
        ExpressionKind::Index(base, items) => {
            stack.push(base);
            for item in items {
                match item {
                    IndexItem::At(at) => stack.push(at),
                    IndexItem::Range(from, to, _) => stack.extend(from.iter().chain(to)),
                    IndexItem::Rest(_) | IndexItem::Whole(_) => {}
                }
            }
        }
        ExpressionKind::Reduce { labels, body, .. } => {
            labels.iter().for_each(|label| push_range(label, stack));
            stack.push(body);
        }
        ExpressionKind::List(items) | ExpressionKind::Group(items) => stack.extend(items),
        ExpressionKind::If { condition, then, otherwise } => {
            stack.push(condition);
            push_block(then, stack);
            push_block(otherwise, stack);
        }
    }
}

fn push_block<'a>(block: &'a Block, stack: &mut Vec<&'a Expression>) {
    block.statements.iter().for_each(|statement| push_statement(statement, stack));
    stack.extend(block.value.as_deref());
}

fn push_range<'a>(label: &'a ReducedLabel, stack: &mut Vec<&'a Expression>) {
    if let Some((from, to)) = &label.range {
        stack.extend([from, to]);
    }
}

fn push_shape<'a>(shape: &'a Shape, stack: &mut Vec<&'a Expression>) {
    for axis in &shape.axes {
        if let Axis::Size(size) = axis {
            stack.push(size);
        }
    }
}

fn push_statement<'a>(statement: &'a Statement, stack: &mut Vec<&'a Expression>) {
    match &statement.kind {
        StatementKind::Input(data) | StatementKind::Target(data) => {
            push_shape(&data.shape, stack);
            stack.extend(data.range.iter().flat_map(|(from, to)| [from, to]));
        }
        StatementKind::Param(stored) | StatementKind::State(stored) => {
            push_shape(&stored.shape, stack);
            stack.extend(&stored.initializer);
        }
        StatementKind::Define { value, .. } => stack.push(value),
        StatementKind::DefineIndexed { indices, value, .. } => {
            for index in indices {
                match index {
                    LeftIndex::Label(label) => push_range(label, stack),
                    LeftIndex::Group(labels, _) => labels.iter().for_each(|label| push_range(label, stack)),
                    LeftIndex::Start(step) => stack.push(step),
                }
            }
            stack.push(value);
        }
    }
}

/// The names that a layer finds in the shapes of its data and uses in the shapes of its parameters: what its data alone tells of
/// the parameters, in their order.
pub fn sizes_from_data(layer: &Layer) -> Vec<&str> {
    let mut used: Vec<&str> = Vec::new();
    for statement in all_statements(&layer.body.statements) {
        let StatementKind::Param(stored) = &statement.kind else { continue };
        let mut parts = Vec::new();
        push_shape(&stored.shape, &mut parts);
        for part in parts {
            each_expression(part, &mut |expression| {
                if let ExpressionKind::Name(name) = &expression.kind {
                    used.push(name);
                }
            });
        }
    }
    let axes = layer.inputs.iter().filter_map(|input| input.shape.as_ref()).flat_map(|shape| &shape.axes);
    let mut told: Vec<&str> = Vec::new();
    for axis in axes {
        if let Axis::Size(size) = axis
            && let ExpressionKind::Name(name) = &size.kind
            && used.contains(&name.as_str())
            && !told.contains(&name.as_str())
        {
            told.push(name);
        }
    }
    told
}

/// The names of the labels that a statement binds, on its left and in its reductions.
pub fn bound_labels(statement: &Statement) -> Vec<&str> {
    let mut names = Vec::new();
    if let StatementKind::DefineIndexed { indices, .. } = &statement.kind {
        for index in indices {
            match index {
                LeftIndex::Label(label) => names.push(label.name.text.as_str()),
                LeftIndex::Group(labels, _) => names.extend(labels.iter().map(|label| label.name.text.as_str())),
                LeftIndex::Start(_) => {}
            }
        }
    }
    each_of_statement(statement, &mut |expression| {
        if let ExpressionKind::Reduce { labels, .. } = &expression.kind {
            names.extend(labels.iter().map(|label| label.name.text.as_str()));
        }
    });
    names
}
