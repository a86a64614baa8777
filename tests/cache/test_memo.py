from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.cache.memo import Memo, digest_memo, plan_memo
from builder.store.store import Store


def test_value_is_kept_under_its_key(store: Store) -> None:
    for open_memo in (digest_memo, plan_memo):
        memo = open_memo(store)
        assert memo.get("a") is None
        memo.put("a", {"x": [1, None, "\udcff"]})
        memo.put("b", None)
        assert open_memo(store).get("a") == {"x": [1, None, "\udcff"]}
        assert open_memo(store).get("b") is None


def test_damaged_file_is_absent(store: Store) -> None:
    memo = plan_memo(store)
    memo.put("a", 1)
    (path,) = Path(store.folder("plans")).iterdir()
    for data in (b"", b"[", b"[]", b'{"key": "b", "value": 1}', b'{"key": "a"}', b"\x80\x04K\x01."):
        os.chmod(path, 0o600)
        path.write_bytes(data)
        assert memo.get("a") is None
    memo.put("a", 2)
    assert memo.get("a") == 2


def test_number_is_bounded_and_the_newest_stay(store: Store) -> None:
    memo = Memo(store, store.folder("plans"), most=8)
    for number in range(30):
        memo.put(str(number), number)
        os.utime(max(os.scandir(store.folder("plans")), key=lambda e: e.stat().st_mtime_ns).path, (number, number))
    assert len(os.listdir(store.folder("plans"))) <= 8
    assert memo.get("29") == 29


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_a_key(store: Store, key: str) -> None:
    memo = plan_memo(store)
    memo.put(key, key)
    assert memo.get(key) == key
