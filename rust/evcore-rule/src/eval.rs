//! The general evaluator: walks a checked tree for one event.
//!
//! It can do all of the language and is the measure of the vectorised one. Failures follow CEL: `&&`,
//! `||`, `all` and `exists` ignore a failure that cannot change the result; everything else fails
//! with its first failure, from left to right.

use std::borrow::Cow;
use std::ops::Range;

use evcore_event::Cell;

use crate::ast::{BinaryOp, Expr, Literal, Node, UnaryOp};
use crate::function::{Function, Problem, time_part_in};
use crate::limits::STEPS_MAX;
use crate::value::{Map, Timestamp, Type, compare, equal};
use crate::{DeclaredType, Program, Value};

mod arithmetic;
mod access;
mod quantify;

pub(crate) use arithmetic::{arithmetic, arithmetic_type, symbol};

/// How a rule failed on an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No such key or field.
    Missing,
    /// Anything else.
    Other,
}

/// Why a rule has no value for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalError {
    /// Whether something is missing or wrong.
    pub kind: FailureKind,
    /// What is wrong, without the place.
    pub message: Cow<'static, str>,
    /// The place, as bytes of the rule's text.
    pub span: Range<usize>,
}

impl EvalError {
    /// Returns the message with the part of the rule that it is about.
    pub fn describe(&self, source: &str) -> String {
        match source.get(self.span.clone()) {
            Some(place) if !place.is_empty() => format!("{}: `{place}`", self.message),
            _ => self.message.to_string(),
        }
    }

    #[cold]
    fn missing(message: &'static str, span: &Range<usize>) -> EvalError {
        EvalError {
            kind: FailureKind::Missing,
            message: Cow::Borrowed(message),
            span: span.clone(),
        }
    }

    #[cold]
    fn other(message: impl Into<Problem>, span: &Range<usize>) -> EvalError {
        EvalError { kind: FailureKind::Other, message: message.into(), span: span.clone() }
    }
}

/// One event, as a rule reads it.
pub trait Row {
    /// Returns the cell of a path of the program.
    fn cell(&self, path: usize) -> Cell<'_>;
    /// Returns whether the event has a tag.
    fn has_tag(&self, name: &str) -> bool;
    /// Returns the event's tags in the order of the configuration.
    fn tags(&self) -> Vec<&str>;
    /// Returns the event's category, `""` if it has none.
    fn category(&self) -> &str;
}

/// Evaluates a program on one event.
///
/// # Errors
///
/// The failure that decides the value, or that the rule takes more than [`STEPS_MAX`] steps.
///
/// ```
/// use evcore_event::Cell;
/// use evcore_rule::{Environment, Row, Value, compile, evaluate};
///
/// struct Event;
/// impl Row for Event {
///     fn cell(&self, _path: usize) -> Cell<'_> { Cell::Text(b"Order Completed") }
///     fn has_tag(&self, _name: &str) -> bool { false }
///     fn tags(&self) -> Vec<&str> { Vec::new() }
///     fn category(&self) -> &str { "" }
/// }
///
/// let environment = Environment {
///     earlier_tags: &[], later_tags: &[], has_category: false, declared: &|_| None,
/// };
/// let program = compile(r#"name.startsWith("Order")"#, &environment).unwrap();
/// assert!(matches!(evaluate(&program, &Event), Ok(Value::Bool(true))));
/// ```
pub fn evaluate<'a>(program: &'a Program, row: &'a dyn Row) -> Result<Value<'a>, EvalError> {
    evaluate_expr(program, &program.root, row)
}

/// Evaluates a rule on one event.
///
/// # Errors
///
/// As [`evaluate`], and [`FailureKind::Other`] if the value is not a bool.
pub fn evaluate_bool(program: &Program, row: &dyn Row) -> Result<bool, EvalError> {
    match evaluate(program, row)? {
        Value::Bool(value) => Ok(value),
        other => Err(not_a_bool("the rule", &other, &program.root.span)),
    }
}

/// Evaluates one subtree of a program, which uses no variable of a quantifier around it.
///
/// # Errors
///
/// As [`evaluate`].
pub fn evaluate_expr<'a>(
    program: &'a Program,
    expr: &'a Expr,
    row: &'a dyn Row,
) -> Result<Value<'a>, EvalError> {
    Evaluator { program, row, variables: Vec::new(), steps: 0 }.value(expr)
}

fn not_a_bool(what: &str, value: &Value<'_>, span: &Range<usize>) -> EvalError {
    let kind = value.type_of().name();
    EvalError::other(format!("no such overload: {what} is {kind}, not bool"), span)
}

