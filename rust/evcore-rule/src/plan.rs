//! Runs all rules of a configuration over blocks of columns.
//!
//! The trees of all rules become one graph in which equal expressions are one node. A node's verdict
//! on a block is three bitmaps: true, missing, error; `&&`, `||`, `!` and `?:` are word operations on
//! them. What stands below is a kernel over a column, or, where there is none, the general evaluator
//! row by row. Both say the same about every row: `tests/plan_equals_eval.rs` holds them to it. The one
//! exception is the general evaluator's budget of steps, which here each expression that goes row by
//! row has for itself: only a rule of nested macros over a huge list can tell.
//!
//! Nothing is allocated per block once the bitmaps and tables have their size.

mod bits;
mod kinds;
mod number;
mod text;
mod codes;
mod moment;
mod arithmetic;
mod leaf;
mod row;
mod graph;
mod classify;
mod normal;
pub mod describe;

use std::collections::HashMap;

use evcore_event::{Block, Dictionary, Mask, Path};

use self::arithmetic::Vector;
use self::bits::rows_below;
use self::classify::{Class, Names};
use self::codes::CodeGroup;
pub use self::describe::{How, PlanPart};
use self::graph::{GraphNode, NodeId, Op, PlacedProgram, RowNames};
use self::kinds::KindRows;
use self::leaf::{EXPENSIVE, Leaf, Work};
use crate::ast::{BinaryOp, Expr, Node, UnaryOp};
use crate::program::Program;

/// Nanoseconds of text predicates on a slot past which its codes pay: encoding a row costs about as
/// much, and a predicate on codes nearly nothing.
const CODES_PAY: u32 = 12;

/// Roughly the nanoseconds of one row in the general evaluator.
const ROW_COST: u32 = 200;

/// What stands beside a block's columns.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The dictionary of each slot whose column has codes in this block. From block to block a slot
    /// keeps its dictionary, which may only grow; else call [`Plan::forget_codes`].
    pub dictionaries: &'a [Option<Dictionary>],
    /// The rows of each tag, in the order of the tag names. The tag of a later rule must be absent
    /// or empty.
    pub tags: &'a [Mask],
    /// The category of each row: 0 for none, else 1 and the position in the category names.
    pub categories: &'a [u16],
}

/// What a rule says about the rows of a block. No row is in two masks; a row in none is false.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The rule is true.
    pub matched: Mask,
    /// The rule reads a key or field that is missing.
    pub missing: Mask,
    /// The rule fails for another reason.
    pub errors: Mask,
}

#[derive(Debug, Clone)]
struct Rule {
    root: NodeId,
    verdict: Verdict,
    /// The expressions of the rule: depth, text and node.
    parts: Vec<(usize, String, NodeId)>,
}

/// All rules of a configuration, ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    nodes: Vec<GraphNode>,
    /// Why a node goes row by row, by node.
    reasons: Vec<&'static str>,
    rules: Vec<Rule>,
    programs: Vec<PlacedProgram>,
    tag_names: Vec<String>,
    category_names: Vec<String>,
    coded_slots: Vec<usize>,
    kinds: Vec<KindRows>,
    groups: Vec<CodeGroup>,
    vectors: Vec<Vector>,
}

impl Plan {
    /// Plans the rules; a rule's number is its place in `programs`.
    ///
    /// `slot_of` tells which slot of the blocks holds a path. Tags and categories are named in the
    /// order that [`Scope`] uses.
    pub fn new(
        programs: &[Program],
        slot_of: &mut dyn FnMut(&Path) -> usize,
        tag_names: &[String],
        category_names: &[String],
    ) -> Plan {
        let place = |program: &Program| {
            let slots = program.paths.iter().map(&mut *slot_of).collect();
            PlacedProgram { program: program.clone(), slots }
        };
        let placed: Vec<PlacedProgram> = programs.iter().map(place).collect();
        let slots = placed.iter().flat_map(|placed| &placed.slots).max().map_or(0, |slot| slot + 1);
        let mut plan = Plan {
            nodes: Vec::new(),
            reasons: Vec::new(),
            rules: Vec::new(),
            programs: Vec::new(),
            tag_names: tag_names.to_vec(),
            category_names: category_names.to_vec(),
            coded_slots: Vec::new(),
            kinds: vec![KindRows::default(); slots],
            groups: Vec::new(),
            vectors: Vec::new(),
        };
        let mut known = HashMap::new();
        for (rule, PlacedProgram { program, slots }) in placed.iter().enumerate() {
            let names = Names { program, slots, tag_names, category_names };
            let mut builder = Builder { plan: &mut plan, known: &mut known, names, rule };
            let mut parts = Vec::new();
            let root = builder.node(&program.root, 0, &mut parts);
            plan.rules.push(Rule { root, verdict: Verdict::default(), parts });
        }
        plan.programs = placed;
        plan.coded_slots = plan.slots_that_codes_pay();
        plan
    }

