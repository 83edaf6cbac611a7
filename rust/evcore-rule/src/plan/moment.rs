//! Time columns: their moments, differences and parts.
//!
//! A column holds microseconds, a constant of a rule nanoseconds: a comparison becomes an inclusive
//! range of microseconds when the rule is compiled. Rows so far from today that a difference might
//! leave CEL's 292 years are left to the general evaluator.

use evcore_event::Column;
use evcore_event::time::{DAY_US, civil_from_days, days_from_civil};

use super::bits::{Bits, NONE, for_each_row, word_of};
use super::number::{NumberSet, Range};
use crate::ast::BinaryOp;
use crate::time_zone::{TimePart, Zone};
use crate::value::Timestamp;

/// Microseconds around 1970 that are computed with here: 142 years, so that no difference reaches
/// the 292 years of a duration.
const NEAR_US: i64 = 1 << 52;

/// Microseconds between two bounds, both included; empty where the lower is above the upper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MicroRange {
    low: i64,
    high: i64,
}

impl MicroRange {
    /// Returns the microseconds `x` for which `x op nanos`; `None` if that is no comparison. `!=` is
    /// the complement of `==`, which the caller knows.
    pub(crate) fn new(op: BinaryOp, nanos: i128) -> Option<MicroRange> {
        let floor = nanos.div_euclid(1000);
        let ceil = floor + i128::from(nanos.rem_euclid(1000) != 0);
        let (low, high) = match op {
            BinaryOp::Equal => (ceil, floor),
            BinaryOp::Less => (i128::MIN, ceil - 1),
            BinaryOp::LessEqual => (i128::MIN, floor),
            BinaryOp::Greater => (floor + 1, i128::MAX),
            BinaryOp::GreaterEqual => (ceil, i128::MAX),
            _ => return None,
        };
        let (low, high) = (low.max(i64::MIN.into()), high.min(i64::MAX.into()));
        Some(match low <= high {
            true => MicroRange { low: low as i64, high: high as i64 },
            false => MicroRange { low: 0, high: -1 },
        })
    }

    #[inline(always)]
    fn has(&self, value: i64) -> bool {
        (self.low <= value) & (value <= self.high)
    }
}

/// Returns the nanoseconds since 1970 of a constant.
pub(crate) fn nanos(moment: Timestamp) -> i128 {
    i128::from(moment.seconds) * 1_000_000_000 + i128::from(moment.nanos)
}

/// Returns the rows of 64 whose moments are near enough to compute with, given which are moments.
#[inline(always)]
fn near(bits: &[u64; 64], rows: u64) -> u64 {
    let far = |bits: u64| bits.wrapping_add(NEAR_US as u64) >> 53;
    // Nearly always all are near: one bit tells for 64.
    if bits.iter().fold(0, |all, bits| all | far(*bits)) == 0 {
        return rows;
    }
    rows & word_of(bits, |bits| far(bits) == 0)
}

/// Returns the rows of `rows` whose moment is in the range.
pub(crate) fn compare(column: &Column, rows: &Bits, range: MicroRange) -> Bits {
    let mut yes = NONE;
    for (index, bits) in column.bits.as_chunks::<64>().0.iter().enumerate() {
        if rows[index] != 0 {
            yes[index] = word_of(bits, |bits| range.has(bits as i64)) & rows[index];
        }
    }
    yes
}

/// Returns the rows of `rows`, which hold moments, that are near enough to compute with.
pub(crate) fn near_rows(column: &Column, rows: &Bits) -> Bits {
    let mut near_rows = *rows;
    for (word, bits) in near_rows.iter_mut().zip(column.bits.as_chunks::<64>().0) {
        if *word != 0 {
            *word = near(bits, *word);
        }
    }
    near_rows
}

/// Returns the rows of `rows`, near in both columns, where `left - right` is in the range.
pub(crate) fn difference(left: &Column, right: &Column, rows: &Bits, range: MicroRange) -> Bits {
    let mut yes = NONE;
    let chunks = left.bits.as_chunks::<64>().0.iter().zip(right.bits.as_chunks::<64>().0);
    for (index, (left, right)) in chunks.enumerate() {
        if rows[index] == 0 {
            continue;
        }
        let mut bytes = [0; 64];
        for (byte, (left, right)) in bytes.iter_mut().zip(left.iter().zip(right)) {
            *byte = u8::from(range.has(left.wrapping_sub(*right) as i64));
        }
        yes[index] = super::bits::pack(&bytes) & rows[index];
    }
    yes
}

/// What a rule asks of a part of a moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PartTest {
    /// A comparison with a constant; the flag stands for `!=`.
    Compare(Range, bool),
    /// `in` a list of constants.
    In(NumberSet),
}

