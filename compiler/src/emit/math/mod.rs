//! Expressions of the language in the notation of mathematics: as text (`Σ_k x[i, k] · w[k, j]`) and as LaTeX.
//!
//! This file walks a syntax tree and decides about parentheses; what things look like stands in `text.rs` and `latex.rs`. It must not
//! know where a tree comes from.

pub mod document;
mod fractions;
mod functions;
mod latex;
pub mod moved;
#[cfg(test)]
pub(crate) mod tests;
mod text;

use crate::ops::precedence::{ADD, COMPARE, MULTIPLY, POSTFIX, POWER, UNARY};
use crate::syntax::tree::{Argument, Binary, Expression, ExpressionKind, IndexItem, ReducedLabel, Unary};
pub use latex::Latex;
use std::collections::BTreeMap;
pub use text::Text;

/// What a name stands for, where it is no tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// The derivative of a scalar for a tensor, with the axes of the tensor: `∂loss/∂w[i, j]`.
    Adjoint {
        /// What is differentiated.
        of: String,
        /// For what.
        wrt: String,
    },
    /// The derivative of each element of a tensor for each of another: `∂y[i, j]/∂w[k, l]`.
    Partial {
        /// What is differentiated.
        of: String,
        /// For what.
        wrt: String,
        /// How many of its axes are those of what is differentiated; they come first.
        rank: usize,
    },
}

/// What is known of the names in an expression.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The names that stand for something else.
    pub symbols: BTreeMap<String, Symbol>,
    /// The names of arrays that are no scalars.
    pub arrays: std::collections::BTreeSet<String>,
}

/// A piece that is written.
#[derive(Clone, Debug)]
pub struct Part {
    /// It.
    text: String,
    /// How tightly it holds together, as [`crate::ops::precedence`] says.
    tightness: u8,
    /// Whether it ends with what a Σ stands before: a factor behind it would be taken for a part of that.
    open: bool,
}

impl Part {
    fn new(text: impl Into<String>, tightness: u8) -> Self {
        Self { text: text.into(), tightness, open: false }
    }

    /// What is written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What a notation looks like. The walk has put parts into parentheses where they need them.
pub trait Style {
    /// `(a)`
    fn parentheses(&self, inner: &str) -> String;
    /// A name of a tensor, a label or a size.
    fn name(&self, name: &str) -> String;
    /// A number that is not negative.
    fn number(&self, value: f64) -> String;
    /// `x[i, j]`
    fn element(&self, of: &str, indices: &[String]) -> String;
    /// `∂a/∂b`
    fn derivative(&self, of: &str, wrt: &str) -> Part;
    /// `a · b`; of two arrays, element by element.
    fn product(&self, left: Part, right: Part, of_arrays: bool) -> Part;
    /// The product of two matrices.
    fn matrix_product(&self, left: Part, right: Part) -> Part;
    /// `a / b`
    fn fraction(&self, above: Part, below: Part) -> Part;
    /// Whether what is divided stands above what divides it, so that a derivative or a δ, which say what happens to a factor, stand behind the
    /// fraction.
    fn is_stacked(&self) -> bool;
    /// `a ^ b`
    fn power(&self, base: Part, exponent: Part) -> Part;
    /// What a reduction is written as, before its body: `Σ_k`.
    fn reduction(&self, word: &str, labels: &[String]) -> String;
    /// `0 ≤ u < 3`
    fn range(&self, label: &str, from: &str, to: &str) -> String;
    /// `δ(a = b)`
    fn delta(&self, left: &str, right: &str) -> String;
    /// Values with their conditions, and the value where none holds.
    fn cases(&self, rows: &[(String, String)], otherwise: &str) -> Part;
    /// `f(a, b)`; arguments with names stand apart.
    fn call(&self, name: &str, arguments: &[String], named: &[(String, String)]) -> Part;
    /// `xᵀ`
    fn transpose(&self, of: Part) -> Part;
    /// `=`, `≤`, `and`
    fn sign(&self, operator: Binary) -> &'static str;
    /// `not`
    fn not(&self) -> &'static str;
    /// An array of which an element is taken.
    fn whole(&self, part: &Part) -> String;
    /// `=` between the sides of an equation.
    fn equals(&self) -> &'static str;
    /// Words among formulas.
    fn words(&self, text: &str) -> String;
    /// A remark behind an equation.
    fn note(&self, text: &str) -> String;
    /// What the language writes, word for word.
    fn verbatim(&self, text: &str) -> String;

