from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from builder.model import media_types
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.store.check import check
from builder.store.gc import Roots, collect
from builder.store.store import Store
from tests.store.images import put_image, put_index, put_layer


def nothing() -> Roots:
    return Roots()


def test_what_images_need_stays_and_the_rest_goes(store: Store) -> None:
    shared, first, second = (put_layer(store, content) for content in (b"shared", b"first", b"second"))
    kept, gone = put_image(store, shared, first), put_image(store, shared, second)
    store.refs.set("kept:1", put_index(store, kept))
    store.refs.set("gone:1", gone)
    store.refs.remove("gone:1")
    collected = collect(store, nothing)
    assert (collected.blobs, collected.snapshots, collected.tables) == (3, 1, 1)
    assert collected.size > second.descriptor.size
    assert not store.blobs.has(gone.digest)
    for part in (shared, first):
        assert store.blobs.has(part.descriptor.digest)
        assert store.snapshots.path(part.diff_id)
        assert store.tables.has(part.diff_id)
        assert store.layers.find(part.diff_id)
    assert not store.tables.has(second.diff_id)
    assert store.layers.all_of(second.diff_id) == []
    assert check(store) == []


def test_given_roots_and_untagged_images_stay(store: Store) -> None:
    record, untagged, container = (put_layer(store, content) for content in (b"record", b"untagged", b"container"))
    store.refs.keep(put_image(store, untagged))
    image = put_image(store, container)
    collected = collect(store, lambda: Roots((image,), (record,)))
    assert collected.blobs == 0
    assert all(store.snapshots.path(layer.diff_id) for layer in (record, untagged, container))


def test_image_with_missing_parts_keeps_the_others(store: Store) -> None:
    there, lost = put_layer(store, b"there"), put_layer(store, b"lost")
    store.refs.set("app:1", put_image(store, there, lost))
    store.blobs.remove(lost.descriptor.digest)
    collect(store, nothing)
    assert store.blobs.has(there.descriptor.digest)


USER = """
import sys
from builder.model.digest import Digest
from builder.store.store import Store
with Store.open(sys.argv[1]) as store:
    used = Digest(sys.argv[2])
    assert store.blobs.has(used)
    made = store.blobs.put_bytes(b"made", "x").digest
    print(made, flush=True)
    sys.stdin.readline()
    print(store.blobs.has(used) and store.blobs.has(made), flush=True)
"""


def test_what_a_running_process_has_used_or_made_stays_until_it_ends(store: Store) -> None:
    used, unused = (store.blobs.put_bytes(content, "x").digest for content in (b"used", b"unused"))
    command = [sys.executable, "-c", USER, store.root, used]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        made = process.stdout.readline().strip()
        assert collect(store, nothing).blobs == 1
        assert store.blobs.all() == sorted([used, Digest(made)])
        assert unused not in store.blobs.all()
        assert process.communicate("\n")[0] == "True\n"
    assert collect(store, nothing).blobs == 2


def test_what_is_looked_up_while_things_go_is_there_or_gone(store: Store) -> None:
    """Two threads with stores of their own: nothing that was said to be there vanishes."""
    digests = [store.blobs.put_bytes(b"%d" % number, "x").digest for number in range(300)]
    store.close()
    found: list[Digest] = []
    with Store.open(store.root) as user, Store.open(store.root) as pruner:

        def look() -> None:
            found.extend(digest for digest in digests if user.blobs.has(digest))

        thread = threading.Thread(target=look)
        thread.start()
        for _ in range(20):
            collect(pruner, nothing)
        thread.join()
        collect(pruner, nothing)
        assert user.blobs.all() == sorted(found)


def test_check_tells_every_fault_and_changes_nothing(store: Store) -> None:
    good, bad, lost = (put_layer(store, content) for content in (b"good", b"bad", b"lost"))
    image = put_image(store, good, bad, lost)
    store.refs.set("app:1", image)
    assert check(store) == []
    for path in (
        store.blobs.path(bad.descriptor.digest),
        store.tables.path(bad.diff_id),
        store.blobs.path(image.digest),
    ):
        os.chmod(path, 0o600)
        size = os.stat(path).st_size
        Path(path).write_bytes(b"\0" * size)
    other = put_image(store, lost)
    store.refs.set("other:1", other)
    store.blobs.remove(lost.descriptor.digest)
    os.rename(f"{store.snapshots.folder(bad.diff_id)}/fs", f"{store.snapshots.folder(bad.diff_id)}/other")
    Path(store.root, "blobs/sha256/README").write_text("hello")
    found = sorted((finding.code, finding.subject) for finding in check(store))
    assert found == sorted(
        [
            ("blob-damaged", bad.descriptor.digest),
            ("blob-damaged", image.digest),
            ("blob-unreadable", image.digest),
            ("blob-missing", lost.descriptor.digest),
            ("table-damaged", bad.diff_id),
            ("snapshot-incomplete", bad.diff_id),
            ("unknown-file", "blobs/sha256/README"),
        ]
    )
    assert sorted((finding.code, finding.subject) for finding in check(store)) == found


def test_manifest_that_is_no_manifest_is_told(store: Store) -> None:
    nonsense = store.blobs.put_bytes(json.dumps({"schemaVersion": 2, "layers": 5}).encode(), media_types.OCI_MANIFEST)
    deep = store.blobs.put_bytes(b"[" * 100_000, media_types.OCI_INDEX)
    store.refs.keep(nonsense)
    store.refs.keep(deep)
    assert {finding.code for finding in check(store)} == {"blob-unreadable"}
    collect(store, nothing)
    assert store.blobs.has(nonsense.digest)


def test_layer_memory_goes_with_the_layer(store: Store) -> None:
    layer = put_layer(store, b"x")
    store.layers.remember(Layer(layer.diff_id, store.blobs.put_bytes(b"zstd", media_types.OCI_LAYER_ZSTD)))
    collect(store, nothing)
    assert store.layers.all() == []


def test_platforms_of_an_index_that_are_not_here_are_no_fault(store: Store) -> None:
    here, there = put_image(store, put_layer(store, b"here")), put_image(store, put_layer(store, b"there"))
    index = put_index(store, here, there)
    store.blobs.remove(there.digest)
    store.refs.set("app:1", index)
    collect(store, nothing)
    assert check(store) == []
    store.blobs.remove(here.digest)
    assert {finding.subject for finding in check(store)} == {here.digest, there.digest}
