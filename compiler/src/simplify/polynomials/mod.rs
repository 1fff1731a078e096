//! Polynomials: a formula of sums and products is multiplied out, like terms are put together, and it is written in nested form, where
//! that costs less. So the n-th derivative of `tanh(x)` has n / 2 terms in `t` and `1 - t * t`, and that of `exp(-x^2)` n / 2 terms in x
//! beside it, and not twice as many as the one before.
//!
//! - A difference, as `1 - t * t` or `a - b`, is a factor of its own: where it is small, its terms multiplied out would leave noise.
//! - So is a sum that has, beside what is common to all its terms and numbers, a term without a factor between -1 and 1 as `tanh`, `sin`
//!   and `sigmoid` are: `x^2 + y - 11` is what somebody wrote, and exact near 0.
//! - Where a sum is a factor of one term among others, and all of them have a factor by which they fall where what they grow with is
//!   large (`damping.rs`), it is multiplied out: `8·x·e - 2·x·(4·x^2 - 2)·e` with `e = exp(-x^2)` is `x·(12 - 8·x^2)·e`. What all terms
//!   have in common stays as it is, and so does a power of a sum, unless all of it multiplied out costs much less (`expanded.rs`).
//! - No term has more than three factors that may be larger than 1, so that no product overflows that was small; those that are damped
//!   do not count.

mod algebra;
mod damping;
mod expanded;
mod form;

use super::Report;
use crate::ir::cost::formula_cost;
use crate::ir::{Definition, ExpressionId, Expressions, Node, Number, Program};
use crate::ops::Operator;
use algebra::{Monomial, Polynomial, add, atom, common, divided, sum, times};
use damping::Damping;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// A polynomial of more terms is not multiplied out further.
const MOST_TERMS: usize = 256;
/// Sums with more pairs of terms are not multiplied.
const MOST_PAIRS: usize = 4096;
/// So many factors of a term may be larger than 1.
const MOST_LARGE: u32 = 3;
/// Formulas of fewer operations are left alone.
const FEWEST: u32 = 6;
/// What is multiplied out in full costs less than three quarters of other forms.
const MUCH_LESS: (u32, u32) = (3, 4);
/// So many sums of a polynomial are multiplied out one after the other.
const MOST_SUMS: usize = 64;

/// A cheaper form of a formula, with its polynomials in nested form, if there is one.
pub fn nested(program: &Program, expressions: &mut Expressions, root: ExpressionId, report: &mut Report) -> Option<ExpressionId> {
    let cost = formula_cost(expressions, root);
    if cost < FEWEST {
        return None;
    }
    let mut readers = [Way::Damped, Way::Plain].map(|way| Reader::new(program, way));
    let is_any_damped = readers[0].is_any_damped(expressions, root);
    let readers = if is_any_damped { &mut readers[..] } else { &mut readers[1..] };
    let mut whole = is_any_damped.then(|| Reader::new(program, Way::Whole));
    let mut replaced = FxHashMap::default();
    for top in tops(expressions, root) {
        let mut cost = formula_cost(expressions, top);
        if let Some(found) = readers.iter_mut().find_map(|reader| reader.read(expressions, top))
            && formula_cost(expressions, found) < cost
        {
            cost = formula_cost(expressions, found);
            replaced.insert(top, found);
        }
        if let Some(found) = whole.as_mut().and_then(|whole| whole.in_full(expressions, top))
            && formula_cost(expressions, found) * MUCH_LESS.1 < cost * MUCH_LESS.0
        {
            replaced.insert(top, found);
        }
    }
    if replaced.is_empty() {
        return None;
    }
    let form = expressions.replace(root, &replaced);
    (formula_cost(expressions, form) < cost).then(|| {
        report.fired("a polynomial in nested form");
        form
    })
}

fn is_arithmetic(node: &Node) -> bool {
    matches!(node, Node::Apply(Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Negate, _))
}

/// The sums and products that are no part of a larger one.
fn tops(expressions: &Expressions, root: ExpressionId) -> Vec<ExpressionId> {
    let mut tops: BTreeSet<ExpressionId> = BTreeSet::from([root]);
    for id in expressions.reachable(root) {
        if !is_arithmetic(expressions.node(id)) {
            tops.extend(expressions.arguments(id));
        }
    }
    tops.retain(|&id| is_arithmetic(expressions.node(id)));
    tops.into_iter().collect()
}

