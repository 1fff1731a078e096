//! A seed means the same to `chainrule eval` and to a network that is initialized in Rust.

use chainrule::Float;
use chainrule::init::Initializer;
use chainrule::network::Network;
use chainrule::prelude::*;
use chainrule_tests::chainrule;
use serde_json::Value;
use std::path::Path;

#[network(file = "single.nn")]
pub struct Single;

#[network(file = "double.nn")]
pub struct Double;

/// The outputs of `chainrule eval --seed 7` for a program.
fn outputs(model: &Path, inputs: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let values = folder.path().join("values.json");
    std::fs::write(&values, inputs).expect("a file");
    let run = chainrule(&["eval".as_ref(), model, "--values".as_ref(), &values, "--seed".as_ref(), "7".as_ref()]);
    assert_eq!(run.status, 0, "{}", run.error);
    serde_json::from_str::<Value>(&run.out).expect("JSON")["outputs"].clone()
}

/// The numbers of a tensor in JSON, in row-major order.
fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(items) => items.iter().flat_map(numbers).collect(),
        None => vec![value.as_f64().expect("a number")],
    }
}

/// Compares each output `NAME_out` with the parameter of that name, bit for bit.
fn starts_alike<N: Network>(network: &N, file: &str) {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeded").join(file);
    let outputs = outputs(&model, r#"{"inputs": {"x": [1, 2]}}"#);
    assert_eq!(N::DESCRIPTION.parameters.len(), 7);
    for parameter in N::DESCRIPTION.parameters {
        let count = parameter.shape.iter().product::<usize>();
        let expected: Vec<f64> = network.flat()[parameter.offset..][..count].iter().map(|number| number.to_f64()).collect();
        assert!(expected.iter().any(|&number| number != 0.0), "{}", parameter.path);
        assert_eq!(numbers(&outputs[format!("{}_out", parameter.path)]), expected, "{}", parameter.path);
    }
}

#[test]
fn parameters_start_alike() {
    starts_alike(&*Single::init(7), "single.nn");
    starts_alike(&*Double::init(7), "double.nn");
}

#[test]
fn states_start_from_the_seed_and_their_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = folder.path().join("state.nn");
    let text = "network Net: f64 { input x: []; state memory: [3, 2] = normal(1, 2); output kept = memory * x; }";
    std::fs::write(&model, text).expect("a file");
    let mut expected = [0.0; 6];
    let initializer = Initializer::new("normal", &[1.0, 2.0]).expect("an initializer");
    initializer.start("memory", &[3, 2], 7, &mut expected, |number| number);
    assert_eq!(numbers(&outputs(&model, r#"{"inputs": {"x": 1}}"#)["kept"]), expected);
}
