//! Regular expressions with RE2's meaning, run by the `regex` crate.
//!
//! CEL's `matches` is defined by RE2 (<https://github.com/google/re2/wiki/Syntax>). The `regex` crate
//! descends from RE2 but reads some patterns differently, so a pattern is read here by RE2's rules
//! and written anew. What would differ without that:
//!
//! * `\d \w \s \b` and their negations are ASCII in RE2, Unicode in `regex`; `\s` has no `\v`.
//! * `\<`, `\>` are literal; `\Q…\E` quotes; `\C` is a byte; `\1` is refused, `\12` is octal.
//! * `{` that begins no count is literal, also `{,3}`; counts end at 1,000; `a**` is refused.
//! * Flags are `i m s U`: no `x`, `u`, `R`. In a class `&&`, `--`, `~~` and `[` are literal.
//! * `\p{…}` takes general categories, scripts and `Any`, each under its exact name. Unicode's
//!   version is that of the `regex` crate.
//!
//! Groups are written as non-capturing and the `U` flag is dropped: neither changes whether a text
//! matches.

use std::sync::Arc;

use crate::limits::PATTERN_BYTES_MAX;

mod class;
mod translate;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: Arc<str>,
    regex: regex::bytes::Regex,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in a line: not RE2, or larger than [`PATTERN_BYTES_MAX`].
    ///
    /// ```
    /// use evcore_rule::regex_re2::Pattern;
    /// assert!(Pattern::new(r"^Order\s").unwrap().is_match(b"Order Completed"));
    /// assert!(Pattern::new(r"(?=a)").is_err());
    /// ```
    pub fn new(source: &str) -> Result<Pattern, String> {
        let translated = translate::translate(source)?;
        let regex = regex::bytes::RegexBuilder::new(&translated)
            .size_limit(PATTERN_BYTES_MAX)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "it is too large when compiled".to_owned(),
                other => {
                    let text = other.to_string();
                    let last = text.lines().last().unwrap_or_default();
                    last.trim_start_matches("error: ").to_owned()
                }
            })?;
        Ok(Pattern { source: source.into(), regex })
    }

    /// Returns the pattern as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns whether the pattern matches anywhere in a text.
    #[inline]
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.source == other.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern)
            .unwrap_or_else(|problem| panic!("{pattern}: {problem}"))
            .is_match(text.as_bytes())
    }

    #[test]
    fn classes_are_ascii() {
        for (pattern, text, expected) in [
            (r"\d", "٣", false),
            (r"\d", "3", true),
            (r"^\D$", "٣", true),
            (r"\w", "é", false),
            (r"^\W$", "é", true),
            (r"\s", "\u{A0}", false),
            (r"\s", "\x0B", false),
            (r"\s", "\t", true),
            (r"[[:space:]]", "\x0B", true),
            (r"[\d_]", "٣", false),
            (r"^[^\d]$", "٣", true),
            (r"^[\D]$", "é", true),
            (r"é\b", "é", false),
            (r"\bé", "aé", true),
            (r"é\B", "é", true),
            (r"[[:^alpha:]]", "a", false),
            (r"(?i)k", "\u{212A}", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_regex_reads_differently_is_literal() {
        for (pattern, text, expected) in [
            (r"\<a\>", "<a>", true),
            (r"\<a", "a", false),
            (r"a{,3}", "a{,3}", true),
            (r"^a{,3}$", "aa", false),
            (r"a{", "a{", true),
            (r"a{x}", "a{x}", true),
            (r"{", "{", true),
            (r"[a&&b]", "&", true),
            (r"[[a]", "[", true),
            (r"^[a-b&&b]$", "a", true),
            (r"[*--x]", "-", true),
            (r"[]a]", "]", true),
            (r"[^]a]", "]", false),
            (r"a]", "a]", true),
            (r"a}", "a}", true),
            (r"a #b", "a #b", true),
            (r"\Qa.b\E.", "a.bc", true),
            (r"\Qa.b\E", "axb", false),
            (r"\Q\d", r"\d", true),
            (r"^\Qab\E+$", "abb", true),
            (r"\x41\x{42}\103", "ABC", true),
            (r"\12", "\n", true),
            (r"\0", "\0", true),
            (r"^\C\C$", "é", true),
            (r"\pL\p{Greek}\P{Nd}", "aωx", true),
            (r"^\p{^Greek}$", "ω", false),
            (r"^\p{Any}$", "ω", true),
            (r"[\p{Greek}\d]", "ω", true),
            (r"(?P<n>a)(?<m>b)(?:c)(?i:D)", "abcd", true),
            (r"(?U)a+", "aa", true),
            (r"(?s).", "\n", true),
            (r".", "\n", false),
            (r"a$", "a\n", false),
            (r"(?m)a$", "a\nb", true),
            (r"^[^a]$", "\n", true),
            (r"a(?i)b|c", "C", true),
            (r"", "x", true),
            (r"a||b", "", true),
            (r"()", "", true),
            (r"^*", "", true),
            (r"a{0}", "b", true),
            (r"^a{2}$", "aa", true),
            (r"^a{2,}?$", "aaa", true),
            (r"^(?:a{1000})?$", "", true),
            (r"[a-]", "-", true),
            (r"[\-\]\\]", "\\", true),
            (r"\_\-\/\@", "_-/@", true),
            (r"\a\f\t\n\r\v", "\x07\x0C\t\n\r\x0B", true),
            (r"\Aab\z", "ab", true),
            (r"[\x{1F600}-\x{1F610}]", "😀", true),
            (r"\p{C}", "\u{378}", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text:?}");
        }
    }

    #[test]
    fn what_re2_refuses_is_refused() {
        for pattern in [
            "(",
            ")",
            "[",
            "[a",
            "[]",
            "*",
            "a**",
            "a+*",
            "a{2}{3}",
            "|*",
            "(*)",
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?x)a",
            "(?u)a",
            "(?R)a",
            "(?",
            "(?P<n",
            "(?P<>a)",
            "(?P<n>a)(?P<n>b)",
            "(?P=n)",
            r"\1",
            r"\8",
            r"\Z",
            r"\y",
            r"\k<n>",
            r"\",
            r"\x",
            r"\x{}",
            r"\x{110000}",
            r"\x{D800}",
            r"\pQ",
            r"\p{greek}",
            r"\p{Alphabetic}",
            r"\p",
            r"\p{",
            "[z-a]",
            r"[a-\d]",
            "[[:foo:]]",
            r"[\C]",
            r"[\b]",
            "a{1001}",
            "a{2,1}",
            "(a{100}){100}",
            "(?i-)a",
            "(?--i)a",
            r"\u0041",
            r"\N",
            r"\R",
            r"\X",
            r"\G",
            r"\h",
            "a{1000}{2}",
            "(?i",
        ] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
        let large = Pattern::new(r"((\pL{100}){10}|x){1}[\pL\pN]{500}");
        assert!(large.is_err_and(|problem| problem.contains("too large")));
    }
}
