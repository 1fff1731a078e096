//! The canonical form: what it looks like, and that comments and empty lines stay where they stood.

use super::{format_text, lex, parse_file, print};
use crate::diagnostic::Diagnostics;
use crate::span::FileId;

fn formatted(text: &str) -> String {
    let mut diagnostics = Diagnostics::new();
    format_text(text, FileId(0), &mut diagnostics).unwrap_or_else(|| panic!("{:?}", diagnostics.sorted()))
}

fn expect(text: &str, expected: &str) {
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted(expected), expected, "it changes again");
}

#[test]
fn a_program_is_laid_out() {
    expect(
        "import \"a.nn\";const N=6; const M = 7;\nfn f(x)=x;fn g(x){y=x;y}\n///Doc.\nnetwork A:f64{input  x:[B,3];y=if training{x}else{-x};loss=sum(y);}",
        "import \"a.nn\";\n\nconst N = 6;\nconst M = 7;\n\nfn f(x) = x;\n\nfn g(x) {\n    y = x;\n    y\n}\n\n///Doc.\nnetwork A: f64 {\n    input x: [B, 3];\n    y = if training { x } else { -x };\n    loss = sum(y);\n}\n",
    );
    expect("network A { }", "network A {}\n");
    expect("", "");
}

#[test]
fn comments_and_empty_lines_stay() {
    expect(
        "// head\n\n\n// more\nnetwork A { // here\n  // first\n  x = 1; // behind\n\n\n\n  /* block */ y = /* inside */ 2;\n  /// doc\n  z = if t { // why\n a = 1; // one\n a // two\n } else { b };\n  // last\n} // after\n// end",
        "// head\n\n// more\nnetwork A {\n    // here\n    // first\n    x = 1; // behind\n\n    /* block */\n    /* inside */\n    y = 2;\n    /// doc\n    z = if t {\n        // why\n        a = 1; // one\n        a // two\n    } else { b };\n    // last\n} // after\n// end\n",
    );
    expect("// only\n", "// only\n");
    expect("const N = 1; // one\n\n// two\nconst M = // three\n 2;\n", "const N = 1; // one\n\n// two\n// three\nconst M = 2;\n");
    expect("network A { x = 1; /* a\n   b */ }", "network A {\n    x = 1; /* a\n   b */\n}\n");
    expect(
        "network A { x = {0}; }".replace("{0}", "if a { // c\n b } else { /* d */ }").as_str(),
        "network A {\n    x = if a {\n        // c\n        b\n    } else {\n        /* d */\n    };\n}\n",
    );
}

#[test]
fn no_comment_is_lost_wherever_it_stands() {
    let text = "import \"a\" ; const N = f ( 1 ) ; fn f ( x = 1 ) { a = x ; a } layer L ( ) ( x : [ .. , k ] ) { param w : [ k ] = zeros ; x } \
                network A ( h = 2 ) : f64 { input t : [ B ] in 0 .. 4 ; y [ i , ( a , b ) ] = sum [ k in 0 .. 2 ] ( x [ i , k ] ) ; \
                z = if a { b = 1 ; b } else if c { d } else { e } ; }";
    let places: Vec<usize> = text.match_indices(' ').map(|(place, _)| place).collect();
    for place in places {
        for comment in ["// c\n", " /* c */ ", "\n// c\n", "\n\n/* c\nd */\n\n"] {
            let commented = format!("{}{comment}{}", &text[..place], &text[place..]);
            let once = formatted(&commented);
            assert_eq!(once.matches(comment.trim()).count(), 1, "{commented}\n{once}");
            assert_eq!(formatted(&once), once, "{commented}");
        }
    }
}

#[test]
fn long_lines_are_broken() {
    let terms: Vec<String> = (0..12).map(|number| format!("some_name_{number}")).collect();
    let sum = format!("network A {{ y = {}; z = f({}); w = x |> {}; }}", terms.join(" + "), terms.join(", "), terms.join(" |> "));
    let once = formatted(&sum);
    assert!(once.lines().all(|line| line.len() <= 100), "{once}");
    assert!(once.contains("\n        + some_name_11;\n") && once.contains("\n        some_name_11,\n    );\n"), "{once}");
    assert_eq!(formatted(&once), once);
    let reduction = format!("network A {{ y[i] = sum[k]({}) / 2 + {}; }}", terms.join(" * "), terms.join(" * "));
    let once = formatted(&reduction);
    assert!(once.lines().all(|line| line.len() <= 100), "{once}");
    assert_eq!(formatted(&once), once);
}

#[test]
fn a_broken_text_is_not_formatted() {
    let mut diagnostics = Diagnostics::new();
    assert_eq!(format_text("network A { x = ; }", FileId(0), &mut diagnostics), None);
    assert!(diagnostics.has_errors());
}

#[test]
fn a_tree_prints_without_its_text() {
    let text = "/// Doc.\nnetwork A {\n    /// Of x.\n    input x: [];\n}\n";
    let mut diagnostics = Diagnostics::new();
    let tokens = lex(text, FileId(0), &mut diagnostics);
    assert_eq!(print(&parse_file(&tokens, FileId(0), &mut diagnostics)), text);
}
