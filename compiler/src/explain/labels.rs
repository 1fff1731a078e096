//! The names of labels on the blackboard: those of the source where there are some, else single letters; a prime where two would
//! be called the same. It must not know what is derived.

use super::short_names::ShortNames;
use super::{Step, TensorId, chapter, tree};
use crate::derived_names;
use crate::ir::{Definition, Index, Label, Node, Program};
use crate::syntax::tree::Statement;
use std::collections::{BTreeMap, BTreeSet};

/// Letters for labels that have no name of their own.
const LETTERS: &[&str] = &["i", "j", "k", "l", "m", "n", "p", "q", "r", "s", "u", "v"];

/// The names of the labels of all definitions.
pub struct Labels {
    /// What no label may be called: the beginnings of names, and sizes.
    taken: BTreeSet<String>,
    sizes: BTreeSet<String>,
    own: BTreeMap<TensorId, Vec<String>>,
}

impl Labels {
    /// Those of a program; a part of a formula has the labels of the whole. An axis keeps its name from definition to definition.
    pub fn new(program: &Program, joined: &BTreeMap<TensorId, Step>) -> Self {
        let first = |name: &str| derived_names::source_of(name).split('.').next().unwrap_or_default().to_owned();
        let mut taken: BTreeSet<String> = program.tensors.iter().map(|tensor| first(&tensor.name)).collect();
        let sizes: BTreeSet<String> = program.sizes.iter().cloned().collect();
        taken.extend(sizes.iter().cloned());
        // What a tensor is called where its name is as short as it is clear.
        taken.extend(ShortNames::new(program, &taken).all().cloned());
        let mut labels = Self { taken, sizes, own: BTreeMap::new() };
        for id in program.ids().filter(|&id| program.definition(id).is_none()) {
            let free = LETTERS.iter().map(|letter| (*letter).to_owned()).filter(|letter| !labels.taken.contains(letter));
            let names = free.take(program.tensor(id).shape.len()).collect();
            labels.own.insert(id, names);
        }
        let defined = program.ids().filter(|&id| program.definition(id).is_some());
        let (parts, wholes): (Vec<TensorId>, Vec<TensorId>) = defined.partition(|id| joined.contains_key(id));
        for &id in &wholes {
            // Where the whole has no names, those of its part may have been written.
            let part = joined.iter().find(|(_, step)| step.reader == id).map(|(part, _)| *part);
            let source = part.filter(|_| is_automatic(program, id, program.tensor(id).shape.len())).unwrap_or(id);
            let rank = program.tensor(id).shape.len();
            let names = labels.fresh(program, source, rank, Vec::new());
            let names = if source == id { labels.fresh(program, id, program.label_extents(id).len(), Vec::new()) } else { names };
            labels.own.insert(id, names);
        }
        for &id in parts.iter().rev() {
            let whole = joined.get(&id).and_then(|step| labels.own.get(&step.reader)).cloned().unwrap_or_default();
            let names = labels.fresh(program, id, program.label_extents(id).len(), whole);
            labels.own.insert(id, names);
        }
        labels
    }

    /// Names for the labels of a definition, those behind the first ones that are given.
    fn fresh(&self, program: &Program, id: TensorId, count: usize, mut names: Vec<String>) -> Vec<String> {
        let natural = self.natural(program, id);
        let own = |number: usize| {
            if let Some(name) = natural.get(number) {
                return name.clone();
            }
            let name = program.label_name(id, label(number));
            if is_numbered(&name) { self.of_what_is_read(program, id, label(number)).unwrap_or(name) } else { name }
        };
        let written: Vec<String> = (names.len()..count).map(own).collect();
        for wanted in &written {
            let is_free = |name: &str| !self.taken.contains(name) && !names.iter().any(|other| other == name);
            let free = if !is_numbered(wanted) && is_free(wanted) {
                wanted.clone()
            } else {
                let reserved = |letter: &str| written.iter().any(|other| other == letter);
                let letters = LETTERS.iter().filter(|letter| !reserved(letter)).map(|letter| (*letter).to_owned());
                let numbered = (1..).map(|number| format!("i{number}"));
                letters.chain(numbered).find(|name| is_free(name)).unwrap_or_default()
            };
            names.push(free);
        }
        names
    }

    /// The names that all labels have in what is read at them, where nobody gave them others and these tell them apart; an axis that is not
    /// summed comes first there too.
    fn natural(&self, program: &Program, id: TensorId) -> Vec<String> {
        let count = program.label_extents(id).len();
        if !is_automatic(program, id, count) {
            return Vec::new();
        }
        if let Some(names) = self.of_one_that_is_read(program, id) {
            return names;
        }
        let names: Option<Vec<String>> = (0..count).map(|number| self.of_what_is_read(program, id, label(number))).collect();
        let names = names.unwrap_or_default();
        let distinct: BTreeSet<&String> = names.iter().collect();
        let place = |name: &String| LETTERS.iter().position(|letter| letter == name);
        let reduces = program.definition(id).is_some_and(|definition| definition.reduction.is_some());
        let is_clear = distinct.len() == names.len() && (reduces || names.is_sorted_by_key(place));
        if is_clear { names } else { Vec::new() }
    }

