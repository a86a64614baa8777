from __future__ import annotations

import os
import stat
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from builder.errors import ImageError
from builder.images.contents import Contents
from builder.images.keep import keep_stream
from builder.images.resolve import StoreResolver
from builder.images.sources.open import Sources
from builder.images.unpack import ensure_chain, ensure_table
from builder.layers.header import END_OF_ARCHIVE, header
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind
from builder.model.layer import Chain
from builder.model.platform import Platform
from builder.sandbox.worker import Worker
from builder.store.store import Store
from tests.support.layouts import write_layout

LAYERS = [{"etc/": b"", "etc/name": b"old", "etc/gone": b""}, {"etc/": b"", "etc/name": b"new", "etc/.wh.gone": b""}]


@pytest.fixture
def worker() -> Generator[Worker]:
    with Worker() as started:
        yield started


def chain(store: Store, folder: Path) -> Chain:
    write_layout(str(folder), LAYERS)
    return StoreResolver(store, Sources()).resolve(f"oci:{folder}", Platform("linux", "amd64")).layers


def test_snapshots_and_tables_tell_the_same(store: Store, worker: Worker, tmp_path: Path) -> None:
    layers = chain(store, tmp_path / "l")
    read = [list(ensure_table(store, layer, Sources())) for layer in layers]
    assert not store.snapshots.all(), "a table needs no unpacking"
    for layer in layers:
        store.tables.remove(layer.diff_id)
    lowest, upper = ensure_chain(store, worker, layers, Sources())
    assert [list(store.tables.read(layer.diff_id)) for layer in layers] == read
    assert Path(lowest, "etc/name").read_text() == "old"
    assert os.stat(f"{upper}/etc/gone").st_rdev == 0
    assert ensure_chain(store, worker, layers, Sources()) == (lowest, upper)


def test_directories_that_a_layer_leaves_out_look_as_below(store: Store, worker: Worker) -> None:
    base = keep_stream(store, [header(Entry("tmp", Kind.DIRECTORY, 0o1777)), END_OF_ARCHIVE])
    upper = keep_stream(store, [header(Entry("tmp/own", Kind.FILE, 0o644)), END_OF_ARCHIVE])
    _, path = ensure_chain(store, worker, (base, upper), Sources())
    assert stat.S_IMODE(os.stat(f"{path}/tmp").st_mode) == 0o1777
    assert [entry.path for entry in store.tables.read(upper.diff_id)] == ["tmp/own"]


def test_each_base_gives_its_own_looks_to_what_a_layer_leaves_out(store: Store, worker: Worker) -> None:
    bases = [
        keep_stream(store, [header(Entry("tmp", Kind.DIRECTORY, mode)), END_OF_ARCHIVE]) for mode in (0o1777, 0o700)
    ]
    upper = keep_stream(store, [header(Entry("tmp/new/own", Kind.FILE, 0o644)), END_OF_ARCHIVE])
    whole = keep_stream(
        store, [header(Entry("tmp", Kind.DIRECTORY, 0o711)), header(Entry("tmp/x", Kind.FILE)), END_OF_ARCHIVE]
    )
    paths = [ensure_chain(store, worker, (base, upper), Sources())[1] for base in bases]
    assert [stat.S_IMODE(os.stat(f"{path}/tmp").st_mode) for path in paths] == [0o1777, 0o700]
    assert [ensure_chain(store, worker, (base, upper), Sources())[1] for base in bases] == paths
    assert len(store.snapshots.all()) == 4
    assert len({ensure_chain(store, worker, (base, whole), Sources())[1] for base in bases}) == 1
    alone = ensure_chain(store, worker, (upper,), Sources())[0]
    assert stat.S_IMODE(os.stat(f"{alone}/tmp").st_mode) == 0o755


def test_threads_that_ask_at_once_unpack_once(store: Store, worker: Worker, tmp_path: Path) -> None:
    layer = chain(store, tmp_path / "l")[0]
    found: list[tuple[str, ...]] = []
    jobs: list[str] = []

    class Counting(Worker):
        def call(self, job: str, args: dict[str, object], fds: object = ()) -> dict[str, object]:
            jobs.append(job)
            return worker.call(job, args, fds)  # type: ignore[arg-type]

    counting = Counting()
    threads = [
        threading.Thread(target=lambda: found.append(ensure_chain(store, counting, (layer,), Sources())))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert jobs.count("apply") == 1


def test_an_image_that_lies_about_a_layer_reaches_no_other(store: Store, worker: Worker, tmp_path: Path) -> None:
    first, second = chain(store, tmp_path / "l")
    liar = first._replace(diff_id=second.diff_id)
    for ensure in (
        lambda: ensure_table(store, liar, Sources()),
        lambda: ensure_chain(store, worker, (liar,), Sources()),
    ):
        with pytest.raises(ImageError) as caught:
            ensure()
        assert caught.value.code == "layer-mismatch"
    assert store.layers.all() == [], "nobody is to take the blob for that layer"
    assert not store.tables.has(second.diff_id)
    assert store.snapshots.path(second.diff_id) is None


def test_contents_by_digest(store: Store, tmp_path: Path) -> None:
    layers = chain(store, tmp_path / "l")
    tree = Tree.of([ensure_table(store, layer, Sources()) for layer in layers])
    with Contents(store, Sources()) as contents:
        contents.take(layers, tree, tree.walk())
        node = tree.get("etc/name")
        assert node is not None
        with open(contents.open(node.entry.digest), "rb") as file:
            assert file.read() == b"new"
