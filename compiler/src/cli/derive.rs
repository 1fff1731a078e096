//! `chainrule derive`: the equations of a network and of its derivatives.

use super::json::print_text;
use super::program::{Choice, Loaded};
use super::{Failure, Streams, wrt};
use crate::emit::{math, nn};
use crate::ir::{Program, Role};
use crate::pipeline;
use clap::ValueEnum;

/// The arguments of `derive`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The names for which derivatives are taken: parameters, inputs, states. All parameters where none are named, or all inputs
    /// where there are no parameters.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    wrt: Option<Vec<String>>,
    /// The order of the derivatives: 1 for the gradient, 2 for the gradient and all second derivatives.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2), default_value_t = 1)]
    order: u8,
    /// Prints the gradient as differentiation gives it, before simplification.
    #[arg(long, conflicts_with_all = ["order", "rewrites"])]
    raw: bool,
    /// Says for each rule of simplification where it was applied, and how often.
    #[arg(long)]
    rewrites: bool,
}

/// How equations are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A network of the language, which can be read again.
    Text,
    /// Equations in LaTeX, for amsmath and amssymb.
    Latex,
    /// For programs.
    Json,
}

/// Runs the command.
pub fn run(call: &Arguments, streams: &mut Streams) -> Result<(), Failure> {
    let loaded = Loaded::read(&call.choice, true)?;
    loaded.show_warnings(streams);
    let text = answer(&loaded.program, call).map_err(Failure::Call)?;
    streams.print(&text);
    Ok(())
}

fn answer(program: &Program, call: &Arguments) -> Result<String, String> {
    wrt::checked(program, call.wrt.as_deref())?;
    let wrt = wrt::wanted(program, call.wrt.as_deref())?;
    let objective = pipeline::objective(program);
    if call.order > 1 && objective.is_none() {
        return Err(wrt::NO_OBJECTIVE.into());
    }
    let derived = match (call.raw, call.order) {
        (true, _) => pipeline::raw_gradient(program, &wrt),
        (false, 1) => pipeline::gradient(program, &wrt, |_| true),
        (false, _) => pipeline::hessian(program, &wrt, |role| !matches!(role, Role::Update(_))),
    };
    let mut remarks = pipeline::remarks(program, &derived, call.rewrites);
    if !call.raw && call.order == 1 {
        remarks.push(nn::removed(&pipeline::raw_gradient(program, &wrt).program, &derived.program));
    }
    let equations = || nn::print_with_remarks(&derived.program, &remarks);
    Ok(match call.format {
        Format::Text => equations(),
        Format::Latex => {
            let objective = objective.map_or("f", |id| program.tensor(id).name.as_str());
            math::document::latex(&nn::network(&derived.program), objective, &remarks)
        }
        Format::Json => {
            let (name, equations) = (print_text(&program.name), print_text(&equations()));
            format!("{{\"network\": {name}, \"derivative\": {equations}}}\n")
        }
    })
}
