//! Events as text on standard error: bars on a terminal, plain lines elsewhere, nothing when quiet.
//!
//! Warnings are kept and printed once, sorted, when the work is over.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anstream::stderr;
use anstyle::AnsiColor;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use lock2venv::event::{Event, Reporter, Warning};

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
    bars: Option<Bars>,
    warnings: Mutex<BTreeSet<Warning>>,
}

/// The two bars of a terminal. Bytes first: it is the one that moves.
struct Bars {
    bytes: ProgressBar,
    distributions: ProgressBar,
}

impl Terminal {
    /// Makes a reporter for standard error.
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        Self {
            verbosity,
            bars: None,
            warnings: Mutex::default(),
        }
    }

    /// Tells how many distributions will be installed, so that progress can be shown.
    pub(crate) fn begin(&mut self, n_distributions: usize) {
        let shown = self.verbosity > Verbosity::Quiet && std::io::stderr().is_terminal();
        if shown && n_distributions > 0 {
            self.bars = Some(Bars::new(n_distributions));
        }
    }

    /// Takes the bars away and prints the warnings.
    pub(crate) fn finish(&mut self) {
        if let Some(bars) = self.bars.take() {
            bars.bytes.finish_and_clear();
            bars.distributions.finish_and_clear();
        }
        let warnings =
            std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner));
        if self.verbosity > Verbosity::Quiet {
            for warning in warnings {
                print_warning(&warning.to_string());
            }
        }
    }

    /// Prints a line unless quiet.
    pub(crate) fn line(&self, text: &str) {
        self.line_at(Verbosity::Normal, text);
    }

    fn line_at(&self, level: Verbosity, text: &str) {
        if self.verbosity < level {
            return;
        }
        match &self.bars {
            Some(bars) => bars.bytes.suspend(|| print_line(text)),
            None => print_line(text),
        }
    }

    fn done(&self, verb: &str, name: &str, version: &str) {
        if let Some(bars) = &self.bars {
            bars.distributions.inc(1);
            bars.distributions.set_message(name.to_owned());
        }
        let level = if self.bars.is_some() {
            Verbosity::Verbose
        } else {
            Verbosity::Normal
        };
        let (cyan, bold, reset) = (
            AnsiColor::Cyan.on_default(),
            anstyle::Style::new().bold(),
            anstyle::Reset,
        );
        self.line_at(
            level,
            &format!("  - {verb} {cyan}{name}{reset} ({bold}{version}{reset})"),
        );
    }
}

impl Reporter for Terminal {
    fn report(&self, event: Event<'_>) {
        match event {
            Event::DownloadAnnounced { n_bytes, .. } => {
                if let Some(bars) = &self.bars {
                    bars.bytes.inc_length(n_bytes.unwrap_or(0));
                }
            }
            Event::BytesReceived { n_bytes } => {
                if let Some(bars) = &self.bars {
                    bars.receive(n_bytes);
                }
            }
            Event::Fetched { file, from_cache } => {
                let origin = if from_cache {
                    "found in the cache"
                } else {
                    "downloaded"
                };
                self.line_at(Verbosity::Verbose, &format!("    {file}: {origin}"));
            }
            Event::Retrying { what, cause } => {
                self.line(&format!("    {what}: trying again ({cause})"))
            }
            Event::Installed { name, version } => {
                self.done("Installing", name.as_str(), version.text())
            }
            Event::Removed { name, version } => {
                self.done("Removing", name.as_str(), version.text())
            }
            Event::Warning(warning) => {
                self.warnings
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(warning);
            }
            _ => {}
        }
    }
}

impl Bars {
    fn new(n_distributions: usize) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        let bytes = all.add(ProgressBar::new(0).with_style(style(
            "{bar:30} {bytes:>11} of {total_bytes} {bytes_per_sec}",
        )));
        let total = u64::try_from(n_distributions).unwrap_or(u64::MAX);
        let distributions = all.add(
            ProgressBar::new(total)
                .with_style(style("{bar:30} {pos:>11} of {len} installed {wide_msg}")),
        );
        bytes.enable_steady_tick(Duration::from_millis(200));
        Self {
            bytes,
            distributions,
        }
    }

    fn receive(&self, n_bytes: i64) {
        let magnitude = n_bytes.unsigned_abs();
        if n_bytes < 0 {
            self.bytes.dec(magnitude);
            return;
        }
        self.bytes.inc(magnitude);
        if self.bytes.position() > self.bytes.length().unwrap_or(0) {
            self.bytes.set_length(self.bytes.position());
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸ ")
}

/// Prints a warning to standard error.
pub(crate) fn print_warning(text: &str) {
    let (yellow, reset) = (AnsiColor::Yellow.on_default().bold(), anstyle::Reset);
    print_line(&format!("{yellow}warning:{reset} {text}"));
}

/// Prints a line to standard error. When that is closed nobody can be told, so nobody is.
pub(crate) fn print_line(text: &str) {
    let _ = writeln!(stderr().lock(), "{text}");
}
