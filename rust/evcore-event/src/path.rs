//! A path into an event: a root, then keys and indices.
//!
//! The text form is `attributes.revenue`, `traits.$country`, `attributes["a.b"]` or
//! `attributes.products[0].price`. A bare key takes any character but `.`, `[` and `]`.

use std::fmt;

use crate::Field;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The value of a key of an object.
    Key(String),
    /// The element of an array, counted from 0.
    Index(u32),
}

/// A canonical field and the steps below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    /// The canonical field that the path starts from.
    pub root: Field,
    /// Keys and indices below the root; empty for the field itself.
    pub steps: Vec<Step>,
}

/// Why a text is not a path; the offset is in bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    /// Where in the text, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

impl Path {
    /// Returns the path of a field without steps.
    pub const fn field(root: Field) -> Path {
        Path { root, steps: Vec::new() }
    }

    /// Returns this path with one more key.
    pub fn key(mut self, key: &str) -> Path {
        self.steps.push(Step::Key(key.to_owned()));
        self
    }

    /// Parses a canonical path.
    ///
    /// # Errors
    ///
    /// A [`PathError`] that names the byte: no such field, an empty key, an open bracket.
    ///
    /// ```
    /// use evcore_event::{Field, Path, Step};
    /// let path = Path::parse(r#"attributes.products[0]["unit price"]"#).unwrap();
    /// assert_eq!(path.root, Field::Attributes);
    /// assert_eq!(path.steps[1], Step::Index(0));
    /// assert_eq!(path.to_string(), r#"attributes.products[0]["unit price"]"#);
    /// assert!(Path::parse("properties.revenue").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Path, PathError> {
        let end = text.find(['.', '[']).unwrap_or(text.len());
        let root = Field::from_name(&text[..end]).ok_or_else(|| PathError {
            offset: 0,
            message: format!("`{}` is not a field of the canonical event", &text[..end]),
        })?;
        Ok(Path { root, steps: parse_steps(text, end)? })
    }
}

/// Parses the steps of a path from byte `at` on, as in `.a["b"][0]`.
///
/// # Errors
///
/// A [`PathError`] that names the byte.
pub fn parse_steps(text: &str, mut at: usize) -> Result<Vec<Step>, PathError> {
    let bytes = text.as_bytes();
    let mut steps = Vec::new();
    let fail =
        |offset: usize, message: &str| Err(PathError { offset, message: message.to_owned() });
    while at < bytes.len() {
        match bytes[at] {
            b'.' => {
                let rest = &text[at + 1..];
                let length = rest.find(['.', '[', ']']).unwrap_or(rest.len());
                if length == 0 {
                    return fail(at, "a key is missing after `.`");
                }
                steps.push(Step::Key(rest[..length].to_owned()));
                at += 1 + length;
            }
            b'[' if bytes.get(at + 1) == Some(&b'"') => {
                let Some(length) = text[at + 2..].find("\"]") else {
                    return fail(at, "`[\"` has no `\"]`");
                };
                steps.push(Step::Key(text[at + 2..at + 2 + length].to_owned()));
                at += length + 4;
            }
            b'[' => {
                let Some(length) = text[at..].find(']') else {
                    return fail(at, "`[` has no `]`");
                };
                let Ok(index) = text[at + 1..at + length].parse() else {
                    return fail(at + 1, "an index is a whole number, a key stands in quotes");
                };
                steps.push(Step::Index(index));
                at += length + 1;
            }
            _ => return fail(at, "expected `.` or `[`"),
        }
    }
    Ok(steps)
}

/// Parses a path of the wire, whose first key is bare: `ev.n`, `data["x"][0]`.
///
/// # Errors
///
/// A [`PathError`] that names the byte.
pub fn parse_wire(text: &str) -> Result<Vec<Step>, PathError> {
    if text.is_empty() {
        return Err(PathError { offset: 0, message: "a path is empty".to_owned() });
    }
    if text.starts_with('[') {
        return parse_steps(text, 0);
    }
    let dotted = format!(".{text}");
    parse_steps(&dotted, 0).map_err(|e| PathError { offset: e.offset.saturating_sub(1), ..e })
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root.name())?;
        for step in &self.steps {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_bare(key) => write!(f, ".{key}")?,
                Step::Key(key) => write!(f, "[\"{key}\"]")?,
            }
        }
        Ok(())
    }
}

fn is_bare(key: &str) -> bool {
    !key.is_empty() && !key.contains(|c: char| ".[] \"".contains(c))
}
