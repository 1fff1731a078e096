//! `chainrule emit`: the Rust code that a network is compiled to.

use super::program::{Choice, Loaded};
use super::{Failure, Streams};
use crate::{emit, pipeline};
use std::path::PathBuf;

/// The arguments of `emit`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    /// The file that the code is written to; it is printed where none is named.
    #[arg(short, long, value_name = "FILE.rs")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams) -> Result<(), Failure> {
    let training = Loaded::read(&arguments.choice, true)?;
    let inference = Loaded::read(&arguments.choice, false)?;
    training.show_warnings(streams);
    let passes = pipeline::passes(&training.program, &inference.program);
    let code = emit::rust::module(&passes).map_err(Failure::Call)?;
    match &arguments.output {
        None => streams.print(&code),
        Some(path) => {
            std::fs::write(path, code).map_err(|error| Failure::Call(format!("{}: {error}", path.display())))?;
        }
    }
    Ok(())
}
