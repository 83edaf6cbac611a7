//! Reads a pattern by RE2's rules and writes it in the `regex` crate's syntax.

use std::fmt::Write;

use super::class;
use crate::limits::PATTERN_REPEAT_MAX;

/// Returns the pattern in the `regex` crate's syntax.
pub(super) fn translate(source: &str) -> Result<String, String> {
    let mut translator = Translator {
        rest: source,
        out: String::with_capacity(source.len() + 16),
        groups: vec![Group::default()],
        names: Vec::new(),
    };
    while !translator.rest.is_empty() {
        translator.item()?;
    }
    if translator.groups.len() > 1 {
        return Err("a `(` is not closed".to_owned());
    }
    Ok(translator.out)
}

/// A group that is open.
#[derive(Default)]
struct Group {
    /// The greatest product of counts inside.
    repeat: u32,
    /// What a repetition would apply to.
    last: Last,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Last {
    /// Nothing: the start of the pattern, of a group or of an alternative.
    #[default]
    Nothing,
    /// An item with that product of counts inside.
    Item(u32),
    /// A repetition: a second one is refused.
    Repetition,
}

struct Translator<'a> {
    rest: &'a str,
    out: String,
    groups: Vec<Group>,
    names: Vec<&'a str>,
}

impl<'a> Translator<'a> {
    fn take(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    fn put_item(&mut self, text: &str) {
        self.out.push_str(text);
        self.group().last = Last::Item(1);
    }

    fn put_literal(&mut self, c: char) {
        put_char(&mut self.out, c);
        self.group().last = Last::Item(1);
    }

    /// Translates one item, operator or bracket.
    fn item(&mut self) -> Result<(), String> {
        let Some(c) = self.next() else { return Ok(()) };
        match c {
            '(' => return self.open(),
            ')' => {
                let closed = self.groups.pop().unwrap_or_default();
                if self.groups.is_empty() {
                    return Err("a `)` has no `(`".to_owned());
                }
                self.out.push(')');
                let group = self.group();
                group.last = Last::Item(closed.repeat.max(1));
                group.repeat = group.repeat.max(closed.repeat);
            }
            '|' => {
                self.out.push('|');
                self.group().last = Last::Nothing;
            }
            '*' | '+' | '?' => return self.repeat(&c.to_string(), 1),
            '{' => match counts(self.rest) {
                Some((least, most, length)) => {
                    self.rest = &self.rest[length..];
                    let top = most.unwrap_or(least);
                    if least > PATTERN_REPEAT_MAX || top > PATTERN_REPEAT_MAX {
                        return Err(format!("a count is above {PATTERN_REPEAT_MAX}"));
                    }
                    if top < least {
                        return Err(format!("the count {{{least},{top}}} ends before it starts"));
                    }
                    let text = match most {
                        Some(most) => format!("{{{least},{most}}}"),
                        None => format!("{{{least},}}"),
                    };
                    return self.repeat(&text, top.max(1));
                }
                None => self.put_literal('{'),
            },
            '[' => return self.class(),
            '\\' => return self.escape(),
            '^' | '$' | '.' => self.put_item(c.encode_utf8(&mut [0; 4])),
            literal => self.put_literal(literal),
        }
        Ok(())
    }

    fn repeat(&mut self, text: &str, count: u32) -> Result<(), String> {
        let inner = match self.group().last {
            Last::Nothing => return Err(format!("`{text}` has nothing to repeat")),
            Last::Repetition => {
                return Err(format!("`{text}` stands after another repetition"));
            }
            Last::Item(inner) => inner,
        };
        let product = inner.saturating_mul(count);
        if count > 1 && product > PATTERN_REPEAT_MAX {
            return Err(format!("nested counts multiply to more than {PATTERN_REPEAT_MAX}"));
        }
        self.out.push_str(text);
        // A lazy repetition finds another match, but matches the same texts.
        if self.take("?") {
            self.out.push('?');
        }
        let group = self.group();
        group.repeat = group.repeat.max(product);
        group.last = Last::Repetition;
        Ok(())
    }

    fn open(&mut self) -> Result<(), String> {
        if !self.take("?") {
            self.out.push_str("(?:");
            self.groups.push(Group::default());
            return Ok(());
        }
        if self.take("P<") || (self.rest.starts_with('<') && !self.is_look_behind()) {
            self.take("<");
            let Some(length) = self.rest.find('>') else {
                return Err("the name of a group has no `>`".to_owned());
            };
            let name = &self.rest[..length];
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(is_word) {
                return Err(format!("`{name}` cannot name a group"));
            }
            if self.names.contains(&name) {
                return Err(format!("two groups are named `{name}`"));
            }
            self.names.push(name);
            self.rest = &self.rest[length + 1..];
            self.out.push_str("(?:");
            self.groups.push(Group::default());
            return Ok(());
        }
        self.flags()
    }

    fn is_look_behind(&self) -> bool {
        self.rest.starts_with("<=") || self.rest.starts_with("<!")
    }

    /// Translates `(?flags)` or `(?flags:`, behind the `?`.
    fn flags(&mut self) -> Result<(), String> {
        let (mut on, mut off, mut is_off, mut seen) = (String::new(), String::new(), false, false);
        loop {
            match self.next() {
                Some(flag @ ('i' | 'm' | 's')) => {
                    if is_off {
                        off.push(flag)
                    } else {
                        on.push(flag)
                    }
                    seen = true;
                }
                Some('U') => seen = true,
                Some('-') if !is_off => (is_off, seen) = (true, false),
                Some(end @ (')' | ':')) => {
                    if is_off && !seen {
                        return Err("a `-` in a group takes a flag after it".to_owned());
                    }
                    if end == ')' && !seen {
                        return Err("`(?)` has no flag".to_owned());
                    }
                    self.put_flags(&on, &off, end);
                    return Ok(());
                }
                Some('=' | '!' | '<') => {
                    return Err("RE2 has no look-ahead and no look-behind".to_owned());
                }
                Some(other) => {
                    return Err(format!("`(?{other}` is not a group; flags are i, m, s and U"));
                }
                None => return Err("a `(?` is not closed".to_owned()),
            }
        }
    }

    fn put_flags(&mut self, on: &str, off: &str, end: char) {
        // The crate refuses a flag that stands twice.
        let once = |flags: &str| -> String {
            ['i', 'm', 's'].into_iter().filter(|flag| flags.contains(*flag)).collect()
        };
        let off = once(off);
        let mut on = once(on);
        on.retain(|flag| !off.contains(flag));
        let minus = if off.is_empty() { "" } else { "-" };
        if end == ':' {
            let _ = write!(self.out, "(?{on}{minus}{off}:");
            self.groups.push(Group::default());
        } else if !(on.is_empty() && off.is_empty()) {
            let _ = write!(self.out, "(?{on}{minus}{off})");
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        let start = self.rest;
        match self.next() {
            None => return Err("the pattern ends in a `\\`".to_owned()),
            Some('A') => self.put_item(r"\A"),
            Some('z') => self.put_item(r"\z"),
            Some('b') => self.put_item(r"(?-u:\b)"),
            Some('B') => self.put_item(r"(?-u:\B)"),
            Some('C') => self.put_item(r"(?s-u:.)"),
            Some('Q') => {
                let length = self.rest.find(r"\E").unwrap_or(self.rest.len());
                let quoted = &self.rest[..length];
                self.rest = &self.rest[(length + 2).min(self.rest.len())..];
                quoted.chars().for_each(|c| self.put_literal(c));
            }
            Some('p' | 'P') => {
                self.rest = start;
                let class = self.property()?;
                self.put_item(&class);
            }
            Some(letter) if class::perl(letter).is_some() => {
                self.put_item(class::perl(letter).unwrap_or_default());
            }
            Some(_) => {
                self.rest = start;
                let c = self.escaped_char()?;
                self.put_literal(c);
            }
        }
        Ok(())
    }

    /// Returns the class of `pN` or `p{Name}`, behind the backslash.
    fn property(&mut self) -> Result<String, String> {
        let mut is_negated = self.next() == Some('P');
        let name = if self.take("{") {
            let Some(length) = self.rest.find('}') else {
                return Err("`\\p{` is not closed".to_owned());
            };
            let name = &self.rest[..length];
            self.rest = &self.rest[length + 1..];
            name
        } else {
            let length = self.rest.chars().next().map_or(0, char::len_utf8);
            let name = &self.rest[..length];
            self.rest = &self.rest[length..];
            name
        };
        let bare = name.strip_prefix('^').unwrap_or(name);
        is_negated ^= bare.len() < name.len();
        class::property(bare, is_negated).ok_or_else(|| format!("RE2 has no class `\\p{{{name}}}`"))
    }

    /// Returns the character of an escape, behind the backslash.
    fn escaped_char(&mut self) -> Result<char, String> {
        let Some(c) = self.next() else { return Err("the pattern ends in a `\\`".to_owned()) };
        Ok(match c {
            'a' => '\x07',
            'f' => '\x0C',
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'v' => '\x0B',
            'x' => return self.hex(),
            '0'..='7' => {
                let is_octal = |c: char| ('0'..='7').contains(&c);
                if c != '0' && !self.rest.starts_with(is_octal) {
                    return Err(format!("RE2 has no back-reference such as `\\{c}`"));
                }
                let mut code = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    if let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(8)) {
                        code = code * 8 + digit;
                        self.rest = &self.rest[1..];
                    }
                }
                char::from_u32(code).ok_or("an octal escape is out of range")?
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
            c => return Err(format!("RE2 has no escape `\\{c}`")),
        })
    }

    fn hex(&mut self) -> Result<char, String> {
        let digits = if self.take("{") {
            let length = self.rest.find('}').ok_or("`\\x{` is not closed")?;
            let digits = &self.rest[..length];
            self.rest = &self.rest[length + 1..];
            digits
        } else {
            let digits = self.rest.get(..2).ok_or("`\\x` takes two hexadecimal digits")?;
            self.rest = &self.rest[2..];
            digits
        };
        let is_hex = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit());
        let code = if is_hex { u32::from_str_radix(digits, 16).ok() } else { None };
        code.and_then(char::from_u32)
            .ok_or_else(|| format!("`{digits}` is not the number of a character"))
    }

