//! Numbers against constants, exact across `int`, `uint` and `double`.
//!
//! A comparison with a constant becomes an inclusive range for each of the three representations
//! when the rule is compiled, so that a row costs two comparisons and no number is ever rounded.

use evcore_event::{CellKind, Column};

use super::bits::{Bits, NONE, word_of};
use super::kinds::KindRows;
use crate::ast::{BinaryOp, Literal};

/// The constants of an `in` that are compared one after the other; past it a search is cheaper.
const RANGES_MAX: usize = 8;

/// What lies between two bounds, both included; empty where the lower is above the upper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    ints: (i64, i64),
    uints: (u64, u64),
    doubles: (f64, f64),
}

const NO_DOUBLES: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

impl Range {
    /// Returns the numbers `x` for which `x op constant`; `None` if that is no comparison of
    /// numbers. `!=` is the complement of `==`, which the caller knows.
    pub(crate) fn new(op: BinaryOp, constant: &Literal) -> Option<Range> {
        let (whole, doubles) = match *constant {
            Literal::Int(value) => whole_bounds(op, i128::from(value))?,
            Literal::Uint(value) => whole_bounds(op, i128::from(value))?,
            Literal::Double(value) => double_bounds(op, value)?,
            _ => return None,
        };
        Some(Range {
            ints: clip(whole, i128::from(i64::MIN), i128::from(i64::MAX))
                .map_or((0, -1), |(low, high)| (low as i64, high as i64)),
            uints: clip(whole, 0, i128::from(u64::MAX))
                .map_or((1, 0), |(low, high)| (low as u64, high as u64)),
            doubles,
        })
    }

    /// Returns whether an integer is in the range.
    #[inline(always)]
    pub(crate) fn has_int(&self, value: i64) -> bool {
        (self.ints.0 <= value) & (value <= self.ints.1)
    }

    /// Returns whether a double is in the range.
    #[inline(always)]
    pub(crate) fn has_double(&self, value: f64) -> bool {
        (self.doubles.0 <= value) & (value <= self.doubles.1)
    }

    #[inline(always)]
    fn has_uint(&self, value: u64) -> bool {
        (self.uints.0 <= value) & (value <= self.uints.1)
    }

    /// Returns the rows of `bits` for which the bounds hold, all of one representation.
    fn word(&self, kind: CellKind, bits: &[u64; 64]) -> u64 {
        match kind {
            CellKind::Int => word_of(bits, |bits| self.has_int(bits as i64)),
            CellKind::Uint => word_of(bits, |bits| self.has_uint(bits)),
            _ => word_of(bits, |bits| self.has_double(f64::from_bits(bits))),
        }
    }

    /// Returns the rows of a column that hold a number of the range.
    pub(crate) fn rows(&self, column: &Column, kinds: &KindRows) -> Bits {
        let mut rows = NONE;
        for kind in [CellKind::Int, CellKind::Uint, CellKind::Double] {
            let of_kind = kinds.of(kind);
            for (index, bits) in column.bits.as_chunks::<64>().0.iter().enumerate() {
                if of_kind[index] != 0 {
                    rows[index] |= self.word(kind, bits) & of_kind[index];
                }
            }
        }
        rows
    }
}

fn clip((low, high): (i128, i128), from: i128, to: i128) -> Option<(i128, i128)> {
    let (low, high) = (low.max(from), high.min(to));
    (low <= high).then_some((low, high))
}

type Bounds = ((i128, i128), (f64, f64));

