//! A key of an object as two words and a length.
//!
//! For keys of up to 16 bytes the words are the key: equal words and lengths are equal keys, and no
//! bytes need comparing. Longer keys are hashed into the words, so equality must be confirmed.

use evcore_event::column::LOW_BYTES;

/// Two words and a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Bytes 0 to 7, or a hash.
    pub first: u64,
    /// Bytes 8 to 15, or a hash.
    pub last: u64,
    /// Length in bytes.
    pub len: usize,
}

impl Key {
    /// Reads the key at `bytes[start..end]`; 16 bytes from `start` on must exist.
    #[inline(always)]
    pub fn read(bytes: &[u8], start: usize, end: usize) -> Key {
        let len = end - start;
        if len > 16 {
            return Key::read_long(&bytes[start..end]);
        }
        // Keys come in any order, so no branch depends on the length of a short one.
        let (first, last) = (word(bytes, start), word(bytes, start + 8));
        Key { first: first & LOW_BYTES[len], last: last & LOW_BYTES[len.saturating_sub(8)], len }
    }

    /// Returns the words of a key that stands alone.
    pub fn of(text: &[u8]) -> Key {
        let mut padded = text.to_vec();
        padded.resize(text.len() + 16, 0);
        Key::read(&padded, 0, text.len())
    }

    #[cold]
    fn read_long(text: &[u8]) -> Key {
        let (mut first, mut last) = (MIX, text.len() as u64);
        for piece in text.chunks(8) {
            let mut padded = [0; 8];
            padded[..piece.len()].copy_from_slice(piece);
            first = fold(first ^ u64::from_le_bytes(padded), MIX);
            last = last.rotate_left(29) ^ first;
        }
        Key { first, last, len: text.len() }
    }

    /// Returns 64 bits that different keys of one object do not share but by bad luck.
    #[inline(always)]
    pub fn print(self) -> u64 {
        fold(self.first ^ MIX, self.last ^ (self.len as u64) << 56 ^ 0xA076_1D64_78BD_642F)
    }
}

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

#[inline(always)]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}
