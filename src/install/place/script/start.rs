//! The beginning of a script: what makes the environment's own Python run the rest.

use std::path::Path;

/// What Linux before 5.1 and gVisor read of a `#!` line.
const MOST_BYTES: usize = 127;

/// Returns the `#!` line that starts `interpreter` with `flags`, if there are any; `None` when no such line can.
///
/// It is split at spaces by some systems, cut off by others, and decoded with the script's encoding by Python.
pub(super) fn first_line(interpreter: &Path, flags: &str) -> Option<String> {
    let path = interpreter.to_str()?;
    let is_word = path.bytes().all(|byte| byte.is_ascii_graphic());
    let line = format!("#!{path} {flags}");
    let line = line.trim_end().to_owned();
    (is_word && line.len() <= MOST_BYTES).then_some(line)
}

/// Returns the start as lines of Python, which leave `sys` imported.
///
/// With `-I` the first Python ignores the user's `PYTHON…` variables, and with `-S` it starts sooner. The start runs only
/// where both are set, so `python bin/script`, a profiler, or a child that imports the script skips it. In the C locale
/// the first Python has changed `LC_CTYPE` ([PEP 538]), which the second would take for the user's choice.
///
/// [PEP 538]: https://peps.python.org/pep-0538/
pub(super) fn statements(python_name: &str) -> String {
    format!(
        r#"import sys
if sys.flags.isolated and sys.flags.no_site:  # as the first line starts it: become the Python of this environment
    import os
    script = sys.argv[0]
    while os.path.islink(script):
        script = os.path.join(os.path.dirname(script), os.readlink(script))
    python = os.path.join(os.path.dirname(script) or os.curdir, "{python_name}")
    coerced = getattr(sys.flags, "utf8_mode", 0) and os.environ.get("LC_CTYPE") in ("C.UTF-8", "UTF-8")
    if coerced and not os.environ.get("LC_ALL"):
        os.environ["LC_CTYPE"] = "C"
    os.execv(python, [python] + sys.argv)
"#
    )
}

/// Returns the start as one line of Python, without its end, which leaves no names behind.
pub(super) fn statement(python_name: &str) -> String {
    let text = statements(python_name);
    format!("exec('{}', {{}})", text.trim_end().replace('\n', "\\n"))
}

/// Returns the start as a shell script that is a string to Python, with its `#!` line, without the last line's end.
///
/// Another program (`readlink`) runs only when the script is called through a link, and it is looked for in the system's
/// own folders, whatever `PATH` is. A limit of this form: dash drops variables whose names a shell cannot use (`app.name`).
pub(super) fn shell(python_name: &str) -> String {
    format!(
        r#"#!/bin/sh
'''exec' "$(p=$0; case $p in (*/*) ;; (*) p=./$p ;; esac; while [ -h "$p" ]; do l=$(command -p readlink "$p") || exit; case $l in (/*) p=$l ;; (*) p=${{p%/*}}/$l ;; esac; done; command -p printf %s "${{p%/*}}")/{python_name}" "$0" "$@"
' '''"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_named(path: &str, expected: bool) {
        assert_eq!(
            first_line(Path::new(path), "-IS").is_some(),
            expected,
            "{path}"
        );
    }

    #[test]
    fn a_path_that_a_first_line_cannot_name_is_left_to_the_shell() {
        is_named("/usr/local/bin/python3.12", true);
        is_named(&format!("/{}", "x".repeat(120)), true);
        is_named(&format!("/{}", "x".repeat(121)), false);
        is_named("/opt/my python/bin/python3", false);
        is_named("/opt/\u{e9}/bin/python3", false);
        is_named("/opt/a\tb/python3", false);
    }

    #[test]
    fn the_start_can_stand_in_quotes() {
        assert!(!statements("python").contains(['\'', '\\']));
        assert_eq!(statement("python").lines().count(), 1);
    }
}
