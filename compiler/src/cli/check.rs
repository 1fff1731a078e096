//! `chainrule check`: says whether a program is right, in training and in inference.

use super::program::Loaded;
use super::{Failure, Format, Program, Streams};

/// Runs the command.
pub fn run(call: &Program, streams: &mut Streams) -> Result<(), Failure> {
    let loaded = Loaded::read(call, true)?;
    Loaded::read(call, false)?;
    match call.format {
        Format::Text => {
            loaded.show_warnings(streams);
            streams.print(&format!("{}: {} is fine\n", call.file.display(), loaded.program.name));
        }
        Format::Json => streams.print(&loaded.report.json()),
    }
    Ok(())
}
