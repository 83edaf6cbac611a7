//! Reads the JSON text of a container cell, one level at a time.
//!
//! Decode has checked the text, so this reader trusts its grammar: on anything else it stops early,
//! and never panics. The lenient mode's details hold here too: bare `NaN` and `Infinity` are null, a
//! lone surrogate escape is U+FFFD, the last of equal keys wins.

use std::borrow::Cow;
use std::sync::Arc;

use evcore_event::number::{Number, number_len, parse_number};

use crate::Value;
use crate::value::Map;

/// Returns the elements of a JSON array.
pub fn list(json: &[u8]) -> Vec<Value<'_>> {
    elements(json).collect()
}

/// Returns the elements of a JSON array one after the other.
pub fn elements(json: &[u8]) -> impl Iterator<Item = Value<'_>> {
    let mut reader = Reader::inside(json);
    std::iter::from_fn(move || {
        reader.next_item()?;
        reader.value()
    })
}

/// Returns the entries of a JSON object, each key once.
pub fn map(json: &[u8]) -> Map<'_> {
    let mut map = Map::default();
    for (key, value) in entries(json) {
        map.insert(Value::Text(key), value);
    }
    map
}

/// Returns the entries of a JSON object one after the other; equal keys come as often as they stand.
pub fn entries(json: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Value<'_>)> {
    let mut reader = Reader::inside(json);
    std::iter::from_fn(move || {
        let key = reader.key()?;
        Some((unescape(key), reader.value()?))
    })
}

/// Returns the value of a key of a JSON object.
pub fn get<'a>(json: &'a [u8], wanted: &str) -> Option<Value<'a>> {
    let mut reader = Reader::inside(json);
    let mut found = None;
    while let Some(key) = reader.key() {
        let is_wanted =
            if key.contains(&b'\\') { unescape(key) == wanted } else { key == wanted.as_bytes() };
        let start = reader.at;
        reader.skip()?;
        if is_wanted {
            found = Some(start);
        }
    }
    Reader { json, at: found? }.value()
}

/// Opens a container one level: its elements are no longer [`Value::JsonList`] or
/// [`Value::JsonMap`] themselves, but may hold such.
pub fn open(value: Value<'_>) -> Value<'_> {
    match value {
        Value::JsonList(json) => Value::List(Arc::new(list(json))),
        Value::JsonMap(json) => Value::Map(Arc::new(map(json))),
        other => other,
    }
}

/// Returns the value of a JSON text.
pub fn value(json: &[u8]) -> Option<Value<'_>> {
    Reader { json, at: 0 }.value()
}

struct Reader<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Returns a reader behind the bracket that opens a container.
    fn inside(json: &'a [u8]) -> Reader<'a> {
        let mut reader = Reader { json, at: 0 };
        reader.byte();
        reader.at += 1;
        reader
    }

    /// Goes over blanks and returns the byte after them.
    fn byte(&mut self) -> Option<u8> {
        while let Some(byte) = self.json.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Goes to the next element or key; `None` at the end of the container.
    fn next_item(&mut self) -> Option<()> {
        if self.byte()? == b',' {
            self.at += 1;
        }
        (!matches!(self.byte()?, b']' | b'}')).then_some(())
    }

    /// Returns the next key as it is written and goes past its colon.
    fn key(&mut self) -> Option<&'a [u8]> {
        self.next_item()?;
        let key = self.string()?;
        if self.byte()? == b':' {
            self.at += 1;
        }
        Some(key)
    }

    /// Returns the inside of a string as it is written.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            match self.json.get(at)? {
                b'"' => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        Some(&self.json[start..at])
    }

    /// Goes past one value.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.byte()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => self.at += 1,
                _ => self.at += self.scalar_len(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// Returns the length of a number or word, at least 1 so that every loop ends.
    fn scalar_len(&self) -> usize {
        let rest = &self.json[self.at..];
        let is_end = |byte: &u8| {
            matches!(byte, b',' | b']' | b'}' | b':' | b'"' | b'[' | b'{')
                || byte.is_ascii_whitespace()
        };
        rest.iter().position(is_end).unwrap_or(rest.len()).max(1)
    }

    fn value(&mut self) -> Option<Value<'a>> {
        let first = self.byte()?;
        let start = self.at;
        match first {
            b'"' => Some(Value::Text(unescape(self.string()?))),
            b'{' | b'[' => {
                self.skip()?;
                let json = &self.json[start..self.at];
                Some(if first == b'{' { Value::JsonMap(json) } else { Value::JsonList(json) })
            }
            _ => {
                self.at += self.scalar_len();
                let word = &self.json[start..self.at];
                Some(match word {
                    b"true" => Value::Bool(true),
                    b"false" => Value::Bool(false),
                    _ => number(word),
                })
            }
        }
    }
}

