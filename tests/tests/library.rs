//! `docs/library.md` is what the library's own files say, and every definition has an example that is compiled and computed in all stages, with
//! the shape that it says. `CHAINRULE_UPDATE=1` writes the page anew.

mod support;

use chainrule_compiler::diagnostic::Diagnostics;
use chainrule_compiler::elaborate::library::LIBRARY;
use chainrule_compiler::ir::Role;
use chainrule_compiler::ops::{Operator, Reduction, Spelling};
use chainrule_compiler::span::FileId;
use chainrule_compiler::syntax::tree::{File, Item};
use chainrule_compiler::syntax::{lex, parse_file, print};
use chainrule_tests::read;
use std::path::Path;
use support::compile::compile;
use support::numbers::sample;
use support::report;
use support::stages::verify;

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
        items(name, text).into_iter().for_each(|item| page += &entry(item));
    }
    page
}

/// What a file of the library defines.
fn items(name: &str, text: &str) -> Vec<Item> {
    let mut diagnostics = Diagnostics::new();
    let tokens = lex(text, FileId(0), &mut diagnostics);
    let file = parse_file(&tokens, FileId(0), &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{name}: {:?}", diagnostics.sorted());
    file.items
}

/// The name of a function or a layer, and what it says of itself, taken out of it.
fn taken(item: &mut Item) -> Option<(String, Vec<String>)> {
    match item {
        Item::Function(function) => Some((function.name.text.clone(), std::mem::take(&mut function.documentation))),
        Item::Layer(layer) => Some((layer.name.text.clone(), std::mem::take(&mut layer.documentation))),
        Item::Import(_) | Item::Constant(_) | Item::Network(_) => None,
    }
}

/// A function or a layer: its name, what it says of itself, and its text.
fn entry(mut item: Item) -> String {
    let Some((name, documentation)) = taken(&mut item) else { return String::new() };
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

/// Compiles and computes the example of a definition: ``Example: `statements with one output or a loss` gives [2, 3].``
fn example(name: &str, documentation: &[String]) -> Result<(), String> {
    let line = documentation.iter().find_map(|line| line.trim().strip_prefix("Example: `")).ok_or("there is no example")?;
    let (statements, shape) = line.split_once("` gives ").ok_or("it does not say what it gives")?;
    if !statements.contains(&format!("{name}(")) && !statements.contains(&format!("{name};")) {
        return Err("its example is of something else".into());
    }
    let text = format!("network Example: f64 {{ {statements} }}");
    let mut found = String::new();
    for training in [true, false] {
        let program = compile("example.nn", &text, None, training).map_err(|mistakes| mistakes.text)?;
        verify(&program, &sample(&program, &Default::default(), &Default::default(), 7))?;
        let root =
            program.roots.iter().find(|root| matches!(root.role, Role::Output(_) | Role::Loss)).ok_or("it has no output")?;
        let axes: Vec<String> = program.tensor(root.tensor).shape.iter().map(|axis| axis.value(&[]).to_string()).collect();
        found = if axes.is_empty() { "a number.".to_owned() } else { format!("[{}].", axes.join(", ")) };
    }
    if found == shape { Ok(()) } else { Err(format!("it gives {found}")) }
}

#[test]
fn every_definition_has_an_example_that_is_right() {
    let mut all: Vec<Item> = LIBRARY.iter().flat_map(|(name, text)| items(name, text)).collect();
    let documented: Vec<(String, Vec<String>)> = all.iter_mut().filter_map(taken).collect();
    assert!(documented.len() > 50, "{} definitions", documented.len());
    let failed = |(name, documentation): &(String, Vec<String>)| Some((name.clone(), example(name, documentation).err()?));
    let failures: Vec<(String, String)> = documented.iter().filter_map(failed).collect();
    report(&failures, documented.len());
}
