//! The items of all files of a compilation: constants by file, functions and layers by name.

use super::Loader;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::span::{FileId, Span};
use crate::syntax::tree::{Constant, Expression, File, Function, Item, Layer, Name, Network};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A file besides the main one.
pub struct Loaded {
    id: FileId,
    file: Rc<File>,
    library: bool,
}

/// More files than this are not loaded.
const MOST_FILES: usize = 1000;

/// The library and all that is imported, however indirectly.
pub fn load_all(main: &File, loader: &mut dyn Loader, diagnostics: &mut Diagnostics) -> Vec<Loaded> {
    let library = loader.library();
    let mut files: Vec<Loaded> = library.into_iter().map(|(id, file)| Loaded { id, file, library: true }).collect();
    let mut waiting: Vec<(FileId, String, Span)> = imports(main);
    waiting.reverse();
    let mut seen: BTreeSet<FileId> = BTreeSet::new();
    while let Some((from, path, span)) = waiting.pop() {
        if files.len() > MOST_FILES {
            diagnostics.push(Diagnostic::error(span, format!("more than {MOST_FILES} files are imported")));
            break;
        }
        let Some((id, file)) = loader.load(from, &path, span, diagnostics) else { continue };
        if seen.insert(id) {
            waiting.extend(imports(&file).into_iter().rev());
            files.push(Loaded { id, file, library: false });
        }
    }
    files
}

fn imports(file: &File) -> Vec<(FileId, String, Span)> {
    let import = |item: &Item| match item {
        Item::Import(import) => Some((import.span.file, import.path.clone(), import.span)),
        Item::Constant(_) | Item::Function(_) | Item::Layer(_) | Item::Network(_) => None,
    };
    file.items.iter().filter_map(import).collect()
}

/// A function or a layer.
#[derive(Clone, Copy)]
pub enum Callee<'a> {
    /// A function.
    Function(&'a Function),
    /// A layer.
    Layer(&'a Layer),
}

impl<'a> Callee<'a> {
    /// Its name.
    pub fn name(self) -> &'a Name {
        match self {
            Self::Function(function) => &function.name,
            Self::Layer(layer) => &layer.name,
        }
    }
}

/// All items.
#[derive(Default)]
pub struct Items<'a> {
    constants: BTreeMap<(FileId, String), &'a Constant>,
    own: BTreeMap<String, Callee<'a>>,
    library: BTreeMap<String, Callee<'a>>,
    library_files: BTreeSet<FileId>,
    broken: BTreeSet<&'a str>,
    /// The networks of the main file.
    pub networks: Vec<&'a Network>,
}

impl<'a> Items<'a> {
    /// Collects the items, and reports names that are given twice.
    pub fn collect(main: &'a File, files: &'a [Loaded], diagnostics: &mut Diagnostics) -> Self {
        let mut items = Self::default();
        for loaded in files.iter().filter(|loaded| loaded.library) {
            items.library_files.insert(loaded.id);
            items.add(&loaded.file, true, diagnostics);
        }
        for loaded in files.iter().filter(|loaded| !loaded.library) {
            items.add(&loaded.file, false, diagnostics);
        }
        items.add(main, false, diagnostics);
        for item in &main.items {
            if let Item::Network(network) = item {
                let name = &network.name;
                if let Some(first) = items.networks.iter().find(|other| other.name.text == name.text) {
                    diagnostics.push(twice(name, first.name.span).help("give one of them another name"));
                }
                items.networks.push(network);
            }
        }
        items
    }

    fn add(&mut self, file: &'a File, library: bool, diagnostics: &mut Diagnostics) {
        self.broken.extend(file.broken.iter().map(String::as_str));
        for item in &file.items {
            let callee = match item {
                Item::Constant(constant) => {
                    let key = (constant.name.span.file, constant.name.text.clone());
                    if let Some(first) = self.constants.insert(key, constant) {
                        diagnostics.push(twice(&constant.name, first.name.span));
                    }
                    continue;
                }
                Item::Function(function) => Callee::Function(function),
                Item::Layer(layer) => Callee::Layer(layer),
                Item::Import(_) | Item::Network(_) => continue,
            };
            let table = if library { &mut self.library } else { &mut self.own };
            if let Some(first) = table.insert(callee.name().text.clone(), callee) {
                diagnostics.push(twice(callee.name(), first.name().span));
            }
        }
    }

    /// The constant that is visible in a file.
    pub fn constant(&self, file: FileId, name: &str) -> Option<&'a Expression> {
        self.constants.get(&(file, name.to_owned())).map(|constant| &constant.value)
    }

    /// A function or layer of the user's.
    pub fn own(&self, name: &str) -> Option<Callee<'a>> {
        self.own.get(name).copied()
    }

    /// A function or layer of the library.
    pub fn library(&self, name: &str) -> Option<Callee<'a>> {
        self.library.get(name).copied()
    }

    /// A layer, the user's before the library's.
    pub fn layer(&self, name: &str) -> Option<&'a Layer> {
        match self.own(name).or_else(|| self.library(name))? {
            Callee::Layer(layer) => Some(layer),
            Callee::Function(_) => None,
        }
    }

    /// Whether a place is in the library.
    pub fn is_library(&self, span: Span) -> bool {
        self.library_files.contains(&span.file)
    }

    /// All names of functions, layers and constants.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        let constants = self.constants.keys().map(|(_, name)| name);
        self.own.keys().chain(self.library.keys()).chain(constants).map(String::as_str)
    }

    /// Whether an item of that name could not be read.
    pub fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }
}

fn twice(name: &Name, first: Span) -> Diagnostic {
    Diagnostic::error(name.span, format!("`{}` is defined twice", name.text)).also(first, "first defined here")
}
