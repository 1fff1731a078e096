//! A network: which one, its hyperparameters, its data, its parameters, and what may read what.

use super::core::{Elaborator, Owner, Scope};
use super::cures::foreign;
use super::labels::RANGE;
use super::messages::{listed, nearest};
use super::order::defined_name;
use super::view::Value;
use super::walk::each_expression;
use super::{Reported, Result};
use crate::ir::{Element, Extent, Initializer, Precision, Role, Source, Tensor, TensorId};
use crate::span::Span;
use crate::syntax::tree::{Axis, Data, Expression, ExpressionKind, Network, Shape, Statement, StatementKind, Stored};
use chainrule_math::init::{self, NAMES as INITIALIZERS};

impl<'a> Elaborator<'a> {
    /// Elaborates the network that is wanted.
    pub fn network(&mut self) -> Result<()> {
        let network = self.chosen_network()?;
        self.program.name.clone_from(&network.name.text);
        self.program.documentation.clone_from(&network.documentation);
        self.program.precision = self.precision(network)?;
        self.scopes.push(Scope { owner: Some(Owner::Network), ..Scope::default() });
        self.hyperparameters(network)?;
        self.sizes(&network.statements);
        self.reserved.extend(network.statements.iter().filter_map(defined_name).map(|name| name.text.clone()));
        self.number_layers(&network.statements, None);
        self.statements(&network.statements);
        self.scopes.pop();
        self.sort_roots();
        let result = self.check_roots(network).and(self.check_targets());
        if self.failed { Err(Reported) } else { result }
    }

