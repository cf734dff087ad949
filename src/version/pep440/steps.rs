//! Steps from a version to others: the next ones, and the ends of what `^`, `~` and `~=` allow.

use super::Version;
use super::segments::{Phase, Segments};

/// Steps to other versions.
impl Version {
    /// Returns this version if it is stable, else the release it leads to.
    #[must_use]
    pub fn stable(&self) -> Self {
        if !self.is_unstable() {
            return self.clone();
        }
        let post = match self.0.segments.pre {
            None => self.0.segments.post,
            Some(_) => None,
        };
        self.derive(|segments| {
            segments.pre = None;
            segments.post = post;
            segments.dev = None;
            segments.local = None;
        })
    }

    /// Returns the first version that a caret constraint (`^`) on this one leaves out.
    #[must_use]
    pub fn next_breaking(&self) -> Self {
        match (self.major(), self.minor(), self.patch()) {
            (1.., _, _) | (_, None, _) => self.stable().next_major(),
            (_, Some(1..), _) | (_, _, None) => self.stable().next_minor(),
            _ => self.stable().next_patch(),
        }
    }

    /// Returns the next version that differs in the first number.
    #[must_use]
    pub fn next_major(&self) -> Self {
        self.bump(0)
    }

    /// Returns the next version that differs in the second number.
    #[must_use]
    pub fn next_minor(&self) -> Self {
        self.bump(1)
    }

    /// Returns the next version that differs in the third number.
    #[must_use]
    pub fn next_patch(&self) -> Self {
        self.bump(2)
    }

    /// Returns the version one step on in its last number, or the release that this one leads to.
    #[must_use]
    pub fn next_stable(&self) -> Self {
        self.derive(|segments| {
            if segments.pre.is_none() && segments.dev.is_none() {
                bump_last(&mut segments.release);
            }
            segments.pre = None;
            segments.post = None;
            segments.dev = None;
        })
    }

    /// Returns the next pre-release of the same phase.
    #[must_use]
    pub(in crate::version) fn next_prerelease(&self) -> Self {
        self.derive(|segments| {
            segments.pre = Some(match segments.pre {
                Some((phase, number)) if segments.dev.is_some() && segments.post.is_none() => {
                    (phase, number)
                }
                Some((phase, number)) => (phase, number.saturating_add(1)),
                None => (Phase::Alpha, 0),
            });
            segments.post = None;
            segments.dev = None;
            segments.local = None;
        })
    }

    /// Returns the next post-release.
    #[must_use]
    pub(in crate::version) fn next_postrelease(&self) -> Self {
        self.derive(|segments| {
            segments.post = Some(match segments.post {
                Some(number) if segments.dev.is_some() => number,
                Some(number) => number.saturating_add(1),
                None => 0,
            });
            segments.dev = None;
            segments.local = None;
        })
    }

    /// Returns the next development release.
    #[must_use]
    pub(in crate::version) fn next_devrelease(&self) -> Self {
        self.derive(|segments| {
            segments.dev = Some(segments.dev.map_or(0, |number| number.saturating_add(1)));
            segments.local = None;
        })
    }

    /// Returns the first development release that leads to this version: `1.0.dev0` for `1.0`.
    #[must_use]
    pub(in crate::version) fn first_devrelease(&self) -> Self {
        self.derive(|segments| {
            segments.dev = Some(0);
            segments.local = None;
        })
    }

    /// Returns this version without its local part.
    #[must_use]
    pub fn without_local(&self) -> Self {
        self.derive(|segments| segments.local = None)
    }

    #[must_use]
    /// Returns this version with another local part; `None` where `local` is none.
    pub fn with_local(&self, local: &str) -> Option<Self> {
        let public = self.without_local();
        Self::parse(&format!("{}+{local}", public.normal())).ok()
    }

    pub(in crate::version) fn without_postrelease(&self) -> Self {
        if !self.is_postrelease() {
            return self.clone();
        }
        self.derive(|segments| {
            segments.post = None;
            segments.dev = None;
        })
    }

    /// Tells whether this is the first development release of a stable version: where `<1.0` really ends.
    pub(in crate::version) fn first_devrelease_of_stable(&self) -> bool {
        self.0.segments.dev == Some(0) && !self.is_prerelease()
    }

    /// Tells whether `other` is the next post-release in number.
    pub(in crate::version) fn has_next_post(&self, other: &Self) -> bool {
        let next = self
            .0
            .segments
            .post
            .and_then(|number| number.checked_add(1));
        next == other.0.segments.post
    }

    #[must_use]
    pub(in crate::version) fn without_devrelease(&self) -> Self {
        self.derive(|segments| segments.dev = None)
    }

    /// Returns the same version with at least three numbers: `3.8.0` for `3.8`.
    #[must_use]
    pub fn with_patch(&self) -> Self {
        self.derive(|segments| {
            let length = segments.release.len().max(3);
            segments.release.resize(length, 0);
        })
    }

    /// Returns the end of a compatible release (`~=`): the second-to-last number one higher, the last one zero.
    #[must_use]
    pub(in crate::version) fn compatible_end(&self) -> Self {
        let stable = self.stable();
        let Some(place) = stable.precision().checked_sub(2) else {
            return stable.next_major();
        };
        let mut release = stable.release().to_vec();
        release[place] = release[place].saturating_add(1);
        release[place + 1] = 0;
        stable.with_release(release)
    }

    fn bump(&self, place: usize) -> Self {
        let mut release = self.release().to_vec();
        if self.must_step() || is_beyond(&release, place) {
            if release.len() <= place {
                release.resize(place + 1, 0);
            }
            release[place] = release[place].saturating_add(1);
            release[place + 1..].fill(0);
        }
        self.with_release(release)
    }

    /// A pre-release leads to its release without a step; a stable or post-release has passed it.
    fn must_step(&self) -> bool {
        !self.is_unstable() || (!self.is_prerelease() && self.is_postrelease())
    }

    fn with_release(&self, release: Vec<u64>) -> Self {
        Self::new(
            Segments {
                epoch: self.epoch(),
                release,
                ..Segments::default()
            },
            None,
        )
    }

    pub(super) fn derive(&self, change: impl FnOnce(&mut Segments)) -> Self {
        let mut segments = self.0.segments.clone();
        change(&mut segments);
        Self::new(segments, None)
    }
}

/// Tells whether a number after `place` is not zero.
fn is_beyond(release: &[u64], place: usize) -> bool {
    release.iter().skip(place + 1).any(|&number| number > 0)
}

fn bump_last(release: &mut [u64]) {
    if let Some(last) = release.last_mut() {
        *last = last.saturating_add(1);
    }
}
