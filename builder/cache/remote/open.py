"""What the two options say, opened."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from builder.cache.remote.exchange import Exchange, Exporting, Selection
from builder.cache.remote.exporter import Exporter, Target
from builder.cache.remote.imported import ImportedCache, Place
from builder.cache.remote.options import CacheFrom, CacheTo, parse_cache_from, parse_cache_to
from builder.images.destinations.layout import LayoutDestination
from builder.images.destinations.registry import RegistryDestination
from builder.images.destinations.types import Destination
from builder.images.push import Route
from builder.images.sources.layout import DIRECTORY
from builder.images.sources.store import StoreSource
from builder.model.layer import Layer
from builder.progress.events import Reporter, WarningRaised

PackMounts = Callable[[Sequence[str]], Mapping[str, Layer]]


def open_exchange(
    cache_from: Sequence[str], cache_to: Sequence[str], route: Route, reporter: Reporter, pack_mounts: PackMounts
) -> Exchange:
    """Nothing is connected yet. Raises UsageError for options that cannot be."""
    targets = [parse_cache_to(text) for text in cache_to]

    def warn(message: str) -> None:
        reporter.emit(WarningRaised(time.time(), "RemoteCache", message))

    return Exchange(
        [_imported(parse_cache_from(text), route, warn) for text in cache_from],
        [_exporting(target, route) for target in targets if target.kind != "inline"],
        route.store,
        is_inline=any(target.kind == "inline" for target in targets),
        warn=warn,
        pack_mounts=pack_mounts,
    )


def _imported(given: CacheFrom, route: Route, warn: Callable[[str], None]) -> ImportedCache:
    place = Place(_shown(given), _origin(given), given.reference)
    return ImportedCache(place, route.store, route.open_source, warn)


def _exporting(given: CacheTo, route: Route) -> Exporting:
    wanted = Selection(whole=given.whole)
    target = Target(_shown(given), _destination(given, route), _origin(given), given.reference)
    exporter = Exporter(target, route.store, StoreSource(route.store, route.open_source), wanted)
    return Exporting(exporter, wanted, given.may_fail, given.mounts)


def _destination(given: CacheTo, route: Route) -> Destination:
    if given.kind == "local":
        return LayoutDestination(given.place, is_tidy=True)
    domain, _, path = given.place.partition("/")
    return RegistryDestination(route.access().client(domain), path)


def _origin(given: CacheFrom | CacheTo) -> str:
    return f"{DIRECTORY if given.kind == 'local' else 'registry'}:{given.place}"


def _shown(given: CacheFrom | CacheTo) -> str:
    separator = "@" if ":" in given.reference else ":"
    return given.place if given.kind == "local" else f"{given.place}{separator}{given.reference}"
