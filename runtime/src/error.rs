//! What can go wrong outside of the numbers, and how it is said: what, where, why, and how to mend it. Must not know who asks.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What the fallible functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done.
///
/// `Debug` prints the same text as `Display`, so that `fn main() -> chainrule::Result<()>` ends with a message that can be read.
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `read`, `write`.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// A file does not hold what it should.
    Format {
        /// The file.
        path: PathBuf,
        /// Its line, counted from 1, if it has lines.
        line: Option<u64>,
        /// What is wrong, and what was expected.
        message: String,
    },
    /// A tensor has another shape than the one that is needed.
    Shape {
        /// The name of the tensor.
        name: String,
        /// The shape that is needed, with the names of its symbolic sizes: `[B, 784]`.
        expected: String,
        /// The shape that it has.
        found: String,
        /// The reason or the cure, where there is more to say.
        help: String,
    },
    /// An integer of an input is outside of the range that the network declares.
    Range {
        /// The name of the input.
        name: String,
        /// Where the number stands, in row-major order.
        position: usize,
        /// The number.
        found: i64,
        /// The smallest number that is allowed.
        from: i64,
        /// The number after the largest that is allowed.
        to: i64,
    },
    /// A data set lacks a column, or has it with another kind of numbers or another length.
    Column {
        /// The name of the column.
        name: String,
        /// What is wrong, and how to mend it.
        message: String,
    },
    /// A file of parameters does not fit the network.
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The name of the network.
        network: String,
        /// Everything that does not fit, one line each.
        problems: Vec<String>,
    },
    /// The loss is no longer a finite number.
    Diverged {
        /// The epoch, counted from 1.
        epoch: usize,
        /// The step in the epoch, counted from 1.
        step: usize,
        /// The loss.
        loss: f64,
    },
    /// A setting that cannot be: a batch of no samples, an initializer that does not exist.
    Setting {
        /// What is wrong, and what is possible.
        message: String,
    },
}

impl Error {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), action: "read", source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), action: "write", source }
    }

    pub(crate) fn format(path: &Path, message: impl Into<String>) -> Self {
        Self::Format { path: path.to_owned(), line: None, message: message.into() }
    }

    pub(crate) fn column(name: &str, message: impl Into<String>) -> Self {
        Self::Column { name: name.to_owned(), message: message.into() }
    }

    pub(crate) fn setting(message: impl Into<String>) -> Self {
        Self::Setting { message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, action, source } => write!(f, "cannot {action} `{}`: {source}", path.display()),
            Self::Format { path, line: Some(line), message } => write!(f, "{}:{line}: {message}", path.display()),
            Self::Format { path, line: None, message } => write!(f, "{}: {message}", path.display()),
            Self::Shape { name, expected, found, help } => {
                write!(f, "`{name}` must have the shape {expected}, but has {found}")?;
                if help.is_empty() { Ok(()) } else { write!(f, "; {help}") }
            }
            Self::Range { name, position, found, from, to } => {
                write!(f, "`{name}` takes integers in {from}..{to}, but element {position} is {found}")
            }
            Self::Column { name, message } => write!(f, "column `{name}`: {message}"),
            Self::Checkpoint { path, network, problems } => {
                write!(f, "`{}` does not fit the network {network}; nothing was loaded:", path.display())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
            Self::Diverged { epoch, step, loss } => write!(
                f,
                "the loss is {loss} at step {step} of epoch {epoch}; the parameters are those before this step. A smaller \
                 learning rate, inputs scaled to about -1..1, or a loss on logits instead of a logarithm of probabilities may help"
            ),
            Self::Setting { message } => f.write_str(message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Format { .. }
            | Self::Shape { .. }
            | Self::Range { .. }
            | Self::Column { .. }
            | Self::Checkpoint { .. }
            | Self::Diverged { .. }
            | Self::Setting { .. } => None,
        }
    }
}