/// Returns the value of a number; `null` and what the lenient mode reads as null give null.
fn number(word: &[u8]) -> Value<'static> {
    if number_len(word) != Some(word.len()) {
        return Value::Null;
    }
    match parse_number(word) {
        Number::Int(value) => Value::Integral(i128::from(value)),
        Number::Uint(value) => Value::Integral(i128::from(value)),
        Number::Double(value) => Value::Double(value),
    }
}

/// Returns the text that the inside of a JSON string stands for.
fn unescape(raw: &[u8]) -> Cow<'_, str> {
    if !raw.contains(&b'\\') {
        return String::from_utf8_lossy(raw);
    }
    let mut text = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        if byte != b'\\' {
            text.push(byte);
            at += 1;
            continue;
        }
        let letter = raw.get(at + 1).copied().unwrap_or(b'\\');
        at += 2;
        text.push(match letter {
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (character, length) = unicode_escape(&raw[at.min(raw.len())..]);
                at += length;
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            other => other,
        });
    }
    Cow::Owned(String::from_utf8_lossy(&text).into_owned())
}

/// Returns the character of the digits after `\u`, and how many bytes they and a second half take.
fn unicode_escape(rest: &[u8]) -> (char, usize) {
    let unit = |at: usize| {
        let digits = str::from_utf8(rest.get(at..at + 4)?).ok()?;
        u32::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else { return (char::REPLACEMENT_CHARACTER, 0) };
    if (0xD800..0xDC00).contains(&first)
        && rest.get(4..6) == Some(b"\\u")
        && let Some(second @ 0xDC00..0xE000) = unit(6)
    {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 10);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> String {
        value(json.as_bytes()).map_or("none".to_owned(), |v| format!("{:?}", open(v)))
    }

    #[test]
    fn scalars_are_read() {
        assert_eq!(shown(" true "), "Bool(true)");
        assert_eq!(shown("null"), "Null");
        assert_eq!(shown("NaN"), "Null");
        assert_eq!(shown("-Infinity"), "Null");
        assert_eq!(shown("9007199254740993"), "Integral(9007199254740993)");
        assert_eq!(shown("18446744073709551615"), "Integral(18446744073709551615)");
        assert_eq!(shown("1.5"), "Double(1.5)");
        assert_eq!(shown("-0"), "Double(-0.0)");
        assert_eq!(shown(r#""a\"\\\/\n\u00e9\ud83d\ude00""#), "Text(\"a\\\"\\\\/\\né😀\")");
        assert_eq!(shown(r#""\ud800x\udc00""#), "Text(\"\u{FFFD}x\u{FFFD}\")");
    }

    #[test]
    fn containers_are_read_one_level() {
        assert_eq!(shown("[ ]"), "List([])");
        let Some(Value::JsonList(json)) = value(br#" [1, "a]", [2,[3]], {"k":"}"} ]"#) else {
            panic!("a list");
        };
        let items = list(json);
        assert_eq!(items.len(), 4);
        assert!(matches!(items[2], Value::JsonList(b"[2,[3]]")));
        assert!(matches!(items[3], Value::JsonMap(br#"{"k":"}"}"#)));
    }

    #[test]
    fn the_last_of_equal_keys_wins_at_the_place_of_the_first() {
        let json = br#"{"a":1,"b":2,"\u0061":3}"#;
        let map = map(json);
        let keys: Vec<_> = map.entries().iter().map(|(key, _)| format!("{key:?}")).collect();
        assert_eq!(keys, [r#"Text("a")"#, r#"Text("b")"#]);
        assert!(matches!(map.get(&Value::text("a")), Some(Value::Integral(3))));
        assert!(matches!(get(json, "a"), Some(Value::Integral(3))));
        assert!(matches!(get(json, "b"), Some(Value::Integral(2))));
        assert!(get(json, "c").is_none());
    }

    #[test]
    fn text_that_is_not_json_ends_early() {
        for json in
            ["", "[", "{", "[1", "{\"a", "{\"a\":", "{\"a\\", "]", "[}", "\"\\u12", "{1:2", "[,,]"]
        {
            let _ = value(json.as_bytes()).map(open);
            let _ = (list(json.as_bytes()), map(json.as_bytes()), get(json.as_bytes(), "a"));
        }
    }
}
