from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import diskcache
import pytest

from builder.cache.codec import encode
from builder.cache.json_disk import JsonDisk
from builder.cache.local import LocalCache
from builder.solve.types import Record
from builder.store.store import Store
from tests.cache.samples import record_of


@pytest.fixture
def cache(store: Store) -> Iterator[LocalCache]:
    opened = LocalCache(store)
    yield opened
    opened.close()


@pytest.fixture
def record(store: Store, cache: LocalCache) -> Record:
    kept = record_of(store, "make")
    cache.keep(kept)
    cache.settle()
    return kept


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return (os.mkdir, (self.path, 0o700))


def folder(store: Store) -> str:
    return f"{store.folder('cache')}/records"


def run_sql(store: Store, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(f"{folder(store)}/cache.db")) as connection:
        connection.execute(statement, values)
        connection.commit()


def test_planted_pickle_is_absent_and_never_loaded(
    store: Store, cache: LocalCache, record: Record, tmp_path: Path
) -> None:
    bomb = pickle.dumps(Bomb(str(tmp_path / "exploded")))
    run_sql(store, "UPDATE Cache SET mode = 4, value = ? WHERE key = ?", bomb, record.key)
    assert cache.find(record.key) is None
    assert list(cache.records()) == []
    assert not (tmp_path / "exploded").exists()
    cache.keep(record)
    assert cache.find(record.key) == record, "the row has been dropped and can be written again"


def test_planted_pickle_file_is_absent_and_never_loaded(
    store: Store, cache: LocalCache, record: Record, tmp_path: Path
) -> None:
    Path(folder(store), "x.val").write_bytes(pickle.dumps(Bomb(str(tmp_path / "exploded"))))
    run_sql(store, "UPDATE Cache SET mode = 4, value = NULL, filename = 'x.val' WHERE key = ?", record.key)
    assert cache.find(record.key) is None
    assert not (tmp_path / "exploded").exists()


def test_planted_pickle_key_is_passed_over(store: Store, cache: LocalCache, record: Record, tmp_path: Path) -> None:
    bomb = pickle.dumps(Bomb(str(tmp_path / "exploded")))
    run_sql(store, "INSERT INTO Cache (key, raw, mode, value) VALUES (?, 0, 1, 'x')", bomb)
    assert list(cache.records()) == [record]
    assert not (tmp_path / "exploded").exists()


def test_file_that_a_row_names_is_neither_read_nor_removed(
    store: Store, cache: LocalCache, record: Record, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text(encode(record))
    for mode in (1, 2, 3):
        cache.keep(record)
        cache.settle()
        run_sql(
            store, "UPDATE Cache SET mode = ?, value = NULL, filename = ? WHERE key = ?", mode, str(victim), record.key
        )
        assert cache.find(record.key) is None
        cache.remove(record.key)
    assert victim.exists()


def test_disk_refuses_all_but_text(tmp_path: Path) -> None:
    with diskcache.Cache(str(tmp_path / "c"), disk=JsonDisk) as cache:
        for value in (b"bytes", 5, None, ["list"], {"a": 1}):
            with pytest.raises(TypeError):
                cache.set("key", value)
            with pytest.raises(TypeError):
                cache.set(value, "text")
        assert len(cache) == 0
        assert os.listdir(tmp_path / "c") == [
            name for name in os.listdir(tmp_path / "c") if name.startswith("cache.db")
        ]


@pytest.mark.parametrize("text", ["", "{}", "garbage", "[" * 99_999])
def test_damaged_record_is_absent_and_dropped(store: Store, cache: LocalCache, record: Record, text: str) -> None:
    run_sql(store, "UPDATE Cache SET value = ? WHERE key = ?", text, record.key)
    assert cache.find(record.key) is None
    assert cache.nearest(record.step) is None
    assert cache.failures == ()


def test_record_under_another_key_is_absent(store: Store, cache: LocalCache, record: Record) -> None:
    run_sql(store, "UPDATE Cache SET key = ? WHERE key = ?", "f" * 64, record.key)
    assert cache.find("f" * 64) is None


@pytest.mark.parametrize("damage", [b"this is no database at all, not in the least" * 99, b""])
def test_damaged_database_is_replaced(store: Store, cache: LocalCache, record: Record, damage: bytes) -> None:
    cache.close()
    Path(folder(store), "cache.db").write_bytes(damage)
    again = LocalCache(store)
    assert again.find(record.key) is None
    again.keep(record)
    assert again.find(record.key) == record
    assert again.failures == ()
    again.close()


def test_database_with_other_tables_is_replaced(store: Store, cache: LocalCache, record: Record) -> None:
    cache.close()
    run_sql(store, "DROP TABLE Cache")
    run_sql(store, "CREATE TABLE Cache (other TEXT)")
    again = LocalCache(store)
    again.keep(record)
    assert again.find(record.key) == record
    again.close()


def test_pages_damaged_in_the_middle_heal_with_the_next_opening(store: Store, cache: LocalCache) -> None:
    records = [record_of(store, "make " + "x" * 5000 + str(number)) for number in range(20)]
    for record in records:
        cache.keep(record)
    cache.close()
    path = Path(folder(store), "cache.db")
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))
    for _ in range(2):
        again = LocalCache(store)
        again.keep(records[0])
        again.close()
    healed = LocalCache(store)
    assert healed.find(records[0].key) == records[0]
    healed.close()


