//! Integration tests of the library and the program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::similar_names,
    missing_docs,
    reason = "a test that cannot go on fails"
)]

// Fuzz targets name the crate that their macro is from.
extern crate self as libfuzzer_sys;

mod architecture;
mod architecture_circles;
mod archive;
mod attestation;
mod attestations;
mod bill;
mod bounds;
mod build;
mod build_cache;
mod build_command;
mod build_processes;
mod build_refused;
mod build_requirements;
mod builder;
mod bytecode;
mod cache;
mod cache_commands;
mod cache_prune;
mod change;
mod check;
mod command_line;
mod compile;
mod copied;
mod corpus;
mod damage;
mod deflate;
mod dockerfile;
mod docs;
mod eggs;
mod environment;
mod export;
mod export_markers;
mod export_paths;
mod export_warnings;
mod faults;
mod for_images;
mod from_source;
mod fuzzed;
mod git;
mod git_install;
mod index;
mod install;
mod interpreter;
mod interrupted;
mod launcher;
mod layers;
mod leaks;
mod limits;
mod lock_alone;
mod marker_algebra;
mod names;
mod next_best;
mod odd_toml;
mod only_root;
mod other_indexes;
mod other_makers;
mod other_users;
mod own_python;
mod plan;
mod poetry;
mod power_loss;
mod prepare;
mod printed;
mod project_wheel;
mod project_wheel_outside;
mod provided;
mod published;
mod real_servers;
mod recreating;
mod reproducible;
mod resolve;
mod run;
mod sdist;
mod sdist_refused;
mod secrets;
mod security;
mod select;
mod session;
mod sources;
mod startup;
mod support;
mod together;
mod transport;
mod typed;
mod unlisted;
mod unproven;
mod unshared;
mod verify;
mod version_managers;
mod walk;
mod wheel_leniency;
mod wheel_oracle;
mod wheelhouse;
mod workflows;