    fn slots_that_codes_pay(&self) -> Vec<usize> {
        let cost_of = |slot: usize| -> u32 {
            self.groups.iter().filter(|group| group.slot() == slot).map(CodeGroup::cost).sum()
        };
        let mut slots: Vec<usize> = self.groups.iter().map(CodeGroup::slot).collect();
        slots.sort_unstable();
        slots.dedup();
        slots.retain(|slot| cost_of(*slot) >= CODES_PAY.min(EXPENSIVE));
        slots
    }

    /// Returns the number of rules.
    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    /// Returns the slots, in order, whose dictionary codes the plan wants. It uses those of other
    /// slots where it finds them.
    pub fn coded_slots(&self) -> &[usize] {
        &self.coded_slots
    }

    /// Forgets the last block's verdicts; to be called before a block's first rule.
    pub fn start_block(&mut self) {
        self.nodes.iter_mut().for_each(GraphNode::start_block);
        self.kinds.iter_mut().for_each(KindRows::start_block);
        self.groups.iter_mut().for_each(CodeGroup::start_block);
    }

    /// Forgets what is known of dictionary codes; to be called when a dictionary is replaced.
    pub fn forget_codes(&mut self) {
        self.groups.iter_mut().for_each(CodeGroup::forget_codes);
    }

    /// Evaluates a rule on a block.
    ///
    /// All calls between two [`Plan::start_block`] are about one block. A tag or category that the
    /// rule reads must be in `scope` by now.
    pub fn evaluate(&mut self, rule: usize, block: &Block<'_>, scope: &Scope<'_>) -> &Verdict {
        let live = rows_below(block.len);
        let Rule { root, verdict, .. } = &mut self.rules[rule];
        let mut work = Work {
            block,
            scope,
            live,
            kinds: &mut self.kinds,
            groups: &mut self.groups,
            vectors: &mut self.vectors,
        };
        let names = RowNames {
            programs: &self.programs,
            tag_names: &self.tag_names,
            category_names: &self.category_names,
        };
        graph::run(&mut self.nodes, *root, &live, &mut work, &names);
        let truth = self.nodes[*root].truth();
        for (mask, bits) in [
            (&mut verdict.matched, &truth.yes),
            (&mut verdict.missing, &truth.missing),
            (&mut verdict.errors, &truth.error),
        ] {
            mask.reset(block.len);
            let words = mask.words_mut().iter_mut().zip(bits).zip(&live);
            words.for_each(|((word, bits), live)| *word = bits & live);
        }
        verdict
    }

    /// Returns the expressions of a rule, each with how it is evaluated.
    pub fn describe(&self, rule: usize) -> Vec<PlanPart> {
        let part = |(depth, text, node): &(usize, String, NodeId)| {
            let how = match &self.nodes[*node].op {
                Op::Leaf(leaf) => {
                    let is_coded = match leaf {
                        Leaf::Text { group, .. } => {
                            self.coded_slots.contains(&self.groups[*group].slot())
                        }
                        _ => false,
                    };
                    describe::how(leaf, self.reasons[*node], is_coded)
                }
                _ => How::Logic,
            };
            PlanPart { depth: *depth, text: text.clone(), how }
        };
        self.rules[rule].parts.iter().map(part).collect()
    }
}

