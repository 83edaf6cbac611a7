//! Which boolean expressions have a kernel: from the checked tree to a [`Leaf`].

use std::borrow::Cow;

use evcore_event::{FieldType, Path};
use memchr::memmem::Finder;

use super::arithmetic::Term;
use super::leaf::{Leaf, Other};
use super::moment::{self, MicroRange, PartTest};
use super::number::{NumberSet, Range};
use super::text::{TextSet, TextTest};
use crate::ast::{BinaryOp, Expr, Literal, Node, UnaryOp};
use crate::function::Function;
use crate::program::{DeclaredType, Program};
use crate::time_zone::{TimePart, Zone};

/// Why an expression goes row by row, in words for `evcore check --plan`.
pub(crate) type Why = &'static str;

/// A leaf, where the predicate on text has no group yet.
pub(crate) enum Class {
    /// All there is to know.
    Leaf(Leaf),
    /// A predicate on the text of a slot.
    Text { slot: usize, test: TextTest, negate: bool, other: Other },
}

/// One side of a comparison.
enum Operand<'a> {
    Constant(Cow<'a, Literal>),
    /// A path of the program.
    Path(usize),
    Category,
    Size(usize),
    Part(usize, TimePart, Option<&'a Zone>),
    /// `left - right`, of moments.
    Difference(usize, usize),
    /// A moment and nanoseconds to add.
    Offset(usize, i64),
    Term(Term),
}

/// What a program's indices mean in the plan.
pub(crate) struct Names<'a> {
    /// The program.
    pub program: &'a Program,
    /// Slots by path of the program.
    pub slots: &'a [usize],
    /// Every tag.
    pub tag_names: &'a [String],
    /// Every category.
    pub category_names: &'a [String],
}

const CALL: Why = "no kernel for this expression";
const PAIR: Why = "no kernel compares these two";

impl<'a> Names<'a> {
    /// Returns the kernel of a boolean expression that is not logic.
    pub(crate) fn classify(&self, expr: &'a Expr) -> Result<Class, Why> {
        match &expr.node {
            Node::Literal(Literal::Bool(value)) => Ok(Class::Leaf(Leaf::Always(*value))),
            Node::Field(path) => Ok(Class::Leaf(Leaf::Bool { slot: self.slots[*path] })),
            Node::HasField(path) => Ok(Class::Leaf(Leaf::Has { slot: self.slots[*path] })),
            Node::HasTag(name) => {
                let tag = self.tag_names.iter().position(|tag| tag == name);
                Ok(Class::Leaf(tag.map_or(Leaf::Always(false), Leaf::Tag)))
            }
            Node::Matches { text, pattern } => {
                self.text_of(text, TextTest::Matches(pattern.clone()), false, Other::Error)
            }
            Node::Apply { function, arguments } => self.call(*function, arguments),
            Node::Binary(BinaryOp::In, value, list) => self.in_list(value, list),
            Node::Binary(op, left, right) if is_comparison(*op) => self.compare(*op, left, right),
            Node::Quantified { .. } => Err("a macro goes over the elements of each row"),
            Node::Index { .. } | Node::Select { .. } | Node::Has { .. } => {
                Err("looks into a list or map of each row")
            }
            _ => Err(CALL),
        }
    }

    fn is_time(&self, path: usize) -> bool {
        let Path { root, steps } = &self.program.paths[path];
        steps.is_empty() && root.field_type() == FieldType::Timestamp
            || self.program.declared[path] == Some(DeclaredType::Timestamp)
    }

    /// Returns whether arithmetic on the path is arithmetic on doubles wherever it holds a number.
    fn is_numeric(&self, path: usize) -> bool {
        !self.program.paths[path].steps.is_empty()
            && matches!(self.program.declared[path], None | Some(DeclaredType::Double))
    }

