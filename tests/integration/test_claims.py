"""Bases that are not downloaded, since a cache says what they hold; and what becomes of caches that say it wrong."""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from builder.layers.claimed import pack_table
from builder.model.digest import Digest
from tests.integration.test_remote_cache import document, put, replace
from tests.support.cli import Pybuild, write
from tests.support.proxy import Proxy, running_proxy
from tests.support.registry import running_registry

LAYER = 3_000_000
APP = "FROM {base} AS top\nCOPY first /app/\nCOPY last /app/\nWORKDIR /app/deep\n"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Generator[Proxy]:
    """Before a registry with a base, in which /app is a link."""
    folder = tmp_path_factory.mktemp("registry")
    with running_registry(str(folder)) as address, running_proxy(address) as proxy:
        files = {"tree/real/x": "1", "Buildfile": "FROM scratch\nCOPY tree /\nCOPY big /\n"}
        first = Pybuild(folder / "store", write(folder / "base", files))
        (folder / "base/tree/app").symlink_to("real")
        (folder / "base/big").write_bytes(os.urandom(LAYER))
        first.build("-t", f"{proxy.address}/base:1", "--push")
        yield proxy


def machine(folder: Path, proxy: Proxy, last: str = "1") -> Pybuild:
    base = f"{proxy.address}/base:1"
    files = {"Buildfile": APP.format(base=base), "first": "1", "last": last}
    return Pybuild(folder / "store", write(folder / "sources", files))


def layers_fetched(proxy: Proxy) -> int:
    """Bytes, of blobs that are larger than any document here."""
    return sum(passed.received for passed in proxy.take() if passed.method == "GET" and passed.received > 20_000)


def test_a_changed_copy_on_cached_layers_downloads_none(proxy: Proxy, tmp_path: Path) -> None:
    cache, name = f"type=registry,ref={proxy.address}/cache:1", f"{proxy.address}/app:1"
    machine(tmp_path / "one", proxy).build("--cache-to", cache)
    proxy.take()
    two = machine(tmp_path / "two", proxy, last="2")
    assert two.build("--cache-from", cache, "--cache-to", cache, "-t", name, "--push")["cached"] == 1
    assert two.build("--cache-from", cache, "-t", name, "--push")["cached"] == 3, "it is believed again"
    three = machine(tmp_path / "three", proxy, last="3")
    three.build("--cache-from", cache, "-t", name, "--push")
    assert layers_fetched(proxy) == 0, "a cache that was filled from another one says as much"
    two.build("-o", f"type=local,dest={tmp_path}/out", "--cache-from", cache)
    assert (tmp_path / "out/real/last").read_text() == "2"
    assert two.run("store", "check").stdout == "The store is whole.\n"
    assert two.build()["cached"] == 3, "now it is known"


def tables(folder: Path, change: Callable[[dict[str, Any], bytes], dict[str, Any]]) -> None:
    """Other tables of the layers that have /app/ or a link of that name; all are small enough to be embedded."""

    def changed(value: dict[str, Any]) -> None:
        for name, row in value["tables"].items():
            text = gzip.decompress(base64.b64decode(row["data"]))
            if b'"l"' in text:
                value["tables"][name] = row | change(row, text)

    replace(folder, changed)


def said(text: bytes) -> dict[str, Any]:
    packed = pack_table(text)
    data = base64.b64encode(packed).decode()
    return {"digest": str(Digest.of(packed)), "size": len(packed), "table": str(Digest.of(text)), "data": data}


def lying(folder: Path) -> None:
    """The link is a directory."""

    def lie(_: dict[str, Any], text: bytes) -> dict[str, Any]:
        rows = [json.loads(line) for line in text.splitlines()]
        for row in rows[1:]:
            if row[1] == "l":
                row[1], row[2], row[7] = "d", 0o755, ""
        return said(b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows))

    tables(folder, lie)


def cut(folder: Path) -> None:
    tables(folder, lambda _, text: said(text[: len(text) // 2]))


def missing(folder: Path) -> None:
    tables(folder, lambda *_: {"digest": "sha256:" + "0" * 64, "data": ""})


@pytest.mark.parametrize("fault", [lying, cut, missing])
def test_what_is_said_wrong_costs_time_and_nothing_else(
    proxy: Proxy, tmp_path: Path, fault: Callable[[Path], None]
) -> None:
    machine(tmp_path / "one", proxy).build("--cache-to", f"type=local,dest={tmp_path}/cache")
    assert document(tmp_path / "cache")["tables"]
    fault(tmp_path / "cache")
    two = machine(tmp_path / "two", proxy, last="2")
    out = f"type=local,dest={tmp_path}/out"
    done = two.run("build", "--cache-from", f"type=local,src={tmp_path}/cache", "-o", out)
    assert (tmp_path / "out/app").is_symlink()
    assert (tmp_path / "out/real/last").read_text() == "2"
    assert "not used" in done.stderr
    assert two.run("store", "check").stdout == "The store is whole.\n"


def test_a_lie_does_not_reach_other_builds(proxy: Proxy, tmp_path: Path) -> None:
    """Nothing has shown that it is one, yet."""
    machine(tmp_path / "one", proxy).build("--cache-to", f"type=local,dest={tmp_path}/cache")
    lying(tmp_path / "cache")
    two = machine(tmp_path / "two", proxy, last="2")
    lie = two.build("--cache-from", f"type=local,src={tmp_path}/cache")
    write(two.cwd, {"Otherfile": (two.cwd / "Buildfile").read_text()})
    honest = two.build("-f", "Otherfile")
    assert honest["image_id"] != lie["image_id"]
    two.build("-o", f"type=local,dest={tmp_path}/out")
    assert (tmp_path / "out/real/last").read_text() == "2"


def test_large_tables_are_blobs_that_the_cache_refers_to(proxy: Proxy, tmp_path: Path) -> None:
    files = {f"many/{number}": str(number) for number in range(300)}
    write(tmp_path, files | {"Buildfile": f"FROM {proxy.address}/base:1\nCOPY many /many\n"})
    one = Pybuild(tmp_path / "store", tmp_path)
    one.build("--cache-to", f"type=local,dest={tmp_path}/cache")
    large = [row for row in document(tmp_path / "cache")["tables"].values() if "data" not in row]
    assert len(large) == 1
    assert put(tmp_path / "cache", (tmp_path / "cache/blobs/sha256" / large[0]["digest"][7:]).read_bytes()) == {
        "digest": large[0]["digest"],
        "size": large[0]["size"],
    }
