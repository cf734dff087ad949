//! Asking real interpreters, and what stands in for one.

use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lock2venv::digest::{Algorithm, Digest};
use lock2venv::interpreter::{Error, Interpreter, InterpreterRequest, Search};
use lock2venv::store::PrivateCache;
use lock2venv::version::VersionConstraint;

use crate::support::program::write_program;

/// The folder that tests of a whole `PATH` put programs into, and the interpreter that they start.
struct Bench {
    folder: tempfile::TempDir,
    python: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let python = python().base_executable;
        Self { folder, python }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        write_program(&path, text);
        path
    }

    fn shim(&self, name: &str) -> PathBuf {
        let python = self.python.display();
        self.script(name, &format!("#!/bin/sh\nexec '{python}' \"$@\"\n"))
    }

    fn find(&self, request: Option<&str>, folders: &[&str]) -> Result<Interpreter, Error> {
        let folders = folders.iter().map(|folder| self.path(folder));
        let path = std::env::join_paths(folders).unwrap();
        let request = request.map(InterpreterRequest::parse);
        let requires_python = VersionConstraint::parse(">=3.6").unwrap();
        let search = Search {
            request: request.as_ref(),
            virtual_env: None,
            path: Some(&path),
            managed: &[],
            requires_python: &requires_python,
            cache: None,
            shims: None,
        };
        search.find()
    }
}

/// The `python3` of the machine that runs the tests, asked once for all of them.
pub(crate) fn python() -> Interpreter {
    static PYTHON: OnceLock<Interpreter> = OnceLock::new();
    PYTHON.get_or_init(find_python).clone()
}

fn find_python() -> Interpreter {
    let requires_python = VersionConstraint::parse(">=3.6").unwrap();
    let path: Option<OsString> = std::env::var_os("PATH");
    let search = Search {
        request: None,
        virtual_env: None,
        path: path.as_deref(),
        managed: &[],
        requires_python: &requires_python,
        cache: None,
        shims: None,
    };
    search.find().unwrap()
}

#[test]
fn answer_agrees_with_what_python_says_when_not_isolated() {
    let interpreter = python();
    let script = "import sys, platform, importlib.util as u; print(platform.python_version(), sys.base_prefix, \
                  u.MAGIC_NUMBER.hex(), sys.implementation.cache_tag, platform.release(), sep='\\n')";
    let output = std::process::Command::new(&interpreter.base_executable)
        .args(["-c", script])
        .output()
        .unwrap();
    let magic = u32::from_be_bytes(interpreter.bytecode.magic_number);
    let magic = format!("{magic:08x}");
    let markers = &interpreter.target.marker_environment;
    let ours = [
        markers.python_full_version.trim_end_matches('+'),
        interpreter.base_prefix.to_str().unwrap(),
        &magic,
        interpreter.bytecode.cache_tag.as_deref().unwrap(),
        &markers.platform_release,
    ];
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().collect::<Vec<_>>(), ours);
}

#[test]
fn every_interpreter_of_the_machine_has_the_scheme_of_its_venv() {
    for name in ["/usr/bin/python3", "/usr/local/bin/python3"] {
        let path = Path::new(name);
        if !path.exists() {
            continue;
        }
        let interpreter = Interpreter::query(path).unwrap();
        let (major, minor, _) = interpreter.version;
        let expected = format!("lib/python{major}.{minor}/site-packages");
        assert_eq!(interpreter.layout.purelib, Path::new(&expected), "{name}");
        assert_eq!(interpreter.layout.scripts, Path::new("bin"), "{name}");
    }
}

#[test]
fn base_is_named_alike_by_whatever_name_it_was_found() {
    let base = python().base_executable;
    let (major, minor, _) = python().version;
    let bench = Bench::new();
    // As `/bin` is a link to `/usr/bin`.
    let linked = bench.path("linked");
    symlink(base.parent().unwrap(), &linked).unwrap();
    for folder in [base.parent().unwrap(), &linked] {
        for name in [
            &format!("python{major}.{minor}"),
            &format!("python{major}"),
            "python",
        ] {
            let path = folder.join(name);
            let is_one = fs_err::canonicalize(&path).ok() == fs_err::canonicalize(&base).ok();
            if is_one {
                let found = Interpreter::query(&path).unwrap();
                assert_eq!(found.base_executable, base, "{}", path.display());
            }
        }
    }
}

#[test]
fn shim_stands_for_what_it_starts() {
    let bench = Bench::new();
    let shim = bench.shim("shims/python3");
    let interpreter = Interpreter::query(&shim).unwrap();
    assert_eq!(interpreter.executable, bench.python);
    assert_eq!(interpreter.base_executable, bench.python);
}

#[test]
fn environment_leads_to_its_base() {
    let bench = Bench::new();
    let version = python().version;
    let home = bench.python.parent().unwrap();
    let configuration = format!("home = {}\n", home.display());
    for root in ["outer", "outer/inner"] {
        fs_err::create_dir_all(bench.path(root).join("bin")).unwrap();
        fs_err::write(bench.path(root).join("pyvenv.cfg"), &configuration).unwrap();
    }
    symlink(&bench.python, bench.path("outer/bin/python")).unwrap();
    symlink("python", bench.path("outer/bin/python3")).unwrap();
    symlink("../../bin/python3", bench.path("outer/inner/bin/python")).unwrap();
    let interpreter = Interpreter::query(&bench.path("outer/inner/bin/python")).unwrap();
    assert_eq!(interpreter.version, version);
    assert_eq!(interpreter.home(), home);
}

#[test]
fn link_from_outside_leads_to_the_installation() {
    let bench = Bench::new();
    fs_err::create_dir_all(bench.path("bin")).unwrap();
    symlink(&bench.python, bench.path("bin/python3")).unwrap();
    let interpreter = Interpreter::query(&bench.path("bin/python3")).unwrap();
    assert_eq!(interpreter.base_executable, bench.python);
}

