//! What the output of a build says is missing on the machine.
//!
//! Compilers, linkers, shells and build programs have their own ways of saying so; [`recognize`] knows those of gcc, clang, ld, sh, bash, make,
//! setuptools, cargo, `CMake`, Meson and pkg-config, and a few words of single projects (`phrases`). tools.tsv says which package of
//! Debian and of Alpine brings what.

mod phrases;

/// One line for each tool: kind, name (a header folder ends with `/`), Debian's package, Alpine's package or nothing.
const TOOLS: &str = include_str!("tools.tsv");

/// Programs that say what they do not find after their own name and a colon.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "env", "make", "configure"];

const ABSENT: &str = ": No such file or directory";

/// A program, header or library that is missing on the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingTool {
    kind: ToolKind,
    name: String,
}

/// What kind of thing is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolKind {
    /// A program on `PATH`.
    Program,
    /// A file that C code includes.
    Header,
    /// A library as the linker or pkg-config knows it.
    Library,
}

impl MissingTool {
    fn new(kind: ToolKind, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
        }
    }

    fn program(name: &str) -> Self {
        Self::new(ToolKind::Program, name)
    }

    fn library(name: &str) -> Self {
        Self::new(ToolKind::Library, name)
    }

    /// Returns what kind of thing it is.
    pub fn kind(&self) -> ToolKind {
        self.kind
    }

    /// Returns its name, such as `gcc`, `libxml/xmlversion.h` or `pq`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the package of Debian and its derivatives that has it, if that is known.
    pub fn debian_package(&self) -> Option<&'static str> {
        self.package(2)
    }

    /// Returns the package of Alpine that has it, if that is known.
    pub fn alpine_package(&self) -> Option<&'static str> {
        self.package(3)
    }

    fn package(&self, column: usize) -> Option<&'static str> {
        let rows = TOOLS.lines().map(|line| line.split('\t'));
        let mut rows = rows.filter(|row| self.is_in(row.clone()));
        let package = rows.next()?.nth(column)?;
        (!package.is_empty()).then_some(package)
    }

    fn is_in(&self, mut row: std::str::Split<'_, char>) -> bool {
        let (Some(kind), Some(name)) = (row.next(), row.next()) else {
            return false;
        };
        kind == self.kind.name() && (name == self.name || is_folder_of(name, &self.name))
    }

    fn is_known(&self) -> bool {
        self.package(2).is_some()
    }
}

impl ToolKind {
    fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Header => "header",
            Self::Library => "library",
        }
    }
}

/// Recognizes what a line of output says is missing.
pub(super) fn recognize(line: &str) -> Option<MissingTool> {
    header(line)
        .or_else(|| linked(line))
        .or_else(|| started(line))
        .or_else(|| by_shell(line))
        .or_else(|| by_pkg_config(line))
        .or_else(|| phrases::recognize(line))
}

/// `a.c:1:10: fatal error: Python.h: No such file or directory`, `fatal error: 'Python.h' file not found`.
fn header(line: &str) -> Option<MissingTool> {
    let (_, rest) = line.split_once("fatal error: ")?;
    let name = match rest.split_once(ABSENT) {
        Some((name, _)) => name,
        None => rest.strip_prefix('\'')?.split_once("' file not found")?.0,
    };
    let is_header = !name.is_empty() && !name.contains(' ');
    is_header.then(|| MissingTool::new(ToolKind::Header, name))
}

/// `/usr/bin/ld: cannot find -lpq: No such file or directory`, `ld: library 'pq' not found`.
fn linked(line: &str) -> Option<MissingTool> {
    if let Some((_, rest)) = line.split_once("cannot find -l") {
        let name = rest.split([':', ' ']).next()?;
        return Some(MissingTool::library(name));
    }
    let (_, rest) = line.split_once("ld: library ")?;
    let name = rest.strip_prefix('\'')?.split_once("' not found")?.0;
    Some(MissingTool::library(name))
}

