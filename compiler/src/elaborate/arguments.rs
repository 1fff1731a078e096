//! Arguments: positional ones, then named ones, brought to the parameters of what is called.

use super::core::Elaborator;
use super::messages::{counted, nearest};
use super::view::{Value, View};
use super::{Reported, Result};
use crate::ir::Extent;
use crate::span::Span;
use crate::syntax::tree::{Argument, Expression, ExpressionKind};

/// An argument that was given.
#[derive(Clone, Debug)]
pub enum Given<'a> {
    /// What stood before `|>`.
    Value(Value<'a>, Span),
    /// What stands in the parentheses.
    Expression(&'a Expression),
}

impl Given<'_> {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Value(_, span) => *span,
            Self::Expression(expression) => expression.span,
        }
    }

    /// What messages call it.
    pub fn text(&self) -> String {
        match self {
            Self::Expression(Expression { kind: ExpressionKind::Name(name), .. }) => format!("`{name}`"),
            Self::Value(..) | Self::Expression(_) => "it".to_owned(),
        }
    }
}

/// What can be called, as far as arguments go.
#[derive(Clone, Debug)]
pub struct Signature<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its parameters, and whether each has a default.
    pub parameters: Vec<(&'s str, bool)>,
}

impl Signature<'_> {
    /// `clamp(x, lo, hi)`
    pub fn text(&self) -> String {
        let parameters: Vec<String> =
            self.parameters.iter().map(|(name, default)| format!("{name}{}", if *default { " = ..." } else { "" })).collect();
        format!("{}({})", self.name, parameters.join(", "))
    }
}

impl<'a> Elaborator<'a> {
    /// The argument of each parameter; `None` where its default is taken.
    pub fn arrange(
        &mut self,
        signature: &Signature,
        first: Vec<Given<'a>>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Result<Vec<Option<Given<'a>>>> {
        let mut positional = first;
        let mut places: Vec<Option<Given<'a>>> = vec![None; signature.parameters.len()];
        positional.extend(arguments.iter().filter(|a| a.name.is_none()).map(|a| Given::Expression(&a.value)));
        if positional.len() > places.len() {
            return Err(self.wrong_count(signature, positional.len(), span));
        }
        let given = positional.len();
        for (place, argument) in places.iter_mut().zip(positional) {
            *place = Some(argument);
        }
        for argument in arguments {
            let Some(name) = &argument.name else { continue };
            let Some(position) = signature.parameters.iter().position(|(parameter, _)| *parameter == name.text) else {
                return Err(self.no_parameter(signature, &name.text, name.span));
            };
            if places[position].is_some() {
                return Err(self.error(name.span, format!("`{}` of {} is given twice", name.text, signature.text())));
            }
            places[position] = Some(Given::Expression(&argument.value));
        }
        let missing = places.iter().zip(&signature.parameters).any(|(place, (_, default))| place.is_none() && !default);
        if missing {
            let named = arguments.iter().filter(|argument| argument.name.is_some()).count();
            return Err(self.wrong_count(signature, given + named, span));
        }
        Ok(places)
    }

    fn wrong_count(&mut self, signature: &Signature, given: usize, span: Span) -> Reported {
        let least = signature.parameters.iter().filter(|(_, default)| !default).count();
        let most = signature.parameters.len();
        let takes = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let argument = if takes == "1" { "argument" } else { "arguments" };
        let text = signature.text();
        let message = format!("`{}` takes {takes} {argument}, {} given", signature.name, counted(given, "is", "are"));
        self.error_with(span, message, |diagnostic| diagnostic.help(format!("its parameters are {text}")))
    }

    fn no_parameter(&mut self, signature: &Signature, name: &str, span: Span) -> Reported {
        let near = nearest(name, signature.parameters.iter().map(|(name, _)| *name));
        let text = signature.text();
        self.error_with(span, format!("`{}` has no parameter `{name}`", signature.name), |diagnostic| match near {
            Some(near) => diagnostic.help(format!("is `{near}` meant? Its parameters are {text}")),
            None => diagnostic.help(format!("its parameters are {text}")),
        })
    }

    /// The value of an argument.
    pub fn given(&mut self, given: Given<'a>) -> Result<Value<'a>> {
        match given {
            Given::Value(value, _) => Ok(value),
            Given::Expression(expression) => self.evaluate(expression),
        }
    }

    /// The tensor of an argument.
    pub fn given_view(&mut self, given: Given<'a>) -> Result<View> {
        let span = given.span();
        let value = self.given(given)?;
        self.view(value, span)
    }

    /// The constant of an argument.
    pub fn given_number(&mut self, given: Given<'a>) -> Result<f64> {
        let span = given.span();
        let view = self.given_view(given)?;
        let number = self.formulas.as_number(view.body).filter(|_| view.rank() == 0);
        number.ok_or(Reported).map_err(|_| self.error(span, "expected a constant"))
    }

    /// The size of an argument.
    pub fn given_extent(&mut self, given: Given<'a>) -> Result<Extent> {
        let span = given.span();
        let view = self.given_view(given)?;
        self.extent_of_view(&view, span)
    }

    /// The sizes of an argument that is a list.
    pub fn given_extents(&mut self, given: Given<'a>) -> Result<Vec<Extent>> {
        let span = given.span();
        match self.given(given)? {
            Value::List(list) => {
                let mut extents = Vec::new();
                for value in list {
                    let view = self.view(value, span)?;
                    extents.push(self.extent_of_view(&view, span)?);
                }
                Ok(extents)
            }
            other @ (Value::View(_) | Value::Many(_) | Value::Instance(_) | Value::Callable | Value::Circular(_)) => {
                let view = self.view(other, span)?;
                Ok(vec![self.extent_of_view(&view, span)?])
            }
        }
    }

    /// An axis of a rank: a negative number counts from the end.
    pub fn given_axis(&mut self, given: Given<'a>, rank: usize) -> Result<usize> {
        let span = given.span();
        let extent = self.given_extent(given)?;
        self.axis_number(&extent, rank, span)
    }

    /// Axes of a rank: a number or a list.
    pub fn given_axes(&mut self, given: Given<'a>, rank: usize) -> Result<Vec<usize>> {
        let span = given.span();
        let mut axes = Vec::new();
        for extent in self.given_extents(given)? {
            let axis = self.axis_number(&extent, rank, span)?;
            if axes.contains(&axis) {
                return Err(self.error(span, format!("axis {axis} is given twice")));
            }
            axes.push(axis);
        }
        Ok(axes)
    }

    fn axis_number(&mut self, extent: &Extent, rank: usize, span: Span) -> Result<usize> {
        let signed = i64::try_from(rank).unwrap_or(i64::MAX);
        let axis = extent.as_constant().map(|axis| if axis < 0 { axis.saturating_add(signed) } else { axis });
        let axis = axis.and_then(|axis| usize::try_from(axis).ok()).filter(|axis| *axis < rank);
        let text = self.extent_text(extent);
        axis.ok_or(Reported).map_err(|_| {
            let message = format!("there is no axis {text} in a tensor of {}", counted(rank, "axis", "axes"));
            self.error_with(span, message, |diagnostic| match rank {
                0 => diagnostic,
                rank => diagnostic.help(format!("its axes are 0 to {}, and -1 to -{rank} from the end", rank - 1)),
            })
        })
    }
}
