//! Reads JSON into a [`Value`] that knows the bytes of each part, so that a JSON configuration gets
//! the same carets as a TOML one. RFC 8259 to the letter: a configuration is written with care.

use std::ops::Range;

use evcore_event::Diagnostic;
use evcore_event::number::{Number, number_len, parse_number};

use super::codes;
use super::value::{DEPTH_MAX, Entry, Kind, Value};

/// Returns the tree of a JSON text.
///
/// # Errors
///
/// The keys that stand twice, and the first syntax error: past it nothing in JSON tells where the
/// next value starts.
pub(crate) fn read(text: &str) -> Result<Value, Vec<Diagnostic>> {
    let mut reader = Reader { text, at: 0, depth: 0, problems: Vec::new() };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    let value = reader.document();
    match value {
        Ok(value) if reader.problems.is_empty() => Ok(value),
        Ok(_) => Err(reader.problems),
        Err(syntax) => {
            reader.problems.push(*syntax);
            Err(reader.problems)
        }
    }
}

/// Boxed: an error is rare, and large beside a value's few words.
type Read<T> = Result<T, Box<Diagnostic>>;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn document(&mut self) -> Read<Value> {
        let value = self.value()?;
        self.blank();
        match self.peek() {
            None => Ok(value),
            Some(_) => self.fail("expected the end of the text", None),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Read<Value> {
        self.blank();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.nested(Self::table)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.literal()?,
        };
        Ok(Value { kind, span: start..self.at })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Read<Kind>) -> Read<Kind> {
        if self.depth == DEPTH_MAX {
            return self.fail(&format!("nested deeper than {DEPTH_MAX} levels"), None);
        }
        self.depth += 1;
        self.at += 1;
        let kind = read(self)?;
        self.depth -= 1;
        Ok(kind)
    }

    fn table(&mut self) -> Read<Kind> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        self.blank();
        if self.take(b'}') {
            return Ok(Kind::Table(entries));
        }
        loop {
            self.blank();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return self.fail("expected a key in double quotes", Some(self.slip_hint()));
            }
            let key = self.string()?;
            let key_span = start..self.at;
            self.blank();
            if !self.take(b':') {
                return self.fail("expected `:` after the key", None);
            }
            let value = self.value()?;
            if keys.insert(key.clone()) {
                entries.push(Entry { key, key_span, value });
            } else {
                let message = format!("`{key}` stands twice");
                let problem = problem(codes::DUPLICATE_KEY, message, key_span, None);
                self.problems.push(problem);
            }
            self.blank();
            if self.take(b'}') {
                return Ok(Kind::Table(entries));
            }
            if !self.take(b',') {
                return self.fail("expected `,` or `}`", None);
            }
        }
    }

    fn list(&mut self) -> Read<Kind> {
        let mut items = Vec::new();
        self.blank();
        if self.take(b']') {
            return Ok(Kind::List(items));
        }
        loop {
            items.push(self.value()?);
            self.blank();
            if self.take(b']') {
                return Ok(Kind::List(items));
            }
            if !self.take(b',') {
                return self.fail("expected `,` or `]`", None);
            }
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn number(&mut self) -> Read<Kind> {
        let rest = &self.text.as_bytes()[self.at..];
        let Some(length) = number_len(rest) else {
            return self.fail("not a JSON number", None);
        };
        self.at += length;
        Ok(match parse_number(&rest[..length]) {
            Number::Int(value) => Kind::Integer(value.into()),
            Number::Uint(value) => Kind::Integer(value.into()),
            Number::Double(value) => Kind::Float(value),
        })
    }

    fn literal(&mut self) -> Read<Kind> {
        let words =
            [("null", Kind::Null), ("true", Kind::Bool(true)), ("false", Kind::Bool(false))];
        for (word, kind) in words {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        self.fail("expected a value", Some(self.slip_hint()))
    }

    /// Reads a string whose opening quote is next.
    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c| c == '"' || c == '\\' || c < ' ').unwrap_or(rest.len());
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => {
                    let hint = "write a line break as \\n, a tab as \\t".to_owned();
                    return self.fail("a control character inside a string", Some(hint));
                }
                None => return self.fail("the string has no closing quote", None),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let start = self.at;
        let letter = self.text.as_bytes().get(start + 1);
        self.at += 2;
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at = start;
                return self.unicode();
            }
            _ => {
                self.at = start;
                return self.fail("no such escape", Some("a backslash is written `\\\\`".into()));
            }
        })
    }

    /// Reads `\uXXXX`, or two of them that are a surrogate pair.
    fn unicode(&mut self) -> Read<char> {
        let units = [hex4(&self.text[self.at..]), hex4(self.text.get(self.at + 6..).unwrap_or(""))];
        let (unit, length) = match units {
            [Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)] => {
                (0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00), 12)
            }
            [Some(unit), _] => (unit, 6),
            [None, _] => return self.fail("`\\u` needs four hexadecimal digits", None),
        };
        match char::from_u32(unit) {
            Some(character) => {
                self.at += length;
                Ok(character)
            }
            None => self.fail("half of a surrogate pair", None),
        }
    }

    /// Returns what would help where a value or key was expected.
    fn slip_hint(&self) -> String {
        match self.peek() {
            Some(b'\'') => "JSON strings stand in double quotes",
            Some(b'/' | b'#') => "JSON has no comments",
            Some(b'}' | b']') => "JSON takes no comma after the last item",
            None => "the text ends too early",
            _ => "JSON takes \"text\", numbers, true, false, null, [ ] and { }",
        }
        .to_owned()
    }

    fn fail<T>(&self, message: &str, hint: Option<String>) -> Read<T> {
        let character = self.text[self.at..].chars().next();
        let span = self.at..self.at + character.map_or(0, char::len_utf8);
        let found = match character {
            Some(c) => format!("{message}, found `{}`", c.escape_debug()),
            None => format!("{message}, found the end of the text"),
        };
        Err(Box::new(problem(codes::JSON_SYNTAX, found, span, hint)))
    }
}

