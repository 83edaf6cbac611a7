//! A block of events as columns.

use crate::{Cell, CellKind, limits::BLOCK_ROWS};

/// A piece of text: an offset and a length in bytes.
///
/// Offsets below [`Span::ARENA`] are in the input, the others in the block's arena, which holds what
/// had to be unescaped or built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where the text starts.
    pub offset: u32,
    /// Its length in bytes.
    pub len: u32,
}

impl Span {
    /// The first offset that means the arena.
    pub const ARENA: u32 = 1 << 31;

    /// Returns the span as the 64 bits of a column.
    #[inline(always)]
    pub const fn pack(self) -> u64 {
        self.offset as u64 | (self.len as u64) << 32
    }

    /// Returns the span that [`Span::pack`] packed.
    #[inline(always)]
    pub const fn unpack(bits: u64) -> Span {
        Span { offset: bits as u32, len: (bits >> 32) as u32 }
    }
}

/// One field or path of up to [`BLOCK_ROWS`] events.
#[derive(Debug, Clone)]
pub struct Column {
    /// A [`CellKind`] for each row.
    pub kinds: Box<[u8; BLOCK_ROWS]>,
    /// The value of each row: `i64`, `u64`, `f64` bits, 0 or 1, or a packed [`Span`]. Means nothing
    /// where the kind has no value.
    pub bits: Box<[u64; BLOCK_ROWS]>,
    /// The dictionary code of each row, where the column has a [`crate::Dictionary`] and the block
    /// was encoded.
    pub codes: Box<[u32; BLOCK_ROWS]>,
}

impl Default for Column {
    fn default() -> Self {
        Column {
            kinds: Box::new([0; BLOCK_ROWS]),
            bits: Box::new([0; BLOCK_ROWS]),
            codes: Box::new([0; BLOCK_ROWS]),
        }
    }
}

impl Column {
    /// Writes one cell.
    #[inline(always)]
    pub fn set(&mut self, row: usize, kind: CellKind, bits: u64) {
        self.kinds[row] = kind as u8;
        self.bits[row] = bits;
    }

    /// Returns the kind of one cell.
    #[inline(always)]
    pub fn kind(&self, row: usize) -> CellKind {
        CellKind::from_u8(self.kinds[row])
    }

    /// Makes the first `len` rows missing.
    pub fn clear(&mut self, len: usize) {
        self.kinds[..len].fill(CellKind::Missing as u8);
    }

    /// Returns whether no row of the first `len` has a value or an error.
    pub fn is_empty(&self, len: usize) -> bool {
        self.is_all(len, CellKind::Missing)
    }

    /// Returns whether all of the first `len` rows are of one kind.
    #[inline]
    pub fn is_all(&self, len: usize, kind: CellKind) -> bool {
        // Without an early exit the compiler compares 16 rows at a time.
        self.kinds[..len].iter().fold(0, |others, found| others | (found ^ kind as u8)) == 0
    }
}

/// By length: a mask of the lowest bytes, 8 at most.
pub const LOW_BYTES: [u64; 17] = {
    let mut masks = [u64::MAX; 17];
    let mut len = 0;
    while len < 8 {
        masks[len] = (1 << (8 * len)) - 1;
        len += 1;
    }
    masks
};

/// A block of events, as the stages after decode read it.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// Number of events.
    pub len: usize,
    /// The columns, by slot.
    pub columns: &'a [Column],
    /// The bytes that spans below [`Span::ARENA`] point into.
    pub input: &'a [u8],
    /// The bytes that the other spans point into.
    pub arena: &'a [u8],
}

impl<'a> Block<'a> {
    /// Returns the text of a packed span.
    #[inline(always)]
    pub fn text(&self, bits: u64) -> &'a [u8] {
        let (base, offset, len) = self.text_in(bits);
        &base[offset..offset + len]
    }

    /// Returns the memory that a packed span is in, its offset there and its length.
    #[inline(always)]
    pub fn text_in(&self, bits: u64) -> (&'a [u8], usize, usize) {
        let span = Span::unpack(bits);
        if span.offset < Span::ARENA {
            (self.input, span.offset as usize, span.len as usize)
        } else {
            (self.arena, (span.offset - Span::ARENA) as usize, span.len as usize)
        }
    }

    /// Returns a text of up to 16 bytes as two words, zeros after its end; `None` if it is longer or
    /// within 16 bytes of the end of its memory.
    #[inline(always)]
    pub fn short_text(&self, bits: u64) -> Option<(u64, u64)> {
        let (base, offset, len) = self.text_in(bits);
        if len > 16 {
            return None;
        }
        let (words, _) = base.get(offset..offset + 16)?.as_chunks::<8>();
        let word = |at: usize| u64::from_le_bytes(words[at]);
        Some((word(0) & LOW_BYTES[len], word(1) & LOW_BYTES[len.saturating_sub(8)]))
    }

    /// Returns one cell.
    #[inline]
    pub fn cell(&self, slot: usize, row: usize) -> Cell<'a> {
        let column = &self.columns[slot];
        let bits = column.bits[row];
        match column.kind(row) {
            CellKind::Missing => Cell::Missing,
            CellKind::Null => Cell::Null,
            CellKind::Mismatch => Cell::Mismatch,
            CellKind::Bool => Cell::Bool(bits != 0),
            CellKind::Int => Cell::Int(bits as i64),
            CellKind::Uint => Cell::Uint(bits),
            CellKind::Double => Cell::Double(f64::from_bits(bits)),
            CellKind::Text => Cell::Text(self.text(bits)),
            CellKind::List => Cell::List(self.text(bits)),
            CellKind::Map => Cell::Map(self.text(bits)),
            CellKind::Time => Cell::Time(bits as i64),
        }
    }
}
