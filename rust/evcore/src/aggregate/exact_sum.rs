//! A sum of doubles without rounding until the end, so that it does not depend on the order.
//!
//! Most values (all from 2^-12 to 2^62, so money and counts) are whole multiples of 2^-64 and are
//! added in a 128-bit fixed-point number: one shift and one addition. What does not fit there goes
//! to a long accumulator that covers every bit a double can have (Kulisch, "Computer Arithmetic and
//! Validity", 2013). The result is the exact sum rounded once, to nearest, ties to even, like
//! Python's `math.fsum`.

/// Bits of the fixed-point number behind its point.
const FRACTION_BITS: i32 = 64;

/// The weight of bit 0 of the long accumulator is 2^-1088: below the least double, 2^-1074, and a
/// whole number of limbs.
const BASE: i32 = -1088;

/// 32-bit limbs of the long accumulator: from 2^-1088 to past 2^1024 * 2^64, and one for the sign.
const LIMBS: usize = 70;

/// Additions before carries are brought home: a limb takes less than 2^32 from each, and holds 2^63.
const ADDITIONS_MAX: u32 = 1 << 30;

const MANTISSA: u64 = (1 << 52) - 1;

/// An exact sum and how many values went into it.
#[derive(Debug, Clone, Default)]
pub struct ExactSum {
    fixed: i128,
    count: u64,
    long: Option<Box<Long>>,
}

/// The long accumulator: `limbs[i]` weighs 2^(32 i - 1088).
#[derive(Debug, Clone)]
struct Long {
    limbs: [i64; LIMBS],
    additions: u32,
    /// The sum of the values that are not finite: 0.0 if there are none.
    special: f64,
}

impl ExactSum {
    /// Returns how many values were added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds a double.
    #[inline(always)]
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7FF) as i32;
        // The last bit of the mantissa weighs 2^(exponent - 1075).
        let shift = (exponent - 1075 + FRACTION_BITS) as u32;
        if shift <= 73 {
            let magnitude = i128::from(bits & MANTISSA | 1 << 52) << shift;
            let signed = if bits >> 63 == 0 { magnitude } else { -magnitude };
            if let Some(sum) = self.fixed.checked_add(signed) {
                self.fixed = sum;
                return;
            }
        }
        self.add_slow(value);
    }

    /// Adds an integer, without rounding it to a double.
    #[inline(always)]
    pub fn add_int(&mut self, value: i64) {
        self.count += 1;
        let shifted = i128::from(value) << FRACTION_BITS;
        match self.fixed.checked_add(shifted) {
            Some(sum) => self.fixed = sum,
            None => self.spill(shifted),
        }
    }

    /// Adds an integer that may be above `i64::MAX`, without rounding it to a double.
    pub fn add_uint(&mut self, value: u64) {
        // Half of it fits, twice; the odd bit by itself.
        self.add_int((value >> 1) as i64);
        self.add_int((value >> 1) as i64);
        self.add_int((value & 1) as i64);
        self.count -= 2;
    }

    /// Adds all that `other` holds.
    pub fn merge(&mut self, other: &ExactSum) {
        self.count += other.count;
        match self.fixed.checked_add(other.fixed) {
            Some(sum) => self.fixed = sum,
            None => self.spill(other.fixed),
        }
        if let Some(long) = &other.long {
            self.long.get_or_insert_default().merge(long);
        }
    }

    /// Returns the sum, rounded once; 0.0 for no values. An infinite value makes it infinite, both
    /// infinities make it NaN, and a sum past the greatest double is infinite.
    pub fn value(&self) -> f64 {
        match &self.long {
            // An integer becomes the nearest double, ties to even; the scale is a power of two.
            None => self.fixed as f64 * 2f64.powi(-FRACTION_BITS),
            Some(long) => long.round(self.fixed),
        }
    }

    /// Returns the bytes behind pointers.
    pub fn heap_bytes(&self) -> usize {
        self.long.as_ref().map_or(0, |_| size_of::<Long>())
    }

    #[cold]
    #[inline(never)]
    fn add_slow(&mut self, value: f64) {
        if value != 0.0 {
            self.long.get_or_insert_default().add(value);
        }
    }

    #[cold]
    #[inline(never)]
    fn spill(&mut self, rest: i128) {
        self.long.get_or_insert_default().add_fixed(self.fixed);
        self.fixed = rest;
    }
}

impl Default for Long {
    fn default() -> Self {
        Long { limbs: [0; LIMBS], additions: 0, special: 0.0 }
    }
}

