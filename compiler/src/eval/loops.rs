//! What [`Loops`] mean, in `f64`: executed as they stand, with the memory they share.
//!
//! Every element of the workspace knows which buffer wrote it last, so that reading a buffer before it is written or after its
//! life has ended is an error.

use super::{EvalError, Tensor, Values};
use crate::ir::{Atom, Extent, Index};
use crate::loops::{Axis, Block, BufferId, Destination, Loops, Place, Product, Statement, Value};
use chainrule_math::Scalar;
use chainrule_math::counter::Key;
use std::collections::BTreeMap;

/// More elements than this are refused.
const MOST_ELEMENTS: i64 = 1 << 27;

/// The values of all results, by the names of their buffers. `values` has the given tensors by name. Random numbers are those of the
/// first step with the seed 0.
pub fn evaluate(loops: &Loops, values: &Values) -> Result<Values, EvalError> {
    Ok(run(loops, values, 0)?.into_iter().map(|(buffer, tensor)| (buffer.1, tensor)).collect())
}

/// The values of all results, by what they are, with the random numbers of the first step with a seed.
pub fn results(loops: &Loops, values: &Values, seed: u64) -> Result<BTreeMap<Destination, Tensor>, EvalError> {
    Ok(run(loops, values, seed)?.into_iter().map(|(buffer, tensor)| (buffer.0, tensor)).collect())
}

type Results = Vec<((Destination, String), Tensor)>;

fn run(loops: &Loops, values: &Values, seed: u64) -> Result<Results, EvalError> {
    let mut machine = Machine::new(loops, values, Key::new(seed, 0))?;
    machine.body(&loops.body)?;
    let mut results = Vec::new();
    for (number, buffer) in loops.buffers.iter().enumerate() {
        if let Place::Result(destination) = &buffer.place {
            let shape = machine.shape(&buffer.shape, &buffer.name)?;
            let home = machine.home[number];
            if machine.owners[home].iter().any(|owner| owner.is_none()) {
                return Err(EvalError::new(&buffer.name, "an element of this result is never written"));
            }
            let data = std::mem::take(&mut machine.memory[home]);
            results.push(((destination.clone(), buffer.name.clone()), Tensor { shape, data }));
        }
    }
    Ok(results)
}

struct Machine<'a> {
    loops: &'a Loops,
    /// The key of the random numbers.
    key: Key,
    sizes: Vec<usize>,
    variables: Vec<i64>,
    locals: Vec<f64>,
    /// Slots first, then what does not live in a slot.
    memory: Vec<Vec<f64>>,
    /// Which memory each buffer is.
    home: Vec<usize>,
    lengths: Vec<usize>,
    /// The buffer that has written each element of each memory last.
    owners: Vec<Vec<Option<BufferId>>>,
}

impl<'a> Machine<'a> {
    fn new(loops: &'a Loops, values: &Values, key: Key) -> Result<Self, EvalError> {
        let mut machine = Self {
            loops,
            key,
            sizes: sizes(loops, values)?,
            variables: vec![0; loops.variable_names.len()],
            locals: vec![f64::NAN; loops.local_names.len()],
            memory: Vec::new(),
            home: Vec::new(),
            lengths: Vec::new(),
            owners: Vec::new(),
        };
        for lengths in &loops.slots {
            let lengths = lengths.iter().map(|length| machine.length(length, "workspace")).collect::<Result<Vec<_>, _>>()?;
            machine.memory.push(vec![f64::NAN; lengths.into_iter().max().unwrap_or(0)]);
        }
        for buffer in &loops.buffers {
            let shape = machine.shape(&buffer.shape, &buffer.name)?;
            let length = machine.length(&Extent::product(&buffer.shape), &buffer.name)?;
            machine.lengths.push(length);
            let data = match &buffer.place {
                Place::Workspace(slot) => {
                    machine.home.push(*slot);
                    continue;
                }
                Place::Input(name) | Place::Parameter(name) | Place::State(name) => given(values, name, &shape)?,
                Place::Result(_) => vec![f64::NAN; length],
            };
            machine.home.push(machine.memory.len());
            machine.memory.push(data);
        }
        machine.owners = machine.memory.iter().map(|memory| vec![None; memory.len()]).collect();
        for (number, buffer) in loops.buffers.iter().enumerate() {
            if matches!(buffer.place, Place::Input(_) | Place::Parameter(_) | Place::State(_)) {
                machine.owners[machine.home[number]].fill(Some(buffer_id(number)));
            }
        }
        Ok(machine)
    }

