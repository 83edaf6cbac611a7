//! RFC 3339 on the wire, microseconds inside.
//!
//! The layout that SDKs write, `2026-03-02T00:04:23.576Z`, is read without branches on its digits;
//! every other RFC 3339 form goes through [`parse_rfc3339`]'s general part.

/// Microseconds in a day.
pub const DAY_US: i64 = 86_400_000_000;

/// Returns the days from 1970-01-01 to a date of the proleptic Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
#[inline]
pub const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Returns the year, month and day that many days after 1970-01-01.
pub const fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month as u32, day as u32)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A moment read from a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsedTime {
    /// Microseconds since 1970, UTC; finer digits are cut off.
    pub time_us: i64,
    /// Whether the text named no offset and was taken as UTC.
    pub is_naive: bool,
}

/// The date that was read last and its first microsecond: events of a stream share a few dates.
#[derive(Debug, Clone, Copy)]
pub struct DateCache {
    /// `2026-03-` and `02` as numbers: two comparisons.
    date: (u64, u16),
    day_us: i64,
}

impl Default for DateCache {
    fn default() -> Self {
        DateCache { date: date_words(b"1970-01-01T00:00:00.000Z"), day_us: 0 }
    }
}

#[inline(always)]
fn date_words(layout: &[u8; 24]) -> (u64, u16) {
    let year_month = u64::from_le_bytes(layout[..8].try_into().unwrap());
    (year_month, u16::from_le_bytes(layout[8..10].try_into().unwrap()))
}

impl DateCache {
    /// Returns the moment that a text names: see [`parse_rfc3339`], which it equals on every text.
    #[inline]
    pub fn parse(&mut self, text: &[u8]) -> Option<ParsedTime> {
        // `…T00:04:23.576Z`: 24 bytes, what JavaScript's toISOString and most SDKs write.
        if let Ok(layout) = <&[u8; 24]>::try_from(text)
            && let Some(in_day) = time_of_day_ms(layout)
        {
            let date = date_words(layout);
            if date != self.date {
                self.day_us = parse_date(&layout[..10])? * DAY_US;
                self.date = date;
            }
            return Some(ParsedTime { time_us: self.day_us + in_day, is_naive: false });
        }
        parse_rfc3339(text)
    }
}

/// Returns the microseconds in the day of `..........T00:04:23.576Z`, if it has that layout and its
/// seconds are below 60.
#[inline(always)]
fn time_of_day_ms(layout: &[u8; 24]) -> Option<i64> {
    const LOW_BITS: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    // `00:04:23` and `.576Z` lie in bytes 11 to 23; one word holds `00:04:23`.
    let word = u64::from_le_bytes(layout[11..19].try_into().unwrap());
    let digits = word ^ 0x3030_3A30_303A_3030;
    // Each digit is 0 to 9, each separator 0, exactly if adding 0x76 to it carries into no high bit.
    let high = (((digits & LOW_BITS) + 0x7676_7F76_767F_7676) | digits) & !LOW_BITS;
    let tail = u32::from_le_bytes(layout[19..23].try_into().unwrap()) ^ 0x3030_302E;
    let tail_high = (((tail & LOW_BITS as u32) + 0x7676_767F) | tail) & !LOW_BITS as u32;
    if high != 0 || tail_high != 0 || layout[10] != b'T' || layout[23] != b'Z' {
        return None;
    }
    let at = |n: u64| ((digits >> (8 * n)) & 0xFF) as i64;
    let (hour, minute, second) = (at(0) * 10 + at(1), at(3) * 10 + at(4), at(6) * 10 + at(7));
    let ms = i64::from(((tail >> 8) & 0xFF) * 100 + ((tail >> 16) & 0xFF) * 10 + (tail >> 24));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + ms * 1000)
}

