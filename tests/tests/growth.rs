//! How generated code grows with a network: by counts, not by the clock.

mod support;

use chainrule_compiler::{emit, pipeline};
use support::compile::compile;

/// The code of a network.
fn code(text: &str) -> String {
    let [training, inference] = [true, false]
        .map(|training| compile("model.nn", text, None, training).unwrap_or_else(|mistakes| panic!("{}", mistakes.text)));
    emit::rust::module(&pipeline::passes(&training, &inference)).expect("a network that can be written")
}

/// How many functions compute steps, the copies for instruction sets not counted.
fn functions(code: &str) -> usize {
    let is_copy = |line: &str| ["_avx2(", "_avx512(", "_on<"].iter().any(|end| line.contains(end));
    code.lines().filter(|line| line.starts_with("fn compute_") && !is_copy(line)).count()
}

/// `x |> Dense(width) |> relu` for each width.
fn layers(widths: impl IntoIterator<Item = usize>) -> String {
    let layers: String = widths.into_iter().map(|width| format!(" |> Dense({width}) |> relu")).collect();
    format!("network Deep {{ input x: [B, 64]; target t: [B, 10]; y = x{layers} |> Dense(10); loss = cross_entropy(y, t); }}")
}

fn blocks(count: usize) -> String {
    let blocks = " |> TransformerBlock(2, 16)".repeat(count);
    format!("network Blocks {{ input x: [B, T, 8]; target t: [B, T, 8]; h = x{blocks}; loss = mse(h, t); }}")
}

#[test]
fn layers_of_the_same_shapes_share_their_functions() {
    let [few, many] = [4, 64].map(|count| functions(&code(&layers([64].repeat(count)))));
    assert_eq!(few, many);
}

#[test]
fn blocks_of_the_same_shapes_share_their_functions() {
    let [few, many] = [4, 12].map(|count| functions(&code(&blocks(count))));
    assert_eq!(few, many);
}

#[test]
fn many_layers_of_different_widths_share_their_functions() {
    // Rows of the wide ones are long enough to be shared by threads.
    for narrowest in [65, 500] {
        let [few, many] = [16, 48].map(|count| functions(&code(&layers(narrowest..narrowest + count))));
        assert_eq!(few, many, "from {narrowest}");
    }
}

#[test]
fn a_few_layers_of_different_widths_have_functions_of_their_own() {
    let [two, four] = [2, 4].map(|count| functions(&code(&layers(65..65 + count))));
    assert!(two < four);
}

#[test]
fn code_grows_linearly_with_layers_of_different_shapes() {
    let [short, middle, long] = [16, 32, 64].map(|count| code(&layers(65..65 + count)).len());
    // Numbers of more digits make lines a little longer.
    assert!((long - middle) as f64 <= 2.1 * (middle - short) as f64, "{short} {middle} {long} bytes");
}

#[test]
fn no_function_grows_with_the_network() {
    let longest = |text: &str| {
        let code = code(text);
        code.split("\nfn ").skip(1).filter_map(|function| function.find("\n}").map(|end| function[..end].lines().count())).max()
    };
    assert_eq!(longest(&layers([64].repeat(32))), longest(&layers([64].repeat(64))));
}