/// Returns the code unit of a `\uXXXX` that `text` starts with.
fn hex4(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    // `from_str_radix` would take a sign.
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

fn problem(
    code: &'static str,
    message: String,
    span: Range<usize>,
    hint: Option<String>,
) -> Diagnostic {
    Diagnostic { code, message, span: Some(span), key_path: String::new(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn spans_hold_quotes_and_braces() {
        let value = read(" {\"a\\n\": [1, \"é\"]}").unwrap();
        assert_eq!(value.span, 1..18 + 1);
        let Kind::Table(entries) = value.kind else { panic!() };
        assert_eq!((entries[0].key.as_str(), entries[0].key_span.clone()), ("a\n", 2..7));
        let Kind::List(items) = &entries[0].value.kind else { panic!() };
        assert_eq!(items[1], Value { kind: Kind::Text("é".into()), span: 13..17 });
    }

    #[test]
    fn escapes_are_decoded() {
        let text = r#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00""#;
        let value = read(text).unwrap();
        assert_eq!(value.kind, Kind::Text("\"\\/\u{8}\u{c}\n\r\tAé😀".into()));
    }

    #[test]
    fn numbers_keep_their_kind() {
        assert_eq!(read("18446744073709551615").unwrap().kind, Kind::Integer(u64::MAX.into()));
        assert_eq!(read("-1").unwrap().kind, Kind::Integer(-1));
        assert_eq!(read("1e2").unwrap().kind, Kind::Float(100.0));
    }

    #[test]
    fn the_depth_limit_is_exact() {
        assert!(read(&nested(DEPTH_MAX)).is_ok());
        let problems = read(&nested(DEPTH_MAX + 1)).unwrap_err();
        assert_eq!(problems[0].span, Some(DEPTH_MAX..DEPTH_MAX + 1));
    }

    #[test]
    fn what_is_not_json_is_pointed_at() {
        for (text, at, part) in [
            ("", 0, "expected a value"),
            ("{", 1, "a key in double quotes"),
            ("{'a': 1}", 1, "a key in double quotes"),
            ("{\"a\" 1}", 5, "`:`"),
            ("{\"a\": 1,}", 8, "a key"),
            ("[1 2]", 3, "`,` or `]`"),
            ("[1,]", 3, "expected a value"),
            ("01", 1, "the end"),
            ("-", 0, "number"),
            ("\"a", 2, "closing quote"),
            ("\"a\nb\"", 2, "control character"),
            ("\"\\x\"", 1, "escape"),
            ("\"\\u12g4\"", 1, "hexadecimal"),
            ("\"\\ud800\"", 1, "surrogate"),
            ("\"\\ud800\\u0041\"", 1, "surrogate"),
            ("nul", 0, "expected a value"),
            ("1 // x", 2, "the end"),
        ] {
            let problems = read(text).unwrap_err();
            assert_eq!(problems.len(), 1, "{text}");
            assert_eq!(problems[0].span.clone().unwrap().start, at, "{text}");
            assert!(problems[0].message.contains(part), "{text}: {}", problems[0].message);
        }
    }
}
