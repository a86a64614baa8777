"""The flags of every instruction, declared once: reading, checking, suggestions and help follow from this table.

A flag's `field` is the field of the typed instruction (syntax/instructions.py) that takes its value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple, TypeVar

from builder.syntax.blanks import lower
from builder.syntax.faults import WordError, did_you_mean, shown
from builder.syntax.flag_values import (
    check_device,
    check_mount,
    check_network,
    check_security,
    read_count,
    read_interval,
)

Flagged = TypeVar("Flagged", bound=NamedTuple)


class Kind(Enum):
    TEXT = "text"
    LIST = "list"
    """May be given several times; the field is a tuple."""
    SWITCH = "switch"
    """True or false; alone it is true."""


class Flag(NamedTuple):
    name: str
    kind: Kind
    field: str
    help: str
    read: Callable[[str], object] = str
    """Makes the field's value of the text, or raises a WordError."""


_OWNER = Flag("chown", Kind.TEXT, "chown", "owner of the copied files: user[:group]")
_MODE = Flag("chmod", Kind.TEXT, "chmod", "mode of the copied files, octal or symbolic")
_LINK = Flag("link", Kind.SWITCH, "link", "make a layer that does not depend on what is below it")
_EXCLUDE = Flag("exclude", Kind.LIST, "exclude", "pattern of files to leave out")

FLAGS: dict[str, tuple[Flag, ...]] = {
    "ADD": (
        _OWNER,
        _MODE,
        _LINK,
        _EXCLUDE,
        Flag("checksum", Kind.TEXT, "checksum", "what the remote source must hash to"),
        Flag("keep-git-dir", Kind.SWITCH, "keep_git_dir", "keep the .git directory of a git source"),
        Flag("unpack", Kind.SWITCH, "unpack", "whether archives are unpacked"),
    ),
    "COPY": (
        _OWNER,
        _MODE,
        _LINK,
        _EXCLUDE,
        Flag("from", Kind.TEXT, "from_", "stage, image or context to copy from"),
        Flag("parents", Kind.SWITCH, "parents", "keep the directories that the sources stand in"),
    ),
    "FROM": (Flag("platform", Kind.TEXT, "platform", "platform of the image: os[/arch[/variant]]"),),
    "HEALTHCHECK": (
        Flag("interval", Kind.TEXT, "interval", "time between two checks", read_interval),
        Flag("timeout", Kind.TEXT, "timeout", "time one check may take", read_interval),
        Flag(
            "start-period", Kind.TEXT, "start_period", "time to start up, in which failures do not count", read_interval
        ),
        Flag("start-interval", Kind.TEXT, "start_interval", "time between two checks while starting", read_interval),
        Flag("retries", Kind.TEXT, "retries", "failures in a row that make it unhealthy", read_count),
    ),
    "RUN": (
        Flag("mount", Kind.LIST, "mounts", "mount for this command: type=bind|cache|tmpfs|secret|ssh,...", check_mount),
        Flag("network", Kind.TEXT, "network", "default, none or host", check_network),
        Flag("security", Kind.TEXT, "security", "sandbox or insecure", check_security),
        Flag("device", Kind.LIST, "devices", "CDI device: name[,required]", check_device),
    ),
}

UNCHECKED = frozenset({"ARG", "STOPSIGNAL"})
"""BuildKit drops the flags of these unread."""


def with_flags(instruction: Flagged, name: str, words: Sequence[str]) -> Flagged:
    """`instruction` with the fields that the flags in `words` set."""
    return instruction._replace(**read_flags(name, words))


def read_flags(instruction: str, words: Sequence[str]) -> dict[str, object]:
    """Field values of the flags that were given; a flag that was not given has no entry."""
    if instruction in UNCHECKED:
        return {}
    known = {flag.name: flag for flag in FLAGS.get(instruction, ())}
    values: dict[str, object] = {}
    lists: dict[str, list[object]] = {}
    for word in words:
        dashed, equals, text = word.partition("=")
        flag = known.get(dashed[2:])
        if flag is None:
            raise _unknown(instruction, shown(dashed), known)
        if flag.field in values:
            raise WordError("duplicate-flag", f"{dashed} is given twice", word=dashed)
        if flag.kind is Kind.SWITCH:
            values[flag.field] = _read_switch(dashed, equals, text)
            continue
        if not equals:
            raise WordError(
                "missing-value", f"{dashed} needs a value", hint=f"write {dashed}=VALUE: {flag.help}", word=dashed
            )
        value = _read_value(flag, dashed, text)
        if flag.kind is Kind.LIST:
            lists.setdefault(flag.field, []).append(value)
        else:
            values[flag.field] = value
    return values | {field: tuple(items) for field, items in lists.items()}


def _read_value(flag: Flag, dashed: str, text: str) -> object:
    try:
        return flag.read(text)
    except WordError as fault:
        fault.word = fault.word or dashed
        raise


def _read_switch(dashed: str, equals: str, text: str) -> bool:
    word = lower(text)
    if word not in ("true", "false", "") or (equals and not text):
        raise WordError("bad-switch", f"{dashed} is true or false, not {shown(text) or 'empty'}", word=dashed)
    return word != "false"


def _unknown(instruction: str, dashed: str, known: dict[str, Flag]) -> WordError:
    guess = did_you_mean(dashed, [f"--{name}" for name in known])
    flags = ", ".join(f"--{flag.name}" for flag in known.values())
    hint = f"flags of {instruction}: {flags}" if flags else f"{instruction} has no flags"
    return WordError("unknown-flag", f"unknown flag: {dashed}{guess}", hint=hint, word=dashed)
