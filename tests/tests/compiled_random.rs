//! Random programs, compiled: the generated code gives the values and gradients that their definitions give, in every instruction set.
//!
//! `CHAINRULE_COMPILED` says how many are tried (40), `CHAINRULE_SEED` with which seed they begin (0).

mod support;

#[path = "../src/random/mod.rs"]
mod random;

use chainrule_compiler::cli::Workshop;
use chainrule_compiler::cli::compile::{Answer, evaluate};
use chainrule_compiler::eval::{self, Values};
use chainrule_compiler::ir::{Program, Role, Root};
use chainrule_compiler::loops::Destination;
use chainrule_compiler::pipeline;
use chainrule_tests::INSTRUCTIONS;
use random::{Derived, derived, program};
use std::path::Path;
use support::compile::compile;
use support::numbers::{same, sample};
use support::stages::real_inputs;
use support::{caught, report};

/// How far compiled code in `f64` may be from the definition.
const TOLERANCE: f64 = 1e-7;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// The text of a seed; every fourth has derivatives in it.
fn text(seed: u64) -> Result<String, String> {
    let generator = program(seed);
    let compiles = |text: &str| compile("random.nn", text, None, true).map(|_| ()).map_err(|mistakes| mistakes.text);
    let derived = if seed.is_multiple_of(4) { derived(&generator, generator.len(), seed, &compiles)? } else { None };
    Ok(derived.map_or_else(|| generator.text(generator.len(), false), |Derived { text, .. }| text))
}

/// A random program with its gradients, and values for it.
fn differentiated(seed: u64) -> Result<(Program, Values), String> {
    caught(|| {
        let text = text(seed)?;
        let program = compile("random.nn", &text, None, true).map_err(|mistakes| mistakes.text)?;
        let values = sample(&program, &Values::default(), &Default::default(), seed);
        Ok((pipeline::gradient(&program, &real_inputs(&program), |_| true).program, values))
    })
}

fn compare(program: &Program, values: &Values, seed: u64, answer: &Answer) -> Result<(), String> {
    let computed = eval::evaluate_seeded(program, values, seed).map_err(|error| error.to_string())?;
    for Root { role, tensor } in &program.roots {
        let (destination, name) = match role {
            Role::Loss => (Destination::Loss, "the loss".to_owned()),
            Role::Gradient(of) => {
                let of = &program.tensor(*of).name;
                (Destination::Gradient(of.clone()), format!("the gradient for {of}"))
            }
            Role::Update(of) => {
                let of = &program.tensor(*of).name;
                (Destination::Update(of.clone()), format!("the update of {of}"))
            }
            Role::Output(name) => (Destination::Output(name.clone()), format!("the output {name}")),
            Role::Metric(name) => (Destination::Metric(name.clone()), format!("the metric {name}")),
        };
        let found = answer.get(&destination).ok_or_else(|| format!("{name} is missing"))?;
        same(&name, found, &computed[&program.tensor(*tensor).name], TOLERANCE)?;
    }
    Ok(())
}

#[test]
fn compiled_programs_agree_with_their_definitions() {
    let (count, start) = (setting("CHAINRULE_COMPILED", 40), setting("CHAINRULE_SEED", 0));
    let mut failures = Vec::new();
    let mut ready = Vec::new();
    for seed in start..start + count {
        match differentiated(seed) {
            Ok(pair) => ready.push((seed, pair)),
            Err(message) => failures.push((format!("seed {seed}"), format!("{message}\n{}", text(seed).unwrap_or_default()))),
        }
    }
    let cases: Vec<(&Program, &Values, u64)> = ready.iter().map(|(seed, (program, values))| (program, values, *seed)).collect();
    let workshop = Workshop::new(Path::new(env!("CARGO_TARGET_TMPDIR")), "random").limited_to(INSTRUCTIONS);
    let answers = evaluate(&cases, &workshop);
    for ((seed, (program, values)), answer) in ready.iter().zip(answers) {
        let of_set =
            |(set, answer): (&&str, &Answer)| compare(program, values, *seed, answer).map_err(|error| format!("{set}: {error}"));
        if let Err(message) = answer.and_then(|answers| INSTRUCTIONS.iter().zip(&answers).try_for_each(of_set)) {
            failures.push((format!("seed {seed}"), format!("{message}\n{}", text(*seed).unwrap_or_default())));
        }
    }
    report(&failures, usize::try_from(count).unwrap_or(usize::MAX));
}
