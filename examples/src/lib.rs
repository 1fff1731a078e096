//! Examples of chainrule: one file, one thing shown. See the folder `examples/`.
