//! The functions of the language: one table of names, call styles and types, which the checker and
//! the evaluator share.

use std::borrow::Cow;

use crate::Value;
use crate::time_zone::TimePart;
use crate::type_set::TypeSet;

mod size;
mod text;
mod matches;
mod convert;
mod type_of;
mod bytes_of;
pub mod time_text;
mod time;
mod time_part;

pub(crate) use time_part::time_part_in;

/// A function of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// `size(x)`, `x.size()`: code points of a string, bytes, elements, entries.
    Size,
    /// `text.startsWith(prefix)`
    StartsWith,
    /// `text.endsWith(suffix)`
    EndsWith,
    /// `text.contains(part)`
    Contains,
    /// `text.matches(pattern)` with a pattern that is not constant.
    Matches,
    /// `timestamp(x)`
    Timestamp,
    /// `duration(x)`
    Duration,
    /// `int(x)`
    Int,
    /// `uint(x)`
    Uint,
    /// `double(x)`
    Double,
    /// `string(x)`
    Text,
    /// `bool(x)`
    Bool,
    /// `bytes(x)`
    Bytes,
    /// `type(x)`
    Type,
    /// `dyn(x)`
    Dyn,
    /// `time.getHours(zone)` and its family with a zone that is not constant.
    TimePart(TimePart),
}

/// How a function may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `f(x)`
    Call,
    /// `x.f()`
    Method,
    /// Either.
    Both,
}

/// What a function takes and gives, in one of its forms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overload {
    /// The types of the arguments, the target first.
    pub(crate) arguments: &'static [TypeSet],
    /// The type of the result.
    pub(crate) result: TypeSet,
}

/// What went wrong in a function, without the place.
pub(crate) type Problem = Cow<'static, str>;

impl Function {
    /// Every function.
    pub const ALL: [Function; 25] = {
        use Function::TimePart as Part;
        [
            Function::Size,
            Function::StartsWith,
            Function::EndsWith,
            Function::Contains,
            Function::Matches,
            Function::Timestamp,
            Function::Duration,
            Function::Int,
            Function::Uint,
            Function::Double,
            Function::Text,
            Function::Bool,
            Function::Bytes,
            Function::Type,
            Function::Dyn,
            Part(TimePart::FullYear),
            Part(TimePart::Month),
            Part(TimePart::Date),
            Part(TimePart::DayOfMonth),
            Part(TimePart::DayOfWeek),
            Part(TimePart::DayOfYear),
            Part(TimePart::Hours),
            Part(TimePart::Minutes),
            Part(TimePart::Seconds),
            Part(TimePart::Milliseconds),
        ]
    };

    /// Returns the function's name in a rule.
    pub const fn name(self) -> &'static str {
        match self {
            Function::Size => "size",
            Function::StartsWith => "startsWith",
            Function::EndsWith => "endsWith",
            Function::Contains => "contains",
            Function::Matches => "matches",
            Function::Timestamp => "timestamp",
            Function::Duration => "duration",
            Function::Int => "int",
            Function::Uint => "uint",
            Function::Double => "double",
            Function::Text => "string",
            Function::Bool => "bool",
            Function::Bytes => "bytes",
            Function::Type => "type",
            Function::Dyn => "dyn",
            Function::TimePart(part) => part.name(),
        }
    }

    /// Returns the function of that name.
    pub fn from_name(name: &str) -> Option<Function> {
        Function::ALL.into_iter().find(|function| function.name() == name)
    }

    pub(crate) const fn style(self) -> Style {
        match self {
            Function::Size | Function::Matches => Style::Both,
            Function::StartsWith
            | Function::EndsWith
            | Function::Contains
            | Function::TimePart(_) => Style::Method,
            _ => Style::Call,
        }
    }

    pub(crate) const fn overloads(self) -> &'static [Overload] {
        match self {
            Function::Size => size::OVERLOADS,
            Function::StartsWith | Function::EndsWith | Function::Contains => text::OVERLOADS,
            Function::Matches => matches::OVERLOADS,
            Function::Timestamp => time::TIMESTAMP,
            Function::Duration => time::DURATION,
            Function::Int => convert::INT,
            Function::Uint => convert::UINT,
            Function::Double => convert::DOUBLE,
            Function::Text => convert::TEXT,
            Function::Bool => convert::BOOL,
            Function::Bytes => bytes_of::OVERLOADS,
            Function::Type => type_of::TYPE,
            Function::Dyn => type_of::DYN,
            Function::TimePart(part) if part.is_of_duration() => time_part::OF_BOTH,
            Function::TimePart(_) => time_part::OF_TIMESTAMP,
        }
    }

    /// Applies the function; the checker has made sure of the number of arguments.
    pub(crate) fn apply<'a>(
        self,
        first: Value<'a>,
        second: Option<Value<'a>>,
    ) -> Result<Value<'a>, Problem> {
        match (self, &second) {
            (Function::Size, None) => size::size(&first),
            (Function::StartsWith, Some(prefix)) => text::starts_with(&first, prefix),
            (Function::EndsWith, Some(suffix)) => text::ends_with(&first, suffix),
            (Function::Contains, Some(part)) => text::contains(&first, part),
            (Function::Matches, Some(pattern)) => matches::matches(&first, pattern),
            (Function::Timestamp, None) => time::timestamp(&first),
            (Function::Duration, None) => time::duration(&first),
            (Function::Int, None) => convert::int(&first),
            (Function::Uint, None) => convert::uint(&first),
            (Function::Double, None) => convert::double(&first),
            (Function::Text, None) => convert::text(first),
            (Function::Bool, None) => convert::bool(&first),
            (Function::Bytes, None) => bytes_of::bytes(first),
            (Function::Type, None) => Ok(type_of::type_of(&first)),
            (Function::Dyn, None) => Ok(first),
            (Function::TimePart(part), zone) => time_part::time_part(part, &first, zone.as_ref()),
            _ => Err(no_overload(self, &first, second.as_ref())),
        }
    }
}

/// Returns the message for arguments of types that the function does not take.
pub(crate) fn no_overload(
    function: Function,
    first: &Value<'_>,
    second: Option<&Value<'_>>,
) -> Problem {
    let first = first.type_of().name();
    let second = second.map_or(String::new(), |value| value.type_of().name().to_owned());
    let name = function.name();
    Cow::Owned(match function.style() {
        Style::Call | Style::Both if second.is_empty() => {
            format!("no such overload: {name}({first})")
        }
        Style::Call => format!("no such overload: {name}({first}, {second})"),
        _ => format!("no such overload: {first}.{name}({second})"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_its_name_and_has_overloads() {
        for function in Function::ALL {
            assert_eq!(Function::from_name(function.name()), Some(function));
            assert!(!function.overloads().is_empty());
            for overload in function.overloads() {
                let count = overload.arguments.len();
                assert!(count == 1 || count == 2, "{function:?}");
            }
        }
    }
}
