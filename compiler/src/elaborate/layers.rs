//! Layers: instances with their paths, and their bodies inlined where they are applied.

use super::arguments::{Given, Signature};
use super::core::{Elaborator, Owner, Scope};
use super::messages::{counted, snake_case};
use super::order::defined_name;
use super::view::{Value, View};
use super::walk::{all_statements, each_expression, each_of_statement};
use super::{Reported, Result};
use crate::ir::{Extent, Index};
use crate::span::Span;
use crate::syntax::tree::{Argument, Axis, Block, Expression, ExpressionKind, Layer, Name, Shape, Statement, StatementKind};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A layer with its configuration and its place in the network.
#[derive(Clone, Debug)]
pub struct Instance<'a> {
    /// Its definition.
    pub layer: &'a Layer,
    /// Its path, with a dot at the end: `block1.dense1.`.
    pub path: String,
    /// Its configuration.
    pub configuration: Vec<Value<'a>>,
}

impl<'a> Elaborator<'a> {
    /// Gives the layers without a name in a body their names, in the order of the source.
    pub fn number_layers(&mut self, statements: &'a [Statement], value: Option<&'a Expression>) {
        let mut named: BTreeSet<Span> = BTreeSet::new();
        for statement in all_statements(statements) {
            if let StatementKind::Define { value, .. } = &statement.kind
                && let Some((_, span)) = self.layer_of(value)
            {
                named.insert(span);
            }
        }
        let mut found: Vec<(Span, &str)> = Vec::new();
        let mut visit = |expression: &'a Expression| {
            if let ExpressionKind::Name(name) = &expression.kind
                && self.items.layer(name).is_some()
                && !named.contains(&expression.span)
            {
                found.push((expression.span, name));
            }
        };
        statements.iter().for_each(|statement| each_of_statement(statement, &mut visit));
        if let Some(value) = value {
            each_expression(value, &mut visit);
        }
        found.sort_unstable();
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for (span, name) in found {
            let count = counts.entry(name).or_insert(0);
            *count += 1;
            self.numbered.insert(span, format!("{}{count}", snake_case(name)));
        }
    }

    /// The layer that the right side of `hidden = Dense(512);` makes, and where its name stands.
    pub fn layer_of(&self, value: &'a Expression) -> Option<(&'a Layer, Span)> {
        let callee = if let ExpressionKind::Call(callee, _) = &value.kind { callee } else { value };
        let ExpressionKind::Name(name) = &callee.kind else { return None };
        self.items.layer(name).map(|layer| (layer, callee.span))
    }

    /// A layer with its configuration; `named` is the name of the statement that makes it.
    pub fn instance(
        &mut self,
        layer: &'a Layer,
        place: Span,
        named: Option<&str>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Result<Instance<'a>> {
        if self.owner() != Owner::Network && self.owner() != Owner::Layer {
            let message = format!("a function owns no parameters: {} is a layer", layer.name.text);
            return Err(self.error_with(span, message, |diagnostic| {
                diagnostic.help("what uses layers is a layer too: `layer Name()(x) { ... }`")
            }));
        }
        let parameters: Vec<(&str, bool)> =
            layer.configuration.iter().map(|parameter| (parameter.name.text.as_str(), parameter.default.is_some())).collect();
        let places = self.arrange(&Signature { name: &layer.name.text, parameters }, Vec::new(), arguments, span)?;
        let values: Vec<Result<Option<Value<'a>>>> =
            places.into_iter().map(|place| place.map(|given| self.given(given)).transpose()).collect();
        let values: Vec<Option<Value<'a>>> = values.into_iter().collect::<Result<_>>()?;
        let component = named.map(str::to_owned).or_else(|| self.numbered.get(&place).cloned()).unwrap_or_default();
        let path = format!("{}{component}.", self.path());
        if let Some(first) = self.paths.insert(path.clone(), place).filter(|first| *first != place) {
            return Err(self.called_alike(&path, span, first));
        }
        let scope = Scope { owner: Some(Owner::Layer), path: path.clone(), ..Scope::default() };
        let configuration = self.within(scope, |this| {
            let mut configuration = Vec::new();
            for (parameter, value) in layer.configuration.iter().zip(values) {
                let value = match (value, &parameter.default) {
                    (Some(value), _) => value,
                    (None, Some(default)) => this.evaluate(default)?,
                    (None, None) => return Err(Reported),
                };
                this.bind(&parameter.name.text, Some(value.clone()));
                configuration.push(value);
            }
            Ok(configuration)
        })?;
        Ok(Instance { layer, path, configuration })
    }

    /// That two layers would own parameters of the same names.
    fn called_alike(&mut self, path: &str, span: Span, first: Span) -> Reported {
        let message = format!("two layers are called `{}`", path.trim_end_matches('.'));
        self.error_with(span, message, |diagnostic| {
            diagnostic.also(first, "the first one").help(
                "a layer without a name has that of its type and a number; one with a name, `hidden = Dense(512);`, is shared by all \
                 that use it",
            )
        })
    }

    /// A layer applied to data.
    pub fn apply_instance(
        &mut self,
        instance: &Rc<Instance<'a>>,
        first: Vec<Given<'a>>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Result<Value<'a>> {
        let layer = instance.layer;
        let parameters = layer.inputs.iter().map(|input| (input.name.text.as_str(), false)).collect();
        let places = self.arrange(&Signature { name: &layer.name.text, parameters }, first, arguments, span)?;
        let mut inputs = Vec::new();
        for given in places.into_iter().flatten() {
            inputs.push((given.span(), self.given_view(given)?));
        }
        self.enter(&layer.name.text, span, |this| {
            let hint = std::mem::replace(&mut this.hint, instance.path.clone());
            let scope = Scope { owner: Some(Owner::Layer), path: instance.path.clone(), ..Scope::default() };
            let result = this.within(scope, |this| this.layer_body(instance, inputs));
            this.hint = hint;
            result
        })
    }

    fn layer_body(&mut self, instance: &Instance<'a>, inputs: Vec<(Span, View)>) -> Result<Value<'a>> {
        let layer = instance.layer;
        for (parameter, value) in layer.configuration.iter().zip(&instance.configuration) {
            self.bind(&parameter.name.text, Some(value.clone()));
        }
        for (input, (span, view)) in layer.inputs.iter().zip(inputs) {
            let view = self.stored_unless_plain(view, &input.name.text, span)?;
            if let Some(shape) = &input.shape {
                self.match_shape(&input.name, shape, &view, span)?;
            }
            self.bind(&input.name.text, Some(Value::View(view)));
        }
        self.number_layers(&layer.body.statements, layer.body.value.as_deref());
        self.reserve(&layer.body);
        self.block(&layer.body, &format!("the layer `{}`", layer.name.text))
    }

    /// Keeps the names of the statements from being taken by intermediate results.
    fn reserve(&mut self, block: &Block) {
        let path = self.path();
        for name in block.statements.iter().filter_map(defined_name) {
            self.reserved.insert(format!("{path}{}", name.text));
        }
    }

    /// Brings the shape that a layer declares to that of its data: new names are bound, others must agree.
    fn match_shape(&mut self, input: &'a Name, shape: &'a Shape, view: &View, span: Span) -> Result<()> {
        let rest = shape.axes.iter().position(|axis| matches!(axis, Axis::Rest(_)));
        let written = shape.axes.len() - usize::from(rest.is_some());
        if rest.is_none() && written != view.rank() || written > view.rank() {
            let found = self.shape_text(view);
            let at_least = if rest.is_some() { "at least " } else { "" };
            let (data, axes) = (self.data_of_layer(&input.text), counted(written, "axis", "axes"));
            let help = format!("it takes {}: {}", input.text, as_written(shape));
            return Err(self
                .error_with(span, format!("{data} needs {at_least}{axes}, found {found}"), |diagnostic| diagnostic.help(help)));
        }
        let extents = self.shape(view);
        for (position, axis) in shape.axes.iter().enumerate() {
            let Axis::Size(size) = axis else { continue };
            let after_rest = rest.is_some_and(|rest| position > rest);
            let place = if after_rest { view.rank() + position - shape.axes.len() } else { position };
            self.match_axis(&input.text, size, (place, &extents[place]), span)?;
        }
        Ok(())
    }

    fn match_axis(&mut self, input: &str, size: &'a Expression, (axis, extent): (usize, &Extent), span: Span) -> Result<()> {
        if let ExpressionKind::Name(name) = &size.kind
            && !self.visible().any(|scope| scope.names.contains_key(name.as_str()))
            && self.items.constant(size.span.file, name).is_none()
        {
            let body = self.formulas.position(Index::constant(extent.clone()));
            self.bind(name, Some(Value::View(View::scalar(body))));
            return Ok(());
        }
        let wanted = self.extent_of(size)?;
        if wanted == *extent {
            return Ok(());
        }
        let (wanted, found) = (self.extent_text(&wanted), self.extent_text(extent));
        let data = self.data_of_layer(input);
        Err(self.error(span, format!("axis {axis} of {data} must be {wanted}, found {found}")))
    }

    /// "`x` of the layer Conv2d"
    fn data_of_layer(&self, input: &str) -> String {
        self.calls.last().map_or(format!("`{input}`"), |call| format!("`{input}` of the layer {}", call.name))
    }

    /// Whether something has its path below a name.
    fn has_parameters(&self, name: &str) -> bool {
        let path = format!("{}{name}.", self.path());
        self.stored.range(path.clone()..).next().is_some_and(|(full, _)| full.starts_with(&path))
    }

    /// `hidden.w`
    pub fn field(&mut self, base: &'a Expression, field: &Name, span: Span) -> Result<Value<'a>> {
        let mut path = vec![field.text.as_str()];
        let mut first = base;
        while let ExpressionKind::Field(inner, name) = &first.kind {
            path.push(&name.text);
            first = inner;
        }
        let ExpressionKind::Name(name) = &first.kind else {
            return Err(self.error(span, "only layers have fields"));
        };
        path.reverse();
        let path = path.join(".");
        let whole = format!("{name}.{path}");
        let bound = self.visible().find_map(|scope| scope.names.get(&whole).or_else(|| scope.names.get(name.as_str()))).cloned();
        let full = match &bound {
            Some(Some(Value::Instance(instance))) => format!("{}{path}", instance.path),
            Some(Some(value @ (Value::View(_) | Value::Circular(_))))
                if self.visible().any(|scope| scope.names.contains_key(&whole)) =>
            {
                return Ok(value.clone());
            }
            Some(None) => return Err(Reported),
            Some(Some(Value::View(_))) => return Err(self.no_field(name, &path, true, span)),
            Some(Some(Value::Many(_) | Value::List(_) | Value::Callable | Value::Circular(_))) => {
                return Err(self.error(span, format!("`{name}` is no layer: it has no `{path}`")));
            }
            None => format!("{}{whole}", self.path()),
        };
        match self.stored.get(&full) {
            Some(&tensor) => Ok(Value::View(self.whole(tensor))),
            None if bound.is_none() && !self.has_parameters(name) => Err(self.no_field(name, &path, false, span)),
            None => {
                let known: Vec<String> = self.stored.keys().cloned().collect();
                let near = super::messages::nearest(&full, known.iter().map(String::as_str));
                Err(self.error_with(span, format!("there is no parameter `{full}`"), |diagnostic| match near {
                    Some(near) => diagnostic.help(format!("is `{near}` meant?")),
                    None => diagnostic.help("a layer has parameters once it has been applied"),
                }))
            }
        }
    }
}

/// A shape as it is declared: `[batch, channels, .., 3]`.
fn as_written(shape: &Shape) -> String {
    let axes = shape.axes.iter().map(|axis| match axis {
        Axis::Rest(_) => "..".to_owned(),
        Axis::Size(size) => crate::syntax::print_expression(size),
    });
    format!("[{}]", axes.collect::<Vec<_>>().join(", "))
}
