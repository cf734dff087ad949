//! Bytecode: compiled by a real interpreter, kept, and placed again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lock2venv::bytecode::{Batch, Bytecode, CompileSettings, Compiled, Compiler};
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::plan::DistributionId;
use lock2venv::store::PrivateCache;

use crate::support::program::write_program;

const FACTS: &str = "import sys, importlib.util as u; print(sys.executable, sys.implementation.cache_tag, u.MAGIC_NUMBER.hex())";

/// What `py_compile` writes for the source at argv[1] when it lies at argv[2].
const REFERENCE: &str = "
import sys, py_compile
from importlib.util import source_hash
from importlib._bootstrap_external import _code_to_hash_pyc
data = open(sys.argv[1], 'rb').read()
code = compile(data, sys.argv[2], 'exec', dont_inherit=True, optimize=0)
sys.stdout.buffer.write(_code_to_hash_pyc(code, source_hash(data), False))
";

const SOURCES: &[(&str, &str)] = &[
    (
        "lib/a.py",
        "import os\n\ndef f(x=1):\n    return lambda: os.path.join('a', x)\n",
    ),
    (
        "lib/package/__init__.py",
        "class A:\n    name = __file__\n    def g(self): return [i for i in range(10)]\n",
    ),
    ("lib/package/empty.py", ""),
    ("lib/package/broken.py", "def f(:\n"),
    ("lib/package/python2.py", "print 'hello'\n"),
    ("lib/package/nul.py", "x = 1\0\n"),
];

