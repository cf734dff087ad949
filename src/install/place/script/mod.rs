//! Scripts that run with the Python beside themselves, wherever the environment is moved.
//!
//! The `#!` line names the interpreter that the environment is made of, by its absolute path: an environment depends on that
//! one anyway, and no shell and no `PATH` is needed. The first statement (`start`) replaces it (`exec`) by the environment's
//! own `python`, which is beside the script; links to the script are followed. So the environment's own path may be of any
//! length and hold spaces, the process keeps its number, and variables reach the script as they were. Where a `#!` line
//! cannot name the interpreter (spaces, length), the script starts with a shell instead.
//!
//! A `#!python` script of a wheel keeps its docstring, its `from __future__` imports, its encoding and, nearly always, its
//! line numbers: the start is put behind the first two (`statement`), into an empty line if there is one.
//!
//! ARCHITECTURE.md says which other ways were weighed.

mod start;
mod statement;

use std::path::Path;

use crate::wheel::EntryPoint;

/// What `#!python` scripts begin with ([binary distribution format]); `#!pythonw` as well.
///
/// [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/#recommended-installer-features
const PLACEHOLDER: &[u8] = b"#!python";

/// How scripts of one environment find its Python.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Launcher<'a> {
    /// The interpreter that the environment is made of, absolute.
    pub(crate) interpreter: &'a Path,
    /// The file name of the environment's own, in the folder of the scripts.
    pub(crate) python_name: &'a str,
    /// Whether the interpreter is the environment's own: a Python itself is filled, and scripts need not look for another.
    pub(crate) is_own: bool,
}

/// The folder of scripts of one environment.
#[derive(Clone, Debug)]
pub(crate) struct ScriptFolder<'a> {
    pub(crate) launcher: Launcher<'a>,
    /// Relative to the environment.
    pub(crate) folder: String,
}

impl ScriptFolder<'_> {
    /// Rewrites the script `path` of a wheel, relative to the environment, which may be in a folder of its own below this
    /// one; `None` for one that does not begin with `#!python`.
    pub(crate) fn rewrite(&self, path: &str, content: &[u8]) -> Option<Vec<u8>> {
        let below = path.strip_prefix(&self.folder).unwrap_or(path);
        let n_folders = below.trim_start_matches('/').matches('/').count();
        let python_name = format!("{}{}", "../".repeat(n_folders), self.launcher.python_name);
        let launcher = Launcher {
            python_name: &python_name,
            ..self.launcher
        };
        launcher.rewrite(content)
    }
}

impl Launcher<'_> {
    /// Renders the script of `entry_point`.
    pub(crate) fn render_entry_point(self, entry_point: &EntryPoint) -> Vec<u8> {
        let EntryPoint {
            module, attribute, ..
        } = entry_point;
        let import = attribute.split('.').next().unwrap_or_default();
        let start = match self.first_line("-IS") {
            Some(line) if self.is_own => format!("{line}\nimport sys\n"),
            Some(line) => format!("{line}\n{}", start::statements(self.python_name)),
            None => format!("{}\nimport sys\n", start::shell(self.python_name)),
        };
        format!(
            "{start}\
             from {module} import {import}\n\
             if __name__ == \"__main__\":\n    \
                 if sys.argv[0].endswith(\".exe\"):\n        \
                     sys.argv[0] = sys.argv[0][:-4]\n    \
                 sys.exit({attribute}())\n"
        )
        .into_bytes()
    }

    /// Rewrites a script of a wheel that begins with `#!python`; `None` for any other file.
    fn rewrite(self, script: &[u8]) -> Option<Vec<u8>> {
        let is_script = script.starts_with(PLACEHOLDER);
        let body = is_script.then(|| after_line(script))?;
        // The whole file is compiled twice, and what the compiler warns of is said once.
        let line = self.first_line("-ISWignore");
        Some(match line.filter(|_| self.is_own || is_text(body)) {
            Some(line) if self.is_own => [line.as_bytes(), b"\n", body].concat(),
            Some(line) => start_in_python(&line, &start::statement(self.python_name), body),
            None => start_in_shell(&start::shell(self.python_name), body),
        })
    }

    /// Returns the `#!` line that starts the interpreter, with `flags` where it only looks for another.
    fn first_line(self, flags: &str) -> Option<String> {
        let flags = if self.is_own { "" } else { flags };
        start::first_line(self.interpreter, flags)
    }
}

