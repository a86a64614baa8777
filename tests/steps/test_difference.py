"""What a run left becomes the same layer, whoever packs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from builder.cache.memo import Derived, digest_memo
from builder.context.filetree import Context
from builder.errors import LayerError
from builder.images.claims import Claims
from builder.images.sources.open import Sources
from builder.model.platform import Platform
from builder.sandbox.spec import RootFs
from builder.sandbox.worker import Worker
from builder.steps import difference
from builder.steps.kitchen import Kitchen
from builder.store.store import Store
from builder.store.trees import remove_tree

EPOCH = 1_000_000_000
HOST = Platform("linux", "amd64")


@pytest.fixture
def kitchen(tmp_path: Path) -> Iterator[Kitchen]:
    def no_context(_: str) -> Context:
        raise AssertionError

    with Store.open(str(tmp_path / "store")) as store, Worker() as worker:
        kitchen = Kitchen(
            store=store,
            context=no_context,
            worker=lambda: worker,
            open_source=Sources(),
            fetching=lambda *_: None,
            remove_tree=remove_tree,
            derived=Derived(digest_memo(store), lambda _: None),
            host=HOST,
            secret=lambda _: None,
            agent=lambda _: None,
            claims=Claims(store, [], lambda _: None),
            opened=ExitStack(),
            epoch=EPOCH,
        )
        yield kitchen


@pytest.fixture
def rootfs(tmp_path: Path) -> RootFs:
    lower, upper = tmp_path / "lower", tmp_path / "upper"
    (lower / "etc").mkdir(parents=True)
    (upper / "etc").mkdir(parents=True)
    (upper / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (upper / "large").write_bytes(os.urandom(3 << 20))
    os.link(upper / "large", upper / "linked")
    (upper / "link").symlink_to("etc/passwd")
    os.mkfifo(upper / "fifo")
    return RootFs((str(lower),), str(upper), str(tmp_path / "work"))


def test_both_ways_make_the_same_layer(kitchen: Kitchen, rootfs: RootFs, monkeypatch: pytest.MonkeyPatch) -> None:
    layers, tables, times = [], [], []
    for by_worker in (True, False):
        monkeypatch.setattr(difference, "needs_user_namespace", lambda by_worker=by_worker: by_worker)
        layers.append(difference.capture(rootfs, kitchen))
        tables.append(kitchen.store.tables.load(layers[-1].diff_id))
        kitchen.store.tables.remove(layers[-1].diff_id)
        times.append(os.stat(f"{rootfs.upper}/large").st_mtime)
        os.utime(f"{rootfs.upper}/large")
    assert layers[0] == layers[1]
    assert tables[0] == tables[1]
    assert times == [EPOCH, EPOCH]


@pytest.mark.parametrize("by_worker", [True, False])
def test_what_no_layer_can_say_is_an_error(
    kitchen: Kitchen, rootfs: RootFs, monkeypatch: pytest.MonkeyPatch, by_worker: bool
) -> None:
    monkeypatch.setattr(difference, "needs_user_namespace", lambda: by_worker)
    Path(rootfs.upper, ".wh.name").touch()
    with pytest.raises(LayerError) as caught:
        difference.capture(rootfs, kitchen)
    assert caught.value.code == "bad-name"
    assert kitchen.store.layers.all() == []
