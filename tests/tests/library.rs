//! `docs/library.md` is what the library's own files say. `CHAINRULE_UPDATE=1` writes the page anew.

use chainrule_compiler::diagnostic::Diagnostics;
use chainrule_compiler::elaborate::library::LIBRARY;
use chainrule_compiler::ops::{Operator, Reduction, Spelling};
use chainrule_compiler::span::FileId;
use chainrule_compiler::syntax::tree::{File, Item};
use chainrule_compiler::syntax::{lex, parse_file, print};
use chainrule_tests::read;
use std::path::Path;

/// The page, made of the files.
fn page() -> String {
    let mut page = String::from(
        "# The standard library\n\nWritten in the language itself, in `compiler/src/std/*.nn`, and differentiated like everything else. This page is made of these files by a\n\
         test; `CHAINRULE_UPDATE=1 cargo test -p chainrule-tests --test library` writes it anew. What the language cannot say of itself is in the\n\
         tables of [the language](language.md#functions).\n",
    );
    let functions = Operator::ALL.iter().filter_map(|operator| match operator.row().spelling {
        Spelling::Function(name) => Some(format!("`{name}`")),
        Spelling::Infix(..) | Spelling::Prefix(..) => None,
    });
    page += &format!("\nScalar operators of the compiler's table: {}.\n", functions.collect::<Vec<_>>().join(" "));
    let reductions: Vec<String> = Reduction::ALL.iter().map(|one| format!("`{}`", one.spelling())).collect();
    page += &format!("\nReductions: {}.\n", reductions.join(" "));
    for (name, text) in LIBRARY {
        page += &format!("\n## {}\n", name.trim_end_matches(".nn").rsplit('/').next().unwrap_or(name));
        let mut diagnostics = Diagnostics::new();
        let tokens = lex(text, FileId(0), &mut diagnostics);
        let file = parse_file(&tokens, FileId(0), &mut diagnostics);
        assert!(!diagnostics.has_errors(), "{name}: {:?}", diagnostics.sorted());
        file.items.into_iter().for_each(|item| page += &entry(item));
    }
    page
}

/// A function or a layer: its name, what it says of itself, and its text.
fn entry(mut item: Item) -> String {
    let (name, documentation) = match &mut item {
        Item::Function(function) => (function.name.text.clone(), std::mem::take(&mut function.documentation)),
        Item::Layer(layer) => (layer.name.text.clone(), std::mem::take(&mut layer.documentation)),
        Item::Import(_) | Item::Constant(_) | Item::Network(_) => return String::new(),
    };
    assert!(documentation.iter().any(|line| !line.trim().is_empty()), "`{name}` says nothing of itself");
    let lines: Vec<&str> = documentation.iter().map(|line| line.trim()).collect();
    let text = print(&File { items: vec![item], ..File::default() });
    format!("\n### {name}\n\n{}\n\n```text\n{}\n```\n", lines.join("\n"), text.trim_end())
}

#[test]
fn the_page_is_what_the_library_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/library.md");
    let page = page();
    if std::env::var_os("CHAINRULE_UPDATE").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    assert!(read(&path) == page, "docs/library.md is old: CHAINRULE_UPDATE=1 cargo test -p chainrule-tests --test library");
}
