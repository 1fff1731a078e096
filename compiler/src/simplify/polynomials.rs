//! Polynomials: a formula of sums and products is multiplied out, like terms are put together, and it is written in nested form, where
//! that costs less. So the n-th derivative of `tanh(x)` has n / 2 terms in `t` and `1 - t * t`, and not twice as many as the one before.
//!
//! - A difference, as `1 - t * t` or `a - b`, is a factor of its own: where it is small, its terms multiplied out would leave noise.
//! - So is a sum that has, beside what is common to all its terms and numbers, a term without a factor between -1 and 1 as `tanh`, `sin`
//!   and `sigmoid` are: `x^2 + y - 11` is what somebody wrote, and exact near 0.
//! - No term has more than three factors that may be larger than 1, so that no product overflows that was small.

use super::Report;
use crate::ir::cost::formula_cost;
use crate::ir::{Definition, ExpressionId, Expressions, Node, Number, Program};
use crate::ops::Operator;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// A polynomial of more terms is not multiplied out further.
const MOST_TERMS: usize = 256;
/// Sums with more pairs of terms are not multiplied.
const MOST_PAIRS: usize = 4096;
/// So many factors of a term may be larger than 1.
const MOST_LARGE: u32 = 3;
/// Formulas of fewer operations are left alone.
const FEWEST: u32 = 6;

/// What a product is of, with exponents, sorted; without its number.
type Monomial = Vec<(ExpressionId, u32)>;
/// Monomials with their numbers; none is 0.
type Polynomial = BTreeMap<Monomial, f64>;

