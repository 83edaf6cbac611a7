//! Resolves names, checks types as far as they are known, and prepares constants.
//!
//! The type of a value is a set of types: a field's is known, what a JSON document holds is one of
//! six. A problem is reported only if no event could make the rule work, so the check never refuses
//! what might be meant; `dyn()` turns it off for a value.

use evcore_event::{Diagnostic, Field, FieldType, Path};

use crate::ast::{BinaryOp, Expr, Literal, Node, Quantifier, UnaryOp};
use crate::codes;
use crate::lex::problem;
use crate::type_set::TypeSet;
use crate::value::Type;
use crate::{DeclaredType, Environment, Program};

mod names;
mod operators;
mod calls;

/// What is known about a value: its types, and those of its elements if it is a list, of its values
/// if it is a map.
#[derive(Debug, Clone, Copy)]
struct Shape {
    types: TypeSet,
    elements: TypeSet,
}

impl Shape {
    const ANY: Shape = Shape { types: TypeSet::ALL, elements: TypeSet::ALL };
    const JSON: Shape = Shape { types: TypeSet::JSON, elements: TypeSet::JSON };
    const BOOL: Shape = Shape::of(TypeSet::BOOL);

    const fn of(types: TypeSet) -> Shape {
        Shape { types, elements: TypeSet::ALL }
    }

    /// Returns what is known about an element, or the value of a key.
    fn element(self) -> Shape {
        // What is inside a JSON document stays one.
        let elements = if self.elements == TypeSet::JSON { TypeSet::JSON } else { TypeSet::ALL };
        // Nothing is known about the elements of `[]`.
        let types = if self.elements.is_none() { TypeSet::ALL } else { self.elements };
        Shape { types, elements }
    }

    fn or(self, other: Shape) -> Shape {
        Shape { types: self.types.or(other.types), elements: self.elements.or(other.elements) }
    }
}

/// Checks a tree and makes a program of it.
///
/// # Errors
///
/// Every problem, in the order of the text.
pub(crate) fn check(
    source: &str,
    tree: Expr,
    environment: &Environment<'_>,
    needs_bool: bool,
) -> Result<Program, Vec<Diagnostic>> {
    let mut checker = Checker {
        environment,
        problems: Vec::new(),
        scope: Vec::new(),
        program: Program {
            source: source.to_owned(),
            root: Expr { span: 0..0, node: Node::Literal(Literal::Null) },
            paths: Vec::new(),
            declared: Vec::new(),
            tags_read: Vec::new(),
            reads_all_tags: false,
            reads_category: false,
        },
    };
    let (root, shape) = checker.expr(tree);
    if needs_bool && checker.problems.is_empty() && !shape.types.meets(TypeSet::BOOL) {
        let message = format!("a rule is true or false, this is {}", shape.types.describe());
        let hint = if shape.types.meets(TypeSet::TEXT.or(TypeSet::NUMBER)) {
            Some("compare it with a value, as in `… == \"x\"`".to_owned())
        } else {
            None
        };
        checker.fail(codes::NOT_A_BOOL, &root, message, hint);
    }
    let Checker { mut problems, mut program, .. } = checker;
    if problems.is_empty() {
        program.root = root;
        return Ok(program);
    }
    problems.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
    Err(problems)
}

struct Checker<'e> {
    environment: &'e Environment<'e>,
    problems: Vec<Diagnostic>,
    /// The variables of the quantifiers that are open, the innermost last.
    scope: Vec<(String, Shape)>,
    program: Program,
}

