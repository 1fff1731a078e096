//! What the symbolic sizes are, told from the shapes of the given tensors; and whether everything given fits.

use super::{EvalError, Tensor, Values};
use crate::ir::{Element, Extent, Program, SizeId, Source, TensorId};
use std::collections::BTreeSet;

/// More elements than this are refused (a gigabyte of `f64`).
pub(crate) const MOST_ELEMENTS: usize = 1 << 27;

/// The values of the symbolic sizes of a program.
#[derive(Clone, Debug)]
pub struct Sizes<'a> {
    program: &'a Program,
    values: Vec<usize>,
    known: Vec<bool>,
}

impl<'a> Sizes<'a> {
    /// The sizes that the shapes of given tensors tell: each from an axis that is this size alone. Then all that is given is
    /// checked: ranks, shapes, ranges of integers.
    pub fn bind(program: &'a Program, values: &Values) -> Result<Self, EvalError> {
        let count = program.sizes.len();
        let mut sizes = Self { program, values: vec![1; count], known: vec![false; count] };
        for (id, tensor) in given(program, values) {
            sizes.learn(id, tensor)?;
        }
        for (id, tensor) in given(program, values) {
            sizes.check(id, tensor)?;
        }
        for requirement in program.requirements() {
            if sizes.value(&requirement.slack, &requirement.reason)? < 0 {
                return Err(sizes.unmet(&requirement.slack, &requirement.reason));
            }
        }
        Ok(sizes)
    }

    /// All values, by the number of the size; 1 where nothing tells.
    pub fn values(&self) -> &[usize] {
        &self.values
    }

    /// What is wrong where a number that sizes give is negative.
    fn unmet(&self, slack: &Extent, reason: &str) -> EvalError {
        let mut involved = BTreeSet::new();
        slack.each_size(&mut |size| {
            involved.insert(size);
        });
        let name = |size: &SizeId| self.program.sizes[size.0 as usize].as_str();
        let values: Vec<String> =
            involved.iter().map(|size| format!("{} = {}", name(size), self.values[size.0 as usize])).collect();
        let slack = slack.display(&self.program.sizes);
        let message = format!("{} does not fit {reason}: {slack} must be at least 0", values.join(", "));
        EvalError::new(involved.first().map_or("", name), message)
    }

    /// The value of an extent that stands at `name`.
    pub fn value(&self, extent: &Extent, name: &str) -> Result<i64, EvalError> {
        let mut unknown = None;
        extent.each_size(&mut |size| unknown = unknown.or((!self.known[size.0 as usize]).then_some(size)));
        if let Some(size) = unknown {
            let size = &self.program.sizes[size.0 as usize];
            return Err(EvalError::new(name, format!("nothing that is given has an axis that tells the size {size}")));
        }
        let value = extent.value(&self.values);
        if value.unsigned_abs() >= 1 << 53 {
            return Err(EvalError::new(name, format!("{} is too large", extent.display(&self.program.sizes))));
        }
        Ok(value)
    }

    /// The value of an extent that is the length of an axis.
    pub fn length(&self, extent: &Extent, name: &str) -> Result<usize, EvalError> {
        let value = self.value(extent, name)?;
        usize::try_from(value).map_err(|_| {
            EvalError::new(name, format!("the length {} of an axis is {value} here", extent.display(&self.program.sizes)))
        })
    }

    /// The lengths of all axes.
    pub fn shape(&self, extents: &[Extent], name: &str) -> Result<Vec<usize>, EvalError> {
        extents.iter().map(|extent| self.length(extent, name)).collect()
    }

    fn learn(&mut self, id: TensorId, tensor: &Tensor) -> Result<(), EvalError> {
        let declared = self.program.tensor(id);
        if declared.shape.len() != tensor.shape.len() {
            return Err(self.mismatch(id, tensor));
        }
        for (extent, &length) in declared.shape.iter().zip(&tensor.shape) {
            if let Some(size) = extent.as_size().map(|size| size.0 as usize).filter(|&size| !self.known[size]) {
                if length == 0 {
                    let name = &self.program.sizes[size];
                    return Err(EvalError::new(&declared.name, format!("the size {name} must be at least 1, found 0")));
                }
                self.values[size] = length;
                self.known[size] = true;
            }
        }
        Ok(())
    }

    fn check(&self, id: TensorId, tensor: &Tensor) -> Result<(), EvalError> {
        let declared = self.program.tensor(id);
        if self.shape(&declared.shape, &declared.name)? != tensor.shape {
            return Err(self.mismatch(id, tensor));
        }
        let length = element_count(&tensor.shape, &declared.name)?;
        if length != tensor.data.len() {
            let message = format!("{length} elements are expected, found {}", tensor.data.len());
            return Err(EvalError::new(&declared.name, message));
        }
        self.check_integers(id, tensor)
    }

    /// Whether an integer tensor holds integers of its range.
    pub fn check_integers(&self, id: TensorId, tensor: &Tensor) -> Result<(), EvalError> {
        let declared = self.program.tensor(id);
        let Element::Integer { from, to } = &declared.element else { return Ok(()) };
        let (from, to) = (self.value(from, &declared.name)?, self.value(to, &declared.name)?);
        #[allow(clippy::cast_precision_loss)]
        let (low, high) = (from as f64, to as f64);
        let outside = |value: &&f64| value.fract() != 0.0 || !(low..high).contains(*value);
        match tensor.data.iter().find(outside) {
            Some(value) => Err(EvalError::new(&declared.name, format!("integers in {from}..{to} are expected, found {value}"))),
            None => Ok(()),
        }
    }

    fn mismatch(&self, id: TensorId, tensor: &Tensor) -> EvalError {
        let declared = self.program.tensor(id);
        let axis = |extent: &Extent| {
            let text = extent.display(&self.program.sizes);
            match self.value(extent, &declared.name) {
                Ok(value) if extent.as_constant().is_none() => format!("{text} = {value}"),
                Ok(_) | Err(_) => text,
            }
        };
        let expected: Vec<String> = declared.shape.iter().map(axis).collect();
        let message = format!("the shape [{}] is expected, found {:?}", expected.join(", "), tensor.shape);
        EvalError::new(&declared.name, message)
    }
}

/// The tensors of a program that are given and have a value.
fn given<'a>(program: &'a Program, values: &'a Values) -> impl Iterator<Item = (TensorId, &'a Tensor)> {
    program.ids().filter(|&id| !matches!(program.tensor(id).source, Source::Defined(_))).filter_map(|id| {
        let tensor = values.get(&program.tensor(id).name)?;
        Some((id, tensor))
    })
}

/// How many elements a shape has, refused where that is absurd.
pub(crate) fn element_count(shape: &[usize], name: &str) -> Result<usize, EvalError> {
    let count = if shape.contains(&0) { Some(0) } else { shape.iter().try_fold(1usize, |count, &axis| count.checked_mul(axis)) };
    count
        .filter(|&count| count <= MOST_ELEMENTS)
        .ok_or_else(|| EvalError::new(name, format!("{shape:?} has more elements than the evaluator takes ({MOST_ELEMENTS})")))
}
