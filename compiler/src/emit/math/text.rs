//! Mathematics as plain text: `Σ_k x[i, k] · w[k, j]`.

use super::{Part, Style};
use crate::ops::precedence::{MULTIPLY, POSTFIX, POWER, UNARY};
use crate::syntax::tree::Binary;

/// The notation.
#[derive(Clone, Copy, Debug)]
pub struct Text;

impl Style for Text {
    fn parentheses(&self, inner: &str) -> String {
        format!("({inner})")
    }

    fn name(&self, name: &str) -> String {
        match name {
            "inf" => "∞",
            "pi" => "π",
            name => name,
        }
        .to_owned()
    }

    fn number(&self, value: f64) -> String {
        let text = if value.fract() == 0.0 && value < 1e15 { format!("{value}") } else { format!("{value:?}") };
        let Some((mantissa, exponent)) = text.split_once('e') else { return text };
        let (sign, digits) = exponent.strip_prefix('-').map_or(("", exponent), |digits| ("⁻", digits));
        let power = format!("10{sign}{}", raised(digits).unwrap_or_default());
        if mantissa == "1" { power } else { format!("{mantissa}·{power}") }
    }

    fn element(&self, of: &str, indices: &[String]) -> String {
        format!("{of}[{}]", indices.join(", "))
    }

    fn derivative(&self, of: &str, wrt: &str) -> Part {
        Part::new(format!("∂{of}/∂{wrt}"), POWER)
    }

    fn product(&self, left: Part, right: Part, of_arrays: bool) -> Part {
        let sign = if of_arrays { "∘" } else { "·" };
        let text = format!("{} {sign} {}", self.before_factor(&left), behind_sign(self, &right, MULTIPLY));
        Part { open: right.open, ..Part::new(text, MULTIPLY) }
    }

    fn matrix_product(&self, left: Part, right: Part) -> Part {
        Part::new(format!("{} @ {}", self.before_factor(&left), self.around(&right, UNARY)), MULTIPLY)
    }

    fn fraction(&self, above: Part, below: Part) -> Part {
        Part::new(format!("{} / {}", self.before_factor(&above), self.around(&below, UNARY)), MULTIPLY)
    }

    fn is_stacked(&self) -> bool {
        false
    }

    fn power(&self, base: Part, exponent: Part) -> Part {
        let base = self.around(&base, POSTFIX);
        match raised(&exponent.text) {
            Some(raised) => Part::new(format!("{base}{raised}"), POWER),
            None => Part::new(format!("{base} ^ {}", self.around(&exponent, UNARY)), POWER),
        }
    }

    fn reduction(&self, word: &str, labels: &[String]) -> String {
        let sign = match word {
            "sum" => "Σ",
            "prod" => "Π",
            other => other,
        };
        let one =
            |label: &String| if label.chars().count() <= 2 { format!("{sign}_{label}") } else { format!("{sign}_{{{label}}}") };
        match word {
            "sum" | "prod" => labels.iter().map(one).collect::<Vec<_>>().join(" "),
            _ => format!("{sign}_{{{}}}", labels.join(", ")),
        }
    }

    fn range(&self, label: &str, from: &str, to: &str) -> String {
        format!("{from} ≤ {label} < {to}")
    }

    fn delta(&self, left: &str, right: &str) -> String {
        format!("δ({left} = {right})")
    }

    fn cases(&self, rows: &[(String, String)], otherwise: &str) -> Part {
        let rows: Vec<String> = rows.iter().map(|(value, condition)| format!("{value} if {condition}")).collect();
        Part::new(format!("{{{}; else {otherwise}}}", rows.join("; ")), POSTFIX)
    }

    fn call(&self, name: &str, arguments: &[String], named: &[(String, String)]) -> Part {
        match (name, arguments) {
            ("floor", [only]) => return Part::new(format!("⌊{only}⌋"), POSTFIX),
            ("sqrt", [only]) if only == "π" || only.chars().all(|digit| digit.is_ascii_digit()) => {
                return Part::new(format!("√{only}"), POSTFIX);
            }
            ("sqrt", [only]) => return Part::new(format!("√({only})"), POSTFIX),
            _ => {}
        }
        // An array that lacks an axis is repeated along it, so an axis of length 1 says nothing.
        let named = named.iter().filter(|(name, _)| name != "keepdims").map(|(name, value)| format!("{name} = {value}"));
        let all: Vec<String> = arguments.iter().cloned().chain(named).collect();
        Part::new(format!("{name}({})", all.join(", ")), POSTFIX)
    }

    fn transpose(&self, of: Part) -> Part {
        Part::new(format!("{}ᵀ", self.around(&of, POSTFIX)), POSTFIX)
    }

    fn sign(&self, operator: Binary) -> &'static str {
        match operator {
            Binary::Or => "or",
            Binary::And => "and",
            Binary::Equal => "=",
            Binary::NotEqual => "≠",
            Binary::Less => "<",
            Binary::LessEqual => "≤",
            Binary::Greater => ">",
            Binary::GreaterEqual => "≥",
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "·",
            Binary::Divide => "/",
            Binary::MatrixMultiply => "@",
            Binary::Power => "^",
        }
    }

    fn not(&self) -> &'static str {
        "not "
    }

    fn whole(&self, part: &Part) -> String {
        self.around(part, POSTFIX)
    }

    fn equals(&self) -> &'static str {
        "="
    }

    fn words(&self, text: &str) -> String {
        text.to_owned()
    }

    fn note(&self, text: &str) -> String {
        format!("    {text}")
    }

    fn verbatim(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// Digits as an exponent: `²`.
fn raised(digits: &str) -> Option<String> {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let one = |digit: char| RAISED.get(digit.to_digit(10)? as usize).copied();
    digits.chars().map(one).collect()
}

/// A factor behind a sign: one that begins with a minus stands in parentheses, and so does a quotient or a product.
fn behind_sign(style: &Text, part: &Part, needed: u8) -> String {
    let needed = if part.text.starts_with('-') { POWER } else { needed };
    style.around(part, needed)
}