    fn length(&self, extent: &Extent, name: &str) -> Result<usize, EvalError> {
        let value = extent.value(&self.sizes);
        usize::try_from(value)
            .ok()
            .filter(|_| value <= MOST_ELEMENTS)
            .ok_or_else(|| EvalError::new(name, format!("{} = {value} is no length", extent.display(&self.loops.sizes))))
    }

    fn shape(&self, shape: &[Extent], name: &str) -> Result<Vec<usize>, EvalError> {
        shape.iter().map(|extent| self.length(extent, name)).collect()
    }

    fn body(&mut self, body: &[Statement]) -> Result<(), EvalError> {
        for statement in body {
            match statement {
                Statement::Comment(_) => {}
                Statement::For { variable, extent, backward, body } => {
                    let count = extent.value(&self.sizes).max(0);
                    for round in 0..count {
                        self.variables[variable.0 as usize] = if *backward { count - 1 - round } else { round };
                        self.body(body)?;
                    }
                }
                Statement::Let(local, value) | Statement::Accumulator(local, value) | Statement::Assign(local, value) => {
                    self.locals[local.0 as usize] = self.value(value)?;
                }
                Statement::Store { buffer, offset, value, accumulate } => {
                    let value = self.value(value)?;
                    let offset = self.index(offset)?;
                    let old = if *accumulate { self.load(*buffer, offset)? } else { 0.0 };
                    self.store(*buffer, offset, if *accumulate { old + value } else { value })?;
                }
                Statement::Fill(buffer, value) => {
                    let (home, length) = (self.home[buffer.0 as usize], self.lengths[buffer.0 as usize]);
                    self.memory[home][..length].fill(*value);
                    self.owners[home][..length].fill(Some(*buffer));
                }
                Statement::Product(product) => self.product(product)?,
            }
        }
        Ok(())
    }

    fn checked(&self, buffer: BufferId, offset: i64) -> Result<usize, EvalError> {
        let of = self.loops.buffer(buffer);
        let length = self.lengths[buffer.0 as usize];
        usize::try_from(offset)
            .ok()
            .filter(|&offset| offset < length)
            .ok_or_else(|| EvalError::new(&of.name, format!("the element {offset} is outside of the {length} elements")))
    }

    fn load(&self, buffer: BufferId, offset: i64) -> Result<f64, EvalError> {
        let offset = self.checked(buffer, offset)?;
        let home = self.home[buffer.0 as usize];
        if self.owners[home][offset] != Some(buffer) {
            let of = &self.loops.buffer(buffer).name;
            return Err(EvalError::new(of, format!("the element {offset} is read before it is written, or after it is lost")));
        }
        Ok(self.memory[home][offset])
    }

    fn store(&mut self, buffer: BufferId, offset: i64, value: f64) -> Result<(), EvalError> {
        let offset = self.checked(buffer, offset)?;
        let home = self.home[buffer.0 as usize];
        self.memory[home][offset] = value;
        self.owners[home][offset] = Some(buffer);
        Ok(())
    }

    fn index(&self, index: &Index) -> Result<i64, EvalError> {
        let mut sum = index.constant_part().value(&self.sizes);
        for (atom, coefficient) in index.terms() {
            let value = match atom {
                Atom::Label(label) => self.variables[label.0 as usize],
                Atom::Quotient(form, by) => self.index(form)?.div_euclid(by.value(&self.sizes).max(1)),
                Atom::Remainder(form, by) => self.index(form)?.rem_euclid(by.value(&self.sizes).max(1)),
                #[allow(clippy::cast_possible_truncation)]
                Atom::Element(buffer, at) => {
                    let offset = at.first().map_or(Ok(0), |form| self.index(form))?;
                    self.load(BufferId(buffer.0), offset)? as i64
                }
            };
            sum = sum.saturating_add(value.saturating_mul(coefficient.value(&self.sizes)));
        }
        Ok(sum)
    }