/// How formulas are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Without a look at what damps.
    Plain,
    /// For damped terms alone: sums and products of many factors that may be large are then told apart within these.
    Damped,
    /// For damped terms alone, and all of a formula is multiplied out, whatever the parts are by themselves.
    Whole,
}

struct Reader<'a> {
    program: &'a Program,
    way: Way,
    known: FxHashMap<ExpressionId, Polynomial>,
    within_one: FxHashMap<ExpressionId, bool>,
    damping: FxHashMap<ExpressionId, Option<Damping>>,
    /// Sums that are factors, by their terms.
    sums: FxHashMap<Vec<(Monomial, Number)>, ExpressionId>,
}

impl<'a> Reader<'a> {
    fn new(program: &'a Program, way: Way) -> Self {
        Self {
            program,
            way,
            known: FxHashMap::default(),
            within_one: FxHashMap::default(),
            damping: FxHashMap::default(),
            sums: FxHashMap::default(),
        }
    }

    /// A formula in a new form; `None` where it is no polynomial, or one with a term of too many factors that may be large.
    fn read(&mut self, expressions: &mut Expressions, top: ExpressionId) -> Option<ExpressionId> {
        let polynomial = self.polynomial(expressions, top);
        let is_wanted = !self.is_damping() || polynomial.keys().all(|monomial| self.is_damped(expressions, monomial));
        if self.is_atom(&polynomial) || !is_wanted || !self.is_safe(expressions, &polynomial) {
            return None;
        }
        let expanded = if self.is_damping() { self.expanded(expressions, &polynomial) } else { None };
        let multiplied_out = self.multiplied_out(expressions, &polynomial);
        let forms = [polynomial, multiplied_out].map(|polynomial| self.form(expressions, &polynomial));
        let form = forms.into_iter().min_by_key(|&form| formula_cost(expressions, form))?;
        if !self.is_damping() {
            return Some(form);
        }
        let form = self.with_sums(expressions, form);
        let expanded = expanded.map(|expanded| self.form(expressions, &expanded));
        let cost = |form: ExpressionId| formula_cost(expressions, form);
        Some(expanded.filter(|&expanded| cost(expanded) * MUCH_LESS.1 < cost(form) * MUCH_LESS.0).unwrap_or(form))
    }

    /// A damped formula multiplied out in full; `None` where it is none.
    fn in_full(&mut self, expressions: &mut Expressions, top: ExpressionId) -> Option<ExpressionId> {
        let polynomial = self.polynomial(expressions, top);
        let expanded = self.expanded(expressions, &polynomial)?;
        Some(self.form(expressions, &expanded))
    }

    /// Whether what damps is looked at.
    fn is_damping(&self) -> bool {
        self.way != Way::Plain
    }

    /// A product with the sums that are factors of it in their own nested form.
    fn with_sums(&mut self, expressions: &mut Expressions, form: ExpressionId) -> ExpressionId {
        let mut replaced = FxHashMap::default();
        let factors: Vec<ExpressionId> = self.polynomial(expressions, form).keys().flatten().map(|&(factor, _)| factor).collect();
        for factor in factors {
            let Some(terms) = self.known.get(&factor).filter(|terms| terms.len() > 1).cloned() else { continue };
            let sum = self.form(expressions, &terms);
            if formula_cost(expressions, sum) < formula_cost(expressions, factor) {
                replaced.insert(factor, sum);
            }
        }
        expressions.replace(form, &replaced)
    }

    /// Whether no term has too many factors that may be large.
    fn is_safe(&mut self, expressions: &mut Expressions, polynomial: &Polynomial) -> bool {
        polynomial.keys().all(|monomial| self.degree(expressions, monomial) <= MOST_LARGE)
    }

    /// A formula as a polynomial. What cannot be multiplied out is a factor as it stands.
    fn polynomial(&mut self, expressions: &mut Expressions, root: ExpressionId) -> Polynomial {
        for id in expressions.reachable(root) {
            if !self.known.contains_key(&id) {
                let found = self.of(expressions, id).filter(|found| found.len() <= MOST_TERMS);
                self.known.insert(id, found.unwrap_or_else(|| atom(id)));
            }
        }
        self.known[&root].clone()
    }

