//! `poetry install` with `virtualenvs.create = false`: the Python itself is filled.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::locked_wheels::{python as python_of_this_machine, snapshot};
use crate::support::python_prefix::PythonPrefix;
use crate::support::scene::{
    Locked, Scene, contents, installed, packages, partials, says, search_path,
};
use crate::support::workspace::Output;

/// A project, and a Python that is first on `PATH`.
struct Image {
    scene: Scene,
    python: PythonPrefix,
}

impl Image {
    /// One whose settings say what `RUN poetry config virtualenvs.create false` writes.
    fn new() -> Option<Self> {
        let image = Self {
            scene: Scene::new(),
            python: PythonPrefix::new()?,
        };
        image.poetry("config virtualenvs.create false").succeeded();
        Some(image)
    }

    fn poetry(&self, line: &str) -> Output {
        self.poetry_with(&[], line)
    }

    fn poetry_with(&self, variables: &[(&str, &str)], line: &str) -> Output {
        let link = self.scene.workspace.home().join("poetry");
        if !link.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_lock2venv"), &link).unwrap();
        }
        let words: Vec<&str> = line.split(' ').collect();
        let like = self.scene.command(&words);
        let mut command = Command::new(link);
        command.args(&words).env_clear();
        command.current_dir(like.get_current_dir().unwrap());
        let set = like.get_envs();
        command.envs(set.filter_map(|(name, value)| Some((name, value?))));
        let path = format!("{}:{}", self.python.scripts().display(), search_path());
        command.env("PATH", path).envs(variables.iter().copied());
        Output::of(&mut command)
    }

    /// What the Python has.
    #[track_caller]
    fn has(&self, expected: &[&str]) {
        assert_eq!(installed(&self.python.packages()), expected);
        assert_eq!(partials(&self.python.root()), Vec::<String>::new());
        assert!(!self.scene.venv().exists());
    }

    /// Puts a distribution there as pip does.
    fn add(&self, name: &str, version: &str) {
        let packages = self.python.packages();
        let info = format!("{name}-{version}.dist-info");
        fs::create_dir(packages.join(&info)).unwrap();
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        fs::write(packages.join(&info).join("METADATA"), metadata).unwrap();
        fs::write(packages.join(format!("{name}.py")), "").unwrap();
        let record = format!("{name}.py,,\n{info}/METADATA,,\n{info}/RECORD,,\n");
        fs::write(packages.join(&info).join("RECORD"), record).unwrap();
    }
}

#[test]
fn the_python_that_is_first_is_filled() {
    let Some(image) = Image::new() else {
        return;
    };
    image.add("mine", "1.0");
    fs::write(image.python.root().join("notes.txt"), "mine").unwrap();
    let before = contents(&image.python.root());
    let output = image.poetry("install --no-interaction --no-ansi --only main --compile");
    let said = output.succeeded().stderr;
    let first = "Skipping virtualenv creation, as specified in config file.\n";
    assert!(said.starts_with(first), "{said}");
    let place = format!(
        "Installing into the Python in `{}`\n",
        image.python.root().display()
    );
    assert!(said.contains(&place), "{said}");
    image.has(&["acme-1.0", "annapurna-0.1.0", "mine-1.0"]);
    let after = contents(&image.python.root());
    for (path, content) in &before {
        assert_eq!(after.get(path), Some(content), "{path}");
    }
    for of_environments in ["pyvenv.cfg", "bin/activate", ".gitignore", "lib64"] {
        assert!(!after.contains_key(of_environments), "{of_environments}");
    }
    let scripts = image.python.scripts();
    assert_eq!(says(&scripts.join("acme"), &[]), "acme 1.0");
    assert_eq!(says(&scripts.join("annapurna"), &[]), "the project");
    let script = fs::read_to_string(scripts.join("acme")).unwrap();
    let line = format!(
        "#!{}\nimport sys\nfrom acme import main\n",
        image.python.executable().display()
    );
    assert!(script.starts_with(&line), "{script}");
    assert_eq!(image.poetry("run acme").succeeded().stdout, "acme 1.0\n");
    // Nothing is left to do.
    let whole = snapshot(&image.python.root());
    image.poetry("install --only main --compile").succeeded();
    assert_eq!(snapshot(&image.python.root()), whole);
}

