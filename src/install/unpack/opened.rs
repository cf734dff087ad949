//! Opening a wheel, from the cache or from its archive.

use super::archive_source::ArchiveSource;
use crate::archive::{self, Buffers, SizeLimits};
use crate::digest::Digest;
use crate::environment::Layout;
use crate::event::Warning;
use crate::filename::WheelFilename;
use crate::install::place::contents::Contents;
use crate::install::place::folders::SchemeFolders;
use crate::install::place::paths::text;
use crate::install::place::script::{Launcher, ScriptFolder};
use crate::install::unshared::sharing;
use crate::install::{Error, WheelContent};
use crate::plan::{Distribution, Form, Origin};
use crate::project_wheel::BuiltWheel;
use crate::store::wheels::{KeptFiles, WheelWriter, Wheels};
use crate::store::{KeptWheel, VerifiedFile};
use crate::wheel::{Expected, Leniency, Wheel};

/// What all wheels of a run share.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnpackContext<'a> {
    pub(super) layout: &'a Layout,
    pub(super) launcher: Launcher<'a>,
    pub(super) installer_name: &'a str,
    pub(super) leniency: &'a Leniency,
    pub(super) limits: SizeLimits,
}

impl<'a> UnpackContext<'a> {
    pub(super) fn scripts(self) -> ScriptFolder<'a> {
        ScriptFolder {
            launcher: self.launcher,
            folder: text(&self.layout.scripts),
        }
    }
}

/// What opening a wheel yields, wherever its files come from.
#[derive(Debug)]
pub(super) struct OpenedWheel {
    pub(super) source: WheelSource,
    pub(super) contents: Contents,
    pub(super) warnings: Vec<Warning>,
    /// The digest of the archive; `None` for what never was one.
    pub(super) digest: Option<Digest>,
}

/// Where the files of a wheel come from.
#[derive(Debug)]
pub(super) enum WheelSource {
    Archive(Box<ArchiveSource>),
    Kept(KeptFiles),
    Built(Box<BuiltWheel>),
}

/// Opens one wheel of the plan.
pub(super) struct WheelOpener<'o> {
    pub(super) distribution: &'o Distribution,
    /// What its file is called.
    pub(super) file: &'o WheelFilename,
    pub(super) context: UnpackContext<'o>,
    /// The wheels of the cache, if there is one.
    pub(super) wheels: Option<&'o Wheels>,
}

impl WheelOpener<'_> {
    /// Opens what arrived, or the cached wheel if there is one.
    pub(super) fn open(
        &self,
        content: WheelContent,
        buffers: &mut Buffers,
    ) -> Result<OpenedWheel, Error> {
        match content {
            WheelContent::Kept(wheel) => self.open_kept(*wheel),
            WheelContent::Built(wheel) => self.open_built(wheel),
            WheelContent::Archive(file) => match self.find_kept(&file) {
                Some(wheel) => self.open_kept(wheel),
                None => self.open_archive(file, buffers),
            },
        }
    }

    fn folders(&self) -> SchemeFolders {
        SchemeFolders::new(self.context.layout, &self.distribution.name)
    }

    fn find_kept(&self, file: &VerifiedFile) -> Option<KeptWheel> {
        let folders = self.folders();
        let locate = |scheme, path: &str| folders.path(scheme, path);
        let sharing = sharing(self.distribution);
        self.wheels?.find(file.digest(), sharing, &locate)
    }

    fn open_kept(&self, wheel: KeptWheel) -> Result<OpenedWheel, Error> {
        let (contents, warnings) = Contents::of_kept(wheel.listing, &self.folders());
        self.check(&contents)?;
        Ok(OpenedWheel {
            source: WheelSource::Kept(wheel.files),
            contents,
            warnings,
            digest: Some(wheel.digest),
        })
    }

    fn open_built(&self, wheel: Box<BuiltWheel>) -> Result<OpenedWheel, Error> {
        let (contents, warnings) = Contents::of_built(&wheel, &self.folders())?;
        self.check(&contents)?;
        Ok(OpenedWheel {
            source: WheelSource::Built(wheel),
            contents,
            warnings,
            digest: None,
        })
    }

    /// Checks of a wheel without its archive what opening that would: the lock may give one digest to two packages, other rules
    /// may be lifted than when it was kept, and a folder may hold another version than was locked.
    fn check(&self, contents: &Contents) -> Result<(), Error> {
        let refused = |fault| Error::wheel(self.file.as_str(), fault);
        let checked = self.expected().check_names(contents.dist_info_name());
        checked.map_err(refused)?;
        contents.check(self.file.as_str(), self.context.layout)?;
        for exception in &contents.exceptions {
            let checked = self.context.leniency.check(exception);
            checked.map_err(|fault| Error::wheel(self.file.as_str(), fault))?;
        }
        Ok(())
    }

    fn open_archive(
        &self,
        file: VerifiedFile,
        buffers: &mut Buffers,
    ) -> Result<OpenedWheel, Error> {
        let wheel = self.read_archive(&file, buffers)?;
        let file_name = self.file.as_str();
        let name = &self.distribution.name;
        let (contents, warnings) =
            Contents::of_wheel(&wheel, file_name, name, self.context.layout)?;
        let digest = file.digest().clone();
        let source = ArchiveSource::new(wheel, file, self.file.clone(), self.writer(&digest));
        source.check_differences(&warnings)?;
        Ok(OpenedWheel {
            source: WheelSource::Archive(Box::new(source)),
            contents,
            warnings,
            digest: Some(digest),
        })
    }

    fn read_archive(&self, file: &VerifiedFile, buffers: &mut Buffers) -> Result<Wheel, Error> {
        let (source, leniency) = (file.source().clone(), self.context.leniency);
        let wheel = Wheel::open_leniently(source, self.expected(), leniency, buffers);
        let wheel = wheel.map_err(|fault| Error::wheel(self.file.as_str(), fault))?;
        if !file.confirms_directory(wheel.archive().directory_crc()) {
            let what = "its copy in the cache was damaged";
            let fault = archive::Error::Malformed { what };
            return Err(Error::wheel(self.file.as_str(), fault));
        }
        let checked = wheel.archive().check_size(self.context.limits);
        checked.map_err(|fault| Error::wheel(self.file.as_str(), fault))?;
        Ok(wheel)
    }

    /// Starts to keep the wheel in the cache; that of a folder here is built each time.
    fn writer(&self, digest: &Digest) -> Option<WheelWriter> {
        let is_folder = matches!(self.distribution.origin, Origin::Directory { .. });
        let wheels = self.wheels.filter(|_| !is_folder)?;
        wheels.create(digest, sharing(self.distribution))
    }

    /// A folder may have moved on since it was locked: its wheel has the version that it says.
    fn expected(&self) -> Expected<'_> {
        let is_folder = matches!(self.distribution.form, Form::Tree { .. });
        let version = if is_folder {
            self.file.version()
        } else {
            &self.distribution.version
        };
        Expected {
            file: self.file,
            name: &self.distribution.name,
            version,
        }
    }
}
