//! What stands in which column: boxes, labels, and the pieces of links that pass. It must not know where a column stands.

use super::{Area, Link};

/// What stands in a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// How much space it takes.
    pub area: Area,
    /// Whether it is a piece of a link.
    pub is_piece: bool,
    /// What it is linked with in the column before.
    pub before: Vec<usize>,
    /// What it is linked with in the column behind.
    pub behind: Vec<usize>,
}

/// All columns. Boxes have the first numbers, pieces follow.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// What stands in them.
    pub items: Vec<Item>,
    /// The columns from left to right, each from above.
    pub columns: Vec<Vec<usize>>,
    /// The pieces of each link, from left to right.
    pub chains: Vec<Vec<usize>>,
    /// Which piece of a link is its label.
    pub labels: Vec<Option<usize>>,
}

impl Columns {
    /// Columns for ranks: boxes in the even ones, labels in the odd ones, in the order of their numbers.
    pub fn new(boxes: &[Area], links: &[Link], ranks: &[usize]) -> Self {
        let count = ranks.iter().max().map_or(0, |last| 2 * last + 1);
        let item = |&area: &Area| Item { area, is_piece: false, before: Vec::new(), behind: Vec::new() };
        let mut made = Self {
            items: boxes.iter().map(item).collect(),
            columns: vec![Vec::new(); count],
            chains: vec![Vec::new(); links.len()],
            labels: vec![None; links.len()],
        };
        for (id, rank) in ranks.iter().enumerate() {
            made.columns[2 * rank].push(id);
        }
        for (number, link) in links.iter().enumerate() {
            if !link.back && ranks[link.from] < ranks[link.to] {
                made.chain(number, link, 2 * ranks[link.from]..2 * ranks[link.to]);
            }
        }
        made
    }

    /// The pieces of a link in the columns between its ends.
    fn chain(&mut self, number: usize, link: &Link, ends: std::ops::Range<usize>) {
        let mut last = link.from;
        for column in ends.start + 1..ends.end {
            let label = link.label.filter(|_| column + 1 == ends.end);
            let id = self.items.len();
            let area = label.unwrap_or_default();
            self.items.push(Item { area, is_piece: true, before: Vec::new(), behind: Vec::new() });
            self.columns[column].push(id);
            self.chains[number].push(id);
            if label.is_some() {
                self.labels[number] = Some(id);
            }
            self.join(last, id);
            last = id;
        }
        self.join(last, link.to);
    }

    fn join(&mut self, left: usize, right: usize) {
        self.items[left].behind.push(right);
        self.items[right].before.push(left);
    }

    /// The place of each item in its column.
    pub fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.items.len()];
        for column in &self.columns {
            column.iter().enumerate().for_each(|(place, &id)| places[id] = place);
        }
        places
    }

    /// The column of each item.
    pub fn numbers(&self) -> Vec<usize> {
        let mut numbers = vec![0; self.items.len()];
        for (number, column) in self.columns.iter().enumerate() {
            column.iter().for_each(|&id| numbers[id] = number);
        }
        numbers
    }
}
