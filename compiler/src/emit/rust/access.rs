//! What an innermost loop reads and writes: the rows that can be cut out before it, so that the compiler of Rust sees that no
//! access is outside of them, and the numbers that can be loaded before it. It must not know how a loop is written.

use super::groups;
use super::index;
use super::scope::{Memory, Reach, Scope, memory_of};
use crate::ir::{Atom, Extent, Index, Label};
use crate::loops::{BufferId, Local, Statement, Value, Variable};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// An access of a loop's body.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// The buffer.
    pub buffer: BufferId,
    /// Which element.
    pub offset: Index,
    /// Whether it is written.
    pub written: bool,
    /// Whether a condition protects it.
    pub guarded: bool,
}

/// All accesses of statements without loops, in order.
pub fn accesses(body: &[Statement]) -> Vec<Access> {
    let mut found = Vec::new();
    for statement in body {
        match statement {
            Statement::Let(_, value) | Statement::Accumulator(_, value) | Statement::Assign(_, value) => {
                of_value(value, false, &mut found);
            }
            Statement::Store { buffer, offset, value, .. } => {
                of_value(value, false, &mut found);
                of_index(offset, false, &mut found);
                found.push(Access { buffer: *buffer, offset: offset.clone(), written: true, guarded: false });
            }
            Statement::Comment(_) | Statement::For { .. } | Statement::Fill(..) | Statement::Product(_) => {}
        }
    }
    found
}

/// The accesses of a value.
pub fn of_value(value: &Value, guarded: bool, found: &mut Vec<Access>) {
    match value {
        Value::Number(_) | Value::Local(_) => {}
        Value::Position(form) | Value::Random(_, form) => of_index(form, guarded, found),
        Value::Load(buffer, offset) => {
            of_index(offset, guarded, found);
            found.push(Access { buffer: *buffer, offset: offset.clone(), written: false, guarded });
        }
        Value::Apply(_, arguments) => arguments.iter().for_each(|argument| of_value(argument, guarded, found)),
        Value::Select(condition, then, otherwise) => {
            of_value(condition, guarded, found);
            for block in [then, otherwise] {
                block.locals.iter().for_each(|(_, value)| of_value(value, true, found));
                of_value(&block.value, true, found);
            }
        }
    }
}

/// The integer elements that an offset reads.
pub fn of_index(form: &Index, guarded: bool, found: &mut Vec<Access>) {
    for (atom, _) in form.terms() {
        match atom {
            Atom::Label(_) => {}
            Atom::Quotient(inner, _) | Atom::Remainder(inner, _) => of_index(inner, guarded, found),
            Atom::Element(buffer, at) => {
                let offset = at.first().cloned().unwrap_or_default();
                of_index(&offset, guarded, found);
                found.push(Access { buffer: BufferId(buffer.0), offset, written: false, guarded });
            }
        }
    }
}

/// How an offset moves with a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Not at all.
    Still,
    /// To the next element.
    Next,
    /// In another way.
    Other,
}

/// How an offset moves with a loop.
pub fn step(offset: &Index, variable: Variable) -> Step {
    let label = Label(variable.0);
    let inside = offset.terms().any(|(atom, _)| !matches!(atom, Atom::Label(_)) && Index::atom(atom.clone()).mentions(label));
    let coefficient = offset.coefficient(label);
    if inside {
        Step::Other
    } else if coefficient.is_zero() {
        Step::Still
    } else if coefficient.is_one() {
        Step::Next
    } else {
        Step::Other
    }
}

/// A row that is cut out before a loop.
pub struct Row {
    /// The memory it is of.
    pub memory: Memory,
    /// Its name.
    pub name: Ident,
    /// Whether it is written.
    pub written: bool,
    /// The offset that it stands for.
    pub offset: Index,
}

