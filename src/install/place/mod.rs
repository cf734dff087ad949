//! Where each file of a wheel belongs, what is generated beside it, and what RECORD says of it.

pub(in crate::install) mod contents;
pub(in crate::install) mod documents;
pub(in crate::install) mod folders;
pub(in crate::install) mod paths;
pub(in crate::install) mod placed;
pub(in crate::install) mod pycache;
pub(in crate::install) mod record;
mod remarks;
pub(in crate::install) mod script;
