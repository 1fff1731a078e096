//! What rustc says of wrong networks.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("compile_fail/*.rs");
}
