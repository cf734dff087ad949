//! Events as text on standard error: lines, on a terminal with bars below them, nothing when quiet.
//!
//! Warnings are kept and printed once, sorted and grouped, when the work is over; with `-v` each in a line of its own. The bars appear only when there is something to wait
//! for, so that quick work does not flicker, and are gone at the end.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use anstyle::AnsiColor;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use lock2venv::event::{Event, Reporter, Warning};
use lock2venv::name::PackageName;
use lock2venv::platform::machine::terminal_width;

use super::warnings::grouped;
use crate::diagnose;

/// What takes no longer is done without bars.
const PATIENCE: Duration = Duration::from_millis(200);

/// How often bars are drawn.
const DRAWINGS_PER_SECOND: u8 = 10;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors only.
    Quiet,
    /// What changes, and the summary.
    Normal,
    /// Every file that is fetched too.
    Verbose,
}

/// Reports to a person.
pub(crate) struct Terminal {
    verbosity: Verbosity,
    progress: Arc<RwLock<Progress>>,
    warnings: Mutex<BTreeSet<Warning>>,
    /// Why requests were made again, so far.
    causes: Mutex<BTreeSet<String>>,
}

/// How far the changes are.
#[derive(Default)]
struct Progress {
    bars: Option<Bars>,
    /// What to say when a distribution is in place or gone.
    lines: BTreeMap<PackageName, String>,
}

/// The bars of a terminal: bytes, once there is something to download, and distributions.
struct Bars {
    all: MultiProgress,
    bytes: OnceLock<ProgressBar>,
    distributions: ProgressBar,
    started: Instant,
    appearance: Once,
}

impl Terminal {
    /// Tells a cause once: without a network all packages have the same, again and again.
    fn retrying(&self, what: &str, cause: &str) {
        let mut causes = self.causes.lock().unwrap_or_else(PoisonError::into_inner);
        let verbosity = if causes.insert(cause.to_owned()) {
            Verbosity::Normal
        } else {
            Verbosity::Verbose
        };
        drop(causes);
        self.line_at(verbosity, &format!("    {what}: retrying ({cause})"));
    }
}

impl Terminal {
    /// Makes a reporter for standard error.
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        Self {
            verbosity,
            progress: Arc::default(),
            warnings: Mutex::default(),
            causes: Mutex::default(),
        }
    }

    /// Tells what will change and what to say then, so that progress can be shown. What has no line is only counted.
    pub(crate) fn begin(&self, n_changes: usize, lines: BTreeMap<PackageName, String>) {
        let is_shown = self.verbosity > Verbosity::Quiet && std::io::stderr().is_terminal();
        let bars = (is_shown && n_changes > 0).then(|| Bars::new(n_changes));
        let mut progress = self
            .progress
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *progress = Progress { bars, lines };
    }

    fn progress(&self) -> RwLockReadGuard<'_, Progress> {
        self.progress.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what stops the bars at once, from any thread. They stay to be seen: the `^C` that the terminal wrote behind
    /// them has moved the cursor, so they could not be cleared without a trace.
    pub(crate) fn freezer(&self) -> impl Fn() + Send + 'static {
        let progress = Arc::clone(&self.progress);
        move || {
            let progress = progress.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(bars) = &progress.bars {
                bars.all.set_draw_target(ProgressDrawTarget::hidden());
            }
        }
    }

    /// Takes the bars away and prints the warnings.
    pub(crate) fn finish(&self) {
        let progress = self.progress.write();
        let bars = progress.unwrap_or_else(PoisonError::into_inner).bars.take();
        if let Some(bars) = bars {
            // Nothing can be done about a terminal that is gone.
            let _ = bars.all.clear();
        }
        let warnings =
            std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner));
        let lines = match self.verbosity {
            Verbosity::Quiet => Vec::new(),
            Verbosity::Normal => grouped(&warnings),
            Verbosity::Verbose => warnings.iter().map(Warning::to_string).collect(),
        };
        for line in lines {
            print_warning(&line);
        }
        let is_heard = self.verbosity > Verbosity::Quiet;
        let hints = warnings.iter().filter(|_| is_heard);
        let hints: BTreeSet<String> = hints.filter_map(diagnose::hint).collect();
        for hint in &hints {
            print_hint(hint);
        }
    }

    /// Prints a line unless quiet.
    pub(crate) fn line(&self, text: &str) {
        self.line_at(Verbosity::Normal, text);
    }

    /// Prints a warning at once, unless quiet: one that explains what is said next.
    pub(crate) fn warn(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            print_warning(text);
        }
    }

    fn line_at(&self, level: Verbosity, text: &str) {
        if self.verbosity < level {
            return;
        }
        match self.progress().bars.as_ref() {
            Some(bars) if bars.is_shown() => bars.print_above(text),
            Some(_) | None => print_line(text),
        }
    }

    fn done(&self, name: &PackageName) {
        let progress = self.progress();
        if let Some(bars) = &progress.bars {
            bars.distributions.inc(1);
            bars.appear_in_time();
        }
        let line = progress.lines.get(name).cloned();
        drop(progress);
        if let Some(line) = line {
            self.line(&line);
        }
    }
}

