//! The reference evaluator: what a [`Program`] means, in `f64`, by definition and without cleverness.

use super::formula::Formula;
use super::sizes::{MOST_ELEMENTS, Sizes, element_count};
use super::{EvalError, Tensor, Values};
use crate::ir::{Definition, Program, TensorId};

/// The values of all tensors that the roots need, the given ones among them. `values` has the given tensors by name; those
/// that nothing needs may be left out.
pub fn evaluate(program: &Program, values: &Values) -> Result<Values, EvalError> {
    let sizes = Sizes::bind(program, values)?;
    let mut tensors: Vec<Option<Tensor>> = program.ids().map(|id| given(program, values, id)).collect();
    let mut left = MOST_ELEMENTS;
    for id in program.order() {
        let tensor = define(program, &sizes, id, &tensors, left)?;
        left -= tensor.data.len();
        tensors[id.0 as usize] = Some(tensor);
    }
    for root in &program.roots {
        require(program, root.tensor, &tensors)?;
    }
    let named = program.ids().zip(tensors).filter_map(|(id, tensor)| Some((program.tensor(id).name.clone(), tensor?)));
    Ok(named.collect())
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
    let why = if program.definition(id).is_some() { "its definition reads itself" } else { "it has no value" };
    Err(EvalError::new(&program.tensor(id).name, why))
}

/// The value of one definition, where all that it reads has a value.
fn define(program: &Program, sizes: &Sizes, id: TensorId, tensors: &[Option<Tensor>], left: usize) -> Result<Tensor, EvalError> {
    let tensor = program.tensor(id);
    let Some(Definition { reduction, body }) = program.definition(id) else {
        return Err(EvalError::new(&tensor.name, "it has no definition"));
    };
    for read in program.dependencies(id) {
        require(program, read, tensors)?;
    }
    let shape = sizes.shape(&tensor.shape, &tensor.name)?;
    if element_count(&shape, &tensor.name)? > left {
        return Err(EvalError::new(&tensor.name, format!("together, the tensors have more than {MOST_ELEMENTS} elements")));
    }
    let mut formula = Formula::new(program, sizes, id, *body)?;
    let data = match reduction {
        None => each(&shape, &mut |labels| formula.value(labels, tensors))?,
        Some((reduction, extents)) => {
            let inner = sizes.shape(extents, &tensor.name)?;
            element_count(&inner, &tensor.name)?;
            each(&shape, &mut |outer| {
                let values = each(&inner, &mut |inner| formula.value(&[outer, inner].concat(), tensors))?;
                Ok(reduction.value(&values))
            })?
        }
    };
    let value = Tensor { shape, data };
    sizes.check_integers(id, &value)?;
    Ok(value)
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
