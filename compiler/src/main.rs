//! The command `chainrule`: a shell around [`chainrule_compiler::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut out, mut error) = (std::io::stdout(), std::io::stderr());
    ExitCode::from(chainrule_compiler::cli::run(std::env::args_os(), &mut out, &mut error))
}
