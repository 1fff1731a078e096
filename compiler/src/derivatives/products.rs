//! Products of many factors, step by step: the slope of each is the product of all others, which costs as many multiplications as there
//! are pairs of factors when each is computed alone.
//!
//! ```text
//! p[i] = Π_k f[i, k]                           before[i, k] = where(k == 0, 1, upto[i, k - 1])
//!                                              upto[i, k] = before[i, k] · f[i, k]
//!                                              p[i] = upto[i, n - 1]
//!
//! o[i, k] = Π_k' where(k == k', 1, f[i, k'])   behind[i, k] = where(k == n - 1, 1, from[i, k + 1])
//!                                              from[i, k] = f[i, k] · behind[i, k]
//!                                              o[i, k] = before[i, k] · behind[i, k]
//! ```
//!
//! So written, the gradient of a loss and every derivative along a vector has a few multiplications for each factor, and so have all
//! products of others that a Jacobian has; no factor is divided by: it is right with zeros among them. What a Jacobian may be taken of
//! is left as it is until there is nothing more to differentiate: a recurrence would hide its structure.

use crate::diff::plain_labels;
use crate::ir::{Definition, Element, ExpressionId, Extent, Index, Label, Node, Program, Role, Root, Source, Tensor, TensorId};
use crate::ops::{Operator, Reduction};
use std::collections::BTreeSet;

/// Writes the products by which a tensor depends on one of `wrt` and that have more than `most` factors step by step, those within a
/// recurrence excepted.
pub fn stepwise(program: &mut Program, of: TensorId, wrt: &[TensorId], most: i64) {
    let recurrent = program.recurrent();
    let saved = std::mem::replace(&mut program.roots, vec![Root { role: Role::Loss, tensor: of }]);
    let mut active: BTreeSet<TensorId> = wrt.iter().copied().collect();
    for id in program.order() {
        if recurrent.contains(&id) || program.dependencies(id).iter().any(|read| active.contains(read)) {
            active.insert(id);
        }
        let is_free = active.contains(&id) && !recurrent.contains(&id) && !wrt.contains(&id);
        if let Some(product) = Product::of(program, id).filter(|product| is_free && product.is_longer_than(most)) {
            product.write(program, id);
        }
    }
    program.roots = saved;
}

/// Writes the products of all factors but one that have more than `most` step by step, those within a recurrence excepted; whether
/// there are any.
pub fn others_stepwise(program: &mut Program, most: i64) -> bool {
    let recurrent = program.recurrent();
    let mut found = false;
    for id in program.order().into_iter().filter(|id| !recurrent.contains(id)) {
        let product = Product::of(program, id).filter(|product| product.without.is_some() && product.is_longer_than(most));
        found |= product.is_some();
        product.into_iter().for_each(|product| product.write(program, id));
    }
    found
}

/// A product of factors that stand in a row; those along several labels in the order of elements in memory.
struct Product {
    /// The axes of the definition that the factors have too.
    kept: Vec<Label>,
    /// The lengths of the labels along the row.
    along: Vec<Extent>,
    /// How many factors there are.
    length: Extent,
    /// A factor, over the labels of the definition.
    factor: ExpressionId,
    /// Which factor is left out, over the labels of the definition.
    without: Option<Index>,
}

impl Product {
    /// The product that defines a tensor, if one does.
    fn of(program: &Program, id: TensorId) -> Option<Self> {
        let Definition { reduction: Some((Reduction::Product, along)), body } = program.definition(id)?.clone() else {
            return None;
        };
        if program.tensor(id).element != Element::Real {
            return None;
        }
        let length = along.iter().fold(Extent::one(), |product, extent| product.times(extent));
        let kept = (0..program.tensor(id).shape.len()).map(label).collect();
        let all = Self { kept, along, length, factor: body, without: None };
        Some(all.of_others(program, id).unwrap_or(all))
    }

    /// The product of all factors but the one at some of the axes, if it is one.
    fn of_others(&self, program: &Program, id: TensorId) -> Option<Self> {
        let expressions = &program.expressions;
        let Node::Select(condition, one, factor) = *expressions.node(self.factor) else { return None };
        let pairs = equal_labels(program, condition).filter(|_| expressions.as_number(one) == Some(1.0))?;
        let (rank, extents) = (self.kept.len(), program.label_extents(id));
        let mut place = Index::default();
        let mut kept = self.kept.clone();
        for number in rank..extents.len() {
            let own = |&(a, b): &(Label, Label)| [(a, b), (b, a)].into_iter().find(|pair| pair.1 == label(number));
            let (axis, _) = pairs.iter().find_map(own)?;
            let before = kept.len();
            kept.retain(|&other| other != axis);
            if kept.len() == before || extents[axis.0 as usize] != extents[number] {
                return None;
            }
            place = place.times(&extents[number]).plus(&Index::label(axis));
        }
        let mut is_free = pairs.len() == extents.len() - rank;
        expressions.each_label(factor, &mut |Label(own)| is_free &= own as usize >= rank || kept.contains(&Label(own)));
        is_free.then(|| Self { kept, along: self.along.clone(), length: self.length.clone(), factor, without: Some(place) })
    }

    fn is_longer_than(&self, most: i64) -> bool {
        self.length.as_constant().is_none_or(|count| count > most)
    }

    /// Writes it as the definition of its tensor.
    fn write(&self, program: &mut Program, id: TensorId) {
        let last = Index::constant(self.length.plus_constant(-1));
        let factor = self.factor_along(program, id);
        let [before, upto] = self.products(program, id, factor, ["before", "upto"], &Index::default(), -1);
        let body = match &self.without {
            None => {
                let all = program.expressions.read(upto, self.at(last));
                self.unless_empty(program, all)
            }
            Some(place) => {
                let [behind, _] = self.products(program, id, factor, ["behind", "from"], &last, 1);
                let [before, behind] = [before, behind].map(|side| program.expressions.read(side, self.at(place.clone())));
                program.expressions.apply(Operator::Multiply, &[before, behind])
            }
        };
        set(program, id, body);
    }

