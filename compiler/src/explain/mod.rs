//! A derivation as on a blackboard: for each read the chain rule over every element, the partial of the read, the δs, the terms that
//! vanish, the sum that is left, and the matrix form.
//!
//! What is shown is what `diff` recorded; this room puts it into lines, each an expression of the language over the same labels. It must not
//! know how to differentiate. `print.rs` writes the lines, as text or as LaTeX.

mod chapter;
mod conditions;
mod definitions;
mod drawing;
mod ends;
mod gather;
mod labels;
mod naming;
mod print;
mod products;
mod reasons;
mod sheet;
mod short_names;
mod squeeze;
#[cfg(test)]
mod tests;
mod tidy;
mod tree;

use crate::derived_names;
use crate::diff::{self, Record, Step};
use crate::emit::math::{Names, Symbol};
use crate::emit::nn;
use crate::ir::{Index, Node, Program, Role, Root, Source, Tensor, TensorId};
use crate::pipeline;
use crate::syntax::tree::{Expression, Statement};
pub use drawing::{Drawing, drawing};
use ends::{Known, Simplest};
use labels::Labels;
use naming::Named;
pub use print::{latex, text};
use sheet::Sheet;
use short_names::ShortNames;
use std::collections::{BTreeMap, BTreeSet};

/// A derivation of the gradient of one scalar.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The name of the network.
    pub network: String,
    /// What is differentiated: `loss`, or `f` where that is any function of an output.
    pub of: String,
    /// The output that any function is differentiated of, where there is no scalar.
    pub output: Option<String>,
    /// What names stand for.
    pub names: Names,
    /// What tensors of layers are called.
    pub short: ShortNames,
    /// The definitions that are differentiated.
    pub definitions: Vec<Statement>,
    /// The same element by element, where the lines speak of steps that have no name there.
    pub steps: Vec<(Expression, Expression)>,
    /// The adjoints, in the order in which they are found.
    pub chapters: Vec<Chapter>,
    /// What was asked for and is not read, however indirectly.
    pub unread: Vec<String>,
    /// Whether something is computed step by step, from what is 0 before the first step.
    pub recurs: bool,
    /// All of it as one program: the definitions, their adjoints as differentiation gives them, and every symbol of the lines.
    pub program: Program,
}

/// The adjoint of one tensor.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// The tensor.
    pub tensor: TensorId,
    /// The adjoint over the labels of the tensor: what all lines are equal to.
    pub left: Expression,
    /// The names of these labels.
    pub axes: Vec<String>,
    /// What each read contributes.
    pub parts: Vec<Part>,
    /// Definitions that are written in others here, with these.
    pub inside: Vec<(TensorId, TensorId)>,
    /// The sum of the parts, where there are several, and the same with what is known put in.
    pub total: Vec<Line>,
    /// The adjoint in its simplest form, and what that reads.
    pub simplified: Vec<Statement>,
    /// The same under a condition, where one makes it simpler.
    pub conditional: Option<Conditional>,
}

/// What holds where sums of what is given are 1.
#[derive(Clone, Debug)]
pub struct Conditional {
    /// The tensor that is given.
    pub given: TensorId,
    /// The axes over which its elements add up to 1.
    pub axes: Vec<usize>,
    /// That they do: `Σ_j t[i, j] = 1`.
    pub condition: Expression,
    /// The labels for which that is said.
    pub labels: Vec<Expression>,
    /// The adjoint, and what it is made of.
    pub statements: Vec<Statement>,
}

/// What one read contributes.
#[derive(Clone, Debug)]
pub struct Part {
    /// What reads: the left side and the right side of its definition.
    pub definition: (Expression, Expression),
    /// The way by which it comes, in words.
    pub through: Vec<Piece>,
    /// Further definitions that the lines read.
    pub with: Vec<(Expression, Expression)>,
    /// The lines, each equal to the one before.
    pub lines: Vec<Line>,
}

/// A line: an expression over the labels of a chapter.
#[derive(Clone, Debug)]
pub struct Line {
    /// It.
    pub value: Expression,
    /// Whether it stands for the whole tensor, of which an element is taken.
    pub whole: bool,
    /// Why it is equal to the line before.
    pub reason: Vec<Piece>,
}

/// A piece of a reason.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Words.
    Words(String),
    /// A formula.
    Formula(Expression),
}

