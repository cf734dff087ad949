//! A TOML document as Python's `tomllib` takes it, which is what Poetry reads with.
//!
//! The `toml` crate has the grammar and the places of faults. It refuses numbers that do not fit its types, though: Python reads
//! `1e400` as infinity and knows integers of any length. Where nobody reads such a number it must not stop a project.

use std::fmt;

use toml::de::{DeArray, DeTable, DeValue, Error};
use toml::{Table, Value};

/// A document, read. What it holds is not printed, for it may hold credentials.
#[derive(Clone, Default)]
pub struct TomlDocument {
    table: Table,
}

impl TomlDocument {
    /// Reads `text`. A float that is too large is infinite, and an integer that is too long a float.
    ///
    /// # Errors
    ///
    /// That of the `toml` crate, with its place.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let table = DeTable::parse(text)?;
        Ok(Self {
            table: table_of(table.into_inner()),
        })
    }

    /// Returns what the document holds.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Returns what the document holds, alone.
    pub fn into_table(self) -> Table {
        self.table
    }
}

impl fmt::Debug for TomlDocument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&String> = self.table.keys().collect();
        write!(formatter, "TomlDocument({keys:?})")
    }
}

fn table_of(table: DeTable<'_>) -> Table {
    let entries = table.into_iter();
    let entries = entries.map(|(key, value)| {
        let key = key.into_inner().into_owned();
        (key, value_of(value.into_inner()))
    });
    entries.collect()
}

fn array_of(array: DeArray<'_>) -> Vec<Value> {
    let items = array.into_iter();
    items.map(|item| value_of(item.into_inner())).collect()
}

fn value_of(value: DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(number) => integer(number.as_str(), number.radix()),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Datetime(time) => Value::Datetime(time),
        DeValue::Array(array) => Value::Array(array_of(array)),
        DeValue::Table(table) => Value::Table(table_of(table)),
    }
}

fn integer(digits: &str, radix: u32) -> Value {
    i64::from_str_radix(digits, radix).map_or_else(
        |_| Value::Float(long_integer(digits, radix)),
        Value::Integer,
    )
}

/// The value as near as a float comes to it.
fn long_integer(digits: &str, radix: u32) -> f64 {
    if radix == 10 {
        return digits.parse().unwrap_or(f64::NAN);
    }
    let digits = digits.chars().filter_map(|digit| digit.to_digit(radix));
    digits.fold(0.0, |sum, digit| {
        sum.mul_add(f64::from(radix), f64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn value(text: &str) -> Value {
        let document = TomlDocument::parse(&format!("x = {text}\n")).unwrap();
        document.table()["x"].clone()
    }

    #[test]
    fn numbers_may_be_of_any_size() {
        assert_eq!(value("1e400"), Value::Float(f64::INFINITY));
        assert_eq!(value("-1e400"), Value::Float(f64::NEG_INFINITY));
        assert_eq!(value("1_0.2_5e-1"), Value::Float(1.025));
        assert_eq!(value("0x7f"), Value::Integer(127));
        assert_eq!(value("-9223372036854775808"), Value::Integer(i64::MIN));
        assert_eq!(
            value("9_223_372_036_854_775_808"),
            Value::Float(2_f64.powi(63))
        );
        assert_eq!(
            value("0x1_0000_0000_0000_0000"),
            Value::Float(2_f64.powi(64))
        );
    }

    #[test]
    fn what_a_document_holds_is_not_printed() {
        let document = TomlDocument::parse("[tool]\npassword = \"hidden\"\n").unwrap();
        assert_eq!(format!("{document:?}"), "TomlDocument([\"tool\"])");
    }
}
