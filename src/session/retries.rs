//! Begins again where another process was quicker, or a copy in the cache was damaged.

use super::Error;
use crate::event::{Reporter, SessionEvent};
use crate::store::Trust;

/// How often all is tried.
const MOST_ATTEMPTS: usize = 3;

/// Calls `act` until it succeeds or fails for good, and tells it how far the cache can be trusted.
pub(super) fn attempt<T>(
    reporter: &dyn Reporter,
    mut act: impl FnMut(Trust) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut damaged = Vec::new();
    for _ in 0..MOST_ATTEMPTS {
        // Where a copy was damaged nothing is trusted any more; and one in a cache that may only be read stays there.
        let trust = if damaged.is_empty() {
            Trust::Name
        } else {
            Trust::Nothing
        };
        match act(trust) {
            Ok(done) => return Ok(done),
            Err(Error::Raced(race)) => reporter.step(race.event()),
            Err(Error::Damaged { names }) => {
                for name in &names {
                    reporter.step(SessionEvent::DamagedCopy { name });
                }
                damaged.extend(names);
                damaged.sort_unstable();
                damaged.dedup();
            }
            Err(error) => return Err(error.after_damage(damaged)),
        }
    }
    Err(Error::AlwaysRaced.after_damage(damaged))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::{Interrupted, Race};
    use super::*;
    use crate::event::Event;

    /// Keeps what it hears.
    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Reporter for Heard {
        fn report(&self, event: Event<'_>) {
            self.0.lock().unwrap().push(format!("{event:?}"));
        }
    }

    /// Lets attempts end like this, one after the other; returns what came of it, the trust of each, and what was heard.
    fn ends(ends: Vec<Result<(), Error>>) -> (Result<(), Error>, Vec<Trust>, Vec<String>) {
        let (heard, mut trusts) = (Heard::default(), Vec::new());
        let mut ends = ends.into_iter();
        let result = attempt(&heard, |trust| {
            trusts.push(trust);
            ends.next().unwrap()
        });
        (result, trusts, heard.0.into_inner().unwrap())
    }

    fn damaged(name: &str) -> Result<(), Error> {
        let names = vec![name.to_owned()];
        Err(Error::Damaged { names })
    }

    #[test]
    fn what_succeeds_is_done_once() {
        let (result, trusts, heard) = ends(vec![Ok(())]);
        assert!(result.is_ok() && heard.is_empty());
        assert_eq!(trusts, [Trust::Name]);
    }

    #[test]
    fn after_a_race_the_cache_is_trusted_as_before() {
        let (result, trusts, heard) = ends(vec![Err(Race::Environment.into()), Ok(())]);
        assert!(result.is_ok());
        assert_eq!(trusts, [Trust::Name; 2]);
        assert_eq!(heard, ["Session(EnvironmentRaced)"]);
    }

    #[test]
    fn after_damage_nothing_is_trusted() {
        let (result, trusts, heard) = ends(vec![damaged("a.whl"), Err(Race::Cache.into()), Ok(())]);
        assert!(result.is_ok());
        assert_eq!(trusts, [Trust::Name, Trust::Nothing, Trust::Nothing]);
        assert_eq!(
            heard,
            [
                "Session(DamagedCopy { name: \"a.whl\" })",
                "Session(CacheRaced)"
            ]
        );
    }

    #[test]
    fn what_fails_after_damage_says_what_was_damaged() {
        let (result, ..) = ends(vec![damaged("a.whl"), Err(Error::NoBytecode)]);
        let Err(Error::AfterDamage { names, source }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(names, ["a.whl"]);
        assert!(matches!(*source, Error::NoBytecode));
    }

    #[test]
    fn damage_that_never_ends_is_not_blamed_on_others_alone() {
        let (result, ..) = ends(vec![damaged("a.whl"), damaged("a.whl"), damaged("b.whl")]);
        let Err(Error::AfterDamage { names, source }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(names, ["a.whl", "b.whl"]);
        assert!(matches!(*source, Error::AlwaysRaced));
    }

    #[test]
    fn an_interruption_is_only_that() {
        let (result, ..) = ends(vec![damaged("a.whl"), Err(Interrupted.into())]);
        assert!(matches!(result, Err(Error::Interrupted(_))), "{result:?}");
    }

    #[test]
    fn others_may_be_quicker_three_times() {
        let race = || Err(Race::Cache.into());
        let (result, trusts, _) = ends(vec![race(), race(), race()]);
        assert!(matches!(result, Err(Error::AlwaysRaced)), "{result:?}");
        assert_eq!(trusts.len(), MOST_ATTEMPTS);
    }
}
