//! The memory of a network, for people.

use super::figures::{Figures, shown};
use super::lives::{Place, Resident, peaks, residents};
use super::workspace::Workspace;
use super::{Sizes, deltas};
use crate::emit::Passes;
use crate::interface::Interface;
use crate::ir::cost::Supposed;
use crate::ir::{Extent, TensorId};
use crate::plan::{Axis, Home, Plan, Step, defined};

/// The buffers of the workspace, and for each of these plans its steps and what lives where; in bytes where sizes are given. An error
/// says that no machine has so much memory.
pub fn report(passes: &Passes, plans: &[&Plan], sizes: &Sizes<'_>) -> Result<String, String> {
    let interface = &passes.interface;
    let figures = Figures::of(&Workspace::of(interface, &passes.all()), sizes, interface.precision)?;
    let mut text = workspace(interface, &figures, sizes);
    for plan in plans {
        text.push('\n');
        let form = form(passes, plan);
        text.push_str(&Pass { plan, sizes, form, element: interface.precision.bytes() }.text());
    }
    Ok(text)
}

fn workspace(interface: &Interface, figures: &Figures, sizes: &Sizes<'_>) -> String {
    let (name, precision) = (&interface.name, interface.precision.name());
    let mut text = format!("workspace of {name} in {precision}{}\n", sizes.text());
    let mut rows = vec![["buffer", "elements", "bytes", "holds"].map(str::to_owned).to_vec()];
    for figure in &figures.buffers {
        let bytes = figure.bytes.map(|bytes| bytes.to_string()).unwrap_or_else(|| "?".to_owned());
        rows.push(vec![figure.name.clone(), figure.length.clone(), bytes, figure.tenants.join(", ")]);
    }
    if figures.bytes.is_none() {
        rows.iter_mut().for_each(|row| drop(row.remove(2)));
    }
    text.push_str(&table(&rows, &[1, 2][..rows[0].len() - 2]));
    let whole = "each buffer in whole lines of 64 bytes";
    let rest = if figures.bytes.is_some() { whole.to_owned() } else { format!("{whole}, which come on top") };
    text.push_str(&format!("  total: {}, {rest}\n", figures.total));
    text
}

/// For which sizes a plan is the one that is taken, where its pass has two forms.
fn form(passes: &Passes, plan: &Plan) -> String {
    let mut known = [(&passes.gradient, "gradient"), (&passes.assess, "assess"), (&passes.predict, "predict")].into_iter();
    let pass = known.find(|(_, name)| *name == plan.name).and_then(|(pass, _)| pass.as_ref());
    let Some(large) = pass.and_then(|pass| pass.large.as_ref()) else { return String::new() };
    let comparison = match plan.program.supposed {
        Supposed::Large => ">=",
        Supposed::Small | Supposed::Any => "<",
    };
    let [more, less] = large.gain.parts().map(|part| part.display(&passes.interface.sizes));
    format!(", for {more} {comparison} {less}")
}

/// A pass that is shown.
struct Pass<'a> {
    plan: &'a Plan,
    sizes: &'a Sizes<'a>,
    /// For which sizes it is taken, if not for all.
    form: String,
    /// The bytes of a number.
    element: usize,
}

