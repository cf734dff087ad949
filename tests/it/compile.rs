//! `--compile`: the bytecode of an environment is the same in every run, and true of the sources that are there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lock2venv::bytecode::{Batch, CompileSettings, Compiled, Compiler, Error};
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::plan::DistributionId;
use lock2venv::store::PrivateCache;

use crate::support::locked_wheels::{LockedWheels, python, snapshot};
use crate::support::program::write_program;
use crate::support::wheel_builder::WheelBuilder;

/// Eight wheels of one namespace. All have its `__init__.py` with the same bytes; some share a module that differs.
fn namespace() -> Vec<WheelBuilder> {
    let wheel = |number: usize| {
        let mut wheel = WheelBuilder::new(&format!("acme-{number}"), "1.0")
            .file(
                "acme/__init__.py",
                "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
            )
            .file("acme/sub/__init__.py", "")
            .file(
                &format!("acme/part_{number}.py"),
                format!("NUMBER = {number}\n"),
            );
        if number.is_multiple_of(2) {
            wheel = wheel.file("acme/shared.py", format!("WHOSE = {number}\n"));
        }
        if number == 3 {
            // The last in order has a source that does not compile.
            wheel = wheel.file("acme/odd.py", "x = 1\n");
        }
        if number == 5 {
            wheel = wheel.file("acme/odd.py", "x = (\n");
        }
        wheel
    };
    (0..8).map(wheel).collect()
}

/// The bytecode of `source`, wherever it is from, must be that of the source beside it (PEP 552 keeps its hash).
const CHECK: &str = "
import importlib.util, pathlib, sys
root = pathlib.Path(sys.argv[1])
compiled = sorted(root.rglob('acme/**/*.pyc'))
for path in compiled:
    source = path.parent.parent / (path.name.split('.')[0] + '.py')
    data = path.read_bytes()
    assert data[4:8] == b'\\x01\\0\\0\\0' and data[8:16] == importlib.util.source_hash(source.read_bytes()), path
print(len(compiled))
";

