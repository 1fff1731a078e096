//! Extents and offsets as Rust integers.
//!
//! An offset is computed in `usize`, what is added first and what is subtracted last, so that nothing passes below zero on the
//! way. Floors and remainders of forms that may be negative are computed in `isize`. It must not know what is at an offset.

use super::code::{Code, Tightness};
use crate::ir::{Atom, Domain, Extent, Factor, Index, Label};
use proc_macro2::Ident;
use quote::quote;

/// What an offset speaks of.
pub trait Environment {
    /// What is known of the sizes.
    fn domain(&self) -> &Domain;
    /// The name of a symbolic size.
    fn size(&self, number: u32) -> Ident;
    /// The name of a loop variable.
    fn variable(&self, number: u32) -> Ident;
    /// An element of an integer buffer, an `i32`.
    fn element(&self, buffer: u32, offset: &Index) -> Code;
}

/// The integer type of a computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `usize`
    Unsigned,
    /// `isize`
    Signed,
}

/// An extent as `usize`.
pub fn extent(environment: &dyn Environment, value: &Extent) -> Code {
    index(environment, &Index::constant(value.clone()))
}

/// An offset as `usize`.
pub fn index(environment: &dyn Environment, form: &Index) -> Code {
    let (plus, minus) = parts(environment, form, kind_of(environment, form));
    if kind_of(environment, form) == Kind::Signed || plus.is_empty() && !minus.is_empty() {
        return signed(environment, form).cast("usize");
    }
    minus.into_iter().fold(total(plus), |sum, part| sum.infix("-", part))
}

