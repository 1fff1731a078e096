//! Figures against what a person counts, and what is refused.

use super::limit::Limit;
use super::workspace::Workspace;
use super::{Sizes, report};
use crate::diagnostic::Diagnostics;
use crate::elaborate::{Options, elaborate};
use crate::emit::Passes;
use crate::files::Files;
use crate::pipeline;
use crate::plan::Plan;
use crate::span::Span;
use std::path::Path;

fn planned(text: &str) -> (Passes, Vec<Plan>) {
    let program = |training| {
        let (mut files, mut diagnostics) = (Files::default(), Diagnostics::new());
        let tree = files.parse(Path::new("net.nn"), text.as_bytes(), &mut diagnostics);
        let program = elaborate(&tree, &Options { training, ..Options::default() }, &mut files, &mut diagnostics);
        program.unwrap_or_else(|| panic!("{:?}", diagnostics.sorted()))
    };
    pipeline::planned(&program(true), &program(false))
}

fn given(sizes: &[(&str, usize)]) -> Vec<(String, usize)> {
    sizes.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

fn shown(text: &str, sizes: &[(&str, usize)]) -> Result<String, String> {
    let (passes, plans) = planned(text);
    let sizes = Sizes::new(&passes.interface, &given(sizes))?;
    report(&passes, &plans.iter().collect::<Vec<_>>(), &sizes)
}

/// Products that need packing, a definition in the place of another, and an output.
const PLAIN: &str = "network Net { input x: [B, 40]; param w: [40, 30] = zeros; param v: [30, 20] = zeros; \
                     output y = tanh(x @ w) @ v; }";

#[test]
fn what_a_person_counts() {
    let text = shown(PLAIN, &[("B", 5)]).expect("a number");
    // 5 · 30 · 4 = 600 bytes are ten lines, 5 · 20 · 4 = 400 are seven; packing copies 40 · 32 elements at most.
    let expected = "\
workspace of Net in f32 for B = 5
  buffer    elements  bytes  holds
  slot 0         150    640  y_product, y_left
  output y       100    448  y
  packing       1280   5120  copies of matrices within a product
  total: 6208 bytes (6.1 KiB), each buffer in whole lines of 64 bytes

pass predict, in inference
   0  matrix product: y_product = x · w, m x n x k = 5 x 30 x 40
   1  loops: y_left
   2  matrix product: y = y_left · v, m x n x k = 5 x 20 x 30
  definition  shape    elements  bytes  life   lives in
  y_product   [5, 30]       150    600  0..=1  slot 0
  y_left      [5, 30]       150    600  1..=2  slot 0, in the place of y_product
  y           [5, 20]       100    400  2..=2  output y
  peak: 1000 bytes in step 2 of the workspace in use at once, packing aside
";
    assert_eq!(text, expected);
}

#[test]
fn sizes_without_a_value_stay_as_they_are() {
    let text = "network Net { input x: [B, T]; input u: [B, 7]; output y = exp(x); output z = exp(u); }";
    let all = shown(text, &[]).expect("formulas");
    assert!(all.contains("for any B, T\n") && all.contains("total: 28*B + 4*B*T bytes"), "{all}");
    let some = shown(text, &[("T", 5)]).expect("formulas");
    assert!(some.contains("for T = 5 and any B\n") && some.contains("total: 48*B bytes"), "{some}");
    let both = shown(text, &[("T", 5), ("B", 16)]).expect("a number");
    assert!(both.contains("for B = 16, T = 5\n") && both.contains("total: 768 bytes"), "{both}");
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let wrong = |sizes: &[(&str, usize)]| shown("network Net { input x: [N]; output y = exp(x) + x[2]; }", sizes).unwrap_err();
    assert!(wrong(&[("M", 3)]).contains("no symbolic size `M`: there are `N`"));
    assert!(wrong(&[("N", 0)]).contains("a number from 1"));
    assert!(wrong(&[("N", 3), ("N", 3)]).contains("given twice"));
    assert!(wrong(&[("N", 2)]).contains("index 2 of axis 0 of `x`"), "{}", wrong(&[("N", 2)]));
    let huge = shown("network Net { input x: [N]; input z: [N]; output y[i, j] = x[i] * z[j]; }", &[("N", 1 << 40)]);
    assert!(huge.unwrap_err().contains("more than memory can hold"));
}

#[test]
fn deltas_that_are_stored_are_named() {
    let remarks = |body: &str| {
        let text = shown(&format!("network Net {{ input x: [4]; param w: [4] = ones; {body} }}"), &[]).expect("a number");
        text.lines().filter_map(|line| line.trim().strip_prefix("remark: ").map(str::to_owned)).collect::<Vec<_>>()
    };
    let found = remarks("output j = jacobian(exp(w), w);");
    assert!(
        found.len() == 1 && found[0].contains("j is a Kronecker δ that is stored: 16 elements, all 0 but where"),
        "{found:?}"
    );
    assert!(remarks("output y[i, j in 0..4] = where(i == j, x[i], 1);").is_empty());
    assert!(remarks("output y[i, j in 0..4] = where(i <= j, x[i], 0);").is_empty());
    assert!(remarks("output y[i in 0..4, j] = where(i == 2, x[j], 0);").is_empty());
    assert!(remarks("output y[i in 0..4] = sum[j](where(i == j, x[j] ^ 2, 0));").is_empty());
    assert_eq!(remarks("output y[i, j in 0..4] = 2 * where(i == j, x[i], 0);").len(), 1);
}

#[test]
fn bounds_have_units() {
    let text = "network Net { input x: [256]; output y = exp(x); }";
    let (passes, _) = planned(text);
    assert_eq!(Workspace::of(&passes.interface, &passes.all()).outputs.len(), 1);
    let fits = |text: &str| Limit::new(text, Vec::new()).map(|limit| limit.check(&passes, Span::default()).is_ok());
    for bound in ["1024 B", "1 KiB", "1KiB", "1.03 kB", "0.001 MiB", "1 GiB", "1 MB", "1 GB"] {
        assert_eq!(fits(bound), Ok(true), "{bound}");
    }
    for bound in ["1023 B", "0.9 KiB", "1 kB", "0 GiB", "0.0009 MiB"] {
        assert_eq!(fits(bound), Ok(false), "{bound}");
    }
    for bound in ["", "KiB", "12", "1 kib", "-1 B", "NaN B", "inf B", "1 TB", "1 KiB 2"] {
        assert!(fits(bound).is_err_and(|message| message.contains("units are B, KiB")), "{bound}");
    }
}

#[test]
fn a_refusal_names_the_largest_buffers() {
    let (passes, _) = planned(PLAIN);
    let refused = Limit::new("6 KiB", given(&[("B", 5)])).expect("a bound").check(&passes, Span::default()).unwrap_err();
    assert_eq!(refused.message, "the workspace of `Net` takes 6208 bytes (6.1 KiB) for B = 5, but may take 6 KiB at most");
    assert!(refused.notes[0].starts_with("most is 5.0 KiB in packing"), "{:?}", refused.notes);
    let open = Limit::new("6 KiB", Vec::new()).expect("a bound").check(&passes, Span::default()).unwrap_err();
    assert_eq!(open.message, "the workspace of `Net` depends on sizes that have no value: B");
    assert_eq!(open.help.as_deref(), Some("say for which sizes the bound is: `max_memory = \"6 KiB\", B = 32`"));
}
