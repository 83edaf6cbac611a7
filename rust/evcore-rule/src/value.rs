//! The values of the rule language.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

mod compare;

pub(crate) use compare::is_ordered;
pub use compare::{compare, compare_integer_double, equal};

/// A value of any CEL type; it may borrow from the event or the program.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// A bool.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// A `uint`.
    Uint(u64),
    /// A `double`.
    Double(f64),
    /// An integral JSON number in `i64` or `u64`: a `double` to `type()` and to arithmetic, but exact
    /// in comparison, `in`, `int()`, `uint()` and `string()`.
    Integral(i128),
    /// A string.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// A list.
    List(Arc<Vec<Value<'a>>>),
    /// A map.
    Map(Arc<Map<'a>>),
    /// A list as JSON text that was not looked into yet.
    JsonList(&'a [u8]),
    /// A map as JSON text that was not looked into yet.
    JsonMap(&'a [u8]),
    /// A timestamp.
    Timestamp(Timestamp),
    /// A duration.
    Duration(Duration),
    /// A type, as `type()` gives it.
    Type(Type),
}

impl<'a> Value<'a> {
    /// Returns the value's type.
    pub fn type_of(&self) -> Type {
        match self {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Uint(_) => Type::Uint,
            Value::Double(_) | Value::Integral(_) => Type::Double,
            Value::Text(_) => Type::Text,
            Value::Bytes(_) => Type::Bytes,
            Value::List(_) | Value::JsonList(_) => Type::List,
            Value::Map(_) | Value::JsonMap(_) => Type::Map,
            Value::Timestamp(_) => Type::Timestamp,
            Value::Duration(_) => Type::Duration,
            Value::Type(_) => Type::Type,
        }
    }

    /// Returns a string that borrows.
    pub fn text(text: &'a str) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }

    /// Returns the number as a double, if it is one to arithmetic.
    pub(crate) fn as_double(&self) -> Option<f64> {
        match self {
            Value::Double(value) => Some(*value),
            Value::Integral(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// Returns about how many bytes the value refers to: what it costs to look at all of it.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::JsonList(json) | Value::JsonMap(json) => json.len(),
            Value::List(items) => 16 * items.len(),
            Value::Map(map) => 32 * map.entries.len(),
            _ => 1,
        }
    }
}

/// Maps above this many entries find text keys by hash.
const LINEAR_MAX: usize = 16;

/// A map: the entries in order of writing, no two with equal keys.
#[derive(Debug, Clone, Default)]
pub struct Map<'a> {
    entries: Vec<(Value<'a>, Value<'a>)>,
    by_text: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Map<'a> {
    /// Returns the entries in order.
    pub fn entries(&self) -> &[(Value<'a>, Value<'a>)] {
        &self.entries
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the value of a key. Numbers are one key if they are equal, as in `==`.
    pub fn get(&self, key: &Value<'_>) -> Option<&Value<'a>> {
        self.position(key).map(|at| &self.entries[at].1)
    }

    fn position(&self, key: &Value<'_>) -> Option<usize> {
        if self.entries.len() > LINEAR_MAX
            && let Value::Text(text) = key
        {
            return self.by_text.get(text.as_ref()).copied();
        }
        self.entries.iter().position(|(found, _)| equal(found, key))
    }

    /// Adds an entry; a key that is there keeps its place and gets the new value.
    ///
    /// Returns whether the key is new.
    pub fn insert(&mut self, key: Value<'a>, value: Value<'a>) -> bool {
        if let Some(at) = self.position(&key) {
            self.entries[at].1 = value;
            return false;
        }
        self.entries.push((key, value));
        let known = if self.entries.len() > LINEAR_MAX + 1 {
            self.entries.len() - 1
        } else if self.entries.len() == LINEAR_MAX + 1 {
            0
        } else {
            return true;
        };
        for (at, (key, _)) in self.entries.iter().enumerate().skip(known) {
            if let Value::Text(text) = key {
                self.by_text.insert(text.clone(), at);
            }
        }
        true
    }
}

/// The types of CEL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// `null_type`
    Null,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `uint`
    Uint,
    /// `double`
    Double,
    /// `string`
    Text,
    /// `bytes`
    Bytes,
    /// `list`
    List,
    /// `map`
    Map,
    /// `google.protobuf.Timestamp`
    Timestamp,
    /// `google.protobuf.Duration`
    Duration,
    /// `type`
    Type,
}

impl Type {
    /// Every type.
    pub const ALL: [Type; 12] = [
        Type::Null,
        Type::Bool,
        Type::Int,
        Type::Uint,
        Type::Double,
        Type::Text,
        Type::Bytes,
        Type::List,
        Type::Map,
        Type::Timestamp,
        Type::Duration,
        Type::Type,
    ];

    /// Returns the type's name in a rule.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Null => "null_type",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Uint => "uint",
            Type::Double => "double",
            Type::Text => "string",
            Type::Bytes => "bytes",
            Type::List => "list",
            Type::Map => "map",
            Type::Timestamp => "google.protobuf.Timestamp",
            Type::Duration => "google.protobuf.Duration",
            Type::Type => "type",
        }
    }

    /// Returns the type of that name.
    pub fn from_name(name: &str) -> Option<Type> {
        Type::ALL.into_iter().find(|found| found.name() == name)
    }

    /// Returns whether values of the type are ordered and equal across number types.
    pub const fn is_number(self) -> bool {
        matches!(self, Type::Int | Type::Uint | Type::Double)
    }
}

/// A moment: years 1 to 9999 where a rule made it, any that a column can hold where an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970, UTC, rounded down.
    pub seconds: i64,
    /// Nanoseconds in the second, 0 to 999,999,999.
    pub nanos: u32,
}

/// 0001-01-01T00:00:00Z
const SECONDS_MIN: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z
const SECONDS_MAX: i64 = 253_402_300_799;
const NANOS: i128 = 1_000_000_000;

impl Timestamp {
    /// Returns the moment that many microseconds after 1970.
    pub const fn from_micros(micros: i64) -> Timestamp {
        let nanos = micros.rem_euclid(1_000_000) as u32 * 1000;
        Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
    }

    /// Returns the moment, if it is in the years 1 to 9999.
    pub const fn in_range(seconds: i64, nanos: u32) -> Option<Timestamp> {
        if seconds < SECONDS_MIN || seconds > SECONDS_MAX {
            return None;
        }
        Some(Timestamp { seconds, nanos })
    }

    /// Returns the nanoseconds since 1970.
    pub const fn total_nanos(self) -> i128 {
        self.seconds as i128 * NANOS + self.nanos as i128
    }

    /// Returns the moment that much later; `None` outside the years 1 to 9999.
    pub fn checked_add(self, nanos: i128) -> Option<Timestamp> {
        let total = self.total_nanos() + nanos;
        let seconds = i64::try_from(total.div_euclid(NANOS)).ok()?;
        Timestamp::in_range(seconds, total.rem_euclid(NANOS) as u32)
    }

    /// Returns how much later this is than `other`; `None` if that is no duration.
    pub fn since(self, other: Timestamp) -> Option<Duration> {
        let nanos = self.total_nanos() - other.total_nanos();
        Some(Duration { nanos: i64::try_from(nanos).ok()? })
    }
}

/// A length of time: what 64 bits of nanoseconds hold, 292 years either way.
///
/// CEL leaves the range open; its conformance tests ask that 10,000 years are out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    /// All of it in nanoseconds.
    pub nanos: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_finds_its_keys_at_any_size() {
        for size in [0, 1, 15, 16, 17, 18, 100] {
            let mut map = Map::default();
            for n in 0..size {
                assert!(map.insert(Value::Text(format!("k{n}").into()), Value::Int(n)));
            }
            assert_eq!(map.len() as i64, size);
            for n in 0..size {
                let key = Value::Text(format!("k{n}").into());
                assert!(equal(map.get(&key).expect("a key that was added"), &Value::Int(n)));
                assert!(!map.insert(key, Value::Null));
            }
            assert!(map.get(&Value::text("k")).is_none());
        }
    }

    #[test]
    fn timestamps_stay_in_their_years() {
        let last = Timestamp::in_range(SECONDS_MAX, 999_999_999).expect("the last moment");
        assert_eq!(last.checked_add(1), None);
        assert!(last.checked_add(0).is_some());
        assert_eq!(Timestamp::in_range(SECONDS_MIN - 1, 0), None);
        assert_eq!(Timestamp::from_micros(-1), Timestamp { seconds: -1, nanos: 999_999_000 });
        assert_eq!(last.since(Timestamp::from_micros(0)), None);
    }
}
