//! The reference evaluator: what a [`Program`] means, in `f64`, by definition and without cleverness.

use super::formula::Formula;
use super::sizes::{MOST_ELEMENTS, Sizes, element_count};
use super::{EvalError, Tensor, Values};
use crate::ir::{Definition, Program, Recurrence, TensorId, Unit};
use crate::ops::Reduction;
use chainrule_math::counter::Key;

/// The values of all tensors that the roots need, the given ones among them. `values` has the given tensors by name; those
/// that nothing needs may be left out. Random numbers are those of the first step with the seed 0.
pub fn evaluate(program: &Program, values: &Values) -> Result<Values, EvalError> {
    evaluate_seeded(program, values, 0)
}

/// The same with the random numbers of the first step with a seed.
pub fn evaluate_seeded(program: &Program, values: &Values, seed: u64) -> Result<Values, EvalError> {
    let run = Run { program, sizes: Sizes::bind(program, values)?, key: Key::new(seed, 0) };
    let mut tensors: Vec<Option<Tensor>> = program.ids().map(|id| given(program, values, id)).collect();
    let mut left = MOST_ELEMENTS;
    for unit in program.units() {
        match unit {
            Unit::Single(id) => {
                let tensor = define(&run, id, &tensors, left)?;
                left -= tensor.data.len();
                tensors[id.0 as usize] = Some(tensor);
            }
            Unit::Circle(circle) => left -= recur(&run, &circle, &mut tensors, left)?,
        }
    }
    for root in &program.roots {
        require(program, root.tensor, &tensors)?;
    }
    let named = program.ids().zip(tensors).filter_map(|(id, tensor)| Some((program.tensor(id).name.clone(), tensor?)));
    Ok(named.collect())
}

/// What an evaluation is given beside tensors.
struct Run<'a> {
    program: &'a Program,
    sizes: Sizes<'a>,
    /// The key of the random numbers.
    key: Key,
}

fn given(program: &Program, values: &Values, id: TensorId) -> Option<Tensor> {
    match program.definition(id) {
        Some(_) => None,
        None => values.get(&program.tensor(id).name).cloned(),
    }
}

fn require(program: &Program, id: TensorId, tensors: &[Option<Tensor>]) -> Result<(), EvalError> {
    if tensors[id.0 as usize].is_some() {
        return Ok(());
    }
    Err(EvalError::new(&program.tensor(id).name, "it has no value"))
}

/// The value of one definition, where all that it reads has a value.
fn define(run: &Run<'_>, id: TensorId, tensors: &[Option<Tensor>], left: usize) -> Result<Tensor, EvalError> {
    for read in run.program.dependencies(id) {
        require(run.program, read, tensors)?;
    }
    let mut rows = Rows::new(run, id, left)?;
    let data = rows.values(&rows.shape.clone(), None, tensors)?;
    let value = Tensor { shape: rows.shape, data };
    run.sizes.check_integers(id, &value)?;
    Ok(value)
}

