//! Small pieces of syntax trees. It must not know of programs beyond their sizes.

use crate::ir::number::{Piece, Written};
use crate::ir::{Extent, Factor, Number, Program, TensorId};
use crate::span::Span;
use crate::syntax::tree::{Argument, Binary, Expression, ExpressionKind, Name, Unary};

/// An expression without a place.
pub fn make(kind: ExpressionKind) -> Expression {
    Expression { kind, span: Span::default() }
}

/// A name without a place.
pub fn name(text: &str) -> Name {
    Name { text: text.to_owned(), span: Span::default() }
}

/// A name as an expression.
pub fn named(text: &str) -> Expression {
    make(ExpressionKind::Name(text.to_owned()))
}

/// `a + b`
pub fn binary(operator: Binary, left: Expression, right: Expression) -> Expression {
    make(ExpressionKind::Binary(operator, Box::new(left), Box::new(right)))
}

/// `-a`
pub fn unary(operator: Unary, of: Expression) -> Expression {
    make(ExpressionKind::Unary(operator, Box::new(of)))
}

/// `f(a, b)`
pub fn call(function: &str, arguments: Vec<Expression>) -> Expression {
    let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
    make(ExpressionKind::Call(Box::new(named(function)), arguments))
}

/// A natural number.
pub fn natural(value: u64) -> Expression {
    #[allow(clippy::cast_precision_loss)]
    let value = value as f64;
    make(ExpressionKind::Number { value, integer: true })
}

/// Any float.
pub fn floating(value: f64) -> Expression {
    let magnitude = if value.is_nan() {
        // The language has no name for it.
        return binary(Binary::Subtract, named("inf"), named("inf"));
    } else if value.is_infinite() {
        named("inf")
    } else {
        let value = value.abs();
        make(ExpressionKind::Number { value, integer: value.fract() == 0.0 && value < 1e15 })
    };
    if value.is_sign_negative() { unary(Unary::Negate, magnitude) } else { magnitude }
}

/// A constant. π is in digits where a tensor or a label has its name.
pub fn constant(program: &Program, number: Number) -> Expression {
    if number.get().is_nan() {
        return floating(number.get());
    }
    let Written { above, below } = number.written();
    let taken = || program.tensors.iter().any(|tensor| tensor.name == "pi" || tensor.label_names.iter().any(|name| name == "pi"));
    let pi = || if taken() { floating(std::f64::consts::PI) } else { named("pi") };
    let product = |pieces: Vec<Piece>| {
        let product =
            pieces.into_iter().map(|one| piece(one, &pi)).reduce(|product, factor| binary(Binary::Multiply, product, factor));
        product.unwrap_or_else(|| natural(1))
    };
    let magnitude = if below.is_empty() { product(above) } else { binary(Binary::Divide, product(above), product(below)) };
    if number.get().is_sign_negative() { unary(Unary::Negate, magnitude) } else { magnitude }
}

fn piece(piece: Piece, pi: &dyn Fn() -> Expression) -> Expression {
    let with_pi = |(number, has_pi): (i64, bool)| match (natural(number.unsigned_abs()), has_pi) {
        (_, true) if number == 1 => pi(),
        (number, true) => binary(Binary::Multiply, number, pi()),
        (number, false) => number,
    };
    match piece {
        Piece::Decimal(value) => floating(value),
        Piece::Pi => pi(),
        Piece::Logarithm(of) => call("log", vec![natural(of.unsigned_abs())]),
        Piece::Root(of, (1, false)) => call("sqrt", vec![with_pi(of)]),
        Piece::Root(of, over) => call("sqrt", vec![binary(Binary::Divide, with_pi(of), with_pi(over))]),
    }
}

/// A sum of terms with their signs.
pub fn sum(terms: Vec<(bool, Expression)>) -> Expression {
    let mut total: Option<Expression> = None;
    // A term that is added stands first where there is one.
    let (plus, minus): (Vec<_>, Vec<_>) = terms.into_iter().partition(|(negative, _)| !negative);
    for (negative, term) in plus.into_iter().chain(minus) {
        total = Some(match (total, negative) {
            (None, false) => term,
            (None, true) => unary(Unary::Negate, term),
            (Some(total), false) => binary(Binary::Add, total, term),
            (Some(total), true) => binary(Binary::Subtract, total, term),
        });
    }
    total.unwrap_or_else(|| natural(0))
}

/// The terms of an extent, with their signs.
pub fn extent_terms(program: &Program, extent: &Extent) -> Vec<(bool, Expression)> {
    let with_sizes = extent.terms().filter(|(sizes, _)| !sizes.is_empty());
    let ordered = with_sizes.chain(extent.terms().filter(|(sizes, _)| sizes.is_empty()));
    let terms = ordered.map(|(sizes, coefficient)| {
        let number = coefficient.unsigned_abs();
        let mut factors: Vec<Expression> = Vec::new();
        if number != 1 || sizes.is_empty() {
            factors.push(natural(number));
        }
        factors.extend(sizes.iter().map(|factor| size(program, factor)));
        let product = factors.into_iter().reduce(|product, factor| binary(Binary::Multiply, product, factor));
        (coefficient < 0, product.unwrap_or_else(|| natural(1)))
    });
    terms.collect()
}

/// `B`, `floor((N + 1) / 2)`
fn size(program: &Program, factor: &Factor) -> Expression {
    match factor {
        Factor::Size(size) => named(&program.sizes[size.0 as usize]),
        Factor::Floor(of, by) => {
            let by = natural(by.unsigned_abs());
            call("floor", vec![binary(Binary::Divide, extent(program, of), by)])
        }
    }
}

/// An extent: `2*B + 1`.
pub fn extent(program: &Program, extent: &Extent) -> Expression {
    sum(extent_terms(program, extent))
}

/// The name of a tensor in the text.
pub fn text_name(program: &Program, id: TensorId) -> String {
    program.tensor(id).name.clone()
}
