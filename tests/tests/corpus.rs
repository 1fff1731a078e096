//! The corpus: a file is a test. `ok/*.nn` go through every stage, one snapshot shows all of them; `err/*.nn` are refused.

mod support;

use chainrule_compiler::emit;
use chainrule_compiler::ir::{self, Node, Program, Role};
use chainrule_compiler::ops::Operator;
use chainrule_compiler::simplify::rules::RULES;
use chainrule_compiler::span::FileId;
use chainrule_compiler::{diagnostic::Diagnostics, loops, memory, pipeline, plan, syntax};
use chainrule_tests::{entries, name_of, read};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use support::compile::{Mistakes, compile};
use support::expectations::Expectations;
use support::numbers::sample;
use support::stages::{computed, expected, real_inputs, verify};
use support::{caught, report};

/// The programs of a folder: names, texts and what they say of themselves.
fn programs(folder: &str) -> Vec<(String, String, Expectations)> {
    let paths = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder));
    let only = std::env::var("CORPUS").unwrap_or_default();
    let wanted = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "nn") && name_of(path).contains(&only);
    let load = |path: PathBuf| {
        let text = read(&path);
        let expectations = Expectations::read(&text);
        (name_of(&path), text, expectations)
    };
    paths.into_iter().filter(wanted).map(load).collect()
}

/// Goes over all programs of a folder.
fn each(folder: &str, test: impl Fn(&str, &str, &Expectations) -> Result<(), String>) {
    let programs = programs(folder);
    let failed = |(name, text, expectations): &(String, String, Expectations)| {
        caught(|| test(name, text, expectations)).err().map(|message| (format!("corpus/{folder}/{name}.nn"), message))
    };
    let failures: Vec<_> = programs.iter().filter_map(failed).collect();
    report(&failures, programs.len());
}

/// A program in training or in inference mode.
fn program(name: &str, text: &str, expectations: &Expectations, training: bool) -> Result<Program, String> {
    let file = format!("{name}.nn");
    compile(&file, text, expectations.network.as_deref(), training).map_err(|mistakes: Mistakes| mistakes.text)
}

#[test]
fn snapshots_show_every_stage() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../corpus/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        each("ok", |name, text, expectations| {
            let stages = stages(name, text, expectations)?;
            insta::assert_snapshot!(name, stages);
            Ok(())
        });
    });
}

/// All stages of a program as one text.
fn stages(name: &str, text: &str, expectations: &Expectations) -> Result<String, String> {
    let training = program(name, text, expectations, true)?;
    let inference = program(name, text, expectations, false)?;
    let parameters = pipeline::parameters(&training);
    let derived = pipeline::gradient(&training, &parameters, |_| true);
    let rewrites: Vec<String> = derived.report.counts().map(|(rule, count)| format!("{count:>4} x {rule}")).collect();
    let equations = emit::nn::print(&derived.program);
    let (passes, plans) = pipeline::planned(&training, &inference);
    let sizes = memory::Sizes::new(&passes.interface, &[])?;
    let memory = memory::report(&passes, &plans.iter().collect::<Vec<_>>(), &sizes)?;
    let code = emit::rust::module(&passes).unwrap_or_else(|refused| format!("(none: {refused})"));
    let mut diagnostics = Diagnostics::new();
    let formatted = syntax::format_text(text, FileId(0), &mut diagnostics).ok_or("the formatter refuses it")?;
    let mut sections = vec![
        ("source", text.to_owned()),
        ("formatted", if formatted == text { "(the same)".into() } else { formatted }),
        ("program", ir::print::print(&training)),
    ];
    if ir::print::print(&inference) != ir::print::print(&training) {
        sections.push(("program in inference", ir::print::print(&inference)));
    }
    sections.extend([
        ("with its gradient, simplified", ir::print::print(&derived.program)),
        ("the same as equations", equations),
        ("rewrites", rewrites.join("\n")),
        ("plan", plan::plan(&derived.program, "gradient").to_string()),
        ("loops", loops::print::print(&pipeline::loops(&derived.program, "gradient"))),
        ("memory", memory),
        ("rust", code),
    ]);
    let section = |(title, body): &(&str, String)| format!("──── {title} ────\n{}\n", body.trim_end());
    Ok(sections.iter().map(section).collect::<Vec<_>>().join("\n"))
}

