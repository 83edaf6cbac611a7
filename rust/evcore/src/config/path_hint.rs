//! What a path that is not one was meant to be.

use evcore_event::field::FieldType;
use evcore_event::path::PathError;
use evcore_event::{Field, Path};

use super::reader::did_you_mean;

/// What senders call the canonical fields.
const WIRE_NAMES: [(&str, &str); 15] = [
    ("properties", "attributes"),
    ("custom_attributes", "attributes"),
    ("data", "attributes"),
    ("custom_flags", "flags"),
    ("customFlags", "flags"),
    ("user_attributes", "traits"),
    ("user_identities", "identities"),
    ("userId", "user"),
    ("anonymousId", "anonymous"),
    ("messageId", "id"),
    ("timestamp", "time"),
    ("originalTimestamp", "time"),
    ("eventName", "name"),
    ("event_name", "name"),
    ("type", "kind"),
];

/// Returns what would help with a path whose root is no field; `words` can stand there too.
pub(crate) fn path_hint(text: &str, words: &[&str]) -> Option<String> {
    let root = &text[..text.find(['.', '[']).unwrap_or(text.len())];
    if root == "event" && text.len() > root.len() {
        return Some("leave out `event.`: a path starts with the field".to_owned());
    }
    let known = WIRE_NAMES.iter().find(|(wire, _)| *wire == root).map(|(_, field)| *field);
    let fields = Field::ALL.iter().map(|field| field.name());
    known
        .or_else(|| did_you_mean(root, fields.chain(words.iter().copied())))
        .map(|meant| format!("did you mean `{meant}`?"))
}

/// Returns the path if its root can have steps below it.
///
/// # Errors
///
/// A [`PathError`] at the first step below a text or a time.
pub(crate) fn check_steps(text: &str, path: Path) -> Result<Path, PathError> {
    let what = match path.root.field_type() {
        FieldType::Text => "a text",
        FieldType::Timestamp => "a time",
        FieldType::Map => return Ok(path),
    };
    if path.steps.is_empty() {
        return Ok(path);
    }
    let message = format!("`{}` is {what}: there is nothing below it", path.root.name());
    Err(PathError { offset: text.find(['.', '[']).unwrap_or(0), message })
}
