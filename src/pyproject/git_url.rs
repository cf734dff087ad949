//! Addresses of git repositories, as poetry-core takes them apart.
//!
//! The rules are those of its regular expressions, one form of address after the other: `git`, `ssh`, `rsync` and `file`
//! addresses, `http` and `https` ones, other protocols, and the short form of ssh (`git@host:path/name`).

/// A git address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GitUrl {
    protocol: Option<String>,
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
        let address = text.strip_prefix("git+").unwrap_or(text);
        let Some((protocol, rest)) = address.split_once("://") else {
            return parse_short(text);
        };
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        if protocol.is_empty() || !protocol.chars().all(is_word) {
            return None;
        }
        let path_form = match protocol {
            "git" | "ssh" | "rsync" | "file" | "http" | "https" => PathForm::Any,
            _ => PathForm::Named,
        };
        let mut url = parse_rest(rest, path_form, protocol.starts_with("http"))?;
        url.protocol = Some(protocol.to_owned());
        Some(url)
    }

    /// Tells whether the address names a protocol; the short form of ssh does not.
    pub(crate) fn has_protocol(&self) -> bool {
        self.protocol.is_some()
    }

    /// Returns the address without revision and subdirectory.
    pub(crate) fn url(&self) -> String {
        let protocol = self.protocol.as_ref().map(|text| format!("{text}://"));
        let user = self.user.as_ref().map(|text| format!("{text}@"));
        let port = self.port.as_ref().map(|text| format!(":{text}"));
        format!(
            "{}{}{}{}/{}",
            protocol.unwrap_or_default(),
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

/// Parses `git@host:folder/name.git`.
fn parse_short(text: &str) -> Option<GitUrl> {
    parse_rest(text, PathForm::NamedInFolder, false)
}

fn parse_rest(text: &str, form: PathForm, is_http: bool) -> Option<GitUrl> {
    let end_of_authority = text.find(['/', '?', '#', '<', '>', '[', ']', '|']);
    let at = text
        .find('@')
        .filter(|at| end_of_authority.is_none_or(|end| *at < end));
    let (user, rest) = match at {
        Some(at) => (Some(&text[..at]), &text[at + 1..]),
        None => (None, text),
    };
    if user.is_some_and(|user| !is_user(user, is_http)) {
        return None;
    }
    let is_host = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    let host_length = rest
        .find(|character| !is_host(character))
        .unwrap_or(rest.len());
    let (host, rest) = rest.split_at(host_length);
    if host.is_empty() && form != PathForm::Any {
        return None;
    }
    let (with_port, without_port) = (take_port(rest), (None, rest));
    let tries = with_port.into_iter().chain([without_port]);
    for (port, rest) in tries {
        let Some((path, revision, subdirectory)) = split_path(rest, form) else {
            continue;
        };
        return Some(GitUrl {
            protocol: None,
            user: user.map(str::to_owned),
            host: (!host.is_empty()).then(|| host.to_owned()),
            port,
            path: path.to_owned(),
            revision,
            subdirectory,
        });
    }
    None
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
