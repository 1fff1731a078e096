//! Rows in lanes: sums along a row, and rows of few numbers.
//!
//! Float addition is not associative, so the compiler of Rust leaves a sum in its order, one number after the other. Here a row is
//! added in chunks of sixteen lanes and the lanes at the end in a fixed order: the same result on every run and every machine
//! level (up to fused multiplications), and vector instructions. A short row of constant length, which the compiler of Rust would write
//! out number by number, is cut into pieces of 16, 8, 4, 2 and 1 if there are elementary functions in it. It must not know of other loops.

use super::access::{self, Row, SHORTEST, Step};
use super::index;
use super::nest;
use super::scope::{Reach, Scope};
use super::value;
use crate::ir::Extent;
use crate::loops::{Local, Statement, Value, Variable};
use crate::ops::{Operator, Runtime};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};

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

/// How a loop is written in lanes.
pub struct Lanes<'a> {
    /// Its accumulators.
    sums: Vec<Sum<'a>>,
    /// The lengths of the pieces of a short row; none where chunks of sixteen repeat.
    pieces: Vec<i64>,
}

/// The lanes of a loop over rows that needs them: it has accumulators, which are all that it carries from number to number, or it is short
/// and has elementary functions. `None` where it is another loop.
pub fn lanes<'a>(
    scope: &Scope<'_>,
    variable: Variable,
    extent: &Extent,
    body: &'a [Statement],
    rows: &[Row],
) -> Option<Lanes<'a>> {
    let pieces = match extent.as_constant() {
        Some(length) if length < 2 * LANES => pieces(length, body)?,
        Some(_) | None => Vec::new(),
    };
    let sums = sums(body)?;
    let in_row = |one: &access::Access| {
        let memory = super::scope::memory_of(scope.loops, one.buffer);
        rows.iter().any(|row| row.offset == one.offset && row.memory == memory)
    };
    let only_rows = access::accesses(body).iter().all(|one| match access::step(&one.offset, variable) {
        Step::Next => in_row(one),
        Step::Still => !one.written,
        Step::Other => false,
    });
    let needed = !rows.is_empty() && (!sums.is_empty() || !pieces.is_empty());
    (needed && only_rows).then_some(Lanes { sums, pieces })
}

/// The pieces of a short row of this length; `None` where it is too short, or has no elementary functions.
fn pieces(length: i64, body: &[Statement]) -> Option<Vec<i64>> {
    let mut found = false;
    for statement in body {
        match statement {
            Statement::Let(_, value)
            | Statement::Accumulator(_, value)
            | Statement::Assign(_, value)
            | Statement::Store { value, .. } => found |= is_elementary(value),
            Statement::Comment(_) | Statement::For { .. } | Statement::Fill(..) | Statement::Product(_) => {}
        }
    }
    let pieces = [16, 8, 4, 2, 1].into_iter().filter(|piece| length & piece != 0).collect();
    (found && length >= SHORTEST).then_some(pieces)
}

fn is_elementary(value: &Value) -> bool {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => false,
        Value::Apply(operator, arguments) => {
            matches!(operator.row().runtime, Runtime::Elementary(_)) || arguments.iter().any(is_elementary)
        }
        Value::Select(condition, then, otherwise) => {
            let in_block = |block: &crate::loops::Block| {
                is_elementary(&block.value) || block.locals.iter().any(|(_, value)| is_elementary(value))
            };
            is_elementary(condition) || in_block(then) || in_block(otherwise)
        }
    }
}

