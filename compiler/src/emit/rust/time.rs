//! Loops over the time whose steps are loops over the same rounds, and products with a row for each round: the recurrence of a batch. Its
//! samples know nothing of each other, so the time may as well run within each of them, or within some of them. It must not know what
//! makes rounds independent.

use crate::ir::{Extent, Index, Label};
use crate::loops::substitute::Substitution;
use crate::loops::{Axis, Product, Statement, Variable};

/// The rounds of the first loop within a step: its variable, and how many there are.
pub fn rounds(body: &[Statement]) -> Option<(Variable, &Extent)> {
    body.iter().find_map(|statement| {
        let Statement::For { variable, extent, backward: false, .. } = statement else { return None };
        Some((*variable, extent))
    })
}

/// The loop over the time within one round; `None` if something in a step is not done for each round.
pub fn interchanged(time: &Statement, round: Variable, extent: &Extent) -> Option<Statement> {
    let Statement::For { variable, extent: steps, backward, body } = time else { return None };
    let body = step_of_round(body, round, extent)?;
    Some(Statement::For { variable: *variable, extent: steps.clone(), backward: *backward, body })
}

/// What is done in a step for one round.
fn step_of_round(body: &[Statement], round: Variable, extent: &Extent) -> Option<Vec<Statement>> {
    let mut of_round = Vec::new();
    for statement in body {
        match statement {
            Statement::Comment(_) | Statement::Let(..) => of_round.push(statement.clone()),
            Statement::For { variable, extent: rounds, backward: false, body } if rounds == extent => {
                let at_round = |label| Index::label(if label == Label(variable.0) { Label(round.0) } else { label });
                let mut substitution = Substitution::new(at_round, |local| local);
                of_round.extend(body.iter().map(|statement| substitution.statement(statement)));
            }
            Statement::Product(product) => {
                let row = row(product, extent)?;
                let mut of_row = beginning_at(product, row, &Index::label(Label(round.0)));
                of_row.m.clear();
                of_round.push(Statement::Product(Box::new(of_row)));
            }
            Statement::For { .. }
            | Statement::Accumulator(..)
            | Statement::Assign(..)
            | Statement::Store { .. }
            | Statement::Fill(..) => return None,
        }
    }
    Some(of_round)
}

/// The axis of the rows of a product of matrices that has a row for each round.
fn row<'a>(product: &'a Product, extent: &Extent) -> Option<&'a Axis> {
    match product.m.as_slice() {
        [row] if product.is_of_matrices() && row.extent == *extent => Some(row),
        _ => None,
    }
}

/// The product from a row on.
fn beginning_at(product: &Product, row: &Axis, at: &Index) -> Product {
    let mut product = product.clone();
    product.a.offset = product.a.offset.plus(&at.times(&row.strides[0]));
    product.c.offset = product.c.offset.plus(&at.times(&row.strides[1]));
    product
}

/// The loop over the time for `count` rounds from `first` on. Each step is what [`interchanged`] takes.
pub fn from(time: &Statement, first: Variable, count: &Extent) -> Statement {
    let Statement::For { variable, extent, backward, body } = time else { return time.clone() };
    let body = body.iter().map(|statement| part_of_step(statement, first, count)).collect();
    Statement::For { variable: *variable, extent: extent.clone(), backward: *backward, body }
}

fn part_of_step(statement: &Statement, first: Variable, count: &Extent) -> Statement {
    match statement {
        Statement::For { variable, backward, body, .. } => {
            let round = Label(variable.0);
            let counted_from_first = |label| {
                let at = Index::label(label);
                if label == round { at.plus(&Index::label(Label(first.0))) } else { at }
            };
            let mut substitution = Substitution::new(counted_from_first, |local| local);
            let body = body.iter().map(|statement| substitution.statement(statement)).collect();
            Statement::For { variable: *variable, extent: count.clone(), backward: *backward, body }
        }
        Statement::Product(product) => {
            let Some(row) = product.m.first() else { return statement.clone() };
            let mut part = beginning_at(product, row, &Index::label(Label(first.0)));
            part.m[0].extent = count.clone();
            Statement::Product(Box::new(part))
        }
        Statement::Comment(_)
        | Statement::Let(..)
        | Statement::Accumulator(..)
        | Statement::Assign(..)
        | Statement::Store { .. }
        | Statement::Fill(..) => statement.clone(),
    }
}
