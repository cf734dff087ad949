//! Which commit a branch, a tag or the beginning of a commit's name is.

use std::ffi::OsStr;
use std::path::Path;

use super::address::{Address, check_commit, check_reference};
use super::checkout;
use super::command::{Caller, Outcome};
use super::{Error, Git, Revision};
use crate::process::Stop;

/// Git takes no shorter beginning of a name for one.
const MIN_DIGITS: usize = 4;

/// Asks the repository. A branch comes before a tag of the same name, and that before a commit, as with pip.
pub(super) fn resolve(
    git: &Git,
    revision: &Revision<'_>,
    database: &Path,
    stop: &Stop,
) -> Result<String, Error> {
    let address = Address::parse(revision.url)?;
    let name = revision.name.unwrap_or("HEAD");
    if check_commit(name).is_ok() {
        return Ok(name.to_owned());
    }
    check_reference(name)?;
    let database = checkout::create(database)?;
    let mut caller = Caller::new(git, revision.url, &database, stop);
    let credentials = revision.credentials.or(address.credentials.as_ref());
    if let Some(credentials) = credentials {
        caller.use_credentials(&address, credentials)?;
    }
    let listed = ask(&caller, &address, &references(name), &database)?;
    let found = match listed {
        None if is_beginning(name) => {
            checkout::whole_name(&caller, &address, (revision.url, name), &database)?
        }
        listed => listed,
    };
    found.ok_or_else(|| Error::ReferenceMissing {
        url: revision.url.clone(),
        reference: name.to_owned(),
    })
}

/// Lists what a name may be, in the order in which it is taken.
fn references(name: &str) -> Vec<String> {
    if name == "HEAD" || name.starts_with("refs/") {
        return vec![format!("{name}^{{}}"), name.to_owned()];
    }
    vec![
        format!("refs/heads/{name}"),
        format!("refs/tags/{name}^{{}}"),
        format!("refs/tags/{name}"),
    ]
}

fn is_beginning(name: &str) -> bool {
    name.len() >= MIN_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the commit of the first of `references` that there is.
fn ask(
    caller: &Caller<'_>,
    address: &Address,
    references: &[String],
    folder: &Path,
) -> Result<Option<String>, Error> {
    let command = ["ls-remote", "--quiet", "--", address.text.as_str()];
    let command = command
        .into_iter()
        .chain(references.iter().map(String::as_str));
    let arguments: Vec<&OsStr> = command.map(OsStr::new).collect();
    let outcome = caller.must(folder, &arguments)?;
    let commit = references
        .iter()
        .find_map(|reference| of(&outcome, reference));
    let commit = commit.filter(|commit| check_commit(commit).is_ok());
    Ok(commit.map(str::to_owned))
}

fn of<'o>(outcome: &'o Outcome, reference: &str) -> Option<&'o str> {
    let lines = outcome.last_lines.iter();
    let mut listed = lines.filter_map(|line| line.split_once('\t'));
    let found = listed.find(|(_, name)| *name == reference);
    found.map(|(commit, _)| commit)
}
