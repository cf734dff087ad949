//! Writes the files of a wheel as an archive that is the same each time, with its RECORD.

use std::io::{self, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fs_err as fs;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::built::{BuiltWheel, Content, WheelFile};
use super::error::Error;
use crate::digest::{Algorithm, Digest, Hashing};
use crate::platform::publish::DraftFile;

impl BuiltWheel {
    /// Writes the wheel as an archive to `output`. The same files, modes and date give the same bytes.
    pub fn write(&self, output: impl io::Write + io::Seek) -> Result<(), Error> {
        write(self, output)
    }

    /// Returns the SHA-256 of the archive that [`BuiltWheel::save`] writes, and writes nothing.
    pub fn digest(&self) -> Result<Digest, Error> {
        Ok(Digest::of(Algorithm::Sha256, &self.archive()?))
    }

    pub(super) fn archive(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = io::Cursor::new(Vec::new());
        self.write(&mut bytes)?;
        Ok(bytes.into_inner())
    }

    /// Writes the wheel as an archive into `folder`, which is created where it is missing, in place of an older one of the
    /// same name. Returns the SHA-256 of the archive.
    pub fn save(&self, folder: &Path) -> Result<Digest, Error> {
        let bytes = self.archive()?;
        fs::create_dir_all(folder)?;
        let path = folder.join(self.file_name());
        let mut draft = DraftFile::create_for_all_in(folder)?;
        draft.write_all(&bytes)?;
        let published = draft.publish(&path);
        published.map_err(|unpublished| unpublished.cause)?;
        Ok(Digest::of(Algorithm::Sha256, &bytes))
    }
}

/// Writes all files of `wheel` and, last, RECORD.
fn write(wheel: &BuiltWheel, output: impl io::Write + io::Seek) -> Result<(), Error> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(date(wheel.source_date_epoch));
    let mut archive = ZipWriter::new(output);
    let mut record = csv::WriterBuilder::new()
        .terminator(csv::Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    for file in &wheel.files {
        let mode = if file.is_executable { 0o755 } else { 0o644 };
        let options = options
            .unix_permissions(mode)
            .large_file(is_large(&file.content)?);
        archive.start_file(&file.path, options)?;
        let (digest, n_bytes) = copy(file, &mut archive)?;
        let digest = format!("sha256={}", URL_SAFE_NO_PAD.encode(digest.bytes()));
        row(&mut record, [&file.path, &digest, &n_bytes.to_string()])?;
    }
    let path = format!("{}/RECORD", wheel.dist_info);
    row(&mut record, [&path, "", ""])?;
    let text = record
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    archive.start_file(&path, options.unix_permissions(0o644))?;
    archive.write_all(&text)?;
    let n_entries = wheel.files.len() + 1;
    clear_file_type(archive.finish()?, path.len(), n_entries)?;
    Ok(())
}

/// Makes the mode of RECORD, the last entry, what it is in a wheel of poetry-core: permissions without the type of the file.
///
/// Archives that need 64 bits anywhere are left as they are: other records follow the entry there.
fn clear_file_type(
    mut archive: impl io::Write + io::Seek,
    n_name_bytes: usize,
    n_entries: usize,
) -> io::Result<()> {
    const END_RECORD_BYTES: usize = 22;
    const ENTRY_BYTES: usize = 46;
    const MODE_OFFSET: usize = 38;
    let n_bytes = archive.seek(io::SeekFrom::End(0))?;
    if n_bytes >= u64::from(u32::MAX) || n_entries >= usize::from(u16::MAX) {
        return Ok(());
    }
    let from_end = END_RECORD_BYTES + ENTRY_BYTES + n_name_bytes - MODE_OFFSET;
    archive.seek(io::SeekFrom::Start(n_bytes.saturating_sub(from_end as u64)))?;
    archive.write_all(&(0o644_u32 << 16).to_le_bytes())?;
    archive.seek(io::SeekFrom::End(0))?;
    Ok(())
}

fn row(record: &mut csv::Writer<Vec<u8>>, fields: [&str; 3]) -> io::Result<()> {
    Ok(record.write_record(fields)?)
}

fn is_large(content: &Content) -> io::Result<bool> {
    let n_bytes = match content {
        Content::File(path) => fs::metadata(path)?.len(),
        Content::Bytes(bytes) => bytes.len() as u64,
    };
    Ok(n_bytes >= u64::from(u32::MAX))
}

/// Copies the content of `file` and returns its digest and size.
fn copy(file: &WheelFile, output: &mut impl io::Write) -> io::Result<(Digest, u64)> {
    let mut hashing = Hashing::new(Algorithm::Sha256, output);
    match &file.content {
        Content::File(path) => hashing.copy(fs::File::open(path)?)?,
        Content::Bytes(bytes) => hashing.copy(bytes.as_slice())?,
    };
    Ok(hashing.finish())
}

/// Returns the date of all entries; archives know years from 1980 to 2107, in two-second steps.
fn date(source_date_epoch: Option<i64>) -> DateTime {
    let given = source_date_epoch.and_then(|seconds| {
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400);
        DateTime::from_date_and_time(
            u16::try_from(year).ok()?,
            month,
            day,
            u8::try_from(second / 3600).ok()?,
            u8::try_from(second / 60 % 60).ok()?,
            u8::try_from(second % 60).ok()?,
        )
        .ok()
    });
    let default = || DateTime::from_date_and_time(2016, 1, 1, 0, 0, 0).unwrap_or_default();
    given.unwrap_or_else(default)
}

/// Turns days since 1970-01-01 into year, month and day of the Gregorian calendar.
///
/// Counts in years that begin on March 1 and in cycles of 400 years, so that leap days come last.
fn civil(days: i64) -> (i64, u8, u8) {
    const DAYS_BEFORE_1970: i64 = 719_468;
    const DAYS_OF_CYCLE: i64 = 146_097;
    let days = days.saturating_add(DAYS_BEFORE_1970);
    let cycle = days.div_euclid(DAYS_OF_CYCLE);
    let day = days.rem_euclid(DAYS_OF_CYCLE);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = year + cycle * 400 + i64::from(month >= 10);
    let month = if month < 10 { month + 3 } else { month - 9 };
    (
        year,
        u8::try_from(month).unwrap_or(1),
        u8::try_from(day).unwrap_or(1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn dated(seconds: Option<i64>, expected: &str) {
        assert_eq!(date(seconds).to_string(), expected);
    }

    #[test]
    fn entries_are_dated_as_asked_where_archives_can_say_it() {
        dated(None, "2016-01-01 00:00:00");
        dated(Some(1_709_210_096), "2024-02-29 12:34:56");
        dated(Some(315_532_800), "1980-01-01 00:00:00");
        dated(Some(315_532_799), "2016-01-01 00:00:00");
        dated(Some(-1), "2016-01-01 00:00:00");
        dated(Some(i64::MAX), "2016-01-01 00:00:00");
        dated(Some(i64::MIN), "2016-01-01 00:00:00");
        dated(Some(951_782_399), "2000-02-28 23:59:58");
    }
}
