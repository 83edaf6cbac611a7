//! Which hour, day, week or month a moment falls in, on the clocks of one time zone.
//!
//! The zone database is asked once per stretch of time between two clock changes; the stretches are
//! kept, so an event costs an addition. A calendar window is named by a number (days since
//! 1970-01-01, Monday weeks, months since year 0) and starts at the first moment whose local date
//! is in it: not always midnight, because a clock change may skip midnight or a whole day.

use evcore_event::time::{DAY_US, civil_from_days, days_from_civil};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{AggregateError, Window};

/// Microseconds in an hour.
const HOUR_US: i64 = 3_600_000_000;

/// No zone is or was further from UTC than 26 hours; two days are safe.
const OFFSET_US_MAX: i64 = 2 * DAY_US;

/// A moment without a window: the event has no time.
pub(super) const NO_WINDOW: i64 = i64::MIN;

/// The clocks of one time zone.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    zone: TimeZone,
    name: String,
    /// Sorted by start, without overlap; the stretches that were asked for.
    stretches: Vec<Stretch>,
}

/// A stretch of time, `start..end` in microseconds UTC, with one offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    start: i64,
    end: i64,
    offset_us: i64,
}

impl Stretch {
    #[inline(always)]
    pub(super) fn contains(self, time_us: i64) -> bool {
        self.outside(time_us) == 0
    }

    /// Returns 1 if a moment is outside of the stretch, otherwise 0.
    #[inline(always)]
    pub(super) fn outside(self, time_us: i64) -> u64 {
        // The end is not in the stretch, but the end of time is.
        let end = self.end.wrapping_sub(i64::from(self.end != i64::MAX));
        u64::from(time_us < self.start) | u64::from(time_us > end)
    }

    /// Returns the local time as if it were UTC.
    #[inline(always)]
    pub(super) fn local(self, time_us: i64) -> i64 {
        time_us.saturating_add(self.offset_us)
    }
}

