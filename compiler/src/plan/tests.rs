//! Loops are executed and compared with the definitions, for the shapes of programs that matter.

use super::samples::Maker;
use super::{Step, plan};
use crate::eval::{self, Tensor, Values};
use crate::ir::{Element, Program, Source};
use crate::loops::{build::build, check::check, print::print};

/// Numbers that repeat seldom, the same each time.
pub fn given(program: &Program, sizes: &[usize]) -> Values {
    let mut state = 1u64;
    let mut values = Values::new();
    for tensor in program.tensors.iter().filter(|tensor| !matches!(tensor.source, Source::Defined(_))) {
        let shape: Vec<usize> = tensor.shape.iter().map(|extent| usize::try_from(extent.value(sizes)).unwrap()).collect();
        let next = |_: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let unit = (state >> 40) as f64 / f64::from(1 << 24);
            match &tensor.element {
                Element::Real => 2.0 * unit - 1.0,
                Element::Integer { to, .. } => (unit * to.value(sizes) as f64).floor(),
            }
        };
        let data = (0..shape.iter().product()).map(next).collect();
        values.insert(tensor.name.clone(), Tensor { shape, data });
    }
    values
}

/// Plans, builds, checks and executes a program; compares with the definitions; gives the texts of the plan and of the loops.
fn agree(program: &Program, sizes: &[usize]) -> (String, String) {
    agree_on(program, &given(program, sizes))
}

pub fn agree_on(program: &Program, values: &Values) -> (String, String) {
    let plan = plan(program, "pass");
    crate::ir::check(&plan.program).unwrap();
    let loops = build(program, &plan);
    let (plan_text, text) = (plan.to_string(), print(&loops));
    if std::env::var_os("SHOW").is_some() {
        println!("{plan_text}\n{text}");
    }
    assert_eq!(check(&loops), Ok(()), "{text}");
    let expected = eval::evaluate(program, values).unwrap();
    let found = eval::loops::evaluate(&loops, values).unwrap_or_else(|error| panic!("{error}\n{plan_text}\n{text}"));
    for root in &program.roots {
        let name = &program.tensor(root.tensor).name;
        let Some(found) = found.get(name) else { continue };
        assert_eq!(found.shape, expected[name].shape, "{name}");
        for (a, b) in found.data.iter().zip(&expected[name].data) {
            let near = a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()));
            assert!(near, "{name}: {a} and not {b}\n{plan_text}\n{text}");
        }
    }
    assert!(loops.buffers.len() >= program.roots.len());
    (plan_text, text)
}

fn dense(hidden: &str, outputs: &str) -> Program {
    let mut maker = Maker::default();
    let labels = |text: &str| text.replace('H', hidden).replace('O', outputs);
    maker.input("x", "B 8");
    maker.input("t", &labels("B O"));
    maker.param("w1", &labels("8 H"));
    maker.param("b1", &labels("H"));
    maker.param("w2", &labels("H O"));
    maker.param("b2", &labels("O"));
    maker.define("m1", &labels("i=B j=H"), "sum k=8", "(* (x i k) (w1 k j))");
    maker.define("h1", &labels("i=B j=H"), "", "(relu (+ (m1 i j) (b1 j)))");
    maker.define("m2", &labels("i=B j=O"), &labels("sum k=H"), "(* (h1 i k) (w2 k j))");
    maker.define("logits", &labels("i=B j=O"), "", "(+ (m2 i j) (b2 j))");
    maker.define("lse", "i=B", &labels("logsumexp j=O"), "(logits i j)");
    maker.define("hit", "i=B", &labels("sum j=O"), "(* (t i j) (logits i j))");
    maker.define("loss", "", "sum i=B", "(/ (- (lse i) (hit i)) B)");
    maker.loss("loss");
    maker.program
}

#[test]
fn a_dense_network_and_its_gradient() {
    let program = dense("16", "10");
    let (plan, text) = agree(&program, &[5]);
    assert_eq!(plan.matches("product").count(), 5, "{plan}");
    assert!(!text.contains(" div "), "{text}");
}

#[test]
fn a_small_network_stays_in_loops() {
    let (plan, _) = agree(&dense("2", "1"), &[3]);
    assert_eq!(plan.matches("product").count(), 0, "{plan}");
}

