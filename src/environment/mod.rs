//! Virtual environments: creating one, finding what one holds, and the places inside.

pub use crate::interpreter::Layout;
