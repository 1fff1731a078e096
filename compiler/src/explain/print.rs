//! A derivation as text and as LaTeX. It must not know how it was made.

use super::chapter::value_of;
use super::{Chapter, Explanation, Line, Part, Piece, reasons, tree};
use crate::emit::math::{self, Latex, Names, Style, Text};
use crate::syntax::tree::{Axis, Expression, Shape, Statement, StatementKind};
use std::collections::BTreeSet;

/// Reasons stand at this column at most; behind a longer line they stand below it.
const REASONS: usize = 76;

/// What the signs mean.
const LEGEND: &str = "(δ(a = b) is 1 where a = b, else 0; · and ∘ multiply numbers and arrays element by element, @ matrices; xᵀ is x transposed;\n \
                      Σ_i adds up over the whole axis that i runs along; a prime tells two labels apart; an array that lacks axes of another\n \
                      beside it is repeated along them)\n";
/// The same in LaTeX.
const SIGNS: &str = "Here $\\delta_{a,\\,b}$ is 1 where $a = b$, else 0; $\\odot$ multiplies arrays element by element; $\\sum_{i}$ adds up over the whole axis\n\
                     that $i$ runs along; a prime tells two labels apart; an array that lacks axes of another beside it is repeated along them.\n";
/// What recurrences begin with.
const STEPS: &str = "what is computed step by step is 0 before its first step and after its last one";
/// How short names are.
const SHORT: &str = "names are as short as they are clear:";
/// What an axis is.
const AXES: &str = "(axis = 0 is the first axis of an array, axis = -1 the last one)\n";

