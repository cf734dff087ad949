//! Compatibility tags: what a wheel was built for, and what an interpreter takes ([platform compatibility tags], PEP 425,
//! 600, 656).
//!
//! [`Tags`] of an interpreter are computed from a few facts about a [`Python`] and a [`Platform`], with no Python at hand,
//! in exactly the order of `packaging.tags.sys_tags()` (26.3). `fixtures/targets` records what that function said.
//!
//! An interpreter supports some 1,500 tags, but they are the product of about 40 pairs of interpreter and ABI with about
//! 40 platforms. They are kept as that product, so making them costs no more than the parts do.
//!
//! [platform compatibility tags]: https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/

mod platform;
mod python;

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use platform::{Libc, Platform};
pub use python::Python;

/// The platform of a wheel that runs anywhere.
const ANY: &str = "any";

/// One tag, such as `cp311-cp311-manylinux_2_17_x86_64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// The interpreter, such as `cp311`.
    pub interpreter: String,
    /// The binary interface, such as `abi3`, or `none`.
    pub abi: String,
    /// The platform, such as `win_amd64`, or `any`.
    pub platform: String,
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            interpreter,
            abi,
            platform,
        } = self;
        write!(formatter, "{interpreter}-{abi}-{platform}")
    }
}

/// The compressed tags of one wheel, such as `py2.py3-none-any`: every interpreter with every ABI on every platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagSet {
    interpreters: Vec<String>,
    abis: Vec<String>,
    platforms: Vec<String>,
}

impl TagSet {
    /// Parses three parts with `-` between them, each a list with `.` between its members; `None` when a part is missing or
    /// a member is empty. Letters become lower case, as `packaging` makes them.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let [interpreters, abis, platforms] = parts.as_slice() else {
            return None;
        };
        Some(Self {
            interpreters: members(interpreters)?,
            abis: members(abis)?,
            platforms: members(platforms)?,
        })
    }

    /// Returns the interpreters, as written.
    pub fn interpreters(&self) -> &[String] {
        &self.interpreters
    }

    /// Returns the binary interfaces, as written.
    pub fn abis(&self) -> &[String] {
        &self.abis
    }

    /// Returns the platforms, as written.
    pub fn platforms(&self) -> &[String] {
        &self.platforms
    }
}

/// The tags that an interpreter supports, best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Recorded", into = "Recorded")]
pub struct Tags {
    platforms: Vec<String>,
    platform_ranks: HashMap<String, usize>,
    pairs: Vec<Pair>,
}

/// One interpreter and ABI, and whether it stands for every platform in turn or for `any` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    interpreter: String,
    abi: String,
    is_any: bool,
}

/// Why a wheel cannot be installed on an interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mismatch {
    /// It is for other Pythons, or other binary interfaces.
    Python,
    /// It is for this Python on other platforms.
    Platform,
}

impl Tags {
    /// Computes the tags of `python` on `platform`, as `packaging.tags.sys_tags()` does there.
    pub fn new(python: &Python, platform: &Platform) -> Self {
        let pairs = python.pairs();
        Self::from_parts(platform.tags(), pairs)
    }

    fn from_parts(platforms: Vec<String>, pairs: Vec<Pair>) -> Self {
        let ranks = platforms.iter().cloned().enumerate();
        // The first of equal platforms counts; later ones can never be the better choice.
        let platform_ranks = ranks
            .rev()
            .map(|(rank, platform)| (platform, rank))
            .collect();
        Self {
            platforms,
            platform_ranks,
            pairs,
        }
    }

    /// Returns the place of the best tag in `set` that is supported, 0 being the most wanted.
    ///
    /// # Errors
    ///
    /// What `set` is for, when none of its tags is supported.
    pub fn rank(&self, set: &TagSet) -> Result<usize, Mismatch> {
        let platform_rank = self.platform_rank(set);
        let has_any = set.platforms.iter().any(|platform| platform == ANY);
        let mut n_before = 0;
        let mut mismatch = Mismatch::Python;
        for pair in &self.pairs {
            if pair.matches(set) {
                mismatch = Mismatch::Platform;
                match (pair.is_any, platform_rank) {
                    (true, _) if has_any => return Ok(n_before),
                    (false, Some(rank)) => return Ok(n_before + rank),
                    (true | false, _) => {}
                }
            }
            n_before += self.n_platforms(pair);
        }
        Err(mismatch)
    }

    fn platform_rank(&self, set: &TagSet) -> Option<usize> {
        let ranks = set
            .platforms
            .iter()
            .filter_map(|platform| self.platform_ranks.get(platform));
        ranks.min().copied()
    }

    fn n_platforms(&self, pair: &Pair) -> usize {
        if pair.is_any { 1 } else { self.platforms.len() }
    }

    /// Returns how many tags there are.
    pub fn len(&self) -> usize {
        self.pairs.iter().map(|pair| self.n_platforms(pair)).sum()
    }

