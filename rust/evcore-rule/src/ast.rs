//! The syntax tree of a rule, before and after its names are resolved.
//!
//! The parser makes it, the checker replaces names by what they mean (the variants from
//! [`Node::Field`] on), and both evaluators read the result.

use std::ops::Range;

use crate::function::Function;
use crate::regex_re2::Pattern;
use crate::time_zone::{TimePart, Zone};
use crate::value::{Duration, Timestamp, Type};

/// A node and the bytes of the rule's text that it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// Bytes of the rule's text.
    pub span: Range<usize>,
    /// What stands there.
    pub node: Node,
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `12`, `0xC`
    Int(i64),
    /// `12u`
    Uint(u64),
    /// `1.2`
    Double(f64),
    /// `"text"`, `r'text'`
    Text(String),
    /// `b"bytes"`
    Bytes(Vec<u8>),
    /// `timestamp("…")` of a constant.
    Timestamp(Timestamp),
    /// `duration("…")` of a constant.
    Duration(Duration),
    /// The name of a type: `int`, `string`, `google.protobuf.Timestamp`, …
    Type(Type),
}

/// An operator with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// A macro that goes over the elements of a list or the keys of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// `e.all(x, p)`
    All,
    /// `e.exists(x, p)`
    Exists,
    /// `e.exists_one(x, p)`
    ExistsOne,
    /// `e.filter(x, p)`
    Filter,
    /// `e.map(x, t)`, `e.map(x, p, t)`
    Map,
}

/// What stands in the tree.
///
/// The parser makes the variants up to [`Node::Call`]. The checker turns every `Call` into one of the
/// variants after it, and every [`Node::Name`] that is not a quantifier's variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A constant.
    Literal(Literal),
    /// A name; after checking only the variable of a quantifier.
    Name(String),
    /// `operand.key`
    Select {
        /// What the key is looked up in.
        operand: Box<Expr>,
        /// The key.
        key: String,
    },
    /// `has(operand.key)`
    Has {
        /// What the key is looked up in.
        operand: Box<Expr>,
        /// The key.
        key: String,
    },
    /// `operand[index]`
    Index {
        /// A list or a map.
        operand: Box<Expr>,
        /// A position or a key.
        index: Box<Expr>,
    },
    /// An operator with one operand.
    Unary(UnaryOp, Box<Expr>),
    /// An operator with two operands.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `condition ? then : otherwise`
    Conditional {
        /// The condition, a bool.
        condition: Box<Expr>,
        /// The value where it is true.
        then: Box<Expr>,
        /// The value where it is false.
        otherwise: Box<Expr>,
    },
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{k: v}`
    Map(Vec<(Expr, Expr)>),
    /// A macro over a list or the keys of a map.
    Quantified {
        /// Which macro.
        quantifier: Quantifier,
        /// The list or map it goes over.
        range: Box<Expr>,
        /// The name of the element in `predicate` and `transform`.
        variable: String,
        /// The predicate, absent in the short form of `map`.
        predicate: Option<Box<Expr>>,
        /// What `map` makes of each element.
        transform: Option<Box<Expr>>,
    },
    /// `function(arguments)` or `target.function(arguments)`; never in a checked tree.
    Call {
        /// What stands before the dot.
        target: Option<Box<Expr>>,
        /// The function's name.
        function: String,
        /// Bytes of the function's name in the rule's text.
        function_span: Range<usize>,
        /// What stands in the brackets.
        arguments: Vec<Expr>,
    },
    /// A call of a function that exists with that number of arguments; the target, if there is one,
    /// is the first.
    Apply {
        /// The function.
        function: Function,
        /// Its arguments.
        arguments: Vec<Expr>,
    },
    /// `text.matches("constant")`
    Matches {
        /// The text.
        text: Box<Expr>,
        /// The compiled pattern.
        pattern: Pattern,
    },
    /// `operand.getHours()` and its family, with no zone or a constant one.
    TimePart {
        /// A timestamp or a duration.
        operand: Box<Expr>,
        /// Which part.
        part: TimePart,
        /// The zone, if one is named. A duration takes none.
        zone: Option<Zone>,
    },
    /// A path of the event: an index into [`crate::Program::paths`].
    Field(usize),
    /// `has(…)` of a path of the event: an index into [`crate::Program::paths`].
    ///
    /// `has(attributes.a.b)` is false where `attributes.a` is missing; CEL itself fails there. A path
    /// is one column, which does not know at which key it ends, and false is what people mean.
    HasField(usize),
    /// `"name" in tags`, with the name constant.
    HasTag(String),
    /// `tags`, as a list of strings.
    Tags,
    /// `category`
    Category,
}