    fn of(&mut self, expressions: &mut Expressions, id: ExpressionId) -> Option<Polynomial> {
        match expressions.node(id) {
            Node::Number(number) if number.get() == 0.0 => Some(Polynomial::new()),
            Node::Number(number) => number.get().is_finite().then(|| Polynomial::from([(Monomial::new(), *number)])),
            Node::Apply(operator, arguments) => {
                let (operator, arguments) = (*operator, arguments.clone());
                if operator == Operator::Multiply {
                    let other = self.factor(expressions, arguments[1]);
                    return self.product(expressions, arguments[0], other, Some(arguments[1]));
                }
                if operator == Operator::Divide && self.is_damping() {
                    let other = damping::reciprocal(expressions, arguments[1])?;
                    return self.product(expressions, arguments[0], other, None);
                }
                let of = |number: usize| &self.known[&arguments[number]];
                let linear = matches!(operator, Operator::Add | Operator::Subtract | Operator::Negate);
                linear.then(|| match arguments.as_slice() {
                    [_, _] => sum(of(0), of(1), Number::new(if operator == Operator::Subtract { -1.0 } else { 1.0 })),
                    _ => sum(&Polynomial::new(), of(0), Number::new(-1.0)),
                })
            }
            Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Select(..) => None,
        }
    }

    /// The product of a formula with another, which is given as a polynomial.
    fn product(
        &mut self,
        expressions: &mut Expressions,
        a: ExpressionId,
        mut other: Polynomial,
        b: Option<ExpressionId>,
    ) -> Option<Polynomial> {
        let mut one = self.factor(expressions, a);
        if one.len() * other.len() > MOST_PAIRS {
            return None;
        }
        if self.way == Way::Whole {
            return Some(one.iter().flat_map(|one| other.iter().map(move |other| (one, other))).fold(
                Polynomial::new(),
                |mut product, ((a, &number), (b, &factor))| {
                    add(&mut product, times(a, b), number * factor);
                    product
                },
            ));
        }
        let is_number = |side: &Polynomial| side.keys().all(Vec::is_empty);
        let is_multiple = self.is_damping() && (is_number(&one) || is_number(&other));
        let may = [&one, &other].map(|side| is_multiple || self.may_be_multiplied_out(expressions, side));
        if may != [true, true] {
            // Beside what damps, a sum that stays is a factor of its own.
            one = if may[0] { one } else { self.sum(a)? };
            other = if may[1] { other } else { self.sum(b?)? };
        }
        let mut product = Polynomial::new();
        for (a, &number) in &one {
            for (b, &factor) in &other {
                add(&mut product, times(a, b), number * factor);
            }
        }
        // A multiple is as large as what it is a multiple of.
        (product.len() == 1 && self.is_damping() || is_multiple || self.is_safe(expressions, &product)).then_some(product)
    }

    /// A sum that is not multiplied out, as a factor.
    fn sum(&self, id: ExpressionId) -> Option<Polynomial> {
        self.is_damping().then(|| atom(id))
    }

    /// A formula as a factor: a difference stays as it is, the first that there is of it or of its negative, if its terms are not damped.
    fn factor(&mut self, expressions: &mut Expressions, id: ExpressionId) -> Polynomial {
        let polynomial = self.known[&id].clone();
        let is_difference =
            self.way != Way::Whole && polynomial.len() == 2 && polynomial.values().map(|number| number.get()).sum::<f64>() == 0.0;
        if !is_difference || polynomial.keys().all(|monomial| self.is_damped(expressions, monomial)) {
            return polynomial;
        }
        let terms = |sign: f64| -> Vec<(Monomial, Number)> {
            polynomial.iter().map(|(monomial, &number)| (monomial.clone(), Number::new(sign) * number)).collect()
        };
        if let Some(&first) = self.sums.get(&terms(-1.0)) {
            return Polynomial::from([(vec![(first, 1)], Number::new(-1.0))]);
        }
        atom(*self.sums.entry(terms(1.0)).or_insert(id))
    }

    /// Whether each term of a sum, without what they have in common, is a number or has a factor that is not larger than 1, or what it
    /// has is damped.
    fn may_be_multiplied_out(&mut self, expressions: &mut Expressions, polynomial: &Polynomial) -> bool {
        let common = common(polynomial);
        polynomial.keys().all(|monomial| {
            let rest = divided(monomial, &common);
            rest.is_empty() || rest.iter().any(|&(factor, _)| self.is_within_one(expressions, factor)) || {
                self.is_damped(expressions, monomial) && divided(&self.large(expressions, monomial), &common).is_empty()
            }
        })
    }

