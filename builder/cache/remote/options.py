"""`--cache-from` and `--cache-to` as buildx writes them: comma-separated `key=value`, or only a reference."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from builder.errors import UsageError
from builder.model.reference import Reference

_FROM = {"registry": ("ref",), "local": ("src", "tag", "digest")}
_TO = {
    "registry": ("ref", "mode", "ignore-error", "mounts"),
    "local": ("dest", "tag", "mode", "ignore-error", "mounts"),
    "inline": (),
}
_AS_EVER = ("image-manifest", "oci-mediatypes")
"""Keys of buildx for what is always so here."""
_OTHER_BUILDERS = ("gha", "s3", "azblob")


class CacheFrom(NamedTuple):
    kind: str
    """`registry` or `local`."""
    place: str
    """A reference, or a folder."""
    reference: str
    """Tag or digest."""


class CacheTo(NamedTuple):
    kind: str
    """`registry`, `local` or `inline`."""
    place: str = ""
    reference: str = ""
    whole: bool = False
    """Also the steps of stages that are not in the image (`mode=max`)."""
    may_fail: bool = False
    mounts: tuple[str, ...] = ()
    """Ids of cache mounts that go along; `all` means all."""


def parse_cache_from(text: str) -> CacheFrom:
    """Raises UsageError `bad-cache-option`."""
    kind, values = _read(text, "--cache-from", _FROM)
    if kind == "registry":
        return CacheFrom(kind, *_repository(values, "--cache-from"))
    reference = values.get("digest") or values.get("tag") or "latest"
    return CacheFrom(kind, _folder(values, "src", "--cache-from"), reference)


def parse_cache_to(text: str) -> CacheTo:
    """Raises UsageError `bad-cache-option`."""
    kind, values = _read(text, "--cache-to", _TO)
    if kind == "inline":
        return CacheTo(kind)
    if kind == "registry":
        place, reference = _repository(values, "--cache-to")
    else:
        place, reference = _folder(values, "dest", "--cache-to"), values.get("tag") or "latest"
    return CacheTo(
        kind,
        place,
        reference,
        whole=_one_of(values.get("mode", "min"), ("min", "max"), "mode") == "max",
        may_fail=_one_of(values.get("ignore-error", "false"), ("true", "false"), "ignore-error") == "true",
        mounts=tuple(name for name in values.get("mounts", "").split(":") if name),
    )


def _read(text: str, option: str, kinds: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, str]]:
    fields = [field.strip() for field in text.split(",")]
    if len(fields) == 1 and "=" not in text:
        return "registry", {"ref": text}
    pairs = [field.partition("=") for field in fields]
    values = {key.strip().lower(): value for key, _, value in pairs}
    if not all(equals for _, equals, _ in pairs) or len(values) != len(pairs):
        raise _bad(option, text, "expected key=value, each once", "such as type=registry,ref=HOST/NAME:TAG")
    kind = values.pop("type", "registry" if "ref" in values else "")
    if kind in _OTHER_BUILDERS:
        raise _bad(option, text, f"type={kind} is a service of another builder", "type=registry works in every CI")
    if kind not in kinds:
        raise _bad(option, text, f"there is no type {kind!r}", f"type is one of: {', '.join(kinds)}")
    for key, value in values.items():
        if key in _AS_EVER:
            _one_of(value, ("true",), key)
        elif key not in kinds[kind]:
            known = ", ".join(kinds[kind]) or "no keys"
            raise _bad(option, text, f"type={kind} has no key {key!r}", f"it has: {known}")
    return kind, {key: value for key, value in values.items() if key not in _AS_EVER}


def _repository(values: Mapping[str, str], option: str) -> tuple[str, str]:
    if not values.get("ref"):
        raise _bad(option, "type=registry", "it names no reference", "add ref=HOST/NAME:TAG")
    reference = Reference.parse(values["ref"])
    return reference.repository, str(reference.digest or reference.tag or "latest")


def _folder(values: Mapping[str, str], key: str, option: str) -> str:
    if not values.get(key):
        raise _bad(option, "type=local", "it names no folder", f"add {key}=FOLDER")
    return os.path.abspath(values[key])


def _one_of(value: str, known: Sequence[str], key: str) -> str:
    if value not in known:
        raise UsageError("bad-cache-option", f"{key}={value}: it can be {' or '.join(known)}")
    return value


def _bad(option: str, text: str, what: str, hint: str) -> UsageError:
    return UsageError("bad-cache-option", f"{option} {text}: {what}", hint=hint)