def test_records_are_listed_and_removed(store: Store, cache: LocalCache, record: Record) -> None:
    other = record_of(store, "ls", step="other")
    cache.keep(other)
    assert sorted(cache.records()) == sorted([record, other])
    assert cache.remove(record.key)
    assert not cache.remove(record.key)
    assert list(cache.records()) == [other]
    assert cache.nearest(record.step) is None


def test_processes_keep_at_once(store: Store, cache: LocalCache) -> None:
    code = (
        "import sys; from builder.store.store import Store; from builder.cache.local import LocalCache\n"
        "from tests.cache.samples import record_of\n"
        "with Store.open(sys.argv[1]) as store:\n"
        "    cache = LocalCache(store)\n"
        "    for n in range(25): cache.keep(record_of(store, f'{sys.argv[2]} {n}'))\n"
        "    assert cache.failures == (), cache.failures\n"
        "    cache.close()"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, store.root, name]) for name in ("a", "b", "c")]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert len(list(cache.records())) == 75


def test_threads_keep_at_once(store: Store, cache: LocalCache) -> None:
    from concurrent.futures import ThreadPoolExecutor

    records = [record_of(store, f"make {number}") for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(cache.keep, records))
    assert {record.key for record in cache.records()} == {record.key for record in records}
    assert cache.failures == ()


def test_unusable_index_is_noted_and_the_build_goes_on(store: Store, record: Record, cache: LocalCache) -> None:
    cache.close()
    os.rename(folder(store), folder(store) + ".away")
    Path(folder(store)).write_text("a file is in the way")
    again = LocalCache(store)
    again.keep(record)
    assert again.find(record.key) is None
    assert {error.code for error in again.failures} == {"cache-unusable"}
    again.close()


def test_path_that_diskcache_would_expand_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAP", str(tmp_path / "elsewhere"))
    with Store.open(str(tmp_path / "$TRAP")) as store:
        cache = LocalCache(store)
        cache.keep(record_of(store, "make"))
        cache.settle()
        assert [error.code for error in cache.failures] == ["cache-unusable"]
    assert not (tmp_path / "elsewhere").exists()


def test_what_was_kept_is_found_at_once_and_by_others_after_a_settle(store: Store, cache: LocalCache) -> None:
    records = [record_of(store, f"make {number}") for number in range(3)]
    for record in records:
        cache.keep(record)
        assert cache.find(record.key) == cache.nearest(record.step) == record
    cache.settle()
    with closing(LocalCache(store)) as other:
        assert all(other.find(record.key) == record for record in records)


def test_what_was_kept_is_there_after_close(store: Store, cache: LocalCache) -> None:
    record = record_of(store, "make")
    cache.keep(record)
    cache.close()
    with closing(LocalCache(store)) as other:
        assert other.find(record.key) == record


def test_records_that_cannot_be_written_are_noted(store: Store, cache: LocalCache, record: Record) -> None:
    run_sql(store, "DROP TABLE Cache")
    cache.keep(record)
    cache.close()
    assert {error.code for error in cache.failures} == {"cache-unusable"}
