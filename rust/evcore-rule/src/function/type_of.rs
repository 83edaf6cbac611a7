//! `type` and `dyn`.

use super::Overload;
use crate::Value;
use crate::type_set::TypeSet;

pub(super) const TYPE: &[Overload] =
    &[Overload { arguments: &[TypeSet::ALL], result: TypeSet::TYPE }];
/// `dyn` does nothing to a value: it tells the checker to expect any.
pub(super) const DYN: &[Overload] =
    &[Overload { arguments: &[TypeSet::ALL], result: TypeSet::ALL }];

pub(super) fn type_of<'a>(value: &Value<'_>) -> Value<'a> {
    Value::Type(value.type_of())
}
