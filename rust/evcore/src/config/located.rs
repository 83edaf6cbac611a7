//! A value and the place it was written in, so that a problem found much later (a rule that does not
//! compile, a tag that nobody gives) still points into the file.

use std::ops::Range;

/// A value with its place.
///
/// Two are equal if their values are: where a value was written is not part of what it says.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// What the configuration says, or the default.
    pub value: T,
    /// The bytes of the text, with quotes; `None` for a default.
    pub span: Option<Range<usize>>,
    /// Where, as a path of keys: `tag[0].when`.
    pub key_path: String,
}

impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> Located<T> {
    /// Returns a value that stands nowhere: a default.
    pub fn unwritten(value: T, key_path: String) -> Located<T> {
        Located { value, span: None, key_path }
    }

    /// Returns another value at the same place.
    pub fn with<U>(&self, value: U) -> Located<U> {
        Located { value, span: self.span.clone(), key_path: self.key_path.clone() }
    }
}

/// Returns a key path with one more key: bare if it can be, otherwise in quotes.
pub(crate) fn join(path: &str, key: &str) -> String {
    let is_bare = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let key = if is_bare { key.to_owned() } else { format!("\"{}\"", key.escape_debug()) };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_need_quotes_get_them() {
        assert_eq!(join("", "version"), "version");
        assert_eq!(join("types", "attributes.revenue"), "types.\"attributes.revenue\"");
        assert_eq!(join("output.columns", ""), "output.columns.\"\"");
    }
}
