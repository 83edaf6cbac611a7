//! Sets of types: what the checker knows about a value before there is one.

use crate::value::Type;

/// The types that a value may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypeSet(u16);

impl TypeSet {
    pub(crate) const NONE: TypeSet = TypeSet(0);
    pub(crate) const ALL: TypeSet = TypeSet((1 << Type::ALL.len()) - 1);
    pub(crate) const BOOL: TypeSet = TypeSet::of(Type::Bool);
    pub(crate) const INT: TypeSet = TypeSet::of(Type::Int);
    pub(crate) const UINT: TypeSet = TypeSet::of(Type::Uint);
    pub(crate) const DOUBLE: TypeSet = TypeSet::of(Type::Double);
    pub(crate) const TEXT: TypeSet = TypeSet::of(Type::Text);
    pub(crate) const BYTES: TypeSet = TypeSet::of(Type::Bytes);
    pub(crate) const LIST: TypeSet = TypeSet::of(Type::List);
    pub(crate) const MAP: TypeSet = TypeSet::of(Type::Map);
    pub(crate) const TIMESTAMP: TypeSet = TypeSet::of(Type::Timestamp);
    pub(crate) const DURATION: TypeSet = TypeSet::of(Type::Duration);
    pub(crate) const TYPE: TypeSet = TypeSet::of(Type::Type);
    pub(crate) const NUMBER: TypeSet = TypeSet::INT.or(TypeSet::UINT).or(TypeSet::DOUBLE);
    /// What a value of a JSON document may be: its numbers are doubles.
    pub(crate) const JSON: TypeSet = TypeSet::of(Type::Null)
        .or(TypeSet::BOOL)
        .or(TypeSet::DOUBLE)
        .or(TypeSet::TEXT)
        .or(TypeSet::LIST)
        .or(TypeSet::MAP);

    pub(crate) const fn of(kind: Type) -> TypeSet {
        TypeSet(1 << kind as u16)
    }

    pub(crate) const fn or(self, other: TypeSet) -> TypeSet {
        TypeSet(self.0 | other.0)
    }

    pub(crate) const fn and(self, other: TypeSet) -> TypeSet {
        TypeSet(self.0 & other.0)
    }

    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn meets(self, other: TypeSet) -> bool {
        !self.and(other).is_none()
    }

    pub(crate) const fn has(self, kind: Type) -> bool {
        self.meets(TypeSet::of(kind))
    }

    /// Returns the types in the set.
    pub(crate) fn types(self) -> impl Iterator<Item = Type> {
        Type::ALL.into_iter().filter(move |kind| self.has(*kind))
    }

    /// Returns the set in words: `string`, `a JSON value`, `int or double`.
    pub(crate) fn describe(self) -> String {
        if self == TypeSet::JSON {
            return "a JSON value".to_owned();
        }
        if self == TypeSet::ALL || self == TypeSet::NONE {
            return "any value".to_owned();
        }
        self.types().map(Type::name).collect::<Vec<_>>().join(" or ")
    }
}
