//! What tests of several modules need.

pub(crate) mod wheel_builder;