impl Checker<'_> {
    fn fail(
        &mut self,
        code: &'static str,
        place: &Expr,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.problems.push(problem(code, place.span.clone(), message, hint));
    }

    fn expr(&mut self, expr: Expr) -> (Expr, Shape) {
        if let Some(path) = self.static_path(&expr) {
            let shape = self.shape_of(&path);
            return (Expr { span: expr.span, node: Node::Field(self.intern(path)) }, shape);
        }
        if let Some(kind) = self.type_name(&expr) {
            let node = Node::Literal(Literal::Type(kind));
            return (Expr { span: expr.span, node }, Shape::of(TypeSet::TYPE));
        }
        let Expr { span, node } = expr;
        let (node, shape) = match node {
            Node::Literal(literal) => {
                let shape = Shape::of(TypeSet::of(literal_type(&literal)));
                (Node::Literal(literal), shape)
            }
            Node::Name(name) => self.name(name, &span),
            Node::Select { operand, key } => return self.select(span, *operand, key),
            Node::Has { operand, key } => return self.has(span, *operand, key),
            Node::Index { operand, index } => return self.index(span, *operand, *index),
            Node::Unary(op, operand) => self.unary(op, *operand),
            Node::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
                let left = self.condition(*left);
                let right = self.condition(*right);
                (Node::Binary(op, Box::new(left), Box::new(right)), Shape::BOOL)
            }
            Node::Binary(BinaryOp::In, left, right) => return self.member_of(span, *left, *right),
            Node::Binary(op, left, right) => return self.binary(span, op, *left, *right),
            Node::Conditional { condition, then, otherwise } => {
                let condition = Box::new(self.condition(*condition));
                let (then, left) = self.expr(*then);
                let (otherwise, right) = self.expr(*otherwise);
                let (then, otherwise) = (Box::new(then), Box::new(otherwise));
                (Node::Conditional { condition, then, otherwise }, left.or(right))
            }
            Node::List(items) => {
                let mut elements = TypeSet::NONE;
                let items = items.into_iter().map(|item| {
                    let (item, shape) = self.expr(item);
                    elements = elements.or(shape.types);
                    item
                });
                (Node::List(items.collect()), Shape { types: TypeSet::LIST, elements })
            }
            Node::Map(entries) => self.map(entries),
            Node::Quantified { quantifier, range, variable, predicate, transform } => {
                let predicate = predicate.map(|predicate| *predicate);
                let transform = transform.map(|transform| *transform);
                self.quantified(quantifier, *range, variable, predicate, transform)
            }
            Node::Call { target, function, function_span, arguments } => {
                let target = target.map(|target| *target);
                return self.call(span, target, &function, function_span, arguments);
            }
            // The parser makes none of the others.
            other => (other, Shape::ANY),
        };
        (Expr { span, node }, shape)
    }

    /// Checks what has to be a bool.
    fn condition(&mut self, expr: Expr) -> Expr {
        let (expr, shape) = self.expr(expr);
        if !shape.types.meets(TypeSet::BOOL) {
            let message = format!("this has to be true or false, it is {}", shape.types.describe());
            self.fail(codes::NO_OVERLOAD, &expr, message, None);
        }
        expr
    }

    fn unary(&mut self, op: UnaryOp, operand: Expr) -> (Node, Shape) {
        if op == UnaryOp::Not {
            let operand = self.condition(operand);
            return (Node::Unary(op, Box::new(operand)), Shape::BOOL);
        }
        let (operand, shape) = self.expr(operand);
        let mut types = shape.types.and(TypeSet::INT.or(TypeSet::DOUBLE));
        if types.is_none() {
            let message = format!("`-` takes int or double, this is {}", shape.types.describe());
            self.fail(codes::NO_OVERLOAD, &operand, message, None);
            types = TypeSet::ALL;
        }
        (Node::Unary(op, Box::new(operand)), Shape::of(types))
    }

    fn map(&mut self, entries: Vec<(Expr, Expr)>) -> (Node, Shape) {
        const KEYS: TypeSet = TypeSet::INT.or(TypeSet::UINT).or(TypeSet::BOOL).or(TypeSet::TEXT);
        let mut checked: Vec<(Expr, Expr)> = Vec::with_capacity(entries.len());
        let mut seen = std::collections::HashSet::new();
        let mut elements = TypeSet::NONE;
        for (key, value) in entries {
            let (key, shape) = self.expr(key);
            if !shape.types.meets(KEYS) {
                let found = shape.types.describe();
                let message = format!("a key of a map is int, uint, bool or string, not {found}");
                self.fail(codes::NO_OVERLOAD, &key, message, None);
            }
            if let Node::Literal(literal) = &key.node
                && !seen.insert(key_text(literal))
            {
                self.fail(codes::DUPLICATE_KEY, &key, "this key stands twice in the map", None);
            }
            let (value, shape) = self.expr(value);
            elements = elements.or(shape.types);
            checked.push((key, value));
        }
        (Node::Map(checked), Shape { types: TypeSet::MAP, elements })
    }

    fn quantified(
        &mut self,
        quantifier: Quantifier,
        range: Expr,
        variable: String,
        predicate: Option<Expr>,
        transform: Option<Expr>,
    ) -> (Node, Shape) {
        let (range, shape) = self.expr(range);
        if !shape.types.meets(TypeSet::LIST.or(TypeSet::MAP)) {
            let message =
                format!("a macro goes over a list or map, not {}", shape.types.describe());
            self.fail(codes::NO_OVERLOAD, &range, message, None);
        }
        let item = match (shape.types.has(Type::List), shape.types.has(Type::Map)) {
            (true, false) => shape.element(),
            _ if shape.elements == TypeSet::JSON => Shape::JSON,
            _ => Shape::ANY,
        };
        self.scope.push((variable, item));
        let predicate = predicate.map(|predicate| Box::new(self.condition(predicate)));
        let transform = transform.map(|transform| self.expr(transform));
        let variable = self.scope.pop().map(|(variable, _)| variable).unwrap_or_default();
        let elements = transform.as_ref().map_or(item.types, |(_, shape)| shape.types);
        let result = match quantifier {
            Quantifier::Filter | Quantifier::Map => Shape { types: TypeSet::LIST, elements },
            _ => Shape::BOOL,
        };
        let transform = transform.map(|(transform, _)| Box::new(transform));
        let range = Box::new(range);
        (Node::Quantified { quantifier, range, variable, predicate, transform }, result)
    }

    /// Returns what is known about a path of the event.
    fn shape_of(&self, path: &Path) -> Shape {
        if !path.steps.is_empty() {
            return match (self.environment.declared)(path) {
                None => Shape::JSON,
                Some(DeclaredType::Double) => Shape::of(TypeSet::DOUBLE),
                Some(DeclaredType::Int) => Shape::of(TypeSet::INT),
                Some(DeclaredType::Text) => Shape::of(TypeSet::TEXT),
                Some(DeclaredType::Bool) => Shape::BOOL,
                Some(DeclaredType::Timestamp) => Shape::of(TypeSet::TIMESTAMP),
            };
        }
        match path.root.field_type() {
            FieldType::Text => Shape::of(TypeSet::TEXT),
            FieldType::Timestamp => Shape::of(TypeSet::TIMESTAMP),
            FieldType::Map => Shape { types: TypeSet::MAP, elements: TypeSet::JSON },
        }
    }

    /// Returns whether keys can stand below a path.
    fn has_keys(&self, path: &Path) -> bool {
        self.shape_of(path).types.meets(TypeSet::MAP)
    }

    fn intern(&mut self, path: Path) -> usize {
        if let Some(known) = self.program.paths.iter().position(|known| *known == path) {
            return known;
        }
        let declared =
            if path.steps.is_empty() { None } else { (self.environment.declared)(&path) };
        self.program.declared.push(declared);
        self.program.paths.push(path);
        self.program.paths.len() - 1
    }

    /// Returns the field of that name, unless a variable hides it.
    fn field(&self, name: &str) -> Option<Field> {
        let bare = name.strip_prefix('.').unwrap_or(name);
        if self.is_variable(name) { None } else { Field::from_name(bare) }
    }

    fn is_variable(&self, name: &str) -> bool {
        self.scope.iter().any(|(known, _)| known == name)
    }
}

const fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Uint(_) => Type::Uint,
        Literal::Double(_) => Type::Double,
        Literal::Text(_) => Type::Text,
        Literal::Bytes(_) => Type::Bytes,
        Literal::Timestamp(_) => Type::Timestamp,
        Literal::Duration(_) => Type::Duration,
        Literal::Type(_) => Type::Type,
    }
}

/// Returns a text that is the same for equal keys: `1` and `1u` are one key.
fn key_text(literal: &Literal) -> String {
    match literal {
        Literal::Int(value) => value.to_string(),
        Literal::Uint(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}
