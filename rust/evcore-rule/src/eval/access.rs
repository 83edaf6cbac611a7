//! Reaching into lists and maps: `.key`, `[index]`, `has`, `in`.

use std::borrow::Cow;
use std::ops::Range;

use super::{EvalError, Evaluator, Outcome, literal_value};
use crate::Value;
use crate::ast::{Expr, Node};
use crate::value::{Type, equal};
use crate::value_json;

pub(super) const NOT_A_MAP: &str = "no such overload: a key of what is not a map";

/// Returns the elements of a list.
pub(super) fn elements<'v, 'a>(value: &'v Value<'a>) -> Option<Cow<'v, [Value<'a>]>> {
    match value {
        Value::List(items) => Some(Cow::Borrowed(items.as_slice())),
        Value::JsonList(json) => Some(Cow::Owned(value_json::list(json))),
        _ => None,
    }
}

fn get<'a>(map: &Value<'a>, key: &Value<'_>) -> Option<Value<'a>> {
    match (map, key) {
        (Value::Map(map), _) => map.get(key).cloned(),
        (Value::JsonMap(json), Value::Text(key)) => value_json::get(json, key),
        _ => None,
    }
}

const fn is_map(value: &Value<'_>) -> bool {
    matches!(value, Value::Map(_) | Value::JsonMap(_))
}

/// Returns whether values of a type may be looked up in a map; a double may equal an int key.
const fn is_key(kind: Type) -> bool {
    matches!(kind, Type::Int | Type::Uint | Type::Double | Type::Bool | Type::Text)
}

impl<'a> Evaluator<'a> {
    pub(super) fn select(
        &mut self,
        operand: Value<'a>,
        key: &'a str,
        span: &Range<usize>,
    ) -> Outcome<'a> {
        if !is_map(&operand) {
            return Err(EvalError::other(NOT_A_MAP, span));
        }
        self.charge(operand.weight() / 64, span)?;
        get(&operand, &Value::text(key)).ok_or_else(|| EvalError::missing("no such key", span))
    }

    pub(super) fn has(
        &mut self,
        operand: &Value<'a>,
        key: &str,
        span: &Range<usize>,
    ) -> Outcome<'a> {
        if !is_map(operand) {
            return Err(EvalError::other(NOT_A_MAP, span));
        }
        self.charge(operand.weight() / 64, span)?;
        Ok(Value::Bool(get(operand, &Value::text(key)).is_some()))
    }

    pub(super) fn index(
        &mut self,
        operand: &'a Expr,
        index: &'a Expr,
        span: &Range<usize>,
    ) -> Outcome<'a> {
        let operand = self.value(operand)?;
        let index = self.value(index)?;
        self.charge(operand.weight() / 64, span)?;
        if is_map(&operand) {
            if !is_key(index.type_of()) {
                let kind = index.type_of().name();
                return Err(EvalError::other(format!("no such overload: map[{kind}]"), span));
            }
            return get(&operand, &index).ok_or_else(|| EvalError::missing("no such key", span));
        }
        if !matches!(operand, Value::List(_) | Value::JsonList(_)) {
            let (list, kind) = (operand.type_of().name(), index.type_of().name());
            return Err(EvalError::other(format!("no such overload: {list}[{kind}]"), span));
        }
        let Some(position) = position(&index) else {
            let kind = index.type_of().name();
            let message = format!("no such overload: list[{kind}]; an index is a whole number");
            return Err(EvalError::other(message, span));
        };
        let item = usize::try_from(position).ok().and_then(|at| match &operand {
            Value::List(items) => items.get(at).cloned(),
            Value::JsonList(json) => value_json::elements(json).nth(at),
            _ => None,
        });
        item.ok_or_else(|| EvalError::other("the index is outside of the list", span))
    }

    /// Evaluates `left in right`.
    pub(super) fn member_of(
        &mut self,
        left: &'a Expr,
        right: &'a Expr,
        span: &Range<usize>,
    ) -> Outcome<'a> {
        let item = self.value(left)?;
        // A list of constants is not built anew for each event.
        if let Node::List(constants) = &right.node
            && constants.iter().all(|constant| matches!(constant.node, Node::Literal(_)))
        {
            self.charge(1 + constants.len(), span)?;
            let found = constants.iter().any(|constant| match &constant.node {
                Node::Literal(literal) => equal(&item, &literal_value(literal)),
                _ => false,
            });
            return Ok(Value::Bool(found));
        }
        let container = self.value(right)?;
        self.charge((item.weight() + container.weight()) / 16, span)?;
        if is_map(&container) {
            if !is_key(item.type_of()) {
                let kind = item.type_of().name();
                return Err(EvalError::other(format!("no such overload: {kind} in map"), span));
            }
            return Ok(Value::Bool(get(&container, &item).is_some()));
        }
        match elements(&container) {
            Some(items) => Ok(Value::Bool(items.iter().any(|found| equal(&item, found)))),
            None => {
                let (item, container) = (item.type_of().name(), container.type_of().name());
                let message = format!("no such overload: {item} in {container}");
                Err(EvalError::other(message, span))
            }
        }
    }
}

/// Returns the whole number that an index is.
fn position(index: &Value<'_>) -> Option<i128> {
    match index {
        Value::Int(at) => Some(i128::from(*at)),
        Value::Uint(at) => Some(i128::from(*at)),
        Value::Integral(at) => Some(*at),
        Value::Double(at) if at.fract() == 0.0 => Some(*at as i128),
        _ => None,
    }
}
