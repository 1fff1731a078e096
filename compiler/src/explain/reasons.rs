//! Why a line is equal to the one before, in words. It must not know how lines are made.

use super::sheet::{self, Formula};
use super::{Book, Conditional, Piece, Step, tidy};
use crate::ir::{Extent, TensorId};
use crate::ops::Reduction;
use crate::simplify::deviations;
use crate::span::Span;
use crate::syntax::tree::{Argument, Binary, Expression, ExpressionKind, Name};

/// What the reasons of a step speak of.
pub struct Facts {
    /// The read: `w[i', k']`.
    pub read: Expression,
    /// Its slope: `x[k', j]`.
    pub slope: Expression,
    /// The derivative of the read for an element of the same tensor: `∂w[i', k']/∂w[i, k]`.
    pub unit: Expression,
    /// What that is: `δ(i' = i) · δ(k' = k)`.
    pub delta: Expression,
    /// What a slope is best understood by: `exp(l[i]) = Σ_j exp(z[i, j])` for a logarithm of a sum of exponentials.
    pub key: Option<Expression>,
}

/// A reason without formulas.
pub fn words(text: &str) -> Vec<Piece> {
    vec![Piece::Words(text.to_owned())]
}

fn formula(value: &Expression) -> Piece {
    Piece::Formula(tidy::tidy(value))
}

/// The chain rule for a reader.
pub fn chain_rule(reader: &str, rank: usize) -> Vec<Piece> {
    if rank == 0 {
        return words("the chain rule");
    }
    vec![Piece::Words("the chain rule, over every element of ".to_owned()), formula(&sheet::element(reader, &[]))]
}

/// The partial of the read.
pub fn partial(facts: &Facts) -> Vec<Piece> {
    let word = |text: &str| Piece::Words(text.to_owned());
    let mut reason = vec![word("the partial with respect to "), formula(&facts.read), word(" is "), formula(&facts.slope)];
    reason.extend(facts.key.iter().flat_map(|key| [word(", as "), Piece::Formula(key.clone())]));
    reason
}

/// What is behind the slope of a definition, left and right, that is a logarithm of a sum of exponentials.
pub fn key(left: &Expression, right: &Expression) -> Option<Expression> {
    let make = |kind| Expression { kind, span: Span::default() };
    let exp = |of: &Expression| {
        let arguments = vec![Argument { name: None, value: of.clone() }];
        make(ExpressionKind::Call(Box::new(sheet::element("exp", &[])), arguments))
    };
    let ExpressionKind::Reduce { reduction, labels, body } = &right.kind else { return None };
    let adds = Name { text: Reduction::Sum.spelling().to_owned(), ..reduction.clone() };
    let sum = ExpressionKind::Reduce { reduction: adds, labels: labels.clone(), body: Box::new(exp(body)) };
    let is_log_sum = reduction.text == Reduction::LogSumExp.spelling();
    is_log_sum.then(|| tidy::binary(Binary::Equal, exp(left), make(sum)))
}

/// By which way a part of several comes.
pub fn through(reader: &str, is_of_itself: bool, read: Option<&Expression>) -> Vec<Piece> {
    let word = |text: &str| Piece::Words(text.to_owned());
    let reader = formula(&sheet::element(reader, &[]));
    let mut way =
        if is_of_itself { vec![word("the part of "), reader, word(" itself")] } else { vec![word("the part through "), reader] };
    if let Some(read) = read {
        way.extend([word(", where it reads "), formula(read)]);
    }
    way
}

/// Why a line is 0, if it is a sum of deviations from their mean.
pub fn vanishes(book: &mut Book, line: TensorId, labels: &[String]) -> Option<Vec<Piece>> {
    let found = deviations::found(&mut book.sheet.program, line)?;
    let rank = book.sheet.program.tensor(line).shape.len();
    let shape = book.sheet.program.label_extents(line);
    let mut write = |rank: usize, body| {
        let (shape, summed) = (shape[..rank].to_vec(), shape[rank..].to_vec());
        Some(book.sheet.written(Formula { shape, summed, labels: labels.to_vec(), body })?.indexed)
    };
    let sum = write(rank, found.deviation)?;
    let kind = ExpressionKind::Binary(Binary::Equal, Box::new(sum), Box::new(tidy::zero()));
    let zero = Expression { kind, span: Span::default() };
    let (mean, of) = (write(shape.len(), found.mean)?, write(shape.len(), found.of)?);
    let over = found.over.iter().filter_map(|label| labels.get(label.0 as usize));
    let over = over.map(|label| Piece::Formula(sheet::element(label, &[]))).collect();
    let word = |text: &str| Piece::Words(text.to_owned());
    let mut reason =
        vec![Piece::Formula(zero), word(", as "), formula(&mean), word(" is the mean of "), formula(&of), word(" over ")];
    reason.extend(listed(over, ", "));
    Some(reason)
}

