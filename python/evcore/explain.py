"""Why an event has its tags: each rule's verdict. And what runs when."""

from __future__ import annotations

__all__ = ["Explanation", "Plan"]


class Explanation: ...


class Plan: ...
