//! A scalar formula with the sizes put in, and its value for given labels.

use super::sizes::Sizes;
use super::{EvalError, Tensor};
use crate::ir::{Atom, ExpressionId, Extent, Index, Node, Program, TensorId};
use crate::ops::Operator;
use chainrule_math::Scalar;
use chainrule_math::counter::Key;
use rustc_hash::FxHashMap;

/// An index form with the sizes put in.
#[derive(Debug)]
struct Form {
    constant: i64,
    terms: Vec<(Part, i64)>,
}

#[derive(Debug)]
enum Part {
    Label(usize),
    Quotient(Form, i64),
    Remainder(Form, i64),
    Element(TensorId, Vec<Form>),
}

/// A node of a formula; arguments by their places in the list.
#[derive(Debug)]
enum Step {
    Number(f64),
    Position(Form),
    Random(Key, Form),
    Read(TensorId, Vec<Form>),
    Apply(Operator, Vec<usize>),
    Select(usize, usize, usize),
}

/// A formula of one definition, made ready for evaluation.
#[derive(Debug)]
pub(super) struct Formula<'a> {
    program: &'a Program,
    /// The tensor that it defines, for messages.
    owner: TensorId,
    /// Arguments before their users, the root last.
    steps: Vec<Step>,
    /// Whether there is a selection; all steps have a value where there is none.
    selects: bool,
    /// Values of the steps that have one in the present round.
    values: Vec<f64>,
    /// The round in which a step got its value.
    rounds: Vec<u64>,
    round: u64,
}

impl<'a> Formula<'a> {
    /// The formula `root` in the definition of `owner`, with the random numbers of a key.
    pub(super) fn new(
        program: &'a Program,
        sizes: &Sizes,
        key: Key,
        owner: TensorId,
        root: ExpressionId,
    ) -> Result<Self, EvalError> {
        let maker = Maker { program, sizes, owner: &program.tensor(owner).name, key };
        let order = program.expressions.reachable(root);
        let places: FxHashMap<ExpressionId, usize> = order.iter().enumerate().map(|(place, &id)| (id, place)).collect();
        let steps = order.iter().map(|&id| maker.step(id, &places)).collect::<Result<Vec<Step>, _>>()?;
        let count = steps.len();
        let selects = steps.iter().any(|step| matches!(step, Step::Select(..)));
        Ok(Self { program, owner, steps, selects, values: vec![0.0; count], rounds: vec![0; count], round: 0 })
    }

    /// Its value. Lazy: the branch of a selection that is not taken is not evaluated.
    pub(super) fn value(&mut self, labels: &[i64], tensors: &[Option<Tensor>]) -> Result<f64, EvalError> {
        let root = self.steps.len() - 1;
        if !self.selects {
            for place in 0..=root {
                self.values[place] = self.compute(place, labels, tensors)?;
            }
            return Ok(self.values[root]);
        }
        self.round += 1;
        let mut stack = vec![root];
        while let Some(&place) = stack.last() {
            if self.is_known(place) {
                stack.pop();
            } else if let Some(missing) = self.missing(place) {
                stack.push(missing);
            } else {
                self.values[place] = self.compute(place, labels, tensors)?;
                self.rounds[place] = self.round;
                stack.pop();
            }
        }
        Ok(self.values[root])
    }

    fn is_known(&self, place: usize) -> bool {
        self.rounds[place] == self.round
    }

    /// An argument that must have a value before this step can have one.
    fn missing(&self, place: usize) -> Option<usize> {
        match &self.steps[place] {
            Step::Number(_) | Step::Position(_) | Step::Random(..) | Step::Read(..) => None,
            Step::Apply(_, arguments) => arguments.iter().copied().find(|&argument| !self.is_known(argument)),
            Step::Select(condition, ..) if !self.is_known(*condition) => Some(*condition),
            Step::Select(..) => Some(self.taken(place)).filter(|&branch| !self.is_known(branch)),
        }
    }

    /// The branch of a selection that is taken; other steps are their own.
    fn taken(&self, place: usize) -> usize {
        match self.steps[place] {
            Step::Select(condition, _, otherwise) if self.values[condition] == 0.0 => otherwise,
            Step::Select(_, then, _) => then,
            Step::Number(_) | Step::Position(_) | Step::Random(..) | Step::Read(..) | Step::Apply(..) => place,
        }
    }

    fn compute(&self, place: usize, labels: &[i64], tensors: &[Option<Tensor>]) -> Result<f64, EvalError> {
        match &self.steps[place] {
            Step::Number(value) => Ok(*value),
            #[allow(clippy::cast_precision_loss)]
            Step::Position(form) => Ok(self.form(form, labels, tensors)? as f64),
            Step::Random(stream, form) => Ok(f64::uniform(*stream, self.form(form, labels, tensors)?.cast_unsigned())),
            Step::Read(tensor, at) => self.read(*tensor, at, labels, tensors),
            Step::Apply(operator, arguments) => {
                let value = operator.row().value;
                Ok(match arguments.as_slice() {
                    &[a] => value(&[self.values[a]]),
                    &[a, b] => value(&[self.values[a], self.values[b]]),
                    more => value(&more.iter().map(|&argument| self.values[argument]).collect::<Vec<f64>>()),
                })
            }
            Step::Select(..) => Ok(self.values[self.taken(place)]),
        }
    }

