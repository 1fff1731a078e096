//! What grows without end is refused, however small the text is that asks for it.

use super::tests::compile;
use std::fmt::Write;

/// Checks that a program is refused with these words.
fn refused(text: &str, words: &str) {
    let messages = compile(text, true).expect_err("it is refused");
    assert!(messages.iter().any(|message| message.contains(words)), "{words}\n{messages:?}");
    assert!(messages.iter().all(|message| message.len() < 5000));
}

/// Lines for the numbers below a count.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}

#[test]
fn definitions_are_counted_whatever_they_are() {
    for kind in ["input y{}: [3];", "param y{}: [3];", "state y{}: [3];", "y{} = x * {};"] {
        let statements = lines(20_001, |number| kind.replace("{}", &number.to_string()));
        refused(&format!("network N {{ input x: [3]; {statements} loss = sum(x); }}"), "more than 20000 definitions");
    }
    // Few statements in a network whose layers own many parameters.
    let layer = format!("layer Wide()(x) {{ {} x }}", lines(1000, |number| format!("param w{number}: [2];")));
    let statements = lines(21, |number| format!("y{number} = x |> Wide;"));
    refused(&format!("{layer} network N {{ input x: [3]; {statements} loss = sum(x); }}"), "more than 20000 definitions");
}

#[test]
fn what_doubles_ends() {
    let network = "network N { input x: [3]; loss = sum(";
    let constants = lines(60, |number| format!("const c{number} = c{} + c{};", number + 1, number + 1));
    assert!(compile(&format!("{constants} const c60 = 1; {network} x) * c0; }}"), true).is_ok());
    let layers = lines(60, |number| format!("layer L{number}()(x) {{ x |> L{} |> L{} }}", number + 1, number + 1));
    refused(&format!("{layers} layer L60()(x) {{ x * 2 }} {network} x |> L0); }}"), "inlines more than");
    let joins = lines(13, |number| format!("fn f{number}(x) = concat([f{}(x), f{}(x)]);", number + 1, number + 1));
    refused(&format!("{joins} fn f13(x) = x; {network} f0(x)); }}"), "this formula is too large");
}

#[test]
fn sizes_that_overflow_are_refused() {
    let with_shape = |shape: &str| format!("network N {{ input x: [A, B, C]; input y: [{shape}]; loss = sum(y); }}");
    refused(&with_shape("4294967296, 4294967296, 4294967296"), "too many elements");
    refused(&with_shape("A * 9007199254740992 * 9007199254740992"), "expected a whole number or a size");
    refused(&with_shape(&vec!["(A + B + C + 1)"; 40].join(" * ")), "expected a whole number or a size");
    refused(&with_shape(&vec!["(A + B + C + 1)"; 30].join(", ")), "too many elements");
    refused(&with_shape(&vec!["1"; 100].join(", ")), "a tensor of 100 axes");
    refused(&with_shape("floor(A / 0)"), "expected a whole number or a size");
}

#[test]
fn floors_of_floors_end() {
    let strided = lines(60, |number| format!("h{}[i] = concat([h{number}, h{number}, h{number}])[2 * i + 1];", number + 1));
    refused(&format!("network N {{ input x: [N]; h0 = x; {strided} loss = sum(h60); }}"), "it cannot be told how far");
    let halved = lines(60, |number| format!("h{}[i] = h{number}[2 * i];", number + 1));
    refused(&format!("network N {{ input x: [N]; h0 = x; {halved} loss = sum(h60); }}"), "too many elements");
}

#[test]
fn long_names_and_long_circles_are_shortened() {
    refused(&format!("network N {{ loss = {}; }}", "a".repeat(1 << 20)), "unknown name `aaa");
    let circle = lines(3000, |number| format!("y{number} = y{};", (number + 1) % 3000));
    refused(&format!("network N {{ {circle} loss = y1; }}"), "and 2992 more are defined by each other");
}

#[test]
fn long_recurrences_and_many_readers_take_no_long_time() {
    let step = |number: usize| if number == 0 { "t - 1" } else { "t" };
    let circle = lines(2000, |number| format!("h{number}[t] = tanh(h{}[{}] + x[t]);", (number + 1999) % 2000, step(number)));
    assert!(compile(&format!("network N {{ input x: [T]; {circle} loss = sum(h7); }}"), true).is_ok());
    let readers = lines(2000, |number| format!("y{number} = x |> body; z{number} = sum(body.w) * {number};"));
    assert!(compile(&format!("network N {{ input x: [B, 3]; body = Dense(3); {readers} loss = z7; }}"), true).is_ok());
}
