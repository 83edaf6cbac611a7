"""JSON, byte after byte: RFC 8259, and the three things that lenient mode forgives.

A value keeps the bytes it was read from, because columns show lists and objects as they stood in
the input, and because a number is more than the double nearest to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

WHITE_SPACE = frozenset(b" \t\r\n")
DIGITS = frozenset(b"0123456789")
HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")
EXPONENT, SIGN = frozenset(b"eE"), frozenset(b"+-")
QUOTE_OR_BACKSLASH = frozenset(b'"\\')
SIMPLE_ESCAPES = {
    ord('"'): '"',
    ord("\\"): "\\",
    ord("/"): "/",
    ord("b"): "\b",
    ord("f"): "\f",
    ord("n"): "\n",
    ord("r"): "\r",
    ord("t"): "\t",
}
REASONS = {"surrogate": "lone_surrogate"}  # why strict mode rejects, where its name is another
NONFINITE = (b"NaN", b"Infinity", b"-Infinity")
INT_MIN, UINT_MAX = -(2**63), 2**64 - 1


class Fault(Exception):  # noqa: N818 - the word of the engine's rejects
    """Why bytes are not JSON, and at which byte that shows."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} at byte {offset}")
        self.reason = reason
        self.offset = offset


@dataclass
class Value:
    """A JSON value, and its text, in which bare NaN and Infinity are null.

    ``kind`` is null, bool, int, double, text, list or map. ``value`` is the Python value: of a list
    a list of values, of a map a dictionary of values, of which the last of equal keys stays.
    """

    kind: str
    value: Any
    raw: bytes


