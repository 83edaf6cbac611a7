//! Builds the syntax tree: precedence climbing over the tokens.
//!
//! Chains of `&&` and of `||` become balanced trees. That changes no result, as both operators are
//! associative, failures included, and a rule of a thousand terms stays shallow.

use std::ops::Range;

use evcore_event::Diagnostic;

use crate::ast::{BinaryOp, Expr, Literal, Node, UnaryOp};
use crate::codes;
use crate::lex::{Token, lex, problem};
use crate::limits::{DEPTH_MAX, NODES_MAX, RULE_BYTES_MAX};

mod macros;

pub(crate) use macros::MACROS;
use macros::{has, quantified, quantifier};

const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "in",
];

/// A tree and how deep it is.
struct Parsed {
    expr: Expr,
    depth: usize,
}

type Outcome<T> = Result<T, Box<Diagnostic>>;

/// Parses a rule.
///
/// # Errors
///
/// Every problem with a token, or the first one with the grammar.
pub(crate) fn parse(source: &str) -> Result<Expr, Vec<Diagnostic>> {
    if source.len() > RULE_BYTES_MAX || source.trim().is_empty() {
        let message = if source.len() > RULE_BYTES_MAX {
            format!("the rule has {} bytes, at most {RULE_BYTES_MAX} are taken", source.len())
        } else {
            "the rule is empty".to_owned()
        };
        return Err(vec![problem(codes::RULE_LENGTH, 0..0, message, None)]);
    }
    let mut parser = Parser { tokens: lex(source)?, at: 0, nesting: 0, nodes: 0 };
    let tree = parser.expression().and_then(|tree| match parser.peek() {
        Token::End => Ok(tree.expr),
        _ => Err(parser.unexpected("an operator or the end of the rule")),
    });
    tree.map_err(|problem| vec![*problem])
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    /// Brackets and operands that are open: bounds the recursion before there is a tree.
    nesting: usize,
    nodes: usize,
}

