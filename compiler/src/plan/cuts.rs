//! Regions of positions cut into smaller ones, without those at which nothing is to be done. It must not know what the positions are.

use std::ops::Range;

/// For each label from where to where it runs.
pub type Region = Vec<Range<i64>>;

/// What a further region costs, in positions.
const MORE: i64 = 65_536;
/// There are no more regions.
const MOST: usize = 16;
/// Less is not worth a region: one of so many of all positions.
const LEAST: i64 = 100;
/// Fewer of all are not worth regions: one of so many.
const LEAST_OF_ALL: i64 = 12;
/// Rows that are at least so long fill vectors, of so many lanes.
const ROW: i64 = 8;
const LANES: i64 = 16;

/// A form in labels that is not negative where there is something to do: a constant and the factor of each label.
#[derive(Clone, Debug)]
pub struct Bound {
    /// Whether it says which results are wanted; else it says which of their terms are not 0.
    pub of_result: bool,
    pub constant: i64,
    pub factors: Vec<(usize, i64)>,
}

/// What is laid out anew for each region: which labels it has, and what an element of it costs, in positions.
#[derive(Clone, Debug)]
pub struct Packed {
    pub labels: Vec<usize>,
    pub cost: i64,
}

/// The labels of the sums that make a result: the axes first, what is summed behind.
pub struct Labels<'a> {
    pub lengths: &'a [i64],
    /// The operands.
    pub packed: &'a [Packed],
    /// How many are axes.
    pub rank: usize,
    /// Along which what is read or written lies side by side.
    pub side_by_side: &'a [bool],
    pub bounds: &'a [Bound],
}

/// A region in two, and the positions that this saves.
struct Halved {
    saved: i64,
    halves: [Region; 2],
}

impl Labels<'_> {
    /// The regions in which all is done; `None` where nearly all positions are left.
    pub fn regions(&self) -> Option<Vec<Region>> {
        if self.lengths.contains(&0) {
            return None;
        }
        let whole: Region = self.lengths.iter().map(|&length| 0..length).collect();
        let all = self.work(&whole);
        let regions = self.cut(whole, MORE.max(all / LEAST));
        let work = regions.iter().map(|one| self.work(one)).fold(0, i64::saturating_add);
        (all - work >= (all / LEAST_OF_ALL).max(1)).then_some(regions)
    }

    /// A region in smaller ones, each cut of which saves so much at least.
    fn cut(&self, whole: Region, least: i64) -> Vec<Region> {
        let mut regions = vec![self.shrunk(&whole)];
        while regions.len() < MOST {
            let cuts = regions.iter().enumerate().filter_map(|(number, one)| Some((number, self.best_cut(one)?)));
            let best = cuts.max_by_key(|(_, cut)| cut.saved).filter(|(_, cut)| cut.saved >= least);
            let Some((number, cut)) = best else { break };
            regions.splice(number..=number, cut.halves);
        }
        regions
    }
    /// The region without the terms that are 0 in all of it, and without the sums that nothing reads; of each label one is left at least.
    fn shrunk(&self, within: &Region) -> Region {
        let mut shrunk = within.clone();
        for bound in self.bounds {
            for &(own, factor) in bound.factors.iter().filter(|(number, _)| bound.of_result || *number >= self.rank) {
                let most = bound.most_without(&shrunk, own);
                let Range { start, end } = &mut shrunk[own];
                // factor·own >= -most
                if factor > 0 {
                    *start = (*start).max(-most.div_euclid(factor)).min(*end - 1);
                } else if factor < 0 {
                    *end = (*end).min(most.div_euclid(-factor) + 1).max(*start + 1);
                }
            }
        }
        shrunk
    }

    /// What a region costs: its positions, with those of lanes that stay empty, and its operands.
    fn work(&self, within: &Region) -> i64 {
        let elements = |packed: &Packed| {
            let lengths = packed.labels.iter().map(|&number| within[number].end - within[number].start);
            lengths.fold(packed.cost, i64::saturating_mul)
        };
        self.packed.iter().map(elements).fold(self.positions(within), i64::saturating_add)
    }

    /// The positions of a region, with those of lanes that stay empty.
    fn positions(&self, within: &Region) -> i64 {
        let length = |(number, range): (usize, &Range<i64>)| {
            let length = range.end - range.start;
            if self.side_by_side[number] && self.lengths[number] >= ROW { (length + LANES - 1) / LANES * LANES } else { length }
        };
        within.iter().enumerate().map(length).fold(1, i64::saturating_mul)
    }

    /// The cut along an axis that saves most.
    fn best_cut(&self, within: &Region) -> Option<Halved> {
        let all = self.work(within);
        let is_bound = |axis: &usize| self.bounds.iter().any(|bound| bound.factors.iter().any(|(number, _)| number == axis));
        let cuts = (0..self.rank).filter(is_bound).flat_map(|axis| {
            let Range { start, end } = within[axis];
            (start + 1..end).map(move |at| (axis, at))
        });
        let halved = cuts.map(|(axis, at)| {
            let mut halves = [within.clone(), within.clone()];
            halves[0][axis].end = at;
            halves[1][axis].start = at;
            let halves = halves.map(|half| self.shrunk(&half));
            Halved { saved: all - self.work(&halves[0]) - self.work(&halves[1]), halves }
        });
        halved.max_by_key(|cut| cut.saved)
    }
}

