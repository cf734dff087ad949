//! How events of the library become text for a person.

mod terminal;
mod warnings;

pub(crate) use terminal::{Terminal, Verbosity, print_hint, print_line, print_warning, shown};