#[test]
fn attention_in_any_layout() {
    let mut maker = Maker::default();
    for name in ["q", "k", "v"] {
        maker.param(name, "B T 3*8");
    }
    maker.define("s", "b=B h=3 i=T j=T", "sum d=8", "(* (q b i 8*h+d) (k b j 8*h+d))");
    maker.define("masked", "b=B h=3 i=T j=T", "", "(where (<= j i) (/ (s b h i j) (sqrt 8)) (- inf))");
    maker.define("lse", "b=B h=3 i=T", "logsumexp j=T", "(masked b h i j)");
    maker.define("p", "b=B h=3 i=T j=T", "", "(exp (- (masked b h i j) (lse b h i)))");
    maker.define("o", "b=B i=T e=24", "sum j=T", "(* (p b e/8 i j) (v b j e))");
    maker.define("loss", "", "sum b=B i=T e=24", "(^ (o b i e) 2)");
    maker.loss("loss");
    let (plan, _) = agree(&maker.program, &[2, 5]);
    assert!(plan.contains("for each"), "{plan}");
}

#[test]
fn convolutions_are_products_in_loops() {
    let mut maker = Maker::default();
    maker.input("x", "B 8 7 7");
    maker.param("w", "6 8 3 3");
    maker.param("c", "6");
    maker.define("padded", "n=B c=8 i=9 j=9", "", "(where (&& (&& (>= i 1) (<= i 7)) (&& (>= j 1) (<= j 7))) (x n c i-1 j-1) 0)");
    maker.define("y", "n=B o=6 i=4 j=4", "sum c=8 u=3 v=3", "(* (padded n c 2*i+u 2*j+v) (w o c u v))");
    maker.define("z", "n=B o=6 i=4 j=4", "", "(tanh (+ (y n o i j) (c o)))");
    maker.define("pooled", "n=B o=6 i=2 j=2", "max u=2 v=2", "(z n o 2*i+u 2*j+v)");
    maker.define("loss", "", "sum n=B o=6 i=2 j=2", "(* (pooled n o i j) (+ i (* 3 j)))");
    maker.loss("loss");
    let (plan, _) = agree(&maker.program, &[3]);
    assert!(plan.contains("product"), "{plan}");
}

#[test]
fn all_reductions_and_special_values() {
    let mut maker = Maker::default();
    maker.input("x", "B 4");
    for kind in ["sum", "prod", "max", "min", "logsumexp", "argmax", "argmin"] {
        maker.define(kind, "i=B", &format!("{kind} j=4"), "(x i j)");
        maker.output(kind);
        let all = format!("{kind}s");
        maker.define(&all, "", &format!("{kind} i=B j=4"), "(x i j)");
        maker.output(&all);
        let columns = format!("{kind} columns");
        maker.define(&columns, "j=4", &format!("{kind} i=B"), "(x i j)");
        maker.output(&columns);
        let nothing = format!("{kind} of nothing");
        maker.define(&nothing, "i=B", &format!("{kind} j=0"), "(x i j)");
        maker.output(&nothing);
    }
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let rows = [
        [1.0, 3.0, 3.0, 2.0],
        [-inf; 4],
        [inf, 0.0, inf, 1.0],
        [1.0, nan, nan, 9.0],
        [-1.0, -1.0, -2.0, -2.0],
        [0.0, -0.0, 1.0, 1.0],
    ];
    let x = Tensor { shape: vec![6, 4], data: rows.concat() };
    agree_on(&maker.program, &[("x".to_owned(), x)].into());
    agree(&maker.program, &[1]);
}

#[test]
fn gathers_groups_and_guards() {
    let mut maker = Maker::default();
    maker.integers("tok", "B T", "11");
    maker.param("table", "11 6");
    maker.define("e", "b=B t=T d=6", "", "(table @tok:b,t d)");
    maker.define("shift", "b=B t=T d=6", "", "(where (>= t 1) (* (e b t-1 d) (exp (e b t-1 d))) (e b t d))");
    maker.define("split", "b=B h=3 t=T d=2", "", "(tanh (shift b t 2*h+d))");
    maker.define("merged", "b=B t=T e=6", "", "(split b e/2 t e%2)");
    maker.define("flat", "b=B f=6*T", "", "(merged b f/6 f%6)");
    maker.define("same", "b=B t=T", "", "(== @tok:b,t t)");
    maker.define("loss", "", "sum b=B f=6*T", "(* (flat b f) (flat b f))");
    maker.output("same");
    maker.output("flat");
    maker.loss("loss");
    agree(&maker.program, &[2, 5]);
}

