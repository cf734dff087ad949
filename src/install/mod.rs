//! Puts verified wheels into an environment.
