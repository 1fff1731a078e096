//! Programs as text, in the index notation of the language: for people, for snapshots, and for comments in generated code.

use super::expression::{ExpressionId, Node};
use super::extent::Extent;
use super::index::{Atom, Index, Label};
use super::program::{Definition, Element, Program, Role, Source, TensorId};
use crate::ops::{Operator, Spelling, precedence};

/// Formulas share their parts, so a text can be much longer than what is printed; it is cut off here.
const LONGEST: usize = 1 << 16;

/// A whole program: what is given, the definitions that the roots need with their extents, and the roots.
pub fn print(program: &Program) -> String {
    let mut text = format!("{}\n", program.name);
    for id in program.ids() {
        let tensor = program.tensor(id);
        if let Some(word) = given(&tensor.source) {
            let shape: Vec<String> = tensor.shape.iter().map(|extent| extent.display(&program.sizes)).collect();
            text.push_str(&format!("  {word} {}: [{}]{}\n", tensor.name, shape.join(", "), element(program, &tensor.element)));
        }
    }
    for id in program.order() {
        text.push_str(&format!("  {}{}\n", line(program, id, true), element(program, &program.tensor(id).element)));
    }
    for root in &program.roots {
        text.push_str(&format!("  {} is {}\n", role(program, &root.role), program.tensor(root.tensor).name));
    }
    text
}

/// One definition as one line: `z1[i, j] = sum[k](x[i, k] * dense1.w[k, j])`; a given tensor as its name.
pub fn formula(program: &Program, tensor: TensorId) -> String {
    line(program, tensor, false)
}

/// A formula, with names for its labels.
pub fn expression(program: &Program, id: ExpressionId, label_name: &dyn Fn(Label) -> String) -> String {
    Printer { program, label_name, text: String::new() }.print(id)
}

fn given(source: &Source) -> Option<&'static str> {
    match source {
        Source::Input => Some("input"),
        Source::Target => Some("target"),
        Source::Parameter(_) => Some("param"),
        Source::State(_) => Some("state"),
        Source::Defined(_) => None,
    }
}

fn element(program: &Program, element: &Element) -> String {
    match element {
        Element::Real => String::new(),
        Element::Integer { from, to } => format!(" in {}..{}", from.display(&program.sizes), to.display(&program.sizes)),
    }
}

fn role(program: &Program, role: &Role) -> String {
    match role {
        Role::Loss => "loss".into(),
        Role::Output(name) => format!("output {name}"),
        Role::Metric(name) => format!("metric {name}"),
        Role::Gradient(of) => format!("gradient of {}", program.tensor(*of).name),
        Role::Update(of) => format!("update {}", program.tensor(*of).name),
    }
}

fn line(program: &Program, id: TensorId, with_extents: bool) -> String {
    let tensor = program.tensor(id);
    let Some(Definition { reduction, body }) = program.definition(id) else { return tensor.name.clone() };
    let names = label_names(program, id);
    let extents = program.label_extents(id);
    let list = |range: std::ops::Range<usize>| {
        let with_extent = |label: usize| match with_extents {
            true => format!("{}: {}", names[label], extents[label].display(&program.sizes)),
            false => names[label].clone(),
        };
        if range.is_empty() { String::new() } else { format!("[{}]", range.map(with_extent).collect::<Vec<_>>().join(", ")) }
    };
    let rank = tensor.shape.len();
    let name_of = |label: Label| names.get(label.0 as usize).cloned().unwrap_or_else(|| format!("label {}", label.0));
    let body = expression(program, *body, &name_of);
    let left = format!("{}{}", tensor.name, list(0..rank));
    match reduction {
        None => format!("{left} = {body}"),
        Some((reduction, _)) => format!("{left} = {}{}({body})", reduction.spelling(), list(rank..extents.len())),
    }
}

/// The names of all labels of a definition, different from each other.
fn label_names(program: &Program, id: TensorId) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for number in 0..program.label_extents(id).len() {
        let label = Label(u32::try_from(number).unwrap_or(u32::MAX));
        let wanted = program.label_name(id, label);
        let mut name = wanted.clone();
        let mut suffix = 2;
        while names.contains(&name) {
            name = format!("{wanted}{suffix}");
            suffix += 1;
        }
        names.push(name);
    }
    names
}

/// What is still to be written.
enum Piece {
    Text(&'static str),
    /// A formula that stands where this precedence (or a tighter one) is needed.
    Formula(ExpressionId, u8),
}

struct Printer<'a> {
    program: &'a Program,
    label_name: &'a dyn Fn(Label) -> String,
    text: String,
}

