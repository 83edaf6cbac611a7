//! `+ - * / %` and negation: both operands of one number type, texts, lists, moments.

use std::borrow::Cow;

use crate::Value;
use crate::ast::BinaryOp;
use crate::function::Problem;
use crate::value::{Duration, Type};

/// Applies an arithmetic operator.
///
/// # Errors
///
/// No such overload, overflow, division by zero.
pub(crate) fn arithmetic<'a>(
    op: BinaryOp,
    left: Value<'a>,
    right: Value<'a>,
) -> Result<Value<'a>, Problem> {
    match (&left, &right) {
        (Value::Int(a), Value::Int(b)) => int(op, *a, *b).map(Value::Int),
        (Value::Uint(a), Value::Uint(b)) => uint(op, *a, *b).map(Value::Uint),
        (Value::Timestamp(_) | Value::Duration(_), Value::Timestamp(_) | Value::Duration(_)) => {
            moments(op, &left, &right)
        }
        _ => {
            if let (Some(a), Some(b)) = (left.as_double(), right.as_double())
                && let Some(result) = double(op, a, b)
            {
                return Ok(Value::Double(result));
            }
            if op == BinaryOp::Add
                && let Some(result) = joined(&left, &right)
            {
                return Ok(result);
            }
            Err(no_operator(op, &left, &right))
        }
    }
}

fn checked<T>(op: BinaryOp, by_zero: bool, result: Option<T>) -> Result<T, Problem> {
    result.ok_or(Cow::Borrowed(match (op, by_zero) {
        (BinaryOp::Divide, true) => "division by zero",
        (BinaryOp::Remainder, true) => "remainder by zero",
        _ => "the result is out of range (overflow)",
    }))
}

fn int(op: BinaryOp, a: i64, b: i64) -> Result<i64, Problem> {
    checked(
        op,
        b == 0,
        match op {
            BinaryOp::Add => a.checked_add(b),
            BinaryOp::Subtract => a.checked_sub(b),
            BinaryOp::Multiply => a.checked_mul(b),
            BinaryOp::Divide => a.checked_div(b),
            _ => a.checked_rem(b),
        },
    )
}

fn uint(op: BinaryOp, a: u64, b: u64) -> Result<u64, Problem> {
    checked(
        op,
        b == 0,
        match op {
            BinaryOp::Add => a.checked_add(b),
            BinaryOp::Subtract => a.checked_sub(b),
            BinaryOp::Multiply => a.checked_mul(b),
            BinaryOp::Divide => a.checked_div(b),
            _ => a.checked_rem(b),
        },
    )
}

/// Doubles have no remainder in CEL.
fn double(op: BinaryOp, a: f64, b: f64) -> Option<f64> {
    match op {
        BinaryOp::Add => Some(a + b),
        BinaryOp::Subtract => Some(a - b),
        BinaryOp::Multiply => Some(a * b),
        BinaryOp::Divide => Some(a / b),
        _ => None,
    }
}

fn joined<'a>(left: &Value<'a>, right: &Value<'a>) -> Option<Value<'a>> {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => Some(Value::Text(Cow::Owned(format!("{a}{b}")))),
        (Value::Bytes(a), Value::Bytes(b)) => {
            Some(Value::Bytes(Cow::Owned([a.as_ref(), b.as_ref()].concat())))
        }
        (Value::List(_) | Value::JsonList(_), Value::List(_) | Value::JsonList(_)) => {
            let mut items = super::access::elements(left)?.into_owned();
            items.extend_from_slice(&super::access::elements(right)?);
            Some(Value::List(items.into()))
        }
        _ => None,
    }
}

fn moments<'a>(op: BinaryOp, left: &Value<'_>, right: &Value<'_>) -> Result<Value<'a>, Problem> {
    const TIMESTAMP_RANGE: &str = "the timestamp is out of range (overflow)";
    const DURATION_RANGE: &str = "the duration is out of range (overflow)";
    let moment = match (op, left, right) {
        (BinaryOp::Add, Value::Timestamp(a), Value::Duration(b))
        | (BinaryOp::Add, Value::Duration(b), Value::Timestamp(a)) => {
            a.checked_add(i128::from(b.nanos))
        }
        (BinaryOp::Subtract, Value::Timestamp(a), Value::Duration(b)) => {
            a.checked_add(-i128::from(b.nanos))
        }
        (BinaryOp::Subtract, Value::Timestamp(a), Value::Timestamp(b)) => {
            return a.since(*b).map(Value::Duration).ok_or(Cow::Borrowed(DURATION_RANGE));
        }
        (BinaryOp::Add | BinaryOp::Subtract, Value::Duration(a), Value::Duration(b)) => {
            let nanos = if op == BinaryOp::Add {
                a.nanos.checked_add(b.nanos)
            } else {
                a.nanos.checked_sub(b.nanos)
            };
            let length = nanos.map(|nanos| Value::Duration(Duration { nanos }));
            return length.ok_or(Cow::Borrowed(DURATION_RANGE));
        }
        _ => return Err(no_operator(op, left, right)),
    };
    moment.map(Value::Timestamp).ok_or(Cow::Borrowed(TIMESTAMP_RANGE))
}

/// Negates a number.
///
/// # Errors
///
/// No such overload, overflow.
pub(super) fn negate<'a>(value: &Value<'_>) -> Result<Value<'a>, Problem> {
    match value {
        Value::Int(number) => {
            checked(BinaryOp::Subtract, false, number.checked_neg()).map(Value::Int)
        }
        _ => match value.as_double() {
            Some(number) => Ok(Value::Double(-number)),
            None => Err(Cow::Owned(format!("no such overload: -{}", value.type_of().name()))),
        },
    }
}

/// Returns the type that an arithmetic operator gives for two types.
pub(crate) fn arithmetic_type(op: BinaryOp, left: Type, right: Type) -> Option<Type> {
    use Type::{Bytes, Double, Duration, Int, List, Text, Timestamp, Uint};
    match (op, left, right) {
        (_, Int, Int) => Some(Int),
        (_, Uint, Uint) => Some(Uint),
        (BinaryOp::Remainder, ..) => None,
        (_, Double, Double) => Some(Double),
        (BinaryOp::Add, Text, Text) => Some(Text),
        (BinaryOp::Add, Bytes, Bytes) => Some(Bytes),
        (BinaryOp::Add, List, List) => Some(List),
        (BinaryOp::Add, Timestamp, Duration) | (BinaryOp::Add, Duration, Timestamp) => {
            Some(Timestamp)
        }
        (BinaryOp::Subtract, Timestamp, Duration) => Some(Timestamp),
        (BinaryOp::Subtract, Timestamp, Timestamp) => Some(Duration),
        (BinaryOp::Add | BinaryOp::Subtract, Duration, Duration) => Some(Duration),
        _ => None,
    }
}

/// Returns the operator as it is written.
pub(crate) const fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::In => "in",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Remainder => "%",
    }
}

/// Returns the message for operands that an operator does not take.
pub(crate) fn no_operator(op: BinaryOp, left: &Value<'_>, right: &Value<'_>) -> Problem {
    let (left, right) = (left.type_of(), right.type_of());
    let mut message = format!("no such overload: {} {} {}", left.name(), symbol(op), right.name());
    if left != right && left.is_number() && right.is_number() {
        message.push_str(NUMBERS_HINT);
    }
    Cow::Owned(message)
}

const NUMBERS_HINT: &str = "; a JSON number is a double: write 1.0, or convert it with int()";