    /// The product of all factors where there is one, else 1; the length of an axis may turn out to be 0.
    fn unless_empty(&self, program: &mut Program, all: ExpressionId) -> ExpressionId {
        if program.domain().is_at_least(&self.length, 1) {
            return all;
        }
        let expressions = &mut program.expressions;
        let [length, zero, one] =
            [self.length.clone(), Extent::zero(), Extent::one()].map(|e| expressions.position(Index::constant(e)));
        let is_empty = expressions.apply(Operator::Equal, &[length, zero]);
        expressions.select(is_empty, one, all)
    }

    /// A place in the row of factors for an element of the definition.
    fn at(&self, place: Index) -> Vec<Index> {
        self.kept.iter().copied().map(Index::label).chain([place]).collect()
    }

    /// The products of all factors on one side of each, without and with it. That side ends with the factor at `end`, and the next one
    /// of it is `step` away.
    fn products(
        &self,
        program: &mut Program,
        id: TensorId,
        factor: ExpressionId,
        names: [&str; 2],
        end: &Index,
        step: i64,
    ) -> [TensorId; 2] {
        let rank = self.kept.len();
        let mut axes: Vec<Extent> = self.kept.iter().map(|axis| program.tensor(id).shape[axis.0 as usize].clone()).collect();
        axes.push(self.length.clone());
        let names_of_labels: Vec<String> = self
            .kept
            .iter()
            .copied()
            .chain([label(program.tensor(id).shape.len())])
            .map(|own| program.label_name(id, own))
            .collect();
        let one = program.expressions.number(1.0);
        let without = define(program, id, names[0], &axes, &names_of_labels, one);
        let read = program.expressions.read(without, plain_labels(rank + 1));
        let product = program.expressions.apply(Operator::Multiply, &[read, factor]);
        let with = define(program, id, names[1], &axes, &names_of_labels, product);
        let along = Index::label(label(rank));
        let mut next = plain_labels(rank + 1);
        next[rank] = along.plus(&Index::constant(Extent::constant(step)));
        let expressions = &mut program.expressions;
        let (next, position, end) =
            (expressions.read(with, next), expressions.position(along), expressions.position(end.clone()));
        let is_end = expressions.apply(Operator::Equal, &[position, end]);
        let body = expressions.select(is_end, one, next);
        set(program, without, body);
        [without, with]
    }

    /// The factor at a place of the row, over the axes that are kept and the place. What is more than a read is computed once.
    fn factor_along(&self, program: &mut Program, id: TensorId) -> ExpressionId {
        let (rank, kept) = (program.tensor(id).shape.len(), self.kept.len());
        let own = |number: usize| {
            if number < rank { self.kept.iter().position(|&axis| axis == label(number)) } else { Some(kept + number - rank) }
        };
        let mut of_own = |Label(number)| Index::label(label(own(number as usize).unwrap_or_default()));
        let mut body = program.expressions.substitute(self.factor, &mut of_own);
        if !matches!(program.expressions.node(body), Node::Read(..)) {
            let extents = program.label_extents(id);
            let labels = (0..extents.len()).filter(|&number| own(number).is_some());
            let (axes, names): (Vec<Extent>, Vec<String>) =
                labels.map(|number| (extents[number].clone(), program.label_name(id, label(number)))).unzip();
            let factors = define(program, id, "factors", &axes, &names, body);
            body = program.expressions.read(factors, plain_labels(axes.len()));
        }
        let mut place = plain_labels(kept + 1);
        let mut rest = place.remove(kept);
        let mut digits = Vec::new();
        for (number, extent) in self.along.iter().enumerate().rev() {
            digits.push(if number == 0 { rest.clone() } else { rest.remainder(extent) });
            rest = rest.quotient(extent);
        }
        place.extend(digits.into_iter().rev());
        program.expressions.substitute(body, &mut |Label(number)| place[number as usize].clone())
    }
}

/// The pairs of labels that a condition says to be equal; `None` where it says anything else.
fn equal_labels(program: &Program, condition: ExpressionId) -> Option<Vec<(Label, Label)>> {
    let expressions = &program.expressions;
    let of_label = |id: ExpressionId| match expressions.node(id) {
        Node::Position(index) => index.as_label(),
        Node::Number(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => None,
    };
    let (mut pairs, mut open) = (Vec::new(), vec![condition]);
    while let Some(id) = open.pop() {
        match expressions.node(id) {
            Node::Apply(Operator::And, arguments) => open.extend(arguments),
            Node::Apply(Operator::Equal, arguments) => pairs.push((of_label(arguments[0])?, of_label(arguments[1])?)),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                return None;
            }
        }
    }
    Some(pairs)
}

fn define(
    program: &mut Program,
    like: TensorId,
    suffix: &str,
    axes: &[Extent],
    names: &[String],
    body: ExpressionId,
) -> TensorId {
    let original = program.tensor(like);
    let tensor = Tensor {
        name: format!("{}_{suffix}", original.name),
        shape: axes.to_vec(),
        element: Element::Real,
        source: Source::Defined(Definition { reduction: None, body }),
        label_names: names.to_vec(),
        span: original.span,
        documentation: Vec::new(),
    };
    program.add(tensor)
}

fn set(program: &mut Program, id: TensorId, body: ExpressionId) {
    program.tensors[id.0 as usize].source = Source::Defined(Definition { reduction: None, body });
}

fn label(number: usize) -> Label {
    Label(u32::try_from(number).unwrap_or(u32::MAX))
}
