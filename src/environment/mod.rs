//! Virtual environments: creating one, finding what one holds, and the places inside.

mod layout;

pub use layout::Layout;
