//! Walks one line's tokens: checks the grammar of all of it, keeps what is wanted.
//!
//! The walk accepts only what it is sure of. Anything odd (a fault, a key with an escape, a key that
//! stands twice, a lone surrogate) ends it with [`Odd`], and the line goes to [`super::json`], which
//! is slow, obvious, and has the last word.

use evcore_event::number::{Number, number_len, parse_number};
use evcore_event::{CellKind, Column, Span};

use super::escape::unescape_into;
use super::key::Key;
use super::wanted::{Leaf, SlotMode, Target, Wanted};

/// The line needs [`super::json`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odd;

/// The columns of a block while they are filled, and the texts that had to be unescaped.
#[derive(Debug, Default)]
pub struct Cells {
    /// A column for each slot.
    pub columns: Vec<Column>,
    /// See [`Span::ARENA`].
    pub arena: Vec<u8>,
}

/// What a walk meets, for whoever learns from it: see [`super::shape`].
pub trait Watch {
    /// A key, as the number of its token.
    fn key(&mut self, token: usize, start: usize, end: usize);
    /// A value that goes to slots or must be checked, from one token to another.
    fn value(&mut self, token: usize, last_token: usize, target: Target, seen: Seen);
    /// A slot was marked as a mismatch.
    fn mismatch(&mut self, slot: u16);
}

/// What sort of value a walk met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
    /// An array.
    List,
    /// An object.
    Map,
}

/// Nobody watches.
pub struct Unwatched;

impl Watch for Unwatched {
    #[inline(always)]
    fn key(&mut self, _: usize, _: usize, _: usize) {}
    #[inline(always)]
    fn value(&mut self, _: usize, _: usize, _: Target, _: Seen) {}
    #[inline(always)]
    fn mismatch(&mut self, _: u16) {}
}

/// One line to walk.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// The chunk with its padding; positions are in it.
    pub bytes: &'a [u8],
    /// The line's tokens, the line feed's last.
    pub tokens: &'a [u32],
    /// Their kinds.
    pub kinds: &'a [u8],
    /// The line's escaped bytes: checked, no lone surrogate among them.
    pub escapes: &'a [u32],
}

impl Line<'_> {
    /// Returns whether an escape stands in a span.
    #[inline(always)]
    pub fn has_escape(&self, start: usize, end: usize) -> bool {
        !self.escapes.is_empty()
            && self.escapes.iter().any(|at| (start..end).contains(&(*at as usize)))
    }

    /// Returns the span between the quotes of the string at a token.
    #[inline(always)]
    pub fn text_span(&self, token: usize) -> (usize, usize) {
        let start = self.tokens[token] as usize + 1;
        let mut end = self.tokens[token + 1] as usize - 1;
        // White space may stand between the closing quote and the next token.
        while self.bytes[end] != b'"' {
            end -= 1;
        }
        (start, end)
    }
}

/// A walk over one line.
pub struct Walk<'a, W> {
    /// The line.
    pub line: Line<'a>,
    /// What is wanted.
    pub wanted: &'a Wanted,
    /// Deepest nesting allowed.
    pub depth_max: usize,
    /// Who watches.
    pub watch: W,
    /// The row to write.
    pub row: usize,
    /// Prints of the keys of the open objects.
    pub prints: &'a mut Vec<u64>,
}

