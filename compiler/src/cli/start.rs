//! Parameters and states that are not given: they start as they are declared.

use crate::eval::sizes::Sizes;
use crate::eval::{Tensor, Values};
use crate::ir::{Program, Source};

/// Gives a value to all parameters and states that have none.
pub fn fill(program: &Program, values: &mut Values, _seed: u64) -> Result<(), String> {
    let sizes = Sizes::bind(program, values).map_err(|error| error.to_string())?;
    let mut added = Vec::new();
    for tensor in &program.tensors {
        let initializer = match &tensor.source {
            Source::Parameter(initializer) | Source::State(initializer) if !values.contains_key(&tensor.name) => initializer,
            Source::Parameter(_) | Source::State(_) | Source::Input | Source::Target | Source::Defined(_) => continue,
        };
        let shape = sizes.shape(&tensor.shape, &tensor.name).map_err(|error| error.to_string())?;
        let value = match (initializer.name.as_str(), &initializer.arguments[..]) {
            ("zeros", []) => 0.0,
            ("ones", []) => 1.0,
            ("constant", [value]) => *value,
            (name, _) => return Err(format!("parameter `{}` has no value, and {name} needs a generator", tensor.name)),
        };
        added.push((tensor.name.clone(), Tensor::filled(shape, value)));
    }
    drop(sizes);
    values.extend(added);
    Ok(())
}
