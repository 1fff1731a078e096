//! What `#[network]` gives, used as a user would use it.

#![deny(warnings)]

mod checked;
mod checkpoints;
mod columns;
mod diagonals;
mod dropout;
mod elementary;
mod files;
mod forms;
mod gradients;
mod images;
mod integers;
mod masks;
mod memory;
mod rows;
mod running;
mod states;
mod structs;
mod support;
mod traced;
mod widths;
mod windows;
mod workspaces;
