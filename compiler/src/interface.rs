//! What a network looks like from outside: what generated code needs to know beside its passes.

use crate::ir::{Element, Extent, Initializer, Precision, Program, Role, Source};

/// A network from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Interface {
    /// Its name: `Mnist`.
    pub name: String,
    /// Its documentation.
    pub documentation: Vec<String>,
    /// The floats it computes in.
    pub precision: Precision,
    /// Names of the symbolic sizes.
    pub sizes: Vec<String>,
    /// What the sizes must satisfy: an extent that must be at least 0, and what asks for it.
    pub requirements: Vec<(Extent, String)>,
    /// Inputs and targets, in the order of the source.
    pub inputs: Vec<Input>,
    /// Parameters, in the order of the source.
    pub parameters: Vec<Parameter>,
    /// States, in the order of the source.
    pub states: Vec<Parameter>,
    /// Names and shapes of the outputs.
    pub outputs: Vec<(String, Vec<Extent>)>,
    /// Names of the metrics.
    pub metrics: Vec<String>,
    /// Whether there is a loss.
    pub has_loss: bool,
}

/// An input or a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its documentation.
    pub documentation: Vec<String>,
    /// Its shape.
    pub shape: Vec<Extent>,
    /// The range of an integer input.
    pub range: Option<(Extent, Extent)>,
    /// Whether it is a target.
    pub target: bool,
}

/// A parameter, or a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its path: `dense1.w`, `batch_norm1.mean`.
    pub path: String,
    /// Its documentation.
    pub documentation: Vec<String>,
    /// Its shape.
    pub shape: Vec<Extent>,
    /// How it starts.
    pub initializer: Initializer,
}

impl Interface {
    /// The interface of a program as it was elaborated.
    pub fn of(program: &Program) -> Self {
        let mut interface = Self {
            name: program.name.clone(),
            documentation: program.documentation.clone(),
            precision: program.precision,
            sizes: program.sizes.clone(),
            requirements: program.requirements().iter().map(|one| (one.slack.clone(), one.reason.clone())).collect(),
            inputs: Vec::new(),
            parameters: Vec::new(),
            states: Vec::new(),
            outputs: Vec::new(),
            metrics: Vec::new(),
            has_loss: false,
        };
        for tensor in &program.tensors {
            let input = |target| Input {
                name: tensor.name.clone(),
                documentation: tensor.documentation.clone(),
                shape: tensor.shape.clone(),
                range: match &tensor.element {
                    Element::Real => None,
                    Element::Integer { from, to } => Some((from.clone(), to.clone())),
                },
                target,
            };
            let kept = |initializer: &Initializer| Parameter {
                path: tensor.name.clone(),
                documentation: tensor.documentation.clone(),
                shape: tensor.shape.clone(),
                initializer: initializer.clone(),
            };
            match &tensor.source {
                Source::Input => interface.inputs.push(input(false)),
                Source::Target => interface.inputs.push(input(true)),
                Source::Parameter(initializer) => interface.parameters.push(kept(initializer)),
                Source::State(initializer) => interface.states.push(kept(initializer)),
                Source::Defined(_) => {}
            }
        }
        for root in &program.roots {
            match &root.role {
                Role::Loss => interface.has_loss = true,
                Role::Output(name) => interface.outputs.push((name.clone(), program.tensor(root.tensor).shape.clone())),
                Role::Metric(name) => interface.metrics.push(name.clone()),
                Role::Gradient(_) | Role::Update(_) => {}
            }
        }
        interface
    }
}
