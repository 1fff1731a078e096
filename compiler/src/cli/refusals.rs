//! Calls and values that are refused, with words that say what, where and why.

use super::json::repeated_key;
use super::tests::{LINE, chainrule, write};

#[test]
fn values_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = write(folder.path(), "line.nn", LINE);
    let complaint = |text: &str, more: &[&str]| {
        let values = write(folder.path(), "values.json", text);
        let (status, _, error) = chainrule(&[&["eval", &model, "--values", &values], more].concat());
        assert_eq!(status, 2, "{text}: {error}");
        error
    };
    let inputs = r#"{"inputs": {"x": [1, 2], "t": [2, 3]}}"#;
    assert!(complaint(r#"{"inputs": {"x": [1, 2], "t": [2, 3, 4]}}"#, &[]).contains("`t`: the shape [B = 2] is expected"));
    assert!(
        complaint(r#"{"inputs": {"x": [1, 2]}}"#, &[]).contains("`t`: it has no value; \"inputs\" must have one of shape [B]")
    );
    // A reader of JSON would take the last one.
    let twice = r#"{"inputs": {"x": [1, 2], "t": [2, 3], "x": [3, 4]}}"#;
    assert!(complaint(twice, &[]).contains("\"x\" stands twice in one object"));
    assert!(complaint(r#"{"inputs": {}, "inputs": {"x": [1, 2], "t": [2, 3]}}"#, &[]).contains("\"inputs\" stands twice"));
    assert!(complaint(r#"{"inputs": {"y": [1, 2]}}"#, &[]).contains("no `y` among its inputs: there are x, t"));
    assert!(complaint(r#"{"input": {}}"#, &[]).contains("\"input\" is none of"));
    assert!(complaint(inputs, &["--wrt", "y"]).contains("`y` is no parameter"));
    assert!(complaint("{", &[]).contains("values.json"));
}

#[test]
fn keys_are_told_from_values_and_from_each_other() {
    for fine in
        ["{}", r#"{"a": "a", "b": {"a": 1}, "c": [{"a": 1}, {"a": 2}]}"#, r#"{"a\"": 1, "a": ": \\", "\\": "\\"}"#, "[]", "3"]
    {
        assert_eq!(repeated_key(fine), None, "{fine}");
    }
    for (text, key) in [(r#"{"a": 1, "a": 1}"#, "\"a\""), (r#"{"b": {"x\"": [1], "y": 2, "x\"": 3}}"#, r#""x\"""#)] {
        assert_eq!(repeated_key(text), Some(key), "{text}");
    }
}

#[test]
fn sizes_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = write(folder.path(), "late.nn", "network Late { input x: [T]; output y = sum(x[5..]); }\n");
    let eval = |text: &str| {
        let values = write(folder.path(), "values.json", text);
        chainrule(&["eval", &model, "--values", &values])
    };
    let (status, _, error) = eval(r#"{"inputs": {"x": [1, 2, 3]}}"#);
    assert_eq!(status, 2);
    assert!(error.contains("`T`: T = 3 does not fit the slice 5..T of axis 0 of `x`"), "{error}");
    assert!(error.contains("must be at least 0"), "{error}");
    assert!(eval(r#"{"inputs": {"x": [1, 2, 3, 4, 5, 6, 7]}}"#).1.contains("\"y\": 13.0"));
}

#[test]
fn a_trace_writes_large_numbers_with_exponents() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = write(folder.path(), "large.nn", "network Large { param w: [] = ones; loss = w * 1e300; }\n");
    let values = write(folder.path(), "values.json", "{}");
    let (_, _, error) = chainrule(&["eval", &model, "--values", &values, "--trace"]);
    assert!(error.contains("forward: loss = 1e300, more than an f32 holds\n"), "{error}");
}

#[test]
fn nothing_is_written_over_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = write(folder.path(), "line.nn", LINE);
    let (status, _, error) = chainrule(&["new", &model]);
    assert!(status == 2 && error.contains("the file is there already, and nothing is written over it"), "{error}");
    assert_eq!(std::fs::read_to_string(&model).expect("it is there"), LINE);
}
