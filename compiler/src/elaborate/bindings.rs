//! What a name means: a label or a name of the body, a size, a constant of the file, an item, or nothing.

use super::builtins;
use super::core::{Elaborator, Owner, Scope};
use super::view::{Value, View};
use super::{Reported, Result};
use crate::ir::{Index, Source};
use crate::ops::{Operator, Spelling};
use crate::span::Span;
use std::collections::BTreeMap;

impl<'a> Elaborator<'a> {
    /// The value of a name.
    pub fn name(&mut self, name: &str, span: Span) -> Result<Value<'a>> {
        let found = self.visible().find_map(|scope| scope.names.get(name)).cloned();
        if let Some(found) = found {
            let found = found.ok_or(Reported)?;
            return if let Value::Circular(_) = found { Err(self.whole_in_circle(name, span)) } else { Ok(found) };
        }
        if let Some(value) = self.items.constant(span.file, name) {
            return self.constant(name, value, span);
        }
        if let Some(value) = self.word(name) {
            return Ok(Value::View(View::scalar(self.formulas.number(value))));
        }
        if self.is_size(name) {
            let size = self.program.size(name);
            let body = self.formulas.position(Index::constant(crate::ir::Extent::size(size)));
            return Ok(Value::View(View::scalar(body)));
        }
        if name == "params" && self.owner() == Owner::Network {
            return Ok(self.all_parameters(span));
        }
        if self.is_callable(name) {
            return Ok(Value::Callable);
        }
        Err(self.unknown(name, "name", span))
    }

    fn word(&self, name: &str) -> Option<f64> {
        match name {
            "training" => Some(f64::from(u8::from(self.options.training))),
            "inf" => Some(f64::INFINITY),
            "pi" => Some(std::f64::consts::PI),
            _ => None,
        }
    }

    fn is_size(&self, name: &str) -> bool {
        self.owner() == Owner::Network && self.program.find_size(name).is_some()
    }

    /// Whether a label of that name would hide a size or a constant.
    pub fn is_size_or_constant(&self, name: &str, span: Span) -> bool {
        if self.is_size(name) || self.items.constant(span.file, name).is_some() {
            return true;
        }
        let last = self.scopes.iter().rposition(|scope| scope.owner.is_some());
        let own = last.and_then(|last| self.scopes[last].names.get(name)).and_then(Option::as_ref);
        // Sizes of a layer and hyperparameters are names of the body that are numbers.
        match own {
            Some(Value::View(view)) => view.rank() == 0 && self.formulas.as_extent(view.body).is_some(),
            Some(Value::Many(_) | Value::List(_) | Value::Instance(_) | Value::Callable | Value::Circular(_)) | None => false,
        }
    }

    /// The tensor of a name that is a label too.
    pub fn tensor_beside_labels(&self, name: &str) -> Option<Result<Value<'a>>> {
        let found = self.visible().filter(|scope| !scope.labels).find_map(|scope| scope.names.get(name))?;
        Some(found.clone().ok_or(Reported))
    }

    fn constant(&mut self, name: &str, value: &'a crate::syntax::tree::Expression, span: Span) -> Result<Value<'a>> {
        let key = (span.file, name.to_owned());
        if let Some(known) = self.constants.get(&key) {
            return known.clone().ok_or(Reported);
        }
        if self.calls.iter().any(|call| call.name == name) {
            return Err(self.error(span, format!("the constant `{name}` is defined by itself")));
        }
        self.calls.push(super::core::CallSite { name: name.to_owned(), span });
        let scope = Scope { owner: Some(Owner::Constant), names: BTreeMap::new(), ..Scope::default() };
        let value = self.deeper(span, |this| this.within(scope, |this| this.evaluate(value)));
        self.calls.pop();
        self.constants.insert(key, value.clone().ok());
        value
    }

    fn all_parameters(&mut self, span: Span) -> Value<'a> {
        let parameters: Vec<_> =
            (self.program.ids()).filter(|&id| matches!(self.program.tensor(id).source, Source::Parameter(_))).collect();
        self.params_read = Some((parameters.len(), span));
        Value::Many(parameters.into_iter().map(|id| self.whole(id)).collect())
    }

    /// Whether a name can be called.
    pub fn is_callable(&self, name: &str) -> bool {
        self.items.own(name).is_some()
            || self.items.library(name).is_some()
            || builtins::find(name).is_some()
            || is_operator(name)
    }
}

/// Whether an operator is written as a function of that name.
pub fn is_operator(name: &str) -> bool {
    Operator::ALL.iter().any(|operator| matches!(operator.row().spelling, Spelling::Function(text) if text == name))
}
