//! How much memory generated code takes: the length of a buffer in bytes, and the elements that a matrix product needs for copies of
//! its operands. The compiler says it, the runtime allocates it.

use core::fmt::{Display, Formatter, Result};

/// The bytes of a cache line, which is also the widest vector: buffers begin and end with one.
pub const LINE: usize = 64;

/// The bytes of a buffer of `length` elements of `element` bytes each: whole cache lines. `None` where they are more than a machine
/// can count.
pub fn buffer_bytes(length: usize, element: usize) -> Option<usize> {
    length.checked_mul(element)?.checked_next_multiple_of(LINE)
}

/// The most bytes of a block along k: with it a panel of B stays in the first cache.
pub const DEPTH_BYTES: usize = 1536;
/// The most rows of A that are packed at once: with it a block of A stays in the second cache.
pub const ROWS: usize = 336;
/// The most elements of B that are packed at once, if one panel is not more.
pub const PANELS: usize = 16 * 1024;
/// The most columns of a panel of B, of all machines.
pub const COLUMNS: usize = 32;
/// The most terms of a sum of a contraction that are packed at once.
pub const CONTRACTION_DEPTH: usize = DEPTH_BYTES / size_of::<f32>();
/// Up to this many columns of C, A is not read often enough to be packed.
pub const DIRECT_A_COLUMNS: usize = 64;

/// Whether a product of an m×k matrix with a k×n matrix has so few multiplications that plain loops are the quickest way: it packs
/// nothing.
pub fn is_small(m: usize, n: usize, k: usize) -> bool {
    m.saturating_mul(n).saturating_mul(k) <= 48
}

/// The elements for packing that products up to this size need, whatever their strides and the machine are. It does not shrink
/// when a size grows.
pub fn packing_len(m: usize, n: usize, k: usize) -> usize {
    if is_small(m, n, k) { 0 } else { oriented(m, n, k).max(oriented(n, m, k)) }
}

/// The same for a product that is not turned.
fn oriented(m: usize, n: usize, k: usize) -> usize {
    let depth = k.min(DEPTH_BYTES / size_of::<f32>());
    let panels = depth.saturating_mul(n.next_multiple_of(COLUMNS)).min(PANELS.max(depth * COLUMNS));
    let packed_rows = if n <= DIRECT_A_COLUMNS { 0 } else { m.min(ROWS) };
    panels + depth * packed_rows
}

/// The elements for packing that a contraction of so many rows and terms needs, whatever its columns are. It does not shrink when a
/// size grows.
pub fn contraction_packing_len(m: usize, k: usize) -> usize {
    k.min(CONTRACTION_DEPTH) * (COLUMNS + m.min(ROWS))
}

/// A number of bytes as people read it: `37.5 KiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub usize);

impl Display for Bytes {
    #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        const UNITS: [(u32, &str); 4] = [(10, "KiB"), (20, "MiB"), (30, "GiB"), (40, "TiB")];
        match UNITS.into_iter().rev().find(|(power, _)| self.0 >> power > 0) {
            None => write!(formatter, "{} bytes", self.0),
            Some((power, unit)) => {
                let number = self.0 as f64 / (1u64 << power) as f64;
                write!(formatter, "{number:.*} {unit}", usize::from(number < 100.0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, LINE, buffer_bytes};

    #[test]
    fn buffers_are_whole_cache_lines() {
        assert_eq!([0, 1, 16, 17].map(|length| buffer_bytes(length, 4)), [0, LINE, LINE, 2 * LINE].map(Some));
        assert_eq!([usize::MAX, usize::MAX / 8].map(|length| buffer_bytes(length, 8)), [None, None]);
    }

    #[test]
    fn bytes_are_shown_for_people() {
        let shown = [12, 1023, 38_440, 236_544, 5 << 20, 3 << 30].map(|number| Bytes(number).to_string());
        assert_eq!(shown, ["12 bytes", "1023 bytes", "37.5 KiB", "231 KiB", "5.0 MiB", "3.0 GiB"]);
    }
}
