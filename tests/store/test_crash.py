"""Killed processes, stopped machines, full disks: what is left is a store."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from builder.cache.local import LocalCache
from builder.errors import StoreError
from builder.model.digest import Digest
from builder.store.check import check
from builder.store.durable import boot_id
from builder.store.store import Store
from builder.store.trees import remove_tree
from tests.store.images import put_image, put_layer

WORKER = """
import os, sys
from builder.cache.ledger import Ledger
from builder.cache.local import LocalCache
from builder.store.store import Store
from tests.cache.samples import record_of
from tests.store.images import put_image, put_layer
store = Store.open(sys.argv[1])
cache = LocalCache(store)
for number in range(10_000):
    layer = put_layer(store, os.urandom(50_000))
    store.refs.set(f"app:{number % 3}", put_image(store, layer))
    record = record_of(store, f"make {number}")
    cache.keep(record)
    Ledger.load(sys.argv[1] + "/builds/ledger", store).save([record])
    os.write(1, b".")
"""


def run_and_kill(root: str, dots: int, more: int) -> None:
    """Kills the worker after `dots` rounds, at a moment that depends on `more`."""
    with subprocess.Popen([sys.executable, "-c", WORKER, root], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read(dots) == b"." * dots
        for _ in range(more):
            os.listdir(root)
        process.send_signal(signal.SIGKILL)


def test_store_is_whole_after_every_kill(root: str) -> None:
    dice = random.Random(7)
    for _ in range(12):
        run_and_kill(root, dice.randint(1, 3), dice.randint(0, 400))
        with Store.open(root) as store:
            assert check(store) == []
            assert len(os.listdir(f"{root}/tmp")) == 0, "the leftovers are gone"
            cache = LocalCache(store)
            assert all(cache.find(record.key) == record for record in cache.records())
            assert cache.failures == ()
            cache.close()


def as_of_another_boot(store: Store) -> None:
    """Makes the store look as if the machine had stopped: the folder of the process is there, of another boot."""
    (name,) = os.listdir(f"{store.root}/tmp")
    assert name.startswith(boot_id())
    os.rename(f"{store.root}/tmp/{name}", f"{store.root}/tmp/0f{name[2:]}")
    os.close(store.temporary._lock_fd)


def test_after_the_machine_stopped_damaged_blobs_are_dropped(root: str) -> None:
    store = Store.open(root)
    whole, hurt = put_layer(store, b"whole" * 999), put_layer(store, b"hurt" * 999)
    path = store.blobs.path(hurt.descriptor.digest)
    os.chmod(path, 0o600)
    Path(path).write_bytes(b"\0" * hurt.descriptor.size)
    as_of_another_boot(store)
    with Store.open(root) as again:
        assert again.blobs.all() == [whole.descriptor.digest]
        assert again.tables.all() == again.snapshots.all() == [], "what is derived is made again"
        assert check(again) == []
    assert os.listdir(f"{root}/tmp") == []


def test_what_is_older_than_the_marker_is_left_alone(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from builder.store import recovery

    with Store.open(root) as store:
        old = put_layer(store, b"old" * 999)
    monkeypatch.setattr(recovery, "_CLOCK_SLACK_S", 0)
    store = Store.open(root)
    since = os.stat(store.snapshots.folder(old.diff_id)).st_ctime_ns
    while os.stat(os.path.dirname(store.temporary.directory())).st_ctime_ns <= since:
        store.temporary.directory()
    os.makedirs(f"{root}/tmp", exist_ok=True)
    as_of_another_boot(store)
    with Store.open(root) as again:
        assert again.snapshots.all() == again.tables.all() == [old.diff_id]


def test_leftovers_of_the_living_stay(root: str) -> None:
    with Store.open(root) as first:
        folder = first.temporary.directory()
        with Store.open(root):
            assert os.path.isdir(folder)


def test_a_leftover_that_is_still_filled_is_removed_later(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker of a killed process lives some milliseconds longer."""
    run_and_kill(root, 1, 0)

    def meets_a_new_file(path: str) -> None:
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), path)

    with monkeypatch.context() as patch:
        patch.setattr("builder.store.recovery.remove_tree", meets_a_new_file)
        Store.open(root).close()
        assert len(os.listdir(f"{root}/tmp")) == 1
    Store.open(root).close()
    assert os.listdir(f"{root}/tmp") == []


