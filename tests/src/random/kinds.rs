//! The kinds of definitions that a random program is made of.

use super::{Axis, Generator, MOST_ELEMENTS, Tensor, count};
use chainrule_compiler::ops::{Operator, Spelling};

/// Names of labels, by axis.
pub(super) const LABELS: [&str; 5] = ["i", "j", "k", "l", "m"];

/// The kinds; what stands more than once is chosen more often.
const KINDS: &[fn(&mut Generator)] = &[
    Generator::operator,
    Generator::operator,
    Generator::operator,
    Generator::matrix_product,
    Generator::reduction,
    Generator::labelled_reduction,
    Generator::permuted,
    Generator::window,
    Generator::strided,
    Generator::selection,
    Generator::compared,
    Generator::slice,
    Generator::gather,
    Generator::one_hot,
    Generator::library,
    Generator::twice,
    Generator::random_numbers,
    Generator::state,
    Generator::stopped,
    Generator::recurrence,
    Generator::coupled,
    Generator::scanned,
    Generator::reversed,
    Generator::joined,
    Generator::padded,
    Generator::reshaped,
    Generator::grouped,
    Generator::transposed,
    Generator::if_training,
    Generator::convolved,
    Generator::pooled,
    Generator::normalized,
    Generator::attended,
];

impl Generator {
    /// Adds one definition; some attempts find nothing that fits.
    pub(super) fn define(&mut self) {
        let kind = *self.random.choose(KINDS);
        kind(self);
    }

    /// A value mapped into an interval, smoothly.
    fn within(&mut self, tensor: &Tensor, (low, high): (f64, f64)) -> String {
        let (middle, half) = (f64::midpoint(low, high), (high - low) / 2.0);
        let name = &tensor.name;
        match self.random.below(3) {
            0 if tensor.bound.is_finite() => format!("({middle:?} + {:?} * {name})", half / tensor.bound.max(1.0)),
            1 => format!("({middle:?} + {half:?} * sin({name}))"),
            _ => format!("({middle:?} + {half:?} * tanh({name}))"),
        }
    }

    /// A scalar operator of the table, its arguments broadcast against each other.
    fn operator(&mut self) {
        let operator = *self.random.choose(Operator::ALL);
        if operator == Operator::StopGradient {
            // Its slope is not that of its value, so differences cannot check it.
            return;
        }
        let row = operator.row();
        let first = self.any();
        let mut arguments = vec![self.within(&first, row.sample[0])];
        if row.arity == 2 {
            let fits = |other: &Tensor| first.shape.ends_with(&other.shape);
            let second = self.any_with(fits).unwrap_or_else(|| first.clone());
            arguments.push(self.within(&second, row.sample[1]));
        }
        let value = match row.spelling {
            Spelling::Function(name) => format!("{name}({})", arguments.join(", ")),
            Spelling::Infix(sign, _) => format!("{} {sign} {}", arguments[0], arguments[1]),
            Spelling::Prefix(sign, _) => format!("{sign}{}", arguments[0]),
        };
        self.add(&value, first.shape, 16.0);
    }

    /// A product with a new parameter, or with a transpose of itself.
    fn matrix_product(&mut self) {
        let Some(a) = self.any_with(|tensor| matches!(tensor.shape.last(), Some(Axis::Fixed(_)))) else { return };
        let Some(&inner) = a.shape.last() else { return };
        let columns = Axis::Fixed(1 + self.random.below(4));
        let (other, last) = match self.random.below(3) {
            0 => (self.given("param", vec![inner]), None),
            _ => (self.given("param", vec![inner, columns]), Some(columns)),
        };
        let shape: Vec<Axis> = a.shape[..a.shape.len() - 1].iter().copied().chain(last).collect();
        #[allow(clippy::cast_precision_loss)]
        let bound = a.bound * inner.length() as f64;
        self.add(&format!("{} @ {}", a.name, other.name), shape, bound);
    }

