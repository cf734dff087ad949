//! The flags of `lock2venv install` for environments that are used in an image.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;
use lock2venv::platform::machine;
use lock2venv::session::SessionSettings;

use crate::context::Context;

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
    pub(super) fn apply(&self, context: &Context, settings: &mut SessionSettings) {
        let root = self.root.as_ref();
        settings.image_root = root.map(|root| context.working_folder.join(root));
        settings.runtime_python.clone_from(&self.runtime_python);
        if self.group_as_owner {
            machine::give_group_rights_of_owner();
        }
    }
}
