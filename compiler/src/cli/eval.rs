//! `chainrule eval`: loss, outputs, metrics, gradients and new states for given values.

use super::compile::{self, Answer};
use super::program::{Choice, Loaded};
use super::request::Request;
use super::workshop::Workshop;
use super::{Failure, Streams, json};
use crate::eval::{Values, evaluate_seeded};
use crate::ir::{self, Role, Source, TensorId};
use crate::loops::Destination;
use crate::pipeline;
use clap::ValueEnum;
use std::path::PathBuf;

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// The reference evaluator, in `f64`.
    Interpret,
    /// The generated Rust, built and run.
    Compile,
}

/// The arguments of `eval`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    /// A JSON file with the values of inputs, parameters and states.
    #[arg(long, value_name = "VALUES.json")]
    values: PathBuf,
    /// The names for which gradients are computed: parameters, inputs, states. All parameters where none are named.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    wrt: Option<Vec<String>>,
    /// Evaluates a training step, and not inference.
    #[arg(long)]
    training: bool,
    /// From what parameters that are not given are initialized, and random numbers are made.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What computes.
    #[arg(long, value_enum, default_value_t = Engine::Interpret)]
    engine: Engine,
    /// Says on the standard error where numbers first left the finite range: which definition, element and line.
    #[arg(long)]
    trace: bool,
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams) -> Result<(), Failure> {
    let (question, loaded) = Question::read(arguments)?;
    loaded.show_warnings(streams);
    if arguments.trace {
        if arguments.engine == Engine::Compile {
            return Err(Failure::Call("`--trace` follows the numbers of `--engine interpret`".into()));
        }
        let computed = question.computed().map_err(Failure::Call)?;
        let evaluate = |program: &ir::Program, values: &Values| evaluate_seeded(program, values, question.seed).ok();
        streams.complain(&super::trace::text(&question.derived, &computed, &loaded.report.sources, &evaluate));
    }
    let answer = match arguments.engine {
        Engine::Interpret => question.interpret(),
        Engine::Compile => question.compile(),
    };
    streams.print(&print(answer.map_err(Failure::Call)?));
    Ok(())
}

/// What `chainrule eval FILE.nn --values VALUES.json --engine compile` prints for many pairs of files, all built at once, for each
/// limit of the workshop; or the first line of what it complains about.
pub fn compiled(files: &[(PathBuf, PathBuf)], workshop: &Workshop) -> Vec<Result<Vec<String>, String>> {
    let read = |(file, values): &(PathBuf, PathBuf)| {
        let question = Question::read(&Arguments::of(file.clone(), values.clone()));
        question.map(|(question, _)| question).map_err(|failure| failure.summary())
    };
    let questions: Vec<Result<Question, String>> = files.iter().map(read).collect();
    let cases: Vec<(&ir::Program, &Values, u64)> = questions.iter().flatten().map(Question::case).collect();
    let mut answers = compile::evaluate(&cases, workshop).into_iter();
    let answer = |question: &Result<Question, String>| {
        question.as_ref().map_err(Clone::clone)?;
        let answers = answers.next().unwrap_or_else(|| Err("it was not evaluated".into()))?;
        Ok(answers.into_iter().map(print).collect())
    };
    questions.iter().map(answer).collect()
}

impl Arguments {
    fn of(file: PathBuf, values: PathBuf) -> Self {
        let choice = Choice { file, network: None, set: Vec::new() };
        Self { choice, values, wrt: None, training: false, seed: 0, engine: Engine::Compile, trace: false }
    }
}

/// What is to be computed, from what.
struct Question {
    /// The program, forward and backward.
    derived: ir::Program,
    /// All that is given.
    values: Values,
    /// The seed of the random numbers.
    seed: u64,
}

impl Question {
    fn read(arguments: &Arguments) -> Result<(Self, Loaded), Failure> {
        let wrong = |error: String| Failure::Call(format!("{}: {error}", arguments.values.display()));
        let text = std::fs::read_to_string(&arguments.values).map_err(|error| wrong(error.to_string()))?;
        let mut request = Request::parse(&text).map_err(wrong)?;
        request.training |= arguments.training;
        request.wrt = arguments.wrt.clone().or(request.wrt);
        let loaded = Loaded::read(&arguments.choice, request.training)?;
        let question = Self::new(&loaded.program, &request, arguments.seed).map_err(Failure::Call)?;
        Ok((question, loaded))
    }

