//! One bit per event of a block.

/// One bit per event; bits past the length are zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mask {
    words: Vec<u64>,
    len: usize,
}

impl Mask {
    /// Returns a mask of `len` zeros.
    pub fn zeros(len: usize) -> Mask {
        Mask { words: vec![0; len.div_ceil(64)], len }
    }

    /// Returns a mask of `len` ones.
    pub fn ones(len: usize) -> Mask {
        let mut mask = Mask::zeros(len);
        mask.fill(true);
        mask
    }

    /// Makes this a mask of `len` zeros and keeps its memory.
    pub fn reset(&mut self, len: usize) {
        self.words.clear();
        self.words.resize(len.div_ceil(64), 0);
        self.len = len;
    }

    /// Sets every bit.
    pub fn fill(&mut self, value: bool) {
        self.words.fill(if value { u64::MAX } else { 0 });
        self.trim();
    }

    /// Returns the number of events.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no events at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the words, 64 events each, the first in the lowest bit.
    #[inline(always)]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Returns the words to write to. Bits past the length must stay zero: see [`Mask::trim`].
    #[inline(always)]
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// Clears the bits past the length.
    #[inline]
    pub fn trim(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }

    /// Returns one bit.
    #[inline(always)]
    pub fn get(&self, row: usize) -> bool {
        self.words[row / 64] >> (row % 64) & 1 != 0
    }

    /// Writes one bit.
    #[inline(always)]
    pub fn set(&mut self, row: usize, value: bool) {
        debug_assert!(row < self.len);
        let bit = 1 << (row % 64);
        if value {
            self.words[row / 64] |= bit;
        } else {
            self.words[row / 64] &= !bit;
        }
    }

    /// Returns how many bits are set.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Returns whether any bit is set.
    pub fn any(&self) -> bool {
        self.words.iter().any(|word| *word != 0)
    }

    /// Keeps the bits that are set in `other` too.
    pub fn and(&mut self, other: &Mask) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
    }

    /// Keeps the bits that are not set in `other`.
    pub fn and_not(&mut self, other: &Mask) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= !b);
    }

    /// Adds the bits of `other`.
    pub fn or(&mut self, other: &Mask) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    /// Flips every bit.
    pub fn not(&mut self) {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
    }

    /// Makes this a copy of `other` and keeps its memory.
    pub fn copy_from(&mut self, other: &Mask) {
        self.words.clear();
        self.words.extend_from_slice(&other.words);
        self.len = other.len;
    }

    /// Writes 64 bits at a time: `bit(row)` for each row.
    #[inline(always)]
    pub fn fill_with(&mut self, len: usize, mut bit: impl FnMut(usize) -> bool) {
        self.reset(len);
        for (index, word) in self.words.iter_mut().enumerate() {
            let first = index * 64;
            let mut bits = 0;
            for offset in 0..64.min(len - first) {
                bits |= u64::from(bit(first + offset)) << offset;
            }
            *word = bits;
        }
    }

    /// Returns the rows whose bit is set, in order.
    #[inline]
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some(index * 64 + bit)
            })
        })
    }
}

impl FromIterator<bool> for Mask {
    fn from_iter<T: IntoIterator<Item = bool>>(iter: T) -> Self {
        let bits: Vec<bool> = iter.into_iter().collect();
        let mut mask = Mask::default();
        mask.fill_with(bits.len(), |row| bits[row]);
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_past_the_length_stay_zero() {
        let mut mask = Mask::ones(70);
        assert_eq!(mask.count(), 70);
        mask.not();
        assert!(!mask.any());
        mask.set(69, true);
        assert_eq!(mask.rows().collect::<Vec<_>>(), [69]);
        mask.not();
        assert_eq!(mask.count(), 69);
    }
}
