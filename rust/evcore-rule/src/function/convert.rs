//! Conversions: `int`, `uint`, `double`, `string`, `bool`.
//!
//! A conversion that would lose the value is an error, but a double loses its fraction: `int(-1.9)`
//! is -1. An integral JSON number converts exactly.

use std::borrow::Cow;

use super::time_text::{format_duration, format_timestamp};
use super::{Function, Overload, Problem, no_overload};
use crate::Value;
use crate::type_set::TypeSet;

const NUMBER_OR_TEXT: TypeSet = TypeSet::NUMBER.or(TypeSet::TEXT);

pub(super) const INT: &[Overload] =
    &[Overload { arguments: &[NUMBER_OR_TEXT.or(TypeSet::TIMESTAMP)], result: TypeSet::INT }];
pub(super) const UINT: &[Overload] =
    &[Overload { arguments: &[NUMBER_OR_TEXT], result: TypeSet::UINT }];
pub(super) const DOUBLE: &[Overload] =
    &[Overload { arguments: &[NUMBER_OR_TEXT], result: TypeSet::DOUBLE }];
pub(super) const TEXT: &[Overload] = &[Overload {
    arguments: &[NUMBER_OR_TEXT
        .or(TypeSet::BOOL)
        .or(TypeSet::BYTES)
        .or(TypeSet::TIMESTAMP)
        .or(TypeSet::DURATION)],
    result: TypeSet::TEXT,
}];
pub(super) const BOOL: &[Overload] =
    &[Overload { arguments: &[TypeSet::BOOL.or(TypeSet::TEXT)], result: TypeSet::BOOL }];

pub(super) fn int<'a>(value: &Value<'_>) -> Result<Value<'a>, Problem> {
    let range = || Cow::Borrowed("int() is out of range");
    let number = match value {
        Value::Int(number) => *number,
        Value::Uint(number) => i64::try_from(*number).map_err(|_| range())?,
        Value::Integral(number) => i64::try_from(*number).map_err(|_| range())?,
        // Both ends are left out, as in CEL's conformance tests: -2^63 may be a rounded value too.
        Value::Double(number) if *number > -(2f64.powi(63)) && *number < 2f64.powi(63) => {
            *number as i64
        }
        Value::Double(_) => return Err(range()),
        Value::Text(text) => text.parse().map_err(|_| unreadable("int", text))?,
        Value::Timestamp(moment) => moment.seconds,
        other => return Err(no_overload(Function::Int, other, None)),
    };
    Ok(Value::Int(number))
}

pub(super) fn uint<'a>(value: &Value<'_>) -> Result<Value<'a>, Problem> {
    let range = || Cow::Borrowed("uint() is out of range");
    let number = match value {
        Value::Uint(number) => *number,
        Value::Int(number) => u64::try_from(*number).map_err(|_| range())?,
        Value::Integral(number) => u64::try_from(*number).map_err(|_| range())?,
        Value::Double(number) if *number >= 0.0 && *number < 2f64.powi(64) => *number as u64,
        Value::Double(_) => return Err(range()),
        Value::Text(text) => text.parse().map_err(|_| unreadable("uint", text))?,
        other => return Err(no_overload(Function::Uint, other, None)),
    };
    Ok(Value::Uint(number))
}

pub(super) fn double<'a>(value: &Value<'_>) -> Result<Value<'a>, Problem> {
    let number = match value {
        Value::Double(number) => *number,
        Value::Int(number) => *number as f64,
        Value::Uint(number) => *number as f64,
        Value::Integral(number) => *number as f64,
        Value::Text(text) => text.parse().map_err(|_| unreadable("double", text))?,
        other => return Err(no_overload(Function::Double, other, None)),
    };
    Ok(Value::Double(number))
}

pub(super) fn bool<'a>(value: &Value<'_>) -> Result<Value<'a>, Problem> {
    match value {
        Value::Bool(value) => Ok(Value::Bool(*value)),
        Value::Text(text) => match text.as_ref() {
            "true" | "True" | "TRUE" | "t" | "T" | "1" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "F" | "0" => Ok(Value::Bool(false)),
            _ => Err(unreadable("bool", text)),
        },
        other => Err(no_overload(Function::Bool, other, None)),
    }
}

pub(super) fn text(value: Value<'_>) -> Result<Value<'_>, Problem> {
    let text = match value {
        Value::Text(_) => return Ok(value),
        Value::Bool(value) => return Ok(Value::text(if value { "true" } else { "false" })),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Integral(number) => number.to_string(),
        Value::Double(number) => format_double(number),
        Value::Bytes(bytes) => String::from_utf8(bytes.into_owned())
            .map_err(|_| Cow::Borrowed("string() of bytes that are not UTF-8"))?,
        Value::Timestamp(moment) => format_timestamp(moment),
        Value::Duration(length) => format_duration(length),
        other => return Err(no_overload(Function::Text, &other, None)),
    };
    Ok(Value::Text(Cow::Owned(text)))
}

fn unreadable(function: &str, text: &str) -> Problem {
    let shown: String = text.chars().take(40).collect();
    let dots = if shown.len() < text.len() { "…" } else { "" };
    Cow::Owned(format!("{function}() cannot read {shown:?}{dots}"))
}

/// Returns the shortest text that reads as the double, with an exponent below 1e-4 and from 1e21 on
/// (as Go's and so CEL's usual implementation writes it).
fn format_double(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-4..1e21).contains(&magnitude) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent),
        };
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_go_writes_them() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (5.0, "5"),
            (123.456, "123.456"),
            (-0.0045, "-0.0045"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(format_double(number), text);
        }
    }
}
