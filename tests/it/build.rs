//! Backends are called as PEP 517 and PEP 660 say, and whatever goes wrong comes back as an error of its own.

use std::fs::{self, File};
use std::io::Read as _;
use std::process::Command;

use lock2venv::build::Product;

use lock2venv::build::{BuiltBy, Error, MissingTool, Output, WheelFault};
use lock2venv::configuration::BuildSetting;

use crate::support::source_tree::{BUILD_WHEEL, SourceTree, expected};

/// The error of building the wheel of a tree with this backend.
#[track_caller]
fn error_of(backend: &str) -> Error {
    let tree = SourceTree::with_backend(backend);
    let error = tree.wheel().unwrap_err();
    assert!(tree.is_clean());
    error
}

fn output(error: &Error) -> &Output {
    error.output().unwrap()
}

#[test]
fn a_backend_in_the_tree_builds_the_wheel() {
    let tree = SourceTree::with_backend(BUILD_WHEEL);
    let wheel = tree.wheel().unwrap();
    assert_eq!(
        wheel.path(),
        tree.wheels().join("demo-1.0-py3-none-any.whl")
    );
    assert_eq!(wheel.file_name().version().text(), "1.0");
    assert_eq!(*wheel.built_by(), BuiltBy::Backend("backend".to_owned()));
    assert!(tree.is_clean());
}

#[test]
fn a_backend_may_be_an_object_in_a_module() {
    let tree = SourceTree::empty();
    tree.write(
        "pyproject.toml",
        "[build-system]\nrequires = []\nbuild-backend = \"pack.back:Outer.inner\"\nbackend-path = [\".\"]\n",
    );
    tree.write("pack/__init__.py", "");
    let text = format!(
        "{BUILD_WHEEL}\nclass Outer:\n    class inner:\n        build_wheel = staticmethod(build_wheel)\n"
    );
    tree.write("pack/back.py", &text);
    assert!(tree.wheel().is_ok());
}

#[test]
fn what_a_backend_prints_goes_to_the_log_alone() {
    let text = format!(
        "{BUILD_WHEEL}
import subprocess, sys
print('{{\"outcome\": \"missing\"}}')
subprocess.call(['/bin/sh', '-c', 'echo of a child; echo on error >&2'])
print('read: %r' % sys.stdin.read())
"
    );
    let tree = SourceTree::with_backend(&text);
    tree.wheel().unwrap();
    let log = tree.log();
    let expected =
        "build_wheel of backend:\n{\"outcome\": \"missing\"}\nof a child\non error\nread: ''\n";
    assert_eq!(log, expected);
}

#[test]
fn requirements_are_asked_for_and_none_are_needed_without_the_hook() {
    let tree = SourceTree::with_backend(
        "def get_requires_for_build_wheel(config_settings=None):\n    return ['cython>=3', 'numpy']\n",
    );
    let ask = |product| {
        tree.with(|frontend| frontend.requirements(product))
            .unwrap()
    };
    assert_eq!(ask(Product::Wheel), ["cython>=3", "numpy"]);
    assert!(ask(Product::Editable).is_empty());
    assert!(ask(Product::Sdist).is_empty());
}

#[test]
fn requirements_that_are_none_are_refused() {
    for answer in ["['a b']", "'numpy'", "[1]", "None"] {
        let text =
            format!("def get_requires_for_build_wheel(settings=None):\n    return {answer}\n");
        let tree = SourceTree::with_backend(&text);
        let result = tree.with(|frontend| frontend.requirements(Product::Wheel));
        // A text is a list of its letters, all of them requirements.
        assert_eq!(result.is_err(), answer != "'numpy'", "{answer}");
    }
}

#[test]
fn settings_reach_the_backend() {
    let text = "
import json
def get_requires_for_build_wheel(config_settings=None):
    print(json.dumps(config_settings, sort_keys=True))
    return []
";
    let mut tree = SourceTree::with_backend(text);
    let ask = |tree: &SourceTree| tree.with(|frontend| frontend.requirements(Product::Wheel));
    ask(&tree).unwrap();
    assert!(tree.log().ends_with("backend:\nnull\n"));
    let texts = vec!["--a".to_owned(), "--b".to_owned()];
    tree.settings
        .insert("--build-option".to_owned(), BuildSetting::Texts(texts));
    tree.settings
        .insert("é".to_owned(), BuildSetting::Text("x".to_owned()));
    ask(&tree).unwrap();
    let expected = "{\"--build-option\": [\"--a\", \"--b\"], \"\\u00e9\": \"x\"}\n";
    assert!(tree.log().ends_with(expected), "{}", tree.log());
}

