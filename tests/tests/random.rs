//! Random programs: both evaluators, the program before and after simplification, its gradient and finite differences agree.
//!
//! `CHAINRULE_PROGRAMS` says how many are tried (100), `CHAINRULE_SEED` with which seed they begin (0).

mod support;

#[path = "../src/random/mod.rs"]
mod random;

#[path = "support/slopes.rs"]
mod slopes;

use chainrule_compiler::eval::{self, Values};
use chainrule_compiler::ir::Program;
use random::{Claim, Derived, Generator, derived, program};
use support::compile::compile;
use support::numbers::{OUTSIDE, Random, same, sample};
use support::stages::{computed, verify};
use support::{caught, report};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// So many samples may lie on kinks.
const MOST_KINKS: usize = 3;
/// So many samples may lie outside of a function's domain.
const MOST_OUTSIDE: usize = 6;

/// Compiles a program and compares all its stages, and its derivatives with what they claim.
fn agree(text: &str, claims: &[Claim], seed: u64) -> Result<(), String> {
    caught(|| {
        let training = !seed.is_multiple_of(4);
        let compiled = |text: &str| compile("random.nn", text, None, training).map_err(|mistakes| mistakes.text);
        let (program, without) = (compiled(text)?, compiled(&frozen(text))?);
        let (mut kinks, mut outside) = (Vec::new(), Vec::new());
        for draw in 0.. {
            let values = sample(&program, &Default::default(), &Default::default(), seed + 1000 * draw);
            let given = with_stopped(&program, &without, &values)?;
            let program_of = |text: &str| compiled(&frozen(text));
            match slopes::check(&without, claims, &given, &program_of).and_then(|()| verify(&without, &given)) {
                Ok(()) => return stopped_agree(&program, &without, &values),
                // Nothing can be said there: another sample is drawn. That all are outside is a mistake of the generator.
                Err(message) if message.contains(OUTSIDE) => outside.push(message),
                // The sample may lie on a kink; three of them hardly do.
                Err(message) if message.contains("differences say") => kinks.push(message),
                Err(message) => return Err(message),
            }
            if kinks.len() == MOST_KINKS || outside.len() == MOST_OUTSIDE {
                break;
            }
        }
        Err(kinks.into_iter().chain(outside).next().unwrap_or_default())
    })
}

/// The program in which every `d = stop_gradient(...); // shape` is an input of that shape: what differences compare with. Of
/// two that are equal, the second is the first, as the compiler has it.
fn frozen(text: &str) -> String {
    let mut known: Vec<(&str, &str)> = Vec::new();
    let line = |line| {
        let Some((name, argument, shape)) = stopped(line) else { return format!("{line}\n") };
        if let Some((_, first)) = known.iter().find(|(other, _)| *other == argument) {
            return format!("    {name} = {first};\n");
        }
        known.push((argument, name));
        format!("    input {name}: {shape};\n")
    };
    text.lines().map(line).collect()
}

/// The name, the argument and the shape of a definition without a slope.
fn stopped(line: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = line.trim_start().split_once(" = stop_gradient(")?;
    let (argument, shape) = rest.split_once("); // ")?;
    Some((name, argument, shape))
}

/// The values of a program together with what has no slope, which is given in the other; any numbers where nothing reads it.
fn with_stopped(program: &Program, without: &Program, values: &Values) -> Result<Values, String> {
    let computed = eval::evaluate(program, values).map_err(|error| error.to_string())?;
    let given = without.ids().filter(|&id| without.definition(id).is_none()).map(|id| &without.tensor(id).name);
    let value = |name: &String| Some((name.clone(), values.get(name).or_else(|| computed.get(name))?.clone()));
    let known = given.filter_map(value).collect();
    Ok(sample(without, &known, &Default::default(), 0))
}

/// A program with `stop_gradient` has the gradients of the one in which its values are given.
fn stopped_agree(program: &Program, without: &Program, values: &Values) -> Result<(), String> {
    if program.tensors.len() == without.tensors.len() && program.roots == without.roots {
        return Ok(());
    }
    let mut given = computed(without, &with_stopped(program, without, values)?)?;
    given.retain(|name, _| name.strip_prefix("d ").is_none_or(|name| values.contains_key(name)));
    let found = computed(program, values)?;
    given.iter().try_for_each(|(name, value)| {
        let found = found.get(name).ok_or_else(|| format!("stop_gradient: {name} is missing"))?;
        same(&format!("stop_gradient: {name}"), found, value, 1e-9)
    })
}

/// The shortest beginning of a program that fails, with its failure.
fn shrunk(generator: &Generator, seed: u64) -> Option<(String, String)> {
    (1..=generator.len()).find_map(|count| {
        let text = generator.text(count, true);
        agree(&text, &[], seed).err().map(|message| (text, message))
    })
}

/// The first definitions of a program with random derivatives, if there are some.
fn with_derivatives(generator: &Generator, length: usize, seed: u64) -> Result<Option<Derived>, String> {
    let compile = |text: &str| compile("random.nn", text, None, true).map(|_| ()).map_err(|mistakes| mistakes.text);
    derived(generator, length, seed, &|text| compile(text).and_then(|()| compile(&frozen(text))))
}

/// Checks the derivatives of a seed: gives why they fail, for the shortest program that does.
fn derivatives_agree(seed: u64) -> Result<(), String> {
    let generator = program(seed);
    let of_length = |length: usize| {
        let made = caught(|| with_derivatives(&generator, length, seed))?;
        let Some(Derived { text, claims }) = made else { return Ok(()) };
        agree(&text, &claims, seed).map_err(|message| format!("{message}\n{text}"))
    };
    let length = 1 + Random::new(seed).below(generator.len());
    of_length(length).map_err(|message| (1..length).find_map(|shorter| of_length(shorter).err()).unwrap_or(message))
}

#[test]
fn derivatives_of_random_programs_agree() {
    let (count, start) = (setting("CHAINRULE_PROGRAMS", 100) / 10, setting("CHAINRULE_SEED", 0));
    let mut failures = Vec::new();
    for seed in start..start + count {
        failures.extend(derivatives_agree(seed).err().map(|message| (format!("seed {seed}"), message)));
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
        let Err(message) = agree(&text, &[], seed) else { continue };
        let (text, message) = shrunk(&generator, seed).unwrap_or((text, message));
        failures.push((format!("seed {seed}"), format!("{message}\n{text}")));
    }
    report(&failures, usize::try_from(count).unwrap_or(usize::MAX));
}