    /// How many factors that may be larger than 1 a term has.
    fn degree(&mut self, expressions: &mut Expressions, monomial: &Monomial) -> u32 {
        self.large(expressions, monomial).iter().map(|&(_, exponent)| exponent).sum()
    }

    /// Whether a factor lies between -1 and 1, or is a number minus such ones, and not larger than 2.
    fn is_within_one(&mut self, expressions: &mut Expressions, id: ExpressionId) -> bool {
        if let Some(&known) = self.within_one.get(&id) {
            return known;
        }
        let is =
            self.is_bounded(expressions, id) || self.damping(expressions, id).is_some_and(|damping| damping.is_within_one) || {
                let polynomial = self.known.get(&id).filter(|found| !self.is_atom(found)).cloned();
                polynomial.is_some_and(|found| {
                    let small =
                        found.keys().flatten().all(|&(factor, _)| factor != id && self.is_within_one(expressions, factor));
                    small && found.values().map(|number| number.get().abs()).sum::<f64>() <= 2.0
                })
            };
        self.within_one.insert(id, is);
        is
    }

    /// Whether the value of a formula, or of the definition that it reads, lies between -1 and 1, whatever it is of.
    fn is_bounded(&self, expressions: &Expressions, id: ExpressionId) -> bool {
        let id = match expressions.node(id) {
            Node::Read(tensor, _) => match self.program.definition(*tensor) {
                Some(Definition { reduction: None, body }) => *body,
                Some(_) | None => return false,
            },
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => id,
        };
        matches!(expressions.node(id), Node::Apply(operator, _) if operator.is_within_one())
    }

    /// Whether a polynomial is a factor alone.
    fn is_atom(&self, polynomial: &Polynomial) -> bool {
        let mut terms = polynomial.iter();
        let (Some((monomial, number)), None) = (terms.next(), terms.next()) else { return false };
        *number == 1.0 && matches!(monomial.as_slice(), [(_, 1)])
    }

    /// Whether a factor is a sum.
    fn is_sum(&self, factor: ExpressionId) -> bool {
        self.known.get(&factor).is_some_and(|found| found.len() > 1)
    }

    /// The polynomial with the sums multiplied out that are factors of some of its damped terms, but not of all.
    fn multiplied_out(&mut self, expressions: &mut Expressions, polynomial: &Polynomial) -> Polynomial {
        let mut polynomial = polynomial.clone();
        for _ in 0..MOST_SUMS {
            let common = common(&polynomial);
            let sums = |monomial: &Monomial| -> Vec<(ExpressionId, u32)> {
                divided(monomial, &common)
                    .into_iter()
                    .filter(|&(factor, _)| self.is_sum(factor) && !self.is_damped_itself(monomial, factor))
                    .collect()
            };
            let found: Vec<Vec<(ExpressionId, u32)>> = polynomial.keys().map(sums).collect();
            let is_linear = found.iter().all(|sums| sums.iter().map(|(_, exponent)| exponent).sum::<u32>() <= 1);
            let candidates: BTreeSet<ExpressionId> = found.into_iter().flatten().map(|(factor, _)| factor).collect();
            let next = candidates.into_iter().filter(|_| is_linear);
            let next: Vec<Polynomial> =
                next.filter_map(|sum| self.without_sum(expressions, &polynomial, &common, sum)).take(1).collect();
            let Some(next) = next.into_iter().next().filter(|next| next.len() <= MOST_TERMS) else { break };
            polynomial = next;
        }
        polynomial
    }

    /// The polynomial with a sum multiplied out; `None` where a term with it is not damped.
    fn without_sum(
        &mut self,
        expressions: &mut Expressions,
        polynomial: &Polynomial,
        common: &Monomial,
        of: ExpressionId,
    ) -> Option<Polynomial> {
        let terms = self.known.get(&of)?.clone();
        let mut result = Polynomial::new();
        for (monomial, &number) in polynomial {
            if !divided(monomial, common).iter().any(|&(factor, _)| factor == of) {
                add(&mut result, monomial.clone(), number);
                continue;
            }
            let rest = divided(monomial, &vec![(of, 1)]);
            for (term, &factor) in &terms {
                let product = times(&rest, term);
                if !self.is_damped(expressions, &product) || !divided(&self.large(expressions, &product), common).is_empty() {
                    return None;
                }
                add(&mut result, product, number * factor);
            }
        }
        Some(result)
    }
}
