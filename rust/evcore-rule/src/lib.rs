//! The rule language: CEL, the Common Expression Language, over events.
//!
//! A rule goes through these modules in order. [`compile`] lexes, parses and checks its text into a
//! [`Program`]: names are resolved to paths of the canonical event, constants are parsed, patterns
//! compiled. [`evaluate`] walks the program for one event and can do all of the language; the plan
//! runs many programs over block columns and hands what it cannot do to `evaluate`.
//!
//! Source: the CEL specification, <https://github.com/google/cel-spec/blob/master/doc/langdef.md>.

pub mod codes;
pub mod limits;
pub mod ast;
pub mod value;
pub mod value_json;
mod type_set;
pub mod time_zone;
pub mod regex_re2;
pub mod function;
mod lex;
mod parse;
mod check;
pub mod program;
pub mod eval;
pub mod plan;

pub use eval::{EvalError, FailureKind, Row, evaluate, evaluate_bool, evaluate_expr};
pub use program::{DeclaredType, Environment, Program, compile, compile_expression};
pub use value::Value;
