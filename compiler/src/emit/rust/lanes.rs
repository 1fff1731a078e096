//! Sums along a row in sixteen lanes.
//!
//! Float addition is not associative, so the compiler of Rust leaves a sum in its order, one number after the other. Here a row is
//! added in chunks of sixteen lanes and the lanes at the end in a fixed order: the same result on every run and every machine
//! level (up to fused multiplications), and vector instructions. It must not know of other loops.

use super::access::{self, Row, Step};
use super::index;
use super::nest;
use super::scope::{Reach, Scope};
use super::value;
use crate::ir::Extent;
use crate::loops::{Local, Statement, Value, Variable};
use crate::ops::Operator;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// How many numbers are added side by side.
const LANES: i64 = 16;

/// An accumulator of a loop: `local = local (+) value`.
pub struct Sum<'a> {
    local: Local,
    fold: Fold,
    value: &'a Value,
}

/// How an accumulator takes a number in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    Add,
    Largest,
    Smallest,
}

/// The accumulators of a loop that does nothing else and reads rows alone; `None` where it is another loop, or a short one.
pub fn sums<'a>(
    scope: &Scope<'_>,
    variable: Variable,
    extent: &Extent,
    body: &'a [Statement],
    rows: &[Row],
) -> Option<Vec<Sum<'a>>> {
    if rows.is_empty() || rows.iter().any(|row| row.written) || extent.as_constant().is_some_and(|length| length < 2 * LANES) {
        return None;
    }
    let mut sums = Vec::new();
    for statement in body {
        match statement {
            Statement::Comment(_) => {}
            Statement::Let(_, value) if !value.is_truth() => {}
            Statement::Assign(local, value) => sums.push(sum_of(*local, value)?),
            Statement::Let(..)
            | Statement::For { .. }
            | Statement::Accumulator(..)
            | Statement::Store { .. }
            | Statement::Fill(..)
            | Statement::Product(_) => return None,
        }
    }
    let locals: Vec<Local> = sums.iter().map(|sum| sum.local).collect();
    let mixed = body.iter().any(|statement| match statement {
        Statement::Let(_, value) => locals.iter().any(|&local| reads(value, local)),
        Statement::Assign(_, value) => {
            let own = sum_value(value);
            own.is_some_and(|value| locals.iter().any(|&local| reads(value, local)))
        }
        Statement::Comment(_)
        | Statement::For { .. }
        | Statement::Accumulator(..)
        | Statement::Store { .. }
        | Statement::Fill(..)
        | Statement::Product(_) => false,
    });
    let distinct = locals.iter().enumerate().all(|(at, local)| !locals[..at].contains(local));
    let only_rows = access::accesses(body).iter().all(|one| match access::step(&one.offset, variable) {
        Step::Next => {
            rows.iter().any(|row| row.offset == one.offset && row.memory == super::scope::memory_of(scope.loops, one.buffer))
        }
        Step::Still => true,
        Step::Other => false,
    });
    (!sums.is_empty() && !mixed && distinct && only_rows).then_some(sums)
}

fn sum_value(value: &Value) -> Option<&Value> {
    match value {
        Value::Apply(_, arguments) if arguments.len() == 2 => {
            if matches!(arguments[0], Value::Local(_)) {
                arguments.get(1)
            } else {
                arguments.first()
            }
        }
        Value::Apply(..) | Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) => None,
        Value::Load(..) | Value::Select(..) => None,
    }
}

fn sum_of(local: Local, value: &Value) -> Option<Sum<'_>> {
    let Value::Apply(operator, arguments) = value else { return None };
    let folds = [(Operator::Add, Fold::Add), (Operator::Maximum, Fold::Largest), (Operator::Minimum, Fold::Smallest)];
    let (_, fold) = folds.into_iter().find(|(known, _)| known == operator)?;
    match arguments.as_slice() {
        [Value::Local(other), value] | [value, Value::Local(other)] if *other == local => Some(Sum { local, fold, value }),
        _ => None,
    }
}