    /// The axes in another order, with a label as a number, perhaps summed over one.
    fn permuted(&mut self) {
        let a = self.any();
        let mut order: Vec<usize> = (0..a.shape.len()).collect();
        for place in (1..order.len()).rev() {
            let other = self.random.below(place + 1);
            order.swap(place, other);
        }
        let reduced = if self.random.below(2) == 0 { order.pop() } else { None };
        let labels: Vec<String> = order.iter().map(|&axis| LABELS[axis].to_owned()).collect();
        let shape = order.iter().map(|&axis| a.shape[axis]).collect();
        let read = format!("{}[{}]", a.name, LABELS[..a.shape.len()].join(", "));
        let read = if a.shape.is_empty() { a.name.clone() } else { read };
        let (value, bound) = match (reduced, order.first()) {
            (Some(axis), _) => (format!("sum[{0}]({read} * ({0} + 1) / 8)", LABELS[axis]), a.bound * 3.0),
            (None, Some(&axis)) => (format!("{read} / ({} + 2)", LABELS[axis]), a.bound),
            (None, None) => (format!("{read} * 1.5"), a.bound * 1.5),
        };
        self.add_indexed(&labels, &value, shape, bound);
    }

    /// A sliding window with a stride and a dilation, summed with weights or reduced otherwise.
    fn window(&mut self) {
        let Some(a) = self.any_with(|tensor| matches!(tensor.shape.last(), Some(Axis::Fixed(3..)))) else { return };
        let rank = a.shape.len();
        let length = a.shape[rank - 1].length();
        let (stride, dilation) = (1 + self.random.below(2), 1 + self.random.below(2));
        let steps = (length - 1 - dilation) / stride + 1;
        let labels: Vec<String> = LABELS[..rank].iter().map(|label| (*label).to_owned()).collect();
        let last = LABELS[rank - 1];
        let mut at = labels.clone();
        at[rank - 1] = format!("{stride} * {last} + {dilation} * u");
        let read = format!("{}[{}]", a.name, at.join(", "));
        let value = match self.random.below(3) {
            0 => format!("sum[u in 0..2]({read} * (u + 0.5))"),
            1 => format!("max[u in 0..2]({read})"),
            _ => format!("mean[u in 0..2](sin({read} * (u + 1)))"),
        };
        let mut shape = a.shape.clone();
        shape[rank - 1] = Axis::Fixed(steps);
        self.add_indexed(&labels, &value, shape, a.bound * 2.0);
    }

    /// A range or an entry of an axis of fixed length.
    fn slice(&mut self) {
        let Some(a) = self.any_with(|tensor| matches!(tensor.shape.last(), Some(Axis::Fixed(2..)))) else { return };
        let rank = a.shape.len();
        let length = a.shape[rank - 1].length();
        let mut shape = a.shape.clone();
        let item = match self.random.below(3) {
            0 => {
                shape.pop();
                format!("-{}", 1 + self.random.below(length))
            }
            1 => {
                shape[rank - 1] = Axis::Fixed(length - 1);
                "1..".into()
            }
            _ => {
                shape[rank - 1] = Axis::Fixed(length - 1);
                "..-1".into()
            }
        };
        self.add(&format!("{}[.., {item}]", a.name), shape, a.bound);
    }

    /// Elements by integers, of one axis or for each of another; some are taken twice, some not at all.
    fn gather(&mut self) {
        let Some(a) = self.any_with(|tensor| !tensor.shape.is_empty()) else { return };
        let rank = a.shape.len();
        let axis = self.random.below(rank);
        let taken = *self.random.choose(&[Axis::Fixed(2), Axis::Fixed(4), Axis::Batch, Axis::Half]);
        let beside = (0..rank).find(|&other| other != axis).filter(|_| self.random.below(2) == 0);
        let shape: Vec<Axis> = beside.map(|other| a.shape[other]).into_iter().chain([taken]).collect();
        let integers = self.integers(&shape, &a.shape[axis].text());
        let labels: Vec<String> = LABELS[..rank].iter().map(|label| (*label).to_owned()).collect();
        let own: Vec<&str> = beside.into_iter().chain([axis]).map(|axis| LABELS[axis]).collect();
        let integer = format!("{integers}[{}]", own.join(", "));
        let mut at = labels.clone();
        at[axis].clone_from(&integer);
        let mut shape = a.shape.clone();
        shape[axis] = taken;
        if count(&shape) <= MOST_ELEMENTS {
            let value = format!("{}[{}] * ({integer} + 1) / 2", a.name, at.join(", "));
            self.add_indexed(&labels, &value, shape, a.bound * 10.0);
        }
    }

