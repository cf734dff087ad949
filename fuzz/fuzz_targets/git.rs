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
        let name = address.split_once(':').map_or("", |(host, _)| host);
        let is_short = !name.is_empty() && !address[name.len()..].starts_with("::");
        assert!(is_url || address.starts_with('/') || is_short, "{address:?}");
    }
});
