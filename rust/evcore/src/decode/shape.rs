//! Shapes: what a walk over a line would find, remembered for the next line with the same tokens.
//!
//! Events of one program have few shapes: the same keys in the same order with the same kinds of
//! values. Two lines whose tokens have the same kinds have the same grammar. If their keys are the
//! same too, a walk would do the same to both, so the second needs no walk: its keys are compared
//! with the remembered ones (without a branch), its numbers are checked, and the wanted values are
//! taken from where they stood before. A line that fits no shape is walked; nothing is guessed.
//!
//! A shape is learnt when the kinds of its tokens come a second time, and the cache gives up on a
//! stream that has too many shapes, so that shuffled keys cost little more than the walk.

use evcore_event::{CellKind, Span};
use hashbrown::HashTable;

use super::walk::{
    Cells, Line, Seen, Unwatched, Walk, Watch, is_delimiter, number_end, text_bits,
    write_container, write_literal, write_number,
};
use super::wanted::{Leaf, Target, Wanted};

/// Shapes that are kept: a few hundred bytes to a few KiB each.
const SHAPES_MAX: usize = 1024;
/// Tokens of a line that can have a shape; shorter and longer lines are walked.
const TOKENS_MIN: usize = 8;
const TOKENS_MAX: usize = 2048;
/// Shapes with the same kinds but other keys that are tried for one line.
const TRIES_MAX: usize = 4;
/// Lines after which the cache looks at how often it was right.
const REVIEW_LINES: u32 = 4096;
/// The cache rests for this many lines when fewer than one line in four had a shape.
const REST_LINES: u32 = 16 * REVIEW_LINES;
/// Kinds seen once, by a part of their hash.
const ONCE_SLOTS: usize = 4096;

/// Up to 16 bytes that a line must have.
#[derive(Debug)]
struct Piece {
    token: u16,
    /// Bytes from the token on.
    skip: u16,
    /// How many of `expected` count, up to 16.
    len: u8,
    expected: [u64; 2],
}

/// A value that goes to a slot.
#[derive(Debug)]
struct Take {
    leaf: Leaf,
    seen: Seen,
    token: u16,
    last_token: u16,
}

#[derive(Debug)]
struct Shape {
    hash: u64,
    kinds: Box<[u8]>,
    pieces: Box<[Piece]>,
    /// Tokens of the numbers that nothing wants.
    numbers: Box<[u16]>,
    /// Wanted texts: token and slot.
    texts: Box<[(u16, u16)]>,
    /// Wanted numbers: token and leaf.
    wanted_numbers: Box<[(u16, Leaf)]>,
    /// All other wanted values.
    takes: Box<[Take]>,
    mismatches: Box<[u16]>,
}

/// The shapes learnt so far.
#[derive(Debug)]
pub struct Shapes {
    shapes: Vec<Shape>,
    by_hash: HashTable<u16>,
    seen_once: Box<[u16; ONCE_SLOTS]>,
    lines: u32,
    hits: u32,
    resting: u32,
}

/// What the cache says of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The row is written.
    Done,
    /// The line must be walked.
    Walk,
    /// The line must be walked, and its shape is worth learning under this hash.
    Learn(u64),
}

impl Default for Shapes {
    fn default() -> Self {
        Shapes {
            shapes: Vec::new(),
            by_hash: HashTable::new(),
            seen_once: Box::new([0; ONCE_SLOTS]),
            lines: 0,
            hits: 0,
            resting: 0,
        }
    }
}

impl Shapes {
    /// Writes the row of a line whose shape is known.
    #[inline]
    pub fn apply(&mut self, line: &Line<'_>, row: usize, cells: &mut Cells) -> Fit {
        if self.resting > 0 {
            self.resting -= 1;
            return Fit::Walk;
        }
        if !(TOKENS_MIN..=TOKENS_MAX).contains(&line.kinds.len()) {
            return Fit::Walk;
        }
        self.lines += 1;
        if self.lines == REVIEW_LINES {
            self.resting = if self.hits < REVIEW_LINES / 4 { REST_LINES } else { 0 };
            (self.lines, self.hits) = (0, 0);
        }
        let hash = hash_kinds(line.kinds);
        let mut tries = 0;
        for at in self.by_hash.iter_hash(hash) {
            let shape = &self.shapes[usize::from(*at)];
            if shape.hash != hash || !same_kinds(&shape.kinds, line.kinds) {
                continue;
            }
            if shape.fits(line) && shape.write(line, row, cells) {
                self.hits += 1;
                return Fit::Done;
            }
            tries += 1;
            if tries == TRIES_MAX {
                return Fit::Walk;
            }
        }
        self.judge_new(hash)
    }

