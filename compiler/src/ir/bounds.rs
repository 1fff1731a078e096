//! What the ranges of labels tell about index forms: their bounds, and quotients and remainders that vanish.

use super::expression::{ExpressionId, Node};
use super::extent::Extent;
use super::index::{Atom, Index, Label};
use super::program::{Element, Program, TensorId};

/// The smallest and the largest value that an index form takes, as far as they can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The smallest value.
    pub lowest: Extent,
    /// The largest value.
    pub highest: Extent,
}

/// The range of an index form, where label `l` runs over `0..extents[l]`; `None` where the sign of a coefficient is unknown.
pub fn range(program: &Program, index: &Index, extents: &[Extent]) -> Option<Range> {
    let mut range = Range { lowest: index.constant_part().clone(), highest: index.constant_part().clone() };
    for (atom, coefficient) in index.terms() {
        let part = atom_range(program, atom, extents)?;
        let (low, high) = (part.lowest.times(coefficient), part.highest.times(coefficient));
        let (low, high) = if program.domain().is_at_least(coefficient, 0) {
            (low, high)
        } else if program.domain().is_at_most(coefficient, 0) {
            (high, low)
        } else {
            return None;
        };
        range = Range { lowest: range.lowest.plus(&low), highest: range.highest.plus(&high) };
    }
    Some(range)
}

fn atom_range(program: &Program, atom: &Atom, extents: &[Extent]) -> Option<Range> {
    let upto = |end: &Extent| Range { lowest: Extent::zero(), highest: end.plus_constant(-1) };
    match atom {
        Atom::Label(Label(number)) => extents.get(*number as usize).map(upto),
        Atom::Remainder(_, by) => Some(upto(by)),
        Atom::Quotient(form, by) => {
            let inner = range(program, form, extents)?;
            let floor = |end: &Extent| Index::constant(end.clone()).quotient(by).as_extent().cloned();
            match (floor(&inner.lowest), floor(&inner.highest)) {
                (Some(lowest), Some(highest)) => Some(Range { lowest, highest }),
                // (n·by - 1) / by is n - 1 whatever `by` is.
                (Some(lowest), None) => {
                    let end = inner.highest.plus_constant(1).divided_exactly(by)?;
                    Some(Range { lowest, highest: end.plus_constant(-1) })
                }
                (None, _) => None,
            }
        }
        Atom::Element(tensor, _) => match &program.tensor(*tensor).element {
            Element::Integer { from, to } => Some(Range { lowest: from.clone(), highest: to.plus_constant(-1) }),
            Element::Real => None,
        },
    }
}

/// Whether an index form is proved to stay inside of `0..extent`.
pub fn is_inside(program: &Program, index: &Index, extents: &[Extent], extent: &Extent) -> bool {
    range(program, index, extents).is_some_and(|range| is_from(program, &range, 0) && is_below(program, &range, extent))
}

/// Whether a range is known to have nothing below a number.
pub fn is_from(program: &Program, range: &Range, number: i64) -> bool {
    program.domain().is_at_least(&range.lowest, number)
}

/// Whether a range is known to end below an extent.
pub fn is_below(program: &Program, range: &Range, extent: &Extent) -> bool {
    program.domain().is_at_least(&extent.minus(&range.highest), 1)
}

/// Whether all that a formula reads is proved to be inside for all values of its labels, integers in index forms with it: then it may be computed where
/// no condition protects it.
pub fn reads_inside(program: &Program, formula: ExpressionId, extents: &[Extent]) -> bool {
    program.expressions.reachable(formula).into_iter().all(|id| match program.expressions.node(id) {
        Node::Read(tensor, at) => is_element(program, *tensor, at, extents),
        Node::Position(index) | Node::Random(_, index) => has_elements(program, index, extents),
        Node::Number(_) | Node::Apply(..) | Node::Select(..) => true,
    })
}

