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

/// The program with derivatives in its loss: gradients for what it was given, and a product with the Hessian.
fn of_second_order(text: &str) -> Option<String> {
    let given = |line: &&str| line.trim_start().starts_with("param ") || line.trim_start().starts_with("input ");
    let names = text.lines().filter(given).filter(|line| !line.contains(" in 0..")).filter_map(|line| {
        let name = line.trim_start().split(':').next()?.split(' ').nth(1)?;
        Some(name.to_owned())
    });
    let (before, loss) = text.split_once("    loss = ")?;
    let function = format!("{before}    f = {loss}");
    let function = function.trim_end().trim_end_matches('}');
    let mut lines = String::new();
    let mut terms = vec!["f".to_owned()];
    for name in names {
        let alone = format!("{function}    g = grad(f, {name});\n    loss = f;\n}}\n");
        // What the function does not depend on has no derivative.
        if compile("random.nn", &alone, None, true).is_ok() {
            lines += &format!("    g_{name} = grad(f, {name});\n    v_{name} = jvp(g_{name}, {name}, {name});\n");
            terms.push(format!("0.1 * sum(sin(g_{name})) + 0.01 * sum(tanh(v_{name}))"));
        }
    }
    (terms.len() > 1).then(|| format!("{function}{lines}    loss = {};\n}}\n", terms.join(" + ")))
}

#[test]
fn derivatives_of_random_programs_agree() {
    let (count, start) = (setting("CHAINRULE_PROGRAMS", 100) / 10, setting("CHAINRULE_SEED", 0));
    let mut failures = Vec::new();
    for seed in start..start + count {
        let generator = program(seed);
        let text = |length: usize, last: bool| of_second_order(&generator.text(length, last));
        let Some(whole) = text(generator.len(), false) else { continue };
        let Err(message) = agree(&whole, seed) else { continue };
        let shorter = (1..=generator.len()).filter_map(|length| text(length, true));
        let shortest = shorter.filter_map(|text| agree(&text, seed).err().map(|message| (text, message))).next();
        let (text, message) = shortest.unwrap_or((whole, message));
        failures.push((format!("seed {seed}"), format!("{message}\n{text}")));
    }
    report(&failures, usize::try_from(count).unwrap_or(usize::MAX));
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