impl Calendar {
    /// Returns the clocks of an IANA zone such as `Europe/Berlin`.
    ///
    /// # Errors
    ///
    /// [`AggregateError::Zone`] if there is no such zone.
    pub(super) fn new(name: &str) -> Result<Calendar, AggregateError> {
        let zone =
            TimeZone::get(name).map_err(|_| AggregateError::Zone { name: name.to_owned() })?;
        Ok(Calendar { zone, name: name.to_owned(), stretches: Vec::new() })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the stretch that a moment is in.
    #[inline]
    pub(super) fn stretch(&mut self, time_us: i64) -> Stretch {
        let after = self.stretches.partition_point(|stretch| stretch.start <= time_us);
        if let Some(stretch) = after.checked_sub(1).map(|at| self.stretches[at])
            && stretch.contains(time_us)
        {
            return stretch;
        }
        let stretch = self.look_up(time_us);
        self.stretches.insert(after, stretch);
        stretch
    }

    #[cold]
    fn look_up(&self, time_us: i64) -> Stretch {
        let moment = timestamp(time_us);
        let just_after = timestamp(time_us.saturating_add(1));
        let mut before = self.zone.preceding(just_after).map(|change| change.timestamp());
        let mut later = self.zone.following(moment).map(|change| change.timestamp());
        Stretch {
            start: before.find(|at| *at <= moment).map_or(i64::MIN, Timestamp::as_microsecond),
            end: later.find(|at| *at > moment).map_or(i64::MAX, Timestamp::as_microsecond),
            offset_us: i64::from(self.zone.to_offset(moment).seconds()) * 1_000_000,
        }
    }

    /// Returns when a window starts, in microseconds UTC.
    pub(super) fn window_start(&mut self, window: Window, number: i64) -> i64 {
        let days = match window {
            Window::Every { us } => return number.saturating_mul(us),
            Window::Day => number..number + 1,
            Window::Week => number * 7 - 3..number * 7 + 4,
            Window::Month => first_of_month(number)..first_of_month(number + 1),
        };
        let (first, end) = (days.start.saturating_mul(DAY_US), days.end.saturating_mul(DAY_US));
        let latest = end.saturating_add(OFFSET_US_MAX);
        let mut stretch = self.stretch(first.saturating_sub(OFFSET_US_MAX));
        loop {
            // `i64::MIN` and `i64::MAX` are open ends: they stay what they are.
            let start = stretch.start.max(first.saturating_sub(stretch.offset_us));
            if start < stretch.end.min(end.saturating_sub(stretch.offset_us)) {
                return start;
            }
            if stretch.end >= latest {
                return first;
            }
            stretch = self.stretch(stretch.end);
        }
    }
}

fn timestamp(time_us: i64) -> Timestamp {
    let (least, most) = (Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond());
    Timestamp::from_microsecond(time_us.clamp(least, most)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Returns the whole hours from the epoch to a local time, towards the past.
#[inline(always)]
pub(super) fn hour_of(local_us: i64) -> i64 {
    floor_div::<HOUR_US>(local_us)
}

/// Returns the days from the epoch to a local hour, towards the past.
#[inline(always)]
pub(super) fn day_of(local_us: i64) -> i64 {
    floor_div::<DAY_US>(local_us)
}

/// Returns the hour of the week: 0 is Monday 00:00, 167 Sunday 23:00.
#[inline(always)]
pub(super) fn hour_of_week(local_hour: i64) -> u8 {
    // 1970-01-01 was a Thursday: three days after Monday.
    (local_hour + 3 * 24).rem_euclid(7 * 24) as u8
}

/// Returns the Monday week of a local day; week 0 began on 1969-12-29.
#[inline(always)]
pub(super) fn week_of(day: i64) -> i64 {
    (day + 3).div_euclid(7)
}

/// Returns the months from January of year 0 to a local day.
pub(super) fn month_of(day: i64) -> i64 {
    let (year, month, _) = civil_from_days(day);
    year * 12 + i64::from(month) - 1
}

/// Returns the first day of a month.
pub(super) fn first_of_month(number: i64) -> i64 {
    days_from_civil(number.div_euclid(12), number.rem_euclid(12) + 1, 1)
}

/// A division by a constant towards the past, without a branch on the sign.
#[inline(always)]
fn floor_div<const BY: i64>(value: i64) -> i64 {
    let sign = value >> 63;
    ((value ^ sign) as u64 / BY as u64) as i64 ^ sign
}

/// A division towards the past by a number that is known once: a multiplication and two shifts, where
/// a division instruction takes three times as long.
///
/// Source: Granlund and Montgomery, "Division by Invariant Integers using Multiplication", 1994.
#[derive(Debug, Clone, Copy)]
pub(super) struct Divisor {
    multiplier: u64,
    shift: u32,
    by: u64,
}

impl Divisor {
    /// Returns a division by `by`, which must be at least 1.
    pub(super) fn new(by: i64) -> Divisor {
        let by = by.max(1) as u64;
        // ceil(log2(by)), below 64 because `by` was an `i64`.
        let log = 64 - (by - 1).leading_zeros();
        let multiplier = (u128::from((1_u64 << log) - by) << 64) / u128::from(by) + 1;
        Divisor { multiplier: multiplier as u64, shift: log.max(1) - 1, by }
    }

    /// Returns `floor(value / by)`.
    #[inline(always)]
    pub(super) fn floor(self, value: i64) -> i64 {
        if self.by == 1 {
            return value;
        }
        let sign = value >> 63;
        let positive = (value ^ sign) as u64;
        let high = ((u128::from(self.multiplier) * u128::from(positive)) >> 64) as u64;
        ((high + ((positive - high) >> 1)) >> self.shift) as i64 ^ sign
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evcore_event::time::{format_rfc3339, parse_rfc3339};
    use proptest::prelude::*;

    fn us(text: &str) -> i64 {
        parse_rfc3339(text.as_bytes()).unwrap().time_us
    }

    fn number(calendar: &mut Calendar, window: Window, time_us: i64) -> i64 {
        let day = day_of(calendar.stretch(time_us).local(time_us));
        match window {
            Window::Every { us } => Divisor::new(us).floor(time_us),
            Window::Day => day,
            Window::Week => week_of(day),
            Window::Month => month_of(day),
        }
    }

    #[test]
    fn windows_start_at_the_first_moment_of_their_dates() {
        let table = [
            // Summer time: 24 hours ahead of UTC minus two.
            ("Europe/Berlin", Window::Day, "2026-06-10T22:00:00Z", "2026-06-10T22:00:00Z"),
            ("Europe/Berlin", Window::Day, "2026-06-10T21:59:59.999999Z", "2026-06-09T22:00:00Z"),
            ("Europe/Berlin", Window::Month, "2026-03-31T22:00:00Z", "2026-03-31T22:00:00Z"),
            ("Europe/Berlin", Window::Month, "2026-03-31T21:00:00Z", "2026-02-28T23:00:00Z"),
            ("Europe/Berlin", Window::Week, "2026-03-29T21:59:00Z", "2026-03-22T23:00:00Z"),
            ("America/New_York", Window::Day, "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z"),
            ("America/New_York", Window::Day, "2026-03-09T03:59:00Z", "2026-03-08T05:00:00Z"),
            ("Asia/Kolkata", Window::Month, "1969-12-31T18:29:00Z", "1969-11-30T18:30:00Z"),
            ("Asia/Kolkata", Window::Month, "1969-12-31T18:30:00Z", "1969-12-31T18:30:00Z"),
            // Samoa skipped 2011-12-30: the week and the month are a day shorter.
            ("Pacific/Apia", Window::Day, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", Window::Day, "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z"),
            ("Pacific/Apia", Window::Week, "2011-12-30T10:00:00Z", "2011-12-26T10:00:00Z"),
            // Midnight did not exist: the day began at 01:00.
            ("America/Sao_Paulo", Window::Day, "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z"),
            // At 00:01 clocks went back to 23:01: 25 October had its first minute twice.
            ("America/St_Johns", Window::Day, "2009-11-01T12:00:00Z", "2009-11-01T02:30:00Z"),
            ("UTC", Window::Week, "1969-12-28T23:00:00Z", "1969-12-22T00:00:00Z"),
            ("UTC", Window::Month, "0000-01-15T00:00:00Z", "0000-01-01T00:00:00Z"),
            (
                "UTC",
                Window::Every { us: 3_600_000_000 },
                "1969-12-31T23:59:00Z",
                "1969-12-31T23:00:00Z",
            ),
        ];
        for (zone, window, time, start) in table {
            let mut calendar = Calendar::new(zone).unwrap();
            let number = number(&mut calendar, window, us(time));
            let found = calendar.window_start(window, number);
            assert_eq!(
                format_rfc3339(found),
                start.replace(".000", ""),
                "{zone} {window:?} {time}"
            );
        }
    }

    #[test]
    fn an_unknown_zone_is_an_error() {
        assert!(matches!(Calendar::new("Europe/Atlantis"), Err(AggregateError::Zone { .. })));
    }

    #[test]
    fn the_far_ends_of_time_do_not_panic() {
        for zone in ["UTC", "Pacific/Apia", "Europe/Berlin"] {
            let mut calendar = Calendar::new(zone).unwrap();
            for time in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
                for window in [Window::Day, Window::Week, Window::Month, Window::Every { us: 7 }] {
                    let number = number(&mut calendar, window, time);
                    calendar.window_start(window, number);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_divisor_divides(value: i64, by in 1..=i64::MAX, small in 1..100_i64) {
            for by in [by, small, 1, 2, 3_600_000_000, i64::MAX, 1 << 62] {
                prop_assert_eq!(Divisor::new(by).floor(value), value.div_euclid(by));
            }
            prop_assert_eq!(hour_of(value), value.div_euclid(HOUR_US));
        }

        #[test]
        fn a_stretch_agrees_with_the_zone(
            times in prop::collection::vec(-4_000_000_000_000_000..6_000_000_000_000_000_i64, 1..50),
            zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca"]),
        ) {
            let mut calendar = Calendar::new(zone).unwrap();
            let other = TimeZone::get(zone).unwrap();
            for time in times {
                let stretch = calendar.stretch(time);
                prop_assert!(stretch.contains(time));
                let offset = i64::from(other.to_offset(timestamp(time)).seconds()) * 1_000_000;
                prop_assert_eq!(stretch.offset_us, offset);
            }
        }
    }
}
