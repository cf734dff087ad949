//! The TOML of a lock as a borrowed tree.
//!
//! Poetry writes locks of one regular form, up to a megabyte of it, and reading them is most of the time that an export
//! takes. So there are two readers. The quick one knows what occurs in locks (plain keys, one-line strings, booleans,
//! integers, arrays, inline tables, tables and arrays of tables in order) and gives up on whatever else it meets. The
//! `toml` crate then reads the text, and it alone judges what is wrong and where.
//!
//! The quick reader must never accept what the `toml` crate refuses, or read it otherwise; a property test holds it to that.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};

/// A value of a lock.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// A string.
    String(Cow<'a, str>),
    /// A boolean.
    Boolean(bool),
    /// An array; one of tables as well.
    Array(Vec<Value<'a>>),
    /// A table, in the order of the document.
    Table(Table<'a>),
    /// The files of a package as the quick reader gives them: tables of just `file` and `hash`, as Poetry writes them.
    Files(Vec<FileEntry<'a>>),
    /// A number or a time, which locks have no use for, as text.
    Other(Cow<'a, str>),
}

/// One of the files of a package.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FileEntry<'a> {
    pub(super) name: &'a str,
    pub(super) hash: &'a str,
}

impl<'a> Value<'a> {
    /// Returns the string that this is.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Boolean(_)
            | Self::Array(_)
            | Self::Table(_)
            | Self::Files(_)
            | Self::Other(_) => None,
        }
    }

    /// Returns the boolean that this is.
    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(flag) => Some(*flag),
            Self::String(_) | Self::Array(_) | Self::Table(_) | Self::Files(_) | Self::Other(_) => {
                None
            }
        }
    }

    /// Returns the array that this is.
    pub(super) fn as_array(&self) -> Option<&Vec<Value<'a>>> {
        match self {
            Self::Array(items) => Some(items),
            Self::String(_)
            | Self::Boolean(_)
            | Self::Table(_)
            | Self::Files(_)
            | Self::Other(_) => None,
        }
    }

    /// Returns the table that this is.
    pub(super) fn as_table(&self) -> Option<&Table<'a>> {
        match self {
            Self::Table(table) => Some(table),
            Self::String(_)
            | Self::Boolean(_)
            | Self::Array(_)
            | Self::Files(_)
            | Self::Other(_) => None,
        }
    }

    /// Returns the strings of an array; none when this is no array.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let items = self.as_array().into_iter().flatten();
        items.filter_map(Value::as_str)
    }
}

/// A table of a lock, in the order of the document.
#[derive(Clone, Debug, Default)]
pub(super) struct Table<'a> {
    entries: Vec<(Cow<'a, str>, Value<'a>)>,
    /// Whether a header made it, so that headers below may add to it.
    is_open: bool,
}

impl PartialEq for Table<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<'a> Table<'a> {
    /// Finds the value of `key`.
    pub(super) fn get(&self, key: &str) -> Option<&Value<'a>> {
        let entry = self.entries.iter().find(|(name, _)| name == key);
        entry.map(|(_, value)| value)
    }

    /// Returns keys and values in the order of the document.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        let entries = self.entries.iter();
        entries.map(|(name, value)| (name.as_ref(), value))
    }

    /// Finds or makes the table `key` for a header below it; the last one, where `key` is an array of tables.
    fn open_child(&mut self, key: &Cow<'a, str>) -> Option<&mut Self> {
        if self.entries.len() > MAX_HEADERS {
            return None;
        }
        let place = self.entries.iter().position(|(name, _)| name == key);
        let index = place.unwrap_or_else(|| {
            let table = Table {
                entries: Vec::new(),
                is_open: true,
            };
            self.entries.push((key.clone(), Value::Table(table)));
            self.entries.len() - 1
        });
        match &mut self.entries[index].1 {
            Value::Table(table) if table.is_open => Some(table),
            Value::Array(items) => match items.last_mut() {
                Some(Value::Table(table)) if table.is_open => Some(table),
                _ => None,
            },
            Value::Table(_)
            | Value::Files(_)
            | Value::String(_)
            | Value::Boolean(_)
            | Value::Other(_) => None,
        }
    }
}

