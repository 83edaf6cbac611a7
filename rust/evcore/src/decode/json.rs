//! One event, a byte at a time: slow, obvious, and the judge of every line that the walk over tokens
//! is not sure of. It knows where a fault is and what to call it, and the three oddities that
//! `lenient` takes because real SDKs send them.

use std::collections::HashSet;

use evcore_event::number::number_len;
use evcore_event::{CellKind, Span};

use super::escape::{hex4, unescape_into};
use super::key::Key;
use super::reject::{Fault, Oddities, Reason};
use super::walk::{Cells, Seen, is_delimiter, write_container, write_literal, write_number};
use super::wanted::{Leaf, Target, Wanted};

/// How to read an event.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// What is wanted.
    pub wanted: &'a Wanted,
    /// Whether RFC 8259 holds to the letter.
    pub is_strict: bool,
    /// Deepest nesting allowed.
    pub depth_max: usize,
}

/// Reads the event in `bytes[start..end]` to a row. `bytes` goes on for 16 bytes at least.
///
/// # Errors
///
/// The first [`Fault`]; the row may have been written in part.
pub fn read_event(
    reading: Reading<'_>,
    bytes: &[u8],
    start: usize,
    end: usize,
    row: usize,
    cells: &mut Cells,
) -> Result<Oddities, Fault> {
    let oddities = Oddities::default();
    let mut reader = Reader { reading, bytes, start, end, at: start, row, cells, oddities };
    if let Err(fault) = str::from_utf8(&bytes[start..end]) {
        reader.at = start + fault.valid_up_to();
        return Err(reader.fault(Reason::BadUtf8, "not UTF-8"));
    }
    reader.skip_space();
    let first = reader.at;
    if reader.peek() == Some(b'{') {
        reader.object(Target::NONE, 1)?;
    } else {
        reader.value(Target::NONE, 0)?;
    }
    let last = reader.at;
    reader.skip_space();
    if reader.at < end {
        return Err(reader.fault(Reason::BadJson, "more follows after the value"));
    }
    if bytes[first] != b'{' {
        reader.at = first;
        return Err(reader.fault(Reason::NotAnObject, "an event is a JSON object"));
    }
    let span = Span { offset: first as u32, len: (last - first) as u32 };
    for leaf in reading.wanted.event_leaves() {
        write_container(*leaf, CellKind::Map, span, row, reader.cells);
    }
    Ok(reader.oddities)
}

struct Reader<'a> {
    reading: Reading<'a>,
    bytes: &'a [u8],
    start: usize,
    end: usize,
    at: usize,
    row: usize,
    cells: &'a mut Cells,
    oddities: Oddities,
}

impl<'a> Reader<'a> {
    fn fault(&self, reason: Reason, message: &'static str) -> Fault {
        Fault { reason, message, offset: self.at - self.start }
    }

    fn bad<T>(&self, message: &'static str) -> Result<T, Fault> {
        Err(self.fault(Reason::BadJson, message))
    }

    fn peek(&self) -> Option<u8> {
        (self.at < self.end).then(|| self.bytes[self.at])
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn leaves(&self, target: Target) -> &'a [Leaf] {
        self.reading.wanted.leaves(target)
    }

    fn value(&mut self, target: Target, depth: usize) -> Result<(), Fault> {
        let start = self.at;
        let seen = match self.peek() {
            None => return self.bad("a value is missing"),
            Some(b'"') => {
                let (from, to) = self.string()?;
                if target.has_leaves() {
                    let bits = unescape_into(&self.bytes[from..to], &mut self.cells.arena).pack();
                    for leaf in self.leaves(target) {
                        let column = &mut self.cells.columns[usize::from(leaf.slot)];
                        column.set(self.row, CellKind::Text, bits);
                    }
                }
                Seen::Text
            }
            Some(b'{') => {
                self.object(target, depth + 1)?;
                self.take_container(target, CellKind::Map, start);
                return Ok(());
            }
            Some(b'[') => {
                self.array(target, depth + 1)?;
                self.take_container(target, CellKind::List, start);
                Seen::List
            }
            Some(b'-' | b'0'..=b'9') => self.number(target)?,
            Some(_) => self.literal(target)?,
        };
        self.mark_mismatch(target, seen);
        Ok(())
    }

    fn take_container(&mut self, target: Target, kind: CellKind, start: usize) {
        let span = Span { offset: start as u32, len: (self.at - start) as u32 };
        for leaf in self.leaves(target) {
            write_container(*leaf, kind, span, self.row, self.cells);
        }
    }

    fn mark_mismatch(&mut self, target: Target, seen: Seen) {
        if target.node == 0 {
            return;
        }
        let node = self.reading.wanted.node(target.node);
        for slot in node.mismatched_by(seen) {
            self.cells.columns[usize::from(*slot)].set(self.row, CellKind::Mismatch, 0);
        }
    }

