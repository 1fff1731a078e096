//! Calls: of functions, which are inlined, of operators that are written as functions, of builtins and of layers.

use super::Result;
use super::arguments::{Given, Signature};
use super::bindings::is_operator;
use super::builtins;
use super::core::{CallSite, Elaborator, Owner, Scope};
use super::items::Callee;
use super::view::Value;
use super::walk::{each_expression, each_of_statement};
use crate::ops::{Operator, Spelling};
use crate::span::Span;
use crate::syntax::tree::{Argument, Binary, Expression, ExpressionKind, Function};
use std::collections::BTreeMap;

impl<'a> Elaborator<'a> {
    /// `value |> callee`
    pub fn pipe(&mut self, value: Value<'a>, value_span: Span, callee: &'a Expression) -> Result<Value<'a>> {
        let first = vec![Given::Value(value, value_span)];
        if let ExpressionKind::Name(_) = &callee.kind {
            return self.call(callee, first, &[], callee.span);
        }
        if let ExpressionKind::Call(inner, arguments) = &callee.kind
            && let ExpressionKind::Name(name) = &inner.kind
            && !self.names_layer(name)
        {
            return self.call(inner, first, arguments, callee.span);
        }
        self.apply_to(callee, first, &[], callee.span)
    }

    /// Whether a name is that of a layer (and not of a value of the body).
    pub fn names_layer(&self, name: &str) -> bool {
        self.items.layer(name).is_some() && !self.visible().any(|scope| scope.names.contains_key(name))
    }

    /// `callee(first, arguments)`
    pub fn call(
        &mut self,
        callee: &'a Expression,
        first: Vec<Given<'a>>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Result<Value<'a>> {
        let ExpressionKind::Name(name) = &callee.kind else { return self.apply_to(callee, first, arguments, span) };
        let bound = self.visible().find_map(|scope| scope.names.get(name.as_str())).cloned();
        if let Some(Some(Value::Instance(instance))) = bound {
            return self.apply_instance(&instance, first, arguments, span);
        }
        if let Some(None) = bound {
            return Err(super::Reported);
        }
        let positional = first.len() + arguments.iter().filter(|argument| argument.name.is_none()).count();
        let named = positional < first.len() + arguments.len();
        match self.items.own(name) {
            Some(callee_item) => return self.call_item(callee_item, callee, first, arguments, span),
            None => {
                let row = Operator::spelled(name, positional).filter(|_| !named && is_operator(name));
                if let Some(operator) = row.filter(|operator| matches!(operator.row().spelling, Spelling::Function(_))) {
                    return self.call_operator(operator, first, arguments, span);
                }
            }
        }
        if let Some(item) = self.items.library(name) {
            return self.call_item(item, callee, first, arguments, span);
        }
        if let Some(builtin) = builtins::find(name) {
            return self.call_builtin(builtin, first, arguments, span);
        }
        if let Some(operator) = Operator::ALL.iter().find(|operator| operator.row().spelling.text() == name && is_operator(name))
        {
            return Err(self.operator_arguments(*operator, first, arguments, span));
        }
        if bound.is_some() {
            return Err(self.error(callee.span, format!("`{name}` is no function and no layer")));
        }
        Err(self.unknown(name, "function or layer", callee.span))
    }

    fn operator_arguments(
        &mut self,
        operator: Operator,
        first: Vec<Given<'a>>,
        arguments: &'a [Argument],
        span: Span,
    ) -> super::Reported {
        let names = ["x", "y", "z"];
        let row = operator.row();
        let parameters = names.iter().take(row.arity).map(|name| (*name, false)).collect();
        let signature = Signature { name: row.spelling.text(), parameters };
        match self.arrange(&signature, first, arguments, span) {
            Ok(_) => self.error(span, format!("the arguments of `{}` have no names", signature.name)),
            Err(reported) => reported,
        }
    }

    fn call_operator(
        &mut self,
        operator: Operator,
        first: Vec<Given<'a>>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Result<Value<'a>> {
        let given: Vec<Given<'a>> =
            first.into_iter().chain(arguments.iter().map(|argument| Given::Expression(&argument.value))).collect();
        let places: Vec<Span> = given.iter().map(Given::span).collect();
        let values: Vec<Result<Value<'a>>> = given.into_iter().map(|given| self.given(given)).collect();
        let what = format!("`{}`", operator.row().spelling.text());
        self.apply(operator, values.into_iter().collect::<Result<_>>()?, &what, &places, span)
    }

    fn call_item(
        &mut self,
        item: Callee<'a>,
        callee: &'a Expression,
        first: Vec<Given<'a>>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Result<Value<'a>> {
        match item {
            Callee::Function(function) => self.call_function(function, first, arguments, span),
            Callee::Layer(layer) if first.is_empty() => {
                self.instance(layer, callee.span, None, arguments, span).map(|instance| Value::Instance(instance.into()))
            }
            Callee::Layer(layer) => {
                let instance = self.instance(layer, callee.span, None, arguments, span)?;
                self.apply_instance(&instance.into(), first, &[], span)
            }
        }
    }

    /// Calls what an expression gives, which must be a layer.
    fn apply_to(
        &mut self,
        callee: &'a Expression,
        first: Vec<Given<'a>>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Result<Value<'a>> {
        match self.evaluate(callee)? {
            Value::Instance(instance) => self.apply_instance(&instance, first, arguments, span),
            Value::View(_) | Value::Many(_) | Value::List(_) | Value::Callable | Value::Circular(_) => {
                Err(self.error(callee.span, "this is no function and no layer"))
            }
        }
    }

    /// Enters a function or a layer, which must not be entered already.
    pub fn enter<T>(&mut self, name: &str, span: Span, step: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.calls.iter().any(|call| call.name == name) {
            let path: Vec<&str> = self.calls.iter().map(|call| call.name.as_str()).chain([name]).collect();
            let message = format!("`{name}` uses itself: {}", path.join(" uses "));
            return Err(self.error_with(span, message, |diagnostic| {
                diagnostic.help("functions and layers are written out where they are used, so none can use itself")
            }));
        }
        self.inlined += 1;
        self.limit(span)?;
        self.calls.push(CallSite { name: name.to_owned(), span });
        let result = self.deeper(span, step);
        self.calls.pop();
        result
    }

    fn call_function(
        &mut self,
        function: &'a Function,
        first: Vec<Given<'a>>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Result<Value<'a>> {
        let parameters: Vec<(&str, bool)> =
            function.parameters.iter().map(|parameter| (parameter.name.text.as_str(), parameter.default.is_some())).collect();
        let signature = Signature { name: &function.name.text, parameters };
        let places = self.arrange(&signature, first, arguments, span)?;
        let values: Vec<Result<Option<Value<'a>>>> =
            places.into_iter().map(|place| place.map(|given| self.given(given)).transpose()).collect();
        let values: Vec<Option<Value<'a>>> = values.into_iter().collect::<Result<_>>()?;
        let pointwise = self.is_pointwise(function, 8);
        self.enter(&function.name.text, span, |this| {
            let path = this.path();
            let scope = Scope { owner: Some(Owner::Function), path, pointwise, names: BTreeMap::new(), ..Scope::default() };
            this.within(scope, |this| {
                for (parameter, value) in function.parameters.iter().zip(values) {
                    let value = match (value, &parameter.default) {
                        (Some(value), _) => value,
                        (None, Some(default)) => this.evaluate(default)?,
                        (None, None) => return Err(super::Reported),
                    };
                    let value = if pointwise { value } else { this.shared(value, function, &parameter.name.text, span)? };
                    this.bind(&parameter.name.text, Some(value));
                }
                this.block(&function.body, &format!("the function `{}`", function.name.text))
            })
        })
    }

    /// An argument that a function reads more than once, and not element by element, is stored.
    fn shared(&mut self, value: Value<'a>, function: &Function, name: &str, span: Span) -> Result<Value<'a>> {
        let Value::View(view) = value else { return Ok(value) };
        let mut uses = 0;
        each_in_body(function, &mut |expression| {
            uses += usize::from(matches!(&expression.kind, ExpressionKind::Name(used) if used == name));
        });
        if uses < 2 {
            return Ok(Value::View(view));
        }
        self.stored_unless_plain(view, name, span).map(Value::View)
    }

    /// Whether a function computes each element from the same element of its arguments alone.
    fn is_pointwise(&self, function: &Function, depth: usize) -> bool {
        let mut pointwise = depth > 0;
        each_in_body(function, &mut |expression| {
            let kind = &expression.kind;
            pointwise &= !matches!(
                kind,
                ExpressionKind::Binary(Binary::MatrixMultiply, ..)
                    | ExpressionKind::Reduce { .. }
                    | ExpressionKind::Index(..)
                    | ExpressionKind::Transpose(_)
            );
            if let ExpressionKind::Call(callee, _) | ExpressionKind::Pipe(_, callee) = kind
                && let ExpressionKind::Name(name) = &callee.kind
            {
                pointwise = pointwise && self.is_pointwise_name(name, depth);
            }
        });
        pointwise
    }

    fn is_pointwise_name(&self, name: &str, depth: usize) -> bool {
        match self.items.own(name) {
            Some(Callee::Function(function)) => return self.is_pointwise(function, depth.saturating_sub(1)),
            Some(Callee::Layer(_)) => return false,
            None => {}
        }
        if is_operator(name) || name == "where" {
            return true;
        }
        match self.items.library(name) {
            Some(Callee::Function(function)) => self.is_pointwise(function, depth.saturating_sub(1)),
            Some(Callee::Layer(_)) | None => false,
        }
    }
}

fn each_in_body<'f>(function: &'f Function, visit: &mut dyn FnMut(&'f Expression)) {
    function.body.statements.iter().for_each(|statement| each_of_statement(statement, visit));
    if let Some(value) = &function.body.value {
        each_expression(value, visit);
    }
}
