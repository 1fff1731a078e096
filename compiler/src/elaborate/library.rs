//! The standard library: files in the language itself.

/// Names and texts of the files.
pub const LIBRARY: &[(&str, &str)] = &[
    ("std/activations.nn", include_str!("../std/activations.nn")),
    ("std/derivatives.nn", include_str!("../std/derivatives.nn")),
    ("std/functions.nn", include_str!("../std/functions.nn")),
    ("std/losses.nn", include_str!("../std/losses.nn")),
    ("std/layers.nn", include_str!("../std/layers.nn")),
    ("std/images.nn", include_str!("../std/images.nn")),
    ("std/normalization.nn", include_str!("../std/normalization.nn")),
    ("std/sequences.nn", include_str!("../std/sequences.nn")),
];
