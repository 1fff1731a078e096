//! The sources of one compilation: names, texts, and where lines begin. Nothing is read from the disk here.
//!
//! It must know nothing of the language.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::span::{FileId, Span};

/// Larger files are not read: nobody writes them, and their trees could fill the memory.
pub const MOST_BYTES: usize = 4 << 20;

/// The files of one compilation.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

/// One file.
#[derive(Clone, Debug)]
struct Source {
    name: String,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Sources {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; its name is what messages call it.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(place, _)| place + 1)).collect();
        self.files.push(Source { name: name.into(), text, lines });
        FileId(u16::try_from(self.files.len() - 1).unwrap_or(u16::MAX))
    }

    /// Adds a file as it was read; bytes that are not UTF-8, and too many of them, are reported.
    pub fn add_bytes(&mut self, name: impl Into<String>, bytes: &[u8], diagnostics: &mut Diagnostics) -> FileId {
        let kept = &bytes[..bytes.len().min(MOST_BYTES)];
        if kept.len() < bytes.len() {
            let file = self.add(name, String::new());
            let error = Diagnostic::error(Span::new(file, 0, 0), format!("the file is larger than {} MiB", MOST_BYTES >> 20));
            diagnostics.push(error);
            return file;
        }
        match str::from_utf8(kept) {
            Ok(text) => self.add(name, text),
            Err(error) => {
                let file = self.add(name, String::from_utf8_lossy(kept));
                let start = u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX);
                let byte = kept.get(error.valid_up_to()).copied().unwrap_or_default();
                let span = Span::new(file, start, start + 1);
                let error = Diagnostic::error(span, "the file is not valid UTF-8").labelled(format!("the byte {byte:#04x}"));
                diagnostics.push(error.help("save the file as UTF-8"));
                file
            }
        }
    }

    fn get(&self, file: FileId) -> Option<&Source> {
        self.files.get(usize::from(file.0))
    }

    /// What messages call a file.
    pub fn name(&self, file: FileId) -> &str {
        self.get(file).map_or("", |source| &source.name)
    }

    /// The text of a file.
    pub fn text(&self, file: FileId) -> &str {
        self.get(file).map_or("", |source| &source.text)
    }

    /// The line and the column (in characters) of a byte of a file, both counted from 1.
    pub fn line_column(&self, file: FileId, byte: u32) -> (usize, usize) {
        let Some(source) = self.get(file) else { return (1, 1) };
        let byte = floor(&source.text, byte as usize);
        let line = source.lines.partition_point(|start| *start <= byte).max(1);
        let start = source.lines.get(line - 1).copied().unwrap_or_default();
        (line, 1 + source.text.get(start..byte).map_or(0, |before| before.chars().count()))
    }

    /// A line of a file, counted from 1, without its end.
    pub fn line(&self, file: FileId, line: usize) -> &str {
        let Some(source) = self.get(file) else { return "" };
        let end = source.lines.get(line).copied().unwrap_or(source.text.len());
        source.text.get(self.line_start(file, line)..end).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }

    /// The byte at which a line of a file begins, counted from 1; the end where there is no such line.
    pub fn line_start(&self, file: FileId, line: usize) -> usize {
        let Some(source) = self.get(file) else { return 0 };
        line.checked_sub(1).and_then(|line| source.lines.get(line)).copied().unwrap_or(source.text.len())
    }

    /// A span as a range of its file's text: inside it, and between characters.
    pub fn range(&self, span: Span) -> std::ops::Range<usize> {
        let text = self.text(span.file);
        let start = floor(text, span.start as usize);
        let end = (span.end as usize).clamp(start, text.len().max(start));
        let end = (end..=text.len()).find(|place| text.is_char_boundary(*place)).unwrap_or(text.len());
        start..end
    }
}

/// The last place between characters up to a byte.
pub(crate) fn floor(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0)
}
