//! Loops for people and for snapshots.

use super::{Block, Destination, Loops, Operand, Place, Product, Statement, Value};
use crate::ir::{Atom, Extent, Index};
use crate::ops::Spelling;
use crate::plan::index_text;
use std::fmt::Write;

/// Loops as text.
pub fn print(loops: &Loops) -> String {
    let mut printer = Printer { loops, text: String::new() };
    printer.line(0, &format!("pass {}", loops.name));
    for buffer in &loops.buffers {
        let shape: Vec<String> = buffer.shape.iter().map(|extent| printer.extent(extent)).collect();
        let kind = if buffer.integers.is_some() { " of integers" } else { "" };
        let line = format!("{}: [{}]{kind}, {}", buffer.name, shape.join(", "), place(&buffer.place));
        printer.line(1, &line);
    }
    for (number, lengths) in loops.slots.iter().enumerate() {
        let lengths: Vec<String> = lengths.iter().map(|length| printer.extent(length)).collect();
        printer.line(1, &format!("slot {number}: {}", lengths.join(" or ")));
    }
    printer.body(&loops.body, 0);
    printer.text
}

fn place(place: &Place) -> String {
    match place {
        Place::Input(_) => "input".into(),
        Place::Parameter(_) => "parameter".into(),
        Place::State(_) => "state".into(),
        Place::Workspace(slot) => format!("slot {slot}"),
        Place::Result(to) => destination(to),
    }
}

/// A destination in words: `gradient of dense1.w`.
pub fn destination(destination: &Destination) -> String {
    match destination {
        Destination::Loss => "loss".into(),
        Destination::Metric(name) => format!("metric {name}"),
        Destination::Output(name) => format!("output {name}"),
        Destination::Gradient(path) => format!("gradient of {path}"),
        Destination::Update(path) => format!("update of {path}"),
    }
}

struct Printer<'a> {
    loops: &'a Loops,
    text: String,
}

impl Printer<'_> {
    fn line(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{}{line}", "    ".repeat(depth));
    }

    fn body(&mut self, body: &[Statement], depth: usize) {
        for statement in body {
            let line = match statement {
                Statement::Comment(text) => format!("// {}", text.replace('\n', "\n// ")),
                Statement::For { variable, extent, backward, body } => {
                    let order = if *backward { ", the last first" } else { "" };
                    let line = format!("for {} in 0..{}{order} {{", self.variable(variable.0), self.extent(extent));
                    self.line(depth, &line);
                    self.body(body, depth + 1);
                    "}".into()
                }
                Statement::Let(local, value) => format!("let {} = {}", self.local(local.0), self.value(value)),
                Statement::Accumulator(local, value) => format!("let mut {} = {}", self.local(local.0), self.value(value)),
                Statement::Assign(local, value) => format!("{} = {}", self.local(local.0), self.value(value)),
                Statement::Store { buffer, offset, value, accumulate } => {
                    let sign = if *accumulate { "+=" } else { "=" };
                    format!("{}[{}] {sign} {}", self.loops.buffer(*buffer).name, self.index(offset), self.value(value))
                }
                Statement::Fill(buffer, value) => format!("fill {} with {value:?}", self.loops.buffer(*buffer).name),
                Statement::Product(product) => self.product(product),
            };
            self.line(depth, &line);
        }
    }

    fn product(&self, product: &Product) -> String {
        let sides = product.sides().map(|(operand, axes)| self.operand(operand, &axes));
        let [a, b, c] = &sides;
        let size = product.shape().map(|extent| self.extent(&extent)).join(" × ");
        let edge = product.edge.map_or_else(String::new, |edge| format!(", {edge}"));
        format!("{c} = {a} · {b} ({size}{edge})")
    }

    /// `h[784*i1; 128 by 512, 10 by 1]`: the first element, and each axis with its stride.
    fn operand(&self, operand: &Operand, axes: &[(&Extent, &Extent)]) -> String {
        let start = if operand.offset == Index::default() { String::new() } else { format!("{}; ", self.index(&operand.offset)) };
        let axes: Vec<String> =
            axes.iter().map(|(extent, stride)| format!("{} by {}", self.extent(extent), self.extent(stride))).collect();
        format!("{}[{start}{}]", self.loops.buffer(operand.buffer).name, axes.join(", "))
    }

    fn extent(&self, extent: &Extent) -> String {
        extent.display(&self.loops.sizes)
    }

    /// `i`; a number is put behind, so that different variables look different.
    fn variable(&self, number: u32) -> String {
        format!("{}{number}", self.loops.variable_names[number as usize])
    }

    fn local(&self, number: u32) -> String {
        format!("%{}.{number}", self.loops.local_names[number as usize].replace(' ', "_"))
    }

    fn index(&self, index: &Index) -> String {
        index_text(index, &self.loops.sizes, &|atom| match atom {
            Atom::Label(label) => self.variable(label.0),
            Atom::Quotient(form, by) => format!("(({}) div {})", self.index(form), self.extent(by)),
            Atom::Remainder(form, by) => format!("(({}) mod {})", self.index(form), self.extent(by)),
            Atom::Element(buffer, at) => {
                let at: Vec<String> = at.iter().map(|form| self.index(form)).collect();
                format!("{}[{}]", self.loops.buffers[buffer.0 as usize].name, at.join(", "))
            }
        })
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Number(number) => format!("{number:?}"),
            Value::Local(local) => self.local(local.0),
            Value::Position(index) => format!("({})", self.index(index)),
            Value::Random(stream, index) => format!("random_at({}, {})", stream.0, self.index(index)),
            Value::Load(buffer, offset) => format!("{}[{}]", self.loops.buffer(*buffer).name, self.index(offset)),
            Value::Apply(operator, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(|argument| self.value(argument)).collect();
                match (operator.row().spelling, arguments.as_slice()) {
                    (Spelling::Infix(sign, _), [a, b]) => format!("({a} {sign} {b})"),
                    (Spelling::Prefix(sign, _), [a]) => format!("{sign}{a}"),
                    (spelling, _) => format!("{}({})", spelling.text(), arguments.join(", ")),
                }
            }
            Value::Select(condition, then, otherwise) => {
                format!("if {} {{ {} }} else {{ {} }}", self.value(condition), self.block(then), self.block(otherwise))
            }
        }
    }

    fn block(&self, block: &Block) -> String {
        let locals = block.locals.iter().map(|(local, value)| format!("let {} = {}; ", self.local(local.0), self.value(value)));
        format!("{}{}", locals.collect::<String>(), self.value(&block.value))
    }
}
