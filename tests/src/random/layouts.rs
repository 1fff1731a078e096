//! Definitions that move elements: joins, reshapes, groups, strides over axes of symbolic length, one-hot rows.

use super::kinds::LABELS;
use super::{Axis, Generator, MOST_ELEMENTS, count, shape_text};

impl Generator {
    /// Several tensors along an axis, or along a new one.
    pub(super) fn joined(&mut self) {
        let Some(a) = self.any_with(|tensor| 2 * count(&tensor.shape) <= MOST_ELEMENTS) else { return };
        let b = self.any_with(|tensor| tensor.shape == a.shape).unwrap_or_else(|| a.clone());
        let bound = a.bound.max(b.bound);
        let axis = self.random.below(a.shape.len() + 1);
        let mut shape = a.shape.clone();
        let Some(length) = shape.get_mut(axis).filter(|_| self.random.below(2) == 0) else {
            shape.insert(axis, Axis::Fixed(2));
            self.add(&format!("stack([{}, {}], axis = {axis})", a.name, b.name), shape, bound);
            return;
        };
        *length = match *length {
            Axis::Fixed(length) => Axis::Fixed(2 * length),
            Axis::Batch => Axis::Times(2),
            Axis::Times(factor) => Axis::Times(2 * factor),
            Axis::Half | Axis::Parity => return,
        };
        self.add(&format!("concat([{}, {} * 0.5], axis = {axis})", a.name, b.name), shape, bound);
    }

    /// More room on some axes of fixed length.
    pub(super) fn padded(&mut self) {
        let Some(a) = self.any_with(|tensor| !tensor.shape.is_empty() && count(&tensor.shape) < MOST_ELEMENTS / 2) else {
            return;
        };
        let mut shape = a.shape.clone();
        let mut pairs = Vec::new();
        for axis in &mut shape {
            let (low, high) = (self.random.below(2), self.random.below(3));
            match axis {
                Axis::Fixed(length) if count(&a.shape) < 30 || *length < 3 => {
                    *length += low + high;
                    pairs.push(format!("[{low}, {high}]"));
                }
                Axis::Fixed(_) | Axis::Batch | Axis::Half | Axis::Parity | Axis::Times(_) => pairs.push("[0, 0]".into()),
            }
        }
        // What is no larger is the same tensor.
        if shape == a.shape {
            return;
        }
        let value = *self.random.choose(&["", ", value = 0.7"]);
        self.add(&format!("pad({}, [{}]{value})", a.name, pairs.join(", ")), shape, a.bound.max(1.0));
    }

    /// The elements in the same order with other axes.
    pub(super) fn reshaped(&mut self) {
        let Some(a) = self.any_with(|tensor| tensor.shape.len() > 1) else { return };
        let Some(joined) = product(a.shape[0], a.shape[1]) else { return };
        let mut shape = vec![joined];
        shape.extend(&a.shape[2..]);
        let whole = a.shape.iter().copied().try_fold(Axis::Fixed(1), product);
        match (self.random.below(4), whole, joined) {
            (0, Some(whole), _) => self.add(&format!("reshape({}, [{}])", a.name, whole.text()), vec![whole], a.bound),
            (1, _, Axis::Fixed(length)) if length % 2 == 0 => {
                shape.splice(..1, [Axis::Fixed(2), Axis::Fixed(length / 2)]);
                self.add(&format!("reshape({}, {})", a.name, shape_text(&shape)), shape, a.bound);
            }
            (2, _, _) => {
                let rest = a.shape[1..].iter().copied().try_fold(Axis::Fixed(1), product);
                let Some(rest) = rest else { return };
                self.add(&format!("flatten({})", a.name), vec![a.shape[0], rest], a.bound);
            }
            _ => self.add(&format!("reshape({}, {})", a.name, shape_text(&shape)), shape, a.bound),
        }
    }

    /// Axes split into groups, and joined to groups, on the left and in reads.
    pub(super) fn grouped(&mut self) {
        let Some(a) = self.any_with(|tensor| tensor.shape.len() > 1) else { return };
        let rank = a.shape.len();
        let name = &a.name;
        let mut shape = a.shape.clone();
        match (self.random.below(4), a.shape[rank - 1]) {
            (0, Axis::Fixed(length @ (4 | 6 | 8 | 9 | 10))) => {
                let first = if length % 2 == 0 { 2 } else { 3 };
                shape[rank - 1] = Axis::Fixed(length / first);
                shape.insert(rank - 1, Axis::Fixed(first));
                let labels = LABELS[..rank - 1].iter().map(|label| (*label).to_owned());
                let labels: Vec<String> = labels.chain([format!("g in 0..{first}"), "h".into()]).collect();
                let read = LABELS[..rank - 1].join(", ");
                self.add_indexed(&labels, &format!("{name}[{read}, (g, h)] * (1 + g / (h + 2))"), shape, 2.0 * a.bound);
            }
            (1, Axis::Fixed(length @ (4 | 6 | 8))) => {
                let read: Vec<&str> = LABELS[..rank - 1].to_vec();
                let text = read.join(", ");
                let names = read.join(", ");
                shape.splice(rank - 1.., [Axis::Fixed(length / 2), Axis::Fixed(2)]);
                let value = format!("rearrange({name}, [{names}, (g, h)] -> [{text}, h, g], g = 2)");
                self.add(&value, shape, a.bound);
            }
            (2, _) => {
                let Some(joined) = product(a.shape[rank - 2], a.shape[rank - 1]) else { return };
                shape.splice(rank - 2.., [joined]);
                let (last, before) = (LABELS[rank - 1], LABELS[rank - 2]);
                let mut labels: Vec<String> = LABELS[..rank - 2].iter().map(|label| (*label).to_owned()).collect();
                labels.push(format!("({before}, {last})"));
                let value = format!("{name}[{}] + 0.1 * {before}", LABELS[..rank].join(", "));
                self.add_indexed(&labels, &value, shape, a.bound + 1.0);
            }
            _ => {
                let Some(joined) = product(a.shape[rank - 1], a.shape[rank - 2]) else { return };
                shape.splice(rank - 2.., [joined]);
                let (last, before) = (LABELS[rank - 1], LABELS[rank - 2]);
                let rest: String = LABELS[..rank - 2].iter().map(|label| format!("{label}, ")).collect();
                let value = format!("rearrange({name}, [{rest}{before}, {last}] -> [{rest}({last}, {before})])");
                self.add(&value, shape, a.bound);
            }
        }
    }