    fn new(program: &ir::Program, request: &Request, seed: u64) -> Result<Self, String> {
        let values = given(program, request, seed)?;
        super::wrt::checked(program, request.wrt.as_deref())?;
        let wrt = super::wrt::named(program, request.wrt.as_deref())?;
        let wanted = |role: &Role| request.training || !matches!(role, Role::Update(_));
        Ok(Self { derived: pipeline::gradient(program, &wrt, wanted).program, values, seed })
    }

    fn case(&self) -> (&ir::Program, &Values, u64) {
        (&self.derived, &self.values, self.seed)
    }

    fn compile(&self) -> Result<Answer, String> {
        let answers = compile::evaluate(&[self.case()], &Workshop::of_user()).pop();
        answers.unwrap_or_else(|| Ok(Vec::new())).map(|mut answers| answers.pop().unwrap_or_default())
    }

    /// The values of all tensors.
    fn computed(&self) -> Result<Values, String> {
        evaluate_seeded(&self.derived, &self.values, self.seed).map_err(|error| error.to_string())
    }

    fn interpret(&self) -> Result<Answer, String> {
        let computed = self.computed()?;
        let name_of = |id: TensorId| self.derived.tensor(id).name.clone();
        let destination = |role: &Role| match role {
            Role::Loss => Destination::Loss,
            Role::Output(name) => Destination::Output(name.clone()),
            Role::Metric(name) => Destination::Metric(name.clone()),
            Role::Gradient(of) => Destination::Gradient(name_of(*of)),
            Role::Update(of) => Destination::Update(name_of(*of)),
        };
        let results = self.derived.roots.iter().filter_map(|root| {
            let value = computed.get(&self.derived.tensor(root.tensor).name)?;
            Some((destination(&root.role), value.clone()))
        });
        Ok(results.collect())
    }
}

/// An answer as JSON; where there is no loss, there is no key for it.
fn print(answer: Answer) -> String {
    let mut loss = None;
    let [mut outputs, mut metrics, mut gradients, mut states] = [(); 4].map(|()| Values::new());
    for (destination, value) in answer {
        match destination {
            Destination::Loss => loss = Some(value),
            Destination::Output(name) => drop(outputs.insert(name, value)),
            Destination::Metric(name) => drop(metrics.insert(name, value)),
            Destination::Gradient(name) => drop(gradients.insert(name, value)),
            Destination::Update(name) => drop(states.insert(name, value)),
        }
    }
    let groups = [("outputs", outputs), ("metrics", metrics), ("gradients", gradients), ("states", states)];
    let loss = loss.map(|value| format!("\"loss\": {}", json::print_tensor(&value)));
    let groups = groups.iter().map(|(key, values)| format!("\"{key}\": {}", json::print_values(values, "  ")));
    let lines: Vec<String> = loss.into_iter().chain(groups).map(|line| format!("  {line}")).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

/// The tensors that are given, each under a name of its kind; what is left out of parameters and states starts as declared.
pub(super) fn given(program: &ir::Program, request: &Request, seed: u64) -> Result<Values, String> {
    let kinds = [("inputs", &request.inputs), ("params", &request.parameters), ("states", &request.states)];
    let mut values = Values::new();
    for (key, group) in kinds {
        for (name, tensor) in group {
            let fits = program.find(name).is_some_and(|id| kind(&program.tensor(id).source) == Some(key));
            if !fits {
                return Err(unknown(program, key, name));
            }
            values.insert(name.clone(), tensor.clone());
        }
    }
    let needs = |tensor: &&ir::Tensor| kind(&tensor.source) == Some("inputs") && !values.contains_key(&tensor.name);
    if let Some(missing) = program.tensors.iter().find(needs) {
        let shape: Vec<String> = missing.shape.iter().map(|axis| axis.display(&program.sizes)).collect();
        return Err(format!("`{}`: it has no value; \"inputs\" must have one of shape [{}]", missing.name, shape.join(", ")));
    }
    super::start::fill(program, &mut values, seed)?;
    Ok(values)
}

/// Under which key of a request the value of a tensor stands.
fn kind(source: &Source) -> Option<&'static str> {
    match source {
        Source::Input | Source::Target => Some("inputs"),
        Source::Parameter(_) => Some("params"),
        Source::State(_) => Some("states"),
        Source::Defined(_) => None,
    }
}

fn unknown(program: &ir::Program, key: &str, name: &str) -> String {
    let known: Vec<&str> =
        program.tensors.iter().filter(|tensor| kind(&tensor.source) == Some(key)).map(|tensor| tensor.name.as_str()).collect();
    let known = if known.is_empty() { "there are none".into() } else { format!("there are {}", known.join(", ")) };
    format!("the network has no `{name}` among its {key}: {known}")
}