    /// Translates a class, behind the `[`.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.take("^") {
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            if self.rest.is_empty() {
                return Err("a `[` is not closed".to_owned());
            }
            if !is_first && self.take("]") {
                break;
            }
            is_first = false;
            if self.class_set()? {
                continue;
            }
            let low = self.class_char()?;
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            if !is_range {
                put_char(&mut self.out, low);
                continue;
            }
            self.take("-");
            if self.rest.is_empty() {
                return Err("a `[` is not closed".to_owned());
            }
            let high = self.class_char()?;
            if high < low {
                return Err(format!("the range `{low}-{high}` ends before it starts"));
            }
            put_char(&mut self.out, low);
            self.out.push('-');
            put_char(&mut self.out, high);
        }
        self.out.push(']');
        self.group().last = Last::Item(1);
        Ok(())
    }

    /// Translates `[:name:]`, `\d`, `\pN` inside a class, if one of them is next.
    fn class_set(&mut self) -> Result<bool, String> {
        if self.rest.starts_with("[:")
            && let Some(length) = self.rest[2..].find(":]")
        {
            let name = &self.rest[2..2 + length];
            if !class::is_posix(name) {
                return Err(format!("there is no class `[:{name}:]`"));
            }
            let _ = write!(self.out, "[:{name}:]");
            self.rest = &self.rest[length + 4..];
            return Ok(true);
        }
        let Some(rest) = self.rest.strip_prefix('\\') else { return Ok(false) };
        match rest.chars().next() {
            Some('p' | 'P') => {
                self.rest = rest;
                let class = self.property()?;
                self.out.push_str(&class);
            }
            Some(letter) if class::perl(letter).is_some() => {
                self.rest = &rest[1..];
                self.out.push_str(class::perl(letter).unwrap_or_default());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn class_char(&mut self) -> Result<char, String> {
        match self.next() {
            Some('\\') => self.escaped_char(),
            Some(c) => Ok(c),
            None => Err("a `[` is not closed".to_owned()),
        }
    }
}

/// Writes one literal character so that nothing in it can be an operator.
fn put_char(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || !c.is_ascii() {
        out.push(c);
    } else {
        let _ = write!(out, "\\x{{{:X}}}", u32::from(c));
    }
}

/// Reads `n}`, `n,}` or `n,m}`: the least and greatest count and the length of the text.
fn counts(text: &str) -> Option<(u32, Option<u32>, usize)> {
    let length = text.find('}')?;
    let number = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        // What does not fit is above the limit anyway.
        is_number.then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (least, most) = match text[..length].split_once(',') {
        None => {
            let count = number(&text[..length])?;
            (count, Some(count))
        }
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    Some((least, most, length + 1))
}
