//! What can be written into a Dockerfile, and how.

use std::path::Path;

use crate::diagnose::Failure;

/// Characters that mean nothing to a shell, to a Dockerfile or in the list of a mount.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "._-+/@".contains(character)
}

/// Reads the name of an image.
pub(super) fn parse_image(text: &str) -> Result<String, String> {
    let is_of_image = |character: char| is_plain(character) && character != '+' || character == ':';
    if !text.is_empty() && text.chars().all(is_of_image) {
        Ok(text.to_owned())
    } else {
        Err("no image has such a name".to_owned())
    }
}

/// Writes a word as a shell reads it.
pub(super) fn quoted(word: &str) -> String {
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Writes a text as JSON, which the list of a command is.
pub(super) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns the name of the image that is built of a project: names of images have fewer characters than those of projects.
pub(super) fn image_of(project: &str) -> String {
    let name = project.trim_matches('-');
    let is_of_name = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
    };
    if !name.is_empty() && name.chars().all(is_of_name) {
        name.to_owned()
    } else {
        "app".to_owned()
    }
}

/// A host that repositories are fetched from by ssh.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SshHost {
    name: String,
    /// Where it is not the one of ssh.
    port: Option<u16>,
}

impl SshHost {
    /// Finds the host of a repository that is fetched by ssh: `ssh://user@host:port/path` or `user@host:path`.
    pub(super) fn of(url: &str) -> Option<Self> {
        let (start, has_port) = match url.split_once("://") {
            Some(("ssh" | "git+ssh", rest)) => (rest.split('/').next()?, true),
            Some(_) => return None,
            None => (url.split_once(':')?.0, false),
        };
        let host = start.rsplit_once('@').map_or(start, |(_, host)| host);
        let parts = host.rsplit_once(':').filter(|_| has_port);
        let (name, port) = parts.map_or((host, None), |(name, port)| (name, port.parse().ok()));
        let is_name = !name.is_empty()
            && !name.starts_with('-')
            && !name.contains('/')
            && name.chars().all(is_plain);
        let name = name.to_owned();
        is_name.then_some(Self { name, port })
    }

    /// Returns the command that prints its keys.
    pub(super) fn scan(&self) -> String {
        match self.port {
            Some(port) => format!("ssh-keyscan -p {port} {}", self.name),
            None => format!("ssh-keyscan {}", self.name),
        }
    }
}

/// Refuses a path that no build is given, or that no mount can name.
pub(super) fn check_path(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    if path.is_absolute() {
        let headline =
            format!("the build of an image is not given `{shown}`: it is an absolute path");
        return Err(Failure::text(headline)
            .hint("give the dependency a path relative to pyproject.toml, and lock again"));
    }
    check_name(path)
}

/// Refuses a path that no mount can name.
pub(super) fn check_name(path: &Path) -> Result<(), Failure> {
    if path.to_string_lossy().chars().all(is_plain) {
        return Ok(());
    }
    let shown = path.display();
    let headline = format!("no Dockerfile can name `{shown}` in a mount");
    Err(Failure::text(headline).hint("rename it: letters, digits and `._-+@` are understood"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_words_are_quoted() {
        assert_eq!(quoted("dev"), "dev");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(json("say \"hi\""), r#""say \"hi\"""#);
    }

    #[test]
    fn images_are_named_by_plain_names() {
        assert_eq!(image_of("acme-web"), "acme-web");
        assert_eq!(image_of("-acme-"), "acme");
        assert_eq!(image_of("café"), "app");
        assert!(parse_image("registry.example:5000/team/lock2venv:1@sha256").is_ok());
        assert!(parse_image("").is_err() && parse_image("a b").is_err());
    }

    #[test]
    fn paths_that_no_mount_can_name_are_refused() {
        assert!(check_path(Path::new("../libs/core")).is_ok());
        for path in ["/opt/core", "my libs/core", "a,b"] {
            assert!(check_path(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn hosts_of_repositories_are_known_where_ssh_asks_them() {
        for (url, scan) in [
            (
                "git@github.com:acme/core.git",
                Some("ssh-keyscan github.com"),
            ),
            (
                "ssh://git@forge.example:2222/acme/core.git",
                Some("ssh-keyscan -p 2222 forge.example"),
            ),
            (
                "ssh://git:x@forge.example/acme/core.git",
                Some("ssh-keyscan forge.example"),
            ),
            (
                "forge.example:2222/core.git",
                Some("ssh-keyscan forge.example"),
            ),
            ("https://github.com/acme/core.git", None),
            ("../core.git", None),
            ("git@$(id):core.git", None),
            ("-oProxyCommand=x:core.git", None),
        ] {
            let host = SshHost::of(url);
            assert_eq!(host.map(|host| host.scan()).as_deref(), scan, "{url}");
        }
    }
}
