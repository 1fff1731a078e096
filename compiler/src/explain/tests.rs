//! Every line is evaluated: it has the numbers of the line before, and the last has those of the adjoint. The derivatives that the chain
//! rule names are those of finite differences.

mod forms;

use super::{Chapter, Conditional, Explanation, Line, explain, latex, text};
use crate::diagnostic::Diagnostics;
use crate::elaborate::{Options, elaborate};
use crate::emit::math::Symbol;
use crate::emit::math::tests::mistake;
use crate::emit::nn::tests::{compare, declared, programs, values};
use crate::eval::{Tensor, Values, evaluate};
use crate::files::Files;
use crate::ir::{Element, Node, Program, Role, Root, Source, TensorId};
use crate::ops::Operator;
use crate::pipeline;
use crate::span::Span;
use crate::syntax::tree::{
    Axis, Expression, ExpressionKind, File, Item, LeftIndex, Name, Network, ReducedLabel, Role as Kind, Statement, StatementKind,
};
use forms::{conditions_hold, simplest};
use std::collections::{BTreeMap, BTreeSet};

/// A derivative with more elements is not evaluated.
const MOST_ELEMENTS: i64 = 20_000;

fn tensors_of(source: &Expression, program: &Program) -> Vec<TensorId> {
    super::tree::names(source).iter().filter_map(|name| program.find(name)).collect()
}

fn elements(program: &Program, id: TensorId) -> i64 {
    let sizes = vec![3; program.sizes.len()];
    program.tensor(id).shape.iter().map(|axis| axis.value(&sizes)).product()
}

fn lines(chapter: &Chapter) -> Vec<Vec<&Line>> {
    let parts = chapter.parts.iter().map(|part| part.lines.iter().collect());
    let total = Some(chapter.total.iter().collect::<Vec<_>>()).filter(|lines| !lines.is_empty());
    parts.chain(total).collect()
}

/// The values of all tensors that the lines read.
fn everything(explanation: &Explanation) -> Result<Values, String> {
    computed_from(explanation, &values(&explanation.program))
}

/// The same, of some values of what is given.
fn computed_from(explanation: &Explanation, given: &Values) -> Result<Values, String> {
    let mut program = explanation.program.clone();
    let all = explanation.chapters.iter().flat_map(lines).flatten();
    let read: BTreeSet<TensorId> = all.flat_map(|line| tensors_of(&line.value, &program)).collect();
    let adjoints = explanation.chapters.iter().flat_map(|chapter| tensors_of(&chapter.left, &program));
    let forms = explanation.chapters.iter().flat_map(|chapter| &chapter.simplified).filter_map(super::chapter::value_of);
    let forms = forms.flat_map(|value| tensors_of(value, &program));
    let readers = explanation.names.symbols.values().filter_map(|symbol| match symbol {
        Symbol::Adjoint { of, .. } | Symbol::Partial { of, .. } => program.find(of),
    });
    let wanted: BTreeSet<TensorId> = read.iter().copied().chain(adjoints).chain(forms).chain(readers).collect();
    let small = wanted.into_iter().filter(|&id| elements(&program, id) <= MOST_ELEMENTS);
    let defined = small.filter(|&id| program.definition(id).is_some());
    program.roots = defined.map(|tensor| Root { role: Role::Output(program.tensor(tensor).name.clone()), tensor }).collect();
    evaluate(&program, given).map_err(|error| error.to_string())
}

fn make(kind: StatementKind) -> Statement {
    Statement { documentation: Vec::new(), kind, span: Span::default() }
}

/// The values of a network of these statements.
fn run(statements: Vec<Statement>, given: &Values) -> Result<(Program, Values), String> {
    let name = |text: &str| Name { text: text.to_owned(), span: Span::default() };
    let network = Network {
        documentation: Vec::new(),
        name: name("Lines"),
        hyperparameters: Vec::new(),
        precision: Some(name("f64")),
        statements,
        span: Span::default(),
    };
    let file = File { items: vec![Item::Network(network)], ..File::default() };
    let mut diagnostics = Diagnostics::new();
    let elaborated = elaborate(&file, &Options::default(), &mut Files::default(), &mut diagnostics);
    let elaborated = elaborated.filter(|_| !diagnostics.has_errors()).ok_or_else(|| format!("{:?}", diagnostics.sorted()))?;
    let computed = evaluate(&elaborated, given).map_err(|error| error.to_string())?;
    Ok((elaborated, computed))
}

