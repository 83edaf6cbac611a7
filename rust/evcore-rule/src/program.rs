//! A rule that compiled.

use evcore_event::{Diagnostic, Path};

use crate::ast::Expr;

/// The type that `[types]` of the configuration declares for a path.
///
/// A cell that is present there has this type or is a container; what did not parse is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeclaredType {
    /// `"double"`: CEL `double`.
    Double,
    /// `"int"`: CEL `int`, so that `attributes.count + 1` works.
    Int,
    /// `"string"`
    Text,
    /// `"bool"`
    Bool,
    /// `"timestamp"`
    Timestamp,
}

/// What a rule may name, beside the fields of the canonical event.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// The tags that stand before this rule.
    pub earlier_tags: &'a [String],
    /// The tags that stand after it, or that it gives itself: to read one is an error.
    pub later_tags: &'a [String],
    /// Whether `category` may be read.
    pub has_category: bool,
    /// The declared type of a path.
    pub declared: &'a dyn Fn(&Path) -> Option<DeclaredType>,
}

/// A rule that compiled: its tree, resolved and checked.
#[derive(Debug, Clone)]
pub struct Program {
    /// The rule's text.
    pub source: String,
    /// The checked tree; [`crate::ast::Node::Field`] and `HasField` index into `paths`.
    pub root: Expr,
    /// The paths of the event that the rule reads, each once: a field and keys, no positions.
    pub paths: Vec<Path>,
    /// The declared type of each path.
    pub declared: Vec<Option<DeclaredType>>,
    /// The tags that the rule reads by a constant name, each once.
    pub tags_read: Vec<String>,
    /// Whether the rule reads `tags` as a list.
    pub reads_all_tags: bool,
    /// Whether the rule reads `category`.
    pub reads_category: bool,
}

/// Compiles a rule: an expression that is true or false.
///
/// # Errors
///
/// Every problem that was found, in the order of the text; spans are bytes of `source`.
pub fn compile(source: &str, environment: &Environment<'_>) -> Result<Program, Vec<Diagnostic>> {
    let tree = crate::parse::parse(source)?;
    crate::check::check(source, tree, environment, true)
}

/// Compiles an expression of any type.
///
/// # Errors
///
/// As [`compile`], but that the value need not be a bool.
pub fn compile_expression(
    source: &str,
    environment: &Environment<'_>,
) -> Result<Program, Vec<Diagnostic>> {
    let tree = crate::parse::parse(source)?;
    crate::check::check(source, tree, environment, false)
}
