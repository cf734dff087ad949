//! Wheels become environments: by the specification, whole or not at all, and the same whatever arrives first.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fs_err as fs;
use lock2venv::archive::SizeLimits;
use lock2venv::bytecode;
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::environment::Layout;
use lock2venv::event::{Event, Reporter, Silent, Warning, WheelFlaw};
use lock2venv::filename::WheelFilename;
use lock2venv::install::{
    CompileChoice, Destination, DestinationKind, Error, FilePool, InstallOptions, Installation,
    KeptForm, LinkMode, PreparedWheel, Report, WheelContent,
};
use lock2venv::installed::InstalledDistribution;
use lock2venv::name::PackageName;
use lock2venv::plan::{Action, Distribution, Origin, Plan};
use lock2venv::store::PrivateCache;
use lock2venv::url::WrittenUrl;
use lock2venv::version::Version;
use lock2venv::wheel::Leniency;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::installing::{install, unpacked};
use crate::support::wheel_builder::{WheelBuilder, ZipEntry, of_plan};

const SITE: &str = "lib/python3.11/site-packages";

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("env")).unwrap();
        Self { folder }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("env")
    }

    fn site(&self) -> PathBuf {
        self.root().join(SITE)
    }

    fn destination(&self, kind: DestinationKind) -> Destination {
        Destination {
            folder: self.root(),
            root: self.root(),
            interpreter: "/usr/bin/python3.11".into(),
            layout: layout("3.11"),
            kind,
        }
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// Every file with its content, but RECORD lines are sorted by us already.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.root(), &self.root(), &mut files);
        files
    }

    /// Checks that each RECORD lists what is there, and that nothing is there that none lists.
    #[track_caller]
    fn assert_records_are_true(&self) {
        let files = self.files();
        let mut listed = Vec::new();
        for (path, text) in &files {
            let Some(dist_info) = path.strip_suffix("/RECORD") else {
                continue;
            };
            let library = Path::new(dist_info).parent().unwrap();
            let lines: Vec<[String; 3]> = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(&text[..])
                .deserialize()
                .map(Result::unwrap)
                .collect();
            assert!(lines.is_sorted_by_key(|[name, ..]| name), "{path}");
            for [name, digest, size] in &lines {
                let name = clean(&library.join(name));
                listed.push(name.clone());
                let content = files
                    .get(&name)
                    .unwrap_or_else(|| panic!("{name} in {path}"));
                if name == *path {
                    assert_eq!((&**digest, &**size), ("", ""));
                    continue;
                }
                let expected = Digest::of(Algorithm::Sha256, content);
                let expected = URL_SAFE_NO_PAD.encode(expected.bytes());
                assert_eq!(*digest, format!("sha256={expected}"), "{name} in {path}");
                assert_eq!(*size, content.len().to_string());
            }
        }
        for path in files.keys().filter(|path| path.starts_with(SITE)) {
            assert!(listed.contains(path), "{path} is in no RECORD");
        }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            files.insert(name.to_owned(), fs::read(&path).unwrap());
        }
    }
}

