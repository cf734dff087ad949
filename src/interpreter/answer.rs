//! Reads the answer of `probe.py`.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::{Bytecode, Error, Interpreter, Layout, Said, parse_last_line};
use crate::marker::MarkerEnvironment;
use crate::tag::{Libc, Platform, Python, Tags};
use crate::target::Target;

#[derive(Deserialize)]
struct ProbeAnswer {
    marker_environment: MarkerEnvironment,
    python: Python,
    platform: PlatformFacts,
    scheme: Scheme,
    version: (u32, u32, u32),
    executable: PathBuf,
    base_executable: PathBuf,
    base_prefix: PathBuf,
    magic_number: String,
    cache_tag: Option<String>,
}

#[derive(Deserialize)]
struct Scheme {
    purelib: PathBuf,
    platlib: PathBuf,
    scripts: PathBuf,
}

/// What `packaging` looks at to list platforms, as it finds it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PlatformFacts {
    system: String,
    sysconfig: String,
    pointer_bits: u32,
    glibc: Option<String>,
    elf: Option<(u8, u8, u16, u32)>,
    musl: Option<String>,
    macos: Option<(String, String)>,
}

/// Turns what the interpreter at `path` wrote into an [`Interpreter`].
pub(super) fn read(path: &Path, said: &Said) -> Result<Interpreter, Error> {
    let answer: ProbeAnswer = parse_last_line(path, said)?;
    let lacks = |fact| Error::Fact {
        path: path.to_owned(),
        fact,
    };
    if !answer.executable.is_absolute() || !answer.base_executable.is_absolute() {
        return Err(lacks("executable"));
    }
    if !answer.scheme.is_inside() {
        return Err(lacks("installation scheme"));
    }
    let magic_number = parse_magic(&answer.magic_number).ok_or_else(|| lacks("magic number"))?;
    let platform = answer
        .platform
        .platform()
        .ok_or_else(|| lacks("platform"))?;
    Ok(Interpreter {
        version: answer.version,
        target: Target {
            marker_environment: answer.marker_environment,
            tags: Tags::new(&answer.python, &platform),
        },
        layout: answer.scheme.layout(answer.python.version),
        is_64_bit: answer.platform.pointer_bits == 64,
        bytecode: Bytecode {
            magic_number,
            cache_tag: answer.cache_tag,
        },
        executable: answer.executable,
        base_executable: answer.base_executable,
        base_prefix: answer.base_prefix,
    })
}

fn parse_magic(hex: &str) -> Option<[u8; 4]> {
    let number = (hex.len() == 8).then(|| u32::from_str_radix(hex, 16).ok())?;
    number.map(u32::to_be_bytes)
}

impl Scheme {
    /// Whether every place lies inside the environment.
    fn is_inside(&self) -> bool {
        let paths = [&self.purelib, &self.platlib, &self.scripts];
        let mut parts = paths.iter().flat_map(|path| path.components());
        parts.all(|part| matches!(part, Component::Normal(_)))
    }

    fn layout(self, version: (u32, u32)) -> Layout {
        let (major, minor) = version;
        Layout {
            platlib: without_lib64(self.platlib),
            purelib: without_lib64(self.purelib),
            scripts: self.scripts,
            data: PathBuf::new(),
            // Poetry and pip agree on this place; the scheme's own would lie outside of the environment.
            headers: PathBuf::from(format!("include/site/python{major}.{minor}")),
            python_name: "python".to_owned(),
            python_version: version,
        }
    }
}

/// Some Linux distributions have `platlib` in `lib64`, which in an environment is a link to `lib`.
fn without_lib64(path: PathBuf) -> PathBuf {
    match path.strip_prefix("lib64") {
        Ok(rest) => Path::new("lib").join(rest),
        Err(_) => path,
    }
}

impl PlatformFacts {
    /// `packaging.tags.platform_tags`, up to where it lists.
    pub(super) fn platform(&self) -> Option<Platform> {
        let name = self.sysconfig.replace(['-', '.', ' '], "_").to_lowercase();
        match self.system.as_str() {
            "Linux" => Some(match name.strip_prefix("linux_") {
                Some(architecture) => self.linux(architecture),
                None => Platform::Other { name },
            }),
            "Darwin" => self.macos(),
            _ => Some(Platform::Other { name }),
        }
    }

    fn linux(&self, architecture: &str) -> Platform {
        // A 32-bit Python on a 64-bit kernel is told the kernel's architecture.
        let architecture = match (architecture, self.pointer_bits) {
            ("x86_64", 32) => "i686",
            ("aarch64", 32) => "armv8l",
            (other, _) => other,
        };
        Platform::Linux {
            libc: self.libc(architecture),
            architecture: architecture.to_owned(),
        }
    }

    fn libc(&self, architecture: &str) -> Option<Libc> {
        if let Some(said) = &self.musl {
            let version = said
                .lines()
                .find_map(|line| line.trim().strip_prefix("Version "));
            let (major, minor) = parse_version(version?)?;
            return Some(Libc::Musl(major, minor));
        }
        let (major, minor) = parse_version(self.glibc.as_deref()?)?;
        let is_built_for = self.has_manylinux_abi(architecture);
        is_built_for.then_some(Libc::Glibc(major, minor))
    }

