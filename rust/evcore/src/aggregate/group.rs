//! Which group each row is in: key parts packed into one 64-bit word, and the word looked up.
//!
//! The parts of a key are small numbers (dictionary codes, tag and category numbers, hours, window
//! numbers from a base), so most keys fit in 64 bits. Widths grow with what comes: the layout is
//! then made anew and the groups keep their numbers. Keys whose parts need 64 bits or more together
//! are kept as they are, one word a part, and found by hash: slower, and rare (a `by` of three
//! columns of ids).

use std::ops::RangeInclusive;

use evcore_event::intern;
use evcore_event::limits::BLOCK_ROWS;
use hashbrown::HashTable;

use super::calendar::NO_WINDOW;
use super::group_index::{GroupIndex, NO_GROUP};
use super::limit::mix;

/// The value of a key part for rows without one (a missing cell, null, no time).
pub(super) const NO_VALUE: u64 = 0;

/// Dictionary codes below this are all [`NO_VALUE`]: missing, null and a path through a non-object
/// are one group.
const CODE_SHIFT: u32 = intern::FIRST_VALUE - 1;

/// Returns the key part of a dictionary code.
#[inline(always)]
pub(super) fn part_of_code(code: u32) -> u64 {
    u64::from(code.saturating_sub(CODE_SHIFT))
}

/// Returns the dictionary code of a key part; [`intern::MISSING`] for [`NO_VALUE`].
pub(super) fn code_of_part(part: u64) -> u32 {
    if part == NO_VALUE { intern::MISSING } else { part as u32 + CODE_SHIFT }
}

/// Returns the key part of a window number: order is kept from [`NO_WINDOW`], which is
/// [`NO_VALUE`].
#[inline(always)]
pub(super) fn part_of_window(number: i64) -> u64 {
    (number as u64).wrapping_sub(NO_WINDOW as u64)
}

/// Returns the window number of a key part.
pub(super) fn window_of_part(part: u64) -> i64 {
    part.wrapping_add(NO_WINDOW as u64) as i64
}

/// Where the values of one key part are.
#[derive(Debug, Clone, Copy)]
pub(super) enum PartColumn<'a> {
    /// Dictionary codes by row.
    Codes(&'a [u32; BLOCK_ROWS]),
    /// Category numbers by row.
    Categories(&'a [u16]),
    /// Hours of the week by row.
    Hours(&'a [u8; BLOCK_ROWS]),
    /// Window numbers by row.
    Windows(&'a [i64; BLOCK_ROWS]),
    /// The same for all rows.
    Constant(u64),
}

impl PartColumn<'_> {
    /// Returns whether a row's value found its dictionary full.
    pub(super) fn is_overflow(self, row: usize) -> bool {
        matches!(self, PartColumn::Codes(codes) if codes[row] == intern::OVERFLOW)
    }

    fn value(self, row: usize) -> u64 {
        match self {
            PartColumn::Codes(codes) => part_of_code(codes[row]),
            PartColumn::Categories(categories) => u64::from(categories[row]),
            PartColumn::Hours(hours) => u64::from(hours[row]),
            PartColumn::Windows(numbers) => part_of_window(numbers[row]),
            PartColumn::Constant(value) => value,
        }
    }
}

/// Bits of a packed key at most; one less than a word, so that no shift is out of range.
const PACKED_BITS_MAX: u32 = 63;

/// How one part lies in a packed key: the value less `base` plus 1, or 0 for [`NO_VALUE`].
#[derive(Debug, Clone, Copy)]
struct Field {
    /// The least value but [`NO_VALUE`]; for all but windows 1, so that a value is stored as it is.
    base: u64,
    bits: u32,
    shift: u32,
}

impl Field {
    #[inline(always)]
    fn store(self, value: u64) -> u64 {
        // Below the base it wraps to what fits no field; one below must not become 0.
        if value == NO_VALUE { 0 } else { value.wrapping_sub(self.base).saturating_add(1) }
    }

    fn load(self, key: u64) -> u64 {
        match key >> self.shift & ((1 << self.bits) - 1) {
            0 => NO_VALUE,
            stored => stored - 1 + self.base,
        }
    }

    /// Makes room for the values of a range, and for those that had room before.
    fn widen(&mut self, values: &RangeInclusive<u64>, moves_base: bool) {
        let had_room_to = (self.base - 1).saturating_add((1 << self.bits) - 1);
        let top = (*values.end()).max(had_room_to);
        let goes_down = self.bits > 0 && *values.start() < self.base;
        if moves_base {
            self.base =
                if self.bits == 0 { *values.start() } else { self.base.min(*values.start()) };
        }
        self.bits = 64 - (top - self.base + 1).leading_zeros();
        if goes_down && self.bits <= PACKED_BITS_MAX {
            // What the power of two leaves goes below, or time that runs backwards would lay the
            // keys out anew at each window.
            let room = (1 << self.bits) - 1 - (top - self.base + 1);
            self.base -= room.min(self.base - 1);
        }
    }
}

/// The groups of one aggregate and their keys.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    fields: Vec<Field>,
    len: usize,
    keys: Keys,
    /// The packed key of each row of a block.
    scratch: Box<[u64; BLOCK_ROWS]>,
}

#[derive(Debug, Clone)]
enum Keys {
    /// One word a group.
    Packed { bits: u32, keys: Vec<u64>, index: GroupIndex },
    /// One word a part of each group.
    Wide { parts: Vec<u64>, index: HashTable<u32> },
}

/// What came of looking for the groups of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Every row has a group.
    All,
    /// Some have [`NO_GROUP`]: they are not admitted.
    Some,
    /// Nothing was done: a row's value found its dictionary full. Try without those rows.
    Overflow,
}

