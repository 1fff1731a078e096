//! A program through all stages, each compared with the one before it.

use super::numbers::{differences, same};
use chainrule_compiler::diff;
use chainrule_compiler::eval::{self, Values};
use chainrule_compiler::ir::cost::Supposed;
use chainrule_compiler::ir::{Element, Program, Role, Root, TensorId, check};
use chainrule_compiler::loops::{self, Destination};
use chainrule_compiler::pipeline::{self, Derived};

/// How far numbers may be apart that only differ in the order of operations.
const TOLERANCE: f64 = 1e-9;

/// All given tensors of floats: for these a gradient is asked.
pub fn real_inputs(program: &Program) -> Vec<TensorId> {
    let is_real = |id: &TensorId| program.definition(*id).is_none() && program.tensor(*id).element == Element::Real;
    program.ids().filter(is_real).collect()
}

/// The values of the roots by name: `loss`, the name of an output or a metric, `d w`, `update w`. (Their ids differ from stage
/// to stage.)
fn roots(program: &Program, values: &Values) -> Result<Values, String> {
    let computed = eval::evaluate(program, values).map_err(|error| error.to_string())?;
    let root = |root: &Root| (role_name(program, &root.role), computed[&program.tensor(root.tensor).name].clone());
    Ok(program.roots.iter().map(root).collect())
}

fn role_name(program: &Program, role: &Role) -> String {
    match role {
        Role::Loss => "loss".into(),
        Role::Output(name) | Role::Metric(name) => name.clone(),
        Role::Gradient(of) => format!("d {}", program.tensor(*of).name),
        Role::Update(of) => format!("update {}", program.tensor(*of).name),
    }
}

fn destination_name(destination: &Destination) -> String {
    match destination {
        Destination::Loss => "loss".into(),
        Destination::Output(name) | Destination::Metric(name) => name.clone(),
        Destination::Gradient(path) => format!("d {path}"),
        Destination::Update(path) => format!("update {path}"),
    }
}

/// Compares the values of roots; each of `expected` must be among the others.
fn compare(stage: &str, found: &Values, expected: &Values) -> Result<(), String> {
    for (name, expected) in expected {
        let found = found.get(name).ok_or_else(|| format!("{stage}: {name} is missing"))?;
        same(&format!("{stage}: {name}"), found, expected, TOLERANCE)?;
    }
    Ok(())
}

/// A program and its gradient through all stages with these values, none of them on a kink.
pub fn verify(program: &Program, values: &Values) -> Result<(), String> {
    check(program).map_err(|problem| format!("elaboration: {problem}"))?;
    let defined = roots(program, values)?;
    let forward = pipeline::forward(program, |_| true);
    compare("simplified", &roots(&forward.program, values)?, &defined)?;
    let wrt = real_inputs(program);
    let derived = pipeline::gradient(program, &wrt, |_| true);
    let all = roots(&derived.program, values)?;
    compare("simplified with the gradient", &all, &defined)?;
    if let Some(of) = pipeline::objective(program) {
        gradients(program, of, &wrt, values, &all)?;
    }
    let raw = unsimplified(program, &wrt)?;
    compare("the gradient as it is derived", &roots(&raw, values)?, &all)?;
    looped(&derived, values, &all)?;
    if derived.report.is_by_sizes() { forms(program, &wrt, values, &all) } else { Ok(()) }
}

/// Compares what is derived for small and for large sizes with what is derived for any.
fn forms(program: &Program, wrt: &[TensorId], values: &Values, all: &Values) -> Result<(), String> {
    for supposed in [Supposed::Small, Supposed::Large] {
        let mut program = program.clone();
        program.supposed = supposed;
        let derived = pipeline::gradient(&program, wrt, |_| true);
        compare(&format!("simplified for sizes supposed to be {supposed:?}"), &roots(&derived.program, values)?, all)?;
        looped(&derived, values, all)?;
    }
    Ok(())
}

/// Compares all gradients with differences of the program as it was elaborated.
fn gradients(program: &Program, of: TensorId, wrt: &[TensorId], values: &Values, all: &Values) -> Result<(), String> {
    let mut alone = program.clone();
    alone.roots.retain(|root| root.tensor == of);
    for &id in wrt {
        let name = &program.tensor(id).name;
        let gradient = all.get(&format!("d {name}")).ok_or_else(|| format!("the gradient for {name} is missing"))?;
        differences(&alone, of, values, name, gradient)?;
    }
    Ok(())
}

/// The program with its gradient, nothing simplified.
fn unsimplified(program: &Program, wrt: &[TensorId]) -> Result<Program, String> {
    let mut raw = program.clone();
    if let Some(of) = pipeline::objective(program) {
        diff::gradient(&mut raw, of, wrt);
        check(&raw).map_err(|problem| format!("differentiation: {problem}"))?;
    }
    Ok(raw)
}

/// Compares what the loops compute.
fn looped(derived: &Derived, values: &Values, expected: &Values) -> Result<(), String> {
    let built = pipeline::loops(&derived.program, "gradient");
    loops::check::check(&built).map_err(|problem| format!("loops: {problem}"))?;
    let results = eval::loops::results(&built, values, 0).map_err(|error| format!("loops: {error}"))?;
    let found = results.into_iter().map(|(destination, value)| (destination_name(&destination), value)).collect();
    compare("loops", &found, expected)
}

/// The values of all roots and gradients by name, for values that may lie on a kink.
pub fn computed(program: &Program, values: &Values) -> Result<Values, String> {
    let derived = pipeline::gradient(program, &real_inputs(program), |_| true);
    let all = roots(&derived.program, values)?;
    looped(&derived, values, &all)?;
    Ok(all)
}

/// Compares what was computed with the expectations of a comment.
pub fn expected(computed: &Values, expected: &Values) -> Result<(), String> {
    for (name, expected) in expected {
        let found = computed.get(name).ok_or_else(|| {
            let known: Vec<&str> = computed.keys().map(String::as_str).collect();
            format!("nothing is called {name}: there are {}", known.join(", "))
        })?;
        same(name, found, expected, 1e-12)?;
    }
    Ok(())
}
