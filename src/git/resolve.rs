//! Which commit a branch or a tag is.

use std::ffi::OsStr;
use std::path::Path;

use super::address::{Address, check_commit, check_reference};
use super::command::Caller;
use super::{Error, Git};
use crate::process::Stop;
use crate::url::WrittenUrl;

/// Asks the repository; `folder` exists. A branch comes before a tag of the same name, as with pip.
pub(super) fn resolve(
    git: &Git,
    url: &WrittenUrl,
    revision: Option<&str>,
    folder: &Path,
    stop: &Stop,
) -> Result<String, Error> {
    let address = Address::parse(url)?;
    let Some(revision) = revision else {
        let asked = ["HEAD".to_owned()];
        return ask(git, &address, url, &asked, (folder, stop));
    };
    if check_commit(revision).is_ok() {
        return Ok(revision.to_owned());
    }
    check_reference(revision)?;
    let asked = [
        format!("refs/heads/{revision}"),
        format!("refs/tags/{revision}^{{}}"),
        format!("refs/tags/{revision}"),
    ];
    ask(git, &address, url, &asked, (folder, stop))
}

/// Returns the commit of the first of `references` that there is.
fn ask(
    git: &Git,
    address: &Address,
    url: &WrittenUrl,
    references: &[String],
    (folder, stop): (&Path, &Stop),
) -> Result<String, Error> {
    let mut caller = Caller::new(git, url, folder, stop);
    if let Some(credentials) = &address.credentials {
        caller.use_credentials(address, credentials)?;
    }
    let command = ["ls-remote", "--quiet", "--", address.text.as_str()];
    let command = command
        .into_iter()
        .chain(references.iter().map(String::as_str));
    let arguments: Vec<&OsStr> = command.map(OsStr::new).collect();
    let outcome = caller.must(folder, &arguments)?;
    let of = |reference: &String| {
        let lines = outcome.last_lines.iter();
        let mut listed = lines.filter_map(|line| line.split_once('\t'));
        listed
            .find(|(_, name)| name == reference)
            .map(|(commit, _)| commit)
    };
    let commit = references.iter().find_map(of);
    let commit = commit.filter(|commit| check_commit(commit).is_ok());
    commit
        .map(str::to_owned)
        .ok_or_else(|| Error::ReferenceMissing {
            url: url.clone(),
            reference: references[0].trim_start_matches("refs/heads/").to_owned(),
        })
}