/// The values of lines over the labels of a chapter; what they read is given.
fn evaluated(program: &Program, chapter: &Chapter, all: &[&Line], given: &Values) -> Result<Values, String> {
    let name = |text: &str| Name { text: text.to_owned(), span: Span::default() };
    let read: BTreeSet<TensorId> = all.iter().flat_map(|line| tensors_of(&line.value, program)).collect();
    let inputs = program.ids().filter(|id| program.definition(*id).is_none() || read.contains(id));
    let mut statements: Vec<Statement> = inputs.map(|id| declared(program, id)).collect();
    let number = |value: f64| Expression { kind: ExpressionKind::Number { value, integer: true }, span: Span::default() };
    let StatementKind::Input(own) = declared(program, chapter.tensor).kind else { return Err("it is no input".into()) };
    for (place, line) in all.iter().enumerate() {
        let (role, left) = (Kind::Output, name(&format!("line_{place}")));
        let label = |(label, axis): (&String, &Axis)| {
            let Axis::Size(end) = axis else { return None };
            Some(LeftIndex::Label(ReducedLabel { name: name(label), range: Some((number(0.0), end.clone())) }))
        };
        let indices: Option<Vec<LeftIndex>> = chapter.axes.iter().zip(&own.shape.axes).map(label).collect();
        let (indices, value) = (indices.unwrap_or_default(), line.value.clone());
        let kind = if line.whole || indices.is_empty() {
            StatementKind::Define { role, name: left, value }
        } else {
            StatementKind::DefineIndexed { role, name: left, indices, value }
        };
        statements.push(make(kind));
    }
    let (elaborated, computed) = run(statements, given)?;
    let value = |place: usize| {
        let name = format!("line_{place}");
        let root = elaborated.root(&Role::Output(name.clone()))?;
        Some((name, computed.get(&elaborated.tensor(root).name)?.clone()))
    };
    Ok((0..all.len()).filter_map(value).collect())
}

/// How many lines of a derivation were evaluated, or what is wrong with one.
fn checked(explanation: &Explanation) -> Result<usize, String> {
    let given = everything(explanation)?;
    let mut count = 0;
    for chapter in &explanation.chapters {
        let program = &explanation.program;
        let adjoint = tensors_of(&chapter.left, program).first().map(|&id| program.tensor(id).name.clone()).unwrap_or_default();
        let Some(expected) = given.get(&adjoint) else { continue };
        let is_known =
            |line: &&Line| tensors_of(&line.value, program).iter().all(|&id| given.contains_key(&program.tensor(id).name));
        let groups: Vec<Vec<&Line>> =
            lines(chapter).into_iter().map(|group| group.into_iter().filter(is_known).collect()).collect();
        let flat: Vec<&Line> = groups.iter().flatten().copied().collect();
        let found =
            evaluated(program, chapter, &flat, &given).map_err(|error| format!("{adjoint}: {error}\n{}", text(explanation)))?;
        let mut place = 0;
        let mut sum: Option<Tensor> = None;
        for (number, group) in groups.iter().enumerate() {
            let own: Vec<&Tensor> = (place..place + group.len()).filter_map(|line| found.get(&format!("line_{line}"))).collect();
            if own.len() != group.len() {
                return Err(format!("{adjoint}: a line has no value"));
            }
            place += group.len();
            if let Some(wrong) = own.windows(2).position(|pair| !compare(pair[0], pair[1])) {
                let lines = format!("{:?} is not {:?}", own[wrong], own[wrong + 1]);
                return Err(format!("{adjoint}, part {number}, line {wrong}: {lines}\n{}", text(explanation)));
            }
            let Some(last) = own.last() else { return Err(format!("{adjoint}, part {number} has no line")) };
            if number < chapter.parts.len() {
                sum = Some(sum.map_or_else(
                    || (*last).clone(),
                    |before| {
                        let data = before.data.iter().zip(&last.data).map(|(a, b)| a + b).collect();
                        Tensor { data, ..before }
                    },
                ));
            } else if !compare(last, expected) {
                return Err(format!("{adjoint}, altogether: {last:?} is not {expected:?}\n{}", text(explanation)));
            }
            count += group.len();
        }
        if !sum.is_some_and(|sum| compare(&sum, expected)) {
            return Err(format!("{adjoint}: the parts are not {expected:?}\n{}", text(explanation)));
        }
        count += conditions_hold(explanation, chapter, &adjoint)?;
        let found = simplest(program, chapter, &chapter.simplified, &given)
            .map_err(|error| format!("{adjoint}: {error}\n{}", text(explanation)))?;
        if let Some(found) = found {
            if !compare(&found, expected) {
                return Err(format!("{adjoint}, simplified: {found:?} is not {expected:?}\n{}", text(explanation)));
            }
            count += 1;
        }
    }
    Ok(count)
}

fn real_givens(program: &Program) -> Vec<TensorId> {
    program.ids().filter(|&id| program.definition(id).is_none() && program.tensor(id).element == Element::Real).collect()
}

