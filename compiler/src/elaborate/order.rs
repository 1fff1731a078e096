//! In which order the statements of a body are elaborated: what is read first; and what reads itself.

use super::walk::{bound_labels, each_of_statement};
use crate::syntax::tree::{Expression, ExpressionKind, Name, Role, Statement, StatementKind};
use std::collections::{BTreeMap, BTreeSet};

/// The order of a body, and what cannot be ordered.
#[derive(Default)]
pub struct Order {
    /// Numbers of statements, each after what it reads.
    pub order: Vec<usize>,
    /// Cycles: numbers of statements, each of which reads the next one, the last the first.
    pub cycles: Vec<Vec<usize>>,
}

/// The name that a statement gives a meaning to.
pub fn defined_name(statement: &Statement) -> Option<&Name> {
    match &statement.kind {
        StatementKind::Input(data) | StatementKind::Target(data) => Some(&data.name),
        StatementKind::Param(stored) | StatementKind::State(stored) => Some(&stored.name),
        StatementKind::Define { role, name, .. } | StatementKind::DefineIndexed { role, name, .. } => {
            (*role != Role::Update).then_some(name)
        }
    }
}

/// What a statement reads: names that must be there before, and names that had better be.
struct Reads<'s> {
    hard: BTreeSet<&'s str>,
    instances: BTreeSet<&'s str>,
    paths: BTreeSet<String>,
    all_parameters: bool,
}

/// `hidden.w` as the name that a statement may have.
fn path(base: &Expression, field: &Name) -> Option<String> {
    let (mut path, mut first) = (field.text.clone(), base);
    while let ExpressionKind::Field(inner, name) = &first.kind {
        path = format!("{}.{path}", name.text);
        first = inner;
    }
    if let ExpressionKind::Name(name) = &first.kind { Some(format!("{name}.{path}")) } else { None }
}

impl Reads<'_> {
    /// Whether all that is read of an instance is what statements define by its path.
    fn has_statements(&self, instance: &str, by_name: &BTreeMap<&str, usize>) -> bool {
        let is_whole = |path: &&String| {
            !self.paths.iter().any(|longer| longer.strip_prefix(*path).is_some_and(|rest| rest.starts_with('.')))
        };
        let of_instance = |path: &&String| path.strip_prefix(instance).is_some_and(|rest| rest.starts_with('.'));
        self.paths.iter().filter(of_instance).filter(is_whole).all(|path| by_name.contains_key(path.as_str()))
    }
}

fn reads(statement: &Statement) -> Reads<'_> {
    let mut reads = Reads { hard: BTreeSet::new(), instances: BTreeSet::new(), paths: BTreeSet::new(), all_parameters: false };
    let mut bases = BTreeSet::new();
    each_of_statement(statement, &mut |expression| match &expression.kind {
        ExpressionKind::Name(name) if name == "params" => reads.all_parameters = true,
        ExpressionKind::Name(name) => drop(reads.hard.insert(name)),
        ExpressionKind::Field(base, field) => {
            reads.paths.extend(path(base, field));
            if let ExpressionKind::Name(name) = &base.kind {
                reads.instances.insert(name);
            }
        }
        ExpressionKind::Index(base, _) => {
            if let ExpressionKind::Name(name) = &base.kind {
                bases.insert(name.as_str());
            }
        }
        ExpressionKind::Number { .. }
        | ExpressionKind::Boolean(_)
        | ExpressionKind::Unary(..)
        | ExpressionKind::Binary(..)
        | ExpressionKind::Pipe(..)
        | ExpressionKind::Call(..)
        | ExpressionKind::Reduce { .. }
        | ExpressionKind::Transpose(_)
        | ExpressionKind::List(_)
        | ExpressionKind::Group(_)
        | ExpressionKind::Arrow(..)
        | ExpressionKind::If { .. }
        | ExpressionKind::Missing => {}
    });
    for label in bound_labels(statement) {
        if !bases.contains(label) {
            reads.hard.remove(label);
        }
    }
    reads
}

/// Orders the statements of a body.
pub fn order(statements: &[Statement]) -> Order {
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, statement) in statements.iter().enumerate() {
        if let Some(name) = defined_name(statement) {
            by_name.entry(name.text.as_str()).or_insert(number);
        }
    }
    let edges = edges(statements, &by_name);
    let mut result = Order::default();
    let mut state = vec![State::New; statements.len()];
    for start in 0..statements.len() {
        visit(start, &edges, &mut state, &mut result);
    }
    result
}

/// For each statement the statements it reads, and whether it must.
fn edges(statements: &[Statement], by_name: &BTreeMap<&str, usize>) -> Vec<Vec<(usize, bool)>> {
    let all: Vec<Reads> = statements.iter().map(reads).collect();
    let mut users: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, reads) in all.iter().enumerate() {
        for name in &reads.hard {
            users.entry(name).or_default().push(number);
        }
    }
    (all.iter().enumerate())
        .map(|(number, reads)| {
            let mut edges: Vec<(usize, bool)> =
                reads.hard.iter().filter_map(|name| by_name.get(name)).map(|&to| (to, true)).collect();
            // What has its path as its name is there by its own statement.
            edges.extend(reads.paths.iter().filter_map(|path| by_name.get(path.as_str())).map(|&to| (to, true)));
            // The parameters of a layer are there once it has been applied.
            for name in reads.instances.iter().filter(|name| !reads.has_statements(name, by_name)) {
                edges.extend(users.get(name).into_iter().flatten().filter(|&&to| to != number).map(|&to| (to, false)));
            }
            if reads.all_parameters {
                edges.extend((0..statements.len()).filter(|&to| to != number).map(|to| (to, false)));
            }
            edges
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Entered,
    Done,
}

/// Depth first, without recursion: `path` holds the statements that are entered, with the edge that is next.
fn visit(start: usize, edges: &[Vec<(usize, bool)>], state: &mut [State], result: &mut Order) {
    if state[start] != State::New {
        return;
    }
    state[start] = State::Entered;
    let mut path = vec![(start, 0)];
    while let Some((number, next)) = path.last_mut() {
        let Some(&(to, hard)) = edges[*number].get(*next) else {
            state[*number] = State::Done;
            result.order.push(*number);
            path.pop();
            continue;
        };
        *next += 1;
        match state[to] {
            State::New => {
                state[to] = State::Entered;
                path.push((to, 0));
            }
            State::Entered if hard => {
                let from = path.iter().position(|(entered, _)| *entered == to).unwrap_or(0);
                result.cycles.push(path[from..].iter().map(|(number, _)| *number).collect());
            }
            State::Entered | State::Done => {}
        }
    }
}
