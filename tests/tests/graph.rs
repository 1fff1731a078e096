//! Drawings that a person has looked at: the snapshots show the linear layer, softmax with cross-entropy, batch normalization, a
//! small network with values, a recurrence and a wide one in rows, as DOT and as SVG.

use chainrule_compiler::cli::run;
use std::ffi::OsString;
use std::path::Path;

/// What `chainrule graph` prints.
fn drawn(folder: &Path, arguments: &[&str]) -> String {
    let (mut out, mut error) = (Vec::new(), Vec::new());
    let files = |argument: &&str| match argument.rsplit_once('.') {
        Some((_, "nn" | "json")) => folder.join(argument).into_os_string(),
        Some(_) | None => OsString::from(argument),
    };
    let status = run(["chainrule".into(), "graph".into()].into_iter().chain(arguments.iter().map(files)), &mut out, &mut error);
    assert_eq!(status, 0, "{}", String::from_utf8_lossy(&error));
    String::from_utf8(out).expect("text")
}

#[test]
fn drawings_are_those_of_a_lecture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../graph/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let explain = root.join("explain");
    let graph = root.join("graph");
    let cases: [(&str, &Path, &[&str]); 7] = [
        ("linear", &explain, &["linear.nn", "--wrt", "w,b,x"]),
        ("softmax_cross_entropy", &explain, &["softmax_cross_entropy.nn", "--wrt", "z"]),
        ("batch_norm", &explain, &["batch_norm.nn", "--wrt", "x,n.gamma,n.beta"]),
        ("sigmoids", &graph, &["sigmoids.nn", "--values", "sigmoids.json"]),
        ("recurrence", &graph, &["recurrence.nn"]),
        ("lstm", &graph, &["lstm.nn"]),
        ("forward", &graph, &["sigmoids.nn", "--forward"]),
    ];
    settings.bind(|| {
        for (name, folder, arguments) in cases {
            insta::assert_snapshot!(name, drawn(folder, &[arguments, &["--format", "dot"]].concat()));
            let svg = drawn(folder, arguments);
            assert_eq!(svg, drawn(folder, arguments), "{name}: the same twice");
            insta::assert_snapshot!(format!("{name}_svg"), svg);
        }
    });
}
