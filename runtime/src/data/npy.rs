//! NumPy's files: one array (`.npy`), or several with names in an archive (`.npz`). Must not know what they are for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};

use super::Column;
use super::bytes::{Kind, Layout};
use crate::{Error, Result};

/// More than any header that NumPy writes.
const LONGEST_HEADER: usize = 1 << 16;

/// Reads an array that NumPy's `save` wrote: floats of 32 or 64 bits become reals, integers and truth values become integers
/// (which must fit into 32 bits), in either byte order and either memory order.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read, [`Error::Format`] if it is none of NumPy's, holds elements of another type, or more
/// or fewer of them than it says.
pub fn npy(path: impl AsRef<Path>) -> Result<Column> {
    let path = path.as_ref();
    parse(path, &mut BufReader::new(File::open(path).map_err(Error::read(path))?))
}

/// Reads the arrays that NumPy's `savez` or `savez_compressed` wrote, by name.
///
/// # Errors
///
/// As [`npy`]; the message names the array.
///
/// ```no_run
/// use chainrule::prelude::*;
///
/// let arrays = data::npz("mnist.npz")?;
/// let train = Dataset::new(arrays["x_train"].to_real() / 255.0, arrays["y_train"].clone())?;
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn npz(path: impl AsRef<Path>) -> Result<BTreeMap<String, Column>> {
    let path = path.as_ref();
    let file = File::open(path).map_err(Error::read(path))?;
    let broken = |error: rawzip::Error| Error::format(path, format!("not an archive of NumPy: {error}"));
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_file(file, &mut buffer).map_err(broken)?;
    let mut entries = archive.entries(&mut buffer);
    let mut arrays = BTreeMap::new();
    while let Some(entry) = entries.next_entry().map_err(broken)? {
        let name = String::from_utf8_lossy(entry.file_path().as_bytes()).trim_end_matches(".npy").to_owned();
        let place = path.join(&name);
        let method = entry.compression_method();
        let packed = archive.get_entry(entry.wayfinder()).map_err(broken)?;
        let column = match method {
            CompressionMethod::STORE => parse(&place, &mut packed.verifying_reader(BufReader::new(packed.reader())))?,
            CompressionMethod::DEFLATE => parse(&place, &mut packed.verifying_reader(DeflateDecoder::new(packed.reader())))?,
            other => {
                let known = "arrays that are stored as they are or by DEFLATE can be read, as NumPy writes them";
                return Err(Error::format(&place, format!("compressed by method {}: {known}", other.as_u16())));
            }
        };
        arrays.insert(name, column);
    }
    Ok(arrays)
}

pub(super) fn parse(path: &Path, reader: &mut dyn Read) -> Result<Column> {
    let start: [u8; 8] = take(path, reader)?;
    let [b'\x93', b'N', b'U', b'M', b'P', b'Y', version, _] = start else {
        return Err(Error::format(path, "not an array of NumPy: it does not start with `\\x93NUMPY`"));
    };
    let length = match version {
        1 => usize::from(u16::from_le_bytes(take(path, reader)?)),
        2 | 3 => u32::from_le_bytes(take(path, reader)?) as usize,
        _ => return Err(Error::format(path, format!("version {version} of NumPy's format is not known; 1 to 3 are"))),
    };
    if length > LONGEST_HEADER {
        return Err(Error::format(path, format!("a header of {length} bytes; at most {LONGEST_HEADER} are read")));
    }
    let mut header = vec![0; length];
    reader.read_exact(&mut header).map_err(|error| cut_short(path, error))?;
    let header = String::from_utf8_lossy(&header);
    layout(path, &header)?.read(path, reader)
}

fn take<const N: usize>(path: &Path, reader: &mut dyn Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(|error| cut_short(path, error))?;
    Ok(bytes)
}

fn cut_short(path: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        Error::format(path, "not an array of NumPy: it ends within its header")
    } else {
        Error::read(path)(error)
    }
}

/// The layout in a header such as `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
fn layout(path: &Path, header: &str) -> Result<Layout> {
    let lacks = |key: &str| Error::format(path, format!("the header `{}` has no readable `{key}`", header.trim()));
    let descr = value(header, "descr").and_then(quoted).ok_or_else(|| lacks("descr"))?;
    let (big_endian, kind) = element(descr).ok_or_else(|| {
        let known = "floats of 32 or 64 bits, integers and truth values can be read; convert it with `.astype('float32')`";
        Error::format(path, format!("elements of type `{descr}`: {known}"))
    })?;
    let order = value(header, "fortran_order").ok_or_else(|| lacks("fortran_order"))?;
    let column_major = match (order.starts_with("True"), order.starts_with("False")) {
        (true, false) => true,
        (false, true) => false,
        (true, true) | (false, false) => return Err(lacks("fortran_order")),
    };
    let shape = value(header, "shape").and_then(tuple).ok_or_else(|| lacks("shape"))?;
    Ok(Layout { kind, big_endian, column_major, shape })
}

/// What follows a key.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let after = quoted.iter().find_map(|quoted| header.split_once(quoted.as_str())).map(|(_, after)| after)?;
    after.trim_start().strip_prefix(':').map(str::trim_start)
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    text[1..].split_once(quote).map(|(inside, _)| inside)
}

fn tuple(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    inside.split(',').map(str::trim).filter(|number| !number.is_empty()).map(|number| number.parse().ok()).collect()
}

/// `<f4`: byte order, kind, and bytes.
fn element(descr: &str) -> Option<(bool, Kind)> {
    let (order, kind) = descr.split_at_checked(1)?;
    let kind = match kind {
        "b1" | "u1" => Kind::U8,
        "i1" => Kind::I8,
        "u2" => Kind::U16,
        "i2" => Kind::I16,
        "u4" => Kind::U32,
        "i4" => Kind::I32,
        "u8" => Kind::U64,
        "i8" => Kind::I64,
        "f4" => Kind::F32,
        "f8" => Kind::F64,
        _ => return None,
    };
    match order {
        "<" | "|" => Some((false, kind)),
        ">" => Some((true, kind)),
        "=" => Some((cfg!(target_endian = "big"), kind)),
        _ => None,
    }
}
