//! Proxies, timeouts and retries.

use std::time::Duration;

use super::Configuration;
use super::error::{Error, value_error};
use super::proxy;
use crate::url::Url;

/// How long Poetry waits for a connection or for bytes, unless `POETRY_REQUESTS_TIMEOUT` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How often Poetry tries again.
const MAX_RETRIES: u32 = 5;

/// A proxy that a variable names. Not `Debug`: its address may hold a password.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProxySetting {
    /// The variable, such as `HTTPS_PROXY`.
    pub variable: &'static str,
    /// What it says.
    pub address: String,
}

impl Configuration {
    /// Returns how long to wait for a connection, or for the next bytes (`POETRY_REQUESTS_TIMEOUT`, in seconds).
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn timeout(&self) -> Result<Duration, Error> {
        // Poetry reads this from the variable alone.
        let Some(text) = self.variable("POETRY_REQUESTS_TIMEOUT") else {
            return Ok(TIMEOUT);
        };
        let seconds = text
            .trim()
            .parse::<u32>()
            .ok()
            .filter(|seconds| *seconds > 0);
        let seconds = seconds.ok_or_else(|| {
            value_error(&["requests", "timeout"], "a number of seconds, at least 1")
        })?;
        Ok(Duration::from_secs(seconds.into()))
    }

    /// Returns how often a request that failed is made again: 5 times, as Poetry does, or `requests.max-retries` if that is more.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn max_retries(&self) -> Result<u32, Error> {
        let number = self.number(&["requests", "max-retries"])?;
        let number = number.and_then(|number| u32::try_from(number).ok());
        Ok(number.unwrap_or_default().max(MAX_RETRIES))
    }

    /// Returns the proxy for `url`, as `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in lower case or upper case.
    pub fn proxy(&self, url: &Url) -> Option<ProxySetting> {
        let by_scheme = match url.scheme() {
            "http" => ["http_proxy", "HTTP_PROXY"],
            "https" => ["https_proxy", "HTTPS_PROXY"],
            _ => return None,
        };
        let names = by_scheme.into_iter().chain(["all_proxy", "ALL_PROXY"]);
        let found = names.filter_map(|variable| {
            let address = self.variable(variable)?.trim().to_owned();
            Some(ProxySetting { variable, address })
        });
        let setting = found.into_iter().next()?;
        let exempt = self
            .variable("no_proxy")
            .or_else(|| self.variable("NO_PROXY"));
        let is_exempt = exempt.is_some_and(|entries| proxy::is_exempt(url, entries));
        (!is_exempt).then_some(setting)
    }
}
