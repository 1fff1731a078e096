//! What is said about mistakes: where, in which words, and that one mistake does not hide or cause another.

use super::tree::{ExpressionKind, File, Item, StatementKind};
use super::{lex, parse_expression, parse_file, parse_statements};
use crate::diagnostic::Diagnostics;
use crate::render::render;
use crate::source::Sources;

/// Reads a text; gives the tree, and each error as `line:column` with all its words.
fn read(bytes: &[u8]) -> (File, Vec<(String, String)>) {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let file = sources.add_bytes("model.nn", bytes, &mut diagnostics);
    let tokens = lex(sources.text(file), file, &mut diagnostics);
    let tree = parse_file(&tokens, file, &mut diagnostics);
    let place = |start| {
        let (line, column) = sources.line_column(file, start);
        format!("{line}:{column}")
    };
    let errors = diagnostics.sorted().into_iter().map(|one| (place(one.span.start), render(one, &sources, false)));
    let errors = errors.collect();
    (tree, errors)
}

/// Checks that exactly these mistakes are found, each at its place and with its words.
fn expect(text: &str, mistakes: &[(&str, &str)]) {
    let (_, errors) = read(text.as_bytes());
    let shown: Vec<_> = errors.iter().map(|(place, words)| format!("{place}\n{words}")).collect();
    assert_eq!(errors.len(), mistakes.len(), "{text}\n{}", shown.join("\n"));
    for ((place, message), (expected, words)) in errors.iter().zip(mistakes) {
        assert_eq!(place, expected, "{message}");
        assert!(words.split('~').all(|word| message.contains(word)), "{words}\n{message}");
        assert!(message.contains(&format!("--> model.nn:{place}\n")), "{message}");
    }
}

/// The same for statements of a network, from the second line on.
fn expect_in_network(statements: &str, mistakes: &[(&str, &str)]) {
    expect(&format!("network N {{\n{statements}\n}}\n"), mistakes);
}

#[test]
fn a_mistake_says_what_was_found_and_what_was_expected() {
    expect_in_network("y = x + 1 z = y;", &[("2:11", "expected `;` or an operator, found `z`~every statement ends with `;`")]);
    expect_in_network(
        "y = f(x + 1;",
        &[("2:12", "expected `,`, `)` or an operator, found `;`~this is not closed: its `)` is missing")],
    );
    expect_in_network("y = x[i, ;", &[("2:10", "an expression, found `;`~its `]` is missing")]);
    expect_in_network("y = x + ;", &[("2:9", "expected an expression, found `;`")]);
    expect_in_network("y = x ** 2;", &[("2:8", "found `*`~a power is written `x ^ 2`")]);
    expect_in_network("y = if a = b { c } else { d };", &[("2:10", "found `=`~compared with `==`")]);
    expect_in_network("y = if a { b };", &[("2:15", "expected `else`, found `;`")]);
    expect_in_network("y = if a { b; } else { c };", &[("2:13", "the value of a block stands at its end~remove the `;`")]);
    expect_in_network("y = if a { b else { c };", &[("2:14", "expected `}`~this is not closed: its `}` is missing")]);
    expect_in_network("y = a < b < c;", &[("2:11", "comparisons cannot be chained~a < b && b < c")]);
    expect_in_network("y = sum[k in 0..4, 2](x);", &[("2:8", "hold labels only")]);
    expect_in_network("y = x[k in 0..4];", &[("2:17", "expected `(`")]);
    expect_in_network("inputs x: [B];", &[("2:8", "expected `=` or `[`, found `x`~is `input` meant?")]);
    expect_in_network("input x [B];", &[("2:9", "expected `:`, found `[`")]);
    expect_in_network("param w: [2] = ;", &[("2:16", "expected an expression, found `;`")]);
    expect_in_network("y = f(a -> [b]);", &[("2:7", "before `->` stands a list")]);
    expect_in_network("y = x; /// about nothing", &[("3:1", "expected a statement, found `}`")]);
    expect_in_network("y = 9007199254740993;", &[("2:5", "too large: the largest is 9007199254740992")]);
}

#[test]
fn what_other_languages_write_has_a_cure() {
    let alone = |statement: &str, place: &str, words: &str| expect_in_network(statement, &[(place, words)]);
    alone("let x = 3;", "2:5", "needs no `let`");
    alone("def f(x):\n  return x + 1;", "2:5", "an item beside the network");
    alone("return x;", "2:8", "`output y = ...;`");
    alone("for i in 0..3 { y = x; }", "2:5", "there are no loops");
    alone("given x = 3;", "2:7", "a statement begins with `input`");
    alone("if x > 0 { y = x; } else { y = 0; }", "2:1", "`if` is an expression~where(a, b, c)");
    alone("y := x;", "2:3", "a definition is written `y = ...;`");
    alone("y == x;", "2:3", "one `=`");
    alone("y += 1;", "2:3", "a name is defined once");
    alone("loss.backward();", "2:14", "a statement gives a value a name");
    alone("y = a and b;", "2:7", "`and` is written `&&`");
    alone("y = not b;", "2:9", "`not` is written `!`");
    alone("y = lambda a: a;", "2:12", "fn f(x)");
    alone("y = x[:, 0];", "2:7", "a range is written `0..2`, a whole axis `_`");
    alone("y = x[0:2];", "2:8", "a range is written");
    alone("y = a ? b : c;", "2:7", "where(condition, a, b)");
    alone("y = Dense(\"8\");", "2:11", "without quotes");
    alone("input x: (B, 3);", "2:10", "in brackets: `[B, 784]`");
    alone("input x: f32[B];", "2:10", "in brackets: `[B, 784]`");
    alone("input x [B];", "2:9", "a `:` stands before the shape");
    alone("input x: [B] = 3;", "2:14", "given with the data");
    alone("param w = zeros;", "2:9", "`param w: [3, 4] = zeros;`");
    alone("output y: [3] = x;", "2:9", "follows from the value");
    alone("input x: [B],", "2:13", "every statement ends with `;`");
    alone("y = x", "3:1", "every statement ends with `;`");
    alone("# a word about it\ny = x;", "2:1", "a comment begins with `//`");
    alone("y = x' @ x;", "2:6", "a transpose is written `x.T`");
    expect("const N: usize = 3;", &[("1:8", "a constant has no type")]);
    expect("N = 3;", &[("1:1", "`const N = 3;`")]);
    expect("input x: [B];", &[("1:1", "statements stand in a network")]);
    expect("class Net:\n  y = 3", &[("1:1", "a network is written")]);
    expect("fn f(x: f32) = x;", &[("1:7", "has no types")]);
    expect("fn f(x) -> f32 { x }", &[("1:9", "has no types")]);
    expect("fn f(x) = x\nnetwork N { }", &[("2:1", "ends with `;`")]);
}

