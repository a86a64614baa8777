"""Values of flags that are checked while the file is parsed, before any variable is expanded."""

from __future__ import annotations

import re

from lark import Tree
from lark.exceptions import UnexpectedInput

from builder.syntax.blanks import lower
from builder.syntax.faults import WordError, did_you_mean, shown
from builder.syntax.grammar import parser

NETWORKS = ("default", "none", "host")
SECURITY_MODES = ("sandbox", "insecure")

_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_BOOLEANS = (*_TRUE, "0", "f", "F", "FALSE", "false", "False")
_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_DURATION = re.compile(r"(?P<whole>[0-9]*)(?P<fraction>\.[0-9]*)?(?P<unit>[^0-9.]+)")
_MAX_DURATION = 2**63 - 1
_LEAST_INTERVAL = 1_000_000
_COUNT = re.compile(r"[+-]?[0-9]+\Z")
_MAX_COUNT = 2**31 - 1


def read_fields(text: str) -> list[str]:
    """The comma-separated fields of a flag's value."""
    try:
        tree = parser("csv", ("fields",)).parse(text) if text else None
    except UnexpectedInput:
        tree = None
    if tree is None:
        raise WordError("bad-fields", f"not a list of comma-separated fields: {shown(text) or 'empty'}")
    return [_field(child) for child in tree.children if isinstance(child, Tree)]


def _field(tree: Tree) -> str:  # type: ignore[type-arg]
    text = str(tree.children[0]) if tree.children else ""
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def mount_origin(text: str) -> str:
    """The stage, image or context that a mount takes files from, by the name that is written; empty for none."""
    name = ""
    for field in read_fields(text):
        key, _, value = field.partition("=")
        if lower(key) == "from":
            name = value
    return name


def check_mount(text: str) -> str:
    """Only what cannot wait for the expansion: `from` names a stage or an image, never a variable."""
    for field in read_fields(text):
        key, equals, value = field.partition("=")
        if equals and lower(key) == "from" and "$" in value[:-1]:
            raise WordError(
                "variable-in-from",
                "a mount's from does not expand variables",
                hint="name a stage: FROM $image AS name, then from=name",
                word=value,
            )
    return text


def check_device(text: str) -> str:
    read_device(text)
    return text


def read_device(text: str) -> tuple[str, bool]:
    """The name of a device, and whether the command cannot do without it."""
    name, required = "", False
    for field in read_fields(text):
        key, equals, value = field.partition("=")
        key = lower(key)
        if key == "required":
            if equals and value not in _BOOLEANS:
                raise WordError("bad-device", f"required is true or false, not {shown(value)}", word=field)
            required = not equals or value in _TRUE
        elif key == "name" and equals:
            if name:
                raise WordError("bad-device", f"the device has a name already: {shown(name)}", word=field)
            name = value
        elif name:
            guess = did_you_mean(key, ("name", "required"))
            raise WordError("bad-device", f"unknown key of a device: {shown(key)}{guess}", word=field)
        else:
            name = field
    return name, required


def check_network(text: str) -> str:
    return _one_of("network", text, NETWORKS)


def check_security(text: str) -> str:
    return _one_of("security", text, SECURITY_MODES)


def _one_of(name: str, text: str, allowed: tuple[str, ...]) -> str:
    if text in allowed:
        return text
    guess = did_you_mean(text, allowed)
    raise WordError(
        f"bad-{name}", f"unknown {name} mode: {shown(text) or 'empty'}{guess}", hint=f"one of {', '.join(allowed)}"
    )


def read_interval(text: str) -> int:
    """Nanoseconds; 0 (or nothing) stands for the default, anything less than 1 ms is an error."""
    duration = _read_duration(text) if text else 0
    if duration and duration < _LEAST_INTERVAL:
        raise WordError("bad-duration", f"{shown(text)} is less than 1ms")
    return duration


def _read_duration(text: str) -> int:
    """Go's time.ParseDuration: `1h30m`, `1.5s`, `-2ms`; a lone `0` needs no unit."""
    negative = text.startswith("-")
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    total = position = 0
    while position < len(rest):
        part = _DURATION.match(rest, position)
        total += _duration_part(part, text)
        if part is None or total > _MAX_DURATION + negative:
            raise _bad_duration(text)
        position = part.end()
    if not rest:
        raise _bad_duration(text)
    return -total if negative else total


def _duration_part(part: re.Match[str] | None, text: str) -> int:
    if part is None or part["unit"] not in _UNITS or not (part["whole"] or (part["fraction"] or ".") != "."):
        raise _bad_duration(text)
    unit = _UNITS[part["unit"]]
    whole = part["whole"].lstrip("0")
    if len(whole) > 19:
        raise _bad_duration(text)
    return int(whole or 0) * unit + _fraction_of(part["fraction"] or "", unit)


def _fraction_of(fraction: str, unit: int) -> int:
    """As Go counts it: digits beyond an int64 are ignored, and the rest goes through a float."""
    number, scale = 0, 1.0
    for digit in fraction[1:20]:
        if number * 10 + int(digit) > _MAX_DURATION:
            break
        number = number * 10 + int(digit)
        scale *= 10
    return int(number * (unit / scale))


def _bad_duration(text: str) -> WordError:
    return WordError("bad-duration", f"not a duration: {shown(text)}", hint="write it like 30s or 1m30s")


def read_count(text: str) -> int:
    """A number of retries; nothing stands for the default."""
    if not text:
        return 0
    digits = text.lstrip("+-").lstrip("0")
    if _COUNT.match(text) is None or len(digits) > 10 or int(text) > _MAX_COUNT or int(text) < 0:
        raise WordError(
            "bad-count", f"not a number of retries: {shown(text)}", hint=f"a whole number from 0 to {_MAX_COUNT}"
        )
    return int(text)
