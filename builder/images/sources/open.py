"""From an origin to its source: the literal table of kinds."""

from __future__ import annotations

import _thread
from collections.abc import Callable

from builder.errors import ImageError
from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.images.sources.types import Source
    from builder.registry.access import Access, Puller

OpenPuller = Callable[[str], "Puller"]
"""From a registry's domain to who pulls from it."""


class Sources:
    """Opens sources and keeps them open. Safe to share between threads. Nothing is imported or connected before the
    first source is opened."""

    def __init__(self, open_puller: OpenPuller | None = None) -> None:
        self._open_puller = open_puller or anonymous_pullers()
        self._open: dict[str, Source] = {}
        self._mutex = _thread.allocate_lock()

    def __call__(self, origin: str) -> Source:
        with self._mutex:
            if origin not in self._open:
                self._open[origin] = self._new(origin)
            return self._open[origin]

    def _new(self, origin: str) -> Source:
        kind, _, place = origin.partition(":")
        match kind:
            case "registry":
                from builder.images.sources.registry import RegistrySource

                domain, _, path = place.partition("/")
                return RegistrySource(self._open_puller(domain), path)
            case "oci-layout":
                from builder.images.sources.layout import LayoutSource

                return LayoutSource.of_directory(place)
            case "oci-archive":
                from builder.images.sources.layout import LayoutSource

                return LayoutSource.of_archive(place)
        raise ImageError("unknown-origin", f"no such kind of source: {origin[:200]!r}")


def anonymous_pullers() -> OpenPuller:
    """Registries without logins, with their connections in common."""
    opened: list[Access] = []

    def open_puller(domain: str) -> Puller:
        from builder.registry.access import anonymous_access

        if not opened:
            opened.append(anonymous_access())
        return opened[0].puller(domain)

    return open_puller
