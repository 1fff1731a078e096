//! Random programs: both evaluators, the program before and after simplification, its gradient and finite differences agree.
//!
//! `CHAINRULE_PROGRAMS` says how many are tried (100), `CHAINRULE_SEED` with which seed they begin (0).

mod support;

#[path = "../src/random/mod.rs"]
mod random;

use random::{Generator, program};
use support::compile::compile;
use support::numbers::sample;
use support::stages::verify;
use support::{caught, report};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Compiles a program and compares all its stages.
fn agree(text: &str, seed: u64) -> Result<(), String> {
    caught(|| {
        let program = compile("random.nn", text, None, true).map_err(|mistakes| mistakes.text)?;
        let values = |attempt: u64| sample(&program, &Default::default(), &Default::default(), seed + 1000 * attempt);
        let mut kinks = Vec::new();
        for attempt in 0..3 {
            match verify(&program, &values(attempt)) {
                Ok(()) => return Ok(()),
                // The sample may lie on a kink; three of them hardly do.
                Err(message) if message.contains("differences say") => kinks.push(message),
                Err(message) => return Err(message),
            }
        }
        Err(kinks.swap_remove(0))
    })
}

/// The shortest beginning of a program that fails, with its failure.
fn shrunk(generator: &Generator, seed: u64) -> Option<(String, String)> {
    (1..=generator.len()).find_map(|count| {
        let text = generator.text(count, true);
        agree(&text, seed).err().map(|message| (text, message))
    })
}

#[test]
fn random_programs_agree() {
    let (count, start) = (setting("CHAINRULE_PROGRAMS", 100), setting("CHAINRULE_SEED", 0));
    let mut failures = Vec::new();
    for seed in start..start + count {
        let generator = program(seed);
        let text = generator.text(generator.len(), false);
        let Err(message) = agree(&text, seed) else { continue };
        let (text, message) = shrunk(&generator, seed).unwrap_or((text, message));
        failures.push((format!("seed {seed}"), format!("{message}\n{text}")));
    }
    report(&failures, usize::try_from(count).unwrap_or(usize::MAX));
}
