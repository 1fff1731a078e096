//! What elaboration makes of small programs, as the program prints, and the mistakes it finds.

use super::{Loader, Options, elaborate, library};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ir::{self, Program};
use crate::span::{FileId, Span};
use crate::syntax::tree::File;
use crate::syntax::{lex, parse_file};
use std::rc::Rc;

/// Knows the library and no other file.
struct LibraryAlone(Vec<(FileId, Rc<File>)>);

impl Loader for LibraryAlone {
    fn load(&mut self, _: FileId, path: &str, span: Span, diagnostics: &mut Diagnostics) -> Option<(FileId, Rc<File>)> {
        diagnostics.push(Diagnostic::error(span, format!("no file {path}")));
        None
    }

    fn library(&mut self) -> Vec<(FileId, Rc<File>)> {
        self.0.clone()
    }
}

pub(super) fn compile(text: &str, training: bool) -> Result<Program, Vec<String>> {
    let mut diagnostics = Diagnostics::new();
    let mut parse = |text: &str, id: u16| {
        let tokens = lex(text, FileId(id), &mut diagnostics);
        parse_file(&tokens, FileId(id), &mut diagnostics)
    };
    let file = parse(text, 0);
    let library = (1..).zip(library::LIBRARY).map(|(id, (_, text))| (FileId(id), Rc::new(parse(text, id)))).collect();
    let options = Options { training, ..Options::default() };
    let program = elaborate(&file, &options, &mut LibraryAlone(library), &mut diagnostics);
    let messages = || {
        let sorted = diagnostics.sorted().into_iter();
        sorted.map(|found| format!("{} {}", found.message, found.help.clone().unwrap_or_default())).collect::<Vec<String>>()
    };
    let program = program.ok_or_else(messages)?;
    assert_eq!(ir::check(&program), Ok(()), "{text}");
    Ok(program)
}

/// The definitions of the body of a network, as they print.
fn definitions(body: &str) -> String {
    let program = compile(&format!("network N {{ {body} }}"), false).expect("no mistakes");
    let printed = ir::print::print(&program);
    let lines = printed.lines().map(str::trim).filter(|line| line.contains(" = "));
    lines.collect::<Vec<_>>().join("\n")
}

/// The mistakes of the body of a network.
fn mistakes(body: &str) -> String {
    compile(&format!("network N {{ {body} }}"), false).expect_err("mistakes").join("\n")
}

#[test]
fn element_wise_code_is_one_definition_and_products_are_cut_out() {
    let found = definitions("input x: [B, 4]; param w: [4, 3]; param b: [3]; h = relu(x @ w + b); output o = h;");
    assert_eq!(found, "h_product[i: B, j: 3] = sum[k: 4](x[i, k] * w[k, j])\nh[i: B, j: 3] = relu(h_product[i, j] + b[j])");
}

#[test]
fn layers_without_a_name_are_numbered_in_the_order_of_the_source() {
    let program = compile("network N { input x: [B, 4]; b = a |> Dense(2); a = x |> Dense(3); output o = b; }", false);
    let program = program.expect("no mistakes");
    let shape = |path: &str| program.find(path).map(|id| program.tensor(id).shape.clone());
    assert_eq!(shape("dense1.w"), Some(vec![3.into(), 2.into()]));
    assert_eq!(shape("dense2.w"), Some(vec![4.into(), 3.into()]));
}

#[test]
fn labels_that_stand_in_affine_forms_get_the_largest_range() {
    let found = definitions("input x: [9]; input k: [3]; y[i] = sum[u](x[2 * i + u] * k[u]); output o = y;");
    assert_eq!(found, "y[i: 4] = sum[u: 3](x[2*i + u] * k[u])");
}

#[test]
fn groups_split_an_axis_and_join_axes() {
    let found = definitions("input x: [B, 8]; y[b, h in 0..4, d] = x[b, (h, d)]; z[b, (h, d)] = y[b, h, d]; output o = z;");
    assert!(found.starts_with("y[b: B, h: 4, d: 2] = x[b, 2*h + d]"), "{found}");
    let found = definitions("input x: [B, 8]; z[b, (h in 0..4, d)] = x[b, (h, d)]; output o = z + 1;");
    assert_eq!(found, "o[i: B, j: 8] = x[i, j] + 1");
}

#[test]
fn an_alias_is_not_copied() {
    let program =
        compile("network N { input x: [3]; y = exp(x); z = y; output p = z; output q = y; }", false).expect("no mistakes");
    assert_eq!(program.tensors.len(), 2);
    assert_eq!(program.roots[0].tensor, program.roots[1].tensor);
}

#[test]
fn states_are_updated_in_training_alone() {
    let text = "network N { input x: [B, 3]; y = x |> BatchNorm(); output o = y; }";
    let updates = |training| {
        let program = compile(text, training).expect("no mistakes");
        program.roots.iter().filter(|root| matches!(root.role, ir::Role::Update(_))).count()
    };
    assert_eq!((updates(true), updates(false)), (2, 0));
}

#[test]
fn mistakes_say_what_was_found_and_what_is_meant() {
    let found = mistakes("input x: [B, 4]; y = x @ x; a = x + frist; first = 1; output o = a; loss = sum(grad(x, x));");
    for words in ["equal inner axes", "is `first` meant", "differentiates a scalar"] {
        assert!(found.contains(words), "{found}");
    }
    assert_eq!(found.lines().count(), 3, "{found}");
}

#[test]
fn reads_outside_are_found_also_for_symbolic_sizes() {
    assert!(mistakes("input x: [B]; d[i in 0..B] = x[i + 1]; output o = d;").contains("reads outside"));
    let program = compile("network N { input x: [B]; output o = x[3]; y = x[2..]; }", false).expect("only the size can tell");
    let required = program.requirements().iter().map(|one| one.slack.display(&program.sizes)).collect::<Vec<_>>();
    assert_eq!(required, ["B - 4", "B - 2"]);
    assert!(mistakes("input x: [5]; y[i in 0..5] = x[i - 1]; output o = y;").contains("index -1 to 3"));
}

#[test]
fn a_label_over_a_size_and_a_number_makes_the_size_that_number() {
    let found = definitions("input x: [B, T]; input p: [4]; y[b, t] = x[b, t] + p[t]; output o = y;");
    assert_eq!(found, "y[b: B, t: 4] = x[b, t] + p[t]");
}

#[test]
fn params_stands_for_all_or_is_refused() {
    let found = definitions("input x: [B, 2]; y = x |> Dense(1); loss = sum(y) + l2(params);");
    assert!(found.contains("dense1.w") && found.contains("dense1.b[i] ^ 2"), "{found}");
    assert!(mistakes("input x: [B, 2]; loss = l2(params) + sum(x |> Dense(1));").contains("before all parameters"));
    assert!(mistakes("input x: [B, 2]; y = x |> Dense(1); loss = sum(y) + mean(params);").contains("params"));
}

#[test]
fn what_doubles_with_every_call_ends() {
    let mut text: String = (0..60).map(|n| format!("fn f{n}(x) = f{}(x) + f{}(x);", n + 1, n + 1)).collect();
    text += "fn f60(x) = tanh(x); network N { input x: [3]; loss = sum(f0(x)); }";
    assert!(compile(&text, false).expect_err("too much").join("\n").contains("inlines more than"));
}
