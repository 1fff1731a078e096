//! The steps of the compiler in a row: what a caller wants, from an elaborated program.
//!
//! Nothing is decided here that a step could decide; this is the order of the steps and nothing else.

use crate::derivatives::{self, MOST_FACTORS_BACKWARDS, products};
use crate::diff;
use crate::emit::{Large, Pass, Passes, Traced, nn};
use crate::forms::Forms;
use crate::interface::Interface;
use crate::ir::{self, ExpressionId, Node, Program, Role, Root, TensorId};
use crate::loops::{self, Destination, Loops};
use crate::plan::{self, Plan};
use crate::simplify::{self, Report};

/// A program with the gradient for some of its tensors.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The simplified program, forward and backward.
    pub program: Program,
    /// What simplification did.
    pub report: Report,
}

/// The scalar that is differentiated: the loss, or the only scalar output where there is no loss.
pub fn objective(program: &Program) -> Option<TensorId> {
    program.root(&Role::Loss).or_else(|| {
        let is_scalar_output =
            |root: &&Root| matches!(root.role, Role::Output(_)) && program.tensor(root.tensor).shape.is_empty();
        let mut outputs = program.roots.iter().filter(is_scalar_output);
        match (outputs.next(), outputs.next()) {
            (Some(only), None) => Some(only.tensor),
            (Some(_), Some(_)) | (None, _) => None,
        }
    })
}

/// The parameters of a program, in the order of the source.
pub fn parameters(program: &Program) -> Vec<TensorId> {
    program.ids().filter(|&id| matches!(program.tensor(id).source, ir::Source::Parameter(_))).collect()
}

/// What is differentiated for where nobody says it: all parameters, or all inputs of real numbers where there are no parameters.
pub fn unnamed(program: &Program) -> Vec<TensorId> {
    let parameters = parameters(program);
    if !parameters.is_empty() {
        return parameters;
    }
    let is_input = |id: &TensorId| {
        let tensor = program.tensor(*id);
        matches!(tensor.source, ir::Source::Input) && tensor.element == ir::Element::Real
    };
    program.ids().filter(is_input).collect()
}

/// The program with only the roots that are wanted, simplified.
pub fn forward(program: &Program, wanted: impl Fn(&Role) -> bool) -> Derived {
    finished(for_gradient(program, wanted))
}

/// The same, of which the gradient is to be taken.
pub fn for_gradient(program: &Program, wanted: impl Fn(&Role) -> bool) -> Derived {
    settled(with_roots(program, wanted))
}

/// The same, as it is differentiated.
fn with_roots(program: &Program, wanted: impl Fn(&Role) -> bool) -> Derived {
    let mut program = program.clone();
    program.roots.retain(|root| wanted(&root.role));
    simplified(Derived { program, report: Report::default() })
}

fn simplified(mut derived: Derived) -> Derived {
    derived.report.add(&simplify::simplify(&mut derived.program));
    verify(&derived.program, "simplification");
    derived
}

/// A simplified program of which nothing more is differentiated.
fn settled(mut derived: Derived) -> Derived {
    let is_changed = products::others_stepwise(&mut derived.program, MOST_FACTORS_BACKWARDS);
    if is_changed { simplified(derived) } else { derived }
}

/// A settled program that is ready to be computed.
fn finished(mut derived: Derived) -> Derived {
    derived.report.add(&simplify::finish(&mut derived.program));
    verify(&derived.program, "simplification");
    derived
}

/// The program with the roots that are wanted and the gradient of its objective for `wrt`, simplified. Tensors of `wrt` must be
/// given ones (inputs, targets, parameters, states).
pub fn gradient(program: &Program, wrt: &[TensorId], wanted: impl Fn(&Role) -> bool) -> Derived {
    gradient_from(program, for_gradient(program, wanted), wrt)
}

/// The same, from the simplified program without a gradient.
pub fn gradient_from(program: &Program, forward: Derived, wrt: &[TensorId]) -> Derived {
    finished(gradient_to_read(program, forward, wrt))
}

/// The same, with formulas that stand where they are used, as often as that is.
pub fn gradient_to_read(program: &Program, forward: Derived, wrt: &[TensorId]) -> Derived {
    settled(gradient_of(program, forward, wrt, MOST_FACTORS_BACKWARDS))
}

/// The same; products of more factors are differentiated step by step.
fn gradient_of(program: &Program, forward: Derived, wrt: &[TensorId], most_factors: i64) -> Derived {
    // Simplification renumbers tensors; the given ones keep their names.
    let names: Vec<String> = wrt.iter().map(|&id| program.tensor(id).name.clone()).collect();
    let Derived { mut program, report } = forward;
    let wrt: Vec<TensorId> = names.iter().filter_map(|name| program.find(name)).collect();
    if let Some(of) = objective(&program) {
        products::stepwise(&mut program, of, &wrt, most_factors);
        diff::gradient(&mut program, of, &wrt);
        verify(&program, "differentiation");
    }
    simplified(Derived { program, report })
}

