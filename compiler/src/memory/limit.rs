//! A bound for the memory of a workspace: `max_memory = "256 KiB"`.

use super::Sizes;
use super::figures::{Figure, Figures};
use super::workspace::Workspace;
use crate::diagnostic::Diagnostic;
use crate::emit::Passes;
use crate::span::Span;
use chainrule_math::memory::Bytes;

/// The units of a bound, in bytes.
const UNITS: [(&str, f64); 7] = [
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1024.0 * 1024.0),
    ("GiB", 1024.0 * 1024.0 * 1024.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
];

/// How many of the largest buffers a refusal names.
const NAMED: usize = 3;

/// The most memory that a workspace may take, for these sizes.
#[derive(Clone, Debug)]
pub struct Limit {
    /// The bytes.
    bytes: usize,
    /// The same as it was written.
    text: String,
    /// The values of the symbolic sizes.
    sizes: Vec<(String, usize)>,
}

impl Limit {
    /// A bound as it is written, `256 KiB`, with values of the symbolic sizes. An error says how bounds are written.
    pub fn new(text: &str, sizes: Vec<(String, usize)>) -> Result<Self, String> {
        let number_of =
            |unit: &str| text.strip_suffix(unit)?.trim().parse::<f64>().ok().filter(|number| number.is_sign_positive());
        let bytes = UNITS.iter().find_map(|(unit, size)| Some(number_of(unit)? * size)).filter(|bytes| bytes.is_finite());
        let units = UNITS.map(|(unit, _)| unit).join(", ");
        let bytes = bytes.ok_or_else(|| {
            format!("an amount of memory is expected, found `{text}`\n  help: a number with a unit, as in \"256 KiB\"; units are {units}")
        })?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is positive, and saturates")]
        Ok(Self { bytes: bytes as usize, text: text.to_owned(), sizes })
    }

    /// Refuses a network whose workspace takes more; the complaint is about `span`.
    pub fn check(&self, passes: &Passes, span: Span) -> Result<(), Box<Diagnostic>> {
        self.refusal(passes, span).map_or(Ok(()), |refusal| Err(Box::new(refusal)))
    }

    fn refusal(&self, passes: &Passes, span: Span) -> Option<Diagnostic> {
        let interface = &passes.interface;
        let name = &interface.name;
        let sizes = match Sizes::new(interface, &self.sizes) {
            Ok(sizes) => sizes,
            Err(problem) => return Some(Diagnostic::error(span, problem)),
        };
        let missing = sizes.missing();
        if !missing.is_empty() {
            let problem = format!("the workspace of `{name}` depends on sizes that have no value: {}", missing.join(", "));
            let given: Vec<String> = missing.iter().map(|size| format!("{size} = 32")).collect();
            let help = format!("say for which sizes the bound is: `max_memory = \"{}\", {}`", self.text, given.join(", "));
            return Some(Diagnostic::error(span, problem).help(help));
        }
        match Figures::of(&Workspace::of(interface, &passes.all()), &sizes, interface.precision) {
            Err(problem) => Some(Diagnostic::error(span, format!("the workspace of `{name}`: {problem}"))),
            Ok(figures) if figures.bytes.is_some_and(|bytes| bytes <= self.bytes) => None,
            Ok(figures) => {
                let message = format!(
                    "the workspace of `{name}` takes {}{}, but may take {} at most",
                    figures.total,
                    sizes.text(),
                    self.text
                );
                let smaller = sizes.names.first().map_or_else(String::new, |size| format!("`{size}` or "));
                let help = format!("allow more, or make {smaller}the network smaller; `chainrule plan` shows what lives when");
                Some(Diagnostic::error(span, message).note(format!("most is {}", largest(&figures))).help(help))
            }
        }
    }
}

/// `128 KiB in slot 0 (h, d h), 4.0 KiB in output p (p)`
fn largest(figures: &Figures) -> String {
    let mut buffers: Vec<&Figure> = figures.buffers.iter().collect();
    buffers.sort_by_key(|figure| std::cmp::Reverse(figure.bytes));
    let named =
        |figure: &&Figure| format!("{} in {} ({})", Bytes(figure.bytes.unwrap_or(0)), figure.name, figure.tenants.join(", "));
    buffers.iter().take(NAMED).map(named).collect::<Vec<_>>().join(", ")
}