/// Adds the nodes of one rule.
struct Builder<'a, 'p> {
    plan: &'a mut Plan,
    known: &'a mut HashMap<String, NodeId>,
    names: Names<'p>,
    rule: usize,
}

impl<'p> Builder<'_, 'p> {
    /// Returns the node of a boolean expression and adds it and what is below to `parts`.
    fn node(
        &mut self,
        expr: &'p Expr,
        depth: usize,
        parts: &mut Vec<(usize, String, NodeId)>,
    ) -> NodeId {
        let at = parts.len();
        let source = &self.names.program.source;
        parts.push((depth, source.get(expr.span.clone()).unwrap_or("").to_owned(), 0));
        let mut below = |part: &'p Expr| self.node(part, depth + 1, parts);
        let op = match &expr.node {
            Node::Binary(BinaryOp::And, left, right) => Some(Op::And(below(left), below(right))),
            Node::Binary(BinaryOp::Or, left, right) => Some(Op::Or(below(left), below(right))),
            Node::Unary(UnaryOp::Not, operand) => Some(Op::Not(below(operand))),
            Node::Conditional { condition, then, otherwise } => {
                Some(Op::Choose(below(condition), below(then), below(otherwise)))
            }
            _ => None,
        };
        let key = match &op {
            Some(op) => format!("{op:?}"),
            None => normal::key(expr, &self.names, self.rule),
        };
        let id = match self.known.get(&key) {
            Some(id) => *id,
            None => {
                let id = match op {
                    Some(op) => self.add(op, expr, ""),
                    None => self.add_leaf(expr),
                };
                self.known.insert(key, id);
                id
            }
        };
        parts[at].2 = id;
        id
    }

    fn add(&mut self, op: Op, expr: &Expr, why: &'static str) -> NodeId {
        let plan = &mut *self.plan;
        let cost_of = |id: &NodeId| plan.nodes[*id].cost;
        let cost = match &op {
            Op::And(left, right) | Op::Or(left, right) => cost_of(left) + cost_of(right),
            Op::Not(operand) => cost_of(operand),
            Op::Choose(condition, then, otherwise) => {
                cost_of(condition) + cost_of(then) + cost_of(otherwise)
            }
            Op::Leaf(Leaf::Rows) => ROW_COST,
            Op::Leaf(Leaf::Text { group, number, .. }) => plan.groups[*group].test(*number).cost(),
            Op::Leaf(Leaf::Part { zone: Some(_), .. }) => EXPENSIVE,
            Op::Leaf(_) => 1,
        };
        plan.nodes.push(GraphNode::new(op, cost, self.rule, expr.clone()));
        plan.reasons.push(why);
        plan.nodes.len() - 1
    }

    fn add_leaf(&mut self, expr: &'p Expr) -> NodeId {
        let (leaf, why) = match self.names.classify(expr) {
            Ok(Class::Leaf(leaf)) => (leaf, ""),
            Ok(Class::Text { slot, test, negate, other }) => {
                let (group, number) = self.place(slot, test);
                (Leaf::Text { group, number, negate, other }, "")
            }
            Err(why) => (Leaf::Rows, why),
        };
        let depth = match &leaf {
            Leaf::TermRange { term, .. } => term.depth(),
            Leaf::Terms { left, right, .. } => left.depth().max(1 + right.depth()),
            _ => 0,
        };
        let vectors = &mut self.plan.vectors;
        vectors.resize_with(depth.max(vectors.len()), Vector::default);
        self.add(Op::Leaf(leaf), expr, why)
    }

    /// Returns the group and number of a predicate on the text of a slot, new or as it was.
    fn place(&mut self, slot: usize, test: text::TextTest) -> (usize, usize) {
        let groups = &mut self.plan.groups;
        for (index, group) in groups.iter().enumerate().filter(|(_, group)| group.slot() == slot) {
            if let Some(number) = group.find(&test) {
                return (index, number);
            }
        }
        let free = groups.iter().position(|group| group.slot() == slot && !group.is_full());
        let index = free.unwrap_or_else(|| {
            groups.push(CodeGroup::new(slot));
            groups.len() - 1
        });
        (index, groups[index].add(test))
    }
}
