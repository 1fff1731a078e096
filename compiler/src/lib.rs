//! The chainrule compiler: a network written as equations becomes indexed definitions, is differentiated element by element,
//! simplified, planned and written as Rust.
//!
//! ```text
//! .nn text ─ lexer ┐
//!                  ├─ tokens ─ parse ─ tree ─ elaborate ─ Program ─ differentiate ─ simplify ─ plan ─ build ─ Loops ─ emit ─ Rust
//! Rust tokens ─────┘
//! ```
//!
//! Each step is a pure function; files, the environment and the clock are the business of whoever calls. What only the command line and
//! tests need (evaluators, derivations in words, drawings) is there with the feature `cli`: a program that trains does not compile it.

#[cfg(feature = "cli")]
pub mod cli;
pub mod derivatives;
pub mod derived_names;
pub mod diagnostic;
pub mod diff;
pub mod elaborate;
pub mod emit;
#[cfg(feature = "cli")]
pub mod eval;
#[cfg(feature = "cli")]
pub mod explain;
pub mod files;
mod forms;
pub mod interface;
pub mod ir;
pub mod loops;
pub mod memory;
pub mod ops;
pub mod pipeline;
pub mod plan;
pub mod render;
pub mod simplify;
pub mod source;
pub mod span;
pub mod syntax;
