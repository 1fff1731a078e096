//! Texts to programs, without files.

use chainrule_compiler::diagnostic::{Diagnostic, Diagnostics};
use chainrule_compiler::elaborate::{Loader, Options, elaborate, library};
use chainrule_compiler::ir::Program;
use chainrule_compiler::render::render;
use chainrule_compiler::source::Sources;
use chainrule_compiler::span::{FileId, Span};
use chainrule_compiler::syntax::tree::File;
use chainrule_compiler::syntax::{lex, parse_file};
use std::rc::Rc;

/// Why a text is no program.
#[derive(Clone, Debug)]
pub struct Mistakes {
    /// As people see it.
    pub text: String,
    /// For each mistake its line, and all that is said about it in lower case.
    pub items: Vec<(usize, String)>,
}

/// Only the library can be loaded.
struct LibraryOnly<'a>(&'a mut Sources);

impl Loader for LibraryOnly<'_> {
    fn load(&mut self, _: FileId, path: &str, span: Span, diagnostics: &mut Diagnostics) -> Option<(FileId, Rc<File>)> {
        diagnostics.push(Diagnostic::error(span, format!("the file \"{path}\" cannot be read")));
        None
    }

    fn library(&mut self) -> Vec<(FileId, Rc<File>)> {
        let parse = |(name, text): &(&str, &str)| {
            let id = self.0.add(*name, *text);
            let mut diagnostics = Diagnostics::new();
            let tokens = lex(text, id, &mut diagnostics);
            let file = parse_file(&tokens, id, &mut diagnostics);
            assert!(!diagnostics.has_errors(), "{name}: {:?}", diagnostics.sorted());
            (id, Rc::new(file))
        };
        library::LIBRARY.iter().map(parse).collect()
    }
}

/// The program of a text, in training or in inference mode.
pub fn compile(name: &str, text: &str, network: Option<&str>, training: bool) -> Result<Program, Mistakes> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let id = sources.add(name, text);
    let tokens = lex(text, id, &mut diagnostics);
    let file = parse_file(&tokens, id, &mut diagnostics);
    let options = Options { network: network.map(str::to_owned), training, ..Options::default() };
    let program = elaborate(&file, &options, &mut LibraryOnly(&mut sources), &mut diagnostics);
    match program {
        Some(program) if !diagnostics.has_errors() => Ok(program),
        Some(_) | None => Err(mistakes(&diagnostics, &sources)),
    }
}

fn mistakes(diagnostics: &Diagnostics, sources: &Sources) -> Mistakes {
    let sorted = diagnostics.sorted();
    let text = sorted.iter().map(|diagnostic| render(diagnostic, sources, false)).collect::<Vec<_>>().join("\n");
    let item = |diagnostic: &&Diagnostic| {
        let labels = diagnostic.labels.iter().map(|label| label.text.as_str());
        let said: Vec<&str> = [diagnostic.message.as_str(), diagnostic.label.as_str()]
            .into_iter()
            .chain(labels)
            .chain(diagnostic.notes.iter().map(String::as_str))
            .chain(diagnostic.help.as_deref())
            .collect();
        (sources.line_column(diagnostic.span.file, diagnostic.span.start).0, said.join("\n").to_lowercase())
    };
    Mistakes { text, items: sorted.iter().map(item).collect() }
}
