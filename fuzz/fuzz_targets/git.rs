//! Addresses and names that are given to git: none is an option, runs a command or has a line break, and what git prints can be anything.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lock2venv::fuzz::{git_address, git_output, is_git_reference};

fuzz_target!(|text: &str| {
    let _ = git_output(text);
    if is_git_reference(text) {
        assert!(!text.starts_with('-') && !text.contains("..") && !text.contains(char::is_control));
    }
    if let Some(address) = git_address(text) {
        assert!(!address.starts_with('-') && !address.contains(char::is_control), "{address:?}");
        let scheme = address.split_once("://").map(|(scheme, _)| scheme);
        let is_url = scheme.is_some_and(|scheme| ["https", "http", "ssh", "git", "file"].contains(&scheme));
        // What git takes for the name of a program that fetches, before two colons.
        let is_of_scheme = |character: char| character.is_ascii_alphanumeric() || "+-.".contains(character);
        let names_program = address.trim_start_matches(is_of_scheme).starts_with("::");
        let is_short = address.contains(':') && !address.starts_with(':') && !names_program;
        assert!(is_url || address.starts_with('/') || is_short, "{address:?}");
    }
});