    /// The axes turned or swapped.
    pub(super) fn transposed(&mut self) {
        let Some(a) = self.any_with(|tensor| tensor.shape.len() > 1) else { return };
        let rank = a.shape.len();
        if rank == 2 {
            self.add(&format!("{0}.T * 0.75", a.name), vec![a.shape[1], a.shape[0]], a.bound);
            return;
        }
        let turn = 1 + self.random.below(rank - 1);
        let order: Vec<usize> = (0..rank).map(|axis| (axis + turn) % rank).collect();
        let shape = order.iter().map(|&axis| a.shape[axis]).collect();
        self.add(&format!("transpose({}, {order:?})", a.name), shape, a.bound);
    }

    /// Strides and distances on an axis of symbolic length: every second element, from the front or from the end, and pairs.
    pub(super) fn strided(&mut self) {
        let symbolic = |tensor: &super::Tensor| matches!(tensor.shape.first(), Some(Axis::Batch | Axis::Times(2)));
        let Some(a) = self.any_with(symbolic) else { return };
        let (name, length) = (&a.name, a.shape[0].text());
        let rest: String = LABELS[1..a.shape.len()].iter().map(|label| format!(", {label}")).collect();
        let mut labels: Vec<String> = LABELS[..a.shape.len()].iter().map(|label| (*label).to_owned()).collect();
        let mut shape = a.shape.clone();
        let halved = if shape[0] == Axis::Batch { Axis::Half } else { Axis::Batch };
        let value = match self.random.below(5) {
            0 => {
                shape[0] = halved;
                format!("{name}[2 * i{rest}]")
            }
            1 => {
                shape[0] = halved;
                format!("{name}[{length} - 1 - 2 * i{rest}] * (i + 1) / 2")
            }
            2 => {
                labels[0] = format!("i in 0..{length}");
                format!("{name}[{length} - 1 - i{rest}] + {name}[0{rest}]")
            }
            3 => {
                labels[0] = format!("i in 0..{length}");
                format!("sum[q](where(q == i || q == i + 1, {name}[q{rest}], 0))")
            }
            _ => {
                labels[0] = format!("i in 0..{}", halved.text());
                shape[0] = halved;
                format!("sin({name}[2 * i{rest}] * {name}[i{rest}])")
            }
        };
        self.add_indexed(&labels, &value, shape, a.bound * 3.0);
    }

    /// Rows of zeros and ones from integers or from places of largest elements.
    pub(super) fn one_hot(&mut self) {
        let Some(a) = self.any_with(|tensor| tensor.shape.len() > 1 && matches!(tensor.shape.last(), Some(Axis::Fixed(2..))))
        else {
            return;
        };
        let rank = a.shape.len();
        let classes = a.shape[rank - 1].text();
        let name = &a.name;
        let value = match self.random.below(3) {
            0 => {
                let integers = self.integers(&a.shape[..rank - 1], &classes);
                format!("one_hot({integers}, {classes}) * {name} + mean({integers})")
            }
            1 => format!("one_hot(argmax({name}), {classes}) * 2 * {name} - {name}"),
            _ => format!("{name} - one_hot(argmin({name}), {classes})"),
        };
        self.add(&value, a.shape.clone(), 3.0 * a.bound + 10.0);
    }
}

/// The length of two axes together, where there is a word for it.
fn product(a: Axis, b: Axis) -> Option<Axis> {
    match (a, b) {
        (Axis::Fixed(a), Axis::Fixed(b)) => Some(Axis::Fixed(a * b)),
        (Axis::Fixed(1), other) | (other, Axis::Fixed(1)) => Some(other),
        (Axis::Fixed(factor), Axis::Batch) | (Axis::Batch, Axis::Fixed(factor)) => Some(Axis::Times(factor)),
        (Axis::Fixed(factor), Axis::Times(own)) | (Axis::Times(own), Axis::Fixed(factor)) => Some(Axis::Times(own * factor)),
        (Axis::Batch | Axis::Half | Axis::Parity | Axis::Times(_), _) | (_, Axis::Half | Axis::Parity) => None,
    }
}