    fn read(&self, tensor: TensorId, at: &[Form], labels: &[i64], tensors: &[Option<Tensor>]) -> Result<f64, EvalError> {
        let Some(values) = &tensors[tensor.0 as usize] else {
            return Err(EvalError::new(&self.program.tensor(tensor).name, "it has no value"));
        };
        let mut offset = 0;
        for (form, &length) in at.iter().zip(&values.shape) {
            let index = self.form(form, labels, tensors)?;
            let Some(index) = usize::try_from(index).ok().filter(|&index| index < length) else {
                return Err(self.outside(tensor, at, labels, tensors));
            };
            offset = offset * length + index;
        }
        Ok(values.data[offset])
    }

    /// What is wrong with a read outside of a tensor.
    fn outside(&self, tensor: TensorId, at: &[Form], labels: &[i64], tensors: &[Option<Tensor>]) -> EvalError {
        let at = match at.iter().map(|form| self.form(form, labels, tensors)).collect::<Result<Vec<i64>, _>>() {
            Ok(at) => at,
            Err(error) => return error,
        };
        let shape = tensors[tensor.0 as usize].as_ref().map(|values| values.shape.clone()).unwrap_or_default();
        let owner = &self.program.tensor(self.owner).name;
        let message = format!("`{owner}` reads its element {at:?}, which is outside of its shape {shape:?}");
        EvalError::new(&self.program.tensor(tensor).name, message)
    }

    fn form(&self, form: &Form, labels: &[i64], tensors: &[Option<Tensor>]) -> Result<i64, EvalError> {
        let mut sum = form.constant;
        for (part, coefficient) in &form.terms {
            let value = match part {
                Part::Label(label) => labels[*label],
                Part::Quotient(form, by) => self.form(form, labels, tensors)?.div_euclid(*by),
                Part::Remainder(form, by) => self.form(form, labels, tensors)?.rem_euclid(*by),
                #[allow(clippy::cast_possible_truncation)]
                Part::Element(tensor, at) => self.read(*tensor, at, labels, tensors)? as i64,
            };
            let next = value.checked_mul(*coefficient).and_then(|product| sum.checked_add(product));
            sum = next.ok_or_else(|| EvalError::new(&self.program.tensor(self.owner).name, "an index is too large"))?;
        }
        Ok(sum)
    }
}

/// Puts the sizes into formulas.
struct Maker<'a> {
    program: &'a Program,
    sizes: &'a Sizes<'a>,
    owner: &'a str,
    key: Key,
}

impl Maker<'_> {
    fn step(&self, id: ExpressionId, places: &FxHashMap<ExpressionId, usize>) -> Result<Step, EvalError> {
        Ok(match self.program.expressions.node(id) {
            Node::Number(number) => Step::Number(number.get()),
            Node::Position(index) => Step::Position(self.form(index)?),
            Node::Random(stream, index) => Step::Random(self.key.stream(stream.0), self.form(index)?),
            Node::Read(tensor, at) => Step::Read(*tensor, self.forms(at)?),
            Node::Apply(operator, arguments) => Step::Apply(*operator, arguments.iter().map(|id| places[id]).collect()),
            Node::Select(condition, then, otherwise) => Step::Select(places[condition], places[then], places[otherwise]),
        })
    }

    fn forms(&self, at: &[Index]) -> Result<Vec<Form>, EvalError> {
        at.iter().map(|index| self.form(index)).collect()
    }

    fn form(&self, index: &Index) -> Result<Form, EvalError> {
        let mut terms = Vec::new();
        for (atom, coefficient) in index.terms() {
            let part = match atom {
                Atom::Label(label) => Part::Label(label.0 as usize),
                Atom::Quotient(form, by) => Part::Quotient(self.form(form)?, self.divisor(by)?),
                Atom::Remainder(form, by) => Part::Remainder(self.form(form)?, self.divisor(by)?),
                Atom::Element(tensor, at) => Part::Element(*tensor, self.forms(at)?),
            };
            terms.push((part, self.sizes.value(coefficient, self.owner)?));
        }
        Ok(Form { constant: self.sizes.value(index.constant_part(), self.owner)?, terms })
    }

    fn divisor(&self, by: &Extent) -> Result<i64, EvalError> {
        let value = self.sizes.value(by, self.owner)?;
        if value > 0 {
            return Ok(value);
        }
        let text = by.display(&self.program.sizes);
        Err(EvalError::new(self.owner, format!("it divides an index by {text}, which is {value} here")))
    }
}