def test_index_points_to_nothing_that_is_not_on_the_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one sync comes before the name and after the bytes."""
    from builder.store import durable

    seen: list[bool] = []

    def sync(paths: Collection[str], filesystem: str) -> None:
        assert store.blobs.path(image.digest) in paths
        seen.append(store.blobs.has(image.digest) and store.refs.get("app:1") is None)

    image = put_image(store, put_layer(store, b"x"))
    monkeypatch.setattr(durable, "sync_written", sync)
    store.refs.set("app:1", image)
    assert seen == [True]
    store.refs.set("app:2", image)
    assert seen == [True], "nothing was written in between"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[str]:
    if os.geteuid() != 0:
        pytest.skip("mounting a small filesystem needs root")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(tmp_path)]
    mounted = subprocess.run(command, check=False, capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted: {mounted.stderr.strip()}")
    yield str(tmp_path)
    subprocess.run(["umount", str(tmp_path)], check=True)


def fill_up(folder: str) -> None:
    with open(f"{folder}/ballast", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return


def test_full_disk_is_told_and_leaves_a_store(small_disk: str) -> None:
    store = Store.open(f"{small_disk}/store")
    layer = put_layer(store, os.urandom(1000))
    store.refs.set("app:1", put_image(store, layer))
    fill_up(small_disk)
    for attempt in (
        lambda: store.blobs.put_bytes(os.urandom(90_000), "x"),
        lambda: put_layer(store, os.urandom(90_000)),
        lambda: store.refs.set("long:" + "x" * 100, store.refs.items()[0][1]),
    ):
        with pytest.raises(StoreError) as raised:
            attempt()
        assert raised.value.code == "disk-full"
    os.unlink(f"{small_disk}/ballast")
    store.close()
    with Store.open(f"{small_disk}/store") as again:
        assert check(again) == []
        assert [name for name, _ in again.refs.items()] == ["app:1"]
        again.blobs.put_bytes(b"y" * 90_000, "x")


def test_records_that_find_no_space_fail_no_build(small_disk: str) -> None:
    from tests.cache.samples import record_of

    with Store.open(f"{small_disk}/store") as store:
        records = [record_of(store, f"make {number}") for number in range(3)]
        fill_up(small_disk)
        cache = LocalCache(store)
        cache.keep(records[0])
        assert [error.code for error in cache.failures] == ["cache-unusable"]
        os.unlink(f"{small_disk}/ballast")
        cache.keep(records[1])
        assert cache.find(records[1].key) == records[1]
        cache.close()


AS_NOBODY = """
import ctypes, os, sys
from builder.store import recovery
from builder.store.store import Store
os.setgroups([]); os.setgid(65534); os.setuid(65534)
store = Store.open(sys.argv[1])
if sys.argv[2] == "stage":
    print(store.snapshots.staging().__enter__().upper)
"""


def test_ordinary_user_leaves_foreign_files_to_a_remover() -> None:
    if os.geteuid() != 0:
        pytest.skip("making files of another user needs root")
    command = [sys.executable, "-c", AS_NOBODY]
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 65534, 65534)
        upper = subprocess.run([*command, folder, "stage"], capture_output=True, text=True, check=True).stdout.strip()
        os.makedirs(f"{upper}/of-root/below")
        for _ in range(2):
            subprocess.run([*command, folder, "open"], check=True)
            assert [name[:5] for name in os.listdir(f"{folder}/tmp")] == ["dead."]
        with Store.open(folder) as store:
            store.temporary.bury_dead(remove_tree)
        assert os.listdir(f"{folder}/tmp") == []


def test_snapshot_whose_root_belongs_to_another_uid_is_adopted(store: Store) -> None:
    if os.geteuid() != 0:
        pytest.skip("making files of another user needs root")

    with store.snapshots.staging() as staging:
        os.chown(staging.upper, 12345, 12345)
        path = store.snapshots.adopt(Digest.of(b"x"), staging)
    assert os.stat(path).st_uid == 12345