    fn call(&self, function: Function, arguments: &'a [Expr]) -> Result<Class, Why> {
        let [text, argument] = arguments else {
            return Err(CALL);
        };
        let Node::Literal(Literal::Text(constant)) = &argument.node else {
            return Err("its argument is not constant");
        };
        let bytes = constant.as_bytes();
        let test = match function {
            Function::StartsWith => TextTest::Prefix(bytes.into()),
            Function::EndsWith => TextTest::Suffix(bytes.into()),
            Function::Contains => TextTest::Contains(Box::new(Finder::new(bytes).into_owned())),
            _ => return Err(CALL),
        };
        self.text_of(text, test, false, Other::Error)
    }

    /// Returns the leaf of a predicate on the text that an expression gives.
    fn text_of(
        &self,
        text: &'a Expr,
        test: TextTest,
        negate: bool,
        other: Other,
    ) -> Result<Class, Why> {
        match self.operand(text) {
            Some(Operand::Path(path)) => {
                Ok(Class::Text { slot: self.slots[path], test, negate, other })
            }
            Some(Operand::Category) => Ok(Class::Leaf(self.category(&test, negate))),
            _ => Err("the text is computed for each row"),
        }
    }

    /// Returns the verdicts by the number of the category; 0 is no category, whose text is empty.
    fn category(&self, test: &TextTest, negate: bool) -> Leaf {
        let names = self.category_names.iter().map(String::as_bytes);
        let texts = std::iter::once(&b""[..]).chain(names);
        Leaf::Category(texts.map(|text| test.holds(text) != negate).collect())
    }

    fn in_list(&self, value: &'a Expr, list: &'a Expr) -> Result<Class, Why> {
        let Node::List(items) = &list.node else {
            return Err("the list is not constant");
        };
        let constants: Option<Vec<_>> = items.iter().map(constant).collect();
        let constants = constants.ok_or("the list is not constant")?;
        let constants: Vec<&Literal> = constants.iter().map(AsRef::as_ref).collect();
        let texts: Option<Vec<&[u8]>> = constants.iter().map(|c| text_constant(c)).collect();
        if let Some(texts) = texts {
            return self.text_of(value, TextTest::In(TextSet::new(texts)), false, Other::False);
        }
        let set = NumberSet::new(&constants).ok_or("the constants are of several types")?;
        match self.operand(value) {
            Some(Operand::Path(path)) => {
                Ok(Class::Leaf(Leaf::NumberIn { slot: self.slots[path], set }))
            }
            Some(Operand::Part(path, part, zone)) if self.is_time(path) => {
                Ok(Class::Leaf(self.part(path, part, zone, PartTest::In(set))))
            }
            _ => Err(PAIR),
        }
    }

    fn part(&self, path: usize, part: TimePart, zone: Option<&Zone>, test: PartTest) -> Leaf {
        Leaf::Part { slot: self.slots[path], part, zone: zone.cloned(), test }
    }

    fn compare(&self, op: BinaryOp, left: &'a Expr, right: &'a Expr) -> Result<Class, Why> {
        const COMPUTED: Why = "a side of the comparison is computed for each row";
        let (left, right) =
            (self.operand(left).ok_or(COMPUTED)?, self.operand(right).ok_or(COMPUTED)?);
        match (left, right) {
            (Operand::Constant(_), Operand::Constant(_)) => Err("both sides are constant"),
            // A constant cannot fail, so the sides may change places.
            (Operand::Constant(constant), other) => {
                self.with_constant(mirror(op), other, &constant)
            }
            (other, Operand::Constant(constant)) => self.with_constant(op, other, &constant),
            (left, right) => self.pair(op, left, right),
        }
    }

    fn with_constant(
        &self,
        op: BinaryOp,
        operand: Operand<'a>,
        constant: &Literal,
    ) -> Result<Class, Why> {
        let negate = op == BinaryOp::NotEqual;
        let base = if negate { BinaryOp::Equal } else { op };
        let range = Range::new(base, constant);
        let leaf = match operand {
            Operand::Path(path) => return self.path_with_constant(op, path, constant),
            Operand::Category => {
                let test = text_test(base, constant).ok_or(PAIR)?;
                self.category(&test, negate)
            }
            Operand::Size(path) => {
                let test = TextTest::Size(range.ok_or(PAIR)?, negate);
                let (slot, other) = (self.slots[path], Other::Error);
                return Ok(Class::Text { slot, test, negate: false, other });
            }
            Operand::Part(path, part, zone) if self.is_time(path) => {
                self.part(path, part, zone, PartTest::Compare(range.ok_or(PAIR)?, negate))
            }
            Operand::Part(..) => return Err("only the type of each row tells time from duration"),
            Operand::Difference(left, right) => {
                let Literal::Duration(duration) = constant else { return Err(PAIR) };
                self.difference(op, left, right, duration.nanos.into())?
            }
            Operand::Term(term) => Leaf::TermRange { term, range: range.ok_or(PAIR)?, negate },
            Operand::Offset(..) | Operand::Constant(_) => return Err(PAIR),
        };
        Ok(Class::Leaf(leaf))
    }