#[test]
fn only_what_the_lock_has_is_changed_unless_the_rest_shall_go() {
    let Some(image) = Image::new() else {
        return;
    };
    for name in ["mine", "pip"] {
        image.add(name, "1.0");
    }
    image.add("acme", "0.9");
    image.poetry("install --only main --no-root").succeeded();
    image.has(&["acme-1.0", "mine-1.0", "pip-1.0"]);
    let mut newer = packages();
    newer[0] = Locked::new("acme", "2.0");
    image.scene.lock(&newer);
    image.poetry("install --only main --no-root").succeeded();
    image.has(&["acme-2.0", "mine-1.0", "pip-1.0"]);
    let acme = image.python.scripts().join("acme");
    assert_eq!(says(&acme, &[]), "acme 2.0");
    // As with Poetry.
    image.poetry("sync --only main --no-root").succeeded();
    image.has(&["acme-2.0", "pip-1.0"]);
}

#[test]
fn headers_are_where_this_python_has_them() {
    let Some(image) = Image::new() else {
        return;
    };
    let mut packages = packages();
    let header = "acme-1.0.data/headers/acme.h";
    packages[0].wheel = packages[0].wheel.clone().file(header, "#define ACME 1\n");
    image.scene.lock(&packages);
    image.poetry("install --only main --no-root").succeeded();
    let name = image.python.executable();
    let name = name.file_name().unwrap();
    let path = image.python.root().join("include").join(name);
    let path = path.join("acme/acme.h");
    assert!(path.is_file(), "{}", path.display());
}

/// Asserts that nothing is installed, and what is said.
#[track_caller]
fn refuses(image: &Image, variables: &[(&str, &str)], parts: &[&str]) {
    let before = snapshot(&image.python.packages());
    let line = "install --only main --no-root";
    image.poetry_with(variables, line).failed(1, parts);
    assert_eq!(snapshot(&image.python.packages()), before);
    assert!(!image.scene.venv().exists());
}

#[test]
fn a_python_of_a_package_manager_is_left_alone() {
    let Some(image) = Image::new() else {
        return;
    };
    let marker = image.python.library().join("EXTERNALLY-MANAGED");
    fs::write(&marker, "[externally-managed]\n").unwrap();
    let parts = [
        &*format!(
            "packages cannot be installed into the Python `{}` itself",
            image.python.executable().display()
        ),
        &*format!(
            "its packages belong to the package manager of the system: `{}`",
            marker.display()
        ),
        "POETRY_VIRTUALENVS_IN_PROJECT=true",
    ];
    refuses(&image, &[], &parts);
    let active = [
        ("POETRY_VIRTUALENVS_CREATE", "true"),
        ("POETRY_VIRTUALENVS_IN_PROJECT", "true"),
    ];
    image
        .poetry_with(&active, "install --only main --no-root")
        .succeeded();
    image.scene.has(&["acme-1.0"]);
}

#[test]
fn a_python_that_keeps_packages_elsewhere_is_left_alone() {
    let Some(image) = Image::new() else {
        return;
    };
    image
        .python
        .change("sysconfig", "site-packages", "dist-packages");
    let found = format!(
        "keeps packages in `{}",
        image.python.library().join("dist-packages").display()
    );
    refuses(&image, &[], &[&found, "hint: make an environment"]);
}

#[test]
fn no_other_python_is_filled_than_the_first() {
    let Some(image) = Image::new() else {
        return;
    };
    let project = image.scene.workspace.project();
    let text = fs::read_to_string(project.join("pyproject.toml")).unwrap();
    let text = text.replace(
        "requires-python = \">=3.8\"",
        "requires-python = \">=3.40\"",
    );
    image.scene.workspace.write("pyproject.toml", text);
    image.scene.lock(&packages());
    refuses(
        &image,
        &[],
        &["but the project requires", "hint: make an environment"],
    );
}

#[test]
fn options_of_images_are_refused() {
    let Some(image) = Image::new() else {
        return;
    };
    let root: &Path = &image.scene.workspace.home();
    let variables = [("LOCK2VENV_ROOT", root.to_str().unwrap())];
    let output = image.poetry_with(&variables, "install --only main --no-root");
    output.failed(1, &["`virtualenvs.create` is false"]);
}

#[test]
fn programs_run_with_the_python_that_is_filled() {
    let Some(image) = Image::new() else {
        return;
    };
    let python = image.python.executable();
    let elsewhere = [
        ("LOCK2VENV_PYTHON", python.to_str().unwrap()),
        ("PATH", search_path()),
    ];
    let poetry = |line: &str| image.poetry_with(&elsewhere, line);
    poetry("install --only main --no-root").succeeded();
    assert_eq!(poetry("run acme").succeeded().stdout, "acme 1.0\n");
    let prefix = poetry("run python -c print(__import__('sys').prefix)");
    let root = format!("{}\n", image.python.root().display());
    assert_eq!(prefix.succeeded().stdout, root);
    // As with Poetry, a script that is not installed runs, and no variable tells of an environment.
    let said = ["is a script of pyproject.toml that is not installed"];
    let output = poetry("run annapurna").succeeded().said(&said);
    assert_eq!(output.stdout, "the project\n");
    poetry("run printenv VIRTUAL_ENV").failed(1, &[]);
    poetry("run no-such-program").failed(1, &["Command not found: no-such-program"]);
}

