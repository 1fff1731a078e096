//! Index forms: which element of an axis is read.
//!
//! An index is a linear form `constant + Σ coefficient·atom`, canonical, so equal forms are equal values. An atom is a label
//! of the definition, the floor of a quotient or the remainder of another form (both by a positive extent; they come from
//! strides and grouped axes), or an element of an integer tensor.

use super::extent::{Extent, merged};
use super::program::TensorId;

/// A bound name of one definition, by number: its axes are `0..rank`, the labels of its reduction follow.
///
/// Labels have no identity outside of their definition: a definition that reads another substitutes the other's labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(pub u32);

/// What an index form is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Atom {
    /// A label.
    Label(Label),
    /// `⌊form / extent⌋`
    Quotient(Index, Extent),
    /// `form mod extent`, never negative
    Remainder(Index, Extent),
    /// An element of an integer tensor.
    Element(TensorId, Vec<Index>),
}

/// `constant + Σ coefficient·atom`, the atoms sorted
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Index {
    constant: Extent,
    terms: Vec<(Atom, Extent)>,
}

impl Index {
    /// An index that does not depend on labels.
    pub fn constant(value: impl Into<Extent>) -> Self {
        Self { constant: value.into(), terms: Vec::new() }
    }

    /// A label.
    pub fn label(label: Label) -> Self {
        Self::atom(Atom::Label(label))
    }

    /// One atom.
    pub fn atom(atom: Atom) -> Self {
        Self { constant: Extent::zero(), terms: vec![(atom, Extent::one())] }
    }

    /// The part without atoms.
    pub fn constant_part(&self) -> &Extent {
        &self.constant
    }

    /// Its atoms with their coefficients, none of them zero.
    pub fn terms(&self) -> impl Iterator<Item = (&Atom, &Extent)> {
        self.terms.iter().map(|(atom, coefficient)| (atom, coefficient))
    }

    /// The extent it is, where it has no atoms.
    pub fn as_extent(&self) -> Option<&Extent> {
        self.terms.is_empty().then_some(&self.constant)
    }

    /// The label it is, where it is nothing else.
    pub fn as_label(&self) -> Option<Label> {
        let (atom, coefficient) = self.terms().next()?;
        match atom {
            Atom::Label(label) if self.terms.len() == 1 && coefficient.is_one() && self.constant.is_zero() => Some(*label),
            Atom::Label(_) | Atom::Quotient(..) | Atom::Remainder(..) | Atom::Element(..) => None,
        }
    }

    /// The coefficient of a label that stands in no other atom than itself; 0 where it does not occur.
    pub fn coefficient(&self, label: Label) -> Extent {
        self.terms()
            .find(|(atom, _)| **atom == Atom::Label(label))
            .map(|(_, coefficient)| coefficient.clone())
            .unwrap_or_default()
    }

    /// `self + other`
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let terms = merged(&self.terms, &other.terms, |a, b| Some(a.plus(b)).filter(|sum| !sum.is_zero()));
        Self { constant: self.constant.plus(&other.constant), terms }
    }

    /// `self - other`
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.plus(&other.times(&Extent::constant(-1)))
    }

    /// `factor * self`
    #[must_use]
    pub fn times(&self, factor: &Extent) -> Self {
        if factor.is_zero() {
            return Self::default();
        }
        let terms = self.terms().map(|(atom, coefficient)| (atom.clone(), coefficient.times(factor))).collect();
        Self { constant: self.constant.times(factor), terms }
    }

    /// `self + extent`
    #[must_use]
    pub fn plus_extent(&self, extent: &Extent) -> Self {
        Self { constant: self.constant.plus(extent), terms: self.terms.clone() }
    }

    /// The same form with an index in the place of each label.
    #[must_use]
    pub fn substitute(&self, replacement: &mut dyn FnMut(Label) -> Index) -> Self {
        let mut result = Self::constant(self.constant.clone());
        for (atom, coefficient) in &self.terms {
            let replaced = match atom {
                Atom::Label(label) => replacement(*label),
                Atom::Quotient(form, by) => form.substitute(replacement).quotient(by),
                Atom::Remainder(form, by) => form.substitute(replacement).remainder(by),
                Atom::Element(tensor, at) => {
                    Self::atom(Atom::Element(*tensor, at.iter().map(|form| form.substitute(replacement)).collect()))
                }
            };
            result = result.plus(&replaced.times(coefficient));
        }
        result
    }

    /// `⌊self / by⌋`: whole multiples of `by` leave the floor. (What the ranges of labels tell is used by
    /// [`super::bounds`].)
    #[must_use]
    pub fn quotient(&self, by: &Extent) -> Self {
        let (multiple, rest) = self.split_multiples(by);
        match rest.floor(by) {
            Some(floor) => multiple.plus_extent(&floor),
            None => multiple.plus(&Self::atom(Atom::Quotient(rest, by.clone()))),
        }
    }

    /// `self mod by`, never negative: whole multiples of `by` vanish.
    #[must_use]
    pub fn remainder(&self, by: &Extent) -> Self {
        if by.is_one() {
            return Self::default();
        }
        let (_, rest) = self.split_multiples(by);
        match rest.floor(by) {
            Some(floor) => rest.plus_extent(&floor.times(by).negated()),
            None => Self::atom(Atom::Remainder(rest, by.clone())),
        }
    }

    /// `⌊self / by⌋` as an extent, where no label occurs and the divisor is a number.
    fn floor(&self, by: &Extent) -> Option<Extent> {
        self.as_extent()?.quotient(by.as_constant()?)
    }

    /// `self = by·multiple + rest`, with as much as possible in the multiple.
    pub fn split_multiples(&self, by: &Extent) -> (Self, Self) {
        let mut multiple = Self::default();
        let mut rest = Self::default();
        for (atom, coefficient) in &self.terms {
            match coefficient.divided_exactly(by) {
                Some(quotient) => multiple = multiple.plus(&Self::atom(atom.clone()).times(&quotient)),
                None => rest = rest.plus(&Self::atom(atom.clone()).times(coefficient)),
            }
        }
        match self.constant.divided_exactly(by) {
            Some(quotient) => multiple = multiple.plus_extent(&quotient),
            None => rest = rest.plus_extent(&self.constant),
        }
        (multiple, rest)
    }

    /// Calls `visit` for every label that occurs, also inside of other atoms; some more than once.
    pub fn each_label(&self, visit: &mut dyn FnMut(Label)) {
        for (atom, _) in self.terms() {
            match atom {
                Atom::Label(label) => visit(*label),
                Atom::Quotient(form, _) | Atom::Remainder(form, _) => form.each_label(visit),
                Atom::Element(_, at) => at.iter().for_each(|form| form.each_label(visit)),
            }
        }
    }

    /// Whether a label occurs.
    pub fn mentions(&self, label: Label) -> bool {
        let mut found = false;
        self.each_label(&mut |other| found |= other == label);
        found
    }

    /// Calls `visit` for every integer tensor that is read.
    pub fn each_tensor(&self, visit: &mut dyn FnMut(TensorId)) {
        for (atom, _) in self.terms() {
            match atom {
                Atom::Label(_) => {}
                Atom::Quotient(form, _) | Atom::Remainder(form, _) => form.each_tensor(visit),
                Atom::Element(tensor, at) => {
                    visit(*tensor);
                    at.iter().for_each(|form| form.each_tensor(visit));
                }
            }
        }
    }
}
