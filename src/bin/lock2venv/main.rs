//! The command line of lock2venv.

fn main() {}
