//! Random derivatives of any order in random programs, each with what it claims to be the slope of.

use super::{Axis, Generator, Tensor, count, shape_text};
use crate::support::numbers::Random;

/// What a derivative says of another tensor: how that changes with a third.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The derivative.
    pub result: String,
    /// What it is the derivative of.
    pub of: String,
    /// What that is differentiated for.
    pub wrt: String,
    /// How much of all derivatives it has.
    pub kind: Kind,
    /// Where it is the derivative of derivatives for a definition: the program before it with the definition as an input, as which these
    /// see it.
    pub given: Option<String>,
}

/// How much of all derivatives of a tensor for another a derivative has.
#[derive(Clone, Debug)]
pub enum Kind {
    /// All: the axes of both.
    All,
    /// Those at the same place along so many first axes.
    Diagonal(usize),
    /// Their product with a vector in the shape of the second.
    Along(String),
    /// The product of a vector in the shape of the first with them.
    Times(String),
}

/// The text of a program with derivatives, and what they claim.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The program; its loss reads all derivatives.
    pub text: String,
    /// What is said in it.
    pub claims: Vec<Claim>,
}

/// What is not differentiated any more: the derivative of a derivative of a derivative is.
const MOST_ORDER: usize = 3;
/// Larger derivatives would take long.
const MOST_RESULTS: usize = 240;
/// So many derivatives are tried.
const ATTEMPTS: usize = 14;
/// So many there are.
const MOST_CLAIMS: usize = 7;

/// A tensor that may be differentiated.
#[derive(Clone)]
struct Known {
    tensor: Tensor,
    order: usize,
    /// For what it was differentiated.
    wrt: Vec<String>,
}

/// A program in the making, with derivatives.
struct Derivatives<'a> {
    random: Random,
    function: String,
    lines: Vec<String>,
    claims: Vec<Claim>,
    known: Vec<Known>,
    terms: Vec<String>,
    /// The definition of the vector that the next derivative is made with.
    vector: Option<String>,
    /// Whether a text is a program, or why it is none.
    compile: &'a dyn Fn(&str) -> Result<(), String>,
}

/// The program of the first definitions with derivatives in it, and in its loss. What the function does not depend on has no
/// derivative; any other refusal of `compile` is a failure.
pub fn derived(
    generator: &Generator,
    length: usize,
    seed: u64,
    compile: &dyn Fn(&str) -> Result<(), String>,
) -> Result<Option<Derived>, String> {
    let text = generator.text(length, length < generator.len());
    let Some((before, loss)) = text.split_once("    loss = ") else { return Ok(None) };
    let function = format!("{before}    output f = {}", loss.trim_end().trim_end_matches('}'));
    let place = |tensor: &Tensor| tensor.name.get(1..).and_then(|number| number.parse::<usize>().ok());
    let is_kept = |tensor: &&Tensor| !tensor.name.starts_with(['c', 'd']) || place(tensor).is_some_and(|place| place < length);
    let kept: Vec<Tensor> = generator.tensors.iter().filter(is_kept).cloned().collect();
    let known = |tensor: Tensor| Known { tensor, order: 0, wrt: Vec::new() };
    let scalar = Tensor { name: "f".into(), shape: Vec::new(), bound: 1.0 };
    let last = kept.iter().rev().find(|tensor| tensor.name.starts_with(['c', 'd'])).cloned();
    let mut derivatives = Derivatives {
        random: Random::new(seed ^ 0x0dd5),
        function,
        lines: Vec::new(),
        claims: Vec::new(),
        known: std::iter::once(scalar).chain(last).map(known).collect(),
        terms: vec!["f".into()],
        vector: None,
        compile,
    };
    for _ in 0..ATTEMPTS {
        if derivatives.claims.len() < MOST_CLAIMS {
            derivatives.add(&kept)?;
        }
    }
    let Derivatives { function, lines, claims, terms, .. } = derivatives;
    let text = format!("{function}{}    loss = {};\n}}\n", lines.concat(), terms.join(" + "));
    Ok((!claims.is_empty()).then_some(Derived { text, claims }))
}