    /// Tells whether there is no tag at all.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Returns the platforms, best first, such as `manylinux_2_36_x86_64`.
    pub fn platforms(&self) -> &[String] {
        &self.platforms
    }

    /// Walks over all tags, best first.
    pub fn iter(&self) -> impl Iterator<Item = Tag> {
        self.pairs.iter().flat_map(|pair| {
            let platforms: Vec<&str> = if pair.is_any {
                vec![ANY]
            } else {
                self.platforms.iter().map(String::as_str).collect()
            };
            platforms.into_iter().map(|platform| Tag {
                interpreter: pair.interpreter.clone(),
                abi: pair.abi.clone(),
                platform: platform.to_owned(),
            })
        })
    }
}

impl Pair {
    fn new(interpreter: &str, abi: &str) -> Self {
        Self {
            interpreter: interpreter.to_lowercase(),
            abi: abi.to_lowercase(),
            is_any: false,
        }
    }

    fn anywhere(interpreter: &str, abi: &str) -> Self {
        Self {
            is_any: true,
            ..Self::new(interpreter, abi)
        }
    }

    fn matches(&self, set: &TagSet) -> bool {
        set.abis.contains(&self.abi) && set.interpreters.contains(&self.interpreter)
    }
}

/// The written form of [`Tags`]: in `tags`, `cp311-cp311-*` stands for one tag with each of the platforms in turn.
#[derive(Serialize, Deserialize)]
struct Recorded {
    platforms: Vec<String>,
    tags: Vec<String>,
}

impl TryFrom<Recorded> for Tags {
    type Error = String;

    fn try_from(recorded: Recorded) -> Result<Self, String> {
        let pairs = recorded.tags.iter().map(|text| recorded_pair(text));
        let pairs = pairs.collect::<Result<_, _>>()?;
        Ok(Self::from_parts(recorded.platforms, pairs))
    }
}

fn recorded_pair(text: &str) -> Result<Pair, String> {
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [interpreter, abi, "*"] => Ok(Pair::new(interpreter, abi)),
        [interpreter, abi, ANY] => Ok(Pair::anywhere(interpreter, abi)),
        _ => Err(format!("`{text}` is not a recorded tag")),
    }
}

impl From<Tags> for Recorded {
    fn from(tags: Tags) -> Self {
        let text = |pair: &Pair| {
            let platform = if pair.is_any { ANY } else { "*" };
            format!("{}-{}-{platform}", pair.interpreter, pair.abi)
        };
        Self {
            tags: tags.pairs.iter().map(text).collect(),
            platforms: tags.platforms,
        }
    }
}

fn members(part: &str) -> Option<Vec<String>> {
    let member = |text: &str| (!text.is_empty()).then(|| text.to_lowercase());
    part.split('.').map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linux() -> Tags {
        let platform = Platform::parse("manylinux_2_17_x86_64").unwrap();
        Tags::new(&Python::cpython(3, 11), &platform)
    }

    #[track_caller]
    fn rank(text: &str) -> Result<usize, Mismatch> {
        linux().rank(&TagSet::parse(text).unwrap())
    }

    #[test]
    fn rank_is_the_place_in_the_whole_list() {
        for (place, tag) in linux().iter().enumerate() {
            assert_eq!(rank(&tag.to_string()), Ok(place), "{tag}");
        }
        assert_eq!(linux().iter().count(), linux().len());
    }

    #[test]
    fn best_tag_of_a_set_counts() {
        let alone = rank("cp311-cp311-manylinux2014_x86_64");
        assert_eq!(
            rank("cp39.cp311-abi3.cp311-win32.manylinux2014_x86_64"),
            alone
        );
        assert!(rank("cp311-none-any") < rank("py2.py3-none-any"));
    }

    #[test]
    fn mismatch_tells_python_from_platform() {
        assert_eq!(rank("cp310-cp310-win_amd64"), Err(Mismatch::Python));
        assert_eq!(
            rank("cp310-cp310-manylinux2014_x86_64"),
            Err(Mismatch::Python)
        );
        assert_eq!(rank("cp311-cp311-win_amd64"), Err(Mismatch::Platform));
        assert_eq!(rank("cp38-abi3-macosx_11_0_arm64"), Err(Mismatch::Platform));
        assert_eq!(rank("py2-none-any"), Err(Mismatch::Python));
    }

    #[test]
    fn broken_tag_sets_do_not_parse() {
        for text in [
            "",
            "py3",
            "py3-none",
            "py3-none-any-x",
            "py3..py2-none-any",
            "py3--any",
        ] {
            assert_eq!(TagSet::parse(text), None, "{text}");
        }
    }

    #[test]
    fn written_form_is_read_back() {
        let text = serde_json::to_string(&linux()).unwrap();
        assert_eq!(serde_json::from_str::<Tags>(&text).unwrap(), linux());
    }
}
