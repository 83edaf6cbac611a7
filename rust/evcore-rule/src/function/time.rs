//! `timestamp` and `duration`.

use std::borrow::Cow;

use super::time_text::{parse_duration, parse_timestamp};
use super::{Function, Overload, Problem, no_overload};
use crate::Value;
use crate::type_set::TypeSet;
use crate::value;

pub(super) const TIMESTAMP: &[Overload] = &[Overload {
    arguments: &[TypeSet::TEXT.or(TypeSet::INT).or(TypeSet::TIMESTAMP)],
    result: TypeSet::TIMESTAMP,
}];
pub(super) const DURATION: &[Overload] =
    &[Overload { arguments: &[TypeSet::TEXT.or(TypeSet::DURATION)], result: TypeSet::DURATION }];

pub(super) fn timestamp<'a>(value: &Value<'_>) -> Result<Value<'a>, Problem> {
    let moment = match value {
        Value::Timestamp(moment) => *moment,
        Value::Text(text) => parse_timestamp(text).map_err(Cow::Borrowed)?,
        Value::Int(seconds) => value::Timestamp::in_range(*seconds, 0)
            .ok_or(Cow::Borrowed("timestamp() is out of range"))?,
        other => return Err(no_overload(Function::Timestamp, other, None)),
    };
    Ok(Value::Timestamp(moment))
}

pub(super) fn duration<'a>(value: &Value<'_>) -> Result<Value<'a>, Problem> {
    let length = match value {
        Value::Duration(length) => *length,
        Value::Text(text) => parse_duration(text).map_err(Cow::Borrowed)?,
        other => return Err(no_overload(Function::Duration, other, None)),
    };
    Ok(Value::Duration(length))
}
