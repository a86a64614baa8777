"""The way to registries, as the user has configured them."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager

from builder.configuration.read import read_configuration
from builder.images.push import Route
from builder.images.sources.open import Sources
from builder.lean import TYPE_CHECKING
from builder.registry.access import Access

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from builder.images.fetch import Progress
    from builder.store.store import Store


@contextmanager
def reached(store: Store, insecure: Sequence[str] = (), progress: Progress | None = None) -> Iterator[Route]:
    """The way from a store to the registries and back, for commands that move images."""
    with closing(registry_access(tuple(insecure))) as access:
        yield Route(store, Sources(access.puller), lambda: access, progress)


@contextmanager
def registry_sources(insecure: Sequence[str] = ()) -> Iterator[Sources]:
    """Registries to look into, for commands that need no store."""
    with closing(registry_access(tuple(insecure))) as access:
        yield Sources(access.puller)


def registry_access(insecure: tuple[str, ...] = ()) -> Access:
    """All registries, as the user has configured them; `insecure` are hosts that the command line adds."""
    settings = read_configuration(os.environ).registries
    return Access(settings._replace(insecure=(*settings.insecure, *insecure)))
