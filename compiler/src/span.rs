//! Where a piece of a program stands in its source.

/// The number of a source file within one compilation; see [`crate::source::Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u16);

/// A range of a source: bytes of a text file, or tokens (`start..end` by number) of a Rust macro.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file it stands in.
    pub file: FileId,
    /// The first byte (or token).
    pub start: u32,
    /// The byte (or token) after the last.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of a file.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// The smallest range that holds both (of the first one's file).
    pub fn to(self, end: Span) -> Self {
        Self { file: self.file, start: self.start.min(end.start), end: self.end.max(end.end) }
    }
}
