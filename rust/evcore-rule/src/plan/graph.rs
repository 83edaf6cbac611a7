//! The graph of all rules: each different boolean expression is one node, evaluated at most once
//! per block and row.
//!
//! A node keeps the rows that it has been asked for, so that an expression that goes row by row
//! is left out where the other side of `&&` or `||` has decided: a verdict that stands absorbs a
//! failure, so leaving out the other side changes nothing.

use super::bits::{Bits, NONE, Truth, any, for_each_row, without};
use super::leaf::{Leaf, Work};
use super::row::BlockRow;
use crate::ast::Expr;
use crate::eval::{FailureKind, evaluate_expr};
use crate::program::Program;
use crate::value::Value;

/// A node's place in the graph; operands stand before the nodes that use them.
pub(crate) type NodeId = usize;

/// What a node does.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    And(NodeId, NodeId),
    Or(NodeId, NodeId),
    Not(NodeId),
    Choose(NodeId, NodeId, NodeId),
    Leaf(Leaf),
}

/// A boolean expression and its verdicts on the block.
#[derive(Debug, Clone)]
pub(crate) struct GraphNode {
    pub op: Op,
    /// Roughly the nanoseconds that a row costs: the cheaper side of `&&` and `||` goes first.
    pub cost: u32,
    /// The program that the expression came from first.
    pub program: usize,
    /// The expression, for the rows that no kernel decides.
    pub expr: Expr,
    done: Bits,
    truth: Truth,
}

impl GraphNode {
    /// Returns a node that has not been evaluated.
    pub(crate) fn new(op: Op, cost: u32, program: usize, expr: Expr) -> GraphNode {
        GraphNode { op, cost, program, expr, done: NONE, truth: Truth::FALSE }
    }

    /// Forgets the last block.
    pub(crate) fn start_block(&mut self) {
        self.done = NONE;
    }

    /// Returns the verdicts on the rows that were asked for.
    pub(crate) fn truth(&self) -> &Truth {
        &self.truth
    }
}

/// A program, with a slot for each of its paths.
#[derive(Debug, Clone)]
pub(crate) struct PlacedProgram {
    pub program: Program,
    pub slots: Vec<usize>,
}

/// What the general evaluator needs to know.
pub(crate) struct RowNames<'a> {
    pub programs: &'a [PlacedProgram],
    pub tag_names: &'a [String],
    pub category_names: &'a [String],
}

/// Evaluates a node at least on the rows of `asked`.
pub(crate) fn run(
    nodes: &mut [GraphNode],
    id: NodeId,
    asked: &Bits,
    work: &mut Work<'_, '_>,
    names: &RowNames<'_>,
) {
    let todo = without(asked, &nodes[id].done);
    if !any(&todo) {
        return;
    }
    let truth = match nodes[id].op {
        Op::And(left, right) => {
            let (first, second) = cheaper_first(nodes, left, right);
            run(nodes, first, &todo, work, names);
            let open = nodes[first].truth.not_no(&todo);
            run(nodes, second, &open, work, names);
            Truth::and(&nodes[left].truth, &nodes[right].truth)
        }
        Op::Or(left, right) => {
            let (first, second) = cheaper_first(nodes, left, right);
            run(nodes, first, &todo, work, names);
            let open = without(&todo, &nodes[first].truth.yes);
            run(nodes, second, &open, work, names);
            Truth::or(&nodes[left].truth, &nodes[right].truth)
        }
        Op::Not(operand) => {
            run(nodes, operand, &todo, work, names);
            Truth::not(&nodes[operand].truth, &todo)
        }
        Op::Choose(condition, then, otherwise) => {
            run(nodes, condition, &todo, work, names);
            let yes = std::array::from_fn(|i| todo[i] & nodes[condition].truth.yes[i]);
            run(nodes, then, &yes, work, names);
            let no = nodes[condition].truth.no(&todo);
            run(nodes, otherwise, &no, work, names);
            let of = |id: NodeId| &nodes[id].truth;
            Truth::choose(of(condition), of(then), of(otherwise), &todo)
        }
        Op::Leaf(_) => return run_leaf(&mut nodes[id], &todo, work, names),
    };
    let node = &mut nodes[id];
    node.truth.take(&todo, &truth);
    node.done.iter_mut().zip(todo).for_each(|(done, todo)| *done |= todo);
}

fn cheaper_first(nodes: &[GraphNode], left: NodeId, right: NodeId) -> (NodeId, NodeId) {
    if nodes[right].cost < nodes[left].cost { (right, left) } else { (left, right) }
}

fn run_leaf(node: &mut GraphNode, todo: &Bits, work: &mut Work<'_, '_>, names: &RowNames<'_>) {
    let Op::Leaf(leaf) = &node.op else { unreachable!("only leaves come here") };
    let found = work.find(leaf, todo);
    if found.is_whole {
        // Rows that were done by the general evaluator are odd here too: they keep their verdict.
        let known = without(&work.live, &found.odd);
        node.truth.take(&known, &found.truth);
        node.done.iter_mut().zip(known).for_each(|(done, known)| *done |= known);
    } else {
        node.truth.take(&without(todo, &found.odd), &found.truth);
    }
    let odd: Bits = std::array::from_fn(|i| found.odd[i] & todo[i]);
    if any(&odd) {
        run_rows(node, &odd, work, names);
    }
    node.done.iter_mut().zip(todo).for_each(|(done, todo)| *done |= todo);
}

/// Hands rows to the general evaluator.
fn run_rows(node: &mut GraphNode, rows: &Bits, work: &Work<'_, '_>, names: &RowNames<'_>) {
    let PlacedProgram { program, slots } = &names.programs[node.program];
    let (truth, expr) = (&mut node.truth, &node.expr);
    for_each_row(rows, |row| {
        let block_row = BlockRow {
            block: work.block,
            scope: work.scope,
            slots,
            tag_names: names.tag_names,
            category_names: names.category_names,
            row,
        };
        let (word, bit) = (row / 64, 1 << (row % 64));
        let value = evaluate_expr(program, expr, &block_row);
        for bits in [&mut truth.yes, &mut truth.missing, &mut truth.error] {
            bits[word] &= !bit;
        }
        match value {
            Ok(Value::Bool(true)) => truth.yes[word] |= bit,
            Ok(Value::Bool(false)) => {}
            Err(failure) if failure.kind == FailureKind::Missing => truth.missing[word] |= bit,
            Ok(_) | Err(_) => truth.error[word] |= bit,
        }
    });
}
