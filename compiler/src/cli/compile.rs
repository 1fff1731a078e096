//! The engine `compile`: a program's generated Rust, the bytes that it takes and the bytes that it gives.

use super::workshop::Workshop;
use crate::emit::rust::evaluation_module;
use crate::eval::sizes::Sizes;
use crate::eval::{Tensor, Values};
use crate::ir::Program;
use crate::loops::{Buffer, Destination, Loops, Place};
use crate::pipeline;
use std::collections::BTreeMap;

/// What a program computes.
pub type Answer = BTreeMap<Destination, Tensor>;

/// The results of many programs for these values and seeds of random numbers, computed by compiled code that is built all at once, one
/// for each limit of the workshop; or why there are none.
pub fn evaluate(cases: &[(&Program, &Values, u64)], workshop: &Workshop) -> Vec<Result<Vec<Answer>, String>> {
    let prepared: Vec<Result<Case, String>> =
        cases.iter().map(|(program, values, seed)| Case::new(program, values, *seed)).collect();
    let tasks: Vec<(&str, &[u8])> = prepared.iter().flatten().map(|case| (case.source.as_str(), case.given.as_slice())).collect();
    let mut outputs = workshop.run(&tasks).into_iter();
    let mut answer = |case: Case| {
        let outputs = outputs.next().unwrap_or_else(|| Err("it was not run".into()))?;
        outputs.iter().map(|output| case.answer(output)).collect()
    };
    prepared.into_iter().map(|case| case.and_then(&mut answer)).collect()
}

/// A program that is to be built and run once.
struct Case {
    loops: Loops,
    /// Its generated code.
    source: String,
    /// What the code is given.
    given: Vec<u8>,
    /// The shapes of its buffers that are results, in their order.
    shapes: Vec<Vec<usize>>,
}

impl Case {
    fn new(program: &Program, values: &Values, seed: u64) -> Result<Self, String> {
        let loops = pipeline::loops(program, "evaluate");
        let source = evaluation_module(&loops)?;
        let sizes = Sizes::bind(program, values).map_err(|error| error.to_string())?;
        let mut numbers: Vec<f64> = Vec::new();
        #[allow(clippy::cast_precision_loss)]
        numbers.extend(sizes.values().iter().map(|&size| size as f64));
        let mut shapes = Vec::new();
        for Buffer { name, shape, place, .. } in &loops.buffers {
            match place {
                Place::Input(name) | Place::Parameter(name) | Place::State(name) => {
                    numbers.extend(&values.get(name).ok_or_else(|| format!("`{name}`: it has no value"))?.data);
                }
                Place::Result(_) => shapes.push(sizes.shape(shape, name).map_err(|error| error.to_string())?),
                Place::Workspace(_) => {}
            }
        }
        let numbers = numbers.iter().map(|number| number.to_le_bytes());
        let given = std::iter::once(seed.to_le_bytes()).chain(numbers).flatten().collect();
        Ok(Self { loops, source, given, shapes })
    }

    fn answer(&self, bytes: &[u8]) -> Result<Answer, String> {
        let (chunks, _) = bytes.as_chunks::<8>();
        let mut numbers = chunks.iter().map(|chunk| f64::from_le_bytes(*chunk));
        let mut answer = Answer::new();
        let mut shapes = self.shapes.iter().cloned();
        for Buffer { name, place, .. } in &self.loops.buffers {
            let Place::Result(destination) = place else { continue };
            let shape = shapes.next().unwrap_or_default();
            let count = shape.iter().product();
            let data: Vec<f64> = numbers.by_ref().take(count).collect();
            if data.len() < count {
                return Err(format!("`{name}`: the compiled program gave too little"));
            }
            answer.insert(destination.clone(), Tensor { shape, data });
        }
        Ok(answer)
    }
}