impl Printer<'_> {
    /// Writes without recursion: formulas may be deep.
    fn print(mut self, root: ExpressionId) -> String {
        let mut stack = vec![Piece::Formula(root, 0)];
        while let Some(piece) = stack.pop() {
            if self.text.len() > LONGEST {
                self.text.push_str("...");
                break;
            }
            match piece {
                Piece::Text(text) => self.text.push_str(text),
                Piece::Formula(id, needed) => {
                    let mut pieces = self.pieces(id, needed);
                    pieces.reverse();
                    stack.extend(pieces);
                }
            }
        }
        self.text
    }

    /// Writes a leaf; what has arguments is taken to pieces.
    fn pieces(&mut self, id: ExpressionId, needed: u8) -> Vec<Piece> {
        match self.program.expressions.node(id) {
            Node::Number(number) => self.leaf(number.text(), needed),
            Node::Position(index) => self.leaf(self.index(index), needed),
            Node::Random(stream, at) => {
                self.leaf((format!("random_at({}, {})", stream.0, self.index(at).0), precedence::POSTFIX), needed)
            }
            Node::Read(tensor, at) => self.leaf((self.read(*tensor, at), precedence::POSTFIX), needed),
            Node::Apply(operator, arguments) => apply(*operator, arguments, needed),
            Node::Select(condition, then, otherwise) => call("where", &[*condition, *then, *otherwise]),
        }
    }

    fn leaf(&mut self, (text, has): (String, u8), needed: u8) -> Vec<Piece> {
        self.text.push_str(&if has < needed { format!("({text})") } else { text });
        Vec::new()
    }

    fn read(&self, tensor: TensorId, at: &[Index]) -> String {
        let name = &self.program.tensor(tensor).name;
        let at: Vec<String> = at.iter().map(|index| self.index(index).0).collect();
        if at.is_empty() { name.clone() } else { format!("{name}[{}]", at.join(", ")) }
    }

    /// An index form and its precedence.
    fn index(&self, index: &Index) -> (String, u8) {
        let sizes = &self.program.sizes;
        let mut text = String::new();
        let mut weakest = precedence::POSTFIX;
        for (atom, coefficient) in index.terms() {
            let negative = coefficient.terms().all(|(_, number)| number < 0);
            let magnitude = if negative { coefficient.negated() } else { coefficient.clone() };
            let (atom, tightness) = self.atom(atom);
            let (term, tightness) = match magnitude.is_one() {
                true => (atom, tightness),
                false => {
                    let atom = if tightness < precedence::UNARY { format!("({atom})") } else { atom };
                    (format!("{}*{atom}", factor(&magnitude, sizes)), precedence::MULTIPLY)
                }
            };
            weakest = join(&mut text, &term, tightness, negative, weakest);
        }
        let constant = index.constant_part();
        if text.is_empty() {
            let number = constant.as_constant().is_some_and(|number| number >= 0) || constant.is_factor();
            return (constant.display(sizes), if number { precedence::POSTFIX } else { precedence::ADD });
        }
        // As extents are displayed: the number last.
        let (number, with_sizes): (Vec<_>, Vec<_>) = constant.terms().partition(|(monomial, _)| monomial.is_empty());
        for (monomial, number) in with_sizes.into_iter().chain(number) {
            let term = Extent::term(number.saturating_abs(), monomial);
            weakest = join(&mut text, &term.display(sizes), precedence::MULTIPLY, number < 0, weakest);
        }
        (text, weakest)
    }

    /// An atom and its precedence.
    fn atom(&self, atom: &Atom) -> (String, u8) {
        let sizes = &self.program.sizes;
        let divided = |form: &Index, by: &Extent| {
            let (text, has) = self.index(form);
            let text = if has < precedence::MULTIPLY { format!("({text})") } else { text };
            format!("floor({text} / {})", factor(by, sizes))
        };
        match atom {
            Atom::Label(label) => ((self.label_name)(*label), precedence::POSTFIX),
            Atom::Quotient(form, by) => (divided(form, by), precedence::POSTFIX),
            Atom::Remainder(form, by) => {
                let whole = format!("{} - {}*{}", self.index(form).0, factor(by, sizes), divided(form, by));
                (format!("({whole})"), precedence::POSTFIX)
            }
            Atom::Element(tensor, at) => (self.read(*tensor, at), precedence::POSTFIX),
        }
    }
}

/// Puts a term behind a sum; gives the precedence of what there is then.
fn join(text: &mut String, term: &str, tightness: u8, negative: bool, weakest: u8) -> u8 {
    if text.is_empty() {
        *text = if negative { format!("-{term}") } else { term.to_owned() };
        return if negative { tightness.min(precedence::UNARY) } else { tightness };
    }
    text.push_str(if negative { " - " } else { " + " });
    text.push_str(term);
    weakest.min(precedence::ADD)
}

/// An extent as a factor: sums and products in parentheses where they need them.
fn factor(extent: &Extent, sizes: &[String]) -> String {
    let text = extent.display(sizes);
    let simple = extent.is_factor() || extent.as_constant().is_some_and(|number| number >= 0);
    if simple { text } else { format!("({text})") }
}

fn apply(operator: Operator, arguments: &[ExpressionId], needed: u8) -> Vec<Piece> {
    let (has, mut pieces) = match (operator.row().spelling, arguments) {
        (Spelling::Function(name), arguments) => return call(name, arguments),
        (Spelling::Prefix(sign, has), arguments) => {
            let operands = arguments.iter().map(|&argument| Piece::Formula(argument, has));
            (has, std::iter::once(Piece::Text(sign)).chain(operands).collect())
        }
        (Spelling::Infix(sign, has), [left, right]) => {
            // `^` associates to the right, comparisons not at all, the rest to the left.
            let (on_left, on_right) = match has {
                precedence::POWER => (has + 1, has),
                precedence::COMPARE => (has + 1, has + 1),
                _ => (has, has + 1),
            };
            let space = || Piece::Text(" ");
            (has, vec![Piece::Formula(*left, on_left), space(), Piece::Text(sign), space(), Piece::Formula(*right, on_right)])
        }
        (Spelling::Infix(sign, _), arguments) => return call(sign, arguments),
    };
    if has < needed {
        pieces.insert(0, Piece::Text("("));
        pieces.push(Piece::Text(")"));
    }
    pieces
}

fn call(name: &'static str, arguments: &[ExpressionId]) -> Vec<Piece> {
    let mut pieces = vec![Piece::Text(name), Piece::Text("(")];
    for (place, &argument) in arguments.iter().enumerate() {
        if place > 0 {
            pieces.push(Piece::Text(", "));
        }
        pieces.push(Piece::Formula(argument, 0));
    }
    pieces.push(Piece::Text(")"));
    pieces
}

#[cfg(test)]
#[path = "print_tests.rs"]
mod tests;
