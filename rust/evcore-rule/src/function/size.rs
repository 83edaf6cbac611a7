//! `size`: code points of a string, bytes, elements of a list, entries of a map.

use super::{Function, Overload, Problem, no_overload};
use crate::Value;
use crate::type_set::TypeSet;
use crate::value_json;

const SIZED: TypeSet = TypeSet::TEXT.or(TypeSet::BYTES).or(TypeSet::LIST).or(TypeSet::MAP);

pub(super) const OVERLOADS: &[Overload] = &[Overload { arguments: &[SIZED], result: TypeSet::INT }];

pub(super) fn size<'a>(value: &Value<'_>) -> Result<Value<'a>, Problem> {
    let size = match value {
        Value::Text(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        Value::JsonList(json) => value_json::elements(json).count(),
        Value::JsonMap(json) => value_json::map(json).len(),
        other => return Err(no_overload(Function::Size, other, None)),
    };
    Ok(Value::Int(size as i64))
}
