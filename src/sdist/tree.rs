//! What an archive holds, as far as its entries are known: which names there are, and where its links lead.

use std::collections::BTreeMap;

use super::{Error, Fault, error, name};
use crate::archive::MAX_ENTRIES;

/// Twenty times as deep as real ones.
pub(super) const MAX_FOLDERS_ABOVE: usize = 256;

/// As many as Linux follows.
const MAX_LINKS_FOLLOWED: usize = 40;

/// How many names all links of an archive may lead through, together: ten for each, if it were of links alone. One link may
/// lead through as many as 80,000, by way of 40 others, and another thousand links through that one.
const MAX_LINK_STEPS: usize = 2_000_000;

/// All names of an archive, with the folders that no entry of their own announces.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: BTreeMap<Vec<u8>, Node>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Folder,
    File,
    /// A symbolic link and where it leads.
    Link(Vec<u8>),
}

/// A symbolic link that leads inside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link<'a> {
    pub(super) path: &'a [u8],
    pub(super) target: &'a [u8],
}

/// Whether a name is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    New,
    /// A file of that name is there.
    Repeated,
}

impl Tree {
    pub(super) fn add_folder(&mut self, path: &[u8]) -> Result<(), Fault> {
        if path.is_empty() {
            return Ok(());
        }
        self.add_folders_above(path)?;
        match self.nodes.get(path) {
            None => self.insert(path, Node::Folder),
            Some(Node::Folder) => {}
            Some(Node::File | Node::Link(_)) => return Err(Fault::Repeated),
        }
        Ok(())
    }

    pub(super) fn add_file(&mut self, path: &[u8]) -> Result<Added, Fault> {
        self.add_folders_above(path)?;
        match self.nodes.get(path) {
            None => {
                self.insert(path, Node::File);
                Ok(Added::New)
            }
            Some(Node::File) => Ok(Added::Repeated),
            Some(Node::Folder | Node::Link(_)) => Err(Fault::Repeated),
        }
    }

    pub(super) fn add_link(&mut self, path: &[u8], target: &[u8]) -> Result<(), Fault> {
        if target.len() > name::MAX_NAME_BYTES {
            return Err(Fault::LinkLength);
        }
        self.add_folders_above(path)?;
        let link = Node::Link(target.to_vec());
        match self.nodes.get(path) {
            None => self.insert(path, link),
            Some(there) if *there == link => {}
            Some(_) => return Err(Fault::Repeated),
        }
        Ok(())
    }

    /// Adds a file that is also known as `target`.
    pub(super) fn add_hard_link(&mut self, path: &[u8], target: &[u8]) -> Result<Added, Fault> {
        if !self.is_file(target) {
            return Err(Fault::HardLink {
                target: error::text(target),
            });
        }
        self.add_file(path)
    }

    /// Refuses more names than an archive may have entries: a folder that no entry announces is a name too.
    pub(super) fn check_size(&self) -> Result<(), Error> {
        if self.nodes.len() as u64 > MAX_ENTRIES {
            return Err(Error::TooManyEntries { limit: MAX_ENTRIES });
        }
        Ok(())
    }

    /// Returns what is at the top, in order.
    pub(super) fn top(&self) -> impl Iterator<Item = &[u8]> {
        let names = self.nodes.keys().map(Vec::as_slice);
        names.filter(|path| !path.contains(&b'/'))
    }

    pub(super) fn is_folder(&self, path: &[u8]) -> bool {
        self.nodes.get(path) == Some(&Node::Folder)
    }

    pub(super) fn is_file(&self, path: &[u8]) -> bool {
        self.nodes.get(path) == Some(&Node::File)
    }

    /// Returns all symbolic links and where they lead, if that is inside for each of them.
    pub(super) fn checked_links(&self) -> Result<Vec<Link<'_>>, Error> {
        let (mut links, mut n_steps) = (Vec::new(), 0);
        for (path, node) in &self.nodes {
            let Node::Link(target) = node else {
                continue;
            };
            self.follow(path, target, &mut n_steps)
                .map_err(|fault| fault.of(path))?;
            links.push(Link { path, target });
        }
        Ok(links)
    }

    /// Goes where the link at `path` leads, through other links, as the system would. What is not there may be inside.
    fn follow(&self, path: &[u8], target: &[u8], n_steps: &mut usize) -> Result<(), Fault> {
        let outside = || Fault::LinkOutside {
            target: error::text(target),
        };
        let mut place = name::split(path).0.to_vec();
        let mut rest = components(target).ok_or_else(outside)?;
        let mut n_followed = 0;
        while let Some(component) = rest.pop() {
            *n_steps += 1;
            if *n_steps > MAX_LINK_STEPS {
                return Err(Fault::LinkSteps);
            }
            if component == b".." {
                if place.is_empty() {
                    return Err(outside());
                }
                place.truncate(name::split(&place).0.len());
                continue;
            }
            let n_above = place.len();
            push(&mut place, &component);
            let Some(Node::Link(target)) = self.nodes.get(&place) else {
                continue;
            };
            place.truncate(n_above);
            n_followed += 1;
            if n_followed > MAX_LINKS_FOLLOWED {
                return Err(Fault::LinkLoop);
            }
            rest.extend(components(target).ok_or_else(outside)?);
        }
        Ok(())
    }

    fn add_folders_above(&mut self, path: &[u8]) -> Result<(), Fault> {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        if slashes.clone().count() > MAX_FOLDERS_ABOVE {
            return Err(Fault::Depth);
        }
        for (end, _) in slashes {
            let folder = &path[..end];
            match self.nodes.get(folder) {
                Some(Node::Folder) => {}
                Some(Node::File | Node::Link(_)) => return Err(Fault::BelowFile),
                None => self.insert(folder, Node::Folder),
            }
        }
        Ok(())
    }

    fn insert(&mut self, path: &[u8], node: Node) {
        self.nodes.insert(path.to_vec(), node);
    }
}

