//! Words for people: shapes with the names of their axes, lists, and the name that was probably meant.

use super::core::Elaborator;
use super::view::View;
use crate::ir::Extent;

impl Elaborator<'_> {
    /// `4*B + 1`
    pub fn extent_text(&self, extent: &Extent) -> String {
        extent.display(&self.program.sizes)
    }

    /// `[B, 784]`
    pub fn shape_text(&self, view: &View) -> String {
        let shape = self.shape(view);
        self.extents_text(&shape)
    }

    /// `[B, 784]`
    pub fn extents_text(&self, shape: &[Extent]) -> String {
        let axes: Vec<String> = shape.iter().map(|extent| self.extent_text(extent)).collect();
        format!("[{}]", axes.join(", "))
    }
}

/// `1 axis`, `3 axes`
pub fn counted(number: usize, singular: &str, plural: &str) -> String {
    format!("{number} {}", if number == 1 { singular } else { plural })
}

/// `a`, `a and b`, `a, b and c`
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Among more names than this none is looked for.
const MOST_KNOWN: usize = 5000;

/// The known name that is nearest to an unknown one, if it is near enough to be meant.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().take(MOST_KNOWN + 1).collect();
    if known.len() > MOST_KNOWN {
        return None;
    }
    let wanted = name.to_lowercase();
    let count = name.chars().count();
    // A word of one letter is one edit away from every other.
    let most = (count / 3).max(1).min(count.saturating_sub(1));
    (known.into_iter())
        .filter(|other| *other != name && other.len() < 100)
        .map(|other| (distance(&wanted, &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, other)| other.to_owned())
}

/// Edits (insert, delete, replace, swap neighbours) that lead from one word to another.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().take(100).collect(), to.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for i in 0..from.len() {
        let mut next = vec![i + 1];
        for j in 0..to.len() {
            let replaced = row[j] + usize::from(from[i] != to[j]);
            let mut best = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j] {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

/// `BatchNorm` as `batch_norm`, `RMSNorm` as `rms_norm`, `Conv2d` as `conv2d`.
pub fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (position, letter) in letters.iter().enumerate() {
        let after_small = position > 0 && !letters[position - 1].is_uppercase() && letters[position - 1] != '_';
        let before_small = position > 0 && letters.get(position + 1).is_some_and(|next| next.is_lowercase());
        let starts = letter.is_uppercase() && (after_small || before_small && letters[position - 1] != '_');
        if starts {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
