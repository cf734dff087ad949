//! The values of a lock.

use std::borrow::Cow;

/// A value of a lock.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::lock) enum Value<'a> {
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
pub(in crate::lock) struct FileEntry<'a> {
    pub(in crate::lock) name: &'a str,
    pub(in crate::lock) hash: &'a str,
}

impl<'a> Value<'a> {
    /// Returns the string that this is.
    pub(in crate::lock) fn as_str(&self) -> Option<&str> {
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
    pub(in crate::lock) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(flag) => Some(*flag),
            Self::String(_) | Self::Array(_) | Self::Table(_) | Self::Files(_) | Self::Other(_) => {
                None
            }
        }
    }

    /// Returns the array that this is.
    pub(in crate::lock) fn as_array(&self) -> Option<&Vec<Value<'a>>> {
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
    pub(in crate::lock) fn as_table(&self) -> Option<&Table<'a>> {
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
    pub(in crate::lock) fn texts(&self) -> impl Iterator<Item = &str> {
        let items = self.as_array().into_iter().flatten();
        items.filter_map(Value::as_str)
    }
}

/// A table of a lock, in the order of the document.
#[derive(Clone, Debug, Default)]
pub(in crate::lock) struct Table<'a> {
    pub(super) entries: Vec<(Cow<'a, str>, Value<'a>)>,
    /// Whether a header made it, so that headers below may add to it.
    pub(super) is_open: bool,
}

impl PartialEq for Table<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<'a> Table<'a> {
    /// Finds the value of `key`.
    pub(in crate::lock) fn get(&self, key: &str) -> Option<&Value<'a>> {
        let entry = self.entries.iter().find(|(name, _)| name == key);
        entry.map(|(_, value)| value)
    }

    /// Returns keys and values in the order of the document.
    pub(in crate::lock) fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        let entries = self.entries.iter();
        entries.map(|(name, value)| (name.as_ref(), value))
    }

    /// Finds or makes the table `key` for a header below it; the last one, where `key` is an array of tables.
    pub(super) fn open_child(&mut self, key: &Cow<'a, str>) -> Option<&mut Self> {
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
pub(super) const MAX_HEADERS: usize = 64;
