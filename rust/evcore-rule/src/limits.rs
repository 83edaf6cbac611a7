//! Limits of one rule, each with its reason.

/// Longest rule in bytes: room for a list of some thousand names.
pub const RULE_BYTES_MAX: usize = 64 * 1024;

/// Parts of one rule, at most: as many as a rule of the greatest length can sensibly have.
pub const NODES_MAX: usize = 20_000;

/// Deepest nesting of one rule. CEL asks for 32 at least. Every walk over a tree is recursive, and
/// at this depth it stays far below the smallest thread stack, also in a debug build.
pub const DEPTH_MAX: usize = 100;

/// Steps that one rule may take on one event: some ten milliseconds. A step is a node of the tree,
/// or an element or some bytes that an operation goes over. Nested quantifiers over a large event
/// would else hold up the whole stream.
pub const STEPS_MAX: u32 = 1_000_000;

/// Greatest count in a pattern's repetition, nested ones multiplied, as in RE2.
pub const PATTERN_REPEAT_MAX: u32 = 1_000;

/// Largest compiled pattern in bytes.
pub const PATTERN_BYTES_MAX: usize = 2 * 1024 * 1024;
