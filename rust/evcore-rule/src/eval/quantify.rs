//! The macros over lists and maps: `all`, `exists`, `exists_one`, `filter`, `map`.

use super::{EvalError, Evaluator, Outcome, not_a_bool};
use crate::Value;
use crate::ast::{Expr, Node, Quantifier};
use crate::value_json;

impl<'a> Evaluator<'a> {
    pub(super) fn quantified(&mut self, expr: &'a Expr) -> Outcome<'a> {
        let Node::Quantified { quantifier, range, variable, predicate, transform } = &expr.node
        else {
            return Err(EvalError::other("not a macro", &expr.span));
        };
        let items = self.items(range)?;
        self.charge(items.len(), &expr.span)?;
        self.variables.push((variable, Value::Null));
        let result = match (quantifier, predicate, transform) {
            (Quantifier::All, Some(predicate), _) => self.logic_over(items, predicate, false),
            (Quantifier::Exists, Some(predicate), _) => self.logic_over(items, predicate, true),
            (Quantifier::ExistsOne, Some(predicate), _) => self.exists_one(items, predicate),
            (_, predicate, transform) => {
                self.collect(items, predicate.as_deref(), transform.as_deref())
            }
        };
        self.variables.pop();
        result
    }

    /// Returns what a macro goes over: the elements of a list, the keys of a map.
    fn items(&mut self, range: &'a Expr) -> Result<Vec<Value<'a>>, EvalError> {
        let value = self.value(range)?;
        self.charge(value.weight() / 64, &range.span)?;
        match value_json::open(value) {
            Value::List(items) => Ok(items.to_vec()),
            Value::Map(map) => Ok(map.entries().iter().map(|(key, _)| key.clone()).collect()),
            other => {
                let kind = other.type_of().name();
                let message = format!("no such overload: a macro over {kind}, not a list or map");
                Err(EvalError::other(message, &range.span))
            }
        }
    }

    fn set(&mut self, item: Value<'a>) {
        if let Some((_, value)) = self.variables.last_mut() {
            *value = item;
        }
    }

    fn test(&mut self, predicate: &'a Expr) -> Result<bool, EvalError> {
        match self.value(predicate)? {
            Value::Bool(value) => Ok(value),
            other => Err(not_a_bool("the condition", &other, &predicate.span)),
        }
    }

    /// Joins the predicate over all items by `&&` (`decisive` is false) or `||` (true).
    fn logic_over(
        &mut self,
        items: Vec<Value<'a>>,
        predicate: &'a Expr,
        decisive: bool,
    ) -> Outcome<'a> {
        let mut failure = None;
        for item in items {
            self.set(item);
            match self.test(predicate) {
                Ok(value) if value == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(error) if self.is_spent() => return Err(error),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    fn exists_one(&mut self, items: Vec<Value<'a>>, predicate: &'a Expr) -> Outcome<'a> {
        let mut count = 0;
        for item in items {
            self.set(item);
            count += usize::from(self.test(predicate)?);
        }
        Ok(Value::Bool(count == 1))
    }

    fn collect(
        &mut self,
        items: Vec<Value<'a>>,
        predicate: Option<&'a Expr>,
        transform: Option<&'a Expr>,
    ) -> Outcome<'a> {
        let mut kept = Vec::new();
        for item in items {
            self.set(item.clone());
            if let Some(predicate) = predicate
                && !self.test(predicate)?
            {
                continue;
            }
            kept.push(match transform {
                Some(transform) => self.value(transform)?,
                None => item,
            });
        }
        Ok(Value::List(kept.into()))
    }
}
