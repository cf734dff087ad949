//! How git is called: with which variables and configuration, and what is kept of its words.
//!
//! The configuration of the user and the machine is read, since `url.*.insteadOf`, `http.*` (proxies, certificates),
//! `credential.*`, `core.sshCommand` and the filters of LFS are what makes a repository reachable. What would run other programs or
//! change the files is set here, for git and whatever it starts: no hooks, templates, file system monitor, maintenance or line
//! ends of this machine. Of the variables of git those of [`KEPT`] are passed on: the others describe another repository
//! or write secrets into the output.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::address::Address;
use super::version::OLDEST;
use super::{Error, Git, Refusal, Version};
use crate::process::{Ended, Program, Stop};
use crate::secret::Secrets;
use crate::url::{Credentials, WrittenUrl, shown};

/// How many lines an error holds.
const MAX_LINES: usize = 20;

/// How much of the output is looked at, from its end.
const MAX_OUTPUT_BYTES: u64 = 16 << 10;

/// Variables of git that say how a server is reached; those that end in `_` are prefixes.
const KEPT: [&str; 13] = [
    "GIT_CONFIG_",
    "GIT_EXEC_PATH",
    "GIT_HTTP_",
    "GIT_LFS_",
    "GIT_PROXY_",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_SSL_",
    "GIT_CURL_FTP_NO_EPSV",
    "GIT_USER_AGENT",
    "GIT_ATTR_NOSYSTEM",
    "GIT_ALTERNATE_PROXY",
];

/// Each goes into `-c`, which counts more than any file and reaches every git that git starts.
const OPTIONS: [&str; 14] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.autocrlf=false",
    "core.eol=lf",
    "core.protectNTFS=true",
    "core.protectHFS=true",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "fetch.prune=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
    "clone.defaultRemoteName=origin",
    "init.defaultBranch=main",
];

/// What `git lfs install` writes.
const LFS_OPTIONS: [&str; 3] = [
    "filter.lfs.smudge=git-lfs smudge -- %f",
    "filter.lfs.process=git-lfs filter-process",
    "filter.lfs.required=true",
];

const USERNAME: &str = "LOCK2VENV_GIT_USERNAME";
const PASSWORD: &str = "LOCK2VENV_GIT_PASSWORD";

/// A credential helper that knows what two variables say, and keeps nothing.
const HELPER: &str = "!f() { test \"$1\" != get || printf 'username=%s\\npassword=%s\\n' \
    \"$LOCK2VENV_GIT_USERNAME\" \"$LOCK2VENV_GIT_PASSWORD\"; }; f";

/// As [`HELPER`], but those of the user are asked first, for this user name. They are told nothing else: neither to keep what
/// they do not have nor to forget what they do.
const ASKING_HELPER: &str = "!f() { test \"$1\" = get || return 0; \
    { printf 'username=%s\\n' \"$LOCK2VENV_GIT_USERNAME\"; grep -v '^username='; } \
    | (unset GIT_CONFIG_PARAMETERS; exec git credential fill 2>/dev/null) \
    || printf 'username=%s\\npassword=%s\\n' \
    \"$LOCK2VENV_GIT_USERNAME\" \"$LOCK2VENV_GIT_PASSWORD\"; }; f";

const SSH: &str = "ssh -oBatchMode=yes -oServerAliveInterval=30";

/// Transports of a repository on another machine.
const REMOTE: &str = "https:http:ssh:git";

/// As [`REMOTE`], with those of this machine.
const ALL: &str = "https:http:ssh:git:file";

/// Finds a program on `PATH`.
pub(super) fn find(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let folders = std::env::split_paths(path?).filter(|folder| folder.is_absolute());
    let mut files = folders.map(|folder| folder.join(name));
    files.find(|file| {
        let metadata = file.metadata();
        metadata.is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    })
}

