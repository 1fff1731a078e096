//! Which elementary functions generated code calls: those of the instruction set in loops that vectorize, those of the library elsewhere.

mod support;

use chainrule_compiler::{emit, pipeline};
use std::collections::BTreeSet;
use support::compile::compile;

/// The calls of elementary functions in the code of a network, `I::tanh` or `Scalar::log`.
fn calls(text: &str) -> BTreeSet<String> {
    let [training, inference] = [true, false]
        .map(|training| compile("model.nn", text, None, training).unwrap_or_else(|mistakes| panic!("{}", mistakes.text)));
    let code = emit::rust::module(&pipeline::passes(&training, &inference)).expect("a network that can be written");
    let elementary = ["exp", "expm1", "log", "log1p", "tanh", "sigmoid", "softplus", "erf"];
    let names = elementary.iter().flat_map(|name| ["I", "Scalar"].map(|owner| format!("{owner}::{name}")));
    names.filter(|name| code.contains(&format!("{name}("))).collect()
}

fn check(text: &str, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(calls(text), expected, "{text}");
}

#[test]
fn rows_vectorize() {
    check("network N { input x: [B, 40]; output y = tanh(x) + erf(x); }", &["I::erf", "I::tanh"]);
    check("network N: f64 { input x: [N]; param a: [] = ones; loss = sum(exp(a * x)); }", &["I::exp"]);
    check("network N { input x: [B, 10]; output y = where(x > 0, log1p(x), expm1(x)); }", &["I::expm1", "I::log1p"]);
}

#[test]
fn single_numbers_and_short_rows_do_not() {
    check("network N { input x: [B, 2]; output y = sigmoid(x |> Dense(2)); }", &["Scalar::sigmoid"]);
    check("network N { input x: []; output y = tanh(x); }", &["Scalar::tanh"]);
}

#[test]
fn rows_are_normalized_side_by_side_and_their_sums_one_by_one() {
    for columns in [10, 64] {
        check(&format!("network N {{ input x: [B, {columns}]; output y = softmax(x); }}"), &["I::exp"]);
        let text =
            format!("network N {{ param x: [5, {columns}] = ones; target t: [5] in 0..{columns}; loss = cross_entropy(x, t); }}");
        check(&text, &["I::exp", "Scalar::log"]);
    }
}

#[test]
fn shared_values_lie_as_what_they_are_of() {
    let text = "network N { input x: [B, 24]; param a: [24] = ones; output y[b, i] = tanh(a[i] * x[b, i]); loss = sum(y ^ 2) + sum(y); }";
    check(text, &["I::tanh"]);
}

#[test]
fn gates_and_steps_of_recurrences_vectorize() {
    let text = "network N { input x: [B, T, 3]; h = x |> Lstm(16); output y = h[_, T - 1, _]; loss = sum(y ^ 2); }";
    check(text, &["I::sigmoid", "I::tanh"]);
    let text = "network N { input x: [B, T, 3]; h = x |> SimpleRnn(16); output y = h[_, T - 1, _]; loss = sum(y ^ 2); }";
    check(text, &["I::tanh"]);
}

#[test]
fn columns_vectorize() {
    let step = "h[b, t, j] = x[b, t, j] + logsumexp[i](h[b, t - 1, i] + a[i, j])";
    for width in [12, 20, 64] {
        let text = format!(
            "network N {{ input x: [B, T, {width}]; param a: [{width}, {width}] = normal(0, 1); {step}; output y = h[_, -1, _]; }}"
        );
        check(&text, &["I::exp", "I::log"]);
        let text = format!(
            "network N {{ input x: [B, {width}]; param a: [{width}, {width}] = normal(0, 1); loss = sum[b, j](logsumexp[i](x[b, i] + a[i, j])); }}"
        );
        check(&text, &["I::exp", "I::log"]);
    }
}
