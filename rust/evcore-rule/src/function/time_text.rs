//! Timestamps and durations as text, to the nanosecond.
//!
//! `timestamp()` takes RFC 3339 to the letter, with an offset, as CEL does. Columns are more lenient;
//! see `evcore_event::time`.

use evcore_event::time::{civil_from_days, days_from_civil};

use crate::value::{Duration, Timestamp};

/// Returns the moment of an RFC 3339 text.
///
/// # Errors
///
/// What is wrong with it.
///
/// ```
/// use evcore_rule::function::time_text::parse_timestamp;
/// assert_eq!(parse_timestamp("1970-01-01T01:00:00.5+01:00").unwrap().nanos, 500_000_000);
/// assert!(parse_timestamp("1970-01-01").is_err());
/// ```
pub fn parse_timestamp(text: &str) -> Result<Timestamp, &'static str> {
    const FORM: &str = "not an RFC 3339 timestamp such as 2026-03-02T00:04:23Z";
    // Five digits of year are well-formed to the eye, and out of range.
    if text.split('-').next().is_some_and(|year| year.len() > 4 && is_digits(year)) {
        return Err("the timestamp is out of range");
    }
    let bytes = text.as_bytes();
    let number = |at: usize, len: usize| -> Option<i64> {
        let digits = text.get(at..at + len)?;
        if is_digits(digits) { digits.parse().ok() } else { None }
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, byte)| bytes.get(*at) != Some(byte)) {
        return Err(FORM);
    }
    let fields =
        [(0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2)].map(|(at, len)| number(at, len));
    let [Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)] = fields
    else {
        return Err(FORM);
    };
    let days = days_from_civil(year, month.clamp(1, 12), day);
    let is_date = (1..=12).contains(&month) && day >= 1 && civil_from_days(days).1 as i64 == month;
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return Err("there is no such date or time");
    }
    let mut rest = &text[19..];
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=9).contains(&length) {
            return Err("a second has 1 to 9 digits after its point");
        }
        nanos = format!("{:0<9}", &fraction[..length]).parse().map_err(|_| FORM)?;
        rest = &fraction[length..];
    }
    let offset = offset_seconds(rest).ok_or(FORM)?;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Timestamp::in_range(seconds, nanos).ok_or("the timestamp is out of range")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn offset_seconds(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 || !is_digits(hours) || !is_digits(minutes) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Returns a moment as RFC 3339 in UTC, with as many digits of the second as it needs.
pub fn format_timestamp(moment: Timestamp) -> String {
    let (days, in_day) = (moment.seconds.div_euclid(86_400), moment.seconds.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
    let fraction = fraction(moment.nanos);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Returns a duration in seconds: `1.5s`.
pub fn format_duration(length: Duration) -> String {
    let sign = if length.nanos < 0 { "-" } else { "" };
    let nanos = length.nanos.unsigned_abs();
    format!("{sign}{}{}s", nanos / 1_000_000_000, fraction((nanos % 1_000_000_000) as u32))
}

fn fraction(nanos: u32) -> String {
    if nanos == 0 {
        return String::new();
    }
    let digits = format!("{nanos:09}");
    format!(".{}", digits.trim_end_matches('0'))
}

/// Returns the duration of a text: numbers with the units `h m s ms us ns`, one after the other,
/// with a sign before them all.
///
/// # Errors
///
/// What is wrong with it.
///
/// ```
/// use evcore_rule::function::time_text::parse_duration;
/// assert_eq!(parse_duration("-1h30m").unwrap().nanos, -5_400_000_000_000);
/// assert_eq!(parse_duration("1.5ms").unwrap().nanos, 1_500_000);
/// assert!(parse_duration("1d").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    const FORM: &str = "not a duration such as 90s, 1h30m or 1.5s";
    const RANGE: &str = "the duration is out of range";
    let (sign, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    if rest == "0" {
        return Ok(Duration { nanos: 0 });
    }
    if rest.is_empty() {
        return Err(FORM);
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(FORM)?;
        let (digits, tail) = rest.split_at(length);
        let length = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(length);
        let unit: i128 = match unit {
            "h" => 3_600_000_000_000,
            "m" => 60_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "us" | "µs" | "μs" => 1_000,
            "ns" => 1,
            "d" | "w" | "days" | "day" => return Err("a duration has no days: 1 day is 24h"),
            _ => return Err(FORM),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + part.len() == 0 || part.contains('.') {
            return Err(FORM);
        }
        // 20 digits of hours are far beyond the range and fit in 128 bits of nanoseconds.
        if whole.trim_start_matches('0').len() > 20 {
            return Err(RANGE);
        }
        let number: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| FORM)? };
        total += number * unit;
        let mut place = unit;
        for digit in part.bytes() {
            place /= 10;
            total += i128::from(digit - b'0') * place;
        }
        rest = tail;
    }
    i64::try_from(sign * total).map(|nanos| Duration { nanos }).map_err(|_| RANGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_read_and_written_to_the_nanosecond() {
        for text in [
            "2026-03-02T00:04:23.576Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999999Z",
            "1969-12-31T23:59:59.000000001Z",
            "2024-02-29T00:00:00Z",
        ] {
            assert_eq!(parse_timestamp(text).map(format_timestamp).as_deref(), Ok(text));
        }
        let local = parse_timestamp("2026-03-02T01:00:00-05:30").map(format_timestamp);
        assert_eq!(local.as_deref(), Ok("2026-03-02T06:30:00Z"));
    }

    #[test]
    fn bad_timestamps_are_refused() {
        for text in [
            "",
            "2026-03-02",
            "2026-03-02T00:04:23",
            "2026-03-02 00:04:23Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00Zx",
            "2026-01-01T00:00:00é",
            "+026-01-01T00:00:00Z",
            "0000-12-31T23:59:59Z",
            "10000-01-01T00:00:00Z",
        ] {
            assert!(parse_timestamp(text).is_err(), "{text}");
        }
        assert!(parse_timestamp("10000-01-01T00:00:00Z").is_err_and(|e| e.contains("range")));
    }

    #[test]
    fn durations_are_read_and_written() {
        for (text, shown) in [
            ("0", "0s"),
            ("90s", "90s"),
            ("1h30m", "5400s"),
            ("-1.5s", "-1.5s"),
            (".5m", "30s"),
            ("1.s", "1s"),
            ("1us1ns", "0.000001001s"),
            ("-0.000000001s", "-0.000000001s"),
            ("1000000s", "1000000s"),
        ] {
            assert_eq!(parse_duration(text).map(format_duration).as_deref(), Ok(shown), "{text}");
        }
        for text in ["", "-", "1", "s", "1x", "1d", "1..5s", "1 s", ".s", "--1s", "1s-1s", "é"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        for text in ["9223372037s", "-9223372037s", "99999999999999999999999999h"] {
            assert!(parse_duration(text).is_err_and(|e| e.contains("range")), "{text}");
        }
        assert_eq!(parse_duration("-9223372036.854775808s").map(|d| d.nanos), Ok(i64::MIN));
    }
}