fn reads(value: &Value, local: Local) -> bool {
    match value {
        Value::Local(other) => *other == local,
        Value::Number(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => false,
        Value::Apply(_, arguments) => arguments.iter().any(|argument| reads(argument, local)),
        Value::Select(condition, then, otherwise) => {
            let in_block = |block: &crate::loops::Block| {
                reads(&block.value, local) || block.locals.iter().any(|(_, value)| reads(value, local))
            };
            reads(condition, local) || in_block(then) || in_block(otherwise)
        }
    }
}

fn neutral(fold: Fold) -> f64 {
    match fold {
        Fold::Add => 0.0,
        Fold::Largest => f64::NEG_INFINITY,
        Fold::Smallest => f64::INFINITY,
    }
}

/// The loop in lanes, the rest that fills no chunk, and the lanes together.
pub fn write(
    scope: &mut Scope<'_>,
    variable: Variable,
    extent: &Extent,
    name: &Ident,
    body: &[Statement],
    rows: &[Row],
    sums: &[Sum<'_>],
) -> TokenStream {
    scope.vectorizes = true;
    let sixteen = Literal::i64_unsuffixed(LANES);
    let lanes: Vec<Ident> = sums.iter().map(|sum| scope.names.fresh(&format!("{}_lanes", scope.local(sum.local).0))).collect();
    let starts = sums.iter().map(|sum| value::literal(scope.loops.precision, neutral(sum.fold)).bare());
    let length = index::extent(scope, extent);
    let (chunks, rest) = match extent.as_constant() {
        Some(number) => {
            let whole = Literal::i64_unsuffixed(number / LANES);
            let from = Literal::i64_unsuffixed(number / LANES * LANES);
            (quote!(#whole), (number % LANES != 0).then(|| quote!(#from)))
        }
        None => {
            let length = length.clone().at_least(super::code::Tightness::Factor);
            (quote!(#length / #sixteen), Some(quote!(#length / #sixteen * #sixteen)))
        }
    };
    let in_chunk = chunk_body(scope, variable, body, rows, sums, &lanes);
    let after = rest.map(|from| {
        let mut scope = scope.clone();
        let code = nest::statements(&mut scope, body);
        let length = length.at_least(super::code::Tightness::Sum);
        quote!(for #name in #from..#length { #code })
    });
    let together = sums.iter().zip(&lanes).map(|(sum, lanes)| together(scope, sum, lanes));
    quote! {
        #(let mut #lanes = [#starts; #sixteen];)*
        for chunk in 0..#chunks { #in_chunk }
        #after
        #(#together)*
    }
}

fn chunk_body(
    scope: &Scope<'_>,
    variable: Variable,
    body: &[Statement],
    rows: &[Row],
    sums: &[Sum<'_>],
    lanes: &[Ident],
) -> TokenStream {
    let mut scope = scope.clone();
    let sixteen = Literal::i64_unsuffixed(LANES);
    scope.names.reserve("chunk");
    let lane = scope.names.fresh("lane");
    let mut cuts = TokenStream::new();
    for row in rows {
        let name = &row.name;
        cuts.extend(quote!(let #name = &#name[chunk * #sixteen..][..#sixteen];));
        scope.reach(row.memory, row.offset.clone(), Reach::Row { row: name.clone(), at: lane.clone() });
    }
    let mut code = TokenStream::new();
    if nest::speaks_of(body, variable) {
        let position = scope.names.fresh("position");
        scope.rename(variable, position.clone());
        code.extend(quote!(let #position = chunk * #sixteen + #lane;));
    }
    for statement in body {
        if let Statement::Assign(local, _) = statement {
            let at = sums.iter().position(|sum| sum.local == *local).unwrap_or(0);
            code.extend(add_to_lane(&scope, &sums[at], &lanes[at], &lane));
        } else {
            code.extend(nest::statements(&mut scope, std::slice::from_ref(statement)));
        }
    }
    quote!(#cuts for #lane in 0..#sixteen { #code })
}

fn add_to_lane(scope: &Scope<'_>, sum: &Sum<'_>, lanes: &Ident, lane: &Ident) -> TokenStream {
    if let (Fold::Add, Value::Apply(Operator::Multiply, factors)) = (sum.fold, sum.value) {
        let factors = factors.iter().map(|factor| value::number(scope, factor).bare());
        return quote!(#lanes[#lane] = I::mul_add(#(#factors,)* #lanes[#lane]););
    }
    let value = value::number(scope, sum.value).bare();
    match sum.fold {
        Fold::Add => quote!(#lanes[#lane] += #value;),
        Fold::Largest => quote!(#lanes[#lane] = Scalar::maximum(#lanes[#lane], #value);),
        Fold::Smallest => quote!(#lanes[#lane] = Scalar::minimum(#lanes[#lane], #value);),
    }
}

/// `sum += ` all lanes, halves onto halves.
fn together(scope: &Scope<'_>, sum: &Sum<'_>, lanes: &Ident) -> TokenStream {
    let (local, _) = scope.local(sum.local);
    match sum.fold {
        Fold::Largest => quote!(#local = #lanes.iter().fold(#local, |all, &lane| Scalar::maximum(all, lane));),
        Fold::Smallest => quote!(#local = #lanes.iter().fold(#local, |all, &lane| Scalar::minimum(all, lane));),
        Fold::Add => quote! {
            for half in [8, 4, 2, 1] {
                for lane in 0..half {
                    #lanes[lane] += #lanes[lane + half];
                }
            }
            #local += #lanes[0];
        },
    }
}
