//! From a byte of a text's value to the byte of the file that wrote it: a rule's error must point
//! inside the TOML or JSON string that holds the rule, past quotes, escapes and dropped line breaks.

use std::ops::Range;

/// A run of the value and the bytes it was written with.
struct Run {
    value: Range<usize>,
    written: Range<usize>,
    /// Whether each byte stands for itself; if not, the run is one escape.
    is_verbatim: bool,
}

/// Returns the bytes of `source` that wrote the bytes `inner` of `value`, a string or key that
/// stands at `span`. Where the string cannot be followed, all of `span`.
pub(crate) fn span_inside(
    source: &str,
    span: &Range<usize>,
    value: &str,
    inner: Range<usize>,
) -> Range<usize> {
    let runs = source.get(span.clone()).and_then(|raw| runs(raw, value));
    let Some(runs) = runs else { return span.clone() };
    let inner = inner.start.min(value.len())..inner.end.min(value.len());
    let start = written_start(&runs, inner.start);
    let end = if inner.is_empty() { start } else { written_end(&runs, inner.end) };
    span.start + start..span.start + end.max(start)
}

/// Returns where the value's byte `at` was written; past the value's end, where its text ended.
fn written_start(runs: &[Run], at: usize) -> usize {
    match runs.iter().find(|run| run.value.contains(&at)) {
        Some(run) if run.is_verbatim => run.written.start + (at - run.value.start),
        Some(run) => run.written.start,
        None => runs.last().map_or(0, |run| run.written.end),
    }
}

/// Returns the end of what wrote the value's byte before `end`.
fn written_end(runs: &[Run], end: usize) -> usize {
    match runs.iter().find(|run| run.value.contains(&(end - 1))) {
        Some(run) if run.is_verbatim => run.written.start + (end - run.value.start),
        Some(run) => run.written.end,
        None => runs.last().map_or(0, |run| run.written.end),
    }
}

/// Returns the runs of a string as it is written, quotes and all; `None` if `raw` is no way to
/// write `value`.
fn runs(raw: &str, value: &str) -> Option<Vec<Run>> {
    let (quote, has_escapes) = match raw {
        _ if raw.starts_with("'''") && raw.len() >= 6 => ("'''", false),
        _ if raw.starts_with("\"\"\"") && raw.len() >= 6 => ("\"\"\"", true),
        _ if raw.starts_with('\'') => ("'", false),
        _ if raw.starts_with('"') => ("\"", true),
        _ => ("", false),
    };
    let mut at = quote.len();
    let end = raw.strip_suffix(quote)?.len();
    if quote.len() == 3 {
        // TOML drops a line break right after the opening quotes.
        let rest = &raw[at..];
        at += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }
    let body = raw.get(..end).filter(|_| at <= end)?;
    let mut runs = vec![Run { value: 0..0, written: at..at, is_verbatim: true }];
    let mut made = 0;
    while at < end {
        let rest = &body[at..];
        let (written, length, is_verbatim) = if has_escapes && rest.starts_with('\\') {
            let (written, length) = escape(rest)?;
            (written, length, false)
        } else if rest.starts_with("\r\n") && value.as_bytes().get(made) == Some(&b'\n') {
            (2, 1, false)
        } else {
            let length = rest.chars().next()?.len_utf8();
            if value.as_bytes().get(made..made + length)? != &rest.as_bytes()[..length] {
                return None;
            }
            (length, length, true)
        };
        match runs.last_mut() {
            Some(last) if last.is_verbatim && is_verbatim => {
                last.value.end += length;
                last.written.end += written;
            }
            _ => runs.push(Run {
                value: made..made + length,
                written: at..at + written,
                is_verbatim,
            }),
        }
        at += written;
        made += length;
    }
    (made == value.len()).then_some(runs)
}

/// Returns how many bytes an escape takes, and how many bytes of the value it makes.
fn escape(text: &str) -> Option<(usize, usize)> {
    let digits = match text.as_bytes().get(1)? {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        b'\n' | b'\r' | b' ' | b'\t' => {
            // A backslash before a line break drops all blanks up to the next character.
            let blank =
                text[1..].len() - text[1..].trim_start_matches([' ', '\t', '\r', '\n']).len();
            return Some((1 + blank, 0));
        }
        _ => return Some((2, 1)),
    };
    let unit = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
    match char::from_u32(unit) {
        Some(character) => Some((2 + digits, character.len_utf8())),
        // The first half of JSON's surrogate pair: twelve bytes make one character of four.
        None => Some((12, 4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what `inner` of the value was written with, for a string alone in a file.
    fn written<'t>(raw: &'t str, value: &str, inner: &str) -> &'t str {
        let start = value.find(inner).unwrap();
        &raw[span_inside(raw, &(0..raw.len()), value, start..start + inner.len())]
    }

    #[test]
    fn each_way_to_write_a_string_is_followed() {
        for (raw, value, inner, expected) in [
            ("'ab cd'", "ab cd", "cd", "cd"),
            ("\"ab\\ncd\"", "ab\ncd", "cd", "cd"),
            ("\"ab\\ncd\"", "ab\ncd", "\n", "\\n"),
            ("\"\\u00e9x\"", "éx", "x", "x"),
            ("\"\\u00e9x\"", "éx", "éx", "\\u00e9x"),
            ("\"\\xe9x\"", "éx", "x", "x"),
            ("\"\\U0001f600x\"", "😀x", "x", "x"),
            ("\"\\ud83d\\ude00x\"", "😀x", "x", "x"),
            ("\"😀x\"", "😀x", "x", "x"),
            ("'''\nab\ncd'''", "ab\ncd", "cd", "cd"),
            ("'''\r\nab\r\ncd'''", "ab\ncd", "cd", "cd"),
            ("'''\r\nab\r\ncd'''", "ab\r\ncd", "cd", "cd"),
            ("\"\"\"ab \\\n   cd\"\"\"", "ab cd", "cd", "cd"),
            ("\"\"\"a\"b\"\"\"\"", "a\"b\"", "b", "b"),
            ("bare", "bare", "re", "re"),
            ("''", "", "", ""),
        ] {
            assert_eq!(written(raw, value, inner), expected, "{raw}");
        }
    }

    #[test]
    fn an_empty_place_is_an_empty_span() {
        assert_eq!(span_inside("x = 'ab'", &(4..8), "ab", 2..2), 7..7);
        assert_eq!(span_inside("x = 'ab'", &(4..8), "ab", 9..12), 7..7);
    }

    #[test]
    fn what_cannot_be_followed_is_the_whole() {
        assert_eq!(span_inside("x = 'ab'", &(4..8), "other", 1..2), 4..8);
        assert_eq!(span_inside("x", &(4..8), "other", 1..2), 4..8);
    }
}
