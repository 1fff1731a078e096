//! Where numbers left the finite range, for people.

use crate::eval::Values;
use crate::eval::trace::{Evaluate, Found, trace};
use crate::ir::{Program, Source, print};
use crate::source::Sources;
use crate::span::Span;

/// What the trace of an evaluation says.
pub fn text(program: &Program, values: &Values, sources: &Sources, evaluate: &Evaluate<'_>) -> String {
    let trace = trace(program, values, evaluate);
    let Some(first) = &trace.first else {
        let what = if trace.is_harmless { "results".into() } else { format!("{} numbers", trace.count) };
        return format!("trace: all {what} are finite, forward and backward\n");
    };
    let mut text = format!("trace: the first number that is not finite{}\n", paragraph(program, values, sources, first));
    if let Some(nan) = &trace.first_nan {
        text.push_str(&format!("trace: the first that is no number{}\n", paragraph(program, values, sources, nan)));
    }
    text
}

fn paragraph(program: &Program, values: &Values, sources: &Sources, found: &Found) -> String {
    let tensor = program.tensor(found.tensor);
    let direction = match (&tensor.source, found.backward) {
        (Source::Defined(_), true) => ", backward",
        (Source::Defined(_), false) => ", forward",
        (Source::Input | Source::Target | Source::Parameter(_) | Source::State(_), _) => ", given",
    };
    let at: Vec<String> = found.at.iter().map(usize::to_string).collect();
    let at = if at.is_empty() { String::new() } else { format!("[{}]", at.join(", ")) };
    // In 64-bit floats, in which it was computed, it may be finite.
    let beyond = if found.value.is_finite() { ", more than an f32 holds" } else { "" };
    let mut text = format!("{direction}: {}{at} = {}{beyond}", tensor.name, number(found.value));
    if tensor.span != Span::default() {
        let (line, column) = sources.line_column(tensor.span.file, tensor.span.start);
        let source = sources.line(tensor.span.file, line).trim();
        text.push_str(&format!("\n  --> {}:{line}:{column}: {source}", sources.name(tensor.span.file)));
    }
    if program.definition(found.tensor).is_some() {
        text.push_str(&format!("\n  {}", print::formula(program, found.tensor)));
    }
    for read in program.dependencies(found.tensor).into_iter().filter(|read| *read != found.tensor) {
        let name = &program.tensor(read).name;
        let Some(numbers) = values.get(name).map(|tensor| &tensor.data).filter(|data| !data.is_empty()) else { continue };
        let smallest = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let nan = match numbers.iter().filter(|value| value.is_nan()).count() {
            0 => String::new(),
            count => format!(", and NaN {count} times"),
        };
        text.push_str(&format!("\n  reads {name}, from {} to {}{nan}", number(smallest), number(largest)));
    }
    text
}

/// A number with an exponent where it would have many zeros.
fn number(value: f64) -> String {
    let is_plain = !value.is_finite() || value == 0.0 || (1e-5..1e15).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}
