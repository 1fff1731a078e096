//! Definitions that read their own past or future.

use super::kinds::LABELS;
use super::{Generator, MOST_ELEMENTS, Tensor, count};

impl Generator {
    /// A recurrence along an axis, forwards or backwards, one or two steps back, perhaps with a start, mixed over another axis, or
    /// through a second definition.
    pub(super) fn recurrence(&mut self) {
        let Some(a) = self.any_with(|tensor| !tensor.shape.is_empty() && count(&tensor.shape) < MOST_ELEMENTS) else { return };
        let rank = a.shape.len();
        let time = self.random.below(rank);
        let labels: Vec<String> = LABELS[..rank].iter().map(|label| (*label).to_owned()).collect();
        let back = 1 + self.random.below(3);
        let backward = self.random.below(2) == 0;
        let name = format!("d{}", self.definitions.len());
        let step = |of: &str, steps: usize, mixed: Option<usize>| {
            let mut at = labels.clone();
            at[time] = format!("{} {} {steps}", labels[time], if backward { "+" } else { "-" });
            if let Some(axis) = mixed {
                at[axis] = "q".into();
            }
            format!("{of}[{}]", at.join(", "))
        };
        let other = (0..rank).find(|&axis| axis != time);
        let here = format!("{}[{}]", a.name, labels.join(", "));
        let value = match (self.random.below(4), other) {
            (0, Some(axis)) => format!("{here} + sum[q]({} * cos(q + {})) / 4", step(&name, back, Some(axis)), labels[axis]),
            (1, Some(axis)) => format!("{here} * mean[q]({} + {}[{}])", step(&name, 1, Some(axis)), a.name, mixed(&labels, axis)),
            (2, _) => format!("{here} + 0.4 * {} - 0.3 * {}", step(&name, 1, None), step(&name, 2, None)),
            _ => format!("{here} * sin({} + 0.2)", step(&name, back, None)),
        };
        let start = match self.random.below(3) {
            0 => {
                let mut left = labels.clone();
                left[time] = if backward { a.shape[time].text() } else { "-1".into() };
                let rest: Vec<String> = (0..rank).filter(|&axis| axis != time).map(|axis| labels[axis].clone()).collect();
                let sum: String = rest.iter().map(|label| format!(" + 0.1 * {label}")).collect();
                format!(" {name}[{}] = 0.3{sum};", left.join(", "))
            }
            _ => String::new(),
        };
        let left = labels.join(", ");
        self.definitions.push((name.clone(), format!("{name}[{left}] = tanh({value});{start}")));
        self.tensors.push(Tensor { name, shape: a.shape, bound: 1.0 });
    }

    /// Two definitions that read each other's past, the second also the first's present.
    pub(super) fn coupled(&mut self) {
        let Some(a) = self.any_with(|tensor| (1..3).contains(&tensor.shape.len())) else { return };
        let rank = a.shape.len();
        let time = self.random.below(rank);
        let sign = if self.random.below(2) == 0 { "-" } else { "+" };
        let labels = LABELS[..rank].to_vec();
        let at = |of: &str, steps: usize, mixed: Option<usize>| {
            let mut at: Vec<String> = labels.iter().map(ToString::to_string).collect();
            if steps > 0 {
                at[time] = format!("{} {sign} {steps}", labels[time]);
            }
            if let Some(axis) = mixed {
                at[axis] = "q".into();
            }
            format!("{of}[{}]", at.join(", "))
        };
        let (first, second) = (format!("c{}", self.definitions.len()), format!("d{}", self.definitions.len()));
        let past = match (0..rank).find(|&axis| axis != time) {
            Some(axis) if self.random.below(2) == 0 => format!("mean[q]({} * (q + 1))", at(&second, 1, Some(axis))),
            Some(_) | None => at(&second, 1 + self.random.below(2), None),
        };
        let (here, own) = (at(&a.name, 0, None), at(&first, 1, None));
        let gate = format!("{} = sigmoid({here} + {past});", at(&first, 0, None));
        let kept = format!("{} * {}", at(&first, 0, None), at(&second, 1, None));
        let value = match self.random.below(3) {
            0 => format!("{kept} + sin({here}) * {own}"),
            1 => format!("tanh({kept} - {here}) + 0.2 * {own}"),
            _ => format!("where({} > 0, {kept} / ({} + 1), cos({here})) - 0.1 * {own}", labels[time], labels[time]),
        };
        self.definitions.push((second.clone(), format!("{gate} {} = {value};", at(&second, 0, None))));
        self.tensors.push(Tensor { name: second, shape: a.shape.clone(), bound: 4.0 });
        self.tensors.push(Tensor { name: first, shape: a.shape, bound: 1.0 });
    }

    /// A recurrence whose steps are decided by a condition, or that is the largest so far, or a product.
    pub(super) fn scanned(&mut self) {
        let Some(a) = self.any_with(|tensor| !tensor.shape.is_empty()) else { return };
        let rank = a.shape.len();
        let labels = LABELS[..rank].join(", ");
        let time = LABELS[rank - 1];
        let name = format!("d{}", self.definitions.len());
        let rest: String = LABELS[..rank - 1].iter().map(|label| format!("{label}, ")).collect();
        let past = format!("{name}[{rest}{time} - 1]");
        let here = format!("{}[{labels}]", a.name);
        let value = match self.random.below(5) {
            0 => format!("where({time} == 0, {here}, max({past}, {here}))"),
            1 => format!("where({here} > 0.117, sqrt({here}) + 0.5 * {past}, 0.3 * {past} + {time} / 9)"),
            2 => format!("where({time} > 0, {past} * sin({here} + 1), cos({here}))"),
            3 => format!("where({past} > 0.31, log({past}) * 0.2, {here} * 0.5 + 0.4)"),
            _ => format!("where({time} > 0, sqrt({past} + 1), sqrt({here} * {here} + 1)) * 0.5"),
        };
        self.definitions.push((name.clone(), format!("{name}[{labels}] = {value};")));
        self.tensors.push(Tensor { name, shape: a.shape, bound: 2.0 * a.bound + 4.0 });
    }
}

/// The labels with `q` for one of them.
fn mixed(labels: &[String], axis: usize) -> String {
    let mut at = labels.to_vec();
    at[axis] = "q".into();
    at.join(", ")
}
