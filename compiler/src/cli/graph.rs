//! `chainrule graph`: a network with its gradient as a drawing.

use super::eval::given;
use super::program::{Choice, Loaded};
use super::request::Request;
use super::{Failure, Streams, wrt};
use crate::emit::graph::{Graph, dot, svg};
use crate::eval::{Values, evaluate_seeded};
use crate::explain::{Drawing, drawing};
use crate::ir::{Program, Role, TensorId};
use crate::pipeline;
use clap::ValueEnum;
use std::path::PathBuf;

/// The arguments of `graph`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    /// How it is drawn.
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// The file that is written; standard output where none is named.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The names for which gradients are drawn: parameters, inputs, states. All parameters where none are named, or all inputs
    /// where there are no parameters.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    wrt: Option<Vec<String>>,
    /// Draws the network alone, without gradients.
    #[arg(long, conflicts_with = "wrt")]
    forward: bool,
    /// A JSON file with the values of inputs, parameters and states, as for `eval`: all values and gradients are shown.
    #[arg(long, value_name = "VALUES.json")]
    values: Option<PathBuf>,
    /// Draws inference, and not a training step.
    #[arg(long)]
    inference: bool,
    /// From what parameters that are not given are initialized, and random numbers are made.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A picture that needs nothing else.
    Svg,
    /// For Graphviz.
    Dot,
}

/// Runs the command.
pub fn run(call: &Arguments, streams: &mut Streams) -> Result<(), Failure> {
    let loaded = Loaded::read(&call.choice, !call.inference)?;
    loaded.show_warnings(streams);
    let text = answer(&loaded.program, call).map_err(Failure::Call)?;
    match &call.output {
        None => streams.print(&text),
        Some(path) => {
            std::fs::write(path, text).map_err(|error| Failure::Call(format!("{}: {error}", path.display())))?;
        }
    }
    Ok(())
}

fn answer(program: &Program, call: &Arguments) -> Result<String, String> {
    let request = call.values.as_ref().map(|path| {
        let wrong = |error: String| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        Request::parse(&text).map_err(wrong)
    });
    let request = request.transpose()?;
    let names = call.wrt.as_deref().or(request.as_ref().and_then(|request| request.wrt.as_deref()));
    let wrt = if call.forward { Vec::new() } else { wrt::wanted(program, names)? };
    let drawing = drawing(program, &wrt).map_err(|error| error.to_string())?;
    let graph = match &request {
        None => drawing.graph,
        Some(request) => with_values(program, drawing, &wrt, &given(program, request, call.seed)?, call.seed)?,
    };
    let text = match call.format {
        Format::Svg => svg(&graph),
        Format::Dot => dot(&graph),
    };
    text.map_err(|error| error.to_string())
}

/// The graph with the values of all that it shows; what the network gives has those that `eval` prints.
fn with_values(program: &Program, mut drawing: Drawing, wrt: &[TensorId], given: &Values, seed: u64) -> Result<Graph, String> {
    let wrong = |error: crate::eval::EvalError| error.to_string();
    if drawing.is_any {
        drawing.program.roots.retain(|root| program.root(&root.role) == Some(root.tensor));
    }
    let mut values = evaluate_seeded(&drawing.program, given, seed).map_err(wrong)?;
    let derived = pipeline::gradient(program, wrt, |_| true).program;
    let exact = evaluate_seeded(&derived, given, seed).map_err(wrong)?;
    for root in &derived.roots {
        let name = match &root.role {
            Role::Gradient(of) => drawing.gradient_of(&derived.tensor(*of).name).map(str::to_owned),
            Role::Loss | Role::Output(_) | Role::Metric(_) | Role::Update(_) => {
                program.root(&root.role).map(|shown| program.tensor(shown).name.clone())
            }
        };
        if let (Some(name), Some(value)) = (name, exact.get(&derived.tensor(root.tensor).name)) {
            values.insert(name, value.clone());
        }
    }
    Ok(drawing.with_values(&values))
}