fn start_in_python(first_line: &str, start: &str, body: &[u8]) -> Vec<u8> {
    let gap = statement::gap(body);
    let (before, end, after) = if let Some(blank) = statement::blank_line(body, gap.clone()) {
        (&body[..blank.start], "", &body[blank.end..])
    } else {
        let (before, after) = body.split_at(gap.end);
        let end = if statement::is_compound(after) {
            "\n"
        } else {
            "; "
        };
        (before, end, after)
    };
    let is_cut = !before.is_empty() && !before.ends_with(b"\n");
    let cut = if is_cut { "\n" } else { "" };
    let parts = [first_line, "\n"].map(str::as_bytes);
    let start = [cut, start, end].map(str::as_bytes);
    [&parts.concat(), before, &start.concat(), after].concat()
}

/// Comments stay before the string that the shell executes, as an encoding has to be in the second line, and a docstring
/// becomes the end of it: two strings side by side are one.
fn start_in_shell(start: &str, body: &[u8]) -> Vec<u8> {
    let (first_line, string) = start.split_once('\n').unwrap_or((start, ""));
    let (comments, rest) = body.split_at(statement::n_bytes_of_shell_comments(body));
    let is_cut = !comments.is_empty() && !comments.ends_with(b"\n");
    let end = if statement::begins_with_string(rest) {
        " \\\n"
    } else {
        "\n"
    };
    let cut = if is_cut { "\n" } else { "" };
    let parts = [cut, string, end].map(str::as_bytes);
    [
        first_line.as_bytes(),
        b"\n",
        comments,
        &parts.concat(),
        rest,
    ]
    .concat()
}

/// Tells whether Python would compile it: an archive of modules may follow a `#!` line as well.
fn is_text(body: &[u8]) -> bool {
    memchr::memchr(0, body).is_none()
}

fn after_line(text: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', text).map_or(&[], |end| &text[end + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(script: &str, interpreter: &str) -> Option<String> {
        let launcher = Launcher {
            interpreter: Path::new(interpreter),
            python_name: "python",
            is_own: false,
        };
        let text = launcher.rewrite(script.as_bytes())?;
        let text = String::from_utf8(text).unwrap();
        let shell = start::shell("python");
        let (first, string) = shell.split_once('\n').unwrap();
        let text = text.replace(&start::statement("python"), "START");
        Some(text.replace(string, "STRING").replace(first, "#!sh"))
    }

    #[track_caller]
    fn rewrites(script: &str, expected: &str) {
        let text = rewritten(script, "/base/python3").unwrap();
        let rest = text.strip_prefix("#!/base/python3 -ISWignore\n").unwrap();
        assert_eq!(rest, expected);
    }

    #[track_caller]
    fn rewrites_for_a_shell(script: &str, expected: &str) {
        let text = rewritten(script, "/with space/python3").unwrap();
        assert_eq!(text, expected);
    }

    #[test]
    fn only_scripts_with_the_placeholder_are_rewritten() {
        for script in [
            "#!/bin/sh\necho\n",
            "#!/usr/bin/env python\n",
            "\u{7f}ELF",
            "",
        ] {
            assert_eq!(rewritten(script, "/base/python3"), None, "{script}");
        }
    }

    #[test]
    fn lines_keep_their_numbers_where_they_can() {
        rewrites("#!python\nimport x\n", "START; import x\n");
        rewrites("#!pythonw\r\nx\r\n", "START; x\r\n");
        rewrites("#!python\n\nif x:\n", "START\nif x:\n");
        rewrites(
            "#!python\r\n# a\r\n\r\nif x:\r\n",
            "# a\r\nSTART\r\nif x:\r\n",
        );
        rewrites(
            "#!python\n# coding: latin-1\nfrom x import y\n",
            "# coding: latin-1\nSTART; from x import y\n",
        );
        rewrites("#!python\nif x:\n", "START\nif x:\n");
        rewrites("#!python", "START\n");
        rewrites("#!python\n# end", "# end\nSTART\n");
    }

    #[test]
    fn what_has_to_come_first_does() {
        rewrites(
            "#!python\n\"\"\"Doc\"\"\"\n\nfrom __future__ import annotations\n\nimport x\n",
            "\"\"\"Doc\"\"\"\n\nfrom __future__ import annotations\nSTART\nimport x\n",
        );
        rewrites("#!python\nr'doc'\nrun()\n", "r'doc'\nSTART; run()\n");
    }

    #[test]
    fn a_shell_takes_the_part_of_a_first_line_that_cannot_be() {
        rewrites_for_a_shell("#!python\nrun()\n", "#!sh\nSTRING\nrun()\n");
        rewrites_for_a_shell(
            "#!python\n# a\n\n'doc'\n",
            "#!sh\n# a\n\nSTRING \\\n'doc'\n",
        );
        rewrites_for_a_shell("#!python\n# end", "#!sh\n# end\nSTRING\n");
        let archive = rewritten("#!python\nPK\0", "/base/python3").unwrap();
        assert_eq!(archive, "#!sh\nSTRING\nPK\0");
    }
}
