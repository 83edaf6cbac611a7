//! `bytes`: the UTF-8 bytes of a string.

use std::borrow::Cow;

use super::{Function, Overload, Problem, no_overload};
use crate::Value;
use crate::type_set::TypeSet;

pub(super) const OVERLOADS: &[Overload] =
    &[Overload { arguments: &[TypeSet::TEXT.or(TypeSet::BYTES)], result: TypeSet::BYTES }];

pub(super) fn bytes(value: Value<'_>) -> Result<Value<'_>, Problem> {
    match value {
        Value::Bytes(_) => Ok(value),
        Value::Text(Cow::Borrowed(text)) => Ok(Value::Bytes(Cow::Borrowed(text.as_bytes()))),
        Value::Text(Cow::Owned(text)) => Ok(Value::Bytes(Cow::Owned(text.into_bytes()))),
        other => Err(no_overload(Function::Bytes, &other, None)),
    }
}
