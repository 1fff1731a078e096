//! How a chapter ends: the sum of its parts, short adjoints of unnamed steps put into it, and the simplest form. It must not know how the
//! parts are made.

use super::reasons::{self, words};
use super::sheet::element;
use super::{Book, Chapter, Line, Part, TensorId, chapter, gather, naming, tidy, tree};
use crate::derived_names;
use crate::emit::math::Symbol;
use crate::emit::nn;
use crate::ir::{Program, Role};
use crate::span::Span;
use crate::syntax::tree::{Expression, ExpressionKind, Name, Role as Kind, Statement, StatementKind};
use std::collections::BTreeSet;

/// An adjoint of a step without a name is put in where it has no more operands.
const SHORT: usize = 3;
/// A line into which adjoints are put has no more operands in the end: what a reader takes in does not depend on how long names are.
const MOST_OPERANDS: usize = 24;
/// As many adjoints are put into a line at most.
const MOST_PUT: usize = 6;
/// A simplest form with more operands reads what it is made of by name.
const MOST_WRITTEN: usize = 10;

/// The gradient as the compiler computes it in the end.
pub struct Simplest {
    /// It.
    pub program: Program,
    statements: Vec<Statement>,
}

/// What the chapter of an adjoint found.
#[derive(Clone)]
pub struct Known {
    name: String,
    axes: Vec<String>,
    value: Expression,
}

impl Simplest {
    /// From its program.
    pub fn new(program: Program) -> Self {
        let statements = nn::network(&program).statements;
        Self { program, statements }
    }

    /// The names of its tensors that are no scalars.
    pub fn arrays(&self) -> impl Iterator<Item = String> {
        self.program.tensors.iter().filter(|tensor| !tensor.shape.is_empty()).map(|tensor| tensor.name.clone())
    }
}

impl Book {
    /// The sum of all parts, and the same with what is known put in.
    pub(super) fn put_together(&mut self, chapter: &mut Chapter) {
        let ends = chapter.parts.iter().filter_map(|part| part.lines.iter().rev().find(|line| !line.whole));
        let Some(sum) = ends.map(|line| line.value.clone()).reduce(chapter::plus) else { return };
        let mut last = tidy::tidy(&sum);
        if chapter.parts.len() > 1 {
            let is_zero = |part: &Part| part.lines.last().is_some_and(|line| line.value == tidy::zero());
            let of =
                if chapter.parts.iter().any(is_zero) { "the sum of all parts that are not 0" } else { "the sum of all parts" };
            chapter.total.push(Line { value: last.clone(), whole: false, reason: words(of) });
        }
        if let Some(line) = self.put_in(&last, &chapter.axes) {
            last = line.value.clone();
            match chapter.parts.as_mut_slice() {
                // The matrix notation says the same as the line before it.
                [only] if only.lines.last().is_some_and(|line| line.whole) => return,
                [only] => only.lines.push(line),
                _ => chapter.total.push(line),
            }
        }
        if chapter.total.is_empty()
            && let Some(line) = self.by_names(&last)
        {
            last = line.value.clone();
            let [only] = chapter.parts.as_mut_slice() else { return };
            only.lines.retain(|line| !line.whole);
            only.lines.push(line);
        }
        let is_part = nn::has_given_name(&self.sheet.program, chapter.tensor);
        let has_name = !is_part && !self.unnamed.contains(&chapter.tensor);
        let name = tree::names(&chapter.left).into_iter().next().unwrap_or_default();
        let value = self.by_names(&last).map_or(last, |line| line.value);
        let known = Known { name, axes: chapter.axes.clone(), value };
        if !has_name && tree::operands(&known.value) <= SHORT && self.is_over(chapter, &known.value) {
            self.short.push(known.clone());
        }
        if let Some(before) = chapter.total.last() {
            let lines = self.gathered(&before.value, chapter);
            chapter.total.extend(lines);
            let named = chapter.total.last().and_then(|last| self.by_names(&last.value));
            chapter.total.extend(named);
            let softmax = chapter.total.last().and_then(|last| self.with_softmax(&last.value));
            chapter.total.extend(softmax);
        }
        self.found.push(known);
    }

    /// Whether a formula reads along axes as long as those of a chapter at the labels of that, so that it says over which a sum is.
    fn is_over(&self, chapter: &Chapter, value: &Expression) -> bool {
        let program = &self.sheet.program;
        let own = &program.tensor(chapter.tensor).shape;
        tree::elements(value).iter().all(|(name, items)| {
            let Some(id) = program.find(name) else { return true };
            let mut along = items.iter().zip(&program.tensor(id).shape);
            along.all(|(label, extent)| {
                let axis = chapter.axes.iter().position(|axis| Some(axis) == label.as_ref());
                axis.is_none_or(|axis| own[axis] == *extent)
            })
        })
    }

