//! Columns in lanes: reductions that stand in a loop along a row and go through memory from row to row.
//!
//! Where `y[j]` is the sum or the largest of `x[i, j]` over `i`, each number of a column is in another row. Some neighbouring columns are gone
//! through at the same time, with an array for each local that lives on from loop to loop: what is read lies side by side, and each column
//! has its terms in the order of the loop, so its result is the same whichever columns stand beside it. It must not know of threads.

use super::access::{self, Access, SHORTEST, Step};
use super::cases;
use super::independent::are_independent;
use super::index;
use super::nest;
use super::scope::Scope;
use super::step::each_local;
use super::value;
use crate::ir::{Extent, Index, Label};
use crate::loops::substitute::Substitution;
use crate::loops::{Local, Statement, Value, Variable};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};

/// So many columns are gone through at the same time: enough that none waits for the term before, and few enough for the registers.
const MOST: i64 = 32;
/// So many, where there are less or nobody knows how many there are.
const FEWEST: i64 = 16;

/// No more conditions than this are asked before the loops.
const ASKED: usize = 2;

/// The loop over columns, if it is one whose columns can be gone through at the same time, and if that lets the loops within it read memory
/// in rows.
pub fn columns(scope: &Scope<'_>, variable: Variable, extent: &Extent, body: &[Statement]) -> Option<TokenStream> {
    if extent.as_constant().is_some_and(|length| length < SHORTEST) {
        return None;
    }
    in_cases(scope, (variable, extent), body, ASKED)
}

