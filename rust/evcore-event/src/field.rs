//! The canonical event: the fields that rules, aggregates and outputs see.

/// How a canonical field behaves in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// A string; `null` on the wire is the same as missing.
    Text,
    /// A moment in microseconds, UTC.
    Timestamp,
    /// A JSON object; `null` inside it is a value.
    Map,
}

/// A canonical field. The order is the order of columns in a canonical event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// `track`, `page`, …: see [`crate::EventKind`].
    Kind,
    /// The event's name; the kind where there is none.
    Name,
    /// The vendor's own category of the event.
    WireCategory,
    /// The id that the sender gave the event.
    Id,
    /// Event time.
    Time,
    /// The device's clock when it sent the event.
    Sent,
    /// The collector's clock when it took the event.
    Received,
    /// The id of a signed-in user.
    User,
    /// The id of a device or of a user who is not signed in.
    Anonymous,
    /// The id that an alias replaces.
    Previous,
    /// The id of a group or account.
    Group,
    /// The session that the sender says the event is in.
    WireSession,
    /// `web`, `ios`, … in lower case.
    Platform,
    /// What the event says about itself.
    Attributes,
    /// Flags for one integration.
    Flags,
    /// What is known about the user.
    Traits,
    /// The user's identities.
    Identities,
    /// Where the event comes from: device, application, library, page.
    Context,
    /// The original JSON object.
    Wire,
}

impl Field {
    /// Every field, in order.
    pub const ALL: [Field; 19] = [
        Field::Kind,
        Field::Name,
        Field::WireCategory,
        Field::Id,
        Field::Time,
        Field::Sent,
        Field::Received,
        Field::User,
        Field::Anonymous,
        Field::Previous,
        Field::Group,
        Field::WireSession,
        Field::Platform,
        Field::Attributes,
        Field::Flags,
        Field::Traits,
        Field::Identities,
        Field::Context,
        Field::Wire,
    ];

    /// Returns the field's name in rules and configs.
    pub const fn name(self) -> &'static str {
        match self {
            Field::Kind => "kind",
            Field::Name => "name",
            Field::WireCategory => "wire_category",
            Field::Id => "id",
            Field::Time => "time",
            Field::Sent => "sent",
            Field::Received => "received",
            Field::User => "user",
            Field::Anonymous => "anonymous",
            Field::Previous => "previous",
            Field::Group => "group",
            Field::WireSession => "wire_session",
            Field::Platform => "platform",
            Field::Attributes => "attributes",
            Field::Flags => "flags",
            Field::Traits => "traits",
            Field::Identities => "identities",
            Field::Context => "context",
            Field::Wire => "wire",
        }
    }

    /// Returns the field of that name.
    pub fn from_name(name: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Returns how the field behaves in a rule.
    pub const fn field_type(self) -> FieldType {
        match self {
            Field::Time | Field::Sent | Field::Received => FieldType::Timestamp,
            Field::Attributes
            | Field::Flags
            | Field::Traits
            | Field::Identities
            | Field::Context
            | Field::Wire => FieldType::Map,
            _ => FieldType::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_field() {
        for field in Field::ALL {
            assert_eq!(Field::from_name(field.name()), Some(field));
        }
        assert_eq!(Field::from_name("event"), None);
    }
}