/// What stands before a loop: the cuts and the loads; the scope reaches the elements through them from here.
pub fn prepare(
    scope: &mut Scope<'_>,
    variable: Variable,
    name: &Ident,
    extent: &Extent,
    body: &[Statement],
) -> (TokenStream, Vec<Row>) {
    let mut tokens = TokenStream::new();
    let mut rows = Vec::new();
    let groups = by_memory(scope, &accesses(body));
    let outer = scope.clone();
    for (memory, accesses) in groups {
        let written = accesses.iter().any(|access| access.written);
        let mut offsets: Vec<&Index> = Vec::new();
        accesses.iter().for_each(|access| {
            if !offsets.contains(&&access.offset) {
                offsets.push(&access.offset)
            }
        });
        let grouped = groups::cut(scope, &outer, memory, (variable, name, extent), &accesses);
        if let Some(cuts) = grouped {
            tokens.extend(cuts);
            continue;
        }
        if written && offsets.len() > 1 {
            if let Some(apart) = apart(&outer, &accesses, variable, extent) {
                tokens.extend(apart.cut(scope, &outer, memory, (variable, name, extent), &mut rows));
            }
            continue;
        }
        let single = offsets.iter().filter(|offset| step(offset, variable) == Step::Next).count() == 1;
        for offset in offsets {
            let safe = accesses.iter().any(|a| a.offset == *offset && (!a.guarded || outer.is_inside(a.buffer, offset)));
            match (step(offset, variable), safe) {
                (Step::Next, true) => {
                    let row = if single && offsets_alone(&accesses, variable) {
                        scope.memory(memory)
                    } else {
                        scope.names.fresh(&scope.memory(memory).to_string())
                    };
                    tokens.extend(cut(&outer, memory, &row, offset, variable, extent, written));
                    scope.reach(memory, offset.clone(), Reach::Row { row: row.clone(), at: name.clone() });
                    rows.push(Row { memory, name: row, written, offset: offset.clone() });
                }
                (Step::Still, true) if !written => {
                    let loaded = scope.names.fresh(&format!("{}_here", scope.memory(memory)));
                    let element = outer.element_of(accesses[0].buffer, offset);
                    tokens.extend(quote!(let #loaded = #element;));
                    scope.reach(memory, offset.clone(), Reach::Loaded(loaded));
                }
                (Step::Next | Step::Still | Step::Other, _) => {}
            }
        }
    }
    (tokens, rows)
}

/// A loop of a constant length below this is written out by the compiler of Rust, one number after the other.
pub const SHORTEST: i64 = 8;

/// Whether an innermost loop, whose rows are cut out, can be vectorized: what it computes goes to rows and nowhere else, what it reads
/// lies in rows or is loaded before it, and it is not too short.
pub fn vectorizes(scope: &Scope<'_>, variable: Variable, extent: &Extent, body: &[Statement], rows: &[Row]) -> bool {
    let own = |local: &Local| body.iter().any(|one| matches!(one, Statement::Accumulator(other, _) if other == local));
    let carried = body.iter().any(|statement| matches!(statement, Statement::Assign(local, _) if !own(local)));
    let short = extent.as_constant().is_some_and(|length| length < SHORTEST);
    let in_row = |one: &Access| {
        let memory = memory_of(scope.loops, one.buffer);
        rows.iter().any(|row| row.memory == memory && row.offset == one.offset)
    };
    let accesses = accesses(body);
    let mut reached = accesses.iter().map(|one| match step(&one.offset, variable) {
        Step::Next => in_row(one),
        Step::Still => !one.written,
        Step::Other => false,
    });
    !carried && !short && reached.all(|reached| reached)
}

/// Two rows of one memory of which one is written, and which share no element: a step of a recurrence and the step before.
struct Apart {
    written: Index,
    read: Index,
    /// Whether the row that is read lies before the other.
    before: bool,
}

fn apart(scope: &Scope<'_>, accesses: &[Access], variable: Variable, extent: &Extent) -> Option<Apart> {
    let written = accesses.iter().find(|access| access.written)?.offset.clone();
    let read = accesses.iter().find(|access| access.offset != written)?.offset.clone();
    let safe = |offset: &Index| {
        let of_offset = |one: &&Access| one.offset == *offset;
        accesses.iter().filter(of_offset).any(|one| !one.guarded || scope.is_inside(one.buffer, offset))
    };
    let fits = |one: &Access| one.offset == written || one.offset == read && !one.written;
    let rows = [&written, &read].into_iter().all(|offset| step(offset, variable) == Step::Next && safe(offset));
    let distance = read.minus(&written).as_extent()?.clone();
    let before = scope.loops.domain.is_at_least(&distance.negated().minus(extent), 0);
    let after = scope.loops.domain.is_at_least(&distance.minus(extent), 0);
    (rows && accesses.iter().all(fits) && (before || after)).then_some(Apart { written, read, before })
}

impl Apart {
    /// `let (low, high) = memory.split_at_mut(base);` and a row of each.
    fn cut(
        self,
        scope: &mut Scope<'_>,
        outer: &Scope<'_>,
        memory: Memory,
        (variable, at, extent): (Variable, &Ident, &Extent),
        rows: &mut Vec<Row>,
    ) -> TokenStream {
        let whole = outer.memory(memory);
        let base = |offset: &Index| index::index(outer, &offset.minus(&Index::label(Label(variable.0)))).bare();
        let (written, read) = (base(&self.written), base(&self.read));
        let length = index::extent(outer, extent).bare();
        let [low, high, to, from] = ["low", "high", "new", "old"].map(|part| scope.names.fresh(&format!("{whole}_{part}")));
        let tokens = if self.before {
            quote! {
                let (#low, #high) = #whole.split_at_mut(#written);
                let #to = &mut #high[..#length];
                let #from = &#low[#read..][..#length];
            }
        } else {
            quote! {
                let (#low, #high) = #whole.split_at_mut(#read);
                let #to = &mut #low[#written..][..#length];
                let #from = &#high[..#length];
            }
        };
        for (offset, row, written) in [(self.written, to, true), (self.read, from, false)] {
            scope.reach(memory, offset.clone(), Reach::Row { row: row.clone(), at: at.clone() });
            rows.push(Row { memory, name: row, written, offset });
        }
        tokens
    }
}

/// Whether nothing but a row is read of this memory in the loop, so that the row may take the name of the whole.
fn offsets_alone(accesses: &[Access], variable: Variable) -> bool {
    accesses.iter().all(|access| step(&access.offset, variable) == Step::Next)
}

/// `let row = &memory[base..][..extent];`
fn cut(
    scope: &Scope<'_>,
    memory: Memory,
    row: &Ident,
    offset: &Index,
    variable: Variable,
    extent: &Extent,
    written: bool,
) -> TokenStream {
    let base = offset.minus(&Index::label(Label(variable.0)));
    let whole = scope.memory(memory);
    let length = index::extent(scope, extent).bare();
    let borrow = if written { quote!(&mut) } else { quote!(&) };
    if base == Index::default() && whole == *row && scope.lengths.get(&memory) == Some(extent) {
        return TokenStream::new();
    }
    if base == Index::default() {
        return quote!(let #row = #borrow #whole[..#length];);
    }
    let base = index::index(scope, &base).bare();
    quote!(let #row = #borrow #whole[#base..][..#length];)
}

fn by_memory(scope: &Scope<'_>, accesses: &[Access]) -> Vec<(Memory, Vec<Access>)> {
    let mut groups: Vec<(Memory, Vec<Access>)> = Vec::new();
    for access in accesses {
        let memory = memory_of(scope.loops, access.buffer);
        match groups.iter_mut().find(|(other, _)| *other == memory) {
            Some((_, group)) => group.push(access.clone()),
            None => groups.push((memory, vec![access.clone()])),
        }
    }
    groups
}