impl Reporter for Terminal {
    fn report(&self, event: Event<'_>) {
        match event {
            Event::DownloadAnnounced { n_bytes, .. } => {
                if let Some(bars) = &self.progress().bars {
                    bars.bytes().inc_length(n_bytes.unwrap_or(0));
                }
            }
            Event::BytesReceived { n_bytes } => {
                if let Some(bars) = &self.progress().bars {
                    bars.receive(n_bytes);
                }
            }
            Event::CheckingOut { repository, commit } => {
                self.line(&format!("  - Checking out {repository} at {commit:.7}"));
            }
            Event::Building { name } => self.line(&format!("  - Building {name}")),
            Event::AwaitingBuild { name } => {
                self.line(&format!(
                    "  - Waiting for another process that is building {name}"
                ));
            }
            Event::Retrying { what, cause } => self.retrying(what, cause),
            Event::Installed { name, .. }
            | Event::Removed { name, .. }
            | Event::Stocked { name, .. }
            | Event::Verified { name } => self.done(name),
            Event::Compared { n_files } => {
                if let Some(bars) = &self.progress().bars {
                    bars.distributions.inc(n_files as u64);
                    bars.appear_in_time();
                }
            }
            Event::Warning(warning) => {
                self.warnings
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(warning);
            }
            detailed @ (Event::Fetched { .. }
            | Event::Found { .. }
            | Event::CheckedOut { .. }
            | Event::Awaiting { .. }
            | Event::Built { .. }
            | Event::Startup(_)) => {
                if let Some(detail) = detail(&detailed) {
                    self.line_at(Verbosity::Verbose, &format!("    {detail}"));
                }
            }
            Event::Session(_) | _ => {}
        }
    }

    fn hears_of_startup(&self) -> bool {
        self.verbosity >= Verbosity::Verbose
    }
}

/// What is said of each file with `-v`.
fn detail(event: &Event<'_>) -> Option<String> {
    let origin = |from_cache: &bool, new| {
        if *from_cache {
            "found in the cache"
        } else {
            new
        }
    };
    let detail = match event {
        Event::Fetched { file, from_cache } => {
            format!("{file}: {}", origin(from_cache, "downloaded"))
        }
        Event::Found { file, path } => format!("{file}: found at {}", path.display()),
        Event::CheckedOut {
            repository,
            commit,
            from_cache,
        } => {
            let origin = origin(from_cache, "checked out");
            format!("{repository} at {commit:.7}: {origin}")
        }
        Event::Awaiting { file } => format!("{file}: another process is downloading it"),
        Event::Built { name } => format!("{name}: its wheel was built"),
        Event::Startup(file) => file.to_string(),
        Event::Session(_)
        | Event::DownloadAnnounced { .. }
        | Event::BytesReceived { .. }
        | Event::CheckingOut { .. }
        | Event::Building { .. }
        | Event::AwaitingBuild { .. }
        | Event::Retrying { .. }
        | Event::Installed { .. }
        | Event::Removed { .. }
        | Event::Verified { .. }
        | Event::Compared { .. }
        | Event::Stocked { .. }
        | Event::Warning(_)
        | _ => return None,
    };
    Some(detail)
}

