//! The command line from outside: exit statuses, and answers that are read back.

use super::run;
use std::ffi::OsString;
use std::path::Path;

/// Status, output and complaints of `chainrule` with these arguments.
pub(super) fn chainrule(arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut error) = (Vec::new(), Vec::new());
    let all = std::iter::once("chainrule").chain(arguments.iter().copied()).map(OsString::from);
    let status = run(all, &mut out, &mut error);
    (status, String::from_utf8(out).expect("text"), String::from_utf8(error).expect("text"))
}

pub(super) fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

pub(super) const LINE: &str = "network Line: f64 {\n    input x: [B];\n    target t: [B];\n    param w: [] = zeros;\n    param spare: [2] = ones;\n    \
                    y = w * x;\n    output y2 = 2 * y;\n    loss = mean((y - t) ^ 2);\n}\n";

#[test]
fn wrong_calls_and_wrong_programs_have_their_own_status() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(chainrule(&["--version"]).0, 0);
    assert_eq!(chainrule(&["check"]).0, 2);
    assert_eq!(chainrule(&["frobnicate", "x.nn"]).0, 2);
    assert_eq!(chainrule(&["check", "/no/such/file.nn"]).0, 2);
    let broken = write(folder.path(), "broken.nn", "network Net { input x: [B] loss = sum(x); }");
    let (status, out, error) = chainrule(&["check", &broken]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(error.contains("broken.nn:1:28"), "{error}");
    let (status, out, _) = chainrule(&["check", &broken, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((status, json["ok"].as_bool(), json["diagnostics"][0]["line"].as_u64()), (1, Some(false), Some(1)));
}

#[test]
fn a_file_is_formatted_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "line.nn", "network Line { input   x:[B]; loss=sum( x ); }");
    assert_eq!(chainrule(&["fmt", &file, "--check"]).0, 1);
    assert_eq!(chainrule(&["fmt", &file]).0, 0);
    assert_eq!(chainrule(&["fmt", &file, "--check"]).0, 0);
    assert!(std::fs::read_to_string(&file).expect("a file").contains("input x: [B];"));
}

#[test]
fn a_file_that_is_imported_twice_is_there_once() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "bottom.nn", "const N = 3;\nfn f(x) = N * x;\n");
    write(folder.path(), "left.nn", "import \"bottom.nn\";\nfn left(x) = f(x);\n");
    write(folder.path(), "right.nn", "import \"./bottom.nn\";\nfn right(x) = f(x);\n");
    let text = "import \"left.nn\";\nimport \"right.nn\";\nnetwork Net { input x: []; loss = left(x) + right(x); }\n";
    let file = write(folder.path(), "top.nn", text);
    assert_eq!(chainrule(&["check", &file]), (0, format!("{file}: Net is fine\n"), String::new()));
}

#[test]
fn only_files_are_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("folder.nn")).expect("a folder");
    for path in ["folder.nn", "/dev/zero", "/dev/tty"] {
        let file = write(folder.path(), "top.nn", &format!("import \"{path}\";\nnetwork Net {{ input x: []; loss = x; }}\n"));
        let (status, _, error) = chainrule(&["check", &file]);
        assert!(status == 1 && error.contains("cannot be read") && error.contains("top.nn:1:8"), "{path}: {error}");
    }
}

#[test]
fn imports_in_a_circle_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "b.nn", "import \"a.nn\";\nfn g(x) = x;\n");
    let file = write(folder.path(), "a.nn", "import \"b.nn\";\nnetwork Net { input x: []; loss = g(x); }\n");
    let (status, _, error) = chainrule(&["check", &file]);
    assert_eq!(status, 1);
    assert!(error.contains("circle") && error.contains("b.nn:1:8"), "{error}");
}

