//! How threads are shared among servers, so that one slow mirror does not hold the others.

use std::collections::BTreeMap;

/// What there is to ask of each server.
#[derive(Debug, Default)]
pub(crate) struct Servers(BTreeMap<String, Load>);

#[derive(Debug, Default)]
struct Load {
    /// Under way, or in line.
    n_jobs: usize,
    n_running: usize,
}

impl Servers {
    /// Counts a job in line.
    pub(crate) fn add(&mut self, server: &str) {
        if let Some(load) = self.0.get_mut(server) {
            load.n_jobs += 1;
            return;
        }
        let load = Load {
            n_jobs: 1,
            n_running: 0,
        };
        self.0.insert(server.to_owned(), load);
    }

    /// Tells whether another job may begin: each server leaves a part of the threads to the others, as long as these have work.
    pub(crate) fn may_begin(&self, server: &str, n_threads: usize) -> bool {
        if self.0.len() < 2 {
            return true;
        }
        let n_at_most = n_threads.saturating_sub(n_threads.div_ceil(4)).max(1);
        self.0
            .get(server)
            .is_none_or(|load| load.n_running < n_at_most)
    }

    /// Counts a job that begins.
    pub(crate) fn begin(&mut self, server: &str) {
        if let Some(load) = self.0.get_mut(server) {
            load.n_running += 1;
        }
    }

    /// Counts a job that has ended.
    pub(crate) fn end(&mut self, server: &str) {
        let Some(load) = self.0.get_mut(server) else {
            return;
        };
        load.n_running = load.n_running.saturating_sub(1);
        load.n_jobs = load.n_jobs.saturating_sub(1);
        if load.n_jobs == 0 {
            self.0.remove(server);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_leaves_threads_to_others_that_have_work() {
        let mut servers = Servers::default();
        for _ in 0..9 {
            servers.add("slow");
        }
        let all: Vec<bool> = (0..4)
            .map(|_| {
                let may = servers.may_begin("slow", 4);
                servers.begin("slow");
                may
            })
            .collect();
        assert_eq!(all, [true; 4]);
        servers.add("other");
        assert!(!servers.may_begin("slow", 4));
        assert!(servers.may_begin("other", 4));
        servers.end("slow");
        assert!(!servers.may_begin("slow", 4));
        servers.end("slow");
        assert!(servers.may_begin("slow", 4));
        servers.begin("other");
        assert!(!servers.may_begin("other", 1));
        servers.end("other");
        assert!(servers.may_begin("slow", 1));
    }
}
