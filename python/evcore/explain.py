"""Why an event has its tags: each rule's verdict. And what runs when."""

from __future__ import annotations

from typing import Any

from evcore.table import text_table

__all__ = ["Explanation", "Plan"]

SECTIONS = {"category": "categories", "tag": "tags", "filter": "filters", "aggregate": "aggregates"}
"""Sections of the configuration with rules, in the order of decisions, and their plurals."""


class Explanation:
    """What the engine makes of one event, rule by rule; ``print`` shows it as text.

    Attributes
    ----------
    outcome
        ``"kept"``, or ``"filtered: "`` and the filter's name.
    category
        The event's category, or ``""``.
    tags
        Its tags.
    fields
        The canonical fields that the configuration reads: ``path``, ``kind``, ``value``.
    rules
        Each rule in the order of decisions: ``section``, ``name``, ``rule``, ``verdict``
        (``"true"``, ``"false"``, ``"missing"``, ``"error"``), ``message``, ``reads``.
    """

    __slots__ = ("category", "fields", "outcome", "rules", "tags")

    def __init__(self, explanation: dict[str, Any]) -> None:
        self.outcome: str = explanation["outcome"]
        self.category: str = explanation["category"]
        self.tags: list[str] = explanation["tags"]
        self.fields: list[dict[str, str]] = explanation["fields"]
        self.rules: list[dict[str, Any]] = explanation["rules"]

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as a dictionary, ready for JSON."""
        return {name: getattr(self, name) for name in ("outcome", "category", "tags")} | {
            "fields": self.fields,
            "rules": self.rules,
        }

    def to_json(self) -> bytes:
        """Return the explanation as JSON."""
        import msgspec

        return msgspec.json.encode(self.to_dict())

    def __repr__(self) -> str:
        lines = [
            f"outcome:  {self.outcome}",
            f"category: {self.category or '-'}",
            f"tags:     {', '.join(self.tags) or '-'}",
            "",
        ]
        rows = [[field["path"], field["kind"], field["value"]] for field in self.fields]
        lines += [text_table(["field", "kind", "value"], rows)]
        for section, plural in SECTIONS.items():
            rules = [rule for rule in self.rules if rule["section"] == section]
            if rules:
                lines += ["", plural]
            for rule in rules:
                lines.append(f"  {rule['name']}: {rule['verdict']}")
                lines.append(f"      {' '.join(rule['rule'].split())}")
                if rule["message"]:
                    lines.append(f"      {rule['message']}")
        return "\n".join(lines)


class Plan:
    """What runs when, and how each rule is evaluated; ``print`` shows it as text.

    Attributes
    ----------
    rules
        Each rule in the order of decisions: ``section``, ``name``, ``rule``, ``step`` (4: reads no
        state), and ``parts``, each with how it is evaluated.
    """

    __slots__ = ("rules",)

    def __init__(self, rules: list[dict[str, Any]]) -> None:
        self.rules = rules

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as a dictionary, ready for JSON."""
        return {"rules": self.rules}

    def to_json(self) -> bytes:
        """Return the plan as JSON."""
        import msgspec

        return msgspec.json.encode(self.to_dict())

    def __repr__(self) -> str:
        lines = []
        for rule in self.rules:
            lines.append(f"{rule['section']} {rule['name']} (step {rule['step']})")
            lines.append(f"    {' '.join(rule['rule'].split())}")
            lines += [f"      {part}" for part in rule["parts"]]
        return "\n".join(lines) or "no rules"
