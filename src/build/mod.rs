//! Wheels out of sources, by the backend that the project names ([PEP 517], [PEP 518], [PEP 660]).
//!
//! [`pep517`] calls a backend in an interpreter whose environment holds the build requirements already; making that environment is
//! left to others, as are unpacking ([`sdist`](crate::sdist)) and what becomes of a [`BuiltWheel`].
//!
//! This is the only module that executes what a distribution brings. Each process has
//! a process group of its own, and [`Stop`] ends all of them.
//!
//! [PEP 517]: https://peps.python.org/pep-0517/
//! [PEP 518]: https://peps.python.org/pep-0518/
//! [PEP 660]: https://peps.python.org/pep-0660/

mod error;
mod hook;
mod missing;
mod output;
pub mod pep517;
mod system;
mod system_fault;
mod variables;
mod wheel;

pub use error::Error;
pub use hook::{Hook, Product};
pub use missing::{MissingTool, ToolKind};
pub use output::Output;
pub use system::BuildSystem;
pub use system_fault::SystemFault;
pub use variables::Variables;
pub use wheel::{BuiltBy, BuiltWheel, Expected, WheelFault};

pub use crate::process::Stop;
