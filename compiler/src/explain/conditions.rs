//! Forms that hold where what is given satisfies a condition: a softmax times the sum of given numbers over an axis is the softmax where
//! these add up to 1, as those of a target mostly do. It must not know which layer or loss that comes from.

use super::chapter::value_of;
use super::sheet::element;
use super::{Book, Conditional, Line, Piece, chapter, products, tidy, tree};
use crate::ir::{Definition, Node, Program, Source};
use crate::ops::{Operator, Reduction};
use crate::span::Span;
use crate::syntax::tree::{
    Argument, Binary, Expression, ExpressionKind, IndexItem, Name, ReducedLabel, Statement, StatementKind, Unary,
};

/// A sum of what is given.
struct GivenSum {
    /// It.
    value: Expression,
    /// The name of the tensor that is added up.
    of: String,
    /// Over these axes.
    axes: Vec<usize>,
}

impl Book {
    /// The form of some statements of a program where the numbers add up to 1 that a softmax is multiplied by in one of them.
    pub(super) fn conditional(&self, statements: &[Statement], program: &Program) -> Option<Conditional> {
        let sum = statements.iter().filter_map(value_of).find_map(|value| beside_a_softmax(value, program))?;
        let given = self.sheet.program.find(&sum.of)?;
        let labels = self.labels.of(given);
        let (bound, free): (Vec<_>, Vec<_>) = labels.iter().cloned().enumerate().partition(|(axis, _)| sum.axes.contains(axis));
        let label = |(_, name): (usize, String)| ReducedLabel { name: named(&name), range: None };
        let kind = ExpressionKind::Reduce {
            reduction: named(Reduction::Sum.spelling()),
            labels: bound.into_iter().map(label).collect(),
            body: Box::new(element(&sum.of, &labels)),
        };
        let total = Expression { kind, span: Span::default() };
        let condition = tidy::binary(Binary::Equal, total, tidy::natural(1));
        let labels = free.into_iter().map(|(_, name)| element(&name, &[])).collect();
        Some(Conditional { given, condition, labels, statements: without(statements, &sum), axes: sum.axes })
    }
}

impl Book {
    /// A line with `softmax(z)[i, j]` in the place of `exp(z[i, j] - l[i])`, where l is the logarithm of the sum of exponentials along the
    /// last axis; and why.
    pub(super) fn with_softmax(&self, line: &Expression) -> Option<Line> {
        let (old, new) = self.as_softmax(line)?;
        let mut value = line.clone();
        tree::exchange(&mut value, &old, &new);
        let reason = vec![Piece::Words("as ".to_owned()), Piece::Formula(tidy::binary(Binary::Equal, new, old))];
        Some(Line { value, whole: false, reason })
    }

    /// The first such element in a formula, in both forms.
    fn as_softmax(&self, source: &Expression) -> Option<(Expression, Expression)> {
        if let Some(("exp", [of])) = call(source)
            && let ExpressionKind::Binary(Binary::Subtract, element, sum) = &of.value.kind
            && let (ExpressionKind::Index(array, items), ExpressionKind::Index(sums, outer)) = (&element.kind, &sum.kind)
            && self.adds_up_the_last_axis(name(sums)?, name(array)?)
            && items.split_last().is_some_and(|(_, first)| first == outer.as_slice())
        {
            let callee = Box::new(super::sheet::element("softmax", &[]));
            let arguments = vec![Argument { name: None, value: (**array).clone() }];
            let softmax = Expression { kind: ExpressionKind::Call(callee, arguments), span: Span::default() };
            let kind = ExpressionKind::Index(Box::new(softmax), items.clone());
            return Some((source.clone(), Expression { kind, span: Span::default() }));
        }
        let mut inside = source.clone();
        tree::children_mut(&mut inside).into_iter().find_map(|child| self.as_softmax(child))
    }

    /// Whether a tensor is the logarithm of the sum of exponentials of another along the last axis.
    fn adds_up_the_last_axis(&self, sums: &str, array: &str) -> bool {
        let program = &self.sheet.program;
        let definition = program.find(sums).and_then(|id| program.definition(id));
        let Some(Definition { reduction: Some((Reduction::LogSumExp, extents)), body }) = definition else { return false };
        let Node::Read(read, at) = program.expressions.node(*body) else { return false };
        extents.len() == 1 && program.find(array) == Some(*read) && *at == crate::diff::plain_labels(at.len())
    }
}

fn named(text: &str) -> Name {
    Name { text: text.to_owned(), span: Span::default() }
}