fn clean(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.to_str().unwrap().split('/') {
        match part {
            ".." => drop(parts.pop().unwrap()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn layout(version: &str) -> Layout {
    Layout {
        purelib: format!("lib/python{version}/site-packages").into(),
        platlib: format!("lib/python{version}/site-packages").into(),
        scripts: "bin".into(),
        data: PathBuf::new(),
        headers: format!("include/site/python{version}").into(),
        python_name: "python".to_owned(),
        python_version: (3, 11),
    }
}

fn options() -> InstallOptions {
    InstallOptions {
        strict: false,
        refuses_startup: false,
        leniency: Leniency::default(),
        limits: SizeLimits::default(),
        compile: None,
        compiled: CompileChoice::All,
        link_mode: LinkMode::Auto,
        kept_form: KeptForm::Unpacked,
        cache: None,
        installer_name: "lock2venv".to_owned(),
        date: 0,
    }
}

fn plan(wheels: &[&WheelBuilder]) -> Plan {
    let mut actions: Vec<Action> = wheels
        .iter()
        .map(|wheel| Action::Install(wheel.distribution()))
        .collect();
    actions.sort_by_key(name_of);
    Plan::new(actions)
}

fn name_of(action: &Action) -> PackageName {
    match action {
        Action::Install(to) | Action::Replace { to, .. } => to.name.clone(),
        Action::Remove(from) | Action::Keep(from) => from.name.clone(),
    }
}

fn run(
    place: &Place,
    plan: &Plan,
    arrivals: Vec<PreparedWheel>,
    kind: DestinationKind,
    options: &InstallOptions,
) -> Result<Report, Error> {
    let arrivals = of_plan(plan, arrivals).into_iter().map(Ok);
    install(plan, arrivals, &place.destination(kind), options, &Silent)
}

fn try_fill(wheels: &[&WheelBuilder], options: &InstallOptions) -> Result<(Place, Report), Error> {
    let place = Place::new();
    let arrivals = wheels.iter().map(|wheel| wheel.arrival()).collect();
    let report = run(
        &place,
        &plan(wheels),
        arrivals,
        DestinationKind::Fresh,
        options,
    )?;
    Ok((place, report))
}

#[track_caller]
fn fill(wheels: &[&WheelBuilder]) -> Place {
    let (place, report) = try_fill(wheels, &options()).unwrap();
    assert_eq!(report.warnings, []);
    place.assert_records_are_true();
    place
}

#[track_caller]
fn refuses(wheel: &WheelBuilder, expected: &str) {
    let error = try_fill(&[wheel], &options()).map(|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(expected), "{text}");
}

fn acme() -> WheelBuilder {
    WheelBuilder::new("acme", "1.0").file("acme/__init__.py", "x = 1\n")
}

fn mode(place: &Place, path: &str) -> u32 {
    let metadata = fs::metadata(place.root().join(path)).unwrap();
    metadata.permissions().mode() & 0o111
}

// What a wheel becomes.

#[test]
fn files_go_to_the_library_with_a_record_and_an_installer() {
    let place = fill(&[&acme()]);
    assert_eq!(place.read(&format!("{SITE}/acme/__init__.py")), "x = 1\n");
    let dist_info = format!("{SITE}/acme-1.0.dist-info");
    assert_eq!(place.read(&format!("{dist_info}/INSTALLER")), "lock2venv\n");
    assert!(!place.root().join(&dist_info).join("REQUESTED").exists());
    assert!(
        !place
            .root()
            .join(&dist_info)
            .join("direct_url.json")
            .exists()
    );
}

#[test]
fn data_goes_to_its_schemes() {
    let wheel = acme()
        .data("purelib/pure.py", "")
        .data("platlib/plat.py", "")
        .data("headers/acme.h", "int x;")
        .data("data/share/acme/a.txt", "a")
        .data("scripts/tool", "#!/bin/sh\necho\n");
    let place = fill(&[&wheel]);
    for path in [
        format!("{SITE}/pure.py"),
        format!("{SITE}/plat.py"),
        "include/site/python3.11/acme/acme.h".to_owned(),
        "share/acme/a.txt".to_owned(),
        "bin/tool".to_owned(),
    ] {
        assert!(place.root().join(&path).is_file(), "{path}");
    }
    assert_eq!(mode(&place, "bin/tool"), 0o111);
    assert_eq!(place.read("bin/tool"), "#!/bin/sh\necho\n");
    assert!(!place.site().join("acme-1.0.data").exists());
}

#[test]
fn executable_bits_come_from_the_archive() {
    let place = fill(&[&acme()
        .program("acme/run.sh", "#!/bin/sh\n")
        .file("acme/not.sh", "")]);
    assert_eq!(mode(&place, &format!("{SITE}/acme/run.sh")), 0o111);
    assert_eq!(mode(&place, &format!("{SITE}/acme/not.sh")), 0);
}

#[test]
fn what_was_asked_for_is_marked() {
    let place = Place::new();
    let wheel = acme();
    let mut distribution = wheel.distribution();
    distribution.is_requested = true;
    distribution.origin = Origin::Url {
        url: WrittenUrl::new("https://u:p@acme.example/acme-1.0-py3-none-any.whl"),
        digests: Vec::new(),
        subdirectory: None,
    };
    let plan = Plan::new(vec![Action::Install(distribution)]);
    let arrivals = vec![wheel.arrival()];
    run(&place, &plan, arrivals, DestinationKind::Fresh, &options()).unwrap();
    place.assert_records_are_true();
    let dist_info = format!("{SITE}/acme-1.0.dist-info");
    assert_eq!(place.read(&format!("{dist_info}/REQUESTED")), "");
    let origin = place.read(&format!("{dist_info}/direct_url.json"));
    assert!(origin.contains("\"https://acme.example/"), "{origin}");
}

#[test]
fn a_wheel_cannot_bring_the_installers_documents() {
    let wheel = acme()
        .dist_info("INSTALLER", "other\n")
        .dist_info("REQUESTED", "")
        .dist_info("direct_url.json", "{}")
        .dist_info("RECORD.jws", "{}");
    let place = fill(&[&wheel]);
    let dist_info = place.site().join("acme-1.0.dist-info");
    assert_eq!(
        fs::read_to_string(dist_info.join("INSTALLER")).unwrap(),
        "lock2venv\n"
    );
    for name in ["REQUESTED", "direct_url.json", "RECORD.jws"] {
        assert!(!dist_info.join(name).exists(), "{name}");
    }
}

#[test]
fn names_and_versions_are_compared_in_normal_form() {
    let wheel = WheelBuilder::new("Acme.Core", "1.0");
    let place = fill(&[&wheel]);
    assert!(
        place
            .site()
            .join("Acme.Core-1.0.dist-info/RECORD")
            .is_file()
    );
}

// What a wheel must not be.

#[test]
fn wheels_of_another_distribution_are_refused() {
    refuses(&acme().metadata("Name: acme\nVersion: 2.0\n"), "METADATA");
    refuses(&acme().metadata("Name: other\nVersion: 1.0\n"), "METADATA");
    let place = Place::new();
    let mut arrival = acme().arrival();
    arrival.file = WheelFilename::parse("acme-1.1-py3-none-any.whl").unwrap();
    let result = run(
        &place,
        &plan(&[&acme()]),
        vec![arrival],
        DestinationKind::Fresh,
        &options(),
    );
    assert!(result.unwrap_err().to_string().contains("file name"));
}

#[test]
fn exactly_one_dist_info_is_needed() {
    refuses(
        &acme().file("other-1.0.dist-info/METADATA", ""),
        "another `.dist-info`",
    );
    refuses(
        &acme().file("acme-1.0.DIST-INFO/METADATA", ""),
        "another `.dist-info`",
    );
    refuses(
        &acme().data("purelib/other-1.0.dist-info/RECORD", ""),
        "another `.dist-info`",
    );
    let foreign = format!("data/{SITE}/other-1.0.dist-info/RECORD");
    refuses(&acme().data(&foreign, ""), "another `.dist-info`");
    refuses(&acme().file("other-1.0.data/data/x", ""), "does not belong");
}

#[test]
fn documents_are_needed() {
    refuses(&acme().wheel(""), "has no WHEEL");
    refuses(&acme().metadata(""), "has no METADATA");
    refuses(&acme().wheel("Wheel-Version: 2.0\n"), "format is `2.0`");
    refuses(&acme().record("a,b,c,d\n"), "RECORD");
}

#[test]
fn files_that_are_not_as_record_says_are_refused_when_strict() {
    let refuses = |wheel: &WheelBuilder| {
        let strict = InstallOptions {
            strict: true,
            refuses_startup: false,
            ..options()
        };
        let error = try_fill(&[wheel], &strict).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("its RECORD"), "{error}");
        let (place, report) = try_fill(&[wheel], &options()).unwrap();
        place.assert_records_are_true();
        assert_eq!(report.warnings.len(), 1);
    };
    let other = URL_SAFE_NO_PAD.encode(Digest::of(Algorithm::Sha256, b"other").bytes());
    let wrong = |line: String| {
        acme()
            .without_record_of("acme/__init__.py")
            .record_line(&line)
    };
    refuses(&wrong(format!("acme/__init__.py,sha256={other},6")));
    let right = URL_SAFE_NO_PAD.encode(Digest::of(Algorithm::Sha256, b"x = 1\n").bytes());
    refuses(&wrong(format!("acme/__init__.py,sha256={right},7")));
    let longer = URL_SAFE_NO_PAD.encode(Digest::of(Algorithm::Sha512, b"x = 1\n").bytes());
    fill(&[&wrong(format!("acme/__init__.py,sha512={longer},6"))]);
    let longer = URL_SAFE_NO_PAD.encode(Digest::of(Algorithm::Sha512, b"other").bytes());
    refuses(&wrong(format!("acme/__init__.py,sha512={longer},6")));
    refuses(&wrong(
        "acme/__init__.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,6".to_owned(),
    ));
}

#[test]
fn scripts_are_tested_too_before_they_are_rewritten() {
    let wrong = URL_SAFE_NO_PAD.encode([0; 32]);
    let path = "acme-1.0.data/scripts/tool";
    let wheel = acme()
        .data("scripts/tool", "#!python\n")
        .without_record_of(path)
        .record_line(&format!("{path},sha256={wrong},"));
    let (place, report) = try_fill(&[&wheel], &options()).unwrap();
    place.assert_records_are_true();
    assert!(matches!(
        &report.warnings[..],
        [Warning::Wheel {
            flaw: WheelFlaw::RecordDiffers,
            ..
        }]
    ));
}

#[test]
fn paths_that_leave_their_scheme_are_refused() {
    refuses(&acme().file("../evil.py", ""), "leads outside");
    refuses(&acme().file("/tmp/evil.py", ""), "leads outside");
    refuses(&acme().data("data/../../../evil", ""), "leads outside");
    refuses(&acme().data("scripts/../evil", ""), "leads outside");
    refuses(&acme().data("evil/x", ""), "is not in a known scheme");
    refuses(
        &acme().data("scripts/a/b", ""),
        "not directly in the folder of scripts",
    );
    let link = ZipEntry::stored("acme/link", b"/etc").mode(0o120_777);
    refuses(&acme().entry(link), "is a symbolic link");
}

#[test]
fn entry_points_stay_in_their_folder_and_replace_nothing() {
    for name in [
        "../x",
        "a/b",
        "python3",
        "python",
        "activate",
        "activate.fish",
        "pypy",
    ] {
        refuses(&acme().console_script(name, "acme:main"), "entry point");
    }
    refuses(
        &acme().console_script("x", "acme:main();evil()"),
        "identifiers",
    );
    refuses(&acme().console_script("x", "acme"), "no function");
}

#[test]
fn the_environments_own_files_are_never_replaced() {
    refuses(
        &acme().data("scripts/python3", ""),
        "belongs to the environment",
    );
    refuses(
        &acme().data("data/bin/python", ""),
        "belongs to the environment",
    );
    refuses(
        &acme().data("data/bin/activate.csh", ""),
        "belongs to the environment",
    );
    refuses(
        &acme().data("data/pyvenv.cfg", ""),
        "belongs to the environment",
    );
    let place = Place::new();
    fs::write(place.root().join("own"), "own").unwrap();
    let wheel = acme().data("data/own", "evil");
    let result = run(
        &place,
        &plan(&[&wheel]),
        vec![wheel.arrival()],
        DestinationKind::Fresh,
        &options(),
    );
    assert!(matches!(result, Err(Error::Occupied { .. })));
    assert_eq!(place.read("own"), "own");
}

#[test]
fn the_installers_documents_cannot_come_by_another_way() {
    for name in ["RECORD", "INSTALLER", "direct_url.json", "RECORD.lock2venv"] {
        let path = format!("data/{SITE}/acme-1.0.dist-info/{name}");
        refuses(&acme().data(&path, "evil"), "belongs to the environment");
    }
    // By the straight way it is left out, as the others are.
    let wheel = acme().dist_info("RECORD.lock2venv", "evil");
    let place = fill(&[&wheel]);
    assert!(
        !place
            .site()
            .join("acme-1.0.dist-info/RECORD.lock2venv")
            .exists()
    );
}

#[test]
fn the_list_of_a_change_cannot_come_from_the_wheel() {
    let place = fill(&[&acme()]);
    let new = WheelBuilder::new("acme", "2.0")
        .file("acme/__init__.py", "x = 2\n")
        .dist_info("RECORD.lock2venv", "../../../own,,\n");
    let actions = vec![Action::Replace {
        from: installed(&place, "acme", "1.0"),
        to: new.distribution(),
    }];
    change(&place, actions, &[&new]).unwrap();
    place.assert_records_are_true();
}

#[test]
fn a_path_through_lib64_is_the_path_through_lib() {
    let through = |path: &str| format!("data/lib64/python3.11/site-packages/{path}");
    let with_link = |wheels: &[&WheelBuilder]| {
        let place = Place::new();
        fs::create_dir(place.root().join("lib")).unwrap();
        symlink("lib", place.root().join("lib64")).unwrap();
        let arrivals = wheels.iter().map(|wheel| wheel.arrival()).collect();
        let kind = DestinationKind::Fresh;
        run(&place, &plan(wheels), arrivals, kind, &options()).map(|report| (place, report))
    };
    let refused = [
        "other-1.0.dist-info/METADATA",
        "acme-1.0.dist-info/RECORD",
        "acme/__init__.py",
    ];
    for path in refused {
        let wheel = acme().data(&through(path), "evil");
        assert!(with_link(&[&wheel]).is_err(), "{path}");
    }
    let other = WheelBuilder::new("other", "1.0").data(&through("acme/__init__.py"), "y = 1\n");
    let (place, report) = with_link(&[&acme(), &other]).unwrap();
    assert!(matches!(&report.warnings[..], [Warning::Conflict { .. }]));
    assert_eq!(place.read(&format!("{SITE}/acme/__init__.py")), "y = 1\n");
    let record = place.read(&format!("{SITE}/other-1.0.dist-info/RECORD"));
    assert!(record.starts_with("acme/__init__.py,"), "{record}");
}

#[test]
fn one_wheel_claims_a_path_once() {
    let wheel = acme().data("purelib/acme/__init__.py", "x = 2\n");
    refuses(&wheel, "two files for");
}

#[test]
fn record_gaps_are_warnings_or_errors_when_strict() {
    let wheel = acme()
        .without_record_of("acme/__init__.py")
        .record_line("acme/gone.py,,");
    let (place, report) = try_fill(&[&wheel], &options()).unwrap();
    place.assert_records_are_true();
    let file = wheel.file_name();
    assert_eq!(
        report.warnings,
        [
            Warning::Wheel {
                flaw: WheelFlaw::NotInRecord,
                wheel: file.clone(),
                path: "acme/__init__.py".to_owned()
            },
            Warning::Wheel {
                flaw: WheelFlaw::MissingFromWheel,
                wheel: file,
                path: "acme/gone.py".to_owned()
            },
        ]
    );
    let strict = InstallOptions {
        strict: true,
        refuses_startup: false,
        ..options()
    };
    assert!(matches!(
        try_fill(&[&wheel], &strict),
        Err(Error::Strict(_))
    ));
}

#[test]
fn what_did_not_arrive_or_was_not_asked_for_is_an_error() {
    let place = Place::new();
    let other = WheelBuilder::new("other", "1.0");
    let both = plan(&[&acme(), &other]);
    let result = run(
        &place,
        &both,
        vec![acme().arrival()],
        DestinationKind::Fresh,
        &options(),
    );
    assert!(matches!(result, Err(Error::NotArrived { name }) if name.as_str() == "other"));
    let place = Place::new();
    let arrivals = vec![acme().arrival(), other.arrival()];
    let result = run(
        &place,
        &plan(&[&acme()]),
        arrivals,
        DestinationKind::Fresh,
        &options(),
    );
    assert!(matches!(result, Err(Error::NotPlanned { .. })));
}

#[test]
fn an_error_of_the_iterator_is_the_error_of_all() {
    #[derive(Debug)]
    enum Stop {
        Download,
        Install,
    }
    impl From<Error> for Stop {
        fn from(_: Error) -> Self {
            Self::Install
        }
    }
    let place = Place::new();
    let arrivals = [Ok(acme().arrival()), Err(Stop::Download)];
    let destination = place.destination(DestinationKind::Fresh);
    let result = install(
        &plan(&[&acme()]),
        arrivals,
        &destination,
        &options(),
        &Silent,
    );
    assert!(matches!(result, Err(Stop::Download)));
    let result = install(&plan(&[&acme()]), [], &destination, &options(), &Silent);
    assert!(matches!(result, Err(Stop::Install)));
}

// Two wheels, one path.

fn conflicting() -> (WheelBuilder, WheelBuilder) {
    let a = WheelBuilder::new("acme-a", "1.0").file("acme/__init__.py", "a\n");
    let b = WheelBuilder::new("acme-b", "2.0").file("acme/__init__.py", "b\n");
    (a, b)
}

#[test]
fn the_same_bytes_are_shared_in_silence() {
    let a = WheelBuilder::new("acme-a", "1.0").file("acme/__init__.py", "");
    let b = WheelBuilder::new("acme-b", "2.0").file("acme/__init__.py", "");
    let place = fill(&[&a, &b]);
    for name in ["acme_a-1.0", "acme_b-2.0"] {
        let record = place.read(&format!("{SITE}/{name}.dist-info/RECORD"));
        assert!(record.contains("acme/__init__.py,"), "{record}");
    }
}

#[test]
fn of_different_bytes_the_last_name_stays_whatever_came_first() {
    let (a, b) = conflicting();
    let fill = |arrivals: Vec<PreparedWheel>| {
        let place = Place::new();
        let plan = plan(&[&a, &b]);
        let installation = Installation {
            plan: &plan,
            destination: &place.destination(DestinationKind::Fresh),
            options: &options(),
            kept: None,
            pool: &FilePool::start(1).unwrap(),
            reporter: &Silent,
            on_failure: &|| (),
        };
        let arrivals = of_plan(&plan, arrivals).into_iter().map(Ok::<_, Error>);
        let report = lock2venv::install::install(installation, arrivals).unwrap();
        assert_eq!(
            report.warnings,
            [Warning::Conflict {
                path: format!("{SITE}/acme/__init__.py"),
                dropped: "acme-a 1.0".to_owned(),
                kept: "acme-b 2.0".to_owned(),
            }]
        );
        place.assert_records_are_true();
        place
    };
    let one = fill(vec![a.arrival(), b.arrival()]);
    let other = fill(vec![b.arrival(), a.arrival()]);
    assert_eq!(one.read(&format!("{SITE}/acme/__init__.py")), "b\n");
    assert_eq!(one.files(), other.files());
}

#[test]
fn generated_scripts_conflict_as_files_do() {
    let script = |name: &str, module: &str| {
        WheelBuilder::new(name, "1.0").console_script("tool", &format!("{module}:main"))
    };
    let (a, b) = (script("a", "a"), script("b", "b"));
    for order in [[&a, &b], [&b, &a]] {
        let (place, report) = try_fill(&order, &options()).unwrap();
        let expected = Warning::Conflict {
            path: "bin/tool".to_owned(),
            dropped: "a 1.0".to_owned(),
            kept: "b 1.0".to_owned(),
        };
        assert_eq!(report.warnings, [expected]);
        assert!(place.read("bin/tool").contains("from b import main"));
        place.assert_records_are_true();
    }
    fill(&[&script("a", "x"), &script("b", "x")]);
}

#[test]
fn conflicts_are_errors_when_strict() {
    let (a, b) = conflicting();
    let strict = InstallOptions {
        strict: true,
        refuses_startup: false,
        ..options()
    };
    let result = try_fill(&[&a, &b], &strict).map(|_| ());
    assert!(matches!(
        result,
        Err(Error::Strict(Warning::Conflict { .. }))
    ));
}

#[test]
fn a_file_and_a_folder_cannot_share_a_path() {
    let a = WheelBuilder::new("a", "1.0").file("acme", "");
    let b = WheelBuilder::new("b", "1.0").file("acme/x.py", "");
    for order in [[&a, &b], [&b, &a]] {
        let error = try_fill(&order, &options()).map(|_| ()).unwrap_err();
        let expected = format!("`{SITE}/acme` is both a file and a folder");
        assert_eq!(error.to_string(), expected);
    }
}

// Scripts that move.

fn python() -> (PathBuf, String) {
    let question = "import sys; print(sys._base_executable); print('%d.%d' % sys.version_info[:2])";
    let output = Command::new("python3")
        .args(["-c", question])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    (
        lines.next().unwrap().into(),
        lines.next().unwrap().to_owned(),
    )
}

/// Fills an environment that has an interpreter.
fn fill_real(
    wheels: &[&WheelBuilder],
    change: impl Fn(&mut InstallOptions),
) -> (TempDir, PathBuf, Report) {
    let (interpreter, version) = python();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("first");
    fs::create_dir_all(root.join("bin")).unwrap();
    symlink(&interpreter, root.join("bin/python")).unwrap();
    let home = interpreter.parent().unwrap().display();
    fs::write(root.join("pyvenv.cfg"), format!("home = {home}\n")).unwrap();
    let destination = Destination {
        folder: root.clone(),
        root: folder.path().join("final"),
        interpreter,
        layout: layout(&version),
        kind: DestinationKind::Fresh,
    };
    let mut options = options();
    change(&mut options);
    let plan = plan(wheels);
    let arrivals = wheels.iter().map(|wheel| wheel.arrival()).collect();
    let arrivals = of_plan(&plan, arrivals).into_iter().map(Ok::<_, Error>);
    let report = install(&plan, arrivals, &destination, &options, &Silent).unwrap();
    (folder, root, report)
}

#[track_caller]
fn output(command: &mut Command) -> String {
    let output = command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    assert_eq!(errors, "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn scripts_find_their_interpreter_after_a_move() {
    let wheel = acme()
        .file(
            "acme/cli.py",
            "import sys\nclass App:\n    def run():\n        print(sys.prefix, *sys.argv[1:])\n",
        )
        .console_script("tool", "acme.cli:App.run");
    let (folder, root, _) = fill_real(&[&wheel], |_| {});
    let long = folder
        .path()
        .join("a folder with 'spaces' and \"quotes\" $HOME `id`")
        .join("x".repeat(150));
    fs::create_dir_all(&long).unwrap();
    let moved = long.join("moved");
    fs::rename(&root, &moved).unwrap();
    let expected = format!("{} a  b *\n", moved.display());
    assert_eq!(
        output(Command::new(moved.join("bin/tool")).arg("a  b").arg("*")),
        expected
    );
    let link = folder.path().join("linked tool");
    symlink(moved.join("bin/tool"), &link).unwrap();
    assert_eq!(
        output(Command::new(&link).arg("a  b").arg("*").current_dir("/")),
        expected
    );
    let by_path = output(
        Command::new("./tool")
            .arg("a  b")
            .arg("*")
            .current_dir(moved.join("bin")),
    );
    assert_eq!(by_path, expected);
    let module = output(
        Command::new(moved.join("bin/python")).args(["-c", "import acme.cli as c; c.App.run()"]),
    );
    assert_eq!(module, format!("{}\n", moved.display()));
    let by_python = output(Command::new(moved.join("bin/python")).arg(moved.join("bin/tool")));
    assert_eq!(by_python, format!("{}\n", moved.display()));
}

#[test]
fn scripts_of_wheels_run_as_they_were_written() {
    let future = "#!python\nfrom __future__ import annotations\nimport sys\nprint(sys.prefix)\n";
    let documented = "#!python\n# -*- coding: latin-1 -*-\n\n\"\"\"Usage: tool\"\"\"\nfrom __future__ import annotations\nprint(__doc__.endswith('Usage: tool'))\n";
    let wheel = acme()
        .data("scripts/future", future)
        .data("scripts/documented", documented)
        .data(
            "scripts/windows",
            &future.replace('\n', "\r\n").replace("python", "pythonw"),
        );
    let (_folder, root, _) = fill_real(&[&wheel], |_| {});
    assert_eq!(
        output(&mut Command::new(root.join("bin/future"))),
        format!("{}\n", root.display())
    );
    assert_eq!(
        output(&mut Command::new(root.join("bin/documented"))),
        "True\n"
    );
    assert_eq!(
        output(&mut Command::new(root.join("bin/windows"))),
        format!("{}\n", root.display())
    );
}

// Bytecode.

#[test]
fn bytecode_names_the_final_place_and_stands_in_record() {
    let wheel = acme()
        .file("acme/broken.py", "def f(:\n")
        .data("scripts/tool.py", "x = 1\n");
    let (interpreter, version) = python();
    let (_folder, root, report) = fill_real(&[&wheel], |options| {
        options.compile = Some(bytecode::CompileSettings {
            interpreter: interpreter.clone(),
            magic_number: *b"test",
            cache_tag: format!("cpython-{}", version.replace('.', "")),
            n_workers: 2,
            cache: None,
            date: 0,
        });
    });
    assert!(matches!(
        &report.warnings[..],
        [Warning::NotCompiled { path, .. }] if path.ends_with("acme/broken.py")
    ));
    let tag = version.replace('.', "");
    let site = format!("lib/python{version}/site-packages");
    let bytecode = format!("acme/__pycache__/__init__.cpython-{tag}.pyc");
    let data = fs::read(root.join(&site).join(&bytecode)).unwrap();
    assert_eq!(data[4..8], [1, 0, 0, 0], "unchecked hash");
    let place = format!("/final/{site}/acme/__init__.py");
    assert!(memchr::memmem::find(&data, place.as_bytes()).is_some());
    let record = fs::read_to_string(root.join(&site).join("acme-1.0.dist-info/RECORD")).unwrap();
    let digest = URL_SAFE_NO_PAD.encode(Digest::of(Algorithm::Sha256, &data).bytes());
    let line = format!("{bytecode},sha256={digest},{}", data.len());
    assert!(record.contains(&line), "{record}");
    assert!(!root.join("bin/__pycache__").exists());
    assert!(!record.contains("broken.cpython"));
}

// The cache of unpacked wheels.

#[test]
fn a_second_environment_is_made_of_links() {
    let wheel = acme()
        .file("acme/data.bin", vec![7; 100_000])
        .program("acme/run", "#!/bin/sh\n")
        .data("scripts/tool", "#!python\nx\n")
        .data("scripts/binary", "\u{7f}ELF")
        .console_script("main", "acme:main");
    let place = Place::new();
    let with = |link_mode| InstallOptions {
        cache: PrivateCache::at(place.folder.path()),
        link_mode,
        ..options()
    };
    let fill = |name: &str, link_mode| {
        let root = place.folder.path().join(name);
        fs::create_dir(&root).unwrap();
        let destination = Destination {
            folder: root.clone(),
            root: root.clone(),
            ..place.destination(DestinationKind::Fresh)
        };
        let arrivals = [Ok::<_, Error>(wheel.arrival())];
        install(
            &plan(&[&wheel]),
            arrivals,
            &destination,
            &with(link_mode),
            &Silent,
        )
        .unwrap();
        root
    };
    let roots = [
        fill("one", LinkMode::Hardlink),
        fill("two", LinkMode::Hardlink),
        fill("three", LinkMode::Copy),
    ];
    let files = roots.clone().map(|root| {
        let mut files = BTreeMap::new();
        collect(&root, &root, &mut files);
        files
    });
    assert_eq!(files[0], files[1]);
    assert_eq!(files[0], files[2]);
    let inode = |root: &PathBuf, path: &str| fs::metadata(root.join(path)).unwrap().ino();
    let shared = format!("{SITE}/acme/data.bin");
    assert_eq!(inode(&roots[0], &shared), inode(&roots[1], &shared));
    assert_ne!(inode(&roots[0], &shared), inode(&roots[2], &shared));
    for own in ["acme-1.0.dist-info/RECORD", "acme-1.0.dist-info/INSTALLER"] {
        let path = format!("{SITE}/{own}");
        assert_eq!(fs::metadata(roots[1].join(path)).unwrap().nlink(), 1);
    }
    for own in ["bin/tool", "bin/main"] {
        assert_eq!(fs::metadata(roots[1].join(own)).unwrap().nlink(), 1);
    }
    // An edit through an environment is found out, and the file comes from the archive again.
    fs::write(roots[0].join(&shared), "edited").unwrap();
    let four = fill("four", LinkMode::Hardlink);
    assert_eq!(fs::read(four.join(&shared)).unwrap(), vec![7; 100_000]);
    let five = fill("five", LinkMode::Hardlink);
    assert_eq!(fs::read(five.join(&shared)).unwrap(), vec![7; 100_000]);
}

/// Installs `wheels` from what the cache at `trees` has unpacked of them alone; `None` when it lacks one.
fn fill_from_trees(wheels: &[&WheelBuilder], options: &InstallOptions) -> Option<(Place, Report)> {
    let place = Place::new();
    let locked = |wheel: &&WheelBuilder| Distribution {
        origin: Origin::Index {
            source: None,
            digests: vec![Digest::of(Algorithm::Sha256, &wheel.build())],
        },
        ..wheel.distribution()
    };
    let distributions: Vec<_> = wheels.iter().map(locked).collect();
    let distributions: Vec<_> = distributions.iter().collect();
    let destination = place.destination(DestinationKind::Fresh);
    let found = unpacked(&distributions, &destination, options).found;
    let arrivals: Option<Vec<PreparedWheel>> = found
        .into_iter()
        .zip(wheels)
        .map(|(found, wheel)| {
            Some(PreparedWheel {
                content: WheelContent::Kept(Box::new(found?)),
                ..wheel.arrival()
            })
        })
        .collect();
    let kind = DestinationKind::Fresh;
    let report = run(&place, &plan(wheels), arrivals?, kind, options).unwrap();
    Some((place, report))
}

#[test]
fn unpacked_wheels_stand_in_for_their_archives() {
    const MODES: [LinkMode; 3] = [LinkMode::Hardlink, LinkMode::Copy, LinkMode::Auto];
    let (first, second) = conflicting();
    let sloppy = acme()
        .file("acme/data.bin", vec![7; 100_000])
        .without_record_of("acme/data.bin")
        .record_line("acme/gone.py,,")
        .program("acme/run", "#!/bin/sh\n")
        .data("scripts/tool", "#!python\nx\n")
        .data("scripts/binary", "\u{7f}ELF")
        .console_script("main", "acme:main");
    let wheels = [&sloppy, &first, &second];
    for (first, later) in [LinkMode::Hardlink, LinkMode::Copy]
        .into_iter()
        .flat_map(|first| MODES.map(|later| (first, later)))
    {
        let folder = tempfile::tempdir().unwrap();
        let with = |link_mode| InstallOptions {
            cache: PrivateCache::at(folder.path()),
            link_mode,
            ..options()
        };
        let (place, report) = try_fill(&wheels, &with(first)).unwrap();
        assert_eq!(report.warnings.len(), 4, "{:?}", report.warnings);
        let (again, second_report) = fill_from_trees(&wheels, &with(later)).unwrap();
        assert_eq!(again.files(), place.files());
        assert_eq!(second_report.warnings, report.warnings);
        let is_executable = |path: &str| {
            let metadata = fs::metadata(again.root().join(path)).unwrap();
            metadata.mode() & 0o111 != 0
        };
        assert!(is_executable("bin/tool") && is_executable(&format!("{SITE}/acme/run")));
        assert!(!is_executable(&format!("{SITE}/acme/data.bin")));
    }
}

#[test]
fn packs_that_were_changed_are_not_used() {
    let wheel = acme().file("acme/data.bin", vec![7; 700_000]);
    let folder = tempfile::tempdir().unwrap();
    let options = InstallOptions {
        cache: PrivateCache::at(folder.path()),
        link_mode: LinkMode::Copy,
        ..options()
    };
    let (place, _) = try_fill(&[&wheel], &options).unwrap();
    let (again, _) = fill_from_trees(&[&wheel], &options).unwrap();
    assert_eq!(again.files(), place.files());
    let trees = fs::read_dir(folder.path().join("v1/trees")).unwrap();
    let tree = trees.last().unwrap().unwrap().path();
    let packs = || {
        fs::read_dir(&tree)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    let (manifests, packs): (Vec<_>, Vec<_>) = packs().partition(|path| path.ends_with("manifest"));
    assert_eq!((manifests.len(), packs.len()), (1, 1), "{packs:?}");
    let mode = fs::metadata(&packs[0]).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::metadata(&tree).unwrap().mode() & 0o77, 0);
    fs::OpenOptions::new()
        .append(true)
        .open(&packs[0])
        .unwrap()
        .write_all(b"x")
        .unwrap();
    assert!(fill_from_trees(&[&wheel], &options).is_none());
    assert!(!tree.exists(), "what was changed is removed");
    try_fill(&[&wheel], &options).unwrap();
    fs::set_permissions(&packs[0], std::fs::Permissions::from_mode(0o620)).unwrap();
    assert!(
        fill_from_trees(&[&wheel], &options).is_none(),
        "others may have written to it"
    );
}

#[test]
fn unpacked_wheels_that_were_changed_are_not_used() {
    let wheel = acme().file("acme/data.bin", vec![7; 100_000]);
    let folder = tempfile::tempdir().unwrap();
    let options = InstallOptions {
        cache: PrivateCache::at(folder.path()),
        link_mode: LinkMode::Hardlink,
        ..options()
    };
    let (place, _) = try_fill(&[&wheel], &options).unwrap();
    let path = place.site().join("acme/data.bin");
    // A saved and restored cache may have whole seconds only.
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    let since = written.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let whole = SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs());
    let set_modified = |time| {
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
    };
    set_modified(whole);
    assert!(fill_from_trees(&[&wheel], &options).is_some());
    set_modified(written + Duration::from_secs(1));
    assert!(fill_from_trees(&[&wheel], &options).is_none());
    // It is gone, and made again from the next archive.
    set_modified(written);
    assert!(fill_from_trees(&[&wheel], &options).is_none());
    try_fill(&[&wheel], &options).unwrap();
    assert!(fill_from_trees(&[&wheel], &options).is_some());
}

#[test]
fn a_damaged_tree_is_passed_over() {
    let wheel = acme();
    let place = Place::new();
    let trees = place.folder.path().join("v1/trees");
    let options = InstallOptions {
        cache: PrivateCache::at(place.folder.path()),
        link_mode: LinkMode::Hardlink,
        ..options()
    };
    let arrivals = vec![wheel.arrival()];
    run(
        &place,
        &plan(&[&wheel]),
        arrivals,
        DestinationKind::Fresh,
        &options,
    )
    .unwrap();
    let tree = fs::read_dir(&trees)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let manifest = fs::read_to_string(tree.join("manifest")).unwrap();
    fs::write(
        tree.join("manifest"),
        manifest.replace("acme/__init__.py", "../../../evil.py"),
    )
    .unwrap();
    let again = Place::new();
    run(
        &again,
        &plan(&[&wheel]),
        vec![wheel.arrival()],
        DestinationKind::Fresh,
        &options,
    )
    .unwrap();
    assert_eq!(again.files(), place.files());
}

#[test]
fn a_tree_is_no_way_around_the_name_of_a_wheel() {
    let wheel = acme();
    let place = Place::new();
    let options = InstallOptions {
        cache: PrivateCache::at(place.folder.path()),
        link_mode: LinkMode::Hardlink,
        ..options()
    };
    let kind = DestinationKind::Fresh;
    run(
        &place,
        &plan(&[&wheel]),
        vec![wheel.arrival()],
        kind,
        &options,
    )
    .unwrap();
    // The same bytes, locked as another package.
    let other = WheelBuilder::new("other", "1.0");
    for file in [other.arrival().file, wheel.arrival().file] {
        let arrivals = [Ok(PreparedWheel {
            file,
            ..wheel.arrival()
        })];
        let again = Place::new();
        let destination = again.destination(DestinationKind::Fresh);
        let result = install(&plan(&[&other]), arrivals, &destination, &options, &Silent);
        assert!(matches!(result, Err(Error::Wheel { .. })), "{result:?}");
    }
}

/// The only tree in the folder `trees`.
fn only_tree(trees: &Path) -> PathBuf {
    let trees: Vec<_> = fs::read_dir(trees).unwrap().collect();
    assert_eq!(trees.len(), 1, "{trees:?}");
    trees[0].as_ref().unwrap().path()
}

fn hard_links(cache: &Path) -> InstallOptions {
    InstallOptions {
        cache: PrivateCache::at(cache),
        link_mode: LinkMode::Hardlink,
        ..options()
    }
}

#[test]
fn a_tree_without_its_manifest_is_made_again() {
    let wheel = acme();
    let folder = tempfile::tempdir().unwrap();
    let trees = folder.path().join("v1/trees");
    let options = hard_links(folder.path());
    try_fill(&[&wheel], &options).unwrap();
    fs::remove_file(only_tree(&trees).join("manifest")).unwrap();
    try_fill(&[&wheel], &options).unwrap();
    assert!(fill_from_trees(&[&wheel], &options).is_some());
}

#[test]
fn a_tree_writes_no_script_outside_of_the_environment() {
    let wheel = acme().console_script("main", "acme:main");
    let folder = tempfile::tempdir().unwrap();
    let trees = folder.path().join("v1/trees");
    let options = hard_links(folder.path());
    try_fill(&[&wheel], &options).unwrap();
    let path = only_tree(&trees).join("manifest");
    let manifest = fs::read_to_string(&path).unwrap();
    let (body, _) = manifest.split_at(manifest.len() - 64);
    let body = body.replace("entry\tmain", "entry\t../../evil");
    let sum = Digest::of(Algorithm::Sha256, body.as_bytes()).hex();
    fs::write(&path, body + &sum).unwrap();
    assert!(fill_from_trees(&[&wheel], &options).is_none());
}

#[test]
fn the_folder_of_trees_is_made_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let options = hard_links(&folder.path().join("cache"));
    try_fill(&[&acme()], &options).unwrap();
    for path in ["cache", "cache/v1", "cache/v1/trees"] {
        let metadata = fs::metadata(folder.path().join(path)).unwrap();
        assert_eq!(metadata.mode() & 0o777, 0o700, "{path}");
    }
}

#[test]
fn permissions_changed_through_an_environment_stay_there() {
    let wheel = acme().program("acme/run", "#!/bin/sh\n");
    let folder = tempfile::tempdir().unwrap();
    let options = hard_links(folder.path());
    let (place, _) = try_fill(&[&wheel], &options).unwrap();
    let path = format!("{SITE}/acme/run");
    let mode = |place: &Place| {
        let metadata = fs::metadata(place.root().join(&path)).unwrap();
        metadata.mode() & 0o7777
    };
    let own = mode(&place);
    let permissions = std::fs::Permissions::from_mode(0o400);
    fs::set_permissions(place.root().join(&path), permissions).unwrap();
    let (again, _) = fill_from_trees(&[&wheel], &options).unwrap();
    assert_eq!(mode(&again), own);
    assert_eq!(again.files(), place.files());
}

#[test]
fn a_tree_that_others_may_write_to_is_not_believed() {
    let wheel = acme();
    let folder = tempfile::tempdir().unwrap();
    let options = hard_links(folder.path());
    let (place, _) = try_fill(&[&wheel], &options).unwrap();
    let permissions = std::fs::Permissions::from_mode(0o666);
    fs::set_permissions(place.site().join("acme/__init__.py"), permissions).unwrap();
    assert!(fill_from_trees(&[&wheel], &options).is_none());
}

#[test]
fn a_tree_that_goes_away_meanwhile_is_told_apart() {
    let wheel = acme();
    let folder = tempfile::tempdir().unwrap();
    let trees = folder.path().join("v1/trees");
    let options = hard_links(folder.path());
    try_fill(&[&wheel], &options).unwrap();
    let place = Place::new();
    let locked = Distribution {
        origin: Origin::Index {
            source: None,
            digests: vec![Digest::of(Algorithm::Sha256, &wheel.build())],
        },
        ..wheel.distribution()
    };
    let destination = place.destination(DestinationKind::Fresh);
    let found = unpacked(&[&locked], &destination, &options).found.remove(0);
    let arrival = PreparedWheel {
        content: WheelContent::Kept(Box::new(found.unwrap())),
        ..wheel.arrival()
    };
    fs::remove_dir_all(only_tree(&trees)).unwrap();
    let kind = DestinationKind::Fresh;
    let result = run(&place, &plan(&[&wheel]), vec![arrival], kind, &options);
    assert!(matches!(result, Err(Error::Changed { .. })), "{result:?}");
}

#[test]
fn a_program_that_lost_its_place_is_a_program_in_the_tree() {
    let first = WheelBuilder::new("first", "1.0").program("shared/run", "#!/bin/sh\n");
    let second = WheelBuilder::new("second", "1.0").program("shared/run", "#!/bin/bash\n");
    let folder = tempfile::tempdir().unwrap();
    let options = hard_links(folder.path());
    try_fill(&[&first, &second], &options).unwrap();
    for wheel in [&first, &second] {
        let (place, _) = fill_from_trees(&[wheel], &options).unwrap();
        let metadata = fs::metadata(place.site().join("shared/run")).unwrap();
        assert_ne!(metadata.mode() & 0o100, 0);
    }
}

// Environments in use.

fn installed(place: &Place, name: &str, version: &str) -> InstalledDistribution {
    InstalledDistribution {
        name: PackageName::new(name),
        version: Version::parse(version).unwrap(),
        dist_info: place
            .site()
            .join(format!("{}-{version}.dist-info", name.replace('-', "_"))),
        direct_url: None,
    }
}

fn change(place: &Place, actions: Vec<Action>, wheels: &[&WheelBuilder]) -> Result<Report, Error> {
    let arrivals = wheels.iter().map(|wheel| wheel.arrival()).collect();
    let staging = tempfile::tempdir_in(place.root()).unwrap();
    let kind = DestinationKind::Existing {
        staging: staging.path().to_owned(),
    };
    run(place, &Plan::new(actions), arrivals, kind, &options())
}

#[test]
fn a_new_version_takes_the_place_of_the_old() {
    let old = acme()
        .file("acme/old/deep.py", "")
        .console_script("old", "acme:main");
    let other = WheelBuilder::new("other", "1.0").file("acme_other.py", "");
    let place = fill(&[&old, &other]);
    let cached = place.site().join("acme/old/__pycache__");
    fs::create_dir(&cached).unwrap();
    fs::write(cached.join("deep.cpython-311.pyc"), "").unwrap();
    let new = WheelBuilder::new("acme", "2.0")
        .file("acme/__init__.py", "x = 2\n")
        .console_script("new", "acme:main");
    let actions = vec![
        Action::Replace {
            from: installed(&place, "acme", "1.0"),
            to: new.distribution(),
        },
        Action::Keep(installed(&place, "other", "1.0")),
    ];
    let report = change(&place, actions, &[&new]).unwrap();
    assert_eq!(
        (report.n_installs, report.n_updates, report.n_removals),
        (0, 1, 0)
    );
    assert_eq!(place.files(), fill(&[&new, &other]).files());
    assert!(!place.site().join("acme/old").exists());
    assert_eq!(
        fs::read_dir(place.root()).unwrap().count(),
        2,
        "staging is gone"
    );
}

#[test]
fn removing_takes_what_record_lists_and_nothing_else() {
    let place = fill(&[
        &acme().data("data/share/acme/a", ""),
        &WheelBuilder::new("other", "1.0"),
    ]);
    let outside = place.folder.path().join("outside");
    fs::write(&outside, "").unwrap();
    fs::write(place.root().join("pyvenv.cfg"), "").unwrap();
    let record = place.site().join("acme-1.0.dist-info/RECORD");
    let mut text = fs::read_to_string(&record).unwrap();
    text.push_str("../../../../outside,,\n../../../pyvenv.cfg,,\n");
    let absolute = format!("{},,\n/etc/hostname,,\n", outside.display());
    text.push_str(&absolute);
    text.push_str("other-1.0.dist-info/METADATA,,\n");
    fs::write(&record, text).unwrap();
    let actions = vec![
        Action::Remove(installed(&place, "acme", "1.0")),
        Action::Keep(installed(&place, "other", "1.0")),
    ];
    let report = change(&place, actions, &[]).unwrap();
    assert_eq!(report.n_removals, 1);
    assert!(outside.exists() && place.root().join("pyvenv.cfg").exists());
    assert!(!place.root().join("share").exists() && !place.site().join("acme").exists());
    fs::remove_file(place.root().join("pyvenv.cfg")).unwrap();
    assert_eq!(
        place.files(),
        fill(&[&WheelBuilder::new("other", "1.0")]).files()
    );
}

#[test]
fn links_that_lead_outside_are_not_followed_when_removing() {
    let place = fill(&[&acme()]);
    let outside = place.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("__init__.py"), "").unwrap();
    fs::remove_dir_all(place.site().join("acme")).unwrap();
    symlink(&outside, place.site().join("acme")).unwrap();
    change(
        &place,
        vec![Action::Remove(installed(&place, "acme", "1.0"))],
        &[],
    )
    .unwrap();
    assert!(outside.join("__init__.py").exists());
}

#[test]
fn a_dist_info_that_leads_outside_is_left_alone() {
    let place = fill(&[&acme()]);
    let outside = place.folder.path().join("outside");
    let dist_info = place.site().join("acme-1.0.dist-info");
    fs::rename(&dist_info, &outside).unwrap();
    symlink(&outside, &dist_info).unwrap();
    let remove = vec![Action::Remove(installed(&place, "acme", "1.0"))];
    let result = change(&place, remove, &[]);
    assert!(outside.join("RECORD").exists() && outside.join("METADATA").exists());
    assert!(matches!(result, Err(Error::NoRecord { .. })), "{result:?}");
}

#[test]
fn a_link_that_record_lists_is_replaced_not_followed() {
    let place = fill(&[&acme()]);
    let outside = place.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::remove_dir_all(place.site().join("acme")).unwrap();
    symlink(&outside, place.site().join("acme")).unwrap();
    let record = place.site().join("acme-1.0.dist-info/RECORD");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, format!("acme,,\n{text}")).unwrap();
    let new = WheelBuilder::new("acme", "2.0").file("acme/__init__.py", "x = 2\n");
    let actions = vec![Action::Replace {
        from: installed(&place, "acme", "1.0"),
        to: new.distribution(),
    }];
    change(&place, actions, &[&new]).unwrap();
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    place.assert_records_are_true();
}

