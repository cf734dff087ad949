//! What waits for servers, each in a line of its own: a server that has enough to do is passed over as a whole, however much waits
//! for it.

use std::collections::{BTreeMap, BinaryHeap};

use super::Servers;

/// Jobs by server; of each line the highest rank comes first.
#[derive(Debug)]
pub(crate) struct Lines<R, J>(BTreeMap<String, BinaryHeap<InLine<R, J>>>);

impl<R: Ord, J> Default for Lines<R, J> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<R: Ord, J> Lines<R, J> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, server: &str, rank: R, job: J) {
        let job = InLine { rank, job };
        match self.0.get_mut(server) {
            Some(line) => line.push(job),
            None => drop(self.0.insert(server.to_owned(), BinaryHeap::from([job]))),
        }
    }

    /// Takes the job of the highest rank whose server may have another.
    pub(crate) fn take(&mut self, servers: &Servers, n_threads: usize) -> Option<J> {
        let lines = self.0.iter();
        let ready = lines.filter(|(server, _)| servers.may_begin(server, n_threads));
        let (server, _) = ready.max_by(|(_, one), (_, other)| one.peek().cmp(&other.peek()))?;
        let server = server.clone();
        let line = self.0.get_mut(&server)?;
        let taken = line.pop();
        if line.is_empty() {
            self.0.remove(&server);
        }
        taken.map(|taken| taken.job)
    }
}

#[derive(Debug)]
struct InLine<R, J> {
    rank: R,
    job: J,
}

impl<R: Ord, J> PartialEq for InLine<R, J> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl<R: Ord, J> Eq for InLine<R, J> {}

impl<R: Ord, J> PartialOrd for InLine<R, J> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<R: Ord, J> Ord for InLine<R, J> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_rank_of_a_server_that_has_room_comes_first() {
        let (mut lines, mut servers) = (Lines::default(), Servers::default());
        for (server, rank) in [("full", 9), ("other", 5), ("third", 7), ("full", 8)] {
            servers.add(server);
            lines.push(server, rank, rank);
        }
        let mut take = |servers: &Servers| lines.take(servers, 2);
        assert_eq!(take(&servers), Some(9));
        servers.begin("full");
        assert_eq!(take(&servers), Some(7));
        assert_eq!(take(&servers), Some(5));
        assert_eq!(take(&servers), None);
        servers.end("full");
        assert_eq!(take(&servers), Some(8));
        assert!(lines.is_empty());
    }
}
