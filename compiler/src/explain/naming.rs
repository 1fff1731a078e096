//! Values under their names: where a line holds what a definition says, however its factors are spread, it is shown by the name of that. It
//! must not know what is derived.

use super::products::{Product, lower, product, sum, terms, under_root};
use super::sheet::element;
use super::{tidy, tree};
use crate::ops::Reduction;
use crate::syntax::tree::{Expression, ExpressionKind, IndexItem};
use std::collections::{BTreeMap, BTreeSet};

/// A sum with more terms, or a product with more factors, is not compared.
const MOST: usize = 6;

/// A definition by which values are known.
pub struct Named {
    /// What is defined.
    pub left: Expression,
    /// As what.
    pub right: Expression,
    name: String,
    labels: Vec<String>,
    product: Product,
}

/// What stands at the labels of a definition.
type Places = BTreeMap<String, Expression>;

impl Named {
    /// A definition, unless it is so simple that its name says no more.
    pub fn new(name: &str, labels: &[String], right: &Expression) -> Option<Self> {
        let product = product(right);
        let holds = |(factor, _): &(Expression, u32)| !is_element(factor);
        let is_telling = product.factors.iter().chain(&product.below).any(holds) && terms(right).len() == 1;
        let small = product.factors.len() + product.below.len() <= MOST;
        let reduces = matches!(right.kind, ExpressionKind::Reduce { .. });
        let (name, labels) = (name.to_owned(), labels.to_vec());
        let left = element(&name, &labels);
        (is_telling && small && !reduces).then(|| Self { left, right: right.clone(), name, labels, product })
    }

    /// The element of it at some places, if it is known where.
    fn at(&self, places: &Places) -> Option<Expression> {
        let mut found = element(&self.name, &self.labels);
        if let ExpressionKind::Index(_, items) = &mut found.kind {
            for (item, label) in items.iter_mut().zip(&self.labels) {
                *item = IndexItem::At(places.get(label)?.clone());
            }
        }
        Some(found)
    }

    /// A product with the name in the place of the factors that are its value; they may stand within a sum, and outside those that are the
    /// same for all that it adds up.
    fn within(&self, whole: &Product) -> Option<Product> {
        let sums = (0..whole.factors.len()).filter_map(|place| Pool::inside(whole, place));
        std::iter::once(Pool::plain(whole)).chain(sums).find_map(|pool| {
            let mut pool = pool;
            let own = pool.inner_or_outer();
            if (self.product.number, self.product.below_number) == (own.number, own.below_number) {
                (own.number, own.below_number) = (1.0, 1.0);
            } else if (self.product.number, self.product.below_number) != (1.0, 1.0) {
                return None;
            }
            let (mut left, places) = self.taken(&self.parts(), pool, Places::new())?;
            let name = self.at(&places).filter(|_| left.is_touched)?;
            let place = left.place.unwrap_or(usize::MAX);
            raise(&mut left.inner_or_outer().factors, name, place);
            Some(left.together())
        })
    }

    /// All factors of the definition: which, its power, and whether it divides.
    fn parts(&self) -> Vec<(Expression, u32, bool)> {
        let side = |factors: &[(Expression, u32)], below: bool| {
            factors.iter().map(|(factor, power)| (factor.clone(), *power, below)).collect::<Vec<_>>()
        };
        [side(&self.product.factors, false), side(&self.product.below, true)].concat()
    }

