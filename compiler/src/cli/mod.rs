//! The command line: reads files, calls the compiler, prints what it gives. One file for each command.
//!
//! It must know nothing of how a network is differentiated, planned or written.

mod check;
pub mod compile;
mod derive;
mod emit;
mod eval;
mod explain;
mod fmt;
mod graph;
mod json;
mod new;
mod plan;
mod program;
mod report;
mod request;
mod start;
mod trace;
mod workshop;
mod wrt;

pub use eval::compiled;
pub use workshop::Workshop;

use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::Write;

/// Networks as equations: checked, differentiated, evaluated and written as Rust.
#[derive(Debug, Parser)]
#[command(name = "chainrule", version)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a file with a network to begin with.
    New(new::Arguments),
    /// Says whether a program is right.
    Check(Program),
    /// Prints the equations of a network and of its derivatives.
    Derive(derive::Arguments),
    /// Derives the gradient line by line, as on a blackboard.
    Explain(explain::Arguments),
    /// Draws a network with its gradient.
    Graph(graph::Arguments),
    /// Evaluates a network and its gradient for given values.
    Eval(eval::Arguments),
    /// Prints the Rust code that a network is compiled to.
    Emit(emit::Arguments),
    /// Prints the memory of a network: its buffers, and for each pass the steps and what lives when.
    Plan(plan::Arguments),
    /// Formats a file in place.
    Fmt(fmt::Arguments),
}

/// Which program a command is about, and how it answers.
#[derive(Debug, clap::Args)]
struct Program {
    #[command(flatten)]
    choice: program::Choice,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Why a command did not do what was asked.
enum Failure {
    /// The program has errors: exit status 1.
    Program(Box<report::Report>),
    /// The call is wrong: exit status 2.
    Call(String),
}

impl Failure {
    /// It in one line.
    fn summary(&self) -> String {
        match self {
            Self::Program(report) => {
                report.diagnostics.sorted().first().map_or_else(String::new, |diagnostic| diagnostic.message.clone())
            }
            Self::Call(message) => message.clone(),
        }
    }
}

/// Where a command prints to.
struct Streams<'a> {
    out: &'a mut dyn Write,
    error: &'a mut dyn Write,
}

impl Streams<'_> {
    /// Prints an answer. A reader that has gone away is no mistake.
    fn print(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
    }

    /// Prints a complaint.
    fn complain(&mut self, text: &str) {
        let _ = self.error.write_all(text.as_bytes());
    }
}

/// Runs a command line (the name of the program first) and gives the exit status: 0 for fine, 1 where the program has errors,
/// 2 where the call is wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write, error: &mut dyn Write) -> u8 {
    let mut streams = Streams { out, error };
    let line = match Line::try_parse_from(arguments) {
        Ok(line) => line,
        Err(problem) => {
            let text = problem.render().to_string();
            if problem.use_stderr() {
                streams.complain(&text)
            } else {
                streams.print(&text)
            }
            return u8::try_from(problem.exit_code()).unwrap_or(2);
        }
    };
    let format = line.command.format();
    let result = match &line.command {
        Command::New(arguments) => new::run(arguments, &mut streams),
        Command::Check(arguments) => check::run(arguments, &mut streams),
        Command::Derive(arguments) => derive::run(arguments, &mut streams),
        Command::Explain(arguments) => explain::run(arguments, &mut streams),
        Command::Graph(arguments) => graph::run(arguments, &mut streams),
        Command::Eval(arguments) => eval::run(arguments, &mut streams),
        Command::Emit(arguments) => emit::run(arguments, &mut streams),
        Command::Plan(arguments) => plan::run(arguments, &mut streams),
        Command::Fmt(arguments) => fmt::run(arguments, &mut streams),
    };
    match result {
        Ok(()) => 0,
        Err(Failure::Program(report)) => {
            report.show(format, &mut streams);
            1
        }
        Err(Failure::Call(message)) => {
            streams.complain(&format!("error: {message}\n"));
            2
        }
    }
}

impl Command {
    fn format(&self) -> Format {
        match self {
            Self::Check(program) => program.format,
            Self::Derive(arguments) if arguments.format == derive::Format::Json => Format::Json,
            Self::New(_)
            | Self::Derive(_)
            | Self::Explain(_)
            | Self::Graph(_)
            | Self::Eval(_)
            | Self::Emit(_)
            | Self::Plan(_)
            | Self::Fmt(_) => Format::Text,
        }
    }
}

#[cfg(test)]
mod refusals;
#[cfg(test)]
mod tests;
