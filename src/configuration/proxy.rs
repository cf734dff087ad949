//! Which hosts `NO_PROXY` exempts.

use std::net::IpAddr;

use crate::url::Url;

/// Reads `NO_PROXY` as requests does: `*`, host names with everything below them, addresses, both with or without a port, and
/// blocks of addresses (`10.0.0.0/8`). IPv6 addresses may be written in any form, with or without brackets.
pub(super) fn is_exempt(url: &Url, entries: &str) -> bool {
    let Some(host) = url.host() else { return true };
    let target = Target {
        host: bare(host),
        address: bare(host).parse().ok(),
        port: url.port().map(|port| port.to_string()),
    };
    let mut entries = entries.split([',', ' ', '\t']).map(str::trim);
    entries.any(|entry| !entry.is_empty() && target.is_in(&entry.to_lowercase()))
}

/// What a request is for.
struct Target<'a> {
    host: &'a str,
    /// The host, when it is an address.
    address: Option<IpAddr>,
    port: Option<String>,
}

impl Target<'_> {
    fn is_in(&self, entry: &str) -> bool {
        entry == "*"
            || self.is_named(entry)
            || self.is_in_block(entry)
            || entry.rsplit_once(':').is_some_and(|(name, port)| {
                self.port.as_deref() == Some(port) && self.is_named(name)
            })
    }

    fn is_named(&self, entry: &str) -> bool {
        if let Some(address) = self.address {
            return bare(entry).parse() == Ok(address);
        }
        let name = entry.trim_start_matches("*.").trim_start_matches('.');
        let above = self.host.strip_suffix(name);
        above.is_some_and(|below| below.is_empty() || below.ends_with('.'))
    }

    fn is_in_block(&self, entry: &str) -> bool {
        let parsed = entry.rsplit_once('/').and_then(|(network, n_bits)| {
            let network: IpAddr = bare(network).parse().ok()?;
            let n_bits: u32 = n_bits.parse().ok()?;
            Some((bits(network), n_bits, bits(self.address?)))
        });
        parsed.is_some_and(|((network, width), n_bits, (address, own_width))| {
            let n_free = width.checked_sub(n_bits).filter(|_| width == own_width);
            let start = |bits: u128, n_free| bits.checked_shr(n_free).unwrap_or_default();
            n_free.is_some_and(|n_free| start(network, n_free) == start(address, n_free))
        })
    }
}

/// Takes brackets off.
fn bare(host: &str) -> &str {
    let inner = host.strip_prefix('[');
    inner
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(host)
}

/// The bits of an address, and how many there are.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (address.to_bits().into(), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn exempts(entries: &str, url: &str, expected: bool) {
        assert_eq!(is_exempt(&Url::parse(url).unwrap(), entries), expected);
    }

    #[test]
    fn names_exempt_themselves_and_what_lies_below() {
        exempts("acme.example", "https://acme.example/", true);
        exempts("other, .ACME.example", "https://pypi.acme.example/", true);
        exempts("*.acme.example", "https://pypi.acme.example/", true);
        exempts("acme.example", "https://notacme.example/", false);
        exempts("acme.example:8443", "https://acme.example:8443/", true);
        exempts("acme.example:8443", "https://acme.example/", false);
        exempts("acme.example:443", "https://acme.example/", true);
        exempts("*", "https://acme.example/", true);
        exempts(" , ", "https://acme.example/", false);
    }

    #[test]
    fn addresses_and_blocks_exempt() {
        exempts("127.0.0.1", "http://127.0.0.1:80/", true);
        exempts("10.0.0.0/8", "http://10.1.2.3/", true);
        exempts("10.0.0.0/8", "http://11.1.2.3/", false);
        exempts("0.0.0.0/0", "http://11.1.2.3/", true);
        exempts("10.0.0.0/64", "http://10.1.2.3/", false);
        exempts("0.1", "http://10.0.0.1/", false);
        exempts("10.0.0.1:8080", "http://10.0.0.1:8080/", true);
        exempts("10.0.0.1:8080", "http://10.0.0.1/", false);
        exempts("10.0.0.0/x", "http://10.0.0.1/", false);
        exempts("/8", "http://10.0.0.1/", false);
        exempts("10.0.0.0/8", "http://a.example/", false);
    }

    #[test]
    fn addresses_of_ipv6_have_many_forms() {
        for entry in [
            "::1",
            "[::1]",
            "0:0:0:0:0:0:0:1",
            "::/0",
            "[::1]:8080",
            "::1/128",
        ] {
            exempts(entry, "http://[::1]:8080/", true);
        }
        for entry in [
            "::2",
            "[::1]:81",
            "1",
            "10.0.0.0/0",
            "fe80::/10",
            "::1/129",
            ":8080x",
        ] {
            exempts(entry, "http://[::1]:8080/", false);
        }
        exempts("fd00::/8", "https://[fd12:3456::1]/", true);
        exempts("FD12:3456::1", "https://[fd12:3456::1]/", true);
        exempts("::/0", "https://10.0.0.1/", false);
    }
}
