//! The three bitmaps of a boolean expression over a block, and CEL's logic on them.
//!
//! 64 rows a word, so `&&`, `||`, `!` and `?:` with CEL's absorption of failures are a few word
//! operations for 64 events. The bitmaps have a fixed size: loops over them have no bounds checks.

use evcore_event::limits::BLOCK_ROWS;

/// Words that hold one bit for each row of the largest block.
pub(crate) const WORDS: usize = BLOCK_ROWS / 64;

/// One bit for each row of a block.
pub(crate) type Bits = [u64; WORDS];

/// No row.
pub(crate) const NONE: Bits = [0; WORDS];

/// Returns the rows below `len`.
pub(crate) fn rows_below(len: usize) -> Bits {
    std::array::from_fn(|index| match len.saturating_sub(index * 64) {
        0 => 0,
        rows @ 1..64 => (1 << rows) - 1,
        _ => u64::MAX,
    })
}

/// Returns whether any row is set.
#[inline(always)]
pub(crate) fn any(bits: &Bits) -> bool {
    bits.iter().fold(0, |all, word| all | word) != 0
}

/// Returns the rows of `left` that are not in `right`.
#[inline(always)]
pub(crate) fn without(left: &Bits, right: &Bits) -> Bits {
    std::array::from_fn(|index| left[index] & !right[index])
}

