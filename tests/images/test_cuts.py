"""Connections that break anywhere: a transfer completes, or says why it did not, and leaves nothing behind."""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from builder.configuration.types import Registries
from builder.errors import BuilderError
from builder.http.patience import Patience
from builder.images.pull import PullOptions, pull_image
from builder.images.push import Route, plan_pushes, push
from builder.images.sources.open import Sources
from builder.model.digest import Digest
from builder.model.manifest import Manifest
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.outputs.copy import Copying, CopyPlace
from builder.registry.access import Access
from builder.registry.transport import Transport
from builder.store.check import check
from builder.store.store import Store
from builder.wiring.on_demand import means_of
from tests.support.cutting import Wire, breaking_wire
from tests.support.layouts import Written, write_layout
from tests.support.registry import REGISTRIES, copy_image

AMD64 = Platform("linux", "amd64")
PATIENT = Patience(attempts=5, first_delay_s=0.01, longest_delay_s=2)
"""A registry that still listens to a connection that has broken asks to wait a second."""
SIZES = {"blobs": (6_000_000, 300_000, 10), "headers": (3000, 300, 10)}
"""Of layers, by what most cuts meet; the first of the first is more than goes with one PUT."""
HEADERS = 6000
"""About the bytes of a transfer that are none of a layer."""
MOST_CUTS = 4
ROUNDS = 3
EXPECTED = {"unreachable"}
"""What a transfer may say that is cut more often than it tries."""


class Scene(NamedTuple):
    """Two registries that have `app:1`, each behind a wire."""

    here: Wire
    there: Wire
    image: Written
    length: int
    """About the bytes of a transfer."""


class Round:
    """One transfer, with a store of its own."""

    def __init__(self, root: Path, scene: Scene, name: str) -> None:
        self.root = root
        self.scene = scene
        self.name = name
        self.store = Store.open(str(root))
        self.access = Access(Registries(), {"HOME": str(root)}, Transport(PATIENT))
        self.route = Route(self.store, Sources(self.access.puller), lambda: self.access)

    def pull(self) -> None:
        reference = Reference.parse(f"{self.scene.here.address}/app:1")
        pull_image(self.store, self.route.open_source, reference, PullOptions(AMD64, stop=self.access.transport.abort))

    def stock(self) -> None:
        """The store gets what is to be pushed, and forgets where it came from: nothing is mounted."""
        self.pull()
        for path in (self.root / "sources").glob("blob.*"):
            path.unlink()
        pulled = self.store.refs.get(f"{self.scene.here.address}/app:1")
        assert pulled
        self.store.refs.set(f"{self.scene.here.address}/{self.name}:1", pulled)

    def push(self) -> None:
        name = f"{self.scene.here.address}/{self.name}:1"
        push(self.route, plan_pushes(self.store, name, all_tags=False, platform=None)[0])

    def copy(self) -> None:
        places = f"{self.scene.there.address}/app:1", f"{self.scene.here.address}/{self.name}:1"
        with ExitStack() as opened:
            copying = Copying(self.route, means_of(self.store, opened), AMD64)
            copying.run(*map(CopyPlace.parse, places))

    def code_of(self, transfer: Callable[[], None]) -> str:
        """Of its error; empty where it completes."""
        try:
            transfer()
        except BuilderError as error:
            return error.code
        return ""

    def check(self) -> None:
        """The store is whole, and nothing is left in it of what failed."""
        assert check(self.store) == []
        self.store.close()
        self.access.close()
        assert os.listdir(self.root / "tmp") == []

    def check_arrived(self) -> None:
        """The registry has the image under the new name, whole."""
        with closing(Access(Registries(), {})) as access:
            client = access.client(self.scene.here.address)
            manifest = client.manifest(self.name, "1")
            assert manifest.descriptor.digest == self.scene.image.manifest
            for layer in Manifest.from_json(json.loads(manifest.data)).layers:
                assert Digest.of(b"".join(client.blob(self.name, layer))) == layer.digest


def run_round(root: Path, scene: Scene, kind: str, seed: int) -> str:
    """The code of what went wrong, empty for nothing."""
    chance = random.Random(f"{kind} {seed}")
    round_ = Round(root, scene, f"{kind}{seed}-{chance.randrange(1 << 30)}")
    if kind == "push":
        round_.stock()
    for wire in (scene.here, scene.there):
        wire.cut_at(chance.randrange(scene.length) for _ in range(chance.randint(1, MOST_CUTS)))
    code = round_.code_of({"pull": round_.pull, "push": round_.push, "copy": round_.copy}[kind])
    for wire in (scene.here, scene.there):
        wire.cut_at(())
    round_.check()
    if not code and kind != "pull":
        round_.check_arrived()
    return code


@contextmanager
def set_scene(folder: Path, kind: str, other: str, sizes: tuple[int, ...]) -> Generator[Scene]:
    files = [{"file": random.Random(size).randbytes(size)} for size in sizes]
    image = write_layout(str(folder / "layout"), files)
    with ExitStack() as opened:

        def wire_to(name: str) -> Wire:
            address = opened.enter_context(REGISTRIES[name](str(folder / name)))
            copy_image(f"oci:{folder}/layout:latest", address, "app:1")
            return opened.enter_context(breaking_wire(address))

        yield Scene(wire_to(kind), wire_to(other), image, sum(sizes) + HEADERS)


@pytest.fixture(scope="module", params=itertools.product(REGISTRIES, SIZES), ids="-".join)
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    kind, met = request.param
    other = next(name for name in REGISTRIES if name != kind)
    with set_scene(tmp_path_factory.mktemp("scene"), kind, other, SIZES[met]) as scene:
        yield scene


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("kind", ["pull", "push", "copy"])
def test_a_wire_that_breaks(tmp_path: Path, scene: Scene, kind: str, seed: int) -> None:
    assert run_round(tmp_path / "store", scene, kind, seed) in ("", *EXPECTED)