impl Long {
    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.special += value;
            return;
        }
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7FF) as i32;
        let hidden = u64::from(exponent != 0) << 52;
        let position = exponent.max(1) - 1075 - BASE;
        let shifted = u128::from(bits & MANTISSA | hidden) << (position % 32);
        let sign = if bits >> 63 == 0 { 1 } else { -1 };
        let first = (position / 32) as usize;
        for (index, limb) in self.limbs[first..first + 3].iter_mut().enumerate() {
            *limb += sign * i64::from((shifted >> (32 * index)) as u32);
        }
        self.count_addition();
    }

    fn add_fixed(&mut self, fixed: i128) {
        let first = ((-FRACTION_BITS - BASE) / 32) as usize;
        for index in 0..3 {
            self.limbs[first + index] += i64::from((fixed >> (32 * index)) as u32);
        }
        self.limbs[first + 3] += (fixed >> 96) as i64;
        self.count_addition();
    }

    fn merge(&mut self, other: &Long) {
        let mut other = other.clone();
        other.carry();
        self.carry();
        self.limbs.iter_mut().zip(other.limbs).for_each(|(limb, more)| *limb += more);
        self.additions = 2;
        self.special += other.special;
    }

    fn count_addition(&mut self) {
        self.additions += 1;
        if self.additions == ADDITIONS_MAX {
            self.carry();
        }
    }

    /// Brings every limb but the last, which has the sign, into 0..2^32.
    fn carry(&mut self) {
        for index in 0..LIMBS - 1 {
            let carry = self.limbs[index] >> 32;
            self.limbs[index] &= 0xFFFF_FFFF;
            self.limbs[index + 1] += carry;
        }
        self.additions = 1;
    }

    fn round(&self, fixed: i128) -> f64 {
        if self.special != 0.0 {
            return if self.special.is_nan() { f64::NAN } else { self.special };
        }
        let mut sum = self.clone();
        sum.add_fixed(fixed);
        sum.carry();
        let negative = sum.limbs[LIMBS - 1] < 0;
        if negative {
            sum.limbs.iter_mut().for_each(|limb| *limb = -*limb);
            sum.carry();
        }
        let magnitude = sum.round_magnitude();
        if negative { -magnitude } else { magnitude }
    }

    /// Returns the nearest double of limbs that are carried and not negative.
    fn round_magnitude(&self) -> f64 {
        let Some(top) = self.limbs.iter().rposition(|limb| *limb != 0) else {
            return 0.0;
        };
        let top = top.max(2);
        let limb = |index: usize| self.limbs[index] as u128;
        let head = limb(top) << 64 | limb(top - 1) << 32 | limb(top - 2);
        let sticky = self.limbs[..top - 2].iter().any(|limb| *limb != 0);
        let exponent = (top as i32 - 2) * 32 + BASE;
        // 53 bits stay, fewer where the last would weigh less than 2^-1074.
        let length = 128 - head.leading_zeros() as i32;
        let drop = (length - 53).max(-1074 - exponent);
        let (mut mantissa, rest) = ((head >> drop) as u64, head & ((1 << drop) - 1));
        let half = 1 << (drop - 1);
        if rest > half || rest == half && (sticky || mantissa & 1 == 1) {
            mantissa += 1;
        }
        let mut biased = exponent + drop + 1075;
        if mantissa == 1 << 53 {
            (mantissa, biased) = (1 << 52, biased + 1);
        }
        if mantissa < 1 << 52 {
            return f64::from_bits(mantissa);
        }
        if biased >= 0x7FF {
            return f64::INFINITY;
        }
        f64::from_bits((biased as u64) << 52 | mantissa & MANTISSA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        values.iter().for_each(|value| sum.add(*value));
        assert_eq!(sum.count(), values.len() as u64);
        sum.value()
    }

    #[test]
    fn sums_are_rounded_once() {
        let least = f64::from_bits(1);
        let table: &[(&[f64], f64)] = &[
            (&[], 0.0),
            (&[-0.0], 0.0),
            (&[0.1; 10], 1.0),
            (&[1e16, 1.0, 1.0], 1e16 + 2.0),
            (&[1e100, 1.0, -1e100], 1.0),
            (&[1e308, 1e308, -1e308], 1e308),
            (&[1e308, 1e308], f64::INFINITY),
            (&[-1e308, -1e308], f64::NEG_INFINITY),
            (&[least, least], 2.0 * least),
            (&[1.0, least], 1.0),
            (&[1.0, f64::EPSILON / 2.0], 1.0),
            (&[1.0, f64::EPSILON / 2.0, least], 1.0 + f64::EPSILON),
            (&[1.0, f64::EPSILON / 2.0, -least], 1.0),
            (&[f64::MIN_POSITIVE, -least], f64::MIN_POSITIVE - least),
            (&[f64::MAX, -f64::MAX, 1e-300], 1e-300),
            (&[4e18, 4e18, 4e18, -0.5], 12e18),
            (&[-4e18, -4e18, -4e18, 12e18, 0.001], 0.001),
            (&[f64::INFINITY, 1.0], f64::INFINITY),
            (&[1.0, f64::NEG_INFINITY], f64::NEG_INFINITY),
        ];
        for (values, expected) in table {
            assert_eq!(sum(values).to_bits(), expected.to_bits(), "{values:?}");
            let mut back = values.to_vec();
            back.reverse();
            assert_eq!(sum(&back).to_bits(), expected.to_bits(), "{values:?} from the end");
        }
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(sum(&[f64::NEG_INFINITY, 5.0, f64::INFINITY]).is_nan());
    }

    #[test]
    fn integers_are_added_whole() {
        let mut sum = ExactSum::default();
        for _ in 0..3 {
            sum.add_uint(u64::MAX);
            sum.add_int(i64::MIN);
            sum.add_int(i64::MAX);
        }
        sum.add_uint(1 << 63);
        sum.add_int(i64::MIN);
        // 3 * (2^64 - 1 - 1) = 55340232221128654842: the nearest double.
        assert_eq!(sum.value(), 55_340_232_221_128_654_842_i128 as f64);
        assert_eq!(sum.count(), 11);
        for _ in 0..3 {
            sum.add(-1.8446744073709552e19);
        }
        assert_eq!(sum.value(), -6.0);
    }
}