/// Programs that could not be started: `error: command 'gcc' failed: No such file or directory`, `unable to execute 'gcc': No such
/// file or directory`, `[Errno 2] No such file or directory: 'cmake'`, ``linker `cc` not found``.
fn started(line: &str) -> Option<MissingTool> {
    let command = between(line, "command '", "' failed: No such file or directory");
    let executed = || between(line, "unable to execute '", "': No such file or directory");
    let linker = || between(line, "linker `", "` not found");
    if let Some(name) = command.or_else(executed).or_else(linker) {
        return Some(MissingTool::program(base_name(name)));
    }
    // Any file may be missing: only what is known as a program counts.
    let opened = between(line, "No such file or directory: '", "'")?;
    let tool = MissingTool::program(base_name(opened));
    tool.is_known().then_some(tool)
}

/// `/bin/sh: 1: gcc: not found`, `bash: line 1: gcc: command not found`, `make: gcc: No such file or directory`.
fn by_shell(line: &str) -> Option<MissingTool> {
    let endings = [": command not found", ": not found", ABSENT];
    let said = endings
        .iter()
        .find_map(|ending| line.strip_suffix(ending))?;
    let (speaker, name) = said.rsplit_once(": ")?;
    let name = name.trim_matches(['\'', '`', '‘', '’', '"']);
    let is_program = !name.is_empty() && !name.contains([' ', '/']);
    let speaker = base_name(speaker.split([':', '[']).next()?);
    let is_shell = SHELLS.contains(&speaker.trim_start_matches('g'));
    let tool = MissingTool::program(name);
    // Files can be absent too.
    let is_certain = !line.ends_with(ABSENT) || tool.is_known();
    (is_program && is_certain && (is_shell || tool.is_known())).then_some(tool)
}

/// `No package 'libffi' found`, `Package libffi was not found in the pkg-config search path`, `Dependency "openblas" not found`.
fn by_pkg_config(line: &str) -> Option<MissingTool> {
    let single = between(line, "No package '", "' found");
    let searched = || {
        between(
            line,
            "Package ",
            " was not found in the pkg-config search path",
        )
    };
    let required = || {
        let name = between(
            line,
            "Package '",
            "', required by 'virtual:world', not found",
        )?;
        Some(name)
    };
    let meson = || between(line, "ERROR: Dependency \"", "\" not found");
    let name = single.or_else(searched).or_else(required).or_else(meson)?;
    let name = name.trim_matches('\'');
    (!name.contains(' ')).then(|| MissingTool::library(name))
}

