"""Builds, and builds again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from builder.builds.types import BuildRecord
from builder.errors import BuilderError
from builder.pipeline.foreseeing import Forecast
from builder.watching.attempt import Attempt, attempt_of, news


class Builder(NamedTuple):
    """What the loop asks of the rest."""

    foresee: Callable[[], Forecast]
    build: Callable[[bool], bool]
    """Whether it is the first one; returns whether it succeeded. Tells its errors itself."""
    record: Callable[[str], BuildRecord | None]
    """Of the last build of this Buildfile."""
    say: Callable[[str], None]
    tell: Callable[[BuilderError], None]


def build_for_ever(builder: Builder, wait: Callable[[], frozenset[str]], secrets: Mapping[str, str]) -> None:
    """Until interrupted. `wait`: as `Changes.wait`; `secrets`: absolute paths of their files, by id."""
    loop = _Loop(builder, secrets)
    loop.look(frozenset())
    while True:
        loop.look(wait())


class _Loop:
    def __init__(self, builder: Builder, secrets: Mapping[str, str]) -> None:
        self._builder = builder
        self._secrets = secrets
        self._last: Attempt | None = None
        self._fault = ""
        """Why the last look led to nothing."""

    def look(self, paths: frozenset[str]) -> None:
        """Builds if a build would come to something else than the last."""
        try:
            forecast = self._builder.foresee()
        except BuilderError as error:
            if str(error) != self._fault:
                self._fault = str(error)
                self._builder.tell(error)
            return
        is_mended, self._fault = bool(self._fault), ""
        found = self._changed_secrets(paths)
        if self._last is not None:
            found = [*found, *news(forecast, self._last)]
            if not found and not is_mended:
                return
            for text in found:
                self._builder.say(f"changed: {text}")
            if not news(forecast, self._last) and self._last.is_built:
                return
        is_built = self._builder.build(self._last is None)
        self._last = attempt_of(forecast, self._builder.record(forecast.file), is_built=is_built)

    def _changed_secrets(self, paths: frozenset[str]) -> list[str]:
        note = "a secret is in no cache key, so no step runs for it"
        changed = [name for name, path in self._secrets.items() if path in paths]
        is_built = self._last is not None and self._last.is_built
        return [f"secret {name}" + (f" ({note})" if is_built else "") for name in changed]