/// What the columns do not change is asked before them.
fn in_cases(scope: &Scope<'_>, columns: (Variable, &Extent), body: &[Statement], asked: usize) -> Option<TokenStream> {
    if !goes_along_columns(columns.0, body) {
        return None;
    }
    let mut inner = Inner::default();
    inner.gather(body);
    inner.variables.push(columns.0);
    let mut conditions = Vec::new();
    inner.values.iter().for_each(|value| cases::selections(value, &mut conditions));
    let is_unchanged =
        |condition: &&Value| inner.variables.iter().all(|&variable| cases::is_unchanged(condition, variable, &inner.locals));
    if let Some(condition) = conditions.iter().find(is_unchanged) {
        let left = asked.checked_sub(1)?;
        let known = |truth| cases::decided(body, &|other| (other == condition).then_some(truth));
        let then = in_cases(scope, columns, &known(true), left)?;
        let otherwise = in_cases(scope, columns, &known(false), left)?;
        let condition = value::truth(scope, condition).bare();
        return Some(quote!(if #condition { #then } else { #otherwise }));
    }
    let places = conditions.iter().any(speaks_of_places);
    let carried = carried(body)?;
    let independent = are_independent(scope.loops, columns, body);
    (!places && independent && in_rows(columns.0, body)).then(|| write(scope, columns, body, &carried))
}

/// What stands in the loops within a body, and what is declared anywhere in it.
#[derive(Default)]
struct Inner<'a> {
    variables: Vec<Variable>,
    values: Vec<&'a Value>,
    locals: Vec<Local>,
}

impl<'a> Inner<'a> {
    fn gather(&mut self, body: &'a [Statement]) {
        self.locals.extend(cases::locals(body));
        for statement in body {
            if let Statement::For { variable, body, .. } = statement {
                self.variables.push(*variable);
                cases::each_value(body, &mut |value| self.values.push(value));
                self.gather(body);
            }
        }
    }
}

/// Whether a condition is about where loops are: such loops are written in parts.
fn speaks_of_places(condition: &Value) -> bool {
    match condition {
        Value::Position(_) => true,
        Value::Number(_) | Value::Local(_) | Value::Random(..) | Value::Load(..) => false,
        Value::Apply(_, arguments) => arguments.iter().any(speaks_of_places),
        Value::Select(condition, ..) => speaks_of_places(condition),
    }
}

/// Whether an innermost loop goes from row to row where the columns are side by side.
fn goes_along_columns(column: Variable, body: &[Statement]) -> bool {
    body.iter().any(|statement| {
        let Statement::For { variable, body, .. } = statement else { return false };
        let is_column =
            |one: &Access| access::step(&one.offset, column) == Step::Next && access::step(&one.offset, *variable) == Step::Other;
        goes_along_columns(column, body) || access::accesses(body).iter().any(is_column)
    })
}

/// Whether all that the loops within a body do is to read what is side by side for the columns, or the same for all of them.
fn in_rows(column: Variable, body: &[Statement]) -> bool {
    let reads_rows = |one: &Access| !one.written && !one.guarded && access::step(&one.offset, column) != Step::Other;
    body.iter().all(|statement| match statement {
        Statement::For { body, .. } => access::accesses(body).iter().all(reads_rows) && in_rows(column, body),
        Statement::Fill(..) | Statement::Product(_) => false,
        Statement::Comment(_)
        | Statement::Let(..)
        | Statement::Accumulator(..)
        | Statement::Assign(..)
        | Statement::Store { .. } => true,
    })
}

/// The locals from outside that a body adds to, each in a statement of its own: that is done column after column. `None` where more is done
/// with one.
fn carried(body: &[Statement]) -> Option<BTreeSet<Local>> {
    let mut uses: BTreeMap<Local, usize> = BTreeMap::new();
    body.iter().for_each(|statement| each_local(statement, &mut |local| *uses.entry(local).or_default() += 1));
    let mut own = BTreeSet::new();
    each_statement(body, &mut |statement| own.extend(declared(statement)));
    let mut carried: BTreeSet<Local> = body.iter().filter_map(assigned).collect();
    carried.retain(|local| !own.contains(local));
    let mut fits = carried.iter().all(|local| uses.get(local) == Some(&2));
    each_statement(body, &mut |statement| {
        fits &= assigned(statement).is_none_or(|local| own.contains(&local) || carried.contains(&local))
    });
    fits.then_some(carried)
}

fn each_statement(body: &[Statement], visit: &mut dyn FnMut(&Statement)) {
    for statement in body {
        visit(statement);
        if let Statement::For { body, .. } = statement {
            each_statement(body, visit);
        }
    }
}

/// A body in loops and runs of statements without loops. What is added to a local from outside is a run of its own, so that the others vectorize.
fn parts<'a>(body: &'a [Statement], carried: &BTreeSet<Local>) -> Vec<&'a [Statement]> {
    let is_loop = |statement: &Statement| matches!(statement, Statement::For { .. });
    let is_carried = |statement: &Statement| assigned(statement).is_some_and(|local| carried.contains(&local));
    body.chunk_by(|one, next| !is_loop(one) && !is_loop(next) && is_carried(one) == is_carried(next)).collect()
}