    fn value(&mut self, value: &Value) -> Result<f64, EvalError> {
        Ok(match value {
            Value::Number(number) => *number,
            Value::Local(local) => self.locals[local.0 as usize],
            #[allow(clippy::cast_precision_loss)]
            Value::Position(index) => self.index(index)? as f64,
            Value::Random(stream, index) => f64::uniform(self.key.stream(stream.0), self.index(index)?.cast_unsigned()),
            Value::Load(buffer, offset) => self.load(*buffer, self.index(offset)?)?,
            Value::Apply(operator, arguments) => {
                let arguments = arguments.iter().map(|argument| self.value(argument)).collect::<Result<Vec<_>, _>>()?;
                (operator.row().value)(&arguments)
            }
            Value::Select(condition, then, otherwise) => {
                let block: &Block = if self.value(condition)? == 0.0 { otherwise } else { then };
                for (local, value) in &block.locals {
                    self.locals[local.0 as usize] = self.value(value)?;
                }
                self.value(&block.value)?
            }
        })
    }

    fn product(&mut self, product: &Product) -> Result<(), EvalError> {
        let [m, n, k] = [&product.m, &product.n, &product.k].map(|axes| self.places(axes));
        let [a, b, c] = [&product.a, &product.b, &product.c].map(|operand| self.index(&operand.offset));
        let (a, b, c) = (a?, b?, c?);
        for row in &m {
            for column in &n {
                let mut sum = 0.0;
                for term in &k {
                    let left = self.load(product.a.buffer, a + row[0] + term[0])?;
                    sum += left * self.load(product.b.buffer, b + term[1] + column[0])?;
                }
                self.store(product.c.buffer, c + row[1] + column[1], sum)?;
            }
        }
        Ok(())
    }

    /// The offsets of all positions of a side in its two tensors, in order.
    fn places(&self, axes: &[Axis]) -> Vec<[i64; 2]> {
        axes.iter().fold(vec![[0, 0]], |places, axis| {
            let [first, second] = [&axis.strides[0], &axis.strides[1]].map(|stride| stride.value(&self.sizes));
            let steps = 0..axis.extent.value(&self.sizes);
            let along = |at: &[i64; 2]| {
                let at = *at;
                steps.clone().map(move |step| [at[0] + step * first, at[1] + step * second])
            };
            places.iter().flat_map(along).collect()
        })
    }
}

fn buffer_id(number: usize) -> BufferId {
    BufferId(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The data of a given tensor.
fn given(values: &Values, name: &str, shape: &[usize]) -> Result<Vec<f64>, EvalError> {
    let tensor = values.get(name).ok_or_else(|| EvalError::new(name, "it has no value"))?;
    if tensor.shape != shape || tensor.data.len() != shape.iter().product::<usize>() {
        return Err(EvalError::new(name, format!("the shape {shape:?} is expected, found {:?}", tensor.shape)));
    }
    Ok(tensor.data.clone())
}

/// The symbolic sizes, told by the axes of given tensors that are a size alone.
fn sizes(loops: &Loops, values: &Values) -> Result<Vec<usize>, EvalError> {
    let mut sizes: Vec<Option<usize>> = vec![None; loops.sizes.len()];
    for buffer in &loops.buffers {
        let (Place::Input(name) | Place::Parameter(name) | Place::State(name)) = &buffer.place else { continue };
        let Some(tensor) = values.get(name) else { continue };
        for (extent, &length) in buffer.shape.iter().zip(&tensor.shape) {
            if let Some(size) = extent.as_size() {
                sizes[size.0 as usize].get_or_insert(length);
            }
        }
    }
    let known = sizes.iter().zip(&loops.sizes);
    known.map(|(size, name)| size.ok_or_else(|| EvalError::new(name, "nothing that is given tells this size"))).collect()
}
