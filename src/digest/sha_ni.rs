//! The rounds of SHA-256 ([FIPS 180-4], 6.2.2) for two messages at once, on the processor's own instructions.
//!
//! Each round waits for the one before it: a single message leaves the unit idle half the time, and two fill it.
//!
//! Why `unsafe` is used here, once: these instructions may only be run where the processor has them.
//!
//! [FIPS 180-4]: https://nvlpubs.nist.gov/nistpubs/FIPS/NIST.FIPS.180-4.pdf
#![allow(
    unsafe_code,
    reason = "what the processor has is found when the program runs"
)]

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_set_epi32, _mm_set_epi64x,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8,
    _mm_shuffle_epi32,
};
use std::array;

/// 64 bytes of a message.
pub(super) type Block = [u8; 64];

/// The eight words of a hash under way.
pub(super) type State = [u32; 8];

/// How many messages are hashed at once.
pub(super) const N_LANES: usize = 2;

/// Four rounds each.
const K: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

/// A processor that has the instructions.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShaUnit(());

impl ShaUnit {
    /// `None` where the processor lacks one of the instructions.
    pub(super) fn find() -> Option<Self> {
        let has_all = is_x86_feature_detected!("sha")
            && is_x86_feature_detected!("sse2")
            && is_x86_feature_detected!("ssse3")
            && is_x86_feature_detected!("sse4.1");
        has_all.then_some(Self(()))
    }

    /// Adds the `blocks` of each message to its state, as many as all of them have.
    pub(super) fn add(self, states: &mut [State; N_LANES], blocks: [&[Block]; N_LANES]) {
        let Self(()) = self;
        // SAFETY: a `ShaUnit` is only made where the processor has these instructions.
        unsafe { add(states, blocks) }
    }
}

/// The state as the instructions want it.
#[derive(Clone, Copy)]
struct Packed {
    abef: __m128i,
    cdgh: __m128i,
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn add(states: &mut [State; N_LANES], blocks: [&[Block]; N_LANES]) {
    let mut packed = states.map(|state| pack(state));
    let [first, second] = blocks;
    for (first, second) in first.iter().zip(second) {
        let before = packed;
        let mut words = [words(first), words(second)];
        // Written out, each with its number, so that the words stay in registers.
        macro_rules! rounds {
            ($($group:literal)*) => {$(
                for (state, words) in packed.iter_mut().zip(&mut words) {
                    four_rounds::<$group>(state, words);
                }
            )*};
        }
        rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for (state, before) in packed.iter_mut().zip(before) {
            state.abef = _mm_add_epi32(state.abef, before.abef);
            state.cdgh = _mm_add_epi32(state.cdgh, before.cdgh);
        }
    }
    for (state, packed) in states.iter_mut().zip(packed) {
        *state = unpack(packed);
    }
}

/// Does the rounds of one group, and prepares the words of the groups after it in place of those that are not needed again.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
#[inline]
fn four_rounds<const GROUP: usize>(state: &mut Packed, words: &mut [__m128i; 4]) {
    let (this, next, last) = (GROUP % 4, (GROUP + 1) % 4, (GROUP + 3) % 4);
    let sum = _mm_add_epi32(words[this], vector(K[GROUP]));
    state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
    if (3..15).contains(&GROUP) {
        let middle = _mm_alignr_epi8::<4>(words[this], words[last]);
        words[next] = _mm_sha256msg2_epu32(_mm_add_epi32(words[next], middle), words[this]);
    }
    state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32::<0x0e>(sum));
    if (1..13).contains(&GROUP) {
        words[last] = _mm_sha256msg1_epu32(words[last], words[this]);
    }
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
#[inline]
fn vector(words: [u32; 4]) -> __m128i {
    let [first, second, third, fourth] = words.map(u32::cast_signed);
    _mm_set_epi32(fourth, third, second, first)
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
#[inline]
fn pack(state: State) -> Packed {
    let vector_of = |places: [usize; 4]| vector(places.map(|place| state[place]));
    Packed {
        abef: vector_of([5, 4, 1, 0]),
        cdgh: vector_of([7, 6, 3, 2]),
    }
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
#[inline]
fn unpack(packed: Packed) -> State {
    let lanes = |vector: __m128i| {
        let lanes = [
            _mm_extract_epi32::<0>(vector),
            _mm_extract_epi32::<1>(vector),
            _mm_extract_epi32::<2>(vector),
            _mm_extract_epi32::<3>(vector),
        ];
        lanes.map(i32::cast_unsigned)
    };
    let (abef, cdgh) = (lanes(packed.abef), lanes(packed.cdgh));
    [
        abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0],
    ]
}

/// The words of a block, which has their bytes in the other order.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
#[inline]
fn words(block: &Block) -> [__m128i; 4] {
    let order = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let (halves, _) = block.as_chunks::<8>();
    array::from_fn(|number| {
        let [low, high] = [2 * number, 2 * number + 1].map(|half| i64::from_le_bytes(halves[half]));
        _mm_shuffle_epi8(_mm_set_epi64x(high, low), order)
    })
}
