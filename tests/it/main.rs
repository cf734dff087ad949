//! Integration tests of the library and the program.
mod environment;
mod interpreter;
mod plan;
