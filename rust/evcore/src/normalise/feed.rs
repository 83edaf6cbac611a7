//! Feeds: where on the wire each canonical field stands.
//!
//! | canonical | `segment` | `canonical` |
//! |---|---|---|
//! | `kind` | `type` | `kind`, else `messageType` |
//! | `name` | `event`; of a page or screen `name` | `name`, else `eventName` |
//! | `id` | `messageId` | `id`, else `sourceMessageId` |
//! | `time` | `originalTimestamp`, else `timestamp` | `time`, else `timestamp` |
//! | `platform` | `context.device.type`, else `channel` | `platform` |
//! | `attributes` | `properties` | `attributes`, else `data`, else `customAttributes` |
//! | `traits` | `traits` over `context.traits` | `traits`, else `userAttributes` |
//!
//! Source: Segment's Spec (common fields); mParticle's web SDK for the second names of `canonical`.

use evcore_event::{EventKind, Field, Path, Step};

use crate::config::{Config, FeedName, Skew, TimeUnit, UserFeed};
use crate::decode::{DecodePlan, Leaf, SlotMode, Wanted, WantedPath};
use crate::error::Error;

use super::Slots;
use super::clock::Clock;
use super::declared::Declared;
use super::resolve::Resolve;

/// What one feed needs: how to decode it, and the steps to the canonical event.
#[derive(Debug, Clone)]
pub struct FeedPlan {
    /// The feed's name.
    pub name: String,
    /// What decode wants of the wire. Its first columns are the canonical slots.
    pub decode: DecodePlan,
    /// What makes canonical columns of the others, in order.
    pub steps: Vec<Resolve>,
    /// How times are read.
    pub clock: Clock,
    /// Declared types, by slot.
    pub declared: Vec<Declared>,
}

