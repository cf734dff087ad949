//! Readers of what the cache keeps, interpreters answer and git is given, for `fuzz/` alone.
//!
//! What is kept has its digest with it, so changed bytes would never get to the readers behind that. Here they do. Nothing of this
//! is part of the interface.

pub use crate::git::fuzz::{git_address, git_output, is_git_reference};
pub use crate::interpreter::fuzz::interpreter_answer;
pub use crate::store::fuzz::{bytecode_pack, stored_records};
pub use crate::store::wheels::fuzz::{manifest, wheel_pack};
