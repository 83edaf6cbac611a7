//! Time zones, and the parts of a moment in one.
//!
//! Zones come from the database that is compiled in, never from the machine: a replay elsewhere must
//! give the same answer.

use std::sync::LazyLock;

use evcore_event::time::{civil_from_days, days_from_civil};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use crate::value::{Duration, Timestamp};

/// A part of a timestamp in a zone, or of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimePart {
    /// `getFullYear`
    FullYear,
    /// `getMonth`: 0 is January.
    Month,
    /// `getDate`: 1 is the first day of the month.
    Date,
    /// `getDayOfMonth`: 0 is the first day of the month.
    DayOfMonth,
    /// `getDayOfWeek`: 0 is Sunday.
    DayOfWeek,
    /// `getDayOfYear`: 0 is 1 January.
    DayOfYear,
    /// `getHours`
    Hours,
    /// `getMinutes`
    Minutes,
    /// `getSeconds`
    Seconds,
    /// `getMilliseconds`
    Milliseconds,
}

/// A time zone: an IANA name or a fixed offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    inner: TimeZone,
}

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

impl Zone {
    /// Returns the zone of a name or offset.
    ///
    /// ```
    /// use evcore_rule::time_zone::Zone;
    /// assert!(Zone::new("Europe/Berlin").is_some());
    /// assert!(Zone::new("+02:00").is_some());
    /// assert!(Zone::new("Berlin").is_none());
    /// ```
    pub fn new(text: &str) -> Option<Zone> {
        let inner = match offset_seconds(text) {
            Some(seconds) => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
            None if text == "UTC" => TimeZone::UTC,
            None => DATABASE.get(text).ok()?,
        };
        Some(Zone { name: text.to_owned(), inner })
    }

    /// Returns the zone as it was written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the seconds by which the zone's clocks are ahead of UTC at a moment; `None` outside
    /// the years -9999 to 9999.
    pub fn offset_seconds_at(&self, seconds: i64) -> Option<i64> {
        let moment = jiff::Timestamp::from_second(seconds).ok()?;
        Some(i64::from(self.inner.to_offset(moment).seconds()))
    }

    /// Returns the known zone that a name most looks like.
    pub(crate) fn did_you_mean(text: &str) -> Option<String> {
        let names: Vec<String> =
            DATABASE.available().map(|name| name.as_str().to_owned()).collect();
        let close = evcore_event::diagnostic::did_you_mean(text, names.iter().map(String::as_str))
            .or_else(
                // `Berlin` for `Europe/Berlin`: the city is what people remember.
                || {
                    let is_city = |name: &&str| {
                        name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(text))
                    };
                    names.iter().map(String::as_str).find(is_city)
                },
            )?;
        Some(close.to_owned())
    }
}

/// Returns the seconds of `+02:00`, `-02:30` or, as in cel-go, `02:00`.
fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    let [a, b, b':', c, d] = digits else { return None };
    if ![a, b, c, d].into_iter().all(u8::is_ascii_digit) {
        return None;
    }
    let two = |tens: u8, ones: u8| i32::from(tens - b'0') * 10 + i32::from(ones - b'0');
    let (hours, minutes) = (two(*a, *b), two(*c, *d));
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

impl TimePart {
    /// Every part.
    pub const ALL: [TimePart; 10] = [
        TimePart::FullYear,
        TimePart::Month,
        TimePart::Date,
        TimePart::DayOfMonth,
        TimePart::DayOfWeek,
        TimePart::DayOfYear,
        TimePart::Hours,
        TimePart::Minutes,
        TimePart::Seconds,
        TimePart::Milliseconds,
    ];

