//! Equality and order of values.
//!
//! Equality is defined between all types: values of different types are unequal, numbers are
//! compared by value. Nothing is rounded: `9007199254740993 == 9007199254740992.0` is false.

use std::cmp::Ordering;

use super::{Map, Type, Value};
use crate::value_json;

/// Returns whether two values are equal.
pub fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    use Value::{
        Bool, Bytes, Double, Duration, JsonList, JsonMap, List, Map, Null, Text, Timestamp, Type,
    };
    match (left, right) {
        (Null, Null) => true,
        (Bool(left), Bool(right)) => left == right,
        (Double(left), Double(right)) => left == right,
        (Text(left), Text(right)) => left == right,
        (Bytes(left), Bytes(right)) => left == right,
        (Timestamp(left), Timestamp(right)) => left == right,
        (Duration(left), Duration(right)) => left == right,
        (Type(left), Type(right)) => left == right,
        (List(left), List(right)) => equal_lists(left, right),
        (JsonList(left), List(right)) | (List(right), JsonList(left)) => {
            equal_lists(&value_json::list(left), right)
        }
        (JsonList(left), JsonList(right)) => {
            equal_lists(&value_json::list(left), &value_json::list(right))
        }
        (Map(left), Map(right)) => equal_maps(left, right),
        (JsonMap(left), Map(right)) | (Map(right), JsonMap(left)) => {
            equal_maps(&value_json::map(left), right)
        }
        (JsonMap(left), JsonMap(right)) => {
            equal_maps(&value_json::map(left), &value_json::map(right))
        }
        _ => numbers(left, right) == Some(Some(Ordering::Equal)),
    }
}

fn equal_lists(left: &[Value<'_>], right: &[Value<'_>]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
}

fn equal_maps(left: &Map<'_>, right: &Map<'_>) -> bool {
    left.len() == right.len()
        && left
            .entries()
            .iter()
            .all(|(key, value)| right.get(key).is_some_and(|found| equal(value, found)))
}

/// Returns the order of two values: `None` if they have none by their types, `Some(None)` if one is
/// not a number.
pub fn compare(left: &Value<'_>, right: &Value<'_>) -> Option<Option<Ordering>> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(Some(left.cmp(right))),
        (Value::Text(left), Value::Text(right)) => {
            // UTF-8 in byte order is in the order of code points.
            Some(Some(left.as_bytes().cmp(right.as_bytes())))
        }
        (Value::Bytes(left), Value::Bytes(right)) => Some(Some(left.cmp(right))),
        (Value::Timestamp(left), Value::Timestamp(right)) => Some(Some(left.cmp(right))),
        (Value::Duration(left), Value::Duration(right)) => Some(Some(left.cmp(right))),
        _ => numbers(left, right),
    }
}

/// Returns whether values of two types have an order.
pub(crate) fn is_ordered(left: Type, right: Type) -> bool {
    (left.is_number() && right.is_number())
        || (left == right
            && matches!(
                left,
                Type::Bool | Type::Text | Type::Bytes | Type::Timestamp | Type::Duration
            ))
}

fn numbers(left: &Value<'_>, right: &Value<'_>) -> Option<Option<Ordering>> {
    if let (Value::Double(left), Value::Double(right)) = (left, right) {
        return Some(left.partial_cmp(right));
    }
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => Some(Some(left.cmp(&right))),
        (Some(left), None) => match right {
            Value::Double(right) => Some(compare_integer_double(left, *right)),
            _ => None,
        },
        (None, Some(right)) => match left {
            Value::Double(left) => {
                Some(compare_integer_double(right, *left).map(Ordering::reverse))
            }
            _ => None,
        },
        (None, None) => None,
    }
}

fn integer(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(value) => Some(i128::from(*value)),
        Value::Uint(value) => Some(i128::from(*value)),
        Value::Integral(value) => Some(*value),
        _ => None,
    }
}

/// Returns the order of an integer of at most 64 bits and a double, without rounding either; `None`
/// if the double is not a number.
///
/// ```
/// use std::cmp::Ordering;
/// use evcore_rule::value::compare_integer_double;
/// assert_eq!(compare_integer_double((1 << 53) + 1, 2f64.powi(53)), Some(Ordering::Greater));
/// ```
pub fn compare_integer_double(integer: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // 2^65 is beyond every integer here, and what is left converts exactly.
    if double >= 2f64.powi(65) {
        return Some(Ordering::Less);
    }
    if double <= -(2f64.powi(65)) {
        return Some(Ordering::Greater);
    }
    let whole = double.trunc();
    let fraction = double - whole;
    Some(integer.cmp(&(whole as i128)).then(if fraction > 0.0 {
        Ordering::Less
    } else if fraction < 0.0 {
        Ordering::Greater
    } else {
        Ordering::Equal
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_doubles_compare_without_rounding() {
        use Ordering::{Equal, Greater, Less};
        let two53 = 2f64.powi(53);
        for (integer, double, order) in [
            (1, 1.0, Equal),
            (1, 1.5, Less),
            (-1, -1.5, Greater),
            (-1, -0.5, Less),
            (0, -0.0, Equal),
            ((1 << 53) + 1, two53, Greater),
            (i128::from(i64::MAX), 2f64.powi(63), Less),
            (i128::from(i64::MIN), -(2f64.powi(63)), Equal),
            (i128::from(u64::MAX), 2f64.powi(64), Less),
            (0, f64::INFINITY, Less),
            (0, f64::NEG_INFINITY, Greater),
            (0, 5e-324, Less),
        ] {
            assert_eq!(compare_integer_double(integer, double), Some(order), "{integer} {double}");
        }
        assert_eq!(compare_integer_double(0, f64::NAN), None);
    }

    #[test]
    fn equality_of_types_goes_by_value_for_numbers_only() {
        let values = [
            Value::Int(1),
            Value::Uint(1),
            Value::Double(1.0),
            Value::Integral(1),
            Value::Bool(true),
            Value::text("1"),
            Value::Null,
        ];
        for (i, left) in values.iter().enumerate() {
            for (j, right) in values.iter().enumerate() {
                assert_eq!(equal(left, right), i == j || (i < 4 && j < 4), "{left:?} {right:?}");
            }
        }
        assert!(!equal(&Value::Double(f64::NAN), &Value::Double(f64::NAN)));
    }

    #[test]
    fn json_text_equals_what_it_stands_for() {
        let left = Value::JsonMap(br#"{"a": [1, 2.0], "b": null}"#);
        assert!(equal(&left, &Value::JsonMap(br#"{"b":null,"a":[1.0,2]}"#)));
        assert!(!equal(&left, &Value::JsonMap(br#"{"b":null,"a":[1.0,3]}"#)));
        assert!(!equal(&left, &Value::JsonMap(br#"{"a":[1,2]}"#)));
    }
}
