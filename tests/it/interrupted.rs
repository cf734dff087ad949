//! What a change leaves that was stopped anywhere, and that the next run completes it, whatever that run is asked for.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use fs_err as fs;
use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use crate::support::local_index::LocalIndex;
use crate::support::requirement::missing;
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::{Output, Workspace};

const PYPROJECT: &str =
    "[tool.poetry]\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = \">=3.8\"\n";

struct Scene {
    workspace: Workspace,
    index: LocalIndex,
}

type Files = BTreeMap<String, (u32, Vec<u8>)>;

impl Scene {
    fn new() -> Self {
        let workspace = Workspace::new();
        workspace.write("pyproject.toml", PYPROJECT);
        Self {
            workspace,
            index: LocalIndex::start(),
        }
    }

    /// Installs `before`, and locks `after`.
    fn between(before: &[WheelBuilder], after: &[WheelBuilder]) -> Self {
        let scene = Self::new();
        scene.lock(before);
        scene.run(&["install"]).succeeded();
        scene.lock(after);
        scene
    }

    fn lock(&self, wheels: &[WheelBuilder]) {
        let root = self.workspace.project();
        let project = Project::parse(PYPROJECT, &root, &Disk).unwrap();
        let packages = wheels.iter().map(|wheel| {
            let distribution = wheel.distribution();
            let (name, version) = (&distribution.name, &distribution.version);
            let file = wheel.file_name();
            let digest = self.index.add(name.as_str(), &file, &wheel.build());
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [\n    {{file = \"{file}\", hash = \"{digest}\"}},\n]\n\n"
            )
        });
        let packages: String = packages.collect();
        let hash = project.content_hash().unwrap();
        let text = format!(
            "{packages}[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"{hash}\"\n"
        );
        self.workspace.write("poetry.lock", text);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        command.env("PATH", search_path());
        command.env("LOCK2VENV_INDEX_URL", self.index.url());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(arguments))
    }

    fn venv(&self) -> PathBuf {
        self.workspace.project().join(".venv")
    }

    fn site(&self) -> PathBuf {
        let lib = fs::read_dir(self.venv().join("lib")).unwrap();
        let names = lib.map(|entry| entry.unwrap().path().join("site-packages"));
        names.into_iter().next().unwrap()
    }

    fn dist_info(&self, name: &str) -> PathBuf {
        self.site().join(format!("{name}.dist-info"))
    }

    /// Has `name` in the state of one that is going or coming.
    fn interrupt(&self, name: &str) {
        let dist_info = self.dist_info(name);
        fs::rename(dist_info.join("RECORD"), dist_info.join("RECORD.lock2venv")).unwrap();
    }

    /// Asserts that the environment is as a fresh one.
    #[track_caller]
    fn is_fresh(&self) {
        let got = files(&self.venv());
        fs::remove_dir_all(self.venv()).unwrap();
        self.run(&["install"]).succeeded();
        assert_same(&got, &files(&self.venv()));
    }
}

#[track_caller]
fn assert_same(got: &Files, want: &Files) {
    let differs = |path: &&String| got.get(*path) != want.get(*path);
    let all = got.keys().chain(want.keys());
    let differing: Vec<&String> = all.filter(differs).collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

/// Every file with its mode and content, links by where they lead, and every empty folder.
fn files(root: &Path) -> Files {
    let mut found = Files::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        let name = |path: &Path| {
            path.strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        if entries.is_empty() {
            found.insert(name(&folder), (0, Vec::new()));
        }
        for path in entries {
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                folders.push(path);
                continue;
            }
            let content = if metadata.is_symlink() {
                fs::read_link(&path)
                    .unwrap()
                    .into_os_string()
                    .into_encoded_bytes()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(name(&path), (metadata.permissions().mode(), content));
        }
    }
    found
}

/// `PATH` with the interpreter itself first: what stands in for it (shims) takes longer to start.
fn search_path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = std::env::var("PATH").unwrap();
        let code = "import os, sys; print(os.path.dirname(os.path.realpath(sys.executable)))";
        let output = Command::new("python3").args(["-c", code]).output().unwrap();
        let folder = String::from_utf8(output.stdout).unwrap();
        format!("{}:{path}", folder.trim())
    })
}