fn between<'a>(line: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(before)?;
    let (text, _) = rest.split_once(after)?;
    (!text.is_empty()).then_some(text)
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_folder_of(folder: &str, name: &str) -> bool {
    folder.ends_with('/') && name.starts_with(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn misses(line: &str, kind: ToolKind, name: &str) {
        assert_eq!(
            recognize(line),
            Some(MissingTool::new(kind, name)),
            "{line}"
        );
    }

    #[track_caller]
    fn brings(kind: ToolKind, name: &str, debian: Option<&str>, alpine: Option<&str>) {
        let tool = MissingTool::new(kind, name);
        assert_eq!(
            (tool.debian_package(), tool.alpine_package()),
            (debian, alpine)
        );
    }

    #[test]
    fn headers_are_recognized() {
        let header = |line, name| misses(line, ToolKind::Header, name);
        header(
            "src/a.c:12:10: fatal error: Python.h: No such file or directory",
            "Python.h",
        );
        header(
            "a.c:1:10: fatal error: 'libxml/xmlversion.h' file not found",
            "libxml/xmlversion.h",
        );
        header(
            "      _openssl.c:575:10: fatal error: openssl/opensslv.h: No such file or directory",
            "openssl/opensslv.h",
        );
        header(
            "The headers or library files could not be found for zlib,",
            "zlib.h",
        );
        header(
            "Could not find directory of OpenSSL installation, and this `-sys` crate cannot",
            "openssl/ssl.h",
        );
    }

    #[test]
    fn programs_are_recognized() {
        for (line, name) in [
            (
                "error: command 'gcc' failed: No such file or directory",
                "gcc",
            ),
            (
                "error: command '/usr/bin/x86_64-linux-gnu-gcc' failed: No such file or directory",
                "x86_64-linux-gnu-gcc",
            ),
            (
                "unable to execute 'swig': No such file or directory",
                "swig",
            ),
            (
                "FileNotFoundError: [Errno 2] No such file or directory: 'cmake'",
                "cmake",
            ),
            ("/bin/sh: 1: mysql_config: not found", "mysql_config"),
            ("sh: pg_config: not found", "pg_config"),
            ("bash: line 3: cargo: command not found", "cargo"),
            ("make[1]: gfortran: No such file or directory", "gfortran"),
            ("env: ‘ninja’: No such file or directory", "ninja"),
            ("error: linker `cc` not found", "cc"),
            ("error: can't find Rust compiler", "rustc"),
            (
                "Cargo, the Rust package manager, is not installed or is not on PATH.",
                "cargo",
            ),
            ("Error: pg_config executable not found.", "pg_config"),
            (
                "RuntimeError: CMake must be installed to build the following extensions: _x",
                "cmake",
            ),
            (
                "../meson.build:1:0: ERROR: Unknown compiler(s): [['cc'], ['gcc'], ['clang']]",
                "cc",
            ),
            (
                "configure: error: no acceptable C compiler found in $PATH",
                "cc",
            ),
        ] {
            misses(line, ToolKind::Program, name);
        }
    }

    #[test]
    fn libraries_are_recognized() {
        for (line, name) in [
            (
                "/usr/bin/ld: cannot find -lpq: No such file or directory",
                "pq",
            ),
            ("/usr/bin/ld: cannot find -lssl", "ssl"),
            ("ld: library 'xml2' not found", "xml2"),
            ("No package 'libffi' found", "libffi"),
            (
                "Package libffi was not found in the pkg-config search path.",
                "libffi",
            ),
            (
                "../scipy/meson.build:1:0: ERROR: Dependency \"openblas\" not found, tried pkgconfig",
                "openblas",
            ),
        ] {
            misses(line, ToolKind::Library, name);
        }
    }

    #[test]
    fn ordinary_lines_say_nothing() {
        for line in [
            "",
            "copying src/a.py -> build/lib",
            "warning: no files found matching '*.h'",
            "FileNotFoundError: [Errno 2] No such file or directory: 'README.md'",
            "cat: README.md: No such file or directory",
            "error: module not found",
            "checking for gcc... gcc",
        ] {
            assert_eq!(recognize(line), None, "{line}");
        }
    }

    #[test]
    fn packages_are_known_by_name_and_by_folder() {
        brings(
            ToolKind::Program,
            "gcc",
            Some("build-essential"),
            Some("build-base"),
        );
        brings(
            ToolKind::Header,
            "openssl/ssl.h",
            Some("libssl-dev"),
            Some("openssl-dev"),
        );
        brings(
            ToolKind::Header,
            "Python.h",
            Some("python3-dev"),
            Some("python3-dev"),
        );
        brings(
            ToolKind::Library,
            "pq",
            Some("libpq-dev"),
            Some("postgresql-dev"),
        );
        brings(ToolKind::Header, "gcc", None, None);
        brings(
            ToolKind::Header,
            "systemd/sd-daemon.h",
            Some("libsystemd-dev"),
            None,
        );
    }

    #[test]
    fn the_table_is_sorted_and_whole() {
        let mut earlier: Option<(usize, &str)> = None;
        for line in TOOLS.lines() {
            let row: Vec<&str> = line.split('\t').collect();
            assert_eq!(row.len(), 4, "{line}");
            let kinds = ["program", "header", "library"];
            let kind = kinds.iter().position(|kind| *kind == row[0]).unwrap();
            assert!(earlier < Some((kind, row[1])), "{line}");
            assert!(!row[2].is_empty(), "{line}");
            earlier = Some((kind, row[1]));
        }
    }
}
