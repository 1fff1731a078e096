//! The names for which derivatives are asked.

use crate::ir::{Element, Program, TensorId};
use crate::pipeline;

/// Why there is no derivative.
pub const NO_OBJECTIVE: &str = "there is nothing to differentiate: neither a loss nor an only scalar output";

/// That there is something to differentiate, where names are given to differentiate for.
pub fn checked(program: &Program, names: Option<&[String]>) -> Result<(), String> {
    let is_asked = names.is_some_and(|names| !names.is_empty());
    if is_asked && pipeline::objective(program).is_none() { Err(NO_OBJECTIVE.into()) } else { Ok(()) }
}

/// The tensors of these names; where none are named all parameters, or all inputs where there are no parameters.
pub fn wanted(program: &Program, names: Option<&[String]>) -> Result<Vec<TensorId>, String> {
    if names.is_none() { Ok(pipeline::unnamed(program)) } else { named(program, names) }
}

/// The tensors of these names, or all parameters where none are named.
pub fn named(program: &Program, names: Option<&[String]>) -> Result<Vec<TensorId>, String> {
    let Some(names) = names else { return Ok(pipeline::parameters(program)) };
    let found = names.iter().map(|name| differentiable(program, name)).collect::<Result<Vec<_>, _>>()?;
    for (number, name) in names.iter().enumerate() {
        if names[..number].contains(name) {
            return Err(format!("`{name}` is named twice"));
        }
    }
    Ok(found)
}

/// The tensor of a name that may be differentiated for.
fn differentiable(program: &Program, name: &str) -> Result<TensorId, String> {
    let id = program.find(name).filter(|&id| program.definition(id).is_none());
    let Some(id) = id else {
        let known = program.ids().filter(|&id| program.definition(id).is_none() && program.tensor(id).element == Element::Real);
        let known: Vec<&str> = known.map(|id| program.tensor(id).name.as_str()).collect();
        let known = if known.is_empty() { "there are none".to_owned() } else { format!("there are {}", known.join(", ")) };
        return Err(format!("`{name}` is no parameter, input or state of the network, so it has no gradient: {known}"));
    };
    if program.tensor(id).element != Element::Real {
        return Err(format!("`{name}` holds integers, so it has no gradient"));
    }
    Ok(id)
}
