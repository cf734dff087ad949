//! What integration tests have in common.

pub(crate) mod build_scene;
pub(crate) mod devpi;
pub(crate) mod fixture_sources;
pub(crate) mod git_server;
pub(crate) mod installing;
pub(crate) mod local_index;
pub(crate) mod locked_wheels;
pub(crate) mod mount;
pub(crate) mod one_package;
pub(crate) mod program;
pub(crate) mod project;
pub(crate) mod python_prefix;
pub(crate) mod real_servers;
pub(crate) mod requirement;
pub(crate) mod scene;
pub(crate) mod schema;
pub(crate) mod sdist_place;
pub(crate) mod server_process;
pub(crate) mod shop;
pub(crate) mod socks;
pub(crate) mod source_tree;
pub(crate) mod tar_builder;
pub(crate) mod tls;
pub(crate) mod walk_world;
pub(crate) mod wheel_builder;
pub(crate) mod workspace;
