//! A Python interpreter, asked once for what the rest of the crate needs to know.