/// Statements with 1 in the place of a sum.
fn without(statements: &[Statement], sum: &GivenSum) -> Vec<Statement> {
    let mut statements = statements.to_vec();
    for statement in &mut statements {
        if let StatementKind::Define { value, .. } | StatementKind::DefineIndexed { value, .. } = &mut statement.kind {
            tree::exchange(value, &sum.value, &tidy::natural(1));
        }
        chapter::tidied(statement);
    }
    statements
}

/// A sum of what is given that is a factor beside a softmax, anywhere in a formula.
fn beside_a_softmax(source: &Expression, program: &Program) -> Option<GivenSum> {
    let factors = products::product(source).factors;
    if factors.len() > 1 && factors.iter().any(|(factor, _)| is_softmax(factor, program)) {
        let found = factors.iter().filter(|(_, power)| *power == 1).find_map(|(factor, _)| given_sum(factor, program));
        if found.is_some() {
            return found;
        }
    }
    let mut inside = source.clone();
    tree::children_mut(&mut inside).into_iter().find_map(|child| beside_a_softmax(child, program))
}

fn call(source: &Expression) -> Option<(&str, &[Argument])> {
    let ExpressionKind::Call(callee, arguments) = &source.kind else { return None };
    Some((name(callee)?, arguments))
}

/// The name of a tensor that a formula is, or is an element of.
fn name(source: &Expression) -> Option<&str> {
    let whole = if let ExpressionKind::Index(of, _) = &source.kind { &of.kind } else { &source.kind };
    if let ExpressionKind::Name(name) = whole { Some(name) } else { None }
}

/// Whether a formula is `softmax(z)`, or reads a definition that is one: `exp(z - logsumexp(z))`.
fn is_softmax(source: &Expression, program: &Program) -> bool {
    if let Some((word, arguments)) = call(source) {
        let inside = arguments.first().map(|argument| &argument.value.kind);
        let is_exponential = |inside: &ExpressionKind| matches!(inside, ExpressionKind::Binary(Binary::Subtract, _, sum) if name(sum).is_some_and(|sum| is_log_sum(sum, program)));
        return word == "softmax" || word == "exp" && inside.is_some_and(is_exponential);
    }
    let definition = name(source).and_then(|name| program.definition(program.find(name)?));
    let Some(Definition { reduction: None, body }) = definition else { return false };
    let Node::Apply(Operator::Exp, inside) = program.expressions.node(*body) else { return false };
    let Node::Apply(Operator::Subtract, sides) = program.expressions.node(inside[0]) else { return false };
    let Node::Read(sum, _) = program.expressions.node(sides[1]) else { return false };
    is_log_sum(&program.tensor(*sum).name, program)
}

fn is_log_sum(name: &str, program: &Program) -> bool {
    let definition = program.find(name).and_then(|id| program.definition(id));
    definition.is_some_and(|definition| matches!(definition.reduction, Some((Reduction::LogSumExp, _))))
}

/// `sum(t, axis = -1)` or `sum[j](t[i, j])` of a tensor that is data.
fn given_sum(source: &Expression, program: &Program) -> Option<GivenSum> {
    let rank = |name: &str| {
        let tensor = program.tensor(program.find(name)?);
        matches!(tensor.source, Source::Input | Source::Target).then_some(tensor.shape.len())
    };
    let (of, axes) = if let Some(("sum", arguments)) = call(source) {
        let of = name(&arguments.first()?.value)?;
        let axis = arguments.iter().find(|argument| argument.name.as_ref().is_some_and(|name| name.text == "axis"))?;
        (of, vec![axis_of(&axis.value, rank(of)?)?])
    } else if let ExpressionKind::Reduce { reduction, labels, body } = &source.kind {
        let ExpressionKind::Index(of, items) = &body.kind else { return None };
        let label = |item: &IndexItem| if let IndexItem::At(index) = item { name(index).map(str::to_owned) } else { None };
        let items: Vec<String> = items.iter().map(label).collect::<Option<_>>()?;
        let place = |bound: &str| items.iter().position(|item| item == bound);
        let axes: Vec<usize> = labels.iter().map(|bound| place(&bound.name.text)).collect::<Option<_>>()?;
        let of = name(of)?;
        rank(of).filter(|_| reduction.text == Reduction::Sum.spelling())?;
        (of, axes)
    } else {
        return None;
    };
    Some(GivenSum { value: source.clone(), of: of.to_owned(), axes })
}

/// The number of an axis, which may be counted from the end.
fn axis_of(source: &Expression, rank: usize) -> Option<usize> {
    if let ExpressionKind::Unary(Unary::Negate, of) = &source.kind {
        return (0..rank).find(|&axis| **of == tidy::natural(rank - axis));
    }
    (0..rank).find(|&axis| *source == tidy::natural(axis))
}
