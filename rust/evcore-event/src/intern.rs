//! A dictionary of values: the same value always gets the same small number.
//!
//! Grouping, distinct counts and string predicates work on codes. A text of up to 16 bytes is
//! compared as the two words it was hashed from, so a hit touches one cache line.

use std::hash::{BuildHasher, Hasher};

use crate::column::LOW_BYTES;
use crate::{Block, Cell, CellKind};

/// The code of a missing cell.
pub const MISSING: u32 = 0;
/// The code of `null`.
pub const NULL: u32 = 1;
/// The code of a cell whose path runs through something that is not an object.
pub const MISMATCH: u32 = 2;
/// The code of the first real value.
pub const FIRST_VALUE: u32 = 3;
/// The code of a value that found the dictionary full.
pub const OVERFLOW: u32 = u32::MAX;

/// Values and their codes. Codes count up from [`FIRST_VALUE`] in the order of first sight, so they
/// mean nothing outside their dictionary: outputs sort by value.
#[derive(Debug, Clone)]
pub struct Dictionary {
    slots: Vec<Slot>,
    values: Vec<Value>,
    bytes: Vec<u8>,
    limit: usize,
    seed: u64,
    /// The rows of the block that is being encoded.
    hashed: Vec<Hashed>,
}

/// A text on its way to its code.
#[derive(Debug, Clone, Copy, Default)]
struct Hashed {
    first: u64,
    last: u64,
    hash: u64,
    len: u32,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    first: u64,
    last: u64,
    /// The length of a text, or [`TYPED`] plus the kind of another value.
    shape: u32,
    /// 0 for a free slot.
    code: u32,
}

#[derive(Debug, Clone, Copy)]
struct Value {
    kind: CellKind,
    /// A number's bits, or the offset into `bytes`.
    bits: u64,
    len: u32,
}

const TYPED: u32 = 1 << 31;
const FREE: Slot = Slot { first: 0, last: 0, shape: 0, code: 0 };
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

impl Dictionary {
    /// Returns an empty dictionary that takes up to `limit` values.
    pub fn new(limit: usize) -> Dictionary {
        let seed = foldhash::fast::RandomState::default().build_hasher().finish() | 1;
        let hashed = Vec::new();
        Dictionary {
            slots: vec![FREE; 64],
            values: Vec::new(),
            bytes: Vec::new(),
            limit,
            seed,
            hashed,
        }
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns whether there is no value yet.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns one past the greatest code in use.
    pub fn code_end(&self) -> u32 {
        FIRST_VALUE + self.values.len() as u32
    }

    /// Returns the value of a code; [`Cell::Missing`] for [`OVERFLOW`].
    pub fn value(&self, code: u32) -> Cell<'_> {
        match code {
            MISSING | OVERFLOW => return Cell::Missing,
            NULL => return Cell::Null,
            MISMATCH => return Cell::Mismatch,
            _ => {}
        }
        let value = self.values[(code - FIRST_VALUE) as usize];
        let text = |value: Value| {
            &self.bytes[value.bits as usize..value.bits as usize + value.len as usize]
        };
        match value.kind {
            CellKind::Bool => Cell::Bool(value.bits != 0),
            CellKind::Int => Cell::Int(value.bits as i64),
            CellKind::Uint => Cell::Uint(value.bits),
            CellKind::Double => Cell::Double(f64::from_bits(value.bits)),
            CellKind::Time => Cell::Time(value.bits as i64),
            CellKind::List => Cell::List(text(value)),
            CellKind::Map => Cell::Map(text(value)),
            _ => Cell::Text(text(value)),
        }
    }

    /// Returns the code of a cell. Numbers that are equal share a code: `1` and `1.0` are one value.
    pub fn code_of(&mut self, cell: Cell<'_>) -> u32 {
        match cell {
            Cell::Missing => MISSING,
            Cell::Null => NULL,
            Cell::Mismatch => MISMATCH,
            Cell::Text(text) => self.code_of_text(text),
            Cell::Bool(value) => self.code_of_bits(CellKind::Bool, u64::from(value)),
            Cell::Int(value) => self.code_of_bits(CellKind::Int, value as u64),
            Cell::Uint(value) => self.code_of_uint(value),
            Cell::Double(value) => self.code_of_double(value),
            Cell::Time(value) => self.code_of_bits(CellKind::Time, value as u64),
            Cell::List(json) => self.code_of_json(CellKind::List, json),
            Cell::Map(json) => self.code_of_json(CellKind::Map, json),
        }
    }

    /// Returns the code of a text.
    pub fn code_of_text(&mut self, text: &[u8]) -> u32 {
        let len = text.len() as u32;
        let (first, last) = words(text, 0, text.len(), self.seed);
        let hash = hash(first, last, len, self.seed);
        self.code_of_hashed(Hashed { first, last, hash, len }, || text)
    }

