//! Files inside a module do not use each other in a circle: what is read first needs nothing that is read later.
//!
//! The rule is about siblings, at every level: the files and folders of one folder, where a folder stands for all that is in it.
//! A file may use what its parent (`mod.rs`) defines, and a parent its children; what a parent only hands on (`pub use
//! self::child::Name`) is its child's. Checked are the names in `use` lines and in paths that begin with `crate`, `self` or
//! `super`; methods of a type that another file adds to it are not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::architecture::{code_of, library_files};

/// The path of a module: `["marker", "node"]`.
type Module = Vec<String>;

/// Which file uses which.
type Uses = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_files_of_a_module_use_each_other_in_a_circle() {
    let found = circles(&library_code());
    assert!(found.is_empty(), "circles: {found:#?}");
}

#[test]
fn circles_are_found_through_every_way_of_naming() {
    let check = |one: &str, other: &str, expected: usize| {
        let code = [
            (&["m"][..], "mod a; mod b; pub use self::b::Handed;"),
            (&["m", "a"], one),
            (&["m", "b"], other),
        ];
        let code = code.map(|(module, text)| (owned(module), text.to_owned()));
        assert_eq!(circles(&code.into()).len(), expected, "{one} {other}");
    };
    let back = "use super::a;";
    check("use crate::m::b::X;", back, 1);
    check("use crate::m::{c::Y, b::{X, Z}};", back, 1);
    check("use super::b;", back, 1);
    check("fn f(x: super::b::X) {}", back, 1);
    check("use super::{T, Handed as H};", back, 1);
    check("use super::T;", back, 0);
    check("use crate::other::b::X;", back, 0);
    check("use super::b;", "", 0);
    check("fn f() { mysuper::b::g() }", back, 0);
}

fn owned(module: &[&str]) -> Module {
    module.iter().map(|&part| part.to_owned()).collect()
}

/// The code of each file of the library, without tests.
fn library_code() -> BTreeMap<Module, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = library_files().into_iter().map(|(_, file)| {
        let path = file.strip_prefix(&source).unwrap().with_extension("");
        let mut module: Module = path
            .iter()
            .map(|part| part.to_str().unwrap().to_owned())
            .collect();
        if module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        (module, code_of(&file))
    });
    files.collect()
}

/// Finds the circles: the folder, and the files in it that reach each other.
fn circles(code: &BTreeMap<Module, String>) -> BTreeSet<(String, BTreeSet<String>)> {
    let mut circles = BTreeSet::new();
    for (folder, uses) in uses(code) {
        for file in uses.keys() {
            let back = |other: &String| reached(&uses, other).contains(file);
            let circle: BTreeSet<String> = reached(&uses, file).into_iter().filter(back).collect();
            if !circle.is_empty() {
                circles.insert((folder.join("::"), circle));
            }
        }
    }
    circles
}

fn reached(uses: &Uses, from: &String) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for next in uses.get(file).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    reached
}

/// Returns for each folder which of its files uses which.
fn uses(code: &BTreeMap<Module, String>) -> BTreeMap<Module, Uses> {
    let handed_on = handed_on(code);
    let mut all: BTreeMap<Module, Uses> = BTreeMap::new();
    for (module, text) in code {
        for path in paths(text) {
            let target = resolve(module, &path, code, &handed_on);
            let shared = module.iter().zip(&target);
            let n_shared = shared.take_while(|(one, other)| one == other).count();
            // Modules as a whole are the business of the table; a parent and its children may use each other.
            if n_shared == 0 || n_shared == module.len() || n_shared == target.len() {
                continue;
            }
            let uses = all.entry(module[..n_shared].to_vec()).or_default();
            let of_file = uses.entry(module[n_shared].clone()).or_default();
            of_file.insert(target[n_shared].clone());
        }
    }
    all
}

/// Returns for each parent and name the child that defines what the parent hands on.
fn handed_on(code: &BTreeMap<Module, String>) -> BTreeMap<(Module, String), Module> {
    let mut handed_on = BTreeMap::new();
    for (module, text) in code {
        let public = ["pub use ", "pub(super) use ", "pub(crate) use "];
        let public = public.iter().flat_map(|public| text.split(public).skip(1));
        for path in public.flat_map(tree) {
            let path = path.strip_prefix(&["self".to_owned()]).unwrap_or(&path);
            let [child, .., name] = path else { continue };
            let child = [module.as_slice(), std::slice::from_ref(child)].concat();
            if code.contains_key(&child) {
                handed_on.insert((module.clone(), name.clone()), child);
            }
        }
    }
    handed_on
}

/// Returns the module that `path`, as `module` writes it, leads into.
fn resolve(
    module: &Module,
    path: &[String],
    code: &BTreeMap<Module, String>,
    handed_on: &BTreeMap<(Module, String), Module>,
) -> Module {
    let mut target = match path[0].as_str() {
        "crate" => Module::new(),
        _ => module.clone(),
    };
    for name in path {
        match name.as_str() {
            "crate" | "self" => {}
            "super" => drop(target.pop()),
            name => {
                target.push(name.to_owned());
                if !code.contains_key(&target) {
                    target.pop();
                    let handed = handed_on.get(&(target.clone(), name.to_owned()));
                    return handed.cloned().unwrap_or(target);
                }
            }
        }
    }
    target
}

/// Returns all paths in `code` that begin with `crate`, `self` or `super`.
fn paths(code: &str) -> Vec<Module> {
    let mut paths = Vec::new();
    for root in ["crate::", "self::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            let is_start =
                before.is_none_or(|before| !before.is_alphanumeric() && !"_:".contains(before));
            if is_start {
                paths.extend(tree(&code[at..]));
            }
        }
    }
    paths
}

/// Reads a path, or a tree of paths such as `a::{b, c::{d, e as f}}`.
fn tree(text: &str) -> Vec<Module> {
    let mut words = Words { rest: text };
    words.tree()
}

struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn tree(&mut self) -> Vec<Module> {
        let mut path = Module::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.take("{") {
                let below = self.branches();
                let joined = below
                    .into_iter()
                    .map(|below| [path.clone(), below].concat());
                return joined.collect();
            }
            let end = self
                .rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(self.rest.len());
            let (name, rest) = self.rest.split_at(end);
            self.rest = rest;
            if !name.is_empty() {
                path.push(name.to_owned());
            }
            if name.is_empty() || !self.take("::") {
                return vec![path];
            }
        }
    }

    fn branches(&mut self) -> Vec<Module> {
        let mut branches = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.is_empty() || self.take("}") {
                return branches;
            }
            if !self.take(",") {
                branches.extend(self.tree());
                // `as name`, or what is no path at all.
                let end = self.rest.find([',', '}']).unwrap_or(self.rest.len());
                self.rest = &self.rest[end..];
            }
        }
    }

    fn take(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}