/// Returns the whole numbers and the doubles that compare so with a whole number of 64 bits.
fn whole_bounds(op: BinaryOp, value: i128) -> Option<Bounds> {
    // The nearest double may lie on either side of the value; no other double lies between.
    let near = value as f64;
    let order = (near as i128).cmp(&value);
    let below = |with_equal: bool| match order {
        std::cmp::Ordering::Less => near,
        std::cmp::Ordering::Equal if with_equal => near,
        _ => near.next_down(),
    };
    let above = |with_equal: bool| match order {
        std::cmp::Ordering::Greater => near,
        std::cmp::Ordering::Equal if with_equal => near,
        _ => near.next_up(),
    };
    let (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
    Some(match op {
        BinaryOp::Equal if order.is_eq() => ((value, value), (near, near)),
        BinaryOp::Equal => ((value, value), NO_DOUBLES),
        BinaryOp::Less => ((i128::MIN, value - 1), (least, below(false))),
        BinaryOp::LessEqual => ((i128::MIN, value), (least, below(true))),
        BinaryOp::Greater => ((value + 1, i128::MAX), (above(false), most)),
        BinaryOp::GreaterEqual => ((value, i128::MAX), (above(true), most)),
        _ => return None,
    })
}

/// Returns the whole numbers and the doubles that compare so with a double.
fn double_bounds(op: BinaryOp, value: f64) -> Option<Bounds> {
    // Casts to i128 saturate far outside 64 bits, where it makes no difference.
    let (floor, ceil) = (value.floor() as i128, value.ceil() as i128);
    let (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
    let nothing = ((1, 0), NO_DOUBLES);
    if value.is_nan() {
        return matches!(
            op,
            BinaryOp::Equal
                | BinaryOp::Less
                | BinaryOp::LessEqual
                | BinaryOp::Greater
                | BinaryOp::GreaterEqual
        )
        .then_some(nothing);
    }
    Some(match op {
        BinaryOp::Equal if value.fract() == 0.0 => ((floor, floor), (value, value)),
        BinaryOp::Equal => ((1, 0), (value, value)),
        BinaryOp::Less if value == least => nothing,
        BinaryOp::Less => ((i128::MIN, ceil.saturating_sub(1)), (least, value.next_down())),
        BinaryOp::LessEqual => ((i128::MIN, floor), (least, value)),
        BinaryOp::Greater if value == most => nothing,
        BinaryOp::Greater => ((floor.saturating_add(1), i128::MAX), (value.next_up(), most)),
        BinaryOp::GreaterEqual => ((ceil, i128::MAX), (value, most)),
        _ => return None,
    })
}

/// The constants of `x in [1, 2u, 3.5]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NumberSet {
    /// A few, compared one after the other.
    Ranges(Vec<Range>),
    /// Many, as sorted [`key`]s.
    Keys(Vec<i128>),
}

impl NumberSet {
    /// Returns the set of the constants; `None` if one is not a number.
    pub(crate) fn new(constants: &[&Literal]) -> Option<NumberSet> {
        if constants.len() <= RANGES_MAX {
            let ranges = constants.iter().map(|constant| Range::new(BinaryOp::Equal, constant));
            return ranges.collect::<Option<_>>().map(NumberSet::Ranges);
        }
        let keys = constants.iter().map(|constant| match **constant {
            Literal::Int(value) => Some(i128::from(value)),
            Literal::Uint(value) => Some(i128::from(value)),
            Literal::Double(value) => Some(key(value)),
            _ => None,
        });
        let mut keys: Vec<i128> = keys.collect::<Option<_>>()?;
        keys.retain(|key| *key != NAN_KEY);
        keys.sort_unstable();
        Some(NumberSet::Keys(keys))
    }

    /// Returns whether an integer is one of the numbers.
    pub(crate) fn has_int(&self, value: i64) -> bool {
        match self {
            NumberSet::Ranges(ranges) => ranges.iter().any(|range| range.has_int(value)),
            NumberSet::Keys(keys) => keys.binary_search(&value.into()).is_ok(),
        }
    }

    /// Returns the rows of a column that hold one of the numbers.
    pub(crate) fn rows(&self, column: &Column, kinds: &KindRows) -> Bits {
        let keys = match self {
            NumberSet::Ranges(ranges) => {
                let mut rows = NONE;
                for range in ranges {
                    let of_range = range.rows(column, kinds);
                    rows.iter_mut().zip(of_range).for_each(|(all, word)| *all |= word);
                }
                return rows;
            }
            NumberSet::Keys(keys) => keys,
        };
        let mut rows = NONE;
        super::bits::for_each_row(&kinds.numbers(), |row| {
            let bits = column.bits[row];
            let key = match column.kind(row) {
                CellKind::Int => i128::from(bits as i64),
                CellKind::Uint => i128::from(bits),
                _ => key(f64::from_bits(bits)),
            };
            let found = key != NAN_KEY && keys.binary_search(&key).is_ok();
            rows[row / 64] |= u64::from(found) << (row % 64);
        });
        rows
    }
}

const NAN_KEY: i128 = i128::MAX;

/// Returns a number that is the same for equal doubles and integers and differs for others.
fn key(value: f64) -> i128 {
    if value.is_nan() {
        NAN_KEY
    } else if value.fract() == 0.0 && value.abs() < 2f64.powi(65) {
        value as i128
    } else {
        // Past every 64-bit integer.
        (1 << 100) + i128::from(value.to_bits())
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    /// Compares without rounding, the slow and obvious way.
    fn compare(cell: &Literal, constant: &Literal) -> Option<Ordering> {
        let split = |literal: &Literal| match *literal {
            Literal::Int(value) => (i128::from(value), None),
            Literal::Uint(value) => (i128::from(value), None),
            Literal::Double(value) => (value.floor() as i128, Some(value)),
            _ => unreachable!(),
        };
        match (split(cell), split(constant)) {
            ((_, Some(a)), (_, Some(b))) => a.partial_cmp(&b),
            ((_, Some(a)), _) | (_, (_, Some(a))) if a.is_nan() => None,
            ((a, a_double), (b, b_double)) => Some(a.cmp(&b).then_with(|| {
                let fraction = |double: Option<f64>| double.map_or(0.0, |d| d - d.floor());
                let rest =
                    |double| if f64::is_nan(fraction(double)) { 0.0 } else { fraction(double) };
                rest(a_double).total_cmp(&rest(b_double))
            })),
        }
    }

    #[test]
    fn ranges_equal_exact_comparison() {
        let mut numbers = Vec::new();
        for base in [0, 1, 1 << 53, i64::MAX, i64::MIN, -(1 << 53), 1 << 62] {
            for step in -3..=3 {
                numbers.push(Literal::Int(base.saturating_add(step)));
                numbers.push(Literal::Uint((base.saturating_add(step)) as u64));
            }
            let near = base as f64;
            numbers.extend(
                [near, near.next_up(), near.next_down(), near + 0.5, -near, near * 2.0]
                    .map(Literal::Double),
            );
        }
        numbers.extend(
            [f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e300, -1e300, f64::MAX].map(Literal::Double),
        );
        for cell in &numbers {
            let mut column = Column::default();
            match *cell {
                Literal::Int(value) => column.set(0, CellKind::Int, value as u64),
                Literal::Uint(value) => column.set(0, CellKind::Uint, value),
                Literal::Double(value) => column.set(0, CellKind::Double, value.to_bits()),
                _ => unreachable!(),
            }
            let mut kinds = KindRows::default();
            kinds.read(&column, &super::super::bits::rows_below(1));
            for constant in &numbers {
                let order = compare(cell, constant);
                for (op, want) in [
                    (BinaryOp::Equal, order.is_some_and(Ordering::is_eq)),
                    (BinaryOp::Less, order.is_some_and(Ordering::is_lt)),
                    (BinaryOp::LessEqual, order.is_some_and(Ordering::is_le)),
                    (BinaryOp::Greater, order.is_some_and(Ordering::is_gt)),
                    (BinaryOp::GreaterEqual, order.is_some_and(Ordering::is_ge)),
                ] {
                    let range = Range::new(op, constant).unwrap();
                    let got = range.rows(&column, &kinds)[0] == 1;
                    assert_eq!(got, want, "{cell:?} {op:?} {constant:?}");
                }
                let many = vec![constant; RANGES_MAX + 1];
                for set in [NumberSet::new(&many[..1]), NumberSet::new(&many)] {
                    let got = set.unwrap().rows(&column, &kinds)[0] == 1;
                    assert_eq!(got, order.is_some_and(Ordering::is_eq), "{cell:?} in {constant:?}");
                }
            }
        }
    }
}
