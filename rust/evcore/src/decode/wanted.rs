//! What the configuration wants of each event: a tree of keys with the slots their values go to.
//! Everything else in an event is checked, but not kept.

use evcore_event::Step;

use super::key::Key;
use super::walk::Seen;

/// What a slot takes from the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotMode {
    /// The value as it is; `null` is a value.
    Value,
    /// A canonical scalar: a number or literal becomes its text, `null` is missing.
    Scalar,
    /// A canonical map: `null` is missing.
    Map,
    /// A moment: a text or a number; `null` is missing.
    Time,
}

/// A slot to write, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// The column's number.
    pub slot: u16,
    /// What it takes.
    pub mode: SlotMode,
}

/// What to do with the value of a key or the element of an array.
#[derive(Debug, Clone, Copy, Default)]
pub struct Target {
    leaf_start: u16,
    leaf_end: u16,
    /// The node of the value's own keys; 0 for none, as node 0 is the event itself.
    pub node: u16,
}

impl Target {
    /// Nothing is wanted.
    pub const NONE: Target = Target { leaf_start: 0, leaf_end: 0, node: 0 };

    /// Returns whether the value itself goes to a slot.
    #[inline(always)]
    pub fn has_leaves(self) -> bool {
        self.leaf_start != self.leaf_end
    }
}

#[derive(Debug, Clone)]
struct Entry {
    key: Key,
    text: Box<[u8]>,
    target: Target,
}

/// The wanted keys of one object, or elements of one array.
#[derive(Debug, Clone, Default)]
pub struct Node {
    entries: Vec<Entry>,
    /// Open addressing over `entries` by the key's print: 0 is free, else 1 + the entry's number.
    table: Vec<u16>,
    /// Wanted elements, should the value be an array.
    pub elements: Vec<(u32, Target)>,
    /// Every slot at or below this node's keys.
    slots_below: Vec<u16>,
    /// Those of them that are wrong, not merely missing, where this place holds no object.
    mismatched_below: Vec<u16>,
    /// Whether `null` in this place is the same as no value (a canonical map).
    pub is_map_root: bool,
}

/// The tree. Node 0 is the event.
#[derive(Debug, Clone)]
pub struct Wanted {
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
    event_leaves: Vec<Leaf>,
    slots: usize,
}

/// A path of the wire that goes to a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPath {
    /// Keys and indices from the event on; empty for the whole event.
    pub steps: Vec<Step>,
    /// Where it goes.
    pub leaf: Leaf,
}

impl Wanted {
    /// Builds the tree of some paths. `map_roots` are paths whose `null` means missing.
    pub fn new(paths: &[WantedPath], map_roots: &[Vec<Step>]) -> Wanted {
        let mut nodes = vec![Building::default()];
        let mut event_leaves = Vec::new();
        for path in paths {
            match path.steps.split_last() {
                None => event_leaves.push(path.leaf),
                Some((last, inner)) => {
                    let at = inner.iter().fold(0, |at, step| descend(&mut nodes, at, step));
                    nodes[at].edge(last).leaves.push(path.leaf);
                }
            }
        }
        for root in map_roots {
            let found = root.iter().try_fold(0, |at: usize, step| {
                nodes[at].edges.iter().find(|edge| edge.step == *step).and_then(|edge| edge.node)
            });
            if let Some(at) = found {
                nodes[at].is_map_root = true;
            }
        }
        let mut wanted = Wanted {
            nodes: Vec::new(),
            leaves: Vec::new(),
            event_leaves,
            slots: paths.iter().map(|path| usize::from(path.leaf.slot) + 1).max().unwrap_or(0),
        };
        for at in 0..nodes.len() {
            let node = wanted.finish(&nodes, at);
            wanted.nodes.push(node);
        }
        wanted
    }

    /// Returns the number of slots.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Returns a node.
    #[inline(always)]
    pub fn node(&self, number: u16) -> &Node {
        &self.nodes[usize::from(number)]
    }

    /// Returns the slots that a value itself goes to.
    #[inline(always)]
    pub fn leaves(&self, target: Target) -> &[Leaf] {
        &self.leaves[usize::from(target.leaf_start)..usize::from(target.leaf_end)]
    }

    /// Returns the slots that take the whole event.
    pub fn event_leaves(&self) -> &[Leaf] {
        &self.event_leaves
    }

