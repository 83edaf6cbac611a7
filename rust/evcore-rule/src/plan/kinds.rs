//! Which rows of a column hold which kind of cell: one bitmap a kind, made once per block and slot.

use evcore_event::{CellKind, Column};

use super::bits::{Bits, NONE};

const KINDS: usize = 11;
const LOW: u64 = 0x0101_0101_0101_0101;

/// The rows of each kind of cell.
#[derive(Debug, Clone)]
pub(crate) struct KindRows {
    rows: [Bits; KINDS],
    is_fresh: bool,
}

impl Default for KindRows {
    fn default() -> Self {
        KindRows { rows: [NONE; KINDS], is_fresh: false }
    }
}

impl KindRows {
    /// Forgets the last block.
    pub(crate) fn start_block(&mut self) {
        self.is_fresh = false;
    }

    /// Reads the kinds of a column, unless that was done since [`KindRows::start_block`].
    #[inline]
    pub(crate) fn read(&mut self, column: &Column, live: &Bits) {
        if !self.is_fresh {
            self.is_fresh = true;
            self.read_block(column, live);
        }
    }

    fn read_block(&mut self, column: &Column, live: &Bits) {
        for (index, kinds) in column.kinds.as_chunks::<64>().0.iter().enumerate() {
            for rows in &mut self.rows {
                rows[index] = 0;
            }
            if live[index] == 0 {
                continue;
            }
            // Most columns hold one kind: comparing a run with its first entry takes four vector
            // operations.
            let first = kinds[0];
            if kinds.iter().fold(0, |differs, kind| differs | (kind ^ first)) == 0 {
                self.rows[CellKind::from_u8(first) as usize][index] = live[index];
            } else {
                self.read_mixed(kinds, index, live[index]);
            }
        }
    }

    fn read_mixed(&mut self, kinds: &[u8; 64], index: usize, live: u64) {
        let mut left = live;
        while left != 0 {
            let kind = kinds[left.trailing_zeros() as usize];
            let mut word = 0;
            for (at, eight) in kinds.as_chunks::<8>().0.iter().enumerate() {
                // A kind is below 128, so adding 127 reaches the top bit exactly if it differs.
                let differs = u64::from_le_bytes(*eight) ^ (LOW * u64::from(kind));
                let equal = !(differs + LOW * 127) >> 7 & LOW;
                word |= (equal.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * at);
            }
            word &= live;
            self.rows[CellKind::from_u8(kind) as usize][index] |= word;
            left &= !word;
        }
    }

    /// Returns the rows of one kind.
    #[inline(always)]
    pub(crate) fn of(&self, kind: CellKind) -> &Bits {
        &self.rows[kind as usize]
    }

    /// Returns the rows that hold a number.
    #[inline(always)]
    pub(crate) fn numbers(&self) -> Bits {
        let (int, uint, double) =
            (self.of(CellKind::Int), self.of(CellKind::Uint), self.of(CellKind::Double));
        std::array::from_fn(|i| int[i] | uint[i] | double[i])
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits::rows_below;
    use super::*;

    #[test]
    fn each_row_is_in_the_bitmap_of_its_kind() {
        for (len, spread) in [(1024, 1), (1024, 7), (65, 3), (1, 1), (0, 1), (700, 300)] {
            let mut column = Column::default();
            for row in 0..1024 {
                column.kinds[row] = (row / spread % KINDS) as u8;
            }
            let mut rows = KindRows::default();
            rows.read(&column, &rows_below(len));
            for kind in 0..KINDS {
                for row in 0..1024 {
                    let want = row < len && row / spread % KINDS == kind;
                    let bits = rows.of(CellKind::from_u8(kind as u8));
                    assert_eq!(bits[row / 64] >> (row % 64) & 1 != 0, want, "{kind} {row}");
                }
            }
        }
    }

    #[test]
    fn a_block_is_read_once() {
        let (mut rows, mut column) = (KindRows::default(), Column::default());
        rows.read(&column, &rows_below(1));
        column.kinds[0] = CellKind::Bool as u8;
        rows.read(&column, &rows_below(1));
        assert_eq!(rows.of(CellKind::Bool)[0], 0);
        rows.start_block();
        rows.read(&column, &rows_below(1));
        assert_eq!(rows.of(CellKind::Bool)[0], 1);
    }
}
