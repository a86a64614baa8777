from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.cache.codec import seal, unseal
from builder.cache.ledger import Ledger
from builder.store.store import Store
from tests.cache.samples import record_of


@pytest.fixture
def path(store: Store) -> str:
    return f"{store.folder('cache')}/ledgers/project.json"


def test_saved_records_are_the_only_ones_and_keep_their_order(store: Store, path: str) -> None:
    first, second, third = (record_of(store, word, step=word) for word in ("b", "a", "c"))
    Ledger.load(path, store).save([first, second])
    assert list(Ledger.load(path, store).records()) == [first, second]
    Ledger.load(path, store).save([third])
    assert list(Ledger.load(path, store).records()) == [third]


def test_saving_the_same_writes_nothing(store: Store, path: str) -> None:
    records = [record_of(store, word, step=word) for word in ("b", "a")]
    Ledger.load(path, store).save(records)
    inode = os.stat(path).st_ino
    ledger = Ledger.load(path, store)
    found = [ledger.find(record.key) for record in records]
    ledger.save(record for record in found if record is not None)
    assert os.stat(path).st_ino == inode


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b"{}", b'{"format": 2, "records": []}', b'{"format": 1, "records": [1]}', b"[" * 100_000,
     b'{"format": 1, "records": {"a": 1}}', b'{"format": 1, "records": [{"key": []}]}'],
)  # fmt: skip
def test_damaged_ledger_is_empty(store: Store, path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).write_bytes(data)
    ledger = Ledger.load(path, store)
    assert list(ledger.records()) == []
    assert ledger.find("0" * 64) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_ledger(store: Store, path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Path(path).write_bytes(data)
    assert list(Ledger.load(path, store).records()) == []


def test_one_damaged_record_costs_only_itself(store: Store, path: str) -> None:
    good, bad = record_of(store, "a", step="a"), record_of(store, "b", step="b")
    Ledger.load(path, store).save([good, bad])
    value = json.loads(unseal(Path(path).read_bytes()))
    value["records"][1]["layer"] = "gone"
    Path(path).write_bytes(seal(json.dumps(value).encode()))
    ledger = Ledger.load(path, store)
    assert ledger.find(bad.key) is None
    assert list(ledger.records()) == [good]


def test_reading_imports_neither_diskcache_nor_sqlite(store: Store, path: str) -> None:
    Ledger.load(path, store).save([record_of(store, "a")])
    store.settle()
    code = (
        "import sys; from builder.store.store import Store; from builder.cache.ledger import Ledger\n"
        "from builder.cache.layered import LayeredCache; from builder.cache.local import LocalCache\n"
        "store = Store.open(sys.argv[1]); ledger = Ledger.load(sys.argv[2], store)\n"
        "record, = ledger.records(); cache = LayeredCache([ledger, LocalCache(store)], [])\n"
        "assert cache.find(record.key) == record\n"
        "ledger.save([record]); store.close()\n"
        "print(*sorted(set(sys.modules) & {'diskcache', 'sqlite3', 'pickle', 'dataclasses', 'ctypes', 'threading'}))"
    )
    answer = subprocess.run([sys.executable, "-c", code, store.root, path], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