    fn finish(&mut self, nodes: &[Building], at: usize) -> Node {
        let mut node = Node { is_map_root: nodes[at].is_map_root, ..Node::default() };
        for edge in &nodes[at].edges {
            let leaf_start = self.leaves.len() as u16;
            self.leaves.extend_from_slice(&edge.leaves);
            let leaf_end = self.leaves.len() as u16;
            let target = Target { leaf_start, leaf_end, node: edge.node.unwrap_or(0) as u16 };
            match &edge.step {
                Step::Index(index) => node.elements.push((*index, target)),
                Step::Key(key) => node.entries.push(Entry {
                    key: Key::of(key.as_bytes()),
                    text: key.as_bytes().into(),
                    target,
                }),
            }
        }
        let below = leaves_below(nodes, at);
        node.slots_below = below.iter().map(|leaf| leaf.slot).collect();
        let is_canonical = |leaf: &&Leaf| matches!(leaf.mode, SlotMode::Scalar | SlotMode::Time);
        node.mismatched_below =
            below.iter().filter(|leaf| !is_canonical(leaf)).map(|leaf| leaf.slot).collect();
        // Sixteen places a key: most keys of an event are not wanted, and miss at the first place.
        node.table = vec![0; (node.entries.len() * 16).next_power_of_two()];
        for number in 0..node.entries.len() {
            let mut place = node.home(node.entries[number].key.print());
            while node.table[place] != 0 {
                place = (place + 1) & (node.table.len() - 1);
            }
            node.table[place] = number as u16 + 1;
        }
        node
    }
}

impl Node {
    #[inline(always)]
    fn home(&self, print: u64) -> usize {
        (print >> 32) as usize & (self.table.len() - 1)
    }

    /// Returns what to do with the value of a key; `same` confirms a key of more than 16 bytes.
    #[inline(always)]
    pub fn find(&self, key: Key, print: u64, same: impl Fn(&[u8]) -> bool) -> Target {
        if self.entries.is_empty() {
            return Target::NONE;
        }
        let mut at = self.home(print);
        loop {
            let number = self.table[at];
            if number == 0 {
                return Target::NONE;
            }
            let entry = &self.entries[usize::from(number) - 1];
            if entry.key == key && (key.len <= 16 || same(&entry.text)) {
                return entry.target;
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    /// Returns what to do with an element of an array.
    pub fn element(&self, index: u32) -> Target {
        let found = self.elements.iter().find(|(wanted, _)| *wanted == index);
        found.map_or(Target::NONE, |(_, target)| *target)
    }

    /// Returns every slot at or below this node's keys.
    pub fn slots_below(&self) -> &[u16] {
        &self.slots_below
    }

    /// Returns the slots below that a value without keys makes wrong. A canonical scalar is just not
    /// there, as another place of the wire may have it; nor is anything wrong where `null` stands for
    /// a canonical map, or where elements of a list are wanted and a list stands.
    pub fn mismatched_by(&self, seen: Seen) -> &[u16] {
        let is_excused = match seen {
            Seen::Null => self.is_map_root,
            Seen::List => !self.elements.is_empty(),
            _ => false,
        };
        if is_excused { &[] } else { &self.mismatched_below }
    }
}

#[derive(Debug, Default)]
struct Building {
    edges: Vec<Edge>,
    is_map_root: bool,
}

#[derive(Debug)]
struct Edge {
    step: Step,
    leaves: Vec<Leaf>,
    node: Option<usize>,
}

impl Building {
    fn edge(&mut self, step: &Step) -> &mut Edge {
        let found = self.edges.iter().position(|edge| edge.step == *step);
        let at = found.unwrap_or_else(|| {
            self.edges.push(Edge { step: step.clone(), leaves: Vec::new(), node: None });
            self.edges.len() - 1
        });
        &mut self.edges[at]
    }
}

fn descend(nodes: &mut Vec<Building>, at: usize, step: &Step) -> usize {
    let next = nodes.len();
    let node = *nodes[at].edge(step).node.get_or_insert(next);
    if node == next {
        nodes.push(Building::default());
    }
    node
}

fn leaves_below(nodes: &[Building], at: usize) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for edge in &nodes[at].edges {
        leaves.extend_from_slice(&edge.leaves);
        if let Some(node) = edge.node {
            leaves.extend(leaves_below(nodes, node));
        }
    }
    leaves
}
