//! Calls of functions: the name, the style, the number and types of arguments, constants.

use std::ops::Range;

use evcore_event::diagnostic::did_you_mean;

use super::{Checker, Shape};
use crate::ast::{Expr, Literal, Node};
use crate::codes;
use crate::function::time_text::{parse_duration, parse_timestamp};
use crate::function::{Function, Style};
use crate::lex::problem;
use crate::parse::MACROS;
use crate::regex_re2::Pattern;
use crate::time_zone::Zone;
use crate::type_set::TypeSet;
use crate::value::Timestamp;

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        span: Range<usize>,
        target: Option<Expr>,
        name: &str,
        name_span: Range<usize>,
        arguments: Vec<Expr>,
    ) -> (Expr, Shape) {
        let broken = Expr { span: span.clone(), node: Node::Literal(Literal::Null) };
        let Some(function) = Function::from_name(name) else {
            self.unknown_function(name, name_span, target.is_some());
            // The arguments may have problems of their own; a target is often a name that is part
            // of the function's: `math.greatest(…)`.
            if !MACROS.contains(&name) {
                arguments.into_iter().for_each(|argument| drop(self.expr(argument)));
            }
            return (broken, Shape::ANY);
        };
        let is_method = target.is_some();
        let (arguments, shapes): (Vec<Expr>, Vec<Shape>) =
            target.into_iter().chain(arguments).map(|argument| self.expr(argument)).unzip();
        let style_is_right = match function.style() {
            Style::Call => !is_method,
            Style::Method => is_method,
            Style::Both => true,
        };
        let has_count = |count| function.overloads().iter().any(|o| o.arguments.len() == count);
        if !style_is_right || !has_count(arguments.len()) {
            self.bad_call(function, style_is_right, is_method, &arguments, span);
            return (broken, Shape::ANY);
        }
        let mut result = TypeSet::NONE;
        for overload in function.overloads() {
            let takes = overload.arguments.len() == shapes.len()
                && overload.arguments.iter().zip(&shapes).all(|(t, s)| t.meets(s.types));
            if takes {
                result = result.or(overload.result);
            }
        }
        if result.is_none() {
            self.no_overload(function, &arguments, &shapes, span);
            return (broken, Shape::ANY);
        }
        let shape = match function {
            Function::Dyn => Shape::ANY,
            _ => Shape::of(result),
        };
        let node = self.prepared(function, arguments);
        (Expr { span, node }, shape)
    }

    fn unknown_function(&mut self, name: &str, span: Range<usize>, is_method: bool) {
        if MACROS.contains(&name) {
            let (message, hint) = if name == "has" {
                ("has() stands alone and takes a selection", "write has(attributes.key)".to_owned())
            } else {
                ("a macro is called on a list or map", format!("write list.{name}(x, condition)"))
            };
            self.problems.push(problem(codes::BAD_MACRO, span, message, Some(hint)));
            return;
        }
        let names = Function::ALL.into_iter().map(Function::name).chain(MACROS);
        let hint = match name {
            "now" => Some("a rule reads no clock: `received` is when the event came in".to_owned()),
            "lower" | "upper" | "lowerAscii" | "upperAscii" => {
                Some("to ignore case, write text.matches(\"(?i)^word$\")".to_owned())
            }
            "len" | "length" | "count" => Some("did you mean `size`?".to_owned()),
            _ => did_you_mean(name, names).map(|close| format!("did you mean `{close}`?")),
        };
        let dot = if is_method { "." } else { "" };
        let message = format!("there is no function `{dot}{name}()`");
        self.problems.push(problem(codes::UNKNOWN_FUNCTION, span, message, hint));
    }

    fn bad_call(
        &mut self,
        function: Function,
        style_is_right: bool,
        is_method: bool,
        arguments: &[Expr],
        span: Range<usize>,
    ) {
        let name = function.name();
        let as_method = match function.style() {
            Style::Both => is_method,
            style => style == Style::Method,
        };
        let form = |count: usize| -> String {
            let names = ["x", "y"].into_iter().take(count).collect::<Vec<_>>();
            if as_method {
                format!("{}.{name}({})", names[0], names[1..].join(", "))
            } else {
                format!("{name}({})", names.join(", "))
            }
        };
        let mut forms: Vec<String> =
            function.overloads().iter().map(|o| form(o.arguments.len())).collect();
        forms.dedup();
        let message = if style_is_right {
            let given = arguments.len() - usize::from(is_method);
            format!("{name}() does not take {given} argument{}", if given == 1 { "" } else { "s" })
        } else if is_method {
            format!("{name}() is not called on a value")
        } else {
            format!("{name}() is called on a value")
        };
        let hint = Some(format!("write {}", forms.join(" or ")));
        self.problems.push(problem(codes::BAD_CALL, span, message, hint));
    }

    fn no_overload(
        &mut self,
        function: Function,
        arguments: &[Expr],
        shapes: &[Shape],
        span: Range<usize>,
    ) {
        let name = function.name();
        let described: Vec<String> = shapes.iter().map(|shape| shape.types.describe()).collect();
        let first = shapes.first().map_or(TypeSet::ALL, |shape| shape.types);
        let hint = match function {
            Function::TimePart(_) if first.meets(TypeSet::TEXT) => {
                Some(format!("convert the text first: timestamp(…).{name}()"))
            }
            Function::Contains if first == TypeSet::LIST => Some("write x in list".to_owned()),
            Function::StartsWith | Function::EndsWith | Function::Contains | Function::Matches
                if first.meets(TypeSet::NUMBER) && !first.meets(TypeSet::TEXT) =>
            {
                Some("convert the number first with string(…)".to_owned())
            }
            Function::Timestamp if first == TypeSet::DOUBLE => {
                Some("write timestamp(int(…)) for seconds since 1970".to_owned())
            }
            Function::Duration if first.meets(TypeSet::NUMBER) => {
                Some("write the unit, as in duration(\"90s\")".to_owned())
            }
            _ => None,
        };
        let message = format!("{name}() does not take {}", described.join(" and "));
        // The caret stands under the argument where there is only one that can be wrong.
        let span = match arguments {
            [only] => only.span.clone(),
            _ => span,
        };
        self.problems.push(problem(codes::NO_OVERLOAD, span, message, hint));
    }

    /// Turns a checked call into its node and evaluates constant arguments.
    fn prepared(&mut self, function: Function, mut arguments: Vec<Expr>) -> Node {
        let constant = |at: usize| match arguments.get(at).map(|argument| &argument.node) {
            Some(Node::Literal(literal)) => Some(literal.clone()),
            _ => None,
        };
        match (function, arguments.len(), constant(0), constant(1)) {
            (Function::Timestamp, _, Some(Literal::Text(text)), _) => {
                match parse_timestamp(&text) {
                    Ok(moment) => return Node::Literal(Literal::Timestamp(moment)),
                    Err(message) => self.fail(codes::BAD_TIMESTAMP, &arguments[0], message, None),
                }
            }
            (Function::Timestamp, _, Some(Literal::Int(seconds)), _) => {
                match Timestamp::in_range(seconds, 0) {
                    Some(moment) => return Node::Literal(Literal::Timestamp(moment)),
                    None => {
                        let message = "the timestamp is out of range";
                        let hint = Some("timestamp() of a number takes seconds".to_owned());
                        self.fail(codes::BAD_TIMESTAMP, &arguments[0], message, hint);
                    }
                }
            }
            (Function::Duration, _, Some(Literal::Text(text)), _) => match parse_duration(&text) {
                Ok(length) => return Node::Literal(Literal::Duration(length)),
                Err(message) => self.fail(codes::BAD_DURATION, &arguments[0], message, None),
            },
            (Function::Matches, 2, _, Some(Literal::Text(source))) => match Pattern::new(&source) {
                Ok(pattern) => {
                    let text = Box::new(arguments.swap_remove(0));
                    return Node::Matches { text, pattern };
                }
                Err(found) => {
                    let message = format!("not a regular expression of RE2: {found}");
                    let hint = source
                        .contains(['\x08', '\t', '\n'])
                        .then(|| "write patterns as raw strings: r\"…\"".to_owned());
                    self.fail(codes::BAD_PATTERN, &arguments[1], message, hint);
                }
            },
            (Function::TimePart(part), 1, ..) => {
                let operand = Box::new(arguments.swap_remove(0));
                return Node::TimePart { operand, part, zone: None };
            }
            (Function::TimePart(part), 2, _, Some(Literal::Text(name))) => match Zone::new(&name) {
                Some(zone) => {
                    let operand = Box::new(arguments.swap_remove(0));
                    return Node::TimePart { operand, part, zone: Some(zone) };
                }
                None => {
                    let message = format!("there is no time zone `{name}`");
                    let hint = match Zone::did_you_mean(&name) {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => "write an IANA name, or an offset such as \"+02:00\"".to_owned(),
                    };
                    self.fail(codes::BAD_ZONE, &arguments[1], message, Some(hint));
                }
            },
            _ => {}
        }
        Node::Apply { function, arguments }
    }
}
