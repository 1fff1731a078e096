//! Products and sums as people write them: numbers first, fractions as quotients, squares as powers, and signs before terms. It must not
//! know of programs.

use super::write::{binary, natural, unary};
use crate::syntax::tree::{Binary, Expression, ExpressionKind, Unary};

/// `a * b`, with what is constant in `b` before `a`, or below it: `2 * a`, `a / 3`, `-a / 3`, and `a ^ 2` for `a * a`. Factors keep their
/// order, so that nothing overflows that did not.
pub fn times(a: Expression, b: Expression) -> Expression {
    if let Some(power) = power(&a, &b) {
        return power;
    }
    if is_constant(&b) && !is_constant(&a) {
        return scaled(a, b);
    }
    match parts(b) {
        Ok((Binary::Divide, above, below)) if is_constant(&above) => binary(Binary::Divide, times(a, above), below),
        Ok((sign, left, right)) => binary(Binary::Multiply, a, binary(sign, left, right)),
        Err(b) => binary(Binary::Multiply, a, b),
    }
}

/// `a + b` or `a - b`, with the sign of `b` before it: `a - 2 * c` for `a + (-2 * c)`.
pub fn plus(sign: Binary, a: Expression, b: Expression) -> Expression {
    let opposite = if sign == Binary::Add { Binary::Subtract } else { Binary::Add };
    let mut first = &b;
    while let ExpressionKind::Binary(Binary::Multiply | Binary::Divide, left, _) = &first.kind {
        first = left;
    }
    let ExpressionKind::Unary(Unary::Negate, positive) = &first.kind else { return binary(sign, a, b) };
    let positive = (**positive).clone();
    binary(opposite, a, before(b, &|_| positive.clone()))
}

/// A product or a quotient with its sides, or what is none.
fn parts(of: Expression) -> Result<(Binary, Expression, Expression), Expression> {
    if !matches!(of.kind, ExpressionKind::Binary(Binary::Multiply | Binary::Divide, ..)) {
        return Err(of);
    }
    let ExpressionKind::Binary(sign, left, right) = of.kind else { return Err(natural(1)) };
    Ok((sign, *left, *right))
}

/// A multiple by a constant.
fn scaled(a: Expression, by: Expression) -> Expression {
    if matches!(by.kind, ExpressionKind::Number { value: 1.0, .. }) {
        return a;
    }
    if let ExpressionKind::Unary(Unary::Negate, of) = &by.kind
        && matches!(of.kind, ExpressionKind::Binary(..))
    {
        return before(scaled(a, (**of).clone()), &|first| unary(Unary::Negate, first));
    }
    match parts(by) {
        Ok((Binary::Divide, above, below)) => binary(Binary::Divide, scaled(a, above), below),
        Ok((_, one, other)) => scaled(scaled(a, other), one),
        Err(by) => before(a, &|first| {
            let is_one = matches!(first.kind, ExpressionKind::Number { value: 1.0, .. });
            if is_one { by.clone() } else { binary(Binary::Multiply, by.clone(), first) }
        }),
    }
}

/// `-a`, and `-1 / b` for `-(1 / b)`.
pub fn negated(a: Expression) -> Expression {
    let mut first = &a;
    while let ExpressionKind::Binary(Binary::Multiply | Binary::Divide, left, _) = &first.kind {
        first = left;
    }
    if !matches!(first.kind, ExpressionKind::Number { .. }) {
        return unary(Unary::Negate, a);
    }
    before(a, &|first| unary(Unary::Negate, first))
}

/// `a / b`, and `1 / b ^ 2` for `1 / b / b`.
pub fn divided(a: Expression, b: Expression) -> Expression {
    if let ExpressionKind::Binary(Binary::Divide, above, below) = &a.kind
        && is_constant(above)
        && let Some(power) = power(below, &b)
    {
        return binary(Binary::Divide, (**above).clone(), power);
    }
    binary(Binary::Divide, a, b)
}

/// A product with something made of its first factor.
fn before(of: Expression, make_first: &dyn Fn(Expression) -> Expression) -> Expression {
    match parts(of) {
        Ok((sign, first, last)) => binary(sign, before(first, make_first), last),
        Err(of) => make_first(of),
    }
}

/// Two powers of the same as one.
fn power(a: &Expression, b: &Expression) -> Option<Expression> {
    let ((base, one), (other, two)) = (base(a), base(b));
    if is_constant(base) || base != other {
        return None;
    }
    Some(binary(Binary::Power, base.clone(), natural(one + two)))
}

/// What an expression is a whole power of, and which.
fn base(of: &Expression) -> (&Expression, u64) {
    if let ExpressionKind::Binary(Binary::Power, base, exponent) = &of.kind
        && let ExpressionKind::Number { value, integer: true } = exponent.kind
    {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        return (base, value as u64);
    }
    (of, 1)
}

/// Whether an expression is made of numbers alone.
fn is_constant(expression: &Expression) -> bool {
    let kind = &expression.kind;
    if let ExpressionKind::Binary(Binary::Multiply | Binary::Divide, left, right) = kind {
        return is_constant(left) && is_constant(right);
    }
    if let ExpressionKind::Call(_, arguments) = kind {
        return arguments.iter().all(|argument| is_constant(&argument.value));
    }
    let is_negative = matches!(kind, ExpressionKind::Unary(Unary::Negate, of) if is_constant(of));
    is_negative || matches!(kind, ExpressionKind::Number { .. }) || matches!(kind, ExpressionKind::Name(name) if name == "pi")
}

#[cfg(test)]
mod tests {
    use crate::emit::nn::tests::program;

    #[test]
    fn products_are_written_as_people_write_them() {
        for (written, printed) in [
            ("x * 2", "2 * x"),
            ("x * z * -0.5", "-0.5 * x * z"),
            ("x / z * 3", "3 * x / z"),
            ("x * (1 / 3)", "x / 3"),
            ("x * (-2 / 3)", "-2 * x / 3"),
            ("x * z * (-1 / 3)", "-x * z / 3"),
            ("x * (1 / sqrt(2 * pi))", "x / sqrt(2 * pi)"),
            ("x * x", "x ^ 2"),
            ("x * x * x", "x ^ 3"),
            ("x * (x * z)", "x * (x * z)"),
            ("1 / z / z", "1 / z ^ 2"),
            ("x / z / z", "x / z / z"),
            ("z + x * -2", "z - 2 * x"),
            ("z - x * -2", "z + 2 * x"),
            ("z + -x * z", "z - x * z"),
            ("-(1 / z)", "-1 / z"),
            ("-(x + z)", "-(x + z)"),
        ] {
            let program = program(&format!("network N {{ input x: [3]; input z: [3]; output y = {written}; }}"));
            let text = crate::emit::nn::print(&program);
            assert!(text.contains(&format!("output y = {printed};")), "{written} is printed as {text}");
        }
    }
}
