//! What derivatives are called: `d w` is the adjoint of `w` (how what is differentiated changes with it), `tangent h` is how `h` moves along a
//! direction. A derivative of one has both words, the last one first: `d tangent h`.

/// The words before the name of what is derived.
pub const WORDS: &[&str] = &[ADJOINT, TANGENT];
const ADJOINT: &str = "d";
const TANGENT: &str = "tangent";

/// The name of the adjoint of a tensor.
pub fn adjoint_of(name: &str) -> String {
    format!("{ADJOINT} {name}")
}

/// The name of the tangent of a tensor.
pub fn tangent_of(name: &str) -> String {
    format!("{TANGENT} {name}")
}

/// What a name is the adjoint of.
pub fn of_adjoint(name: &str) -> Option<&str> {
    name.strip_prefix(ADJOINT)?.strip_prefix(' ')
}

/// What a name is the tangent of.
pub fn of_tangent(name: &str) -> Option<&str> {
    name.strip_prefix(TANGENT)?.strip_prefix(' ')
}

/// Whether differentiation gave a name.
pub fn is_derived(name: &str) -> bool {
    of_adjoint(name).or_else(|| of_tangent(name)).is_some()
}

/// A name without all words of derivatives before it.
pub fn source_of(name: &str) -> &str {
    let mut name = name;
    while let Some(of) = of_adjoint(name).or_else(|| of_tangent(name)) {
        name = of;
    }
    name
}
