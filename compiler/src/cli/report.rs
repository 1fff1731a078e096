//! Diagnostics, for people and for programs.

use super::json::print_text;
use super::{Format, Streams};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::render::render;
use crate::source::Sources;
use crate::span::Span;

/// Diagnostics and the texts that they speak of.
pub struct Report {
    /// What was found.
    pub diagnostics: Diagnostics,
    /// The texts.
    pub sources: Sources,
}

impl Report {
    /// Prints it: text to where complaints go, JSON to where answers go.
    pub fn show(&self, format: Format, streams: &mut Streams) {
        match format {
            Format::Text => streams.complain(&self.text()),
            Format::Json => streams.print(&self.json()),
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        self.diagnostics.sorted().into_iter().map(|diagnostic| render(diagnostic, &self.sources, false) + "\n").collect()
    }

    /// For programs: an object with all diagnostics.
    pub fn json(&self) -> String {
        let items: Vec<String> = self.diagnostics.sorted().into_iter().map(|diagnostic| self.item(diagnostic)).collect();
        let list = if items.is_empty() { "[]".into() } else { format!("[\n    {}\n  ]", items.join(",\n    ")) };
        format!("{{\n  \"ok\": {},\n  \"diagnostics\": {list}\n}}\n", !self.diagnostics.has_errors())
    }

    fn item(&self, diagnostic: &Diagnostic) -> String {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let label =
            |label: &crate::diagnostic::Label| format!("{{{}, \"text\": {}}}", self.place(label.span), print_text(&label.text));
        let labels: Vec<String> = diagnostic.labels.iter().map(label).collect();
        let notes: Vec<String> = diagnostic.notes.iter().map(|note| print_text(note)).collect();
        let help = diagnostic.help.as_deref().map_or_else(|| "null".to_owned(), print_text);
        format!(
            "{{\"severity\": \"{severity}\", \"message\": {}, {}, \"label\": {}, \"labels\": [{}], \"notes\": [{}], \"help\": {help}}}",
            print_text(&diagnostic.message),
            self.place(diagnostic.span),
            print_text(&diagnostic.label),
            labels.join(", "),
            notes.join(", "),
        )
    }

    /// File, line and column (both from 1, columns in characters) as entries of an object.
    fn place(&self, span: Span) -> String {
        let (line, column) = self.sources.line_column(span.file, span.start);
        format!("\"file\": {}, \"line\": {line}, \"column\": {column}", print_text(self.sources.name(span.file)))
    }
}