/// Blocks of columns, and the columns that fill no block.
fn write(
    scope: &Scope<'_>,
    (variable, extent): (Variable, &Extent),
    body: &[Statement],
    carried: &BTreeSet<Local>,
) -> TokenStream {
    let block = |scope: &Scope<'_>, at, width| block(scope, at, width, body, carried);
    let at = Index::label(Label(variable.0));
    let mut inner = scope.clone();
    inner.names.reserve("chunk");
    if let Some(length) = extent.as_constant() {
        let blocks = blocks(length);
        let alone = blocks.len() == 1;
        let written = blocks.into_iter().map(|(first, width, count)| {
            if count == 1 {
                let block = block(scope, (variable, Index::constant(first)), width);
                return if alone { block } else { quote!({ #block }) };
            }
            let mut inner = inner.clone();
            let name = inner.enter(variable, &Extent::constant(length - width + 1));
            let block = block(&inner, (variable, at.clone()), width);
            let [count, width] = [count, width].map(Literal::i64_unsuffixed);
            quote!(for chunk in 0..#count { let #name = chunk * #width; #block })
        });
        return written.collect();
    }
    let name = inner.enter(variable, &extent.plus_constant(1 - FEWEST));
    let several = block(&inner, (variable, at.clone()), FEWEST);
    let mut inner = scope.clone();
    let single_name = inner.enter(variable, extent);
    let single = block(&inner, (variable, at), 1);
    let length = index::extent(scope, extent).at_least(super::code::Tightness::Factor);
    let width = Literal::i64_unsuffixed(FEWEST);
    quote! {
        for chunk in 0..#length / #width { let #name = chunk * #width; #several }
        for #single_name in #length / #width * #width..#length { #single }
    }
}

/// Where blocks of columns begin, how many columns each has, and how many such blocks there are: whole vectors first.
fn blocks(length: i64) -> Vec<(i64, i64, i64)> {
    let (most, rest) = (length / MOST, length % MOST);
    let (some, last) = (rest / FEWEST, rest % FEWEST);
    let blocks = [(0, MOST, most), (length - rest, FEWEST, some), (length - last, last, 1)];
    blocks.into_iter().filter(|(_, width, count)| width * count > 0).collect()
}

/// So many columns from a place on.
fn block(
    scope: &Scope<'_>,
    (variable, start): (Variable, Index),
    width: i64,
    body: &[Statement],
    carried: &BTreeSet<Local>,
) -> TokenStream {
    let mut scope = scope.clone();
    // The variable after those of the loops and the one of shared rounds.
    let lane = Variable(u32::try_from(scope.loops.variable_names.len() + 1).unwrap_or(u32::MAX));
    let place = start.plus(&Index::label(Label(lane.0)));
    let place = |label: Label| if label.0 == variable.0 { place.clone() } else { Index::label(label) };
    let mut moved = Substitution::new(place, |local| local);
    let body: Vec<Statement> = body.iter().map(|statement| moved.statement(statement)).collect();
    let mut lasting = Lasting::default();
    lasting.gather(&body, carried);
    let named = |(local, truth): (&Local, &bool)| {
        let name = scope.loops.local_names.get(local.0 as usize).map_or("value", String::as_str).to_owned();
        (*local, (scope.names.fresh(&format!("{name}_lanes")), *truth))
    };
    let arrays = lasting.locals.iter().map(named).collect();
    Block { lane, width, arrays, carried }.statements(&scope, &body)
}

/// The locals that live on from a run of statements without loops to another one, and whether they are truth values.
#[derive(Default)]
struct Lasting {
    run: usize,
    declared: BTreeMap<Local, (usize, bool)>,
    locals: BTreeMap<Local, bool>,
}

impl Lasting {
    fn gather(&mut self, body: &[Statement], carried: &BTreeSet<Local>) {
        for part in parts(body, carried) {
            self.run += 1;
            match part {
                [Statement::For { body, .. }] => self.gather(body, carried),
                run => run.iter().for_each(|statement| self.statement(statement)),
            }
            self.run += 1;
        }
    }

    fn statement(&mut self, statement: &Statement) {
        each_local(statement, &mut |local| {
            if let Some((_, truth)) = self.declared.get(&local).filter(|(run, _)| *run != self.run) {
                self.locals.insert(local, *truth);
            }
        });
        if let Statement::Let(local, value) | Statement::Accumulator(local, value) = statement {
            self.declared.insert(*local, (self.run, value.is_truth()));
        }
    }
}

/// Some columns side by side.
struct Block<'a> {
    /// Which of them it is.
    lane: Variable,
    /// How many there are.
    width: i64,
    /// The arrays of the locals that live on from loop to loop.
    arrays: BTreeMap<Local, (Ident, bool)>,
    /// The locals from outside that are added to.
    carried: &'a BTreeSet<Local>,
}

impl Block<'_> {
    fn statements(&self, scope: &Scope<'_>, body: &[Statement]) -> TokenStream {
        let parts = parts(body, self.carried);
        let alone = parts.len() == 1;
        parts
            .into_iter()
            .map(|part| match part {
                [Statement::For { variable, extent, backward, body }] => {
                    let mut scope = scope.clone();
                    let name = scope.enter(*variable, extent);
                    let code = self.statements(&scope, body);
                    let length = index::extent(&scope, extent).at_least(super::code::Tightness::Sum);
                    if *backward {
                        quote!(for #name in (0..#length).rev() { #code })
                    } else {
                        quote!(for #name in 0..#length { #code })
                    }
                }
                run => self.run(scope, run, alone),
            })
            .collect()
    }

    /// Statements without loops, for each column.
    fn run(&self, scope: &Scope<'_>, run: &[Statement], alone: bool) -> TokenStream {
        let (begun, run) = self.begin(scope, run);
        if run.iter().all(|statement| matches!(statement, Statement::Comment(_))) {
            return begun;
        }
        let mut scope = scope.clone();
        let width = Extent::constant(self.width);
        let lane = scope.enter_as(self.lane, &width, "lane");
        let (cuts, _) = access::prepare(&mut scope, self.lane, &lane, &width, &run);
        scope.vectorizes = true;
        let taken = self.take(&mut scope, &run, &lane);
        let code = nest::statements(&mut scope, &run);
        let kept = self.keep(&scope, &run, &lane);
        let count = Literal::i64_unsuffixed(self.width);
        let code = quote!(#cuts for #lane in 0..#count { #taken #code #kept });
        if alone || cuts.is_empty() { quote!(#begun #code) } else { quote!(#begun { #code }) }
    }

    /// The arrays of what a run declares, and what there is to do then: an accumulator that begins with a number needs no more.
    fn begin(&self, scope: &Scope<'_>, run: &[Statement]) -> (TokenStream, Vec<Statement>) {
        let mut arrays = TokenStream::new();
        let mut left = Vec::new();
        let width = Literal::i64_unsuffixed(self.width);
        for statement in run {
            if let Statement::Let(local, value) | Statement::Accumulator(local, value) = statement
                && let Some((name, truth)) = self.arrays.get(local)
            {
                let number = if let Value::Number(number) = value { Some(*number) } else { None };
                let start = value::literal(scope.loops.precision, number.unwrap_or(0.0)).bare();
                let start = if *truth { quote!(false) } else { start };
                arrays.extend(quote!(let mut #name = [#start; #width];));
                if number.is_some() && !*truth {
                    continue;
                }
            }
            left.push(statement.clone());
        }
        (arrays, left)
    }

    /// `let sum = sum_lanes[lane];` for what a run reads or assigns and another one has declared.
    fn take(&self, scope: &mut Scope<'_>, run: &[Statement], lane: &Ident) -> TokenStream {
        let (mut own, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for statement in run {
            each_local(statement, &mut |local| {
                if !own.contains(&local) {
                    taken.insert(local);
                }
            });
            own.extend(declared(statement));
        }
        let assigned: Vec<Local> = run.iter().filter_map(assigned).collect();
        let mut code = TokenStream::new();
        for local in taken {
            let Some((array, truth)) = self.arrays.get(&local) else { continue };
            let name = scope.declare(local, *truth);
            let mutable = assigned.contains(&local).then(|| quote!(mut));
            code.extend(quote!(let #mutable #name = #array[#lane];));
        }
        code
    }

    /// `sum_lanes[lane] = sum;` for what a run declares or assigns.
    fn keep(&self, scope: &Scope<'_>, run: &[Statement], lane: &Ident) -> TokenStream {
        let locals: BTreeSet<Local> =
            run.iter().filter_map(|statement| declared(statement).or_else(|| assigned(statement))).collect();
        let kept = locals.iter().filter_map(|local| Some((self.arrays.get(local)?, scope.local(*local).0)));
        kept.map(|((array, _), name)| quote!(#array[#lane] = #name;)).collect()
    }
}

fn declared(statement: &Statement) -> Option<Local> {
    match statement {
        Statement::Let(local, _) | Statement::Accumulator(local, _) => Some(*local),
        Statement::Comment(_) | Statement::For { .. } | Statement::Assign(..) => None,
        Statement::Store { .. } | Statement::Fill(..) | Statement::Product(_) => None,
    }
}

fn assigned(statement: &Statement) -> Option<Local> {
    match statement {
        Statement::Assign(local, _) => Some(*local),
        Statement::Comment(_) | Statement::For { .. } | Statement::Let(..) | Statement::Accumulator(..) => None,
        Statement::Store { .. } | Statement::Fill(..) | Statement::Product(_) => None,
    }
}
