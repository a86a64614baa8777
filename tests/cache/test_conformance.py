"""What every CacheBackend promises, for every backend there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from builder.cache.layered import LayeredCache
from builder.cache.ledger import Ledger
from builder.cache.local import LocalCache
from builder.solve.types import CacheBackend
from builder.store.store import Store
from tests.cache.samples import record_of

Open = Callable[[], CacheBackend]


@pytest.fixture(params=["local", "ledger", "layered"])
def reopen(request: pytest.FixtureRequest, store: Store) -> Iterator[Open]:
    """Opens the backend as a new process would."""
    opened: list[LocalCache] = []

    def local() -> LocalCache:
        for backend in opened:
            backend.settle()
        opened.append(LocalCache(store))
        return opened[-1]

    def ledger() -> Ledger:
        return Ledger.load(f"{store.folder('builds')}/ledger.json", store)

    def layered() -> LayeredCache:
        backends = (ledger(), local())
        return LayeredCache(backends, keep_into=backends[1:])

    variants: dict[str, Open] = {"local": local, "ledger": ledger, "layered": layered}
    yield variants[request.param]
    for backend in opened:
        assert backend.failures == ()
        backend.close()


def test_nothing_is_found_in_an_empty_cache(reopen: Open) -> None:
    assert reopen().find("0" * 64) is None
    assert reopen().nearest("Buildfile#build/1") is None


def test_kept_record_is_found_now_and_later(reopen: Open, store: Store) -> None:
    record = record_of(store, "make")
    backend = reopen()
    backend.keep(record)
    assert backend.find(record.key) == record
    assert reopen().find(record.key) == record
    assert reopen().find("0" * 64) is None


def test_keeping_again_is_harmless(reopen: Open, store: Store) -> None:
    record = record_of(store, "make")
    backend = reopen()
    backend.keep(record)
    backend.keep(record)
    assert reopen().find(record.key) == record


def test_newer_record_of_a_key_wins(reopen: Open, store: Store) -> None:
    record = record_of(store, "make")
    newer = record._replace(seconds=9.25, build="build-2")
    reopen().keep(record)
    reopen().keep(newer)
    assert reopen().find(record.key) == newer


def test_nearest_is_the_newest_of_the_step(reopen: Open, store: Store) -> None:
    old = record_of(store, "make", created="2026-11-24T10:00:00Z")
    new = record_of(store, "make all", created="2026-11-24T11:00:00Z")
    other = record_of(store, "ls", step="Buildfile#build/2")
    backend = reopen()
    for record in (old, new, other):
        backend.keep(record)
    assert backend.nearest(new.step) == new
    assert reopen().nearest(new.step) == new
    assert reopen().nearest(other.step) == other
    assert reopen().nearest("Buildfile#build/3") is None


def test_record_without_its_blob_is_absent_but_explains(reopen: Open, store: Store) -> None:
    record = record_of(store, "make")
    backend = reopen()
    backend.keep(record)
    store.blobs.remove(record.layer.descriptor.digest)
    assert backend.find(record.key) is None
    assert reopen().find(record.key) is None
    assert reopen().nearest(record.step) == record


def test_threads_share_a_backend(reopen: Open, store: Store) -> None:
    from concurrent.futures import ThreadPoolExecutor

    records = [record_of(store, f"make {number}", step=f"s/{number}") for number in range(12)]
    backend = reopen()
    assert backend.find(records[0].key) is None
    for record in records[:6]:
        backend.keep(record)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda record: backend.find(record.key), records[:6])) == records[:6]
