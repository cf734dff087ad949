//! The platform half of tags: which platforms' wheels run on a machine.

use serde::{Deserialize, Serialize};

/// The machine and operating system that wheels have to fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "system", rename_all = "lowercase")]
pub enum Platform {
    /// Linux.
    Linux {
        /// The architecture as platform tags spell it, such as `x86_64` or `aarch64`.
        architecture: String,
        /// The C library, where it is one that wheels are built for. `None` also stands for an ABI that no such wheel is
        /// built for (32-bit ARM without hardware floats).
        libc: Option<Libc>,
    },
    /// macOS.
    MacOs {
        /// The version of the system, such as `(14, 2)`.
        version: (u32, u32),
        /// The architecture: `arm64`, `x86_64` or one of the older ones.
        architecture: String,
    },
    /// Windows and whatever else has one platform tag.
    Other {
        /// The tag, such as `win_amd64`.
        name: String,
    },
}

/// A C library that platform tags know, with its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Libc {
    /// The GNU C library (manylinux, PEP 600).
    Glibc(u32, u32),
    /// musl (musllinux, PEP 656).
    Musl(u32, u32),
}

/// Architectures besides 32-bit x86 and ARM that `packaging` lists manylinux tags for.
const MANYLINUX_ARCHITECTURES: [&str; 9] = [
    "x86_64",
    "aarch64",
    "ppc64",
    "ppc64le",
    "s390x",
    "loongarch64",
    "riscv64",
    "i686",
    "armv7l",
];

/// Names that manylinux tags had before PEP 600, with the version of glibc that each means.
const LEGACY_MANYLINUX: [(&str, (u32, u32)); 3] = [
    ("manylinux2014", (2, 17)),
    ("manylinux2010", (2, 12)),
    ("manylinux1", (2, 5)),
];

impl Platform {
    /// Parses the newest platform tag that a machine takes: `manylinux_2_28_aarch64`, `manylinux2014_x86_64`,
    /// `musllinux_1_2_x86_64`, `linux_x86_64` (then no manylinux wheel fits), `macosx_14_0_arm64`, `win_amd64`.
    pub fn parse(tag: &str) -> Option<Self> {
        if let Some((name, version)) = LEGACY_MANYLINUX
            .iter()
            .find(|(name, _)| tag.starts_with(&format!("{name}_")))
        {
            let libc = Some(Libc::Glibc(version.0, version.1));
            return Some(Self::linux(&tag[name.len() + 1..], libc));
        }
        if let Some(rest) = tag.strip_prefix("manylinux_") {
            let (major, minor, architecture) = versioned(rest)?;
            return Some(Self::linux(architecture, Some(Libc::Glibc(major, minor))));
        }
        if let Some(rest) = tag.strip_prefix("musllinux_") {
            let (major, minor, architecture) = versioned(rest)?;
            return Some(Self::linux(architecture, Some(Libc::Musl(major, minor))));
        }
        if let Some(rest) = tag.strip_prefix("macosx_") {
            let (major, minor, architecture) = versioned(rest)?;
            return Some(Self::MacOs {
                version: (major, minor),
                architecture: architecture.to_owned(),
            });
        }
        if let Some(architecture) = tag.strip_prefix("linux_") {
            return Some(Self::linux(architecture, None));
        }
        let name = tag.to_owned();
        tag.starts_with("win").then_some(Self::Other { name })
    }

    fn linux(architecture: &str, libc: Option<Libc>) -> Self {
        Self::Linux {
            architecture: architecture.to_owned(),
            libc,
        }
    }

    /// Lists the platform tags that run there, best first, as `packaging.tags.platform_tags()` does.
    pub fn tags(&self) -> Vec<String> {
        match self {
            Self::Linux { architecture, libc } => linux_tags(architecture, *libc),
            Self::MacOs {
                version,
                architecture,
            } => macos_tags(*version, architecture),
            Self::Other { name } => vec![name.clone()],
        }
    }
}

fn versioned(text: &str) -> Option<(u32, u32, &str)> {
    let mut parts = text.splitn(3, '_');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    Some((major, minor, parts.next()?))
}

fn linux_tags(architecture: &str, libc: Option<Libc>) -> Vec<String> {
    // A 64-bit ARM machine that runs a 32-bit Python also takes what is built for the older one.
    let architectures = match architecture {
        "armv8l" => vec!["armv8l", "armv7l"],
        other => vec![other],
    };
    let mut tags: Vec<String> = architectures
        .iter()
        .map(|architecture| format!("linux_{architecture}"))
        .collect();
    match libc {
        Some(Libc::Glibc(major, minor)) => {
            tags.extend(manylinux_tags(&architectures, (major, minor)));
        }
        Some(Libc::Musl(major, minor)) => {
            for architecture in architectures {
                let minors = (0..=minor).rev();
                tags.extend(
                    minors.map(|minor| format!("musllinux_{major}_{minor}_{architecture}")),
                );
            }
        }
        None => {}
    }
    tags
}

