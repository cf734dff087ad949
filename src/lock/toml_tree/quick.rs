//! The quick reader, for the regular form that Poetry writes.

use std::borrow::Cow;

use super::value::{FileEntry, MAX_HEADERS, Table, Value};

/// How deep tables, arrays and inline tables may be nested for the quick reader. The `toml` crate has a limit, too.
const MAX_DEPTH: usize = 8;

/// Reads `text` if it has the regular form; `None` says nothing about whether it is TOML.
pub(super) fn parse_regular(text: &str) -> Option<Table<'_>> {
    let mut reader = Reader { text, at: 0 };
    let mut root = Table::default();
    let mut section = Section::default();
    reader.skip_blank()?;
    while let Some(byte) = reader.peek() {
        if byte == b'[' {
            section.close(&mut root)?;
            section = reader.header()?;
        } else {
            section.entries.push(reader.entry_of(&section)?);
        }
        reader.end_of_line()?;
        reader.skip_blank()?;
    }
    section.close(&mut root)?;
    Some(root)
}

/// A header and the lines below it.
#[derive(Default)]
struct Section<'a> {
    header: Vec<Cow<'a, str>>,
    is_array: bool,
    pub(super) entries: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Section<'a> {
    /// Tells whether the value of `key` is the list of files of a package.
    fn lists_files_as(&self, key: &str) -> bool {
        match self.header.as_slice() {
            [package] => self.is_array && package == "package" && key == "files",
            [metadata, files] => !self.is_array && metadata == "metadata" && files == "files",
            _ => false,
        }
    }

    /// Puts the section where its header says. What would define a thing twice is left to the other reader.
    fn close(self, root: &mut Table<'a>) -> Option<()> {
        has_distinct_keys(&self.entries).then_some(())?;
        let table = Table {
            entries: self.entries,
            is_open: true,
        };
        let Some((name, parents)) = self.header.split_last() else {
            *root = table;
            return Some(());
        };
        let mut parent = root;
        for key in parents {
            parent = parent.open_child(key)?;
        }
        if self.is_array {
            return append(parent, name.clone(), table);
        }
        if parent.entries.len() > MAX_HEADERS || parent.get(name).is_some() {
            return None;
        }
        parent.entries.push((name.clone(), Value::Table(table)));
        Some(())
    }
}

fn append<'a>(parent: &mut Table<'a>, name: Cow<'a, str>, table: Table<'a>) -> Option<()> {
    if parent.entries.len() > MAX_HEADERS {
        return None;
    }
    let Some((_, value)) = parent.entries.iter_mut().find(|(key, _)| *key == name) else {
        let value = Value::Array(vec![Value::Table(table)]);
        parent.entries.push((name, value));
        return Some(());
    };
    match value {
        Value::Array(items) => match items.last() {
            Some(Value::Table(last)) if last.is_open => {
                items.push(Value::Table(table));
                Some(())
            }
            _ => None,
        },
        Value::Table(_)
        | Value::Files(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::Other(_) => None,
    }
}

fn has_distinct_keys(entries: &[(Cow<'_, str>, Value<'_>)]) -> bool {
    if entries.len() <= 12 {
        let later = |index: usize| entries[index + 1..].iter();
        let mut keys = entries.iter().enumerate();
        return keys.all(|(index, (key, _))| later(index).all(|(other, _)| other != key));
    }
    let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_ref()).collect();
    keys.sort_unstable();
    keys.windows(2).all(|pair| pair[0] != pair[1])
}

