//! `grad`, `jacobian`, `hessian`, `jvp` and `vjp`: what is differentiated and for what. The derivative itself is made elsewhere.

use super::arguments::Given;
use super::builtins::{Places, take_places};
use super::core::Elaborator;
use super::view::{Value, View};
use super::{Reported, Result};
use crate::derivatives::Kind;
use crate::ir::{Element, TensorId};
use crate::span::Span;

/// What is differentiated, for what, and where these were written.
struct Derivative {
    of: TensorId,
    of_span: Span,
    wrt: Vec<TensorId>,
    wrt_span: Span,
    /// Whether `params` was written, so that there is a derivative for each.
    many: bool,
}

impl<'a> Elaborator<'a> {
    /// `grad(s, x)`
    pub fn grad(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [s, x] = take_places(places)?;
        let wanted = self.derivative(s, x, "grad")?;
        self.must_be_scalar(&wanted, "grad")?;
        self.derived(&wanted, Kind::Times(None), span)
    }

    /// `vjp(y, x, v)`
    pub fn vjp(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [y, x, v] = take_places(places)?;
        let wanted = self.derivative(y, x, "vjp")?;
        let vector = self.vector(v, wanted.of, "vjp(y, x, v) wants v in the shape of y")?;
        self.derived(&wanted, Kind::Times(Some(vector)), span)
    }

    /// `jvp(y, x, v)`
    pub fn jvp(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [y, x, v] = take_places(places)?;
        let wanted = self.derivative(y, x, "jvp")?;
        let wrt = self.only_one(&wanted, "jvp")?;
        let vector = self.vector(v, wrt, "jvp(y, x, v) wants v in the shape of x")?;
        self.derived(&wanted, Kind::Along(vector), span)
    }

    /// `jacobian(y, x)`
    pub fn jacobian(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [y, x] = take_places(places)?;
        let wanted = self.derivative(y, x, "jacobian")?;
        match wanted.wrt.as_slice() {
            &[wrt] if !wanted.many => match self.derivatives.function_of(wanted.of, wrt) {
                Some(function) => self.derived(&Derivative { of: function, ..wanted }, Kind::Hessian, span),
                None => self.derived(&wanted, Kind::Jacobian, span),
            },
            _ => self.derived(&wanted, Kind::Jacobian, span),
        }
    }

    /// `hessian(s, x)`, the Jacobian of the gradient.
    pub fn hessian(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [s, x] = take_places(places)?;
        let wanted = self.derivative(s, x, "hessian")?;
        self.must_be_scalar(&wanted, "hessian")?;
        self.only_one(&wanted, "hessian")?;
        self.derived(&wanted, Kind::Hessian, span)
    }

    /// The first two arguments of a derivative.
    fn derivative(&mut self, of: Option<Given<'a>>, wrt: Option<Given<'a>>, name: &str) -> Result<Derivative> {
        let of = of.ok_or(Reported)?;
        let of_span = of.span();
        let of = self.given_view(of)?;
        let of = self.differentiable(&of, name, of_span)?;
        let wrt = wrt.ok_or(Reported)?;
        let wrt_span = wrt.span();
        let value = self.given(wrt)?;
        let (views, many) = match value {
            Value::Many(views) => (views, true),
            other @ (Value::View(_) | Value::List(_) | Value::Instance(_) | Value::Callable | Value::Circular(_)) => {
                (vec![self.view(other, wrt_span)?], false)
            }
        };
        let mut tensors = Vec::new();
        for view in views {
            let tensor = self.named_whole(&view, name, wrt_span)?;
            // Of all parameters some may not matter.
            if !many && !self.derivatives.depends(&self.program, of, tensor) {
                let (of, on) = (self.program.tensor(of).name.clone(), self.program.tensor(tensor).name.clone());
                let message = format!("`{of}` does not depend on `{on}`, so there is no derivative");
                return Err(self.error_with(wrt_span, message, |diagnostic| {
                    diagnostic.help("what it depends on is read by it, or by what it reads; a copy is another tensor")
                }));
            }
            self.has_one_meaning(of, tensor, wrt_span)?;
            tensors.push(tensor);
        }
        Ok(Derivative { of, of_span, wrt: tensors, wrt_span, many })
    }

