//! The digits that come with the crate. Must not know how a CSV file is written beyond integers and commas.

use std::io::Read;
use std::path::Path;

use ndarray::{Array1, Array2};

use super::{Dataset, one_hot};
use crate::{Error, Result};

const FILE: &[u8] = include_bytes!("../../data/digits.csv.gz");
const PIXELS: usize = 64;

/// The 1,797 handwritten digits of the UCI Machine Learning Repository's "Optical Recognition of Handwritten Digits" (E. Alpaydin
/// and C. Kaynak, 1998, CC BY 4.0), which are part of this crate.
///
/// Columns: `x`, `[1797, 64]`, 8 by 8 pixels row by row, from 0 (white) to 1 (black); `t`, `[1797, 10]`, 1 for the digit and 0
/// elsewhere; `label`, `[1797]`, the digit as an integer.
///
/// # Errors
///
/// None, as long as the file inside of the crate is whole.
///
/// ```
/// let digits = chainrule::data::digits()?;
/// assert_eq!(digits.len(), 1797);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn digits() -> Result<Dataset> {
    let path = Path::new("digits.csv.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(FILE).read_to_string(&mut text).map_err(Error::read(path))?;
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for line in text.lines() {
        for (column, field) in line.split(',').enumerate() {
            let number: u8 = field.parse().map_err(|_| Error::format(path, format!("`{field}` is no pixel")))?;
            if column == PIXELS {
                labels.push(i32::from(number));
            } else {
                pixels.push(f32::from(number) / 16.0);
            }
        }
    }
    let x = Array2::from_shape_vec((labels.len(), PIXELS), pixels).map_err(|error| Error::format(path, error.to_string()))?;
    let labels = Array1::from(labels);
    Dataset::new(x, one_hot(labels.view(), 10)?)?.with("label", labels)
}