/// Derives the gradient of the objective of a program for some of its given tensors. Where there is no scalar to differentiate, it is
/// any function `f` of the only output; `None` where there are several outputs or none.
pub fn explain(program: &Program, wrt: &[TensorId]) -> Option<Explanation> {
    let wanted: Vec<String> = wrt.iter().map(|&id| program.tensor(id).name.clone()).collect();
    let objective = pipeline::objective(program);
    let of = objective.or_else(|| only_output(program))?;
    let root = program.roots.iter().find(|root| root.tensor == of)?.clone();
    let mut simplified = pipeline::for_gradient(program, |role| *role == root.role);
    squeeze::squeeze(&mut simplified.program);
    let mut forward = simplified.program.clone();
    for id in forward.order() {
        nn::hoist(&mut forward, id);
    }
    let of = forward.root(&root.role)?;
    let wrt: Vec<TensorId> = wanted.iter().filter_map(|name| forward.find(name)).collect();
    let mut definitions = nn::network(&forward).statements;
    definitions.iter_mut().for_each(chapter::tidied);
    let mut derived = forward.clone();
    let (seed, of_name) = seed(&mut derived, of, objective.is_some());
    let known = derived.tensors.len();
    let (found, record) = diff::recorded(&mut derived, of, seed, &wrt);
    let root_of = |&tensor: &TensorId| Root { role: Role::Output(derived.tensor(tensor).name.clone()), tensor };
    let roots: Vec<Root> = found.iter().flatten().map(root_of).collect();
    derived.roots.extend(roots);
    let wrt_there: Vec<TensorId> = wanted.iter().filter_map(|name| program.find(name)).collect();
    let simplest = objective.map(|_| pipeline::gradient_to_read(program, simplified, &wrt_there).program);
    let simplest = Simplest::new(simplest.unwrap_or_default());
    let unread = wrt.iter().zip(&found).filter(|(_, found)| found.is_none());
    let unread = unread.map(|(&id, _)| derived.tensor(id).name.clone()).collect();
    let output = objective.is_none().then(|| derived.tensor(of).name.clone());
    let recurs = [&derived, &simplest.program].iter().any(|program| !program.recurrent().is_empty());
    let book = Book::new(derived, record, of, of_name, known);
    Some(Explanation { output, recurs, ..book.write(definitions, &simplest, unread) })
}

