//! What is probably meant: names that other libraries use, methods that are functions here, names that are nearly right.

use super::core::{Elaborator, Owner};
use super::messages::nearest;
use super::{Reported, builtins};
use crate::ops::Operator;
use crate::span::Span;

use super::bindings::is_operator;

/// Names of PyTorch, Keras, NumPy and Python, and what they are here.
const FOREIGN: &[(&str, &str)] = &[
    ("AvgPooling2D", "`AvgPool2d`"),
    ("BCELoss", "`binary_cross_entropy`, which takes logits"),
    ("BCEWithLogitsLoss", "`binary_cross_entropy`"),
    ("BatchNorm1d", "`BatchNorm`"),
    ("BatchNorm2d", "`BatchNorm`"),
    ("BatchNormalization", "`BatchNorm`"),
    ("CrossEntropyLoss", "`cross_entropy`"),
    ("False", "`false`"),
    ("L1Loss", "`mae`"),
    ("LayerNormalization", "`LayerNorm`"),
    ("Linear", "`Dense(n)`: it is told the length of its result alone"),
    ("MSELoss", "`mse`"),
    ("MaxPooling2D", "`MaxPool2d`"),
    ("MultiheadAttention", "`Attention`"),
    ("None", "nothing: what has a default may be left out"),
    ("Sequential", "a chain: `x |> Dense(3) |> relu`"),
    ("True", "`true`"),
    ("bmm", "`a @ b`"),
    ("cat", "`concat([a, b], axis = 0)`"),
    ("concatenate", "`concat([a, b], axis = 0)`"),
    ("einsum", "index notation: `y[i, j] = sum[k](a[i, k] * b[k, j]);`"),
    ("expand_dims", "`reshape`, or index notation"),
    ("kaiming_normal", "`he_normal`"),
    ("kaiming_uniform", "`he_uniform`"),
    ("lambda", "a function beside the network: `fn f(x) = ...;`"),
    ("ln", "`log`"),
    ("matmul", "`a @ b`"),
    ("maximum", "`max(a, b)`"),
    ("minimum", "`min(a, b)`"),
    ("mm", "`a @ b`"),
    ("mse_loss", "`mse`"),
    ("multiply", "`a * b`"),
    ("nll_loss", "`nll`"),
    ("not", "`!`"),
    ("ones_like", "`0 * x + 1`"),
    ("permute", "`transpose(x, [1, 0])`"),
    ("power", "`a ^ b`"),
    ("square", "`x ^ 2`"),
    ("squeeze", "`reshape`, or an index: `x[.., 0]`"),
    ("swapaxes", "`transpose(x, [1, 0])`"),
    ("unsqueeze", "`reshape`, or index notation"),
    ("view", "`reshape(x, [B, 6])`"),
    ("xavier_normal", "`glorot_normal`"),
    ("xavier_uniform", "`glorot_uniform`"),
    ("zeros_like", "`0 * x`"),
];

/// What a name of another library is here.
pub fn foreign(name: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(known, _)| *known == name).map(|(_, here)| *here)
}

impl<'a> Elaborator<'a> {
    /// An unknown name, with what was probably meant.
    pub fn unknown(&mut self, name: &str, what: &str, span: Span) -> Reported {
        if self.items.is_broken(name) {
            self.failed = true;
            return Reported;
        }
        if self.reserved.contains(&format!("{}{name}", self.path())) {
            return self.not_yet(name, span);
        }
        let help = self.meant(name);
        self.error_with(span, format!("unknown {what} `{name}`"), |diagnostic| match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        })
    }

    /// A name whose definition needs what this statement is about to make.
    fn not_yet(&mut self, name: &str, span: Span) -> Reported {
        let message = format!("`{name}` cannot be computed before this statement, which reads it");
        self.error_with(span, message, |diagnostic| {
            diagnostic
                .note(format!("`{name}` reads a parameter of a layer, which is there once the layer has been applied"))
                .help("apply the layer in a definition of its own, before this one")
        })
    }

    fn meant(&self, name: &str) -> Option<String> {
        if let Some(here) = foreign(name) {
            return Some(format!("here it is {here}"));
        }
        if let Some(near) = nearest(name, self.known_names(name)) {
            return Some(format!("is `{near}` meant?"));
        }
        let labels = self.in_index_notation();
        labels.then(|| format!("a label is bound on the left, `y[{name}] = ...`, or by a reduction, `sum[{name}](...)`"))
    }

    /// All names that could stand in the place of an unknown one.
    fn known_names(&self, unknown: &str) -> Vec<&str> {
        let mut known: Vec<&str> = self.visible().flat_map(|scope| scope.names.keys().map(String::as_str)).collect();
        if self.owner() == Owner::Network {
            known.extend(self.program.sizes.iter().map(String::as_str));
        }
        known.extend(self.items.all_names());
        // Statements to come are known too.
        known.extend(self.reserved.iter().map(String::as_str).filter(|name| *name != unknown));
        known.extend(builtins::names().map(|name| -> &str { name }));
        let functions = Operator::ALL.iter().map(|operator| operator.row().spelling.text());
        known.extend(functions.filter(|text| is_operator(text)));
        known
    }

    /// `x.sum()` of a tensor, `nn.Linear` of nothing: a field that is none.
    pub fn no_field(&mut self, base: &str, field: &str, is_tensor: bool, span: Span) -> Reported {
        let last = field.rsplit('.').next().unwrap_or(field);
        let help = match (foreign(last), is_tensor) {
            (Some(here), _) => Some(format!("`{last}` is here {here}")),
            (None, true) if last == "shape" || last == "size" => {
                Some("sizes have names: the `B` of `x: [B, 3]` is a number in formulas".to_owned())
            }
            (None, true) if last == "transpose" => Some(format!("a transpose is written `{base}.T`")),
            (None, true) => {
                self.is_callable(last).then(|| format!("`{last}` is a function: `{last}({base})`, or `{base} |> {last}`"))
            }
            (None, false) => self.is_callable(last).then(|| format!("functions and layers have no prefix: `{last}`")),
        };
        let message =
            if is_tensor { format!("`{base}` is a tensor: it has no `{field}`") } else { format!("unknown name `{base}`") };
        self.error_with(span, message, |diagnostic| match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        })
    }
}
