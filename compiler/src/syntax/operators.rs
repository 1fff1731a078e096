//! Operators and what they bind: reading by precedence with a list of what waits, so that no chain of operators, however long,
//! takes stack.
//!
//! It must know nothing of what operands are.

use super::MOST_HEIGHT;
use super::expressions::postfix;
use super::input::{Expected, Failed, Parse, Tokens};
use super::token::TokenKind;
use super::tree::{Binary, Expression, ExpressionKind, Unary};
use crate::diagnostic::Diagnostic;
use crate::ops::precedence;
use crate::span::Span;

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Infix {
    /// `|>`
    Pipe,
    /// An operator of the tree.
    Binary(Binary),
}

/// How tightly an operator binds.
pub(crate) fn binary_precedence(operator: Binary) -> u8 {
    match operator {
        Binary::Or => precedence::OR,
        Binary::And => precedence::AND,
        Binary::Equal | Binary::NotEqual | Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => {
            precedence::COMPARE
        }
        Binary::Add | Binary::Subtract => precedence::ADD,
        Binary::Multiply | Binary::Divide | Binary::MatrixMultiply => precedence::MULTIPLY,
        Binary::Power => precedence::POWER,
    }
}

/// How an operator is written.
pub(super) fn binary_text(operator: Binary) -> &'static str {
    match operator {
        Binary::Or => "||",
        Binary::And => "&&",
        Binary::Equal => "==",
        Binary::NotEqual => "!=",
        Binary::Less => "<",
        Binary::LessEqual => "<=",
        Binary::Greater => ">",
        Binary::GreaterEqual => ">=",
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::MatrixMultiply => "@",
        Binary::Power => "^",
    }
}

const BINARY: [Binary; 14] = [
    Binary::Or,
    Binary::And,
    Binary::Equal,
    Binary::NotEqual,
    Binary::Less,
    Binary::LessEqual,
    Binary::Greater,
    Binary::GreaterEqual,
    Binary::Add,
    Binary::Subtract,
    Binary::Multiply,
    Binary::Divide,
    Binary::MatrixMultiply,
    Binary::Power,
];

fn infix(input: Tokens<'_>) -> Option<Infix> {
    match input.first()? {
        TokenKind::Punctuation("|>") => Some(Infix::Pipe),
        TokenKind::Punctuation(text) => BINARY.into_iter().find(|one| binary_text(*one) == *text).map(Infix::Binary),
        TokenKind::Identifier(_)
        | TokenKind::Integer(_)
        | TokenKind::Float(_)
        | TokenKind::Text(_)
        | TokenKind::Documentation(_) => None,
    }
}

fn prefix(input: Tokens<'_>) -> Option<Unary> {
    if input.at("-") {
        Some(Unary::Negate)
    } else if input.at("!") {
        Some(Unary::Not)
    } else {
        None
    }
}

/// An operator that waits for its right operand.
#[derive(Clone, Copy)]
enum Waiting {
    Prefix(Unary, Span),
    Infix(Infix),
}

impl Waiting {
    fn precedence(self) -> u8 {
        match self {
            Waiting::Prefix(..) => precedence::UNARY,
            Waiting::Infix(Infix::Pipe) => precedence::PIPE,
            Waiting::Infix(Infix::Binary(operator)) => binary_precedence(operator),
        }
    }

    /// Whether it takes its operand before an operator that follows.
    fn goes_before(self, next: Infix) -> bool {
        let (own, next) = (self.precedence(), Waiting::Infix(next).precedence());
        own > next || (own == next && next != precedence::POWER)
    }

    /// `a < b < c` is hardly what was meant.
    fn refuse_chain(self, rest: Tokens<'_>, next: Infix) -> Result<(), Failed> {
        if self.precedence() != precedence::COMPARE || Waiting::Infix(next).precedence() != precedence::COMPARE {
            return Ok(());
        }
        let error = Diagnostic::error(rest.span(), "comparisons cannot be chained");
        Err(rest.refused(error.help("write `a < b && b < c`, or put parentheses around one of them")))
    }
}