    #[inline(always)]
    fn code_of_hashed<'a>(&mut self, wanted: Hashed, text: impl Fn() -> &'a [u8]) -> u32 {
        let mut at = wanted.hash as usize & (self.slots.len() - 1);
        loop {
            let slot = self.slots[at];
            if slot.first == wanted.first
                && slot.last == wanted.last
                && slot.shape == wanted.len
                && slot.code != 0
                && (wanted.len <= 16 || self.value(slot.code) == Cell::Text(text()))
            {
                return slot.code;
            }
            if slot.code == 0 {
                return self.insert_text(text(), wanted.first, wanted.last);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Writes the code of each row of a column.
    ///
    /// All rows are hashed before the first is looked up: then the table is read for many rows at
    /// once, and waiting for one row's cache line does not hold up the others.
    pub fn encode(&mut self, block: &Block<'_>, slot: usize, codes: &mut [u32]) {
        const TEXT: u8 = CellKind::Text as u8;
        let column = &block.columns[slot];
        let mut hashed = std::mem::take(&mut self.hashed);
        hashed.clear();
        hashed.extend((0..block.len).map(|row| {
            if column.kinds[row] != TEXT {
                return Hashed::default();
            }
            let (base, offset, len) = block.text_in(column.bits[row]);
            let (first, last) = words(base, offset, len, self.seed);
            Hashed { first, last, hash: hash(first, last, len as u32, self.seed), len: len as u32 }
        }));
        for (row, (hashed, code)) in hashed.iter().zip(codes.iter_mut()).enumerate() {
            *code = if column.kinds[row] == TEXT {
                self.code_of_hashed(*hashed, || block.text(column.bits[row]))
            } else {
                self.code_of(block.cell(slot, row))
            };
        }
        self.hashed = hashed;
    }

    /// Returns, for each code of `other`, its code here.
    pub fn absorb(&mut self, other: &Dictionary) -> Vec<u32> {
        (0..other.code_end()).map(|code| self.code_of(other.value(code))).collect()
    }

    fn code_of_uint(&mut self, value: u64) -> u32 {
        match i64::try_from(value) {
            Ok(value) => self.code_of_bits(CellKind::Int, value as u64),
            Err(_) => self.code_of_bits(CellKind::Uint, value),
        }
    }

    fn code_of_double(&mut self, value: f64) -> u32 {
        // Both bounds are exact powers of two, so the casts inside them lose nothing.
        if value.fract() == 0.0 && value >= -(2f64.powi(63)) && value < 2f64.powi(63) {
            self.code_of_bits(CellKind::Int, value as i64 as u64)
        } else if value.fract() == 0.0 && value > 0.0 && value < 2f64.powi(64) {
            self.code_of_bits(CellKind::Uint, value as u64)
        } else {
            self.code_of_bits(CellKind::Double, value.to_bits())
        }
    }

    fn code_of_bits(&mut self, kind: CellKind, bits: u64) -> u32 {
        let shape = TYPED | kind as u32;
        let mut at = self.home(bits, 0, shape);
        loop {
            let slot = self.slots[at];
            if slot.code == 0 {
                return self.insert(Value { kind, bits, len: 0 }, bits, 0, shape);
            }
            if slot.first == bits && slot.shape == shape {
                return slot.code;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    fn code_of_json(&mut self, kind: CellKind, json: &[u8]) -> u32 {
        let (first, last) = words(json, 0, json.len(), self.seed);
        let shape = TYPED | kind as u32 | (json.len() as u32) << 4;
        let mut at = self.home(first, last, shape);
        loop {
            let slot = self.slots[at];
            if slot.code == 0 {
                let bits = self.bytes.len() as u64;
                let value = Value { kind, bits, len: json.len() as u32 };
                let code = self.insert(value, first, last, shape);
                if code != OVERFLOW {
                    self.bytes.extend_from_slice(json);
                }
                return code;
            }
            if slot.shape == shape
                && matches!(self.value(slot.code), Cell::List(text) | Cell::Map(text) if text == json)
            {
                return slot.code;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    #[cold]
    fn insert_text(&mut self, text: &[u8], first: u64, last: u64) -> u32 {
        let bits = self.bytes.len() as u64;
        let value = Value { kind: CellKind::Text, bits, len: text.len() as u32 };
        let code = self.insert(value, first, last, text.len() as u32);
        if code != OVERFLOW {
            self.bytes.extend_from_slice(text);
        }
        code
    }

    fn insert(&mut self, value: Value, first: u64, last: u64, shape: u32) -> u32 {
        if self.values.len() >= self.limit {
            return OVERFLOW;
        }
        // Two slots of three in use: a table that fits the cache beats one with shorter probes.
        if self.values.len() * 3 >= self.slots.len() * 2 {
            self.grow();
        }
        let code = self.code_end();
        self.values.push(value);
        self.place(Slot { first, last, shape, code });
        code
    }

    fn grow(&mut self) {
        let larger = vec![FREE; self.slots.len() * 2];
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot.code != 0 {
                self.place(slot);
            }
        }
    }

    fn place(&mut self, slot: Slot) {
        let mut at = self.home(slot.first, slot.last, slot.shape);
        while self.slots[at].code != 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = slot;
    }

    #[inline(always)]
    fn home(&self, first: u64, last: u64, shape: u32) -> usize {
        hash(first, last, shape, self.seed) as usize & (self.slots.len() - 1)
    }
}

#[inline(always)]
fn hash(first: u64, last: u64, shape: u32, seed: u64) -> u64 {
    fold(first ^ seed, last ^ MIX ^ u64::from(shape).rotate_left(40))
}

/// Returns two words that, with the length, say all of a text of up to 16 bytes, and hash a longer
/// one. The text is `base[offset..offset + len]`.
///
/// A short text that is not the end of its base takes two loads and two masks: no branch depends on
/// its length, which changes from event to event.
#[inline(always)]
fn words(base: &[u8], offset: usize, len: usize, seed: u64) -> (u64, u64) {
    if len > 16 {
        return long_words(&base[offset..offset + len], seed);
    }
    let Some(bytes) = base.get(offset..offset + 16) else {
        return last_words(&base[offset..offset + len]);
    };
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    (word(0) & LOW_BYTES[len], word(8) & LOW_BYTES[len.saturating_sub(8)])
}

/// As [`words`], for a text at the very end of its base.
#[cold]
fn last_words(text: &[u8]) -> (u64, u64) {
    let mut bytes = [0; 16];
    bytes[..text.len()].copy_from_slice(text);
    let (first, last) = bytes.split_at(8);
    (u64::from_le_bytes(first.try_into().unwrap()), u64::from_le_bytes(last.try_into().unwrap()))
}

fn long_words(text: &[u8], seed: u64) -> (u64, u64) {
    let word = |at: usize| u64::from_le_bytes(text[at..at + 8].try_into().unwrap());
    let (mut first, mut last) = (seed, seed ^ MIX);
    for at in (0..text.len() - 16).step_by(16) {
        first = fold(first ^ word(at), last ^ word(at + 8));
        last = last.rotate_left(23) ^ first;
    }
    let len = text.len();
    (fold(first ^ word(len - 16), MIX), fold(last ^ word(len - 8), MIX))
}

/// Returns both halves of a 128-bit product, folded: one multiplication mixes 64 bits well enough
/// for a table (the mixer of wyhash and foldhash).
#[inline(always)]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_finds_its_code_again() {
        let mut dictionary = Dictionary::new(10_000);
        let texts: Vec<String> = (0..300)
            .flat_map(|n| [format!("{n}"), "x".repeat(n), format!("user{n}@mail.example")])
            .collect();
        let codes: Vec<u32> = texts.iter().map(|t| dictionary.code_of_text(t.as_bytes())).collect();
        for (text, code) in texts.iter().zip(&codes) {
            assert_eq!(dictionary.code_of_text(text.as_bytes()), *code);
            assert_eq!(dictionary.value(*code), Cell::Text(text.as_bytes()));
        }
        let mut distinct = texts.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(dictionary.len(), distinct.len());
    }

    #[test]
    fn equal_numbers_are_one_value_and_texts_are_not_numbers() {
        let mut dictionary = Dictionary::new(100);
        let one = dictionary.code_of(Cell::Int(1));
        assert_eq!(dictionary.code_of(Cell::Double(1.0)), one);
        assert_eq!(dictionary.code_of(Cell::Uint(1)), one);
        assert_ne!(dictionary.code_of(Cell::Text(b"1")), one);
        assert_ne!(dictionary.code_of(Cell::Bool(true)), one);
        let large = dictionary.code_of(Cell::Uint(1 << 63));
        assert_eq!(dictionary.code_of(Cell::Double(2f64.powi(63))), large);
        assert_eq!(dictionary.code_of(Cell::Null), NULL);
    }

    #[test]
    fn a_full_dictionary_keeps_what_it_has() {
        let mut dictionary = Dictionary::new(1);
        let code = dictionary.code_of_text(b"a");
        assert_eq!(dictionary.code_of_text(b"b"), OVERFLOW);
        assert_eq!(dictionary.code_of_text(b"a"), code);
    }

    #[test]
    fn another_dictionarys_codes_are_translated() {
        let (mut left, mut right) = (Dictionary::new(100), Dictionary::new(100));
        left.code_of_text(b"a");
        let b = right.code_of_text(b"b");
        let a = right.code_of_text(b"a");
        let map = left.absorb(&right);
        assert_eq!(left.value(map[a as usize]), Cell::Text(b"a"));
        assert_eq!(left.value(map[b as usize]), Cell::Text(b"b"));
        assert_eq!(left.len(), 2);
    }
}