fn acme(version: &str) -> WheelBuilder {
    WheelBuilder::new("acme", version)
        .file("acme/__init__.py", format!("version = '{version}'\n"))
        .file(&format!("acme/only/v{}.py", &version[..1]), "")
        .file("ns/__init__.py", "")
        .console_script("acme", "acme:main")
        .data("data/share/acme/notes", version)
}

fn other() -> WheelBuilder {
    WheelBuilder::new("other", "1.0")
        .file("ns/__init__.py", "")
        .file("other/__init__.py", "")
}

#[test]
fn a_half_removed_distribution_is_installed_again() {
    let scene = Scene::between(&[acme("1.0"), other()], &[acme("1.0"), other()]);
    scene.interrupt("acme-1.0");
    fs::remove_dir_all(scene.site().join("acme")).unwrap();
    fs::remove_file(scene.dist_info("acme-1.0").join("METADATA")).unwrap();
    let output = scene.run(&["install"]).succeeded();
    let said = "Removing what an interrupted run left of acme-1.0";
    assert!(output.stderr.contains(said), "{}", output.stderr);
    assert!(output.stderr.contains("1 install, 0 updates, 0 removals"));
    scene.is_fresh();
}

#[test]
fn a_half_removed_distribution_that_is_not_wanted_goes_also_without_sync() {
    let scene = Scene::between(&[acme("1.0"), other()], &[other()]);
    scene.interrupt("acme-1.0");
    fs::remove_file(scene.site().join("acme/__init__.py")).unwrap();
    let cached = scene
        .site()
        .join("acme/only/__pycache__/v1.cpython-311.pyc");
    fs::create_dir(cached.parent().unwrap()).unwrap();
    fs::write(cached, "").unwrap();
    scene.run(&["install"]).succeeded();
    assert!(
        scene.site().join("ns/__init__.py").exists(),
        "it is the other's, too"
    );
    scene.is_fresh();
}