    fn path_with_constant(
        &self,
        op: BinaryOp,
        path: usize,
        constant: &Literal,
    ) -> Result<Class, Why> {
        let slot = self.slots[path];
        let negate = op == BinaryOp::NotEqual;
        let base = if negate { BinaryOp::Equal } else { op };
        let other = match op {
            BinaryOp::Equal => Other::False,
            BinaryOp::NotEqual => Other::True,
            _ => Other::Error,
        };
        let is_equality = base == BinaryOp::Equal;
        let leaf = match constant {
            Literal::Text(_) => {
                let test = text_test(base, constant).ok_or(PAIR)?;
                return Ok(Class::Text { slot, test, negate, other });
            }
            Literal::Int(_) | Literal::Uint(_) | Literal::Double(_) => {
                let range = Range::new(base, constant).ok_or(PAIR)?;
                Leaf::Number { slot, range, negate, other }
            }
            Literal::Timestamp(moment) => {
                let range = MicroRange::new(base, moment::nanos(*moment)).ok_or(PAIR)?;
                Leaf::Time { slot, range, negate, other }
            }
            Literal::Bool(value) if is_equality => Leaf::BoolEqual { slot, value: *value, negate },
            Literal::Null if is_equality => Leaf::Null { slot, negate },
            _ => return Err(PAIR),
        };
        Ok(Class::Leaf(leaf))
    }

    /// Returns the leaf of `left - right op nanos`.
    fn difference(
        &self,
        op: BinaryOp,
        left: usize,
        right: usize,
        nanos: i128,
    ) -> Result<Leaf, Why> {
        let negate = op == BinaryOp::NotEqual;
        let base = if negate { BinaryOp::Equal } else { op };
        let range = MicroRange::new(base, nanos).ok_or(PAIR)?;
        Ok(Leaf::Difference { left: self.slots[left], right: self.slots[right], range, negate })
    }

    fn pair(&self, op: BinaryOp, left: Operand<'a>, right: Operand<'a>) -> Result<Class, Why> {
        // `a + x op b + y` is `a - b op y - x`.
        let moments = match (&left, &right) {
            (Operand::Offset(a, x), Operand::Offset(b, y)) => Some((*a, *x, *b, *y)),
            (Operand::Offset(a, x), Operand::Path(b)) if self.is_time(*b) => Some((*a, *x, *b, 0)),
            (Operand::Path(a), Operand::Offset(b, y)) if self.is_time(*a) => Some((*a, 0, *b, *y)),
            (Operand::Path(a), Operand::Path(b)) if self.is_time(*a) && self.is_time(*b) => {
                Some((*a, 0, *b, 0))
            }
            _ => None,
        };
        if let Some((a, x, b, y)) = moments {
            let leaf = self.difference(op, a, b, i128::from(y) - i128::from(x))?;
            return Ok(Class::Leaf(leaf));
        }
        if let (Operand::Path(left), Operand::Path(right)) = (&left, &right) {
            let (left, right) = (self.slots[*left], self.slots[*right]);
            return Ok(Class::Leaf(Leaf::Columns { op, left, right }));
        }
        match (self.as_term(left), self.as_term(right)) {
            (Some(left), Some(right)) => Ok(Class::Leaf(Leaf::Terms { op, left, right })),
            _ => Err(PAIR),
        }
    }