fn python(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("python3")
        .args(["-I", "-S"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn settings(cache: Option<&Path>) -> CompileSettings {
    let facts = String::from_utf8(python(&["-c", FACTS])).unwrap();
    let [executable, cache_tag, magic] = facts.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{facts}");
    };
    CompileSettings {
        interpreter: executable.into(),
        magic_number: u32::from_str_radix(magic, 16).unwrap().to_be_bytes(),
        cache_tag: cache_tag.to_owned(),
        n_workers: 2,
        cache: cache.and_then(PrivateCache::at),
        date: 0,
    }
}

/// The digest of the wheel that the sources are of.
fn wheel() -> Digest {
    Digest::of(Algorithm::Sha256, b"a wheel")
}

/// Writes the sources to a fresh folder and compiles them as if it lay at `root`.
fn compiled(settings: CompileSettings, root: &str) -> (tempfile::TempDir, Vec<Compiled>) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in SOURCES {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let compiler = Compiler::start(settings);
    let packed = compiler.submit(Batch {
        owner: DistributionId::new(7),
        key: Some(wheel()),
        folder: folder.path().to_owned(),
        root: PathBuf::from(root),
        sources: SOURCES.iter().map(|(path, _)| (*path).to_owned()).collect(),
    });
    for piece in packed {
        compiler.write_packed(&piece).unwrap();
    }
    let compiled = compiler.finish().unwrap();
    (folder, compiled)
}

#[track_caller]
fn assert_as_python_writes(folder: &Path, compiled: &[Compiled], root: &str) {
    assert_eq!(compiled.len(), SOURCES.len());
    let mut n_written = 0;
    for Compiled {
        source, outcome, ..
    } in compiled
    {
        let is_broken = ["broken", "python2", "nul"]
            .iter()
            .any(|name| source.contains(name));
        let Ok(Bytecode { path: pyc, .. }) = outcome else {
            assert!(is_broken && outcome.is_err(), "{source}: {outcome:?}");
            continue;
        };
        let path = folder.join(source);
        let expected = python(&[
            "-c",
            REFERENCE,
            path.to_str().unwrap(),
            &format!("{root}/{source}"),
        ]);
        assert_eq!(
            fs::read(folder.join(pyc)).unwrap(),
            expected,
            "{source} at {root}"
        );
        n_written += 1;
    }
    assert_eq!(n_written, 3);
}

#[test]
fn bytecode_is_what_python_writes_at_the_final_place() {
    for root in [
        "/app/.venv",
        "/srv/a place with é",
        &format!("/long{}", "/x".repeat(150)),
    ] {
        let (folder, compiled) = compiled(settings(None), root);
        assert_as_python_writes(folder.path(), &compiled, root);
    }
}

#[test]
fn kept_bytecode_serves_another_place_without_an_interpreter() {
    let cache = tempfile::tempdir().unwrap();
    let (_first, before) = compiled(settings(Some(cache.path())), "/first");
    let mut without_interpreter = settings(Some(cache.path()));
    without_interpreter.interpreter = "/nonexistent/python".into();
    let (folder, after) = compiled(without_interpreter, "/second/place");
    let outcomes = |all: &[Compiled]| -> Vec<_> {
        all.iter()
            .map(|one| {
                (
                    one.source.clone(),
                    one.outcome.clone().map(|bytecode| bytecode.path),
                )
            })
            .collect()
    };
    assert_eq!(outcomes(&before), outcomes(&after));
    assert_as_python_writes(folder.path(), &after, "/second/place");
}

#[test]
fn a_damaged_pack_is_compiled_again() {
    let cache = tempfile::tempdir().unwrap();
    let (_first, _) = compiled(settings(Some(cache.path())), "/first");
    let mut folders = fs::read_dir(cache.path().join("v1/bytecode")).unwrap();
    let folder = folders.next().unwrap().unwrap().path();
    let pack = folder.join(format!("{}.pack", wheel().hex()));
    let mut bytes = fs::read(&pack).unwrap();
    bytes[40] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let (folder, after) = compiled(settings(Some(cache.path())), "/second");
    assert_as_python_writes(folder.path(), &after, "/second");
}

#[test]
fn what_is_there_already_is_replaced_and_not_written_to() {
    let (folder, before) = compiled(settings(None), "/app");
    let path = &before[0].outcome.as_ref().unwrap().path;
    let kept = folder.path().join("kept");
    fs::hard_link(folder.path().join(path), &kept).unwrap();
    let content = fs::read(&kept).unwrap();
    let compiler = Compiler::start(settings(None));
    let packed = compiler.submit(Batch {
        owner: DistributionId::new(7),
        key: None,
        folder: folder.path().to_owned(),
        root: "/elsewhere".into(),
        sources: vec![before[0].source.clone()],
    });
    assert!(packed.is_empty());
    compiler.finish().unwrap();
    assert_eq!(fs::read(&kept).unwrap(), content);
    assert_ne!(fs::read(folder.path().join(path)).unwrap(), content);
}

#[test]
fn an_interpreter_that_is_none_is_an_error() {
    let mut settings = settings(None);
    settings.interpreter = "/nonexistent/python".into();
    let folder = tempfile::tempdir().unwrap();
    let compiler = Compiler::start(settings);
    let packed = compiler.submit(Batch {
        owner: DistributionId::new(7),
        key: None,
        folder: folder.path().to_owned(),
        root: "/app".into(),
        sources: vec!["a.py".to_owned()],
    });
    assert!(packed.is_empty());
    let error = compiler.finish().unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not compile bytecode with `/nonexistent/python`"
    );
}

#[test]
fn a_source_that_ends_the_interpreter_costs_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let real = settings(None).interpreter;
    // An interpreter that falls over files named `kill`: the worker's own script reads them through `open`.
    let wrapper = folder.path().join("python");
    let script = format!(
        "#!/bin/sh\nfor last; do :; done\nexec '{}' -I -S -c \"import builtins, os\nreal = open\n\
         builtins.open = lambda path, mode: os._exit(9) if b'kill' in path else real(path, mode)\n$last\"\n",
        real.display()
    );
    write_program(&wrapper, script);
    let sources: Vec<_> = (0..100)
        .map(|n| {
            if n % 40 == 7 {
                format!("kill{n}.py")
            } else {
                format!("m{n}.py")
            }
        })
        .collect();
    for source in &sources {
        fs::write(folder.path().join(source), "x = 1\n").unwrap();
    }
    let mut settings = settings(None);
    settings.interpreter = wrapper;
    let compiler = Compiler::start(settings);
    let packed = compiler.submit(Batch {
        owner: DistributionId::new(7),
        key: None,
        folder: folder.path().to_owned(),
        root: "/app".into(),
        sources,
    });
    assert!(packed.is_empty());
    let compiled = compiler.finish().unwrap();
    let failed: Vec<_> = compiled
        .iter()
        .filter(|one| one.outcome.is_err())
        .map(|one| one.source.as_str())
        .collect();
    assert_eq!(failed, ["kill47.py", "kill7.py", "kill87.py"]);
    assert_eq!(compiled.len(), 100);
}
