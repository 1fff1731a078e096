//! What the tests share: the golden cases, the command line run in this process, and the comparison of numbers.

pub mod compare;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The instruction sets that compiled cases run in, as the variable `CHAINRULE_INSTRUCTIONS` calls them.
pub const INSTRUCTIONS: &[&str] = &["baseline", "avx2", "avx512"];

/// What a run of the command line gave.
#[derive(Debug)]
pub struct Run {
    /// The exit status.
    pub status: u8,
    /// What it printed.
    pub out: String,
    /// What it complained about.
    pub error: String,
}

impl Run {
    /// The message of the first error, without its place.
    pub fn first_message(&self) -> String {
        let line = self.error.lines().find_map(|line| line.strip_prefix("error: "));
        line.unwrap_or_else(|| self.error.lines().next().unwrap_or("(no message)")).trim().to_owned()
    }
}

/// Runs `chainrule` with these arguments, in this process.
pub fn chainrule(arguments: &[&Path]) -> Run {
    let all = std::iter::once(OsString::from("chainrule")).chain(arguments.iter().map(|argument| OsString::from(*argument)));
    let (mut out, mut error) = (Vec::new(), Vec::new());
    let status = chainrule_compiler::cli::run(all, &mut out, &mut error);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Run { status, out: text(out), error: text(error) }
}

/// The folder of the golden cases.
pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// What a folder holds, sorted.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = listed.map(|entry| entry.expect("an entry of a folder").path()).collect();
    paths.sort();
    paths
}

/// The name of a file or a folder, without its extension.
pub fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A text file.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cases that need what is not built yet, with the message that each gives today: lines `name: message`. `name` stands for
/// all engines; `compiled/name` and `single/name` for what only compiled code cannot do yet, in double and single precision.
pub fn pending() -> BTreeMap<String, String> {
    let text = read(&golden().join("pending.txt"));
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let entry = |line: &str| {
        let (name, message) = line.split_once(':').unwrap_or_else(|| panic!("pending.txt: `{line}` is no `name: message`"));
        (name.trim().to_owned(), message.trim().to_owned())
    };
    lines.map(entry).collect()
}

/// Compares the failures of a test with the list of what is pending: a failure must be listed with exactly its message, and
/// what is listed must fail. Gives what is wrong, a line each.
pub fn against_pending(outcomes: &BTreeMap<String, Result<(), String>>, pending: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, outcome) in outcomes {
        match (outcome, listed(name, pending)) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => wrong.push(format!("{name} passes: remove it from pending.txt")),
            (Err(message), None) => wrong.push(format!("{name}: {message}")),
            (Err(message), Some(expected)) if message == expected => {}
            (Err(message), Some(expected)) => wrong.push(format!("{name}: {message}\n  (pending.txt says: {expected})")),
        }
    }
    wrong
}

/// What the list says of a case: under its own name, or of the case for all engines.
fn listed<'a>(name: &str, pending: &'a BTreeMap<String, String>) -> Option<&'a String> {
    let case = name.strip_prefix("compiled/").or_else(|| name.strip_prefix("single/")).unwrap_or(name);
    pending.get(name).or_else(|| pending.get(case))
}
