"""`--output` as docker writes it: comma-separated `key=value`, or only a path."""

from __future__ import annotations

from builder.errors import UsageError
from builder.images.tag import parse_tag
from builder.outputs.types import STDOUT, OutputKind, OutputSpec

_KEYS = {
    OutputKind.IMAGE: ("name",),
    OutputKind.OCI: ("dest", "name", "tar"),
    OutputKind.DOCKER: ("dest", "name"),
    OutputKind.LOCAL: ("dest",),
    OutputKind.TAR: ("dest",),
}
_NOT_YET = {
    "annotation", "attestation-prefix", "buildinfo", "compression", "compression-level", "context",
    "dangling-name-prefix", "force-compression", "name-canonical", "nydus-fs-version", "oci-mediatypes",
    "platform-split", "prefer-nondist-layers", "preferred-nondist-layers", "push", "push-by-digest",
    "registry.insecure", "rewrite-timestamp", "store", "unpack",
}  # fmt: skip
"""What buildx knows and we do not: a clearer answer than `unknown key`."""
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")


def parse_output(text: str) -> OutputSpec:
    """Raises UsageError with a suggestion for what does not exist. `-o DIR` is type local, `-o -` is tar to stdout."""
    fields = _fields(text)
    if len(fields) == 1 and "=" not in fields[0]:
        return OutputSpec(OutputKind.TAR, STDOUT) if fields[0] == STDOUT else OutputSpec(OutputKind.LOCAL, fields[0])
    values: dict[str, str] = {}
    for field in fields:
        key, equals, value = field.partition("=")
        key = key.strip().lower()
        if not equals or not key:
            raise UsageError("bad-output", f"--output: {field!r} is not of the form key=value")
        if key in values:
            raise UsageError("bad-output", f"--output: {key} is given twice")
        values[key] = value
    kind = _kind(values.pop("type", ""), text)
    for key in values:
        if key not in _KEYS[kind]:
            raise _unknown_key(key, kind)
    as_tar = _flag("tar", values.get("tar", "true"))
    return OutputSpec(kind, _dest(kind, values.get("dest", ""), as_tar), _names(values.get("name", "")), as_tar)


def _fields(text: str) -> list[str]:
    import csv

    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise UsageError("bad-output", f"--output: {text!r} is not comma-separated values: {error}") from error
    if len(rows) != 1 or not any(rows[0]):
        raise UsageError("bad-output", "--output needs a value", hint="for instance type=oci,dest=app.tar")
    return rows[0]


def _kind(text: str, output: str) -> OutputKind:
    types = f"type is one of: {', '.join(OutputKind)}"
    if not text:
        raise UsageError("bad-output", f"--output {output!r} names no type", hint=types)
    try:
        return OutputKind(text)
    except ValueError:
        if text in ("registry", "cacheonly"):
            raise UsageError("unsupported-output", f"--output: type {text} is not supported yet") from None
        hint = _suggestion(text, list(OutputKind)) or types
        raise UsageError("unknown-output", f"--output: there is no type {text!r}", hint=hint) from None


def _dest(kind: OutputKind, dest: str, as_tar: bool) -> str:
    if kind is OutputKind.IMAGE:
        return ""
    if kind is OutputKind.LOCAL or not as_tar:
        if dest in ("", STDOUT):
            what = "type=local" if as_tar else "tar=false"
            raise UsageError("bad-output", f"--output: {what} needs a directory", hint="add dest=DIR")
        return dest
    return dest or STDOUT


def _names(text: str) -> tuple[str, ...]:
    return tuple(parse_tag(name.strip()) for name in text.split(",") if name.strip())


def _flag(key: str, text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise UsageError("bad-output", f"--output: {key} is true or false, not {text!r}")
    return text.lower() in _TRUE


def _unknown_key(key: str, kind: OutputKind) -> UsageError:
    if key in _NOT_YET or key.startswith("annotation"):
        return UsageError("unsupported-output", f"--output: {key} is not supported yet")
    keys = ("type", *_KEYS[kind])
    hint = _suggestion(key, list(keys)) or f"type={kind} has: {', '.join(keys)}"
    return UsageError("unknown-output", f"--output: type={kind} has no key {key!r}", hint=hint)


def _suggestion(word: str, words: list[str]) -> str | None:
    import difflib

    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]}?" if close else None
