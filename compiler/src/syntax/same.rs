//! Equality of trees without their places.
//!
//! It must know nothing but the shapes of the tree.

use super::tree::{
    Argument, Axis, Block, Data, Expression, ExpressionKind, File, IndexItem, Item, LeftIndex, Name, Parameter, ReducedLabel,
    Shape, Statement, StatementKind, Stored,
};
use crate::span::Span;

/// Whether two files say the same, wherever it stands.
pub fn same(one: &File, other: &File) -> bool {
    let placeless = |file: &File| {
        let mut file = file.clone();
        file.items.iter_mut().for_each(item);
        file
    };
    placeless(one) == placeless(other)
}

/// Whether two expressions say the same, wherever it stands.
pub fn same_expression(one: &Expression, other: &Expression) -> bool {
    let placeless = |source: &Expression| {
        let mut source = source.clone();
        expression(&mut source);
        source
    };
    placeless(one) == placeless(other)
}

fn clear(span: &mut Span) {
    *span = Span::default();
}

fn name(name: &mut Name) {
    clear(&mut name.span);
}

fn item(item: &mut Item) {
    match item {
        Item::Import(import) => clear(&mut import.span),
        Item::Constant(constant) => {
            name(&mut constant.name);
            expression(&mut constant.value);
        }
        Item::Function(function) => {
            name(&mut function.name);
            function.parameters.iter_mut().for_each(parameter);
            block(&mut function.body);
        }
        Item::Layer(layer) => {
            name(&mut layer.name);
            layer.configuration.iter_mut().for_each(parameter);
            for input in &mut layer.inputs {
                name(&mut input.name);
                input.shape.iter_mut().for_each(shape);
            }
            block(&mut layer.body);
        }
        Item::Network(network) => {
            name(&mut network.name);
            clear(&mut network.span);
            network.hyperparameters.iter_mut().for_each(parameter);
            network.precision.iter_mut().for_each(name);
            network.statements.iter_mut().for_each(statement);
        }
    }
}

fn parameter(parameter: &mut Parameter) {
    name(&mut parameter.name);
    parameter.default.iter_mut().for_each(expression);
}

fn block(block: &mut Block) {
    clear(&mut block.span);
    block.statements.iter_mut().for_each(statement);
    block.value.iter_mut().for_each(|value| expression(value));
}

fn statement(statement: &mut Statement) {
    clear(&mut statement.span);
    match &mut statement.kind {
        StatementKind::Input(data) | StatementKind::Target(data) => {
            let Data { name: named, shape: sizes, range } = data;
            name(named);
            shape(sizes);
            range.iter_mut().for_each(ends);
        }
        StatementKind::Param(stored) | StatementKind::State(stored) => {
            let Stored { name: named, shape: sizes, initializer } = stored;
            name(named);
            shape(sizes);
            initializer.iter_mut().for_each(expression);
        }
        StatementKind::Define { role: _, name: named, value } => {
            name(named);
            expression(value);
        }
        StatementKind::DefineIndexed { role: _, name: named, indices, value } => {
            name(named);
            indices.iter_mut().for_each(left_index);
            expression(value);
        }
    }
}

fn ends(ends: &mut (Expression, Expression)) {
    expression(&mut ends.0);
    expression(&mut ends.1);
}

fn shape(shape: &mut Shape) {
    clear(&mut shape.span);
    for axis in &mut shape.axes {
        match axis {
            Axis::Rest(span) => clear(span),
            Axis::Size(size) => expression(size),
        }
    }
}

fn label(label: &mut ReducedLabel) {
    name(&mut label.name);
    label.range.iter_mut().for_each(ends);
}

fn left_index(index: &mut LeftIndex) {
    match index {
        LeftIndex::Label(one) => label(one),
        LeftIndex::Group(labels, span) => {
            labels.iter_mut().for_each(label);
            clear(span);
        }
        LeftIndex::Start(start) => expression(start),
    }
}

fn index_item(item: &mut IndexItem) {
    match item {
        IndexItem::At(index) => expression(index),
        IndexItem::Range(low, high, span) => {
            low.iter_mut().chain(high).for_each(expression);
            clear(span);
        }
        IndexItem::Rest(span) | IndexItem::Whole(span) => clear(span),
    }
}

fn argument(argument: &mut Argument) {
    argument.name.iter_mut().for_each(name);
    expression(&mut argument.value);
}

fn expression(source: &mut Expression) {
    clear(&mut source.span);
    match &mut source.kind {
        ExpressionKind::Number { .. } | ExpressionKind::Boolean(_) | ExpressionKind::Name(_) | ExpressionKind::Missing => {}
        ExpressionKind::Unary(_, operand) | ExpressionKind::Transpose(operand) => expression(operand),
        ExpressionKind::Binary(_, left, right) | ExpressionKind::Pipe(left, right) => {
            expression(left);
            expression(right);
        }
        ExpressionKind::Call(callee, arguments) => {
            expression(callee);
            arguments.iter_mut().for_each(argument);
        }
        ExpressionKind::Index(of, items) => {
            expression(of);
            items.iter_mut().for_each(index_item);
        }
        ExpressionKind::Reduce { reduction, labels, body } => {
            name(reduction);
            labels.iter_mut().for_each(label);
            expression(body);
        }
        ExpressionKind::Field(of, field) => {
            expression(of);
            name(field);
        }
        ExpressionKind::List(parts) | ExpressionKind::Group(parts) => parts.iter_mut().for_each(expression),
        ExpressionKind::Arrow(from, to) => from.iter_mut().chain(to).for_each(expression),
        ExpressionKind::If { condition, then, otherwise } => {
            expression(condition);
            block(then);
            block(otherwise);
        }
    }
}
