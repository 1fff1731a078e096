//! Programs for tests, written in a line for each definition.

use crate::ir::{
    Atom, Definition, Element, ExpressionId, Extent, Index, Initializer, Label, Program, Role, Root, Source, Tensor, TensorId,
};
use crate::ops::{Operator, Reduction};
use crate::span::Span;

/// Makes programs.
#[derive(Default)]
pub struct Maker {
    /// What is made.
    pub program: Program,
}

impl Maker {
    /// `input("x", "B 784")`
    pub fn input(&mut self, name: &str, shape: &str) {
        self.add(name, shape, Element::Real, Source::Input);
    }

    /// An integer input in `0..to`.
    pub fn integers(&mut self, name: &str, shape: &str, to: &str) {
        let to = self.extent(to);
        self.add(name, shape, Element::Integer { from: Extent::zero(), to }, Source::Input);
    }

    /// `param("w", "784 512")`
    pub fn param(&mut self, name: &str, shape: &str) {
        let initializer = Initializer { name: "zeros".into(), arguments: Vec::new() };
        self.add(name, shape, Element::Real, Source::Parameter(initializer));
    }

    fn add(&mut self, name: &str, shape: &str, element: Element, source: Source) -> TensorId {
        let shape = shape.split_whitespace().map(|extent| self.extent(extent)).collect();
        let (label_names, documentation) = (Vec::new(), Vec::new());
        self.program.add(Tensor { name: name.into(), shape, element, source, label_names, span: Span::default(), documentation })
    }

    fn extent(&mut self, text: &str) -> Extent {
        Extent::product(&text.split('*').map(|part| self.factor(part)).collect::<Vec<_>>())
    }

    fn factor(&mut self, text: &str) -> Extent {
        text.parse().map_or_else(|_| Extent::size(self.program.size(text)), Extent::constant)
    }

    /// `define("y", "i=B j=10", "sum k=784", "(* (x i k) (w k j))")`
    pub fn define(&mut self, name: &str, axes: &str, reduction: &str, body: &str) -> TensorId {
        let mut names = Vec::new();
        let mut labels = |maker: &mut Self, text: &str| -> Vec<Extent> {
            let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
            pairs.map(|(label, extent)| (names.push(label.to_owned()), maker.extent(extent)).1).collect()
        };
        let shape = labels(self, axes);
        let reduction = reduction.split_once(' ').map(|(kind, over)| (Reduction::spelled(kind).expect(kind), labels(self, over)));
        let mut tokens: Vec<String> =
            body.replace('(', " ( ").replace(')', " ) ").split_whitespace().rev().map(str::to_owned).collect();
        let body = self.formula(&mut tokens, &names);
        let source = Source::Defined(Definition { reduction, body });
        let (name, documentation) = (name.to_owned(), Vec::new());
        let element = Element::Real;
        self.program.add(Tensor { name, shape, element, source, label_names: names, span: Span::default(), documentation })
    }

    fn formula(&mut self, tokens: &mut Vec<String>, names: &[String]) -> ExpressionId {
        let token = tokens.pop().expect("a token");
        if token != "(" {
            if let Ok(number) = token.parse() {
                return self.program.expressions.number(number);
            }
            let index = self.index(&token, names);
            return self.program.expressions.position(index);
        }
        let head = tokens.pop().expect("a head");
        if let Some(tensor) = self.program.find(&head) {
            let mut at = Vec::new();
            while tokens.last().is_some_and(|token| token != ")") {
                let token = tokens.pop().expect("an index");
                at.push(self.index(&token, names));
            }
            tokens.pop();
            return self.program.expressions.read(tensor, at);
        }
        let mut arguments = Vec::new();
        while tokens.last().is_some_and(|token| token != ")") {
            arguments.push(self.formula(tokens, names));
        }
        tokens.pop();
        if head == "where" {
            return self.program.expressions.select(arguments[0], arguments[1], arguments[2]);
        }
        let operator = Operator::spelled(&head, arguments.len()).unwrap_or_else(|| panic!("{head}"));
        self.program.expressions.apply(operator, &arguments)
    }

    /// `i`, `2*i+u-1`, `i/3`, `i%3`, `@tok:b,t`
    fn index(&mut self, text: &str, names: &[String]) -> Index {
        let signed = text.replace('-', "+-");
        signed.split('+').filter(|part| !part.is_empty()).fold(Index::default(), |sum, part| sum.plus(&self.part(part, names)))
    }

    fn part(&mut self, part: &str, names: &[String]) -> Index {
        if let Some(rest) = part.strip_prefix('-') {
            return self.part(rest, names).times(&Extent::constant(-1));
        }
        if let Some((tensor, at)) = part.strip_prefix('@').and_then(|part| part.split_once(':')) {
            let tensor = self.program.find(tensor).expect(part);
            let at = at.split(',').map(|index| self.index(index, names)).collect();
            return Index::atom(Atom::Element(tensor, at));
        }
        if let Some((form, by)) = part.split_once('/') {
            let by = self.extent(by);
            return self.part(form, names).quotient(&by);
        }
        if let Some((form, by)) = part.split_once('%') {
            let by = self.extent(by);
            return self.part(form, names).remainder(&by);
        }
        if let Some((factor, rest)) = part.split_once('*') {
            let factor = self.extent(factor);
            return self.part(rest, names).times(&factor);
        }
        match names.iter().position(|name| name == part) {
            Some(number) => Index::label(Label(u32::try_from(number).expect("few labels"))),
            None => Index::constant(self.extent(part)),
        }
    }

    /// Makes a tensor an output.
    pub fn output(&mut self, name: &str) {
        let tensor = self.program.find(name).expect(name);
        self.program.roots.push(Root { role: Role::Output(name.into()), tensor });
    }

    /// Makes a tensor the loss, with gradients for all parameters.
    pub fn loss(&mut self, name: &str) {
        let tensor = self.program.find(name).expect(name);
        self.program.roots.push(Root { role: Role::Loss, tensor });
        let is_parameter = |id: &TensorId| matches!(self.program.tensor(*id).source, Source::Parameter(_));
        let parameters: Vec<TensorId> = self.program.ids().filter(is_parameter).collect();
        crate::diff::gradient(&mut self.program, tensor, &parameters);
    }
}