/// A form as `usize`, 0 where it is negative. Its coefficients have known signs, and there is nothing but labels in it.
pub fn not_below_zero(environment: &dyn Environment, form: &Index) -> Code {
    let (plus, minus) = parts(environment, form, Kind::Unsigned);
    if minus.is_empty() {
        return total(plus);
    }
    let (plus, minus) = (total(plus).bare(), total(minus).bare());
    Code::atom(quote!(usize::saturating_sub(#plus, #minus)))
}

/// An offset as `isize`.
pub fn signed(environment: &dyn Environment, form: &Index) -> Code {
    let (mut plus, minus) = parts(environment, form, Kind::Signed);
    if plus.is_empty() && !minus.is_empty() {
        plus.push(Code::atom(quote!(0_isize)));
    }
    minus.into_iter().fold(total(plus), |sum, part| sum.infix("-", part))
}

/// Both sides of a comparison of two forms, moved so that nothing is subtracted.
pub fn compared(environment: &dyn Environment, left: &Index, right: &Index) -> (Code, Code) {
    let difference = left.minus(right);
    let kind = kind_of(environment, &difference);
    let (plus, minus) = parts(environment, &difference, kind);
    (total(plus), total(minus))
}

/// Whether a form can be computed without negative numbers on the way, and without subtraction.
pub fn only_adds(environment: &dyn Environment, form: &Index) -> bool {
    kind_of(environment, form) == Kind::Unsigned
        && sign_of(environment, form.constant_part()) != Some(-1)
        && form.constant_part().terms().all(|(_, coefficient)| coefficient >= 0)
        && form.terms().all(|(_, coefficient)| sign_of(environment, coefficient) == Some(1))
}

fn total(parts: Vec<Code>) -> Code {
    parts.into_iter().reduce(|sum, part| sum.infix("+", part)).unwrap_or_else(|| Code::integer(0))
}

/// 1 or -1 where the sign is known.
fn sign_of(environment: &dyn Environment, extent: &Extent) -> Option<i32> {
    if environment.domain().is_at_least(extent, 0) {
        Some(1)
    } else if environment.domain().is_at_most(extent, 0) {
        Some(-1)
    } else {
        None
    }
}

fn kind_of(environment: &dyn Environment, form: &Index) -> Kind {
    let fine = form.terms().all(|(atom, coefficient)| {
        sign_of(environment, coefficient).is_some()
            && match atom {
                Atom::Label(_) | Atom::Element(..) => true,
                Atom::Quotient(inner, by) | Atom::Remainder(inner, by) => {
                    only_adds(environment, inner) && environment.domain().is_at_least(by, 1)
                }
            }
    });
    if fine { Kind::Unsigned } else { Kind::Signed }
}

/// What is added and what is subtracted.
fn parts(environment: &dyn Environment, form: &Index, kind: Kind) -> (Vec<Code>, Vec<Code>) {
    let (mut plus, mut minus) = (Vec::new(), Vec::new());
    for (atom, coefficient) in form.terms() {
        let negative = sign_of(environment, coefficient) == Some(-1);
        let factor = if negative { coefficient.negated() } else { coefficient.clone() };
        let value = atom_code(environment, atom, kind);
        let product = if factor.is_one() { value } else { value.infix("*", polynomial(environment, &factor, kind)) };
        if negative { minus.push(product) } else { plus.push(product) }
    }
    add_polynomial(environment, form.constant_part(), kind, &mut plus, &mut minus);
    (plus, minus)
}

fn polynomial(environment: &dyn Environment, extent: &Extent, kind: Kind) -> Code {
    let (mut plus, mut minus) = (Vec::new(), Vec::new());
    add_polynomial(environment, extent, kind, &mut plus, &mut minus);
    minus.into_iter().fold(total(plus), |sum, part| sum.infix("-", part))
}

fn add_polynomial(environment: &dyn Environment, extent: &Extent, kind: Kind, plus: &mut Vec<Code>, minus: &mut Vec<Code>) {
    let constants_last = extent.terms().filter(|(m, _)| !m.is_empty()).chain(extent.terms().filter(|(m, _)| m.is_empty()));
    for (monomial, coefficient) in constants_last {
        let number = coefficient.unsigned_abs();
        let mut factors: Vec<Code> = monomial.iter().map(|factor| factor_code(environment, factor, kind)).collect();
        if number != 1 || factors.is_empty() {
            factors.push(Code::integer(number));
        }
        let product = factors.into_iter().reduce(|product, factor| product.infix("*", factor));
        let Some(product) = product else { continue };
        if coefficient < 0 { minus.push(product) } else { plus.push(product) }
    }
}

fn factor_code(environment: &dyn Environment, factor: &Factor, kind: Kind) -> Code {
    let value = match factor {
        Factor::Size(size) => Code::atom(environment.size(size.0)),
        Factor::Floor(of, by) => extent(environment, of).infix("/", Code::integer(by.unsigned_abs())),
    };
    sized(value, kind)
}

fn sized(value: Code, kind: Kind) -> Code {
    match kind {
        Kind::Unsigned => value,
        Kind::Signed => value.cast("isize"),
    }
}

fn atom_code(environment: &dyn Environment, atom: &Atom, kind: Kind) -> Code {
    match atom {
        Atom::Label(Label(number)) => sized(Code::atom(environment.variable(*number)), kind),
        Atom::Element(buffer, at) => {
            let zero = Index::default();
            let element = environment.element(buffer.0, at.first().unwrap_or(&zero));
            element.cast(if kind == Kind::Signed { "isize" } else { "usize" })
        }
        Atom::Quotient(form, by) if kind == Kind::Unsigned => index(environment, form).infix("/", extent(environment, by)),
        Atom::Remainder(form, by) if kind == Kind::Unsigned => {
            let (form, by) = (index(environment, form).at_least(Tightness::Factor), extent(environment, by));
            let by = by.at_least(Tightness::Prefix);
            Code::new(quote!(#form % #by), Tightness::Factor)
        }
        Atom::Quotient(form, by) => {
            let (form, by) = (signed_operand(environment, form), polynomial(environment, by, Kind::Signed).bare());
            Code::atom(quote!(#form.div_euclid(#by)))
        }
        Atom::Remainder(form, by) => {
            let (form, by) = (signed_operand(environment, form), polynomial(environment, by, Kind::Signed).bare());
            Code::atom(quote!(#form.rem_euclid(#by)))
        }
    }
}

/// A form as an operand of a method: its type must be known there.
fn signed_operand(environment: &dyn Environment, form: &Index) -> proc_macro2::TokenStream {
    let code = signed(environment, form);
    if form.as_extent().is_some_and(|extent| extent.as_constant().is_some()) {
        return code.cast("isize").at_least(Tightness::Atom);
    }
    code.at_least(Tightness::Atom)
}
