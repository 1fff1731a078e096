//! What of a product lies on one side of a diagonal: the terms or columns beyond are 0, or nobody asks for what they give. It must not know why.

use super::block::Part;

/// Terms or columns that a product may leave out. It is a permission, not a duty: what is left out is a whole number of tiles and of terms of
/// tiles, and results within the edge are the same wherever what it leaves out is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Between which axes the diagonal lies.
    pair: Pair,
    /// Which places of the second axis count, beside each of the first.
    beside: Beside,
}

/// Two axes of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pair {
    /// For each row of A some of the terms: the others are 0 in A.
    RowTerm,
    /// For each column of B some of the terms: the others are 0 in B.
    ColumnTerm,
    /// For each row of C some of the columns: the others are not written, or have any numbers.
    RowColumn,
}

/// Some of the places of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    /// Those up to this many behind.
    UpTo(isize),
    /// Those from this many behind on.
    From(isize),
}

impl Beside {
    /// The places within `own` that count beside any of `others`, relative to the start of `own`.
    #[inline(always)]
    fn within(self, own: Part, others: Part) -> Part {
        let [first, behind] = [others.start, others.start + others.length].map(usize::cast_signed);
        let to_place = |place: isize| place.saturating_sub_unsigned(own.start).clamp(0, own.length.cast_signed()).cast_unsigned();
        let (start, end) = match self {
            Self::UpTo(offset) => (0, to_place(behind.saturating_add(offset))),
            Self::From(offset) => (to_place(first.saturating_add(offset)), own.length),
        };
        Part { start, length: end.saturating_sub(start) }
    }
}