    /// The names of the labels of another definition, for one without a reduction that reads it at all its own labels.
    fn of_one_that_is_read(&self, program: &Program, id: TensorId) -> Option<Vec<String>> {
        let Definition { reduction: None, body } = program.definition(id)? else { return None };
        let plain = crate::diff::plain_labels(program.tensor(id).shape.len());
        program.expressions.reachable(*body).into_iter().find_map(|node| {
            let Node::Read(tensor, at) = program.expressions.node(node) else { return None };
            let names = self.own.get(tensor).filter(|_| *at == plain && program.definition(*tensor).is_some())?;
            names.get(..plain.len()).map(<[String]>::to_vec)
        })
    }

    /// What a label is called in what is read at it, in a definition if there is one.
    fn of_what_is_read(&self, program: &Program, id: TensorId, label: Label) -> Option<String> {
        let body = program.definition(id)?.body;
        let nodes = program.expressions.reachable(body);
        let among = |defined: bool| {
            nodes.iter().find_map(|&node| {
                let Node::Read(tensor, at) = program.expressions.node(node) else { return None };
                let axis = at.iter().position(|index| index.as_label() == Some(label))?;
                self.own.get(tensor).filter(|_| program.definition(*tensor).is_some() == defined)?.get(axis).cloned()
            })
        };
        among(true).or_else(|| among(false))
    }

    /// Gives the labels of a definition that the printer of the language named other letters, where those are numbered or what a tensor is
    /// called.
    pub fn clear(&self, statement: &mut Statement) {
        let mut own = BTreeSet::new();
        tree::labels(statement, &mut own);
        let mentioned: Vec<String> = chapter::value_of(statement).map(tree::names).unwrap_or_default();
        let is_numbered =
            |name: &String| name.len() > 1 && name[1..].chars().all(|letter| letter.is_ascii_digit() || letter == '_');
        for old in own.clone().into_iter().filter(|name| is_numbered(name) || self.taken.contains(name)) {
            let is_free =
                |name: &str| !self.taken.contains(name) && !own.contains(name) && !mentioned.iter().any(|one| one == name);
            let Some(new) = LETTERS.iter().find(|letter| is_free(letter)) else { return };
            tree::rename_label_of(statement, &old, new);
            own.insert((*new).to_owned());
        }
    }

    /// The names of the labels of a definition.
    pub fn of(&self, id: TensorId) -> Vec<String> {
        self.own.get(&id).cloned().unwrap_or_default()
    }

    /// All names of labels, and of sizes.
    pub fn all(&self) -> BTreeSet<String> {
        self.own.values().flatten().chain(&self.sizes).cloned().collect()
    }

    /// The names of the labels of a part where it is written in the whole.
    pub fn within(&self, program: &Program, part: TensorId, whole: TensorId) -> Vec<String> {
        let mut names = self.of(whole);
        names.truncate(program.tensor(whole).shape.len());
        self.fresh(program, part, program.label_extents(part).len(), names)
    }

    /// Names for the axes of a tensor: those of the labels at which it is read, where these are plain.
    pub fn axes(&self, program: &Program, read: TensorId, reader: TensorId, index: &[Index]) -> Vec<String> {
        let (own, there) = (self.of(read), self.of(reader));
        let mut names: Vec<String> = Vec::new();
        for (axis, at) in index.iter().enumerate() {
            let plain = at.as_label().and_then(|found| there.get(found.0 as usize)).cloned();
            let defined = program.definition(read).and_then(|_| own.get(axis)).cloned();
            let letters = LETTERS.iter().map(|letter| (*letter).to_owned()).filter(|letter| !there.contains(letter));
            let numbered = (1..).map(|number| format!("i{number}"));
            let mut wanted = plain.into_iter().chain(defined).chain(letters).chain(numbered);
            let free = wanted.find(|name| !self.taken.contains(name) && !names.contains(name));
            names.push(free.unwrap_or_default());
        }
        names
    }

    /// The names of a definition's labels beside those of some axes: with primes where they are the same.
    pub fn beside(&self, id: TensorId, axes: &[String]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for mut name in self.of(id) {
            while axes.contains(&name) || names.contains(&name) {
                name.push('\'');
            }
            names.push(name);
        }
        names
    }

    /// A name for one more label beside others.
    pub fn more(&self, others: &[String]) -> String {
        let letters = ["r", "s", "q", "p"].iter().map(|letter| (*letter).to_owned());
        let numbered = (1..).map(|number| format!("r{number}"));
        letters.chain(numbered).find(|name| !self.taken.contains(name) && !others.contains(name)).unwrap_or_default()
    }
}

/// Whether the first labels of a definition have the names that elaboration gives them: i, j, k, ... or none.
fn is_automatic(program: &Program, id: TensorId, count: usize) -> bool {
    let is_given = |number: usize| {
        let name = program.label_name(id, label(number));
        is_numbered(&name) || LETTERS.get(number).is_some_and(|letter| *letter == name)
    };
    (0..count).all(is_given)
}

/// Whether a name is one that the compiler gives: `i0`, or `k_outer` of a digit.
fn is_numbered(name: &str) -> bool {
    let is_digit = name.ends_with("_outer") || name.ends_with("_inner");
    let number = name.strip_prefix('i').filter(|number| !number.is_empty());
    is_digit || number.is_some_and(|number| number.chars().all(|letter| letter.is_ascii_digit()))
}

fn label(number: usize) -> Label {
    Label(u32::try_from(number).unwrap_or(u32::MAX))
}
