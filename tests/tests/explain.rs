//! Derivations that a person has read: the snapshots show the linear layer, softmax with cross-entropy, batch, layer and group
//! normalization,
//! attention and an LSTM.

use chainrule_compiler::cli::run;
use chainrule_tests::{entries, name_of};
use std::ffi::OsString;
use std::path::Path;

/// What `chainrule explain` prints.
fn explained(path: &Path, more: &[&str]) -> String {
    let (mut out, mut error) = (Vec::new(), Vec::new());
    let start = ["chainrule".into(), "explain".into(), path.as_os_str().to_owned()];
    let status = run(start.into_iter().chain(more.iter().map(OsString::from)), &mut out, &mut error);
    assert_eq!(status, 0, "{}", String::from_utf8_lossy(&error));
    String::from_utf8(out).expect("text")
}

#[test]
fn derivations_read_as_a_lecture() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("explain");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../explain/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        let paths: Vec<_> = entries(&folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "nn")).collect();
        assert_eq!(paths.len(), 8);
        for path in paths {
            let name = name_of(&path);
            let wrt: &[&str] = match name.as_str() {
                "linear" => &["--wrt", "w,b,x"],
                "softmax_cross_entropy" | "classes" => &["--wrt", "z"],
                "lstm" => &[],
                "attention" => &["--wrt", "q,k,v"],
                _ => &["--wrt", "x,n.gamma,n.beta"],
            };
            insta::assert_snapshot!(name.as_str(), explained(&path, wrt));
            insta::assert_snapshot!(format!("{name}_latex"), explained(&path, &[wrt, &["--format", "latex"]].concat()));
        }
    });
}