/// That adjoints which have chapters of their own are written out.
pub fn as_found(adjoints: Vec<Expression>) -> Vec<Piece> {
    let word = |text: &str| Piece::Words(text.to_owned());
    let mut reason = vec![word("with ")];
    reason.extend(listed(adjoints.into_iter().map(Piece::Formula).collect(), " and "));
    reason.push(word(" as found above"));
    reason
}

/// Where a form holds.
pub fn condition(conditional: &Conditional) -> Vec<Piece> {
    let mut words = vec![Piece::Words("when ".to_owned()), Piece::Formula(conditional.condition.clone())];
    if !conditional.labels.is_empty() {
        words.push(Piece::Words(" for each ".to_owned()));
        words.extend(listed(conditional.labels.iter().cloned().map(Piece::Formula).collect(), " and "));
    }
    words.push(Piece::Words(", as it is for probabilities".to_owned()));
    words
}

/// That adjoints which are known are written out.
pub fn put_in(known: &[(Expression, Expression)]) -> Vec<Piece> {
    equations("with ", known)
}

/// That values are called by their names.
pub fn by_names(known: &[(Expression, Expression)]) -> Vec<Piece> {
    equations("as ", known)
}

fn equations(word: &str, known: &[(Expression, Expression)]) -> Vec<Piece> {
    let equation =
        |(left, right): &(Expression, Expression)| Piece::Formula(tidy::binary(Binary::Equal, left.clone(), right.clone()));
    let word = Piece::Words(word.to_owned());
    [word].into_iter().chain(listed(known.iter().map(equation).collect(), " and ")).collect()
}

/// The δs.
pub fn delta(facts: &Facts) -> Vec<Piece> {
    let both = ExpressionKind::Binary(Binary::Equal, Box::new(facts.unit.clone()), Box::new(facts.delta.clone()));
    vec![Piece::Formula(Expression { kind: both, span: facts.unit.span })]
}

/// What the δs leave: the terms that vanish, or what is put in.
pub fn solution(
    book: &mut Book,
    step: &Step,
    shape: &[Extent],
    axes: &[String],
    labels: &[String],
    left: &[String],
) -> Vec<Piece> {
    let after: Vec<String> = axes.iter().chain(left).cloned().collect();
    let more = step.contribution.reduction.as_ref().map(|(_, extents)| extents.clone()).unwrap_or_default();
    let shape: Vec<Extent> = shape.iter().cloned().chain(more).collect();
    let (mut vanish, mut put) = (Vec::new(), Vec::new());
    for (label, index) in &step.solved {
        let Some(own) = labels.get(label.0 as usize) else { continue };
        let name = index.as_label().and_then(|label| after.get(label.0 as usize));
        if name == Some(own) {
            continue;
        }
        let body = book.sheet.program.expressions.position(index.clone());
        let formula = Formula { shape: shape.clone(), summed: Vec::new(), labels: after.clone(), body };
        let Some(value) = book.sheet.written(formula) else { continue };
        let (operator, list) = if name.is_some() { (Binary::NotEqual, &mut vanish) } else { (Binary::Equal, &mut put) };
        let kind = ExpressionKind::Binary(operator, Box::new(sheet::element(own, &[])), Box::new(value.indexed));
        list.push(Piece::Formula(Expression { kind, span: Span::default() }));
    }
    let mut reason = Vec::new();
    let word = |text: &str| Piece::Words(text.to_owned());
    if !vanish.is_empty() {
        reason.push(word("the terms with "));
        reason.extend(listed(vanish, " or "));
        reason.push(word(" vanish"));
    }
    if !put.is_empty() {
        reason.push(word(if reason.is_empty() { "only " } else { "; only " }));
        reason.extend(listed(put, ", "));
        reason.push(word(" is left"));
    }
    reason
}

/// Pieces with a word between them.
fn listed(pieces: Vec<Piece>, between: &str) -> Vec<Piece> {
    let with = |(number, piece): (usize, Piece)| {
        let word = (number > 0).then(|| Piece::Words(between.to_owned()));
        word.into_iter().chain([piece])
    };
    pieces.into_iter().enumerate().flat_map(with).collect()
}