    /// Reads an object; the event itself is the one at depth 1.
    fn object(&mut self, target: Target, depth: usize) -> Result<(), Fault> {
        self.check_depth(depth)?;
        let is_wanted = target.node != 0 || depth == 1;
        let mut keys = HashSet::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.bad("a key in quotes is missing");
            }
            let key_at = self.at;
            let (from, to) = self.string()?;
            let mut key = Vec::new();
            unescape_into(&self.bytes[from..to], &mut key);
            let inner = self.find(&key, target.node, is_wanted);
            if !keys.insert(key) {
                self.duplicate(inner, key_at)?;
            }
            self.skip_space();
            if self.peek() != Some(b':') {
                return self.bad("a colon is missing after the key");
            }
            self.at += 1;
            self.skip_space();
            self.value(inner, depth)?;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return self.bad("a comma or a closing brace is missing"),
            }
            self.skip_space();
        }
        self.at += 1;
        Ok(())
    }

    fn find(&self, key: &[u8], node: u16, is_wanted: bool) -> Target {
        if !is_wanted {
            return Target::NONE;
        }
        let words = Key::of(key);
        self.reading.wanted.node(node).find(words, words.print(), |text| text == key)
    }

    /// Takes a key that stands twice: what its first value wrote is forgotten.
    fn duplicate(&mut self, target: Target, key_at: usize) -> Result<(), Fault> {
        if self.reading.is_strict {
            self.at = key_at;
            return Err(self.fault(Reason::DuplicateKey, "the key stands twice in its object"));
        }
        self.oddities.duplicate_key = true;
        let mut slots: Vec<u16> = self.leaves(target).iter().map(|leaf| leaf.slot).collect();
        if target.node != 0 {
            slots.extend(self.reading.wanted.node(target.node).slots_below());
        }
        for slot in slots {
            self.cells.columns[usize::from(slot)].set(self.row, CellKind::Missing, 0);
        }
        Ok(())
    }

    fn array(&mut self, target: Target, depth: usize) -> Result<(), Fault> {
        self.check_depth(depth)?;
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        for index in 0.. {
            let element = match target.node {
                0 => Target::NONE,
                node => self.reading.wanted.node(node).element(index),
            };
            self.value(element, depth)?;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return self.bad("a comma or a closing bracket is missing"),
            }
            self.skip_space();
        }
        self.at += 1;
        Ok(())
    }

    fn check_depth(&self, depth: usize) -> Result<(), Fault> {
        if depth > self.reading.depth_max {
            return Err(self.fault(Reason::TooDeep, "nested deeper than the limit"));
        }
        Ok(())
    }

    fn number(&mut self, target: Target) -> Result<Seen, Fault> {
        let start = self.at;
        if self.bytes[start..self.end].starts_with(b"-Infinity") {
            return self.nonfinite(target, 9);
        }
        let Some(len) = number_len(&self.bytes[start..self.end]) else {
            return self.bad("not a number of JSON");
        };
        self.at += len;
        if self.peek().is_some_and(|byte| !is_delimiter(byte)) {
            return self.bad("not a number of JSON");
        }
        for leaf in self.leaves(target) {
            write_number(*leaf, self.bytes, start, self.at, self.row, self.cells);
        }
        Ok(Seen::Number)
    }

    fn literal(&mut self, target: Target) -> Result<Seen, Fault> {
        let rest = &self.bytes[self.at..self.end];
        let (len, seen) = match rest {
            [b't', b'r', b'u', b'e', ..] => (4, Seen::True),
            [b'f', b'a', b'l', b's', b'e', ..] => (5, Seen::False),
            [b'n', b'u', b'l', b'l', ..] => (4, Seen::Null),
            [b'N', b'a', b'N', ..] => return self.nonfinite(target, 3),
            [b'I', b'n', b'f', b'i', b'n', b'i', b't', b'y', ..] => {
                return self.nonfinite(target, 8);
            }
            [b'}' | b']' | b',' | b':', ..] => return self.bad("a value is missing"),
            _ => return self.bad("not a value of JSON"),
        };
        self.end_literal(len, "not a value of JSON")?;
        let start = self.at - len;
        for leaf in self.leaves(target) {
            write_literal(*leaf, seen, start, self.row, self.cells);
        }
        Ok(seen)
    }

    fn end_literal(&mut self, len: usize, message: &'static str) -> Result<(), Fault> {
        let end = self.at + len;
        if end < self.end && !is_delimiter(self.bytes[end]) {
            return self.bad(message);
        }
        self.at = end;
        Ok(())
    }

    fn nonfinite(&mut self, target: Target, len: usize) -> Result<Seen, Fault> {
        if self.reading.is_strict {
            return Err(self.fault(Reason::Nonfinite, "NaN and Infinity are not JSON"));
        }
        self.end_literal(len, "not a value of JSON")?;
        self.oddities.nonfinite = true;
        for leaf in self.leaves(target) {
            write_literal(*leaf, Seen::Null, self.at, self.row, self.cells);
        }
        Ok(Seen::Null)
    }

    /// Reads a string and returns its inside.
    fn string(&mut self) -> Result<(usize, usize), Fault> {
        let open = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => {
                    self.at = open;
                    return self.bad("the string has no end");
                }
                Some(b'"') => break,
                Some(0..=31) => return self.bad("a control character in a string"),
                Some(b'\\') => self.escape()?,
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok((open + 1, self.at - 1))
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let inside = &self.bytes[..self.end];
        match inside.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let Some(unit) = hex4(inside, self.at + 2) else {
                    return self.bad("`\\u` needs four hex digits");
                };
                let is_low = |at: usize| {
                    inside.get(at..at + 2) == Some(b"\\u")
                        && matches!(hex4(inside, at + 2), Some(0xDC00..=0xDFFF))
                };
                match unit {
                    0xD800..=0xDBFF if is_low(self.at + 6) => self.at += 12,
                    0xD800..=0xDFFF if self.reading.is_strict => {
                        return Err(self.fault(Reason::LoneSurrogate, "half a surrogate pair"));
                    }
                    0xD800..=0xDFFF => {
                        self.oddities.surrogate = true;
                        self.at += 6;
                    }
                    _ => self.at += 6,
                }
            }
            _ => return self.bad("not an escape of JSON"),
        }
        Ok(())
    }
}
