//! Names and paths: fields of the event, `event`, `tags`, `category`, types, variables.

use std::ops::Range;

use evcore_event::diagnostic::did_you_mean;
use evcore_event::{Field, Path};

use super::{Checker, Shape};
use crate::ast::{Expr, Literal, Node};
use crate::codes;
use crate::lex::problem;
use crate::type_set::TypeSet;
use crate::value::Type;

/// What the fields are called elsewhere: in Segment, in mParticle, and in people's heads.
const OTHER_NAMES: [(&str, &str); 17] = [
    ("properties", "attributes"),
    ("custom_attributes", "attributes"),
    ("data", "attributes"),
    ("userId", "user"),
    ("user_id", "user"),
    ("anonymousId", "anonymous"),
    ("anonymous_id", "anonymous"),
    ("messageId", "id"),
    ("eventName", "name"),
    ("event_name", "name"),
    ("user_attributes", "traits"),
    ("customFlags", "flags"),
    ("originalTimestamp", "time"),
    ("timestamp", "time"),
    ("sentAt", "sent"),
    ("receivedAt", "received"),
    ("messageType", "kind"),
];

impl Checker<'_> {
    /// Returns the path that an expression is, if it is a field and constant keys: `event.user`,
    /// `attributes.a["b"]`.
    pub(super) fn static_path(&self, expr: &Expr) -> Option<Path> {
        let (operand, key) = match &expr.node {
            Node::Name(name) => return self.field(name).map(Path::field),
            Node::Select { operand, key } => (operand, key),
            Node::Index { operand, index } => match &index.node {
                Node::Literal(Literal::Text(key)) => (operand, key),
                _ => return None,
            },
            _ => return None,
        };
        if self.is_event(operand) {
            return Field::from_name(key).map(Path::field);
        }
        let parent = self.static_path(operand)?;
        self.has_keys(&parent).then(|| parent.key(key))
    }

    fn is_event(&self, expr: &Expr) -> bool {
        matches!(&expr.node, Node::Name(name)
            if (name == "event" && !self.is_variable(name)) || name == ".event")
    }

    /// Returns the type that a dotted name is: `int`, `google.protobuf.Timestamp`.
    pub(super) fn type_name(&self, expr: &Expr) -> Option<Type> {
        fn dotted(expr: &Expr) -> Option<String> {
            match &expr.node {
                Node::Name(name) => Some(name.strip_prefix('.').unwrap_or(name).to_owned()),
                Node::Select { operand, key } => Some(format!("{}.{key}", dotted(operand)?)),
                _ => None,
            }
        }
        match &expr.node {
            Node::Name(name) if self.is_variable(name) => None,
            Node::Name(_) => Type::from_name(&dotted(expr)?),
            Node::Select { key, .. } if matches!(key.as_str(), "Timestamp" | "Duration") => {
                Type::from_name(&dotted(expr)?)
            }
            _ => None,
        }
    }

    /// Resolves a name that is neither a field nor a type.
    pub(super) fn name(&mut self, name: String, span: &Range<usize>) -> (Node, Shape) {
        if let Some((_, shape)) = self.scope.iter().rev().find(|(known, _)| *known == name) {
            let shape = *shape;
            return (Node::Name(name), shape);
        }
        let bare = name.strip_prefix('.').unwrap_or(&name);
        let place = Expr { span: span.clone(), node: Node::Literal(Literal::Null) };
        match bare {
            "tags" => {
                self.program.reads_all_tags = true;
                let shape = Shape { types: TypeSet::LIST, elements: TypeSet::TEXT };
                return (Node::Tags, shape);
            }
            "category" if self.environment.has_category => {
                self.program.reads_category = true;
                return (Node::Category, Shape::of(TypeSet::TEXT));
            }
            "category" => {
                let message = "`category` cannot be read here: a category rule comes before it";
                let hint = Some("the vendor's own category is `wire_category`".to_owned());
                self.fail(codes::NO_CATEGORY, &place, message, hint);
            }
            "event" => {
                let message = "`event` is only read by field, as in event.user or has(event.user)";
                let hint = Some("the whole object as it came in is `wire`".to_owned());
                self.fail(codes::BARE_EVENT, &place, message, hint);
            }
            _ => {
                let message = format!("there is no `{bare}` in a rule");
                let hint = self.name_hint(bare);
                self.fail(codes::UNKNOWN_NAME, &place, message, hint);
            }
        }
        (Node::Name(name), Shape::ANY)
    }

    fn name_hint(&self, name: &str) -> Option<String> {
        if let Some((_, field)) = OTHER_NAMES.iter().find(|(other, _)| *other == name) {
            return Some(format!("here it is called `{field}`"));
        }
        let mut known: Vec<&str> = self.scope.iter().map(|(name, _)| name.as_str()).collect();
        known.extend(Field::ALL.map(Field::name));
        known.extend(["event", "tags", "category"]);
        known.extend(Type::ALL.map(Type::name));
        match did_you_mean(name, known) {
            Some(close) => Some(format!("did you mean `{close}`?")),
            None => Some(format!(
                "a string stands in quotes; what an event says about itself is attributes.{name}"
            )),
        }
    }

    /// Reports a field that the event does not have.
    fn unknown_field(&mut self, span: &Range<usize>, key: &str) {
        let other = OTHER_NAMES.iter().find(|(other, _)| *other == key).map(|(_, field)| *field);
        let close = other.or_else(|| did_you_mean(key, Field::ALL.map(Field::name)));
        let hint = match close {
            Some(field) => format!("did you mean `event.{field}`?"),
            None => format!("what an event says about itself is attributes.{key}"),
        };
        let message = format!("an event has no field `{key}`");
        self.problems.push(problem(codes::UNKNOWN_NAME, span.clone(), message, Some(hint)));
    }

    pub(super) fn select(
        &mut self,
        span: Range<usize>,
        operand: Expr,
        key: String,
    ) -> (Expr, Shape) {
        if self.is_event(&operand) {
            self.unknown_field(&span, &key);
            let node = Node::Select { operand: Box::new(operand), key };
            return (Expr { span, node }, Shape::ANY);
        }
        let (operand, shape) = self.expr(operand);
        self.require_map(&operand, shape, &key);
        let node = Node::Select { operand: Box::new(operand), key };
        (Expr { span, node }, shape.element())
    }

    pub(super) fn has(&mut self, span: Range<usize>, operand: Expr, key: String) -> (Expr, Shape) {
        let path = if self.is_event(&operand) {
            match Field::from_name(&key) {
                Some(field) => Some(Path::field(field)),
                None => {
                    self.unknown_field(&span, &key);
                    let node = Node::Has { operand: Box::new(operand), key };
                    return (Expr { span, node }, Shape::BOOL);
                }
            }
        } else {
            let parent = self.static_path(&operand);
            parent.filter(|parent| self.has_keys(parent)).map(|parent| parent.key(&key))
        };
        let node = match path {
            Some(path) => Node::HasField(self.intern(path)),
            None => {
                let (operand, shape) = self.expr(operand);
                self.require_map(&operand, shape, &key);
                Node::Has { operand: Box::new(operand), key }
            }
        };
        (Expr { span, node }, Shape::BOOL)
    }

    fn require_map(&mut self, operand: &Expr, shape: Shape, key: &str) {
        if !shape.types.meets(TypeSet::MAP) {
            let found = shape.types.describe();
            let message = format!("`.{key}` asks for a key of a map, this is {found}");
            self.fail(codes::NO_OVERLOAD, operand, message, None);
        }
    }

    pub(super) fn index(
        &mut self,
        span: Range<usize>,
        operand: Expr,
        index: Expr,
    ) -> (Expr, Shape) {
        if self.is_event(&operand)
            && let Node::Literal(Literal::Text(key)) = &index.node
        {
            self.unknown_field(&span, key);
            return (Expr { span, node: Node::Literal(Literal::Null) }, Shape::ANY);
        }
        let (operand, shape) = self.expr(operand);
        let (index, index_shape) = self.expr(index);
        let keys = TypeSet::NUMBER.or(TypeSet::BOOL).or(TypeSet::TEXT);
        let as_list = shape.types.meets(TypeSet::LIST) && index_shape.types.meets(TypeSet::NUMBER);
        let as_map = shape.types.meets(TypeSet::MAP) && index_shape.types.meets(keys);
        if !as_list && !as_map {
            let (operand_type, index_type) = (shape.types.describe(), index_shape.types.describe());
            let message = format!("no such overload: {operand_type}[{index_type}]");
            self.fail(codes::NO_OVERLOAD, &index, message, None);
        }
        let node = Node::Index { operand: Box::new(operand), index: Box::new(index) };
        (Expr { span, node }, shape.element())
    }

    /// Resolves `"name" in tags`.
    pub(super) fn has_tag(
        &mut self,
        span: Range<usize>,
        place: &Expr,
        tag: String,
    ) -> (Expr, Shape) {
        let environment = self.environment;
        if environment.earlier_tags.contains(&tag) {
            if !self.program.tags_read.contains(&tag) {
                self.program.tags_read.push(tag.clone());
            }
        } else if environment.later_tags.contains(&tag) {
            let message = format!("the tag `{tag}` is given only later");
            let hint = Some("a rule reads the tags that stand before it in the file".to_owned());
            self.fail(codes::LATER_TAG, place, message, hint);
        } else {
            let known = environment.earlier_tags.iter().map(String::as_str);
            let hint = did_you_mean(&tag, known).map(|close| format!("did you mean `{close}`?"));
            let message = format!("there is no tag `{tag}`");
            self.fail(codes::UNKNOWN_TAG, place, message, hint);
        }
        (Expr { span, node: Node::HasTag(tag) }, Shape::BOOL)
    }

    /// Returns whether an expression is the variable `tags`.
    pub(super) fn is_tags(&self, expr: &Expr) -> bool {
        matches!(&expr.node, Node::Name(name)
            if (name == "tags" && !self.is_variable(name)) || name == ".tags")
    }
}
