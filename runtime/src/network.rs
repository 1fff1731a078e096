//! What the generated code of a network offers to the rest of the runtime: plain numbers behind one trait.

use crate::Float;
use crate::kernels::threads;

/// One axis of an input: a number, or a symbolic size by its position in [`Description::sizes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// As many as this.
    Fixed(usize),
    /// The symbolic size of that number.
    Symbol(usize),
}

/// What is known of an input or a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name: `x`.
    pub name: &'static str,
    /// Its axes.
    pub axes: &'static [Axis],
    /// Whether it is a target, which inference does not ask for.
    pub target: bool,
    /// The range `from..to` of an integer input; `None` for floats.
    pub range: Option<(i64, i64)>,
}

/// What is known of a parameter, or of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its path: `dense1.w`.
    pub path: &'static str,
    /// Its shape.
    pub shape: &'static [usize],
    /// Where it starts in the numbers of the network ([`Network::numbers`]).
    pub offset: usize,
    /// The name of its initializer: `he_uniform`.
    pub initializer: &'static str,
    /// The arguments of its initializer.
    pub arguments: &'static [f64],
}

impl Parameter {
    /// How many numbers it has.
    pub const fn len(&self) -> usize {
        let (mut length, mut axis) = (1, 0);
        while axis < self.shape.len() {
            length *= self.shape[axis];
            axis += 1;
        }
        length
    }

    /// Whether it has no number.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What is known of a network at compile time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Description {
    /// Its name: `Digits`.
    pub name: &'static str,
    /// The names of its symbolic sizes: `B`.
    pub sizes: &'static [&'static str],
    /// Its inputs and targets, in the order of the source.
    pub inputs: &'static [Input],
    /// Its parameters, in the order of the flat parameters.
    pub parameters: &'static [Parameter],
    /// Its states, which are kept and not trained; they lie after the parameters.
    pub states: &'static [Parameter],
    /// The names of its metrics.
    pub metrics: &'static [&'static str],
}

impl Description {
    /// How many numbers the parameters have.
    pub const fn parameter_count(&self) -> usize {
        match self.parameters {
            [.., last] => last.offset + last.len(),
            [] => 0,
        }
    }

    /// How many numbers parameters and states have.
    pub const fn number_count(&self) -> usize {
        match self.states {
            [.., last] => last.offset + last.len(),
            [] => self.parameter_count(),
        }
    }

    /// Everything that is kept: parameters, then states.
    pub fn kept(&self) -> impl Iterator<Item = &'static Parameter> + use<> {
        self.parameters.iter().chain(self.states)
    }
}

/// An input as the generated code takes it: elements in row-major order.
#[derive(Clone, Copy, Debug)]
pub enum Elements<'a, S> {
    /// Of a real input.
    Real(&'a [S]),
    /// Of an integer input.
    Integer(&'a [i32]),
}

impl<'a, S> Elements<'a, S> {
    /// The elements of a real input.
    ///
    /// # Panics
    ///
    /// If it is an integer input: whoever made the elements has not looked at the description.
    #[track_caller]
    pub fn real(self) -> &'a [S] {
        match self {
            Self::Real(elements) => elements,
            Self::Integer(_) => panic!("integers where the network takes floats"),
        }
    }

    /// The elements of an integer input.
    ///
    /// # Panics
    ///
    /// If it is a real input: whoever made the elements has not looked at the description.
    #[track_caller]
    pub fn integer(self) -> &'a [i32] {
        match self {
            Self::Integer(elements) => elements,
            Self::Real(_) => panic!("floats where the network takes integers"),
        }
    }
}