#[track_caller]
fn assert_true_of_sources(venv: &Path) -> usize {
    let venv = venv.to_str().unwrap();
    let output = Command::new(python()).args(["-c", CHECK, venv]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

/// What an environment is when one thread installs it and nothing is kept.
fn reference(project: &LockedWheels) -> BTreeMap<String, (Vec<u8>, bool)> {
    let arguments = ["--compile", "--jobs", "1", "--no-cache"];
    project.install_again(&arguments).succeeded();
    snapshot(&project.venv())
}

#[test]
fn wheels_that_share_sources_are_compiled_alike_in_every_run() {
    let project = LockedWheels::new(&namespace());
    let expected = reference(&project);
    assert_eq!(assert_true_of_sources(&project.venv()), 8 + 2 + 1);
    let ways: [&[&str]; 5] = [
        &["--jobs", "8", "--no-cache"],
        &["--jobs", "8"],
        &["--jobs", "1"],
        &["--jobs", "8", "--link-mode", "copy"],
        &["--jobs", "3", "--offline"],
    ];
    for number in 0..20 {
        let arguments = [&["--compile"], ways[number % ways.len()]].concat();
        let output = project.install_again(&arguments).succeeded();
        assert_eq!(snapshot(&project.venv()), expected, "{arguments:?}");
        let warning = "acme/odd.py` of `acme-5 1.0` was not compiled: SyntaxError";
        assert!(output.stderr.contains(warning), "{}", output.stderr);
    }
}

#[test]
fn names_limit_bytecode_to_their_distributions_in_every_run() {
    let project = LockedWheels::new(&namespace());
    // `acme-2` shares files with others: with the same bytes, whose last holder is `acme-7`, and with other bytes, which
    // stay with `acme-6`.
    let compiled = |names: &str, arguments: &[&str]| {
        let compile = format!("--compile={names}");
        let arguments = [&[compile.as_str()], arguments].concat();
        project.install_again(&arguments).succeeded();
        assert_true_of_sources(&project.venv());
        snapshot(&project.venv())
    };
    for (names, expected) in [
        ("acme-2", &["part_2"][..]),
        ("Acme.2,acme_6", &["part_2", "part_6", "shared"]),
        ("acme-7", &["__init__", "__init__", "part_7"]),
        (
            "acme-0,acme-7",
            &["__init__", "__init__", "part_0", "part_7"],
        ),
        ("0", &[]),
    ] {
        let first = compiled(names, &["--jobs", "1", "--no-cache"]);
        let paths = first.keys().filter(|path| {
            path.contains("/acme/__pycache__/") || path.contains("/acme/sub/__pycache__/")
        });
        let name = |path: &String| Some(path.rsplit('/').next()?.split('.').next()?.to_owned());
        let mut found: Vec<String> = paths.filter_map(name).collect();
        found.sort();
        assert_eq!(found, expected, "{names}");
        for jobs in ["8", "3", "8", "8"] {
            assert_eq!(compiled(names, &["--jobs", jobs]), first, "{names}");
        }
    }
}

#[test]
fn bytecode_that_a_wheel_brings_gives_way_to_what_is_compiled() {
    let tag = cache_tag();
    let shipped = format!("acme/__pycache__/part_1.{tag}.pyc");
    let mut wheels = namespace();
    for name in ["zeta", "alpha"] {
        wheels.push(WheelBuilder::new(name, "1.0").file(&shipped, name));
    }
    let project = LockedWheels::new(&wheels);
    let expected = reference(&project);
    assert_true_of_sources(&project.venv());
    for _ in 0..4 {
        project
            .install_again(&["--compile", "--jobs", "8"])
            .succeeded();
        assert_eq!(snapshot(&project.venv()), expected);
    }
}

fn cache_tag() -> String {
    let code = "import sys; print(sys.implementation.cache_tag)";
    let output = Command::new(python()).args(["-c", code]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

// Interpreters that fail.

/// A folder of sources, and interpreters that do not compile them as they should.
struct Failing {
    folder: tempfile::TempDir,
    sources: Vec<String>,
}

impl Failing {
    fn new(n: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources: Vec<String> = (0..n).map(|number| format!("m{number}.py")).collect();
        for source in &sources {
            fs::write(folder.path().join(source), "x = 1\n").unwrap();
        }
        Self { folder, sources }
    }

    /// Makes an interpreter that runs `code` before the worker's script.
    fn interpreter(&self, code: &str) -> PathBuf {
        let path = self.folder.path().join("python");
        let prelude = self.folder.path().join("prelude.py");
        fs::write(&prelude, code).unwrap();
        let script = format!(
            "#!/bin/sh\nfor last; do :; done\nexec '{}' -I -S -c \"exec(open('{}').read())\n$last\"\n",
            python(),
            prelude.display()
        );
        write_program(&path, script);
        path
    }

    fn settings(&self, interpreter: PathBuf) -> CompileSettings {
        CompileSettings {
            interpreter,
            n_workers: 2,
            cache: PrivateCache::at(&self.folder.path().join("cache")),
            ..settings_of(Path::new(python()))
        }
    }

    fn compile(&self, interpreter: PathBuf) -> Result<Vec<Compiled>, Error> {
        let compiler = Compiler::start(self.settings(interpreter));
        let packed = compiler.submit(Batch {
            owner: DistributionId::new(0),
            key: Some(wheel()),
            folder: self.folder.path().to_owned(),
            root: "/app".into(),
            sources: self.sources.clone(),
        });
        for piece in packed {
            compiler.write_packed(&piece)?;
        }
        compiler.finish()
    }

    /// Asserts that nothing stands in the way of the real interpreter, whatever was kept before.
    #[track_caller]
    fn assert_all_compile(&self) {
        let compiled = self.compile(python().into()).unwrap();
        let n_written = compiled.iter().filter(|one| one.outcome.is_ok()).count();
        assert_eq!(n_written, self.sources.len(), "{compiled:?}");
    }
}

/// Kills the interpreter with `signal` when it opens `m7.py`, the first `n_times` that this happens to any.
fn killer(folder: &Path, signal: &str, n_times: usize) -> String {
    let fuse = folder.join("fuse");
    fs::write(&fuse, "x".repeat(n_times)).unwrap();
    format!(
        "import builtins, os, signal\nreal = open\nfuse = '{}'\n\
         def fake(path, mode='r'):\n    \
             left = os.path.getsize(fuse)\n    \
             if left and isinstance(path, bytes) and path.endswith(b'm7.py'):\n        \
                 os.truncate(fuse, left - 1)\n        \
                 os.kill(os.getpid(), signal.{signal})\n    \
             return real(path, mode)\n\
         builtins.open = fake\n",
        fuse.display()
    )
}

#[test]
fn a_killed_interpreter_is_forgiven_once() {
    let failing = Failing::new(60);
    for n_times in [1, 2] {
        let code = killer(failing.folder.path(), "SIGKILL", n_times);
        let compiled = failing.compile(failing.interpreter(&code)).unwrap();
        assert!(compiled.iter().all(|one| one.outcome.is_ok()), "{n_times}");
    }
}

#[test]
fn interpreters_that_are_killed_again_and_again_are_an_error_and_nothing_is_kept() {
    let failing = Failing::new(60);
    let code = killer(failing.folder.path(), "SIGKILL", 1000);
    let error = failing.compile(failing.interpreter(&code)).unwrap_err();
    assert!(matches!(error, Error::Killed { .. }), "{error:?}");
    assert!(error.to_string().contains("`/app/m7.py`"), "{error}");
    failing.assert_all_compile();
}

#[test]
fn a_source_that_crashes_the_interpreter_is_told_and_not_kept() {
    let failing = Failing::new(60);
    let code = killer(failing.folder.path(), "SIGSEGV", 1000);
    let compiled = failing.compile(failing.interpreter(&code)).unwrap();
    let failed: Vec<_> = compiled.iter().filter(|one| one.outcome.is_err()).collect();
    assert_eq!((failed.len(), failed[0].source.as_str()), (1, "m7.py"));
    failing.assert_all_compile();
}

#[test]
fn an_interpreter_that_never_answers_is_an_error() {
    let failing = Failing::new(60);
    let error = failing.compile(failing.interpreter("import os; os._exit(3)"));
    assert!(matches!(error, Err(Error::Interpreter { .. })), "{error:?}");
    failing.assert_all_compile();
}

#[test]
fn an_interpreter_that_answers_nonsense_is_an_error() {
    let failing = Failing::new(60);
    for nonsense in [
        "b'hello, how are you'",
        "b'C' + (20).to_bytes(4, 'little') + bytes(20)",
        "b'L' + (1).to_bytes(4, 'little') + b'x'",
    ] {
        let code = format!("import os\nwhile True: os.write(1, {nonsense})\n");
        let error = failing.compile(failing.interpreter(&code));
        assert!(matches!(error, Err(Error::Interpreter { .. })), "{error:?}");
    }
    failing.assert_all_compile();
}

#[test]
fn sources_that_are_lost_are_an_error_and_nothing_is_kept() {
    let failing = Failing::new(60);
    fs::remove_file(failing.folder.path().join("m40.py")).unwrap();
    let error = failing.compile(python().into()).unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error:?}");
    fs::write(failing.folder.path().join("m40.py"), "x = 1\n").unwrap();
    failing.assert_all_compile();
}

#[test]
fn what_depends_on_more_than_the_source_is_not_kept() {
    let failing = Failing::new(3);
    for error in ["MemoryError", "RecursionError", "SystemError"] {
        let code = format!(
            "import builtins\nreal = compile\n\
             def fake(source, *rest, **more):\n    \
                 if b'x' in source: raise {error}('no')\n    \
                 return real(source, *rest, **more)\n\
             builtins.compile = fake\n"
        );
        let compiled = failing.compile(failing.interpreter(&code)).unwrap();
        assert!(compiled.iter().all(|one| one.outcome.is_err()), "{error}");
        failing.assert_all_compile();
        fs::remove_dir_all(failing.folder.path().join("cache")).unwrap();
    }
}

#[test]
fn a_pack_grows_by_what_it_lacks() {
    let mut failing = Failing::new(1);
    failing.assert_all_compile();
    failing.sources.push("m1.py".to_owned());
    fs::write(failing.folder.path().join("m1.py"), "y = 2\n").unwrap();
    failing.assert_all_compile();
    let from_pack = failing.compile("/nonexistent/python".into()).unwrap();
    assert!(from_pack.iter().all(|one| one.outcome.is_ok()));
}

#[test]
fn packs_of_before_are_not_believed() {
    let failing = Failing::new(3);
    failing.assert_all_compile();
    let mut folders = fs::read_dir(failing.folder.path().join("cache/v1/bytecode")).unwrap();
    let pack = folders
        .next()
        .unwrap()
        .unwrap()
        .path()
        .join(format!("{}.pack", wheel().hex()));
    let mut bytes = fs::read(&pack).unwrap();
    let number = bytes.len() - 2;
    assert_eq!(&bytes[number - 6..], b"l2vpyc2\n");
    bytes[number] = b'1';
    fs::write(&pack, &bytes).unwrap();
    let none = failing.compile("/nonexistent/python".into());
    assert!(none.is_err(), "an old pack was used");
}

// What bytes depend on.

/// Sources that change what an interpreter that compiled them writes next, and sources that show it.
const HISTORY: &[&str] = &[
    "a = '\u{e9}'\nb = '{', '}', ','\n",
    "def \u{e9}(): pass\n",
    "from __future__ import annotations\ndef f(x: f'{y}'): pass\n",
    "c = 'normalize', 'NFKC', 'decimal'\ndef normalize(): pass\n",
    "\u{3bb} = lookup = 1\n",
    "d = {1, 'a', None, 'lambda', 'b', (1, 2)}\nif x in {'a', 'b', 'c', 'dd', None, 3}: pass\n",
];

#[test]
fn bytecode_does_not_depend_on_what_was_compiled_before() {
    for python in pythons() {
        let mut seen: Option<BTreeMap<String, Vec<u8>>> = None;
        for turn in 0..HISTORY.len() {
            let found = compiled_in_turn(&python, turn);
            let expected = seen.get_or_insert_with(|| found.clone());
            assert_eq!(*expected, found, "{} in turn {turn}", python.display());
        }
    }
}

/// Compiles [`HISTORY`] with one interpreter, beginning with number `turn`.
fn compiled_in_turn(python: &Path, turn: usize) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = Vec::new();
    for (number, text) in HISTORY.iter().enumerate() {
        let name = format!("m{number}.py");
        fs::write(folder.path().join(&name), text).unwrap();
        sources.push(name);
    }
    sources.rotate_left(turn);
    let compiler = Compiler::start(settings_of(python));
    let packed = compiler.submit(Batch {
        owner: DistributionId::new(0),
        key: None,
        folder: folder.path().to_owned(),
        root: "/app".into(),
        sources,
    });
    assert!(packed.is_empty());
    let read = |one: Compiled| {
        let bytecode = one.outcome.unwrap();
        (
            one.source,
            fs::read(folder.path().join(bytecode.path)).unwrap(),
        )
    };
    compiler.finish().unwrap().into_iter().map(read).collect()
}

fn settings_of(python: &Path) -> CompileSettings {
    let code = "import sys, importlib.util as u; print(sys.implementation.cache_tag, u.MAGIC_NUMBER.hex())";
    let output = Command::new(python).args(["-c", code]).output().unwrap();
    let facts = String::from_utf8(output.stdout).unwrap();
    let (cache_tag, magic) = facts.trim().split_once(' ').unwrap();
    CompileSettings {
        interpreter: python.to_owned(),
        magic_number: u32::from_str_radix(magic, 16).unwrap().to_be_bytes(),
        cache_tag: cache_tag.to_owned(),
        n_workers: 1,
        cache: None,
        date: 0,
    }
}

/// The digest of a wheel.
fn wheel() -> Digest {
    Digest::of(Algorithm::Sha256, b"a wheel")
}

/// The Python of the other tests, and one of each version that pyenv has.
fn pythons() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from(python())];
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let versions = home.join(".pyenv/versions");
    for minor in 9..=14 {
        let has_minor = |name: &str| name.starts_with(&format!("3.{minor}."));
        let names = fs::read_dir(&versions).into_iter().flatten().flatten();
        let mut names = names.map(|entry| entry.file_name().into_string().unwrap());
        if let Some(name) = names.find(|name| has_minor(name)) {
            found.push(versions.join(name).join("bin/python3"));
        }
    }
    found
}

/// Writes what `py_compile` makes of the source at `argv[1]` to `argv[2]`, as if the source were `argv[3]`.
const ALONE: &str = "
import pathlib, py_compile, sys
py_compile.compile(sys.argv[1], cfile=sys.argv[2], dfile=sys.argv[3], doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
";

#[test]
fn bytecode_is_what_python_writes_in_a_process_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for python in pythons() {
        let version = Command::new(&python)
            .args(["-c", "import sys; print(sys.version_info >= (3, 11))"])
            .output()
            .unwrap();
        // Before 3.11 the order of sets depends on the process.
        if version.stdout != b"True\n" {
            continue;
        }
        for (source, bytes) in compiled_in_turn(&python, 0) {
            let number: usize = source[1..source.len() - 3].parse().unwrap();
            let path = folder.path().join(&source);
            fs::write(&path, HISTORY[number]).unwrap();
            let output = folder.path().join("alone.pyc");
            let done = Command::new(&python)
                .args(["-c", ALONE])
                .args([&path, &output, &PathBuf::from(format!("/app/{source}"))])
                .status();
            assert!(done.unwrap().success());
            assert_eq!(fs::read(&output).unwrap(), bytes, "{source}");
        }
    }
}
