//! What an elaboration carries from statement to statement: the program so far, labels, scopes, and how an error is reported.

use super::formula::Formulas;
use super::items::Items;
use super::labels::{Frame, Group, Use};
use super::random::Streams;
use super::recurrences::Circle;
use super::view::Value;
use super::{Options, Reported, Result};
use crate::derivatives::History;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{Definition, Extent, Label, Program, TensorId};
use crate::span::{FileId, Span};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// Nesting of expressions and calls together; the parser limits a single expression, inlining adds up.
const DEEPEST: usize = 160;
/// Nodes of all formulas of one elaboration.
const MOST_FORMULAS: usize = 500_000;
/// Functions and layers that are inlined, all together.
const MOST_CALLS: usize = 20_000;
/// Definitions of a program.
const MOST_DEFINITIONS: usize = 20_000;

/// What a scope belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The network: sizes are visible.
    Network,
    /// An inlined layer.
    Layer,
    /// An inlined function: it owns no parameters.
    Function,
    /// A constant of a file.
    Constant,
}

/// Names that are visible.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    /// Whose body begins here; lookups end at such a scope. `None` for a block or the labels of a reduction within.
    pub owner: Option<Owner>,
    /// Whether the scope holds labels.
    pub labels: bool,
    /// Whether it is the body of a function that works element by element: its names stay formulas.
    pub pointwise: bool,
    /// Before the names of what is owned: empty, or `block1.dense1.`.
    pub path: String,
    /// The names; `None` for a definition with a mistake, which is not reported again.
    pub names: BTreeMap<String, Option<Value<'a>>>,
}

/// A function or layer that is being inlined.
#[derive(Clone, Debug)]
pub struct CallSite {
    /// Its name.
    pub name: String,
    /// Where it is called.
    pub span: Span,
}

/// An elaboration.
pub struct Elaborator<'a> {
    pub items: Items<'a>,
    pub options: &'a Options,
    pub diagnostics: &'a mut Diagnostics,
    pub failed: bool,
    pub program: Program,
    pub formulas: Formulas,
    /// By label: its extent, which means nothing before it is resolved.
    pub extents: Vec<Extent>,
    /// By label: whether its extent is known.
    pub resolved: Vec<bool>,
    /// By label: the user's name, or none.
    pub label_names: Vec<String>,
    /// By label: where it is bound.
    pub label_spans: Vec<Span>,
    pub uses: Vec<Use>,
    pub groups: Vec<Group>,
    pub frames: Vec<Frame>,
    /// The recurrences that are being elaborated, the innermost last.
    pub circles: Vec<Circle<'a>>,
    /// Labels that stand for how many values other labels take, until that is known.
    pub counts: Vec<(Label, Vec<Label>)>,
    pub scopes: Vec<Scope<'a>>,
    /// Constants that have been computed; `None` for one with a mistake.
    pub constants: BTreeMap<(FileId, String), Option<Value<'a>>>,
    pub calls: Vec<CallSite>,
    pub depth: usize,
    /// How many functions and layers have been inlined.
    pub inlined: usize,
    /// Whether a limit was passed: all that follows fails at once.
    pub exhausted: bool,
    /// Names of tensors that are taken, or kept for statements to come.
    pub names: FxHashSet<String>,
    /// By name: the number that was put behind it last, where it was taken.
    pub twins: FxHashMap<String, u32>,
    /// Names of statements to come, which intermediate results do not take.
    pub reserved: FxHashSet<String>,
    /// Definitions by what they say.
    pub known: FxHashMap<(Vec<Extent>, Definition), TensorId>,
    /// What definitions read.
    pub read: FxHashSet<TensorId>,
    /// Definitions that have no name of the user's own.
    pub intermediate: BTreeSet<TensorId>,
    /// Parameters and states by path.
    pub stored: BTreeMap<String, TensorId>,
    /// Paths of layers, with the place that owns each.
    pub paths: BTreeMap<String, Span>,
    /// Components of paths for layers without a name, by the place of the layer's name.
    pub numbered: BTreeMap<Span, String>,
    /// What stands before the names of intermediate results: `h_`, `dense1.`.
    pub hint: String,
    /// Where the statement stands that is being elaborated.
    pub statement: Span,
    /// How many parameters there were when `params` was read, and where.
    pub params_read: Option<(usize, Span)>,
    /// States that have an update, with its place.
    pub updated: BTreeMap<String, Span>,
    /// The derivatives that were made.
    pub derivatives: History,
    /// Sizes that a label showed to be numbers.
    pub equated: BTreeMap<String, i64>,
    /// Calls of the library in which something is wrong.
    pub library_errors: BTreeSet<Span>,
    /// Who numbers the streams of random numbers.
    pub streams: Streams,
}

impl<'a> Elaborator<'a> {
    /// Nothing elaborated yet.
    pub fn new(items: Items<'a>, options: &'a Options, diagnostics: &'a mut Diagnostics) -> Self {
        Self {
            items,
            options,
            diagnostics,
            failed: false,
            program: Program::default(),
            formulas: Formulas::default(),
            extents: Vec::new(),
            resolved: Vec::new(),
            label_names: Vec::new(),
            label_spans: Vec::new(),
            uses: Vec::new(),
            groups: Vec::new(),
            frames: Vec::new(),
            circles: Vec::new(),
            counts: Vec::new(),
            scopes: Vec::new(),
            constants: BTreeMap::new(),
            calls: Vec::new(),
            depth: 0,
            inlined: 0,
            exhausted: false,
            names: FxHashSet::default(),
            twins: FxHashMap::default(),
            reserved: FxHashSet::default(),
            known: FxHashMap::default(),
            read: FxHashSet::default(),
            intermediate: BTreeSet::new(),
            stored: BTreeMap::new(),
            paths: BTreeMap::new(),
            numbered: BTreeMap::new(),
            hint: String::new(),
            statement: Span::default(),
            params_read: None,
            updated: BTreeMap::new(),
            derivatives: History::default(),
            equated: BTreeMap::new(),
            library_errors: BTreeSet::new(),
            streams: Streams::default(),
        }
    }

