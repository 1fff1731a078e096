//! Random numbers: each call has a stream of its own, in which an element is found by its position.

use super::arguments::Given;
use super::builtins::{Places, take_places};
use super::core::Elaborator;
use super::formula::{Formula, FormulaId, Formulas};
use super::view::{Value, View};
use super::{Reported, Result};
use crate::ir::{Index, Stream};
use crate::ops::Operator;
use crate::span::Span;

/// Who numbers the streams of a program.
#[derive(Clone, Copy, Debug, Default)]
pub enum Streams {
    /// Nobody so far.
    #[default]
    Unused,
    /// The elaboration; this is the next one.
    Counted(u32),
    /// The program itself.
    Given,
}

impl<'a> Elaborator<'a> {
    /// `random_uniform(x)`: a number from 0 up to, but without, 1 for each element of x.
    pub fn random_uniform(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x] = take_places(places)?;
        let x = self.needed_view(x)?;
        let around = self.formulas.labels(x.body).into_iter().any(|label| !x.axes.contains(&label));
        if around || x.axes.iter().any(|label| !self.is_resolved(*label)) {
            let message = "random numbers for one element in index notation: they would be the same for all elements";
            let help = "apply `random_uniform` or `dropout` to the whole tensor, in a definition of its own";
            return Err(self.error_with(span, message, |diagnostic| diagnostic.help(help)));
        }
        let number = match self.streams {
            Streams::Unused => 0,
            Streams::Counted(next) => next,
            Streams::Given => return Err(self.two_numberings(span)),
        };
        self.streams = Streams::Counted(number.saturating_add(1));
        let axes: Vec<_> = x.axes.iter().map(|label| self.label_like(*label)).collect();
        let position = axes.iter().fold(Index::default(), |position, label| {
            let extent = self.extent(*label).clone();
            position.times(&extent).plus(&Index::label(*label))
        });
        let body = self.formulas.intern(Formula::Random(Stream(number), position));
        Ok(Value::View(View { axes, body }))
    }

    /// `random_at(stream, position)`: the same, with both said.
    pub fn random_at(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [stream, position] = take_places(places)?;
        let stream = stream.ok_or(Reported)?;
        let stream_span = stream.span();
        let number = self.given_number(stream)?;
        let natural = number.fract() == 0.0 && (0.0..4_294_967_296.0).contains(&number);
        if !natural {
            return Err(self.error(stream_span, format!("a stream is a natural number below 2^32, found {number}")));
        }
        let position_span = position.as_ref().map_or(span, Given::span);
        let position = self.needed_view(position)?;
        let Some(index) = as_index(&self.formulas, position.body) else {
            return Err(self.error(position_span, "a position is an index: labels, sizes and integers, their sums and multiples"));
        };
        match self.streams {
            Streams::Unused | Streams::Given => self.streams = Streams::Given,
            Streams::Counted(_) => return Err(self.two_numberings(span)),
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let body = self.formulas.intern(Formula::Random(Stream(number as u32), index));
        Ok(Value::View(View { axes: position.axes, body }))
    }

    fn two_numberings(&mut self, span: Span) -> Reported {
        let message = "`random_at` names its streams, `random_uniform` and `dropout` count theirs: together they could meet";
        self.error_with(span, message, |diagnostic| diagnostic.help("use one or the other in a network"))
    }

    /// `fraction(rate)`: the number, which must be a constant from 0 up to, but without, 1.
    pub fn fraction(&mut self, places: Places<'a>, _: Span) -> Result<Value<'a>> {
        let [rate] = take_places(places)?;
        let rate = rate.ok_or(Reported)?;
        let rate_span = rate.span();
        let number = self.given_number(rate)?;
        if !(0.0..1.0).contains(&number) {
            return Err(self.error(rate_span, format!("expected a number from 0 up to, but without, 1, found {number}")));
        }
        Ok(self.number(number))
    }
}

/// The index form that a formula is: also with floors, as the printer of the language writes them.
fn as_index(formulas: &Formulas, id: FormulaId) -> Option<Index> {
    if let Some(index) = formulas.as_index(id) {
        return Some(index);
    }
    let Formula::Apply(operator, arguments) = formulas.node(id) else { return None };
    match (operator, arguments.as_slice()) {
        (Operator::Add, [a, b]) => Some(as_index(formulas, *a)?.plus(&as_index(formulas, *b)?)),
        (Operator::Subtract, [a, b]) => Some(as_index(formulas, *a)?.minus(&as_index(formulas, *b)?)),
        (Operator::Negate, [a]) => Some(Index::default().minus(&as_index(formulas, *a)?)),
        (Operator::Multiply, [a, b]) => {
            let (a, b) = (as_index(formulas, *a)?, as_index(formulas, *b)?);
            match (a.as_extent(), b.as_extent()) {
                (Some(factor), _) => Some(b.times(factor)),
                (None, Some(factor)) => Some(a.times(factor)),
                (None, None) => None,
            }
        }
        (Operator::Floor, [quotient]) => floor(formulas, *quotient),
        _ => None,
    }
}

/// `floor(a / by)`, and `floor((a + 0.5) / by)`, which is the same for integers.
fn floor(formulas: &Formulas, quotient: FormulaId) -> Option<Index> {
    let Formula::Apply(Operator::Divide, arguments) = formulas.node(quotient) else { return None };
    let [above, below] = arguments.as_slice() else { return None };
    let by = formulas.as_extent(*below).filter(|by| by.is_at_least(1))?;
    let mut whole = *above;
    if let Formula::Apply(Operator::Add, sum) = formulas.node(whole)
        && let [number, half] = sum.as_slice()
        && formulas.as_number(*half) == Some(0.5)
    {
        whole = *number;
    }
    Some(as_index(formulas, whole)?.quotient(&by))
}