/// How many tables side by side the quick reader takes; it searches them one by one.
const MAX_HEADERS: usize = 64;

/// How deep arrays and inline tables may lie in one another for the quick reader.
const MAX_DEPTH: usize = 8;

/// Reads `text`; the error is that of the `toml` crate.
pub(super) fn parse(text: &str) -> Result<Table<'_>, toml::de::Error> {
    if let Some(table) = parse_regular(text) {
        return Ok(table);
    }
    DeTable::parse(text).map(|table| from_table(table.into_inner()))
}

fn from_table(table: DeTable<'_>) -> Table<'_> {
    let entries = table
        .into_iter()
        .map(|(key, value)| (key.into_inner(), from_value(value.into_inner())));
    Table {
        entries: entries.collect(),
        is_open: false,
    }
}

fn from_value(value: DeValue<'_>) -> Value<'_> {
    match value {
        DeValue::String(text) => Value::String(text),
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| from_value(item.into_inner()))
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(from_table(table)),
        DeValue::Integer(number) => Value::Other(number.to_string().into()),
        DeValue::Float(number) => Value::Other(number.to_string().into()),
        DeValue::Datetime(time) => Value::Other(time.to_string().into()),
    }
}

/// Reads `text` if it has the regular form; `None` says nothing about whether it is TOML.
fn parse_regular(text: &str) -> Option<Table<'_>> {
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
    entries: Vec<(Cow<'a, str>, Value<'a>)>,
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
    text: &'a str,
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
    fn key(&mut self) -> Option<Cow<'a, str>> {
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

    fn entry(&mut self, depth: usize) -> Option<(Cow<'a, str>, Value<'a>)> {
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
    fn files(&mut self) -> Option<Vec<FileEntry<'a>>> {
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

    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn standard(text: &str) -> Option<Table<'_>> {
        let table = DeTable::parse(text).ok()?;
        Some(from_table(table.into_inner()))
    }

    /// Reads with the quick reader, and writes its lists of files as the other reader does.
    fn quick(text: &str) -> Option<Table<'_>> {
        let mut table = parse_regular(text)?;
        expand(&mut table);
        Some(table)
    }

    fn expand(table: &mut Table<'_>) {
        for (_, value) in &mut table.entries {
            expand_value(value);
        }
    }

    fn expand_value(value: &mut Value<'_>) {
        match value {
            Value::Files(files) => *value = Value::Array(files.iter().map(file).collect()),
            Value::Table(table) => expand(table),
            Value::Array(items) => items.iter_mut().for_each(expand_value),
            Value::String(_) | Value::Boolean(_) | Value::Other(_) => {}
        }
    }

    fn file<'a>(entry: &FileEntry<'a>) -> Value<'a> {
        let text = |key: &'static str, value: &'a str| (key.into(), Value::String(value.into()));
        Value::Table(Table {
            entries: vec![text("file", entry.name), text("hash", entry.hash)],
            is_open: false,
        })
    }

    #[track_caller]
    fn is_regular(text: &str) {
        let table = quick(text).expect("the quick reader gave up");
        assert_eq!(Some(table), standard(text));
    }

    #[track_caller]
    fn is_left_to_the_other_reader(text: &str) {
        assert_eq!(parse_regular(text), None, "{text}");
    }

    #[test]
    fn what_poetry_writes_is_regular() {
        is_regular(
            "# comment é\n\n[[package]]\nname = \"a\"\nfiles = [\n    {file = \"x\", hash = \"y\"},\n]\n",
        );
        is_regular(
            "[[package]]\n[package.dependencies]\n\"ruamel.yaml\" = {version = \"*\", optional = true}\n[[package]]\n[package.source]\n",
        );
        is_regular(
            "[[package]]\n[[package.dependencies.a]]\nversion = \"1\"\n[[package.dependencies.a]]\nversion = \"2\"\n",
        );
        is_regular("[extras]\r\na = [\"b\"]\r\n\r\n[metadata.files]\r\na = []\r\n");
        is_regular("a = \"x \\\"y\\\" \\\\ \\t\"\nb = false # c\nc = { }");
        is_regular("");
    }

    #[test]
    fn lists_of_files_are_read_at_once() {
        let files = "files = [\n    {file = \"é\", hash = \"y\"},\n]\n";
        let is_at_once = |text: &str| format!("{:?}", parse_regular(text)).contains("Files");
        assert!(is_at_once(&format!("[[package]]\n{files}")));
        assert!(is_at_once(&format!("[metadata.files]\n{files}")));
        for other in [
            "",
            "[package.dependencies]\n",
            "[package]\n",
            "[metadata]\n",
        ] {
            assert!(!is_at_once(&format!("{other}{files}")));
            is_regular(&format!("{other}{files}"));
        }
        for change in ["x\"y", "\\\"", "\u{7f}", "\t"] {
            let text = format!("[[package]]\n{}", files.replace('é', change));
            assert!(!is_at_once(&text), "{text}");
        }
    }

    #[test]
    fn recorded_locks_are_regular() {
        let projects = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects");
        for folder in std::fs::read_dir(projects).unwrap() {
            if let Ok(lock) = std::fs::read_to_string(folder.unwrap().path().join("poetry.lock")) {
                is_regular(&lock);
            }
        }
    }

    #[test]
    fn what_is_not_toml_is_left_to_the_other_reader() {
        for text in [
            "a = \"x\" b = \"y\"",
            "a = \"x\"\na = \"y\"",
            "a = {b = \"x\", b = \"y\"}",
            "[a]\n[a]\n",
            "[[a]]\n[a]\n",
            "a = [{}]\n[[a]]\n",
            "a = {}\n[a.b]\n",
            "a = [{}]\n[a.b]\n",
            "a = \"\u{1}\"",
            "# \u{7f}\n",
            "a = \"\\z\"",
            "a = \"x\ny\"",
            "a\r = true",
            "a = true\rb = true",
            "a = [true true]",
            "= true",
            "<<<<<<< HEAD\n",
        ] {
            assert_eq!(standard(text), None, "{text}");
            is_left_to_the_other_reader(text);
        }
    }

    #[test]
    fn unusual_toml_is_left_to_the_other_reader() {
        for text in [
            "a = 1",
            "a = 'x'",
            "a.b = true",
            "a = \"\"\"x\"\"\"",
            "a = \"\\u00e9\"",
            "[a.b]\n[a]\n",
            "a = 2024-01-01",
        ] {
            is_left_to_the_other_reader(text);
            assert_eq!(parse(text).ok(), standard(text));
        }
    }

    /// A text of pieces that occur in locks, in any order.
    fn lock_like() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "[[package]]\n",
            "[package.dependencies]\n",
            "[package.source]\n",
            "[[package.a]]\n",
            "[extras]\n",
            "[metadata]\n",
            "[metadata.files]\n",
            "name = \"a\"\n",
            "name = ",
            "\"b\"",
            "files = [",
            "[\n",
            "    {file = \"a\", hash = \"b\"},\n",
            "    {file = \"",
            "\", hash = \"",
            "\"},\n",
            "{file = \"a\", hash = \"b\"}",
            ",",
            "]",
            "\n",
            "a = true\n",
            "b = [\"x\", \"y\"]\n",
            "c = {d = \"e\"}\n",
            "{",
            "}",
            "[",
            " ",
            "\t",
            "\r\n",
            "\r",
            "# c\n",
            "#",
            "\"",
            "\\\"",
            "\\",
            "=",
            "\"q r\" = false\n",
            ".",
            "d",
            "é",
            "\u{7f}",
            "1",
            "'",
            "{}",
        ]);
        prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn the_quick_reader_reads_what_the_other_one_reads(text in lock_like()) {
            if let Some(table) = quick(&text) {
                prop_assert_eq!(Some(table), standard(&text));
            }
        }
    }
}
