"""Bases that are not downloaded, since they or a cache say what they hold; and what becomes of what is said wrong."""

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
from builder.layers.compress import Compression
from builder.layers.tail import unwrap, wrap
from builder.model.digest import Digest
from builder.model.layer import CONTENTS
from tests.integration.test_remote_cache import blob_path, document, manifest, put, replace
from tests.support.cli import Pybuild, write
from tests.support.proxy import Fault, Proxy, running_proxy
from tests.support.registry import running_registry
from tests.support.rootfs import make_rootfs

LAYER = 3_000_000
APP = "FROM {base} AS top\nCOPY first /app/\nCOPY last /app/\nWORKDIR /app/deep\n"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Generator[Proxy]:
    """Before a registry with a base, in which /app is a link."""
    folder = tmp_path_factory.mktemp("registry")
    with running_registry(str(folder)) as address, running_proxy(address) as proxy:
        files = {"tree/real/x": "1", "Buildfile": "FROM scratch\nCOPY tree /\nCOPY big /\nCOPY many /many/\n"}
        files |= {f"many/{number}": str(number) for number in range(300)}
        first = Pybuild(folder / "store", write(folder / "base", files))
        (folder / "base/tree/app").symlink_to("real")
        make_rootfs(str(folder / "base/tree"))
        (folder / "base/big").write_bytes(os.urandom(LAYER))
        layout = folder / "layout"
        first.build("-t", f"{proxy.address}/telling:1", "--push", "-o", f"type=oci,dest={layout},tar=false")
        say(layout, lambda _: None)
        first.run("copy", f"oci:{layout}", f"{proxy.address}/base:1")
        yield proxy


def say(layout: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The same image with other layers' descriptors: without what they say of tables, and then as `change` has it."""
    inner = manifest(layout)
    for layer in inner["layers"]:
        layer.pop("annotations")
        change(layer)
    entry = {"mediaType": inner["mediaType"], **put(layout, json.dumps(inner).encode())}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


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
    """Other tables of the layers that have /app/ or a link of that name; both are small enough to be embedded."""

    def changed(value: dict[str, Any]) -> None:
        for name, row in value["tables"].items():
            if "data" not in row:
                continue
            text = gzip.decompress(base64.b64decode(row["data"]))
            if b'"l"' in text:
                value["tables"][name] = row | change(row, text)

    replace(folder, changed)


def said(text: bytes) -> dict[str, Any]:
    packed = pack_table(text)
    data = base64.b64encode(packed).decode()
    return {"digest": str(Digest.of(packed)), "size": len(packed), "table": str(Digest.of(text)), "data": data}


def lying(folder: Path) -> None:
    tables(folder, lambda _, text: said(without_the_link(text)))


def without_the_link(text: bytes) -> bytes:
    """It is a directory."""
    rows = [json.loads(line) for line in text.splitlines()]
    for row in rows[1:]:
        if row[1] == "l":
            row[1], row[2], row[7] = "d", 0o755, ""
    return b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows)


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
    machine(tmp_path / "one", proxy).build("--cache-to", f"type=local,dest={tmp_path}/cache")
    large = [row for row in document(tmp_path / "cache")["tables"].values() if "data" not in row]
    assert len(large) == 1
    assert put(tmp_path / "cache", blob_path(tmp_path / "cache", large[0]).read_bytes()) == {
        "digest": large[0]["digest"],
        "size": large[0]["size"],
    }


def rewritten(folder: Path, proxy: Proxy, change: Callable[[bytes], bytes]) -> str:
    """The base with its tables at the ends of its blobs, but other ones: `change` is given the text of each."""
    layout = folder / "layout"
    fetched = Pybuild(folder / "honest", folder)
    fetched.run("copy", f"{proxy.address}/telling:1", f"oci:{layout}")
    honest = {layer["digest"]: layer["annotations"][CONTENTS].partition(" ") for layer in manifest(layout)["layers"]}

    def lie(layer: dict[str, Any]) -> None:
        start = int(honest[layer["digest"]][0])
        blob = blob_path(layout, layer).read_bytes()
        text = change(gzip.decompress(unwrap(blob[start:])))
        layer |= put(layout, blob[:start] + wrap(pack_table(text), Compression.GZIP))
        layer["annotations"] = {CONTENTS: f"{start} {Digest.of(text)}"}

    say(layout, lie)
    name = f"{proxy.address}/{folder.name.lower()}:1"
    fetched.run("copy", f"oci:{layout}", name)
    proxy.take()
    return name


def test_an_image_that_lies_deceives_only_who_builds_on_it(proxy: Proxy, tmp_path: Path) -> None:
    liar = rewritten(tmp_path, proxy, without_the_link)
    one = machine(tmp_path / "one", proxy)
    write(one.cwd, {"Lie": APP.format(base=liar)})
    pushed = ("-t", f"{proxy.address}/deceived:1", "--push")
    deceived = one.build("-f", "Lie", *pushed)
    assert one.build("-f", "Lie", *pushed)["cached"] == 3
    assert layers_fetched(proxy) == 0
    honest = one.build()
    assert honest["cached"] == 0
    assert honest["image_id"] != deceived["image_id"]
    one.build("-o", f"type=local,dest={tmp_path}/out")
    assert (tmp_path / "out/real/last").read_text() == "1"
    undeceived = one.run("build", "-f", "Lie", "--progress", "plain")
    assert "what was said of the layers below it when it ran is not said any more, or was false" in undeceived.stderr
    assert one.run("store", "check").stdout == "The store is whole.\n"


@pytest.mark.parametrize("step", ["COPY --from={base} /real/x /x", "RUN test -e /real/last"])
def test_a_lie_that_comes_to_light_costs_time_and_nothing_else(proxy: Proxy, tmp_path: Path, step: str) -> None:
    """Also where a RUN has failed for it."""
    liar = rewritten(tmp_path, proxy, without_the_link)
    one = machine(tmp_path / "one", proxy)
    write(one.cwd, {"Buildfile": APP.format(base=liar) + step.format(base=liar) + "\n"})
    done = one.run("build", "-o", f"type=local,dest={tmp_path}/out")
    assert "the build begins again" in done.stderr
    assert (tmp_path / "out/real/last").read_text() == "1"
    assert one.run("store", "check").stdout == "The store is whole.\n"


@pytest.mark.parametrize("change", [lambda text: text[: len(text) // 2], lambda _: b"{}", lambda text: text + text])
def test_what_is_no_table_costs_a_download_and_nothing_else(
    proxy: Proxy, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    base = rewritten(tmp_path, proxy, change)
    one = machine(tmp_path / "one", proxy)
    write(one.cwd, {"Buildfile": APP.format(base=base)})
    done = one.run("build", "-o", f"type=local,dest={tmp_path}/out")
    assert "not used" in done.stderr
    assert (tmp_path / "out/real/last").read_text() == "1"


def test_a_registry_that_sends_whole_blobs_only(proxy: Proxy, tmp_path: Path) -> None:
    """Not a byte before the tail is waited for: the layer is fetched as a layer, once."""
    one = machine(tmp_path / "one", proxy)
    write(one.cwd, {"Buildfile": APP.format(base=f"{proxy.address}/telling:1")})
    proxy.take()
    proxy.fail("GET /v2/telling/blobs/", Fault(), *[Fault(status=200, body=bytes(LAYER * 2))] * 2)
    done = one.run("build", "-o", f"type=local,dest={tmp_path}/out")
    assert "does not send parts of blobs" in done.stderr
    assert (tmp_path / "out/real/last").read_text() == "1"
