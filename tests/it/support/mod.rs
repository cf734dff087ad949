//! What tests of several modules need.

pub mod wheel_builder;
