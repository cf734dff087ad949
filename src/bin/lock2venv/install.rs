//! `lock2venv install`.

use crate::args::Install;
use crate::context::Context;
use crate::diagnose::Failure;

/// Fills the environment of the project.
pub(crate) fn run(arguments: &Install, context: &Context) -> Result<(), Failure> {
    let _ = (arguments, context);
    Err(Failure::quiet())
}
