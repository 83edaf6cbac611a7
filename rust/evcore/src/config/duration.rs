//! Durations as people write them: `5m`, `24h`, `30d`, `1w`, `500ms`, `1h30m`.
//!
//! A day is 24 hours and a week 7 days; what follows the calendar is a window of its own
//! (`"day"`, `"week"`, `"month"`).

/// Units from the largest: name, microseconds.
const UNITS: [(&str, i64); 6] = [
    ("w", 7 * 24 * 3_600_000_000),
    ("d", 24 * 3_600_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
];

/// Longest duration: 36,500 days. A longer one is a slip, and sums of a few stay far from the end of
/// 64-bit microseconds.
pub const DURATION_US_MAX: i64 = 36_500 * 24 * 3_600_000_000;

/// Why a text is not a duration; the offset is in bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationError {
    /// Where in the text, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

/// Returns the microseconds of a duration, more than 0 and at most [`DURATION_US_MAX`].
///
/// # Errors
///
/// A [`DurationError`] that names the byte: no number, no unit, units out of order, out of range.
///
/// ```
/// use evcore::config::parse_duration;
/// assert_eq!(parse_duration("1h30m").unwrap(), 5_400_000_000);
/// assert!(parse_duration("0s").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<i64, DurationError> {
    let fail =
        |offset: usize, message: &str| Err(DurationError { offset, message: message.into() });
    if text.is_empty() {
        return fail(0, "a duration is empty");
    }
    let (mut at, mut total_us, mut last_unit) = (0, 0_i64, None);
    while at < text.len() {
        let rest = &text[at..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return fail(at, "expected a whole number");
        }
        let unit_at = at + digits;
        let after = &text[unit_at..];
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        if letters == 0 {
            let found = if after.is_empty() { "a unit is missing" } else { "expected a unit" };
            return fail(unit_at, &format!("{found}: w, d, h, m, s or ms"));
        }
        let name = &after[..letters];
        let Some(unit) = UNITS.iter().position(|(unit, _)| *unit == name) else {
            return fail(unit_at, &format!("`{name}` is not a unit: w, d, h, m, s or ms"));
        };
        if last_unit.is_some_and(|last| last >= unit) {
            return fail(unit_at, "units go from the largest to the smallest, each once");
        }
        last_unit = Some(unit);
        let part = rest[..digits].parse::<i64>().ok().and_then(|n| n.checked_mul(UNITS[unit].1));
        total_us = match part.and_then(|us| us.checked_add(total_us)) {
            Some(us) if us <= DURATION_US_MAX => us,
            _ => return fail(at, "a duration is at most 36500d"),
        };
        at = unit_at + letters;
    }
    if total_us == 0 {
        return fail(0, "a duration must be more than 0");
    }
    Ok(total_us)
}

/// Returns a duration as text, in days and smaller units: [`parse_duration`]'s inverse for whole
/// milliseconds.
pub fn format_duration(mut duration_us: i64) -> String {
    let mut out = String::new();
    // A day is the largest unit that is written: nobody reads 52w1d faster than 365d.
    for (name, unit_us) in &UNITS[1..] {
        if duration_us >= *unit_us {
            out.push_str(&format!("{}{name}", duration_us / unit_us));
            duration_us %= unit_us;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_people_write() {
        const SECOND: i64 = 1_000_000;
        for (text, us, normal) in [
            ("500ms", SECOND / 2, "500ms"),
            ("90s", 90 * SECOND, "1m30s"),
            ("5m", 300 * SECOND, "5m"),
            ("24h", 86_400 * SECOND, "1d"),
            ("30d", 30 * 86_400 * SECOND, "30d"),
            ("1w", 7 * 86_400 * SECOND, "7d"),
            ("1h30m", 5400 * SECOND, "1h30m"),
            ("1w2d3h4m5s6ms", (9 * 86_400 + 11_045) * SECOND + 6_000, "9d3h4m5s6ms"),
            ("0h1m", 60 * SECOND, "1m"),
            ("36500d", DURATION_US_MAX, "36500d"),
        ] {
            assert_eq!(parse_duration(text), Ok(us), "{text}");
            assert_eq!(format_duration(us), normal);
            assert_eq!(parse_duration(normal), Ok(us), "{normal}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_pointed_at() {
        for (text, offset, part) in [
            ("", 0, "empty"),
            ("5", 1, "unit is missing"),
            ("h", 0, "whole number"),
            ("-5m", 0, "whole number"),
            ("1.5h", 1, "expected a unit"),
            ("5 m", 1, "expected a unit"),
            ("5min", 1, "`min` is not a unit"),
            ("5M", 1, "`M` is not a unit"),
            ("1m1h", 3, "largest to the smallest"),
            ("1m1m", 3, "each once"),
            ("0s", 0, "more than 0"),
            ("36501d", 0, "at most"),
            ("36500d1ms", 6, "at most"),
            ("99999999999999999999s", 0, "at most"),
            ("1é", 1, "expected a unit"),
        ] {
            let error = parse_duration(text).unwrap_err();
            assert_eq!(error.offset, offset, "{text}");
            assert!(error.message.contains(part), "{text}: {}", error.message);
        }
    }
}