    /// What is left of a pool without some factors, and where they were.
    fn taken(&self, parts: &[(Expression, u32, bool)], pool: Pool, places: Places) -> Option<(Pool, Places)> {
        let Some(((wanted, power, below), rest)) = parts.split_first() else { return Some((pool, places)) };
        let root = under_root(wanted).filter(|_| *power == 1);
        for inner in [true, false] {
            for (factor, there) in pool.side(inner, *below) {
                let mut left = pool.clone();
                let found = if let Some(found) = self.equal(wanted, &factor, &places).filter(|_| there >= *power) {
                    left.take(inner, *below, &factor, *power);
                    found
                } else if let Some(found) = root.as_ref().and_then(|inside| self.equal(inside, &factor, &places)) {
                    // What stands under a root is twice that as a factor.
                    left.take(inner, *below, &factor, 1);
                    left.put(inner, *below, tidy::call("sqrt", factor));
                    found
                } else {
                    continue;
                };
                if let Some(found) = self.taken(rest, left, found) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Whether a formula is one of the definition at some places, and at which.
    fn equal(&self, own: &Expression, other: &Expression, places: &Places) -> Option<Places> {
        if let ExpressionKind::Name(label) = &own.kind
            && self.labels.contains(label)
        {
            return match places.get(label) {
                Some(known) => (known == other).then(|| places.clone()),
                None => Some(places.clone().into_iter().chain([(label.clone(), other.clone())]).collect()),
            };
        }
        if tidy::is_link(own) || tidy::is_link(other) {
            return self.equal_terms(&terms(own), &terms(other), places);
        }
        let (mut own, mut other) = (own.clone(), other.clone());
        let (mut left, mut right) = (tree::children_mut(&mut own), tree::children_mut(&mut other));
        if left.len() != right.len() {
            return None;
        }
        let mut places = places.clone();
        for (left, right) in left.iter_mut().zip(&mut right) {
            places = self.equal(left, right, &places)?;
            **left = right.clone();
        }
        (own == other).then_some(places)
    }

    /// Whether two sums are the same in any order.
    fn equal_terms(&self, own: &[Product], other: &[Product], places: &Places) -> Option<Places> {
        if own.len() != other.len() || own.len() > MOST {
            return None;
        }
        let Some((first, rest)) = own.split_first() else { return Some(places.clone()) };
        (0..other.len()).find_map(|place| {
            let numbers = |one: &Product| (one.number, one.below_number);
            if numbers(first) != numbers(&other[place]) {
                return None;
            }
            let places = self.equal_factors(&first.factors, &other[place].factors, places)?;
            let places = self.equal_factors(&first.below, &other[place].below, &places)?;
            let others = [&other[..place], &other[place + 1..]].concat();
            self.equal_terms(rest, &others, &places)
        })
    }

    fn equal_factors(&self, own: &[(Expression, u32)], other: &[(Expression, u32)], places: &Places) -> Option<Places> {
        if own.len() != other.len() || own.len() > MOST {
            return None;
        }
        let Some(((first, power), rest)) = own.split_first() else { return Some(places.clone()) };
        (0..other.len()).filter(|&place| other[place].1 == *power).find_map(|place| {
            let places = self.equal(first, &other[place].0, places)?;
            let others = [&other[..place], &other[place + 1..]].concat();
            self.equal_factors(rest, &others, &places)
        })
    }
}

/// A product, and perhaps what one of its factors adds up.
#[derive(Clone)]
struct Pool {
    outer: Product,
    /// The sum, and its terms.
    inner: Option<(Expression, Product)>,
    /// Whether something was taken from where the name is to stand.
    is_touched: bool,
    /// Which factor was taken there first.
    place: Option<usize>,
}

impl Pool {
    /// A product alone.
    fn plain(whole: &Product) -> Self {
        Self { outer: whole.clone(), inner: None, is_touched: false, place: None }
    }

    /// The same with a look into one of its factors, where that is a sum of products.
    fn inside(whole: &Product, place: usize) -> Option<Self> {
        let (factor, 1) = &whole.factors[place] else { return None };
        let ExpressionKind::Reduce { reduction, body, .. } = &factor.kind else { return None };
        let is_sum = reduction.text == Reduction::Sum.spelling() && terms(body).len() == 1;
        let mut outer = whole.clone();
        outer.factors.remove(place);
        is_sum.then(|| Self { outer, inner: Some((factor.clone(), product(body))), is_touched: false, place: None })
    }

    /// Where the name is to stand.
    fn inner_or_outer(&mut self) -> &mut Product {
        self.inner.as_mut().map_or(&mut self.outer, |(_, terms)| terms)
    }

    fn side(&self, inner: bool, below: bool) -> Vec<(Expression, u32)> {
        let product = if inner { self.inner.as_ref().map(|(_, terms)| terms) } else { Some(&self.outer) };
        product.map_or_else(Vec::new, |product| if below { product.below.clone() } else { product.factors.clone() })
    }

    fn side_mut(&mut self, inner: bool, below: bool) -> &mut Vec<(Expression, u32)> {
        let product = if inner { self.inner_or_outer() } else { &mut self.outer };
        if below { &mut product.below } else { &mut product.factors }
    }

    fn take(&mut self, inner: bool, below: bool, factor: &Expression, power: u32) {
        let is_there = inner == self.inner.is_some();
        self.is_touched |= is_there;
        if is_there && !below && self.place.is_none() {
            self.place = self.side(inner, below).iter().position(|(own, _)| own == factor);
        }
        lower(self.side_mut(inner, below), factor, power);
    }

    fn put(&mut self, inner: bool, below: bool, factor: Expression) {
        raise(self.side_mut(inner, below), factor, usize::MAX);
    }

    /// The product as one.
    fn together(self) -> Product {
        let Self { mut outer, inner, .. } = self;
        if let Some((mut whole, terms)) = inner {
            if let ExpressionKind::Reduce { body, .. } = &mut whole.kind {
                **body = sum(vec![terms]);
            }
            outer.factors.push((whole, 1));
        }
        outer
    }
}

/// Multiplies by a factor, at a place where it is new.
fn raise(factors: &mut Vec<(Expression, u32)>, factor: Expression, place: usize) {
    match factors.iter_mut().find(|(own, _)| *own == factor) {
        Some((_, power)) => *power += 1,
        None => factors.insert(place.min(factors.len()), (factor, 1)),
    }
}

/// An element, a name or a number.
fn is_element(source: &Expression) -> bool {
    match &source.kind {
        ExpressionKind::Name(_) | ExpressionKind::Number { .. } => true,
        ExpressionKind::Index(of, _) => is_element(of),
        ExpressionKind::Boolean(_)
        | ExpressionKind::Missing
        | ExpressionKind::Unary(..)
        | ExpressionKind::Transpose(_)
        | ExpressionKind::Field(..)
        | ExpressionKind::Binary(..)
        | ExpressionKind::Pipe(..)
        | ExpressionKind::Call(..)
        | ExpressionKind::Reduce { .. }
        | ExpressionKind::List(_)
        | ExpressionKind::Group(_)
        | ExpressionKind::Arrow(..)
        | ExpressionKind::If { .. } => false,
    }
}

/// Puts names in the place of their values, wherever these stand; which of the names.
pub fn rename(source: &mut Expression, names: &[Named]) -> BTreeSet<usize> {
    let mut used = BTreeSet::new();
    let mut all = terms(source);
    for term in &mut all {
        for _ in 0..MOST {
            let found = names.iter().enumerate().find_map(|(number, name)| Some((number, name.within(term)?)));
            let Some((number, renamed)) = found else { break };
            used.insert(number);
            *term = renamed;
        }
        for (factor, _) in term.factors.iter_mut().chain(&mut term.below) {
            if tidy::is_link(factor) {
                used.extend(rename(factor, names));
            } else {
                tree::children_mut(factor).into_iter().for_each(|child| used.extend(rename(child, names)));
            }
        }
    }
    if !used.is_empty() {
        *source = sum(all);
    }
    used
}