    /// Returns the name of the function that gives the part.
    pub const fn name(self) -> &'static str {
        match self {
            TimePart::FullYear => "getFullYear",
            TimePart::Month => "getMonth",
            TimePart::Date => "getDate",
            TimePart::DayOfMonth => "getDayOfMonth",
            TimePart::DayOfWeek => "getDayOfWeek",
            TimePart::DayOfYear => "getDayOfYear",
            TimePart::Hours => "getHours",
            TimePart::Minutes => "getMinutes",
            TimePart::Seconds => "getSeconds",
            TimePart::Milliseconds => "getMilliseconds",
        }
    }

    /// Returns whether a duration has the part too.
    pub const fn is_of_duration(self) -> bool {
        use TimePart::{Hours, Milliseconds, Minutes, Seconds};
        matches!(self, Hours | Minutes | Seconds | Milliseconds)
    }

    /// Returns the part of a timestamp, in UTC if there is no zone; `None` where the zone's rules do
    /// not reach (outside the years -9999 to 9999).
    ///
    /// ```
    /// use evcore_rule::{time_zone::{TimePart, Zone}, value::Timestamp};
    /// let zone = Zone::new("Asia/Kathmandu");
    /// let epoch = Timestamp { seconds: 0, nanos: 0 };
    /// assert_eq!(TimePart::Minutes.of_timestamp(epoch, zone.as_ref()), Some(30));
    /// ```
    pub fn of_timestamp(self, moment: Timestamp, zone: Option<&Zone>) -> Option<i64> {
        let offset = zone.map_or(Some(0), |zone| zone.offset_seconds_at(moment.seconds))?;
        let local = moment.seconds.checked_add(offset)?;
        let (days, in_day) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        Some(match self {
            TimePart::FullYear => year,
            TimePart::Month => i64::from(month) - 1,
            TimePart::Date => i64::from(day),
            TimePart::DayOfMonth => i64::from(day) - 1,
            // 1970-01-01 was a Thursday.
            TimePart::DayOfWeek => (days + 4).rem_euclid(7),
            TimePart::DayOfYear => days - days_from_civil(year, 1, 1),
            TimePart::Hours => in_day / 3600,
            TimePart::Minutes => in_day / 60 % 60,
            TimePart::Seconds => in_day % 60,
            TimePart::Milliseconds => i64::from(moment.nanos / 1_000_000),
        })
    }

    /// Returns the part of a duration: all of it in hours, minutes or seconds, but for
    /// `getMilliseconds` only what is below the second, as CEL defines it.
    ///
    /// `None` if a duration has no such part.
    pub const fn of_duration(self, length: Duration) -> Option<i64> {
        let seconds = length.nanos / 1_000_000_000;
        match self {
            TimePart::Hours => Some(seconds / 3600),
            TimePart::Minutes => Some(seconds / 60),
            TimePart::Seconds => Some(seconds),
            TimePart::Milliseconds => Some(length.nanos % 1_000_000_000 / 1_000_000),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_the_zone_through_its_changes() {
        let berlin = Zone::new("Europe/Berlin");
        // Clocks go forward at 01:00 UTC on 29 March 2026.
        let change = days_from_civil(2026, 3, 29) * 86_400 + 3600;
        let hour = |seconds| {
            TimePart::Hours.of_timestamp(Timestamp { seconds, nanos: 0 }, berlin.as_ref())
        };
        assert_eq!((hour(change - 1), hour(change)), (Some(1), Some(3)));
    }

    #[test]
    fn parts_are_counted_from_where_cel_says() {
        // Saturday, 29 February 2020, 23:59:58.765 UTC.
        let seconds = days_from_civil(2020, 2, 29) * 86_400 + 86_398;
        let moment = Timestamp { seconds, nanos: 765_999_999 };
        let parts = TimePart::ALL.map(|part| part.of_timestamp(moment, None).unwrap_or(-1));
        assert_eq!(parts, [2020, 1, 29, 28, 6, 59, 23, 59, 58, 765]);
        let sydney = Zone::new("Australia/Sydney");
        let parts =
            TimePart::ALL.map(|part| part.of_timestamp(moment, sydney.as_ref()).unwrap_or(-1));
        assert_eq!(parts, [2020, 2, 1, 0, 0, 60, 10, 59, 58, 765]);
    }

    #[test]
    fn a_moment_beyond_the_calendar_has_no_zone_but_utc() {
        let far = Timestamp::from_micros(i64::MAX);
        assert_eq!(TimePart::FullYear.of_timestamp(far, None), Some(294_247));
        assert_eq!(TimePart::FullYear.of_timestamp(far, Zone::new("UTC").as_ref()), None);
    }

    #[test]
    fn offsets_have_one_form() {
        for text in ["+2:00", "+02", "+24:00", "+00:60", "+0a:00", "", "Z", "+02:00:00"] {
            assert_eq!(offset_seconds(text), None, "{text}");
        }
        assert_eq!(offset_seconds("-02:30"), Some(-9000));
        assert_eq!(offset_seconds("02:00"), Some(7200));
        assert_eq!(Zone::did_you_mean("Berlin").as_deref(), Some("Europe/Berlin"));
        assert_eq!(Zone::did_you_mean("Europe/Berlim").as_deref(), Some("Europe/Berlin"));
    }
}
