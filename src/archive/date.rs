//! The dates of entries, as MS-DOS wrote them: local time of nobody knows where, taken as UTC, in steps of two seconds.

/// The earliest date that a file gets, in seconds since 1970: the second of January 1980. Many archives date everything the first,
/// the earliest that they can; west of Greenwich that is in 1979, and Python's `zipfile` would refuse to pack such a file again.
const EARLIEST: i64 = 315_619_200;

const DAY_SECONDS: i64 = 86_400;

/// Returns a date in seconds since 1970; what is no date, or an earlier one, is [`EARLIEST`].
pub(super) fn seconds(dos: u32) -> i64 {
    let field = |shift: u32, n_bits: u32| i64::from(dos >> shift & ((1 << n_bits) - 1));
    let (year, month, day) = (1980 + field(25, 7), field(21, 4), field(16, 5));
    let (hour, minute, second) = (field(11, 5), field(5, 6), field(0, 5) * 2);
    let is_date = (1..=12).contains(&month) && day >= 1;
    let is_time = hour < 24 && minute < 60 && second < 60;
    if !is_date || !is_time {
        return EARLIEST;
    }
    let seconds = days(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second;
    seconds.max(EARLIEST)
}

/// Counts the days since 1970, with years that begin in March ([`days_from_civil`]).
///
/// [`days_from_civil`]: https://howardhinnant.github.io/date_algorithms.html#days_from_civil
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year % 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dos(date: [u32; 3], time: [u32; 3]) -> u32 {
        let ([year, month, day], [hour, minute, second]) = (date, time);
        ((year - 1980) << 25)
            | (month << 21)
            | (day << 16)
            | (hour << 11)
            | (minute << 5)
            | (second / 2)
    }

    #[test]
    fn dates_are_counted_from_1970() {
        let cases = [
            ([1980, 1, 1], [0, 0, 0], EARLIEST),
            ([2020, 2, 2], [0, 0, 0], 1_580_601_600),
            ([2024, 2, 29], [23, 59, 58], 1_709_251_198),
            ([2000, 3, 1], [12, 0, 0], 951_912_000),
            ([2107, 12, 31], [0, 0, 0], 4_354_732_800),
        ];
        for (date, time, expected) in cases {
            assert_eq!(seconds(dos(date, time)), expected, "{date:?}");
        }
    }

    #[test]
    fn what_is_no_date_is_the_earliest() {
        assert_eq!(seconds(0), EARLIEST);
        assert_eq!(seconds(u32::MAX), EARLIEST);
        assert_eq!(seconds(dos([2020, 13, 1], [0, 0, 0])), EARLIEST);
    }
}