    /// A line with names in the place of their values, and why.
    fn by_names(&self, line: &Expression) -> Option<Line> {
        let mut value = line.clone();
        let used = naming::rename(&mut value, &self.named);
        let known = |&number: &usize| Some((self.named.get(number)?.left.clone(), self.named.get(number)?.right.clone()));
        let known: Vec<(Expression, Expression)> = used.iter().filter_map(known).collect();
        (!known.is_empty()).then(|| Line { value: tidy::tidy(&value), whole: false, reason: reasons::by_names(&known) })
    }

    /// The sum of all parts by fewer adjoints: those that are made of others in it are put in, and what the terms share stands before a
    /// bracket. Nothing where that becomes too long.
    fn gathered(&self, sum: &Expression, chapter: &Chapter) -> Vec<Line> {
        let (mut value, mut put) = (sum.clone(), Vec::new());
        while let Some(Known { name, axes, value: by }) = self.made_of_others(&value).filter(|_| put.len() < MOST_PUT) {
            let taken = tree::around(&value, name).into_iter().chain(chapter.axes.iter().cloned()).collect();
            tree::put(&mut value, name, axes, by, &taken);
            put.push(element(name, axes));
        }
        let value = tidy::tidy(&value);
        let gathered = gather::gathered(&value);
        let is_wanted = !put.is_empty() || chapter.total.len() > 1;
        let Some(gathered) = gathered.filter(|gathered| is_wanted && tree::operands(gathered) <= MOST_OPERANDS) else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        if !put.is_empty() {
            lines.push(Line { value, whole: false, reason: reasons::as_found(put) });
        }
        lines.push(Line { value: gathered, whole: false, reason: words("common factors are taken out") });
        lines
    }

    /// An adjoint of a line that is made of another one of it.
    fn made_of_others(&self, line: &Expression) -> Option<&Known> {
        let mentioned = tree::names(line);
        let adjoints: BTreeSet<String> =
            self.adjoints.values().map(|&id| self.name_of(id)).filter(|name| mentioned.contains(name)).collect();
        self.found.iter().filter(|known| adjoints.contains(&known.name)).find(|known| {
            let of: BTreeSet<String> = tree::names(&known.value).into_iter().collect();
            !of.contains(&known.name) && of.intersection(&adjoints).next().is_some()
        })
    }

    /// A line with what is known in the place of its name.
    fn put_in(&self, line: &Expression, axes: &[String]) -> Option<Line> {
        let mentioned = tree::names(line);
        let mut value = line.clone();
        let mut known = Vec::new();
        for Known { name, axes: own, value: by } in self.short.iter().filter(|known| mentioned.contains(&known.name)) {
            let taken = tree::around(&value, name).into_iter().chain(axes.iter().cloned()).collect();
            tree::put(&mut value, name, own, by, &taken);
            known.push((element(name, own), by.clone()));
        }
        (!known.is_empty()).then(|| Line { value: tidy::tidy(&value), whole: false, reason: reasons::put_in(&known) })
    }

    /// Adds the adjoint in its simplest form, with what it is made of where that would be too long; nothing where the last line is as
    /// simple. What holds under a condition is added too.
    pub(super) fn finish(&mut self, adjoint: &str, chapter: &mut Chapter, simplest: &Simplest) {
        let mut found = match self.written_out(adjoint, simplest) {
            Some(value) => vec![equation(adjoint, value)],
            None => self.in_steps(adjoint, &chapter.axes, simplest),
        };
        let only = chapter.parts.as_slice().last().filter(|_| chapter.total.is_empty());
        let last = only.and_then(|part| part.lines.last());
        let plain = |value: &Expression| tree::with_plain_labels(&tree::without_ranges(value));
        let is_line = |value: &Expression, line: &Line| tidy::is_same(&plain(value), &plain(&whole(&line.value, &chapter.axes)));
        let says_more = |value: &Expression| !chapter.total.iter().chain(last).any(|line| is_line(value, line));
        self.name_auxiliaries(adjoint, &mut found, simplest);
        found.iter_mut().for_each(|statement| self.labels.clear(statement));
        let is_known = matches!(found.as_slice(), [only] if !chapter::value_of(only).is_some_and(says_more));
        chapter.conditional = self.conditional(&found, &simplest.program);
        chapter.simplified = if is_known { Vec::new() } else { found };
    }

    /// Gives what a form is made of names that a reader knows: an adjoint of a step is written as one, anything else gets a letter.
    fn name_auxiliaries(&mut self, adjoint: &str, form: &mut [Statement], simplest: &Simplest) {
        let names: Vec<String> = form.iter().filter_map(chapter::name_of).map(str::to_owned).collect();
        for name in names.iter().filter(|name| *name != adjoint) {
            let is_known = self.sheet.names.symbols.contains_key(name);
            let Some(of) = derived_names::of_adjoint(name).filter(|_| !is_known) else { continue };
            if simplest.program.find(of).is_some() {
                let symbol = Symbol::Adjoint { of: self.of_name.clone(), wrt: of.to_owned() };
                self.sheet.names.symbols.insert(name.clone(), symbol);
                continue;
            }
            let letter = self.letter(name, simplest);
            form.iter_mut().for_each(|statement| tree::rename_tensor(statement, name, &letter));
        }
    }

