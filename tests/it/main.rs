//! Integration tests of the library and the program.

mod cache;
mod fetch;
mod index;
mod support;