#[test]
fn items_are_checked_too() {
    expect("network N {\n    loss = x;\n", &[("2:13", "expected `}`, found the end~its `}` is missing~put a `}` at the end")]);
    expect(
        "import blocks;\nconst = 3;",
        &[("1:8", "a path in double quotes, found `blocks`"), ("2:7", "expected a name, found `=`")],
    );
    expect("layer L(x) { x }", &[("1:12", "the layer `L` has no data~two pairs of parentheses")]);
    expect("fn f(x = 1\nfn g(x) = x;", &[("2:1", "expected `,`, `)` or an operator, found `fn`~its `)` is missing")]);
    expect("}\nnetwork N { }", &[("1:1", "expected `network`, `layer`, `fn`, `const` or `import`, found `}`")]);
    expect("network N { y = x;\nnetwork M { }", &[("2:1", "expected `}`, found `network`")]);
    expect("", &[]);
}

#[test]
fn characters_are_checked_once() {
    expect_in_network("y = x % 2;", &[("2:7", "`%` is not part of the language~remainder")]);
    expect_in_network("y = x' + 1;", &[("2:6", "a transpose is written `x.T`")]);
    expect_in_network("y = a & b;\nz = a | b;", &[("2:7", "written `&&`"), ("3:7", "written `||`")]);
    expect_in_network(
        "y = 1e999 + 1f32 + 0b12;",
        &[("2:5", "too large"), ("2:13", "followed directly by `f32`"), ("2:20", "`2` is not a digit")],
    );
    expect("/* open\n", &[("1:1", "the comment is not closed")]);
    expect("import \"a\\n\";", &[("1:10", "unknown escape")]);
    let (_, errors) = read(b"network N {\n    y = f(\xff\xfex);\n}\n");
    assert_eq!(errors.len(), 1);
    assert!(errors[0].0 == "2:11" && errors[0].1.contains("not valid UTF-8"), "{errors:?}");
}

#[test]
fn all_independent_mistakes_are_found_in_one_run() {
    let text = "a = f(1; b);\nb = ;\nc = if t { d = ; e } else { f g };\nh = 1\ni = 2;\nj = (1 + 2;";
    let mistakes = [("2:8", "`;`"), ("3:5", "`;`"), ("4:16", "`;`"), ("4:31", "`g`"), ("6:1", "`i`"), ("7:11", "`;`")];
    expect_in_network(text, &mistakes);
}

#[test]
fn a_broken_statement_keeps_its_name() {
    let (tree, errors) = read(b"network N { input x: B]; y = 1 + ; z = 2 w = 3; loss = y }");
    assert_eq!(errors.len(), 4);
    let Some(Item::Network(network)) = tree.items.first() else { panic!("no network") };
    let names = network.statements.iter().filter_map(|one| {
        if let StatementKind::Define { name, value, .. } = &one.kind {
            Some((name.text.as_str(), value.kind == ExpressionKind::Missing))
        } else {
            None
        }
    });
    assert_eq!(names.collect::<Vec<_>>(), [("x", true), ("y", true), ("z", false), ("w", false), ("loss", false)]);
}

#[test]
fn statements_and_expressions_are_read_alone() {
    let mut diagnostics = Diagnostics::new();
    let file = crate::span::FileId(0);
    let tokens = lex("input x: [B]; loss = sum(x);", file, &mut diagnostics);
    assert_eq!(parse_statements(&tokens, file, &mut diagnostics).len(), 2);
    let tokens = lex("uniform(-1, 1)", file, &mut diagnostics);
    assert!(matches!(parse_expression(&tokens, file, &mut diagnostics).kind, ExpressionKind::Call(..)));
    assert!(!diagnostics.has_errors());
    let tokens = lex("} x = 1; y = ", file, &mut diagnostics);
    assert_eq!(parse_statements(&tokens, file, &mut diagnostics).len(), 2);
    assert_eq!(diagnostics.sorted().len(), 2);
    let mut diagnostics = Diagnostics::new();
    assert_eq!(parse_expression(&[], file, &mut diagnostics).kind, ExpressionKind::Missing);
    assert_eq!(diagnostics.sorted().len(), 1);
}
