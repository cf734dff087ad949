//! What a wheel that was built here brings, which never becomes an archive.

use std::collections::HashSet;

use fs_err as fs;

use super::contents::{Contents, Item};
use super::folders::SchemeFolders;
use super::paths::{below, join};
use crate::archive::{self, check_path};
use crate::event::{Warning, WheelFlaw};
use crate::install::Error;
use crate::project_wheel::{BuiltWheel, Content, WheelFile};
use crate::wheel::{Exception, Rule, Scheme, Scripts};

impl Contents {
    /// Finds the place of each file of `wheel`, and what is not right about its scripts.
    pub(crate) fn of_built(
        wheel: &BuiltWheel,
        folders: &SchemeFolders,
    ) -> Result<(Self, Vec<Warning>), Error> {
        let scripts = scripts(wheel)?;
        let generated = scripts.entry_points.iter();
        let generated: HashSet<&str> = generated.map(|point| point.name.as_str()).collect();
        let mut items = Vec::with_capacity(wheel.files().len());
        for (index, file) in wheel.files().iter().enumerate() {
            let (scheme, path) = place(wheel, file)?;
            if scheme == Scheme::Scripts && generated.contains(path) {
                continue;
            }
            let is_script = scheme == Scheme::Scripts;
            items.push(Item {
                path: folders.path(scheme, path),
                is_script,
                is_executable: is_script || file.is_executable,
                n_bytes: n_bytes(file)?,
                digest: None,
                index,
            });
        }
        let contested = scripts.contested.iter();
        let exceptions = contested.map(|name| Exception {
            rule: Rule::RepeatedScripts,
            path: name.clone(),
        });
        let library = folders.folder(Scheme::Purelib).to_owned();
        let repeated = scripts.repeated.iter();
        let warnings = repeated.map(|name| Warning::Wheel {
            flaw: WheelFlaw::RepeatedScript,
            wheel: wheel.file_name().to_owned(),
            path: name.clone(),
        });
        let contents = Self {
            dist_info: join(&library, wheel.dist_info()),
            library,
            exceptions: exceptions.collect(),
            items,
            entry_points: scripts.entry_points.clone(),
        };
        Ok((contents, warnings.collect()))
    }
}

/// Finds where a file goes, whose path has to be one that an archive may have.
fn place<'f>(wheel: &BuiltWheel, file: &'f WheelFile) -> Result<(Scheme, &'f str), Error> {
    let path = file.path.as_str();
    check_path(path).map_err(|fault| {
        let path = path.to_owned();
        Error::wheel(wheel.file_name(), archive::Error::Entry { path, fault })
    })?;
    let stem = wheel.dist_info().strip_suffix(".dist-info");
    let scripts = format!("{}.data/scripts", stem.unwrap_or_default());
    Ok(match below(path, &scripts) {
        Some(name) => (Scheme::Scripts, name),
        None => (Scheme::Purelib, path),
    })
}

fn n_bytes(file: &WheelFile) -> Result<u64, Error> {
    match &file.content {
        Content::Bytes(bytes) => Ok(bytes.len() as u64),
        Content::File(path) => match fs::metadata(path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(cause) => Err(Error::io("read", path, cause)),
        },
    }
}

fn scripts(wheel: &BuiltWheel) -> Result<Scripts, Error> {
    let path = join(wheel.dist_info(), "entry_points.txt");
    let document = wheel.files().iter().find(|file| file.path == path);
    let Some(Content::Bytes(text)) = document.map(|file| &file.content) else {
        return Ok(Scripts::default());
    };
    let scripts = Scripts::parse(&String::from_utf8_lossy(text));
    scripts.map_err(|fault| Error::wheel(wheel.file_name(), fault))
}
