//! What a name may look like.

use super::codes;
use super::located::Located;
use super::reader::{Reader, did_you_mean};
use super::value::{Value, floor_boundary, shorten};

/// Longest name in bytes: names are column names, file keys and lines of a report.
pub const NAME_BYTES_MAX: usize = 128;

/// Starts of tag names that the engine gives itself.
pub const ENGINE_TAG_PREFIXES: [&str; 4] = ["late.", "rambunctious", "wallflower.", "data."];

/// Feeds that are ready-made in this version.
pub(crate) const READY_FEEDS: [&str; 2] = ["segment", "canonical"];

/// Feeds that will be ready-made.
pub(crate) const LATER_FEEDS: [&str; 2] = ["mparticle", "shopify"];

/// Reads a name that people read: any text of one line.
pub(crate) fn label(reader: &mut Reader<'_>, value: &Value, path: &str) -> Option<String> {
    let text = reader.text(value, path)?;
    check_label(reader, &located(&text, value, path)).then_some(text)
}

/// Returns whether a text is a name that people read, and reports it if not.
pub(crate) fn check_label(reader: &mut Reader<'_>, name: &Located<&str>) -> bool {
    let text = name.value;
    let (offset, message) = if text.trim().is_empty() {
        (0, "a name is empty".to_owned())
    } else if text.len() > NAME_BYTES_MAX {
        let offset = floor_boundary(text, NAME_BYTES_MAX);
        (offset, format!("a name has at most {NAME_BYTES_MAX} bytes"))
    } else if let Some(offset) = text.find(char::is_control) {
        (offset, "a name has no line break or other control character".to_owned())
    } else {
        return true;
    };
    reader.at_byte(codes::BAD_NAME, name, offset, message, None);
    false
}

/// Reads a name that rules and counters use: a letter, then letters, digits and `_.:-`.
fn identifier(reader: &mut Reader<'_>, value: &Value, path: &str) -> Option<String> {
    let text = label(reader, value, path)?;
    if let Some((offset, message)) = misfit(&text) {
        let name = located(&text, value, path);
        reader.at_byte(codes::BAD_NAME, &name, offset, message, None);
        return None;
    }
    Some(text)
}

/// Returns where and why a text is no identifier.
pub(crate) fn misfit(text: &str) -> Option<(usize, String)> {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some((0, "a name starts with a letter, a to z or A to Z".to_owned()));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    let offset = text.find(|c| !allowed(c))?;
    Some((offset, "a name has letters, digits, `_`, `.`, `:` and `-`".to_owned()))
}

/// Reads a tag's name.
pub(crate) fn tag_name(reader: &mut Reader<'_>, value: &Value, path: &str) -> Option<String> {
    let name = identifier(reader, value, path)?;
    match ENGINE_TAG_PREFIXES.iter().find(|prefix| name.starts_with(*prefix)) {
        Some(prefix) => {
            let message = format!("tag names that start with `{prefix}` are the engine's own");
            reader.report(codes::RESERVED_NAME, &value.span, path, message, None);
            None
        }
        None => Some(name),
    }
}

/// Reads a filter's name.
pub(crate) fn filter_name(reader: &mut Reader<'_>, value: &Value, path: &str) -> Option<String> {
    let name = identifier(reader, value, path)?;
    // A keep filter counts what its rule cannot judge under these names.
    match [".missing", ".error"].into_iter().find(|ending| name.ends_with(ending)) {
        Some(ending) => {
            let message = format!("filter names that end with `{ending}` are the engine's own");
            reader.report(codes::RESERVED_NAME, &value.span, path, message, None);
            None
        }
        None => Some(name),
    }
}

/// Reads a time zone's name; returns it as the database writes it.
pub(crate) fn time_zone(reader: &mut Reader<'_>, value: &Value, path: &str) -> Option<String> {
    let text = reader.text(value, path)?;
    let zone = jiff::tz::TimeZone::get(&text).ok();
    if let Some(name) = zone.as_ref().and_then(|zone| zone.iana_name()) {
        return Some(name.to_owned());
    }
    let names: Vec<String> =
        jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    let city = format!("/{}", text.trim().replace(' ', "_").to_lowercase());
    let names = || names.iter().map(String::as_str);
    let meant = names()
        .find(|name| city.len() > 1 && name.to_lowercase().ends_with(&city))
        .or_else(|| did_you_mean(&text, names()));
    let hint = match meant {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => "a name of the IANA database, such as \"Europe/Berlin\" or \"UTC\"".to_owned(),
    };
    let message = format!("there is no time zone {}", shorten(&text));
    reader.report(codes::UNKNOWN_ZONE, &value.span, path, message, Some(hint));
    None
}

/// Returns a text with the place of its value.
pub(crate) fn located<'t>(text: &'t str, value: &Value, path: &str) -> Located<&'t str> {
    Located { value: text, span: Some(value.span.clone()), key_path: path.to_owned() }
}
