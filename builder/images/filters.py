"""`--filter KEY=VALUE` of `pybuild images`, with docker's keys and meanings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from builder.errors import BuilderError, UsageError
from builder.images.find import Entry, find_image
from builder.images.stored import stored_image
from builder.model.reference import Reference
from builder.store.store import Store

Filter = Callable[[Entry, str], bool]
"""Whether an image is shown under one of its names; empty for an image without one."""

KEYS = ("reference", "label", "dangling", "before", "since")


def make_filters(store: Store, texts: Sequence[str]) -> list[Filter]:
    """All must hold; of several `reference` one is enough. Raises UsageError `bad-filter`, or ImageError for an image
    that there is none of."""
    references: list[str] = []
    filters: list[Filter] = []
    for text in texts:
        key, equals, value = text.partition("=")
        if key not in KEYS or not equals or not value:
            fault = f"there is no key {key}" if equals and value else "expected KEY=VALUE"
            raise UsageError("bad-filter", f"--filter {text}: {fault}", hint=f"keys are {', '.join(KEYS)}")
        match key:
            case "reference":
                references.append(value)
            case "label":
                filters.append(_label(value))
            case "dangling":
                filters.append(_dangling(value))
            case _:
                filters.append(_created(store, value, key == "before"))
    if references:
        filters.append(lambda _, name: any(fits_name(name, pattern) for pattern in references))
    return filters


def wants_dangling(texts: Sequence[str]) -> bool:
    """Whether images without a name are asked for."""
    return any(text.startswith("dangling=") and text.partition("=")[2].lower() in _TRUE for text in texts)


_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")


def fits_name(name: str, pattern: str) -> bool:
    """Whether an image's name (in familiar form) is of the repository, or is the name, that `pattern` says; `*`, `?`
    and `[...]` stand for characters within one part between slashes."""
    if not name:
        return False
    repository = Reference.parse(name)._replace(tag="", digest=None).familiar
    return any(_parts_match(text, _familiar(pattern)) for text in (name, repository))


def _familiar(pattern: str) -> str:
    """`docker.io/library/app` is what people call `app`; a pattern is no name and stays as it is."""
    try:
        reference = Reference.parse(pattern)
    except BuilderError:
        return pattern
    tagged = ":" in pattern.rpartition("/")[2]
    return reference.familiar if tagged or reference.digest else reference._replace(tag="").familiar


def _parts_match(text: str, pattern: str) -> bool:
    parts, patterns = text.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _label(text: str) -> Filter:
    key, equals, value = text.partition("=")

    def keeps(entry: Entry, _: str) -> bool:
        labels = [dict(image.config.config.labels) for image in entry.images]
        return any(key in known and (not equals or known[key] == value) for known in labels)

    return keeps


def _dangling(text: str) -> Filter:
    if text.lower() not in _TRUE + _FALSE:
        raise UsageError("bad-filter", f"--filter dangling={text}: expected true or false")
    wanted = text.lower() in _TRUE
    return lambda entry, _: (not entry.names) == wanted


def _created(store: Store, text: str, before: bool) -> Filter:
    limit = _moment(stored_image(store, find_image(store, text).descriptor, text).config.created)

    def keeps(entry: Entry, _: str) -> bool:
        moment = _moment(entry.image.config.created)
        return moment < limit if before else moment > limit

    return keeps


def _moment(created: str) -> float:
    """Seconds since the epoch; 0 for an image that does not say when it was made."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
