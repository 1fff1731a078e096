//! Rows in lanes: sums along a row, and rows of few numbers.
//!
//! Float addition is not associative, so the compiler of Rust leaves a sum in its order, one number after the other. Here a row is
//! added in chunks of sixteen lanes and the lanes at the end in a fixed order: the same result on every run and every machine
//! level (up to fused multiplications), and vector instructions. What is left of a row of constant length goes to the first lanes, and a short
//! row is one chunk with a lane for each number.
//! It must not know of other loops.

use super::access::{self, Row, SHORTEST, Step};
use super::index;
use super::nest;
use super::scope::{Reach, Scope};
use super::value;
use crate::ir::Extent;
use crate::loops::{Local, Statement, Value, Variable};
use crate::ops::Operator;
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
    /// How many lanes there are.
    width: i64,
    /// Whether they are the whole row.
    whole: bool,
}

/// The lanes of a loop over rows whose accumulators are all that it carries from number to number. `None` where it is another
/// loop, or a short one in which nothing takes long.
pub fn lanes<'a>(
    scope: &Scope<'_>,
    variable: Variable,
    extent: &Extent,
    body: &'a [Statement],
    rows: &[Row],
) -> Option<Lanes<'a>> {
    let sums = sums(body)?;
    let (width, whole) = match extent.as_constant() {
        Some(length) if length < SHORTEST || length < LANES && !is_slow(body) => return None,
        Some(length) if length < LANES || length < 2 * LANES && is_slow(body) => (length, true),
        Some(_) | None => (LANES, false),
    };
    let in_row = |one: &access::Access| {
        let memory = super::scope::memory_of(scope.loops, one.buffer);
        rows.iter().any(|row| row.offset == one.offset && row.memory == memory)
    };
    let only_rows = access::accesses(body).iter().all(|one| match access::step(&one.offset, variable) {
        Step::Next => in_row(one),
        Step::Still => !one.written,
        Step::Other => false,
    });
    (!rows.is_empty() && !sums.is_empty() && only_rows).then_some(Lanes { sums, width, whole })
}

/// Whether something takes long: an elementary function, or a comparison that waits for the one before.
fn is_slow(body: &[Statement]) -> bool {
    body.iter().any(|statement| match statement {
        Statement::Assign(local, value) => {
            sum_of(*local, value).is_some_and(|sum| sum.fold != Fold::Add) || value.has_functions()
        }
        Statement::Let(_, value) | Statement::Accumulator(_, value) | Statement::Store { value, .. } => value.has_functions(),
        Statement::Comment(_) | Statement::For { .. } | Statement::Fill(..) | Statement::Product(_) => false,
    })
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

impl Fold {
    fn neutral(self) -> f64 {
        match self {
            Fold::Add => 0.0,
            Fold::Largest => f64::NEG_INFINITY,
            Fold::Smallest => f64::INFINITY,
        }
    }

    /// `place += value;`
    fn take(self, place: &TokenStream, value: &TokenStream) -> TokenStream {
        match self {
            Fold::Add => quote!(#place += #value;),
            Fold::Largest => quote!(#place = Scalar::maximum(#place, #value);),
            Fold::Smallest => quote!(#place = Scalar::minimum(#place, #value);),
        }
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
    let sums = &lanes.sums;
    let names: Vec<Ident> = sums.iter().map(|sum| scope.names.fresh(&format!("{}_lanes", scope.local(sum.local).0))).collect();
    let starts = sums.iter().map(|sum| value::literal(scope.loops.precision, sum.fold.neutral()).bare());
    let chunk = Chunk { variable, body, rows, sums, lanes: &names };
    let loops = if lanes.whole { chunk.whole(scope, name, lanes.width) } else { chunks(scope, &chunk, extent, name) };
    let together = sums.iter().zip(&names).map(|(sum, names)| together(scope, sum, names));
    let width = Literal::i64_unsuffixed(lanes.width);
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
            let (from, left) = (Literal::i64_unsuffixed(number / LANES * LANES), number % LANES);
            if left >= SHORTEST {
                let in_chunk = chunk.repeated(scope, &quote!(chunk * #sixteen), LANES);
                let last = chunk.repeated(scope, &quote!(#from), left);
                return quote!(for chunk in 0..#whole { #in_chunk } { #last });
            }
            (quote!(#whole), (left > 0).then(|| quote!(#from)))
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
    let in_chunk = chunk.repeated(scope, &quote!(chunk * #sixteen), LANES);
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

impl Chunk<'_> {
    /// The whole row.
    fn whole(&self, scope: &Scope<'_>, name: &Ident, width: i64) -> TokenStream {
        let (width, code) = (Literal::i64_unsuffixed(width), self.statements(&mut scope.clone(), name));
        quote!(for #name in 0..#width { #code })
    }

    /// One of many, of sixteen, or the last one, of less.
    fn repeated(&self, scope: &Scope<'_>, from: &TokenStream, width: i64) -> TokenStream {
        let mut scope = scope.clone();
        let width = Literal::i64_unsuffixed(width);
        scope.names.reserve("chunk");
        let lane = scope.names.fresh("lane");
        let mut cuts = TokenStream::new();
        for row in self.rows {
            let name = &row.name;
            let borrow = if row.written { quote!(&mut) } else { quote!(&) };
            cuts.extend(quote!(let #name = #borrow #name[#from..][..#width];));
            scope.reach(row.memory, row.offset.clone(), Reach::Row { row: name.clone(), at: lane.clone() });
        }
        let mut code = TokenStream::new();
        if nest::speaks_of(self.body, self.variable) {
            let position = scope.names.fresh("position");
            scope.rename(self.variable, position.clone());
            code.extend(quote!(let #position = #from + #lane;));
        }
        code.extend(self.statements(&mut scope, &lane));
        quote!(#cuts for #lane in 0..#width { #code })
    }

    /// The loop's body, with a lane for each accumulator.
    fn statements(&self, scope: &mut Scope<'_>, lane: &Ident) -> TokenStream {
        let mut code = TokenStream::new();
        for statement in self.body {
            if let Statement::Assign(local, _) = statement {
                let at = self.sums.iter().position(|sum| sum.local == *local).unwrap_or(0);
                code.extend(add_to_lane(scope, &self.sums[at], &self.lanes[at], lane));
            } else {
                code.extend(nest::statements(scope, std::slice::from_ref(statement)));
            }
        }
        code
    }
}

fn add_to_lane(scope: &Scope<'_>, sum: &Sum<'_>, lanes: &Ident, lane: &Ident) -> TokenStream {
    if let (Fold::Add, Value::Apply(Operator::Multiply, factors)) = (sum.fold, sum.value) {
        let factors = factors.iter().map(|factor| value::number(scope, factor).bare());
        return quote!(#lanes[#lane] = I::mul_add(#(#factors,)* #lanes[#lane]););
    }
    sum.fold.take(&quote!(#lanes[#lane]), &value::number(scope, sum.value).bare())
}

/// `sum += lanes::sum::<I, _, _>(sum_lanes);`
fn together(scope: &Scope<'_>, sum: &Sum<'_>, lanes: &Ident) -> TokenStream {
    let all = match sum.fold {
        Fold::Add => quote!(lanes::sum::<I, _, _>(#lanes)),
        Fold::Largest => quote!(lanes::maximum::<I, _, _>(#lanes)),
        Fold::Smallest => quote!(lanes::minimum::<I, _, _>(#lanes)),
    };
    sum.fold.take(&scope.local(sum.local).0.to_token_stream(), &all)
}
