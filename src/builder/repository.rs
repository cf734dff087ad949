//! Build requirements that are git repositories, or folders of this machine.

use std::fs;
use std::sync::Arc;

use super::metadata::{Asker, LocalWheel};
use super::{Builder, Error, SourceTree, TreeProduct};
use crate::build::Expected;
use crate::git::{Folders, Git, History, Repository, Revision};
use crate::http::Network;
use crate::name::PackageName;
use crate::url::{RepositoryUrl, Url};

impl Builder<'_> {
    /// Takes the wheel of a repository that is required, once. It is checked out with its whole history, which its version may
    /// come from.
    pub(super) fn repository_wheel(
        &self,
        asker: Asker<'_>,
        name: &PackageName,
        url: &Url,
        repository: &RepositoryUrl,
    ) -> Result<Arc<LocalWheel>, Error> {
        if let Some(built) = self.nested.get(url) {
            return Ok(built);
        }
        if self.settings.network == Network::Offline {
            let file = repository.url.to_string();
            return Err(Error::NotCached { file });
        }
        let built = self.build_repository(asker, name, repository)?;
        self.nested.set(url, Arc::clone(&built));
        Ok(built)
    }

    fn build_repository(
        &self,
        asker: Asker<'_>,
        name: &PackageName,
        repository: &RepositoryUrl,
    ) -> Result<Arc<LocalWheel>, Error> {
        let failed = |source| Error::Git {
            name: name.clone(),
            source: Box::new(source),
        };
        let stop = self.tools.stop;
        let folder = asker.workplace.new_path("g");
        fs::create_dir(&folder).map_err(Error::io("create", &folder))?;
        let git = Git::find(self.settings.variables.iter().cloned(), stop).map_err(failed)?;
        let credentials = self
            .settings
            .configuration
            .git_credentials(&repository.url)?;
        let revision = Revision {
            url: &repository.url,
            name: repository.revision.as_deref(),
            credentials: credentials.as_ref(),
        };
        let database = folder.join("database");
        let commit = git.resolve(&revision, &database, stop);
        let commit = commit.map_err(failed)?;
        let subdirectory = repository.subdirectory.as_deref();
        let checked_out = git.check_out(
            &Repository {
                url: &repository.url,
                commit: &commit,
                reference: revision.name.filter(|name| !commit.starts_with(name)),
                subdirectory,
                history: History::Full,
                credentials: credentials.as_ref(),
            },
            Folders {
                database: &database,
                root: &folder.join("files"),
            },
            stop,
        );
        let tree = checked_out.map_err(failed)?.project;
        let url = repository.url.without_credentials();
        let identity = format!("{url}\n{commit}\n{}", subdirectory.unwrap_or_default());
        let expected = Expected {
            name: name.clone(),
            version: None,
        };
        let tree = SourceTree {
            folder: &tree,
            expected: &expected,
            product: TreeProduct::Wheel,
            identity: Some(&identity),
        };
        let built = self.tree_in(&tree, asker.chain);
        let built = built
            .map_err(|error| error.with_tree_shown(tree.folder, &repository.url.to_string()))?;
        Ok(Arc::new(LocalWheel::read(built)?))
    }

    /// Takes the wheel of a folder of this machine that is required, once; `None` when the URL is that of something else.
    pub(super) fn folder_wheel(
        &self,
        asker: Asker<'_>,
        name: &PackageName,
        url: &Url,
    ) -> Result<Option<Arc<LocalWheel>>, Error> {
        let Some(folder) = url.local_path().filter(|path| path.is_dir()) else {
            return Ok(None);
        };
        if let Some(built) = self.nested.get(url) {
            return Ok(Some(built));
        }
        let expected = Expected {
            name: name.clone(),
            version: None,
        };
        let tree = SourceTree {
            folder: &folder.join(url.subdirectory().unwrap_or_default()),
            expected: &expected,
            product: TreeProduct::Wheel,
            identity: None,
        };
        let built = Arc::new(LocalWheel::read(self.tree_in(&tree, asker.chain)?)?);
        self.nested.set(url, Arc::clone(&built));
        Ok(Some(built))
    }
}
