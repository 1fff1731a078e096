//! Parameters and states that are not given: they start as they are declared.

use crate::eval::sizes::{Sizes, element_count};
use crate::eval::{Tensor, Values};
use crate::ir::{Precision, Program, Source};
use chainrule_math::init::Initializer;

/// Gives a value to all parameters and states that have none: the one that a network which is initialized from this seed has.
pub fn fill(program: &Program, values: &mut Values, seed: u64) -> Result<(), String> {
    let sizes = Sizes::bind(program, values).map_err(|error| error.to_string())?;
    let mut added = Vec::new();
    for tensor in &program.tensors {
        let initializer = match &tensor.source {
            Source::Parameter(initializer) | Source::State(initializer) if !values.contains_key(&tensor.name) => initializer,
            Source::Parameter(_) | Source::State(_) | Source::Input | Source::Target | Source::Defined(_) => continue,
        };
        let path = &tensor.name;
        let shape = sizes.shape(&tensor.shape, path).map_err(|error| error.to_string())?;
        let count = element_count(&shape, path).map_err(|error| error.to_string())?;
        let initializer =
            Initializer::new(&initializer.name, &initializer.arguments).map_err(|error| format!("`{path}`: {error}"))?;
        let mut data = vec![0.0; count];
        initializer.start(path, &shape, seed, &mut data, |number| rounded(number, program.precision));
        added.push((path.clone(), Tensor { shape, data }));
    }
    drop(sizes);
    values.extend(added);
    Ok(())
}

/// A number as a network holds it.
#[allow(clippy::cast_possible_truncation)]
fn rounded(number: f64, precision: Precision) -> f64 {
    match precision {
        Precision::F32 => f64::from(number as f32),
        Precision::F64 => number,
    }
}
