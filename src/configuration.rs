//! What the user set: Poetry's settings and the variables of the machine, as values.

/// Poetry's settings, and variables of the machine that say the same things to every program.
#[derive(Clone, Debug, Default)]
pub struct Configuration {}
