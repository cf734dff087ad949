//! Integration tests of the library and the program.

mod project_wheel;