#[test]
fn what_has_no_record_cannot_be_removed() {
    let place = fill(&[&acme()]);
    fs::remove_file(place.site().join("acme-1.0.dist-info/RECORD")).unwrap();
    let before = place.files();
    let result = change(
        &place,
        vec![Action::Remove(installed(&place, "acme", "1.0"))],
        &[],
    );
    assert!(matches!(result, Err(Error::NoRecord { .. })));
    assert_eq!(place.files(), before);
}

#[test]
fn a_refused_wheel_leaves_an_environment_in_use_as_it_was() {
    let place = fill(&[&acme(), &WheelBuilder::new("other", "1.0")]);
    let before = place.files();
    let good = WheelBuilder::new("acme", "2.0").file("acme/__init__.py", "x = 2\n");
    let bad = WheelBuilder::new("other", "2.0").file("../evil", "");
    let replace = |name: &str, to: &WheelBuilder| Action::Replace {
        from: installed(&place, name, "1.0"),
        to: to.distribution(),
    };
    let actions = vec![replace("acme", &good), replace("other", &bad)];
    change(&place, actions, &[&good, &bad]).unwrap_err();
    assert_eq!(place.files(), before);
}

#[test]
fn conflicts_with_what_is_installed_follow_the_same_rule() {
    let (a, b) = conflicting();
    for (first, second) in [(&a, &b), (&b, &a)] {
        let place = fill(&[first]);
        let kept = first.distribution();
        let mut actions = vec![
            Action::Keep(installed(&place, kept.name.as_str(), kept.version.text())),
            Action::Install(second.distribution()),
        ];
        actions.sort_by_key(name_of);
        let report = change(&place, actions, &[second]).unwrap();
        assert_eq!(report.warnings.len(), 1);
        place.assert_records_are_true();
        assert_eq!(place.read(&format!("{SITE}/acme/__init__.py")), "b\n");
    }
}

