//! Expressions.

use super::core::{Elaborator, Scope};
use super::view::{Broadcast, Value, View};
use super::{Reported, Result};
use crate::ops::Operator;
use crate::span::Span;
use crate::syntax::tree::{Binary, Block, Expression, ExpressionKind, Unary};

impl<'a> Elaborator<'a> {
    /// The value of an expression.
    pub fn evaluate(&mut self, expression: &'a Expression) -> Result<Value<'a>> {
        self.deeper(expression.span, |this| this.chain(expression))
    }

    /// Operators that lean to the left, from their first operand on: such chains are as deep as they are long.
    fn chain(&mut self, expression: &'a Expression) -> Result<Value<'a>> {
        let mut chain = Vec::new();
        let mut first = expression;
        while let ExpressionKind::Binary(_, left, _) | ExpressionKind::Pipe(left, _) = &first.kind {
            chain.push(first);
            first = left;
        }
        let mut value = self.single(first);
        for node in chain.into_iter().rev() {
            if let ExpressionKind::Binary(operator, left, right) = &node.kind {
                let right_value = self.evaluate(right);
                let (left_value, right_value) = (value?, right_value?);
                value = self.binary(*operator, (left_value, left), (right_value, right), node.span);
            } else if let ExpressionKind::Pipe(left, callee) = &node.kind {
                value = value.and_then(|value| self.pipe(value, left.span, callee));
            }
        }
        value
    }

    fn single(&mut self, expression: &'a Expression) -> Result<Value<'a>> {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Number { value, .. } => Ok(self.number(*value)),
            ExpressionKind::Boolean(value) => Ok(self.number(f64::from(u8::from(*value)))),
            ExpressionKind::Name(name) => self.name(name, span),
            ExpressionKind::Unary(operator, of) => {
                let value = self.evaluate(of)?;
                let operator = match operator {
                    Unary::Negate => Operator::Negate,
                    Unary::Not => Operator::Not,
                };
                self.apply(operator, vec![value], operator.row().spelling.text(), &[of.span], span)
            }
            ExpressionKind::Call(callee, arguments) => self.call(callee, Vec::new(), arguments, span),
            ExpressionKind::Index(base, items) => self.index_expression(base, items, span),
            ExpressionKind::Reduce { reduction, labels, body } => {
                self.reduce_expression(reduction, labels, body, span).map(Value::View)
            }
            ExpressionKind::Transpose(of) => {
                let value = self.evaluate(of)?;
                let mut view = self.view(value, of.span)?;
                view.axes.reverse();
                Ok(Value::View(view))
            }
            ExpressionKind::Field(base, field) => self.field(base, field, span),
            ExpressionKind::List(items) => {
                let values: Vec<Result<Value<'a>>> = items.iter().map(|item| self.evaluate(item)).collect();
                Ok(Value::List(values.into_iter().collect::<Result<_>>()?))
            }
            ExpressionKind::Group(_) => Err(self.error(span, "a group stands in index notation and in rearrange alone")),
            ExpressionKind::Arrow(..) => Err(self.error(span, "`->` stands in rearrange alone")),
            ExpressionKind::If { condition, then, otherwise } => {
                let block = if self.decide(condition)? { then } else { otherwise };
                self.within(Scope::default(), |this| this.block(block, "this branch"))
            }
            ExpressionKind::Missing => {
                self.failed = true;
                Err(Reported)
            }
            // `chain` has taken these apart.
            ExpressionKind::Binary(..) | ExpressionKind::Pipe(..) => self.chain(expression),
        }
    }

    /// A number as a value.
    pub fn number(&mut self, value: f64) -> Value<'a> {
        Value::View(View::scalar(self.formulas.number(value)))
    }

    fn binary(
        &mut self,
        operator: Binary,
        (left, left_expression): (Value<'a>, &'a Expression),
        (right, right_expression): (Value<'a>, &'a Expression),
        span: Span,
    ) -> Result<Value<'a>> {
        let Some(scalar) = scalar_operator(operator) else {
            let (left, right) = (self.view(left, left_expression.span)?, self.view(right, right_expression.span)?);
            return self.matrix_product((left, left_expression), (right, right_expression), span).map(Value::View);
        };
        let what = format!("`{}`", scalar.row().spelling.text());
        self.apply(scalar, vec![left, right], &what, &[left_expression.span, right_expression.span], span)
    }

    /// A condition that is decided while the code is made.
    fn decide(&mut self, condition: &'a Expression) -> Result<bool> {
        let value = self.evaluate(condition)?;
        let view = self.view(value, condition.span)?;
        match self.formulas.as_number(view.body) {
            Some(value) if view.rank() == 0 => Ok(value != 0.0),
            _ => Err(self.error_with(condition.span, "the condition of `if` must be a constant", |diagnostic| {
                diagnostic.help("`where(condition, a, b)` selects element by element")
            })),
        }
    }

    /// The value of a block, in a scope that was opened for it.
    pub fn block(&mut self, block: &'a Block, what: &str) -> Result<Value<'a>> {
        self.statements(&block.statements);
        match &block.value {
            Some(value) => self.evaluate(value),
            None => Err(self.error(block.span, format!("{what} needs a value: an expression without `;` at its end"))),
        }
    }

    /// `where(condition, then, otherwise)`
    pub fn choose(&mut self, condition: View, then: View, otherwise: View, span: Span) -> Result<View> {
        let Broadcast { axes, bodies } = self.broadcast(&[condition, then, otherwise], "`where`", &[], span)?;
        let body = self.formulas.select(bodies[0], bodies[1], bodies[2]);
        Ok(View { axes, body })
    }
}

/// The scalar operator of a sign; `@` is none.
fn scalar_operator(operator: Binary) -> Option<Operator> {
    Some(match operator {
        Binary::Or => Operator::Or,
        Binary::And => Operator::And,
        Binary::Equal => Operator::Equal,
        Binary::NotEqual => Operator::NotEqual,
        Binary::Less => Operator::Less,
        Binary::LessEqual => Operator::LessEqual,
        Binary::Greater => Operator::Greater,
        Binary::GreaterEqual => Operator::GreaterEqual,
        Binary::Add => Operator::Add,
        Binary::Subtract => Operator::Subtract,
        Binary::Multiply => Operator::Multiply,
        Binary::Divide => Operator::Divide,
        Binary::Power => Operator::Power,
        Binary::MatrixMultiply => return None,
    })
}
