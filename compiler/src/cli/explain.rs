//! `chainrule explain`: the derivation of a gradient, line by line.

use super::program::{Choice, Loaded};
use super::{Failure, Streams, wrt};
use crate::explain;
use clap::ValueEnum;

/// The arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    /// The names for which derivatives are explained: parameters, inputs, states. All parameters where none are named, or all inputs
    /// where there are no parameters.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    wrt: Option<Vec<String>>,
    /// How the derivation is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How a derivation is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Plain text, as on a blackboard.
    Text,
    /// LaTeX, for amsmath.
    Latex,
}

/// Runs the command.
pub fn run(call: &Arguments, streams: &mut Streams) -> Result<(), Failure> {
    let loaded = Loaded::read(&call.choice, true)?;
    loaded.show_warnings(streams);
    let wrt = wrt::wanted(&loaded.program, call.wrt.as_deref()).map_err(Failure::Call)?;
    if wrt.is_empty() {
        return Err(Failure::Call(
            "there is nothing to differentiate for: the network has neither parameters nor inputs of real numbers".into(),
        ));
    }
    let explanation = explain::explain(&loaded.program, &wrt).ok_or_else(|| Failure::Call(NOTHING.into()))?;
    streams.print(&match call.format {
        Format::Text => explain::text(&explanation),
        Format::Latex => explain::latex(&explanation),
    });
    Ok(())
}

/// Why there is no derivation.
const NOTHING: &str = "there is nothing to differentiate: neither a loss nor an only output";
