//! Cuts a rule's text into tokens.
//!
//! Integer literals are kept as magnitudes: `-9223372036854775808` is one literal to the parser.

use std::ops::Range;

use evcore_event::Diagnostic;

use crate::codes;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A name, or a word that the parser knows.
    Name(String),
    /// A name in backticks, allowed after a dot.
    Quoted(String),
    /// A magnitude of up to 64 bits; the parser knows the sign.
    Int(u64),
    /// `12u`
    Uint(u64),
    /// `1.5`, `1e3`, `.5`
    Double(f64),
    /// A string in any of its forms.
    Text(String),
    /// Bytes in any of their forms.
    Bytes(Vec<u8>),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// The end of the rule.
    End,
}

/// Longer symbols first, so that `<=` is not `<` and `=`.
const SYMBOLS: [&str; 25] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}", "=",
];

pub(crate) fn problem(
    code: &'static str,
    span: Range<usize>,
    message: impl Into<String>,
    hint: Option<String>,
) -> Diagnostic {
    Diagnostic { code, message: message.into(), span: Some(span), key_path: String::new(), hint }
}

/// Returns the tokens, the last of them [`Token::End`].
///
/// # Errors
///
/// Every problem of the text; after one in a string or number the rest is still read.
pub(crate) fn lex(source: &str) -> Result<Vec<(Token, Range<usize>)>, Vec<Diagnostic>> {
    let mut lexer = Lexer { source, at: 0, problems: Vec::new() };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let Some(token) = lexer.token() else { continue };
        let end = token == Token::End;
        tokens.push((token, start..lexer.at));
        if end {
            break;
        }
    }
    if lexer.problems.is_empty() { Ok(tokens) } else { Err(lexer.problems) }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    problems: Vec<Diagnostic>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn byte(&self, ahead: usize) -> u8 {
        // No token goes over a NUL, so it can stand for the end.
        self.source.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn fail(&mut self, code: &'static str, span: Range<usize>, message: &str, hint: Option<&str>) {
        self.problems.push(problem(code, span, message, hint.map(str::to_owned)));
    }

    fn skip_blank(&mut self) {
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0C => self.at += 1,
                b'/' if self.byte(1) == b'/' => {
                    self.at += self.rest().find(['\n', '\r']).unwrap_or(self.rest().len());
                }
                _ => break,
            }
        }
    }

    /// Returns the next token, or `None` after a problem.
    fn token(&mut self) -> Option<Token> {
        let Some(first) = self.rest().chars().next() else { return Some(Token::End) };
        if let Some(token) = self.string() {
            return token;
        }
        match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let length = self.rest().find(|c| !is_name(c)).unwrap_or(self.rest().len());
                let name = self.rest()[..length].to_owned();
                self.at += length;
                Some(Token::Name(name))
            }
            '0'..='9' => self.number(),
            '.' if self.byte(1).is_ascii_digit() => self.number(),
            '`' => self.quoted_name(),
            _ => self.symbol(first),
        }
    }

    fn symbol(&mut self, first: char) -> Option<Token> {
        let start = self.at;
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| self.rest().starts_with(symbol)) {
            self.at += symbol.len();
            if symbol == "=" {
                let hint = Some("write `==` to compare");
                self.fail(codes::UNEXPECTED_CHARACTER, start..self.at, "unexpected `=`", hint);
                return None;
            }
            return Some(Token::Symbol(symbol));
        }
        self.at += first.len_utf8();
        let hint = match first {
            '&' => Some("write `&&` for and"),
            '|' => Some("write `||` for or"),
            '“' | '”' | '‘' | '’' => Some("strings stand in straight quotes, \" or '"),
            _ => None,
        };
        let message = format!("unexpected character `{first}`");
        self.fail(codes::UNEXPECTED_CHARACTER, start..self.at, &message, hint);
        None
    }

    fn quoted_name(&mut self) -> Option<Token> {
        let start = self.at;
        let is_inside = |c: char| c.is_ascii_alphanumeric() || "_.-/ ".contains(c);
        let body = &self.source[start + 1..];
        let length = body.find(|c| !is_inside(c)).unwrap_or(body.len());
        self.at = start + 1 + length;
        if length == 0 || self.byte(0) != b'`' {
            // What stands up to the closing backtick is part of the same slip.
            let end = self.rest().find(['`', '\n']).map_or(self.rest().len(), |at| at + 1);
            self.at += end;
            let message = "a name in backticks takes letters, digits, `_ . - /` and spaces";
            let hint = Some("write [\"…\"] for any other key");
            self.fail(codes::UNTERMINATED, start..self.at, message, hint);
            return None;
        }
        self.at += 1;
        Some(Token::Quoted(self.source[start + 1..start + 1 + length].to_owned()))
    }

    fn number(&mut self) -> Option<Token> {
        let start = self.at;
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let is_hex = self.byte(0) == b'0' && matches!(self.byte(1), b'x' | b'X');
        let mut is_double = false;
        if is_hex {
            self.at += 2;
            self.at += self.rest().bytes().take_while(u8::is_ascii_hexdigit).count();
        } else {
            self.at += digits(self.rest());
            if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
                is_double = true;
                self.at += 1;
                self.at += digits(self.rest());
            }
            let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if matches!(self.byte(0), b'e' | b'E') && self.byte(1 + sign).is_ascii_digit() {
                is_double = true;
                self.at += 1 + sign;
                self.at += digits(self.rest());
            }
        }
        let text = &self.source[start..self.at];
        let is_uint = !is_double && matches!(self.byte(0), b'u' | b'U');
        self.at += usize::from(is_uint);
        let tail = self.rest().bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let tail = tail.count();
        self.at += tail;
        let span = start..self.at;
        if tail > 0 || (is_hex && text.len() == 2) {
            let message = format!("`{}` is not a number", &self.source[span.clone()]);
            self.fail(codes::BAD_NUMBER, span, &message, None);
            return None;
        }
        if is_double {
            return match text.parse() {
                Ok(value) if f64::is_finite(value) => Some(Token::Double(value)),
                _ => {
                    self.fail(codes::BAD_NUMBER, span, "the number is too large", None);
                    None
                }
            };
        }
        let magnitude =
            if is_hex { u64::from_str_radix(&text[2..], 16) } else { text.parse::<u64>() };
        match magnitude {
            Ok(value) if is_uint => Some(Token::Uint(value)),
            Ok(value) => Some(Token::Int(value)),
            Err(_) => {
                let hint = Some("write it with `.0` for a double");
                self.fail(codes::BAD_NUMBER, span, "the integer does not fit in 64 bits", hint);
                None
            }
        }
    }

    /// Returns `None` if no string starts here, `Some(None)` after a problem in one.
    fn string(&mut self) -> Option<Option<Token>> {
        let prefix = self.rest().bytes().take_while(|b| b"rRbB".contains(b)).take(2).count();
        let letters = self.rest()[..prefix].to_ascii_lowercase();
        let quote = self.byte(prefix);
        if !matches!(quote, b'"' | b'\'') || letters == "rr" || letters == "bb" {
            return None;
        }
        let (is_raw, is_bytes) = (letters.contains('r'), letters.contains('b'));
        let start = self.at;
        self.at += prefix;
        let triple = [quote; 3];
        let is_triple = self.rest().as_bytes().starts_with(&triple);
        self.at += if is_triple { 3 } else { 1 };
        let mut value = Vec::new();
        let problems_before = self.problems.len();
        loop {
            let byte = self.byte(0);
            let at_end = self.at >= self.source.len();
            if at_end || (!is_triple && matches!(byte, b'\n' | b'\r')) {
                let what = if is_bytes { "bytes have" } else { "the string has" };
                let message = format!("{what} no closing quote");
                self.fail(codes::UNTERMINATED, start..self.at, &message, None);
                return Some(None);
            }
            // By bytes: the lexer may stand inside a character here.
            if is_triple && self.source.as_bytes()[self.at..].starts_with(&triple) {
                self.at += 3;
                break;
            }
            if !is_triple && byte == quote {
                self.at += 1;
                break;
            }
            if byte == b'\\' && !is_raw {
                self.escape(is_bytes, &mut value);
                continue;
            }
            // In a raw string a backslash is a character like any other, also before a quote.
            value.push(byte);
            self.at += 1;
        }
        if self.problems.len() > problems_before {
            return Some(None);
        }
        if is_bytes {
            return Some(Some(Token::Bytes(value)));
        }
        Some(Some(Token::Text(String::from_utf8(value).unwrap_or_default())))
    }

    /// Reads an escape sequence and adds what it stands for.
    fn escape(&mut self, is_bytes: bool, value: &mut Vec<u8>) {
        let start = self.at;
        let letter = self.byte(1);
        let simple = match letter {
            b'\\' | b'?' | b'"' | b'\'' | b'`' => Some(letter),
            b'a' => Some(0x07),
            b'b' => Some(0x08),
            b'f' => Some(0x0C),
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'v' => Some(0x0B),
            _ => None,
        };
        if let Some(byte) = simple {
            value.push(byte);
            self.at += 2;
            return;
        }
        let code = match letter {
            b'x' | b'X' => self.digits_of(2, 2, 16),
            b'u' if !is_bytes => self.unicode_pair(),
            b'U' if !is_bytes => self.digits_of(2, 8, 16),
            b'0'..=b'3' => self.digits_of(1, 3, 8),
            _ => None,
        };
        match code {
            Some(code) if is_bytes => value.push(code as u8),
            Some(code) if char::from_u32(code).is_some() => {
                let c = char::from_u32(code).unwrap_or_default();
                value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => {
                let next = self.source[start + 1..].chars().next();
                self.at = start + 1 + next.map_or(0, char::len_utf8);
                let message = match next {
                    Some('u' | 'U') if is_bytes => "`\\u` stands for a character, not for a byte",
                    Some('u' | 'U' | 'x' | 'X' | '0'..='3') => "the escape stands for no character",
                    _ => "there is no such escape",
                };
                let hint = Some("write `\\\\` for a backslash, or r\"…\" for a raw string");
                self.fail(codes::BAD_ESCAPE, start..self.at, message, hint);
            }
        }
    }

    /// Reads `count` digits from `skip` bytes ahead and goes past them.
    fn digits_of(&mut self, skip: usize, count: usize, radix: u32) -> Option<u32> {
        let text = self.rest().get(skip..skip + count)?;
        if !text.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        let value = u32::from_str_radix(text, radix).ok()?;
        self.at += skip + count;
        Some(value)
    }

    /// Reads `\uXXXX`, or two of them that are a surrogate pair.
    fn unicode_pair(&mut self) -> Option<u32> {
        let high = self.digits_of(2, 4, 16)?;
        if !(0xD800..0xDC00).contains(&high) {
            return Some(high);
        }
        let low =
            if self.rest().starts_with("\\u") { self.digits_of(2, 4, 16)? } else { return None };
        (0xDC00..0xE000).contains(&low).then(|| 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(source: &str) -> Token {
        lex(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"))[0].0.clone()
    }

    fn code(source: &str) -> &'static str {
        lex(source).expect_err(source)[0].code
    }

    #[test]
    fn strings_have_all_forms() {
        let text = |t: &str| Token::Text(t.to_owned());
        assert_eq!(one(r#""a\"b""#), text("a\"b"));
        assert_eq!(one(r#"'a"b'"#), text("a\"b"));
        assert_eq!(one(r"r'\d\\'"), text(r"\d\\"));
        assert_eq!(one("'''a\n'b''c'''"), text("a\n'b''c"));
        assert_eq!(one("R\"\"\"\\\"\"\""), text("\\"));
        assert_eq!(one(r#""\a\b\f\n\r\t\v\\\?\`""#), text("\x07\x08\x0C\n\r\t\x0B\\?`"));
        assert_eq!(one(r#""\xFF\377\u00ff\U000000FF""#), text("ÿÿÿÿ"));
        assert_eq!(one(r#""\ud83d\ude00""#), text("😀"));
        assert_eq!(one(r#"b"\xFF\377ÿ""#), Token::Bytes(vec![255, 255, 195, 191]));
        assert_eq!(one(r#"bR"\n""#), Token::Bytes(b"\\n".to_vec()));
        assert_eq!(one("''"), text(""));
    }

    #[test]
    fn bad_strings_have_codes() {
        for (source, expected) in [
            ("\"a", codes::UNTERMINATED),
            ("'a\nb'", codes::UNTERMINATED),
            ("'''a''", codes::UNTERMINATED),
            (r#""\q""#, codes::BAD_ESCAPE),
            (r#""\ud800""#, codes::BAD_ESCAPE),
            (r#""\U00110000""#, codes::BAD_ESCAPE),
            (r#""\400""#, codes::BAD_ESCAPE),
            (r#"b"\u0041""#, codes::BAD_ESCAPE),
            (r#""\x4""#, codes::BAD_ESCAPE),
        ] {
            assert_eq!(code(source), expected, "{source}");
        }
    }

    #[test]
    fn numbers_have_all_forms() {
        for (source, token) in [
            ("0", Token::Int(0)),
            ("0xfF", Token::Int(255)),
            ("12u", Token::Uint(12)),
            ("0x10U", Token::Uint(16)),
            ("1.5", Token::Double(1.5)),
            (".5", Token::Double(0.5)),
            ("1e3", Token::Double(1000.0)),
            ("1.5E-3", Token::Double(0.0015)),
            ("18446744073709551615", Token::Int(u64::MAX)),
        ] {
            assert_eq!(one(source), token, "{source}");
        }
        for source in ["12ab", "0x", "1e999", "18446744073709551616", "1e5u", "1__2"] {
            assert_eq!(code(source), codes::BAD_NUMBER, "{source}");
        }
    }

    #[test]
    fn comments_and_blanks_are_skipped() {
        let tokens = lex("a // not && this\r\n\t== b").unwrap();
        assert_eq!(tokens.len(), 4);
        assert_eq!(tokens[2].1, 22..23);
        assert_eq!(lex("// only").unwrap(), [(Token::End, 7..7)]);
    }
}
