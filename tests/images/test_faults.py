"""What goes wrong between here and a registry, by a proxy before a real one: a transfer completes or fails with an
error that says why, the store stays valid, and nothing is left behind."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Generator
from pathlib import Path

import pytest

from builder.configuration.types import Registries
from builder.errors import BuilderError
from builder.http.patience import Patience
from builder.images.pull import Pulled, PullOptions, pull_image
from builder.images.push import Outcome, Route, plan_pushes, push
from builder.images.sources.open import Sources
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.registry.access import Access
from builder.registry.logins.types import Login
from builder.registry.transport import Transport
from builder.store.check import check
from builder.store.store import Store
from tests.support.layouts import Written, write_layout
from tests.support.proxy import Fault, Proxy, running_proxy
from tests.support.registry import REGISTRIES, copy_image

AMD64 = Platform("linux", "amd64")
SIZE = 6_000_000
"""More than goes with one PUT."""
RANDOM = random.Random(20261124)
OFFSETS = [0, 1, *(RANDOM.randrange(2, SIZE) for _ in range(3)), SIZE - 1]
PATIENT = Patience(attempts=3, first_delay_s=0.25)
IMPATIENT = PATIENT._replace(read_timeout_s=0.4, slow_bytes=1000)
"""Not for what a registry on a busy machine may take that long for."""


class Bench:
    """A store, a registry with one image of two layers (`app:1`), and the proxy between the two."""

    def __init__(self, root: Path, proxy: Proxy, image: Written) -> None:
        self.proxy = proxy
        self.image = image
        self.root = root
        self.waits: list[float] = []
        self.ask_with(PATIENT)
        self.store = Store.open(str(root / "store"))

    def ask_with(self, patience: Patience) -> None:
        self.transport = Transport(patience, sleep=self.waits.append)
        self.access = Access(Registries(), {"HOME": str(self.root)}, self.transport)

    def pull(self, name: str = "app:1") -> Pulled:
        options = PullOptions(AMD64, stop=self.access.transport.abort)
        return pull_image(
            self.store, Sources(self.access.puller), Reference.parse(f"{self.proxy.address}/{name}"), options
        )

    def push(self, name: str) -> Outcome:
        """The image that was pulled, under another name. That its layers could be mounted is forgotten."""
        for path in (self.root / "store" / "sources").glob("blob.*"):
            path.unlink()
        full = f"{self.proxy.address}/{name}"
        pulled = self.store.refs.get(Reference.parse(f"{self.proxy.address}/app:1").familiar)
        assert pulled
        self.store.refs.set(full, pulled)
        route = Route(self.store, Sources(self.access.puller), lambda: self.access)
        return push(route, plan_pushes(self.store, full, all_tags=False, platform=None)[0])

    def code_of_pull(self) -> str:
        """Of the error; nothing of what failed may be left."""
        with pytest.raises(BuilderError) as caught:
            self.pull()
        assert self.store.refs.items() == ()
        self.check()
        return caught.value.code

    def check(self) -> None:
        assert check(self.store) == []
        self.store.close()
        assert os.listdir(self.root / "store" / "tmp") == []


@pytest.fixture(scope="module", params=REGISTRIES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[str, Written]]:
    folder = tmp_path_factory.mktemp("served")
    files = {"big": random.Random(1).randbytes(SIZE)}
    image = write_layout(str(folder / "layout"), [files, {"small": b"1"}])
    with REGISTRIES[request.param](str(folder / "registry")) as address:
        copy_image(f"oci:{folder}/layout:latest", address, "app:1")
        yield address, image


@pytest.fixture
def bench(tmp_path: Path, served: tuple[str, Written]) -> Generator[Bench]:
    with running_proxy(served[0]) as proxy:
        bench = Bench(tmp_path, proxy, served[1])
        yield bench
        bench.store.close()
        bench.transport.close()


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_download_that_is_cut_is_taken_up(bench: Bench, offset: int) -> None:
    bench.proxy.fail(f"GET .*{bench.image.layers[0]}", Fault(cut_response=offset))
    assert str(bench.pull().top.digest) == bench.image.manifest
    ranges = [item.headers.get("range") for item in bench.proxy.take() if bench.image.layers[0] in item.path]
    assert ranges == [None, f"bytes={offset}-" if offset else None]
    bench.check()


@pytest.mark.parametrize("offset", OFFSETS)
def test_an_upload_that_is_cut_ends_well(bench: Bench, offset: int) -> None:
    bench.pull()
    bench.proxy.fail("PATCH", Fault(cut_request=offset))
    name = f"cut{offset}"
    assert [moved.how for moved in bench.push(f"{name}:1").moved]
    again = Bench(bench.root / "again", bench.proxy, bench.image)
    assert str(again.pull(f"{name}:1").top.digest) == bench.image.manifest
    again.check()
    bench.check()


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_registry_in_trouble_is_given_time(bench: Bench, status: int) -> None:
    for pattern in ("GET .*/manifests/", "GET .*/blobs/"):
        bench.proxy.fail(pattern, Fault(status, (("Retry-After", "7"),)))
    bench.pull()
    assert bench.waits == [7.0, 7.0]
    bench.waits.clear()
    for pattern in ("HEAD .*/manifests/", "HEAD .*/blobs/", "POST", "PATCH", "PUT .*/manifests/"):
        bench.proxy.fail(pattern, Fault(status, (("Retry-After", "5"),)))
    bench.push(f"trouble{status}:1")
    assert bench.waits == [5.0] * 5
    bench.check()


def test_a_registry_that_stays_in_trouble(bench: Bench) -> None:
    bench.proxy.fail("GET .*/blobs/", *[Fault(503)] * 20)
    assert bench.code_of_pull() == "server-error"


def test_a_limit_that_stays(bench: Bench) -> None:
    bench.proxy.fail("GET .*/manifests/", *[Fault(429)] * 20)
    assert bench.code_of_pull() == "too-many-requests"


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def test_another_content_than_was_promised(bench: Bench) -> None:
    bench.proxy.fail(f"GET .*{bench.image.layers[0]}", *[Fault(change=flipped)] * 20)
    assert bench.code_of_pull() == "digest-mismatch"


def test_another_config_than_was_promised(bench: Bench) -> None:
    bench.proxy.fail(f"GET .*{bench.image.config}", *[Fault(change=flipped)] * 20)
    assert bench.code_of_pull() == "digest-mismatch"


def test_a_tag_without_a_promise_is_what_it_is(bench: Bench) -> None:
    bench.proxy.fail("GET .*/manifests/", *[Fault(change=flipped)] * 20)
    assert bench.code_of_pull() in ("digest-mismatch", "bad-answer")


@pytest.mark.parametrize("length", [0, 1000, SIZE - 1])
def test_a_body_that_is_too_short(bench: Bench, length: int) -> None:
    bench.proxy.fail(f"GET .*{bench.image.layers[0]}", *[Fault(change=lambda data: data[:length])] * 20)
    assert bench.code_of_pull() == "size-mismatch"


def test_a_body_without_an_end(bench: Bench) -> None:
    bench.proxy.fail(f"GET .*{bench.image.layers[0]}", *[Fault(endless=True)] * 20)
    assert bench.code_of_pull() == "bad-answer"
    assert sum(item.received for item in bench.proxy.take()) < 20 * SIZE


def test_a_manifest_without_an_end(bench: Bench) -> None:
    bench.proxy.fail("GET .*/manifests/", *[Fault(endless=True)] * 20)
    assert bench.code_of_pull() == "too-large"


@pytest.mark.parametrize("size", [1 << 62, 1 << 50])
@pytest.mark.parametrize("member", ["config", "layers"])
def test_a_blob_of_an_absurd_size(bench: Bench, member: str, size: int) -> None:
    def enlarged(data: bytes) -> bytes:
        value = json.loads(data)
        target = value[member] if member == "config" else value[member][0]
        target["size"] = size
        return json.dumps(value).encode()

    headers = (("Content-Type", "application/vnd.oci.image.manifest.v1+json"),)
    manifest = bench.access.client(bench.proxy.address).manifest("app", "1")
    bench.proxy.fail("GET .*/manifests/", Fault(200, headers, enlarged(manifest.data)))
    bench.proxy.take()
    assert bench.code_of_pull() == ("bad-image" if member == "config" else "disk-full")
    assert not [item for item in bench.proxy.take() if bench.image.layers[0] in item.path]


@pytest.mark.parametrize("pattern", ["GET .*/manifests/", "GET .*/blobs/"])
def test_one_byte_at_a_time(bench: Bench, pattern: str) -> None:
    bench.ask_with(IMPATIENT)
    bench.proxy.fail(pattern, *[Fault(drip_s=0.02)] * 20)
    assert bench.code_of_pull() == "unreachable"


def test_a_redirect_to_another_host_does_not_carry_the_login(bench: Bench, served: tuple[str, Written]) -> None:
    bench.access.logins.keep(bench.proxy.address, bench_login())
    with running_proxy(served[0]) as storage:
        layer = f"/v2/app/blobs/{bench.image.layers[0]}"
        bench.proxy.fail("GET .*/manifests/", Fault(401, (("WWW-Authenticate", 'Basic realm="x"'),)))
        bench.proxy.fail(f"GET .*{layer}", Fault(307, (("Location", f"http://{storage.address}{layer}"),)))
        bench.pull()
        passed = storage.take()
        assert [item.line for item in passed] == [f"GET {layer}"]
        assert "authorization" not in passed[0].headers
        assert "authorization" in bench.proxy.take()[1].headers
    bench.check()


def test_a_challenge_after_a_redirect_is_nobodys(bench: Bench, served: tuple[str, Written]) -> None:
    """The other host would like to be sent the login of the first."""
    bench.access.logins.keep(bench.proxy.address, bench_login())
    with running_proxy(served[0]) as storage:
        layer = f"/v2/app/blobs/{bench.image.layers[0]}"
        bench.proxy.fail(f"GET .*{layer}", *[Fault(307, (("Location", f"http://{storage.address}{layer}"),))] * 3)
        storage.fail("GET", *[Fault(401, (("WWW-Authenticate", 'Basic realm="x"'),))] * 3)
        assert bench.code_of_pull() == "unauthorized"
        assert all("authorization" not in item.headers for item in storage.take())


def bench_login() -> Login:
    return Login("me", "s3cret")


def test_a_failed_push_can_be_repeated(bench: Bench) -> None:
    bench.pull()
    bench.proxy.fail("PUT .*/blobs/uploads", *[Fault(500)] * 20)
    with pytest.raises(BuilderError) as caught:
        bench.push("repeat:1")
    assert caught.value.code in ("server-error", "stopped")
    bench.store.close()
    bench.proxy.heal()
    again = Bench(bench.root, bench.proxy, bench.image)
    again.push("repeat:1")
    again.check()