#[test]
fn an_interrupted_change_can_be_removed_by_its_list() {
    let place = fill(&[&acme()]);
    let dist_info = place.site().join("acme-1.0.dist-info");
    fs::rename(dist_info.join("RECORD"), dist_info.join("RECORD.lock2venv")).unwrap();
    let actions = vec![Action::Replace {
        from: installed(&place, "acme", "1.0"),
        to: acme().distribution(),
    }];
    change(&place, actions, &[&acme()]).unwrap();
    assert_eq!(place.files(), fill(&[&acme()]).files());
}

// Events, order, growth.

#[test]
fn each_distribution_is_reported_once_and_warnings_at_the_end() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);
    impl Reporter for Heard {
        fn report(&self, event: Event<'_>) {
            let text = if let Event::Installed { name, .. } = event {
                name.to_string()
            } else if matches!(event, Event::Warning(_)) {
                "warning".to_owned()
            } else {
                "other".to_owned()
            };
            self.0.lock().unwrap().push(text);
        }
    }
    let (a, b) = conflicting();
    let place = Place::new();
    let heard = Heard::default();
    let plan = plan(&[&a, &b]);
    let arrivals = of_plan(&plan, vec![a.arrival(), b.arrival()]);
    let arrivals = arrivals.into_iter().map(Ok::<_, Error>);
    let destination = place.destination(DestinationKind::Fresh);
    install(&plan, arrivals, &destination, &options(), &heard).unwrap();
    let mut heard = heard.0.into_inner().unwrap();
    assert_eq!(heard.pop().unwrap(), "warning");
    heard.sort();
    assert_eq!(heard, ["acme-a", "acme-b"]);
}

