//! What is printed is what was read: for every program at hand, and for each construct of the language.

use std::path::Path;

use super::{format_text, lex, parse_expression, parse_file, print, print_expression, same, same_expression};
use crate::diagnostic::Diagnostics;
use crate::span::FileId;
use crate::syntax::tree::{Expression, File};

/// The tree of a text that must be right.
fn read(text: &str) -> File {
    let mut diagnostics = Diagnostics::new();
    let tokens = lex(text, FileId(0), &mut diagnostics);
    let file = parse_file(&tokens, FileId(0), &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{text}\n{:?}", diagnostics.sorted());
    file
}

fn read_expression(text: &str) -> Expression {
    let mut diagnostics = Diagnostics::new();
    let tokens = lex(text, FileId(0), &mut diagnostics);
    let expression = parse_expression(&tokens, FileId(0), &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{text}\n{:?}", diagnostics.sorted());
    expression
}

/// Printing and reading again gives the same, and so does formatting, once and twice.
fn round_trip(text: &str) {
    let tree = read(text);
    let printed = print(&tree);
    assert!(same(&tree, &read(&printed)), "{text}\n{printed}");
    let mut diagnostics = Diagnostics::new();
    let once = format_text(text, FileId(0), &mut diagnostics).expect("it is right");
    assert!(same(&tree, &read(&once)), "{text}\n{once}");
    let twice = format_text(&once, FileId(0), &mut diagnostics).expect("it is right still");
    assert_eq!(once, twice);
}

#[test]
fn every_golden_program_survives_printing() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/cases");
    let Ok(entries) = std::fs::read_dir(cases) else { return };
    let files = entries.flatten().filter_map(|entry| std::fs::read_dir(entry.path()).ok()).flatten().flatten();
    let programs = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|extension| extension == "nn"));
    for program in programs {
        round_trip(&std::fs::read_to_string(&program).expect("a readable program"));
    }
}

#[test]
fn every_construct_survives_printing() {
    round_trip(
        r#"
import "parts/blocks.nn";
const N = 6;
const EPS = 1e-5;
/// Half of it.
/// And no more.
fn half(x, by = 0.5,) = by * x;
fn both(x) { a = x + 1; b[i] = a[i]; a * b }
layer Relu()(x) { relu(x) }
layer Dense(n, bias = true)(x: [.., k], y: [k],) {
    /// The weights.
    param w: [k, n] = he_uniform;
    state mean: [k];
    update mean = 0.9 * mean + 0.1 * x;
    x @ w
}
network Net(hidden = 512, rate = 0.5): f32 {
    input tok: [B, T] in 0..65;
    input x: [];
    target t: [B, 10] in 0..N + 1;
    param dense1.w: [2, (3 + 1) * 2] = uniform(-1, 1);
    h = x |> Dense(hidden) |> relu |> norm;
    y = if training { x } else if N == 6 { a = 2; a * x } else { 0 };
    z = if training { a = 1; if a == 1 { b = a; b } else { c = 2; c } } else { if false { 1 } else { 2 } };
    s[b, i in 0..4, (h, d), (g,), -1, T + 1] = sum[k in 0..4, l](x[b, (h, d), 2 * k + l]);
    s2 = x[0..3, .., _, a.., ..b, -1, tok[b, t], n - 1 - i, (h, d), a + 1..b - 2];
    r = rearrange(x, [b, t, (h, d)] -> [b, h, t, d], h = 4);
    p = pad(x, [[1, 0], [2, 1]], value = 0.5) + [].T + (a,)[0];
    output d x = d hidden.w @ d d hidden.w.T + hidden.w.T;
    d dense1.w = x.T @ d logits;
    metric accuracy = mean(argmax(h) == argmax(t));
    output q[i, j] = x[j, i];
    g = (x[i])(y) + Dense(4)(x) + x[i, j + 1](y);
    loss = loss + 1_000 * 0.5 + 1e-3 + 0x1f - true;
}
"#,
    );
}

/// A text, and the same with all the parentheses that the precedences stand for.
const MEANINGS: &[(&str, &str)] = &[
    ("-x ^ 2", "-(x ^ 2)"),
    ("x ^ -2", "x ^ (-2)"),
    ("x ^ y ^ z", "x ^ (y ^ z)"),
    ("x ^ -y ^ 2 * z", "(x ^ (-(y ^ 2))) * z"),
    ("2 - -x * -y", "2 - ((-x) * (-y))"),
    ("a - b - c", "(a - b) - c"),
    ("a / b / c * d @ e", "(((a / b) / c) * d) @ e"),
    ("a + b * c", "a + (b * c)"),
    ("!a && b || c", "((!a) && b) || c"),
    ("a || b && c == d + e", "a || (b && (c == (d + e)))"),
    ("x + y |> f |> g", "((x + y) |> f) |> g"),
    ("a |> f || b", "a |> (f || b)"),
    ("-x.T", "-(x.T)"),
    ("-x[i] ^ f(y)", "-((x[i]) ^ (f(y)))"),
    ("--x", "-(-x)"),
    ("!-x ^ 2", "!(-(x ^ 2))"),
];

#[test]
fn operators_bind_as_the_language_says() {
    for (text, meaning) in MEANINGS {
        let (read, meant) = (read_expression(text), read_expression(meaning));
        assert!(same_expression(&read, &meant), "{text} is {}", print_expression(&read));
    }
}

#[test]
fn no_parentheses_are_printed_that_are_not_needed() {
    for (text, meaning) in MEANINGS {
        assert_eq!(print_expression(&read_expression(meaning)), *text);
    }
    for text in
        ["(-x) ^ 2", "(x ^ y) ^ z", "a - (b - c)", "(a + b) * c", "(a == b) == c", "a * (b |> f)", "(a + b).T", "!(x > y)"]
    {
        assert_eq!(print_expression(&read_expression(text)), text);
    }
}

#[test]
fn numbers_are_read_exactly() {
    for (text, printed) in
        [("0x10", "16"), ("0b101", "5"), ("1_000", "1000"), ("1.", "1.0"), ("1e-3", "0.001"), ("2.5E+3", "2500.0")]
    {
        assert_eq!(print_expression(&read_expression(text)), printed);
    }
    for text in ["9007199254740992", "1e300", "5e-324", "0.1", "1e16", "123456789.125"] {
        assert_eq!(print_expression(&read_expression(text)), text);
    }
    assert_eq!(print_expression(&read_expression("x[0..3, 1.0..2.]")), "x[0..3, 1.0..2.0]");
}