impl Found {
    fn all_if(complete: bool) -> Found {
        if complete { Found::All } else { Found::Some }
    }
}

/// Says whether a new group may come in: by its key's parts.
pub(super) type Admit<'a> = &'a mut dyn FnMut(&[u64]) -> bool;

impl Groups {
    /// Returns no groups yet, for keys of that many parts.
    pub(super) fn new(parts: usize) -> Groups {
        Groups {
            fields: vec![Field { base: 1, bits: 0, shift: 0 }; parts],
            len: 0,
            keys: Keys::Packed { bits: 0, keys: Vec::new(), index: GroupIndex::new(0, &[]) },
            scratch: Box::new([0; BLOCK_ROWS]),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Writes the parts of a group's key.
    pub(super) fn parts(&self, group: usize, out: &mut [u64]) {
        match &self.keys {
            Keys::Packed { keys, .. } => {
                for (part, field) in out.iter_mut().zip(&self.fields) {
                    *part = field.load(keys[group]);
                }
            }
            Keys::Wide { parts, .. } => {
                let width = self.fields.len();
                out.copy_from_slice(&parts[group * width..(group + 1) * width]);
            }
        }
    }

    /// Writes the group of each row of a list, making groups that are new and admitted.
    pub(super) fn assign(
        &mut self,
        rows: &[u16],
        columns: &[PartColumn<'_>],
        groups: &mut [u32; BLOCK_ROWS],
        mut admit: Option<Admit<'_>>,
    ) -> Found {
        if rows.is_empty() {
            // Nothing would make room for the tag that all rows share.
            return Found::All;
        }
        let groups = &mut groups[..rows.len()];
        while matches!(self.keys, Keys::Packed { .. }) {
            if !pack_rows(&self.fields, rows, columns, &mut self.scratch) {
                if any_overflow(rows, columns) {
                    return Found::Overflow;
                }
                self.widen_for_rows(rows, columns);
                continue;
            }
            return Found::all_if(self.assign_packed(groups, &mut admit));
        }
        if any_overflow(rows, columns) {
            return Found::Overflow;
        }
        let mut parts = vec![0; columns.len()];
        let mut complete = true;
        for (row, group) in rows.iter().zip(groups) {
            for (part, column) in parts.iter_mut().zip(columns) {
                *part = column.value(usize::from(*row));
            }
            *group = self.find_or_add(&parts, &mut admit);
            complete &= *group != NO_GROUP;
        }
        Found::all_if(complete)
    }

    /// Returns whether every key has a group; the others have [`NO_GROUP`].
    fn assign_packed(&mut self, groups: &mut [u32], admit: &mut Option<Admit<'_>>) -> bool {
        let Keys::Packed { bits, keys, index } = &mut self.keys else { return false };
        if index.find_all(&self.scratch[..groups.len()], groups) {
            return true;
        }
        let mut complete = true;
        let mut parts = vec![0; self.fields.len()];
        for (group, key) in groups.iter_mut().zip(self.scratch.iter()) {
            if *group != NO_GROUP {
                continue;
            }
            *group = index.find(*key);
            if *group != NO_GROUP {
                continue;
            }
            if let Some(admit) = admit {
                parts.iter_mut().zip(&self.fields).for_each(|(p, field)| *p = field.load(*key));
                if !admit(&parts) {
                    complete = false;
                    continue;
                }
            }
            *group = self.len as u32;
            index.insert(*bits, keys, *key, *group);
            keys.push(*key);
            self.len += 1;
        }
        complete
    }

    /// Returns the group of a key, made if it is new.
    pub(super) fn group_of(&mut self, parts: &[u64]) -> u32 {
        if matches!(self.keys, Keys::Packed { .. }) && self.pack(parts).is_none() {
            let ranges: Vec<_> = parts.iter().map(|part| *part..=*part).collect();
            self.widen(&ranges);
        }
        if let Some(key) = self.pack(parts)
            && let Keys::Packed { bits, keys, index } = &mut self.keys
        {
            let mut group = index.find(key);
            if group == NO_GROUP {
                group = self.len as u32;
                index.insert(*bits, keys, key, group);
                keys.push(key);
                self.len += 1;
            }
            return group;
        }
        self.find_or_add(parts, &mut None)
    }

    /// Keeps some groups, which get their numbers from their places in `kept`.
    pub(super) fn keep(&mut self, kept: &[u32]) {
        self.len = kept.len();
        let width = self.fields.len();
        match &mut self.keys {
            Keys::Packed { bits, keys, index } => {
                *keys = kept.iter().map(|group| keys[*group as usize]).collect();
                *index = GroupIndex::new(*bits, keys);
            }
            Keys::Wide { parts, index } => {
                let old = |group: &u32| *group as usize * width;
                *parts =
                    kept.iter().flat_map(|g| &parts[old(g)..old(g) + width]).copied().collect();
                *index = wide_index(parts, width);
            }
        }
    }

    /// Returns the bytes behind pointers.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.scratch)
            + match &self.keys {
                Keys::Packed { keys, index, .. } => keys.capacity() * 8 + index.heap_bytes(),
                Keys::Wide { parts, index } => parts.capacity() * 8 + index.capacity() * 5,
            }
    }

    fn pack(&self, parts: &[u64]) -> Option<u64> {
        let mut key = 0;
        for (part, field) in parts.iter().zip(&self.fields) {
            let stored = field.store(*part);
            if stored >> field.bits.min(PACKED_BITS_MAX) != 0 {
                return None;
            }
            key |= stored << field.shift;
        }
        matches!(self.keys, Keys::Packed { .. }).then_some(key)
    }

    #[cold]
    fn widen_for_rows(&mut self, rows: &[u16], columns: &[PartColumn<'_>]) {
        let range = |column: &PartColumn<'_>| {
            let values = || rows.iter().map(|row| column.value(usize::from(*row)));
            let least = values().filter(|value| *value != NO_VALUE).min().unwrap_or(NO_VALUE);
            least..=values().max().unwrap_or(NO_VALUE)
        };
        let ranges: Vec<_> = columns.iter().map(range).collect();
        self.widen(&ranges);
    }

    /// Lays keys out anew, so that the values of each part fit.
    fn widen(&mut self, ranges: &[RangeInclusive<u64>]) {
        let mut old = vec![0; self.len * self.fields.len()];
        for (group, parts) in old.chunks_exact_mut(self.fields.len()).enumerate() {
            self.parts(group, parts);
        }
        for (field, range) in self.fields.iter_mut().zip(ranges) {
            let room = field.base - 1..=(field.base - 1).saturating_add((1 << field.bits) - 1);
            if *range.end() != NO_VALUE
                && !(room.contains(range.end()) && *range.start() >= field.base)
            {
                // Only window numbers are as large as this, and only they need a base.
                let is_window = *range.start() > u64::from(u32::MAX);
                field.widen(range, is_window);
            }
        }
        let bits: u32 = self.fields.iter().map(|field| field.bits).sum();
        if bits > PACKED_BITS_MAX {
            let index = wide_index(&old, self.fields.len());
            self.keys = Keys::Wide { parts: old, index };
            return;
        }
        // The first part, the window if there is one, lies on top.
        let mut shift = 0;
        for field in self.fields.iter_mut().rev() {
            field.shift = shift;
            shift += field.bits;
        }
        let pack = |parts: &[u64]| {
            let stored = parts.iter().zip(&self.fields);
            stored.fold(0, |key, (part, field)| key | field.store(*part) << field.shift)
        };
        let keys: Vec<u64> = old.chunks_exact(self.fields.len()).map(pack).collect();
        let index = GroupIndex::new(bits, &keys);
        self.keys = Keys::Packed { bits, keys, index };
    }

    fn find_or_add(&mut self, key: &[u64], admit: &mut Option<Admit<'_>>) -> u32 {
        let Keys::Wide { parts, index } = &mut self.keys else { return NO_GROUP };
        let width = key.len();
        let of = |parts: &[u64], group: u32| -> u64 {
            hash_parts(&parts[group as usize * width..(group as usize + 1) * width])
        };
        let hash = hash_parts(key);
        let same = |group: &u32| {
            let at = *group as usize * width;
            &parts[at..at + width] == key
        };
        if let Some(group) = index.find(hash, same) {
            return *group;
        }
        if admit.as_mut().is_some_and(|admit| !admit(key)) {
            return NO_GROUP;
        }
        let group = self.len as u32;
        parts.extend_from_slice(key);
        index.insert_unique(hash, group, |group| of(parts, *group));
        self.len += 1;
        group
    }
}

#[cold]
fn any_overflow(rows: &[u16], columns: &[PartColumn<'_>]) -> bool {
    columns.iter().any(|column| rows.iter().any(|row| column.is_overflow(usize::from(*row))))
}

fn wide_index(parts: &[u64], width: usize) -> HashTable<u32> {
    let mut index = HashTable::with_capacity(parts.len() / width);
    let of = |group: &u32| hash_parts(&parts[*group as usize * width..][..width]);
    for group in 0..(parts.len() / width) as u32 {
        index.insert_unique(of(&group), group, of);
    }
    index
}

fn hash_parts(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |hash, part| mix(hash, *part))
}

/// Writes the packed key of each row; returns whether every part fits its field.
fn pack_rows(
    fields: &[Field],
    rows: &[u16],
    columns: &[PartColumn<'_>],
    keys: &mut [u64; BLOCK_ROWS],
) -> bool {
    let keys = &mut keys[..rows.len()];
    keys.fill(0);
    for (field, column) in fields.iter().zip(columns) {
        let field = *field;
        let fits = match *column {
            PartColumn::Codes(codes) => {
                or_in(field, rows, keys, |row| part_of_code(codes[row % BLOCK_ROWS]))
            }
            PartColumn::Categories(categories) => {
                or_in(field, rows, keys, |row| u64::from(categories[row]))
            }
            PartColumn::Hours(hours) => {
                or_in(field, rows, keys, |row| u64::from(hours[row % BLOCK_ROWS]))
            }
            PartColumn::Windows(numbers) => or_in(field, rows, keys, |row| {
                field.store(part_of_window(numbers[row % BLOCK_ROWS]))
            }),
            PartColumn::Constant(value) => {
                let stored = field.store(value);
                keys.iter_mut().for_each(|key| *key |= stored << field.shift);
                stored >> field.bits == 0
            }
        };
        if !fits {
            return false;
        }
    }
    true
}

#[inline(always)]
fn or_in(field: Field, rows: &[u16], keys: &mut [u64], stored: impl Fn(usize) -> u64) -> bool {
    let mut all = 0;
    for (row, key) in rows.iter().zip(keys) {
        let stored = stored(usize::from(*row));
        all |= stored;
        *key |= stored << field.shift;
    }
    all >> field.bits == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        /// Keys of any width: the same key is the same group, and gives its parts back.
        #[test]
        fn groups_are_the_distinct_keys(
            width in 1..5_usize,
            scales in prop::collection::vec(0..32_u32, 4),
            values in prop::collection::vec(any::<[u64; 4]>(), 1..400),
            windows: bool,
            halves in 1..4_usize,
        ) {
            let mut groups = Groups::new(width);
            let mut seen: HashMap<Vec<u64>, u32> = HashMap::new();
            let mut numbers = Box::new([0; BLOCK_ROWS]);
            let mut codes = vec![Box::new([0_u32; BLOCK_ROWS]); 4];
            for block in values.chunks(values.len().div_ceil(halves)) {
                for (row, value) in block.iter().enumerate() {
                    numbers[row] = (value[0] >> scales[0] >> 20) as i64 - (1 << 40);
                    for part in 0..4 {
                        codes[part][row] = (value[part] as u32) >> scales[part];
                    }
                }
                let columns: Vec<_> = (0..width)
                    .map(|part| match part {
                        0 if windows => PartColumn::Windows(&numbers),
                        _ => PartColumn::Codes(&codes[part]),
                    })
                    .collect();
                let rows: Vec<u16> = (0..block.len() as u16).collect();
                let mut found = [NO_GROUP; BLOCK_ROWS];
                prop_assert_eq!(groups.assign(&rows, &columns, &mut found, None), Found::All);
                for (row, found) in found[..block.len()].iter().enumerate() {
                    let key: Vec<u64> = columns.iter().map(|column| column.value(row)).collect();
                    let next = seen.len() as u32;
                    prop_assert_eq!(*seen.entry(key).or_insert(next), *found);
                }
            }
            prop_assert_eq!(groups.len(), seen.len());
            let mut parts = vec![0; width];
            for (key, group) in &seen {
                groups.parts(*group as usize, &mut parts);
                prop_assert_eq!(key, &parts);
                prop_assert_eq!(groups.group_of(key), *group);
            }
            let kept: Vec<u32> = (0..groups.len() as u32).step_by(2).collect();
            groups.keep(&kept);
            for (key, group) in &seen {
                if group % 2 == 0 {
                    prop_assert_eq!(groups.group_of(key), group / 2);
                }
            }
        }
    }
}