#[test]
fn metadata_is_prepared_where_the_backend_can() {
    let tree = SourceTree::with_backend(
        "import os
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    os.mkdir(os.path.join(folder, 'demo-1.0.dist-info'))
    return 'demo-1.0.dist-info'
",
    );
    let metadata = tree
        .with(|frontend| frontend.metadata(&tree.wheels()))
        .unwrap();
    assert_eq!(metadata, Some(tree.wheels().join("demo-1.0.dist-info")));
    let without = SourceTree::with_backend(BUILD_WHEEL);
    let metadata = without.with(|frontend| frontend.metadata(&without.wheels()));
    assert_eq!(metadata.unwrap(), None);
    let wrong = SourceTree::with_backend(
        "def prepare_metadata_for_build_wheel(folder, config_settings=None):\n    return '../tree'\n",
    );
    let error = wrong
        .with(|frontend| frontend.metadata(&wrong.wheels()))
        .unwrap_err();
    assert!(matches!(error, Error::Answer { .. }), "{error:?}");
}

#[test]
fn editable_wheels_and_source_distributions_are_built() {
    let text = format!(
        "{BUILD_WHEEL}
build_editable = build_wheel
def build_sdist(folder, config_settings=None):
    open(os.path.join(folder, 'demo-1.0.tar.gz'), 'w').close()
    return 'demo-1.0.tar.gz'
"
    );
    let tree = SourceTree::with_backend(&text);
    let folder = tree.wheels();
    let editable = tree.with(|frontend| frontend.editable(&folder, &expected("demo", None)));
    assert!(editable.is_ok());
    let sdist = tree.with(|frontend| frontend.sdist(&folder)).unwrap();
    assert_eq!(sdist, folder.join("demo-1.0.tar.gz"));
}

#[test]
fn a_hook_that_is_missing_is_named() {
    let tree = SourceTree::with_backend(BUILD_WHEEL);
    let expected = expected("demo", None);
    let error = tree.with(|frontend| frontend.editable(&tree.wheels(), &expected));
    let text = error.unwrap_err().to_string();
    assert_eq!(text, "the build backend `backend` has no `build_editable`");
}

