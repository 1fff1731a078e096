//! What is printed is a program again, and prints as itself.

use super::print;
use crate::diagnostic::Diagnostics;
use crate::elaborate::{Options, elaborate};
use crate::files::Files;
use crate::ir::Program;
use crate::pipeline;
use std::path::Path;

fn program(text: &str) -> Program {
    let (mut files, mut diagnostics) = (Files::default(), Diagnostics::new());
    let file = files.parse(Path::new("test.nn"), text.as_bytes(), &mut diagnostics);
    let options = Options { training: true, ..Options::default() };
    let program = elaborate(&file, &options, &mut files, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{:?}\n{text}", diagnostics.sorted());
    program.expect("a program without errors")
}

const DIGITS: &str = "network Digits {
    input x: [B, 8];
    target t: [B, 3];
    logits = x |> Dense(5) |> relu |> Dense(3);
    loss = cross_entropy(logits, t);
}";

#[test]
fn a_derivative_parses() {
    let network = program(DIGITS);
    let derived = pipeline::gradient(&network, &pipeline::parameters(&network), |_| true);
    let text = print(&derived.program);
    for expected in ["x @ dense1.w", "d dense1.w = x.T @ ", "@ dense2.w.T;", "d dense2.b = sum(d logits, axis = 0);"] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let mut diagnostics = Diagnostics::new();
    Files::default().parse(Path::new("derived.nn"), text.as_bytes(), &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{:?}\n{text}", diagnostics.sorted());
}

#[test]
fn index_notation_keeps_ranges_that_reads_do_not_tell() {
    let text =
        print(&program("network N { input x: [6]; y[i in 0..2, j in 0..3] = x[3*i + j]; output z = y; loss = sum(y * y); }"));
    assert!(text.contains("in 0..2") && text.contains("3 * i + j") || text.contains("(i, j)"), "{text}");
    program(&text);
}