    fn as_term(&self, operand: Operand<'a>) -> Option<Term> {
        match operand {
            Operand::Term(term) => Some(term),
            Operand::Path(path) if self.is_numeric(path) => Some(Term::Column(self.slots[path])),
            Operand::Constant(constant) => match *constant {
                Literal::Double(value) => Some(Term::Constant(value)),
                _ => None,
            },
            _ => None,
        }
    }

    fn operand(&self, expr: &'a Expr) -> Option<Operand<'a>> {
        if let Some(constant) = constant(expr) {
            return Some(Operand::Constant(constant));
        }
        match &expr.node {
            Node::Field(path) => Some(Operand::Path(*path)),
            Node::Category => Some(Operand::Category),
            Node::TimePart { operand, part, zone } => match operand.node {
                Node::Field(path) => Some(Operand::Part(path, *part, zone.as_ref())),
                _ => None,
            },
            Node::Apply { function, arguments } => match (function, &arguments[..]) {
                (Function::Dyn, [argument]) => self.operand(argument),
                (Function::Size, [Expr { node: Node::Field(path), .. }]) => {
                    Some(Operand::Size(*path))
                }
                _ => None,
            },
            Node::Unary(UnaryOp::Negate, operand) => {
                let term = self.as_term(self.operand(operand)?)?;
                Some(Operand::Term(Term::Negate(Box::new(term))))
            }
            Node::Binary(op, left, right) => {
                let (left, right) = (self.operand(left)?, self.operand(right)?);
                self.arithmetic(*op, left, right)
            }
            _ => None,
        }
    }

    fn arithmetic(
        &self,
        op: BinaryOp,
        left: Operand<'a>,
        right: Operand<'a>,
    ) -> Option<Operand<'a>> {
        let nanos = |constant: &Literal| match constant {
            Literal::Duration(duration) => Some(duration.nanos),
            _ => None,
        };
        match (op, &left, &right) {
            (BinaryOp::Subtract, Operand::Path(a), Operand::Path(b))
                if self.is_time(*a) && self.is_time(*b) =>
            {
                return Some(Operand::Difference(*a, *b));
            }
            (BinaryOp::Add, Operand::Path(path), Operand::Constant(constant))
            | (BinaryOp::Add, Operand::Constant(constant), Operand::Path(path))
                if self.is_time(*path) =>
            {
                return Some(Operand::Offset(*path, nanos(constant)?));
            }
            (BinaryOp::Subtract, Operand::Path(path), Operand::Constant(constant))
                if self.is_time(*path) =>
            {
                return Some(Operand::Offset(*path, nanos(constant)?.checked_neg()?));
            }
            (BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide, ..) => {}
            _ => return None,
        }
        let (left, right) = (self.as_term(left)?, self.as_term(right)?);
        Some(Operand::Term(Term::Binary(op, Box::new(left), Box::new(right))))
    }
}

/// Returns the constant that an expression is; `-` before a number belongs to it.
fn constant(expr: &Expr) -> Option<Cow<'_, Literal>> {
    match &expr.node {
        Node::Literal(literal) => Some(Cow::Borrowed(literal)),
        Node::Unary(UnaryOp::Negate, operand) => match operand.node {
            Node::Literal(Literal::Int(value)) => {
                value.checked_neg().map(|value| Cow::Owned(Literal::Int(value)))
            }
            Node::Literal(Literal::Double(value)) => Some(Cow::Owned(Literal::Double(-value))),
            _ => None,
        },
        _ => None,
    }
}

fn text_constant<'a>(literal: &&'a Literal) -> Option<&'a [u8]> {
    match literal {
        Literal::Text(text) => Some(text.as_bytes()),
        _ => None,
    }
}

fn text_test(op: BinaryOp, constant: &Literal) -> Option<TextTest> {
    let Literal::Text(text) = constant else {
        return None;
    };
    let bytes = text.as_bytes().into();
    Some(match op {
        BinaryOp::Equal => TextTest::Equal(bytes),
        op if is_comparison(op) => TextTest::Ordered(bytes, op),
        _ => return None,
    })
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
    )
}

/// Returns the operator that says the same of the two sides in the other order.
fn mirror(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        other => other,
    }
}
