//! A bound for the memory of a workspace: `max_memory = "256 KiB"`.

use super::Sizes;
use super::figures::{Figure, Figures, shown};
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
    pub fn check(&self, passes: &Passes, span: Span) -> Result<(), Diagnostic> {
        let interface = &passes.interface;
        let name = &interface.name;
        let wrong = |problem: String| Diagnostic::error(span, problem);
        let sizes = Sizes::new(interface, &self.sizes).map_err(wrong)?;
        let missing = sizes.missing();
        if !missing.is_empty() {
            let [named, given] =
                ["", " = 32"].map(|value| missing.iter().map(|size| format!("{size}{value}")).collect::<Vec<_>>());
            let problem = format!("the workspace of `{name}` depends on sizes that have no value: {}", named.join(", "));
            let help = format!("say for which sizes the bound is: `max_memory = \"{}\", {}`", self.text, given.join(", "));
            return Err(wrong(problem).help(help));
        }
        let workspace = Workspace::of(interface, &passes.all());
        let figures = Figures::of(&workspace, &sizes, interface.precision).map_err(wrong)?;
        match figures.bytes {
            Some(bytes) if bytes > self.bytes => Err(self.refusal(wrong, name, &sizes, &figures, bytes)),
            Some(_) => Ok(()),
            None => Err(wrong(format!("the workspace of `{name}` has no length that is known before it runs"))),
        }
    }

    fn refusal(
        &self,
        wrong: impl Fn(String) -> Diagnostic,
        name: &str,
        sizes: &Sizes<'_>,
        figures: &Figures,
        bytes: usize,
    ) -> Diagnostic {
        let message =
            format!("the workspace of `{name}` takes {}{}, but may take {} at most", shown(bytes), sizes.text(), self.text);
        let mut buffers: Vec<&Figure> = figures.buffers.iter().collect();
        buffers.sort_by_key(|figure| std::cmp::Reverse(figure.bytes));
        let taken = |figure: &&Figure| Bytes(figure.bytes.unwrap_or(0)).to_string();
        let largest: Vec<String> = buffers
            .iter()
            .take(NAMED)
            .map(|figure| format!("{} in {} ({})", taken(figure), figure.name, figure.tenants.join(", ")))
            .collect();
        let help = match sizes.names {
            [] => "allow more, or make the network smaller; `chainrule plan` shows what lives when".to_owned(),
            [first, ..] => {
                format!("allow more, or make `{first}` or the network smaller; `chainrule plan` shows what lives when")
            }
        };
        wrong(message).note(format!("most is {}", largest.join(", "))).help(help)
    }
}
