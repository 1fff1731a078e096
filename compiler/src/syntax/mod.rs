//! Text to tokens, tokens to a syntax tree, and a tree back to text.
//!
//! [`lex`] makes tokens of a text (a macro makes them of Rust tokens), [`parse_file`] makes a [`tree::File`] of tokens,
//! `print` writes a tree in the canonical form: what it prints parses to the [`same`] tree again. What is wrong is reported
//! to [`crate::diagnostic::Diagnostics`], and reading goes on behind it.
//!
//! It must know nothing of what a program means: no shapes, no names in scope, no derivatives.

mod blocks;
mod brackets;
mod comments;
mod cures;
mod expressions;
mod failure;
mod format;
mod format_expression;
mod format_statement;
mod input;
mod items;
mod layout;
mod lexer;
mod names;
mod numbers;
mod operators;
mod parse;
mod recovery;
mod same;
mod statements;
pub mod token;
pub mod tree;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_errors;
#[cfg(test)]
mod tests_format;
#[cfg(test)]
mod tests_hostile;

pub use format::{format_text, print, print_expression, print_statement};
pub use lexer::lex;
#[cfg(feature = "cli")]
pub(crate) use operators::binary_precedence;
pub use parse::{parse_expression, parse_file, parse_statements};
pub use same::{same, same_expression};

/// How deeply brackets and blocks may be nested.
pub const MOST_NESTING: usize = 200;

/// How high the tree of an expression may grow: a sum of `n` terms is a tree of height `n`.
pub const MOST_HEIGHT: u32 = 1024;
