//! Addresses of git repositories, as poetry-core takes them apart.
//!
//! The rules are those of its regular expressions, one form of address after the other: `git`, `ssh`, `rsync` and `file`
//! addresses, `http` and `https` ones, other protocols, and the short form of ssh (`git@host:path/name`).

/// A git address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GitUrl {
    protocol: String,
    user: Option<String>,
    host: Option<String>,
    port: Option<String>,
    path: String,
    /// The revision behind `@` or `#`.
    pub(crate) revision: Option<String>,
    /// The folder behind `#subdirectory=`.
    pub(crate) subdirectory: Option<String>,
}

impl GitUrl {
    /// Takes `text` apart; `None` when it has none of the forms.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse_long(text).or_else(|| parse_short(text))
    }

    /// Returns the address without revision and subdirectory. The short form of ssh becomes an `ssh://` address.
    pub(crate) fn url(&self) -> String {
        let protocol = &self.protocol;
        let user = self.user.as_ref().map(|text| format!("{text}@"));
        let port = self.port.as_ref().map(|text| format!(":{text}"));
        format!(
            "{protocol}://{}{}{}/{}",
            user.unwrap_or_default(),
            self.host.as_deref().unwrap_or("None"),
            port.unwrap_or_default(),
            self.path.trim_start_matches([':', '/']),
        )
    }
}

/// What has to stand in the path of an address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PathForm {
    /// Anything that begins with `/`, `\` or `:`.
    Any,
    /// A path with a name at its end.
    Named,
    /// As `Named`, and a folder before the name.
    NamedInFolder,
}

/// Parses `protocol://…`.
fn parse_long(text: &str) -> Option<GitUrl> {
    let address = text.strip_prefix("git+").unwrap_or(text);
    let (protocol, rest) = address.split_once("://")?;
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    if protocol.is_empty() || !protocol.chars().all(is_word) {
        return None;
    }
    let is_http = protocol.starts_with("http");
    let is_known = matches!(
        protocol,
        "git" | "ssh" | "rsync" | "file" | "http" | "https"
    );
    let known = is_known.then(|| parse_rest(rest, PathForm::Any, is_http));
    let mut url = known
        .flatten()
        .or_else(|| parse_rest(rest, PathForm::Named, false))?;
    protocol.clone_into(&mut url.protocol);
    Some(url)
}

/// Parses `git@host:folder/name.git`.
fn parse_short(text: &str) -> Option<GitUrl> {
    let mut url = parse_rest(text, PathForm::NamedInFolder, false)?;
    "ssh".clone_into(&mut url.protocol);
    Some(url)
}

fn parse_rest(text: &str, form: PathForm, is_http: bool) -> Option<GitUrl> {
    let end_of_authority = text.find(['/', '?', '#', '<', '>', '[', ']', '|']);
    let at = text
        .find('@')
        .filter(|at| end_of_authority.is_none_or(|end| *at < end));
    let with_user = at.map(|at| (&text[..at], &text[at + 1..]));
    let with_user = with_user.filter(|(user, _)| is_user(user, is_http));
    let url = with_user.and_then(|(user, rest)| parse_host(Some(user), rest, form));
    url.or_else(|| parse_host(None, text, form))
}

fn parse_host(user: Option<&str>, text: &str, form: PathForm) -> Option<GitUrl> {
    let is_host = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    let host_length = text.find(|character| !is_host(character));
    let (host, rest) = text.split_at(host_length.unwrap_or(text.len()));
    if host.is_empty() && form != PathForm::Any {
        return None;
    }
    let mut tries = take_port(rest).into_iter().chain([(None, rest)]);
    tries.find_map(|(port, rest)| {
        let (path, revision, subdirectory) = split_path(rest, form)?;
        Some(GitUrl {
            protocol: String::new(),
            user: user.map(str::to_owned),
            host: (!host.is_empty()).then(|| host.to_owned()),
            port,
            path: path.to_owned(),
            revision,
            subdirectory,
        })
    })
}

fn is_user(user: &str, is_http: bool) -> bool {
    match user.split_once(':') {
        Some((name, password)) => is_http && !name.is_empty() && !password.contains(':'),
        None => !user.is_empty(),
    }
}

fn take_port(text: &str) -> Option<(Option<String>, &str)> {
    let rest = text.strip_prefix(':')?;
    let length = rest.find(|character: char| !character.is_ascii_digit());
    let (port, rest) = rest.split_at(length.unwrap_or(rest.len()));
    (!port.is_empty()).then(|| (Some(port.to_owned()), rest))
}

/// A path with what stands behind it: revision and subdirectory.
type Split<'a> = (&'a str, Option<String>, Option<String>);

fn split_path(text: &str, form: PathForm) -> Option<Split<'_>> {
    let is_path = |character: char| is_name(character) || "+/\\$:".contains(character);
    let length = text.find(|character| !is_path(character));
    let (path, suffix) = text.split_at(length.unwrap_or(text.len()));
    if !is_wanted_path(path, form) {
        return None;
    }
    let (revision, subdirectory) = parse_suffix(suffix)?;
    Some((path, revision, subdirectory))
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || "_%~.-".contains(character)
}

