//! The program as a whole, and what a person sees: one file for each concern.

mod cache;
mod credentials;
mod environment;
mod flags;
mod installing;
mod interruption;
mod refused;
mod syncing;
