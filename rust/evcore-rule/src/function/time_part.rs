//! `getHours` and its family.

use std::borrow::Cow;

use super::{Function, Overload, Problem, no_overload};
use crate::Value;
use crate::time_zone::{TimePart, Zone};
use crate::type_set::TypeSet;

pub(super) const OF_TIMESTAMP: &[Overload] = &[
    Overload { arguments: &[TypeSet::TIMESTAMP], result: TypeSet::INT },
    Overload { arguments: &[TypeSet::TIMESTAMP, TypeSet::TEXT], result: TypeSet::INT },
];
pub(super) const OF_BOTH: &[Overload] = &[
    Overload { arguments: &[TypeSet::TIMESTAMP.or(TypeSet::DURATION)], result: TypeSet::INT },
    Overload { arguments: &[TypeSet::TIMESTAMP, TypeSet::TEXT], result: TypeSet::INT },
];

/// Evaluates a part with a zone that is a value.
pub(super) fn time_part<'a>(
    part: TimePart,
    value: &Value<'_>,
    zone: Option<&Value<'_>>,
) -> Result<Value<'a>, Problem> {
    let Some(zone_text) = zone else { return time_part_in(part, value, None) };
    match (value, zone_text) {
        (Value::Timestamp(_), Value::Text(text)) => match Zone::new(text) {
            Some(zone) => time_part_in(part, value, Some(&zone)),
            None => Err(Cow::Owned(format!("no such time zone: {text:?}"))),
        },
        _ => Err(no_overload(Function::TimePart(part), value, Some(zone_text))),
    }
}

/// Evaluates a part in a known zone.
pub(crate) fn time_part_in<'a>(
    part: TimePart,
    value: &Value<'_>,
    zone: Option<&Zone>,
) -> Result<Value<'a>, Problem> {
    let number = match value {
        Value::Timestamp(moment) => part
            .of_timestamp(*moment, zone)
            .ok_or(Cow::Borrowed("the timestamp is out of the calendar's range"))?,
        Value::Duration(length) if zone.is_none() => part
            .of_duration(*length)
            .ok_or_else(|| no_overload(Function::TimePart(part), value, None))?,
        _ => {
            let zone = zone.map(|zone| Value::text(zone.name()));
            return Err(no_overload(Function::TimePart(part), value, zone.as_ref()));
        }
    };
    Ok(Value::Int(number))
}
