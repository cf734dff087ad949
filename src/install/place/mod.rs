//! Where each file of a wheel belongs, what is generated beside it, and what RECORD says of it.

mod built_contents;
pub(crate) mod contents;
pub(crate) mod documents;
pub(crate) mod folders;
pub(crate) mod paths;
pub(crate) mod placed;
pub(crate) mod pycache;
mod python_json;
pub(crate) mod record;
mod remarks;
pub(crate) mod script;