/// Reads forward through a text. Every method gives up with `None`.
struct Reader<'a> {
    pub(super) text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Skips spaces, line ends and comments.
    fn skip_blank(&mut self) -> Option<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n') => self.at += 1,
                Some(b'\r') => {
                    self.at += 1;
                    (self.peek()? == b'\n').then_some(())?;
                }
                Some(b'#') => self.skip_comment()?,
                _ => return Some(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Option<()> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let comment = &rest[..length.unwrap_or(rest.len())];
        let is_plain = comment
            .iter()
            .all(|&byte| byte == b'\t' || !is_control(byte));
        is_plain.then(|| self.at += comment.len())
    }

    /// Takes what may stand behind a header or a value, up to the end of the line.
    fn end_of_line(&mut self) -> Option<()> {
        self.skip_spaces();
        matches!(self.peek(), None | Some(b'\n' | b'\r' | b'#')).then_some(())
    }

    fn header(&mut self) -> Option<Section<'a>> {
        self.take(b'[')?;
        let is_array = self.take(b'[').is_some();
        let mut header = vec![self.key()?];
        while self.take(b'.').is_some() {
            header.push(self.key()?);
            (header.len() <= MAX_DEPTH).then_some(())?;
        }
        self.take(b']')?;
        if is_array {
            self.take(b']')?;
        }
        Some(Section {
            header,
            is_array,
            entries: Vec::new(),
        })
    }

    /// Reads a bare or quoted key; dotted ones before `=` are not regular.
    pub(super) fn key(&mut self) -> Option<Cow<'a, str>> {
        if self.peek()? == b'"' {
            return self.basic_string();
        }
        let rest = &self.text.as_bytes()[self.at..];
        let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let length = rest.iter().position(|byte| !is_bare(byte))?;
        let key = &self.text[self.at..self.at + length];
        self.at += length;
        (length > 0).then_some(Cow::Borrowed(key))
    }

    /// Reads a line of `section`.
    fn entry_of(&mut self, section: &Section<'a>) -> Option<(Cow<'a, str>, Value<'a>)> {
        let key = self.name_of_entry()?;
        let files = section.lists_files_as(&key).then(|| self.files());
        let value = match files.flatten() {
            Some(files) => Value::Files(files),
            None => self.value(0)?,
        };
        Some((key, value))
    }

    pub(super) fn entry(&mut self, depth: usize) -> Option<(Cow<'a, str>, Value<'a>)> {
        Some((self.name_of_entry()?, self.value(depth)?))
    }

    /// Reads a key and the `=` behind it.
    fn name_of_entry(&mut self) -> Option<Cow<'a, str>> {
        let key = self.key()?;
        self.skip_spaces();
        self.take(b'=')?;
        self.skip_spaces();
        Some(key)
    }

    /// Reads a list of files if it is written exactly as Poetry writes it; takes nothing else.
    pub(super) fn files(&mut self) -> Option<Vec<FileEntry<'a>>> {
        let mut rest = self.text[self.at..].strip_prefix("[\n")?;
        let mut files = Vec::new();
        while let Some(line) = rest.strip_prefix("    {file = \"") {
            let (name, line) = split_at_quote(line)?;
            let (hash, line) = split_at_quote(line.strip_prefix(", hash = \"")?)?;
            rest = line.strip_prefix("},\n")?;
            files.push(FileEntry { name, hash });
        }
        let rest = rest.strip_prefix(']')?;
        self.at = self.text.len() - rest.len();
        Some(files)
    }

    pub(super) fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'"' => self.basic_string().map(Value::String),
            b'[' => self.array(depth).map(Value::Array),
            b'{' => self.inline_table(depth).map(Value::Table),
            b't' => self.word("true", Value::Boolean(true)),
            b'f' => self.word("false", Value::Boolean(false)),
            _ => None,
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    /// Reads a string of one line.
    fn basic_string(&mut self) -> Option<Cow<'a, str>> {
        self.take(b'"')?;
        let start = self.at;
        let mut decoded = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let length = memchr::memchr2(b'"', b'\\', rest)?;
            let part = &self.text[self.at..self.at + length];
            has_no_control(part).then_some(())?;
            let (special, next) = (rest[length], rest.get(length + 1).copied());
            let is_whole = self.at == start;
            self.at += length + 1;
            if special == b'"' && is_whole {
                // Three quotes begin a string of several lines.
                let is_multiline = length == 0 && next == Some(b'"');
                return (!is_multiline).then_some(Cow::Borrowed(part));
            }
            decoded.push_str(part);
            if special == b'"' {
                return Some(Cow::Owned(decoded));
            }
            decoded.push(escaped(next?)?);
            self.at += 1;
        }
    }

    fn array(&mut self, depth: usize) -> Option<Vec<Value<'a>>> {
        self.take(b'[')?;
        let mut items = Vec::new();
        loop {
            self.skip_blank()?;
            if self.take(b']').is_some() {
                return Some(items);
            }
            items.push(self.value(depth + 1)?);
            self.skip_blank()?;
            if self.take(b',').is_none() {
                self.take(b']')?;
                return Some(items);
            }
        }
    }

    fn inline_table(&mut self, depth: usize) -> Option<Table<'a>> {
        self.take(b'{')?;
        let mut entries = Vec::with_capacity(2);
        self.skip_spaces();
        if self.take(b'}').is_none() {
            loop {
                self.skip_spaces();
                entries.push(self.entry(depth + 1)?);
                self.skip_spaces();
                if self.take(b',').is_none() {
                    self.take(b'}')?;
                    break;
                }
            }
        }
        has_distinct_keys(&entries).then_some(Table {
            entries,
            is_open: false,
        })
    }
}

/// Splits at the quote that ends a string, if that has neither escapes nor what TOML keeps out of strings.
fn split_at_quote(text: &str) -> Option<(&str, &str)> {
    let length = memchr::memchr2(b'"', b'\\', text.as_bytes())?;
    let (value, rest) = text.split_at(length);
    let rest = rest.strip_prefix('"')?;
    has_no_control(value).then_some((value, rest))
}

/// Tells whether no byte of `text` is a control character. It looks at all of them, which is quicker than to stop early.
fn has_no_control(text: &str) -> bool {
    let bytes = text.bytes();
    !bytes.fold(false, |found, byte| found | is_control(byte))
}

/// Returns what stands for a backslash and `byte`; longer escapes are not regular.
fn escaped(byte: u8) -> Option<char> {
    match byte {
        b'"' => Some('"'),
        b'\\' => Some('\\'),
        b'n' => Some('\n'),
        b't' => Some('\t'),
        b'r' => Some('\r'),
        _ => None,
    }
}

/// Tells whether TOML keeps `byte` out of strings and comments; the tab is counted with them here.
fn is_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7f
}