fn is_wanted_path(path: &str, form: PathForm) -> bool {
    let rest = match form {
        PathForm::Any => path.strip_prefix([':', '/', '\\']),
        PathForm::Named => Some(path.strip_prefix(':').unwrap_or(path)),
        PathForm::NamedInFolder => path.strip_prefix([':', '/']),
    };
    let Some(rest) = rest.filter(|rest| !rest.contains(':')) else {
        return false;
    };
    let is_last = |last: &str| {
        let name = last.strip_suffix(['/', '\\']).unwrap_or(last);
        name.chars().all(is_name)
    };
    match form {
        PathForm::Any => {
            let ends = rest.char_indices().skip(1);
            let mut starts = ends
                .filter(|(_, character)| matches!(character, '/' | '\\'))
                .map(|(index, _)| index + 1);
            is_last(rest) || starts.any(|start| is_last(&rest[start..]))
        }
        PathForm::Named => {
            let name = rest.strip_suffix('/').unwrap_or(rest);
            name.len() > 1 && name.ends_with(is_name)
        }
        PathForm::NamedInFolder => {
            let whole = rest.strip_suffix('/').unwrap_or(rest);
            let folder = whole.rfind('/').filter(|index| *index > 0);
            folder.is_some_and(|index| {
                let name = &whole[index + 1..];
                !name.is_empty() && name.chars().all(is_name)
            })
        }
    }
}

/// Reads `#subdirectory=…`, `#egg=…`, `@revision` and their mixtures.
fn parse_suffix(suffix: &str) -> Option<(Option<String>, Option<String>)> {
    if suffix.is_empty() {
        return Some((None, None));
    }
    if let Some(fragment) = suffix.strip_prefix('#') {
        if let Some(subdirectory) = parse_subdirectory(fragment) {
            return Some((None, Some(subdirectory)));
        }
        if fragment.starts_with("egg") && fragment.len() > 3 {
            return Some((None, None));
        }
    }
    let rest = suffix.strip_prefix(['@', '#'])?;
    // The revision is as short as what follows lets it be.
    for (index, character) in rest.char_indices().skip(1) {
        let tail = &rest[index..];
        let Some(fragment) = tail.strip_prefix(['&', '#']) else {
            continue;
        };
        let revision = || Some(rest[..index].to_owned());
        if let Some(subdirectory) = parse_subdirectory(fragment) {
            return Some((revision(), Some(subdirectory)));
        }
        if fragment
            .strip_prefix("egg=")
            .is_some_and(|egg| !egg.is_empty())
        {
            return Some((revision(), None));
        }
        if matches!(character, '@' | '#') {
            return None;
        }
    }
    let is_revision = !rest.is_empty() && !rest.contains(['@', '#']);
    is_revision.then(|| (Some(rest.to_owned()), None))
}

