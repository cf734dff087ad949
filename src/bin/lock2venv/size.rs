//! Sizes as people write them.

/// Reads a number of bytes, such as `4096`, `500M` or `2 GiB`; each unit is 1,024 times the one before it.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = unit.trim_start().to_ascii_lowercase();
    let shift = match unit.as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err("a size is a number with K, M, G or T, such as 500M".to_owned()),
    };
    let is_zero = number.bytes().all(|digit| digit == b'0');
    if is_zero {
        return Err("a size is a number above 0 with K, M, G or T, such as 500M".to_owned());
    }
    let number = number.parse::<u64>().ok();
    let n_bytes = number.and_then(|number| number.checked_mul(1 << shift));
    n_bytes.ok_or_else(|| "no size is that large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse("4096"), Ok(4096));
        assert_eq!(parse("500M"), Ok(500 << 20));
        assert_eq!(parse(" 2 GiB "), Ok(2 << 30));
        assert_eq!(parse("1kb"), Ok(1024));
        for text in ["", "0", "-1", "1.5G", "M", "9999999999T", "1X"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
