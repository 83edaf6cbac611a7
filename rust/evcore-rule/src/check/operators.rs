//! Types of the operators with two operands.

use std::ops::Range;

use super::{Checker, Shape};
use crate::ast::{BinaryOp, Expr, Literal, Node};
use crate::codes;
use crate::eval::{arithmetic_type, symbol};
use crate::lex::problem;
use crate::type_set::TypeSet;
use crate::value::{Type, is_ordered};

impl Checker<'_> {
    pub(super) fn binary(
        &mut self,
        span: Range<usize>,
        op: BinaryOp,
        left: Expr,
        right: Expr,
    ) -> (Expr, Shape) {
        let (left, left_shape) = self.expr(left);
        let (right, right_shape) = self.expr(right);
        let (a, b) = (left_shape.types, right_shape.types);
        let shape = match op {
            BinaryOp::Equal | BinaryOp::NotEqual => {
                if !can_equal(a, b) {
                    let never = if op == BinaryOp::Equal { "never" } else { "always" };
                    let (a_text, b_text) = (a.describe(), b.describe());
                    let message = format!(
                        "{a_text} and {b_text} are {never} {}",
                        match op {
                            BinaryOp::Equal => "equal",
                            _ => "unequal",
                        }
                    );
                    let hint = type_hint(op, a, b);
                    self.problems.push(problem(codes::NEVER_EQUAL, span.clone(), message, hint));
                }
                Shape::BOOL
            }
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                let ordered = a.types().any(|a| b.types().any(|b| is_ordered(a, b)));
                if !ordered {
                    self.no_operator(&span, op, a, b);
                }
                Shape::BOOL
            }
            _ => {
                let mut types = TypeSet::NONE;
                for a in a.types() {
                    for b in b.types() {
                        if let Some(result) = arithmetic_type(op, a, b) {
                            types = types.or(TypeSet::of(result));
                        }
                    }
                }
                if types.is_none() {
                    self.no_operator(&span, op, a, b);
                    types = TypeSet::ALL;
                }
                Shape { types, elements: left_shape.elements.or(right_shape.elements) }
            }
        };
        let node = Node::Binary(op, Box::new(left), Box::new(right));
        (Expr { span, node }, shape)
    }

    fn no_operator(&mut self, span: &Range<usize>, op: BinaryOp, a: TypeSet, b: TypeSet) {
        let (a_text, b_text) = (a.describe(), b.describe());
        let message = format!("`{}` does not take {a_text} and {b_text}", symbol(op));
        let hint = type_hint(op, a, b);
        self.problems.push(problem(codes::NO_OVERLOAD, span.clone(), message, hint));
    }

    /// Checks `left in right`.
    pub(super) fn member_of(
        &mut self,
        span: Range<usize>,
        left: Expr,
        right: Expr,
    ) -> (Expr, Shape) {
        if self.is_tags(&right)
            && let Node::Literal(Literal::Text(tag)) = &left.node
        {
            let tag = tag.clone();
            return self.has_tag(span, &left, tag);
        }
        let (left, left_shape) = self.expr(left);
        let (right, right_shape) = self.expr(right);
        let (item, container) = (left_shape.types, right_shape.types);
        if !container.meets(TypeSet::LIST.or(TypeSet::MAP)) {
            let message = format!("`in` looks into a list or a map, not {}", container.describe());
            let hint = container
                .meets(TypeSet::TEXT)
                .then(|| "write text.contains(part) for a part of a string".to_owned());
            self.fail(codes::NO_OVERLOAD, &right, message, hint);
        } else if container == TypeSet::LIST
            && !right_shape.elements.is_none()
            && !can_equal(item, right_shape.elements)
        {
            let elements = right_shape.elements.describe();
            let message = format!("{} is never in a list of {elements}", item.describe());
            let hint = type_hint(BinaryOp::Equal, item, right_shape.elements);
            self.problems.push(problem(codes::NEVER_EQUAL, span.clone(), message, hint));
        }
        let node = Node::Binary(BinaryOp::In, Box::new(left), Box::new(right));
        (Expr { span, node }, Shape::BOOL)
    }
}

fn can_equal(a: TypeSet, b: TypeSet) -> bool {
    a.meets(b) || (a.meets(TypeSet::NUMBER) && b.meets(TypeSet::NUMBER))
}

/// Returns what would help where an operator does not take two types.
fn type_hint(op: BinaryOp, a: TypeSet, b: TypeSet) -> Option<String> {
    let is_arithmetic = matches!(
        op,
        BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder
    );
    let one = |wanted: TypeSet| a == wanted || b == wanted;
    let either = |wanted: TypeSet| a.meets(wanted) || b.meets(wanted);
    let hint = if one(TypeSet::of(Type::Null)) {
        "a field that is not there is missing, never null: write !has(event.…)"
    } else if is_arithmetic
        && op != BinaryOp::Remainder
        && one(TypeSet::INT)
        && either(TypeSet::DOUBLE)
    {
        "a number of an event is a double: write 1.0 for 1, or convert with int()"
    } else if op == BinaryOp::Remainder && either(TypeSet::DOUBLE) {
        "`%` takes whole numbers: convert with int()"
    } else if one(TypeSet::TIMESTAMP) && is_arithmetic {
        "add or subtract a duration, as in duration(\"90s\")"
    } else if one(TypeSet::TIMESTAMP) && either(TypeSet::TEXT) {
        "convert the text with timestamp(…)"
    } else if one(TypeSet::DURATION) && either(TypeSet::TEXT.or(TypeSet::NUMBER)) {
        "write a duration as duration(\"90s\")"
    } else if one(TypeSet::TIMESTAMP) {
        "write a moment as timestamp(\"2026-03-02T00:00:00Z\")"
    } else if one(TypeSet::TYPE) && one(TypeSet::TEXT) {
        "the kind of an event is `kind`; `type` is the name of a type"
    } else if one(TypeSet::TEXT) && either(TypeSet::NUMBER) {
        "write the number in quotes, or convert the text with double(…)"
    } else {
        return None;
    };
    Some(hint.to_owned())
}