impl<W: Watch> Walk<'_, W> {
    /// Walks the whole line.
    ///
    /// # Errors
    ///
    /// [`Odd`]: the row may have been written in part.
    #[inline]
    pub fn run(&mut self, cells: &mut Cells) -> Result<(), Odd> {
        if self.line.kinds[0] != b'{' {
            return Err(Odd);
        }
        self.prints.clear();
        let end = self.object(0, 0, 1, cells)?;
        if end + 1 != self.line.kinds.len() {
            return Err(Odd);
        }
        for leaf in self.wanted.event_leaves() {
            self.write_span(*leaf, CellKind::Map, 0, end - 1, cells);
        }
        Ok(())
    }

    /// Walks the object whose brace is token `at` and returns the token after it. Node 0 below the
    /// first level means that nothing in it is wanted.
    fn object(
        &mut self,
        mut at: usize,
        node: u16,
        depth: usize,
        cells: &mut Cells,
    ) -> Result<usize, Odd> {
        if depth > self.depth_max {
            return Err(Odd);
        }
        let kinds = self.line.kinds;
        if kinds[at + 1] == b'}' {
            return Ok(at + 2);
        }
        let is_wanted = node != 0 || depth == 1;
        let first_print = self.prints.len();
        // A bit for each print: only a key whose bit is set may stand twice.
        let mut seen = [0_u64; 4];
        loop {
            // `at` is the brace or the comma before a key.
            let [quote, colon, value] = *kinds.get(at + 1..at + 4).ok_or(Odd)? else {
                return Err(Odd);
            };
            if quote != b'"' || colon != b':' {
                return Err(Odd);
            }
            let (start, end) = self.line.text_span(at + 1);
            if self.line.has_escape(start, end) {
                return Err(Odd);
            }
            self.watch.key(at + 1, start, end);
            let key = Key::read(self.line.bytes, start, end);
            let print = key.print();
            let bit = 1 << (print % 64);
            let word = &mut seen[(print >> 6) as usize % 4];
            if *word & bit != 0 && self.prints[first_print..].contains(&print) {
                return Err(Odd);
            }
            *word |= bit;
            self.prints.push(print);
            let bytes = self.line.bytes;
            let target = if is_wanted {
                self.wanted.node(node).find(key, print, |text| text == &bytes[start..end])
            } else {
                Target::NONE
            };
            at = self.value(at + 3, value, target, depth, cells)?;
            match kinds[at] {
                b',' => {}
                b'}' => break,
                _ => return Err(Odd),
            }
        }
        self.prints.truncate(first_print);
        Ok(at + 1)
    }

    /// Walks the array whose bracket is token `at` and returns the token after it.
    fn array(
        &mut self,
        mut at: usize,
        node: u16,
        depth: usize,
        cells: &mut Cells,
    ) -> Result<usize, Odd> {
        if depth > self.depth_max {
            return Err(Odd);
        }
        let kinds = self.line.kinds;
        if kinds[at + 1] == b']' {
            return Ok(at + 2);
        }
        for index in 0.. {
            let target =
                if node == 0 { Target::NONE } else { self.wanted.node(node).element(index) };
            at = self.value(at + 1, kinds[at + 1], target, depth, cells)?;
            match kinds[at] {
                b',' => {}
                b']' => break,
                _ => return Err(Odd),
            }
        }
        Ok(at + 1)
    }

    /// Walks the value whose first token is `at` and returns the token after it.
    #[inline(always)]
    fn value(
        &mut self,
        at: usize,
        kind: u8,
        target: Target,
        depth: usize,
        cells: &mut Cells,
    ) -> Result<usize, Odd> {
        let (seen, end) = match kind {
            b'"' => {
                if target.has_leaves() {
                    self.write_text(at, target, cells);
                }
                (Seen::Text, at + 1)
            }
            b'0' => {
                self.number(at, target, cells)?;
                (Seen::Number, at + 1)
            }
            b'{' => {
                let end = self.object(at, target.node, depth + 1, cells)?;
                if target.has_leaves() {
                    self.write_spans(target, CellKind::Map, at, end - 1, cells);
                }
                self.watch.value(at, end - 1, target, Seen::Map);
                return Ok(end);
            }
            b'[' => {
                let end = self.array(at, target.node, depth + 1, cells)?;
                if target.has_leaves() {
                    self.write_spans(target, CellKind::List, at, end - 1, cells);
                }
                (Seen::List, end)
            }
            _ => (self.literal(at, kind, target, cells)?, at + 1),
        };
        self.watch.value(at, end - 1, target, seen);
        if target.node != 0 {
            self.mark_mismatch(target, seen, cells);
        }
        Ok(end)
    }

    fn number(&mut self, at: usize, target: Target, cells: &mut Cells) -> Result<(), Odd> {
        let (start, next) = (self.line.tokens[at] as usize, self.line.tokens[at + 1] as usize);
        let end = number_end(self.line.bytes, start, next).ok_or(Odd)?;
        if target.has_leaves() {
            for leaf in self.wanted.leaves(target) {
                write_number(*leaf, self.line.bytes, start, end, self.row, cells);
            }
        }
        Ok(())
    }

    fn literal(
        &mut self,
        at: usize,
        kind: u8,
        target: Target,
        cells: &mut Cells,
    ) -> Result<Seen, Odd> {
        let (text, seen): (&[u8], Seen) = match kind {
            b't' => (b"true", Seen::True),
            b'f' => (b"false", Seen::False),
            b'n' => (b"null", Seen::Null),
            _ => return Err(Odd),
        };
        let start = self.line.tokens[at] as usize;
        let end = start + text.len();
        if &self.line.bytes[start..end] != text || !is_delimiter(self.line.bytes[end]) {
            return Err(Odd);
        }
        for leaf in self.wanted.leaves(target) {
            write_literal(*leaf, seen, start, self.row, cells);
        }
        Ok(seen)
    }

    fn write_text(&mut self, at: usize, target: Target, cells: &mut Cells) {
        let (start, end) = self.line.text_span(at);
        let bits = text_bits(&self.line, start, end, cells);
        for leaf in self.wanted.leaves(target) {
            // A text where a canonical map belongs is a mismatch for what reads the map.
            cells.columns[usize::from(leaf.slot)].set(self.row, CellKind::Text, bits);
        }
    }

    #[inline(never)]
    fn write_spans(
        &mut self,
        target: Target,
        kind: CellKind,
        from: usize,
        to: usize,
        cells: &mut Cells,
    ) {
        for leaf in self.wanted.leaves(target) {
            self.write_span(*leaf, kind, from, to, cells);
        }
    }

    fn write_span(&self, leaf: Leaf, kind: CellKind, from: usize, to: usize, cells: &mut Cells) {
        let (start, end) = (self.line.tokens[from], self.line.tokens[to] + 1);
        write_container(leaf, kind, Span { offset: start, len: end - start }, self.row, cells);
    }

    /// Marks what is wanted below a value that has no keys or elements to look at.
    #[cold]
    fn mark_mismatch(&mut self, target: Target, seen: Seen, cells: &mut Cells) {
        let node = self.wanted.node(target.node);
        for slot in node.mismatched_by(seen) {
            cells.columns[usize::from(*slot)].set(self.row, CellKind::Mismatch, 0);
            self.watch.mismatch(*slot);
        }
    }
}

