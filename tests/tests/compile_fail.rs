//! What rustc says of wrong networks, and that it says nothing of right ones.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.pass("compile_pass/*.rs");
    cases.compile_fail("compile_fail/*.rs");
}
