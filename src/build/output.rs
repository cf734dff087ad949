//! What a build wrote.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::missing::{self, MissingTool};

/// How many lines an error holds.
const MAX_LINES: usize = 40;

/// How much of one line is looked at.
const MAX_LINE_BYTES: u64 = 4096;

/// How many missing tools are listed.
const MAX_MISSING: usize = 16;

/// What a build wrote until it failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The file with all of it; an empty path where there is none.
    pub log: PathBuf,
    /// The last lines, at most 40, each cut to 4096 bytes.
    pub last_lines: Vec<String>,
    /// What the lines say is missing on this machine, in the order of the lines. A build may do without some of it: the
    /// last is most likely why it failed.
    pub missing: Vec<MissingTool>,
}

impl Output {
    /// Reads the file `log` from `offset` on.
    pub(super) fn read(log: &Path, offset: u64) -> io::Result<Self> {
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(offset))?;
        let (last_lines, missing) = summary(BufReader::new(file))?;
        Ok(Self {
            log: log.to_owned(),
            last_lines,
            missing,
        })
    }
}

fn summary(mut lines: impl BufRead) -> io::Result<(Vec<String>, Vec<MissingTool>)> {
    let mut last_lines = VecDeque::with_capacity(MAX_LINES);
    let mut missing: Vec<MissingTool> = Vec::new();
    while let Some(line) = next_line(&mut lines)? {
        if let Some(tool) = missing::recognize(&line) {
            missing.retain(|known| *known != tool);
            if missing.len() == MAX_MISSING {
                missing.remove(0);
            }
            missing.push(tool);
        }
        if last_lines.len() == MAX_LINES {
            last_lines.pop_front();
        }
        last_lines.push_back(line);
    }
    Ok((last_lines.into(), missing))
}

/// Reads a line without its end, of which no more than is looked at is kept.
fn next_line(lines: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let n_read = lines.take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
    if n_read == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        skip_line(lines)?;
    }
    let text = String::from_utf8_lossy(&line);
    Ok(Some(text.trim_end().to_owned()))
}

fn skip_line(lines: &mut impl BufRead) -> io::Result<()> {
    loop {
        let held = lines.fill_buf()?;
        let end = memchr::memchr(b'\n', held);
        let n_bytes = end.map_or(held.len(), |end| end + 1);
        let is_done = end.is_some() || held.is_empty();
        lines.consume(n_bytes);
        if is_done {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary_of(text: &str) -> (Vec<String>, Vec<MissingTool>) {
        summary(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_last_lines_are_kept() {
        let lines: Vec<String> = (0..100)
            .map(|number| format!("line {number}\r\n"))
            .collect();
        let text = lines.concat();
        let (lines, _) = summary_of(&text);
        assert_eq!(lines.len(), 40);
        assert_eq!(
            (lines[0].as_str(), lines[39].as_str()),
            ("line 60", "line 99")
        );
        assert!(summary_of("").0.is_empty());
        assert_eq!(summary_of("no end").0, ["no end"]);
    }

    #[test]
    fn long_lines_are_cut() {
        let (lines, _) = summary_of(&format!("{}\nnext", "x".repeat(100_000)));
        assert_eq!(lines[0].len(), 4096);
        assert_eq!(lines[1], "next");
    }

    #[test]
    fn what_is_missing_is_listed_once_the_last_at_the_end() {
        let text = "a.c:1:1: fatal error: ffi.h: No such file or directory\n\
                    /bin/sh: 1: pg_config: not found\n\
                    a.c:1:1: fatal error: ffi.h: No such file or directory\n";
        let (_, missing) = summary_of(text);
        let names: Vec<&str> = missing.iter().map(MissingTool::name).collect();
        assert_eq!(names, ["pg_config", "ffi.h"]);
    }
}