macro_rules! edges {
    ($($(#[$doc:meta])* $name:ident: $pair:ident, $beside:ident;)*) => {
        impl Edge {
            $(
                $(#[$doc])*
                pub fn $name(offset: isize) -> Self {
                    Self { pair: Pair::$pair, beside: Beside::$beside(offset) }
                }
            )*
        }
    };
}

edges! {
    /// Row i of A is 0 behind i + `offset`.
    row_terms_up_to: RowTerm, UpTo;
    /// Row i of A is 0 before i + `offset`.
    row_terms_from: RowTerm, From;
    /// Column j of B is 0 behind j + `offset`.
    column_terms_up_to: ColumnTerm, UpTo;
    /// Column j of B is 0 before j + `offset`.
    column_terms_from: ColumnTerm, From;
    /// Nobody reads row i of C behind i + `offset`.
    row_columns_up_to: RowColumn, UpTo;
    /// Nobody reads row i of C before i + `offset`.
    row_columns_from: RowColumn, From;
}

impl Edge {
    /// The same for Cᵀ = Bᵀ·Aᵀ.
    pub(super) fn transposed(self) -> Self {
        match (self.pair, self.beside) {
            (Pair::RowTerm, beside) => Self { pair: Pair::ColumnTerm, beside },
            (Pair::ColumnTerm, beside) => Self { pair: Pair::RowTerm, beside },
            (Pair::RowColumn, Beside::UpTo(offset)) => Self { beside: Beside::From(-offset), ..self },
            (Pair::RowColumn, Beside::From(offset)) => Self { beside: Beside::UpTo(-offset), ..self },
        }
    }

    /// The terms within `terms` that a tile of these rows and columns needs, relative to their start; `None` if nobody asks for the tile.
    #[inline(always)]
    pub(super) fn terms(self, rows: Part, columns: Part, terms: Part) -> Option<Part> {
        match self.pair {
            Pair::RowTerm => Some(self.beside.within(terms, rows)),
            Pair::ColumnTerm => Some(self.beside.within(terms, columns)),
            Pair::RowColumn if self.beside.within(columns, rows).length == 0 => None,
            Pair::RowColumn => Some(Part { start: 0, length: terms.length }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Product, Strides, multiply, multiply_within, packing_len};
    use super::*;
    use crate::kernels::{Float, Level};

    impl Edge {
        /// Whether a place of the second axis counts beside one of the first.
        fn counts(self, first: usize, second: usize) -> bool {
            match self.beside {
                Beside::UpTo(offset) => second.cast_signed() <= first.cast_signed() + offset,
                Beside::From(offset) => second.cast_signed() >= first.cast_signed() + offset,
            }
        }
    }

    /// A product within an edge against the whole one, with zeros beyond it: the same numbers.
    fn check<S: Float>(level: Level, [m, n, k]: [usize; 3], edge: Edge, turned: [bool; 3]) {
        let strides = |rows: usize, columns: usize, turned: bool| match turned {
            false => Strides { row: columns, column: 1 },
            true => Strides { row: 1, column: rows },
        };
        let (a, b, c) = (strides(m, k, turned[0]), strides(k, n, turned[1]), strides(m, n, turned[2]));
        let product = Product { m, n, k, a, b, c, accumulate: false };
        let matrix = |rows: usize, columns: usize, strides: Strides, is_there: &dyn Fn(usize, usize) -> bool| {
            let mut numbers = vec![S::ZERO; rows * columns];
            for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).filter(|&(i, j)| is_there(i, j)) {
                numbers[i * strides.row + j * strides.column] = S::from_f64(((i * 31 + j * 17) % 23) as f64 / 7.0 - 1.5);
            }
            numbers
        };
        let left = matrix(m, k, a, &|row, term| edge.pair != Pair::RowTerm || edge.counts(row, term));
        let right = matrix(k, n, b, &|term, column| edge.pair != Pair::ColumnTerm || edge.counts(column, term));
        let mut packing = vec![S::NAN; packing_len(m, n, k)];
        let (mut whole, mut within) = (vec![S::NAN; m * n], vec![S::NAN; m * n]);
        multiply(level, &product, &left, &right, &mut whole, &mut packing);
        multiply_within(level, &product, edge, &left, &right, &mut within, &mut packing);
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let (expected, found) = (whole[i * c.row + j * c.column], within[i * c.row + j * c.column]);
            let is_asked = edge.pair != Pair::RowColumn || edge.counts(i, j);
            assert!(!is_asked || found == expected, "{level:?} {product:?} {edge:?} at {i}, {j}: {found} is not {expected}");
        }
    }

    #[test]
    fn nothing_is_missing_within_an_edge() {
        let sizes = [[64, 64, 16], [64, 16, 64], [29, 33, 61], [5, 80, 40], [20, 18, 300], [1, 9, 80], [70, 1, 40]];
        let pairs = [Pair::RowTerm, Pair::ColumnTerm, Pair::RowColumn];
        let turns = [[false; 3], [true, false, false], [false, true, false], [true, true, true]];
        let offsets = [-20, 0, 7];
        for level in Level::available() {
            for (number, size) in sizes.iter().flat_map(|size| (0..12).map(move |number| (number, size))) {
                let (pair, turned) = (pairs[number % 3], &turns[number / 3]);
                for beside in offsets.into_iter().flat_map(|offset| [Beside::UpTo(offset), Beside::From(offset)]) {
                    check::<f32>(*level, *size, Edge { pair, beside }, *turned);
                    check::<f64>(*level, *size, Edge { pair, beside }, *turned);
                }
            }
        }
    }

    #[test]
    fn what_counts_is_what_a_loop_finds() {
        for (own, others) in [((0, 7), (0, 3)), ((2, 5), (3, 4)), ((10, 4), (0, 3)), ((0, 4), (9, 2))] {
            let [own, others] = [own, others].map(|(start, length)| Part { start, length });
            for offset in -6..=6 {
                for beside in [Beside::UpTo(offset), Beside::From(offset)] {
                    let found = beside.within(own, others);
                    let counts = |place: usize| {
                        (others.start..others.start + others.length).any(|other| match beside {
                            Beside::UpTo(_) => place.cast_signed() <= other.cast_signed() + offset,
                            Beside::From(_) => place.cast_signed() >= other.cast_signed() + offset,
                        })
                    };
                    let expected: Vec<usize> = (own.start..own.start + own.length).filter(|&place| counts(place)).collect();
                    let places: Vec<usize> = (0..found.length).map(|at| own.start + found.start + at).collect();
                    assert_eq!(places, expected, "{beside:?} of {}.. beside {}..", own.start, others.start);
                }
            }
        }
    }
}
