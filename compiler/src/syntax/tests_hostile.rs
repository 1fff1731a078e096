//! No text, however broken or large, makes the reader or the printer panic, overflow the stack or take long.

use std::time::{Duration, Instant};

use super::{MOST_HEIGHT, MOST_NESTING, format_text, lex, parse_file, print, same};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::render::render;
use crate::source::Sources;
use crate::span::{FileId, Span};

/// Reads a text in a thread with the stack of a test, shows all errors, clones, compares and prints the tree; gives the messages.
fn survive(text: String) -> Vec<String> {
    let work = move || {
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let file = sources.add_bytes("hostile.nn", text.as_bytes(), &mut diagnostics);
        let tokens = lex(sources.text(file), file, &mut diagnostics);
        let tree = parse_file(&tokens, file, &mut diagnostics);
        let copy = tree.clone();
        assert!(same(&copy, &tree));
        assert!(copy == tree);
        let printed = print(&tree);
        if !diagnostics.has_errors() {
            let again = format_text(&printed, file, &mut diagnostics).expect("what is printed can be read");
            assert_eq!(again, printed);
        }
        let shown: Vec<_> = diagnostics.sorted().into_iter().map(|one| render(one, &sources, false)).collect();
        assert!(shown.iter().all(|one| one.len() < 5000), "{}", shown.concat());
        shown
    };
    let started = Instant::now();
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work).expect("a thread");
    let shown = thread.join().expect("no panic");
    assert!(started.elapsed() < Duration::from_secs(10), "took {:?}", started.elapsed());
    shown
}

/// A network with one definition.
fn define(value: &str) -> String {
    format!("network N {{ y = {value}; }}")
}

fn assert_refused(text: String, words: &str) {
    let shown = survive(text);
    assert!(shown.iter().any(|one| one.contains(words)), "{}", shown.concat());
}

fn nested(open: &str, inner: &str, close: &str, count: usize) -> String {
    define(&format!("{}{inner}{}", open.repeat(count), close.repeat(count)))
}

#[test]
fn nesting_is_limited() {
    let forms =
        [("(", ")"), ("[", "]"), ("f(", ")"), ("x[", "]"), ("sum[i](", ")"), ("(a, ", ")"), ("f(b = ", ")"), ("-(1 + ", ")")];
    for (open, close) in forms {
        assert_eq!(survive(nested(open, "x", close, MOST_NESTING - 2)), Vec::<String>::new(), "{open}");
        assert_refused(nested(open, "x", close, MOST_NESTING + 1), "nested more than 200 levels");
        survive(nested(open, "x", close, 10_000));
        survive(define(&open.repeat(10_000)));
    }
}

#[test]
fn blocks_are_limited() {
    let block = "if a { b = 1; c[i] = x[i]; b + ";
    assert_eq!(survive(nested(block, "x", " } else { y }", MOST_NESTING - 2)), Vec::<String>::new());
    assert_refused(nested(block, "x", " } else { y }", 2000), "nested more than 200 levels");
    survive(define(&block.repeat(20_000)));
    survive(define(&format!("{} 1", "if a { b } else ".repeat(20_000))));
    survive(define(&"if ".repeat(20_000)));
    survive("}".repeat(20_000));
}

#[test]
fn every_level_of_precedence_at_every_level_of_nesting() {
    let open = "a |> b || c && d == e + f * -g ^ (";
    survive(nested(open, "x", ")", 120));
    assert_refused(nested(open, "x", ")", 199), "1024 operators deep");
}

#[test]
fn chains_are_limited() {
    for operator in [" + ", " * ", " ^ ", " |> ", " && ", " @ "] {
        let sum = |count: usize| define(&vec!["x"; count].join(operator));
        assert_eq!(survive(sum(1000)), Vec::<String>::new(), "{operator}");
        assert_eq!(survive(sum(MOST_HEIGHT as usize + 1)), Vec::<String>::new(), "{operator}");
        assert_refused(sum(MOST_HEIGHT as usize + 2), "1024 operators deep");
        assert_refused(sum(20_000), "1024 operators deep");
    }
    for (before, after) in [("-", ""), ("!", ""), ("", ".T"), ("", "(x)"), ("", "[i]"), ("", ".w"), ("-x ^ ", ""), ("", "[i](x)")]
    {
        let chain = |count: usize| define(&format!("{}x{}", before.repeat(count), after.repeat(count)));
        assert_eq!(survive(chain(500)), Vec::<String>::new(), "{before}{after}");
        assert_refused(chain(10_000), "1024 operators deep");
    }
}

/// What may be repeated very often.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "a", "1", "1.", "0x", "_", "\"", "/", "/*", "///\n", "//\n", "(", ")", "[", "{", "}", ";", ",", ".", "..", "=", "-",
    "d ", "tangent ", "\u{e9}", "\u{1f600}", "if ", "network ", "network N {", "y = ", "y[", "x + ", "x;\n", "= 3;", "in ",
    "/// a\n/// b\n;", "x[i](", "\u{0}", "|", "y = f(a; ", "input x: [", "fn f(", "layer L()(", "import \"", "a b ", "- - ",
    "y[i] = (", "{ /* c */ x // d\n", "y 1;", "let y = 1;", "y = x';", "# x\n", "def f(x) = 1;",
];

#[test]
fn much_of_anything() {
    for piece in PIECES {
        let count = (1 << 15) / piece.len();
        survive(piece.repeat(count));
        survive(define(&piece.repeat(count)));
    }
    assert_refused("x ".repeat(3 << 20), "larger than 4 MiB");
}

/// What programs are made of.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "network", "N", "{", "}", "(", ")", "[", "]", "input", "x", ":", ";", "=", "d", "tangent", ".", "T", "..", ",", "sum", "i", "in",
    "if", "else", "1", "0.5", "+", "^", "-", "->", "|>", "layer", "fn", "const", "/// doc\n", "// comment\n", "param",
    "\"text\"", "_", "==", "\u{ff}",
];

#[test]
fn random_tokens() {
    let mut seed = 12345_u64;
    let mut next = |most: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        usize::try_from(seed >> 33).unwrap_or(0) % most
    };
    for _ in 0..300 {
        let length = 1 + next(200);
        let text: Vec<&str> = (0..length).map(|_| WORDS[next(WORDS.len())]).collect();
        survive(format!("network N {{ {} }}", text.join(" ")));
    }
}

#[test]
fn any_place_can_be_shown() {
    let mut sources = Sources::new();
    let texts = ["", "\n", "a", "a\n", "\u{1f600}\u{e9}\r\n\tb\n\nc", "x".repeat(5000).leak()];
    let files: Vec<_> = texts.iter().map(|text| sources.add("a.nn", *text)).collect();
    for (file, text) in files.iter().zip(texts) {
        let length = u32::try_from(text.len()).expect("short");
        let places = [0, 1, 2, 3, 5, length / 2, length.saturating_sub(1), length, length + 1, u32::MAX];
        for (start, end) in places.iter().flat_map(|start| places.iter().map(move |end| (*start, *end))) {
            let span = Span::new(*file, start, end);
            let error =
                Diagnostic::error(span, "message").labelled("here").also(Span::new(files[3], end, start), "there").also(span, "");
            let shown = render(&error.note("why").help("cure"), &sources, start % 2 == 0);
            assert!(shown.contains("message") && shown.contains("cure") && shown.len() < 3000, "{shown}");
        }
    }
    let elsewhere = Span::new(FileId(99), 3, 4);
    assert!(render(&Diagnostic::error(elsewhere, "message"), &sources, false).contains("message"));
}