fn two_digits(text: &[u8], at: usize) -> Option<i64> {
    let (tens, ones) = (text.get(at)?.wrapping_sub(b'0'), text.get(at + 1)?.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then_some(i64::from(tens) * 10 + i64::from(ones))
}

fn parse_date(text: &[u8]) -> Option<i64> {
    let year = two_digits(text, 0)? * 100 + two_digits(text, 2)?;
    let (month, day) = (two_digits(text, 5)?, two_digits(text, 8)?);
    if text[4] != b'-' || text[7] != b'-' || !(1..=12).contains(&month) {
        return None;
    }
    (1..=days_in_month(year, month)).contains(&day).then(|| days_from_civil(year, month, day))
}

/// Returns the moment that an RFC 3339 text names, or `None`.
///
/// Also taken: a space or `t` for `T`, `z`, an offset without a colon or of hours alone, no offset
/// (UTC, marked naive), a comma before the fraction, a date alone. A leap second `:60` is read as
/// the last microsecond before it. Digits finer than a microsecond are cut off.
///
/// ```
/// use evcore_event::time::parse_rfc3339;
/// assert_eq!(parse_rfc3339(b"1970-01-01T01:00:00.000001+01:00").unwrap().time_us, 1);
/// assert!(parse_rfc3339(b"2026-02-30T00:00:00Z").is_none());
/// ```
pub fn parse_rfc3339(text: &[u8]) -> Option<ParsedTime> {
    if text.len() < 10 {
        return None;
    }
    let day_us = parse_date(&text[..10])? * DAY_US;
    if text.len() == 10 {
        return Some(ParsedTime { time_us: day_us, is_naive: true });
    }
    if !matches!(text[10], b'T' | b't' | b' ') {
        return None;
    }
    let (hour, minute) = (two_digits(text, 11)?, two_digits(text, 14)?);
    if text[13] != b':' || hour > 23 || minute > 59 {
        return None;
    }
    let mut at = 16;
    let (mut second, mut fraction_us) = (0, 0);
    if text.get(at) == Some(&b':') {
        second = two_digits(text, at + 1)?;
        at += 3;
        if matches!(text.get(at), Some(b'.' | b',')) {
            let digits = text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            for place in 0..6 {
                let digit = if place < digits { text[at + 1 + place] - b'0' } else { 0 };
                fraction_us = fraction_us * 10 + i64::from(digit);
            }
            at += 1 + digits;
        }
    }
    if second == 60 {
        (second, fraction_us) = (59, 999_999);
    } else if second > 60 {
        return None;
    }
    let (offset_us, is_naive) = parse_offset(&text[at..])?;
    let in_day = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction_us;
    Some(ParsedTime { time_us: day_us + in_day - offset_us, is_naive })
}

fn parse_offset(text: &[u8]) -> Option<(i64, bool)> {
    let sign = match text {
        [] => return Some((0, true)),
        [b'Z' | b'z'] => return Some((0, false)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let hours = two_digits(text, 1)?;
    let minutes = match text.len() {
        3 => 0,
        5 => two_digits(text, 3)?,
        6 if text[3] == b':' => two_digits(text, 4)?,
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some((sign * (hours * 60 + minutes) * 60_000_000, false))
}

/// Returns a moment as `2026-03-02T00:04:23.576Z`, with as many digits as it needs: 0, 3 or 6.
pub fn format_rfc3339(time_us: i64) -> String {
    let (year, month, day) = civil_from_days(time_us.div_euclid(DAY_US));
    let in_day = time_us.rem_euclid(DAY_US);
    let (seconds, micros) = (in_day / 1_000_000, in_day % 1_000_000);
    let fraction = match micros {
        0 => String::new(),
        us if us % 1000 == 0 => format!(".{:03}", us / 1000),
        us => format!(".{us:06}"),
    };
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        for days in (-1_000_000..1_000_000).step_by(97) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month.into(), day.into()), days);
        }
        assert_eq!(days_from_civil(2026, 3, 2), 20_514);
    }

    #[test]
    fn the_fast_layout_equals_the_general_parser() {
        let mut cache = DateCache::default();
        let base = *b"2026-03-02T23:59:58.576Z";
        assert_eq!(
            parse_rfc3339(&base).map(|t| format_rfc3339(t.time_us)).as_deref(),
            Some("2026-03-02T23:59:58.576Z")
        );
        for at in 0..base.len() {
            for byte in 0..=255 {
                let mut text = base;
                text[at] = byte;
                assert_eq!(
                    cache.parse(&text),
                    parse_rfc3339(&text),
                    "{:?}",
                    String::from_utf8_lossy(&text)
                );
            }
        }
    }

    #[test]
    fn odd_forms_are_read() {
        let us = |text: &str| parse_rfc3339(text.as_bytes()).map(|t| (t.time_us, t.is_naive));
        assert_eq!(us("1970-01-01T00:00:00Z"), Some((0, false)));
        assert_eq!(us("1970-01-01 00:00:00.1234567+00:00"), Some((123_456, false)));
        assert_eq!(us("1970-01-01T00:00:00"), Some((0, true)));
        assert_eq!(us("1970-01-02"), Some((DAY_US, true)));
        assert_eq!(us("1969-12-31T23:59:60Z"), Some((-1, false)));
        assert_eq!(us("1970-01-01T02:30:00+0230"), Some((0, false)));
        for bad in [
            "",
            "1970-01-01T",
            "1970-01-01T00:00:61Z",
            "1970-13-01T00:00:00Z",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:00:00ZZ",
        ] {
            assert_eq!(us(bad), None, "{bad}");
        }
    }
}