    /// The letter for a name of the compiler's, the same wherever it occurs.
    fn letter(&mut self, name: &str, simplest: &Simplest) -> String {
        if let Some(known) = self.letters.get(name) {
            return known.clone();
        }
        let labels = self.labels.all();
        let programs = [&self.sheet.program, &simplest.program];
        let is_free = |letter: &String| {
            let is_tensor = programs.iter().any(|program| program.find(letter).is_some());
            !is_tensor
                && !labels.contains(letter)
                && !self.short_names.all().any(|name| name == letter)
                && *letter != self.of_name
                && !self.letters.values().any(|other| other == letter)
        };
        let rounds = (1..).map(|round| if round == 1 { String::new() } else { round.to_string() });
        let mut all = rounds.flat_map(|round| ('A'..='Z').map(move |letter| format!("{letter}{round}")));
        let letter = all.find(is_free).unwrap_or_default();
        self.letters.insert(name.to_owned(), letter.clone());
        letter
    }

    /// The adjoint as one formula of arrays, if that is not too long.
    fn written_out(&self, adjoint: &str, Simplest { program, .. }: &Simplest) -> Option<Expression> {
        let of_root = || {
            let wanted = |role: &Role| matches!(role, Role::Gradient(of) if derived_names::adjoint_of(&program.tensor(*of).name) == adjoint);
            program.roots.iter().find(|root| wanted(&root.role)).map(|root| root.tensor)
        };
        let id = program.find(adjoint).or_else(of_root)?;
        let (mut inlined, mut open) = (BTreeSet::new(), vec![id]);
        while let Some(next) = open.pop() {
            for read in program.dependencies(next) {
                let is_made = program.definition(read).is_some() && !self.is_introduced(&program.tensor(read).name);
                if is_made && inlined.insert(read) {
                    open.push(read);
                }
            }
        }
        let all: Vec<TensorId> = inlined.iter().copied().chain([id]).collect();
        let value = tidy::tidy(nn::arrays(program, &all, &inlined).get(&id)?);
        let names: BTreeSet<String> = tree::names(&value).into_iter().collect();
        let is_made_of_names = !inlined.iter().any(|&id| names.contains(&program.tensor(id).name));
        (is_made_of_names && tree::operands(&value) <= MOST_WRITTEN).then_some(value)
    }

    /// Whether a reader of the chapters knows a name: it is one of the network, or an adjoint that a chapter is about before others use it.
    fn is_introduced(&self, name: &str) -> bool {
        let of_forward = |id: TensorId| (id.0 as usize) < self.known;
        let found = self.sheet.program.find(name);
        found.is_some_and(of_forward)
            || self.adjoints.iter().any(|(&of, &adjoint)| {
                found == Some(adjoint) && !self.joined.contains_key(&of) && self.sheet.program.definition(of).is_some()
            })
    }

    /// The adjoint with the definitions that it reads and nobody knows.
    fn in_steps(&self, adjoint: &str, axes: &[String], simplest: &Simplest) -> Vec<Statement> {
        let (mut found, mut open) = (Vec::new(), vec![adjoint.to_owned()]);
        let mut seen: BTreeSet<String> = BTreeSet::new();
        while let Some(wanted) = open.pop() {
            let statement = simplest.statements.iter().find(|statement| chapter::name_of(statement) == Some(&wanted));
            let Some(statement) = statement.filter(|_| seen.insert(wanted.clone())) else { continue };
            let mentioned = chapter::value_of(statement).map(tree::names).unwrap_or_default();
            // What is read first is shown first.
            open.extend(mentioned.into_iter().rev().filter(|name| !self.is_introduced(name)));
            let mut shown = statement.clone();
            chapter::tidied(&mut shown);
            tree::rename(&mut shown, axes);
            found.push(shown);
        }
        found
    }
}

fn equation(name: &str, value: Expression) -> Statement {
    let name = Name { text: name.to_owned(), span: Span::default() };
    Statement { documentation: Vec::new(), kind: StatementKind::Define { role: Kind::Plain, name, value }, span: Span::default() }
}

/// An element at all axes as its tensor: one that is no more than that has nothing else to say.
fn whole(line: &Expression, axes: &[String]) -> Expression {
    if let ExpressionKind::Index(of, _) = &line.kind
        && let ExpressionKind::Name(name) = &of.kind
        && *line == element(name, axes)
    {
        return (**of).clone();
    }
    line.clone()
}
