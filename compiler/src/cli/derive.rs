//! `chainrule derive`: the equations of a network and of the gradient for its parameters.

use super::json::print_text;
use super::program::Loaded;
use super::{Failure, Format, Streams};
use crate::emit::nn;
use crate::ir::{Program, Role};
use crate::pipeline;

/// Runs the command.
pub fn run(call: &super::Program, streams: &mut Streams) -> Result<(), Failure> {
    let loaded = Loaded::read(call, true)?;
    loaded.show_warnings(streams);
    let equations = equations(&loaded.program);
    match call.format {
        Format::Text => streams.print(&equations),
        Format::Json => {
            let (name, equations) = (print_text(&loaded.program.name), print_text(&equations));
            streams.print(&format!("{{\"network\": {name}, \"derivative\": {equations}}}\n"));
        }
    }
    Ok(())
}

/// The equations of a network in training and of its gradient.
pub fn equations(program: &Program) -> String {
    let derived = pipeline::gradient(program, &pipeline::parameters(program), |role| !matches!(role, Role::Update(_)));
    nn::print(&derived.program)
}