/// Makes the variables of every call of those that this process inherited.
pub(super) fn variables(inherited: BTreeMap<OsString, OsString>) -> BTreeMap<OsString, OsString> {
    let passed = inherited.into_iter().filter(|(name, _)| is_passed_on(name));
    let mut variables: BTreeMap<_, _> = passed.collect();
    let mut set = |name: &str, value: &str| variables.insert(name.into(), value.into());
    set("LC_ALL", "C");
    set("LANGUAGE", "C");
    set("GIT_TERMINAL_PROMPT", "0");
    // Set and empty, it also keeps `core.askPass` and SSH_ASKPASS from being asked.
    set("GIT_ASKPASS", "");
    set("SSH_ASKPASS_REQUIRE", "never");
    set("GCM_INTERACTIVE", "never");
    set("GIT_TEMPLATE_DIR", "");
    set("GIT_OPTIONAL_LOCKS", "0");
    set("GIT_ADVICE", "0");
    // What is fetched into has the format of its commit, whatever `init.defaultObjectFormat` says.
    set("GIT_DEFAULT_HASH", "sha1");
    for (name, value) in [
        ("GIT_HTTP_LOW_SPEED_LIMIT", "1"),
        ("GIT_HTTP_LOW_SPEED_TIME", "60"),
    ] {
        let value = || value.into();
        variables.entry(name.into()).or_insert_with(value);
    }
    variables
}

fn is_passed_on(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    if !name.starts_with("GIT_") {
        return true;
    }
    let mut kept = KEPT.iter();
    name != "GIT_CONFIG_PARAMETERS"
        && kept.any(|kept| *kept == name || (kept.ends_with('_') && name.starts_with(kept)))
}

/// What a call came to.
pub(super) struct Outcome {
    pub(super) is_success: bool,
    /// The last lines of both outputs.
    pub(super) last_lines: Vec<String>,
}

impl Git {
    pub(super) fn read_version(&self, stop: &Stop) -> Result<Version, Error> {
        let outcome = self.ask(&["--version"], stop)?;
        let mut lines = outcome.last_lines.iter();
        let version = lines.find_map(|line| Version::parse(line));
        match version {
            Some(version) if version < OLDEST => Err(Error::TooOld(version)),
            Some(version) => Ok(version),
            None => Err(Error::Start {
                program: self.program.clone(),
                source: io::Error::other("it does not report its version"),
            }),
        }
    }

    /// Keeps ssh from asking, unless the user has a command for it that is another program.
    pub(super) fn set_ssh(&mut self, stop: &Stop) -> Result<(), Error> {
        let is_set = |name: &str| self.variables.contains_key(OsStr::new(name));
        let command = match self.variables.get(OsStr::new("GIT_SSH_COMMAND")) {
            Some(command) => command.to_str().and_then(without_questions),
            None if is_set("GIT_SSH") => None,
            None => {
                let outcome = self.ask(&["config", "--get", "core.sshCommand"], stop)?;
                let configured = outcome.last_lines.last().filter(|_| outcome.is_success);
                configured.map_or(Some(SSH.to_owned()), |command| without_questions(command))
            }
        };
        if let Some(command) = command {
            let name = "GIT_SSH_COMMAND".into();
            self.variables.insert(name, command.into());
        }
        Ok(())
    }

    /// Asks what needs no repository.
    fn ask(&self, arguments: &[&str], stop: &Stop) -> Result<Outcome, Error> {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let folder = Path::new("/");
        let output =
            tempfile::tempfile().map_err(Error::io("write the output of", &self.program))?;
        self.execute(&arguments, folder, (&self.variables, output), stop)
    }

    fn execute(
        &self,
        arguments: &[&OsStr],
        folder: &Path,
        (variables, output): (&BTreeMap<OsString, OsString>, File),
        stop: &Stop,
    ) -> Result<Outcome, Error> {
        let start = |source| Error::Start {
            program: self.program.clone(),
            source,
        };
        let read = output.try_clone().map_err(start)?;
        let program = Program {
            file: &self.program,
            arguments,
            folder,
            variables,
            output,
        };
        match program.run(stop).map_err(start)? {
            Ended::Stopped => Err(Error::Interrupted),
            Ended::Finished(status) => Ok(Outcome {
                is_success: status.success(),
                last_lines: last_lines(read).map_err(start)?,
            }),
        }
    }
}

/// Has a command that is plain OpenSSH not ask; `None` for others.
fn without_questions(command: &str) -> Option<String> {
    let program = Path::new(command.split_whitespace().next()?);
    let is_plain = program.file_name()? == "ssh"
        && !command.contains([';', '&', '|', '<', '>', '#', '(', '\n']);
    is_plain.then(|| format!("{command} -oBatchMode=yes"))
}

