//! A `.pyc` whose recorded path is left open.
//!
//! The [marshal format] writes a string as a type byte (its high bit marks an object that later references name), a length
//! and the bytes. Nothing in the format counts bytes across objects, so a string may be exchanged for one of another
//! length. The token cannot occur by chance or by intent: it is drawn again for each run.
//!
//! [marshal format]: https://github.com/python/cpython/blob/main/Python/marshal.c

use std::fmt::Write as _;
use std::sync::Arc;

use crate::store::Slot;

const FLAG_REFERENCED: u8 = 0x80;

/// A `.pyc` and the places of its recorded path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// The file without the strings that hold the path.
    pub(super) bytes: Vec<u8>,
    /// Where in `bytes` the path belongs, ascending.
    pub(super) slots: Vec<Slot>,
}

/// A template wherever it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct TemplateRef<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) slots: &'a [Slot],
}

/// Draws a token: like a path, never interned by the interpreter before it compiles, and not to be guessed.
pub(super) fn random_token() -> Arc<str> {
    let mut token = String::from("/");
    for _ in 0..2 {
        // Writing to a string does not fail.
        let _ = write!(token, "{:016x}", fastrand::u64(..));
    }
    token.into()
}

impl Template {
    /// Takes the strings that equal `token` out of `pyc`; `None` when that has 4 GiB or more.
    pub(super) fn new(pyc: &[u8], token: &str) -> Option<Self> {
        let mut bytes = Vec::with_capacity(pyc.len());
        let mut slots = Vec::with_capacity(1);
        let mut copied = 0;
        for found in memchr::memmem::find_iter(pyc, token.as_bytes()) {
            // The token is ASCII and shorter than 256 bytes: one byte of length, after the type.
            let Some(start) = found.checked_sub(2) else {
                continue;
            };
            bytes.extend_from_slice(&pyc[copied..start]);
            slots.push(Slot {
                offset: u32::try_from(bytes.len()).ok()?,
                kind: pyc[start],
            });
            copied = found + token.len();
        }
        bytes.extend_from_slice(&pyc[copied..]);
        Some(Self { bytes, slots })
    }

    pub(super) fn view(&self) -> TemplateRef<'_> {
        TemplateRef {
            bytes: &self.bytes,
            slots: &self.slots,
        }
    }
}

/// Adds the `.pyc` that records `path` to `output`; `None` when the places are none of these bytes, or the path is too long for
/// the format.
pub(super) fn fill(template: TemplateRef<'_>, path: &str, output: &mut Vec<u8>) -> Option<()> {
    let mut copied = 0;
    for slot in template.slots {
        let offset = usize::try_from(slot.offset).ok()?;
        output.extend_from_slice(template.bytes.get(copied..offset)?);
        write_string(slot.kind, path, output)?;
        copied = offset;
    }
    output.extend_from_slice(template.bytes.get(copied..)?);
    Some(())
}

fn write_string(kind: u8, text: &str, output: &mut Vec<u8>) -> Option<()> {
    let is_interned = matches!(kind & !FLAG_REFERENCED, b'Z' | b'A' | b't');
    let short = u8::try_from(text.len()).ok();
    let new_kind = match (text.is_ascii(), short, is_interned) {
        (true, Some(_), true) => b'Z',
        (true, Some(_), false) => b'z',
        (true, None, true) => b'A',
        (true, None, false) => b'a',
        (false, _, true) => b't',
        (false, _, false) => b'u',
    };
    output.push(new_kind | kind & FLAG_REFERENCED);
    if let Some(length) = short.filter(|_| text.is_ascii()) {
        output.push(length);
    } else {
        let length = u32::try_from(text.len()).ok()?;
        output.extend_from_slice(&length.to_le_bytes());
    }
    output.extend_from_slice(text.as_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "/0123456789abcdef0123456789abcdef";

    fn marshalled(kind: u8) -> Vec<u8> {
        let mut bytes = b"header".to_vec();
        bytes.extend([kind, u8::try_from(TOKEN.len()).unwrap()]);
        bytes.extend(TOKEN.as_bytes());
        bytes.extend(b"rest");
        bytes
    }

    #[track_caller]
    fn filled(kind: u8, path: &str, expected: &[u8]) {
        let template = Template::new(&marshalled(kind), TOKEN).unwrap();
        let mut output = Vec::new();
        fill(template.view(), path, &mut output).unwrap();
        assert_eq!(output, [b"header", expected, b"rest"].concat());
    }

    #[test]
    fn the_path_takes_the_place_of_the_token() {
        filled(b'z', "/a", b"z\x02/a");
        filled(b'z' | 0x80, "/a", b"\xfa\x02/a");
        filled(b'Z' | 0x80, "/a", b"\xda\x02/a");
    }

    #[test]
    fn long_and_foreign_paths_take_other_types() {
        let long = "x".repeat(300);
        filled(
            b'z' | 0x80,
            &long,
            &[&b"\xe1\x2c\x01\0\0"[..], long.as_bytes()].concat(),
        );
        filled(
            b'Z',
            &long,
            &[&b"A\x2c\x01\0\0"[..], long.as_bytes()].concat(),
        );
        filled(b'z' | 0x80, "/é", b"\xf5\x03\0\0\0/\xc3\xa9");
        filled(b'Z' | 0x80, "/é", b"\xf4\x03\0\0\0/\xc3\xa9");
    }

    #[test]
    fn what_has_no_token_stays_as_it_is() {
        let template = Template::new(b"nothing", TOKEN).unwrap();
        assert_eq!(
            (template.bytes.as_slice(), template.slots.len()),
            (&b"nothing"[..], 0)
        );
    }
    #[test]
    fn places_that_are_none_of_the_bytes_are_refused() {
        let is_filled = |offsets: &[u32]| {
            let slots: Vec<Slot> = offsets.iter().map(|offset| slot(*offset)).collect();
            let template = TemplateRef {
                bytes: b"bytes",
                slots: &slots,
            };
            fill(template, "/a", &mut Vec::new()).is_some()
        };
        assert!(is_filled(&[0, 3, 3, 5]));
        assert!(!is_filled(&[6]));
        assert!(!is_filled(&[3, 2]));
    }

    fn slot(offset: u32) -> Slot {
        Slot { offset, kind: b'z' }
    }
}