/// The derivatives in a derivation of each reader for each tensor that it reads, against finite differences of the reader's definition
/// alone; how many elements agree.
fn derivatives_agree(explanation: &Explanation) -> Result<usize, String> {
    const STEP: f64 = 1e-5;
    let given = everything(explanation)?;
    let program = &explanation.program;
    let mut derivatives: BTreeMap<(&String, &String), Vec<&Tensor>> = BTreeMap::new();
    for (name, symbol) in &explanation.names.symbols {
        if let (Symbol::Partial { of, wrt, .. }, Some(value)) = (symbol, given.get(name))
            && of != wrt
        {
            derivatives.entry((of, wrt)).or_default().push(value);
        }
    }
    let recurrent = program.recurrent();
    let mut count = 0;
    for ((of, wrt), parts) in derivatives {
        let (Some(reader), Some(read)) = (program.find(of), program.find(wrt)) else { return Err(format!("no {of} or {wrt}")) };
        if recurrent.contains(&reader) {
            continue;
        }
        let mut alone = program.clone();
        let parts_of_it: BTreeSet<TensorId> = explanation
            .chapters
            .iter()
            .flat_map(|chapter| &chapter.inside)
            .filter(|(_, whole)| *whole == reader)
            .map(|(part, _)| *part)
            .collect();
        for id in program.ids().filter(|&id| id != reader && !parts_of_it.contains(&id) && program.definition(id).is_some()) {
            alone.tensors[id.0 as usize].source = Source::Input;
        }
        alone.roots = vec![Root { role: Role::Loss, tensor: reader }];
        let base = given.get(wrt).cloned().ok_or_else(|| format!("{wrt} has no value"))?;
        for place in 0..base.data.len() {
            let moved = |step: f64| {
                let mut values = given.clone();
                let mut there = base.clone();
                there.data[place] += step;
                values.insert(wrt.clone(), there);
                evaluate(&alone, &values).map(|mut found| found.remove(of).unwrap_or_default()).map_err(|error| error.to_string())
            };
            let (above, below) = (moved(STEP)?, moved(-STEP)?);
            for (element, (above, below)) in above.data.iter().zip(&below.data).enumerate() {
                let slope = (above - below) / (2.0 * STEP);
                let said: f64 = parts.iter().map(|part| part.data[element * base.data.len() + place]).sum();
                if (slope - said).abs() > 1e-4 * (1.0 + slope.abs()) {
                    return Err(format!(
                        "∂{of}/∂{wrt} of {element} for {place} ({read:?}): {said} is not {slope}\n{}",
                        text(explanation)
                    ));
                }
                count += 1;
            }
        }
    }
    Ok(count)
}

/// Derivations of a group of programs: for the parameters, or for all that is given where `all` says so.
fn derivations(is_wanted: impl Fn(&str) -> bool, all: bool) -> Vec<(String, Explanation)> {
    let mut found = Vec::new();
    for (name, program) in programs() {
        let wrt = if all { real_givens(&program) } else { pipeline::parameters(&program) };
        if is_wanted(&name) && !wrt.is_empty() {
            found.extend(explain(&program, &wrt).map(|explanation| (name, explanation)));
        }
    }
    found
}

fn check_all(explanations: &[(String, Explanation)]) -> usize {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, explanation) in explanations {
        match checked(explanation) {
            Ok(lines) => count += lines,
            Err(message) => wrong.push(format!("{name}: {message}")),
        }
        assert_eq!(mistake(&latex(explanation)), None, "{name}:\n{}", latex(explanation));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), explanations.len(), wrong.join("\n\n"));
    count
}

#[test]
fn every_read_of_every_textbook_case_has_lines_of_the_same_numbers() {
    let explanations = derivations(|name| name.contains("textbook_"), true);
    assert!(explanations.len() >= 9, "{}", explanations.len());
    let reads: usize =
        explanations.iter().map(|(_, one)| one.chapters.iter().map(|chapter| chapter.parts.len()).sum::<usize>()).sum();
    let lines = check_all(&explanations);
    assert!(lines > 3 * reads && reads > 40, "{lines} lines of {reads} reads");
}

#[test]
fn every_line_over_the_corpus_has_the_same_numbers() {
    let explanations = derivations(|name| !name.contains("textbook_"), false);
    assert!(explanations.len() > 60, "{}", explanations.len());
    let lines = check_all(&explanations);
    assert!(lines > 1000, "{lines}");
}

#[test]
fn the_derivatives_that_lines_name_are_those_of_finite_differences() {
    let stops = |program: &Program| {
        let bodies = program.ids().filter_map(|id| program.definition(id));
        let mut nodes = bodies.flat_map(|one| program.expressions.reachable(one.body));
        nodes.any(|id| matches!(program.expressions.node(id), Node::Apply(Operator::StopGradient, _)))
    };
    let small = |(_, one): &(String, Explanation)| {
        !stops(&one.program) && one.chapters.iter().all(|chapter| elements(&one.program, chapter.tensor) <= 40)
    };
    let explanations: Vec<(String, Explanation)> = derivations(|_| true, false).into_iter().filter(small).collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, explanation) in &explanations {
        match derivatives_agree(explanation) {
            Ok(elements) => count += elements,
            Err(message) => wrong.push(format!("{name}: {message}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), explanations.len(), wrong.join("\n\n"));
    assert!(explanations.len() > 40 && count > 2000, "{count} in {}", explanations.len());
}
