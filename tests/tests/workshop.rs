//! Where generated code is built and run: one module that is wrong does not spoil the others.

use chainrule_compiler::cli::Workshop;
use std::path::Path;

const COPY: &str = "pub fn evaluate(given: &[u8]) -> Vec<u8> {\n    given.to_vec()\n}\n";
const SHORT: &str = "pub fn evaluate(given: &[u8]) -> Vec<u8> {\n    given[..1].to_vec()\n}\n";
const FAILS: &str = "pub fn evaluate(_: &[u8]) -> Vec<u8> {\n    panic!(\"no number\")\n}\n";
const BROKEN: &str = "pub fn evaluate(given: &[u8]) -> Vec<u8> {\n    missing(given)\n}\n";

#[test]
fn a_wrong_module_fails_alone() {
    let workshop = Workshop::new(Path::new(env!("CARGO_TARGET_TMPDIR")), "workshop");
    let results = workshop.run(&[(COPY, b"one"), (BROKEN, b"two"), (FAILS, b"three"), (SHORT, b"four")]);
    assert_eq!(results[0], Ok(b"one".to_vec()));
    let broken = results[1].as_ref().expect_err("it does not build");
    assert!(broken.contains("does not build") && broken.contains("missing"), "{broken}");
    let failed = results[2].as_ref().expect_err("it panics");
    assert!(failed.contains("no number"), "{failed}");
    assert_eq!(results[3], Ok(b"f".to_vec()));
}