impl Pass<'_> {
    fn text(&self) -> String {
        let plan = self.plan;
        let mode = if plan.trains() { "training" } else { "inference" };
        let residents = residents(plan, plan.name == "predict");
        let mut text = format!("pass {}, in {mode}{}\n", plan.name, self.form);
        plan.steps.iter().enumerate().for_each(|(number, step)| self.step(&mut text, &format!("{number:>4}"), step));
        let mut rows = vec![["definition", "shape", "elements", "bytes", "life", "lives in"].map(str::to_owned).to_vec()];
        rows.extend(residents.iter().map(|resident| self.row(resident)));
        if rows.len() > 1 {
            text.push_str(&table(&rows, &[2, 3]));
        }
        text.push_str(&self.peak(&residents));
        residents.iter().for_each(|resident| text.extend(self.remark(resident)));
        text
    }

    fn name(&self, tensor: TensorId) -> &str {
        &self.plan.program.tensor(tensor).name
    }

    /// A line for each step, more for those that hold others.
    fn step(&self, text: &mut String, start: &str, step: &Step) {
        let names = |tensors: &[TensorId]| tensors.iter().map(|&tensor| self.computed(tensor)).collect::<Vec<_>>().join(", ");
        let line = match step {
            Step::Nest(items) => {
                let computed = defined(items);
                format!("{}: {}", if computed.len() > 1 { "fused loops" } else { "loops" }, names(&computed))
            }
            Step::Product(product) => {
                let [c, a, b] = [product.tensor, product.operands[0].0, product.operands[1].0].map(|tensor| self.name(tensor));
                let axes = |axes: &[Axis]| match axes {
                    [] => "1".to_owned(),
                    [one] => self.sizes.extent(&one.extent),
                    many => {
                        format!("({})", many.iter().map(|axis| self.sizes.extent(&axis.extent)).collect::<Vec<_>>().join(" · "))
                    }
                };
                let shape = [&product.m, &product.n, &product.k].map(|side| axes(side)).join(" x ");
                let outer: Vec<String> = product.outer.iter().map(|around| self.variable(around.variable)).collect();
                let outer = if outer.is_empty() { String::new() } else { format!(", for each {}", outer.join(", ")) };
                format!("matrix product: {c} = {a} · {b}, m x n x k = {shape}{outer}{}", product.remark_on_parts())
            }
            Step::Copy(tensor, role) => format!("copy: {} to {}", self.name(*tensor), self.plan.role(role)),
            Step::Recurrence(recurrence) => {
                let order = if recurrence.backward { ", the last first" } else { "" };
                format!("recurrence: for each {}{order}", self.variable(recurrence.variable))
            }
        };
        text.push_str(&format!("{start}  {line}\n"));
        if let Step::Recurrence(recurrence) = step {
            let start = format!("{}  ", " ".repeat(start.len()));
            recurrence.steps.iter().for_each(|step| self.step(text, &start, step));
        }
    }

    /// `t in 0..8`
    fn variable(&self, variable: usize) -> String {
        let variable = &self.plan.variables[variable];
        format!("{} in 0..{}", variable.name, self.sizes.extent(&variable.extent))
    }

    /// The name of a definition, in parentheses where it has no memory.
    fn computed(&self, tensor: TensorId) -> String {
        let name = self.name(tensor);
        if self.plan.homes.get(&tensor) == Some(&Home::Local) { format!("({name})") } else { name.to_owned() }
    }

    fn row(&self, resident: &Resident) -> Vec<String> {
        let shape = self.plan.shape_in_memory(resident.tensor);
        let shape: Vec<String> = shape.iter().map(|extent| self.sizes.extent(extent)).collect();
        let length = self.sizes.fixed(&resident.length);
        let place = match (&resident.place, resident.instead_of) {
            (Place::Slot(slot), Some(old)) => format!("slot {slot}, in the place of {}", self.name(old)),
            (Place::Slot(slot), None) => format!("slot {slot}"),
            (Place::Own(name), _) => name.clone(),
            (Place::Caller(name), _) => format!("{name}, of the caller"),
        };
        vec![
            self.name(resident.tensor).to_owned(),
            format!("[{}]", shape.join(", ")),
            length.display(self.sizes.names),
            self.bytes(&length).display(self.sizes.names),
            format!("{}..={}", resident.life.0, resident.life.1),
            place,
        ]
    }

    fn bytes(&self, length: &Extent) -> Extent {
        length.times(&Extent::constant(i64::try_from(self.element).unwrap_or(i64::MAX)))
    }

    fn peak(&self, residents: &[Resident]) -> String {
        let amount = |length: &Extent| {
            let bytes = self.bytes(length);
            let number = bytes.as_constant().and_then(|bytes| usize::try_from(bytes).ok());
            number.map_or_else(|| format!("{} bytes", bytes.display(self.sizes.names)), shown)
        };
        let peaks = peaks(self.plan, residents, self.sizes);
        let texts: Vec<String> = peaks.iter().map(|peak| format!("{} in step {}", amount(&peak.length), peak.step)).collect();
        format!("  peak: {} of the workspace in use at once, packing aside\n", texts.join(" or "))
    }

    fn remark(&self, resident: &Resident) -> Option<String> {
        let diagonal = deltas::diagonal(&self.plan.program, resident.tensor)?;
        let (name, length) = (self.name(resident.tensor), self.sizes.extent(&resident.length));
        Some(format!("  remark: {name} is a Kronecker δ that is stored: {length} elements, all 0 but where {diagonal}\n"))
    }
}

/// Rows with columns that begin below each other; those of `right` end below each other.
fn table(rows: &[Vec<String>], right: &[usize]) -> String {
    let columns = 0..rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = columns.map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let space = " ".repeat(widths[column] - cell.chars().count());
            if right.contains(&column) { format!("{space}{cell}") } else { format!("{cell}{space}") }
        });
        format!("  {}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
