//! IDX files, as MNIST and its relatives come in. Must not know what the images show.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::Column;
use super::bytes::{Kind, Layout};
use crate::{Error, Result};

/// Reads an IDX file, also one that is compressed with gzip (`train-images-idx3-ubyte.gz`).
///
/// Bytes with two or more axes are images and come as reals from 0 to 255, `[images, height, width]`; everything else comes as
/// it is, so labels are integers, `[images]`.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read, [`Error::Format`] if it is no IDX file or has more or fewer elements than it says.
///
/// ```no_run
/// use chainrule::prelude::*;
///
/// let images = data::idx("train-images-idx3-ubyte.gz")?.to_real() / 255.0;
/// let labels = data::idx("train-labels-idx1-ubyte.gz")?;
/// let train = Dataset::new(images, labels)?;
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn idx(path: impl AsRef<Path>) -> Result<Column> {
    let path = path.as_ref();
    let mut file = BufReader::new(File::open(path).map_err(Error::read(path))?);
    let zipped = file.fill_buf().map_err(Error::read(path))?.starts_with(&[0x1f, 0x8b]);
    if zipped { parse(path, &mut flate2::bufread::MultiGzDecoder::new(file)) } else { parse(path, &mut file) }
}

pub(super) fn parse(path: &Path, reader: &mut dyn Read) -> Result<Column> {
    let [first, second, code, rank] = word(path, reader)?;
    if (first, second) != (0, 0) {
        return Err(Error::format(
            path,
            format!("not an IDX file: it starts with {first:#04x} {second:#04x}, not with two zeros"),
        ));
    }
    let kind = match code {
        0x08 => Kind::U8,
        0x09 => Kind::I8,
        0x0b => Kind::I16,
        0x0c => Kind::I32,
        0x0d => Kind::F32,
        0x0e => Kind::F64,
        _ => return Err(Error::format(path, format!("not an IDX file: there is no element type {code:#04x}"))),
    };
    let mut shape = Vec::new();
    for _ in 0..rank {
        shape.push(u32::from_be_bytes(word(path, reader)?) as usize);
    }
    let images = kind == Kind::U8 && rank >= 2;
    let column = Layout { kind, big_endian: true, column_major: false, shape }.read(path, reader)?;
    Ok(if images { Column::Real(column.to_real()) } else { column })
}

fn word(path: &Path, reader: &mut dyn Read) -> Result<[u8; 4]> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes).map_err(|error| {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            Error::format(path, "not an IDX file: it ends within its header")
        } else {
            Error::read(path)(error)
        }
    })?;
    Ok(bytes)
}
