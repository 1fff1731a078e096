//! Functions that computers have for the sake of accuracy or speed, in those that mathematics has a name for. It must not know where a
//! formula comes from.

use crate::span::Span;
use crate::syntax::tree::{Argument, Binary, Expression, ExpressionKind, Unary};

/// `log(1 + x)` for `log1p(x)`, `exp(x) - 1` for `expm1(x)`, `1 / sqrt(x)` for `rsqrt(x)`.
pub fn in_known_ones(word: &str, arguments: &[Argument]) -> Option<Expression> {
    let [Argument { value, .. }] = arguments else { return None };
    let one = || make(ExpressionKind::Number { value: 1.0, integer: true });
    let binary = |operator, left, right| make(ExpressionKind::Binary(operator, Box::new(left), Box::new(right)));
    match word {
        "log1p" => Some(call("log", added(one(), value, binary))),
        "expm1" => Some(binary(Binary::Subtract, call("exp", value.clone()), one())),
        "rsqrt" => Some(binary(Binary::Divide, one(), call("sqrt", value.clone()))),
        _ => None,
    }
}

/// `1 + x`, and `1 - x` for `1 + -x`.
fn added(one: Expression, value: &Expression, binary: impl Fn(Binary, Expression, Expression) -> Expression) -> Expression {
    if let ExpressionKind::Unary(Unary::Negate, positive) = &value.kind {
        return binary(Binary::Subtract, one, (**positive).clone());
    }
    binary(Binary::Add, one, value.clone())
}

fn call(word: &str, value: Expression) -> Expression {
    let callee = Box::new(make(ExpressionKind::Name(word.to_owned())));
    make(ExpressionKind::Call(callee, vec![Argument { name: None, value }]))
}

fn make(kind: ExpressionKind) -> Expression {
    Expression { kind, span: Span::default() }
}
