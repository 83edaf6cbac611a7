//! Reads TOML into a [`Value`]: the `toml` crate's recovering parser, which reports every syntax
//! error of a text, and spans for all keys and values.

use std::ops::Range;

use evcore_event::Diagnostic;
use toml::de::{DeTable, DeValue};

use super::codes;
use super::value::{Entry, Kind, Value, floor_boundary};

/// Returns the tree of a TOML text.
///
/// # Errors
///
/// The syntax errors, one a line: what follows the first in a line is mostly its echo.
pub(crate) fn read(text: &str) -> Result<Value, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(explain(text, &errors));
    }
    let span = table.span();
    Ok(Value { kind: Kind::Table(entries(table.into_inner())), span })
}

fn entries(table: DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| Entry {
            key_span: key.span(),
            key: key.into_inner().into_owned(),
            value: convert(value.span(), value.into_inner()),
        })
        .collect();
    // The parser sorts by key; the order of output columns and messages is that of the file.
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}

fn convert(span: Range<usize>, value: DeValue<'_>) -> Value {
    let kind = match value {
        DeValue::String(text) => Kind::Text(text.into_owned()),
        DeValue::Integer(number) => {
            let value = i128::from_str_radix(number.as_str(), number.radix());
            Kind::Integer(value.unwrap_or(i128::MAX))
        }
        DeValue::Float(number) => Kind::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Kind::Bool(flag),
        DeValue::Datetime(_) => Kind::Datetime,
        DeValue::Array(items) => Kind::List(
            items.into_iter().map(|item| convert(item.span(), item.into_inner())).collect(),
        ),
        DeValue::Table(table) => Kind::Table(entries(table)),
    };
    Value { kind, span }
}

fn explain(text: &str, errors: &[toml::de::Error]) -> Vec<Diagnostic> {
    let mut places: Vec<(Range<usize>, &str)> =
        errors.iter().map(|e| (e.span().unwrap_or(0..0), e.message())).collect();
    places.sort_by_key(|(span, _)| span.start);
    let mut problems = Vec::new();
    let mut last_start = None;
    for (span, message) in places {
        let start = floor_boundary(text, span.start);
        let is_same_line = last_start.is_some_and(|last| !text[last..start].contains('\n'));
        if is_same_line {
            continue;
        }
        last_start = Some(start);
        problems.push(explain_one(text, start..floor_boundary(text, span.end).max(start), message));
    }
    problems
}

fn explain_one(text: &str, span: Range<usize>, message: &str) -> Diagnostic {
    let before = text[..span.start].trim_end_matches([' ', '\t']);
    let here = &text[span.start..];
    let code = if message == "duplicate key" { codes::DUPLICATE_KEY } else { codes::TOML_SYNTAX };
    let is_bare_word = here.starts_with(|c: char| c.is_alphabetic()) && before.ends_with('=');
    let (message, hint) = if code == codes::DUPLICATE_KEY {
        let key = here.get(..span.len()).unwrap_or_default();
        (format!("`{key}` stands twice"), table_hint(before, key))
    } else if is_bare_word {
        // Such as `when = name == "x"`, which the parser takes for a broken `nan`.
        let message = "not a value: a text must stand in quotes".to_owned();
        (message, Some("write it as '…'".to_owned()))
    } else if message.starts_with("unexpected key or value") && before.ends_with(['\'', '"']) {
        let hint = "a text that has quotes inside can stand in '''…'''";
        (format!("the text ends before here: {message}"), Some(hint.to_owned()))
    } else if span.start == 0 && here.starts_with('{') {
        (message.to_owned(), Some("this looks like JSON: name the file `….json`".to_owned()))
    } else {
        (message.to_owned(), None)
    };
    Diagnostic { code, message, span: Some(span), key_path: String::new(), hint }
}

fn table_hint(before: &str, key: &str) -> Option<String> {
    let many = ["category", "tag", "filter", "aggregate"];
    (before.ends_with('[') && many.contains(&key))
        .then(|| format!("write `[[{key}]]`, with two brackets, each time"))
}