/// The accumulators of a loop's body, if nothing else is assigned and nothing but they themselves reads them.
fn sums(body: &[Statement]) -> Option<Vec<Sum<'_>>> {
    let mut sums: Vec<Sum<'_>> = Vec::new();
    let mut others = Vec::new();
    for statement in body {
        match statement {
            Statement::Comment(_) => {}
            Statement::Let(_, value) | Statement::Store { value, .. } => others.push(value),
            Statement::Assign(local, value) => {
                let sum = sum_of(*local, value)?;
                others.push(sum.value);
                sums.push(sum);
            }
            Statement::For { .. } | Statement::Accumulator(..) | Statement::Fill(..) | Statement::Product(_) => return None,
        }
    }
    let locals: Vec<Local> = sums.iter().map(|sum| sum.local).collect();
    let mixed = others.iter().any(|value| locals.iter().any(|&local| reads(value, local)));
    let distinct = locals.iter().enumerate().all(|(at, local)| !locals[..at].contains(local));
    (!mixed && distinct).then_some(sums)
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
    lanes: &Lanes<'_>,
) -> TokenStream {
    scope.vectorizes = true;
    let (sums, width) = (&lanes.sums, lanes.pieces.first().copied().unwrap_or(LANES));
    let names: Vec<Ident> = sums.iter().map(|sum| scope.names.fresh(&format!("{}_lanes", scope.local(sum.local).0))).collect();
    let starts = sums.iter().map(|sum| value::literal(scope.loops.precision, neutral(sum.fold)).bare());
    let chunk = Chunk { variable, body, rows, sums, lanes: &names };
    let loops = if lanes.pieces.is_empty() {
        chunks(scope, &chunk, extent, name)
    } else {
        let mut from = 0;
        let pieces = lanes.pieces.iter().map(|&piece| {
            let code = chunk.write(scope, &Place::At(from), piece);
            from += piece;
            quote!({ #code })
        });
        pieces.collect()
    };
    let together = sums.iter().zip(&names).map(|(sum, lanes)| together(scope, sum, lanes, width));
    let width = Literal::i64_unsuffixed(width);
    quote! {
        #(let mut #names = [#starts; #width];)*
        #loops
        #(#together)*
    }
}

/// Chunks of sixteen, and the numbers after the last one.
fn chunks(scope: &Scope<'_>, chunk: &Chunk<'_>, extent: &Extent, name: &Ident) -> TokenStream {
    let sixteen = Literal::i64_unsuffixed(LANES);
    let length = index::extent(scope, extent);
    let (count, rest) = match extent.as_constant() {
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
    let after = rest.map(|from| {
        let code = nest::statements(&mut scope.clone(), chunk.body);
        let length = length.at_least(super::code::Tightness::Sum);
        quote!(for #name in #from..#length { #code })
    });
    let in_chunk = chunk.write(scope, &Place::Chunk, LANES);
    quote! {
        for chunk in 0..#count { #in_chunk }
        #after
    }
}

/// What is done for some numbers of a row side by side.
struct Chunk<'a> {
    variable: Variable,
    body: &'a [Statement],
    rows: &'a [Row],
    sums: &'a [Sum<'a>],
    lanes: &'a [Ident],
}

/// Where in the row a chunk begins.
enum Place {
    /// At the loop's chunk, of sixteen.
    Chunk,
    /// At a constant place.
    At(i64),
}

impl Chunk<'_> {
    fn write(&self, scope: &Scope<'_>, place: &Place, width: i64) -> TokenStream {
        let mut scope = scope.clone();
        let width = Literal::i64_unsuffixed(width);
        scope.names.reserve("chunk");
        let lane = scope.names.fresh("lane");
        let start = match place {
            Place::Chunk => Some(quote!(chunk * #width)),
            Place::At(0) => None,
            Place::At(at) => Some(Literal::i64_unsuffixed(*at).into_token_stream()),
        };
        let mut cuts = TokenStream::new();
        for row in self.rows {
            let name = &row.name;
            let borrow = if row.written { quote!(&mut) } else { quote!(&) };
            let from = start.iter();
            cuts.extend(quote!(let #name = #borrow #name #([#from..])* [..#width];));
            scope.reach(row.memory, row.offset.clone(), Reach::Row { row: name.clone(), at: lane.clone() });
        }
        let mut code = TokenStream::new();
        if nest::speaks_of(self.body, self.variable) {
            let position = scope.names.fresh("position");
            scope.rename(self.variable, position.clone());
            let from = start.iter();
            code.extend(quote!(let #position = #(#from +)* #lane;));
        }
        for statement in self.body {
            if let Statement::Assign(local, _) = statement {
                let at = self.sums.iter().position(|sum| sum.local == *local).unwrap_or(0);
                code.extend(add_to_lane(&scope, &self.sums[at], &self.lanes[at], &lane));
            } else {
                code.extend(nest::statements(&mut scope, std::slice::from_ref(statement)));
            }
        }
        quote!(#cuts for #lane in 0..#width { #code })
    }
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
fn together(scope: &Scope<'_>, sum: &Sum<'_>, lanes: &Ident, width: i64) -> TokenStream {
    let (local, _) = scope.local(sum.local);
    let halves = [8, 4, 2, 1].into_iter().filter(|&half| half < width).map(Literal::i64_unsuffixed);
    match sum.fold {
        Fold::Largest => quote!(#local = #lanes.iter().fold(#local, |all, &lane| Scalar::maximum(all, lane));),
        Fold::Smallest => quote!(#local = #lanes.iter().fold(#local, |all, &lane| Scalar::minimum(all, lane));),
        Fold::Add => quote! {
            for half in [#(#halves),*] {
                for lane in 0..half {
                    #lanes[lane] += #lanes[lane + half];
                }
            }
            #local += #lanes[0];
        },
    }
}
