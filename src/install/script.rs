//! Scripts that find the interpreter beside themselves, wherever the environment is moved.
//!
//! The text is a shell script and a Python script at once: `/bin/sh` executes its second statement, which starts the
//! `python` that lies in the folder of the script (links to the script are followed), and Python takes the same lines for
//! a string. So neither the length of the path nor spaces in it matter, as they do to a `#!` line.
//!
//! The string must not get into the way of the docstring and of `from __future__` in a script that a wheel brings: it
//! becomes the beginning of the docstring when there is one, and the docstring when there is none.

use crate::wheel::EntryPoint;

/// What `#!python` scripts begin with ([binary distribution format]); `#!pythonw` as well.
///
/// [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/#recommended-installer-features
const PLACEHOLDER: &[u8] = b"#!python";

/// Renders the script of `entry_point`.
pub(super) fn render_entry_point(entry_point: &EntryPoint, python_name: &str) -> Vec<u8> {
    let EntryPoint {
        module, attribute, ..
    } = entry_point;
    let import = attribute.split('.').next().unwrap_or_default();
    let launcher = launcher(python_name);
    format!(
        "#!/bin/sh\n{launcher}\n\
         import sys\n\
         from {module} import {import}\n\
         if __name__ == \"__main__\":\n    \
             if sys.argv[0].endswith(\".exe\"):\n        \
                 sys.argv[0] = sys.argv[0][:-4]\n    \
             sys.exit({attribute}())\n"
    )
    .into_bytes()
}

/// Rewrites a script of a wheel that begins with `#!python`; `None` for any other file.
pub(super) fn rewrite(script: &[u8], python_name: &str) -> Option<Vec<u8>> {
    if !script.starts_with(PLACEHOLDER) {
        return None;
    }
    let mut rest = after_line(script);
    let mut text = b"#!/bin/sh\n".to_vec();
    // Comments and empty lines mean nothing to either, and an encoding line has to stay the second.
    while let Some(line) = lead_line(rest) {
        text.extend_from_slice(line.trim_ascii_end());
        text.push(b'\n');
        rest = after_line(rest);
    }
    text.extend_from_slice(launcher(python_name).as_bytes());
    // Two strings side by side are one, so the docstring stays the first statement.
    text.extend_from_slice(if begins_with_string(rest) {
        b" \\\n"
    } else {
        b"\n"
    });
    text.extend_from_slice(rest);
    Some(text)
}

fn launcher(python_name: &str) -> String {
    format!(
        "'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'{python_name}' \"$0\" \"$@\"\n' '''"
    )
}

fn after_line(text: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', text).map_or(&[], |end| &text[end + 1..])
}

/// Returns the first line if it is a comment or empty, to the shell and to Python.
fn lead_line(text: &[u8]) -> Option<&[u8]> {
    if text.is_empty() {
        return None;
    }
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let line = text[..end].trim_ascii_end();
    let is_lead = line.is_empty() || line.trim_ascii_start().starts_with(b"#");
    let is_shell_blank = line.iter().all(|byte| !matches!(byte, b'\r' | 0x0c));
    (is_lead && is_shell_blank).then_some(line)
}

fn begins_with_string(text: &[u8]) -> bool {
    let n_prefix = text
        .iter()
        .take_while(|byte| matches!(byte, b'r' | b'R' | b'u' | b'U'))
        .count();
    n_prefix <= 1 && matches!(text.get(n_prefix), Some(b'"' | b'\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn rewrites(script: &str, expected: &str) {
        let text = rewrite(script.as_bytes(), "python").unwrap();
        let launcher = launcher("python");
        assert_eq!(
            String::from_utf8(text).unwrap(),
            expected.replace("LAUNCHER", &launcher)
        );
    }

    #[test]
    fn only_scripts_with_the_placeholder_are_rewritten() {
        assert_eq!(rewrite(b"#!/bin/sh\necho\n", "python"), None);
        assert_eq!(rewrite(b"#!/usr/bin/env python\n", "python"), None);
        assert_eq!(rewrite(b"\x7fELF", "python"), None);
        assert_eq!(rewrite(b"", "python"), None);
    }

    #[test]
    fn the_launcher_comes_after_leading_comments() {
        rewrites("#!python\nx = 1\n", "#!/bin/sh\nLAUNCHER\nx = 1\n");
        rewrites("#!pythonw\r\nx\r\n", "#!/bin/sh\nLAUNCHER\nx\r\n");
        rewrites(
            "#!python\n# coding: latin-1\n\n  # more\nfrom __future__ import annotations\n",
            "#!/bin/sh\n# coding: latin-1\n\n  # more\nLAUNCHER\nfrom __future__ import annotations\n",
        );
        rewrites("#!python", "#!/bin/sh\nLAUNCHER\n");
        rewrites("#!python\n# end", "#!/bin/sh\n# end\nLAUNCHER\n");
    }

    #[test]
    fn a_docstring_stays_the_first_statement() {
        rewrites(
            "#!python\n\"\"\"Doc\"\"\"\nfrom __future__ import annotations\n",
            "#!/bin/sh\nLAUNCHER \\\n\"\"\"Doc\"\"\"\nfrom __future__ import annotations\n",
        );
        rewrites("#!python\nr'doc'\n", "#!/bin/sh\nLAUNCHER \\\nr'doc'\n");
        rewrites("#!python\nrun()\n", "#!/bin/sh\nLAUNCHER\nrun()\n");
    }
}
