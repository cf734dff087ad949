//! JSON with the bytes that Python's `json.dumps` writes: a space after `,` and `:`, and nothing but ASCII.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Renders `value`; its fields are in the order of the struct.
pub(super) fn render(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, PythonStyle))?;
    Ok(bytes)
}

struct PythonStyle;

impl Formatter for PythonStyle {
    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        if is_first {
            return Ok(());
        }
        writer.write_all(b", ")
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for character in fragment.chars() {
            if let Ok(byte) = u8::try_from(character)
                && byte.is_ascii()
            {
                writer.write_all(&[byte])?;
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Two<'a> {
        z: &'a str,
        a: Option<bool>,
    }

    #[test]
    fn bytes_are_those_of_python() {
        let two = Two {
            z: "a\"b\\c\n\u{1}\u{7f}\u{e9}\u{1f600}/",
            a: None,
        };
        let expected =
            "{\"z\": \"a\\\"b\\\\c\\n\\u0001\u{7f}\\u00e9\\ud83d\\ude00/\", \"a\": null}";
        let rendered = String::from_utf8(render(&two).unwrap()).unwrap();
        assert_eq!(rendered, expected);
    }
}
