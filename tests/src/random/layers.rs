//! Definitions that networks are made of: convolutions, pools, normalization, attention.

use super::kinds::LABELS;
use super::{Axis, Generator};

impl Generator {
    /// A convolution along the last axis with trained weights: over the channels before it, or for each alone.
    pub(super) fn convolved(&mut self) {
        let Some(a) = self.any_with(|tensor| matches!(tensor.shape.last(), Some(Axis::Fixed(3..)))) else { return };
        let rank = a.shape.len();
        let (length, window) = (a.shape[rank - 1].length(), 2 + self.random.below(2));
        let mut shape = a.shape.clone();
        shape[rank - 1] = Axis::Fixed(length - window + 1);
        let mut at: Vec<String> = LABELS[..rank].iter().map(|label| (*label).to_owned()).collect();
        let last = LABELS[rank - 1];
        at[rank - 1] = if self.random.below(2) == 0 { format!("{last} + u") } else { format!("{last} + {} - u", window - 1) };
        let channels = shape.iter().rev().nth(1).copied().filter(|axis| matches!(axis, Axis::Fixed(_)));
        let (value, many) = match channels.filter(|_| self.random.below(2) == 0) {
            Some(channels) => {
                let made = Axis::Fixed(1 + self.random.below(3));
                shape[rank - 2] = made;
                let weights = self.given("param", vec![made, channels, Axis::Fixed(window)]).name;
                at[rank - 2] = "q".into();
                let value = format!("sum[q, u]({}[{}] * {weights}[{}, q, u])", a.name, at.join(", "), LABELS[rank - 2]);
                (value, channels.length() * window)
            }
            None => {
                let weights = self.given("param", vec![Axis::Fixed(window)]).name;
                (format!("sum[u]({}[{}] * {weights}[u])", a.name, at.join(", ")), window)
            }
        };
        let labels: Vec<String> = LABELS[..rank].iter().map(|label| (*label).to_owned()).collect();
        #[allow(clippy::cast_precision_loss)]
        self.add_indexed(&labels, &value, shape, a.bound * many as f64);
    }

    /// Windows over the last two axes, reduced to one number each; they lap over along the last one.
    pub(super) fn pooled(&mut self) {
        let is_long = |axis: Option<&Axis>| matches!(axis, Some(Axis::Fixed(2..)));
        let Some(a) = self.any_with(|tensor| is_long(tensor.shape.last()) && is_long(tensor.shape.iter().rev().nth(1))) else {
            return;
        };
        let rank = a.shape.len();
        let mut shape = a.shape.clone();
        shape[rank - 2] = Axis::Fixed(a.shape[rank - 2].length() / 2);
        shape[rank - 1] = Axis::Fixed(a.shape[rank - 1].length() - 1);
        let mut at: Vec<String> = LABELS[..rank].iter().map(|label| (*label).to_owned()).collect();
        at[rank - 2] = format!("2 * {} + u", LABELS[rank - 2]);
        at[rank - 1] = format!("{} + v", LABELS[rank - 1]);
        let read = format!("{}[{}]", a.name, at.join(", "));
        let word = *self.random.choose(&["max", "max", "min", "prod", "logsumexp", "mean"]);
        let labels: Vec<String> = LABELS[..rank].iter().map(|label| (*label).to_owned()).collect();
        // The logarithm of four terms is at most that of 4 times the largest.
        let bound = if word == "logsumexp" { a.bound + 1.4 } else { a.bound.max(1.0).powi(4) };
        self.add_indexed(&labels, &format!("{word}[u in 0..2, v in 0..2]({read})"), shape, bound);
    }

    /// Mean 0 and deviation 1 along an axis, then a trained gain and shift.
    pub(super) fn normalized(&mut self) {
        let Some(a) = self.any_with(|tensor| matches!(tensor.shape.last(), Some(Axis::Fixed(2..)))) else { return };
        let last = a.shape[a.shape.len() - 1];
        let (gain, shift) = (self.given("param", vec![last]).name, self.given("param", vec![last]).name);
        let axis = self.random.below(a.shape.len());
        let name = &a.name;
        let centred = format!("({name} - mean({name}, axis = {axis}, keepdims = true))");
        let value = match self.random.below(3) {
            0 => format!("{centred} / sqrt(var({name}, axis = {axis}, keepdims = true) + 0.1) * {gain} + {shift}"),
            1 => format!("{name} * rsqrt(mean({name} ^ 2, axis = {axis}, keepdims = true) + 0.1) * {gain} - {shift}"),
            _ => format!("{centred} * {gain} / (0.3 + std({name}, axis = {axis}, keepdims = true)) * {shift}"),
        };
        self.add(&value, a.shape.clone(), 4.0);
    }

    /// Rows that look at each other, at those before alone or at all.
    pub(super) fn attended(&mut self) {
        let Some(a) = self.any_with(|tensor| tensor.shape.len() == 2 && tensor.bound < 5.0) else { return };
        let name = &a.name;
        let value = if self.random.below(2) == 0 {
            format!("softmax({name} @ {name}.T / 2) @ {name}")
        } else {
            let score = format!("sum[l]({name}[i, l] * {name}[q, l]) / 2");
            let seen = format!("where(q <= i, {score}, -inf)");
            let labels = ["i".into(), "k".into()];
            let value = format!("sum[q](where(q <= i, exp({score} - logsumexp[q]({seen})), 0) * {name}[q, k])");
            return self.add_indexed(&labels, &value, a.shape.clone(), a.bound);
        };
        self.add(&value, a.shape.clone(), a.bound);
    }
}