/// Whether a place is proved to be one of a tensor's.
pub fn is_element(program: &Program, tensor: TensorId, at: &[Index], extents: &[Extent]) -> bool {
    let is_place =
        |(index, extent): (&Index, &Extent)| is_inside(program, index, extents, extent) && has_elements(program, index, extents);
    at.iter().zip(&program.tensor(tensor).shape).all(is_place)
}

/// Whether the integers that an index form reads are proved to be there.
pub fn has_elements(program: &Program, index: &Index, extents: &[Extent]) -> bool {
    index.terms().all(|(atom, _)| match atom {
        Atom::Label(_) => true,
        Atom::Quotient(form, _) | Atom::Remainder(form, _) => has_elements(program, form, extents),
        Atom::Element(tensor, at) => is_element(program, *tensor, at, extents),
    })
}

/// The same index with the quotients and remainders removed that the ranges of labels decide (`(3h + d) div 3` is `h` where `d` is
/// below 3), and with digits put together again.
pub fn simplify(program: &Program, index: &Index, extents: &[Extent]) -> Index {
    let mut result = Index::constant(index.constant_part().clone());
    for (atom, coefficient) in index.terms() {
        let simple = match atom {
            Atom::Label(_) => Index::atom(atom.clone()),
            Atom::Quotient(form, by) => divide(program, &simplify(program, form, extents), by, extents).0,
            Atom::Remainder(form, by) => divide(program, &simplify(program, form, extents), by, extents).1,
            Atom::Element(tensor, at) => {
                Index::atom(Atom::Element(*tensor, at.iter().map(|form| simplify(program, form, extents)).collect()))
            }
        };
        result = result.plus(&simple.times(coefficient));
    }
    joined(result)
}

/// The same form with digits put together again: `n·(f div n) + f mod n` is `f`; and with last digits as such: `l - n·(l div n)` is
/// `l mod n`.
pub fn joined(mut index: Index) -> Index {
    while let Some(next) = last_digit(&index) {
        index = next;
    }
    loop {
        let joined = index.terms().find_map(|(atom, coefficient)| {
            let Atom::Remainder(form, by) = atom else { return None };
            let quotient = Atom::Quotient(form.clone(), by.clone());
            let wanted = coefficient.times(by);
            let found = index.terms().find(|(other, _)| **other == quotient)?.1;
            (*found == wanted).then(|| {
                let digits = Index::atom(quotient.clone()).times(&wanted).plus(&Index::atom(atom.clone()).times(coefficient));
                index.minus(&digits).plus(&form.times(coefficient))
            })
        });
        match joined {
            Some(next) => index = next,
            None => return index,
        }
    }
}

/// The form with `l mod n` in the place of `l - n·(l div n)`, where that stands in it for a label l.
fn last_digit(index: &Index) -> Option<Index> {
    index.terms().find_map(|(atom, coefficient)| {
        let Atom::Quotient(form, by) = atom else { return None };
        let factor = coefficient.negated().divided_exactly(by)?;
        let own = index.coefficient(form.as_label()?);
        (own == factor && !own.is_zero()).then(|| {
            let whole = index.minus(&form.times(&factor)).minus(&Index::atom(atom.clone()).times(coefficient));
            whole.plus(&form.remainder(by).times(&factor))
        })
    })
}

/// Quotient and remainder of a form by an extent, with what the ranges tell.
fn divide(program: &Program, form: &Index, by: &Extent, extents: &[Extent]) -> (Index, Index) {
    let (multiple, rest) = form.split_multiples(by);
    if is_inside(program, &rest, extents, by) {
        return (multiple, rest);
    }
    // by = b·c and form = c·more + less with less in 0..c: the quotient is that of more by b.
    for (_, inner) in rest.terms() {
        let (more, less) = rest.split_multiples(inner);
        if let Some(outer) = by.divided_exactly(inner).filter(|outer| !outer.is_one() && *outer != *by)
            && is_inside(program, &less, extents, inner)
        {
            let (quotient, remainder) = divide(program, &more, &outer, extents);
            return (multiple.plus(&quotient), remainder.times(inner).plus(&less));
        }
    }
    (form.quotient(by), form.remainder(by))
}
