//! The least or the greatest number or moment.
//!
//! Numbers of different kinds are compared without rounding. Among equal values the kinds have an
//! order too (integer before double, -0.0 before 0.0), so the answer never depends on which of `1`
//! and `1.0` came first.

use std::cmp::Ordering;

use evcore_event::CellKind;

/// A number or a moment as a column holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Extreme {
    None,
    Int(i64),
    Uint(u64),
    Double(f64),
    Time(i64),
}

impl Extreme {
    /// Returns the value of a cell, `None` unless it is a number or a moment.
    #[inline(always)]
    pub(super) fn from_cell(kind: u8, bits: u64) -> Extreme {
        const INT: u8 = CellKind::Int as u8;
        const UINT: u8 = CellKind::Uint as u8;
        const DOUBLE: u8 = CellKind::Double as u8;
        const TIME: u8 = CellKind::Time as u8;
        match kind {
            INT => Extreme::Int(bits as i64),
            UINT => Extreme::Uint(bits),
            DOUBLE => Extreme::Double(f64::from_bits(bits)),
            TIME => Extreme::Time(bits as i64),
            _ => Extreme::None,
        }
    }

    /// Returns whether this takes the place of `held` as the greatest (or the least).
    #[inline(always)]
    pub(super) fn beats(self, held: Extreme, is_max: bool) -> bool {
        let wanted = if is_max { Ordering::Greater } else { Ordering::Less };
        match (self, held) {
            (Extreme::None, _) => false,
            (_, Extreme::None) => true,
            (Extreme::Double(a), Extreme::Double(b)) => a.total_cmp(&b) == wanted,
            (a, b) => a.order(b) == wanted,
        }
    }

    fn order(self, other: Extreme) -> Ordering {
        self.by_value(other).then_with(|| self.rank().cmp(&other.rank()))
    }

    fn by_value(self, other: Extreme) -> Ordering {
        match (self, other) {
            (Extreme::Double(a), Extreme::Double(b)) => a.total_cmp(&b),
            (Extreme::Double(a), b) => b.against_double(a).reverse(),
            (a, Extreme::Double(b)) => a.against_double(b),
            (a, b) => a.whole().cmp(&b.whole()),
        }
    }

    /// Returns the value of an integer; a moment is above all numbers.
    fn whole(self) -> i128 {
        match self {
            Extreme::Int(value) => value.into(),
            Extreme::Uint(value) => value.into(),
            Extreme::Time(value) => i128::from(value) + (1 << 100),
            Extreme::None | Extreme::Double(_) => 0,
        }
    }

    fn against_double(self, double: f64) -> Ordering {
        if let Extreme::Time(_) = self {
            return Ordering::Greater;
        }
        compare_whole(self.whole(), double)
    }

    fn rank(self) -> u8 {
        match self {
            Extreme::None => 0,
            Extreme::Int(_) => 1,
            Extreme::Uint(_) => 2,
            Extreme::Double(_) => 3,
            Extreme::Time(_) => 4,
        }
    }
}

/// Compares an integer of at most 64 bits with a double, without rounding; NaN is above all.
pub(super) fn compare_whole(whole: i128, double: f64) -> Ordering {
    if double.is_nan() {
        return Ordering::Less;
    }
    // Past 2^65 the cast saturates or not, it is beyond every 64-bit integer; below it is exact.
    let floor = double.floor();
    match whole.cmp(&(floor as i128)) {
        Ordering::Equal if double > floor => Ordering::Less,
        order => order,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ordered_without_rounding() {
        use Extreme::{Double, Int, Time, Uint};
        let order = [
            Double(f64::NEG_INFINITY),
            Double(-1e300),
            Int(i64::MIN),
            Double(-(2f64.powi(63))),
            Int(-1),
            Double(-0.5),
            Int(0),
            Double(0.0),
            Double(0.5),
            Int(1),
            Double(1.0),
            Int((1 << 53) + 1),
            Double(2f64.powi(53) + 2.0),
            Int(i64::MAX),
            Uint(1 << 63),
            Double(2f64.powi(63)),
            Uint(u64::MAX),
            Double(2f64.powi(64)),
            Double(f64::INFINITY),
            Time(i64::MIN),
            Time(0),
        ];
        for (at, left) in order.iter().enumerate() {
            for (other, right) in order.iter().enumerate() {
                assert_eq!(left.beats(*right, true), at > other, "{left:?} {right:?}");
                assert_eq!(left.beats(*right, false), at < other, "{left:?} {right:?}");
            }
            assert!(left.beats(Extreme::None, true) && left.beats(Extreme::None, false));
            assert!(!Extreme::None.beats(*left, true));
        }
    }
}
