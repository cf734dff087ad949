//! From what arrives to files in the destination: archives and cached wheels, on the pool of threads that works on files.
//!
//! Two kinds of tasks: opening a wheel, and a piece of an opened wheel. Pieces go first, so that few wheels are open at
//! once, and among each kind the largest. Each byte is written once, in place, and hashed in the same pass.

mod archive_files;
mod archive_source;
pub(crate) mod batch;
mod built_files;
mod gate;
mod kept_files;
mod opened;
pub(crate) mod placed_wheel;
mod placing;
mod proof;
mod queue;
mod results;
pub(crate) mod roots;
pub(crate) mod unpacker;
mod wheel_install;