impl PartTest {
    fn holds(&self, value: i64) -> bool {
        match self {
            PartTest::Compare(range, negate) => range.has_int(value) != *negate,
            PartTest::In(set) => set.has_int(value),
        }
    }
}

/// Returns, of the rows of `rows`, those that could be decided and those whose part passes.
pub(crate) fn parts(
    column: &Column,
    rows: &Bits,
    part: TimePart,
    zone: Option<&Zone>,
    test: &PartTest,
) -> (Bits, Bits) {
    let near_rows = near_rows(column, rows);
    let (mut decided, mut yes) = (near_rows, NONE);
    for_each_row(&near_rows, |row| {
        let time_us = column.bits[row] as i64;
        let value = match zone {
            None => Some(part_of_utc(part, time_us)),
            Some(_) => part.of_timestamp(timestamp(time_us), zone),
        };
        match value {
            Some(value) => yes[row / 64] |= u64::from(test.holds(value)) << (row % 64),
            None => decided[row / 64] &= !(1 << (row % 64)),
        }
    });
    (decided, yes)
}

fn timestamp(time_us: i64) -> Timestamp {
    Timestamp {
        seconds: time_us.div_euclid(1_000_000),
        nanos: time_us.rem_euclid(1_000_000) as u32 * 1000,
    }
}

/// Returns a part of a moment in UTC.
fn part_of_utc(part: TimePart, time_us: i64) -> i64 {
    let (days, in_day) = (time_us.div_euclid(DAY_US), time_us.rem_euclid(DAY_US));
    match part {
        TimePart::Hours => in_day / 3_600_000_000,
        TimePart::Minutes => in_day / 60_000_000 % 60,
        TimePart::Seconds => in_day / 1_000_000 % 60,
        TimePart::Milliseconds => in_day / 1000 % 1000,
        // 1970-01-01 was a Thursday, day 4 of a week that starts on Sunday.
        TimePart::DayOfWeek => (days + 4).rem_euclid(7),
        TimePart::FullYear => civil_from_days(days).0,
        TimePart::Month => i64::from(civil_from_days(days).1) - 1,
        TimePart::Date => i64::from(civil_from_days(days).2),
        TimePart::DayOfMonth => i64::from(civil_from_days(days).2) - 1,
        TimePart::DayOfYear => days - days_from_civil(civil_from_days(days).0, 1, 1),
    }
}

#[cfg(test)]
mod tests {
    use evcore_event::CellKind;

    use super::super::bits::rows_below;
    use super::*;

    const OPS: [BinaryOp; 5] = [
        BinaryOp::Equal,
        BinaryOp::Less,
        BinaryOp::LessEqual,
        BinaryOp::Greater,
        BinaryOp::GreaterEqual,
    ];

    #[test]
    fn ranges_equal_comparison_in_nanoseconds() {
        for nanos in [0, 1, -1, 999, 1000, 1001, -999, -1000, -1001, i128::MAX / 4, -(1 << 90)] {
            for op in OPS {
                let range = MicroRange::new(op, nanos).unwrap();
                for us in [0, 1, -1, 2, -2, i64::MAX, i64::MIN] {
                    let order = (i128::from(us) * 1000).cmp(&nanos);
                    let want = super::super::text::ordered(order, op);
                    assert_eq!(range.has(us), want, "{us} {op:?} {nanos}");
                }
            }
        }
    }

    #[test]
    fn far_moments_are_not_decided() {
        let (mut left, mut right) = (Column::default(), Column::default());
        let moments = [0, NEAR_US - 1, NEAR_US, -NEAR_US, -NEAR_US - 1, i64::MAX, i64::MIN];
        for (row, moment) in moments.into_iter().enumerate() {
            left.set(row, CellKind::Time, moment as u64);
            right.set(row, CellKind::Time, 5);
        }
        let range = MicroRange::new(BinaryOp::Less, 0).unwrap();
        let near = near_rows(&left, &rows_below(7));
        assert_eq!(near[0], 0b0001011);
        assert_eq!(difference(&left, &right, &near, range)[0], 0b0001001);
        assert_eq!(difference(&right, &left, &near, range)[0], 0b0000010);
    }

    #[test]
    fn parts_equal_the_general_evaluators() {
        let all = [
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
        for step in -700..700 {
            let time_us = step * 6_412_345_678_901;
            for part in all {
                let want = part.of_timestamp(timestamp(time_us), None);
                assert_eq!(Some(part_of_utc(part, time_us)), want, "{part:?} of {time_us}");
            }
        }
    }
}
