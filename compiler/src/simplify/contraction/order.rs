//! The cheapest order of a contraction: sets of labels and lengths in, a tree of products of two out. It must not know of programs.

use crate::ir::cost;

/// A set of labels, one bit each.
pub type Labels = u64;

/// Up to this many factors all orders are tried; of more, a good pair is multiplied first.
const MOST_TRIED: usize = 10;

/// What it costs to store an element of an intermediate and to load it again.
pub const STORED: f64 = cost::STORED as f64;

/// A sum over labels of a product of factors.
#[derive(Clone, Debug)]
pub struct Contraction {
    /// The labels of each factor.
    pub factors: Vec<Labels>,
    /// The labels of the result; those of factors that are not among them are summed.
    pub free: Labels,
    /// How long each label runs.
    pub lengths: Vec<f64>,
}

/// In which order factors are multiplied. A label is summed as soon as no factor outside has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// A factor, by its number.
    Factor(usize),
    /// A product of two.
    Product(Box<Tree>, Box<Tree>),
}

impl Tree {
    /// Its factors, one bit each.
    pub fn members(&self) -> u64 {
        match self {
            Self::Factor(number) => 1 << number,
            Self::Product(left, right) => left.members() | right.members(),
        }
    }
}

impl Contraction {
    /// All labels of some factors.
    pub fn labels(&self, members: u64) -> Labels {
        self.each(members).fold(0, |labels, number| labels | self.factors[number])
    }

    /// The labels of some factors that are left when all is summed that can be.
    pub fn kept(&self, members: u64) -> Labels {
        self.labels(members) & (self.free | self.labels(self.all() & !members))
    }

    /// All factors.
    pub fn all(&self) -> u64 {
        (1 << self.factors.len()) - 1
    }

    fn each(&self, members: u64) -> impl Iterator<Item = usize> {
        (0..self.factors.len()).filter(move |number| members & (1 << number) != 0)
    }

    fn volume(&self, labels: Labels) -> f64 {
        (0..self.lengths.len()).filter(|label| labels & (1 << label) != 0).map(|label| self.lengths[label]).product()
    }

    /// What an intermediate costs beside its operations.
    fn stored(&self, members: u64) -> f64 {
        if members == self.all() { 0.0 } else { STORED * self.volume(self.kept(members)) }
    }

    /// Operations (and what stands for memory) of a factor with labels that no other has: it is summed alone.
    fn alone(&self, number: usize) -> f64 {
        let (labels, members) = (self.factors[number], 1 << number);
        if labels == self.kept(members) { 0.0 } else { self.volume(labels) + self.stored(members) }
    }

    /// The same of the product of two sets.
    fn joined(&self, left: u64, right: u64) -> f64 {
        let labels = self.kept(left) | self.kept(right);
        let sums = labels != self.kept(left | right);
        let stored = if sums { self.stored(left | right) } else { 0.0 };
        self.volume(labels) * if sums { 2.0 } else { 1.0 } + stored
    }

    /// What an order costs.
    pub fn cost(&self, tree: &Tree) -> f64 {
        match tree {
            Tree::Factor(number) => self.alone(*number),
            Tree::Product(left, right) => self.cost(left) + self.cost(right) + self.joined(left.members(), right.members()),
        }
    }

    /// What one loop nest over all labels costs. Factors whose labels another has too are multiplied into it first.
    pub fn at_once(&self) -> f64 {
        let mut sorted: Vec<Labels> = self.factors.clone();
        sorted.sort_by_key(|labels| std::cmp::Reverse(labels.count_ones()));
        let (mut groups, mut before): (Vec<Labels>, f64) = (Vec::new(), 0.0);
        for labels in sorted {
            match groups.iter().find(|&&group| labels & group == labels) {
                Some(&group) => before += self.volume(group),
                None => groups.push(labels),
            }
        }
        let all = self.labels(self.all());
        let sums = u32::from(all & !self.free != 0);
        let operations = u32::try_from(groups.len()).unwrap_or(u32::MAX).saturating_sub(1) + sums;
        before + self.volume(all) * f64::from(operations)
    }

    /// The cheapest order, and what it costs.
    pub fn best(&self) -> (Tree, f64) {
        if self.factors.len() <= MOST_TRIED { self.tried() } else { self.greedy() }
    }

    /// Of all orders, set by set.
    fn tried(&self) -> (Tree, f64) {
        let count = 1usize << self.factors.len();
        let mut best: Vec<(f64, u64)> = vec![(f64::INFINITY, 0); count];
        for members in 1..count as u64 {
            best[members as usize] = if members.is_power_of_two() {
                (self.alone(members.trailing_zeros() as usize), 0)
            } else {
                self.split(members, &best)
            };
        }
        (tree(self.all(), &best), best[count - 1].0)
    }

    /// The cheapest way to make a set of two sets, by the one that holds its first factor.
    fn split(&self, members: u64, best: &[(f64, u64)]) -> (f64, u64) {
        let first = members & members.wrapping_neg();
        let rest = members & !first;
        let mut cheapest = (f64::INFINITY, 0);
        let mut others = rest;
        while others != 0 {
            let left = members & !others;
            let cost = best[left as usize].0 + best[others as usize].0 + self.joined(left, others);
            if cost < cheapest.0 {
                cheapest = (cost, left);
            }
            others = (others - 1) & rest;
        }
        cheapest
    }

    /// How much larger the product of two sets is than the two.
    fn growth(&self, left: u64, right: u64) -> f64 {
        let size = |members| self.volume(self.kept(members));
        size(left | right) - size(left) - size(right)
    }

    /// The pair that leaves the least to be kept is multiplied first (D. Smith and J. Gray, "opt_einsum", 2018).
    fn greedy(&self) -> (Tree, f64) {
        let mut cost: f64 = (0..self.factors.len()).map(|number| self.alone(number)).sum();
        let mut trees: Vec<Tree> = (0..self.factors.len()).map(Tree::Factor).collect();
        while trees.len() > 1 {
            let pairs = (0..trees.len()).flat_map(|right| (0..right).map(move |left| (left, right)));
            let growth = |&(left, right): &(usize, usize)| self.growth(trees[left].members(), trees[right].members());
            let Some((left, right)) = pairs.min_by(|a, b| growth(a).total_cmp(&growth(b))) else { break };
            cost += self.joined(trees[left].members(), trees[right].members());
            let second = trees.remove(right);
            let first = std::mem::replace(&mut trees[left], Tree::Factor(0));
            trees[left] = Tree::Product(Box::new(first), Box::new(second));
        }
        (trees.swap_remove(0), cost)
    }
}

fn tree(members: u64, best: &[(f64, u64)]) -> Tree {
    if members.is_power_of_two() {
        return Tree::Factor(members.trailing_zeros() as usize);
    }
    let left = best[members as usize].1;
    Tree::Product(Box::new(tree(left, best)), Box::new(tree(members & !left, best)))
}
