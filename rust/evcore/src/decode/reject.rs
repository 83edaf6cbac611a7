//! What is wrong with an event, and where.

/// Why an event was rejected. The name is what counters and outputs show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Not JSON by RFC 8259, nor one of the three oddities that `lenient` takes.
    BadJson,
    /// Not UTF-8.
    BadUtf8,
    /// Nested deeper than the limit.
    TooDeep,
    /// Longer than the limit.
    TooLarge,
    /// JSON, but not an object.
    NotAnObject,
    /// Neither a time nor a time of receipt.
    NoTime,
    /// `strict` only: a surrogate escape without its other half.
    LoneSurrogate,
    /// `strict` only: bare `NaN` or `Infinity`.
    Nonfinite,
    /// `strict` only: a key that stands twice in an object.
    DuplicateKey,
}

impl Reason {
    /// Every reason, in order.
    pub const ALL: [Reason; 9] = [
        Reason::BadJson,
        Reason::BadUtf8,
        Reason::TooDeep,
        Reason::TooLarge,
        Reason::NotAnObject,
        Reason::NoTime,
        Reason::LoneSurrogate,
        Reason::Nonfinite,
        Reason::DuplicateKey,
    ];

    /// Returns the reason's name in counters and outputs.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::BadJson => "bad_json",
            Reason::BadUtf8 => "bad_utf8",
            Reason::TooDeep => "too_deep",
            Reason::TooLarge => "too_large",
            Reason::NotAnObject => "not_an_object",
            Reason::NoTime => "no_time",
            Reason::LoneSurrogate => "lone_surrogate",
            Reason::Nonfinite => "nonfinite",
            Reason::DuplicateKey => "duplicate_key",
        }
    }
}

/// A fault in one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Why.
    pub reason: Reason,
    /// What exactly, in words.
    pub message: &'static str,
    /// Where, in bytes from the start of the event's line.
    pub offset: usize,
}

/// An event that was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The line, from 1.
    pub line: u64,
    /// The byte of the source at which the fault is, from 0.
    pub byte: u64,
    /// Why.
    pub reason: Reason,
    /// What exactly, in words.
    pub message: &'static str,
    /// The first 100 characters of the line.
    pub text: String,
}

/// What `lenient` JSON took that `strict` would have rejected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Oddities {
    /// A surrogate escape without its other half became U+FFFD.
    pub surrogate: bool,
    /// A bare `NaN` or `Infinity` became `null`.
    pub nonfinite: bool,
    /// The last of several equal keys won.
    pub duplicate_key: bool,
}

impl Oddities {
    /// Returns the oddities as bits: 1, 2 and 4.
    pub fn bits(self) -> u8 {
        u8::from(self.surrogate) | u8::from(self.nonfinite) << 1 | u8::from(self.duplicate_key) << 2
    }
}