#[track_caller]
fn refuses(bench: &Bench, text: &str, message: &str) {
    let path = bench.script("python3", text);
    let error = Interpreter::query(&path).unwrap_err();
    let shown = error.to_string().replace(path.to_str().unwrap(), "PATH");
    assert_eq!(shown, message);
}

#[test]
fn what_is_no_interpreter_is_named_with_its_own_words() {
    let bench = Bench::new();
    refuses(
        &bench,
        "#!/bin/sh\necho pyenv: python3: command not found >&2\nexit 127\n",
        "`PATH` failed as a Python interpreter (exit status: 127): pyenv: python3: command not found",
    );
    refuses(
        &bench,
        "#!/bin/sh\necho hello\n",
        "`PATH` did not answer like a Python interpreter",
    );
    refuses(
        &bench,
        "#!/bin/sh\nprintf '\\377\\376{'; echo oh no >&2\n",
        "`PATH` did not answer like a Python interpreter: oh no",
    );
    refuses(&bench, "#!/nowhere/python\n", "cannot run `PATH`");
}

#[test]
fn greeting_before_the_answer_does_no_harm() {
    let bench = Bench::new();
    let python = bench.python.display();
    let greeting = format!("#!/bin/sh\necho welcome\nexec '{python}' \"$@\"\n");
    let path = bench.script("python3", &greeting);
    assert_eq!(
        Interpreter::query(&path).unwrap().base_executable,
        bench.python
    );
}

#[test]
fn answer_is_kept_until_the_file_changes() {
    let bench = Bench::new();
    let cache = PrivateCache::at(&bench.path("cache")).unwrap();
    let folder = bench.path("cache/v1/interpreters");
    let first = Interpreter::query_once(&bench.python, &cache).unwrap();
    let kept = only_file(&folder);
    let text = fs_err::read_to_string(&kept).unwrap();

    // A kept answer is what is told, not asked for again: it can be seen when it is changed, with the digest that follows it.
    let (answer, _) = text.rsplit_once('\n').unwrap();
    let other = answer.replace("\"base_prefix\":\"", "\"base_prefix\":\"/kept");
    let digest = Digest::of(Algorithm::Sha256, other.as_bytes());
    fs_err::write(&kept, format!("{other}\n{}", digest.hex())).unwrap();
    let second = Interpreter::query_once(&bench.python, &cache).unwrap();
    assert!(
        second.base_prefix.starts_with("/kept"),
        "{:?}",
        second.base_prefix
    );

    for spoiled in [
        &text[..text.len() / 2],
        "",
        &text.replace("\"n_bytes\":", "\"n_bytes\":1"),
    ] {
        fs_err::write(&kept, spoiled).unwrap();
        assert_eq!(
            Interpreter::query_once(&bench.python, &cache).unwrap(),
            first
        );
    }
    assert_eq!(fs_err::read_to_string(&kept).unwrap(), text);
}

#[test]
fn answer_of_a_shim_is_not_kept() {
    let bench = Bench::new();
    let shim = bench.shim("shims/python3");
    let cache = PrivateCache::at(&bench.path("cache")).unwrap();
    Interpreter::query_once(&shim, &cache).unwrap();
    assert!(!bench.path("cache").exists());
}

#[test]
fn folder_that_cannot_be_written_to_is_no_error() {
    let bench = Bench::new();
    let cache = PrivateCache::at(&bench.path("cache")).unwrap();
    fs_err::write(bench.path("cache"), "a file").unwrap();
    Interpreter::query_once(&bench.python, &cache).unwrap();
}

#[test]
fn first_working_program_on_the_path_is_taken() {
    let bench = Bench::new();
    bench.script("broken/python3", "#!/bin/sh\nexit 3\n");
    bench.shim("good/python3");
    let found = bench.find(None, &["missing", "broken", "good"]).unwrap();
    assert_eq!(found.base_executable, bench.python);
}

#[test]
fn search_that_fails_tells_what_it_tried() {
    let bench = Bench::new();
    bench.script("broken/python3", "#!/bin/sh\nexit 3\n");
    let error = bench.find(None, &["broken"]).unwrap_err().to_string();
    let broken = bench.path("broken/python3");
    let expected = format!(
        "no Python >=3.6 was found (`{}` does not work)",
        broken.display()
    );
    assert_eq!(error, expected);
    let error = bench.find(Some("4.2"), &["missing"]).unwrap_err();
    assert_eq!(error.to_string(), "no Python 4.2 was found");
}

#[test]
fn version_asked_for_decides() {
    let bench = Bench::new();
    bench.shim("bin/python3");
    let (major, minor, micro) = python().version;
    let find = |request: &str| bench.find(Some(request), &["bin"]);
    assert!(find(&format!("{major}.{minor}")).is_ok());
    assert!(find(&format!("{major}.{minor}.{micro}")).is_ok());
    assert!(find(&format!("{major}.{minor}.{}", micro + 1)).is_err());
    assert!(find(&format!("{major}.{}", minor + 1)).is_err());
}

fn only_file(folder: &Path) -> PathBuf {
    let mut entries = fs_err::read_dir(folder).unwrap();
    let first = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    first
}

#[test]
fn the_folder_of_answers_is_for_ourselves_alone() {
    let bench = Bench::new();
    let folder = bench.path("cache/v1/interpreters");
    let cache = PrivateCache::at(&bench.path("cache")).unwrap();
    Interpreter::query_once(&bench.python, &cache).unwrap();
    for made in folder.ancestors().take(3) {
        let mode = fs_err::metadata(made).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", made.display());
    }
}
