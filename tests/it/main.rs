//! Integration tests of the library and the program.

mod architecture;
