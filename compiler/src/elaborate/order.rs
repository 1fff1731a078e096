//! In which order the statements of a body are elaborated: what is read first; and what reads itself.

use super::walk::{bound_labels, each_of_statement};
use crate::ir::recurrence::components;
use crate::syntax::tree::{Expression, ExpressionKind, Name, Role, Statement, StatementKind};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Statements that are elaborated together: their numbers in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A statement that does not need itself.
    Single(usize),
    /// Statements that read each other (or one that reads itself), sorted.
    Circle(Vec<usize>),
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
pub fn path(base: &Expression, field: &Name) -> Option<String> {
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
            let longer = format!("{path}.");
            self.paths.range(longer.clone()..).next().is_none_or(|next| !next.starts_with(&longer))
        };
        let of_instance = |path: &&String| path.strip_prefix(instance).is_some_and(|rest| rest.starts_with('.'));
        self.paths.iter().filter(of_instance).filter(is_whole).all(|path| by_name.contains_key(path.as_str()))
    }
}

fn reads(statement: &Statement) -> Reads<'_> {
    let mut reads = Reads { hard: BTreeSet::new(), instances: BTreeSet::new(), paths: BTreeSet::new(), all_parameters: false };
    let mut bases = BTreeSet::new();
    let own = defined_name(statement).map(|name| name.text.as_str());
    let is_own = |expression: &Expression| matches!(&expression.kind, ExpressionKind::Name(name) if Some(name.as_str()) == own);
    let (mut named, mut called) = (0, 0);
    each_of_statement(statement, &mut |expression| match &expression.kind {
        ExpressionKind::Name(name) if name == "params" => reads.all_parameters = true,
        ExpressionKind::Name(name) => {
            named += usize::from(is_own(expression));
            reads.hard.insert(name);
        }
        ExpressionKind::Call(callee, _) => called += usize::from(is_own(callee)),
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
        | ExpressionKind::Reduce { .. }
        | ExpressionKind::Transpose(_)
        | ExpressionKind::List(_)
        | ExpressionKind::Group(_)
        | ExpressionKind::Arrow(..)
        | ExpressionKind::If { .. }
        | ExpressionKind::Missing => {}
    });
    // `hessian = hessian(f, x)` calls the function.
    if let Some(own) = own.filter(|_| named == called) {
        reads.hard.remove(own);
    }
    for label in bound_labels(statement) {
        if !bases.contains(label) {
            reads.hard.remove(label);
        }
    }
    reads
}

/// Orders the statements of a body, each after what it reads. `starts` has the statements that say where a recurrence starts, with
/// the statement of the recurrence, which comes after them.
pub fn order(statements: &[Statement], starts: &BTreeMap<usize, usize>) -> Vec<Unit> {
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, statement) in statements.iter().enumerate().filter(|(number, _)| !starts.contains_key(number)) {
        if let Some(name) = defined_name(statement) {
            by_name.entry(name.text.as_str()).or_insert(number);
        }
    }
    let mut edges = edges(statements, &by_name);
    for (&start, &recurrence) in starts {
        edges[recurrence].push((start, true));
    }
    let circles = circles(&edges);
    // Circles are nodes of their own; the statement with the lowest number stands for all.
    let representative = |number: usize| circles[number].first().copied().unwrap_or(number);
    let condensed: Vec<Vec<usize>> = (circles.iter().enumerate())
        .map(|(number, circle)| {
            let members = if circle.is_empty() { std::slice::from_ref(&number) } else { circle };
            let reads = members.iter().flat_map(|&member| edges[member].iter().map(|&(to, _)| representative(to)));
            if representative(number) == number { reads.filter(|&to| to != number).collect() } else { Vec::new() }
        })
        .collect();
    let mut order = Vec::new();
    let mut seen = vec![false; edges.len()];
    for start in 0..statements.len() {
        visit(representative(start), &condensed, &mut seen, &mut order);
    }
    let unit = |number: usize| match &*circles[number] {
        [] => Unit::Single(number),
        circle => Unit::Circle(circle.to_vec()),
    };
    order.into_iter().filter(|number| *number < statements.len()).map(unit).collect()
}

fn is_given(statement: &Statement) -> bool {
    match statement.kind {
        StatementKind::Input(_) | StatementKind::Target(_) | StatementKind::Param(_) | StatementKind::State(_) => true,
        StatementKind::Define { .. } | StatementKind::DefineIndexed { .. } => false,
    }
}

