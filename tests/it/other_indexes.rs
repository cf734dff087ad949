//! Indexes that are no servers of simple pages: one page for all packages, and pages on this machine.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::local_index::{Fault, LocalIndex};
use crate::support::one_package::{OnePackage, index, wheel};
use crate::support::scene::{Scene, packages};

/// A project whose source `private` is at `url`.
fn project(url: &str) -> OnePackage {
    OnePackage::moved(url, url)
}

#[track_caller]
fn installs(project: &OnePackage) {
    let output = project.run(&["install", "--no-root"]).succeeded();
    let folder = project.workspace.project().join(".venv/lib");
    assert!(has_module(&folder), "{}", output.stderr);
}

fn has_module(folder: &Path) -> bool {
    let mut entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.any(|entry| {
        let path = entry.path();
        path.ends_with("acme.py") || (path.is_dir() && has_module(&path))
    })
}

/// A link to the locked wheel in `folder`.
fn link(folder: &str) -> String {
    format!("<a href='{folder}{}'>x</a>", wheel().file_name())
}

/// A page with links to the locked wheel, and to one of another package with the same version.
fn flat(index: &LocalIndex) -> String {
    let other = "<a href=\"/files/other-1.0-py3-none-any.whl#sha256=00\">other</a>";
    let wheel = link(&index.at("/files/"));
    format!("<title>Wheels</title>{other}\n{wheel}")
}

#[test]
fn a_flat_page_is_asked_for_by_its_own_url() {
    for name in ["flat.html", "flat.htm"] {
        let index = index();
        index.add_page(&format!("/{name}"), &flat(&index));
        installs(&project(&index.at(&format!("/{name}"))));
        let paths = index.take_paths();
        let file = format!("/files/{}", wheel().file_name());
        assert_eq!(paths, [file, format!("/{name}")]);
    }
}

#[test]
fn a_flat_page_may_be_of_any_type() {
    let index = index();
    index.add_page("/flat.html", &flat(&index));
    let kind = Fault::ContentType("binary/octet-stream");
    index.misbehave("/flat.html", kind, 1);
    installs(&project(&index.at("/flat.html")));
}

#[test]
fn a_flat_page_may_replace_pypi() {
    let index = index();
    index.add_page("/flat.html", &flat(&index));
    let project = OnePackage::new(&[], "");
    let url = index.at("/flat.html");
    let output = project.run(&["install", "--no-root", "--index-url", &url]);
    output.succeeded();
}

#[test]
fn a_flat_page_is_fetched_once_for_all_packages() {
    let scene = Scene::new();
    let links = packages().into_iter().map(|locked| {
        let name = locked.wheel.file_name();
        format!("<a href=\"/files/{name}\">{name}</a>\n")
    });
    let page = scene.index.at("/flat.html");
    scene
        .index
        .add_page("/flat.html", &links.collect::<String>());
    let variables = [("LOCK2VENV_INDEX_URL", page.as_str())];
    let all = ["install", "--no-root", "--all-groups", "--all-extras"];
    scene.run_with(&variables, &all).succeeded();
    assert_eq!(scene.installed().len(), packages().len());
    let paths = scene.index.take_paths();
    let n_pages = paths.iter().filter(|path| *path == "/flat.html").count();
    assert_eq!(n_pages, 1, "{paths:?}");
    // A page that could not be fetched is asked for again.
    fs::remove_dir_all(scene.venv()).unwrap();
    scene
        .index
        .misbehave("/flat.html", Fault::Status(404, &[]), 1);
    scene
        .run_with(&variables, &[&all[..], &["--no-cache"]].concat())
        .failed(1, &["has no package"]);
    assert!(scene.index.take_paths().len() > 1);
}

/// The pages of PyPI and of another source link to the same files.
#[test]
fn two_indexes_may_share_addresses() {
    let scene = Scene::new();
    let shared = LocalIndex::start();
    let mut wanted = packages();
    wanted.truncate(1);
    let second = crate::support::scene::Locked::new("acme-docs", "1.0");
    let source = format!(
        "[package.source]\ntype = \"legacy\"\nurl = \"{}\"\nreference = \"mirror\"",
        shared.url().trim_end_matches('/')
    );
    wanted.push(second.with(&source));
    let pyproject = fs::read_to_string(scene.workspace.project().join("pyproject.toml")).unwrap();
    let more = format!(
        "\n[[tool.poetry.source]]\nname = \"mirror\"\nurl = \"{}\"\npriority = \"supplemental\"\n",
        shared.url()
    );
    scene.workspace.write("pyproject.toml", pyproject + &more);
    scene.lock(&wanted);
    let both: String = wanted
        .iter()
        .map(|locked| link_to(&shared, &locked.wheel.file_name()))
        .collect();
    for locked in &wanted {
        let name = locked.wheel.distribution().name.to_string();
        shared.add(&name, &locked.wheel.file_name(), &locked.wheel.build());
        for index in [&shared, &scene.index] {
            index.add_page(&format!("/simple/{name}/"), &both);
        }
    }
    for _ in 0..2 {
        scene
            .run(&["install", "--no-root", "--only", "main", "--no-cache"])
            .succeeded();
        scene.has(&["acme-1.0", "acme_docs-1.0"]);
        fs::remove_dir_all(scene.venv()).unwrap();
    }
    assert!(
        scene
            .index
            .take_paths()
            .iter()
            .all(|path| path.starts_with("/simple/acme/"))
    );
}

