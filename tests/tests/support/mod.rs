//! What the tests of this folder share: a text compiled in memory, expectations in its comments, and numbers compared.
//!
//! It knows the public interface of the compiler and nothing of its inside.

// Each test uses a part of it.
#![allow(dead_code)]

pub mod compile;
pub mod expectations;
pub mod numbers;
pub mod stages;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a check, with a panic as one more way to fail.
pub fn caught<T>(check: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
        Err(format!("panicked: {}", text.unwrap_or("(no message)")))
    })
}

/// Fails with all failures of a test that goes over many programs, each named.
pub fn report(failures: &[(String, String)], count: usize) {
    let lines: Vec<String> = failures.iter().map(|(name, message)| format!("--- {name}\n{message}")).collect();
    assert!(count > 0, "there is nothing to test");
    assert!(failures.is_empty(), "{} of {count} failed:\n{}", failures.len(), lines.join("\n"));
}