/// What is read and waits: operands with their heights, and operators.
struct Stack {
    operands: Vec<(Box<Expression>, u32)>,
    operators: Vec<Waiting>,
}

/// Operands with operators between and before them.
pub(super) fn operators(input: Tokens<'_>) -> Parse<'_, Box<Expression>> {
    let outer = input.context.take_height();
    let mut stack = Stack { operands: Vec::new(), operators: Vec::new() };
    let mut rest = input;
    loop {
        rest = stack.prefixes(rest);
        let (after, read) = postfix(rest)?;
        stack.operands.push((read, input.context.take_height()));
        rest = match stack.infix(after)? {
            Some(rest) => rest,
            None => return stack.finish(after, outer),
        };
    }
}

impl Stack {
    /// Puts the operators before an operand onto the stack.
    fn prefixes<'t>(&mut self, mut rest: Tokens<'t>) -> Tokens<'t> {
        while let Some(operator) = prefix(rest) {
            self.operators.push(Waiting::Prefix(operator, rest.span()));
            rest = rest.after(1);
        }
        rest
    }

    /// Puts the operator behind an operand onto the stack, and applies what goes before it.
    fn infix<'t>(&mut self, rest: Tokens<'t>) -> Result<Option<Tokens<'t>>, Failed> {
        let Some(next) = infix(rest) else { return Ok(None) };
        while let Some(last) = self.operators.last().filter(|operator| operator.goes_before(next)) {
            last.refuse_chain(rest, next)?;
            self.apply(rest)?;
        }
        self.operators.push(Waiting::Infix(next));
        Ok(Some(rest.after(1)))
    }

    /// Applies all that waits.
    fn finish(mut self, rest: Tokens<'_>, outer: u32) -> Parse<'_, Box<Expression>> {
        rest.expected(Expected::Some("an operator"));
        while !self.operators.is_empty() {
            self.apply(rest)?;
        }
        match self.operands.pop() {
            Some((expression, height)) => {
                rest.context.note_height(outer.max(height));
                Ok((rest, expression))
            }
            None => rest.fail(Expected::Some("an expression")),
        }
    }

    /// Gives the last operator its operands.
    fn apply(&mut self, rest: Tokens<'_>) -> Result<(), Failed> {
        let (Some(operator), Some((right, height))) = (self.operators.pop(), self.operands.pop()) else { return Ok(()) };
        let (expression, height) = match operator {
            Waiting::Prefix(operator, span) => (unary(operator, span, right), height),
            Waiting::Infix(operator) => {
                let Some((left, other)) = self.operands.pop() else { return Ok(()) };
                (combine(operator, left, right), height.max(other))
            }
        };
        check_height(rest, height + 1, expression.span)?;
        self.operands.push((expression, height + 1));
        Ok(())
    }
}

fn check_height(rest: Tokens<'_>, height: u32, span: Span) -> Result<(), Failed> {
    if height <= MOST_HEIGHT {
        return Ok(());
    }
    let error = Diagnostic::error(span, format!("the expression is more than {MOST_HEIGHT} operators deep"));
    Err(rest.refused(error.help("give parts of it names of their own")))
}

/// The height of a tree whose highest part was noted, one more than that.
pub(super) fn grow(rest: Tokens<'_>, below: u32, span: Span) -> Result<(), Failed> {
    let height = below.max(rest.context.take_height()) + 1;
    check_height(rest, height, span)?;
    rest.context.note_height(height);
    Ok(())
}

fn unary(operator: Unary, span: Span, operand: Box<Expression>) -> Box<Expression> {
    let span = span.to(operand.span);
    Box::new(Expression { kind: ExpressionKind::Unary(operator, operand), span })
}

fn combine(operator: Infix, left: Box<Expression>, right: Box<Expression>) -> Box<Expression> {
    let span = left.span.to(right.span);
    let kind = match operator {
        Infix::Pipe => ExpressionKind::Pipe(left, right),
        Infix::Binary(operator) => ExpressionKind::Binary(operator, left, right),
    };
    Box::new(Expression { kind, span })
}
