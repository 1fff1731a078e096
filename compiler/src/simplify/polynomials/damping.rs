//! Factors that fall where something is large, faster than its powers grow: `exp(-x^2)`, beside which any power of x is bounded, and
//! `1 / (1 + x^2)`, each of which bounds two factors x. Both are not larger than 1.
//!
//! `exp(q)` and `1 / q` of another polynomial in x with a constant are no bounds, but where they are finite and not 0, powers of x do not
//! overflow beside them: `exp(3·x)`, `1 / (1 - x^2)`.

use super::Reader;
use super::algebra::{Monomial, Polynomial, add};
use crate::ir::{Definition, ExpressionId, Expressions, Label, Node, Number};
use crate::ops::Operator;
use std::collections::BTreeMap;

/// The numbers of the squares are not smaller, so that what is bounded is not large.
const LEAST: f64 = 1.0 / 16.0;
/// The logarithm of what an exponential has at most.
const MOST_EXPONENT: f64 = 1.0;
/// Sums of sums are looked into so deep.
const MOST_DEPTH: u32 = 64;

/// What a factor damps.
#[derive(Clone)]
pub struct Damping {
    /// With each, how much of the power one of it takes.
    of: Vec<(ExpressionId, u32)>,
    /// How many factors it bounds; `None` for any number.
    power: Option<u32>,
    /// Whether it is not larger than 1.
    pub is_within_one: bool,
}

impl Damping {
    fn weight(&self, factor: ExpressionId) -> Option<u32> {
        self.of.iter().find(|(of, _)| *of == factor).map(|(_, weight)| *weight)
    }
}

impl Reader<'_> {
    /// What a factor damps, if it does.
    pub fn damping(&mut self, expressions: &mut Expressions, factor: ExpressionId) -> Option<&Damping> {
        if !self.is_damping() {
            return None;
        }
        if !self.damping.contains_key(&factor) {
            let formula = self.formula_of(expressions, factor);
            let found = damping(expressions, formula);
            self.damping.insert(factor, found);
        }
        self.damping[&factor].as_ref()
    }

    /// A factor, or the formula of the definition that it reads.
    fn formula_of(&self, expressions: &mut Expressions, factor: ExpressionId) -> ExpressionId {
        let Node::Read(tensor, at) = expressions.node(factor) else { return factor };
        let Some(Definition { reduction: None, body }) = self.program.definition(*tensor) else { return factor };
        let is_candidate = matches!(expressions.node(*body), Node::Apply(Operator::Exp | Operator::Divide, _));
        let at = at.clone();
        if is_candidate { expressions.substitute(*body, &mut |Label(axis)| at[axis as usize].clone()) } else { factor }
    }

    /// Whether something in a formula damps something.
    pub fn is_any_damped(&mut self, expressions: &mut Expressions, root: ExpressionId) -> bool {
        expressions.reachable(root).into_iter().any(|id| match expressions.node(id) {
            Node::Apply(Operator::Divide, arguments) => {
                let of = arguments[1];
                reciprocal(expressions, of).is_some_and(|found| !found.contains_key(&Monomial::new()))
            }
            Node::Apply(Operator::Exp, _) | Node::Read(..) => self.damping(expressions, id).is_some(),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => false,
        })
    }

    /// Whether a term has a factor that damps something.
    pub fn is_damped(&mut self, expressions: &mut Expressions, monomial: &Monomial) -> bool {
        monomial.iter().any(|&(factor, _)| self.damping(expressions, factor).is_some())
    }

    /// The factors of a term that may be larger than 1 and that nothing damps.
    pub fn large(&mut self, expressions: &mut Expressions, monomial: &Monomial) -> Monomial {
        let mut dampings: Vec<(Damping, Option<u32>)> = Vec::new();
        for &(factor, exponent) in monomial {
            if let Some(found) = self.damping(expressions, factor).cloned() {
                let budget = found.power.map(|power| power * exponent);
                dampings.push((found, budget));
            }
        }
        let mut large: Monomial = monomial.clone();
        large.retain(|&(factor, _)| !self.is_within_one(expressions, factor) && self.damping(expressions, factor).is_none());
        for (damping, budget) in &mut dampings {
            for (factor, exponent) in &mut large {
                let Some(weight) = self.weight(damping, *factor, MOST_DEPTH) else { continue };
                let bounded = budget.map_or(*exponent, |budget| budget.checked_div(weight).unwrap_or(u32::MAX).min(*exponent));
                *exponent -= bounded;
                *budget = budget.map(|budget| budget - bounded * weight);
            }
        }
        large.retain(|&(_, exponent)| exponent > 0);
        large
    }

    /// Whether something in a term damps a factor as it stands.
    pub fn is_damped_itself(&self, monomial: &Monomial, factor: ExpressionId) -> bool {
        let dampings = monomial.iter().filter_map(|(factor, _)| self.damping.get(factor)?.as_ref());
        dampings.into_iter().any(|damping| damping.weight(factor).is_some())
    }

    /// Whether a sum is a multiple of a factor and a number.
    fn is_moved(&self, sum: ExpressionId, factor: ExpressionId) -> bool {
        let terms = self.known.get(&sum).filter(|found| found.len() == 2);
        terms.is_some_and(|terms| terms.keys().all(|term| term.is_empty() || *term == [(factor, 1)]))
    }

    /// How many factors that may be larger than 1 a term has, those within sums counted, without those that are damped.
    pub fn height(&mut self, expressions: &mut Expressions, monomial: &Monomial) -> u32 {
        let large = self.large(expressions, monomial);
        large.iter().map(|&(factor, exponent)| self.height_of(factor, MOST_DEPTH).saturating_mul(exponent)).sum()
    }

    fn height_of(&self, factor: ExpressionId, depth: u32) -> u32 {
        let Some(terms) = self.known.get(&factor).filter(|found| found.len() > 1 && depth > 0) else { return 1 };
        let of_term = |monomial: &Monomial| -> u32 {
            monomial.iter().map(|&(factor, exponent)| self.height_of(factor, depth - 1).saturating_mul(exponent)).sum()
        };
        terms.keys().map(of_term).max().unwrap_or(1)
    }

    /// As how many factors of what is damped a factor counts: itself, or a sum of products of such.
    fn weight(&self, damping: &Damping, factor: ExpressionId, depth: u32) -> Option<u32> {
        let moved = || damping.of.iter().find(|(sum, _)| self.is_moved(*sum, factor)).map(|(_, weight)| *weight);
        if let Some(weight) = damping.weight(factor).or_else(moved) {
            return Some(weight);
        }
        if self.within_one.get(&factor) == Some(&true) {
            return Some(0);
        }
        let terms = self.known.get(&factor).filter(|found| found.len() > 1 && depth > 0)?;
        let of_term = |monomial: &Monomial| {
            let weights = monomial.iter().map(|&(factor, exponent)| Some(self.weight(damping, factor, depth - 1)? * exponent));
            weights.sum::<Option<u32>>()
        };
        terms.keys().map(of_term).try_fold(0, |most, weight| Some(most.max(weight?)))
    }
}

