//! Numbers for programs: seeded samples, central differences, comparisons.

use chainrule_compiler::eval::{Tensor, Values, evaluate};
use chainrule_compiler::ir::{Element, Extent, Program, Source, TensorId};
use std::collections::BTreeMap;

/// A small generator of random numbers (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..below`.
    pub fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.bits() % below.max(1) as u64).unwrap_or_default()
    }

    /// A number between two.
    #[allow(clippy::cast_precision_loss)]
    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * ((self.bits() >> 11) as f64 / (1u64 << 53) as f64)
    }

    /// One of several.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// What the symbolic sizes are, in their order.
const SIZES: [usize; 6] = [3, 2, 4, 2, 3, 5];

/// Values for all given tensors of a program: those that are there already stay, others are sampled in their ranges.
pub fn sample(program: &Program, given: &Values, ranges: &BTreeMap<String, (f64, f64)>, seed: u64) -> Values {
    let mut random = Random::new(seed);
    let mut values = given.clone();
    let sizes = sizes(program, given);
    for id in program.ids().filter(|&id| program.definition(id).is_none()) {
        let tensor = program.tensor(id);
        if values.contains_key(&tensor.name) {
            continue;
        }
        let axis = |extent: &Extent| usize::try_from(extent.value(&sizes)).expect("a length");
        let shape: Vec<usize> = tensor.shape.iter().map(axis).collect();
        let (low, high) = ranges.get(&tensor.name).copied().unwrap_or((-1.0, 1.0));
        let mut number = || match &tensor.element {
            Element::Real => random.between(low, high),
            Element::Integer { from, to } => {
                let (from, to) = (from.value(&sizes), to.value(&sizes));
                #[allow(clippy::cast_precision_loss)]
                let number =
                    (from + i64::try_from(random.below(usize::try_from(to - from).expect("a range"))).expect("small")) as f64;
                number
            }
        };
        let data = (0..shape.iter().product()).map(|_| number()).collect();
        values.insert(tensor.name.clone(), Tensor { shape, data });
    }
    values
}

/// The sizes that given values tell, the others from the list.
fn sizes(program: &Program, given: &Values) -> Vec<usize> {
    let mut sizes: Vec<usize> = (0..program.sizes.len()).map(|number| SIZES[number % SIZES.len()]).collect();
    for tensor in &program.tensors {
        let Some(value) = given.get(&tensor.name).filter(|_| !matches!(tensor.source, Source::Defined(_))) else { continue };
        for (extent, &length) in tensor.shape.iter().zip(&value.shape) {
            if let Some(size) = extent.as_size() {
                sizes[size.0 as usize] = length;
            }
        }
    }
    sizes
}

/// Whether two numbers that were computed in two ways are the same.
pub fn close(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()))
}

/// Compares two tensors; names the first element that differs.
pub fn same(name: &str, a: &Tensor, b: &Tensor, tolerance: f64) -> Result<(), String> {
    if a.shape != b.shape {
        return Err(format!("{name} has the shape {:?}, expected {:?}", a.shape, b.shape));
    }
    match a.data.iter().zip(&b.data).position(|(&a, &b)| !close(a, b, tolerance)) {
        Some(place) => {
            Err(format!("{name}: element {place} of {:?} is {:?}, expected {:?}", a.shape, a.data[place], b.data[place]))
        }
        None => Ok(()),
    }
}

/// Steps of the differences: where a kink is within the first, a smaller one may still say something.
const STEPS: [f64; 3] = [1e-3, 1e-4, 1e-5];

/// What is said where differences are no numbers: of a function at a place outside of its domain, or at the end of it.
pub const OUTSIDE: &str = "outside of the domain";

/// As many elements of a gradient are compared, spread over all of it.
const MOST_PLACES: usize = 6;

/// Compares a gradient with central differences of fourth order of a scalar tensor of a program.
pub fn differences(program: &Program, of: TensorId, values: &Values, wrt: &str, gradient: &Tensor) -> Result<(), String> {
    let name = &program.tensor(of).name;
    let at = |place: usize, distance: f64| {
        let mut moved = values.clone();
        moved.get_mut(wrt).expect("a given tensor").data[place] += distance;
        evaluate(program, &moved).map(|values| values[name].data[0]).map_err(|error| error.to_string())
    };
    if values[wrt].shape != gradient.shape {
        return Err(format!("the gradient for {wrt} has the shape {:?}, expected {:?}", gradient.shape, values[wrt].shape));
    }
    let stride = gradient.data.len().div_ceil(MOST_PLACES).max(1);
    for (place, &slope) in gradient.data.iter().enumerate().step_by(stride) {
        let mut estimates = Vec::new();
        for step in STEPS {
            let near = at(place, step)? - at(place, -step)?;
            let far = at(place, 2.0 * step)? - at(place, -2.0 * step)?;
            estimates.push((8.0 * near - far) / (12.0 * step));
            if estimates.iter().any(|&estimate| estimate.is_finite() && close(estimate, slope, 2e-7)) {
                break;
            }
        }
        if !estimates.iter().any(|estimate| estimate.is_finite()) {
            return Err(format!("{wrt}: element {place} is {OUTSIDE}: its slope is {slope:?}, differences say {estimates:?}"));
        }
        if !estimates.iter().any(|&estimate| close(estimate, slope, 2e-7)) {
            let shape = &gradient.shape;
            return Err(format!("d {wrt}: element {place} of {shape:?} is {slope:?}, differences say {estimates:?}"));
        }
    }
    Ok(())
}