fn binary_op(token: &Token) -> Option<(BinaryOp, u8)> {
    Some(match token {
        Token::Symbol("||") => (BinaryOp::Or, 1),
        Token::Symbol("&&") => (BinaryOp::And, 2),
        Token::Symbol("==") => (BinaryOp::Equal, 3),
        Token::Symbol("!=") => (BinaryOp::NotEqual, 3),
        Token::Symbol("<") => (BinaryOp::Less, 3),
        Token::Symbol("<=") => (BinaryOp::LessEqual, 3),
        Token::Symbol(">") => (BinaryOp::Greater, 3),
        Token::Symbol(">=") => (BinaryOp::GreaterEqual, 3),
        Token::Name(word) if word == "in" => (BinaryOp::In, 3),
        Token::Symbol("+") => (BinaryOp::Add, 4),
        Token::Symbol("-") => (BinaryOp::Subtract, 4),
        Token::Symbol("*") => (BinaryOp::Multiply, 5),
        Token::Symbol("/") => (BinaryOp::Divide, 5),
        Token::Symbol("%") => (BinaryOp::Remainder, 5),
        _ => return None,
    })
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.at].1.clone()
    }

    /// Returns where the last token that was taken ends.
    fn end(&self) -> usize {
        self.tokens[self.at.saturating_sub(1)].1.end
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(found) if *found == symbol)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Outcome<()> {
        if self.take(symbol) { Ok(()) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    fn unexpected(&self, wanted: &str) -> Box<Diagnostic> {
        let found = match self.peek() {
            Token::End => "the end of the rule".to_owned(),
            Token::Symbol(symbol) => format!("`{symbol}`"),
            Token::Name(name) => format!("`{name}`"),
            Token::Quoted(name) => format!("`{name}` in backticks"),
            Token::Text(_) => "a string".to_owned(),
            Token::Bytes(_) => "bytes".to_owned(),
            Token::Int(_) | Token::Uint(_) | Token::Double(_) => "a number".to_owned(),
        };
        let hint = match self.peek() {
            Token::Name(word) => match word.as_str() {
                "and" => Some("write `&&`"),
                "or" => Some("write `||`"),
                "not" => Some("write `!`"),
                _ => None,
            },
            _ => None,
        };
        Box::new(problem(
            codes::UNEXPECTED_TOKEN,
            self.span(),
            format!("expected {wanted}, found {found}"),
            hint.map(str::to_owned),
        ))
    }

    /// Makes a node over trees of a greatest depth.
    fn node(&mut self, span: Range<usize>, depth: usize, node: Node) -> Outcome<Parsed> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("the rule has more than {NODES_MAX} parts");
            return Err(Box::new(problem(codes::TOO_LARGE, span, message, None)));
        }
        if depth + 1 > DEPTH_MAX {
            return Err(too_deep(span));
        }
        Ok(Parsed { expr: Expr { span, node }, depth: depth + 1 })
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        if self.nesting >= DEPTH_MAX {
            return Err(too_deep(self.span()));
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    fn expression(&mut self) -> Outcome<Parsed> {
        self.nested(|parser| {
            let condition = parser.binary(1)?;
            if !parser.take("?") {
                return Ok(condition);
            }
            let then = parser.nested(|parser| parser.binary(1))?;
            parser.expect(":")?;
            let otherwise = parser.expression()?;
            let span = condition.expr.span.start..parser.end();
            let depth = condition.depth.max(then.depth).max(otherwise.depth);
            let node = Node::Conditional {
                condition: Box::new(condition.expr),
                then: Box::new(then.expr),
                otherwise: Box::new(otherwise.expr),
            };
            parser.node(span, depth, node)
        })
    }

    /// Parses operators that bind at least as strongly as `level`.
    fn binary(&mut self, level: u8) -> Outcome<Parsed> {
        let mut left = self.unary()?;
        while let Some((op, strength)) = binary_op(self.peek()) {
            if strength < level {
                break;
            }
            if matches!(op, BinaryOp::And | BinaryOp::Or) {
                left = self.chain(left, op, strength)?;
                continue;
            }
            self.at += 1;
            let right = self.binary(strength + 1)?;
            left = self.join(op, left, right)?;
        }
        Ok(left)
    }

    /// Parses the rest of a chain of one logical operator.
    fn chain(&mut self, first: Parsed, op: BinaryOp, strength: u8) -> Outcome<Parsed> {
        let mut terms = vec![first];
        while binary_op(self.peek()).is_some_and(|(next, _)| next == op) {
            self.at += 1;
            terms.push(self.binary(strength + 1)?);
        }
        while terms.len() > 1 {
            let mut halved = Vec::with_capacity(terms.len().div_ceil(2));
            let mut rest = terms.into_iter();
            while let Some(left) = rest.next() {
                halved.push(match rest.next() {
                    Some(right) => self.join(op, left, right)?,
                    None => left,
                });
            }
            terms = halved;
        }
        terms.pop().ok_or_else(|| self.unexpected("an expression"))
    }

    fn join(&mut self, op: BinaryOp, left: Parsed, right: Parsed) -> Outcome<Parsed> {
        let span = left.expr.span.start..right.expr.span.end;
        let depth = left.depth.max(right.depth);
        self.node(span, depth, Node::Binary(op, Box::new(left.expr), Box::new(right.expr)))
    }

    fn unary(&mut self) -> Outcome<Parsed> {
        let start = self.span().start;
        let op = match self.peek() {
            Token::Symbol("!") => UnaryOp::Not,
            Token::Symbol("-") => UnaryOp::Negate,
            _ => return self.member(),
        };
        self.at += 1;
        if op == UnaryOp::Negate
            && let Some(literal) = self.negative_number()?
        {
            self.at += 1;
            let number = self.node(start..self.end(), 0, Node::Literal(literal))?;
            return self.members(number);
        }
        let operand = self.nested(Parser::unary)?;
        let span = start..operand.expr.span.end;
        self.node(span, operand.depth, Node::Unary(op, Box::new(operand.expr)))
    }

    fn negative_number(&self) -> Outcome<Option<Literal>> {
        match *self.peek() {
            Token::Int(magnitude) => match 0_i64.checked_sub_unsigned(magnitude) {
                Some(value) => Ok(Some(Literal::Int(value))),
                None => Err(self.int_range()),
            },
            Token::Double(value) => Ok(Some(Literal::Double(-value))),
            _ => Ok(None),
        }
    }

    fn int_range(&self) -> Box<Diagnostic> {
        Box::new(problem(
            codes::BAD_NUMBER,
            self.span(),
            "the integer does not fit in 64 bits with a sign",
            Some("add `u` for a uint, or `.0` for a double".to_owned()),
        ))
    }

    fn member(&mut self) -> Outcome<Parsed> {
        let primary = self.primary()?;
        self.members(primary)
    }

    /// Parses what follows an operand: `.name`, `.name(…)`, `[…]`.
    fn members(&mut self, mut operand: Parsed) -> Outcome<Parsed> {
        loop {
            let start = operand.expr.span.start;
            if self.take(".") {
                let (key, key_span, is_quoted) = self.selector()?;
                if self.is_symbol("(") && !is_quoted {
                    operand = self.call(Some(operand), key, start, key_span)?;
                    continue;
                }
                let span = start..self.end();
                let node = Node::Select { operand: Box::new(operand.expr), key };
                operand = self.node(span, operand.depth, node)?;
            } else if self.take("[") {
                let index = self.expression()?;
                self.expect("]")?;
                let depth = operand.depth.max(index.depth);
                let node =
                    Node::Index { operand: Box::new(operand.expr), index: Box::new(index.expr) };
                operand = self.node(start..self.end(), depth, node)?;
            } else if self.is_symbol("{")
                && matches!(operand.expr.node, Node::Name(_) | Node::Select { .. })
            {
                return Err(Box::new(problem(
                    codes::NO_MESSAGES,
                    start..self.span().end,
                    "there are no messages to build",
                    Some("a map is written {\"key\": value}".to_owned()),
                )));
            } else {
                return Ok(operand);
            }
        }
    }

    /// Returns the name after a dot, which may be any word but the four that are part of the syntax.
    fn selector(&mut self) -> Outcome<(String, Range<usize>, bool)> {
        let span = self.span();
        let (key, is_quoted) = match self.peek() {
            Token::Name(name) if !matches!(name.as_str(), "in" | "true" | "false" | "null") => {
                (name.clone(), false)
            }
            Token::Quoted(name) => (name.clone(), true),
            _ => return Err(self.unexpected("a name after `.`")),
        };
        self.at += 1;
        Ok((key, span, is_quoted))
    }

    fn primary(&mut self) -> Outcome<Parsed> {
        let span = self.span();
        let literal = match self.peek() {
            Token::Int(magnitude) => match i64::try_from(*magnitude) {
                Ok(value) => Literal::Int(value),
                Err(_) => return Err(self.int_range()),
            },
            Token::Uint(value) => Literal::Uint(*value),
            Token::Double(value) => Literal::Double(*value),
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Bytes(bytes) => Literal::Bytes(bytes.clone()),
            Token::Name(word) if word == "true" => Literal::Bool(true),
            Token::Name(word) if word == "false" => Literal::Bool(false),
            Token::Name(word) if word == "null" => Literal::Null,
            Token::Symbol("(") => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                // The brackets belong to the place, so that a caret covers them.
                let expr = Expr { span: span.start..self.end(), node: inner.expr.node };
                return Ok(Parsed { expr, depth: inner.depth });
            }
            Token::Symbol("[") => return self.list(),
            Token::Symbol("{") => return self.map(),
            _ => return self.name(),
        };
        self.at += 1;
        self.node(span, 0, Node::Literal(literal))
    }

    /// Parses a name or the call of a function, with the leading dot that means the outermost scope.
    fn name(&mut self) -> Outcome<Parsed> {
        let start = self.span().start;
        let has_dot = self.take(".");
        let span = self.span();
        let Token::Name(word) = self.peek() else { return Err(self.unexpected("an expression")) };
        let word = word.clone();
        if RESERVED.contains(&word.as_str()) {
            let message = format!("`{word}` is a reserved word");
            return Err(Box::new(problem(codes::RESERVED_WORD, span, message, None)));
        }
        if matches!(word.as_str(), "and" | "or" | "not") {
            return Err(self.unexpected("an expression"));
        }
        self.at += 1;
        if self.is_symbol("(") {
            return self.call(None, word, start, span);
        }
        let name = if has_dot { format!(".{word}") } else { word };
        self.node(start..self.end(), 0, Node::Name(name))
    }

    /// Parses expressions up to `close`, which is taken; a comma may stand after the last.
    fn expressions(&mut self, close: &str) -> Outcome<(Vec<Expr>, usize)> {
        let (mut items, mut depth) = (Vec::new(), 0);
        while !self.is_symbol(close) {
            let item = self.expression()?;
            depth = depth.max(item.depth);
            items.push(item.expr);
            if !self.take(",") && !self.is_symbol(close) {
                return Err(self.unexpected(&format!("`,` or `{close}`")));
            }
        }
        self.expect(close)?;
        Ok((items, depth))
    }

    fn list(&mut self) -> Outcome<Parsed> {
        let start = self.span().start;
        self.expect("[")?;
        let (items, depth) = self.expressions("]")?;
        self.node(start..self.end(), depth, Node::List(items))
    }

    fn map(&mut self) -> Outcome<Parsed> {
        let start = self.span().start;
        self.expect("{")?;
        let (mut entries, mut depth) = (Vec::new(), 0);
        while !self.is_symbol("}") {
            let key = self.expression()?;
            self.expect(":")?;
            let value = self.expression()?;
            depth = depth.max(key.depth).max(value.depth);
            entries.push((key.expr, value.expr));
            if !self.take(",") && !self.is_symbol("}") {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
        self.expect("}")?;
        self.node(start..self.end(), depth, Node::Map(entries))
    }

    fn call(
        &mut self,
        target: Option<Parsed>,
        function: String,
        start: usize,
        function_span: Range<usize>,
    ) -> Outcome<Parsed> {
        self.expect("(")?;
        let (arguments, mut depth) = self.expressions(")")?;
        depth = depth.max(target.as_ref().map_or(0, |target| target.depth));
        let span = start..self.end();
        let target = target.map(|target| Box::new(target.expr));
        let node = match (&target, quantifier(&function)) {
            (None, _) if function == "has" => has(arguments, &span)?,
            (Some(_), Some(quantifier)) => {
                let target = target.unwrap_or_else(|| unreachable!("matched above"));
                quantified(quantifier, &function, target, arguments, &span)?
            }
            _ => Node::Call { target, function, function_span, arguments },
        };
        self.node(span, depth, node)
    }
}

fn too_deep(span: Range<usize>) -> Box<Diagnostic> {
    let message = format!("the rule nests deeper than {DEPTH_MAX} levels");
    Box::new(problem(codes::TOO_DEEP, span, message, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> Option<&'static str> {
        parse(source).err().map(|problems| problems[0].code)
    }

    #[test]
    fn limits_hold_at_the_limit_and_end_one_past() {
        for (source, past, expected) in [
            ("!".repeat(DEPTH_MAX - 1) + "true", "!".repeat(DEPTH_MAX) + "true", codes::TOO_DEEP),
            (
                "1".to_owned() + &"+1".repeat(DEPTH_MAX - 1),
                "1".to_owned() + &"+1".repeat(DEPTH_MAX),
                codes::TOO_DEEP,
            ),
            (
                "(".repeat(DEPTH_MAX - 1) + "1" + &")".repeat(DEPTH_MAX - 1),
                "(".repeat(DEPTH_MAX) + "1" + &")".repeat(DEPTH_MAX),
                codes::TOO_DEEP,
            ),
            (
                format!("[{}]", "1,".repeat(NODES_MAX - 1)),
                format!("[{}]", "1,".repeat(NODES_MAX)),
                codes::TOO_LARGE,
            ),
            (
                "true".to_owned() + &" ".repeat(RULE_BYTES_MAX - 4),
                "true".to_owned() + &" ".repeat(RULE_BYTES_MAX - 3),
                codes::RULE_LENGTH,
            ),
        ] {
            assert_eq!(code(&source), None, "{}", source.len());
            assert_eq!(code(&past), Some(expected), "{}", past.len());
        }
    }

    #[test]
    fn a_long_chain_of_logic_is_shallow() {
        let chain = vec!["a || b && c"; 2000].join(" || ");
        assert_eq!(code(&chain), None);
    }

    #[test]
    fn operators_bind_as_cel_says() {
        for (short, long) in [
            ("a || b && c", "a || (b && c)"),
            ("a && b == c", "a && (b == c)"),
            ("a == b + c", "a == (b + c)"),
            ("a + b * c", "a + (b * c)"),
            ("a - b - c", "(a - b) - c"),
            ("a / b % c", "(a / b) % c"),
            ("a < b == c", "(a < b) == c"),
            ("!a && b", "(!a) && b"),
            ("-a.b", "-(a.b)"),
            ("-a * b", "(-a) * b"),
            ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
            ("a || b ? c : d", "(a || b) ? c : d"),
            ("a in b && c", "(a in b) && c"),
        ] {
            let shape = |source: &str| {
                let tree = parse(source).unwrap_or_else(|problems| panic!("{problems:?}"));
                let mut text = format!("{:?}", tree.node);
                // Places differ by the brackets.
                while let Some(at) = text.find("span: ") {
                    let end = text[at..].find(',').map_or(text.len(), |length| at + length);
                    text.replace_range(at..end, "");
                }
                text
            };
            assert_eq!(shape(short), shape(long), "{short}");
        }
    }
}
