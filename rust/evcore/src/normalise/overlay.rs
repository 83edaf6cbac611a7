//! One JSON object laid over another: the keys of both, the values of the upper where both have one.

use std::collections::HashSet;

/// Appends `upper` laid over `lower` to `out`. Both are valid JSON objects.
///
/// Keys are compared as they are written: `"a"` and `"\u0061"` stay two, and readers take the last.
pub fn overlay(lower: &[u8], upper: &[u8], out: &mut Vec<u8>) {
    let upper_entries: Vec<(&[u8], &[u8])> = Entries::of(upper).collect();
    let keys: HashSet<&[u8]> = upper_entries.iter().map(|(key, _)| *key).collect();
    let kept = Entries::of(lower).filter(|(key, _)| !keys.contains(key));
    out.push(b'{');
    for (at, (key, value)) in kept.chain(upper_entries.iter().copied()).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(key);
        out.push(b':');
        out.extend_from_slice(value);
    }
    out.push(b'}');
}

/// The entries of a valid JSON object: each key with its quotes, each value as its text.
struct Entries<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Entries<'a> {
    fn of(json: &'a [u8]) -> Entries<'a> {
        let open = json.iter().position(|byte| *byte == b'{').unwrap_or(json.len());
        Entries { json, at: open + 1 }
    }

    /// Returns the text from here to the first of `ends` outside strings and inner containers.
    fn until(&mut self, ends: &[u8]) -> &'a [u8] {
        let start = self.at;
        let (mut depth, mut in_string) = (0_usize, false);
        while let Some(byte) = self.json.get(self.at) {
            match byte {
                b'\\' if in_string => self.at += 1,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                end if depth == 0 && ends.contains(end) => break,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        let text = self.json[start..self.at.min(self.json.len())].trim_ascii();
        self.at += 1;
        text
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.until(b":}");
        if key.is_empty() {
            return None;
        }
        Some((key, self.until(b",}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_value_wins_and_no_key_stands_twice() {
        for (lower, upper, whole) in [
            ("{}", "{}", "{}"),
            (r#"{"a":1}"#, "{}", r#"{"a":1}"#),
            ("{ }", r#"{ "a" : [1, 2] }"#, r#"{"a":[1, 2]}"#),
            (
                r#"{"a":{"x":"}"},"b":"\",{","c":[{}]}"#,
                r#"{"a":null}"#,
                r#"{"b":"\",{","c":[{}],"a":null}"#,
            ),
        ] {
            let mut out = Vec::new();
            overlay(lower.as_bytes(), upper.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), whole);
        }
    }
}
