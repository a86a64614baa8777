from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from builder.images.push import Route
from builder.images.resolve import StoreResolver
from builder.images.sources.open import Sources
from builder.images.stored import Image, stored_image
from builder.model.platform import Platform
from builder.outputs.types import Means
from builder.sandbox.worker import Worker
from builder.store.store import Store
from tests.support.layouts import write_layout


@pytest.fixture
def means(tmp_path: Path) -> Generator[Means]:
    with Store.open(str(tmp_path / "store")) as store, Worker() as worker:
        yield Means(store, Sources(), lambda: worker, _no_registry)


@pytest.fixture
def image(means: Means, tmp_path: Path) -> Image:
    """Two layers, of which the store has neither: outputs fetch what they need."""
    layers = [
        {"bin/": b"", "bin/sh": b"#!", "etc/": b"", "etc/name": b"old", "etc/gone": b"x", "a.txt": b"a"},
        {"etc/": b"", "etc/name": b"new", "etc/.wh.gone": b"", "new": b"n" * 100_000},
    ]
    folder = str(tmp_path / "source")
    write_layout(folder, layers, Cmd=["/bin/sh"], Env=["A=b"])
    resolved = StoreResolver(means.store, means.open_source).resolve(f"oci:{folder}", Platform("linux", "amd64"))
    descriptor = means.store.blobs.put_bytes(means.store.blobs.read(resolved.digest), "")
    return stored_image(means.store, descriptor, "image")


def _no_registry() -> Route:
    raise AssertionError("these outputs push nothing")