impl Derivatives<'_> {
    /// One more derivative, if there is one.
    fn add(&mut self, kept: &[Tensor]) -> Result<(), String> {
        // The latest are differentiated again more often.
        let (a, b) = (self.random.below(self.known.len()), self.random.below(self.known.len()));
        let of = self.known[a.max(b)].clone();
        if of.order >= MOST_ORDER {
            return Ok(());
        }
        let Some(wrt) = self.wrt(kept, &of) else { return Ok(()) };
        self.vector = None;
        let choice = self.random.below(10);
        if of.tensor.shape.is_empty() { self.of_scalar(&of, &wrt, choice) } else { self.of_tensor(&of, &wrt, choice) }
    }

    /// What a tensor is differentiated for: more often what it was differentiated for before.
    fn wrt(&mut self, kept: &[Tensor], of: &Known) -> Option<Tensor> {
        let fitting: Vec<&Tensor> = kept.iter().filter(|tensor| tensor.name != of.tensor.name).collect();
        let same: Vec<&Tensor> = fitting.iter().copied().filter(|tensor| of.wrt.contains(&tensor.name)).collect();
        let from = if same.is_empty() || self.random.below(3) == 0 { fitting } else { same };
        (!from.is_empty()).then(|| (*self.random.choose(&from)).clone())
    }

    /// The gradient of a scalar, or what is made of its Hessian.
    fn of_scalar(&mut self, of: &Known, wrt: &Tensor, choice: usize) -> Result<(), String> {
        let (f, x) = (&of.tensor.name, &wrt.name);
        let gradient = format!("g{}", self.lines.len());
        let all = Claim { result: gradient.clone(), of: f.clone(), wrt: x.clone(), kind: Kind::All, given: None };
        if !self.line(&format!("grad({f}, {x})"), wrt.shape.clone(), of, wrt, all)? {
            return Ok(());
        }
        let again = self.known[self.known.len() - 1].clone();
        let (axes, elements) = (wrt.shape.len(), count(&wrt.shape));
        let twice: Vec<Axis> = wrt.shape.iter().chain(&wrt.shape).copied().collect();
        let of_gradient =
            |kind| Claim { result: format!("h{}", self.lines.len()), of: gradient.clone(), wrt: x.clone(), kind, given: None };
        let is_small = of.order + 1 < MOST_ORDER && elements * elements <= MOST_RESULTS;
        let (word, shape, kind) = match choice {
            0..=2 if is_small => ("hessian", twice, Kind::All),
            3 if is_small && axes > 0 => ("hessian_diagonal", wrt.shape.clone(), Kind::Diagonal(axes)),
            4 if is_small && axes > 0 => {
                let blocks = wrt.shape.iter().chain(&wrt.shape[1..]).copied().collect();
                ("hessian_blocks", blocks, Kind::Diagonal(1))
            }
            _ => return Ok(()),
        };
        let claim = of_gradient(kind);
        self.line(&format!("{word}({f}, {x})"), shape, &again, wrt, claim).map(|_| ())
    }

    /// All derivatives of a tensor, those along a vector, a vector times them, or a scalar made of it.
    fn of_tensor(&mut self, of: &Known, wrt: &Tensor, choice: usize) -> Result<(), String> {
        let (y, x) = (of.tensor.name.clone(), wrt.name.clone());
        let name = format!("t{}", self.lines.len());
        let claim = |kind| Claim { result: name.clone(), of: y.clone(), wrt: x.clone(), kind, given: None };
        let is_small = count(&of.tensor.shape) * count(&wrt.shape) <= MOST_RESULTS;
        match choice {
            0..=2 if is_small => {
                let shape = of.tensor.shape.iter().chain(&wrt.shape).copied().collect();
                self.line(&format!("jacobian({y}, {x})"), shape, of, wrt, claim(Kind::All)).map(|_| ())
            }
            0..=5 => {
                let vector = self.vector(wrt);
                let value = format!("jvp({y}, {x}, {vector})");
                self.line(&value, of.tensor.shape.clone(), of, wrt, claim(Kind::Along(vector))).map(|_| ())
            }
            6 | 7 => {
                let vector = self.vector(&of.tensor);
                let value = format!("vjp({y}, {x}, {vector})");
                self.line(&value, wrt.shape.clone(), of, wrt, claim(Kind::Times(vector))).map(|_| ())
            }
            _ => self.scalar(of, choice),
        }
    }

    /// A scalar made of a tensor, which is differentiated later.
    fn scalar(&mut self, of: &Known, choice: usize) -> Result<(), String> {
        let (name, y) = (format!("z{}", self.lines.len()), &of.tensor.name);
        let value = match (choice, self.random.below(2)) {
            (8, 0) => format!("mean(sin({y}))"),
            (8, _) => format!("dot({y}, stop_gradient({y}))"),
            (_, 0) => format!("sum({y} ^ 2)"),
            (_, _) => format!("mean(tanh({y}) * {y})"),
        };
        let (stopped, value) = match value.split_once(", stop_gradient(") {
            Some((before, _)) => {
                let line = format!("    k{name} = stop_gradient({y}); // {}\n", shape_text(&of.tensor.shape));
                (line, format!("{before}, k{name})"))
            }
            None => (String::new(), value),
        };
        self.lines.push(format!("{stopped}    output {name} = {value};\n"));
        self.known.push(Known { tensor: Tensor { name, shape: Vec::new(), bound: 1.0 }, ..of.clone() });
        Ok(())
    }

    /// A vector in the shape of a tensor, as a definition of its own.
    fn vector(&mut self, like: &Tensor) -> String {
        let name = format!("v{}", self.lines.len());
        let function = *self.random.choose(&["cos", "sigmoid", "sin"]);
        self.vector = Some(format!("    output {name} = {function}({} + 0.2);\n", like.name));
        name
    }

    /// A derivative with its claim, if there is one.
    fn line(&mut self, value: &str, shape: Vec<Axis>, of: &Known, x: &Tensor, mut claim: Claim) -> Result<bool, String> {
        let is_definition = x.name.starts_with(['c', 'd']);
        if is_definition && of.wrt.iter().any(|name| *name != x.name) {
            claim.given = self.given(x);
            if claim.given.is_none() {
                return Ok(false);
            }
        }
        let name = &claim.result;
        let vector = self.vector.take().unwrap_or_default();
        let line = format!("{vector}    output {name} = {value};\n");
        let text = format!("{}{}{line}    loss = f;\n}}\n", self.function, self.lines.concat());
        match (self.compile)(&text) {
            Ok(()) => {}
            Err(message) if message.contains("does not depend on") => return Ok(false),
            // A derivative for what stands behind the definition.
            Err(message) if is_definition && message.contains("depends on how it is written") => return Ok(false),
            Err(message) => return Err(format!("{message}\n{text}")),
        }
        self.lines.push(line);
        // What is no output may have another name in the program.
        for read in [&claim.of, &claim.wrt] {
            let known = format!("    output o_{read} = {read};\n");
            if read.starts_with(['c', 'd']) && !self.lines.contains(&known) {
                self.lines.push(known);
            }
        }
        self.terms.push(format!("0.01 * mean(tanh({name}))"));
        let wrt = of.wrt.iter().cloned().chain([claim.wrt.clone()]).collect();
        let tensor = Tensor { name: name.clone(), shape, bound: 1.0 };
        self.claims.push(claim);
        self.known.push(Known { tensor, order: of.order + 1, wrt });
        Ok(true)
    }

    /// The program so far with a definition as an input; `None` where there is none, as of a definition that a derivative is made of.
    fn given(&self, definition: &Tensor) -> Option<String> {
        let name = &definition.name;
        let begins = |line: &str| {
            let rest = line.trim_start().trim_start_matches("output ").strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.starts_with([' ', '[']))
        };
        let line = |line| match begins(line) {
            true => format!("    input {name}: {};\n", shape_text(&definition.shape)),
            false => format!("{line}\n"),
        };
        let function: String = self.function.lines().map(line).collect();
        let text = format!("{function}{}    loss = f;\n}}\n", self.lines.concat());
        (self.compile)(&text).is_ok().then_some(text)
    }
}