/// Calls `visit` with each row that is set, in order.
#[inline(always)]
pub(crate) fn for_each_row(bits: &Bits, mut visit: impl FnMut(usize)) {
    for (index, word) in bits.iter().enumerate() {
        let mut rest = *word;
        while rest != 0 {
            visit(index * 64 + rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
    }
}

/// Returns a word with one bit for each byte, which must be 0 or 1; the first is the lowest.
///
/// The multiplication moves the lowest bits of eight bytes into the top byte: 8 rows in three
/// operations, on any machine of 64 bits.
#[inline(always)]
pub(crate) fn pack(bytes: &[u8; 64]) -> u64 {
    let mut word = 0;
    for (index, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= bits << (8 * index);
    }
    word
}

/// Returns a word of 64 answers: `answer(column)` for each entry of 64.
#[inline(always)]
pub(crate) fn word_of<T: Copy>(column: &[T; 64], answer: impl Fn(T) -> bool) -> u64 {
    let mut bytes = [0; 64];
    for (byte, entry) in bytes.iter_mut().zip(column) {
        *byte = u8::from(answer(*entry));
    }
    pack(&bytes)
}

/// What a boolean expression is on each row: a row in none of the three is false, no row is in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Truth {
    /// The value is true.
    pub yes: Bits,
    /// No value: a key or field is missing.
    pub missing: Bits,
    /// No value for any other reason.
    pub error: Bits,
}

impl Truth {
    /// False everywhere.
    pub(crate) const FALSE: Truth = Truth { yes: NONE, missing: NONE, error: NONE };

    /// Returns the rows of `rows` that are false.
    #[inline(always)]
    pub(crate) fn no(&self, rows: &Bits) -> Bits {
        std::array::from_fn(|i| rows[i] & !(self.yes[i] | self.missing[i] | self.error[i]))
    }

    /// Returns the rows of `rows` that are not false.
    #[inline(always)]
    pub(crate) fn not_no(&self, rows: &Bits) -> Bits {
        std::array::from_fn(|i| rows[i] & (self.yes[i] | self.missing[i] | self.error[i]))
    }

    /// Takes over what `other` says about the rows of `rows`.
    #[inline(always)]
    pub(crate) fn take(&mut self, rows: &Bits, other: &Truth) {
        for (i, &word) in rows.iter().enumerate() {
            self.yes[i] = self.yes[i] & !word | other.yes[i] & word;
            self.missing[i] = self.missing[i] & !word | other.missing[i] & word;
            self.error[i] = self.error[i] & !word | other.error[i] & word;
        }
    }

    /// Returns `left && right`: false absorbs a failure, else the left failure goes first.
    #[inline]
    pub(crate) fn and(left: &Truth, right: &Truth) -> Truth {
        let mut out = Truth::FALSE;
        for i in 0..WORDS {
            let left_fails = left.missing[i] | left.error[i];
            let right_fails = right.missing[i] | right.error[i];
            let left_no = !(left.yes[i] | left_fails);
            let right_no = !(right.yes[i] | right_fails);
            let open = !(left_no | right_no);
            out.yes[i] = left.yes[i] & right.yes[i];
            out.missing[i] = open & (left.missing[i] | right.missing[i] & !left_fails);
            out.error[i] = open & (left.error[i] | right.error[i] & !left_fails);
        }
        out
    }

    /// Returns `left || right`: true absorbs a failure, else the left failure goes first.
    #[inline]
    pub(crate) fn or(left: &Truth, right: &Truth) -> Truth {
        let mut out = Truth::FALSE;
        for i in 0..WORDS {
            let left_fails = left.missing[i] | left.error[i];
            let open = !(left.yes[i] | right.yes[i]);
            out.yes[i] = left.yes[i] | right.yes[i];
            out.missing[i] = open & (left.missing[i] | right.missing[i] & !left_fails);
            out.error[i] = open & (left.error[i] | right.error[i] & !left_fails);
        }
        out
    }

    /// Returns `!operand` on the rows of `rows`.
    #[inline]
    pub(crate) fn not(operand: &Truth, rows: &Bits) -> Truth {
        Truth { yes: operand.no(rows), ..*operand }
    }

    /// Returns `condition ? then : otherwise` on the rows of `rows`.
    #[inline]
    pub(crate) fn choose(condition: &Truth, then: &Truth, otherwise: &Truth, rows: &Bits) -> Truth {
        let (yes, no) = (&condition.yes, condition.no(rows));
        let mut out = Truth::FALSE;
        for i in 0..WORDS {
            out.yes[i] = yes[i] & then.yes[i] | no[i] & otherwise.yes[i];
            out.missing[i] =
                condition.missing[i] | yes[i] & then.missing[i] | no[i] & otherwise.missing[i];
            out.error[i] = condition.error[i] | yes[i] & then.error[i] | no[i] & otherwise.error[i];
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row's verdict: the letter that CEL's rules below are written in.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum One {
        True,
        False,
        Missing,
        Error,
    }
    use One::*;

    const ALL: [One; 4] = [True, False, Missing, Error];

    fn truth(of: impl Fn(usize) -> One) -> Truth {
        let mut truth = Truth::FALSE;
        for row in 0..BLOCK_ROWS {
            let bit = 1 << (row % 64);
            match of(row) {
                True => truth.yes[row / 64] |= bit,
                False => {}
                Missing => truth.missing[row / 64] |= bit,
                Error => truth.error[row / 64] |= bit,
            }
        }
        truth
    }

    fn and(left: One, right: One) -> One {
        match (left, right) {
            (False, _) | (_, False) => False,
            (True, right) => right,
            (left, _) => left,
        }
    }

    fn or(left: One, right: One) -> One {
        match (left, right) {
            (True, _) | (_, True) => True,
            (False, right) => right,
            (left, _) => left,
        }
    }

    #[test]
    fn logic_is_cels_on_every_pair() {
        let (left, right) = (|row: usize| ALL[row % 4], |row: usize| ALL[row / 4 % 4]);
        let (a, b) = (truth(left), truth(right));
        assert_eq!(Truth::and(&a, &b), truth(|row| and(left(row), right(row))));
        assert_eq!(Truth::or(&a, &b), truth(|row| or(left(row), right(row))));
        let rows = rows_below(BLOCK_ROWS);
        let not = |one| match one {
            True => False,
            False => True,
            failure => failure,
        };
        assert_eq!(Truth::not(&a, &rows), truth(|row| not(left(row))));
    }

    #[test]
    fn a_condition_that_fails_is_the_result() {
        let (c, a, b) = (
            |row: usize| ALL[row % 4],
            |row: usize| ALL[row / 4 % 4],
            |row: usize| ALL[row / 16 % 4],
        );
        let rows = rows_below(BLOCK_ROWS);
        let want = truth(|row| match c(row) {
            True => a(row),
            False => b(row),
            failure => failure,
        });
        assert_eq!(Truth::choose(&truth(c), &truth(a), &truth(b), &rows), want);
    }

    #[test]
    fn rows_past_the_length_are_never_set() {
        for len in [0, 1, 63, 64, 65, 1023, 1024] {
            let rows = rows_below(len);
            assert_eq!(rows.iter().map(|word| word.count_ones() as usize).sum::<usize>(), len);
            assert_eq!(Truth::not(&Truth::FALSE, &rows).yes, rows);
            let mut seen = Vec::new();
            for_each_row(&rows, |row| seen.push(row));
            assert!(seen.into_iter().eq(0..len));
        }
    }

    #[test]
    fn bytes_are_packed_in_order() {
        for row in 0..64 {
            let mut bytes = [0; 64];
            bytes[row] = 1;
            assert_eq!(pack(&bytes), 1 << row);
        }
        assert_eq!(pack(&[1; 64]), u64::MAX);
    }

    #[test]
    fn taking_over_leaves_the_other_rows() {
        let mut truth_of_left = truth(|row| ALL[row % 4]);
        let right = truth(|row| ALL[(row + 1) % 4]);
        let rows: Bits = [0x0F0F_0F0F_0F0F_0F0F; WORDS];
        truth_of_left.take(&rows, &right);
        let want = truth(|row| ALL[if row % 8 < 4 { (row + 1) % 4 } else { row % 4 }]);
        assert_eq!(truth_of_left, want);
    }
}
