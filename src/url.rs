//! Addresses that never print the credentials they hold.