#[test]
fn roots_that_are_given_or_have_two_roles() {
    let mut maker = Maker::default();
    maker.input("x", "B 3");
    maker.integers("n", "B", "4");
    maker.define("y", "i=B j=3", "", "(exp (x i j))");
    for name in ["x", "y", "y", "n"] {
        maker.output(name);
    }
    let program = maker.program;
    let values = given(&program, &[2]);
    let loops = build(&program, &plan(&program, "pass"));
    assert_eq!(check(&loops), Ok(()));
    let found = eval::loops::evaluate(&loops, &values).unwrap();
    assert_eq!(found["x (output x)"], values["x"]);
    assert_eq!(found["n (output n)"], values["n"]);
    assert_eq!(found["y"], found["y (output y)"]);
}

#[test]
fn transposed_products_have_no_copies() {
    for (x, w, y) in [("(x i k)", "(w k j)", "i=B j=9"), ("(x k i)", "(w j k)", "i=B j=9"), ("(x k i)", "(w k j)", "j=9 i=B")] {
        let mut maker = Maker::default();
        maker.input("x", if x == "(x i k)" { "B 9" } else { "9 B" });
        maker.param("w", "9 9");
        maker.define("y", y, "sum k=9", &format!("(* (- {x}) (/ {w} B))"));
        maker.output("y");
        let program = maker.program;
        agree(&program, &[4]);
        let plan = plan(&program, "pass");
        assert_eq!(plan.steps.iter().filter(|step| matches!(step, Step::Product(_))).count(), 1, "{plan}");
        assert_eq!(plan.steps.len(), 2, "{plan}");
    }
}

#[test]
fn samples_have_sums_of_their_own_in_the_loop_that_computes_what_is_added() {
    let mut maker = Maker::default();
    maker.input("x", "B 20 6");
    maker.define("y", "n=B i=20 c=6", "", "(tanh (x n i c))");
    maker.define("s", "c=6", "sum n=B i=20", "(* (y n i c) (x n i c))");
    maker.output("y");
    maker.output("s");
    let (plan_text, text) = agree(&maker.program, &[3]);
    let plan = plan(&maker.program, "pass");
    let nests: Vec<Vec<&str>> = plan
        .steps
        .iter()
        .map(|step| step.computes().into_iter().map(|id| plan.program.tensor(id).name.as_str()).collect())
        .collect();
    assert_eq!(nests, [vec!["y", "s of each"], vec!["s"]], "{plan_text}");
    assert!(text.contains("fill"), "{text}");
}

#[test]
fn deep_networks_take_linear_time() {
    let mut maker = Maker::default();
    maker.input("x", "B 64");
    maker.define("h0", "i=B j=64", "", "(x i j)");
    let layers = 60;
    for layer in 1..=layers {
        let before = layer - 1;
        maker.param(&format!("w{layer}"), "64 64");
        maker.param(&format!("b{layer}"), "64");
        maker.define(&format!("z{layer}"), "i=B j=64", "sum k=64", &format!("(* (h{before} i k) (w{layer} k j))"));
        maker.define(&format!("h{layer}"), "i=B j=64", "", &format!("(tanh (+ (z{layer} i j) (b{layer} j)))"));
    }
    maker.define("loss", "", "sum i=B j=64", &format!("(h{layers} i j)"));
    maker.loss("loss");
    let start = std::time::Instant::now();
    let planned = plan(&maker.program, "pass");
    let loops = build(&maker.program, &planned);
    let time = start.elapsed();
    assert_eq!(check(&loops), Ok(()));
    assert!(planned.slots.len() <= 2 * layers + 3, "{planned}");
    assert_eq!(planned.steps.iter().filter(|step| matches!(step, Step::Product(_))).count(), 3 * layers - 1, "{planned}");
    assert!(time.as_secs_f64() < 20.0, "{time:?}");
}