fn link_to(index: &LocalIndex, file: &str) -> String {
    format!(
        "<a href=\"{}\">{file}</a>\n",
        index.at(&format!("/files/{file}"))
    )
}

#[test]
fn other_names_have_a_page_for_each_package() {
    for name in ["flat.html?of=1", "html", "flat.HTML"] {
        let index = index();
        let project = project(&index.at(&format!("/{name}")));
        let output = project.run(&["install", "--no-root"]);
        output.failed(1, &["index `private` has no package `acme`"]);
        let path = name.split('?').next().unwrap();
        let paths = index.take_paths();
        assert!(paths[0].starts_with(&format!("/{path}/acme/")), "{paths:?}");
    }
}

#[test]
fn files_of_other_packages_of_a_flat_page_are_not_noted() {
    let index = index();
    let more = "<a href='/files/acme-1.0.tar.gz'>x</a>";
    index.add_page("/flat.html", &(flat(&index) + more));
    let output = project(&index.at("/flat.html")).run(&["verify", "--download"]);
    let text = output.succeeded().stdout;
    assert!(text.contains("acme-1.0.tar.gz"), "{text}");
    assert!(!text.contains("other-1.0"), "{text}");
}

#[test]
fn a_page_of_a_hundred_thousand_links_is_read() {
    let index = index();
    let links =
        (0..100_000).map(|n| format!("<a href='/files/other-{n}-py3-none-any.whl'>x</a>\n"));
    let page = links.collect::<String>() + &link(&index.at("/files/"));
    index.add_page("/flat.html", &page);
    installs(&project(&index.at("/flat.html")));
}

/// An index on the disk: the locked wheel at `files`, and one page.
struct DiskIndex(TempDir);

impl DiskIndex {
    fn new(page: &str, text: &str) -> Self {
        let index = Self(tempfile::tempdir().unwrap());
        index.write(&format!("files/{}", wheel().file_name()), wheel().build());
        index.write(page, text);
        index
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.0.path().join("an index").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A project whose source is at `path` of this index; `scheme` is the start of its URL.
    fn project(&self, scheme: &str, path: &str) -> OnePackage {
        let root = self.0.path().to_str().unwrap();
        project(&format!("{scheme}{root}/an%20index/{path}"))
    }
}

#[test]
fn an_index_may_be_on_this_machine() {
    let relative = link("../../files/");
    let based = format!("<base href='../../files/'>{}", link(""));
    for (scheme, page, text, path) in [
        ("file://", "simple/acme/index.html", &relative, "simple"),
        ("file://", "simple/acme/index.html", &relative, "simple/"),
        (
            "file://localhost",
            "simple/acme/index.html",
            &based,
            "simple",
        ),
        ("file://", "flat.html", &link("files/"), "flat.html"),
        (
            "file://",
            "flat.html",
            &link("../an%20index/files/"),
            "flat.html",
        ),
    ] {
        let index = DiskIndex::new(page, text);
        installs(&index.project(scheme, path));
        let verify = ["verify", "--download"];
        index.project(scheme, path).run(&verify).succeeded();
    }
}

#[test]
fn a_folder_without_a_page_is_its_own_list() {
    let index = DiskIndex::new("readme", "");
    index.write(&format!("acme/{}", wheel().file_name()), wheel().build());
    installs(&index.project("file://", ""));
}

#[test]
fn a_page_of_this_machine_may_link_to_a_server() {
    let server = index();
    let index = DiskIndex::new("flat.html", &link(&server.at("/files/")));
    installs(&index.project("file://", "flat.html"));
}

#[test]
fn what_is_not_there_is_named() {
    let index = DiskIndex::new("simple/acme/index.html", &link("nowhere/"));
    let install = ["install", "--no-root"];
    let output = index.project("file://", "simple").run(&install);
    output.failed(
        1,
        &[
            "cannot read `acme-1.0-py3-none-any.whl` from `",
            "nowhere/acme",
        ],
    );
    let output = index
        .project("file://", "simple")
        .run(&["verify", "--download"]);
    assert!(output.stdout.contains("missing "), "{output:?}");
    assert_eq!(output.code, 1);
    let output = index.project("file://", "other").run(&install);
    output.failed(1, &["index `private` has no package `acme`"]);
    let output = index.project("file://elsewhere", "simple").run(&install);
    output.failed(1, &["neither http nor https"]);
}

#[test]
fn other_bytes_of_this_machine_are_not_installed() {
    let index = DiskIndex::new("flat.html", &link("files/"));
    index.write(&format!("files/{}", wheel().file_name()), "other");
    let output = index
        .project("file://", "flat.html")
        .run(&["install", "--no-root"]);
    output.failed(1, &["is not the file that was locked"]);
}

#[test]
fn no_server_leads_to_files_of_this_machine() {
    let disk = DiskIndex::new("flat.html", "");
    let folder = format!("file://{}/an%20index/files/", disk.0.path().display());
    for page in [link(&folder), format!("<base href='{folder}'>{}", link(""))] {
        let index = index();
        index.add_page("/flat.html", &page);
        let output = project(&index.at("/flat.html")).run(&["install", "--no-root"]);
        output.failed(1, &["neither http nor https"]);
    }
    let index = index();
    let to = format!("file://{}/an%20index/flat.html", disk.0.path().display());
    index.misbehave("/flat.html", Fault::Redirect(to), 1);
    let output = project(&index.at("/flat.html")).run(&["install", "--no-root"]);
    output.failed(1, &["neither http nor https"]);
}
