//! Which hosts `NO_PROXY` exempts.

use std::net::{IpAddr, Ipv4Addr};

use crate::url::Url;

/// Reads `NO_PROXY` as requests does: `*`, host names with everything below them, with or without a port, addresses and blocks
/// of addresses (`10.0.0.0/8`).
pub(super) fn is_exempt(url: &Url, entries: &str) -> bool {
    let Some(host) = url.host() else { return true };
    let with_port = format!("{host}:{}", url.port().unwrap_or_default());
    let entries = entries.split([',', ' ']).map(str::trim);
    entries.filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.to_lowercase();
        let name = entry.trim_start_matches("*.").trim_start_matches('.');
        entry == "*"
            || is_host_or_below(host, name)
            || is_host_or_below(&with_port, name)
            || is_in_block(host, &entry)
    })
}

fn is_host_or_below(host: &str, name: &str) -> bool {
    host == name
        || host
            .strip_suffix(name)
            .is_some_and(|below| below.ends_with('.') && host.parse::<IpAddr>().is_err())
}

fn is_in_block(host: &str, block: &str) -> bool {
    let parsed = block.split_once('/').and_then(|(network, n_bits)| {
        let network: Ipv4Addr = network.parse().ok()?;
        let n_bits: u32 = n_bits.parse().ok().filter(|n_bits| *n_bits <= 32)?;
        Some((network, n_bits, host.parse::<Ipv4Addr>().ok()?))
    });
    parsed.is_some_and(|(network, n_bits, host)| {
        let mask = u32::MAX.checked_shl(32 - n_bits).unwrap_or_default();
        network.to_bits() & mask == host.to_bits() & mask
    })
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
    }
}
