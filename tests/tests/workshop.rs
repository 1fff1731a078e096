//! Where generated code is built and run: one module that is wrong does not spoil the others.

use chainrule::__private::Level;
use chainrule_compiler::cli::Workshop;
use chainrule_tests::INSTRUCTIONS;
use std::path::Path;

const COPY: &str = "pub fn evaluate(given: &[u8]) -> Vec<u8> {\n    given.to_vec()\n}\n";
const SHORT: &str = "pub fn evaluate(given: &[u8]) -> Vec<u8> {\n    given[..1].to_vec()\n}\n";
const FAILS: &str = "pub fn evaluate(_: &[u8]) -> Vec<u8> {\n    panic!(\"no number\")\n}\n";
const BROKEN: &str = "pub fn evaluate(given: &[u8]) -> Vec<u8> {\n    missing(given)\n}\n";

/// Which instruction set it computes with.
const LEVEL: &str = "pub fn evaluate(_: &[u8]) -> Vec<u8> {\n    vec![chainrule::__private::Level::detect() as u8]\n}\n";

#[test]
fn a_wrong_module_fails_alone() {
    let workshop = Workshop::new(Path::new(env!("CARGO_TARGET_TMPDIR")), "workshop");
    let results = workshop.run(&[(COPY, b"one"), (BROKEN, b"two"), (FAILS, b"three"), (SHORT, b"four")]);
    assert_eq!(results[0], Ok(vec![b"one".to_vec()]));
    let broken = results[1].as_ref().expect_err("it does not build");
    assert!(broken.contains("does not build") && broken.contains("missing"), "{broken}");
    let failed = results[2].as_ref().expect_err("it panics");
    assert!(failed.contains("no number"), "{failed}");
    assert_eq!(results[3], Ok(vec![b"f".to_vec()]));
}

#[test]
fn modules_run_in_every_instruction_set_that_the_machine_has() {
    let workshop = Workshop::new(Path::new(env!("CARGO_TARGET_TMPDIR")), "instructions").limited_to(INSTRUCTIONS);
    let results = workshop.run(&[(LEVEL, b"")]);
    let best = Level::available().len() - 1;
    let expected = (0..INSTRUCTIONS.len()).map(|level| vec![u8::try_from(level.min(best)).unwrap_or(u8::MAX)]);
    assert_eq!(results, [Ok(expected.collect::<Vec<_>>())]);
    let [Err(message)] = &workshop.limited_to(&["sse"]).run(&[(LEVEL, b"")])[..] else { panic!("no such set") };
    assert!(
        message.contains("CHAINRULE_INSTRUCTIONS=sse is no instruction set; there are baseline, avx2 and avx512"),
        "{message}"
    );
}