    /// Walks a line and keeps its shape.
    pub fn learn(&mut self, hash: u64, line: Line<'_>, wanted: &Wanted, depth_max: usize) {
        let mut watch = Learner { line, shape: Learnt::default(), wanted, is_learnable: true };
        let mut cells = Cells::default();
        cells.columns.resize_with(wanted.slots(), Default::default);
        let mut prints = Vec::new();
        let mut walk =
            Walk { line, wanted, depth_max, watch: &mut watch, row: 0, prints: &mut prints };
        if walk.run(&mut cells).is_err() || !watch.is_learnable {
            return;
        }
        let learnt = watch.finish();
        let number = self.shapes.len() as u16;
        self.shapes.push(Shape {
            hash,
            kinds: line.kinds.into(),
            pieces: learnt.pieces.into(),
            numbers: learnt.numbers.into(),
            texts: learnt.texts.into(),
            wanted_numbers: learnt.wanted_numbers.into(),
            takes: learnt.takes.into(),
            mismatches: learnt.mismatches.into(),
        });
        let shapes = &self.shapes;
        self.by_hash.insert_unique(hash, number, |at| shapes[usize::from(*at)].hash);
    }

    #[cold]
    fn judge_new(&mut self, hash: u64) -> Fit {
        let mark = &mut self.seen_once[(hash >> 16) as usize % ONCE_SLOTS];
        let is_second = std::mem::replace(mark, hash as u16) == hash as u16;
        if is_second && self.shapes.len() < SHAPES_MAX { Fit::Learn(hash) } else { Fit::Walk }
    }
}

impl Shape {
    /// Returns whether the line has this shape's keys and literals. No branch depends on a single
    /// key, so a fit costs about a cycle a key.
    #[inline(always)]
    fn fits(&self, line: &Line<'_>) -> bool {
        let mut difference = [0; 2];
        for piece in &self.pieces {
            let at = line.tokens[usize::from(piece.token)] as usize + usize::from(piece.skip);
            let found = words(line.bytes[at..at + 16].try_into().unwrap());
            let mask = &FIRST_BYTES[usize::from(piece.len) % FIRST_BYTES.len()];
            for half in 0..2 {
                difference[half] |= (found[half] ^ piece.expected[half]) & mask[half];
            }
        }
        difference == [0; 2]
    }

    /// Writes the row. Returns false, with the row written in part, if a value is odd after all.
    #[inline(always)]
    fn write(&self, line: &Line<'_>, row: usize, cells: &mut Cells) -> bool {
        for (token, slot) in &self.texts {
            let (start, end) = line.text_span(usize::from(*token));
            let bits = text_bits(line, start, end, cells);
            cells.columns[usize::from(*slot)].set(row, CellKind::Text, bits);
        }
        for token in &self.numbers {
            if number(line, *token).is_none() {
                return false;
            }
        }
        for (token, leaf) in &self.wanted_numbers {
            let Some((start, end)) = number(line, *token) else {
                return false;
            };
            write_number(*leaf, line.bytes, start, end, row, cells);
        }
        for take in &self.takes {
            let start = line.tokens[usize::from(take.token)];
            let end = line.tokens[usize::from(take.last_token)] + 1;
            let span = Span { offset: start, len: end - start };
            match take.seen {
                Seen::List => write_container(take.leaf, CellKind::List, span, row, cells),
                Seen::Map => write_container(take.leaf, CellKind::Map, span, row, cells),
                literal => write_literal(take.leaf, literal, start as usize, row, cells),
            }
        }
        for slot in &self.mismatches {
            cells.columns[usize::from(*slot)].set(row, CellKind::Mismatch, 0);
        }
        true
    }
}

/// Returns where the number at a token starts and ends, if it is one.
#[inline(always)]
fn number(line: &Line<'_>, token: u16) -> Option<(usize, usize)> {
    let at = usize::from(token);
    let (start, next) = (line.tokens[at] as usize, line.tokens[at + 1] as usize);
    Some((start, number_end(line.bytes, start, next)?))
}

/// By length: a mask of the first bytes of two words. 32 entries, so that no index is out of bounds.
const FIRST_BYTES: [[u64; 2]; 32] = {
    let mut masks = [[u64::MAX; 2]; 32];
    let mut len = 0;
    while len < 16 {
        let all = (1_u128 << (8 * len)) - 1;
        masks[len] = [all as u64, (all >> 64) as u64];
        len += 1;
    }
    masks
};

#[inline(always)]
fn words(bytes: &[u8; 16]) -> [u64; 2] {
    [word(bytes, 0), word(bytes, 8)]
}

