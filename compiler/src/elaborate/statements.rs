//! Statements: parameters and states, definitions in matrix notation and in index notation, and what they are wanted for.

use super::Result;
use super::core::{Elaborator, Owner, Scope};
use super::formula::FormulaId;
use super::labels::Group;
use super::view::{Value, View};
use crate::ir::{Extent, Label, Role as Wanted, Root, TensorId};
use crate::syntax::tree::{Expression, ExpressionKind, LeftIndex, Name, Role, Statement, StatementKind};

impl<'a> Elaborator<'a> {
    /// Elaborates a statement.
    pub fn statement(&mut self, statement: &'a Statement) -> Result<()> {
        let before = (std::mem::replace(&mut self.statement, statement.span), self.hint.clone());
        let result = match &statement.kind {
            StatementKind::Input(data) => self.data(data, statement, false),
            StatementKind::Target(data) => self.data(data, statement, true),
            StatementKind::Param(stored) => self.parameter(stored, statement, true),
            StatementKind::State(stored) => self.parameter(stored, statement, false),
            StatementKind::Define { role, name, value } => {
                self.hint_at(name);
                self.definition(*role, name, value, statement)
            }
            StatementKind::DefineIndexed { role, name, indices, value } => {
                self.hint_at(name);
                self.indexed(indices, value).and_then(|view| self.give(*role, name, view, statement))
            }
        };
        (self.statement, self.hint) = before;
        result
    }

    /// Names what a statement needs after it.
    pub fn hint_at(&mut self, name: &Name) {
        if self.owner() != Owner::Function {
            self.hint = format!("{}{}_", self.path(), name.text);
        }
    }

    fn definition(&mut self, role: Role, name: &'a Name, value: &'a Expression, statement: &'a Statement) -> Result<()> {
        if role == Role::Plain
            && let Some((layer, place)) = self.layer_of(value)
            && self.names_layer(&layer.name.text)
        {
            let arguments = if let ExpressionKind::Call(_, arguments) = &value.kind { arguments.as_slice() } else { &[] };
            let instance = self.instance(layer, place, Some(&name.text), arguments, value.span)?;
            self.bind(&name.text, Some(Value::Instance(instance.into())));
            return Ok(());
        }
        match self.evaluate(value)? {
            Value::View(view) => self.give(role, name, view, statement),
            other @ (Value::List(_) | Value::Instance(_) | Value::Many(_)) if role == Role::Plain => {
                self.bind(&name.text, Some(other));
                Ok(())
            }
            other @ (Value::Many(_) | Value::List(_) | Value::Instance(_) | Value::Callable | Value::Circular(_)) => {
                self.view(other, value.span).map(|_| ())
            }
        }
    }

    /// A definition in index notation.
    fn indexed(&mut self, indices: &'a [LeftIndex], value: &'a Expression) -> Result<View> {
        let frame = self.open_frame();
        match self.indexed_body(indices, value) {
            Ok(View { axes, body }) => {
                let body = self.close_frame(frame, body)?;
                Ok(View { axes, body })
            }
            Err(reported) => {
                self.drop_frame(frame);
                Err(reported)
            }
        }
    }

    fn indexed_body(&mut self, indices: &'a [LeftIndex], value: &'a Expression) -> Result<View> {
        let mut scope = Scope { labels: true, ..Scope::default() };
        let axes = self.left_labels(indices, &mut scope)?;
        let body = self.within(scope, |this| this.scalar_formula(value))?;
        Ok(View { axes, body })
    }

    /// The labels of the left side, one for each axis; the names in them are bound in the scope.
    pub fn left_labels(&mut self, indices: &'a [LeftIndex], scope: &mut Scope<'a>) -> Result<Vec<Label>> {
        let mut axes: Vec<Label> = Vec::new();
        for index in indices {
            let labels = match index {
                LeftIndex::Label(label) => std::slice::from_ref(label),
                LeftIndex::Group(labels, _) => labels.as_slice(),
                LeftIndex::Start(step) => {
                    let message = "on the left stand labels; a step stands there where a recurrence starts";
                    return Err(self.error(step.span, message));
                }
            };
            let mut parts = Vec::new();
            for label in labels {
                let bound = self.bind_label(label, scope)?;
                if let Some((from, _)) = &label.range
                    && !self.extent_of(from)?.is_zero()
                {
                    return Err(self.error(from.span, "a range on the left starts at 0: the axis of a tensor does"));
                }
                parts.push(bound);
            }
            if let LeftIndex::Group(_, span) = index {
                let whole = self.named_label(String::new(), None, *span);
                self.groups.push(Group { whole, parts, span: *span, left: true });
                axes.push(whole);
            } else {
                axes.extend(parts);
            }
        }
        Ok(axes)
    }

    /// The formula of an expression that must be a number.
    pub fn scalar_formula(&mut self, expression: &'a Expression) -> Result<FormulaId> {
        let value = self.evaluate(expression)?;
        let view = self.view(value, expression.span)?;
        if view.rank() > 0 {
            return Err(self.not_a_number(&view, expression.span));
        }
        Ok(view.body)
    }

