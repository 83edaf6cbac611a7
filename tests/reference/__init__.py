"""What the engine must do, said slowly.

This package decodes, tags, filters and aggregates events in the most obvious way its author could
think of, and shares no code with the engine: one byte after the other, one event after the other,
dictionaries and lists. The property tests hold the engine to it. Where the two differ, read this
package: if it says what the design says, the engine is wrong.
"""

from reference.aggregates import Measure, Spec, aggregate
from reference.engine import Config, Outcome, Reject, run
from reference.json_reader import Fault, Value, read_json
from reference.rules import ERROR, MISSING

__all__ = [
    "ERROR",
    "MISSING",
    "Config",
    "Fault",
    "Measure",
    "Outcome",
    "Reject",
    "Spec",
    "Value",
    "aggregate",
    "read_json",
    "run",
]