    fn chosen_network(&mut self) -> Result<&'a Network> {
        let names: Vec<String> = self.items.networks.iter().map(|network| network.name.text.clone()).collect();
        if let Some(wanted) = &self.options.network {
            if let Some(network) = self.items.networks.iter().find(|network| network.name.text == *wanted) {
                return Ok(network);
            }
            let span = self.items.networks.first().map_or(Span::default(), |network| network.name.span);
            let help = if names.is_empty() { "the file has none".to_owned() } else { format!("the file has {}", listed(&names)) };
            return Err(self.error_with(span, format!("there is no network `{wanted}`"), |diagnostic| diagnostic.help(help)));
        }
        match self.items.networks.as_slice() {
            [network] => Ok(network),
            // What could not be read at all has been reported; the network may have stood there.
            [] if self.diagnostics.has_errors() => Err(Reported),
            [] => Err(self.error_with(Span::default(), "the file has no network", |diagnostic| {
                diagnostic.help("a network is written `network Name { ... }`")
            })),
            [_, second, ..] => {
                let message = format!("the file has several networks: {}", listed(&names));
                Err(self.error_with(second.name.span, message, |diagnostic| diagnostic.help("say which one: `--network NAME`")))
            }
        }
    }

    fn precision(&mut self, network: &'a Network) -> Result<Precision> {
        match network.precision.as_ref().map(|name| (name.text.as_str(), name.span)) {
            None | Some(("f32", _)) => Ok(Precision::F32),
            Some(("f64", _)) => Ok(Precision::F64),
            Some((other, span)) => Err(self.error(span, format!("a network computes in f32 or f64, not in `{other}`"))),
        }
    }

    fn hyperparameters(&mut self, network: &'a Network) -> Result<()> {
        for parameter in &network.hyperparameters {
            let name = &parameter.name.text;
            let value = match (self.options.hyperparameters.get(name), &parameter.default) {
                (Some(value), _) => self.number(*value),
                (None, Some(default)) => self.evaluate(default)?,
                (None, None) => {
                    return Err(
                        self.error(parameter.name.span, format!("the hyperparameter `{name}` has no value and no default"))
                    );
                }
            };
            self.bind(name, Some(value));
        }
        for name in self.options.hyperparameters.keys() {
            if !network.hyperparameters.iter().any(|parameter| parameter.name.text == *name) {
                let known: Vec<String> = network.hyperparameters.iter().map(|own| format!("`{}`", own.name.text)).collect();
                let message = format!("`{}` has no hyperparameter `{name}`", network.name.text);
                return Err(self.error_with(network.name.span, message, |diagnostic| match known.as_slice() {
                    [] => diagnostic.help("it has none"),
                    known => diagnostic.help(format!("it has {}", listed(known))),
                }));
            }
        }
        Ok(())
    }

    /// Names in the shapes of inputs and targets that mean nothing else are sizes.
    fn sizes(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            let (StatementKind::Input(data) | StatementKind::Target(data)) = &statement.kind else { continue };
            for axis in &data.shape.axes {
                let Axis::Size(size) = axis else { continue };
                let mut functions = Vec::new();
                each_expression(size, &mut |expression| {
                    if let ExpressionKind::Call(function, _) | ExpressionKind::Pipe(_, function) = &expression.kind {
                        functions.push(function.span);
                    } else if let ExpressionKind::Name(name) = &expression.kind
                        && !functions.contains(&expression.span)
                        && !self.visible().any(|scope| scope.names.contains_key(name.as_str()))
                        && self.items.constant(expression.span.file, name).is_none()
                    {
                        self.size_or_number(name);
                    }
                });
            }
        }
    }

    fn size_or_number(&mut self, name: &str) {
        match self.equated.get(name).copied() {
            Some(number) => {
                let body = self.formulas.position(crate::ir::Index::constant(number));
                self.bind(name, Some(Value::View(super::view::View::scalar(body))));
            }
            None => {
                self.program.size(name);
            }
        }
    }

    /// The extents of a shape.
    fn shape_of(&mut self, shape: &'a Shape) -> Result<Vec<Extent>> {
        let mut extents = Vec::new();
        let mut result = Ok(());
        for axis in &shape.axes {
            match axis {
                Axis::Rest(span) => return Err(self.error(*span, "`..` stands in the shapes of layers' data alone")),
                Axis::Size(size) => match self.extent_of(size) {
                    Ok(extent) if extent.is_at_most(0) => {
                        let text = self.extent_text(&extent);
                        let message = format!("the size of an axis is at least 1, found {text}");
                        let name = if let ExpressionKind::Name(name) = &size.kind { Some(name) } else { None };
                        let label = name.map(|name| format!("{name} is {text}")).unwrap_or_default();
                        result = Err(self.error_with(size.span, message, |diagnostic| diagnostic.labelled(label)));
                    }
                    Ok(extent) => extents.push(extent),
                    Err(reported) => result = Err(reported),
                },
            }
        }
        result?;
        self.check_shape(&extents, shape.span)?;
        Ok(extents)
    }

    /// `input x: [B, 784];`
    pub fn data(&mut self, data: &'a Data, statement: &'a Statement, target: bool) -> Result<()> {
        if self.owner() != Owner::Network {
            return Err(self.error(statement.span, "inputs and targets stand in networks alone"));
        }
        let shape = self.shape_of(&data.shape)?;
        let element = match &data.range {
            None => Element::Real,
            Some((from, to)) => {
                let (low, high) = (self.extent_of(from)?, self.extent_of(to)?);
                if high.minus(&low).is_at_most(0) {
                    let message = format!("the range {}..{} holds nothing", self.extent_text(&low), self.extent_text(&high));
                    return Err(self.error_with(from.span.to(to.span), message, |diagnostic| diagnostic.help(RANGE)));
                }
                Element::Integer { from: low, to: high }
            }
        };
        let source = if target { Source::Target } else { Source::Input };
        self.given_tensor(&data.name.text, data.name.text.clone(), (shape, element, source), statement)
    }

    fn given_tensor(
        &mut self,
        name: &str,
        full: String,
        (shape, element, source): (Vec<Extent>, Element, Source),
        statement: &'a Statement,
    ) -> Result<()> {
        self.names.insert(full.clone());
        let documentation = statement.documentation.clone();
        let label_names = Vec::new();
        let id = self.add_tensor(Tensor { name: full, shape, element, source, label_names, span: statement.span, documentation });
        self.limit(statement.span)?;
        let view = self.whole(id);
        self.bind(name, Some(Value::View(view)));
        Ok(())
    }

    /// `param w: [k, n] = he_uniform;` or `state mean: [k] = zeros;`
    pub fn parameter(&mut self, stored: &'a Stored, statement: &'a Statement, trained: bool) -> Result<()> {
        if self.owner() != Owner::Network && self.owner() != Owner::Layer {
            return Err(self.error(statement.span, "a function owns no parameters and no states"));
        }
        let shape = self.shape_of(&stored.shape)?;
        if let Some(symbolic) = shape.iter().find(|extent| extent.as_constant().is_none()) {
            let symbolic = self.extent_text(symbolic);
            let message = format!("`{}` has an axis of the size {symbolic}, which is known at run time only", stored.name.text);
            return Err(self.error_with(stored.shape.span, message, |diagnostic| {
                diagnostic.help("what is kept has a shape of numbers: write a number, or `const` and a name")
            }));
        }
        let initializer = self.initializer(stored.initializer.as_ref(), shape.len(), trained)?;
        let full = format!("{}{}", self.path(), stored.name.text);
        if let Some(&known) = self.stored.get(&full) {
            return self.shared_parameter(known, &full, &shape, stored, statement);
        }
        let source = if trained { Source::Parameter(initializer) } else { Source::State(initializer) };
        self.given_tensor(&stored.name.text, full.clone(), (shape, Element::Real, source), statement)?;
        let id = TensorId(u32::try_from(self.program.tensors.len() - 1).unwrap_or(u32::MAX));
        self.stored.insert(full, id);
        Ok(())
    }

    /// A layer that is applied again has its parameters already.
    fn shared_parameter(
        &mut self,
        known: TensorId,
        full: &str,
        shape: &[Extent],
        stored: &'a Stored,
        statement: &'a Statement,
    ) -> Result<()> {
        let tensor = self.program.tensor(known);
        if tensor.span != statement.span {
            return Err(self.error(statement.span, format!("`{full}` is defined twice")));
        }
        if tensor.shape != shape {
            let (first, second) = (self.extents_text(&tensor.shape.clone()), self.extents_text(shape));
            let message = format!("the parameter `{full}` is {first} where the layer is applied first, and {second} here");
            return Err(self.error(statement.span, message));
        }
        let view = self.whole(known);
        self.bind(&stored.name.text, Some(Value::View(view)));
        Ok(())
    }

    fn initializer(&mut self, written: Option<&'a Expression>, rank: usize, trained: bool) -> Result<Initializer> {
        let Some(written) = written else {
            let name = if trained && rank >= 2 { "glorot_uniform" } else { "zeros" };
            return Ok(Initializer { name: name.to_owned(), arguments: Vec::new() });
        };
        let (callee, given) = if let ExpressionKind::Call(callee, arguments) = &written.kind {
            (&**callee, arguments.as_slice())
        } else {
            (written, &[][..])
        };
        let name = if let ExpressionKind::Name(name) = &callee.kind { name.as_str() } else { "" };
        let Some((_, count)) = INITIALIZERS.iter().find(|(known, _)| *known == name) else {
            return Err(self.no_initializer(name, callee));
        };
        if given.len() != *count {
            let message = format!("the initializer `{name}` takes {count} numbers, {} are given", given.len());
            return Err(self.error(written.span, message));
        }
        let mut arguments = Vec::new();
        for argument in given {
            arguments.push(self.given_number(super::arguments::Given::Expression(&argument.value))?);
        }
        match init::problem(name, &arguments) {
            Some(message) => Err(self.error(written.span, message)),
            None => Ok(Initializer { name: name.to_owned(), arguments }),
        }
    }

    fn no_initializer(&mut self, name: &str, written: &'a Expression) -> Reported {
        let near = nearest(name, INITIALIZERS.iter().map(|(known, _)| *known));
        let help = match (foreign(name), near) {
            (Some(here), _) => format!("here it is {here}"),
            (None, Some(near)) => format!("is `{near}` meant?"),
            (None, None) if name.is_empty() => "`constant(0.1)` is the same number everywhere".to_owned(),
            (None, None) => "initializers are named: `zeros`, `he_uniform`, `normal(0, 0.1)`, ...".to_owned(),
        };
        let message = if name.is_empty() { "expected an initializer".to_owned() } else { format!("`{name}` is no initializer") };
        self.error_with(written.span, message, |diagnostic| diagnostic.help(help))
    }

    /// Roots in an order that does not depend on the order of elaboration.
    fn sort_roots(&mut self) {
        let mut roots = std::mem::take(&mut self.program.roots);
        roots.sort_by_key(|root| match &root.role {
            Role::Loss => 0,
            Role::Output(_) => 1,
            Role::Metric(_) => 2,
            Role::Gradient(_) => 3,
            Role::Update(_) => 4,
        });
        self.program.roots = roots;
    }

    /// A network is there for something.
    fn check_roots(&mut self, network: &'a Network) -> Result<()> {
        if self.failed || self.diagnostics.has_errors() || !self.program.roots.is_empty() {
            return Ok(());
        }
        let message = format!("`{}` computes nothing: it has no output, no loss and no metric", network.name.text);
        Err(self.error_with(network.name.span, message, |diagnostic| {
            diagnostic.help("what is wanted is written `output y = ...;`, what is minimized `loss = ...;`")
        }))
    }

    /// Targets are there for the loss and the metrics alone.
    fn check_targets(&mut self) -> Result<()> {
        let mut result = Ok(());
        for root in self.program.roots.clone() {
            let what = match &root.role {
                Role::Output(name) => format!("the output `{name}`"),
                Role::Update(state) => format!("the update of `{}`", self.program.tensor(*state).name),
                Role::Loss | Role::Metric(_) | Role::Gradient(_) => continue,
            };
            if let Some(target) = self.target_of(root.tensor) {
                let (name, declared) = (self.program.tensor(target).name.clone(), self.program.tensor(target).span);
                let span = self.program.tensor(root.tensor).span;
                let message = format!("{what} reads the target `{name}`, which only the loss and the metrics may read");
                result = Err(self.error_with(span, message, |diagnostic| {
                    diagnostic.also(declared, "the target").help(format!("declare `{name}` as an input, or make {what} a metric"))
                }));
            }
        }
        result
    }

    /// A target that a tensor reads, however indirectly.
    fn target_of(&self, tensor: TensorId) -> Option<TensorId> {
        let mut seen = std::collections::BTreeSet::from([tensor]);
        let mut waiting = vec![tensor];
        while let Some(id) = waiting.pop() {
            if self.program.tensor(id).source == Source::Target {
                return Some(id);
            }
            waiting.extend(self.program.dependencies(id).into_iter().filter(|dependency| seen.insert(*dependency)));
        }
        None
    }
}