#[test]
fn a_killed_upgrade_leaves_one_version() {
    let scene = Scene::between(&[acme("1.0"), other()], &[acme("2.0"), other()]);
    let old = files(&scene.venv());
    scene.run(&["install"]).succeeded();
    scene.interrupt("acme-2.0");
    for (path, (_, content)) in &old {
        let is_old = path.contains("acme-1.0.dist-info") || path.ends_with("only/v1.py");
        if is_old {
            let path = scene
                .venv()
                .join(path.replace("/RECORD", "/RECORD.lock2venv"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
    scene.run(&["install"]).succeeded();
    scene.is_fresh();
}

#[test]
fn a_distribution_without_metadata_is_a_half_removed_one() {
    for after in [vec![acme("1.0"), other()], vec![other()]] {
        let scene = Scene::between(&[acme("1.0"), other()], &after);
        fs::remove_file(scene.dist_info("acme-1.0").join("METADATA")).unwrap();
        scene.run(&["install"]).succeeded();
        scene.is_fresh();
    }
}

#[test]
fn a_list_beside_record_and_a_folder_without_documents_go() {
    let scene = Scene::between(&[acme("1.0")], &[acme("1.0")]);
    fs::write(
        scene.dist_info("acme-1.0").join("RECORD.lock2venv"),
        "x,,\n",
    )
    .unwrap();
    fs::create_dir(scene.dist_info("gone-1.0")).unwrap();
    fs::create_dir(scene.dist_info("gone-2.0")).unwrap();
    fs::write(scene.dist_info("gone-2.0").join("INSTALLER"), "pip").unwrap();
    let output = scene.run(&["install"]).succeeded();
    assert!(
        output
            .stderr
            .contains("No dependencies to install or update")
    );
    scene.is_fresh();
}

#[test]
fn what_another_installer_left_without_a_list_is_replaced_when_it_is_wanted() {
    for version in ["1.0", "0.9"] {
        let scene = Scene::between(&[other()], &[acme("1.0"), other()]);
        let dist_info = scene.dist_info(&format!("acme-{version}"));
        fs::create_dir(&dist_info).unwrap();
        let metadata = format!("Metadata-Version: 2.1\nName: acme\nVersion: {version}\n");
        fs::write(dist_info.join("METADATA"), metadata).unwrap();
        fs::write(dist_info.join("extra"), "").unwrap();
        scene.run(&["install"]).succeeded();
        scene.is_fresh();
    }
}

#[test]
fn a_dry_run_says_what_would_be_completed() {
    let scene = Scene::between(&[acme("1.0"), other()], &[acme("1.0"), other()]);
    scene.interrupt("acme-1.0");
    let before = files(&scene.venv());
    let output = scene.run(&["install", "--dry-run"]).succeeded();
    let said = "Would remove what an interrupted run left of acme-1.0";
    assert!(output.stderr.contains(said), "{}", output.stderr);
    assert!(
        output.stderr.contains("Installing acme (1.0)"),
        "{}",
        output.stderr
    );
    assert_same(&files(&scene.venv()), &before);
}

#[test]
fn hidden_folders_of_the_dead_go_whatever_their_date() {
    let scene = Scene::between(&[other()], &[other()]);
    let project = scene.workspace.project();
    let left = [
        project.join(".venv.abcdefgh.partial"),
        scene.venv().join(".staging.abcdefgh.partial"),
        scene.venv().join(".tmpAbCdEf"),
    ];
    for folder in &left {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("probe"), "").unwrap();
        let ahead = SystemTime::now() + Duration::from_hours(1000);
        let open = std::fs::File::open(folder).unwrap();
        open.set_modified(ahead).unwrap();
    }
    scene.run(&["install"]).succeeded();
    assert!(left.iter().all(|folder| !folder.exists()));
}

/// A change of all kinds: an upgrade, a removal, a path that moves, a loser that gets its file back.
fn all_kinds() -> (Vec<WheelBuilder>, Vec<WheelBuilder>) {
    let loser = WheelBuilder::new("loser", "1.0").file("cv/__init__.py", "loser");
    let winner = WheelBuilder::new("winner", "1.0").file("cv/__init__.py", "winner");
    let before = vec![acme("1.0"), loser.clone(), other(), winner];
    let moved = WheelBuilder::new("moved", "1.0").file("acme/only/v1.py", "moved");
    (before, vec![acme("2.0"), loser, moved])
}

/// Stops the change at each system call that removes or renames something, as `injection` says, and lets another run
/// complete it; `check` sees how the first one ended.
fn stop_everywhere(injection: impl Fn(usize) -> &'static str, check: impl Fn(usize, &Output)) {
    if Command::new("strace").arg("-V").output().is_err() {
        missing("strace");
        return;
    }
    let (before, after) = all_kinds();
    let scene = Scene::between(&before, &after);
    let calls = "rename,unlink,unlinkat,rmdir";
    let aside = scene.workspace.project().join("aside");
    fs::rename(scene.venv(), &aside).unwrap();
    scene.run(&["install"]).succeeded();
    let want = files(&scene.venv());
    let mut n_undisturbed = 0;
    for number in 1.. {
        fs::remove_dir_all(scene.venv()).unwrap();
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(&aside).arg(scene.venv());
        assert!(copy.status().unwrap().success());
        let program = scene.command(&["install", "--sync"]);
        let mut command = Command::new("strace");
        command.args(["-f", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
        command.args([
            "-e",
            &format!("inject={calls}:{}:when={number}", injection(number)),
        ]);
        command.arg(program.get_program()).args(program.get_args());
        command.current_dir(scene.workspace.project());
        command.env_clear();
        for (name, value) in program.get_envs() {
            command.envs(value.map(|value| (name, value)));
        }
        let output = Output::of(&mut command);
        check(number, &output);
        if output.code == 0 {
            let mut got = files(&scene.venv());
            got.retain(|path, _| !path.contains(".partial"));
            assert_same(&got, &want);
        }
        scene.run(&["install", "--sync"]).succeeded();
        assert_same(&files(&scene.venv()), &want);
        assert!(number < 200, "the change does not end");
        // Some calls may fail without harm: the end is where nothing fails any more.
        n_undisturbed = if output.code == 0 {
            n_undisturbed + 1
        } else {
            0
        };
        if n_undisturbed == 8 {
            return;
        }
    }
}

#[test]
fn a_change_that_is_killed_anywhere_is_completed() {
    stop_everywhere(|_| "signal=KILL", |_, _| {});
}

#[test]
fn a_change_that_the_disk_stops_anywhere_is_completed() {
    let errors = ["error=EIO", "error=EACCES", "error=EBUSY"];
    stop_everywhere(
        |number| errors[number % 3],
        |number, output| {
            let is_told = output.code == 1 && output.stderr.contains("error: ");
            assert!(output.code == 0 || is_told, "{number}: {output:?}");
        },
    );
}