    /// Gives a value its name and its role.
    pub fn give(&mut self, role: Role, name: &'a Name, view: View, statement: &'a Statement) -> Result<()> {
        self.check_params_read()?;
        if role == Role::Plain {
            let view = self.kept(name, view, statement)?;
            self.bind(&name.text, Some(Value::View(view)));
            return Ok(());
        }
        let allowed = if role == Role::Update { Owner::Layer } else { Owner::Network };
        if self.owner() != Owner::Network && self.owner() != allowed {
            return Err(self.error(
                statement.span,
                format!("this statement stands in a network, `{}` is in a function or a layer", name.text),
            ));
        }
        match role {
            Role::Update => return self.update(name, &view, statement),
            Role::Loss | Role::Metric if view.rank() > 0 => {
                let what = if role == Role::Loss { "the loss".to_owned() } else { format!("the metric `{}`", name.text) };
                let shape = self.shape_text(&view);
                return Err(self.error_with(statement.span, format!("{what} must be a scalar, found {shape}"), |diagnostic| {
                    diagnostic.help("take its mean(...) or its sum(...)")
                }));
            }
            Role::Plain | Role::Output | Role::Metric | Role::Loss => {}
        }
        let tensor = self.named_tensor(&name.text, &view, statement)?;
        let wanted = match role {
            Role::Loss => Wanted::Loss,
            Role::Metric => Wanted::Metric(name.text.clone()),
            Role::Plain | Role::Output | Role::Update => Wanted::Output(name.text.clone()),
        };
        self.program.roots.push(Root { role: wanted, tensor });
        let view = self.whole(tensor);
        self.bind(&name.text, Some(Value::View(view)));
        Ok(())
    }

    /// `params` must have stood for all parameters.
    fn check_params_read(&mut self) -> Result<()> {
        let Some((count, span)) = self.params_read.take() else { return Ok(()) };
        let all = (self.program.tensors.iter()).filter(|tensor| matches!(tensor.source, crate::ir::Source::Parameter(_))).count();
        if all == count {
            return Ok(());
        }
        let message = "`params` is read before all parameters are there";
        Err(self.error_with(span, message, |diagnostic| {
            diagnostic.help("give the layers of this statement a definition of their own")
        }))
    }

    /// A named value: a constant or an index form stays a formula, and so does what a function names; all else is a tensor.
    fn kept(&mut self, name: &'a Name, view: View, statement: &'a Statement) -> Result<View> {
        if self.formulas.as_index(view.body).is_some() || self.formulas.as_number(view.body).is_some() {
            return Ok(view);
        }
        if self.owner() == Owner::Function {
            let pointwise = self.visible().any(|scope| scope.pointwise);
            return if pointwise { Ok(view) } else { self.stored_unless_plain(view, &name.text, statement.span) };
        }
        if self.is_pending(view.body) {
            return Ok(view);
        }
        if let Some(tensor) = self.alias(&view).filter(|tensor| !self.intermediate.contains(tensor)) {
            return Ok(self.whole(tensor));
        }
        let full = format!("{}{}", self.path(), name.text);
        let tensor = self.named_tensor(&full, &view, statement)?;
        Ok(self.whole(tensor))
    }

    /// The tensor of a definition under the user's name. What is a definition already is not copied.
    fn named_tensor(&mut self, full: &str, view: &View, statement: &'a Statement) -> Result<TensorId> {
        if !self.formulas.labels(view.body).iter().all(|label| view.axes.contains(label)) {
            return Err(self.error(statement.span, "a definition with a name cannot depend on labels around it"));
        }
        let existing = self.alias(view).filter(|tensor| self.program.definition(*tensor).is_some());
        let tensor = match existing {
            Some(tensor) if self.intermediate.contains(&tensor) => self.own(tensor),
            Some(tensor) => tensor,
            None => {
                let draft = super::define::Draft { axes: view.axes.clone(), reduction: None, body: view.body };
                let tensor = self.define(&draft, "value", statement.span)?;
                self.own(tensor)
            }
        };
        if self.intermediate.remove(&tensor) {
            let number = tensor.0 as usize;
            let old = self.program.tensor(tensor).name.clone();
            self.release_name(&old);
            self.reserved.remove(full);
            let name = self.free_name(full.to_owned());
            self.program.rename(tensor, name);
            let tensor = &mut self.program.tensors[number];
            tensor.span = statement.span;
            tensor.documentation.clone_from(&statement.documentation);
        }
        Ok(tensor)
    }

    /// `update mean = ...;`
    fn update(&mut self, name: &'a Name, view: &View, statement: &'a Statement) -> Result<()> {
        let path = format!("{}{}", self.path(), name.text);
        let state = self.stored.get(&path).copied();
        let Some(state) = state.filter(|id| matches!(self.program.tensor(*id).source, crate::ir::Source::State(_))) else {
            let message = format!("`{}` is no state: only states are updated", name.text);
            return Err(self.error_with(name.span, message, |diagnostic| {
                diagnostic.help(format!("a state is declared with its shape: `state {}: [3] = zeros;`", name.text))
            }));
        };
        let wanted: Vec<Extent> = self.program.tensor(state).shape.clone();
        if wanted != self.shape(view) {
            let (wanted, found) = (self.extents_text(&wanted), self.shape_text(view));
            return Err(
                self.error(statement.span, format!("the state `{}` has the shape {wanted}, its update {found}", name.text))
            );
        }
        if let Some(first) = self.updated.insert(path.clone(), statement.span) {
            return Err(self.error_with(statement.span, format!("the state `{path}` is updated twice"), |diagnostic| {
                diagnostic.also(first, "first updated here").note("a layer with states can be applied only once")
            }));
        }
        if self.options.training {
            let tensor = self.named_tensor(&format!("{path}_new"), view, statement)?;
            self.program.roots.push(Root { role: Wanted::Update(state), tensor });
        }
        Ok(())
    }
}
