//! From a Poetry lock to a requirements file or a filled virtual environment.
//!
//! The crate is a pipeline of values. Everything up to [`plan`] is a pure function of its arguments;
//! everything after it carries the plan out and makes no choices. `ARCHITECTURE.md` draws the picture.

// Words: the vocabulary of the standards.
pub mod digest;
pub mod filename;
pub mod marker;
pub mod name;
pub mod requirement;
pub mod source;
pub mod tag;
pub mod url;
pub mod version;

// Documents: text to value.
pub mod archive;
pub mod installed;
pub mod lock;
pub mod pyproject;
pub mod wheel;

// Decisions: pure.
pub mod event;
pub mod export;
pub mod plan;
pub mod select;
pub mod target;

// Effects: these touch the world.
pub mod bytecode;
pub mod cache;
pub mod configuration;
pub mod environment;
pub mod fetch;
pub mod index;
pub mod install;
pub mod interpreter;
pub mod project_files;
pub mod project_wheel;
