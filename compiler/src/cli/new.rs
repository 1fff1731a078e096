//! `chainrule new`: a file with a network to begin with.

use super::{Failure, Streams};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The arguments of `new`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file that is written. It must not be there yet.
    file: PathBuf,
    /// The name of the network; that of the file, in the spelling of a type, where none is given.
    #[arg(long, value_name = "NAME")]
    network: Option<String>,
}

/// A classifier with one hidden layer.
const STARTER: &str = include_str!("starter.nn");
/// What it is called there.
const PLACE: &str = "Starter";

/// Runs the command.
pub fn run(call: &Arguments, streams: &mut Streams) -> Result<(), Failure> {
    let path = &call.file;
    let wrong = |message: &dyn std::fmt::Display| Failure::Call(format!("{}: {message}", path.display()));
    if path.extension().is_none_or(|extension| extension != "nn") {
        return Err(wrong(&"the name of a file with networks ends with `.nn`"));
    }
    let name = call.network.clone().unwrap_or_else(|| name_of(path));
    if !is_name(&name) {
        let message = format!(
            "`{name}` is no name of a network: letters, digits and `_`, not beginning with a digit; give one with `--network`"
        );
        return Err(wrong(&message));
    }
    let text = STARTER.replace(PLACE, &name);
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let is_there = error.kind() == std::io::ErrorKind::AlreadyExists;
        if is_there { wrong(&"the file is there already, and nothing is written over it") } else { wrong(&error) }
    })?;
    streams.print(&format!("{}: {name} is there; read its gradient with `chainrule derive {0}`\n", path.display()));
    Ok(())
}

/// `two_layers.nn` is `TwoLayers`.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    stem.split(['_', '-', ' ', '.']).map(capital).collect()
}

fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    begins && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
