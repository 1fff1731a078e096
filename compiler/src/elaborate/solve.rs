//! The ranges of labels: from the axes they index, from groups, and else the largest that stays inside.

use super::Result;
use super::core::Elaborator;
use super::labels::{Frame, Group, Use};
use crate::ir::{Extent, Index, Label, bounds};
use crate::span::Span;
use std::collections::{BTreeMap, BTreeSet};

impl Elaborator<'_> {
    /// Finds the range of every label of a frame.
    pub fn solve(&mut self, frame: Frame) -> Result<()> {
        self.plain_uses(frame)?;
        loop {
            let progress = self.solve_groups(frame)? | self.plain_uses(frame)? | self.affine_uses(frame)?;
            if !progress {
                break;
            }
        }
        self.check_groups(frame)?;
        let open: Vec<Label> = self.open_labels(frame);
        let mut result = Ok(());
        for label in open {
            let name = self.label_names[label.0 as usize].clone();
            let message = format!("the range of the label `{name}` cannot be told: it indexes no axis of its own");
            let span = self.label_spans[label.0 as usize];
            result = Err(self.error_with(span, message, |diagnostic| diagnostic.help(format!("write `{name} in 0..n`"))));
        }
        result
    }

    fn open_labels(&self, frame: Frame) -> Vec<Label> {
        let number = |label: usize| Label(u32::try_from(label).unwrap_or(u32::MAX));
        let open = (frame.label..self.extents.len()).map(number).filter(|label| !self.is_resolved(*label));
        open.filter(|label| !self.counts.iter().any(|(count, _)| count == label)).collect()
    }

    /// The uses of each label that `of` finds in an index.
    fn uses_by_label(&self, frame: Frame, of: impl Fn(&Index, &mut dyn FnMut(Label))) -> BTreeMap<Label, Vec<Use>> {
        let mut by_label: BTreeMap<Label, Vec<Use>> = BTreeMap::new();
        for the_use in &self.uses[frame.index..] {
            let mut labels = BTreeSet::new();
            of(&the_use.index, &mut |label| {
                labels.insert(label);
            });
            labels.into_iter().for_each(|label| by_label.entry(label).or_default().push(the_use.clone()));
        }
        by_label
    }

    fn groups_of(&self, frame: Frame) -> Vec<Group> {
        self.groups[frame.group..].to_vec()
    }

    /// Gives a label its extent.
    pub fn set(&mut self, label: Label, extent: Extent) {
        self.extents[label.0 as usize] = extent;
        self.resolved[label.0 as usize] = true;
    }

    /// A label that stands alone has the range of the axis, and all such axes agree.
    fn plain_uses(&mut self, frame: Frame) -> Result<bool> {
        let mut progress = false;
        let mut result = Ok(());
        let mut alone = self.uses_by_label(frame, |index, visit| index.as_label().into_iter().for_each(visit));
        for label in self.open_labels(frame) {
            let mut first: Option<Use> = None;
            for the_use in alone.remove(&label).unwrap_or_default() {
                if !self.is_resolved(the_use.of) {
                    continue;
                }
                match &first {
                    None => first = Some(the_use),
                    Some(first) if self.agree(first, &the_use) => {}
                    Some(first) => {
                        result = Err(self.two_ranges(label, first, &the_use));
                        break;
                    }
                }
            }
            if let Some(first) = first {
                self.set(label, self.extent(first.of).clone());
                progress = true;
            }
        }
        result.map(|()| progress)
    }

    /// Whether two axes are equally long, or are from now on.
    pub fn agree(&mut self, first: &Use, second: &Use) -> bool {
        let (one, two) = (self.extent(first.of).clone(), self.extent(second.of).clone());
        one == two || self.equate(&one, &two)
    }

    /// A label that runs over an axis of a symbolic size and one of a number shows that the size is that number.
    fn equate(&mut self, a: &Extent, b: &Extent) -> bool {
        let (size, number) = match (a.as_size(), b.as_constant(), b.as_size(), a.as_constant()) {
            (Some(size), Some(number), ..) | (_, _, Some(size), Some(number)) => (size, number),
            _ => return false,
        };
        let name = self.program.sizes[size.0 as usize].clone();
        *self.equated.entry(name).or_insert(number) == number
    }

    /// Reports that a label runs over axes of different lengths.
    pub fn two_ranges(&mut self, label: Label, first: &Use, second: &Use) -> super::Reported {
        let name = self.label_names[label.0 as usize].clone();
        let one = format!("{} (axis {} of {})", self.extent_text(self.extent(first.of)), first.axis, first.tensor);
        let two = format!("{} (axis {} of {})", self.extent_text(self.extent(second.of)), second.axis, second.tensor);
        self.error_with(second.span, format!("the label `{name}` has two ranges: {one} and {two}"), |diagnostic| {
            diagnostic.also(first.span, one).help(format!("the axes must agree, or `{name}` needs an explicit range"))
        })
    }

    /// In a group with one part unknown, that part is the rest; with all parts known, the whole is their product.
    fn solve_groups(&mut self, frame: Frame) -> Result<bool> {
        let mut progress = false;
        for group in self.groups_of(frame) {
            let unknown: Vec<Label> = group.parts.iter().copied().filter(|part| !self.is_resolved(*part)).collect();
            let known = group.parts.iter().filter(|part| self.is_resolved(**part)).map(|part| self.extent(*part));
            let known = Extent::product(known);
            match (unknown.as_slice(), self.is_resolved(group.whole)) {
                ([], false) => self.set(group.whole, known),
                ([part], true) => {
                    let whole = self.extent(group.whole).clone();
                    let Some(rest) = divided(&whole, &known) else { return Err(self.indivisible(group.span, &whole, &known)) };
                    self.set(*part, rest);
                }
                _ => continue,
            }
            progress = true;
        }
        Ok(progress)
    }

    fn indivisible(&mut self, span: Span, whole: &Extent, by: &Extent) -> super::Reported {
        let (whole, by) = (self.extent_text(whole), self.extent_text(by));
        self.error(span, format!("an axis of {whole} cannot be split into parts of {by}"))
    }

    fn check_groups(&mut self, frame: Frame) -> Result<()> {
        for group in self.groups_of(frame) {
            if !group.parts.iter().chain([&group.whole]).all(|label| self.is_resolved(*label)) {
                continue;
            }
            let product = Extent::product(group.parts.iter().map(|part| self.extent(*part)));
            let whole = self.extent(group.whole).clone();
            if product != whole {
                let (product, whole) = (self.extent_text(&product), self.extent_text(&whole));
                return Err(self.error(group.span, format!("the group has {product} elements, the axis that it indexes {whole}")));
            }
        }
        Ok(())
    }

    /// A label that stands only in affine forms gets the largest range that stays inside of all of them.
    fn affine_uses(&mut self, frame: Frame) -> Result<bool> {
        let mut mentions = self.uses_by_label(frame, |index, visit| index.each_label(visit));
        for label in self.open_labels(frame) {
            let mut largest: Option<(Extent, Use)> = None;
            let mut all_known = true;
            for the_use in mentions.remove(&label).unwrap_or_default() {
                let Some(rest) = self.rest_of(&the_use.index, label).filter(|_| self.is_resolved(the_use.of)) else {
                    all_known = false;
                    break;
                };
                let count = self.largest_count(&the_use, label, &rest)?;
                largest = Some(match largest {
                    None => (count, the_use),
                    Some((before, tightest)) => match self.smaller(before.clone(), count, the_use.span)? {
                        smaller if smaller == before => (before, tightest),
                        smaller => (smaller, the_use),
                    },
                });
            }
            if let Some((extent, tightest)) = largest.filter(|_| all_known) {
                if extent.is_at_most(0) {
                    return Err(self.no_room(label, &tightest));
                }
                let (name, span) = (&self.label_names[label.0 as usize], self.label_spans[label.0 as usize]);
                let reason = format!("room for the label {name}, which takes {} values", self.extent_text(&extent));
                self.require(extent.plus_constant(-1), &reason, span);
                self.set(label, extent);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn no_room(&mut self, label: Label, tightest: &Use) -> super::Reported {
        let name = &self.label_names[label.0 as usize];
        let length = self.extent_text(self.extent(tightest.of));
        let rest = self.rest_of(&tightest.index, label).and_then(|rest| bounds::range(&self.program, &rest, &self.extents));
        let reached = match rest {
            Some(range) if range.lowest.is_at_most(-1) => self.extent_text(&range.lowest),
            Some(range) => self.extent_text(&range.highest),
            None => "too far".to_owned(),
        };
        let place = format!("axis {} of {}, which is {length} long", tightest.axis, tightest.tensor);
        let message = format!("there is no room for the label `{name}`: at 0 the index already reaches {reached} on {place}");
        self.error(self.label_spans[label.0 as usize], message)
    }

    /// What stands beside a label in a form, where all other labels are known.
    fn rest_of(&self, index: &Index, label: Label) -> Option<Index> {
        let coefficient = index.coefficient(label);
        let rest = index.minus(&Index::label(label).times(&coefficient));
        let mut known = !coefficient.is_zero() && !rest.mentions(label);
        rest.each_label(&mut |other| known &= self.is_resolved(other));
        known.then_some(rest)
    }

    /// How many values from 0 on a label may take so that a form stays inside.
    fn largest_count(&mut self, the_use: &Use, label: Label, rest: &Index) -> Result<Extent> {
        let unknown = "it cannot be told how far the label";
        let name = self.label_names[label.0 as usize].clone();
        let Some(range) = bounds::range(&self.program, rest, &self.extents) else {
            return Err(self.error(the_use.span, format!("{unknown} `{name}` may run: it needs an explicit range")));
        };
        let coefficient = the_use.index.coefficient(label);
        let found = coefficient.as_constant().and_then(|step| {
            // step·label + highest <= extent - 1, or lowest - |step|·label >= 0
            let room =
                if step > 0 { self.extent(the_use.of).plus_constant(-1).minus(&range.highest) } else { range.lowest.clone() };
            Some(room.quotient(step.checked_abs()?)?.plus_constant(1))
        });
        found.ok_or_else(|| {
            self.error_with(the_use.span, format!("{unknown} `{name}` may run for every value of the sizes"), |diagnostic| {
                diagnostic.help(format!("write an explicit range: `{name} in 0..n`"))
            })
        })
    }

    fn smaller(&mut self, a: Extent, b: Extent, span: Span) -> Result<Extent> {
        let difference = a.minus(&b);
        if difference.is_at_most(0) {
            return Ok(a);
        }
        if difference.is_at_least(0) {
            return Ok(b);
        }
        let (a, b) = (self.extent_text(&a), self.extent_text(&b));
        Err(self.error(span, format!("it cannot be told which is smaller, {a} or {b}: the label needs an explicit range")))
    }
}

/// An exact quotient, also of polynomials that are multiples.
pub fn divided(extent: &Extent, by: &Extent) -> Option<Extent> {
    if extent == by { Some(Extent::one()) } else { extent.divided_exactly(by) }
}