/// `packaging._manylinux.platform_tags`, for glibc 2: newest first, an older name right after the new one.
fn manylinux_tags(architectures: &[&str], (major, minor): (u32, u32)) -> Vec<String> {
    let is_known = |name: &&str| MANYLINUX_ARCHITECTURES.contains(name);
    if major != 2 || !architectures.iter().any(is_known) {
        return Vec::new();
    }
    let is_x86 = |name: &&str| matches!(*name, "x86_64" | "i686");
    let oldest = if architectures.iter().any(is_x86) {
        5
    } else {
        17
    };
    let mut tags = Vec::new();
    for architecture in architectures {
        for minor in (oldest..=minor).rev() {
            tags.push(format!("manylinux_2_{minor}_{architecture}"));
            let legacy = LEGACY_MANYLINUX
                .iter()
                .find(|(_, version)| *version == (2, minor));
            tags.extend(legacy.map(|(name, _)| format!("{name}_{architecture}")));
        }
    }
    tags
}

/// `packaging.tags.mac_platforms`: up to 10.15 the minor number counted releases, since 11 the major one does.
fn macos_tags(version: (u32, u32), architecture: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut push = |version: (u32, u32), formats: &[&str]| {
        let (major, minor) = version;
        let texts = formats.iter();
        tags.extend(texts.map(|format| format!("macosx_{major}_{minor}_{format}")));
    };
    if version.0 == 10 {
        for version in (0..=version.1).rev().map(|minor| (10, minor)) {
            push(version, &macos_formats(version, architecture));
        }
    }
    if version >= (11, 0) {
        for version in (11..=version.0).rev().map(|major| (major, 0)) {
            push(version, &macos_formats(version, architecture));
        }
        // On ARM a `universal2` file may name an older system, for the sake of its other half.
        for version in (4..=16).rev().map(|minor| (10, minor)) {
            match architecture {
                "x86_64" => push(version, &macos_formats(version, architecture)),
                _ => push(version, &["universal2"]),
            }
        }
    }
    tags
}

/// `packaging.tags._mac_binary_formats`: what a system of that version and architecture runs.
fn macos_formats(version: (u32, u32), architecture: &str) -> Vec<&str> {
    let more: &[&str] = match architecture {
        "x86_64" | "i386" if version < (10, 4) => return Vec::new(),
        "ppc64" if !((10, 4)..=(10, 5)).contains(&version) => return Vec::new(),
        "ppc" if version > (10, 6) => return Vec::new(),
        "x86_64" => &["intel", "fat64", "fat3", "universal2", "universal"],
        "i386" => &["intel", "fat3", "fat", "universal"],
        "ppc64" => &["fat64", "universal"],
        "ppc" => &["fat3", "fat", "universal"],
        "arm64" => &["universal2"],
        "intel" => &["universal"],
        _ => &[],
    };
    [&[architecture], more].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn tags(tag: &str, expected: &[&str]) {
        let tags = Platform::parse(tag).unwrap().tags();
        let shown: Vec<&str> = tags
            .iter()
            .take(expected.len())
            .map(String::as_str)
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn newest_tag_names_the_platform() {
        tags("win_amd64", &["win_amd64"]);
        tags("linux_riscv64", &["linux_riscv64"]);
        tags(
            "manylinux2014_x86_64",
            &[
                "linux_x86_64",
                "manylinux_2_17_x86_64",
                "manylinux2014_x86_64",
                "manylinux_2_16_x86_64",
            ],
        );
        tags(
            "musllinux_1_1_aarch64",
            &[
                "linux_aarch64",
                "musllinux_1_1_aarch64",
                "musllinux_1_0_aarch64",
            ],
        );
        tags(
            "macosx_11_0_arm64",
            &[
                "macosx_11_0_arm64",
                "macosx_11_0_universal2",
                "macosx_10_16_universal2",
            ],
        );
    }

    #[test]
    fn other_words_name_no_platform() {
        for tag in [
            "",
            "any",
            "manylinux",
            "manylinux_2_x86_64",
            "macosx_11",
            "plan9_386",
        ] {
            assert_eq!(Platform::parse(tag), None, "{tag}");
        }
    }

    #[test]
    fn older_arm_wheels_run_on_newer_arm() {
        let tags = linux_tags("armv8l", Some(Libc::Glibc(2, 17)));
        let expected = [
            "linux_armv8l",
            "linux_armv7l",
            "manylinux_2_17_armv8l",
            "manylinux2014_armv8l",
        ];
        assert_eq!(tags[..4], expected);
        assert_eq!(tags[4..], ["manylinux_2_17_armv7l", "manylinux2014_armv7l"]);
    }
}
