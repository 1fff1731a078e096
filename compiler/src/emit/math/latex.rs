//! Mathematics as LaTeX, with the commands of amsmath.

use super::{Part, Style};
use crate::derived_names;
use crate::ops::precedence::{ADD, MULTIPLY, POSTFIX, POWER, UNARY};
use crate::syntax::tree::Binary;

/// The notation.
#[derive(Clone, Copy, Debug)]
pub struct Latex;

/// Letters that have a command of their own name.
const GREEK: &[&str] = &[
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "pi", "rho",
    "sigma", "tau", "phi", "chi", "psi", "omega",
];
/// Functions that have a command of their own name.
const FUNCTIONS: &[&str] = &["exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min"];

/// Text with the signs that LaTeX reads as commands escaped.
pub fn escaped(text: &str) -> String {
    let one = |letter: char| match letter {
        '_' | '%' | '&' | '#' | '$' | '{' | '}' => format!("\\{letter}"),
        '\\' => "\\textbackslash{}".to_owned(),
        '^' => "\\textasciicircum{}".to_owned(),
        '~' => "\\textasciitilde{}".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(one).collect()
}

impl Style for Latex {
    fn parentheses(&self, inner: &str) -> String {
        format!("\\left({inner}\\right)")
    }

    /// `x`, `z_{1}`, `\gamma`, `\mathit{dense1.w}`; a prime stays one.
    fn name(&self, name: &str) -> String {
        if let Some(of) = derived_names::of_tangent(name) {
            return format!("\\dot{{{}}}", self.name(of));
        }
        let plain = name.trim_end_matches('\'');
        let primes = &name[plain.len()..];
        let mut letters = plain.chars();
        let first = letters.next().filter(char::is_ascii_alphabetic);
        let base = match (plain, first, letters.as_str()) {
            ("inf", _, _) => "\\infty".to_owned(),
            (_, Some(only), "") => only.to_string(),
            (_, Some(letter), digits) if digits.chars().all(|digit| digit.is_ascii_digit()) => format!("{letter}_{{{digits}}}"),
            _ if GREEK.contains(&plain) => format!("\\{plain}"),
            _ => format!("\\mathit{{{}}}", escaped(plain).replace(' ', "\\ ")),
        };
        if primes.is_empty() || !base.contains("_{") { format!("{base}{primes}") } else { format!("{{{base}}}{primes}") }
    }

    fn number(&self, value: f64) -> String {
        let text = if value.fract() == 0.0 && value < 1e15 { format!("{value}") } else { format!("{value:?}") };
        match text.split_once('e') {
            Some(("1", exponent)) => format!("10^{{{exponent}}}"),
            Some((mantissa, exponent)) => format!("{mantissa} \\cdot 10^{{{exponent}}}"),
            None => text,
        }
    }

    fn element(&self, of: &str, indices: &[String]) -> String {
        let of = if of.contains('_') || of.contains('\'') || of.contains('^') { format!("{{{of}}}") } else { of.to_owned() };
        format!("{of}_{{{}}}", indices.join(", "))
    }

    fn derivative(&self, of: &str, wrt: &str) -> Part {
        Part::new(format!("\\frac{{\\partial {of}}}{{\\partial {wrt}}}"), POWER)
    }

    fn product(&self, left: Part, right: Part, of_arrays: bool) -> Part {
        let sign = if of_arrays { "\\odot" } else { "\\cdot" };
        let needed = if right.text.starts_with('-') { POWER } else { MULTIPLY };
        let text = format!("{} {sign} {}", self.before_factor(&left), self.around(&right, needed));
        Part { open: right.open, ..Part::new(text, MULTIPLY) }
    }

    fn matrix_product(&self, left: Part, right: Part) -> Part {
        Part::new(format!("{} \\, {}", self.before_factor(&left), self.around(&right, UNARY)), MULTIPLY)
    }

    fn fraction(&self, above: Part, below: Part) -> Part {
        Part::new(format!("\\frac{{{}}}{{{}}}", above.text, below.text), MULTIPLY)
    }

    fn is_stacked(&self) -> bool {
        true
    }

    fn power(&self, base: Part, exponent: Part) -> Part {
        let is_plain = base.tightness >= POSTFIX && !base.text.contains('^') && !base.text.contains('\'');
        let base = if is_plain { base.text } else { self.parentheses(&base.text) };
        Part::new(format!("{base}^{{{}}}", exponent.text), POWER)
    }

    fn reduction(&self, word: &str, labels: &[String]) -> String {
        let below = labels.join(", ");
        match word {
            "sum" => format!("\\sum_{{{below}}}"),
            "prod" => format!("\\prod_{{{below}}}"),
            "max" | "min" => format!("\\{word}_{{{below}}}"),
            other => format!("\\operatorname*{{{}}}_{{{below}}}", escaped(other)),
        }
    }

    fn range(&self, label: &str, from: &str, to: &str) -> String {
        format!("{from} \\le {label} < {to}")
    }

    fn delta(&self, left: &str, right: &str) -> String {
        format!("\\delta_{{{left},\\, {right}}}")
    }

    fn cases(&self, rows: &[(String, String)], otherwise: &str) -> Part {
        let rows: String = rows.iter().map(|(value, condition)| format!("{value} & \\text{{if }} {condition} \\\\ ")).collect();
        Part::new(format!("\\begin{{cases}} {rows}{otherwise} & \\text{{otherwise}} \\end{{cases}}"), ADD)
    }

    fn call(&self, name: &str, arguments: &[String], named: &[(String, String)]) -> Part {
        match (name, arguments) {
            ("floor", [only]) => return Part::new(format!("\\left\\lfloor {only} \\right\\rfloor"), POSTFIX),
            ("ceil", [only]) => return Part::new(format!("\\left\\lceil {only} \\right\\rceil"), POSTFIX),
            ("abs", [only]) => return Part::new(format!("\\left| {only} \\right|"), POSTFIX),
            ("sqrt", [only]) => return Part::new(format!("\\sqrt{{{only}}}"), POSTFIX),
            _ => {}
        }
        let word = match name {
            "expm1" | "log1p" => format!("\\operatorname{{{name}}}"),
            known if FUNCTIONS.contains(&known) => format!("\\{known}"),
            other => format!("\\operatorname{{{}}}", escaped(other)),
        };
        // That a reduced axis is kept says nothing that broadcasting does not.
        let below: Vec<String> = (named.iter().filter(|(name, _)| name != "keepdims"))
            .map(|(name, value)| format!("\\text{{{}}}\\,{value}", escaped(name)))
            .collect();
        let below = if below.is_empty() { String::new() } else { format!("_{{{}}}", below.join(",\\, ")) };
        Part::new(format!("{word}{below}{}", self.parentheses(&arguments.join(", "))), POSTFIX)
    }

    fn transpose(&self, of: Part) -> Part {
        let is_plain = of.tightness >= POSTFIX && !of.text.contains('^');
        let base = if is_plain { of.text } else { self.parentheses(&of.text) };
        Part::new(format!("{base}^{{\\top}}"), POSTFIX)
    }

    fn sign(&self, operator: Binary) -> &'static str {
        match operator {
            Binary::Or => "\\lor",
            Binary::And => "\\land",
            Binary::Equal => "=",
            Binary::NotEqual => "\\ne",
            Binary::Less => "<",
            Binary::LessEqual => "\\le",
            Binary::Greater => ">",
            Binary::GreaterEqual => "\\ge",
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "\\cdot",
            Binary::Divide => "/",
            Binary::MatrixMultiply => "\\,",
            Binary::Power => "^",
        }
    }

    fn not(&self) -> &'static str {
        "\\lnot "
    }

    fn whole(&self, part: &Part) -> String {
        self.parentheses(&part.text)
    }

    fn equals(&self) -> &'static str {
        "&="
    }

    fn words(&self, text: &str) -> String {
        format!("\\text{{{}}}", escaped(text))
    }

    fn note(&self, text: &str) -> String {
        format!(" && {text}")
    }

    fn verbatim(&self, text: &str) -> String {
        format!("\\texttt{{{}}}", escaped(text))
    }
}
