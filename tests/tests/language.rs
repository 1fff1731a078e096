//! The examples of `docs/language.md`: each block is compiled, computed where it says what comes out, or refused.

mod support;

use chainrule_tests::read;
use std::path::Path;
use support::compile::compile;
use support::expectations::Expectations;
use support::numbers::sample;
use support::stages::{expected, verify};
use support::{caught, report};

/// A block of the page.
struct Block {
    /// Where it begins.
    line: usize,
    /// What stands behind its fence: `nn`, `nn,error`.
    kind: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let page = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language.md"));
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(kind) => {
                blocks.push(Block { line: number + 2, kind: kind.to_owned(), text: String::new() });
                open = true;
            }
            None if open => {
                let block = blocks.last_mut().expect("an open block");
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    assert!(!open, "a block is not closed");
    blocks
}

/// Goes over all blocks of a kind.
fn each(kind: &str, test: impl Fn(&str, &Expectations) -> Result<(), String>) {
    let blocks: Vec<Block> = blocks().into_iter().filter(|block| block.kind == kind).collect();
    let failed = |block: &Block| {
        let outcome = caught(|| test(&block.text, &Expectations::read(&block.text)));
        outcome.err().map(|message| (format!("docs/language.md:{}", block.line), message))
    };
    let failures: Vec<_> = blocks.iter().filter_map(failed).collect();
    report(&failures, blocks.len());
}

#[test]
fn every_block_says_what_it_is() {
    let known = ["nn", "nn,error", "rust", "json", "text"];
    for block in blocks() {
        assert!(known.contains(&block.kind.as_str()), "line {}: a block of the kind `{}`", block.line, block.kind);
    }
}

#[test]
fn examples_compute_what_they_say() {
    each("nn", |text, expectations| {
        let network = expectations.network.as_deref();
        compile("example.nn", text, network, true).map_err(|mistakes| mistakes.text)?;
        let program = compile("example.nn", text, network, false).map_err(|mistakes| mistakes.text)?;
        if expectations.given.is_empty() {
            return Ok(());
        }
        verify(&program, &sample(&program, &Default::default(), &expectations.data, 7))
            .map_err(|message| format!("sampled: {message}"))?;
        let values = sample(&program, &expectations.given, &expectations.data, 7);
        let computed = support::stages::computed(&program, &values)?;
        expected(&computed, &expectations.expected)
    });
}

#[test]
fn mistakes_are_refused_with_these_words() {
    each("nn,error", |text, expectations| match compile("example.nn", text, None, true) {
        Ok(_) => Err("it is accepted".into()),
        Err(mistakes) => expectations.refused(&mistakes),
    });
}
