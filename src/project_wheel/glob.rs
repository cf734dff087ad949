//! The patterns of `packages`, `include`, `exclude` and `license-files`: globs of Python's pathlib ([Path.glob]).
//!
//! `*`, `?` and `[…]` stand for parts of one name, hidden names included; `**` stands for any number of folders and does not follow
//! symbolic links. Where Python's versions differ the newest rule holds (3.13): a final `**` finds files as well, and `**` inside a
//! name is a `*`. Upper and lower case are different everywhere.
//!
//! A search reads each folder that its pattern reaches once; `**` reaches all below it. What lies [outside](Outside) of the project
//! is not found, and not searched.
//!
//! [Path.glob]: https://docs.python.org/3/library/pathlib.html#pattern-language

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::outside::Outside;

/// Finds all that `pattern` reaches from `folder`, in the order of Python's paths: by their parts.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidInput`] for a pattern that is empty or absolute, else why a folder could not be read. Folders that may
/// not be read count as empty, as in Python.
pub(super) fn glob(folder: &Path, pattern: &str, outside: &Outside) -> io::Result<Vec<PathBuf>> {
    let parts: Vec<Part> = pattern.split('/').filter_map(Part::parse).collect();
    if parts.is_empty() || pattern.starts_with('/') {
        let message = format!("`{pattern}` is not a relative pattern");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut search = Search {
        only_folders: pattern.ends_with('/'),
        outside,
        found: BTreeSet::new(),
    };
    if folder.is_dir() && !outside.covers(folder) {
        search.go_on(folder, &parts)?;
    }
    Ok(search.found.into_iter().collect())
}

/// Finds everything below `folder`: its entries, theirs, and so on; links to folders are found and not followed.
pub(super) fn everything_below(folder: &Path, outside: &Outside) -> io::Result<Vec<PathBuf>> {
    glob(folder, "**/*", outside)
}

#[derive(Clone, Debug)]
enum Part {
    Folders,
    Literal(String),
    Wildcard(Vec<Token>),
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "." => None,
            "**" => Some(Self::Folders),
            text if text.contains(['*', '?', '[']) => Some(Self::Wildcard(tokens(text))),
            text => Some(Self::Literal(text.to_owned())),
        }
    }
}

struct Search<'a> {
    only_folders: bool,
    outside: &'a Outside,
    found: BTreeSet<PathBuf>,
}

impl Search<'_> {
    fn go_on(&mut self, path: &Path, parts: &[Part]) -> io::Result<()> {
        if self.outside.is_unfit(path) {
            return Ok(());
        }
        let Some((part, rest)) = parts.split_first() else {
            self.found.insert(path.to_owned());
            return Ok(());
        };
        let folder = path;
        let needs_folder = self.only_folders || !rest.is_empty();
        match part {
            Part::Literal(name) => {
                let path = folder.join(name);
                if self.fits(&path, needs_folder) {
                    self.go_on(&path, rest)?;
                }
            }
            Part::Wildcard(tokens) => {
                for path in self.entries(folder)? {
                    let is_named = path.file_name().is_some_and(|name| matches(tokens, name));
                    if is_named && (!needs_folder || self.is_folder(&path)) {
                        self.go_on(&path, rest)?;
                    }
                }
            }
            Part::Folders => {
                self.go_on(folder, rest)?;
                for path in self.entries(folder)? {
                    if path.is_dir() && !path.is_symlink() {
                        self.go_on(&path, parts)?;
                    } else if !needs_folder {
                        self.go_on(&path, &[])?;
                    }
                }
            }
        }
        Ok(())
    }

    fn fits(&self, path: &Path, needs_folder: bool) -> bool {
        self.is_folder(path) || !needs_folder && path.exists() && !path.is_dir()
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir() && !self.outside.is_marked(path)
    }

    /// Lists a folder; one that is outside counts as empty. Nothing more is asked of the system to know that.
    fn entries(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(Vec::new()),
            entries => entries?,
        };
        let entries = entries.map(|entry| Ok(entry?.path()));
        let entries = entries.collect::<io::Result<Vec<_>>>()?;
        let is_outside = entries.iter().any(|path| self.outside.marks(path));
        Ok(if is_outside { Vec::new() } else { entries })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Character(char),
    AnyCharacter,
    AnyText,
    OneOf(Vec<(char, char)>),
    NoneOf(Vec<(char, char)>),
}

impl Token {
    fn accepts(&self, character: char) -> bool {
        let is_in = |ranges: &[(char, char)]| {
            let mut ranges = ranges.iter();
            ranges.any(|(low, high)| (*low..=*high).contains(&character))
        };
        match self {
            Self::Character(own) => *own == character,
            Self::AnyCharacter | Self::AnyText => true,
            Self::OneOf(ranges) => is_in(ranges),
            Self::NoneOf(ranges) => !is_in(ranges),
        }
    }
}