    /// A part where something of some tightness may stand.
    fn around(&self, part: &Part, needed: u8) -> String {
        if part.tightness < needed { self.parentheses(&part.text) } else { part.text.clone() }
    }

    /// A part before a factor.
    fn before_factor(&self, part: &Part) -> String {
        if part.open { self.parentheses(&part.text) } else { self.around(part, MULTIPLY) }
    }
}

/// An expression in a notation.
pub fn write(expression: &Expression, names: &Names, style: &dyn Style) -> String {
    Walk { names, style }.part(expression).text
}

/// An element of an array that is given by an expression.
pub fn write_element(expression: &Expression, labels: &[String], names: &Names, style: &dyn Style) -> String {
    let whole = Walk { names, style }.part(expression);
    if labels.is_empty() { whole.text } else { style.element(&style.whole(&whole), labels) }
}

struct Walk<'a> {
    names: &'a Names,
    style: &'a dyn Style,
}

impl Walk<'_> {
    fn part(&self, source: &Expression) -> Part {
        let style = self.style;
        match &source.kind {
            ExpressionKind::Number { value, .. } if value.is_sign_negative() => {
                Part::new(format!("-{}", style.number(-value)), UNARY)
            }
            ExpressionKind::Number { value, .. } => Part::new(style.number(*value), POSTFIX),
            ExpressionKind::Boolean(value) => Part::new(style.verbatim(&value.to_string()), POSTFIX),
            ExpressionKind::Name(name) => self.named(name),
            ExpressionKind::Unary(operator, of) => self.unary(*operator, of),
            ExpressionKind::Binary(operator, left, right) => self.binary(*operator, left, right),
            ExpressionKind::Call(callee, arguments) => self.call(callee, arguments),
            ExpressionKind::Index(of, items) => self.element(of, items),
            ExpressionKind::Reduce { reduction, labels, body } => self.reduction(&reduction.text, labels, body),
            ExpressionKind::Transpose(of) => style.transpose(self.part(of)),
            ExpressionKind::List(parts) => Part::new(format!("[{}]", self.list(parts)), POSTFIX),
            ExpressionKind::Group(parts) => Part::new(style.parentheses(&self.list(parts)), POSTFIX),
            ExpressionKind::Pipe(..)
            | ExpressionKind::Field(..)
            | ExpressionKind::Arrow(..)
            | ExpressionKind::If { .. }
            | ExpressionKind::Missing => Part::new(style.verbatim(&crate::syntax::print_expression(source)), POSTFIX),
        }
    }

    fn list(&self, parts: &[Expression]) -> String {
        parts.iter().map(|part| self.part(part).text).collect::<Vec<_>>().join(", ")
    }

    fn named(&self, name: &str) -> Part {
        let style = self.style;
        match self.names.symbols.get(name) {
            None => Part::new(style.name(name), POSTFIX),
            Some(Symbol::Adjoint { of, wrt } | Symbol::Partial { of, wrt, .. }) => {
                style.derivative(&style.name(of), &style.name(wrt))
            }
        }
    }

    fn unary(&self, operator: Unary, of: &Expression) -> Part {
        let part = self.part(of);
        let sign = match operator {
            Unary::Negate => "-",
            Unary::Not => self.style.not(),
        };
        Part {
            open: part.open && part.tightness >= MULTIPLY,
            ..Part::new(format!("{sign}{}", self.style.around(&part, MULTIPLY)), UNARY)
        }
    }

    fn binary(&self, operator: Binary, left: &Expression, right: &Expression) -> Part {
        let style = self.style;
        let (first, second) = (self.part(left), self.part(right));
        match operator {
            Binary::Multiply => style.product(first, second, !self.is_scalar(left) && !self.is_scalar(right)),
            Binary::MatrixMultiply => style.matrix_product(first, second),
            Binary::Divide => self.quotient(left, right).unwrap_or_else(|| style.fraction(first, second)),
            Binary::Power => style.power(first, second),
            Binary::Add | Binary::Subtract => {
                // `a - b` for `a + (-b)`.
                if let Some(opposite) = second.text.strip_prefix('-').filter(|_| second.tightness >= MULTIPLY) {
                    let sign = if operator == Binary::Add { Binary::Subtract } else { Binary::Add };
                    let text = format!("{} {} {opposite}", style.around(&first, ADD), style.sign(sign));
                    return Part { open: second.open, ..Part::new(text, ADD) };
                }
                let needed = if operator == Binary::Add { ADD } else { MULTIPLY };
                let needed = if second.text.starts_with('-') { POWER } else { needed };
                let text = format!("{} {} {}", style.around(&first, ADD), style.sign(operator), style.around(&second, needed));
                Part { open: second.open, ..Part::new(text, ADD) }
            }
            Binary::Equal | Binary::NotEqual | Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => {
                let (first, second) = (style.around(&first, COMPARE + 1), style.around(&second, COMPARE + 1));
                Part::new(format!("{first} {} {second}", style.sign(operator)), COMPARE)
            }
            Binary::And | Binary::Or => {
                let level = crate::syntax::binary_precedence(operator);
                let (first, second) = (style.around(&first, level), style.around(&second, level + 1));
                Part::new(format!("{first} {} {second}", style.sign(operator)), level)
            }
        }
    }

    fn reduction(&self, word: &str, labels: &[ReducedLabel], body: &Expression) -> Part {
        let style = self.style;
        let label = |label: &ReducedLabel| match &label.range {
            None => style.name(&label.name.text),
            Some((from, to)) => style.range(&style.name(&label.name.text), &self.part(from).text, &self.part(to).text),
        };
        if let Some(element) = (word == "sum").then(|| moved::element(labels, body)).flatten() {
            return self.part(&element);
        }
        let labels: Vec<String> = labels.iter().map(label).collect();
        let body = self.part(body);
        if word == "logsumexp" {
            let exponential = style.call("exp", &[body.text], &[]);
            let text = format!("{} {}", style.reduction("sum", &labels), exponential.text);
            return style.call("log", &[text], &[]);
        }
        let text = format!("{} {}", style.reduction(word, &labels), style.around(&body, MULTIPLY));
        Part { open: true, ..Part::new(text, MULTIPLY) }
    }

    fn element(&self, of: &Expression, items: &[IndexItem]) -> Part {
        let style = self.style;
        let items: Vec<String> = items.iter().map(|item| self.index(item)).collect();
        let ExpressionKind::Name(name) = &of.kind else {
            let whole = self.part(of);
            return Part::new(style.element(&style.around(&whole, POSTFIX), &items), POSTFIX);
        };
        match self.names.symbols.get(name) {
            None => Part::new(style.element(&style.name(name), &items), POSTFIX),
            Some(Symbol::Adjoint { of, wrt }) => style.derivative(&style.name(of), &style.element(&style.name(wrt), &items)),
            Some(Symbol::Partial { of, wrt, rank }) => {
                let (first, second) = items.split_at((*rank).min(items.len()));
                let part = |name: &str, at: &[String]| match at {
                    [] => style.name(name),
                    at => style.element(&style.name(name), at),
                };
                style.derivative(&part(of, first), &part(wrt, second))
            }
        }
    }

    fn index(&self, item: &IndexItem) -> String {
        let end = |end: &Option<Expression>| end.as_ref().map_or_else(String::new, |end| self.part(end).text);
        match item {
            IndexItem::At(index) => self.part(index).text,
            IndexItem::Range(from, to, _) => format!("{}..{}", end(from), end(to)),
            IndexItem::Rest(_) => "..".to_owned(),
            IndexItem::Whole(_) => "_".to_owned(),
        }
    }

    fn call(&self, callee: &Expression, arguments: &[Argument]) -> Part {
        let style = self.style;
        let ExpressionKind::Name(word) = &callee.kind else {
            let called = style.around(&self.part(callee), POSTFIX);
            let arguments: Vec<String> = arguments.iter().map(|argument| self.part(&argument.value).text).collect();
            return Part::new(format!("{called}{}", style.parentheses(&arguments.join(", "))), POSTFIX);
        };
        if let ("where", [condition, then, otherwise]) = (word.as_str(), arguments) {
            return self.choice(&condition.value, &then.value, &otherwise.value);
        }
        if let Some(known) = functions::in_known_ones(word, arguments) {
            return self.part(&known);
        }
        let (named, plain): (Vec<&Argument>, Vec<&Argument>) = arguments.iter().partition(|argument| argument.name.is_some());
        let plain: Vec<String> = plain.into_iter().map(|argument| self.part(&argument.value).text).collect();
        let named = named.into_iter().filter_map(|argument| {
            let name = argument.name.as_ref()?;
            Some((name.text.clone(), self.part(&argument.value).text))
        });
        style.call(word, &plain, &named.collect::<Vec<_>>())
    }

    /// `where(i == j, a, 0)` is a δ; others are cases.
    fn choice(&self, condition: &Expression, then: &Expression, otherwise: &Expression) -> Part {
        let style = self.style;
        if is_number(otherwise, 0.0) {
            let mut parts = Vec::new();
            conjunction(condition, &mut parts);
            if let Some(deltas) = parts.iter().map(|part| self.delta(part)).collect::<Option<Vec<String>>>() {
                return self.times_deltas(then, deltas);
            }
        }
        let mut rows = vec![(self.part(then).text, self.part(condition).text)];
        let mut rest = otherwise;
        while let ExpressionKind::Call(callee, arguments) = &rest.kind
            && let (ExpressionKind::Name(word), [condition, then, otherwise]) = (&callee.kind, arguments.as_slice())
            && word == "where"
        {
            rows.push((self.part(&then.value).text, self.part(&condition.value).text));
            rest = &otherwise.value;
        }
        style.cases(&rows, &self.part(rest).text)
    }

    fn delta(&self, condition: &Expression) -> Option<String> {
        let ExpressionKind::Binary(Binary::Equal, left, right) = &condition.kind else { return None };
        Some(self.style.delta(&self.part(left).text, &self.part(right).text))
    }

    /// Whether an expression is no array, as far as its names tell.
    fn is_scalar(&self, source: &Expression) -> bool {
        match &source.kind {
            ExpressionKind::Name(name) => !self.names.arrays.contains(name),
            ExpressionKind::Unary(_, of) | ExpressionKind::Transpose(of) => self.is_scalar(of),
            ExpressionKind::Binary(_, left, right) => self.is_scalar(left) && self.is_scalar(right),
            ExpressionKind::Call(callee, arguments) => {
                let reduces_all = matches!(&callee.kind, ExpressionKind::Name(word) if matches!(word.as_str(), "sum" | "mean" | "max" | "min" | "prod"));
                reduces_all && arguments.len() == 1 || arguments.iter().all(|argument| self.is_scalar(&argument.value))
            }
            ExpressionKind::Number { .. }
            | ExpressionKind::Boolean(_)
            | ExpressionKind::Index(..)
            | ExpressionKind::Reduce { .. } => true,
            ExpressionKind::Pipe(..)
            | ExpressionKind::Field(..)
            | ExpressionKind::List(_)
            | ExpressionKind::Group(_)
            | ExpressionKind::Arrow(..)
            | ExpressionKind::If { .. }
            | ExpressionKind::Missing => false,
        }
    }
}

/// The conditions that all must hold.
fn conjunction<'e>(condition: &'e Expression, parts: &mut Vec<&'e Expression>) {
    if let ExpressionKind::Binary(Binary::And, left, right) = &condition.kind {
        conjunction(left, parts);
        conjunction(right, parts);
    } else {
        parts.push(condition);
    }
}

fn is_number(source: &Expression, number: f64) -> bool {
    matches!(&source.kind, ExpressionKind::Number { value, .. } if *value == number)
}
