//! What happens on Ctrl-C and when a container is stopped: the process ends at once with 130, after the session has removed
//! what it was filling in secret.
//!
//! Only then is anything said, and nobody waits for it: a terminal that was stopped or a pipe that nobody reads takes no word.

use std::time::Duration;

use lock2venv::prepare;
use lock2venv::session::Interruption;

use crate::diagnose::{Failure, INTERRUPTED};
use crate::report::print_line;

/// Saying that it ends may take this long.
const MOST_SPEECH: Duration = Duration::from_secs(1);

/// Watches for an interruption from now on; `before_speech` is done before the process says that it ends, unless it takes too
/// long.
///
/// An error when the thread that watches cannot be started: signals would be lost.
pub(crate) fn watch(before_speech: impl Fn() + Send + 'static) -> Result<Interruption, Failure> {
    let interruption = Interruption::default();
    let for_handler = interruption.clone();
    let handled = ctrlc::set_handler(move || {
        for_handler.come();
        end(&before_speech)
    });
    match handled {
        Ok(()) => Ok(interruption),
        Err(ctrlc::Error::System(cause)) => Err(prepare::Error::Thread(cause).into()),
        Err(error) => Err(Failure::new(&error)),
    }
}

/// Leaves the rest to the thread that watches.
pub(crate) fn wait_for_end() -> ! {
    loop {
        std::thread::park();
    }
}

/// Says the last words, and ends the process.
fn end(before_speech: &dyn Fn()) -> ! {
    let watchdog = std::thread::Builder::new().spawn(|| {
        std::thread::sleep(MOST_SPEECH);
        std::process::exit(INTERRUPTED)
    });
    if watchdog.is_ok() {
        before_speech();
        print_line("interrupted");
    }
    std::process::exit(INTERRUPTED)
}
