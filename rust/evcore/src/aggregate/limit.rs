//! The most groups an aggregate keeps, and which ones.
//!
//! The groups whose key has the least hash stay. The hash is of the key's value, without a seed, so
//! which groups stay depends on the set of keys alone: not on order, batches, threads or merges.
//! Once `max_groups` keys with a lesser hash were seen, a key can never come back, so what was given
//! up is never missed later. (Two keys of the same 64-bit hash at the very limit could break a tie
//! by order: one chance in 10^13 for a million groups.)

use evcore_event::Cell;

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// Returns a hash of a hash so far and one more word (the folded product of wyhash).
#[inline(always)]
pub(super) fn mix(hash: u64, word: u64) -> u64 {
    // The hash so far is multiplied first: a bare `hash ^ word` would let neighbours cancel out.
    let start = (hash ^ MIX).wrapping_mul(0xD6E8_FEB8_6659_FD93).rotate_left(32) ^ word;
    let product = u128::from(start) * u128::from(MIX);
    let folded = product as u64 ^ (product >> 64) as u64;
    folded.rotate_left(29).wrapping_mul(MIX) ^ folded
}

/// Returns the fixed hash of a value. Equal numbers have one form in a dictionary, so they have one
/// hash here.
pub(super) fn hash_value(cell: Cell<'_>) -> u64 {
    match cell {
        Cell::Missing | Cell::Null | Cell::Mismatch => mix(0, 0),
        Cell::Bool(value) => mix(1, u64::from(value)),
        Cell::Int(value) => mix(2, value as u64),
        Cell::Uint(value) => mix(3, value),
        Cell::Double(value) => mix(4, value.to_bits()),
        Cell::Text(text) => hash_bytes(5, text),
        Cell::Time(value) => mix(6, value as u64),
        Cell::List(json) => hash_bytes(7, json),
        Cell::Map(json) => hash_bytes(8, json),
    }
}

/// Returns the fixed hash of bytes.
pub(super) fn hash_bytes(kind: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words
        .iter()
        .fold(mix(kind, bytes.len() as u64), |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let last = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(hash, last)
}

/// What an aggregate knows of its limit.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    /// Groups in a result at most.
    pub(super) groups_max: usize,
    /// The greatest hash of a group that may still come in; none while all may.
    pub(super) hash_max: Option<u64>,
    /// Rows of groups that were given up.
    pub(super) given_up_rows: u64,
}

impl Limit {
    pub(super) fn new(groups_max: usize) -> Limit {
        Limit { groups_max, hash_max: None, given_up_rows: 0 }
    }

    /// Takes in what another aggregate gave up. A group that it gave up has a greater hash than
    /// `groups_max` others, so it has no place here either.
    pub(super) fn merge(&mut self, other: &Limit) {
        self.given_up_rows += other.given_up_rows;
        self.hash_max = match (self.hash_max, other.hash_max) {
            (Some(mine), Some(others)) => Some(mine.min(others)),
            (mine, others) => mine.or(others),
        };
    }

    /// Returns whether there are so many groups that it is time to give some up: a quarter more than
    /// the limit, so that the work of choosing is spread over many new groups.
    pub(super) fn is_past(&self, groups: usize) -> bool {
        groups > self.groups_max + (self.groups_max / 4).max(1024)
    }

    /// Returns the groups that stay, in order of their numbers, and the greatest hash among them;
    /// `None` if all do.
    pub(super) fn choose(&self, hashes: &[u64]) -> Option<(Vec<u32>, u64)> {
        if hashes.len() <= self.groups_max {
            return None;
        }
        let mut order: Vec<u32> = (0..hashes.len() as u32).collect();
        let hash = |group: &u32| hashes[*group as usize];
        order.select_nth_unstable_by_key(self.groups_max - 1, hash);
        order.truncate(self.groups_max);
        let greatest = order.iter().map(hash).max().unwrap_or(u64::MAX);
        order.sort_unstable();
        Some((order, greatest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_value_never_changes() {
        // Stored results of two versions may be merged: a new hash would give up other groups.
        assert_eq!(hash_value(Cell::Missing), hash_value(Cell::Null));
        let hashes = [
            hash_value(Cell::Text(b"")),
            hash_value(Cell::Text(b"Order Completed")),
            hash_value(Cell::Int(-1)),
        ];
        assert_eq!(
            hashes,
            [3_628_552_035_138_820_354, 12_870_823_738_878_387_943, 5_290_223_176_797_658_042]
        );
    }

    #[test]
    fn the_least_hashes_stay() {
        let limit = Limit::new(2);
        assert_eq!(limit.choose(&[5, 6]), None);
        assert_eq!(limit.choose(&[5, 9, 1, 7]), Some((vec![0, 2], 5)));
    }

    #[test]
    fn values_that_look_alike_differ() {
        let mut hashes: Vec<u64> = (0..40).map(|len| hash_bytes(5, &vec![0; len])).collect();
        for number in -500..500 {
            hashes.push(hash_value(Cell::Int(number)));
            hashes.push(hash_value(Cell::Time(number)));
            hashes.push(hash_value(Cell::Text(number.to_string().as_bytes())));
        }
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 3040);
    }
}
