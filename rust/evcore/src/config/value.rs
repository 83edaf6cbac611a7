//! What a configuration text says, before it means anything: one tree for TOML and JSON, each part
//! with the bytes it came from.

use std::ops::Range;

/// Deepest nesting of a configuration. The deepest that means something has four levels; the limit
/// keeps the readers' recursion far from the end of a small thread's stack.
pub(crate) const DEPTH_MAX: usize = 64;

/// A value and the bytes of the text that it came from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Value {
    pub kind: Kind,
    pub span: Range<usize>,
}

/// What sort of value it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// JSON's `null`: as if the key were not there.
    Null,
    Bool(bool),
    /// Wide enough that a number too large for its key is still known to be whole.
    Integer(i128),
    Float(f64),
    Text(String),
    /// A TOML date or time; no key takes one.
    Datetime,
    List(Vec<Value>),
    /// In the order of the text.
    Table(Vec<Entry>),
}

/// A key of a table and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub key: String,
    /// The key's bytes, with its quotes if it has any.
    pub key_span: Range<usize>,
    pub value: Value,
}

impl Value {
    /// Returns the value in words, for "expected …, got …".
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Null => "null".to_owned(),
            Kind::Bool(flag) => flag.to_string(),
            Kind::Integer(number) => format!("the number {number}"),
            Kind::Float(number) => format!("the number {number}"),
            Kind::Text(text) => format!("the text {}", shorten(text)),
            Kind::Datetime => "a date or time".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Table(_) => "a table".to_owned(),
        }
    }
}

/// Returns a text in quotes, cut after 40 characters so that a message stays one line.
pub(crate) fn shorten(text: &str) -> String {
    const SHOWN: usize = 40;
    let shown: String = text.chars().take(SHOWN).collect();
    let dots = if text.chars().count() > SHOWN { "…" } else { "" };
    format!("\"{}{dots}\"", shown.escape_debug())
}

/// Returns the last character boundary of `text` at or before `at`.
pub(crate) fn floor_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    // The start of the text is always a boundary.
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}
