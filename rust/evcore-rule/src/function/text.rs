//! `startsWith`, `endsWith`, `contains`.

use super::{Function, Overload, Problem, no_overload};
use crate::Value;
use crate::type_set::TypeSet;

pub(super) const OVERLOADS: &[Overload] =
    &[Overload { arguments: &[TypeSet::TEXT, TypeSet::TEXT], result: TypeSet::BOOL }];

pub(super) fn starts_with<'a>(text: &Value<'_>, part: &Value<'_>) -> Result<Value<'a>, Problem> {
    test(Function::StartsWith, text, part, |text, prefix| text.starts_with(prefix))
}

pub(super) fn ends_with<'a>(text: &Value<'_>, part: &Value<'_>) -> Result<Value<'a>, Problem> {
    test(Function::EndsWith, text, part, |text, suffix| text.ends_with(suffix))
}

pub(super) fn contains<'a>(text: &Value<'_>, part: &Value<'_>) -> Result<Value<'a>, Problem> {
    test(Function::Contains, text, part, |text, part| text.contains(part))
}

fn test<'a>(
    function: Function,
    text: &Value<'_>,
    part: &Value<'_>,
    predicate: impl Fn(&str, &str) -> bool,
) -> Result<Value<'a>, Problem> {
    match (text, part) {
        (Value::Text(text), Value::Text(part)) => Ok(Value::Bool(predicate(text, part))),
        _ => Err(no_overload(function, text, Some(part))),
    }
}
