//! `chainrule derive`: the equations of a network and of the gradient for its parameters.

use super::json::print_text;
use super::program::Loaded;
use super::{Failure, Format, Streams};
use crate::pipeline;

/// Runs the command.
pub fn run(call: &super::Program, streams: &mut Streams) -> Result<(), Failure> {
    let loaded = Loaded::read(&call.choice, true)?;
    loaded.show_warnings(streams);
    let equations = pipeline::equations(&loaded.program);
    match call.format {
        Format::Text => streams.print(&equations),
        Format::Json => {
            let (name, equations) = (print_text(&loaded.program.name), print_text(&equations));
            streams.print(&format!("{{\"network\": {name}, \"derivative\": {equations}}}\n"));
        }
    }
    Ok(())
}