/// The same, and the second derivatives of the objective for each pair of `wrt`: outputs named `hessian_A_B`, with the axes of A before
/// those of B (`hessian_A` where A is alone or both are one). What has a derivative of 0 everywhere is there as zeros.
pub fn hessian(program: &Program, wrt: &[TensorId], wanted: impl Fn(&Role) -> bool) -> Derived {
    let names: Vec<String> = wrt.iter().map(|&id| program.tensor(id).name.clone()).collect();
    let Derived { mut program, report } = gradient_of(program, with_roots(program, wanted), wrt, i64::MAX);
    let found = |program: &Program, name: &String| program.find(name);
    for (number, first) in names.iter().enumerate() {
        let slope = found(&program, first).and_then(|id| program.root(&Role::Gradient(id)));
        for second in &names[number..] {
            let (Some(slope), Some(of)) = (slope, found(&program, second)) else { continue };
            let block = match objective(&program).filter(|_| first == second) {
                Some(function) => derivatives::hessian(&mut program, function, Some(slope), of),
                None => derivatives::jacobian(&mut program, slope, of),
            };
            let name = if first == second { format!("hessian_{first}") } else { format!("hessian_{first}_{second}") };
            let name = name.replace('.', "_");
            if program.find(&name).is_none() && !program.roots.iter().any(|root| root.tensor == block) {
                program.rename(block, name.clone());
            }
            program.roots.push(Root { role: Role::Output(name), tensor: block });
        }
    }
    verify(&program, "differentiation");
    finished(settled(simplified(Derived { program, report })))
}

/// The program with the gradient of its objective for `wrt` as differentiation gives it: nothing is simplified.
pub fn raw_gradient(program: &Program, wrt: &[TensorId]) -> Derived {
    let mut program = program.clone();
    if let Some(of) = objective(&program) {
        diff::gradient(&mut program, of, wrt);
        verify(&program, "differentiation");
    }
    Derived { program, report: Report::default() }
}

/// What is said below the equations of what was derived of a program. `places` says where each rule was applied.
pub fn remarks(program: &Program, derived: &Derived, places: bool) -> Vec<String> {
    let forward = forward(program, |_| true);
    nn::remarks(&forward.program, &derived.program, &derived.report, places)
}

/// The loops of a program.
pub fn loops(program: &Program, name: &str) -> Loops {
    built(program, &plan::plan(program, name))
}

/// The loops of a plan of a program.
fn built(program: &Program, plan: &Plan) -> Loops {
    let name = &plan.name;
    let built = loops::build::build(program, plan);
    if cfg!(debug_assertions)
        && let Err(problem) = loops::check::check(&built)
    {
        panic!("the loops of {name} are not well-formed: {problem}");
    }
    built
}

/// Numbers for the symbolic sizes of a program that satisfy its requirements: small ones, different where that can be.
pub fn small_sizes(program: &Program) -> Option<Vec<usize>> {
    const MOST: usize = 24;
    let fits = |sizes: &Vec<usize>| program.requirements().iter().all(|one| one.slack.value(sizes) >= 0);
    let count = program.sizes.len();
    let different = (3..=MOST).map(|first| (first..first + count).collect::<Vec<usize>>());
    let falling = (3..=MOST).map(|first| (first..first + count).rev().collect());
    let equal = (3..=MOST).map(|size| vec![size; count]);
    different.chain(falling).chain(equal).find(fits)
}

/// A program in `f64` for which inputs and targets of real numbers are parameters too, so that its gradient is for all of them. All
/// sizes must be numbers.
pub fn with_inputs_as_parameters(program: &Program) -> Program {
    let mut program = program.clone();
    program.precision = ir::Precision::F64;
    for tensor in &mut program.tensors {
        let is_input = matches!(tensor.source, ir::Source::Input | ir::Source::Target);
        if is_input && tensor.element == ir::Element::Real {
            tensor.source = ir::Source::Parameter(ir::Initializer { name: "zeros".into(), arguments: Vec::new() });
        }
    }
    program
}

