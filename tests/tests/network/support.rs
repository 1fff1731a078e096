//! What these tests share: slopes by differences, and what the compiler's reference evaluator says of a file.

use chainrule::network::{AsNetwork, Network};
use chainrule_compiler::diagnostic::Diagnostics;
use chainrule_compiler::elaborate::{Options, elaborate};
use chainrule_compiler::eval::{Tensor, Values, evaluate_seeded};
use chainrule_compiler::files::Files;
use chainrule_compiler::ir::{Program, Role};
use chainrule_compiler::{diff, pipeline};
use ndarray::{ArrayD, ArrayViewD};
use std::collections::BTreeMap;
use std::path::Path;

/// Numbers that look like data, in -1..1, the same in every run.
pub fn wave(shape: &[usize], phase: f64) -> ArrayD<f64> {
    let mut place = phase;
    ArrayD::from_shape_simple_fn(shape, || {
        place += 1.7;
        (place * place * 0.37).sin()
    })
}

/// The same in single precision.
pub fn single(values: &ArrayD<f64>) -> ArrayD<f32> {
    values.mapv(|value| value as f32)
}

/// Compares a gradient with central differences of a function of the parameters.
pub fn check_slopes<N: Network<Scalar = f64>>(network: &mut N, gradient: &N, mut value: impl FnMut(&N) -> f64) {
    for place in 0..network.flat().len() {
        let (middle, step) = (network.flat()[place], 1e-5);
        let mut at = |number: f64, network: &mut N| {
            network.flat_mut()[place] = number;
            value(network)
        };
        let slope = (at(middle + step, network) - at(middle - step, network)) / (2.0 * step);
        network.flat_mut()[place] = middle;
        let found = gradient.flat()[place];
        assert!((found - slope).abs() <= 1e-7 + 1e-6 * slope.abs(), "parameter {place}: {found}, by differences {slope}");
    }
}

/// Compares numbers.
#[track_caller]
pub fn assert_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let near = (found - expected).abs() <= tolerance * (1.0 + expected.abs());
        assert!(near, "element {place} is {found}, expected {expected}");
    }
}

/// What the reference evaluator says of a network of a file, by the names `loss`, `d w` and those of outputs and metrics.
pub struct Reference {
    text: String,
    options: Options,
    values: Values,
    seed: u64,
}

impl Reference {
    /// Of a network of a file, with these hyperparameters.
    pub fn new(text: &str, network: &str, hyperparameters: &[(&str, f64)]) -> Self {
        let hyperparameters = hyperparameters.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let options = Options { network: Some(network.to_owned()), hyperparameters, ..Options::default() };
        Self { text: text.to_owned(), options, values: Values::new(), seed: 0 }
    }

    /// In training mode.
    pub fn training(mut self) -> Self {
        self.options.training = true;
        self
    }

    /// With the random numbers of this seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn program(&self) -> Program {
        let (mut files, mut diagnostics) = (Files::default(), Diagnostics::new());
        let tree = files.parse(Path::new("model.nn"), self.text.as_bytes(), &mut diagnostics);
        let program = elaborate(&tree, &self.options, &mut files, &mut diagnostics);
        program.unwrap_or_else(|| panic!("{:?}", diagnostics.sorted()))
    }

    /// With the parameters and the states of a network.
    pub fn parameters<N: AsNetwork>(mut self, network: &N) -> Self
    where
        N::Network: Network<Scalar = f64>,
    {
        let network = network.network();
        for parameter in <N::Network as Network>::DESCRIPTION.kept() {
            let data = network.numbers()[parameter.offset..][..parameter.len()].to_vec();
            self.values.insert(parameter.path.to_owned(), Tensor { shape: parameter.shape.to_vec(), data });
        }
        self
    }

    /// With an input or a target.
    pub fn input<'a, S: Copy + Into<f64> + 'a>(mut self, name: &str, values: impl Into<ArrayViewD<'a, S>>) -> Self {
        let values = values.into();
        let data = values.iter().map(|&value| value.into()).collect();
        self.values.insert(name.to_owned(), Tensor { shape: values.shape().to_vec(), data });
        self
    }

    /// The values of everything that the network gives.
    pub fn evaluate(self) -> BTreeMap<String, Tensor> {
        let mut program = self.program();
        let wrt = pipeline::parameters(&program);
        if let Some(objective) = pipeline::objective(&program) {
            diff::gradient(&mut program, objective, &wrt);
        }
        let computed = evaluate_seeded(&program, &self.values, self.seed).expect("a value");
        let named = program.roots.iter().map(|root| {
            let name = match &root.role {
                Role::Loss => "loss".to_owned(),
                Role::Output(name) | Role::Metric(name) => name.clone(),
                Role::Gradient(of) => format!("d {}", program.tensor(*of).name),
                Role::Update(of) => format!("update {}", program.tensor(*of).name),
            };
            (name, computed[&program.tensor(root.tensor).name].clone())
        });
        named.collect()
    }
}

/// Compares a gradient with what the reference evaluator says of it.
pub fn check_gradient<N: Network<Scalar = f64>>(gradient: &N, reference: &BTreeMap<String, Tensor>) {
    for parameter in N::DESCRIPTION.parameters {
        let expected = &reference[&format!("d {}", parameter.path)];
        assert_eq!(expected.shape, parameter.shape, "{}", parameter.path);
        assert_near(&gradient.flat()[parameter.offset..][..expected.data.len()], &expected.data, 1e-11);
    }
}