#[test]
fn values_gradients_and_zeros_for_what_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = write(folder.path(), "line.nn", LINE);
    let values = r#"{"inputs": {"x": [1, 2], "t": [2, 3]}, "params": {"w": 1}}"#;
    let values = write(folder.path(), "values.json", values);
    let (status, out, error) = chainrule(&["eval", &model, "--values", &values]);
    assert_eq!(status, 0, "{error}");
    let answer: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    // ((1 - 2)² + (2 - 3)²) / 2, and 2·((1 - 2)·1 + (2 - 3)·2) / 2.
    let expected = r#"{"loss": 1.0, "outputs": {"y2": [2.0, 4.0]}, "metrics": {}, "states": {},
        "gradients": {"w": -3.0, "spare": [0.0, 0.0]}}"#;
    assert_eq!(answer, serde_json::from_str::<serde_json::Value>(expected).expect("JSON"));
    let (_, out, _) = chainrule(&["eval", &model, "--values", &values, "--wrt", "x"]);
    let answer: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(answer["gradients"], serde_json::json!({"x": [-1.0, -1.0]}));
}

#[test]
fn a_trace_names_the_first_number_that_is_not_finite() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "network Net: f64 {\n    input x: [3];\n    param w: [3] = ones;\n    z = x * w;\n    y = exp(z);\n    root = sqrt(w);\n    \
                loss = sum(log(1 + y)) + sum(root);\n}\n";
    let model = write(folder.path(), "net.nn", text);
    let trace = |model: &str, x: &str, w: &str, more: &[&str]| {
        let values = format!(r#"{{"inputs": {{"x": {x}}}, "params": {{"w": {w}}}}}"#);
        let values = write(folder.path(), "values.json", &values);
        chainrule(&[&["eval", model, "--values", &values, "--trace"], more].concat())
    };
    let (status, out, error) = trace(&model, "[1, 2, 3]", "[1, 1, 1]", &[]);
    assert!(status == 0 && out.contains("\"loss\""), "{error}");
    assert!(error.starts_with("trace: all ") && error.ends_with("are finite, forward and backward\n"), "{error}");
    // 0 under a root: the value is finite, its slope is not.
    let (_, _, error) = trace(&model, "[1, 2, 3]", "[1, 0, 1]", &[]);
    assert!(error.contains("trace: the first number that is not finite, backward: d w[1] = inf\n"), "{error}");
    assert!(error.contains("net.nn:3:5: param w: [3] = ones;"), "{error}");
    let (_, _, error) = trace(&model, "[1, \"NaN\", 3]", "[1, 1, 1]", &[]);
    assert!(error.contains("the first number that is not finite, given: x[1] = NaN\n"), "{error}");
    let powers = "network Powers: f64 {\n    input x: [3];\n    param w: [3] = ones;\n    y = exp(x * w);\n    output z = y - y[0];\n    \
                  loss = sum(y / z);\n}\n";
    let powers = write(folder.path(), "powers.nn", powers);
    let (_, _, error) = trace(&powers, "[800, 2, 3]", "[1, 1, 1]", &[]);
    assert!(error.contains("not finite, forward: y[0] = inf\n") && error.contains("powers.nn:4:5: y = exp(x * w);"), "{error}");
    assert!(error.contains("reads x, from 2 to 800"), "{error}");
    assert!(error.contains("trace: the first that is no number, forward: z[0] = NaN\n"), "{error}");
    // What a condition does not take says nothing, and neither does a mask.
    let guarded = "network Guarded: f64 {\n    input x: [3];\n    param w: [3] = ones;\n    s[i] = where(i < 2, x[i] * w[i], -inf);\n    \
                   h = where(x > 1, log(x - 2), x);\n    loss = sum(softmax(s) ^ 2) + sum(h * w);\n}\n";
    let guarded = write(folder.path(), "guarded.nn", guarded);
    let (_, _, error) = trace(&guarded, "[0, 3, 0.5]", "[1, 1, 1]", &[]);
    assert_eq!(error, "trace: all results are finite, forward and backward\n");
    let (_, _, error) = trace(&guarded, "[0, 3, 1.5]", "[1, 1, 1]", &[]);
    assert!(error.starts_with("trace: the first number that is not finite, forward: h[2] = NaN\n"), "{error}");
    // Where something else is to blame, a masked number and the mask itself say nothing either.
    let masked = "network Masked: f64 {\n    input x: [3];\n    param w: [3] = ones;\n    s[i] = where(i < 2, w[i], -inf);\n    \
                  known = where(x == x, x, 0);\n    r = sqrt(w);\n    loss = sum(softmax(s) * r) + sum(known * r);\n}\n";
    let masked = write(folder.path(), "masked.nn", masked);
    let (_, _, error) = trace(&masked, "[1, \"NaN\", 3]", "[1, 2, -1]", &[]);
    assert!(error.contains("the first number that is not finite, forward: r[2] = NaN\n"), "{error}");
    // Of the numbers of a tensor the first is named that is to blame.
    let (_, _, error) = trace(&masked, "[\"NaN\", 1, \"Infinity\"]", "[1, 1, 1]", &[]);
    assert!(error.contains("the first number that is not finite, given: x[2] = inf\n"), "{error}");
    let (_, _, error) = trace(&masked, "[\"NaN\", \"Infinity\", \"Infinity\"]", "[1, 1, 1]", &[]);
    assert!(error.contains("the first number that is not finite, given: x[1] = inf\n"), "{error}");
    // What f64 holds and f32 does not is not finite in a network of f32.
    let small =
        write(folder.path(), "small.nn", "network Small { input x: [3]; param w: [3] = ones; y = exp(x * w); loss = sum(y); }\n");
    assert!(
        trace(&small, "[100, 2, 3]", "[1, 1, 1]", &[]).2.contains("y[0] = 2.6881171418161356e43, more than an f32 holds"),
        "f32"
    );
    let (status, _, error) = trace(&small, "[1, 2, 3]", "[1, 1, 1]", &["--engine", "compile"]);
    assert!(status == 2 && error.contains("`--engine interpret`"), "{error}");
}