    /// Reports an error; one inside of the library stands at the call that led there.
    pub fn report(&mut self, mut diagnostic: Diagnostic) -> Reported {
        self.failed = true;
        if self.items.is_library(diagnostic.span) {
            let outside = self.calls.iter().rev().find(|call| !self.items.is_library(call.span)).cloned();
            if let Some(call) = outside {
                // One mistake in a call may have several consequences in the library.
                if !self.library_errors.insert(call.span) {
                    return Reported;
                }
                let inner = std::mem::replace(&mut diagnostic.span, call.span);
                let text = if diagnostic.label.is_empty() { "here, in the library".into() } else { diagnostic.label.clone() };
                diagnostic.label = format!("in this use of {}", call.name);
                diagnostic = diagnostic.also(inner, text);
            }
        }
        self.diagnostics.push(diagnostic);
        // What nobody is told of need not be found.
        self.exhausted |= self.diagnostics.is_full();
        Reported
    }

    /// Reports an error that needs no more than a message.
    pub fn error(&mut self, span: Span, message: impl Into<String>) -> Reported {
        self.report(Diagnostic::error(span, message))
    }

    /// Reports an error with more to say.
    pub fn error_with(
        &mut self,
        span: Span,
        message: impl Into<String>,
        more: impl FnOnce(Diagnostic) -> Diagnostic,
    ) -> Reported {
        self.report(more(Diagnostic::error(span, message)))
    }

    /// Runs a step one level deeper.
    pub fn deeper<T>(&mut self, span: Span, step: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.exhausted {
            return Err(Reported);
        }
        if self.depth >= DEEPEST {
            return Err(self.error(span, "this is nested too deeply (calls that are inlined count too)"));
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        result
    }

    /// An error where the program has grown beyond what anybody means.
    pub fn limit(&mut self, span: Span) -> Result<()> {
        if self.formulas.len() > MOST_FORMULAS || self.program.expressions.len() > MOST_FORMULAS {
            return Err(self.exhaust(span, "the formulas of this program are too large".to_owned()));
        }
        self.limit_definitions(self.program.tensors.len(), span)?;
        if self.inlined > MOST_CALLS {
            return Err(self.exhaust(span, format!("this program inlines more than {MOST_CALLS} functions and layers")));
        }
        Ok(())
    }

    /// An error where there are more definitions than anybody means.
    pub fn limit_definitions(&mut self, definitions: usize, span: Span) -> Result<()> {
        if definitions > MOST_DEFINITIONS {
            return Err(self.exhaust(span, format!("this program has more than {MOST_DEFINITIONS} definitions")));
        }
        Ok(())
    }

    fn exhaust(&mut self, span: Span, message: String) -> Reported {
        if !std::mem::replace(&mut self.exhausted, true) {
            self.error(span, message);
        }
        Reported
    }

    /// A label with a known extent and no name of the user's.
    pub fn label(&mut self, extent: Extent) -> Label {
        self.named_label(String::new(), Some(extent), Span::default())
    }

    /// A label of the same extent and name.
    pub fn label_like(&mut self, label: Label) -> Label {
        let name = self.label_names[label.0 as usize].clone();
        let extent = self.resolved[label.0 as usize].then(|| self.extent(label).clone());
        self.named_label(name, extent, self.label_spans[label.0 as usize])
    }

    /// A label; its extent may be found later.
    pub fn named_label(&mut self, name: String, extent: Option<Extent>, span: Span) -> Label {
        let label = Label(u32::try_from(self.extents.len()).unwrap_or(u32::MAX));
        self.resolved.push(extent.is_some());
        self.extents.push(extent.unwrap_or_default());
        self.label_names.push(name);
        self.label_spans.push(span);
        label
    }

    /// The extent of a label.
    pub fn extent(&self, label: Label) -> &Extent {
        &self.extents[label.0 as usize]
    }

    /// Whether the extent of a label is known.
    pub fn is_resolved(&self, label: Label) -> bool {
        self.resolved[label.0 as usize]
    }

    /// The scopes that are visible, innermost first.
    pub fn visible(&self) -> impl Iterator<Item = &Scope<'a>> {
        let last = self.scopes.iter().rposition(|scope| scope.owner.is_some()).unwrap_or(0);
        self.scopes[last..].iter().rev()
    }

    /// Whose body is being elaborated.
    pub fn owner(&self) -> Owner {
        self.scopes.iter().rev().find_map(|scope| scope.owner).unwrap_or(Owner::Constant)
    }

    /// The path of what is owned here: empty, or `block1.`.
    pub fn path(&self) -> String {
        self.scopes.iter().rev().find(|scope| scope.owner.is_some()).map(|scope| scope.path.clone()).unwrap_or_default()
    }

    /// Whether labels are bound here, so that brackets hold indices and not slices.
    pub fn in_index_notation(&self) -> bool {
        self.visible().any(|scope| scope.labels)
    }

    /// Runs a step with one more scope.
    pub fn within<T>(&mut self, scope: Scope<'a>, step: impl FnOnce(&mut Self) -> T) -> T {
        self.scopes.push(scope);
        let result = step(self);
        self.scopes.pop();
        result
    }

    /// Gives a name its value in the innermost scope.
    pub fn bind(&mut self, name: &str, value: Option<Value<'a>>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.insert(name.to_owned(), value);
        }
    }
}
