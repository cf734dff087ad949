//! How events of the library become text for a person.

mod terminal;

pub(crate) use terminal::Terminal;