pub(crate) struct Evaluator<'a> {
    program: &'a Program,
    row: &'a dyn Row,
    /// The variables of the quantifiers that are open, the innermost last.
    variables: Vec<(&'a str, Value<'a>)>,
    steps: u32,
}

type Outcome<'a> = Result<Value<'a>, EvalError>;

impl<'a> Evaluator<'a> {
    /// Counts work that is more than a node.
    fn charge(&mut self, steps: usize, span: &Range<usize>) -> Result<(), EvalError> {
        self.steps = self.steps.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        if self.steps > STEPS_MAX {
            let message = format!("the rule takes more than {STEPS_MAX} steps on this event");
            return Err(EvalError::other(message, span));
        }
        Ok(())
    }

    /// Returns whether the failure is the end of the budget, which nothing absorbs: else a rule
    /// could go on for ever.
    fn is_spent(&self) -> bool {
        self.steps > STEPS_MAX
    }

    fn value(&mut self, expr: &'a Expr) -> Outcome<'a> {
        let span = &expr.span;
        self.charge(1, span)?;
        match &expr.node {
            Node::Literal(literal) => Ok(literal_value(literal)),
            Node::Name(name) => {
                match self.variables.iter().rev().find(|(known, _)| known == name) {
                    Some((_, value)) => Ok(value.clone()),
                    None => Err(EvalError::other(format!("no variable `{name}`"), span)),
                }
            }
            Node::Field(path) => self.field(*path, span),
            Node::HasField(path) => match self.row.cell(*path) {
                Cell::Missing => Ok(Value::Bool(false)),
                Cell::Mismatch => Err(EvalError::other(access::NOT_A_MAP, span)),
                _ => Ok(Value::Bool(true)),
            },
            Node::HasTag(name) => Ok(Value::Bool(self.row.has_tag(name))),
            Node::Tags => {
                let tags = self.row.tags().into_iter().map(Value::text).collect::<Vec<_>>();
                self.charge(tags.len(), span)?;
                Ok(Value::List(tags.into()))
            }
            Node::Category => Ok(Value::text(self.row.category())),
            Node::Select { operand, key } => {
                let operand = self.value(operand)?;
                self.select(operand, key, span)
            }
            Node::Has { operand, key } => {
                let operand = self.value(operand)?;
                self.has(&operand, key, span)
            }
            Node::Index { operand, index } => self.index(operand, index, span),
            Node::Unary(UnaryOp::Not, operand) => Ok(Value::Bool(!self.bool(operand)?)),
            Node::Unary(UnaryOp::Negate, operand) => {
                let value = self.value(operand)?;
                arithmetic::negate(&value).map_err(|problem| EvalError::other(problem, span))
            }
            Node::Binary(op, left, right) => self.binary(*op, left, right, span),
            Node::Conditional { condition, then, otherwise } => {
                if self.bool(condition)? {
                    self.value(then)
                } else {
                    self.value(otherwise)
                }
            }
            Node::List(items) => {
                let items =
                    items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(Value::List(items.into()))
            }
            Node::Map(entries) => self.map(entries),
            Node::Quantified { .. } => self.quantified(expr),
            Node::Apply { function, arguments } => self.apply(*function, arguments, span),
            Node::Matches { text, pattern } => match self.value(text)? {
                Value::Text(text) => {
                    self.charge(text.len() / 16, span)?;
                    Ok(Value::Bool(pattern.is_match(text.as_bytes())))
                }
                other => {
                    let pattern = Value::text(pattern.source());
                    let problem =
                        crate::function::no_overload(Function::Matches, &other, Some(&pattern));
                    Err(EvalError::other(problem, span))
                }
            },
            Node::TimePart { operand, part, zone } => {
                let operand = self.value(operand)?;
                time_part_in(*part, &operand, zone.as_ref())
                    .map_err(|problem| EvalError::other(problem, span))
            }
            Node::Call { function, .. } => {
                Err(EvalError::other(format!("no function `{function}`"), span))
            }
        }
    }

    /// Evaluates what has to be a bool.
    fn bool(&mut self, expr: &'a Expr) -> Result<bool, EvalError> {
        match self.value(expr)? {
            Value::Bool(value) => Ok(value),
            other => Err(not_a_bool("an operand", &other, &expr.span)),
        }
    }

    fn field(&self, path: usize, span: &Range<usize>) -> Outcome<'a> {
        Ok(match self.row.cell(path) {
            Cell::Missing => {
                let is_root =
                    self.program.paths.get(path).is_some_and(|path| path.steps.is_empty());
                let message = if is_root { "no such field" } else { "no such key" };
                return Err(EvalError::missing(message, span));
            }
            Cell::Mismatch => return Err(EvalError::other(access::NOT_A_MAP, span)),
            Cell::Null => Value::Null,
            Cell::Bool(value) => Value::Bool(value),
            Cell::Int(value) => {
                if self.program.declared.get(path) == Some(&Some(DeclaredType::Int)) {
                    Value::Int(value)
                } else {
                    Value::Integral(i128::from(value))
                }
            }
            Cell::Uint(value) => Value::Integral(i128::from(value)),
            Cell::Double(value) => Value::Double(value),
            Cell::Text(text) => Value::Text(String::from_utf8_lossy(text)),
            Cell::List(json) => Value::JsonList(json),
            Cell::Map(json) => Value::JsonMap(json),
            Cell::Time(micros) => Value::Timestamp(Timestamp::from_micros(micros)),
        })
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        left: &'a Expr,
        right: &'a Expr,
        span: &Range<usize>,
    ) -> Outcome<'a> {
        match op {
            BinaryOp::And => return self.logic(left, right, false),
            BinaryOp::Or => return self.logic(left, right, true),
            BinaryOp::In => return self.member_of(left, right, span),
            _ => {}
        }
        let (left, right) = (self.value(left)?, self.value(right)?);
        match op {
            BinaryOp::Equal | BinaryOp::NotEqual => {
                self.charge(left.weight().min(right.weight()) / 16, span)?;
                Ok(Value::Bool(equal(&left, &right) == (op == BinaryOp::Equal)))
            }
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                let Some(order) = compare(&left, &right) else {
                    return Err(EvalError::other(arithmetic::no_operator(op, &left, &right), span));
                };
                // A NaN has no order, so that every comparison with it is false.
                Ok(Value::Bool(order.is_some_and(|order| match op {
                    BinaryOp::Less => order.is_lt(),
                    BinaryOp::LessEqual => order.is_le(),
                    BinaryOp::Greater => order.is_gt(),
                    _ => order.is_ge(),
                })))
            }
            _ => {
                if op == BinaryOp::Add {
                    self.charge((left.weight() + right.weight()) / 16, span)?;
                }
                arithmetic(op, left, right).map_err(|problem| EvalError::other(problem, span))
            }
        }
    }

    /// Evaluates `&&` (`decisive` is false) or `||` (true): a side with the decisive value decides
    /// even if the other fails.
    fn logic(&mut self, left: &'a Expr, right: &'a Expr, decisive: bool) -> Outcome<'a> {
        let left = self.bool(left);
        if left == Ok(decisive) {
            return Ok(Value::Bool(decisive));
        }
        if self.is_spent() {
            return left.map(Value::Bool);
        }
        let right = self.bool(right);
        if self.is_spent() {
            return right.map(Value::Bool);
        }
        if right == Ok(decisive) {
            return Ok(Value::Bool(decisive));
        }
        left.and(right).map(Value::Bool)
    }

    fn map(&mut self, entries: &'a [(Expr, Expr)]) -> Outcome<'a> {
        let mut map = Map::default();
        for (key, value) in entries {
            let found = self.value(key)?;
            if !matches!(found.type_of(), Type::Int | Type::Uint | Type::Bool | Type::Text) {
                let kind = found.type_of().name();
                let message = format!("a key of a map is int, uint, bool or string, not {kind}");
                return Err(EvalError::other(message, &key.span));
            }
            let value = self.value(value)?;
            if !map.insert(found, value) {
                return Err(EvalError::other("a key stands twice in a map", &key.span));
            }
        }
        Ok(Value::Map(map.into()))
    }

    fn apply(
        &mut self,
        function: Function,
        arguments: &'a [Expr],
        span: &Range<usize>,
    ) -> Outcome<'a> {
        let [first, rest @ ..] = arguments else {
            return Err(EvalError::other("a function has no argument", span));
        };
        let first = self.value(first)?;
        let second = rest.first().map(|second| self.value(second)).transpose()?;
        let work = first.weight() + second.as_ref().map_or(0, Value::weight);
        self.charge(work / 16, span)?;
        if function == Function::Matches {
            // To compile a pattern costs as much as some thousand nodes.
            self.charge(10_000, span)?;
        }
        function.apply(first, second).map_err(|problem| EvalError::other(problem, span))
    }
}

fn literal_value(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Int(value) => Value::Int(*value),
        Literal::Uint(value) => Value::Uint(*value),
        Literal::Double(value) => Value::Double(*value),
        Literal::Text(text) => Value::text(text),
        Literal::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
        Literal::Timestamp(moment) => Value::Timestamp(*moment),
        Literal::Duration(length) => Value::Duration(*length),
        Literal::Type(kind) => Value::Type(*kind),
    }
}
