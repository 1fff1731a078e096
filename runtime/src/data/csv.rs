//! Tables of numbers in CSV files. Must not know which columns are inputs.

use std::fs::File;
use std::path::Path;

use ndarray::{Array1, Array2};

use crate::{Error, Result};

/// How a CSV file is written. By default its first line has the names of the columns, and commas separate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// Whether the first line has the names of the columns; without it they are called `0`, `1`, and so on.
    pub header: bool,
    /// What separates the fields.
    pub delimiter: u8,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { header: true, delimiter: b',' }
    }
}

/// The numbers of a CSV file.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The names of the columns.
    pub names: Vec<String>,
    /// The numbers, `[lines, columns]`.
    pub values: Array2<f64>,
}

impl Table {
    /// The columns of these names, `[lines, names]`.
    ///
    /// # Errors
    ///
    /// [`Error::Column`] if there is none of such a name.
    pub fn columns(&self, names: &[&str]) -> Result<Array2<f32>> {
        let indices: Vec<usize> = names.iter().map(|name| self.index(name)).collect::<Result<_>>()?;
        Ok(Array2::from_shape_fn((self.values.nrows(), indices.len()), |(line, column)| {
            self.values[(line, indices[column])] as f32
        }))
    }

    /// All columns but those of these names, `[lines, others]`.
    ///
    /// # Errors
    ///
    /// [`Error::Column`] if there is none of such a name.
    pub fn without(&self, names: &[&str]) -> Result<Array2<f32>> {
        names.iter().try_for_each(|name| self.index(name).map(drop))?;
        let others: Vec<&str> = self.names.iter().map(String::as_str).filter(|name| !names.contains(name)).collect();
        self.columns(&others)
    }

    /// The column of that name as integers, `[lines]`.
    ///
    /// # Errors
    ///
    /// [`Error::Column`] if there is none of that name, or one of its numbers is not an integer of 32 bits.
    pub fn integers(&self, name: &str) -> Result<Array1<i32>> {
        let column = self.values.column(self.index(name)?);
        let integer = |(line, &value): (usize, &f64)| {
            let rounded = value as i32;
            if f64::from(rounded) == value {
                Ok(rounded)
            } else {
                Err(Error::column(name, format!("{value} in data line {} is not an integer of 32 bits", line + 1)))
            }
        };
        column.iter().enumerate().map(integer).collect()
    }

    fn index(&self, name: &str) -> Result<usize> {
        let found = self.names.iter().position(|known| known == name);
        found.ok_or_else(|| Error::column(name, format!("there is none; the table has {}", self.names.join(", "))))
    }
}

/// Reads a table of numbers.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read; [`Error::Format`], with the line and the column, if a field is not a number or a
/// line is shorter or longer than the first one.
///
/// ```no_run
/// use chainrule::prelude::*;
///
/// let table = data::csv("iris.csv", CsvOptions::default())?;
/// let iris = Dataset::new(table.without(&["species"])?, table.integers("species")?)?;
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn csv(path: impl AsRef<Path>, options: CsvOptions) -> Result<Table> {
    let path = path.as_ref();
    let file = File::open(path).map_err(Error::read(path))?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(options.header).delimiter(options.delimiter).trim(csv::Trim::All).from_reader(file);
    let first = reader.headers().map_err(|error| misread(path, error))?;
    let names: Vec<String> = if options.header {
        first.iter().map(str::to_owned).collect()
    } else {
        (0..first.len()).map(|column| column.to_string()).collect()
    };
    let mut values = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| misread(path, error))? {
        let line = record.position().map(csv::Position::line);
        for (name, field) in names.iter().zip(&record) {
            let number: f64 = field.parse().map_err(|_| Error::Format {
                path: path.to_owned(),
                line,
                message: format!("column `{name}`: `{field}` is not a number"),
            })?;
            values.push(number);
        }
    }
    let lines = values.len().checked_div(names.len()).unwrap_or(0);
    let values = Array2::from_shape_vec((lines, names.len()), values).map_err(|error| Error::format(path, error.to_string()))?;
    Ok(Table { names, values })
}

fn misread(path: &Path, error: csv::Error) -> Error {
    let line = error.position().map(csv::Position::line);
    let message = if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        format!("{len} fields, but the first line has {expected_len}")
    } else {
        error.to_string()
    };
    if let csv::ErrorKind::Io(source) = error.into_kind() {
        Error::read(path)(source)
    } else {
        Error::Format { path: path.to_owned(), line, message }
    }
}