#[test]
fn the_python_that_a_flag_names_is_filled() {
    let Some(image) = Image::new() else {
        return;
    };
    let python = image.python.executable();
    let line = format!(
        "install --only main --no-root --python {}",
        python.display()
    );
    let output = image.poetry_with(&[("PATH", search_path())], &line);
    let root = image.python.root();
    let place = format!("Installing into the Python in `{}`\n", root.display());
    output.succeeded().said(&[&place]);
    image.has(&["acme-1.0"]);
}

/// Images of Debian have `/usr/local/man`, a link to `share/man`.
#[test]
fn pages_go_where_a_link_leads() {
    let Some(image) = Image::new() else {
        return;
    };
    let root = image.python.root();
    fs::create_dir_all(root.join("share/man")).unwrap();
    std::os::unix::fs::symlink("share/man", root.join("man")).unwrap();
    let mut packages = packages();
    let page = "acme-1.0.data/data/man/man1/acme.1";
    packages[0].wheel = packages[0].wheel.clone().file(page, "acme");
    image.scene.lock(&packages);
    image.poetry("install --only main --no-root").succeeded();
    let page = root.join("share/man/man1/acme.1");
    assert_eq!(fs::read_to_string(&page).unwrap(), "acme");
    image.scene.lock(&[]);
    image.poetry("sync --no-root").succeeded();
    assert!(!page.exists());
    assert!(root.join("man").is_symlink());
}

#[test]
fn a_program_that_no_package_lists_is_named_when_it_is_replaced() {
    let Some(image) = Image::new() else {
        return;
    };
    let acme = image.python.scripts().join("acme");
    fs::write(&acme, "somebody's").unwrap();
    let line = "install --only main --no-root";
    let strict = [("LOCK2VENV_STRICT", "warnings")];
    let warning = "`acme 1.0` replaces `bin/acme`, which no package lists";
    image.poetry_with(&strict, line).failed(1, &[warning]);
    assert_eq!(fs::read_to_string(&acme).unwrap(), "somebody's");
    image.poetry(line).succeeded().said(&[warning]);
    assert_eq!(says(&acme, &[]), "acme 1.0");
    // What is its own is replaced without a word.
    let mut newer = packages();
    newer[0] = Locked::new("acme", "2.0");
    image.scene.lock(&newer);
    let said = image.poetry(line).succeeded().stderr;
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn what_is_installed_for_a_python_is_held_against_the_lock() {
    let Some(image) = Image::new() else {
        return;
    };
    image.poetry("install --only main --no-root").succeeded();
    fs::write(image.python.packages().join("README.txt"), "of Python").unwrap();
    let prefix = image.python.root();
    let executable = image.python.executable();
    let [root, python] = [&prefix, &executable].map(|path| path.to_str().unwrap());
    let check = ["check", "--venv", root, "--only", "main", "--no-root"];
    let with_python = [&check[..], &["--python", python]].concat();
    let said = image.scene.run(&with_python).succeeded().stdout;
    assert!(said.contains("in 1 distribution and "), "{said}");
    // What was changed, what nobody lists, and what the lock does not have.
    fs::write(image.python.packages().join("acme/__init__.py"), "changed").unwrap();
    fs::write(image.python.packages().join("evil.pth"), "import evil").unwrap();
    image.add("pip", "1.0");
    let output = image.scene.run(&with_python);
    let library = image.python.packages();
    let library = library.strip_prefix(&prefix).unwrap().display();
    for line in [
        "extra          pip 1.0".to_owned(),
        format!("changed        {library}/acme/__init__.py (acme 1.0)"),
        format!("foreign        {library}/evil.pth"),
    ] {
        assert!(output.stdout.contains(&line), "{line}: {}", output.stdout);
    }
    output.failed(1, &["remove its packages by `pip uninstall`"]);
    // Nothing is run that was not named.
    let hint = format!("name that: `--python {root}/bin/python3`");
    image.scene.run(&check).failed(1, &[&hint]);
    let other = [&check[..], &["--python", python_of_this_machine()]].concat();
    let no_environment = "is not a virtual environment";
    image.scene.run(&other).failed(1, &[no_environment, &hint]);
}
