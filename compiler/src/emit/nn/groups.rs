//! Labels that are taken apart by quotients and remainders, as groups: `y[b, k] = x[k div 2, b, k mod 2]` is
//! `y[b, (h, d)] = x[h, b, d]`. It must not know how formulas are written.

use crate::ir::{Atom, ExpressionId, Extent, Index, Label, Node, Program, TensorId, bounds};

/// No label is taken apart more often.
const MOST_SPLITS: usize = 8;

/// A definition whose labels may stand in groups.
pub struct Grouped {
    /// The formula in the labels below.
    pub body: ExpressionId,
    /// How far the labels run.
    pub extents: Vec<Extent>,
    /// What they are called, if that is known.
    pub names: Vec<String>,
    /// The labels of each axis, the slowest first.
    pub axes: Vec<Vec<Label>>,
    /// The labels of the reduction.
    pub reduced: Vec<Label>,
}

/// The labels of a definition, taken apart where its formula does so. The time of a recurrence stays one label: a step is the one before
/// and one more.
pub fn grouped(program: &mut Program, id: TensorId, body: ExpressionId, time: Option<Label>) -> Grouped {
    let mut grouped = Grouped::plain(program, id, body);
    for _ in 0..MOST_SPLITS {
        let Some((label, by)) = split(program, &grouped).filter(|(label, _)| Some(*label) != time) else { break };
        grouped.split(program, label, &by);
    }
    grouped
}

/// A label whose quotient by a divisor of its extent occurs, and that divisor.
fn split(program: &Program, grouped: &Grouped) -> Option<(Label, Extent)> {
    let mut found = None;
    let mut visit = |index: &Index| found = found.take().or_else(|| split_in(index, &grouped.extents));
    for node in program.expressions.reachable(grouped.body) {
        match program.expressions.node(node) {
            Node::Position(index) | Node::Random(_, index) => visit(index),
            Node::Read(_, at) => at.iter().for_each(&mut visit),
            Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
        }
    }
    found
}

fn split_in(index: &Index, extents: &[Extent]) -> Option<(Label, Extent)> {
    index.terms().find_map(|(atom, _)| match atom {
        Atom::Label(_) => None,
        Atom::Quotient(form, by) | Atom::Remainder(form, by) => split_in(form, extents).or_else(|| {
            let label = form.as_label()?;
            let outer = extents.get(label.0 as usize)?.divided_exactly(by)?;
            (!outer.is_one() && !by.is_one()).then(|| (label, by.clone()))
        }),
        Atom::Element(_, at) => at.iter().find_map(|index| split_in(index, extents)),
    })
}

impl Grouped {
    /// The labels of a definition as they are.
    pub fn plain(program: &Program, id: TensorId, body: ExpressionId) -> Self {
        let (extents, rank) = (program.label_extents(id), program.tensor(id).shape.len());
        let all: Vec<Label> = (0..extents.len()).map(|label| Label(u32::try_from(label).unwrap_or(u32::MAX))).collect();
        let names = all.iter().map(|label| program.label_name(id, *label)).collect();
        let axes = all[..rank].iter().map(|label| vec![*label]).collect();
        Self { body, extents, names, axes, reduced: all[rank..].to_vec() }
    }

    /// `label` becomes `by * label + part`, with a new label for the part.
    fn split(&mut self, program: &mut Program, label: Label, by: &Extent) {
        let part = Label(u32::try_from(self.extents.len()).unwrap_or(u32::MAX));
        let Some(outer) = self.extents[label.0 as usize].divided_exactly(by) else { return };
        self.extents[label.0 as usize] = outer;
        self.extents.push(by.clone());
        self.names.push(self.names[label.0 as usize].clone());
        for labels in self.axes.iter_mut().chain([&mut self.reduced]) {
            if let Some(place) = labels.iter().position(|own| *own == label) {
                labels.insert(place + 1, part);
            }
        }
        let both = Index::label(label).times(by).plus(&Index::label(part));
        let replace = |index: &Index| index.substitute(&mut |own| if own == label { both.clone() } else { Index::label(own) });
        let mut expressions = std::mem::take(&mut program.expressions);
        self.body = expressions.rebuild(self.body, &mut |expressions, node| match node {
            Node::Position(index) => expressions.position(bounds::simplify(program, &replace(&index), &self.extents)),
            Node::Random(stream, index) => {
                let index = bounds::simplify(program, &replace(&index), &self.extents);
                expressions.random(stream, index)
            }
            Node::Read(tensor, at) => {
                let at = at.iter().map(|index| bounds::simplify(program, &replace(index), &self.extents)).collect();
                expressions.read(tensor, at)
            }
            other @ (Node::Number(_) | Node::Apply(..) | Node::Select(..)) => expressions.intern(other),
        });
        program.expressions = expressions;
    }
}