#[test]
fn the_seed_chooses_random_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "network Net {\n    input x: [B, 9];\n    output y = dropout(x, 0.5);\n    loss = sum(y);\n}\n";
    let model = write(folder.path(), "net.nn", text);
    let values = write(folder.path(), "values.json", r#"{"inputs": {"x": [[1, 1, 1, 1, 1, 1, 1, 1, 1]]}}"#);
    let eval = |more: &[&str]| chainrule(&[&["eval", &model, "--values", &values], more].concat()).1;
    assert!(eval(&[]).contains(r#""y": [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]"#));
    let first = eval(&["--training"]);
    assert!(first.contains("0.0") && first.contains("2.0"), "{first}");
    assert_eq!(eval(&["--training", "--seed", "0"]), first);
    assert_ne!(eval(&["--training", "--seed", "1"]), first);
}

#[test]
fn hyperparameters_are_set_from_outside() {
    let folder = tempfile::tempdir().expect("a folder");
    let text =
        "network Net(hidden = 3, slope = 0.5): f64 {\n    input x: [B, 2];\n    output y = slope * (x |> Dense(hidden));\n}\n";
    let model = write(folder.path(), "net.nn", text);
    let derive = |more: &[&str]| chainrule(&[&["derive", &model], more].concat());
    assert!(derive(&[]).1.contains("param dense1.w: [2, 3]"));
    let (status, out, _) = derive(&["--set", "hidden=7", "--set", "slope=-2.5"]);
    assert!(status == 0 && out.contains("param dense1.w: [2, 7]") && out.contains("2.5"), "{out}");
    assert_eq!(chainrule(&["check", &model, "--set", "hidden=1"]).0, 0);
    assert!(chainrule(&["emit", &model, "--set", "hidden=4"]).1.contains("[[f64; 4]; 2]"));
    let values = write(folder.path(), "values.json", r#"{"inputs": {"x": [[1, 2]]}, "params": {"dense1.w": [[1], [1]]}}"#);
    let (_, out, error) = chainrule(&["eval", &model, "--values", &values, "--set", "hidden=1", "--set", "slope=true"]);
    assert!(out.contains(r#""y": [[3.0]]"#), "{out}{error}");
    let refused = |more: &[&str]| {
        let (status, _, error) = derive(more);
        (status, error)
    };
    let (status, error) = refused(&["--set", "width=3"]);
    assert!(status == 1 && error.contains("`Net` has no hyperparameter `width`") && error.contains("`hidden`"), "{error}");
    let (status, error) = refused(&["--set", "hidden=many"]);
    assert!(status == 2 && error.contains("a number, `true` or `false`, found `many`"), "{error}");
    let (status, error) = refused(&["--set", "hidden"]);
    assert!(status == 2 && error.contains("`name=number`"), "{error}");
    let (status, error) = refused(&["--set", "hidden=3", "--set", "hidden=4"]);
    assert!(status == 2 && error.contains("`hidden` is set twice"), "{error}");
    assert_eq!(refused(&["--set", "hidden=1.5"]).0, 1, "a size is an integer");
}

#[test]
fn derivatives_are_printed_as_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = write(folder.path(), "line.nn", LINE);
    let derive = |more: &[&str]| {
        let (status, out, error) = chainrule(&[&["derive", &model], more].concat());
        assert_eq!(status, 0, "{error}");
        out
    };
    let one = derive(&["--wrt", "w"]);
    assert!(one.contains("    d w = ") && !one.contains("d spare"), "{one}");
    assert!(derive(&["--wrt", "spare,x"]).contains("    d x = "));
    // Σ 2·x²/B, of the loss alone.
    let second = derive(&["--wrt", "w", "--order", "2"]);
    assert!(second.contains("    output hessian_w = "), "{second}");
    let values = write(folder.path(), "values.json", r#"{"inputs": {"x": [1, 3], "t": [2, 3]}, "params": {"w": 1}}"#);
    let printed = write(folder.path(), "second.nn", &second);
    let (_, out, error) = chainrule(&["eval", &printed, "--values", &values]);
    assert!(out.contains(r#""hessian_w": 10.0"#), "{out}{error}\n{second}");
    let raw = derive(&["--raw"]);
    assert!(raw.contains("^ (2 - 1)") && !raw.contains("rewrites"), "{raw}");
    let rewrites = derive(&["--rewrites"]);
    assert!(rewrites.contains("//   power(a, 2) = a * a\n//     1 in loss"), "{rewrites}");
    let latex = derive(&["--format", "latex"]);
    assert!(latex.contains("\\frac{\\partial \\mathit{loss}}{\\partial w} &= "), "{latex}");
    let json: serde_json::Value = serde_json::from_str(&derive(&["--format", "json", "--wrt", "w"])).expect("JSON");
    assert_eq!(json["derivative"].as_str(), Some(one.as_str()));
    let refused = |more: &[&str]| {
        let (status, out, error) = chainrule(&[&["derive", &model], more].concat());
        assert_eq!((status, out.as_str()), (2, ""), "{more:?}");
        error
    };
    assert!(
        refused(&["--wrt", "q"])
            .contains("`q` is no parameter, input or state of the network, so it has no gradient: there are x, t, w, spare")
    );
    assert!(refused(&["--wrt", "w,w"]).contains("`w` is named twice"));
    assert!(refused(&["--order", "3"]).contains("1..=2"));
    assert!(refused(&["--raw", "--order", "2"]).contains("cannot be used with"));
    assert!(refused(&["--raw", "--rewrites"]).contains("cannot be used with"));
    let function = write(folder.path(), "f.nn", "network F { input x: [3]; param w: [3] = ones; output y = 2 * x * w; }\n");
    assert!(chainrule(&["derive", &function]).1.contains("output y = "));
    for more in [["--wrt", "x"], ["--order", "2"]] {
        let (status, _, error) = chainrule(&[["derive", &function], more].concat());
        assert!(status == 2 && error.contains("neither a loss nor an only scalar output"), "{error}");
    }
}

#[test]
fn derivations_are_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let linear = "network Linear {\n    input x: [4, D];\n    param w: [3, 4] = zeros;\n    param b: [3] = zeros;\n    \
                  output y[i, d] = sum[k](w[i, k] * x[k, d]) + b[i];\n}\n";
    let model = write(folder.path(), "linear.nn", linear);
    let (status, out, error) = chainrule(&["explain", &model, "--wrt", "w"]);
    assert_eq!((status, error.as_str()), (0, ""));
    for line in [
        "y[i, d] = Σ_k w[i, k] · x[k, d] + b[i]",
        "∂f/∂w[i, k]",
        "  = Σ_i' Σ_d ∂f/∂y[i', d] · ∂y[i', d]/∂w[i, k]                       the chain rule, over every element of y",
        "  = Σ_i' Σ_d ∂f/∂y[i', d] · Σ_k' x[k', d] · ∂w[i', k']/∂w[i, k]      the partial with respect to w[i', k'] is x[k', d]",
        "  = Σ_i' Σ_d ∂f/∂y[i', d] · Σ_k' x[k', d] · δ(i' = i) · δ(k' = k)    ∂w[i', k']/∂w[i, k] = δ(i' = i) · δ(k' = k)",
        "  = Σ_d ∂f/∂y[i, d] · x[k, d]                                        the terms with i' ≠ i or k' ≠ k vanish",
        "  = (∂f/∂y @ xᵀ)[i, k]                                               as a matrix product",
    ] {
        assert!(out.lines().any(|own| own == line), "{line}\n{out}");
    }
    let (_, latex, _) = chainrule(&["explain", &model, "--format", "latex"]);
    assert!(latex.contains("&= \\sum_{d} \\frac{\\partial f}{\\partial y_{i, d}} \\cdot x_{k, d} && "), "{latex}");
    let line = write(folder.path(), "line.nn", LINE);
    assert!(chainrule(&["explain", &line]).1.contains("∂loss/∂spare = 0: loss does not depend on it"));
    let refused = |arguments: &[&str]| {
        let (status, out, error) = chainrule(&[&["explain"], arguments].concat());
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}");
        error
    };
    assert!(refused(&[&line, "--wrt", "q"]).contains("`q` is no parameter, input or state of the network"));
    assert!(refused(&[&line, "--format", "json"]).contains("invalid value"));
    let two = write(folder.path(), "two.nn", "network Two { param w: [3] = ones; output y = 2 * w; output z = 3 * w; }\n");
    assert!(refused(&[&two]).contains("neither a loss nor an only output"));
    let none = write(folder.path(), "none.nn", "network None { input k: [3] in 0..4; output y = 2 * k; }\n");
    assert!(refused(&[&none]).contains("has neither parameters nor inputs of real numbers"));
    let inputs = write(folder.path(), "inputs.nn", "network Inputs { input x: []; input y: []; output f = (x + 1) * y; }\n");
    let (_, out, _) = chainrule(&["explain", &inputs]);
    assert!(out.contains("∂f/∂x\n  = y ") && out.contains("∂f/∂y\n  = x + 1 "), "{out}");
    assert!(chainrule(&["derive", &inputs]).1.contains("d x = y;\n    d y = x + 1;\n"));
}

#[test]
fn the_plan_shows_the_passes_that_are_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = write(folder.path(), "line.nn", LINE);
    let plan = |more: &[&str]| chainrule(&[&["plan", &model], more].concat());
    let (status, all, error) = plan(&[]);
    assert_eq!((status, error.as_str()), (0, ""));
    let passes = |text: &str| text.lines().filter(|line| line.starts_with("pass ")).map(str::to_owned).collect::<Vec<_>>();
    let [gradient, assess, predict] = ["pass gradient, in training", "pass assess, in inference", "pass predict, in inference"];
    assert_eq!(passes(&all), [gradient, assess, predict]);
    assert_eq!(passes(&plan(&["--training"]).1), [gradient]);
    assert_eq!(passes(&plan(&["--inference"]).1), [assess, predict]);
    assert!(all.starts_with("workspace of Line in f64 for any B\n"), "{all}");
    let (_, text, _) = plan(&["--size", "B=100"]);
    assert!(
        text.starts_with("workspace of Line in f64 for B = 100\n") && text.contains("  output y2       100    832  y2\n"),
        "{text}"
    );
    assert_eq!(plan(&["--size", "B=100"]).1, text);
    let refused = |more: &[&str]| {
        let (status, out, error) = plan(more);
        assert_eq!((status, out.as_str()), (2, ""), "{more:?}");
        error
    };
    assert!(refused(&["--size", "N=3"]).contains("`Line` has no symbolic size `N`: there are `B`"));
    assert!(refused(&["--size", "B=0"]).contains("found 0"));
    assert!(refused(&["--size", "B=many"]).contains("a whole number, found `many`"));
    assert!(refused(&["--size", "B"]).contains("`name=number`"));
    assert!(refused(&["--training", "--inference"]).contains("cannot be used with"));
    let hidden = write(folder.path(), "net.nn", "network Net(n = 3) { input x: [B, 2]; output y = x |> Dense(n); }\n");
    let (_, text, _) = chainrule(&["plan", &hidden, "--set", "n=16", "--size", "B=4"]);
    assert!(text.contains("  output y        64    256  y\n"), "{text}");
}

#[test]
fn graphs_are_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = LINE.replace("network Line", "/// A line: <b>\"y\" & x</b>\nnetwork Line");
    let model = write(folder.path(), "line.nn", &text);
    let graph = |more: &[&str]| {
        let (status, out, error) = chainrule(&[&["graph", &model], more].concat());
        assert_eq!((status, error.as_str()), (0, ""), "{more:?}");
        out
    };
    let svg = graph(&[]);
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(svg.contains("&lt;b&gt;&quot;y&quot; &amp; x&lt;/b&gt;") && svg.contains("∂loss/∂w = "), "{svg}");
    assert!(!graph(&["--forward"]).contains('∂'));
    let dot = graph(&["--format", "dot"]);
    assert!(dot.contains("[label=\"∂y/∂w: x\"]") && !dot.contains("∂y/∂x"), "{dot}");
    assert!(graph(&["--format", "dot", "--wrt", "x"]).contains("[label=\"∂y/∂x: w\"]"));
    let values = write(folder.path(), "values.json", r#"{"inputs": {"x": [1, 2], "t": [2, 3]}, "params": {"w": 1}}"#);
    let dot = graph(&["--format", "dot", "--values", &values]);
    // The gradient for w is -3, as `eval` says.
    assert!(dot.contains("param: w\\n1\\n∂loss/∂w = ") && dot.contains("\\n-3\""), "{dot}");
    let file = folder.path().join("line.svg").display().to_string();
    assert_eq!(graph(&["-o", &file]), "");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), svg);
    // A function of an output alone: the gradient is that of any function of it.
    let function = write(folder.path(), "f.nn", "network F { input x: [3]; output y = x ^ 2; }\n");
    assert!(chainrule(&["graph", &function]).1.contains("∂f/∂x"), "inputs are differentiated for where there are no parameters");
    let values = write(folder.path(), "x.json", r#"{"inputs": {"x": [1, 2, 3]}}"#);
    let (status, out, error) = chainrule(&["graph", &function, "--values", &values]);
    assert!(status == 0 && out.contains("[1, 4, 9]"), "{error}");
    let refused = |more: &[&str]| {
        let (status, out, error) = chainrule(&[&["graph", &model], more].concat());
        assert_eq!((status, out.as_str()), (2, ""), "{more:?}");
        error
    };
    assert!(refused(&["--wrt", "q"]).contains("`q` is no parameter"));
    assert!(refused(&["--wrt", "x", "--forward"]).contains("cannot be used with"));
    assert!(refused(&["--values", "/no/such/file"]).contains("/no/such/file"));
    assert!(refused(&["-o", "/no/such/folder/file.svg"]).contains("/no/such/folder"));
    let long: String = (1..1100).map(|at| format!("h{at} = 2 * h{} + x;\n", at - 1)).collect();
    let huge = write(folder.path(), "huge.nn", &format!("network Huge {{ input x: []; h0 = x;\n{long} loss = h1099; }}\n"));
    let (status, _, error) = chainrule(&["graph", &huge]);
    assert!(status == 2 && error.contains("at most 1000 are drawn"), "{error}");
}

#[test]
fn a_new_file_is_a_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let file = path("two_layers.nn");
    let (status, out, error) = chainrule(&["new", &file]);
    assert_eq!((status, error.as_str()), (0, ""));
    assert!(out.contains("TwoLayers is there"), "{out}");
    assert_eq!(chainrule(&["check", &file]), (0, format!("{file}: TwoLayers is fine\n"), String::new()));
    assert_eq!(chainrule(&["fmt", &file, "--check"]).0, 0, "{}", std::fs::read_to_string(&file).expect("a file"));
    assert!(chainrule(&["derive", &file]).1.contains("d dense1.w = "));
    // What is there is kept.
    let before = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(chainrule(&["new", &file, "--network", "Other"]).0, 2);
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), before);
    assert_eq!(chainrule(&["new", &path("7.nn"), "--network", "Seven"]).0, 0);
    let refused = |arguments: &[&str]| {
        let (status, out, error) = chainrule(&[&["new"], arguments].concat());
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}");
        error
    };
    assert!(refused(&[&path("8.nn")]).contains("`8` is no name of a network"));
    assert!(refused(&[&path("net.rs")]).contains("ends with `.nn`"));
    assert!(refused(&[&path("no/such/folder/net.nn")]).contains("no/such/folder"));
}