/// Returns the components of where a link leads, the last first; `None` for an absolute or empty text.
fn components(target: &[u8]) -> Option<Vec<Vec<u8>>> {
    if target.is_empty() || target[0] == b'/' || target.contains(&0) {
        return None;
    }
    let components = target.rsplit(|byte| *byte == b'/');
    let named = components.filter(|component| !component.is_empty() && *component != b".");
    Some(named.map(<[u8]>::to_vec).collect())
}

fn push(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(links: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        tree.add_file(b"a/b/file").unwrap();
        for (path, target) in links {
            tree.add_link(path.as_bytes(), target.as_bytes()).unwrap();
        }
        tree
    }

    #[track_caller]
    fn leads_outside(links: &[(&str, &str)]) {
        let tree = tree(links);
        let error = tree.checked_links().unwrap_err();
        let is_outside = matches!(
            error,
            Error::Entry {
                fault: Fault::LinkOutside { .. },
                ..
            }
        );
        assert!(is_outside, "{error}");
    }

    #[test]
    fn folders_that_no_entry_announces_count() {
        let mut tree = Tree::default();
        let above = "a/".repeat(100);
        tree.add_file(format!("{above}file").as_bytes()).unwrap();
        tree.check_size().unwrap();
        for n in 0..MAX_ENTRIES / 100 {
            tree.add_file(format!("{n}/{above}file").as_bytes())
                .unwrap();
        }
        let error = tree.check_size().unwrap_err();
        assert!(matches!(error, Error::TooManyEntries { .. }), "{error}");
    }

    #[test]
    fn links_inside_are_kept() {
        let links = [
            ("a/up", "../a/b/file"),
            ("a/dangling", "nowhere/at/all"),
            ("a/folder", "b"),
            ("a/through", "folder/file"),
            ("top", "."),
        ];
        assert_eq!(tree(&links).checked_links().unwrap().len(), 5);
    }

    #[test]
    fn links_that_leave_are_refused() {
        leads_outside(&[("a/x", "/etc/passwd")]);
        leads_outside(&[("a/x", "../..")]);
        leads_outside(&[("a/x", "b/../../../y")]);
        leads_outside(&[("x", "..")]);
        leads_outside(&[("a/x", "")]);
    }

    #[test]
    fn a_link_that_leaves_through_others_is_refused() {
        // `a/b/c/..` is `a/b` by its text, and the top's parent by where `c` leads.
        leads_outside(&[("a/b/c", "../../."), ("a/x", "b/c/../y")]);
        leads_outside(&[("one", "a/b"), ("two", "one/../../..")]);
        leads_outside(&[("z", "a"), ("b", "z/../../out")]);
    }

    #[test]
    fn links_in_a_circle_are_refused() {
        let tree = tree(&[("x", "y"), ("y", "x")]);
        let error = tree.checked_links().unwrap_err().to_string();
        assert!(error.contains("leads to itself"), "{error}");
    }

    #[test]
    fn links_whose_ways_multiply_are_refused() {
        let detour = "a/../".repeat(800);
        let mut tree = tree(&[("to0", "a/b/file")]);
        for n in 1..15 {
            let target = format!("{detour}to{}", n - 1);
            let path = format!("to{n}");
            tree.add_link(path.as_bytes(), target.as_bytes()).unwrap();
        }
        tree.checked_links().unwrap();
        for n in 0..1000 {
            tree.add_link(format!("x{n}").as_bytes(), b"to14").unwrap();
        }
        let error = tree.checked_links().unwrap_err().to_string();
        assert!(error.contains("through too many folders"), "{error}");
    }

    #[test]
    fn nothing_is_below_a_file_or_a_link() {
        let mut tree = tree(&[("a/link", "b")]);
        assert_eq!(tree.add_file(b"a/link/x"), Err(Fault::BelowFile));
        assert_eq!(tree.add_file(b"a/b/file/x"), Err(Fault::BelowFile));
        assert_eq!(tree.add_folder(b"a/link"), Err(Fault::Repeated));
        assert_eq!(tree.add_file(b"a/link"), Err(Fault::Repeated));
        assert_eq!(tree.add_file(b"a/b"), Err(Fault::Repeated));
        assert_eq!(tree.add_file(b"a/b/file"), Ok(Added::Repeated));
    }
}