fn parse_subdirectory(fragment: &str) -> Option<String> {
    let is_folder = |character: char| character.is_alphanumeric() || "_-/\\".contains(character);
    let plain = fragment.strip_prefix("subdirectory=");
    let behind_egg = || {
        let egg = fragment.strip_prefix("egg=")?;
        let (name, folder) = egg.split_once("&subdirectory=")?;
        (!name.is_empty()).then_some(folder)
    };
    let folder = plain.or_else(behind_egg)?;
    let is_plain = !folder.is_empty() && folder.chars().all(is_folder);
    is_plain.then(|| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parses(text: &str, url: &str, revision: Option<&str>, subdirectory: Option<&str>) {
        let parsed = GitUrl::parse(text).expect(text);
        let rest = (parsed.revision.as_deref(), parsed.subdirectory.as_deref());
        assert_eq!(
            (parsed.url().as_str(), rest),
            (url, (revision, subdirectory))
        );
    }

    #[track_caller]
    fn refuses(text: &str) {
        assert_eq!(GitUrl::parse(text), None);
    }

    // The expectations below are what poetry-core 2.5.0 answers.

    /// An address, what remains of it, its revision and its subdirectory; `-` for none.
    const ADDRESSES: &[(&str, &str, &str, &str)] = &[
        (
            "https://github.com/a/b.git",
            "https://github.com/a/b.git",
            "-",
            "-",
        ),
        ("https://github.com/a/b", "https://github.com/a/b", "-", "-"),
        (
            "https://github.com/a/b/",
            "https://github.com/a/b/",
            "-",
            "-",
        ),
        (
            "git+https://github.com/a/b.git@v1.0",
            "https://github.com/a/b.git",
            "v1.0",
            "-",
        ),
        (
            "https://github.com/a/b.git#main",
            "https://github.com/a/b.git",
            "main",
            "-",
        ),
        (
            "https://github.com/a/b.git@main#subdirectory=py/x",
            "https://github.com/a/b.git",
            "main",
            "py/x",
        ),
        (
            "https://github.com/a/b.git#egg=b",
            "https://github.com/a/b.git",
            "-",
            "-",
        ),
        (
            "https://github.com/a/b.git@v1#egg=b",
            "https://github.com/a/b.git",
            "v1",
            "-",
        ),
        (
            "https://github.com/a/b.git@v1#egg=b&subdirectory=s",
            "https://github.com/a/b.git",
            "v1",
            "s",
        ),
        (
            "https://github.com/a/b.git#egg=b&subdirectory=s",
            "https://github.com/a/b.git",
            "-",
            "s",
        ),
        (
            "https://github.com/a/b.git#subdirectory=s",
            "https://github.com/a/b.git",
            "-",
            "s",
        ),
        (
            "git@github.com:a/b.git",
            "ssh://git@github.com/a/b.git",
            "-",
            "-",
        ),
        (
            "git@github.com:a/b.git@v1",
            "ssh://git@github.com/a/b.git",
            "v1",
            "-",
        ),
        ("git@github.com:a/b", "ssh://git@github.com/a/b", "-", "-"),
        ("github.com:a/b.git", "ssh://github.com/a/b.git", "-", "-"),
        (
            "ssh://git@github.com/a/b.git",
            "ssh://git@github.com/a/b.git",
            "-",
            "-",
        ),
        (
            "ssh://git@github.com:22/a/b.git",
            "ssh://git@github.com:22/a/b.git",
            "-",
            "-",
        ),
        (
            "ssh://git@github.com:a/b.git",
            "ssh://git@github.com/a/b.git",
            "-",
            "-",
        ),
        (
            "git+ssh://git@github.com/a/b.git@abc",
            "ssh://git@github.com/a/b.git",
            "abc",
            "-",
        ),
        (
            "git+ssh://git@github.com:a/b.git",
            "ssh://git@github.com/a/b.git",
            "-",
            "-",
        ),
        (
            "https://user:pw@host.example/a/b.git",
            "https://user:pw@host.example/a/b.git",
            "-",
            "-",
        ),
        (
            "https://user@host.example:8443/a/b.git",
            "https://user@host.example:8443/a/b.git",
            "-",
            "-",
        ),
        (
            "https://user:@host.example/a",
            "https://user:@host.example/a",
            "-",
            "-",
        ),
        (
            "https://:pw@host.example/a",
            "https://None/pw",
            "host.example/a",
            "-",
        ),
        (
            "file:///srv/git/b.git",
            "file://None/srv/git/b.git",
            "-",
            "-",
        ),
        (
            "file:///srv/git/b+c/d",
            "file://None/srv/git/b+c/d",
            "-",
            "-",
        ),
        ("git+file:///srv/git/b", "file://None/srv/git/b", "-", "-"),
        ("https://h/a+b", "https://h/a+b", "-", "-"),
        ("https://h/a+b/c", "https://h/a+b/c", "-", "-"),
        ("https://h/a+b/", "https://h/a+b/", "-", "-"),
        ("https://h//a", "https://h/a", "-", "-"),
        ("https://h/", "https://h/", "-", "-"),
        ("https://h", "ssh://https/h", "-", "-"),
        ("https:///a/b", "https://None/a/b", "-", "-"),
        ("svn://h/a/b", "svn://h/a/b", "-", "-"),
        ("git://h/a/b.git", "git://h/a/b.git", "-", "-"),
        ("rsync://h/a", "rsync://h/a", "-", "-"),
        ("h/a/b", "ssh://h/a/b", "-", "-"),
        ("https://h/~u/r.git", "https://h/~u/r.git", "-", "-"),
        ("https://h/%20/r.git", "https://h/%20/r.git", "-", "-"),
        (
            "https://h/a.git@a&subdirectory=s",
            "https://h/a.git",
            "a",
            "s",
        ),
        ("https://h/a.git#eggs", "https://h/a.git", "-", "-"),
        ("git@h:1234/a/b.git", "ssh://git@h:1234/a/b.git", "-", "-"),
        ("git@h:1234:a/b.git", "ssh://git@h:1234/a/b.git", "-", "-"),
        ("ssh://h:22foo/a", "ssh://h/22foo/a", "-", "-"),
        (
            "user@h:a/b/c+d/e.git",
            "ssh://user@h/a/b/c+d/e.git",
            "-",
            "-",
        ),
        ("ftp://h/ab", "ftp://h/ab", "-", "-"),
        ("ftp://h/a", "ftp://h/a", "-", "-"),
    ];

    #[test]
    fn addresses_are_taken_apart() {
        let given = |part: &'static str| (part != "-").then_some(part);
        for (text, url, revision, subdirectory) in ADDRESSES {
            parses(text, url, given(revision), given(subdirectory));
        }
    }

    #[test]
    fn what_is_no_git_address_is_refused() {
        refuses("git@github.com:b.git");
        refuses("svn+ssh://h/a/b");
        refuses("/srv/git/b");
        refuses("../b");
        refuses("!!");
        refuses("");
        refuses("https://h/a b");
        refuses("https://h/a?x=y");
        refuses("https://h/a.git@");
        refuses("https://h/a.git#");
        refuses("https://h/a.git@a@b");
        refuses("https://h/a.git@a#b");
        refuses("user@h:a/b+c");
    }
}
