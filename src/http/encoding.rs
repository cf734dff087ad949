//! Bodies that are encoded for the way ([`Content-Encoding`](https://www.rfc-editor.org/rfc/rfc9110#field.content-encoding)).
//!
//! Only gzip is asked for; servers and the proxies between also send deflate, Brotli, Zstandard, several codings, or names in capitals.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// More codings than that are no honest body's, but meant to cost time (urllib3 has the same limit).
const MAX_CODINGS: usize = 5;

/// How much of a body in Brotli is read at once.
const PIECE_BYTES: usize = 4096;

/// One layer of packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// With the frame of zlib, as the standard has it, or bare, as some servers send it.
    Deflate,
    Brotli,
    Zstandard,
}

/// Reads the values of the header, in the order in which the codings were applied.
///
/// # Errors
///
/// The coding that is not known, or the whole text when there are too many.
pub(super) fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Result<Vec<Coding>, String> {
    let mut codings = Vec::new();
    for name in values.flat_map(|value| value.split(',')).map(str::trim) {
        let coding = match name.to_ascii_lowercase().as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstandard,
            _ => return Err(name.to_owned()),
        };
        if codings.len() == MAX_CODINGS {
            return Err(format!("more than {MAX_CODINGS} codings"));
        }
        codings.push(coding);
    }
    Ok(codings)
}

/// Unpacks `body`, the last coding first; what is unpacked more than once is cut off after `limit` bytes between.
pub(super) fn unpack<'a>(
    body: impl Read + 'a,
    codings: &[Coding],
    limit: u64,
) -> Box<dyn Read + 'a> {
    let packed: Box<dyn Read + 'a> = Box::new(body);
    codings
        .iter()
        .rev()
        .fold(packed, |body, coding| match coding {
            Coding::Gzip => Box::new(MultiGzDecoder::new(body).take(limit + 1)),
            Coding::Deflate => Box::new(Deflated::Unknown(Some(body)).take(limit + 1)),
            Coding::Brotli => {
                Box::new(brotli_decompressor::Decompressor::new(body, PIECE_BYTES).take(limit + 1))
            }
            Coding::Zstandard => Box::new(Zstandard::Unknown(Some(body)).take(limit + 1)),
        })
}

/// A body whose first bytes tell whether zlib framed it.
enum Deflated<'a> {
    Unknown(Option<Box<dyn Read + 'a>>),
    Framed(ZlibDecoder<BufReader<Box<dyn Read + 'a>>>),
    Bare(DeflateDecoder<BufReader<Box<dyn Read + 'a>>>),
}

impl Read for Deflated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Self::Unknown(body) = self {
            let mut body = BufReader::new(body.take().unwrap_or_else(|| Box::new(io::empty())));
            *self = if is_zlib(body.fill_buf()?) {
                Self::Framed(ZlibDecoder::new(body))
            } else {
                Self::Bare(DeflateDecoder::new(body))
            };
        }
        match self {
            Self::Unknown(_) => Ok(0),
            Self::Framed(decoder) => decoder.read(buffer),
            Self::Bare(decoder) => decoder.read(buffer),
        }
    }
}

/// Frames of [Zstandard](https://www.rfc-editor.org/rfc/rfc8878), one after the other.
enum Zstandard<'a> {
    /// Between two frames.
    Unknown(Option<Box<dyn Read + 'a>>),
    Frame(Box<StreamingDecoder<BufReader<Box<dyn Read + 'a>>, FrameDecoder>>),
}

impl Read for Zstandard<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Self::Frame(frame) = self {
                let n_read = frame.read(buffer)?;
                if n_read > 0 || buffer.is_empty() {
                    return Ok(n_read);
                }
            }
            let body = match std::mem::replace(self, Self::Unknown(None)) {
                Self::Unknown(body) => {
                    BufReader::new(body.unwrap_or_else(|| Box::new(io::empty())))
                }
                Self::Frame(frame) => frame.into_inner(),
            };
            let mut body = body;
            if body.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let frame = StreamingDecoder::new(body).map_err(io::Error::other)?;
            *self = Self::Frame(Box::new(frame));
        }
    }
}

/// Tells whether a [frame of zlib](https://www.rfc-editor.org/rfc/rfc1950#section-2.2) begins here.
fn is_zlib(start: &[u8]) -> bool {
    matches!(start, [method, flags, ..]
        if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};

    #[test]
    fn codings_are_read_in_any_form() {
        use Coding::{Deflate, Gzip};
        let check = |values: &[&str], expected: &[Coding]| {
            assert_eq!(parse(values.iter().copied()).as_deref(), Ok(expected));
        };
        check(&[], &[]);
        check(&[" Identity , "], &[]);
        check(&["GZIP"], &[Gzip]);
        check(&["deflate, x-GZip"], &[Deflate, Gzip]);
        check(&["deflate", "gzip"], &[Deflate, Gzip]);
        check(&["BR, zstd"], &[Coding::Brotli, Coding::Zstandard]);
        assert_eq!(
            parse(["gzip, compress"].into_iter()),
            Err("compress".to_owned())
        );
        assert!(parse(["gzip,gzip,gzip,gzip,gzip,gzip"].into_iter()).is_err());
    }

    #[test]
    fn layers_are_taken_off_from_the_outside() {
        let pack = |reader: &mut dyn Read| {
            let mut packed = Vec::new();
            reader.read_to_end(&mut packed).unwrap();
            packed
        };
        let level = Compression::fast();
        let framed = pack(&mut ZlibEncoder::new(&b"page"[..], level));
        let bare = pack(&mut DeflateEncoder::new(&b"page"[..], level));
        let twice = pack(&mut GzEncoder::new(&framed[..], level));
        let check = |body: &[u8], codings: &[Coding]| {
            let mut text = String::new();
            unpack(body, codings, 1000)
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "page");
        };
        check(b"page", &[]);
        check(&framed, &[Coding::Deflate]);
        check(&bare, &[Coding::Deflate]);
        check(&twice, &[Coding::Deflate, Coding::Gzip]);
        // By `brotli` and, in two frames, by `zstd`.
        let brotli = b"\x8b\x01\x80page\x03";
        check(brotli, &[Coding::Brotli]);
        let zstd = b"(\xb5/\xfd \x02\x11\x00\x00pa(\xb5/\xfd \x02\x11\x00\x00ge";
        check(zstd, &[Coding::Zstandard]);
    }
}