/// `1 / b` as a product of a number and factors that damp something; `None` where it is none.
pub fn reciprocal(expressions: &mut Expressions, of: ExpressionId) -> Option<Polynomial> {
    let (factors, number) = product(expressions, of);
    let one = expressions.number(1.0);
    let mut reciprocals: BTreeMap<ExpressionId, u32> = BTreeMap::new();
    for (factor, exponent) in factors {
        let reciprocal = expressions.apply(Operator::Divide, &[one, factor]);
        damping(expressions, reciprocal)?;
        *reciprocals.entry(reciprocal).or_default() += exponent;
    }
    number.get().is_normal().then(|| Polynomial::from([(reciprocals.into_iter().collect(), Number::new(1.0) / number)]))
}

/// What a formula damps.
fn damping(expressions: &Expressions, formula: ExpressionId) -> Option<Damping> {
    let Node::Apply(operator, arguments) = expressions.node(formula) else { return None };
    let (of, is_reciprocal) = match (*operator, arguments.as_slice()) {
        (Operator::Exp, &[of]) => (of, false),
        (Operator::Divide, &[one, of]) if expressions.as_number(one) == Some(1.0) => (of, true),
        _ => return None,
    };
    let mut terms = terms(expressions, of, if is_reciprocal { 1.0 } else { -1.0 });
    let constant = terms.remove(&Monomial::new()).map_or(0.0, Number::get);
    let powers = powers(&terms)?;
    let lowest = powers.values().map(lowest).try_fold(constant, |sum, lowest| Some(sum + lowest?));
    let is_within_one = lowest.is_some_and(|lowest| if is_reciprocal { lowest >= 1.0 } else { -lowest <= MOST_EXPONENT });
    let is_alone = powers.len() == 1 && (!is_reciprocal || constant != 0.0);
    let degree =
        powers.values().filter_map(|of_one| of_one.keys().next_back()).fold(1, |all, &degree| least_multiple(all, degree));
    let weight =
        |of_one: &Powers| of_one.last_key_value().filter(|(_, number)| number.abs() >= LEAST).map(|(own, _)| degree / own);
    let of = powers.iter().map(|(&factor, own)| Some((factor, weight(own)?))).collect::<Option<Vec<_>>>()?;
    (is_within_one || is_alone).then_some(Damping { of, power: is_reciprocal.then_some(degree), is_within_one })
}