@dataclass
class Reader:
    """A position in bytes that hold one JSON value."""

    data: bytes
    is_strict: bool = False
    max_depth: int = 128
    at: int = 0
    notes: set[str] = field(default_factory=set)
    nonfinite: list[tuple[int, int]] = field(default_factory=list)  # where, and how long

    def fail(self, offset: int | None = None, reason: str = "bad_json") -> Fault:
        return Fault(reason, self.at if offset is None else offset)

    def forgive(self, what: str, offset: int) -> None:
        """Note something that lenient mode takes; fail in strict mode."""
        if self.is_strict:
            raise self.fail(offset, REASONS.get(what, what))
        self.notes.add(what)

    def peek(self) -> int:
        """Return the next byte, -1 at the end."""
        return self.data[self.at] if self.at < len(self.data) else -1

    def skip_space(self) -> None:
        while self.at < len(self.data) and self.data[self.at] in WHITE_SPACE:
            self.at += 1

    def expect(self, text: bytes) -> None:
        if not self.data.startswith(text, self.at):
            raise self.fail()
        self.at += len(text)

    def document(self) -> Value:
        self.skip_space()
        value = self.value(0)
        self.skip_space()
        if self.at != len(self.data):
            raise self.fail()
        return value

    def value(self, depth: int) -> Value:
        start, byte = self.at, self.peek()
        if byte == ord("{"):
            kind, found = "map", self.map(depth + 1)
        elif byte == ord("["):
            kind, found = "list", self.list(depth + 1)
        elif byte == ord('"'):
            kind, found = "text", self.string()
        else:
            kind, found = self.scalar()
        return Value(kind, found, self.text(start))

    def text(self, start: int) -> bytes:
        """Return the value's own text, with null for what lenient mode takes for null."""
        text, end = self.data[start : self.at], self.at - start
        for at, length in reversed(self.nonfinite):
            if 0 <= at - start < end:
                text = text[: at - start] + b"null" + text[at - start + length :]
        return text

    def scalar(self) -> tuple[str, Any]:
        for text, kind, found in (
            (b"null", "null", None),
            (b"true", "bool", True),
            (b"false", "bool", False),
        ):
            if self.data.startswith(text, self.at):
                self.at += len(text)
                return kind, found
        for text in NONFINITE:
            if self.data.startswith(text, self.at):
                self.forgive("nonfinite", self.at)
                self.nonfinite.append((self.at, len(text)))
                self.at += len(text)
                return "null", None
        return self.number()

    def number(self) -> tuple[str, Any]:
        start = self.at
        if self.peek() == ord("-"):
            self.at += 1
        if self.peek() == ord("0"):
            self.at += 1
        else:
            self.digits()
        is_whole = True
        if self.peek() == ord("."):
            is_whole = False
            self.at += 1
            self.digits()
        if self.peek() in EXPONENT:
            is_whole = False
            self.at += 1
            if self.peek() in SIGN:
                self.at += 1
            self.digits()
        text = self.data[start : self.at].decode()
        # Zero has no sign as an integer, so -0 is a double. More than 20 digits are past 64 bits.
        if is_whole and text != "-0" and len(text) <= 20 and INT_MIN <= int(text) <= UINT_MAX:
            return "int", int(text)
        return "double", float(text)

    def digits(self) -> None:
        if self.peek() not in DIGITS:
            raise self.fail()
        while self.peek() in DIGITS:
            self.at += 1

    def string(self) -> str:
        self.expect(b'"')
        units: list[str] = []
        while self.peek() != ord('"'):
            byte = self.peek()
            if byte < 0x20:
                raise self.fail()
            if byte == ord("\\"):
                units.append(self.escape())
            else:
                start = self.at
                while self.peek() >= 0x20 and self.peek() not in QUOTE_OR_BACKSLASH:
                    self.at += 1
                units.append(self.data[start : self.at].decode())
        self.at += 1
        return "".join(units)

    def escape(self) -> str:
        start = self.at
        self.expect(b"\\")
        byte = self.peek()
        self.at += 1
        if byte in SIMPLE_ESCAPES:
            return SIMPLE_ESCAPES[byte]
        if byte != ord("u"):
            raise self.fail(start)
        unit = self.four_hex_digits(self.at)
        if unit is None:
            raise self.fail()
        self.at += 4
        if not 0xD800 <= unit <= 0xDFFF:
            return chr(unit)
        if unit <= 0xDBFF and self.data.startswith(b"\\u", self.at):
            low = self.four_hex_digits(self.at + 2)
            if low is not None and 0xDC00 <= low <= 0xDFFF:
                self.at += 6
                return chr(0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00))
        # What follows is no second half, so it is a character, or a fault, of its own.
        self.forgive("surrogate", start)
        return "\ufffd"

    def four_hex_digits(self, at: int) -> int | None:
        digits = self.data[at : at + 4]
        if len(digits) < 4 or any(digit not in HEX_DIGITS for digit in digits):
            return None
        return int(digits, 16)

    def enter(self, depth: int, bracket: bytes) -> None:
        if depth > self.max_depth:
            raise self.fail(reason="too_deep")
        self.expect(bracket)
        self.skip_space()

    def list(self, depth: int) -> list[Value]:
        self.enter(depth, b"[")
        items: list[Value] = []
        if self.peek() == ord("]"):
            self.at += 1
            return items
        while True:
            self.skip_space()
            items.append(self.value(depth))
            self.skip_space()
            if self.peek() == ord("]"):
                self.at += 1
                return items
            self.expect(b",")

    def map(self, depth: int) -> dict[str, Value]:
        self.enter(depth, b"{")
        items: dict[str, Value] = {}
        if self.peek() == ord("}"):
            self.at += 1
            return items
        while True:
            self.skip_space()
            start = self.at
            key = self.string()
            if key in items:
                self.forgive("duplicate_key", start)
            self.skip_space()
            self.expect(b":")
            self.skip_space()
            items[key] = self.value(depth)
            self.skip_space()
            if self.peek() == ord("}"):
                self.at += 1
                return items
            self.expect(b",")


def read_json(
    data: bytes, *, is_strict: bool = False, max_depth: int = 128
) -> tuple[Value, set[str]]:
    """Return the value that the bytes hold, and what was forgiven in it.

    Raises :class:`Fault`. Bytes that are not UTF-8 are refused before anything else is looked at.
    """
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise Fault("bad_utf8", error.start) from None
    reader = Reader(data, is_strict, max_depth)
    return reader.document(), reader.notes
