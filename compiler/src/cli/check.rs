//! `chainrule check`: says whether a program is right, in training and in inference.

use super::program::Loaded;
use super::{Failure, Format, Program, Streams};

/// Runs the command.
pub fn run(call: &Program, streams: &mut Streams) -> Result<(), Failure> {
    let Loaded { program, report } = Loaded::read(&call.choice, true)?;
    let name = program.name.clone();
    // Both programs at once may be more than fits.
    drop(program);
    Loaded::read(&call.choice, false)?;
    match call.format {
        Format::Text => {
            streams.complain(&report.text());
            streams.print(&format!("{}: {name} is fine\n", call.choice.file.display()));
        }
        Format::Json => streams.print(&report.json()),
    }
    Ok(())
}
