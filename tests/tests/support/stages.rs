//! A program through all stages, each compared with the one before it.

use super::numbers::{differences, same};
use chainrule_compiler::eval::{self, Tensor, Values};
use chainrule_compiler::ir::{Element, Program, Role, TensorId, check};
use chainrule_compiler::loops::{self, Destination};
use chainrule_compiler::pipeline::{self, Derived};
use chainrule_compiler::diff;

/// How far numbers may be apart that only differ in the order of operations.
const TOLERANCE: f64 = 1e-9;

/// All given tensors of floats: for these a gradient is asked.
pub fn real_inputs(program: &Program) -> Vec<TensorId> {
    let is_real = |id: &TensorId| program.definition(*id).is_none() && program.tensor(*id).element == Element::Real;
    program.ids().filter(is_real).collect()
}

/// The values of the roots, by what they are.
pub fn roots(program: &Program, values: &Values) -> Result<Vec<(Role, Tensor)>, String> {
    let computed = eval::evaluate(program, values).map_err(|error| error.to_string())?;
    let root = |root: &chainrule_compiler::ir::Root| (root.role.clone(), computed[&program.tensor(root.tensor).name].clone());
    Ok(program.roots.iter().map(root).collect())
}

/// What a role is called in expectations: `loss`, the name of an output or a metric, `d w`.
pub fn role_name(program: &Program, role: &Role) -> String {
    match role {
        Role::Loss => "loss".into(),
        Role::Output(name) | Role::Metric(name) => name.clone(),
        Role::Gradient(of) => format!("d {}", program.tensor(*of).name),
        Role::Update(of) => format!("update {}", program.tensor(*of).name),
    }
}

/// Compares the values of roots; each of `expected` must be among the others.
fn compare(program: &Program, stage: &str, found: &[(Role, Tensor)], expected: &[(Role, Tensor)]) -> Result<(), String> {
    for (role, expected) in expected {
        let name = format!("{stage}: {}", role_name(program, role));
        let (_, found) = found.iter().find(|(other, _)| other == role).ok_or_else(|| format!("{name} is missing"))?;
        same(&name, found, expected, TOLERANCE)?;
    }
    Ok(())
}

/// A program and its gradient through all stages with these values, none of them on a kink.
pub fn verify(program: &Program, values: &Values) -> Result<(), String> {
    check(program).map_err(|problem| format!("elaboration: {problem}"))?;
    let defined = roots(program, values)?;
    let forward = pipeline::forward(program, |_| true);
    compare(program, "simplified", &roots(&forward.program, values)?, &defined)?;
    let wrt = real_inputs(program);
    let derived = pipeline::gradient(program, &wrt, |_| true);
    let all = roots(&derived.program, values)?;
    compare(program, "simplified with the gradient", &all, &defined)?;
    if let Some(of) = pipeline::objective(program) {
        gradients(program, of, &wrt, values, &all)?;
    }
    let raw = unsimplified(program, &wrt)?;
    compare(program, "the gradient as it is derived", &roots(&raw, values)?, &all)?;
    looped(&derived, values, &all)
}

/// Compares all gradients with differences of the program as it was elaborated.
fn gradients(program: &Program, of: TensorId, wrt: &[TensorId], values: &Values, all: &[(Role, Tensor)]) -> Result<(), String> {
    let mut alone = program.clone();
    alone.roots.retain(|root| root.tensor == of);
    for &id in wrt {
        let (_, gradient) = all.iter().find(|(role, _)| *role == Role::Gradient(id)).ok_or("a gradient is missing")?;
        differences(&alone, of, values, &program.tensor(id).name, gradient)?;
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
fn looped(derived: &Derived, values: &Values, expected: &[(Role, Tensor)]) -> Result<(), String> {
    let program = &derived.program;
    let built = pipeline::loops(program, "gradient");
    loops::check::check(&built).map_err(|problem| format!("loops: {problem}"))?;
    let results = eval::loops::results(&built, values).map_err(|error| format!("loops: {error}"))?;
    for (role, expected) in expected {
        let of = |id: &TensorId| program.tensor(*id).name.clone();
        let destination = match role {
            Role::Loss => Destination::Loss,
            Role::Output(name) => Destination::Output(name.clone()),
            Role::Metric(name) => Destination::Metric(name.clone()),
            Role::Gradient(id) => Destination::Gradient(of(id)),
            Role::Update(id) => Destination::Update(of(id)),
        };
        let found = results.get(&destination).ok_or_else(|| format!("loops: {destination:?} is missing"))?;
        same(&format!("loops: {}", role_name(program, role)), found, expected, TOLERANCE)?;
    }
    Ok(())
}

/// The values of all roots and gradients by name, for values that may lie on a kink.
pub fn computed(program: &Program, values: &Values) -> Result<Values, String> {
    let derived = pipeline::gradient(program, &real_inputs(program), |_| true);
    let all = roots(&derived.program, values)?;
    looped(&derived, values, &all)?;
    Ok(all.iter().map(|(role, value)| (role_name(program, role), value.clone())).collect())
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