impl Bars {
    fn new(n_changes: usize) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let total = u64::try_from(n_changes).unwrap_or(u64::MAX);
        let bar = ProgressBar::new(total).with_style(style("{pos:>11} of {len:11}"));
        Self {
            distributions: all.add(bar),
            all,
            bytes: OnceLock::new(),
            started: Instant::now(),
            appearance: Once::new(),
        }
    }

    /// Bytes stand first: they are what moves.
    fn bytes(&self) -> &ProgressBar {
        self.bytes.get_or_init(|| {
            let style = style("{bytes:>11} of {total_bytes:11}");
            self.all.insert(0, ProgressBar::new(0).with_style(style))
        })
    }

    fn receive(&self, n_bytes: i64) {
        let bytes = self.bytes();
        let magnitude = n_bytes.unsigned_abs();
        if n_bytes < 0 {
            bytes.dec(magnitude);
            return;
        }
        bytes.inc(magnitude);
        if bytes.position() > bytes.length().unwrap_or(0) {
            bytes.set_length(bytes.position());
        }
        self.appear_in_time();
    }

    fn appear_in_time(&self) {
        if self.started.elapsed() > PATIENCE {
            self.appearance.call_once(|| {
                let target = ProgressDrawTarget::stderr_with_hz(DRAWINGS_PER_SECOND);
                self.all.set_draw_target(target);
            });
        }
    }

    fn is_shown(&self) -> bool {
        self.appearance.is_completed()
    }

    /// Prints a line in one go with the bars, which stay below it.
    fn print_above(&self, text: &str) {
        // A terminal that is gone cannot be told of.
        let _ = self.all.println(colored(text));
    }
}

/// What stands left of a bar takes so many columns.
const TEXT_WIDTH: u16 = 27;

/// A wider bar is harder to read.
const MOST_WIDTH: u16 = 40;

fn style(text: &str) -> ProgressStyle {
    let n_columns = terminal_width().unwrap_or(80);
    let width = n_columns.saturating_sub(TEXT_WIDTH).min(MOST_WIDTH);
    let bar = match width {
        0 => String::new(),
        width => format!(" {{bar:{width}}}"),
    };
    ProgressStyle::with_template(&format!("{text}{bar}"))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸ ")
}

/// Prints a warning to standard error.
pub(crate) fn print_warning(text: &str) {
    let (yellow, reset) = (AnsiColor::Yellow.on_default().bold(), anstyle::Reset);
    let text = text.replace('\n', "\\n");
    print_line(&format!("{yellow}warning:{reset} {text}"));
}

/// Prints to standard error what to do next.
pub(crate) fn print_hint(text: &str) {
    let (cyan, reset) = (AnsiColor::Cyan.on_default().bold(), anstyle::Reset);
    print_line(&format!("{cyan}hint:{reset} {text}"));
}

/// Prints a line to standard error. When that is closed nobody can be told, so nobody is.
pub(crate) fn print_line(text: &str) {
    // In one write: the lines of several processes do not mix, and a long list takes no time.
    let _ = std::io::stderr().write_all((colored(text) + "\n").as_bytes());
}

/// What is shown of a text on standard error, with colors where it has them.
fn colored(text: &str) -> String {
    let text = shown(text);
    if anstream::AutoStream::choice(&std::io::stderr()) == anstream::ColorChoice::Never {
        return anstream::adapter::strip_str(&text).to_string();
    }
    text.into_owned()
}

/// The colors of our own lines.
const OWN_SEQUENCES: &[&str] = &["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[36m"];

/// Escapes what would have a terminal do something, or show text in another order: names and messages come from locks,
/// wheels and servers.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let is_harmful = |character: char| {
        let is_control = character.is_control() && !matches!(character, '\n' | '\t');
        let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        is_control || turns
    };
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let own = OWN_SEQUENCES.iter().find(|own| rest.starts_with(**own));
        let n_bytes = own.map_or(character.len_utf8(), |own| own.len());
        if own.is_none() && is_harmful(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push_str(&rest[..n_bytes]);
        }
        rest = &rest[n_bytes..];
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(text: &str, expected: &str) {
        assert_eq!(shown(text), expected);
    }

    #[test]
    fn what_others_write_moves_no_cursor() {
        shows("a\x1b[2Jb", "a\\u{1b}[2Jb");
        shows("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}");
        shows("a\rb\x08\u{9b}1m", "a\\rb\\u{8}\\u{9b}1m");
        shows("whl.\u{202e}cod", "whl.\\u{202e}cod");
    }

    #[test]
    fn our_own_lines_keep_their_colors() {
        let (red, reset) = (AnsiColor::Red.on_default().bold(), anstyle::Reset);
        for style in [
            AnsiColor::Red.on_default().bold(),
            AnsiColor::Yellow.on_default().bold(),
            AnsiColor::Cyan.on_default(),
        ] {
            let text = format!("{style}error:{reset} é\n\tline");
            shows(&text, &text);
        }
        let text = format!("{red}error:{reset} \x1b[8m");
        shows(&text, &format!("{red}error:{reset} \\u{{1b}}[8m"));
    }
}
