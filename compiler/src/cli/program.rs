//! Reads a program and what it imports from files, and elaborates it.

use super::report::Report;
use super::{Failure, Program, Streams};
use crate::diagnostic::Diagnostics;
use crate::elaborate::{Options, elaborate};
use crate::files::{self, Files};
use crate::ir;

/// A network, elaborated, with warnings and the texts that they speak of.
pub struct Loaded {
    /// The network.
    pub program: ir::Program,
    /// What was found on the way.
    pub report: Report,
}

impl Loaded {
    /// The network of the call, for training or for inference.
    pub fn read(call: &Program, training: bool) -> Result<Self, Failure> {
        let bytes = files::read(&call.file).map_err(|error| Failure::Call(format!("{}: {error}", call.file.display())))?;
        let mut diagnostics = Diagnostics::new();
        let mut files = Files::default();
        let file = files.parse(&call.file, &bytes, &mut diagnostics);
        let options = Options { network: call.network.clone(), training, ..Options::default() };
        let program = elaborate(&file, &options, &mut files, &mut diagnostics).filter(|_| !diagnostics.has_errors());
        let report = Report { diagnostics, sources: files.sources };
        match program {
            Some(program) => Ok(Self { program, report }),
            None => Err(Failure::Program(Box::new(report))),
        }
    }

    /// Shows warnings to people.
    pub fn show_warnings(&self, streams: &mut Streams) {
        streams.complain(&self.report.text());
    }
}