/// A derivation as text.
pub fn text(explanation: &Explanation) -> String {
    let page = Page::new(explanation, &Text);
    let mut out = format!("{}: the derivative of {}, element by element\n", explanation.network, explanation.of);
    if let Some(output) = &explanation.output {
        out.push_str(&format!("({} is any function of {output})\n", explanation.of));
    }
    out.push_str(LEGEND);
    if explanation.recurs {
        out.push_str(&format!("({STEPS})\n"));
    }
    if let Some((name, short)) = explanation.short.first() {
        out.push_str(&format!("({SHORT} {short} is {name})\n"));
    }
    let begin = out.len();
    let given: Vec<String> = page.given().filter_map(|statement| page.shape(statement)).collect();
    if !given.is_empty() {
        out.push_str(&format!("\n  given: {}\n", given.join(", ")));
    }
    let definitions = page.definitions();
    if !definitions.is_empty() {
        out.push_str(&format!("\n{}\n", definitions.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")));
    }
    if !explanation.steps.is_empty() {
        out.push_str("\nelement by element, with a name for each step:\n\n");
        explanation.steps.iter().for_each(|step| out.push_str(&format!("  {}\n", page.equation(step, "="))));
    }
    for chapter in &explanation.chapters {
        page.chapter_text(chapter, &mut out);
    }
    for name in &explanation.unread {
        out.push_str(&format!("\n∂{}/∂{name} = 0: {} does not depend on it\n", explanation.of, explanation.of));
    }
    if out[begin..].contains("axis = ") {
        out.insert_str(begin, AXES);
    }
    out
}

/// A derivation as LaTeX, for amsmath.
pub fn latex(explanation: &Explanation) -> String {
    let page = Page::new(explanation, &Latex);
    let of = Latex.name(&explanation.of);
    let mut out = format!("% {}, for amsmath\n\\section*{{The derivative of ${of}$, element by element}}\n", explanation.network);
    if let Some(output) = &explanation.output {
        out.push_str(&format!("Here ${of}$ is any function of ${}$.\n", Latex.name(output)));
    }
    out.push_str(SIGNS);
    if explanation.recurs {
        out.push_str(&format!("Here {STEPS}.\n"));
    }
    if let Some((name, short)) = explanation.short.first() {
        out.push_str(&format!("Here {SHORT} ${}$ is ${}$.\n", Latex.name(short), Latex.name(name)));
    }
    let given = page.given().filter_map(|statement| math::document::member(statement, &explanation.names));
    let given: Vec<String> = given.map(|member| format!("${member}$")).collect();
    if !given.is_empty() {
        out.push_str(&format!("Given: {}.\n", given.join(", ")));
    }
    let definitions = page.definitions();
    if !definitions.is_empty() {
        out.push_str(&format!("\\begin{{align*}}\n  {}\n\\end{{align*}}\n", definitions.join(" \\\\\n  ")));
    }
    if !explanation.steps.is_empty() {
        let steps: Vec<String> = explanation.steps.iter().map(|step| page.equation(step, "&=")).collect();
        out.push_str("Element by element, with a name for each step:\n");
        out.push_str(&format!("\\begin{{align*}}\n  {}\n\\end{{align*}}\n", steps.join(" \\\\\n  ")));
    }
    for chapter in &explanation.chapters {
        page.chapter_latex(chapter, &mut out);
    }
    for name in &explanation.unread {
        out.push_str(&format!("\\[ {} = 0 \\]\n", Latex.derivative(&of, &Latex.name(name)).text()));
    }
    out
}

/// The name of what a statement says to be given.
fn given_name(statement: &Statement) -> Option<&str> {
    match &statement.kind {
        StatementKind::Input(data) | StatementKind::Target(data) => Some(&data.name.text),
        StatementKind::Param(stored) | StatementKind::State(stored) => Some(&stored.name.text),
        StatementKind::Define { .. } | StatementKind::DefineIndexed { .. } => None,
    }
}

/// Its shape.
fn given_shape(statement: &Statement) -> Option<&Shape> {
    match &statement.kind {
        StatementKind::Input(data) | StatementKind::Target(data) => Some(&data.shape),
        StatementKind::Param(stored) | StatementKind::State(stored) => Some(&stored.shape),
        StatementKind::Define { .. } | StatementKind::DefineIndexed { .. } => None,
    }
}

struct Page<'a> {
    explanation: &'a Explanation,
    /// What names stand for, short ones too.
    names: Names,
    style: &'a dyn Style,
}

impl<'a> Page<'a> {
    fn new(explanation: &'a Explanation, style: &'a dyn Style) -> Self {
        Self { explanation, names: explanation.short.names(&explanation.names), style }
    }

    fn write(&self, value: &Expression) -> String {
        math::write(&self.brief(value), &self.names, self.style)
    }

    /// An expression with short names.
    fn brief(&self, value: &Expression) -> Expression {
        let mut brief = value.clone();
        self.explanation.short.shorten(&mut brief);
        brief
    }

    /// The definitions of the network, in its own language or as equations.
    fn definitions(&self) -> Vec<String> {
        self.explanation.definitions.iter().filter_map(|statement| self.statement(statement)).collect()
    }

    /// What the definitions read and do not define.
    fn given(&self) -> impl Iterator<Item = &Statement> {
        let values = self.explanation.definitions.iter().filter_map(value_of);
        let read: BTreeSet<String> = values.flat_map(tree::names).collect();
        let is_read = move |statement: &&Statement| given_name(statement).is_some_and(|name| read.contains(name));
        self.explanation.definitions.iter().filter(is_read)
    }

    /// `x [B, 4]`
    fn shape(&self, statement: &Statement) -> Option<String> {
        let (name, shape) = (given_name(statement)?, given_shape(statement)?);
        let axis = |axis: &Axis| match axis {
            Axis::Rest(_) => "..".to_owned(),
            Axis::Size(size) => self.write(size),
        };
        let axes: Vec<String> = shape.axes.iter().map(axis).collect();
        let name = self.style.name(name);
        Some(if axes.is_empty() { format!("{name} (a number)") } else { format!("{name} [{}]", axes.join(", ")) })
    }

    fn statement(&self, statement: &Statement) -> Option<String> {
        let mut brief = statement.clone();
        if let StatementKind::Define { name, value, .. } | StatementKind::DefineIndexed { name, value, .. } = &mut brief.kind {
            name.text = self.explanation.short.of(&name.text);
            self.explanation.short.shorten(value);
        }
        math::document::equation(&brief, &self.names, self.style)
    }

    fn equation(&self, (left, right): &(Expression, Expression), sign: &str) -> String {
        format!("{} {sign} {}", self.write(left), self.write(right))
    }

    fn line(&self, chapter: &Chapter, line: &Line) -> String {
        if !line.whole {
            return self.write(&tree::without_ranges(&line.value));
        }
        let labels: Vec<String> = chapter.axes.iter().map(|label| self.style.name(label)).collect();
        math::write_element(&self.brief(&line.value), &labels, &self.names, self.style)
    }

    fn reason(&self, reason: &[Piece], words: impl Fn(&str) -> String, formula: impl Fn(String) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Words(text) => words(text),
            Piece::Formula(value) => formula(self.write(&tree::without_ranges(value))),
        };
        reason.iter().map(piece).collect()
    }

    fn chapter_text(&self, chapter: &Chapter, out: &mut String) {
        let left = self.write(&chapter.left);
        out.push_str(&format!("\n── {left} ──\n"));
        for part in &chapter.parts {
            out.push('\n');
            out.push_str(&format!("{}\n", self.equation(&part.definition, "=")));
            for with in &part.with {
                out.push_str(&format!("with {}\n", self.equation(with, "=")));
            }
            let through = self.reason(&part.through, str::to_owned, |formula| formula);
            let several = if chapter.parts.len() > 1 { format!(", {through}") } else { String::new() };
            out.push_str(&format!("\n{left}{several}\n"));
            self.lines_text(chapter, part.lines.iter(), out);
        }
        if !chapter.total.is_empty() {
            out.push_str(&format!("\n{left}, altogether\n"));
            self.lines_text(chapter, chapter.total.iter(), out);
        }
        self.equations_text("computed as", &chapter.simplified, out);
        if let Some(conditional) = &chapter.conditional {
            let words = self.reason(&reasons::condition(conditional), str::to_owned, |formula| formula);
            self.equations_text(&words, &conditional.statements, out);
        }
    }

    /// What an adjoint is, and what it is made of.
    fn equations_text(&self, words: &str, statements: &[Statement], out: &mut String) {
        for (number, equation) in statements.iter().filter_map(|statement| self.statement(statement)).enumerate() {
            let before = match number {
                0 => format!("\n{words}:\n"),
                1 => "  where\n".to_owned(),
                _ => String::new(),
            };
            out.push_str(&format!("{before}  {equation}\n"));
        }
    }

    fn lines_text<'l>(&self, chapter: &Chapter, lines: impl Iterator<Item = &'l Line>, out: &mut String) {
        let rows: Vec<(String, String)> = lines
            .map(|line| {
                let reason = self.reason(&line.reason, str::to_owned, |formula| formula);
                (format!("  = {}", self.line(chapter, line)), reason)
            })
            .collect();
        let length = |text: &str| text.chars().count();
        let column = rows.iter().map(|(line, _)| length(line)).filter(|&length| length <= REASONS).max().unwrap_or(0) + 4;
        for (line, reason) in rows {
            match length(&line) {
                _ if reason.is_empty() => out.push_str(&format!("{line}\n")),
                own if own + 4 <= column => out.push_str(&format!("{line}{}{reason}\n", " ".repeat(column - own))),
                _ => out.push_str(&format!("{line}\n        {reason}\n")),
            }
        }
    }

    fn chapter_latex(&self, chapter: &Chapter, out: &mut String) {
        let left = self.write(&chapter.left);
        out.push_str(&format!("\\subsection*{{${left}$}}\n"));
        for part in &chapter.parts {
            self.part_latex(chapter, part, &left, out);
        }
        if !chapter.total.is_empty() {
            out.push_str("Altogether:\n");
            self.lines_latex(chapter, chapter.total.iter(), &left, out);
        }
        self.equations_latex("Computed as", &chapter.simplified, out);
        if let Some(conditional) = &chapter.conditional {
            let words = self.sentence(&reasons::condition(conditional));
            self.equations_latex(&words, &conditional.statements, out);
        }
    }

    /// What an adjoint is, and what it is made of.
    fn equations_latex(&self, words: &str, statements: &[Statement], out: &mut String) {
        let equations: Vec<String> = statements.iter().filter_map(|statement| self.statement(statement)).collect();
        if let Some((first, more)) = equations.split_first() {
            out.push_str(&format!("{words}:\n\\begin{{align*}}\n  {first}\n\\end{{align*}}\n"));
            if !more.is_empty() {
                out.push_str(&format!("where\n\\begin{{align*}}\n  {}\n\\end{{align*}}\n", more.join(" \\\\\n  ")));
            }
        }
    }

    fn part_latex(&self, chapter: &Chapter, part: &Part, left: &str, out: &mut String) {
        let definitions: Vec<String> =
            std::iter::once(&part.definition).chain(&part.with).map(|definition| self.equation(definition, "&=")).collect();
        out.push_str(&format!("\\begin{{align*}}\n  {}\n\\end{{align*}}\n", definitions.join(" \\\\\n  ")));
        if chapter.parts.len() > 1 {
            out.push_str(&format!("{}:\n", self.sentence(&part.through)));
        }
        self.lines_latex(chapter, part.lines.iter(), left, out);
    }

    /// Words and formulas of a text in LaTeX, as the beginning of a sentence.
    fn sentence(&self, pieces: &[Piece]) -> String {
        let text = self.reason(pieces, str::to_owned, |formula| format!("${formula}$"));
        let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
        format!("{}{rest}", first.to_uppercase())
    }

    fn lines_latex<'l>(&self, chapter: &Chapter, lines: impl Iterator<Item = &'l Line>, left: &str, out: &mut String) {
        let rows: Vec<String> = lines
            .enumerate()
            .map(|(number, line)| {
                let begin = if number == 0 { left } else { "" };
                let reason = self.reason(&line.reason, |words| Latex.words(words), |formula| formula);
                format!("{begin} &= {} && {reason}", self.line(chapter, line))
            })
            .collect();
        out.push_str(&format!("\\begin{{align*}}\n  {}\n\\end{{align*}}\n", rows.join(" \\\\\n  ")));
    }
}