#[test]
fn a_backend_may_say_that_it_cannot() {
    let tree = SourceTree::with_backend(
        "class UnsupportedOperation(Exception):\n    pass
def build_sdist(folder, config_settings=None):
    raise UnsupportedOperation('no files here')
",
    );
    let error = tree
        .with(|frontend| frontend.sdist(&tree.wheels()))
        .unwrap_err();
    let text = "the build backend does not support `build_sdist` here: no files here";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_module_that_is_missing_is_named() {
    let tree = SourceTree::empty();
    tree.write(
        "pyproject.toml",
        "[build-system]\nrequires = []\nbuild-backend = \"absent_backend.build\"\n",
    );
    let error = tree.wheel().unwrap_err();
    let Error::BackendUnavailable { module, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(module.as_deref(), Some("absent_backend"));
    let error = error_of("import absent_helper");
    let Error::BackendUnavailable {
        module, message, ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(module.as_deref(), Some("absent_helper"));
    assert_eq!(message, "No module named 'absent_helper'");
    let error = error_of("def build_wheel(*arguments):\n    import absent_dependency\n");
    let Error::Failed {
        module, exception, ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(module.as_deref(), Some("absent_dependency"));
    assert_eq!(exception, "ModuleNotFoundError");
}

#[test]
fn an_object_that_is_missing_is_named() {
    let tree = SourceTree::with_backend(BUILD_WHEEL);
    tree.write(
        "pyproject.toml",
        "[build-system]\nrequires = []\nbuild-backend = \"backend:gone\"\nbackend-path = [\"tools\"]\n",
    );
    let error = tree.wheel().unwrap_err();
    let Error::BackendUnavailable {
        module, message, ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(*module, None);
    assert!(message.contains("gone"), "{message}");
}

#[test]
fn a_backend_with_backend_path_comes_from_there() {
    let tree = SourceTree::empty();
    tree.write(
        "pyproject.toml",
        "[build-system]\nrequires = []\nbuild-backend = \"json\"\nbackend-path = [\"tools\"]\n",
    );
    let error = tree.wheel().unwrap_err();
    assert!(
        matches!(error, Error::BackendUnavailable { .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("outside backend-path"),
        "{error}"
    );
}

#[test]
fn an_exception_comes_back_with_the_last_lines() {
    let error = error_of(
        "
class Odd(Exception):
    pass
def build_wheel(folder, config_settings=None, metadata_directory=None):
    for number in range(1000):
        print('step', number)
    raise Odd('it is \\udcff')
",
    );
    assert_eq!(
        error.to_string(),
        "`build_wheel` failed with backend.Odd: it is \\udcff"
    );
    let lines = &output(&error).last_lines;
    assert!(lines.contains(&"step 999".to_owned()));
    assert!(!lines.contains(&"step 900".to_owned()));
}

#[test]
fn an_exit_is_an_exception_like_any_other() {
    let error =
        error_of("import sys\ndef build_wheel(*arguments):\n    sys.exit('error: no compiler')\n");
    assert_eq!(
        error.to_string(),
        "`build_wheel` failed with SystemExit: error: no compiler"
    );
    let error = error_of("raise ValueError('at import')");
    assert_eq!(
        error.to_string(),
        "`build_wheel` failed with ValueError: at import"
    );
}

#[test]
fn a_process_that_ends_early_is_reported_with_its_status() {
    let error = error_of("import os\ndef build_wheel(*arguments):\n    os._exit(7)\n");
    assert_eq!(
        error.to_string(),
        "`build_wheel` exited early (exit status: 7)"
    );
    let error = error_of(
        "import os, signal\ndef build_wheel(*arguments):\n    print('soon', flush=True)\n    os.kill(os.getpid(), signal.SIGKILL)\n",
    );
    let text = error.to_string();
    assert_eq!(text, "`build_wheel` exited early (signal: 9 (SIGKILL))");
    assert_eq!(output(&error).last_lines, ["soon"]);
}

#[test]
fn an_interpreter_that_is_absent_is_named() {
    let mut tree = SourceTree::with_backend(BUILD_WHEEL);
    tree.interpreter = "/absent/bin/python".into();
    let error = tree.wheel().unwrap_err();
    assert_eq!(error.to_string(), "cannot run `/absent/bin/python`");
    assert!(tree.is_clean());
}

#[test]
fn only_the_wheel_that_was_asked_for_is_taken() {
    let answers = |answer: &str| {
        let text = format!(
            "{BUILD_WHEEL}\nbuild = build_wheel\ndef build_wheel(folder, *rest):\n    build(folder)\n    return {answer}\n"
        );
        let error = error_of(&text);
        let Error::Wheel { fault, .. } = error else {
            panic!("{error:?}");
        };
        fault
    };
    let absent = answers("'demo-1.0-py2-none-any.whl'");
    assert_eq!(absent, WheelFault::Absent);
    let outside = answers("'../wheels/demo-1.0-py3-none-any.whl'");
    assert!(matches!(outside, WheelFault::FileName(_)));
    let linked = answers(
        "os.symlink('/etc/passwd', os.path.join(folder, 'demo-1.0-py2-none-any.whl')) or 'demo-1.0-py2-none-any.whl'",
    );
    assert_eq!(linked, WheelFault::NotAFile);
    let tree = SourceTree::with_backend(BUILD_WHEEL);
    for asked in [expected("other", None), expected("demo", Some("1.1"))] {
        let error = tree.with(|frontend| frontend.wheel(&tree.wheels(), &asked));
        assert!(matches!(error, Err(Error::Wheel { .. })), "{error:?}");
    }
}

#[test]
fn an_answer_that_is_no_text_is_refused() {
    let error = error_of("def build_wheel(*arguments):\n    return None\n");
    let text = "`build_wheel` failed with TypeError: build_wheel answered None, which is not text";
    assert_eq!(error.to_string(), text);
}

#[test]
fn what_is_missing_on_the_machine_is_recognized() {
    let error = error_of(
        "
import subprocess, sys
def build_wheel(*arguments):
    subprocess.call(['/bin/sh', '-c', 'absent-but-optional-tool; pg_config'])
    print('a.c:1:10: fatal error: Python.h: No such file or directory', file=sys.stderr)
    sys.exit(1)
",
    );
    let missing = &output(&error).missing;
    let last = missing.last().unwrap();
    assert_eq!(
        (last.name(), last.debian_package()),
        ("Python.h", Some("python3-dev"))
    );
    let names: Vec<&str> = missing.iter().map(MissingTool::name).collect();
    assert!(names.contains(&"absent-but-optional-tool"), "{names:?}");
}

#[test]
fn a_build_sees_its_own_environment_first_and_no_other_modules() {
    let text = format!(
        "{BUILD_WHEEL}
import sys
print(os.environ['PATH'].split(':')[0] == os.path.dirname({python:?}))
print(os.environ.get('PYTHONPATH'), os.environ['PYTHONNOUSERSITE'], os.environ['SOURCE_DATE_EPOCH'])
print([path for path in sys.path if 'work' in path or path == ''], len(sys.argv), os.path.basename(os.getcwd()))
",
        python = SourceTree::empty().interpreter
    );
    let mut tree = SourceTree::with_backend(&text);
    tree.inherited
        .push(("PYTHONPATH".into(), "/nowhere".into()));
    tree.inherited
        .push(("SOURCE_DATE_EPOCH".into(), "315532800".into()));
    tree.wheel().unwrap();
    let log = tree.log();
    assert!(
        log.ends_with("True\nNone 1 315532800\n[] 1 tree\n"),
        "{log}"
    );
}

/// A pipe that ends for its reader when the last process that holds it has ended.
fn pipe(tree: &SourceTree) -> File {
    let path = tree.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    // Opened for both, so that opening waits for nobody.
    File::options().read(true).write(true).open(path).unwrap()
}

#[test]
fn an_interrupted_build_ends_with_its_children() {
    let text = "
import os, subprocess, sys
def build_wheel(*arguments):
    child = subprocess.Popen([sys.executable, '-c', '''
import time
pipe = open(\"../pipe\", \"w\")
pipe.write(\"x\")
pipe.flush()
time.sleep(1000)
'''])
    child.wait()
";
    let tree = SourceTree::with_backend(text);
    let mut pipe = pipe(&tree);
    let error = std::thread::scope(|scope| {
        let build = scope.spawn(|| tree.wheel());
        let mut byte = [0];
        pipe.read_exact(&mut byte).unwrap();
        tree.stop.stop();
        build.join().unwrap().unwrap_err()
    });
    assert!(matches!(error, Error::Interrupted), "{error:?}");
    let reader = File::open(tree.path("pipe")).unwrap();
    drop(pipe);
    let mut rest = Vec::new();
    (&reader).read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
    let error = tree.wheel().unwrap_err();
    assert!(matches!(error, Error::Interrupted), "{error:?}");
    assert!(tree.is_clean());
}

#[test]
fn what_a_build_leaves_running_delays_nothing_and_ends() {
    let text = format!(
        "{BUILD_WHEEL}
import subprocess, sys
subprocess.Popen([sys.executable, '-c', 'import time; pipe = open(\"../pipe\", \"w\"); pipe.write(\"x\"); pipe.flush(); time.sleep(1000)'])
open('../pipe').read(1)
"
    );
    let tree = SourceTree::with_backend(&text);
    let pipe = pipe(&tree);
    tree.wheel().unwrap();
    let reader = File::open(tree.path("pipe")).unwrap();
    drop(pipe);
    let mut rest = Vec::new();
    (&reader).read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
}

#[test]
fn several_calls_share_a_log_and_errors_have_their_own_lines() {
    let text = "
def get_requires_for_build_wheel(config_settings=None):
    print('first')
    return []
def build_wheel(*arguments):
    print('second')
    raise RuntimeError
";
    let tree = SourceTree::with_backend(text);
    tree.with(|frontend| frontend.requirements(Product::Wheel))
        .unwrap();
    let error = tree.wheel().unwrap_err();
    assert_eq!(output(&error).last_lines[0], "second");
    assert_eq!(output(&error).log, tree.path("log"));
    assert!(
        tree.log()
            .contains("first\nbuild_wheel of backend:\nsecond\n")
    );
    assert!(fs::read_dir(tree.wheels()).unwrap().next().is_none());
}

#[test]
fn answers_without_end_are_cut() {
    for answer in ["'x' * 100000", "'x-1.0-py3-none-any' * 1000 + '.whl'"] {
        let error = error_of(&format!("def build_wheel(*more):\n    return {answer}\n"));
        assert!(matches!(error, Error::Answer { .. }), "{error:?}");
        assert!(error.to_string().len() < 400, "{error}");
    }
}