fn only_output(program: &Program) -> Option<TensorId> {
    let mut outputs = program.roots.iter().filter(|root| matches!(root.role, Role::Output(_)));
    match (outputs.next(), outputs.next()) {
        (Some(only), None) => Some(only.tensor),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

/// The adjoint of what is differentiated, and what that is called: 1 for a scalar, else any numbers.
fn seed(program: &mut Program, of: TensorId, is_objective: bool) -> (crate::ir::ExpressionId, String) {
    let tensor = program.tensor(of).clone();
    if is_objective {
        return (program.expressions.number(1.0), tensor.name);
    }
    let taken = |name: &str| program.find(name).is_some() || program.find_size(name).is_some();
    let name = ["f", "g", "F"].into_iter().find(|name| !taken(name)).unwrap_or("f(..)").to_owned();
    let labels = diff::plain_labels(tensor.shape.len());
    let given = program.add(Tensor { name: derived_names::adjoint_of(&tensor.name), source: Source::Input, ..tensor });
    (program.expressions.read(given, labels), name)
}

/// What is known while chapters are written.
struct Book {
    sheet: Sheet,
    record: Record,
    of: TensorId,
    of_name: String,
    /// The tensors before this one were there before differentiation.
    known: usize,
    /// The adjoints by their tensors.
    adjoints: BTreeMap<TensorId, TensorId>,
    /// Parts of formulas that only have names for the compiler, with the steps from the definitions that they are a part of.
    joined: BTreeMap<TensorId, Step>,
    /// What has a name only for the compiler.
    candidates: BTreeSet<TensorId>,
    labels: Labels,
    /// The steps that have no name in the network as it is shown.
    unnamed: BTreeSet<TensorId>,
    /// Their adjoints, where these are short.
    short: Vec<Known>,
    /// What the chapters so far have found.
    found: Vec<Known>,
    /// Letters for names of the compiler's.
    letters: BTreeMap<String, String>,
    /// The definitions that a reader knows values by, the largest first.
    named: Vec<Named>,
    /// What tensors of layers are called.
    short_names: ShortNames,
}

impl Book {
    fn new(program: Program, record: Record, of: TensorId, of_name: String, known: usize) -> Self {
        let adjoints: BTreeMap<TensorId, TensorId> = record.adjoints.iter().copied().collect();
        let joined = joined(&program, &record);
        let labels = Labels::new(&program, &joined);
        let candidates = nn::candidates(&program);
        let short_names = ShortNames::new(&program, &BTreeSet::new());
        let mut book = Self {
            sheet: Sheet::new(program),
            record,
            of,
            of_name,
            known,
            adjoints,
            joined,
            candidates,
            labels,
            unnamed: BTreeSet::new(),
            short: Vec::new(),
            found: Vec::new(),
            letters: BTreeMap::new(),
            named: Vec::new(),
            short_names,
        };
        book.name_adjoints();
        book
    }

    /// The definition that a part of a formula stands in.
    fn shown(&self, mut id: TensorId) -> TensorId {
        while let Some(step) = self.joined.get(&id) {
            id = step.reader;
        }
        id
    }

    fn name_of(&self, id: TensorId) -> String {
        self.sheet.program.tensor(id).name.clone()
    }

    /// A step whose reader is a part of a formula, as a step of the whole: the whole's adjoint takes the place of the part's.
    fn of_the_whole(&mut self, step: &Step) -> Step {
        let mut step = step.clone();
        while let Some(outer) = self.joined.get(&step.reader).cloned() {
            let upstream = self.sheet.times(outer.upstream, outer.partial);
            if let Some(&adjoint) = self.adjoints.get(&step.reader) {
                step.contribution.body = self.sheet.replaced(step.contribution.body, adjoint, upstream);
            }
            step.partial = self.sheet.times(outer.partial, step.partial);
            step.upstream = outer.upstream;
            step.reader = outer.reader;
        }
        step
    }

    fn name_adjoints(&mut self) {
        let mut pairs: Vec<(TensorId, String)> =
            self.adjoints.iter().map(|(&of, &adjoint)| (of, self.sheet.program.tensor(adjoint).name.clone())).collect();
        pairs.push((self.of, derived_names::adjoint_of(&self.sheet.program.tensor(self.of).name)));
        for (id, name) in pairs {
            let symbol = Symbol::Adjoint { of: self.of_name.clone(), wrt: self.name_of(id) };
            self.sheet.names.symbols.insert(name, symbol);
        }
    }

    fn write(mut self, definitions: Vec<Statement>, simplest: &Simplest, unread: Vec<String>) -> Explanation {
        let mut by_read: BTreeMap<TensorId, Vec<usize>> = BTreeMap::new();
        for (number, Step { read, .. }) in self.record.steps.iter().enumerate() {
            by_read.entry(*read).or_default().push(number);
        }
        let order = self.record.adjoints.iter().map(|(tensor, _)| *tensor);
        let order: Vec<TensorId> = order.filter(|tensor| !self.joined.contains_key(tensor)).collect();
        let steps = self.steps(&definitions);
        let definitions = self.with_parts(definitions);
        self.named = self.named_values(&definitions);
        let mut chapters = Vec::new();
        for tensor in order {
            if let Some(steps) = by_read.get(&tensor) {
                chapters.push(self.chapter(tensor, steps, simplest));
            }
        }
        let program = &self.sheet.program;
        let mut arrays: BTreeSet<String> =
            program.tensors.iter().filter(|tensor| !tensor.shape.is_empty()).map(|tensor| tensor.name.clone()).collect();
        let letter = |name: String| self.letters.get(&name).cloned().unwrap_or(name);
        arrays.extend(simplest.arrays().filter(|name| program.find(name).is_none()).map(letter));
        let names = Names { arrays, ..std::mem::take(&mut self.sheet.names) };
        let (network, of) = (program.name.clone(), self.of_name);
        let taken =
            definitions::labels_of(&definitions, &chapters).into_iter().chain(program.sizes.iter().cloned()).chain([of.clone()]);
        let short = self.short_names.without(&taken.collect());
        let program = self.sheet.program;
        Explanation { network, of, output: None, names, short, definitions, steps, chapters, unread, recurs: false, program }
    }
}

/// The parts of other definitions, element by element, that have a name which only the compiler gave them and stand there alone but for
/// numbers: `loss_sum` of `loss = loss_sum / N`. For each, the step that says so.
fn joined(program: &Program, record: &Record) -> BTreeMap<TensorId, Step> {
    let candidates = nn::parts(program);
    let is_part = |step: &&Step| {
        let reader = program.definition(step.reader);
        let once = record.steps.iter().filter(|other| other.read == step.read).count() == 1;
        let mut is_constant = true;
        program.expressions.each_tensor(step.partial, &mut |_| is_constant = false);
        program.expressions.each_label(step.partial, &mut |_| is_constant = false);
        let reduces = reader.is_none_or(|definition| definition.reduction.is_some());
        once && is_constant && !reduces && candidates.contains(&step.read) && is_read_plainly(program, step.reader, step.read)
    };
    record.steps.iter().filter(is_part).map(|step| (step.read, step.clone())).collect()
}

/// Whether a definition reads another at one place, at its own labels.
fn is_read_plainly(program: &Program, reader: TensorId, read: TensorId) -> bool {
    let Some(definition) = program.definition(reader) else { return false };
    let mut places: BTreeSet<&[Index]> = BTreeSet::new();
    for id in program.expressions.reachable(definition.body) {
        if let Node::Read(tensor, at) = program.expressions.node(id)
            && *tensor == read
        {
            places.insert(at);
        }
    }
    let plain = diff::plain_labels(program.tensor(reader).shape.len());
    places.into_iter().eq([plain.as_slice()])
}
