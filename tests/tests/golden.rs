//! The golden cases: programs with values that were computed elsewhere, and programs with a mistake.

use chainrule_compiler::cli::Workshop;
use chainrule_tests::compare::{Tolerance, answers};
use chainrule_tests::{INSTRUCTIONS, against_pending, chainrule, entries, golden, name_of, pending, read};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_interpreter_computes_what_is_expected() {
    let outcomes = entries(&golden().join("cases")).iter().map(|folder| (name_of(folder), evaluate(folder))).collect();
    report(&outcomes);
}

#[test]
fn compiled_code_computes_what_is_expected() {
    let folders = entries(&golden().join("cases"));
    let files: Vec<_> = folders.iter().map(|folder| (folder.join("model.nn"), folder.join("values.json"))).collect();
    compiled("compiled", &folders, &files, Tolerance::CompiledF64);
}

#[test]
fn compiled_code_computes_in_single_precision() {
    let folders = entries(&golden().join("cases"));
    let copies = tempfile::tempdir().expect("a folder");
    let copy = |folder: &PathBuf| {
        let target = copies.path().join(name_of(folder));
        fs::create_dir(&target).expect("a folder");
        for file in entries(folder) {
            fs::write(target.join(file.file_name().unwrap_or_default()), read(&file).replace(": f64", ": f32")).expect("a copy");
        }
        (target.join("model.nn"), target.join("values.json"))
    };
    let files: Vec<_> = folders.iter().map(copy).collect();
    compiled("single", &folders, &files, Tolerance::CompiledF32);
}

/// Builds all cases as one program, which runs in every instruction set; each is named `prefix/NAME`.
fn compiled(prefix: &str, folders: &[PathBuf], files: &[(PathBuf, PathBuf)], tolerance: Tolerance) {
    let workshop = Workshop::new(Path::new(env!("CARGO_TARGET_TMPDIR")), prefix).limited_to(INSTRUCTIONS);
    let answers = chainrule_compiler::cli::compiled(files, &workshop);
    let outcome = |(folder, answer): (&PathBuf, Result<Vec<String>, String>)| {
        let of_set =
            |(set, answer): (&&str, &String)| compare(folder, answer, tolerance).map_err(|error| format!("{set}: {error}"));
        let checked = answer.and_then(|answers| INSTRUCTIONS.iter().zip(&answers).try_for_each(of_set));
        (format!("{prefix}/{}", name_of(folder)), checked)
    };
    report(&folders.iter().zip(answers).map(outcome).collect());
}

#[test]
fn mistakes_are_reported_where_they_are() {
    let files = entries(&golden().join("errors"));
    let programs = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "nn"));
    let outcomes = programs.map(|path| (format!("errors/{}", name_of(path)), mistake(path))).collect();
    report(&outcomes);
}

#[test]
fn what_is_pending_exists() {
    for name in pending().keys() {
        let path = match name.split_once('/') {
            Some(("errors", error)) => golden().join("errors").join(format!("{error}.nn")),
            Some((_, case)) => golden().join("cases").join(case),
            None => golden().join("cases").join(name),
        };
        assert!(path.exists(), "pending.txt lists {name}, which is no case");
    }
}

fn report(outcomes: &BTreeMap<String, Result<(), String>>) {
    assert!(!outcomes.is_empty(), "there are no cases");
    let wrong = against_pending(outcomes, &pending());
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), outcomes.len(), wrong.join("\n"));
}

fn evaluate(folder: &Path) -> Result<(), String> {
    let (model, values) = (folder.join("model.nn"), folder.join("values.json"));
    let run = chainrule(&["eval".as_ref(), &model, "--values".as_ref(), &values]);
    if run.status != 0 {
        return Err(run.first_message());
    }
    compare(folder, &run.out, Tolerance::Interpreter)
}

fn compare(folder: &Path, answer: &str, tolerance: Tolerance) -> Result<(), String> {
    let computed: Value = serde_json::from_str(answer).map_err(|error| format!("the answer is no JSON: {error}"))?;
    let expected = serde_json::from_str(&read(&folder.join("expected.json"))).expect("expected.json");
    answers(&computed, &expected, tolerance)
}

/// One line `// error: LINE:COL words` of a program with mistakes.
#[derive(Debug)]
struct Expectation {
    file: Option<String>,
    lines: Vec<u64>,
    words: Vec<String>,
}

impl Expectation {
    fn parse(line: &str) -> Option<Self> {
        let (place, words) = line.strip_prefix("// error: ")?.split_once(' ').unwrap_or((line.strip_prefix("// error: ")?, ""));
        let parts: Vec<&str> = place.split(':').collect();
        let (file, line) = match parts[..] {
            [file, line, _] => (Some(file.to_owned()), line),
            [line, _] => (None, line),
            _ => panic!("{place} is no LINE:COL"),
        };
        let lines = line.split('|').map(|line| line.parse().expect("a number of a line")).collect();
        Some(Self { file, lines, words: words.split_whitespace().map(str::to_lowercase).collect() })
    }

    fn is_met(&self, diagnostic: &Value) -> bool {
        let text = |value: &Value| value.to_string().to_lowercase();
        let said: String = ["message", "label", "labels", "notes", "help"].map(|key| text(&diagnostic[key])).concat();
        let file = diagnostic["file"].as_str().unwrap_or_default();
        diagnostic["severity"] == "error"
            && self.file.as_ref().is_none_or(|expected| file.ends_with(expected))
            && diagnostic["line"].as_u64().is_some_and(|line| self.lines.contains(&line))
            && self.words.iter().all(|word| said.contains(word))
    }
}

fn mistake(path: &Path) -> Result<(), String> {
    let beside = path.with_extension("expect");
    let source = if beside.exists() { read(&beside) } else { String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned() };
    let run = chainrule(&["check".as_ref(), path, "--format".as_ref(), "json".as_ref()]);
    if source.starts_with("// either") {
        return if run.status <= 1 { Ok(()) } else { Err(format!("the exit status is {}", run.status)) };
    }
    let diagnostics: Value = serde_json::from_str(&run.out).map_err(|error| format!("{error}: {}", run.out))?;
    let diagnostics = diagnostics["diagnostics"].as_array().cloned().unwrap_or_default();
    let found = diagnostics.iter().map(|item| format!("{}: {}", item["line"], item["message"])).collect::<Vec<_>>().join("; ");
    let expectations: Vec<Expectation> = source.lines().map_while(Expectation::parse).collect();
    assert!(!expectations.is_empty(), "{}: nothing is expected", path.display());
    if run.status != 1 {
        return Err(format!("the exit status is {}, expected 1", run.status));
    }
    match expectations.iter().find(|expectation| !diagnostics.iter().any(|item| expectation.is_met(item))) {
        Some(missed) => Err(format!("found {found}; expected {missed:?}")),
        None => Ok(()),
    }
}
