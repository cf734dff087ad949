//! SHA-256 of several messages at once: two, and the next one wherever one ends, so that they may be of any lengths.

use sha2::block_api::compress256;

use super::sha_ni::{Block, N_LANES, ShaUnit, State};

const START: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A message that is being hashed.
struct Lane<'m> {
    /// Which message it is.
    index: usize,
    state: State,
    /// The whole blocks of the message that are left.
    body: &'m [Block],
    /// What follows them: the rest of the message, and its length.
    tail: Tail,
}

/// The end of a message.
struct Tail {
    blocks: [Block; 2],
    /// Which of them are left.
    start: usize,
    end: usize,
}

/// Returns the SHA-256 of each message, in their order.
pub(super) fn sha256_of_each(unit: ShaUnit, messages: &[&[u8]]) -> Vec<[u8; 32]> {
    let mut digests = vec![[0; 32]; messages.len()];
    let mut waiting = messages.iter().enumerate();
    let mut next = || {
        waiting
            .next()
            .map(|(index, message)| Lane::new(index, message))
    };
    let mut lanes: Vec<Lane<'_>> = std::iter::from_fn(&mut next).take(N_LANES).collect();
    while let [first, second] = &mut lanes[..] {
        run(unit, first, second);
        for number in (0..N_LANES).rev() {
            if lanes[number].is_done() {
                digests[lanes[number].index] = lanes[number].digest();
                match next() {
                    Some(lane) => lanes[number] = lane,
                    None => drop(lanes.remove(number)),
                }
            }
        }
    }
    for mut lane in lanes {
        while !lane.is_done() {
            let n_blocks = lane.at_hand().len();
            let mut state = lane.state;
            compress256(&mut state, lane.at_hand());
            lane.state = state;
            lane.advance(n_blocks);
        }
        digests[lane.index] = lane.digest();
    }
    digests
}

/// Adds as many blocks to both messages as are at hand of both.
fn run(unit: ShaUnit, first: &mut Lane<'_>, second: &mut Lane<'_>) {
    let n_blocks = first.at_hand().len().min(second.at_hand().len());
    let mut states = [first.state, second.state];
    let blocks = [&first.at_hand()[..n_blocks], &second.at_hand()[..n_blocks]];
    unit.add(&mut states, blocks);
    [first.state, second.state] = states;
    first.advance(n_blocks);
    second.advance(n_blocks);
}

impl<'m> Lane<'m> {
    fn new(index: usize, message: &'m [u8]) -> Self {
        let (body, rest) = message.as_chunks();
        Self {
            index,
            state: START,
            body,
            tail: Tail::new(rest, message.len()),
        }
    }

    /// The blocks that come next; none when all are done.
    fn at_hand(&self) -> &[Block] {
        if self.body.is_empty() {
            &self.tail.blocks[self.tail.start..self.tail.end]
        } else {
            self.body
        }
    }

    fn advance(&mut self, n_blocks: usize) {
        if self.body.is_empty() {
            self.tail.start += n_blocks;
        } else {
            self.body = &self.body[n_blocks..];
        }
    }

    fn is_done(&self) -> bool {
        self.at_hand().is_empty()
    }

    fn digest(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        let (words, _) = digest.as_chunks_mut();
        for (bytes, word) in words.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        digest
    }
}

impl Tail {
    /// The end of a message of `n_bytes`: less than a block of it, a one, zeros, and how many bits it has.
    fn new(rest: &[u8], n_bytes: usize) -> Self {
        let mut blocks = [[0; 64]; 2];
        blocks[0][..rest.len()].copy_from_slice(rest);
        blocks[0][rest.len()] = 0x80;
        let end = if rest.len() < 56 { 1 } else { 2 };
        let n_bits = 8 * n_bytes as u64;
        blocks[end - 1][56..].copy_from_slice(&n_bits.to_be_bytes());
        Self {
            blocks,
            start: 0,
            end,
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn agrees(messages: &[&[u8]]) {
        let Some(unit) = ShaUnit::find() else {
            return;
        };
        let expected = messages
            .iter()
            .map(|message| Sha256::digest(message).into());
        let expected: Vec<[u8; 32]> = expected.collect();
        assert!(sha256_of_each(unit, messages) == expected);
    }

    #[test]
    fn messages_of_every_length_around_a_block_have_their_digests() {
        let bytes: Vec<u8> = (0..=255).cycle().take(400).collect();
        let all: Vec<&[u8]> = (0..bytes.len()).map(|n_bytes| &bytes[..n_bytes]).collect();
        agrees(&all);
        let reversed: Vec<&[u8]> = all.iter().rev().copied().collect();
        agrees(&reversed);
        for n_messages in 0..4 {
            for pair in all.windows(n_messages.max(1)).step_by(7) {
                agrees(&pair[..n_messages]);
            }
        }
    }

    #[test]
    fn a_long_message_goes_on_beside_many_short_ones() {
        let long: Vec<u8> = (0..100_000_u32)
            .map(|number| (number % 251) as u8)
            .collect();
        let mut messages: Vec<&[u8]> = vec![&long];
        messages.extend(long.chunks(997));
        agrees(&messages);
        messages.push(&long[1..]);
        messages.rotate_left(3);
        agrees(&messages);
        agrees(&[&long, &long[..64]]);
        agrees(&[&long]);
        agrees(&[]);
    }
}