    /// That no derivative which `of` reads goes through `on` to something behind it.
    fn has_one_meaning(&mut self, of: TensorId, on: TensorId, span: Span) -> Result<()> {
        let Some(through) = self.derivatives.through(&self.program, of, on) else { return Ok(()) };
        let is_own = through.of == on;
        let [of, on, function, wrt] = [of, on, through.of, through.wrt].map(|id| self.program.tensor(id).name.clone());
        let (which, help) = if is_own {
            (String::new(), format!("differentiate for `{wrt}`"))
        } else {
            (
                format!(", which goes through `{on}`"),
                format!("differentiate `{function}` for `{on}` first, and that for `{wrt}`; or all for `{wrt}`"),
            )
        };
        let message = format!(
            "`{of}` has a derivative of `{function}` for `{wrt}`{which}: how that changes with `{on}` alone depends on how it is written"
        );
        Err(self.error_with(span, message, |diagnostic| {
            let note =
                format!("`{on}` is computed from `{wrt}`, so the derivative has what `{on}` is and also what it is made of");
            diagnostic.note(note).help(help)
        }))
    }

    /// The tensor that is differentiated: a definition of its own.
    fn differentiable(&mut self, view: &View, name: &str, span: Span) -> Result<TensorId> {
        let labels = self.formulas.labels(view.body);
        if self.is_pending(view.body) || labels.iter().any(|label| !view.axes.contains(label)) {
            let message = format!("`{name}` differentiates whole tensors, and not formulas in labels");
            return Err(self.error_with(span, message, |diagnostic| {
                diagnostic.help("give it a definition of its own: `f = ...;`, then `grad(f, x)`")
            }));
        }
        if let Some(tensor) = self.alias(view) {
            return Ok(tensor);
        }
        let stored = self.stored(view, "value", span)?;
        self.alias(&stored).ok_or(()).map_err(|()| self.error(span, format!("`{name}` cannot differentiate this")))
    }

    /// The tensor that something is differentiated for: one with a name.
    fn named_whole(&mut self, view: &View, name: &str, span: Span) -> Result<TensorId> {
        let tensor = self.alias(view).filter(|tensor| self.program.tensor(*tensor).element == Element::Real);
        tensor.ok_or(()).map_err(|()| {
            let message = format!("`{name}` differentiates for a tensor with a name");
            self.error_with(span, message, |diagnostic| {
                diagnostic.help("an input, a parameter (`hidden.w`), a state or a definition: not a part or a formula of one")
            })
        })
    }

    fn vector(&mut self, given: Option<Given<'a>>, like: TensorId, wanted: &str) -> Result<TensorId> {
        let given = given.ok_or(Reported)?;
        let span = given.span();
        let view = self.given_view(given)?;
        let shape = self.program.tensor(like).shape.clone();
        if self.shape(&view) != shape {
            let (found, expected) = (self.shape_text(&view), self.extents_text(&shape));
            return Err(self.error(span, format!("{wanted}, which is {expected}; found {found}")));
        }
        self.differentiable(&view, "v", span)
    }

    fn must_be_scalar(&mut self, wanted: &Derivative, name: &str) -> Result<()> {
        let shape = self.program.tensor(wanted.of).shape.clone();
        if shape.is_empty() {
            return Ok(());
        }
        let shape = self.extents_text(&shape);
        let message = format!("`{name}` differentiates a scalar, found {shape}");
        Err(self.error_with(wanted.of_span, message, |diagnostic| {
            diagnostic.help("take sum(...) of it, or jacobian(y, x), which has the axes of both")
        }))
    }

    fn only_one(&mut self, wanted: &Derivative, name: &str) -> Result<TensorId> {
        match wanted.wrt.as_slice() {
            [one] if !wanted.many => Ok(*one),
            _ => Err(self.error(wanted.wrt_span, format!("`{name}` is for one tensor, not for all of `params`"))),
        }
    }

    /// Makes derivatives; their names are taken from now on.
    fn derived(&mut self, wanted: &Derivative, kind: Kind, span: Span) -> Result<Value<'a>> {
        let before = self.program.tensors.len();
        let found = self.derivatives.make(&mut self.program, wanted.of, &wanted.wrt, kind);
        for number in before..self.program.tensors.len() {
            self.names.insert(self.program.tensors[number].name.clone());
            self.program.tensors[number].span = self.statement;
        }
        self.intermediate.extend(found.iter().copied().filter(|id| id.0 as usize >= before));
        self.limit(span)?;
        self.result(found, wanted.many)
    }

    fn result(&mut self, found: Vec<TensorId>, many: bool) -> Result<Value<'a>> {
        let mut views: Vec<View> = Vec::new();
        for id in found {
            let view = self.whole(id);
            views.push(view);
        }
        match (many, views.as_slice()) {
            (false, [one]) => Ok(Value::View(one.clone())),
            _ => Ok(Value::Many(views)),
        }
    }
}
