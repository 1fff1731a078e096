//! Diagnostics are values: collected while compiling, rendered by whoever shows them, never thrown.

use crate::source::floor;
use crate::span::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The program has no meaning.
    Error,
    /// The program has a meaning, but hardly the one that was intended.
    Warning,
}

/// A remark on a piece of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What there is to say.
    pub text: String,
}

/// One thing that is wrong: what, where, why, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where it is.
    pub span: Span,
    /// What is said under the place itself (may be empty).
    pub label: String,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// Why it is so.
    pub notes: Vec<String>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            span,
            label: String::new(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// What is said under the place itself.
    #[must_use]
    pub fn labelled(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Another place that explains it.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Why it is so.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// How to mend it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}

/// The diagnostics of one compilation.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
}

/// More errors than this are not collected: nobody reads them, and a hostile file could fill the memory.
const MOST: usize = 100;

/// Longer texts (in bytes) are cut: they hold what was written, which may be a megabyte of one name.
const LONGEST: usize = 1000;

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, unless the same is already there or there are too many.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        if self.is_full() {
            return;
        }
        let Diagnostic { severity: _, message, span: _, label, labels, notes, help } = &mut diagnostic;
        let labels = labels.iter_mut().map(|label| &mut label.text);
        [message, label].into_iter().chain(labels).chain(notes).chain(help).for_each(cut);
        if !self.items.contains(&diagnostic) {
            self.items.push(diagnostic);
        }
    }

    /// Whether there are so many that no more are added.
    pub fn is_full(&self) -> bool {
        self.items.len() >= MOST
    }

    /// Whether an error is among them.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|item| item.severity == Severity::Error)
    }

    /// All of them, in the order of their places.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<_> = self.items.iter().collect();
        sorted.sort_by_key(|item| (item.span.file, item.span.start));
        sorted
    }
}

/// Shortens a text that nobody would read to its end.
fn cut(text: &mut String) {
    if text.len() > LONGEST {
        text.truncate(floor(text, LONGEST));
        text.push_str("...");
    }
}