/// Everything that a struct of a network needs that can say where its numbers left the finite range: the gradient's pass keeps every
/// definition that is read outside of conditions. It needs a loss.
pub fn traced(training: &Program, inference: &Program) -> Passes {
    let mut passes = passes(training, inference);
    let mut program = gradient(training, &parameters(training), |_| true).program;
    program.roots.retain(|root| !matches!(root.role, Role::Output(_)));
    let mut forward = program.clone();
    forward.roots.retain(|root| !matches!(root.role, Role::Gradient(_)));
    let forward = forward.order();
    let goes_on = ir::guarded::read_outside(&program);
    let is_real = |id: &TensorId| program.definition(*id).is_some() && program.tensor(*id).element == ir::Element::Real;
    // Of a mask the infinities are wanted; what else is wrong there is seen in what reads it.
    let is_mask = |id: &TensorId| program.definition(*id).is_some_and(|own| chooses_infinity(&program, own.body));
    let is_named = |id: &TensorId| is_real(id) && goes_on.contains(id) && !is_mask(id);
    let order: Vec<TensorId> = program.order().into_iter().filter(is_named).collect();
    for id in order {
        let known = program.roots.iter().find(|root| root.tensor == id).map(|root| root.role.clone());
        let name = program.tensor(id).name.clone();
        let role = known.unwrap_or_else(|| {
            let role = Role::Output(format!("trace of {name}"));
            program.roots.push(Root { role: role.clone(), tensor: id });
            role
        });
        let destination = match role {
            Role::Loss => Destination::Loss,
            Role::Output(name) => Destination::Output(name),
            Role::Metric(name) => Destination::Metric(name),
            Role::Gradient(of) => Destination::Gradient(program.tensor(of).name.clone()),
            Role::Update(of) => Destination::Update(program.tensor(of).name.clone()),
        };
        let (shape, span) = (program.tensor(id).shape.clone(), program.tensor(id).span);
        let (backward, formula) = (!forward.contains(&id), ir::print::formula(&program, id));
        passes.traced.push(Traced { name, formula, shape, backward, span, place: String::new(), destination });
    }
    let loops = built(&program, &plan::plan(&program, "gradient"));
    passes.gradient = passes.gradient.map(|_| Pass { loops, large: None });
    passes
}

/// Whether a condition of a formula chooses an infinity that is written there.
fn chooses_infinity(program: &Program, formula: ExpressionId) -> bool {
    let expressions = &program.expressions;
    let is_infinite = |id: ExpressionId| expressions.as_number(id).is_some_and(f64::is_infinite);
    expressions.reachable(formula).into_iter().any(|node| match *expressions.node(node) {
        Node::Select(_, one, other) => is_infinite(one) || is_infinite(other),
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) => false,
    })
}

/// Everything that a struct of a network needs, from its program in training and in inference mode.
pub fn passes(training: &Program, inference: &Program) -> Passes {
    planned(training, inference).0
}

/// The same, and the plans of the passes in their order.
pub fn planned(training: &Program, inference: &Program) -> (Passes, Vec<Plan>) {
    let mut plans = Vec::new();
    let mut planned = |program: &Program, name: &str| {
        let plan = plan::plan(program, name);
        let loops = built(program, &plan);
        plans.push(plan);
        loops
    };
    let mut pass = |forms: &Forms, name: &str| Pass {
        loops: planned(&forms.program, name),
        large: forms.large.as_ref().map(|(program, gain)| Large { loops: planned(program, name), gain: gain.clone() }),
    };
    let is_reported = |role: &Role| matches!(role, Role::Loss | Role::Metric(_));
    let plain = for_gradient(training, |_| true);
    let derived = gradient_from(training, plain.clone(), &unnamed(training));
    let plain = finished(plain);
    let remarks = nn::remarks(&plain.program, &derived.program, &derived.report, false);
    let derivatives = nn::print_with_remarks(&derived.program, &remarks);
    // What is printed is what is computed: the same derivation. A pass computes no gradients for inputs.
    let derived = if parameters(training).is_empty() { plain } else { derived };
    let gradient = objective(&derived.program).is_some().then(|| {
        let forms = Forms::of(training, for_step(training, derived), |program| step(program).program);
        pass(&forms, "gradient")
    });
    let assess = training.root(&Role::Loss).map(|_| pass(&forms(inference, is_reported), "assess"));
    let is_output = |role: &Role| matches!(role, Role::Output(_));
    let has_outputs = inference.roots.iter().any(|root| is_output(&root.role));
    let predict = has_outputs.then(|| pass(&forms(inference, is_output), "predict"));
    (Passes { interface: Interface::of(training), derivatives, gradient, assess, predict, traced: Vec::new() }, plans)
}

/// What a step of training computes.
fn step(training: &Program) -> Derived {
    let (plain, parameters) = (for_gradient(training, |_| true), parameters(training));
    let derived = if parameters.is_empty() { finished(plain) } else { gradient_from(training, plain, &parameters) };
    for_step(training, derived)
}

/// A derivation without the outputs, which a step of training does not need.
fn for_step(training: &Program, mut derived: Derived) -> Derived {
    let of = objective(&derived.program).filter(|_| training.root(&Role::Loss).is_none());
    derived.program.roots.retain(|root| !matches!(root.role, Role::Output(_)) || Some(root.tensor) == of);
    derived
}

/// What inference computes of it, in one form or in two.
fn forms(inference: &Program, wanted: impl Fn(&Role) -> bool) -> Forms {
    Forms::of(inference, forward(inference, &wanted), |program| forward(program, &wanted).program)
}

/// The checker, in tests and debug builds.
fn verify(program: &Program, after: &str) {
    if cfg!(debug_assertions)
        && let Err(problem) = ir::check(program)
    {
        panic!("the program {} is not well-formed after {after}: {problem}", program.name);
    }
}
