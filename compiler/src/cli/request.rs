//! What `eval` is asked: the values of a JSON file, and what the flags say.

use super::json;
use crate::eval::Values;
use serde_json::Value;
use std::collections::BTreeMap;

/// The content of a file of values.
#[derive(Debug, Default)]
pub struct Request {
    /// Inputs and targets.
    pub inputs: Values,
    /// Parameters by path.
    pub parameters: Values,
    /// States by path.
    pub states: Values,
    /// Whether a training step is asked for.
    pub training: bool,
    /// For what gradients are asked; `None` stands for all parameters.
    pub wrt: Option<Vec<String>>,
}

impl Request {
    /// From the text of a file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Value::Object(entries) = value else { return Err("an object is expected".into()) };
        if let Some(key) = json::repeated_key(text) {
            return Err(format!("{key} stands twice in one object: which of its values is meant?"));
        }
        let mut request = Self::default();
        for (key, value) in &entries {
            match key.as_str() {
                "inputs" => request.inputs = tensors(key, value)?,
                "params" => request.parameters = tensors(key, value)?,
                "states" => request.states = tensors(key, value)?,
                "training" => request.training = value.as_bool().ok_or("\"training\" must be true or false")?,
                "wrt" => request.wrt = Some(names(value)?),
                _ => return Err(format!("\"{key}\" is none of inputs, params, states, training, wrt")),
            }
        }
        Ok(request)
    }
}

fn tensors(key: &str, value: &Value) -> Result<Values, String> {
    let Value::Object(entries) = value else { return Err(format!("\"{key}\" must be an object")) };
    let named = |(name, value): (&String, &Value)| {
        let tensor = json::tensor(value).map_err(|error| format!("`{name}` of \"{key}\": {error}"))?;
        Ok((name.clone(), tensor))
    };
    entries.iter().map(named).collect::<Result<BTreeMap<_, _>, String>>()
}

fn names(value: &Value) -> Result<Vec<String>, String> {
    let name = |value: &Value| value.as_str().map(str::to_owned);
    let names = value.as_array().and_then(|items| items.iter().map(name).collect());
    names.ok_or_else(|| "\"wrt\" must be a list of names".into())
}
