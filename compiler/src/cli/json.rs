//! Tensors as JSON: nested lists in row-major order, a scalar bare; numbers that JSON lacks are strings.

use crate::eval::{Tensor, Values};
use serde_json::Value;
use std::collections::BTreeSet;

/// A tensor from JSON; what is wrong with it, where it is none.
pub fn tensor(value: &Value) -> Result<Tensor, String> {
    let mut shape = Vec::new();
    let mut inside = value;
    while let Value::Array(items) = inside {
        shape.push(items.len());
        match items.first() {
            Some(first) => inside = first,
            None => break,
        }
    }
    let mut data = Vec::new();
    collect(value, &shape, &mut data)?;
    Ok(Tensor { shape, data })
}

fn collect(value: &Value, shape: &[usize], data: &mut Vec<f64>) -> Result<(), String> {
    match (value, shape) {
        (Value::Array(items), [length, rest @ ..]) if items.len() == *length => {
            items.iter().try_for_each(|item| collect(item, rest, data))
        }
        (Value::Array(items), [length, ..]) => Err(format!("a list of {length} entries is expected, found {}", items.len())),
        (Value::Array(_), []) => Err("a number is expected, found a list".into()),
        (_, [length, ..]) => Err(format!("a list of {length} entries is expected, found {value}")),
        (_, []) => {
            data.push(number(value)?);
            Ok(())
        }
    }
}

fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::Number(number) => number.as_f64().ok_or_else(|| format!("{number} is too large")),
        Value::String(text) if text == "NaN" => Ok(f64::NAN),
        Value::String(text) if text == "Infinity" => Ok(f64::INFINITY),
        Value::String(text) if text == "-Infinity" => Ok(f64::NEG_INFINITY),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(format!("a number is expected, found {value}"))
        }
    }
}

/// A tensor as JSON; what it prints is read back as the same number.
pub fn print_tensor(tensor: &Tensor) -> String {
    let mut text = String::new();
    print_axis(&tensor.shape, &tensor.data, &mut text);
    text
}

fn print_axis(shape: &[usize], data: &[f64], text: &mut String) {
    let [length, rest @ ..] = shape else {
        return text.push_str(&data.first().map_or_else(|| "[]".to_owned(), |&value| print_number(value)));
    };
    let step = rest.iter().product::<usize>();
    text.push('[');
    for place in 0..*length {
        if place > 0 {
            text.push_str(", ");
        }
        print_axis(rest, data.get(place * step..(place + 1) * step).unwrap_or_default(), text);
    }
    text.push(']');
}

fn print_number(value: f64) -> String {
    if value.is_nan() {
        "\"NaN\"".into()
    } else if value.is_infinite() {
        if value > 0.0 { "\"Infinity\"".into() } else { "\"-Infinity\"".into() }
    } else {
        // The shortest text that is read back as the same number.
        format!("{value:?}")
    }
}

/// A text as JSON.
pub fn print_text(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// Named tensors as a JSON object, a line each.
pub fn print_values(values: &Values, indent: &str) -> String {
    if values.is_empty() {
        return "{}".into();
    }
    let line = |(name, tensor): (&String, &Tensor)| format!("{indent}  {}: {}", print_text(name), print_tensor(tensor));
    let lines: Vec<String> = values.iter().map(line).collect();
    format!("{{\n{}\n{indent}}}", lines.join(",\n"))
}

/// A key that stands twice in one object of a valid text, of which a reader would see the last value alone.
pub fn repeated_key(text: &str) -> Option<&str> {
    let mut objects: Vec<BTreeSet<&str>> = Vec::new();
    let mut last = None;
    let mut letters = text.char_indices();
    while let Some((start, letter)) = letters.next() {
        match letter {
            '{' => objects.push(BTreeSet::new()),
            '}' => drop(objects.pop()),
            '"' => {
                let mut escaped = false;
                let end = letters.find(|(_, letter)| {
                    let closes = *letter == '"' && !escaped;
                    escaped = *letter == '\\' && !escaped;
                    closes
                });
                last = end.map(|(end, _)| &text[start..=end]);
            }
            // Only behind a key.
            ':' => {
                let key = last?;
                if !objects.last_mut()?.insert(key) {
                    return Some(key);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{print_tensor, tensor};

    #[test]
    fn tensors_survive_the_way_through_json() {
        for text in ["1.5", "-0.0", "[]", "[1.0, 2.0]", "[[1.0], [\"NaN\"]]", "[[0.1, 1e-300], [\"Infinity\", \"-Infinity\"]]"] {
            let value = serde_json::from_str(text).expect(text);
            assert_eq!(print_tensor(&tensor(&value).expect(text)), text);
        }
        let number = 0.1 + 0.2;
        let text = print_tensor(&crate::eval::Tensor::scalar(number));
        assert_eq!(tensor(&serde_json::from_str(&text).expect("a number")).expect("a scalar").data, [number]);
    }

    #[test]
    fn what_is_no_tensor_is_refused() {
        for text in ["[[1], [1, 2]]", "[1, [2]]", "[[1], 2]", "\"nan\"", "null", "[true]", "{}"] {
            assert!(tensor(&serde_json::from_str(text).expect(text)).is_err(), "{text}");
        }
    }
}
