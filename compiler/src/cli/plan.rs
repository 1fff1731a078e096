//! `chainrule plan`: the memory of a network, what is done in which step, and what lives when.

use super::program::{Choice, Loaded};
use super::{Failure, Streams};
use crate::memory::{Sizes, report};
use crate::pipeline;
use crate::plan::Plan;

/// The arguments of `plan`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    /// The value of a symbolic size; may be given for several.
    #[arg(long, value_name = "NAME=NUMBER", value_parser = size)]
    size: Vec<(String, usize)>,
    /// Shows the pass of training alone: the gradient.
    #[arg(long, conflicts_with = "inference")]
    training: bool,
    /// Shows the passes of inference alone: those that assess and predict.
    #[arg(long)]
    inference: bool,
}

/// `B=32`
fn size(text: &str) -> Result<(String, usize), String> {
    let (name, value) = text.split_once('=').ok_or("a size is given as `name=number`")?;
    let value = value.parse().map_err(|_| format!("the value of a size is a whole number, found `{value}`"))?;
    Ok((name.to_owned(), value))
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams) -> Result<(), Failure> {
    let training = Loaded::read(&arguments.choice, true)?;
    let inference = Loaded::read(&arguments.choice, false)?;
    training.show_warnings(streams);
    let (passes, plans) = pipeline::planned(&training.program, &inference.program);
    let sizes = Sizes::new(&passes.interface, &arguments.size).map_err(Failure::Call)?;
    let is_shown = |plan: &&Plan| if plan.trains() { !arguments.inference } else { !arguments.training };
    let shown: Vec<&Plan> = plans.iter().filter(is_shown).collect();
    streams.print(&report(&passes, &shown, &sizes).map_err(Failure::Call)?);
    Ok(())
}
