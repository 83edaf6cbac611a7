//! Text predicates once per dictionary code.
//!
//! The predicates of a slot stand in groups of eight. For each code a group keeps one byte, a bit
//! for each predicate, which is filled in when the dictionary has a new value. A block then costs
//! one look-up a row for the whole group, and three operations for eight rows for each predicate.

use evcore_event::limits::BLOCK_ROWS;
use evcore_event::{Block, Cell, Dictionary};

use super::bits::{Bits, NONE, pack};
use super::text::TextTest;

/// Predicates of a group: the bits of a byte.
pub(crate) const GROUP_TESTS: usize = 8;

/// Up to [`GROUP_TESTS`] predicates on the texts of one slot.
#[derive(Debug, Clone)]
pub(crate) struct CodeGroup {
    slot: usize,
    tests: Vec<TextTest>,
    /// By code: bit n stands for test n. Codes that are no text have no bit.
    verdicts: Vec<u8>,
    /// The verdicts of this block's rows.
    rows: Box<[u8; BLOCK_ROWS]>,
    /// The rows whose value is not in the dictionary.
    unknown: Bits,
    is_fresh: bool,
}

impl CodeGroup {
    /// Returns a group without predicates.
    pub(crate) fn new(slot: usize) -> CodeGroup {
        CodeGroup {
            slot,
            tests: Vec::new(),
            verdicts: Vec::new(),
            rows: Box::new([0; BLOCK_ROWS]),
            unknown: NONE,
            is_fresh: false,
        }
    }

    /// Returns the slot of the texts.
    pub(crate) fn slot(&self) -> usize {
        self.slot
    }

    /// Returns whether the group takes no more predicates.
    pub(crate) fn is_full(&self) -> bool {
        self.tests.len() == GROUP_TESTS
    }

    /// Adds a predicate and returns its number.
    pub(crate) fn add(&mut self, test: TextTest) -> usize {
        self.tests.push(test);
        self.tests.len() - 1
    }

    /// Returns a predicate.
    pub(crate) fn test(&self, number: usize) -> &TextTest {
        &self.tests[number]
    }

    /// Returns the number of a predicate that the group has.
    pub(crate) fn find(&self, test: &TextTest) -> Option<usize> {
        self.tests.iter().position(|own| own.is_same(test))
    }

    /// Returns roughly how many nanoseconds the predicates cost a text.
    pub(crate) fn cost(&self) -> u32 {
        self.tests.iter().map(TextTest::cost).sum()
    }

    /// Forgets the last block; what is known of the codes stays.
    pub(crate) fn start_block(&mut self) {
        self.is_fresh = false;
    }

    /// Forgets what is known of the codes.
    pub(crate) fn forget_codes(&mut self) {
        self.verdicts.clear();
        self.is_fresh = false;
    }

    /// Looks up the rows of this block, unless that was done.
    #[inline]
    pub(crate) fn read(&mut self, block: &Block<'_>, dictionary: &Dictionary) {
        if !self.is_fresh {
            self.is_fresh = true;
            if self.verdicts.len() != dictionary.code_end() as usize {
                self.learn(dictionary);
            }
            self.look_up(block);
        }
    }

    #[cold]
    fn learn(&mut self, dictionary: &Dictionary) {
        let end = dictionary.code_end();
        if self.verdicts.len() > end as usize {
            // A dictionary never shrinks: this is another one.
            self.verdicts.clear();
        }
        for code in self.verdicts.len() as u32..end {
            let mut verdict = 0;
            if let Cell::Text(text) = dictionary.value(code) {
                for (number, test) in self.tests.iter().enumerate() {
                    verdict |= u8::from(test.holds(text)) << number;
                }
            }
            self.verdicts.push(verdict);
        }
    }

    fn look_up(&mut self, block: &Block<'_>) {
        let verdicts = self.verdicts.as_slice();
        let codes = block.columns[self.slot].codes.as_chunks::<64>().0;
        let rows = self.rows.as_chunks_mut::<64>().0;
        let words = block.len.div_ceil(64);
        for (index, (codes, rows)) in codes.iter().zip(rows).take(words).enumerate() {
            let mut unknown = 0;
            for (at, (code, row)) in codes.iter().zip(rows).enumerate() {
                *row = match verdicts.get(*code as usize) {
                    Some(verdict) => *verdict,
                    None => {
                        unknown |= 1 << at;
                        0
                    }
                };
            }
            self.unknown[index] = unknown;
        }
        self.unknown[words..].fill(0);
    }

    /// Returns the rows whose text passes a predicate, and the rows that are not known by code.
    #[inline]
    pub(crate) fn rows(&self, number: usize) -> (Bits, &Bits) {
        let mut yes = NONE;
        let chunks = self.rows.as_chunks::<64>().0;
        for (word, chunk) in yes.iter_mut().zip(chunks) {
            let mut bytes = *chunk;
            bytes.iter_mut().for_each(|byte| *byte = *byte >> number & 1);
            *word = pack(&bytes);
        }
        (yes, &self.unknown)
    }
}