/// The powers of one factor in a sum, with their numbers.
type Powers = BTreeMap<u32, f64>;

/// A sum by powers of single factors; `None` where a term has several, or there is none.
fn powers(terms: &Polynomial) -> Option<BTreeMap<ExpressionId, Powers>> {
    let mut powers: BTreeMap<ExpressionId, Powers> = BTreeMap::new();
    for (monomial, &number) in terms {
        let &[(factor, exponent)] = monomial.as_slice() else { return None };
        powers.entry(factor).or_default().insert(exponent, number.get());
    }
    (!powers.is_empty()).then_some(powers)
}

fn least_multiple(a: u32, b: u32) -> u32 {
    let (mut divisor, mut rest) = (a, b);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    a / divisor * b
}

/// A number below all values of a polynomial whose highest power is even and so large that half of it still damps; 0 where no term is
/// negative. The other half of that power, in equal shares, is set against each term that may be negative.
fn lowest(powers: &Powers) -> Option<f64> {
    let (&degree, &leading) = powers.last_key_value().filter(|(degree, number)| degree.is_multiple_of(2) && **number >= LEAST)?;
    let negative: Vec<(u32, f64)> = (powers.iter())
        .filter(|&(&power, &number)| power < degree && (number < 0.0 || !power.is_multiple_of(2)))
        .map(|(&power, &number)| (power, number.abs()))
        .collect();
    if negative.is_empty() {
        return Some(0.0);
    }
    let share = leading / 2.0 / negative.len() as f64;
    // The least value of share·x^d - b·x^k is at x^(d - k) = k·b / (d·share).
    let least = |&(power, number): &(u32, f64)| {
        let (d, k) = (f64::from(degree), f64::from(power));
        let at = (k * number / (d * share)).powf(1.0 / (d - k));
        share * at.powf(d) - number * at.powf(k)
    };
    (leading / 2.0 >= LEAST).then(|| negative.iter().map(least).sum())
}

/// A sum by its terms, with a sign.
fn terms(expressions: &Expressions, of: ExpressionId, sign: f64) -> Polynomial {
    let mut terms = Polynomial::new();
    let mut open = vec![(of, sign)];
    while let Some((id, sign)) = open.pop() {
        match expressions.node(id) {
            Node::Apply(Operator::Add, arguments) => open.extend(arguments.iter().map(|&argument| (argument, sign))),
            Node::Apply(Operator::Subtract, arguments) => open.extend([(arguments[0], sign), (arguments[1], -sign)]),
            Node::Apply(Operator::Negate, arguments) => open.push((arguments[0], -sign)),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                let (factors, number) = product(expressions, id);
                add(&mut terms, factors, Number::new(sign) * number);
            }
        }
    }
    terms
}

/// The factors of a product, and its number.
fn product(expressions: &Expressions, of: ExpressionId) -> (Monomial, Number) {
    let (mut factors, mut number): (BTreeMap<ExpressionId, u32>, Number) = (BTreeMap::new(), Number::new(1.0));
    let mut open = vec![of];
    while let Some(id) = open.pop() {
        match expressions.node(id) {
            Node::Apply(Operator::Multiply, arguments) => open.extend(arguments),
            Node::Apply(Operator::Negate, arguments) => {
                number = -number;
                open.push(arguments[0]);
            }
            Node::Apply(Operator::Divide, arguments) if expressions.as_number(arguments[1]).is_some() => {
                number = number / expressions.as_constant(arguments[1]).unwrap_or(Number::new(1.0));
                open.push(arguments[0]);
            }
            Node::Number(value) => number = number * *value,
            Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                *factors.entry(id).or_default() += 1;
            }
        }
    }
    (factors.into_iter().collect(), number)
}
