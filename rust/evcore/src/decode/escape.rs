//! String escapes: the check of a line's, and the text they stand for.

use evcore_event::Span;

/// Returns whether all escapes of a line are good and no surrogate stands alone. `escapes` are the
/// positions after each backslash.
#[inline(never)]
pub fn are_plain(bytes: &[u8], escapes: &[u32]) -> bool {
    let mut low_expected = None;
    for at in escapes.iter().map(|at| *at as usize) {
        let is_low_place = low_expected == Some(at);
        if low_expected.is_some() && !is_low_place {
            return false;
        }
        low_expected = None;
        match bytes[at] {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' if !is_low_place => {}
            b'u' => match (hex4(bytes, at + 1), is_low_place) {
                (Some(0xDC00..=0xDFFF), true) => {}
                (Some(0xD800..=0xDBFF), false) if bytes[at + 5] == b'\\' => {
                    low_expected = Some(at + 6);
                }
                (Some(unit), false) if !(0xD800..=0xDFFF).contains(&unit) => {}
                _ => return false,
            },
            _ => return false,
        }
    }
    low_expected.is_none()
}

/// Returns the number that four hex digits name.
#[inline]
pub fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits
        .iter()
        .try_fold(0, |value, digit| (*digit as char).to_digit(16).map(|digit| value << 4 | digit))
}

/// Appends the text of a string's inside to the arena. Its escapes were checked; a lone surrogate
/// becomes U+FFFD.
pub fn unescape_into(inside: &[u8], arena: &mut Vec<u8>) -> Span {
    let start = arena.len();
    let mut at = 0;
    while at < inside.len() {
        let Some(run) = inside[at..].iter().position(|byte| *byte == b'\\') else {
            arena.extend_from_slice(&inside[at..]);
            break;
        };
        arena.extend_from_slice(&inside[at..at + run]);
        at += run + 2;
        match inside[at - 1] {
            b'b' => arena.push(8),
            b'f' => arena.push(12),
            b'n' => arena.push(b'\n'),
            b'r' => arena.push(b'\r'),
            b't' => arena.push(b'\t'),
            b'u' => at = unescape_unit(inside, at, arena),
            other => arena.push(other),
        }
    }
    Span { offset: Span::ARENA + start as u32, len: (arena.len() - start) as u32 }
}

/// Appends the character whose hex digits start at `at`, and returns where the text goes on.
fn unescape_unit(inside: &[u8], at: usize, arena: &mut Vec<u8>) -> usize {
    let unit = hex4(inside, at).unwrap_or(0xFFFD);
    let (mut code, mut next) = (unit, at + 4);
    if (0xD800..0xDC00).contains(&unit)
        && inside.get(next..next + 2) == Some(b"\\u")
        && let Some(low @ 0xDC00..=0xDFFF) = hex4(inside, next + 2)
    {
        code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        next += 6;
    }
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    arena.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescaped(text: &str) -> String {
        let mut arena = Vec::new();
        unescape_into(text.as_bytes(), &mut arena);
        String::from_utf8(arena).unwrap()
    }

    #[test]
    fn escapes_are_unescaped() {
        assert_eq!(unescaped(r#"a\"\\\/\b\f\n\r\tz"#), "a\"\\/\u{8}\u{c}\n\r\tz");
        assert_eq!(unescaped(r"\u00e9\ud83d\ude00"), "é😀");
        assert_eq!(unescaped(r"\ud83dx\ude00"), "\u{FFFD}x\u{FFFD}");
    }

    #[test]
    fn only_good_escapes_are_plain() {
        let plain = |text: &str| {
            let padded = format!("{text}                ");
            let mut escapes = Vec::new();
            let mut at = 0;
            while let Some(run) = text[at..].find('\\') {
                escapes.push((at + run + 1) as u32);
                at += run + 2;
                if at >= text.len() {
                    break;
                }
            }
            are_plain(padded.as_bytes(), &escapes)
        };
        for good in [r"\n\t\u0041", r"\ud83d\ude00", r"\\", r"\uFFFF\uD7FF\uE000"] {
            assert!(plain(good), "{good}");
        }
        for bad in
            [r"\x", r"\u12g4", r"\ud83d", r"\ude00", r"\ud83d\n", r"\ud83dx\ude00", r"\ud83d\u0041"]
        {
            assert!(!plain(bad), "{bad}");
        }
    }
}