    /// A function of the library.
    fn library(&mut self) {
        let Some(a) = self.any_with(|tensor| !tensor.shape.is_empty()) else { return };
        let axis = self.random.below(a.shape.len());
        #[allow(clippy::cast_precision_loss)]
        let many = a.shape[axis].length() as f64;
        let name = &a.name;
        let (value, bound) = match self.random.below(8) {
            0 => (format!("softmax({name}, axis = {axis})"), 1.0),
            1 => (format!("log_softmax({name}, axis = {axis})"), 2.0 * a.bound + 2.0),
            2 => (format!("cumsum({name}, axis = {axis})"), a.bound * many),
            3 => (format!("{name} - sqrt(var({name}, axis = {axis}, keepdims = true) + 0.1)"), 2.0 * a.bound + 1.0),
            4 => (format!("{name} / (0.5 + norm({name}))"), 2.0 * a.bound),
            5 => (format!("{name} * dot({name}, cos({name})) / {}", count(&a.shape)), a.bound * a.bound),
            6 => (format!("gelu({name}) - {name} * sigmoid({name})"), a.bound),
            _ => (format!("{name} - mean({name}, axis = {axis}, keepdims = true)"), 2.0 * a.bound),
        };
        self.add(&value, a.shape.clone(), bound);
    }

    /// The same tensor read twice: products and distances of its rows.
    fn twice(&mut self) {
        let Some(a) = self.any_with(|tensor| tensor.shape.len() == 2 && tensor.shape[0].length() < 6) else { return };
        let name = &a.name;
        let value = match self.random.below(3) {
            0 => format!("sum[k]({name}[i, k] * {name}[j, k])"),
            1 => format!("sum[k](({name}[i, k] - {name}[j, k]) ^ 2)"),
            _ => format!("sum[k](cos({name}[i, k]) * {name}[j, k] * (i + 1))"),
        };
        #[allow(clippy::cast_precision_loss)]
        let bound = 4.0 * a.bound.max(1.0) * a.bound.max(1.0) * a.shape[1].length() as f64;
        self.add_indexed(&["i".into(), "j".into()], &value, vec![a.shape[0]; 2], bound);
    }

    /// Dropout and random numbers, seen whole, in part or turned.
    fn random_numbers(&mut self) {
        let Some(a) = self.any_with(|tensor| !tensor.shape.is_empty()) else { return };
        let name = &a.name;
        let (value, shape, bound) = match self.random.below(4) {
            0 => (format!("dropout({name}, 0.37)"), a.shape.clone(), a.bound / 0.63),
            1 => (format!("random_uniform({name}) * {name}"), a.shape.clone(), a.bound),
            2 => (format!("dropout({name}, 0.5)[.., 0]"), a.shape[..a.shape.len() - 1].to_vec(), 2.0 * a.bound),
            _ => (format!("flatten(dropout(stack([{name}, {name}]), 0.25))[1]"), vec![], 0.0),
        };
        if bound > 0.0 {
            self.add(&value, shape, bound);
        } else if a.shape.iter().all(|axis| matches!(axis, Axis::Fixed(_))) {
            self.add(&value, vec![Axis::Fixed(count(&a.shape))], a.bound / 0.75);
        }
    }

    /// An axis read backwards, and a neighbour of it.
    fn reversed(&mut self) {
        let Some(a) = self
            .any_with(|tensor| matches!(tensor.shape.first(), Some(Axis::Fixed(2..))) && count(&tensor.shape) < MOST_ELEMENTS)
        else {
            return;
        };
        let length = a.shape[0].length();
        let mut labels: Vec<String> = LABELS[..a.shape.len()].iter().map(|label| (*label).to_owned()).collect();
        let rest: String = labels[1..].iter().map(|label| format!(", {label}")).collect();
        let mut shape = a.shape.clone();
        shape[0] = Axis::Fixed(length - 1);
        labels[0] = format!("i in 0..{}", length - 1);
        let name = &a.name;
        let value = format!("{name}[{} - i{rest}] - 2 * {name}[i + 1{rest}] * {name}[0{rest}]", length - 1);
        self.add_indexed(&labels, &value, shape, a.bound * (1.0 + 2.0 * a.bound));
    }
}
