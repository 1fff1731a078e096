//! A program as a graph: a node for each tensor, an edge for each read, with the partial that the chain rule multiplies by. What
//! stands in boxes and on edges is what differentiation recorded. It must not know how a graph is drawn.

mod edges;
mod lines;
mod nodes;
#[cfg(test)]
mod tests;
mod words;

use super::{Book, Record, only_output, seed};
use crate::diff;
use crate::emit::graph::{Graph, MOST_NODES, TooLarge};
use crate::emit::nn;
use crate::eval::{Tensor, Values};
use crate::ir::{Program, Role, Root, TensorId};
use crate::{emit, pipeline};
use std::collections::{BTreeMap, BTreeSet};
use words::Words;

/// A graph, and what its numbers are the values of.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The graph.
    pub graph: Graph,
    /// A program whose values are those of the graph.
    pub program: Program,
    /// Whether any function of an output is differentiated, so that gradients have no values.
    pub is_any: bool,
    /// For each node, the tensor of its value, and that of its gradient.
    nodes: Vec<(String, Option<String>)>,
    /// For each edge, the tensors that are added to the gradient there, where other edges add to it too.
    shares: Vec<Vec<String>>,
}

/// The graph of a program, and of the gradient of its objective for some of its given tensors, if there are some.
pub fn drawing(program: &Program, wrt: &[TensorId]) -> Result<Drawing, TooLarge> {
    let mut whole = program.clone();
    let order = whole.order();
    let count = order.len() + whole.ids().filter(|&id| whole.definition(id).is_none()).count();
    if count > MOST_NODES {
        return Err(TooLarge { count, most: MOST_NODES, what: "tensors" });
    }
    for id in order {
        nn::hoist(&mut whole, id);
    }
    let scalar = pipeline::objective(&whole);
    let objective = scalar.or_else(|| only_output(&whole)).filter(|_| !wrt.is_empty());
    let order = whole.order();
    let known = whole.tensors.len();
    let (of_name, record) = match objective {
        None => (None, Record::default()),
        Some(of) => {
            let (seed, name) = seed(&mut whole, of, scalar.is_some());
            let (found, record) = diff::recorded(&mut whole, of, seed, wrt);
            let name_of = |id: TensorId| Role::Output(whole.tensor(id).name.clone());
            let roots: Vec<Root> = found.into_iter().flatten().map(|id| Root { role: name_of(id), tensor: id }).collect();
            whole.roots.extend(roots);
            (Some(name), record)
        }
    };
    let given: Vec<TensorId> = (0..known).map(|number| super::sheet::label(number).0).map(TensorId).collect();
    let of = objective.or_else(|| given.first().copied());
    let Some(of) = of else {
        let graph = Graph { name: whole.name.clone(), ..Graph::default() };
        return Ok(Drawing { graph, program: whole, is_any: false, nodes: Vec::new(), shares: Vec::new() });
    };
    let given = given.into_iter().filter(|&id| whole.definition(id).is_none());
    let shown: Vec<TensorId> = given.chain(order).collect();
    let book = Book::new(whole, record, of, of_name.clone().unwrap_or_default(), known);
    let is_any = objective.is_some() && scalar.is_none();
    Ok(Sketch::new(book, shown).drawing(of_name, is_any))
}

/// What is known while a graph is made.
struct Sketch {
    book: Book,
    /// The tensors that have a node, in order.
    shown: Vec<TensorId>,
    /// Those that are written within others, with these.
    hidden: BTreeMap<TensorId, TensorId>,
    /// The axis that is the time, for what recurs, and the number of its circle.
    times: BTreeMap<TensorId, (usize, usize)>,
    words: Words,
}

impl Sketch {
    fn new(book: Book, tensors: Vec<TensorId>) -> Self {
        let mut hidden: BTreeMap<TensorId, TensorId> = BTreeMap::new();
        // Readers first: what is written within something hidden is written within what that is written in.
        for &id in tensors.iter().rev() {
            let whole = hidden.get(&id).copied().unwrap_or(id);
            hidden.extend(book.parts_of(id).into_iter().map(|part| (part, whole)));
        }
        let shown = tensors.into_iter().filter(|id| !hidden.contains_key(id)).collect();
        let times = edges::times(&book.sheet.program);
        Self { book, shown, hidden, times, words: Words::default() }
    }

    /// The node that a tensor is shown in.
    fn home(&self, id: TensorId) -> TensorId {
        self.hidden.get(&id).copied().unwrap_or(id)
    }

    fn drawing(mut self, of: Option<String>, is_any: bool) -> Drawing {
        let lines = self.lines();
        let taken = self.book.labels.all();
        self.words = Words::new(&self.book.sheet.program, self.book.sheet.names.clone(), &taken);
        let texts = self.texts(&lines);
        let edges = self.edges(&lines, &texts);
        let program = &self.book.sheet.program;
        let graph = Graph {
            name: program.name.clone(),
            documentation: program.documentation.join("\n").trim().to_owned(),
            of,
            nodes: self.nodes(&lines, &texts),
            edges: edges.iter().map(|(edge, _)| edge.clone()).collect(),
        };
        let value_of = |id: &TensorId| {
            let gradient = self.book.adjoints.get(id).map(|&adjoint| program.tensor(adjoint).name.clone());
            (program.tensor(*id).name.clone(), gradient)
        };
        let nodes = self.shown.iter().map(value_of).collect();
        let shares: Vec<Vec<String>> = edges.into_iter().map(|(_, shares)| shares).collect();
        let mut program = self.book.sheet.program;
        let all: BTreeSet<&String> = shares.iter().flatten().collect();
        let found = all.into_iter().filter_map(|name| Some((name.clone(), program.find(name)?)));
        let roots: Vec<Root> = found.map(|(name, tensor)| Root { role: Role::Output(name), tensor }).collect();
        program.roots.extend(roots);
        Drawing { graph, program, is_any, nodes, shares }
    }
}

impl Drawing {
    /// The tensor of its program that is the gradient for a tensor.
    pub fn gradient_of(&self, name: &str) -> Option<&str> {
        self.nodes.iter().find(|(value, _)| value == name)?.1.as_deref()
    }

    /// The graph with values, by the names of the tensors of its program.
    pub fn with_values(self, values: &Values) -> Graph {
        let Self { mut graph, nodes, shares, .. } = self;
        let lines = |tensor: &Tensor| emit::graph::lines(&tensor.shape, &tensor.data);
        let shown = |name: &str| values.get(name).map(lines).unwrap_or_default();
        for (node, (value, gradient)) in graph.nodes.iter_mut().zip(&nodes) {
            node.value = shown(value);
            if let (Some(made), Some(name)) = (&mut node.gradient, gradient) {
                made.value = shown(name);
            }
        }
        for (edge, shares) in graph.edges.iter_mut().zip(&shares) {
            let parts: Vec<&Tensor> = shares.iter().filter_map(|name| values.get(name)).collect();
            let sum = |mut total: Tensor, part: &&Tensor| {
                total.data.iter_mut().zip(&part.data).for_each(|(sum, value)| *sum += value);
                total
            };
            if let [first, rest @ ..] = parts.as_slice() {
                edge.share = lines(&rest.iter().fold((*first).clone(), sum));
            }
        }
        graph
    }
}
