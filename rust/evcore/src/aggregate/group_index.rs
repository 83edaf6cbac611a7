//! From a packed key to the number of its group.
//!
//! Keys of few bits index a plain array. With the window in the top bits, events that come in about
//! the order of time touch a small part of it. All other keys go through an open-addressing table
//! with linear probing, at most half full.

/// Not a group.
pub(super) const NO_GROUP: u32 = u32::MAX;

/// A plain array of 16,384 numbers is 64 KiB: cheap whatever it holds.
const SMALL_BITS: u32 = 14;

/// The largest plain array: 2^22 numbers, 16 MiB, and only where groups fill a sixteenth of it. A
/// half-full table of as many groups takes no less.
const DENSE_BITS_MAX: u32 = 22;
const DENSE_SPARSITY_MAX: usize = 16;

/// Groups by key.
#[derive(Debug, Clone)]
pub(super) enum GroupIndex {
    /// Group numbers by key.
    Dense(Vec<u32>),
    /// Keys and group numbers, by hash; a power of two of them.
    Table(Vec<Slot>),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    key: u64,
    group: u32,
}

const FREE: Slot = Slot { key: 0, group: NO_GROUP };

impl GroupIndex {
    /// Returns an index of the groups whose keys are given, for keys of up to `bits` bits.
    pub(super) fn new(bits: u32, keys: &[u64]) -> GroupIndex {
        let sparse_at = keys.len().saturating_mul(DENSE_SPARSITY_MAX);
        if bits <= SMALL_BITS || bits <= DENSE_BITS_MAX && 1 << bits <= sparse_at {
            let mut groups = vec![NO_GROUP; 1 << bits];
            for (key, group) in keys.iter().zip(0..) {
                groups[*key as usize] = group;
            }
            return GroupIndex::Dense(groups);
        }
        let mut slots = vec![FREE; (keys.len() * 4).next_power_of_two().max(64)];
        for (key, group) in keys.iter().zip(0..) {
            place(&mut slots, *key, group);
        }
        GroupIndex::Table(slots)
    }

    /// Returns the group of a key, or [`NO_GROUP`].
    #[inline(always)]
    pub(super) fn find(&self, key: u64) -> u32 {
        match self {
            GroupIndex::Dense(groups) => groups[key as usize],
            GroupIndex::Table(slots) => find(slots, key),
        }
    }

    /// Writes the group of each key, [`NO_GROUP`] where there is none; returns whether all have one.
    pub(super) fn find_all(&self, keys: &[u64], groups: &mut [u32]) -> bool {
        let mut missing = false;
        match self {
            GroupIndex::Dense(table) => {
                for (key, slot) in keys.iter().zip(groups) {
                    *slot = table[*key as usize];
                    missing |= *slot == NO_GROUP;
                }
            }
            GroupIndex::Table(slots) => {
                for (key, slot) in keys.iter().zip(groups) {
                    *slot = find(slots, *key);
                    missing |= *slot == NO_GROUP;
                }
            }
        }
        !missing
    }

    /// Adds a key that is not there yet. The caller has the keys of all groups before it.
    pub(super) fn insert(&mut self, bits: u32, keys: &[u64], key: u64, group: u32) {
        if let GroupIndex::Table(slots) = self
            && keys.len() * 2 >= slots.len()
        {
            *self = GroupIndex::new(bits, keys);
        }
        match self {
            GroupIndex::Dense(groups) => groups[key as usize] = group,
            GroupIndex::Table(slots) => place(slots, key, group),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            GroupIndex::Dense(groups) => groups.capacity() * size_of::<u32>(),
            GroupIndex::Table(slots) => slots.capacity() * size_of::<Slot>(),
        }
    }
}

#[inline(always)]
fn home(slots: &[Slot], key: u64) -> usize {
    let product = u128::from(key ^ 0x2545_F491_4F6C_DD1D) * 0x9E37_79B9_7F4A_7C15;
    (product as u64 ^ (product >> 64) as u64) as usize & (slots.len() - 1)
}

#[inline(always)]
fn find(slots: &[Slot], key: u64) -> u32 {
    let mut at = home(slots, key);
    loop {
        let slot = slots[at];
        if slot.key == key || slot.group == NO_GROUP {
            // A free slot has key 0 and no group, so key 0 needs no case of its own.
            return slot.group;
        }
        at = (at + 1) & (slots.len() - 1);
    }
}

fn place(slots: &mut [Slot], key: u64, group: u32) {
    let mut at = home(slots, key);
    while slots[at].group != NO_GROUP {
        at = (at + 1) & (slots.len() - 1);
    }
    slots[at] = Slot { key, group };
}
