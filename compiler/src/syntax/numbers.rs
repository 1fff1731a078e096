//! How numbers are written: what Rust's tokenizer accepts, without suffixes.
//!
//! It must know nothing of the other tokens.

use super::token::TokenKind;

/// A number that was read.
pub(super) struct Number {
    /// Its token.
    pub kind: TokenKind,
    /// How many bytes it takes.
    pub length: usize,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Reads the number at the beginning of a text that begins with a digit.
pub(super) fn number(text: &str) -> Number {
    let bytes = text.as_bytes();
    let base = match bytes.get(..2) {
        Some(b"0x") => 16,
        Some(b"0o") => 8,
        Some(b"0b") => 2,
        _ => 10,
    };
    if base == 10 {
        decimal(text)
    } else {
        with_suffix(text, 2 + digits(&bytes[2..], true), |digits| integer(&digits[2..], base))
    }
}

fn decimal(text: &str) -> Number {
    let bytes = text.as_bytes();
    let mut length = digits(bytes, false);
    let mut float = false;
    if bytes.get(length) == Some(&b'.') && point(&text[length + 1..]) {
        float = true;
        length += 1 + digits(&bytes[length + 1..], false);
    }
    let exponent = exponent(&bytes[length..]);
    length += exponent;
    if float || exponent > 0 { with_suffix(text, length, real) } else { with_suffix(text, length, |digits| integer(digits, 10)) }
}

/// Whether a point before this text belongs to the number: not in `0..3`, `1.T` or `1._x`.
fn point(after: &str) -> bool {
    !after.starts_with(|next: char| next == '.' || next == '_' || next.is_alphabetic())
}

/// How many bytes are digits (and `_`).
fn digits(bytes: &[u8], letters: bool) -> usize {
    let digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'_' || (letters && byte.is_ascii_hexdigit());
    bytes.iter().position(|byte| !digit(byte)).unwrap_or(bytes.len())
}

/// How many bytes are an exponent.
fn exponent(bytes: &[u8]) -> usize {
    if !matches!(bytes.first(), Some(b'e' | b'E')) {
        return 0;
    }
    let sign = usize::from(matches!(bytes.get(1), Some(b'+' | b'-')));
    let length = digits(&bytes[1 + sign..], false);
    let any = bytes[1 + sign..1 + sign + length].iter().any(u8::is_ascii_digit);
    if any { 1 + sign + length } else { 0 }
}

/// A number of which the first `length` bytes are read by `read`; letters that follow directly are a mistake.
fn with_suffix(text: &str, length: usize, read: impl Fn(&str) -> (TokenKind, Option<String>)) -> Number {
    let rest = &text[length..];
    let suffix = rest.find(|next: char| !(next.is_alphanumeric() || next == '_')).unwrap_or(rest.len());
    let (kind, problem) = read(&text[..length]);
    let attached = || {
        let shown: String = rest[..suffix].chars().take(20).collect();
        format!("a number cannot be followed directly by `{shown}`")
    };
    Number { kind, length: length + suffix, problem: problem.or_else(|| (suffix > 0).then(attached)) }
}

fn integer(digits: &str, base: u32) -> (TokenKind, Option<String>) {
    let mut value: u64 = 0;
    let mut problem = (!digits.bytes().any(|byte| byte.is_ascii_alphanumeric())).then(|| "a number without digits".to_string());
    for digit in digits.chars().filter(|digit| *digit != '_') {
        let Some(digit) = digit.to_digit(base) else {
            problem.get_or_insert_with(|| format!("`{digit}` is not a digit of a number to the base {base}"));
            break;
        };
        let next = value.checked_mul(u64::from(base)).and_then(|value| value.checked_add(u64::from(digit)));
        let Some(next) = next else {
            problem.get_or_insert_with(|| "the number is too large for 64 bits".to_string());
            break;
        };
        value = next;
    }
    (TokenKind::Integer(if problem.is_some() { 0 } else { value }), problem)
}

fn real(digits: &str) -> (TokenKind, Option<String>) {
    let plain: String = digits.chars().filter(|digit| *digit != '_').collect();
    let value: f64 = plain.parse().unwrap_or(f64::NAN);
    let mantissa = plain.split(['e', 'E']).next().unwrap_or_default();
    if !value.is_finite() {
        return (TokenKind::Float(0.0), Some("the number is too large for a 64-bit float".to_string()));
    }
    let vanished = value == 0.0 && mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    (TokenKind::Float(value), vanished.then(|| "the number is too small for a 64-bit float: it would be 0".to_string()))
}
