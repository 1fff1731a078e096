//! Networks written by hand for the tests of this crate: what the compiler would generate for `x @ w + b` with a squared error.

use crate::Float;
use crate::network::{AsNetwork, Axis, Description, Elements, Input, Network, Parameter};

/// `network Linear { input x: [B, 3]; target t: [B, 2]; loss = mse(x @ w + b, t); metric error = mae(x @ w + b, t); }`
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub(crate) struct Linear<S> {
    pub(crate) w: [[S; 2]; 3],
    pub(crate) b: [S; 2],
}

pub(crate) const INPUTS: &[Input] = &[
    Input { name: "x", axes: &[Axis::Symbol(0), Axis::Fixed(3)], target: false, range: None },
    Input { name: "t", axes: &[Axis::Symbol(0), Axis::Fixed(2)], target: true, range: None },
];

// SAFETY: the struct is `repr(C)` and made of scalars alone.
unsafe impl<S: Float> Network for Linear<S> {
    type Scalar = S;
    /// The differences `x @ w + b - t`.
    type Workspace = Vec<S>;
    const DESCRIPTION: Description = Description {
        name: "Linear",
        sizes: &["B"],
        inputs: INPUTS,
        parameters: &[
            Parameter { path: "w", shape: &[3, 2], offset: 0, initializer: "glorot_uniform", arguments: &[] },
            Parameter { path: "b", shape: &[2], offset: 6, initializer: "zeros", arguments: &[] },
        ],
        states: &[],
        metrics: &["error"],
    };

    fn allocate(sizes: &[usize]) -> Vec<S> {
        vec![S::ZERO; 2 * sizes[0]]
    }

    fn workspace_bytes(sizes: &[usize]) -> usize {
        2 * sizes[0] * size_of::<S>()
    }

    fn differentiate(
        &self,
        differences: &mut Vec<S>,
        sizes: &[usize],
        inputs: &[Elements<'_, S>],
        gradient: &mut Self,
        metrics: &mut [S],
    ) -> S {
        let loss = self.assess(differences, sizes, inputs, metrics);
        let Elements::Real(x) = inputs[0] else { panic!("reals") };
        gradient.flat_mut().fill(S::ZERO);
        for (sample, difference) in differences[..2 * sizes[0]].chunks(2).enumerate() {
            for (output, &difference) in difference.iter().enumerate() {
                let slope = difference / S::from_i64(sizes[0] as i64);
                gradient.b[output] += slope;
                (0..3).for_each(|input| gradient.w[input][output] += x[3 * sample + input] * slope);
            }
        }
        loss
    }

    fn assess(&self, differences: &mut Vec<S>, sizes: &[usize], inputs: &[Elements<'_, S>], metrics: &mut [S]) -> S {
        let (Elements::Real(x), Elements::Real(t)) = (inputs[0], inputs[1]) else { panic!("reals") };
        assert_eq!((x.len(), t.len()), (3 * sizes[0], 2 * sizes[0]));
        let (mut square, mut error) = (S::ZERO, S::ZERO);
        for position in 0..2 * sizes[0] {
            let (sample, output) = (position / 2, position % 2);
            let product = (0..3).fold(self.b[output], |sum, input| sum + x[3 * sample + input] * self.w[input][output]);
            differences[position] = product - t[position];
            square += differences[position] * differences[position];
            error += differences[position].abs();
        }
        let count = S::from_i64(2 * sizes[0] as i64);
        metrics[0] = error / count;
        square / count
    }
}

impl<S: Float> AsNetwork for Linear<S> {
    type Network = Self;
    fn network(&self) -> &Self {
        self
    }
    fn network_mut(&mut self) -> &mut Self {
        self
    }
}

/// `network Other { param w: [2, 2]; param c: []; input tokens: [B] in 0..4; input table: [K]; loss = ...; }`: its loss is the mean
/// over the batch of `table[tokens[b]] + B`.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub(crate) struct Other {
    w: [[f32; 2]; 2],
    c: f32,
}

// SAFETY: the struct is `repr(C)` and made of scalars alone.
unsafe impl Network for Other {
    type Scalar = f32;
    type Workspace = ();
    const DESCRIPTION: Description = Description {
        name: "Other",
        sizes: &["B", "K"],
        inputs: &[
            Input { name: "tokens", axes: &[Axis::Symbol(0)], target: false, range: Some((0, 4)) },
            Input { name: "table", axes: &[Axis::Symbol(1)], target: false, range: None },
        ],
        parameters: &[
            Parameter { path: "w", shape: &[2, 2], offset: 0, initializer: "orthogonal", arguments: &[] },
            Parameter { path: "c", shape: &[], offset: 4, initializer: "constant", arguments: &[0.5] },
        ],
        states: &[],
        metrics: &[],
    };

    fn allocate(_: &[usize]) {}

    fn workspace_bytes(_: &[usize]) -> usize {
        0
    }

    fn differentiate(
        &self,
        workspace: &mut (),
        sizes: &[usize],
        inputs: &[Elements<'_, f32>],
        gradient: &mut Self,
        metrics: &mut [f32],
    ) -> f32 {
        gradient.flat_mut().fill(0.0);
        self.assess(workspace, sizes, inputs, metrics)
    }

    fn assess(&self, _: &mut (), sizes: &[usize], inputs: &[Elements<'_, f32>], _: &mut [f32]) -> f32 {
        let (Elements::Integer(tokens), Elements::Real(table)) = (inputs[0], inputs[1]) else { panic!("kinds") };
        assert_eq!((tokens.len(), table.len()), (sizes[0], sizes[1]));
        let sum: f32 = tokens.iter().map(|&token| table[token as usize] + sizes[0] as f32).sum();
        sum / sizes[0] as f32
    }
}

impl AsNetwork for Other {
    type Network = Self;
    fn network(&self) -> &Self {
        self
    }
    fn network_mut(&mut self) -> &mut Self {
        self
    }
}
