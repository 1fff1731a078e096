//! Values as Rust expressions: floats, and truth values where the operator table says so. It must not know of statements.

use super::code::{Code, Tightness};
use super::index;
use super::scope::Scope;
use crate::ir::{Index, Precision, Stream};
use crate::loops::{Block, BufferId, Value};
use crate::ops::{Operator, Runtime};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// So many operations are no more than a branch.
const CHEAP: u32 = 4;

/// A value as a float.
pub fn number(scope: &Scope<'_>, value: &Value) -> Code {
    let (code, truth) = value_code(scope, value);
    if !truth {
        return code;
    }
    let (one, zero) = (literal(scope.loops.precision, 1.0).bare(), literal(scope.loops.precision, 0.0).bare());
    let condition = code.bare();
    Code::new(quote!(if #condition { #one } else { #zero }), Tightness::Branch)
}

/// A value as a `bool`.
pub fn truth(scope: &Scope<'_>, value: &Value) -> Code {
    let (code, truth) = value_code(scope, value);
    if truth { code } else { code.infix("!=", literal(scope.loops.precision, 0.0)) }
}

/// A value, and whether it is a truth value.
fn value_code(scope: &Scope<'_>, value: &Value) -> (Code, bool) {
    match value {
        Value::Number(number) => (literal(scope.loops.precision, *number), false),
        Value::Local(local) => {
            let (name, truth) = scope.local(*local);
            (Code::atom(name), truth)
        }
        Value::Position(form) => (position(scope, form), false),
        Value::Random(stream, form) => (random(scope, *stream, form), false),
        Value::Load(buffer, offset) => (Code::atom(scope.element_of(*buffer, offset)), false),
        Value::Apply(operator, arguments) => (apply(scope, *operator, arguments), operator.is_truth()),
        Value::Select(condition, then, otherwise) => {
            let is_chosen = (scope.vectorizes || depends_on_data(condition))
                && [then, otherwise].into_iter().all(|branch| is_cheap(scope, condition, branch));
            let condition = truth(scope, condition).bare();
            if is_chosen {
                let [then, otherwise] = [then, otherwise].map(|branch| number(scope, &branch.value).bare());
                return (Code::atom(quote!(::core::hint::select_unpredictable(#condition, #then, #otherwise))), false);
            }
            let (then, otherwise) = (block(scope, then), block(scope, otherwise));
            (Code::new(quote!(if #condition { #then } else { #otherwise }), Tightness::Branch), false)
        }
    }
}

/// Whether a branch is a few operations on what is at hand. Such branches are computed and one of them is chosen, where loops are vectorized
/// or nobody can foretell what the data say: the compiler of Rust would put all that depends on one condition behind it, and vectorize nothing.
fn is_cheap(scope: &Scope<'_>, condition: &Value, branch: &Block) -> bool {
    branch.locals.is_empty() && operations(scope, condition, &branch.value).is_some_and(|operations| operations <= CHEAP)
}

/// How many operations a value takes, if they are quick and all that it reads is at hand.
fn operations(scope: &Scope<'_>, condition: &Value, value: &Value) -> Option<u32> {
    match value {
        Value::Number(_) | Value::Local(_) => Some(0),
        Value::Load(buffer, offset) => {
            (scope.is_at_hand(*buffer, offset) || is_beside(scope, condition, *buffer, offset)).then_some(0)
        }
        Value::Apply(operator, arguments) => {
            let row = operator.row();
            let is_quick = row.cost == 1 && matches!(row.runtime, Runtime::Infix(_) | Runtime::Prefix(_));
            let operations = arguments.iter().map(|argument| operations(scope, condition, argument));
            is_quick.then(|| operations.sum::<Option<u32>>().map(|sum| sum + 1)).flatten()
        }
        Value::Position(_) | Value::Random(..) | Value::Select(..) => None,
    }
}

/// Whether a comparison reads the same place of a buffer of the same shape, so that this one can be read there too.
fn is_beside(scope: &Scope<'_>, condition: &Value, buffer: BufferId, offset: &Index) -> bool {
    let Value::Apply(operator, arguments) = condition else { return false };
    matches!(operator.row().runtime, Runtime::Comparison(_))
        && arguments.iter().any(|argument| {
            let Value::Load(other, at) = argument else { return false };
            at == offset && scope.loops.buffer(*other).shape == scope.loops.buffer(buffer).shape
        })
}

/// Whether a condition is about more than places.
fn depends_on_data(condition: &Value) -> bool {
    match condition {
        Value::Number(_) | Value::Position(_) => false,
        Value::Local(_) | Value::Load(..) | Value::Random(..) | Value::Select(..) => true,
        Value::Apply(_, arguments) => arguments.iter().any(depends_on_data),
    }
}

fn block(scope: &Scope<'_>, block: &Block) -> TokenStream {
    let mut scope = scope.clone();
    let mut tokens = TokenStream::new();
    for (local, value) in &block.locals {
        let code = if value.is_truth() { truth(&scope, value) } else { number(&scope, value) }.bare();
        let name = scope.declare(*local, value.is_truth());
        tokens.extend(quote!(let #name = #code;));
    }
    let value = number(&scope, &block.value).bare();
    quote!(#tokens #value)
}

/// A position as a number of another type.
fn position_as(scope: &Scope<'_>, form: &Index, kind: &str) -> Code {
    let integer = if index::only_adds(scope, form) { index::index(scope, form) } else { index::signed(scope, form) };
    integer.cast(kind)
}

/// A position as a float.
fn position(scope: &Scope<'_>, form: &Index) -> Code {
    position_as(scope, form, scope.loops.precision.name())
}

/// `f32::uniform(stream_3, position as u64)`
fn random(scope: &Scope<'_>, stream: Stream, form: &Index) -> Code {
    let (float, key, at) = (scope.float(), scope.stream(stream), position_as(scope, form, "u64").bare());
    Code::atom(quote!(#float::uniform(#key, #at)))
}

fn apply(scope: &Scope<'_>, operator: Operator, arguments: &[Value]) -> Code {
    let row = operator.row();
    match (row.runtime, arguments) {
        (Runtime::Infix(sign), [left, right]) => infix(scope, operator, sign, left, right),
        (Runtime::Prefix(sign), [of]) => number(scope, of).prefix(sign.chars().next().unwrap_or('-')),
        (Runtime::Comparison(sign), [left, right]) => {
            if let (Some(left), Some(right)) = (as_position(left), as_position(right)) {
                let (left, right) = index::compared(scope, &left, &right);
                return left.infix(sign, right);
            }
            number(scope, left).infix(sign, number(scope, right))
        }
        (Runtime::Logical(sign), [left, right]) => {
            // What is at hand is not worth a branch, which would keep a loop from being vectorized.
            let sign = if is_at_hand(left) && is_at_hand(right) { &sign[..1] } else { sign };
            truth(scope, left).infix(sign, truth(scope, right))
        }
        (Runtime::Logical(_), [of]) => truth(scope, of).prefix('!'),
        (Runtime::Function(name), arguments) => call(scope, &quote!(Scalar), name, arguments),
        (Runtime::Elementary(name), arguments) => {
            call(scope, &if scope.vectorizes { quote!(I) } else { quote!(Scalar) }, name, arguments)
        }
        (Runtime::Infix(_) | Runtime::Prefix(_) | Runtime::Comparison(_) | Runtime::Logical(_), _) => {
            unreachable!("{operator:?} takes {} arguments", row.arity)
        }
    }
}

/// Whether a value reads no memory and takes no time.
fn is_at_hand(value: &Value) -> bool {
    match value {
        Value::Number(_) | Value::Local(_) => true,
        Value::Apply(operator, arguments) => {
            let is_truth = matches!(operator.row().runtime, Runtime::Comparison(_) | Runtime::Logical(_));
            is_truth && arguments.iter().all(is_at_hand)
        }
        Value::Position(_) | Value::Random(..) | Value::Load(..) | Value::Select(..) => false,
    }
}

/// `Scalar::pow(a, b)`
fn call(scope: &Scope<'_>, of: &TokenStream, name: &str, arguments: &[Value]) -> Code {
    let name = Ident::new(name, Span::call_site());
    let arguments = arguments.iter().map(|argument| number(scope, argument).bare());
    Code::atom(quote!(#of::#name(#(#arguments),*)))
}

/// `a + b`, and `a·b + c` as one instruction where the machine has it.
fn infix(scope: &Scope<'_>, operator: Operator, sign: &str, left: &Value, right: &Value) -> Code {
    if operator == Operator::Add {
        if let Some((a, b)) = factors(left) {
            return fused(scope, a, b, right);
        }
        if let Some((a, b)) = factors(right) {
            return fused(scope, a, b, left);
        }
    }
    number(scope, left).infix(sign, number(scope, right))
}

fn factors(value: &Value) -> Option<(&Value, &Value)> {
    match value {
        Value::Apply(Operator::Multiply, arguments) => arguments.first().zip(arguments.get(1)),
        Value::Apply(..) | Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) => None,
        Value::Load(..) | Value::Select(..) => None,
    }
}

fn fused(scope: &Scope<'_>, a: &Value, b: &Value, c: &Value) -> Code {
    let (a, b, c) = (number(scope, a).bare(), number(scope, b).bare(), number(scope, c).bare());
    Code::atom(quote!(I::mul_add(#a, #b, #c)))
}

/// The integer form that a value is, if it is one.
pub fn as_position(value: &Value) -> Option<Index> {
    match value {
        Value::Position(form) => Some(form.clone()),
        #[allow(clippy::cast_possible_truncation)]
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => Some(Index::constant(*number as i64)),
        Value::Number(_) | Value::Local(_) | Value::Random(..) | Value::Load(..) | Value::Apply(..) | Value::Select(..) => None,
    }
}

/// A float that reads back as the same number.
pub fn literal(precision: Precision, value: f64) -> Code {
    let float = precision.name();
    let kind = Ident::new(float, Span::call_site());
    #[allow(clippy::cast_possible_truncation)]
    let (text, value) = match precision {
        Precision::F32 => (format!("{:?}", (value as f32).abs()), f64::from(value as f32)),
        Precision::F64 => (format!("{:?}", value.abs()), value),
    };
    let magnitude = if value.is_nan() {
        return Code::atom(quote!(#kind::NAN));
    } else if value.is_infinite() {
        Code::atom(quote!(#kind::INFINITY))
    } else {
        let literal: Literal = format!("{text}_{float}").parse().unwrap_or_else(|_| Literal::f64_unsuffixed(0.0));
        Code::atom(literal)
    };
    if value.is_sign_negative() { magnitude.prefix('-') } else { magnitude }
}