/// Returns whether a number or literal may end before this byte.
#[inline(always)]
pub fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' | b':' | b'{' | b'[')
}

/// Returns the end of the number at `start` if it is one; `next` is the next token's position.
///
/// Up to 16 bytes without white space and exponent, which is nearly every number, take no loop.
#[inline(always)]
pub fn number_end(bytes: &[u8], start: usize, next: usize) -> Option<usize> {
    let len = next - start;
    if len <= 16 {
        const ZEROS: u128 = u128::from_ne_bytes([b'0'; 16]);
        const HIGH: u128 = u128::from_ne_bytes([0x80; 16]);
        let word = u128::from_le_bytes(bytes[start..start + 16].try_into().unwrap());
        // Bytes past the number become the digit 0.
        let digits = (word ^ ZEROS) & (u128::MAX >> (8 * (16 - len)));
        let others = (((digits & !HIGH) + u128::from_ne_bytes([0x76; 16])) | digits) & HIGH;
        let minus = usize::from(bytes[start] == b'-');
        let others = others & !(minus as u128 * 0x80);
        let first = bytes[start + minus];
        let after_first = bytes[start + minus + 1];
        if others == 0 {
            // Digits alone: no leading zero, and a digit at all.
            if minus < len && (first != b'0' || minus + 1 == len) {
                return Some(next);
            }
        } else if others & (others - 1) == 0 {
            let point = others.trailing_zeros() as usize / 8;
            if bytes[start + point] == b'.'
                && point > minus
                && point + 1 < len
                && (first != b'0' || after_first == b'.')
            {
                return Some(next);
            }
        }
    }
    number_end_slow(bytes, start)
}

#[inline(never)]
fn number_end_slow(bytes: &[u8], start: usize) -> Option<usize> {
    let end = start + number_len(&bytes[start..])?;
    is_delimiter(bytes[end]).then_some(end)
}

/// Writes a number to a slot.
#[inline(always)]
pub fn write_number(
    leaf: Leaf,
    bytes: &[u8],
    start: usize,
    end: usize,
    row: usize,
    cells: &mut Cells,
) {
    let column = &mut cells.columns[usize::from(leaf.slot)];
    if leaf.mode == SlotMode::Scalar {
        let span = Span { offset: start as u32, len: (end - start) as u32 };
        column.set(row, CellKind::Text, span.pack());
        return;
    }
    match parse_number(&bytes[start..end]) {
        Number::Int(value) => column.set(row, CellKind::Int, value as u64),
        Number::Uint(value) => column.set(row, CellKind::Uint, value),
        Number::Double(value) => column.set(row, CellKind::Double, value.to_bits()),
    }
}

/// Writes `true`, `false` or `null` to a slot; its text starts at `start`.
pub fn write_literal(leaf: Leaf, seen: Seen, start: usize, row: usize, cells: &mut Cells) {
    let column = &mut cells.columns[usize::from(leaf.slot)];
    match (seen, leaf.mode) {
        (Seen::Null, SlotMode::Value) => column.set(row, CellKind::Null, 0),
        (Seen::Null, _) => column.set(row, CellKind::Missing, 0),
        (seen, SlotMode::Scalar) => {
            let len = if seen == Seen::True { 4 } else { 5 };
            column.set(row, CellKind::Text, Span { offset: start as u32, len }.pack());
        }
        (seen, _) => column.set(row, CellKind::Bool, u64::from(seen == Seen::True)),
    }
}

/// Writes an array's or object's text to a slot. A canonical scalar takes none.
pub fn write_container(leaf: Leaf, kind: CellKind, span: Span, row: usize, cells: &mut Cells) {
    let column = &mut cells.columns[usize::from(leaf.slot)];
    if leaf.mode == SlotMode::Scalar {
        column.set(row, CellKind::Missing, 0);
    } else {
        column.set(row, kind, span.pack());
    }
}

/// Returns the packed span of a string, unescaped into the arena if it must be.
#[inline(always)]
pub fn text_bits(line: &Line<'_>, start: usize, end: usize, cells: &mut Cells) -> u64 {
    if line.has_escape(start, end) {
        return unescape_into(&line.bytes[start..end], &mut cells.arena).pack();
    }
    Span { offset: start as u32, len: (end - start) as u32 }.pack()
}
