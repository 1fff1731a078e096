//! `grad`, `jacobian`, `hessian`, `jvp` and `vjp`: what is differentiated and for what. The derivative itself is made elsewhere.

use super::arguments::Given;
use super::builtins::{Places, take_places};
use super::core::Elaborator;
use super::view::{Value, View};
use super::{Reported, Result};
use crate::derivatives;
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
        let found = self.derived(wanted.of, span, |program| derivatives::vjp(program, wanted.of, None, &wanted.wrt))?;
        self.gradients.extend(found.iter().zip(&wanted.wrt).map(|(&gradient, &wrt)| (gradient, (wanted.of, wrt))));
        self.result(found, wanted.many)
    }

    /// `vjp(y, x, v)`
    pub fn vjp(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [y, x, v] = take_places(places)?;
        let wanted = self.derivative(y, x, "vjp")?;
        let vector = self.vector(v, wanted.of, "vjp(y, x, v) wants v in the shape of y")?;
        let found = self.derived(wanted.of, span, |program| derivatives::vjp(program, wanted.of, Some(vector), &wanted.wrt))?;
        self.result(found, wanted.many)
    }

    /// `jvp(y, x, v)`
    pub fn jvp(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [y, x, v] = take_places(places)?;
        let wanted = self.derivative(y, x, "jvp")?;
        let wrt = self.only_one(&wanted, "jvp")?;
        let vector = self.vector(v, wrt, "jvp(y, x, v) wants v in the shape of x")?;
        let found = self.derived(wanted.of, span, |program| vec![derivatives::jvp(program, wanted.of, wrt, vector)])?;
        self.result(found, false)
    }

    /// `jacobian(y, x)`
    pub fn jacobian(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [y, x] = take_places(places)?;
        let wanted = self.derivative(y, x, "jacobian")?;
        let scalar = self.gradients.get(&wanted.of).copied();
        let found = self.derived(wanted.of, span, |program| {
            let of_one = |&wrt: &TensorId| match scalar {
                Some((scalar, known)) if known == wrt => derivatives::hessian(program, scalar, None, wrt),
                Some(_) | None => derivatives::jacobian(program, wanted.of, wrt),
            };
            wanted.wrt.iter().map(of_one).collect()
        })?;
        self.result(found, wanted.many)
    }

    /// `hessian(s, x)`, the Jacobian of the gradient.
    pub fn hessian(&mut self, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [s, x] = take_places(places)?;
        let wanted = self.derivative(s, x, "hessian")?;
        self.must_be_scalar(&wanted, "hessian")?;
        let wrt = self.only_one(&wanted, "hessian")?;
        let found = self.derived(wanted.of, span, |program| vec![derivatives::hessian(program, wanted.of, None, wrt)])?;
        self.result(found, false)
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
            if !many && !derivatives::depends(&self.program, of, tensor, &self.derivatives) {
                let (of, on) = (self.program.tensor(of).name.clone(), self.program.tensor(tensor).name.clone());
                let message = format!("`{of}` does not depend on `{on}`, so there is no derivative");
                return Err(self.error_with(wrt_span, message, |diagnostic| {
                    diagnostic.help("what it depends on is read by it, or by what it reads; a copy is another tensor")
                }));
            }
            tensors.push(tensor);
        }
        Ok(Derivative { of, of_span, wrt: tensors, wrt_span, many })
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
    fn derived(
        &mut self,
        of: TensorId,
        span: Span,
        make: impl FnOnce(&mut crate::ir::Program) -> Vec<TensorId>,
    ) -> Result<Vec<TensorId>> {
        let before = self.program.tensors.len();
        let found = make(&mut self.program);
        for number in before..self.program.tensors.len() {
            self.names.insert(self.program.tensors[number].name.clone());
            self.program.tensors[number].span = self.statement;
        }
        self.intermediate.extend(found.iter().copied().filter(|id| id.0 as usize >= before));
        self.derivatives.extend(found.iter().filter(|id| **id != of).map(|&id| (id, of)));
        self.limit(span)?;
        Ok(found)
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