#[test]
fn all_stages_compute_the_same() {
    each("ok", |name, text, expectations| {
        for training in [true, false] {
            let program = program(name, text, expectations, training)?;
            let values = sample(&program, &Default::default(), &expectations.data, 11);
            verify(&program, &values).map_err(|message| format!("training = {training}: {message}"))?;
        }
        Ok(())
    });
}

#[test]
fn programs_compute_what_they_say() {
    each("ok", |name, text, expectations| {
        let program = program(name, text, expectations, false)?;
        let values = sample(&program, &expectations.given, &expectations.data, 11);
        expected(&computed(&program, &values)?, &expectations.expected)
    });
}

#[test]
fn the_formatter_keeps_every_program() {
    each("ok", |_, text, _| {
        let parse = |text: &str| {
            let mut diagnostics = Diagnostics::new();
            let tokens = syntax::lex(text, FileId(0), &mut diagnostics);
            let file = syntax::parse_file(&tokens, FileId(0), &mut diagnostics);
            if diagnostics.has_errors() { Err(format!("{:?}\n{text}", diagnostics.sorted())) } else { Ok(file) }
        };
        let formatted = syntax::format_text(text, FileId(0), &mut Diagnostics::new()).ok_or("the formatter refuses it")?;
        let again = syntax::format_text(&formatted, FileId(0), &mut Diagnostics::new()).ok_or("it refuses what it wrote")?;
        if !syntax::same(&parse(text)?, &parse(&formatted)?) {
            return Err(format!("it means something else when formatted:\n{formatted}"));
        }
        if again == formatted { Ok(()) } else { Err(format!("formatted twice:\n{again}")) }
    });
}

/// The rules that fire when a program and its gradient are simplified.
fn fired(name: &str, text: &str, expectations: &Expectations) -> Result<BTreeSet<&'static str>, String> {
    let mut rules = BTreeSet::new();
    for training in [true, false] {
        let program = program(name, text, expectations, training)?;
        let derived = pipeline::gradient(&program, &real_inputs(&program), |role| !matches!(role, Role::Update(_)));
        rules.extend(derived.report.counts().map(|(rule, _)| rule));
    }
    Ok(rules)
}

#[test]
fn rules_fire_where_they_should() {
    each("ok", |name, text, expectations| {
        let rules = fired(name, text, expectations)?;
        match expectations.fires.iter().find(|rule| !rules.contains(rule.as_str())) {
            Some(missing) => Err(format!("`{missing}` does not fire; these do: {rules:#?}")),
            None => Ok(()),
        }
    });
}

#[test]
fn every_rule_fires_somewhere() {
    let mut seen = BTreeSet::new();
    for (name, text, expectations) in programs("ok") {
        // A program that fails is the failure of another test.
        seen.extend(caught(|| fired(&name, &text, &expectations)).unwrap_or_default());
    }
    let missing: Vec<&str> = RULES.iter().map(|rule| rule.name).filter(|name| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "{} of {} rules fire nowhere in the corpus:\n{}", missing.len(), RULES.len(), missing.join("\n"));
}

#[test]
fn every_operator_is_somewhere() {
    let mut seen = BTreeSet::new();
    for (name, text, expectations) in programs("ok") {
        let Ok(program) = caught(|| program(&name, &text, &expectations, true)) else { continue };
        for body in program.order().into_iter().filter_map(|id| program.definition(id)) {
            for formula in program.expressions.reachable(body.body) {
                if let Node::Apply(operator, _) = program.expressions.node(formula) {
                    seen.insert(*operator);
                }
            }
        }
    }
    let missing: Vec<&Operator> = Operator::ALL.iter().filter(|operator| !seen.contains(operator)).collect();
    assert!(missing.is_empty(), "nowhere in the corpus: {missing:?}");
}

#[test]
fn mistakes_are_refused() {
    each("err", |name, text, expectations| match compile(&format!("{name}.nn"), text, expectations.network.as_deref(), true) {
        Ok(_) => Err("it is accepted".into()),
        Err(mistakes) => expectations.refused(&mistakes),
    });
}
