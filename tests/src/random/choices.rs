//! Definitions that decide or reduce: conditions, reductions, states, and what has no slope.

use super::kinds::LABELS;
use super::{Axis, Generator, MOST_ELEMENTS, count, shape_text};

impl Generator {
    /// A reduction over one axis or over several.
    pub(super) fn reduction(&mut self) {
        let Some(a) = self.any_with(|tensor| !tensor.shape.is_empty()) else { return };
        let axis = self.random.below(a.shape.len());
        let second = self.random.below(3) == 0 && axis + 1 < a.shape.len();
        let length = a.shape[axis].length() * if second { a.shape[axis + 1].length() } else { 1 };
        #[allow(clippy::cast_precision_loss)]
        let (many, power) = (length as f64, a.bound.max(1.0).powi(i32::try_from(length).unwrap_or(i32::MAX)));
        let words = [
            ("sum", a.bound * many),
            ("mean", a.bound),
            ("max", a.bound),
            ("min", a.bound),
            ("var", 4.0 * a.bound * a.bound),
            ("prod", power),
            ("logsumexp", a.bound + 2.0),
        ];
        let (word, bound) = *self.random.choose(&words);
        if bound > 1e4 {
            return;
        }
        let keep = self.random.below(2) == 0;
        let mut shape = a.shape.clone();
        let reduced = axis..=axis + usize::from(second);
        if keep {
            shape[reduced].fill(Axis::Fixed(1));
        } else {
            shape.drain(reduced);
        }
        let written = match (second, self.random.below(2)) {
            (true, _) => format!("[{}, {axis}]", axis + 1),
            (false, 0) => axis.to_string(),
            (false, _) => format!("-{}", a.shape.len() - axis),
        };
        self.add(&format!("{word}({}, axis = {written}, keepdims = {keep})", a.name), shape, bound);
    }

    /// A reduction over labels within a formula, of one axis or of two, perhaps of a part that a condition chooses.
    pub(super) fn labelled_reduction(&mut self) {
        let Some(a) = self.any_with(|tensor| tensor.shape.len() > 1 && tensor.bound < 3.0) else { return };
        let rank = a.shape.len();
        let (labels, last) = (LABELS[..rank - 1].to_vec(), LABELS[rank - 1]);
        let read = format!("{}[{}]", a.name, LABELS[..rank].join(", "));
        let before = labels[rank - 2];
        let masked = format!("where({last} <= {before}, {read}, 0.25)");
        let value = match self.random.below(9) {
            0 => format!("sum[{last}]({masked} * {last})"),
            1 => format!("max[{last}]({masked} + 0.01 * {last})"),
            2 => format!("logsumexp[{last}](where({last} > {before}, -inf, {read}))"),
            3 => format!("prod[{last}](cos({read}))"),
            4 => format!("argmax[{last}]({read}) * {}[{}, 0]", a.name, labels.join(", ")),
            5 => format!("argmin[{last}]({read} * {read}) / 4 - mean[{last}]({masked})"),
            6 => format!("any[{last}]({read} > 0.137) + 2 * all[{last}]({read} < 0.411)"),
            7 => format!("sum[{last}](({read} / {:?}) ^ {last})", 1.3 * a.bound.max(1.0)),
            _ => format!("mean[{last}]({read} * sum[q](where(q == {last}, {0}, {0} / 3)))", read_with(&a.name, rank, "q")),
        };
        let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        self.add_indexed(&labels, &value, a.shape[..rank - 1].to_vec(), 30.0);
    }

    /// A choice between two values by a third; the branch that is not taken may be undefined.
    pub(super) fn selection(&mut self) {
        let a = self.any();
        let b = self.any_with(|tensor| tensor.shape == a.shape).unwrap_or_else(|| a.clone());
        let value = match self.random.below(3) {
            0 => format!("where({0} > 0.137, sqrt({0}), {1})", a.name, b.name),
            1 => format!("where({0} < 0.211, {1}, log({0} + 1))", a.name, b.name),
            _ => format!("where({0} > 0.093 && {1} < 0.7, {0} * {1}, {0} - {1})", a.name, b.name),
        };
        self.add(&value, a.shape.clone(), a.bound.max(b.bound).max(a.bound * b.bound) + a.bound + b.bound);
    }

    /// Comparisons as numbers.
    pub(super) fn compared(&mut self) {
        let a = self.any();
        let name = &a.name;
        let value = match self.random.below(4) {
            0 => format!("({name} > 0.163) * {name}"),
            1 => format!("!({name} < 0.191) + {name} * ({name} != {name} + 1)"),
            2 => format!("where({name} == {name}, {name}, log(-1 - {name} * {name}))"),
            _ => format!("({name} > 0.1 || {name} < -0.33) - ({name} >= 0.05 && {name} <= 0.7)"),
        };
        self.add(&value, a.shape.clone(), a.bound + 1.0);
    }

    /// A state, read where its tensor is and updated from it.
    pub(super) fn state(&mut self) {
        let Some(a) = self.any_with(|tensor| tensor.shape.iter().all(|axis| matches!(axis, Axis::Fixed(_)))) else { return };
        let state = self.given("state", a.shape.clone());
        let (name, own) = (&a.name, &state.name);
        let updated = format!("0.75 * {own} + 0.25 * {name}");
        self.add(&format!("{name} * {own}"), a.shape.clone(), a.bound);
        self.append(&format!("update {own} = {updated};"));
    }

    /// Something without its slope; read alone it is a definition of its own, whose shape stands behind it.
    pub(super) fn stopped(&mut self) {
        let a = self.any();
        self.add_plain(&format!("stop_gradient({})", a.name), a.shape.clone(), a.bound);
        self.append(&format!("// {}", shape_text(&a.shape)));
    }

    /// What is decided when the program is compiled, and a metric.
    pub(super) fn if_training(&mut self) {
        let a = self.any();
        let name = &a.name;
        let value = format!("if training {{ u = {name} * {name}; u - 0.1 }} else {{ 2 * {name} }}");
        self.add(&value, a.shape.clone(), a.bound * a.bound + 2.0 * a.bound);
        let metric = format!("metric m{} = sum({name} > 0) + {};", self.definitions.len(), count(&a.shape).min(MOST_ELEMENTS));
        self.append(&metric);
    }
}

/// A read of a tensor whose last axis has another label.
fn read_with(name: &str, rank: usize, last: &str) -> String {
    let labels: String = LABELS[..rank - 1].iter().map(|label| format!("{label}, ")).collect();
    format!("{name}[{labels}{last}]")
}
