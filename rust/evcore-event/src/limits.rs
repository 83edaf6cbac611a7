//! Every limit that is not a user's setting, with its reason.

/// Events in a block: 1,024 rows of a column are 8 KiB, so a dozen columns and the chunk they point
/// into stay in a 1 MiB L2 cache.
pub const BLOCK_ROWS: usize = 1024;

/// Bytes of input that are indexed at once; with its index it fits in L2.
pub const CHUNK_BYTES: usize = 256 * 1024;

/// Deepest nesting of a JSON value, by default and at most.
pub const DEPTH_MAX: usize = 128;

/// Largest event in bytes, by default: 1 MiB, four times what the largest vendor takes.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// Characters of a rejected line that are kept.
pub const REJECT_TEXT_CHARS: usize = 100;

/// Rejects kept with their text, by default; all are counted.
pub const REJECTS_MAX: usize = 1_000;

/// Groups of one aggregate, by default.
pub const GROUPS_MAX: usize = 1_000_000;

/// Values in the dictionary of a column that only rules read. Past it a rule looks at the text of
/// each row, so that a column of ids costs time but no memory.
pub const RULE_DICTIONARY_MAX: usize = 65_536;

/// Tags of one configuration. With those that the engine gives they fit one 64-bit word per event.
pub const TAGS_MAX: usize = 64 - ENGINE_TAGS_MAX;

/// Tags that the engine gives, or will.
pub const ENGINE_TAGS_MAX: usize = 12;
