//! Bytes of files as numbers, without trust in what a header says. Must not know the formats.

use std::io::Read;
use std::path::Path;

use ndarray::{ArrayD, IxDyn};

use super::Column;
use crate::{Error, Result};

/// As many axes as an array in a file may have.
const MAX_RANK: usize = 16;

/// What the elements in a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `bool` or `u8`
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl Kind {
    /// The bytes of one element.
    pub(super) fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

/// The elements that follow a header: their number, shape and order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) kind: Kind,
    pub(super) big_endian: bool,
    /// First axis fastest.
    pub(super) column_major: bool,
    pub(super) shape: Vec<usize>,
}

impl Layout {
    /// Reads exactly the elements that the layout has. The memory grows with what is there, not with what the header promises.
    pub(super) fn read(&self, path: &Path, reader: &mut dyn Read) -> Result<Column> {
        if self.shape.len() > MAX_RANK {
            return Err(Error::format(path, format!("an array of {} axes; at most {MAX_RANK} are possible", self.shape.len())));
        }
        let count = self.shape.iter().try_fold(1usize, |count, &length| count.checked_mul(length));
        let Some(length) =
            count.and_then(|count| count.checked_mul(self.kind.size())).filter(|&bytes| bytes < isize::MAX as usize)
        else {
            return Err(Error::format(path, format!("the shape {:?} is larger than memory", self.shape)));
        };
        let mut bytes = Vec::new();
        reader.take(length as u64 + 1).read_to_end(&mut bytes).map_err(Error::read(path))?;
        if bytes.len() != length {
            let found = if bytes.len() > length { "more".to_owned() } else { bytes.len().to_string() };
            let message =
                format!("the header promises {length} bytes of elements, shape {:?}, but there are {found}", self.shape);
            return Err(Error::format(path, message));
        }
        self.decode(path, &bytes)
    }

    fn decode(&self, path: &Path, bytes: &[u8]) -> Result<Column> {
        let elements = bytes.chunks_exact(self.kind.size()).map(|bytes| self.word(bytes));
        match self.kind {
            Kind::F32 => self.shaped(path, elements.map(|word| f32::from_bits(word as u32)).collect()).map(Column::Real),
            Kind::F64 => self.shaped(path, elements.map(|word| f64::from_bits(word) as f32).collect()).map(Column::Real),
            Kind::U8 | Kind::I8 | Kind::U16 | Kind::I16 | Kind::U32 | Kind::I32 | Kind::U64 | Kind::I64 => {
                let integers: Result<Vec<i32>> = elements.map(|word| self.integer(path, word)).collect();
                self.shaped(path, integers?).map(Column::Integer)
            }
        }
    }

    /// The bits of an element.
    fn word(&self, bytes: &[u8]) -> u64 {
        let join = |word: u64, byte: &u8| (word << 8) | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    fn integer(&self, path: &Path, word: u64) -> Result<i32> {
        let value = match self.kind {
            Kind::I8 => i64::from(word as u8 as i8),
            Kind::I16 => i64::from(word as u16 as i16),
            Kind::I32 => i64::from(word as u32 as i32),
            Kind::I64 => word as i64,
            Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 | Kind::F32 | Kind::F64 => i64::try_from(word).unwrap_or(i64::MAX),
        };
        i32::try_from(value).map_err(|_| Error::format(path, format!("the integer {value} does not fit into 32 bits")))
    }

    fn shaped<S: Clone>(&self, path: &Path, elements: Vec<S>) -> Result<ArrayD<S>> {
        let misfit = |error: ndarray::ShapeError| Error::format(path, error.to_string());
        if !self.column_major {
            return ArrayD::from_shape_vec(IxDyn(&self.shape), elements).map_err(misfit);
        }
        let reversed: Vec<usize> = self.shape.iter().rev().copied().collect();
        let array = ArrayD::from_shape_vec(IxDyn(&reversed), elements).map_err(misfit)?;
        Ok(array.reversed_axes().as_standard_layout().into_owned())
    }
}