fn last_lines(mut output: File) -> io::Result<Vec<String>> {
    let end = output.seek(SeekFrom::End(0))?;
    output.seek(SeekFrom::Start(end.saturating_sub(MAX_OUTPUT_BYTES)))?;
    let mut bytes = Vec::new();
    output.take(MAX_OUTPUT_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.split(['\n', '\r']).map(str::trim_end);
    let mut lines: Vec<String> = lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    lines.drain(..lines.len().saturating_sub(MAX_LINES));
    Ok(lines)
}

/// All calls for one repository.
pub(super) struct Caller<'a> {
    git: &'a Git,
    url: &'a WrittenUrl,
    stop: &'a Stop,
    /// An existing folder, for the output.
    database: &'a Path,
    variables: BTreeMap<OsString, OsString>,
    options: Vec<String>,
    secrets: Secrets,
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        git: &'a Git,
        url: &'a WrittenUrl,
        database: &'a Path,
        stop: &'a Stop,
    ) -> Self {
        let lfs = LFS_OPTIONS.into_iter().filter(|_| git.has_lfs);
        let mut variables = git.variables.clone();
        variables.insert("GIT_ALLOW_PROTOCOL".into(), ALL.into());
        Self {
            git,
            url,
            stop,
            database,
            variables,
            options: OPTIONS.into_iter().chain(lfs).map(str::to_owned).collect(),
            secrets: Secrets::default(),
        }
    }

    /// Has git use these credentials for what is at the origin of `address`.
    ///
    /// With a password nothing else is asked, so that no helper of the user learns it. A user name alone may be a token, or
    /// one whose password a helper knows: those are asked first.
    pub(super) fn use_credentials(
        &mut self,
        address: &Address,
        credentials: &Credentials,
    ) -> Result<(), Error> {
        let Some(origin) = &address.origin else {
            return Ok(());
        };
        let Credentials { username, password } = credentials;
        if [username, password]
            .iter()
            .any(|text| text.contains(['\n', '\0', '\r']))
        {
            return Err(Error::Credentials(self.url.clone()));
        }
        self.secrets.add_credentials(username, password);
        self.variables.insert(USERNAME.into(), username.into());
        self.variables.insert(PASSWORD.into(), password.into());
        let helper = if password.is_empty() {
            ASKING_HELPER
        } else {
            HELPER
        };
        for helper in ["", helper] {
            let option = format!("credential.{origin}.helper={helper}");
            self.options.push(option);
        }
        Ok(())
    }

    /// Keeps what a remote repository names from being taken from this machine.
    pub(super) fn allow_remote_transports_only(&mut self) {
        self.variables
            .insert("GIT_ALLOW_PROTOCOL".into(), REMOTE.into());
    }

    /// Calls git in `folder`.
    pub(super) fn call(&self, folder: &Path, arguments: &[&OsStr]) -> Result<Outcome, Error> {
        let mut all: Vec<&OsStr> = Vec::new();
        for option in &self.options {
            all.extend([OsStr::new("-c"), OsStr::new(option)]);
        }
        all.extend(arguments);
        let output = tempfile::tempfile_in(self.database);
        let output = output.map_err(Error::io("write into", self.database))?;
        let mut outcome = self
            .git
            .execute(&all, folder, (&self.variables, output), self.stop)?;
        for line in &mut outcome.last_lines {
            *line = shown(&self.secrets.hide(line));
        }
        Ok(outcome)
    }

    /// Calls git, and takes failure for an error.
    pub(super) fn must(&self, folder: &Path, arguments: &[&OsStr]) -> Result<Outcome, Error> {
        let outcome = self.call(folder, arguments)?;
        if outcome.is_success {
            return Ok(outcome);
        }
        let mut words = arguments.iter().map(|argument| argument.to_string_lossy());
        let act = words
            .find(|word| !word.starts_with('-'))
            .unwrap_or_default();
        Err(self.failure(&act, outcome))
    }

    /// Makes an error of a call that failed.
    pub(super) fn failure(&self, act: &str, outcome: Outcome) -> Error {
        let (url, last_lines) = (self.url.clone(), outcome.last_lines);
        match Refusal::recognize(&last_lines) {
            Some(refusal) => Error::Refused {
                url,
                refusal,
                last_lines,
            },
            None => Error::Failed {
                act: act.to_owned(),
                url,
                last_lines,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ssh_of_the_user_does_not_ask_either() {
        let batch = |command| without_questions(command);
        assert_eq!(
            batch("ssh -i ~/.ssh/forge").as_deref(),
            Some("ssh -i ~/.ssh/forge -oBatchMode=yes")
        );
        assert_eq!(
            batch("/usr/bin/ssh").as_deref(),
            Some("/usr/bin/ssh -oBatchMode=yes")
        );
        assert_eq!(batch("plink -batch"), None);
        assert_eq!(batch("ssh -v 2>log"), None);
        assert_eq!(batch(""), None);
    }
}
