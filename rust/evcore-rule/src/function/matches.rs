//! `matches` with a pattern that comes from the event: compiled on each use, so it costs many steps.

use std::borrow::Cow;

use super::{Function, Overload, Problem, no_overload};
use crate::Value;
use crate::regex_re2::Pattern;
use crate::type_set::TypeSet;

pub(super) const OVERLOADS: &[Overload] =
    &[Overload { arguments: &[TypeSet::TEXT, TypeSet::TEXT], result: TypeSet::BOOL }];

pub(super) fn matches<'a>(text: &Value<'_>, pattern: &Value<'_>) -> Result<Value<'a>, Problem> {
    let (Value::Text(text), Value::Text(source)) = (text, pattern) else {
        return Err(no_overload(Function::Matches, text, Some(pattern)));
    };
    match Pattern::new(source) {
        Ok(pattern) => Ok(Value::Bool(pattern.is_match(text.as_bytes()))),
        Err(problem) => Err(Cow::Owned(format!("not a regular expression: {problem}"))),
    }
}
