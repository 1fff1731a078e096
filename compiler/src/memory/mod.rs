//! The memory of a network: the workspace that its passes share, what lives in it from when until when, and how many bytes that is.
//!
//! `workspace` says which pieces of memory there are and how long each is; generated code allocates these, and all figures are
//! theirs. `figures` counts them for given sizes, `lives` says what lives where in a pass, `print` shows it, `limit` refuses what
//! is more than was allowed. It must not know of tokens, nor what a pass computes.

mod deltas;
mod figures;
pub mod limit;
mod lives;
mod print;
mod sizes;
#[cfg(test)]
mod tests;
pub mod workspace;

pub use print::report;
pub use sizes::Sizes;
