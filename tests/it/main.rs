//! Integration tests of the library and the program.

mod archive;
mod install;
mod support;
