//! Plans for people.

use super::{Axis, Contraction, Home, Item, Part, Plan, Step};
use crate::ir::{Extent, Index, Role, TensorId};
use std::fmt::{Display, Formatter, Result};

impl Display for Plan {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        writeln!(formatter, "plan {}", self.name)?;
        for (number, step) in self.steps.iter().enumerate() {
            write!(formatter, "{number:>3} ")?;
            self.step(formatter, step, 1)?;
        }
        for (number, lengths) in self.slots.iter().enumerate() {
            let lengths: Vec<String> = lengths.iter().map(|length| self.extent(length)).collect();
            writeln!(formatter, "slot {number}: {}", lengths.join(" or "))?;
        }
        Ok(())
    }
}

impl Plan {
    fn tensor_name(&self, tensor: TensorId) -> &str {
        &self.program.tensor(tensor).name
    }

    fn extent(&self, extent: &Extent) -> String {
        extent.display(&self.program.sizes)
    }

    fn step(&self, formatter: &mut Formatter<'_>, step: &Step, depth: usize) -> Result {
        match step {
            Step::Nest(items) => {
                writeln!(formatter, "nest")?;
                self.items(formatter, items, depth)
            }
            Step::Product(contraction) => self.contraction(formatter, contraction),
            Step::Copy(tensor, role) => writeln!(formatter, "copy {} to {}", self.tensor_name(*tensor), self.role(role)),
            Step::Recurrence(recurrence) => {
                let variable = &self.variables[recurrence.variable];
                let order = if recurrence.backward { ", the last first" } else { "" };
                writeln!(formatter, "for each {} in 0..{}{order}", variable.name, self.extent(&variable.extent))?;
                for step in &recurrence.steps {
                    write!(formatter, "{}", "  ".repeat(depth + 1))?;
                    self.step(formatter, step, depth + 1)?;
                }
                Ok(())
            }
        }
    }

    fn items(&self, formatter: &mut Formatter<'_>, items: &[Item], depth: usize) -> Result {
        for item in items {
            let space = "  ".repeat(depth + 1);
            match item {
                Item::Loop(variable, body) => {
                    let variable = &self.variables[*variable];
                    writeln!(formatter, "{space}for {} in 0..{}", variable.name, self.extent(&variable.extent))?;
                    self.items(formatter, body, depth + 1)?;
                }
                Item::Define(tensor) => {
                    let adds = if self.members[tensor].accumulates { " (added up in memory)" } else { "" };
                    writeln!(formatter, "{space}{}{adds} -> {}", self.tensor_name(*tensor), self.home(*tensor))?;
                }
            }
        }
        Ok(())
    }

    fn home(&self, tensor: TensorId) -> String {
        let life = self.lives.get(&tensor).map(|(from, to)| format!(", lives {from}..={to}")).unwrap_or_default();
        let length = self.extent(&Extent::product(&self.shape_in_memory(tensor)));
        match &self.homes[&tensor] {
            Home::Local => "local".into(),
            Home::Slot(slot) => format!("slot {slot}, {length} elements{life}"),
            Home::Result(role) => format!("{}, {length} elements", self.role(role)),
        }
    }

    /// A role for people: `gradient of w`.
    pub fn role(&self, role: &Role) -> String {
        match role {
            Role::Loss => "loss".into(),
            Role::Output(name) => format!("output {name}"),
            Role::Metric(name) => format!("metric {name}"),
            Role::Gradient(tensor) => format!("gradient of {}", self.tensor_name(*tensor)),
            Role::Update(tensor) => format!("update of {}", self.tensor_name(*tensor)),
        }
    }

    fn contraction(&self, formatter: &mut Formatter<'_>, contraction: &Contraction) -> Result {
        let [a, b] = &contraction.operands;
        let (c, a, b) = (self.tensor_name(contraction.tensor), self.tensor_name(a.0), self.tensor_name(b.0));
        write!(formatter, "product {c} = {a} · {b}:")?;
        for (name, axes) in [("m", &contraction.m), ("n", &contraction.n), ("k", &contraction.k)] {
            let axes: Vec<String> = axes.iter().map(|axis| self.axis(contraction, axis)).collect();
            write!(formatter, " {name} = {}", if axes.is_empty() { "[] 1".to_owned() } else { axes.join(" × ") })?;
        }
        if !contraction.outer.is_empty() {
            let names: Vec<String> =
                contraction.outer.iter().map(|around| self.variables[around.variable].name.clone()).collect();
            write!(formatter, ", for each {}", names.join(", "))?;
        }
        writeln!(formatter, "{} -> {}", contraction.remark_on_parts(), self.home(contraction.tensor))
    }

    fn axis(&self, contraction: &Contraction, axis: &Axis) -> String {
        let names: Vec<&str> = axis.labels.iter().map(|label| contraction.labels[label.0 as usize].0.as_str()).collect();
        format!("[{}] {}", names.join(" "), self.extent(&axis.extent))
    }
}

impl Contraction {
    /// `, in 3 parts without zeros: 82 % of it`, or `, without terms beyond the row`; nothing where it is computed as a whole.
    pub fn remark_on_parts(&self) -> String {
        if let Some(edge) = self.edge {
            return format!(", {edge}");
        }
        let [first, ..] = self.parts.as_slice() else { return String::new() };
        if first.is_empty() {
            return String::new();
        }
        let of_part = |part: &Part| part.iter().map(|(_, range)| range.end - range.start).product::<i64>();
        let whole: i64 = first.iter().map(|(label, _)| self.labels[label.0 as usize].1.as_constant().unwrap_or(1)).product();
        let all: i64 = self.parts.iter().map(of_part).sum();
        let parts = if self.parts.len() > 1 { format!("{} parts", self.parts.len()) } else { "a part".into() };
        format!(", in {parts} without zeros: {} % of it", all * 100 / whole.max(1))
    }
}

/// An index form for people, with the names of labels and tensors from outside.
pub fn index_text(index: &Index, sizes: &[String], atom: &dyn Fn(&crate::ir::Atom) -> String) -> String {
    let mut text = String::new();
    for (part, coefficient) in index.terms() {
        let factor = coefficient.display(sizes);
        let (sign, factor) = factor.strip_prefix('-').map_or(("+", factor.as_str()), |rest| ("-", rest));
        match (text.is_empty(), sign) {
            (true, "+") => {}
            (true, _) => text.push('-'),
            (false, _) => text.push_str(&format!(" {sign} ")),
        }
        if factor != "1" {
            let sum = coefficient.terms().count() > 1;
            text.push_str(&if sum { format!("({})*", coefficient.display(sizes)) } else { format!("{factor}*") });
        }
        text.push_str(&atom(part));
    }
    if !index.constant_part().is_zero() || text.is_empty() {
        let constant = index.constant_part().display(sizes);
        match constant.strip_prefix('-').filter(|_| !text.is_empty()) {
            Some(rest) => text.push_str(&format!(" - {rest}")),
            None if text.is_empty() => text.push_str(&constant),
            None => text.push_str(&format!(" + {constant}")),
        }
    }
    text
}