/// Where a canonical path stands on the wire.
enum Place {
    /// At the first of these paths that has a value.
    First(Vec<Vec<Step>>),
    /// In an object that is laid over another: the roots of the upper and the lower.
    Overlaid(Vec<Step>, Vec<Step>),
    /// Segment's `name`: at the first path, for pages and screens at the second.
    SegmentName,
    /// A map made of several fields.
    Built(Vec<(&'static str, Vec<Step>)>),
    /// Nowhere.
    Nowhere,
}

/// Returns the plan of a feed of the configuration.
///
/// # Errors
///
/// [`Error::Feed`] if there is none of that name.
pub fn plan_feed(config: &Config, name: &str, slots: &Slots) -> Result<FeedPlan, Error> {
    let feed = find_feed(config, name)?;
    let user = match &feed {
        FeedName::User(name) => config.feeds.iter().find(|feed| feed.name.value == *name),
        _ => None,
    };
    let mut planner = Planner {
        wanted: Vec::new(),
        steps: Vec::new(),
        time_fallbacks: Vec::new(),
        columns: slots.paths().len(),
    };
    let place_of = |path: &Path| match &feed {
        FeedName::Segment => segment_place(path),
        FeedName::Canonical => canonical_place(path),
        FeedName::User(_) => user.map_or(Place::Nowhere, |feed| user_place(feed, path)),
    };
    for (slot, path) in slots.paths().iter().enumerate() {
        planner.add(slot, path, place_of(path));
    }
    planner.add_names(slots, place_of(&Path::field(Field::Kind)));
    let unit = user.map_or(TimeUnit::Milliseconds, |feed| feed.time_unit.value);
    let skew = match user {
        Some(feed) => feed.skew.value,
        None if feed == FeedName::Segment => Skew::Segment,
        None => Skew::Off,
    };
    let is_text_feed = user.is_none() || unit == TimeUnit::Rfc3339;
    Ok(FeedPlan {
        name: name.to_owned(),
        decode: DecodePlan {
            wanted: Wanted::new(&planner.wanted, &map_roots(&feed, user)),
            columns: planner.columns,
            is_strict: config.json.value == crate::config::JsonMode::Strict,
            depth_max: config.limits.max_depth.value,
            event_bytes_max: config.limits.max_event_bytes.value,
        },
        steps: planner.steps,
        clock: Clock::new(unit, is_text_feed, skew == Skew::Segment, planner.time_fallbacks),
        declared: Declared::of(config, slots),
    })
}

fn find_feed(config: &Config, name: &str) -> Result<FeedName, Error> {
    let known = ["segment", "canonical"].into_iter().map(str::to_owned);
    let known: Vec<String> =
        known.chain(config.feeds.iter().map(|feed| feed.name.value.clone())).collect();
    if !known.iter().any(|other| other == name) {
        return Err(Error::Feed { name: name.to_owned(), known: known.join(", ") });
    }
    Ok(match name {
        "segment" => FeedName::Segment,
        "canonical" => FeedName::Canonical,
        _ => FeedName::User(name.to_owned()),
    })
}

struct Planner {
    wanted: Vec<WantedPath>,
    steps: Vec<Resolve>,
    time_fallbacks: Vec<(usize, usize)>,
    columns: usize,
}

impl Planner {
    fn want(&mut self, slot: usize, steps: Vec<Step>, mode: SlotMode) {
        self.wanted.push(WantedPath { steps, leaf: Leaf { slot: slot as u16, mode } });
    }

    fn want_new(&mut self, steps: Vec<Step>, mode: SlotMode) -> usize {
        self.columns += 1;
        self.want(self.columns - 1, steps, mode);
        self.columns - 1
    }

    fn add(&mut self, slot: usize, path: &Path, place: Place) {
        let mode = mode_of(path);
        match place {
            Place::Nowhere => {}
            Place::First(places) => {
                for (at, steps) in places.into_iter().enumerate() {
                    if at == 0 {
                        self.want(slot, steps, mode);
                        continue;
                    }
                    let from = self.want_new(steps, mode);
                    // A time that cannot be read must not hide one that can: the clock fills.
                    if mode == SlotMode::Time {
                        self.time_fallbacks.push((slot, from));
                    } else {
                        self.steps.push(Resolve::Fill { to: slot, from });
                    }
                }
            }
            Place::Overlaid(upper, lower) => {
                self.want(slot, [&upper, &path.steps[..]].concat(), mode);
                let from = self.want_new([&lower, &path.steps[..]].concat(), mode);
                let step = match path.steps.split_first() {
                    None => Resolve::Overlay { to: slot, lower: from },
                    Some((key, deeper)) => {
                        // An upper value hides all that the lower has below the same key.
                        let hiding = (!deeper.is_empty()).then(|| {
                            let steps = [&upper, std::slice::from_ref(key)].concat();
                            self.want_new(steps, SlotMode::Value)
                        });
                        let upper = self.want_new(upper, SlotMode::Map);
                        Resolve::FillUnder { to: slot, from, upper, hiding }
                    }
                };
                self.steps.push(step);
            }
            Place::SegmentName => {
                self.want(slot, wire("event"), mode);
                let from = self.want_new(wire("name"), mode);
                let kind = self.want_new(wire("type"), SlotMode::Scalar);
                self.steps.push(Resolve::PageName { to: slot, from, kind });
            }
            Place::Built(parts) => {
                let parts: Vec<(&'static str, usize)> = parts
                    .into_iter()
                    .map(|(key, steps)| (key, self.want_new(steps, SlotMode::Scalar)))
                    .collect();
                self.steps.push(Resolve::BuildMap { to: slot, parts });
            }
        }
        match path.root {
            Field::Platform => self.steps.push(Resolve::Platform { slot }),
            Field::Kind => self.steps.push(Resolve::Kind { slot }),
            _ => {}
        }
    }

    /// An event without a name is called by its kind.
    fn add_names(&mut self, slots: &Slots, kind_place: Place) {
        let Some(to) = slots.find(&Path::field(Field::Name)) else {
            return;
        };
        let kinds = match kind_place {
            Place::First(places) => {
                places.into_iter().map(|steps| self.want_new(steps, SlotMode::Scalar)).collect()
            }
            _ => Vec::new(),
        };
        self.steps.push(Resolve::NameFromKind { to, kinds });
    }
}

/// Returns how a canonical path takes the wire's values.
fn mode_of(path: &Path) -> SlotMode {
    use evcore_event::FieldType;
    match (path.root.field_type(), path.steps.is_empty()) {
        (FieldType::Timestamp, _) => SlotMode::Time,
        (FieldType::Text, _) => SlotMode::Scalar,
        (FieldType::Map, true) => SlotMode::Map,
        (FieldType::Map, false) => SlotMode::Value,
    }
}

/// Returns a path of the wire from its keys: `context.device.type`.
fn wire(keys: &str) -> Vec<Step> {
    keys.split('.').map(|key| Step::Key(key.to_owned())).collect()
}

/// Returns `roots`, each with the steps of a path below it.
fn below(roots: &[&str], path: &Path) -> Place {
    Place::First(roots.iter().map(|root| [wire(root), path.steps.clone()].concat()).collect())
}

fn segment_place(path: &Path) -> Place {
    match path.root {
        Field::Kind => below(&["type"], path),
        Field::Name => Place::SegmentName,
        Field::Id => below(&["messageId"], path),
        Field::Time => below(&["originalTimestamp", "timestamp"], path),
        Field::Sent => below(&["sentAt"], path),
        Field::Received => below(&["receivedAt"], path),
        Field::User => below(&["userId"], path),
        Field::Anonymous => below(&["anonymousId"], path),
        Field::Previous => below(&["previousId"], path),
        Field::Group => below(&["groupId"], path),
        Field::WireSession => below(&["context.sessionId"], path),
        Field::Platform => below(&["context.device.type", "channel"], path),
        Field::Attributes => below(&["properties"], path),
        Field::Traits => Place::Overlaid(wire("traits"), wire("context.traits")),
        Field::Context => below(&["context"], path),
        Field::Wire => Place::First(vec![path.steps.clone()]),
        Field::Identities => identity_place(path, &SEGMENT_IDENTITIES),
        Field::WireCategory | Field::Flags => Place::Nowhere,
    }
}

/// Identities that Segment's calls carry, under mParticle's names, and where.
const SEGMENT_IDENTITIES: [(&str, &[&str]); 4] = [
    ("customer_id", &["userId"]),
    ("anonymous_id", &["anonymousId"]),
    ("email", &["traits.email", "context.traits.email"]),
    ("phone", &["traits.phone", "context.traits.phone"]),
];

fn identity_place(path: &Path, identities: &[(&'static str, &[&str])]) -> Place {
    let places = |roots: &[&str]| roots.iter().map(|root| wire(root)).collect::<Vec<_>>();
    match path.steps.first() {
        None => Place::Built(
            identities
                .iter()
                .flat_map(|(key, roots)| places(roots).into_iter().map(|steps| (*key, steps)))
                .collect(),
        ),
        Some(Step::Key(key)) if path.steps.len() == 1 => identities
            .iter()
            .find(|(name, _)| name == key)
            .map_or(Place::Nowhere, |(_, roots)| Place::First(places(roots))),
        _ => Place::Nowhere,
    }
}

fn canonical_place(path: &Path) -> Place {
    let roots: &[&str] = match path.root {
        Field::Kind => &["kind", "messageType"],
        Field::Name => &["name", "eventName"],
        Field::WireCategory => &["wire_category", "eventType"],
        Field::Id => &["id", "sourceMessageId"],
        Field::Time => &["time", "timestamp"],
        Field::Attributes => &["attributes", "data", "customAttributes"],
        Field::Flags => &["flags", "customFlags"],
        Field::Traits => &["traits", "userAttributes"],
        Field::Identities => &["identities", "userIdentities"],
        Field::Wire => return Place::First(vec![path.steps.clone()]),
        other => return below(&[other.name()], path),
    };
    below(roots, path)
}

/// The longest line of the map that `path` lies at or below says where it is.
fn user_place(feed: &UserFeed, path: &Path) -> Place {
    if path.root == Field::Wire {
        return Place::First(vec![path.steps.clone()]);
    }
    feed.map
        .iter()
        .filter(|line| {
            line.target.value.root == path.root && path.steps.starts_with(&line.target.value.steps)
        })
        .max_by_key(|line| line.target.value.steps.len())
        .map_or(Place::Nowhere, |line| {
            let rest = &path.steps[line.target.value.steps.len()..];
            Place::First(vec![[&line.wire.value.steps, rest].concat()])
        })
}

/// Returns the paths of the wire that are canonical maps: `null` there means that there is none.
fn map_roots(feed: &FeedName, user: Option<&UserFeed>) -> Vec<Vec<Step>> {
    let fixed: &[&str] = match feed {
        FeedName::Segment => &["properties", "context", "traits", "context.traits"],
        FeedName::Canonical => &[
            "attributes",
            "data",
            "customAttributes",
            "flags",
            "customFlags",
            "traits",
            "userAttributes",
            "identities",
            "userIdentities",
            "context",
        ],
        FeedName::User(_) => &[],
    };
    let lines = user.into_iter().flat_map(|feed| &feed.map);
    let mapped = lines.filter(|line| line.target.value.steps.is_empty());
    fixed
        .iter()
        .map(|root| wire(root))
        .chain(mapped.map(|line| line.wire.value.steps.clone()))
        .collect()
}

/// Returns the kind of what `type`, `kind` or `messageType` says. Numbers are the message types of
/// mParticle's web SDK.
pub fn kind_of(text: &[u8]) -> EventKind {
    match text {
        b"event" | b"custom_event" | b"4" => EventKind::Track,
        b"screen_view" | b"3" => EventKind::Screen,
        b"commerce_event" | b"16" => EventKind::Commerce,
        b"1" => EventKind::SessionStart,
        b"2" => EventKind::SessionEnd,
        b"application_state_transition" | b"10" => EventKind::AppState,
        b"6" => EventKind::OptOut,
        other => EventKind::from_name(other),
    }
}