/// The values of a recurrence, step by step; how many elements they have.
fn recur(run: &Run<'_>, circle: &[TensorId], tensors: &mut [Option<Tensor>], left: usize) -> Result<usize, EvalError> {
    let program = run.program;
    let name = &program.tensor(circle[0]).name;
    let Some(Recurrence { members, axes, backward }) = Recurrence::of(program, circle) else {
        return Err(EvalError::new(name, "its definition reads itself"));
    };
    let mut rows = Vec::new();
    let mut count = 0;
    for &id in &members {
        let own = Rows::new(run, id, left - count)?;
        let elements = element_count(&own.shape, &program.tensor(id).name)?;
        count += elements;
        tensors[id.0 as usize] = Some(Tensor { shape: own.shape.clone(), data: vec![f64::NAN; elements] });
        rows.push(own);
    }
    let outside = members.iter().flat_map(|&id| program.dependencies(id));
    for read in outside {
        require(program, read, tensors)?;
    }
    let steps = rows[0].shape[axes[0]];
    for step in 0..steps {
        let now = if backward { steps - 1 - step } else { step };
        for ((&id, rows), &axis) in members.iter().zip(&mut rows).zip(&axes) {
            if rows.shape[axis] != steps {
                return Err(EvalError::new(name, "the definitions of its recurrence have different numbers of steps"));
            }
            let mut shape = rows.shape.clone();
            shape[axis] = 1;
            let values = rows.values(&shape, Some((axis, now)), tensors)?;
            if let Some(tensor) = &mut tensors[id.0 as usize] {
                let inner: usize = shape[axis + 1..].iter().product();
                for (place, value) in values.into_iter().enumerate() {
                    tensor.data[(place / inner * steps + now) * inner + place % inner] = value;
                }
            }
        }
    }
    for &id in &members {
        if let Some(tensor) = &tensors[id.0 as usize] {
            run.sizes.check_integers(id, tensor)?;
        }
    }
    Ok(count)
}

/// A definition made ready for evaluation.
struct Rows<'a> {
    shape: Vec<usize>,
    reduced: Option<(Reduction, Vec<usize>)>,
    formula: Formula<'a>,
}

impl<'a> Rows<'a> {
    fn new(run: &Run<'a>, id: TensorId, left: usize) -> Result<Self, EvalError> {
        let Run { program, sizes, key } = run;
        let tensor = program.tensor(id);
        let Some(Definition { reduction, body }) = program.definition(id) else {
            return Err(EvalError::new(&tensor.name, "it has no definition"));
        };
        let shape = sizes.shape(&tensor.shape, &tensor.name)?;
        if element_count(&shape, &tensor.name)? > left {
            return Err(EvalError::new(&tensor.name, format!("together, the tensors have more than {MOST_ELEMENTS} elements")));
        }
        let formula = Formula::new(program, sizes, *key, id, *body)?;
        let reduced = match reduction {
            None => None,
            Some((reduction, extents)) => {
                let inner = sizes.shape(extents, &tensor.name)?;
                element_count(&inner, &tensor.name)?;
                Some((*reduction, inner))
            }
        };
        Ok(Self { shape, reduced, formula })
    }

    /// The values for all positions of a shape, one axis of which may stand still at a position.
    fn values(
        &mut self,
        shape: &[usize],
        fixed: Option<(usize, usize)>,
        tensors: &[Option<Tensor>],
    ) -> Result<Vec<f64>, EvalError> {
        let Self { reduced, formula, .. } = self;
        let rank = shape.len();
        let mut labels = vec![0i64; rank + reduced.as_ref().map_or(0, |(_, inner)| inner.len())];
        each(shape, &mut |position| {
            labels[..rank].copy_from_slice(position);
            if let Some((axis, now)) = fixed {
                labels[axis] = i64::try_from(now).unwrap_or(i64::MAX);
            }
            match reduced {
                None => formula.value(&labels, tensors),
                Some((reduction, inner)) => {
                    let values = each(inner, &mut |inner| {
                        labels[rank..].copy_from_slice(inner);
                        formula.value(&labels, tensors)
                    })?;
                    Ok(reduction.value(&values))
                }
            }
        })
    }
}

/// What a function gives for all positions of a shape, in row-major order.
fn each(shape: &[usize], function: &mut dyn FnMut(&[i64]) -> Result<f64, EvalError>) -> Result<Vec<f64>, EvalError> {
    let count = if shape.contains(&0) { 0 } else { shape.iter().product() };
    let mut position = vec![0i64; shape.len()];
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        values.push(function(&position)?);
        for (index, &length) in position.iter_mut().zip(shape).rev() {
            *index += 1;
            if usize::try_from(*index).is_ok_and(|index| index < length) {
                break;
            }
            *index = 0;
        }
    }
    Ok(values)
}
