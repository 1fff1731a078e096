//! The files of one compilation on the disk: for callers that have one. The steps of the compiler do not know of this module.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::elaborate::{Loader, library};
use crate::source::{MOST_BYTES, Sources};
use crate::span::{FileId, Span};
use crate::syntax::tree::File;
use crate::syntax::{lex, parse_file};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// All files of one compilation.
#[derive(Debug, Default)]
pub struct Files {
    /// Their texts.
    pub sources: Sources,
    /// By canonical path: a file is read once.
    known: BTreeMap<PathBuf, (FileId, Rc<File>)>,
    /// Where a file stands.
    paths: BTreeMap<FileId, PathBuf>,
    /// Which file imports which.
    imports: BTreeSet<(FileId, FileId)>,
}

impl Files {
    /// Adds a file; where it is no text, that is reported, and the file is empty.
    pub fn parse(&mut self, path: &Path, bytes: &[u8], diagnostics: &mut Diagnostics) -> Rc<File> {
        let mut unreadable = Diagnostics::new();
        let id = self.sources.add_bytes(path.display().to_string(), bytes, &mut unreadable);
        let file = if unreadable.has_errors() {
            unreadable.sorted().into_iter().for_each(|diagnostic| diagnostics.push(diagnostic.clone()));
            File::default()
        } else {
            let tokens = lex(self.sources.text(id), id, diagnostics);
            parse_file(&tokens, id, diagnostics)
        };
        let file = Rc::new(file);
        self.known.insert(canonical(path), (id, Rc::clone(&file)));
        self.paths.insert(id, path.to_owned());
        file
    }

    /// Where all files stand that were read, the library's not.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.paths.values().map(PathBuf::as_path)
    }

    /// Whether `to` imports `from`, however indirectly, or is it.
    fn closes_a_circle(&self, from: FileId, to: FileId) -> bool {
        let mut seen = BTreeSet::new();
        let mut stack = vec![to];
        while let Some(next) = stack.pop() {
            if next == from {
                return true;
            }
            if seen.insert(next) {
                let of_next = (next, FileId(0))..=(next, FileId(u16::MAX));
                stack.extend(self.imports.range(of_next).map(|(_, imported)| *imported));
            }
        }
        false
    }
}

/// The bytes of a file that a program names, but not more than a source may have and one. Pipes and devices, which may never end
/// and never begin, are refused.
pub fn read_regular(path: &Path) -> std::io::Result<Vec<u8>> {
    if std::fs::metadata(path)?.is_file() { read(path) } else { Err(std::io::Error::other("it is no regular file")) }
}

/// The bytes of a file or a stream that a user names, but not more than a source may have and one.
pub fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The path without links and detours, where the file exists.
fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

impl Loader for Files {
    fn load(&mut self, from: FileId, path: &str, span: Span, diagnostics: &mut Diagnostics) -> Option<(FileId, Rc<File>)> {
        let folder = self.paths.get(&from).and_then(|path| path.parent()).map(Path::to_owned).unwrap_or_default();
        let target = folder.join(path);
        let found = match self.known.get(&canonical(&target)) {
            Some(known) => known.clone(),
            None => match read_regular(&target) {
                Ok(bytes) => {
                    let file = self.parse(&target, &bytes, diagnostics);
                    (self.known.get(&canonical(&target))?.0, file)
                }
                Err(error) => {
                    let message = format!("the file \"{path}\" cannot be read");
                    diagnostics.push(Diagnostic::error(span, message).labelled(error.to_string()));
                    return None;
                }
            },
        };
        if self.closes_a_circle(from, found.0) {
            let message = format!("\"{path}\" is imported in a circle");
            diagnostics.push(Diagnostic::error(span, message).note("a file cannot import itself, however indirectly"));
            return None;
        }
        self.imports.insert((from, found.0));
        Some(found)
    }

    fn library(&mut self) -> Vec<(FileId, Rc<File>)> {
        let mut files = Vec::new();
        for (name, text) in library::LIBRARY {
            let id = self.sources.add((*name).to_owned(), (*text).to_owned());
            let mut diagnostics = Diagnostics::new();
            let tokens = lex(text, id, &mut diagnostics);
            files.push((id, Rc::new(parse_file(&tokens, id, &mut diagnostics))));
            debug_assert!(!diagnostics.has_errors(), "{name}: {:?}", diagnostics.sorted());
        }
        files
    }
}