/// For each statement the statements it reads, and whether it must. Behind the statements stand groups that many may read: all
/// of them, and those that use an instance of a layer.
fn edges(statements: &[Statement], by_name: &BTreeMap<&str, usize>) -> Vec<Vec<(usize, bool)>> {
    let mut all: Vec<Reads> = statements.iter().map(reads).collect();
    // What is data or kept is no instance of a layer.
    let is_given = |name: &&str| by_name.get(name).is_some_and(|number| is_given(&statements[*number]));
    all.iter_mut().for_each(|reads| reads.instances.retain(|name| !is_given(name)));
    let first_group = statements.len();
    let mut groups: BTreeMap<&str, Vec<(usize, bool)>> =
        all.iter().flat_map(|reads| &reads.instances).map(|instance| (*instance, Vec::new())).collect();
    for (number, reads) in all.iter().enumerate() {
        for name in &reads.hard {
            if let Some(users) = groups.get_mut(name) {
                users.push((number, false));
            }
        }
    }
    let group_of: BTreeMap<&str, usize> = groups.keys().copied().zip(first_group + 1..).collect();
    let own = all.iter().map(|reads| {
        let mut edges: Vec<(usize, bool)> =
            reads.hard.iter().filter_map(|name| by_name.get(name)).map(|&to| (to, true)).collect();
        // What has its path as its name is there by its own statement.
        edges.extend(reads.paths.iter().filter_map(|path| by_name.get(path.as_str())).map(|&to| (to, true)));
        // The parameters of a layer are there once it has been applied.
        let instances = reads.instances.iter().filter(|name| !reads.has_statements(name, by_name));
        edges.extend(instances.filter_map(|name| group_of.get(name)).map(|&group| (group, false)));
        edges.extend(reads.all_parameters.then_some((first_group, false)));
        edges
    });
    let own: Vec<Vec<(usize, bool)>> = own.collect();
    let late = late(&all, &own);
    let every = (0..first_group).filter(|&number| !late[number]).map(|number| (number, false)).collect();
    own.into_iter().chain([every]).chain(groups.values().cloned()).collect()
}

/// For each statement, whether it reads all parameters, however indirectly, so that these must be there before.
fn late(all: &[Reads<'_>], edges: &[Vec<(usize, bool)>]) -> Vec<bool> {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for (number, edges) in edges.iter().enumerate() {
        edges.iter().filter(|(_, hard)| *hard).for_each(|&(to, _)| readers[to].push(number));
    }
    let mut late = vec![false; all.len()];
    let mut open: Vec<usize> = (0..all.len()).filter(|&number| all[number].all_parameters).collect();
    while let Some(number) = open.pop() {
        if !std::mem::replace(&mut late[number], true) {
            open.extend(&readers[number]);
        }
    }
    late
}

/// For each statement the circle of what must be there before that it belongs to, sorted; empty for most.
fn circles(edges: &[Vec<(usize, bool)>]) -> Vec<Rc<[usize]>> {
    let hard = |number: usize| edges[number].iter().filter(|(_, hard)| *hard).map(|&(to, _)| to).collect();
    let mut circles: Vec<Rc<[usize]>> = vec![Rc::default(); edges.len()];
    for mut members in components(edges.len(), &hard) {
        members.sort_unstable();
        if members.len() > 1 || edges[members[0]].contains(&(members[0], true)) {
            let circle: Rc<[usize]> = members.into();
            circle.iter().for_each(|&member| circles[member] = Rc::clone(&circle));
        }
    }
    circles
}

/// Depth first, without recursion: `path` holds the statements that are entered, with the edge that is next.
fn visit(start: usize, edges: &[Vec<usize>], seen: &mut [bool], order: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut path = vec![(start, 0)];
    while let Some((number, next)) = path.last_mut() {
        let Some(&to) = edges[*number].get(*next) else {
            order.push(*number);
            path.pop();
            continue;
        };
        *next += 1;
        // A circle that goes through what had better be there is left as it is.
        if !std::mem::replace(&mut seen[to], true) {
            path.push((to, 0));
        }
    }
}

/// A way from a statement back to itself within a circle.
pub fn way_around(statements: &[Statement], circle: &[usize]) -> Vec<usize> {
    let names: BTreeMap<&str, usize> =
        circle.iter().filter_map(|&number| Some((defined_name(&statements[number])?.text.as_str(), number))).collect();
    let read = |number: usize| -> Vec<usize> {
        let reads = reads(&statements[number]);
        let paths = reads.paths.iter().filter_map(|path| names.get(path.as_str()));
        reads.hard.iter().filter_map(|name| names.get(name)).chain(paths).copied().collect()
    };
    let Some(&first) = circle.first() else { return Vec::new() };
    let mut came_from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut waiting = std::collections::VecDeque::from([first]);
    while let Some(number) = waiting.pop_front() {
        for to in read(number) {
            if to == first {
                let mut way = vec![number];
                while let Some(&before) = came_from.get(way.last().unwrap_or(&first)) {
                    way.push(before);
                }
                way.reverse();
                return way;
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = came_from.entry(to) {
                entry.insert(number);
                waiting.push_back(to);
            }
        }
    }
    circle.to_vec()
}