/// Returns the eight bytes from `at` on as a word.
#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Returns a hash of at least [`TOKENS_MIN`] kinds, eight at a time in four chains. The last eight
/// overlap those before them, so that there is no rest to copy.
#[inline(always)]
fn hash_kinds(kinds: &[u8]) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut chains = [kinds.len() as u64, 1, 2, 3];
    let mut at = 0;
    while at + 32 <= kinds.len() {
        for (chain, lane) in chains.iter_mut().zip(0..) {
            *chain = (chain.rotate_left(5) ^ word(kinds, at + 8 * lane)).wrapping_mul(ODD);
        }
        at += 32;
    }
    while at + 8 <= kinds.len() {
        chains[0] = (chains[0].rotate_left(5) ^ word(kinds, at)).wrapping_mul(ODD);
        at += 8;
    }
    chains[1] ^= word(kinds, kinds.len() - 8).wrapping_mul(ODD);
    let mix = |hash: u64, chain: u64| (hash.rotate_left(17) ^ chain).wrapping_mul(ODD);
    let mixed = chains.into_iter().fold(0, mix);
    mixed ^ mixed >> 29
}

/// Returns whether two lists of at least [`TOKENS_MIN`] kinds are equal. They nearly always are when
/// their hashes are, so there is no early exit.
#[inline(always)]
fn same_kinds(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut difference = word(left, left.len() - 8) ^ word(right, right.len() - 8);
    for at in (0..left.len() - 7).step_by(8) {
        difference |= word(left, at) ^ word(right, at);
    }
    difference == 0
}

#[derive(Debug, Default)]
struct Learnt {
    pieces: Vec<Piece>,
    numbers: Vec<u16>,
    texts: Vec<(u16, u16)>,
    wanted_numbers: Vec<(u16, Leaf)>,
    takes: Vec<Take>,
    mismatches: Vec<u16>,
}

/// Watches a walk and notes what the next line of this shape must have.
struct Learner<'a> {
    line: Line<'a>,
    shape: Learnt,
    wanted: &'a Wanted,
    is_learnable: bool,
}

impl Learner<'_> {
    /// Demands that the bytes from a token on are the same in every line of the shape.
    fn demand(&mut self, token: usize, start: usize, end: usize) {
        let token_start = self.line.tokens[token] as usize;
        for at in (start..end).step_by(16) {
            let len = (end - at).min(16);
            let mut expected = [0; 16];
            expected[..len].copy_from_slice(&self.line.bytes[at..at + len]);
            let Ok(skip) = u16::try_from(at - token_start) else {
                self.is_learnable = false;
                return;
            };
            let expected = words(&expected);
            self.shape.pieces.push(Piece { token: token as u16, skip, len: len as u8, expected });
        }
    }

    fn finish(mut self) -> Learnt {
        for leaf in self.wanted.event_leaves() {
            let last_token = self.line.tokens.len() as u16 - 2;
            self.shape.takes.push(Take { leaf: *leaf, seen: Seen::Map, token: 0, last_token });
        }
        self.shape
    }
}

impl Watch for &mut Learner<'_> {
    fn key(&mut self, token: usize, start: usize, end: usize) {
        // With its quotes and its colon: then no line can have white space or an escape there that
        // this one had not. White space before the colon is rare; such lines are walked.
        if self.line.bytes[end + 1] != b':' {
            self.is_learnable = false;
            return;
        }
        self.demand(token, start - 1, end + 2);
    }

    fn value(&mut self, token: usize, last_token: usize, target: Target, seen: Seen) {
        let start = self.line.tokens[token] as usize;
        let literal = match seen {
            Seen::True | Seen::Null => 4,
            Seen::False => 5,
            _ => 0,
        };
        if literal > 0 {
            // With the byte after it, which ends it.
            debug_assert!(is_delimiter(self.line.bytes[start + literal]));
            self.demand(token, start, start + literal + 1);
        }
        if seen == Seen::Number && !target.has_leaves() {
            self.shape.numbers.push(token as u16);
        }
        for leaf in self.wanted.leaves(target) {
            let (token, last_token) = (token as u16, last_token as u16);
            match seen {
                Seen::Text => self.shape.texts.push((token, leaf.slot)),
                Seen::Number => self.shape.wanted_numbers.push((token, *leaf)),
                _ => self.shape.takes.push(Take { leaf: *leaf, seen, token, last_token }),
            }
        }
    }

    fn mismatch(&mut self, slot: u16) {
        self.shape.mismatches.push(slot);
    }
}

/// Walks a line without learning.
///
/// # Errors
///
/// [`super::walk::Odd`], as [`Walk::run`].
#[inline]
pub fn walk(
    line: Line<'_>,
    wanted: &Wanted,
    depth_max: usize,
    row: usize,
    prints: &mut Vec<u64>,
    cells: &mut Cells,
) -> Result<(), super::walk::Odd> {
    Walk { line, wanted, depth_max, watch: Unwatched, row, prints }.run(cells)
}
