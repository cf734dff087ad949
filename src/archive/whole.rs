//! Inflating an entry at once, by libdeflate: for what fits a buffer, as almost every file of a wheel does.
//!
//! Why `unsafe` is used here: libdeflate is written in C, and no safe wrapper tells how much of its input a stream used,
//! without which bytes could hide behind it.
//!
//! It takes what zlib takes, and a little more: bits that no code has where there is but one code, and the lengths and distances that
//! are reserved (`tests/it/deflate.rs`). What such a stream yields has the declared size and CRC too, or is refused.
#![allow(unsafe_code, reason = "libdeflate is called here, and nowhere else")]

use std::ffi::c_void;
use std::ptr::NonNull;

use libdeflate_sys::{
    libdeflate_alloc_decompressor, libdeflate_decompressor, libdeflate_deflate_decompress_ex,
    libdeflate_free_decompressor, libdeflate_result_LIBDEFLATE_SUCCESS,
};

/// The memory of the decoder, a few tens of KiB.
#[derive(Debug)]
pub(super) struct WholeInflater {
    decompressor: NonNull<libdeflate_decompressor>,
}

// SAFETY: a decompressor is plain memory that belongs to no thread, and is used only through `&mut`.
unsafe impl Send for WholeInflater {}

impl WholeInflater {
    /// Allocates the decoder; `None` when there is no memory.
    pub(super) fn new() -> Option<Self> {
        // SAFETY: it has no precondition.
        let decompressor = unsafe { libdeflate_alloc_decompressor() };
        NonNull::new(decompressor).map(|decompressor| Self { decompressor })
    }

    /// Inflates `input` into `output`. Tells whether it is one stream, to its last byte, that fills the output.
    pub(super) fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> bool {
        let (mut n_read, mut n_written) = (0, 0);
        // SAFETY: the decompressor is alive until `drop`; both slices are valid for their lengths and do not overlap; the
        // function reads and writes nothing else, and keeps no pointer.
        let result = unsafe {
            libdeflate_deflate_decompress_ex(
                self.decompressor.as_ptr(),
                input.as_ptr().cast::<c_void>(),
                input.len(),
                output.as_mut_ptr().cast::<c_void>(),
                output.len(),
                &raw mut n_read,
                &raw mut n_written,
            )
        };
        result == libdeflate_result_LIBDEFLATE_SUCCESS
            && n_read == input.len()
            && n_written == output.len()
    }
}

impl Drop for WholeInflater {
    fn drop(&mut self) {
        // SAFETY: it was allocated by `new`, and nothing uses it after this.
        unsafe { libdeflate_free_decompressor(self.decompressor.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ab` and an end, in one block of the fixed code.
    const STREAM: &[u8] = &[0x4b, 0x4c, 0x02, 0x00];

    fn inflate(input: &[u8], n_bytes: usize) -> Option<Vec<u8>> {
        let mut output = vec![0; n_bytes];
        let inflated = WholeInflater::new().unwrap().inflate(input, &mut output);
        inflated.then_some(output)
    }

    #[test]
    fn a_stream_fills_the_output() {
        assert_eq!(inflate(STREAM, 2), Some(b"ab".to_vec()));
        for n_bytes in [0, 1, 3, 4000] {
            assert_eq!(inflate(STREAM, n_bytes), None, "{n_bytes}");
        }
    }

    #[test]
    fn nothing_hides_behind_a_stream_and_nothing_is_left_out() {
        for behind in [&b"\0"[..], STREAM, &[7; 300]] {
            assert_eq!(inflate(&[STREAM, behind].concat(), 2), None);
        }
        for n_bytes in 0..STREAM.len() {
            assert_eq!(inflate(&STREAM[..n_bytes], 2), None);
        }
        assert_eq!(inflate(&[], 0), None);
        assert_eq!(inflate(&[0xff; 40], 40), None);
    }

    #[test]
    fn an_inflater_goes_on_after_a_stream_that_was_refused() {
        let mut inflater = WholeInflater::new().unwrap();
        let mut output = [0; 2];
        assert!(!inflater.inflate(&[0xff; 9], &mut output));
        assert!(inflater.inflate(STREAM, &mut output));
        assert_eq!(&output, b"ab");
    }
}