/// A cheaper form of a formula, with its polynomials in nested form, if there is one.
pub fn nested(program: &Program, expressions: &mut Expressions, root: ExpressionId, report: &mut Report) -> Option<ExpressionId> {
    let cost = formula_cost(expressions, root);
    if cost < FEWEST {
        return None;
    }
    let mut reader =
        Reader { program, known: FxHashMap::default(), within_one: FxHashMap::default(), sums: FxHashMap::default() };
    let mut replaced = FxHashMap::default();
    for top in tops(expressions, root) {
        let polynomial = reader.polynomial(expressions, top);
        if reader.is_atom(&polynomial) {
            continue;
        }
        let form = reader.form(expressions, &polynomial);
        if formula_cost(expressions, form) < formula_cost(expressions, top) {
            replaced.insert(top, form);
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

struct Reader<'a> {
    program: &'a Program,
    known: FxHashMap<ExpressionId, Polynomial>,
    within_one: FxHashMap<ExpressionId, bool>,
    /// Sums that are factors, by their terms.
    sums: FxHashMap<Vec<(Monomial, Number)>, ExpressionId>,
}

impl Reader<'_> {
    /// A formula as a polynomial. What cannot be multiplied out is a factor as it stands.
    fn polynomial(&mut self, expressions: &Expressions, root: ExpressionId) -> Polynomial {
        for id in expressions.reachable(root) {
            if !self.known.contains_key(&id) {
                let found = self.of(expressions, id).filter(|found| found.len() <= MOST_TERMS);
                self.known.insert(id, found.unwrap_or_else(|| atom(id)));
            }
        }
        self.known[&root].clone()
    }

    fn of(&mut self, expressions: &Expressions, id: ExpressionId) -> Option<Polynomial> {
        match expressions.node(id) {
            Node::Number(number) if number.get() == 0.0 => Some(Polynomial::new()),
            Node::Number(number) => number.get().is_finite().then(|| Polynomial::from([(Monomial::new(), number.get())])),
            Node::Apply(operator, arguments) => {
                let operator = *operator;
                if operator == Operator::Multiply {
                    return self.product(expressions, arguments[0], arguments[1]);
                }
                let of = |number: usize| &self.known[&arguments[number]];
                let linear = matches!(operator, Operator::Add | Operator::Subtract | Operator::Negate);
                linear.then(|| match arguments.as_slice() {
                    [_, _] => sum(of(0), of(1), if operator == Operator::Subtract { -1.0 } else { 1.0 }),
                    _ => sum(&Polynomial::new(), of(0), -1.0),
                })
            }
            Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Select(..) => None,
        }
    }

    fn product(&mut self, expressions: &Expressions, a: ExpressionId, b: ExpressionId) -> Option<Polynomial> {
        let (one, other) = (self.factor(a), self.factor(b));
        if one.len() * other.len() > MOST_PAIRS {
            return None;
        }
        let is_safe = self.degree(expressions, &one) + self.degree(expressions, &other) <= MOST_LARGE
            && self.may_be_multiplied_out(expressions, &one)
            && self.may_be_multiplied_out(expressions, &other);
        is_safe.then(|| {
            let mut product = Polynomial::new();
            for (a, number) in &one {
                for (b, factor) in &other {
                    add(&mut product, times(a, b), number * factor);
                }
            }
            product
        })
    }

    /// A formula as a factor: a difference stays as it is, the first that there is of it or of its negative.
    fn factor(&mut self, id: ExpressionId) -> Polynomial {
        let polynomial = &self.known[&id];
        let is_difference = polynomial.len() == 2 && polynomial.values().sum::<f64>() == 0.0;
        if !is_difference {
            return polynomial.clone();
        }
        let terms = |sign: f64| -> Vec<(Monomial, Number)> {
            polynomial.iter().map(|(monomial, number)| (monomial.clone(), Number::new(sign * number))).collect()
        };
        if let Some(&first) = self.sums.get(&terms(-1.0)) {
            return Polynomial::from([(vec![(first, 1)], -1.0)]);
        }
        atom(*self.sums.entry(terms(1.0)).or_insert(id))
    }

    /// Whether each term of a sum, without what they have in common, is a number or has a factor that is not larger than 1.
    fn may_be_multiplied_out(&mut self, expressions: &Expressions, polynomial: &Polynomial) -> bool {
        let common = common(polynomial);
        polynomial.keys().all(|monomial| {
            let rest = divided(monomial, &common);
            rest.is_empty() || rest.iter().any(|&(factor, _)| self.is_within_one(expressions, factor))
        })
    }

    /// How many factors that may be larger than 1 a term has at most.
    fn degree(&mut self, expressions: &Expressions, polynomial: &Polynomial) -> u32 {
        let large = |monomial| self.split(expressions, monomial).0.iter().map(|&(_, exponent)| exponent).sum();
        polynomial.keys().map(large).max().unwrap_or(0)
    }

    /// The factors that may be larger than 1, and those that are not.
    fn split(&mut self, expressions: &Expressions, monomial: &Monomial) -> (Monomial, Monomial) {
        monomial.iter().copied().partition(|&(factor, _)| !self.is_within_one(expressions, factor))
    }

    /// Whether a factor lies between -1 and 1, or is a number minus such ones, and not larger than 2.
    fn is_within_one(&mut self, expressions: &Expressions, id: ExpressionId) -> bool {
        if let Some(&known) = self.within_one.get(&id) {
            return known;
        }
        let is = self.is_bounded(expressions, id) || {
            let polynomial = self.known.get(&id).filter(|found| !self.is_atom(found)).cloned();
            polynomial.is_some_and(|found| {
                let small = found.keys().flatten().all(|&(factor, _)| factor != id && self.is_within_one(expressions, factor));
                small && found.values().map(|number| number.abs()).sum::<f64>() <= 2.0
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

    /// A polynomial as a formula.
    fn form(&mut self, expressions: &mut Expressions, polynomial: &Polynomial) -> ExpressionId {
        let mut by_large: BTreeMap<Monomial, Polynomial> = BTreeMap::new();
        for (monomial, number) in polynomial {
            let (large, small) = self.split(expressions, monomial);
            by_large.entry(large).or_default().insert(small, *number);
        }
        let mut total: Option<Product> = None;
        for (large, small) in by_large {
            let term = horner(expressions, &small);
            let term = multiplied(expressions, &large, term);
            total = Some(plus(expressions, total, term));
        }
        total.unwrap_or(Product { of: None, number: 0.0 }).formula(expressions)
    }
}

fn atom(id: ExpressionId) -> Polynomial {
    Polynomial::from([(vec![(id, 1)], 1.0)])
}

/// `a + factor · b`
fn sum(a: &Polynomial, b: &Polynomial, factor: f64) -> Polynomial {
    let mut sum = a.clone();
    for (monomial, number) in b {
        add(&mut sum, monomial.clone(), number * factor);
    }
    sum
}

/// Adds a term; what is left of a difference by rounding alone is nothing.
fn add(polynomial: &mut Polynomial, monomial: Monomial, number: f64) {
    let before = polynomial.get(&monomial).copied().unwrap_or(0.0);
    let total = before + number;
    if total.abs() <= 4.0 * f64::EPSILON * before.abs() {
        polynomial.remove(&monomial);
    } else {
        polynomial.insert(monomial, total);
    }
}

fn times(a: &Monomial, b: &Monomial) -> Monomial {
    let mut exponents: BTreeMap<ExpressionId, u32> = a.iter().copied().collect();
    for &(factor, exponent) in b {
        *exponents.entry(factor).or_default() += exponent;
    }
    exponents.into_iter().collect()
}

fn divided(a: &Monomial, b: &Monomial) -> Monomial {
    let less = |factor: ExpressionId| b.iter().find(|&&(other, _)| other == factor).map_or(0, |&(_, exponent)| exponent);
    a.iter().map(|&(factor, exponent)| (factor, exponent - less(factor))).filter(|&(_, exponent)| exponent > 0).collect()
}

/// A product: its formula without a number (none is 1), and that.
#[derive(Clone, Copy)]
struct Product {
    of: Option<ExpressionId>,
    number: f64,
}

impl Product {
    fn formula(self, expressions: &mut Expressions) -> ExpressionId {
        match self {
            Self { of: None, number } => expressions.number(number),
            Self { of: Some(of), number: 1.0 } => of,
            Self { of: Some(of), number: -1.0 } => expressions.apply(Operator::Negate, &[of]),
            Self { of: Some(of), number } => {
                let number = expressions.number(number);
                expressions.apply(Operator::Multiply, &[of, number])
            }
        }
    }
}

fn plus(expressions: &mut Expressions, total: Option<Product>, term: Product) -> Product {
    let Some(total) = total else { return term };
    let left = total.formula(expressions);
    let is_negative = term.number < 0.0;
    let right = Product { number: term.number.abs(), ..term }.formula(expressions);
    let operator = if is_negative { Operator::Subtract } else { Operator::Add };
    Product { of: Some(expressions.apply(operator, &[left, right])), number: 1.0 }
}

/// A product with the factors of a monomial before it.
fn multiplied(expressions: &mut Expressions, monomial: &Monomial, product: Product) -> Product {
    let mut of = None;
    for &(factor, exponent) in monomial {
        let power = (1..exponent).fold(factor, |power, _| expressions.apply(Operator::Multiply, &[power, factor]));
        of = Some(of.map_or(power, |before| expressions.apply(Operator::Multiply, &[before, power])));
    }
    let both = match (of, product.of) {
        (Some(one), Some(other)) => Some(expressions.apply(Operator::Multiply, &[one, other])),
        (one, other) => one.or(other),
    };
    Product { of: both, number: product.number }
}

/// The nested form: what all terms have in common before the rest, and of that what most have before those that have it.
fn horner(expressions: &mut Expressions, polynomial: &Polynomial) -> Product {
    let common = common(polynomial);
    if !common.is_empty() {
        let rest = polynomial.iter().map(|(monomial, number)| (divided(monomial, &common), *number)).collect();
        let rest = horner(expressions, &rest);
        return multiplied(expressions, &common, rest);
    }
    let mut readers: BTreeMap<ExpressionId, usize> = BTreeMap::new();
    polynomial.keys().flatten().for_each(|&(factor, _)| *readers.entry(factor).or_default() += 1);
    let most = readers.iter().max_by_key(|&(&factor, &count)| (count, std::cmp::Reverse(factor))).map(|(&factor, _)| factor);
    let Some(factor) = most.filter(|_| polynomial.len() > 1) else {
        return Product { of: None, number: polynomial.values().sum() };
    };
    let has = |monomial: &Monomial| monomial.iter().any(|&(other, _)| other == factor);
    let (with, without): (Polynomial, Polynomial) =
        polynomial.iter().map(|(monomial, number)| (monomial.clone(), *number)).partition(|(monomial, _)| has(monomial));
    let (with, without) = (horner(expressions, &with), horner(expressions, &without));
    let (first, second) = if without.number < 0.0 && with.number > 0.0 { (with, without) } else { (without, with) };
    let first = Some(first);
    plus(expressions, first, second)
}

/// The factors of all terms.
fn common(polynomial: &Polynomial) -> Monomial {
    let mut monomials = polynomial.keys();
    let Some(first) = monomials.next() else { return Monomial::new() };
    let mut common = first.clone();
    for monomial in monomials {
        common.retain_mut(|(factor, exponent)| {
            let own = monomial.iter().find(|(other, _)| other == factor).map_or(0, |&(_, exponent)| exponent);
            *exponent = own.min(*exponent);
            *exponent > 0
        });
    }
    common
}
