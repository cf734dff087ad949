//! What others write about repositories, and what git prints, for [`crate::fuzz`].

use super::address::{Address, check_commit, check_reference};
use super::{Refusal, Version};
use crate::url::WrittenUrl;

/// Returns what git would be given for an address, if anything.
pub fn git_address(text: &str) -> Option<String> {
    let address = Address::parse(&WrittenUrl::new(text)).ok()?;
    Some(address.text)
}

/// Tells whether git would be given this name of a branch, tag or commit.
pub fn is_git_reference(text: &str) -> bool {
    check_commit(text).is_ok() || check_reference(text).is_ok()
}

/// Reads what git prints.
pub fn git_output(text: &str) -> (Option<Version>, Option<Refusal>) {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    (Version::parse(text), Refusal::recognize(&lines))
}
