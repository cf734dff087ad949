//! Local headers and data descriptors, which have to say what the central directory says.

use super::directory::{
    CentralEntry, FLAG_DESCRIPTOR, read_at, u16_at, u32_at, u64_at, zip64_extra,
};
use super::{EntryFault, Error, Source};

const LOCAL_BYTES: u64 = 30;
const LOCAL_SIGNATURE: &[u8] = b"PK\x03\x04";
const DESCRIPTOR_SIGNATURE: &[u8] = b"PK\x07\x08";

/// Checks the local header of `entry`, whose bytes end at `end`; returns where its content begins.
pub(super) fn check(source: &Source, entry: &CentralEntry, end: u64) -> Result<u64, Error> {
    let start = entry.header_offset;
    let n_name = entry.name.len() as u64;
    let untiled = || entry.fault(EntryFault::NotTiled);
    // What is left for the extra fields and the data descriptor.
    let n_rest = (end - start)
        .checked_sub(LOCAL_BYTES + n_name)
        .and_then(|rest| rest.checked_sub(entry.n_packed_bytes))
        .ok_or_else(untiled)?;
    let header = read_at(source, start, LOCAL_BYTES + n_name + n_rest.min(0xffff))?;
    let n_extra = u64::from(u16_at(&header, 28));
    let n_descriptor = n_rest.checked_sub(n_extra).ok_or_else(untiled)?;
    let local = Local::parse(&header, entry)?;
    local.compare(entry)?;
    let data_offset = start + LOCAL_BYTES + n_name + n_extra;
    check_descriptor(source, entry, data_offset, n_descriptor)?;
    Ok(data_offset)
}

struct Local {
    crc: u32,
    n_packed_bytes: u64,
    n_bytes: u64,
}

impl Local {
    fn parse(header: &[u8], entry: &CentralEntry) -> Result<Self, Error> {
        let differs = |field| entry.fault(EntryFault::HeaderDiffers { field });
        if !header.starts_with(LOCAL_SIGNATURE) {
            return Err(differs("signature"));
        }
        if u16_at(header, 6) != entry.flags {
            return Err(differs("set of flags"));
        }
        if u16_at(header, 8) != entry.method {
            return Err(differs("compression method"));
        }
        let n_name = usize::from(u16_at(header, 26));
        let n_extra = usize::from(u16_at(header, 28));
        if header.get(30..30 + n_name) != Some(entry.name.as_bytes()) {
            return Err(differs("name"));
        }
        let extra = &header[30 + n_name..30 + n_name + n_extra];
        let wide = zip64_extra(extra).map_err(|fault| entry.fault(fault))?;
        let mut local = Self {
            crc: u32_at(header, 14),
            n_packed_bytes: u64::from(u32_at(header, 18)),
            n_bytes: u64::from(u32_at(header, 22)),
        };
        let mut wide = wide.unwrap_or_default().chunks_exact(8);
        for field in [&mut local.n_bytes, &mut local.n_packed_bytes] {
            if *field == 0xffff_ffff
                && let Some(value) = wide.next()
            {
                *field = u64_at(value, 0);
            }
        }
        Ok(local)
    }

    /// Before a data descriptor the fields may be zero, since their values were not known yet.
    fn compare(&self, entry: &CentralEntry) -> Result<(), Error> {
        let may_be_zero = entry.flags & FLAG_DESCRIPTOR != 0;
        let fits = |local: u64, central: u64| local == central || may_be_zero && local == 0;
        let fields = [
            ("CRC", u64::from(self.crc), u64::from(entry.crc)),
            ("compressed size", self.n_packed_bytes, entry.n_packed_bytes),
            ("size", self.n_bytes, entry.n_bytes),
        ];
        for (field, local, central) in fields {
            if !fits(local, central) {
                return Err(entry.fault(EntryFault::HeaderDiffers { field }));
            }
        }
        Ok(())
    }
}

/// A descriptor may have a signature and may have sizes of 8 bytes; its length says which.
fn check_descriptor(
    source: &Source,
    entry: &CentralEntry,
    data_offset: u64,
    n_bytes: u64,
) -> Result<(), Error> {
    let has_descriptor = entry.flags & FLAG_DESCRIPTOR != 0;
    match (has_descriptor, n_bytes) {
        (false, 0) => return Ok(()),
        (true, 12 | 16 | 20 | 24) => {}
        _ => return Err(entry.fault(EntryFault::NotTiled)),
    }
    let bytes = read_at(source, data_offset + entry.n_packed_bytes, n_bytes)?;
    let has_signature = matches!(n_bytes, 16 | 24);
    let fields = if has_signature {
        &bytes[4..]
    } else {
        &bytes[..]
    };
    let sizes = &fields[4..];
    let (n_packed_bytes, n_content_bytes) = if sizes.len() == 16 {
        (u64_at(sizes, 0), u64_at(sizes, 8))
    } else {
        (u64::from(u32_at(sizes, 0)), u64::from(u32_at(sizes, 4)))
    };
    let agrees = (!has_signature || bytes.starts_with(DESCRIPTOR_SIGNATURE))
        && u32_at(fields, 0) == entry.crc
        && n_packed_bytes == entry.n_packed_bytes
        && n_content_bytes == entry.n_bytes;
    if agrees {
        Ok(())
    } else {
        Err(entry.fault(EntryFault::HeaderDiffers {
            field: "data descriptor",
        }))
    }
}