#[test]
fn more_wheels_than_are_taken_at_once_all_arrive() {
    let wheels: Vec<WheelBuilder> = (0..300)
        .map(|number| WheelBuilder::new(&format!("acme-{number}"), "1.0"))
        .collect();
    let wheels: Vec<&WheelBuilder> = wheels.iter().collect();
    let (place, report) = try_fill(&wheels, &options()).unwrap();
    assert_eq!(report.n_installs, 300);
    place.assert_records_are_true();
    let mut broken: Vec<&WheelBuilder> = wheels.clone();
    let bad = WheelBuilder::new("acme-0", "1.0").file("../evil", "");
    broken[0] = &bad;
    try_fill(&broken, &options()).map(drop).unwrap_err();
}

#[test]
fn many_files_and_large_ones_come_out_whole() {
    let mut wheel = acme();
    for number in 0..600 {
        let path = format!("acme/{}/{number}.py", number % 7);
        wheel = wheel.file(&path, format!("number = {number}\n"));
    }
    let large: Vec<u8> = (0..9_000_000u32)
        .map(|number| (number / 3 % 255) as u8)
        .collect();
    wheel = wheel.file("acme/large.bin", &large);
    let place = fill(&[&wheel]);
    assert!(fs::read(place.site().join("acme/large.bin")).unwrap() == large);
    assert_eq!(place.files().len(), 1 + 600 + 1 + 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a wheel calls its files, nothing appears outside the environment.
    #[test]
    fn unpacking_never_leaves_its_root(
        paths in prop::collection::vec("(\\.\\./|/|a/|b\\\\|\\./|acme-1.0.data/(data|scripts|purelib|x)/){0,3}[ab.]{0,2}", 1..4)
    ) {
        let mut wheel = acme();
        for path in &paths {
            wheel = wheel.file(path, "x");
        }
        let place = Place::new();
        let result = run(&place, &plan(&[&wheel]), vec![wheel.arrival()], DestinationKind::Fresh, &options());
        let around = fs::read_dir(place.folder.path()).unwrap().count();
        prop_assert_eq!(around, 1);
        if result.is_ok() {
            place.assert_records_are_true();
        }
    }
}

#[test]
fn bytecode_of_a_module_that_is_replaced_goes() {
    let place = fill(&[&acme()]);
    let cached = place.site().join("acme/__pycache__");
    fs::create_dir(&cached).unwrap();
    fs::write(cached.join("__init__.cpython-311.pyc"), "stale").unwrap();
    fs::write(cached.join("other.cpython-311.pyc"), "of nobody").unwrap();
    let new = WheelBuilder::new("acme", "2.0").file("acme/__init__.py", "x = 2\n");
    let action = Action::Replace {
        from: installed(&place, "acme", "1.0"),
        to: new.distribution(),
    };
    change(&place, vec![action], &[&new]).unwrap();
    assert!(!cached.join("__init__.cpython-311.pyc").exists());
    assert!(cached.join("other.cpython-311.pyc").exists());
}
