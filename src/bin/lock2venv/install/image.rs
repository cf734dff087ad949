//! The flags of `lock2venv install` for environments that are used in an image.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::BoolishValueParser;
use lock2venv::platform::machine;
use lock2venv::session::SessionSettings;

use crate::context::Context;
use crate::diagnose::Failure;

/// How an environment is made for an image.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(crate) struct Image {
    /// Make the environment below DIR, which will be `/`, with parents that are the same each time: for
    /// `COPY --link --from=builder DIR/ /`
    #[arg(long, value_name = "DIR", env = "LOCK2VENV_ROOT")]
    root: Option<PathBuf>,
    /// Have the environment run by PATH, the interpreter of the image, which need not be here
    #[arg(long, value_name = "PATH", env = "LOCK2VENV_RUNTIME_PYTHON")]
    runtime_python: Option<PathBuf>,
    /// Give the group of each file the rights of its owner, for containers that run as any user of group 0
    #[arg(long, env = "LOCK2VENV_GROUP_AS_OWNER", value_parser = BoolishValueParser::new())]
    group_as_owner: bool,
}

impl Image {
    /// Adds what the flags say to `settings`. What this process creates from then on has the rights that are asked for.
    ///
    /// # Errors
    ///
    /// The root of this machine, which is no image's, and an interpreter whose path no pyvenv.cfg can hold.
    pub(super) fn apply(
        &self,
        context: &Context,
        settings: &mut SessionSettings,
    ) -> Result<(), Failure> {
        let root = self.root.as_ref();
        let root = root.map(|root| context.working_folder.join(root));
        if root.as_deref().is_some_and(is_root) {
            let failure = Failure::text("`--root` names the root of this machine");
            let failure = failure.hint("name a folder that will be the root of an image");
            return Err(failure.misuse().about(&["root"]));
        }
        let python = self.runtime_python.as_ref().map(|path| path.as_os_str());
        if python.is_some_and(|path| path.as_encoded_bytes().iter().any(u8::is_ascii_control)) {
            let failure =
                Failure::text("the path of `--runtime-python` has a line break or the like");
            return Err(failure.misuse().about(&["runtime_python"]));
        }
        settings.image_root = root;
        settings.runtime_python.clone_from(&self.runtime_python);
        if self.group_as_owner {
            machine::give_group_rights_of_owner();
        }
        Ok(())
    }
}

/// Tells whether a path leads to `/`, also by links.
fn is_root(path: &Path) -> bool {
    path.canonicalize()
        .is_ok_and(|path| path.parent().is_none())
}
