//! What sort of event it is: one enumeration for all feeds.

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EventKind {
    /// Something the user did.
    Track,
    /// A page was seen.
    Page,
    /// A screen of an app was seen.
    Screen,
    /// The user made themselves known.
    Identify,
    /// The user belongs to a group.
    Group,
    /// One id takes the place of another.
    Alias,
    /// A purchase, refund or other step of commerce.
    Commerce,
    /// A session began, as the sender says.
    SessionStart,
    /// A session ended, as the sender says.
    SessionEnd,
    /// An app came to the front, went back, started or stopped.
    AppState,
    /// The user does not want to be followed.
    OptOut,
    /// Anything else.
    Other,
}

impl EventKind {
    /// Every kind, in order.
    pub const ALL: [EventKind; 12] = [
        EventKind::Track,
        EventKind::Page,
        EventKind::Screen,
        EventKind::Identify,
        EventKind::Group,
        EventKind::Alias,
        EventKind::Commerce,
        EventKind::SessionStart,
        EventKind::SessionEnd,
        EventKind::AppState,
        EventKind::OptOut,
        EventKind::Other,
    ];

    /// Returns the kind's name in rules and outputs.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Track => "track",
            EventKind::Page => "page",
            EventKind::Screen => "screen",
            EventKind::Identify => "identify",
            EventKind::Group => "group",
            EventKind::Alias => "alias",
            EventKind::Commerce => "commerce",
            EventKind::SessionStart => "session_start",
            EventKind::SessionEnd => "session_end",
            EventKind::AppState => "app_state",
            EventKind::OptOut => "opt_out",
            EventKind::Other => "other",
        }
    }

    /// Returns the kind of a name on the wire; [`EventKind::Other`] if it is not one of ours.
    pub fn from_name(name: &[u8]) -> EventKind {
        EventKind::ALL
            .into_iter()
            .find(|kind| kind.name().as_bytes() == name)
            .unwrap_or(EventKind::Other)
    }
}
