//! The macros: calls that are syntax, because their arguments are no values.

use std::ops::Range;

use evcore_event::diagnostic::did_you_mean;

use super::Outcome;
use crate::ast::{Expr, Literal, Node, Quantifier};
use crate::codes;
use crate::lex::problem;

/// Returns the macro over a list or map of that name.
pub(super) fn quantifier(function: &str) -> Option<Quantifier> {
    Some(match function {
        "all" => Quantifier::All,
        "exists" => Quantifier::Exists,
        "exists_one" | "existsOne" => Quantifier::ExistsOne,
        "filter" => Quantifier::Filter,
        "map" => Quantifier::Map,
        _ => return None,
    })
}

/// The names of the macros, for suggestions.
pub(crate) const MACROS: [&str; 6] = ["has", "all", "exists", "exists_one", "filter", "map"];

/// Builds `has(…)`.
pub(super) fn has(arguments: Vec<Expr>, span: &Range<usize>) -> Outcome<Node> {
    let shape = |hint: Option<String>| {
        let message = "has() takes one field selection, as in has(attributes.coupon)";
        Box::new(problem(codes::BAD_MACRO, span.clone(), message, hint))
    };
    let [argument] = <[Expr; 1]>::try_from(arguments).map_err(|_| shape(None))?;
    match argument.node {
        Node::Select { operand, key } => Ok(Node::Has { operand, key }),
        Node::Name(name) => {
            let name = name.trim_start_matches('.');
            let field = evcore_event::Field::from_name(name).map(evcore_event::Field::name);
            let close =
                field.or_else(|| did_you_mean(name, evcore_event::Field::ALL.map(|f| f.name())));
            let message = format!("has({name}) asks for a variable, which is not a selection");
            let hint = close.map(|field| format!("write has(event.{field})"));
            Err(Box::new(problem(codes::HAS_OF_VARIABLE, argument.span, message, hint)))
        }
        Node::Index { index, .. } => match index.node {
            Node::Literal(Literal::Text(key)) => Err(shape(Some(format!("write \"{key}\" in …")))),
            _ => Err(shape(None)),
        },
        _ => Err(shape(None)),
    }
}

/// Builds a macro over a list or map.
pub(super) fn quantified(
    quantifier: Quantifier,
    function: &str,
    range: Box<Expr>,
    arguments: Vec<Expr>,
    span: &Range<usize>,
) -> Outcome<Node> {
    let form = if quantifier == Quantifier::Map {
        "x, value) or .map(x, condition, value"
    } else {
        "x, condition"
    };
    let shape = |span: Range<usize>| {
        let message = format!("{function}() takes a new name first: .{function}({form})");
        Box::new(problem(codes::BAD_MACRO, span, message, None))
    };
    let count = arguments.len();
    if count != 2 && !(count == 3 && quantifier == Quantifier::Map) {
        return Err(shape(span.clone()));
    }
    let mut rest = arguments.into_iter();
    let (Some(name), Some(second)) = (rest.next(), rest.next()) else {
        return Err(shape(span.clone()));
    };
    let third = rest.next().map(Box::new);
    let variable = match name.node {
        Node::Name(variable) if !variable.starts_with('.') => variable,
        _ => return Err(shape(name.span)),
    };
    let second = Box::new(second);
    let (predicate, transform) = match (quantifier, third) {
        (Quantifier::Map, None) => (None, Some(second)),
        (_, third) => (Some(second), third),
    };
    Ok(Node::Quantified { quantifier, range, variable, predicate, transform })
}
