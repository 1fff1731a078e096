//! Reads a program and what it imports from files, and elaborates it.

use super::report::Report;
use super::{Failure, Streams};
use crate::diagnostic::Diagnostics;
use crate::elaborate::{Options, elaborate};
use crate::files::{self, Files};
use crate::ir;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which network a command is about.
#[derive(Debug, clap::Args)]
pub struct Choice {
    /// The file with the program.
    pub file: PathBuf,
    /// The network of the file, where there are several.
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,
    /// The value of a hyperparameter; may be given for several.
    #[arg(long, value_name = "NAME=NUMBER", value_parser = setting)]
    pub set: Vec<(String, f64)>,
}

/// `hidden=256`, `rate=0.5`, `deep=true`
fn setting(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("a hyperparameter is set as `name=number`")?;
    let number = match value {
        "true" => Some(1.0),
        "false" => Some(0.0),
        _ => value.parse::<f64>().ok().filter(|number| number.is_finite()),
    };
    let number =
        number.ok_or_else(|| format!("the value of a hyperparameter is a number, `true` or `false`, found `{value}`"))?;
    Ok((name.to_owned(), number))
}

impl Choice {
    fn hyperparameters(&self) -> Result<BTreeMap<String, f64>, Failure> {
        let mut values = BTreeMap::new();
        for (name, value) in &self.set {
            if values.insert(name.clone(), *value).is_some() {
                return Err(Failure::Call(format!("the hyperparameter `{name}` is set twice")));
            }
        }
        Ok(values)
    }
}

/// A network, elaborated, with warnings and the texts that they speak of.
pub struct Loaded {
    /// The network.
    pub program: ir::Program,
    /// What was found on the way.
    pub report: Report,
}

impl Loaded {
    /// The network of the call, for training or for inference.
    pub fn read(call: &Choice, training: bool) -> Result<Self, Failure> {
        let hyperparameters = call.hyperparameters()?;
        let bytes = files::read(&call.file).map_err(|error| Failure::Call(format!("{}: {error}", call.file.display())))?;
        let mut diagnostics = Diagnostics::new();
        let mut files = Files::default();
        let file = files.parse(&call.file, &bytes, &mut diagnostics);
        let options = Options { network: call.network.clone(), training, hyperparameters, ..Options::default() };
        let program = elaborate(&file, &options, &mut files, &mut diagnostics).filter(|_| !diagnostics.has_errors());
        let report = Report { diagnostics, sources: files.sources };
        match program {
            Some(program) => Ok(Self { program, report }),
            None => Err(Failure::Program(Box::new(report))),
        }
    }

    /// Shows warnings to people.
    pub fn show_warnings(&self, streams: &mut Streams) {
        streams.complain(&self.report.text());
    }
}
