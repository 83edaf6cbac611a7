//! A text that two expressions share exactly if they mean the same, for hash-consing.

use std::fmt::Write;

use super::classify::Names;
use crate::ast::{Expr, Node};

/// Returns the key of an expression: its tree with slots in place of the program's indices and
/// without the places in the rule's text.
pub(crate) fn key(expr: &Expr, names: &Names<'_>, rule: usize) -> String {
    let mut tree = expr.clone();
    let mut suffix = String::new();
    simplify(&mut tree, &mut |node| match node {
        Node::Field(path) | Node::HasField(path) => {
            // One slot has one declared type; it stands here so that this need not be so.
            let _ = write!(suffix, " {:?}", names.program.declared[*path]);
            *path = names.slots[*path];
        }
        // The list of tags grows from rule to rule.
        Node::Tags => {
            let _ = write!(suffix, " rule {rule}");
        }
        _ => {}
    });
    format!("{tree:?}{suffix}")
}

/// Clears the spans and calls `visit` with each node.
fn simplify(expr: &mut Expr, visit: &mut impl FnMut(&mut Node)) {
    expr.span = 0..0;
    visit(&mut expr.node);
    match &mut expr.node {
        Node::Select { operand, .. }
        | Node::Has { operand, .. }
        | Node::Unary(_, operand)
        | Node::Matches { text: operand, .. }
        | Node::TimePart { operand, .. } => simplify(operand, visit),
        Node::Index { operand: left, index: right } | Node::Binary(_, left, right) => {
            simplify(left, visit);
            simplify(right, visit);
        }
        Node::Conditional { condition, then, otherwise } => {
            [condition, then, otherwise].into_iter().for_each(|part| simplify(part, visit));
        }
        Node::List(items) | Node::Apply { arguments: items, .. } => {
            items.iter_mut().for_each(|item| simplify(item, visit));
        }
        Node::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            simplify(key, visit);
            simplify(value, visit);
        }),
        Node::Quantified { range, predicate, transform, .. } => {
            simplify(range, visit);
            for part in [predicate, transform].into_iter().flatten() {
                simplify(part, visit);
            }
        }
        Node::Call { target, arguments, function_span, .. } => {
            *function_span = 0..0;
            for part in target.iter_mut().map(Box::as_mut).chain(arguments) {
                simplify(part, visit);
            }
        }
        Node::Literal(_)
        | Node::Name(_)
        | Node::Field(_)
        | Node::HasField(_)
        | Node::HasTag(_)
        | Node::Tags
        | Node::Category => {}
    }
}