    /// On 32-bit ARM wheels are built for hardware floats and version 5 of the ABI; on x86 an `x32` Python takes none.
    fn has_manylinux_abi(&self, architecture: &str) -> bool {
        const ELF_32_BIT_LITTLE: (u8, u8) = (1, 1);
        const I386: u16 = 3;
        const ARM: u16 = 40;
        const ABI_MASK: u32 = 0xFF00_0000;
        const ABI_5: u32 = 0x0500_0000;
        const HARD_FLOAT: u32 = 0x0000_0400;
        let elf = |wanted| {
            self.elf.is_some_and(|(class, order, machine, _)| {
                (class, order) == ELF_32_BIT_LITTLE && machine == wanted
            })
        };
        let flags = self.elf.map_or(0, |(_, _, _, flags)| flags);
        match architecture {
            "armv7l" | "armv8l" => {
                elf(ARM) && flags & ABI_MASK == ABI_5 && flags & HARD_FLOAT == HARD_FLOAT
            }
            "i686" => elf(I386),
            _ => true,
        }
    }

    fn macos(&self) -> Option<Platform> {
        let (version, machine) = self.macos.as_ref()?;
        let mut parts = version.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next().unwrap_or("0").parse().ok()?;
        let architecture = match (machine.as_str(), self.pointer_bits) {
            (machine, 32) if machine.starts_with("ppc") => "ppc",
            (_, 32) => "i386",
            (machine, _) => machine,
        };
        Some(Platform::MacOs {
            version: (major, minor),
            architecture: architecture.to_owned(),
        })
    }
}

/// The first two numbers; what follows (`2.20-2014.11`) is of no account.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.split_once('.')?;
    let end = rest.find(|character: char| !character.is_ascii_digit());
    let minor = &rest[..end.unwrap_or(rest.len())];
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(system: &str, sysconfig: &str) -> PlatformFacts {
        PlatformFacts {
            system: system.to_owned(),
            sysconfig: sysconfig.to_owned(),
            pointer_bits: 64,
            glibc: None,
            elf: None,
            musl: None,
            macos: None,
        }
    }

    #[track_caller]
    fn first_tags(facts: &PlatformFacts, expected: &[&str]) {
        let tags = facts.platform().unwrap().tags();
        let shown: Vec<&str> = tags
            .iter()
            .take(expected.len())
            .map(String::as_str)
            .collect();
        assert_eq!(shown, expected);
    }

    /// A file of `fixtures/targets`: what `packaging` said, and the facts that it was told.
    #[derive(Deserialize)]
    struct Recorded {
        facts: Facts,
        #[serde(flatten)]
        target: Target,
    }

    #[derive(Deserialize)]
    struct Facts {
        python: Python,
        platform: PlatformFacts,
    }

    #[test]
    fn tags_are_those_of_packaging_on_every_recorded_machine() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/targets");
        let mut n_records = 0;
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let text = fs_err::read_to_string(&path).unwrap();
                let recorded: Recorded = serde_json::from_str(&text).unwrap();
                let platform = recorded.facts.platform.platform().unwrap();
                let computed = Tags::new(&recorded.facts.python, &platform);
                assert_eq!(computed, recorded.target.tags, "{}", path.display());
                n_records += 1;
            }
        }
        assert!(n_records >= 26, "only {n_records} records");
    }

    #[test]
    fn loader_of_musl_tells_its_version() {
        let said = "musl libc (aarch64)\nVersion 1.2.5\nDynamic Program Loader\n";
        let alpine = PlatformFacts {
            musl: Some(said.to_owned()),
            ..facts("Linux", "linux-aarch64")
        };
        first_tags(&alpine, &["linux_aarch64", "musllinux_1_2_aarch64"]);
    }

    #[test]
    fn kernel_of_64_bits_does_not_mislead_a_python_of_32() {
        let debian = PlatformFacts {
            pointer_bits: 32,
            glibc: Some("2.36-9+deb12".to_owned()),
            elf: Some((1, 1, 3, 0)),
            ..facts("Linux", "linux-x86_64")
        };
        first_tags(&debian, &["linux_i686", "manylinux_2_36_i686"]);
        let raspberry = PlatformFacts {
            elf: Some((1, 1, 40, 0x0500_0400)),
            ..debian.clone()
        };
        let raspberry = PlatformFacts {
            sysconfig: "linux-aarch64".to_owned(),
            ..raspberry
        };
        first_tags(
            &raspberry,
            &["linux_armv8l", "linux_armv7l", "manylinux_2_36_armv8l"],
        );
    }

    #[test]
    fn soft_floats_take_no_manylinux_wheel() {
        let old = PlatformFacts {
            pointer_bits: 32,
            glibc: Some("2.36".to_owned()),
            elf: Some((1, 1, 40, 0x0500_0200)),
            ..facts("Linux", "linux-armv7l")
        };
        assert_eq!(old.platform().unwrap().tags(), ["linux_armv7l"]);
    }

    #[test]
    fn windows_and_macos_name_themselves() {
        first_tags(&facts("Windows", "win-amd64"), &["win_amd64"]);
        let mac = PlatformFacts {
            macos: Some(("14.2".to_owned(), "arm64".to_owned())),
            ..facts("Darwin", "macosx-11.0-universal2")
        };
        first_tags(
            &mac,
            &[
                "macosx_14_0_arm64",
                "macosx_14_0_universal2",
                "macosx_13_0_arm64",
            ],
        );
    }

    #[test]
    fn scheme_that_leaves_the_environment_is_refused() {
        let scheme = |purelib: &str| Scheme {
            purelib: purelib.into(),
            platlib: "lib/python3.13/site-packages".into(),
            scripts: "bin".into(),
        };
        assert!(scheme("lib/python3.13/site-packages").is_inside());
        assert!(!scheme("../usr/lib/python3/dist-packages").is_inside());
        assert!(!scheme("/usr/lib/python3/dist-packages").is_inside());
    }

    #[test]
    fn link_of_lib64_is_not_gone_through() {
        let path = PathBuf::from("lib64/python3.13/site-packages");
        assert_eq!(
            without_lib64(path),
            Path::new("lib/python3.13/site-packages")
        );
    }
}
