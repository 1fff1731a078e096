//! Which column a box stands in: behind all that it reads, and so that links are short. It must not know how high anything is.

use super::Link;

/// Boxes are moved in at most so many rounds.
const MOST_ROUNDS: usize = 8;

/// The rank of each box. Links that lead back, or in a circle, say nothing.
pub fn ranks(count: usize, links: &[Link]) -> Vec<usize> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); count];
    for link in links.iter().filter(|link| !link.back && link.from != link.to) {
        before[link.to].push(link.from);
        behind[link.from].push(link.to);
    }
    // What is read of another step lies near what it comes from.
    let mut is_led_back_to = vec![false; count];
    links.iter().filter(|link| link.back && link.from != link.to).for_each(|link| is_led_back_to[link.to] = true);
    let order = sorted(&before, &behind);
    let mut ranks = vec![0; count];
    for &id in &order {
        ranks[id] = before[id].iter().map(|&other| ranks[other] + 1).max().unwrap_or(0);
    }
    for _ in 0..MOST_ROUNDS {
        let moved =
            order.iter().rev().filter(|&&id| tighten(id, &before[id], &behind[id], is_led_back_to[id], &mut ranks)).count();
        if moved == 0 {
            break;
        }
    }
    ranks
}

/// Moves a box to where its links are shorter altogether, or as short and one that leads back is shorter; whether it moved.
fn tighten(id: usize, before: &[usize], behind: &[usize], is_led_back_to: bool, ranks: &mut [usize]) -> bool {
    let first = before.iter().map(|&other| ranks[other] + 1).max();
    let last = behind.iter().filter_map(|&other| ranks[other].checked_sub(1)).min();
    let wanted = match (first, last) {
        (_, Some(last)) if behind.len() > before.len() || is_led_back_to && behind.len() == before.len() => last,
        (Some(first), _) if before.len() > behind.len() => first,
        (Some(_), _) | (None, Some(_)) | (None, None) => ranks[id],
    };
    let moved = wanted != ranks[id];
    ranks[id] = wanted;
    moved
}

/// The boxes, each behind what leads to it; what stands in a circle follows as it comes.
fn sorted(before: &[Vec<usize>], behind: &[Vec<usize>]) -> Vec<usize> {
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..before.len()).filter(|&id| missing[id] == 0).collect();
    let mut next = 0;
    while let Some(&id) = order.get(next) {
        next += 1;
        for &other in &behind[id] {
            missing[other] -= 1;
            if missing[other] == 0 {
                order.push(other);
            }
        }
    }
    order
}
