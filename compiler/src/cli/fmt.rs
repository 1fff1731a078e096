//! `chainrule fmt`: writes a file in the canonical form.

use super::report::Report;
use super::{Failure, Streams};
use crate::diagnostic::Diagnostics;
use crate::files;
use crate::source::Sources;
use crate::syntax::format_text;
use std::path::PathBuf;

/// The arguments of `fmt`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file.
    file: PathBuf,
    /// Changes nothing, and exits with 1 where the file is not in the canonical form.
    #[arg(long)]
    check: bool,
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams) -> Result<(), Failure> {
    let name = arguments.file.display().to_string();
    let bytes = files::read(&arguments.file).map_err(|error| Failure::Call(format!("{name}: {error}")))?;
    let mut diagnostics = Diagnostics::new();
    let mut sources = Sources::default();
    let id = sources.add_bytes(name.clone(), &bytes, &mut diagnostics);
    let text = sources.text(id).to_owned();
    let Some(formatted) = format_text(&text, id, &mut diagnostics).filter(|_| !diagnostics.has_errors()) else {
        return Err(Failure::Program(Box::new(Report { diagnostics, sources })));
    };
    if formatted == text {
        return Ok(());
    }
    if arguments.check {
        streams.complain(&format!("{name} is not formatted\n"));
        return Err(Failure::Program(Box::new(Report { diagnostics, sources })));
    }
    std::fs::write(&arguments.file, formatted).map_err(|error| Failure::Call(format!("{name}: {error}")))
}