impl Bound {
    /// The most that the form comes to, but for one of its labels.
    fn most_without(&self, within: &Region, own: usize) -> i64 {
        let others = self.factors.iter().filter(|(number, _)| *number != own);
        let most = |&(number, factor): &(usize, i64)| {
            let Range { start, end } = within[number];
            (factor * start).max(factor * (end - 1))
        };
        self.constant + others.map(most).sum::<i64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All positions of a region.
    fn positions(of: &Region) -> Vec<Vec<i64>> {
        of.iter().fold(vec![Vec::new()], |known, range| {
            known.iter().flat_map(|start| range.clone().map(|next| [start.as_slice(), &[next]].concat())).collect()
        })
    }

    fn holds(bound: &Bound, at: &[i64]) -> bool {
        bound.constant + bound.factors.iter().map(|&(number, factor)| factor * at[number]).sum::<i64>() >= 0
    }

    /// Where all bounds hold, a position is in one region and no other.
    #[test]
    fn regions_hold_each_position_once() {
        let mut state = 7u64;
        let mut below = |count: i64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            i64::try_from(state >> 33).unwrap() % count
        };
        let mut several = 0;
        for _ in 0..300 {
            let (rank, lengths) = (2, [below(7) + 1, below(9) + 1, below(4) + 1, below(5) + 1]);
            let mut bound = |of_result: bool| {
                let factor = |below: &mut dyn FnMut(i64) -> i64| below(5) - 2;
                let factors = [(0, factor(&mut below)), (1, factor(&mut below)), (2, factor(&mut below))];
                let factors = factors.into_iter().filter(|&(number, factor)| factor != 0 && (!of_result || number < rank));
                Bound { of_result, constant: below(9) - 2, factors: factors.collect() }
            };
            let bounds = [bound(false), bound(false), bound(true)];
            let side_by_side = &[false, true, false, false];
            let labels = Labels { lengths: &lengths, packed: &[], rank, side_by_side, bounds: &bounds };
            let whole: Region = lengths.iter().map(|&length| 0..length).collect();
            let regions = labels.cut(whole.clone(), 1);
            several += usize::from(regions.len() > 1);
            for at in positions(&whole) {
                let count = regions.iter().filter(|one| one.iter().zip(&at).all(|(range, at)| range.contains(at))).count();
                let wanted = bounds.iter().all(|bound| holds(bound, &at));
                assert!(if wanted { count == 1 } else { count <= 1 }, "{at:?} is in {count} of {regions:?} with {bounds:?}");
            }
            // What is wanted is written, if all of its terms are 0 too.
            for at in positions(&whole[..rank].to_vec()).into_iter().filter(|at| holds(&bounds[2], at)) {
                let written = regions.iter().any(|one| one.iter().zip(&at).all(|(range, at)| range.contains(at)));
                assert!(written, "{at:?} is in none of {regions:?} with {bounds:?}");
            }
        }
        assert!(several > 50, "{several}");
    }

    /// The same windows for many rows, which are laid out anew for each region.
    #[test]
    fn what_is_packed_for_each_region_counts() {
        let inside = |constant, sign| Bound { of_result: false, constant, factors: vec![(0, sign), (2, sign)] };
        let bounds = [inside(-4, 1), inside(13, -1)];
        let count = |cost| {
            let packed = [Packed { labels: vec![1, 2], cost }];
            let labels = Labels { lengths: &[14, 64, 5], packed: &packed, rank: 2, side_by_side: &[false; 3], bounds: &bounds };
            labels.cut(vec![0..14, 0..64, 0..5], 1).len()
        };
        assert_eq!(count(0), 9);
        assert!(count(2) < 9);
        assert_eq!(count(1000), 1);
    }

    /// Five windows over ten elements with zeros around: at the ends there are fewer terms.
    #[test]
    fn windows_at_the_ends_have_fewer_terms() {
        let inside = |constant, sign| Bound { of_result: false, constant, factors: vec![(0, sign), (2, sign)] };
        // p[i + u] is other than 0 from 4 on and below 14.
        let bounds = [inside(-4, 1), inside(13, -1)];
        let labels = Labels { lengths: &[14, 1, 5], packed: &[], rank: 2, side_by_side: &[false; 3], bounds: &bounds };
        let regions = labels.cut(vec![0..14, 0..1, 0..5], 1);
        assert_eq!(regions.iter().map(|one| labels.work(one)).sum::<i64>(), 50);
        assert_eq!(regions.len(), 9);
    }
}