/// A network: its parameters as a plain struct, its gradient of the same type, and the passes that the compiler generated.
///
/// What is kept between steps and not trained (a `state` of the language) stands in the same struct behind the parameters, so that
/// whoever walks the flat parameters never meets it; in a gradient it is unused.
///
/// `#[network]` implements it; a user calls the inherent methods of the struct, which check shapes and have names.
///
/// # Safety
///
/// The type must be `#[repr(C)]` and made of nothing but as many `Scalar`s as its description says, side by side, so that they can be seen
/// as a slice and made from zeros; there may be room behind the last one. Its parameters must lie before its states.
pub unsafe trait Network: Sized + Send + Sync + 'static {
    /// The floats that it computes in.
    type Scalar: Float;
    /// The memory for every intermediate.
    type Workspace: Send;
    /// What is known of it.
    const DESCRIPTION: Description;

    /// What asks for other sizes than these, if anything does: `index 5 of axis 0 of x, which is N long`. A network whose
    /// formulas have a meaning for all sizes asks for nothing.
    fn unmet(sizes: &[usize]) -> Option<&'static str> {
        let _ = sizes;
        None
    }

    /// Begins the random numbers of training anew: the next [`differentiate`](Self::differentiate) is the first step of a training
    /// with this seed. A new workspace has the seed 0. Networks without random numbers ignore it.
    fn seed(workspace: &mut Self::Workspace, seed: u64) {
        let _ = (workspace, seed);
    }

    /// A workspace for these sizes and all smaller ones; the only place that allocates.
    fn allocate(sizes: &[usize]) -> Self::Workspace;

    /// What a workspace for these sizes takes, in bytes.
    fn workspace_bytes(sizes: &[usize]) -> usize;

    /// Loss, metrics (in the order of the description) and gradient of a batch, in training mode. `inputs` are all inputs and
    /// targets in the order of the description, `sizes` the values of the symbolic sizes; the caller has checked both. The new
    /// values of the states stay in the workspace: [`update_states`](Self::update_states) puts them in their place.
    fn differentiate(
        &self,
        workspace: &mut Self::Workspace,
        sizes: &[usize],
        inputs: &[Elements<'_, Self::Scalar>],
        gradient: &mut Self,
        metrics: &mut [Self::Scalar],
    ) -> Self::Scalar;

    /// Gives the states the values that the last [`differentiate`](Self::differentiate) with this workspace has found for them.
    fn update_states(&mut self, workspace: &Self::Workspace) {
        let _ = workspace;
    }

    /// Loss and metrics of a batch, in inference mode.
    fn assess(
        &self,
        workspace: &mut Self::Workspace,
        sizes: &[usize],
        inputs: &[Elements<'_, Self::Scalar>],
        metrics: &mut [Self::Scalar],
    ) -> Self::Scalar;

    /// All zeros, on the heap (a network may be larger than a stack).
    fn zeroed() -> Box<Self> {
        let layout = std::alloc::Layout::new::<Self>();
        if layout.size() == 0 {
            // SAFETY: a value without bytes needs no memory, and a dangling pointer is aligned.
            return unsafe { Box::from_raw(std::ptr::NonNull::<Self>::dangling().as_ptr()) };
        }
        // SAFETY: the layout has bytes.
        let memory = unsafe { std::alloc::alloc_zeroed(layout) };
        if memory.is_null() {
            std::alloc::handle_alloc_error(layout);
        }
        // SAFETY: the memory is new, with the layout of `Self`, and by the contract of the trait `Self` is made of floats alone,
        // for which all zero bits are a value.
        unsafe { Box::from_raw(memory.cast::<Self>()) }
    }

    /// All parameters as one slice, in the order of the description.
    fn flat(&self) -> &[Self::Scalar] {
        &self.numbers()[..const { Self::DESCRIPTION.parameter_count() }]
    }

    /// All parameters as one mutable slice, in the order of the description.
    fn flat_mut(&mut self) -> &mut [Self::Scalar] {
        &mut self.numbers_mut()[..const { Self::DESCRIPTION.parameter_count() }]
    }

    /// Everything that is kept, parameters and then states, as one slice.
    fn numbers(&self) -> &[Self::Scalar] {
        let length = const { number_count::<Self>() };
        if length == 0 {
            return &[];
        }
        // SAFETY: by the contract of the trait `Self` is `repr(C)` and begins with scalars; it is not shorter than they are.
        unsafe { std::slice::from_raw_parts(std::ptr::from_ref(self).cast(), length) }
    }

    /// Everything that is kept, parameters and then states, as one mutable slice.
    fn numbers_mut(&mut self) -> &mut [Self::Scalar] {
        let length = const { number_count::<Self>() };
        if length == 0 {
            return &mut [];
        }
        // SAFETY: as for `numbers`.
        unsafe { std::slice::from_raw_parts_mut(std::ptr::from_mut(self).cast(), length) }
    }
}

/// How many numbers a network has, which must have room in it.
const fn number_count<N: Network>() -> usize {
    let count = N::DESCRIPTION.number_count();
    assert!(count * size_of::<N::Scalar>() <= size_of::<N>(), "a network is shorter than its description says");
    count
}

/// Panics where sizes are not what the formulas of a network ask for.
#[track_caller]
pub fn require<N: Network>(sizes: &[usize]) {
    if let Some(reason) = N::unmet(sizes) {
        panic!("{}", unmet_message(&N::DESCRIPTION, sizes, reason));
    }
}

/// [`require`] before a workspace is made; and the threads are started where its passes are not too small for them, so that no pass
/// has to.
#[track_caller]
pub fn prepare<N: Network>(sizes: &[usize]) {
    require::<N>(sizes);
    threads::start_for(size_of::<N>().saturating_add(N::workspace_bytes(sizes)));
}

/// What is wrong with the sizes.
pub(crate) fn unmet_message(description: &Description, sizes: &[usize], reason: &str) -> String {
    let found = description.sizes.iter().zip(sizes).map(|(name, size)| format!("{name} = {size}"));
    format!("{}: {reason}, cannot be with {}", description.name, found.collect::<Vec<_>>().join(", "))
}

/// A network itself, or a box with one: what trainers and optimizers take.
pub trait AsNetwork {
    /// The network.
    type Network: Network;
    /// A reference to it.
    fn network(&self) -> &Self::Network;
    /// A mutable reference to it.
    fn network_mut(&mut self) -> &mut Self::Network;
}

impl<N: AsNetwork> AsNetwork for Box<N> {
    type Network = N::Network;
    fn network(&self) -> &Self::Network {
        (**self).network()
    }
    fn network_mut(&mut self) -> &mut Self::Network {
        (**self).network_mut()
    }
}

/// What a call of `gradient` or `evaluate` asks of a network that has no loss: nothing implements it, and rustc says so.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no loss",
    label = "this asks for a loss",
    note = "add `loss = ...;` to its equations"
)]
pub trait HasLoss<Call> {}