/// Reads one part of a pattern as Python's `fnmatch` does; a `[` that nothing closes stands for itself.
fn tokens(pattern: &str) -> Vec<Token> {
    let pattern: Vec<char> = pattern.chars().collect();
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut at = 0;
    while let Some(character) = pattern.get(at) {
        at += 1;
        let token = match character {
            '*' => Token::AnyText,
            '?' => Token::AnyCharacter,
            '[' => match closing_bracket(&pattern, at) {
                Some(end) => {
                    let set = &pattern[at..end];
                    at = end + 1;
                    character_set(set)
                }
                None => Token::Character('['),
            },
            character => Token::Character(*character),
        };
        if token != Token::AnyText || tokens.last() != Some(&Token::AnyText) {
            tokens.push(token);
        }
    }
    tokens
}

/// Finds the `]` that ends the set whose first character is at `start`; one that comes first (after `!`) belongs to the set.
fn closing_bracket(pattern: &[char], start: usize) -> Option<usize> {
    let first = start + usize::from(pattern.get(start) == Some(&'!'));
    let rest = pattern.get(first + 1..)?;
    let closing = rest.iter().position(|character| *character == ']')?;
    Some(first + 1 + closing)
}

fn character_set(set: &[char]) -> Token {
    let (is_negated, mut set) = match set {
        ['!', rest @ ..] => (true, rest),
        set => (false, set),
    };
    let mut ranges = Vec::new();
    loop {
        set = match set {
            [low, '-', high, rest @ ..] => {
                ranges.push((*low, *high));
                rest
            }
            [single, rest @ ..] => {
                ranges.push((*single, *single));
                rest
            }
            [] => break,
        };
    }
    if is_negated {
        Token::NoneOf(ranges)
    } else {
        Token::OneOf(ranges)
    }
}

/// Matches a whole name. On a mismatch only the last `*` takes one character more: earlier ones need not change, so this
/// takes at most pattern times name steps.
fn matches(tokens: &[Token], name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return tokens == [Token::AnyText];
    };
    let name: Vec<char> = name.chars().collect();
    let (mut token, mut character) = (0, 0);
    let mut last_star = None;
    while character < name.len() {
        match tokens.get(token) {
            Some(Token::AnyText) => {
                last_star = Some((token, character));
                token += 1;
            }
            Some(own) if own.accepts(name[character]) => {
                token += 1;
                character += 1;
            }
            _ => match &mut last_star {
                Some((star, n_taken)) => {
                    *n_taken += 1;
                    (token, character) = (*star + 1, *n_taken);
                }
                None => return false,
            },
        }
    }
    tokens[token..].iter().all(|token| *token == Token::AnyText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn name(pattern: &str, accepted: &[&str], refused: &[&str]) {
        let tokens = tokens(pattern);
        for name in accepted {
            assert!(matches(&tokens, OsStr::new(name)), "{pattern} {name}");
        }
        for name in refused {
            assert!(!matches(&tokens, OsStr::new(name)), "{pattern} {name}");
        }
    }

    #[track_caller]
    fn finds(files: &[&str], pattern: &str, expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = glob(folder.path(), pattern, &Outside::default()).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(found, expected, "{pattern}");
    }

    #[test]
    fn names_match_as_in_fnmatch() {
        name("*", &["a", ".hidden", ""], &[]);
        name("*.py", &["a.py", ".py", "a.py.py"], &["a.pyc", "a.PY"]);
        name("LICEN[SC]E*", &["LICENSE", "LICENCE.txt"], &["LICENXE"]);
        name("a*b*c", &["abc", "a1b2b3c"], &["ab", "acb"]);
        name("[!a-c]", &["d", "!"], &["a", "b", ""]);
        name("[]-]", &["]", "-"], &["a"]);
        name("[!]]", &["a"], &["]"]);
        name("[c-a]", &[], &["a", "b", "c", "-"]);
        name("a[", &["a["], &["a"]);
        name("[a", &["[a"], &["a"]);
        name("?", &["é"], &["", "ab"]);
    }

    #[test]
    fn patterns_find_files_and_folders() {
        let files = ["a/x.py", "a/b/y.py", "a/b/c/.z", "d.py"];
        finds(&files, "a", &["a"]);
        finds(&files, "a/", &["a"]);
        finds(&files, "./a//b/y.py", &["a/b/y.py"]);
        finds(&files, "d.py/", &[]);
        finds(&files, "*", &["a", "d.py"]);
        finds(&files, "*/", &["a"]);
        finds(&files, "**/*.py", &["a/b/y.py", "a/x.py", "d.py"]);
        finds(
            &files,
            "a/**/*",
            &["a/b", "a/b/c", "a/b/c/.z", "a/b/y.py", "a/x.py"],
        );
        finds(&files, "a/**/", &["a", "a/b", "a/b/c"]);
        finds(&files, "a/b/**", &["a/b", "a/b/c", "a/b/c/.z", "a/b/y.py"]);
        finds(&files, "a/../d.py", &["a/../d.py"]);
        finds(&files, "*/b", &["a/b"]);
        finds(&files, "nothing", &[]);
    }

    #[test]
    fn patterns_that_reach_nowhere_are_refused() {
        for pattern in ["", ".", "/", "/etc"] {
            let found = glob(Path::new("/"), pattern, &Outside::default());
            assert!(found.is_err(), "{pattern}");
        }
    }
}
