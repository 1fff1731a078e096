//! The edges of a graph: which node reads which, at which step, and what the chain rule says there. It must not know how formulas
//! become texts.

use super::Sketch;
use super::lines::{Line, Texts};
use crate::emit::graph::{Edge, Partial};
use crate::emit::math::{Style, Text};
use crate::ir::recurrence::{each_read, lag};
use crate::ir::{Index, Label, Program, Recurrence, TensorId, Unit};
use std::collections::BTreeMap;

/// What is read, what reads, and how many steps later than its own.
type Key = (TensorId, TensorId, i64);

/// The axis that is the time of each definition of a recurrence, and the number of its circle.
pub fn times(program: &Program) -> BTreeMap<TensorId, (usize, usize)> {
    let mut times = BTreeMap::new();
    for (number, unit) in program.units().into_iter().enumerate() {
        if let Unit::Circle(circle) = unit
            && let Some(found) = Recurrence::of(program, &circle)
        {
            times.extend(found.members.into_iter().zip(found.axes.into_iter().map(|axis| (axis, number))));
        }
    }
    times
}

impl Sketch {
    /// All edges, with the tensors that are contributed there where others contribute too.
    pub fn edges(&self, lines: &[Line], texts: &Texts) -> Vec<(Edge, Vec<String>)> {
        let places: BTreeMap<TensorId, usize> = self.shown.iter().enumerate().map(|(place, &id)| (id, place)).collect();
        let mut by_key: BTreeMap<Key, Vec<&Line>> = BTreeMap::new();
        for line in lines {
            let steps = self.steps(line.step.reader, line.step.read, &line.step.index);
            by_key.entry((line.step.read, line.step.reader, steps)).or_default().push(line);
        }
        let mut shares: BTreeMap<TensorId, usize> = BTreeMap::new();
        by_key.keys().for_each(|(read, _, _)| *shares.entry(*read).or_default() += 1);
        let mut edges = Vec::new();
        for key in self.keys() {
            let (read, reader, steps) = key;
            let (Some(&from), Some(&to)) = (places.get(&read), places.get(&reader)) else { continue };
            let mine = by_key.remove(&key).unwrap_or_default();
            let several = mine.len() > 1;
            let partials = mine.iter().map(|line| self.partial(line, texts, several)).collect();
            let step = (steps != 0).then(|| self.step(reader, steps));
            let share = |line: &&Line| self.book.sheet.program.tensor(line.contribution).name.clone();
            let shared = if shares.get(&read).copied() > Some(1) { mine.iter().map(share).collect() } else { Vec::new() };
            edges.push((Edge { from, to, step, partials, share: Vec::new() }, shared));
        }
        edges
    }

    /// Which node reads which, each pair once for each step, in the order of what reads.
    fn keys(&self) -> Vec<Key> {
        let mut found: Vec<Key> = Vec::new();
        let parts = self.hidden.keys().copied();
        for id in self.shown.iter().copied().chain(parts) {
            let program = &self.book.sheet.program;
            each_read(program, id, &mut |read, at| {
                let key = (self.home(read), self.home(id), self.steps(id, read, at));
                if self.home(read) != self.home(id) || key.2 != 0 {
                    found.push(key);
                }
            });
        }
        found.sort_unstable_by_key(|&(read, reader, steps)| (reader, read, steps));
        found.dedup();
        found
    }

    /// How many steps later than that of the reader a read within a recurrence is; 0 outside of one.
    fn steps(&self, reader: TensorId, read: TensorId, at: &[Index]) -> i64 {
        let (Some(&(own, circle)), Some(&(axis, other))) = (self.times.get(&reader), self.times.get(&read)) else { return 0 };
        if circle != other {
            return 0;
        }
        let time = Label(u32::try_from(own).unwrap_or(u32::MAX));
        at.get(axis).and_then(|index| lag(index, time)).unwrap_or(0)
    }

    /// `t - 1`
    fn step(&self, reader: TensorId, steps: i64) -> String {
        let labels = self.book.labels.of(reader);
        let time = self.times.get(&reader).and_then(|(axis, _)| labels.get(*axis)).map_or("t", String::as_str);
        let sign = if steps < 0 { '-' } else { '+' };
        format!("{time} {sign} {}", steps.unsigned_abs())
    }

    fn partial(&self, line: &Line, texts: &Texts, several: bool) -> Partial {
        let name = |id: TensorId| self.book.sheet.program.tensor(id).name.clone();
        let (of, wrt) = (name(line.step.reader), name(line.step.read));
        let read = texts.indexed(line.read);
        let full_read = read.map_or_else(|| wrt.clone(), |read| self.words.full(read));
        let rank = self.book.sheet.program.tensor(line.step.reader).shape.len();
        let element = if rank == 0 { of.clone() } else { Text.element(&of, &line.labels[..rank.min(line.labels.len())]) };
        let partial = texts.indexed(line.partial).map_or_else(String::new, |value| self.words.full(value));
        let with: String = self.auxiliary(line).into_iter().filter_map(|id| self.with(id, texts)).collect();
        let full = format!("{} = {partial}{with}", Text.derivative(&element, &full_read).text());
        let element = read.filter(|_| several).map(|read| self.words.brief(read));
        let wrt = element.unwrap_or_else(|| self.words.short(&wrt));
        Partial { of: self.words.short(&of), wrt, formula: self.short(line, texts), full }
    }
}

impl Sketch {
    /// What a partial reads beside nodes.
    fn with(&self, id: TensorId, texts: &Texts) -> Option<String> {
        let tensor = self.book.sheet.program.tensor(id);
        let labels = self.book.labels.of(id);
        let left = &labels[..tensor.shape.len().min(labels.len())];
        let left = if left.is_empty() { tensor.name.clone() } else { Text.element(&tensor.name, left) };
        Some(format!(", with {left} = {}", self.words.full(texts.indexed(id)?)))
    }
}
