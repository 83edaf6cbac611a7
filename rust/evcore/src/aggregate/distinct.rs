//! A set of dictionary codes that changes its form as it grows: exact distinct counts.
//!
//! A handful of codes is a list; more are a hash table; once a bitmap up to the greatest code takes
//! no more memory than the table, it is a bitmap. Codes count up from first sight, so the set of a
//! busy group is a bitmap soon: one bit test an event.

/// Codes in a list: 8 are 32 bytes, half a cache line, and are compared at once.
const LIST_MAX: usize = 8;

/// The least table: 32 codes, half full.
const TABLE_LEN_MIN: usize = 32;

/// Not a code in a table: the code of a missing cell is never added.
const FREE: u32 = 0;

/// A set of codes above 0.
#[derive(Debug, Clone)]
pub(super) enum CodeSet {
    /// In order of coming.
    List(Vec<u32>),
    /// Open addressing, at most half full; a power of two of slots.
    Table { slots: Vec<u32>, len: u32 },
    /// Bit `code` is set.
    Bits { words: Vec<u64>, len: u32 },
}

impl Default for CodeSet {
    fn default() -> Self {
        CodeSet::List(Vec::new())
    }
}

impl CodeSet {
    pub(super) fn len(&self) -> u64 {
        match self {
            CodeSet::List(codes) => codes.len() as u64,
            CodeSet::Table { len, .. } | CodeSet::Bits { len, .. } => u64::from(*len),
        }
    }

    #[inline]
    pub(super) fn insert(&mut self, code: u32) {
        match self {
            CodeSet::Bits { words, len } => {
                if let Some(word) = words.get_mut(code as usize / 64) {
                    let bit = 1 << (code % 64);
                    *len += u32::from(*word & bit == 0);
                    *word |= bit;
                    return;
                }
            }
            CodeSet::List(codes) => {
                if codes.contains(&code) {
                    return;
                }
                if codes.len() < LIST_MAX {
                    codes.push(code);
                    return;
                }
            }
            CodeSet::Table { slots, len } => {
                let at = slot_of(slots, code);
                if slots[at] == code {
                    return;
                }
                if (*len as usize + 1) * 2 <= slots.len() {
                    slots[at] = code;
                    *len += 1;
                    return;
                }
            }
        }
        self.grow(code);
    }

    pub(super) fn for_each(&self, mut visit: impl FnMut(u32)) {
        match self {
            CodeSet::List(codes) => codes.iter().for_each(|code| visit(*code)),
            CodeSet::Table { slots, .. } => {
                slots.iter().filter(|code| **code != FREE).for_each(|code| visit(*code));
            }
            CodeSet::Bits { words, .. } => {
                for (word, first) in words.iter().zip((0..).step_by(64)) {
                    let mut rest = *word;
                    while rest != 0 {
                        visit(first + rest.trailing_zeros());
                        rest &= rest - 1;
                    }
                }
            }
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            CodeSet::List(codes) => codes.capacity() * 4,
            CodeSet::Table { slots, .. } => slots.capacity() * 4,
            CodeSet::Bits { words, .. } => words.capacity() * 8,
        }
    }

    /// Adds a code that is new and has no room.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, code: u32) {
        let len = self.len() as usize + 1;
        let mut code_max = code;
        self.for_each(|code| code_max = code_max.max(code));
        let table_len = (len * 2).next_power_of_two().max(TABLE_LEN_MIN);
        let words_len = code_max as usize / 64 + 1;
        // 8 bytes a word, 4 a slot. A bitmap stays one while it is not four times as large.
        let slack = if matches!(self, CodeSet::Bits { .. }) { 4 } else { 1 };
        if words_len * 2 <= table_len * slack {
            let room = words_len.next_power_of_two();
            match self {
                CodeSet::Bits { words, .. } => words.resize(room, 0),
                _ => {
                    let mut words = vec![0_u64; room];
                    self.for_each(|code| words[code as usize / 64] |= 1 << (code % 64));
                    *self = CodeSet::Bits { words, len: len as u32 - 1 };
                }
            }
        } else {
            let mut slots = vec![FREE; table_len];
            self.for_each(|code| {
                let at = slot_of(&slots, code);
                slots[at] = code;
            });
            *self = CodeSet::Table { slots, len: len as u32 - 1 };
        }
        self.insert(code);
    }
}

/// Returns where a code is, or the free slot where it would be.
#[inline(always)]
fn slot_of(slots: &[u32], code: u32) -> usize {
    let mut at =
        (u64::from(code).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & (slots.len() - 1);
    while slots[at] != code && slots[at] != FREE {
        at = (at + 1) & (slots.len() - 1);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_set_of_any_form_is_a_set(
            codes in prop::collection::vec(
                prop_oneof![3..20_u32, 3..2000_u32, 3..10_000_000_u32],
                0..3000,
            ),
            few in 1..3000_usize,
        ) {
            let mut set = CodeSet::default();
            let mut expected = BTreeSet::new();
            for code in codes.iter().take(few) {
                set.insert(*code);
                expected.insert(*code);
            }
            prop_assert_eq!(set.len(), expected.len() as u64);
            let mut found = Vec::new();
            set.for_each(|code| found.push(code));
            found.sort_unstable();
            prop_assert_eq!(found, Vec::from_iter(expected));
        }
    }

    #[test]
    fn memory_stays_near_the_number_of_codes() {
        for step in [1, 10, 1000, 1_000_000] {
            let mut set = CodeSet::default();
            for code in 0..1000 {
                set.insert(3 + code * step);
            }
            assert_eq!(set.len(), 1000);
            assert!(set.heap_bytes() <= 16 * 1024, "{step}: {}", set.heap_bytes());
        }
    }
}
