"""The process: how it ends, what it leaves, who it shares its folder with."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from builder.registry.server.collect import collect_garbage
from builder.store.check import check
from builder.store.store import Store
from tests.registry.server.web import OCI_INDEX, Web, digest_of, ended, image_of
from tests.support.cli import Pybuild, damaged_blobs, write
from tests.support.registry import own_registry

DATA = os.urandom(3_000_000)


def half_an_upload(address: str, location: str) -> socket.socket:
    """A connection on which a PATCH has sent a million bytes, which the server has, and owes the rest."""
    host, port = address.split(":")
    connection = socket.create_connection((host, int(port)))
    head = f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(DATA)}\r\n\r\n"
    connection.sendall(head.encode() + DATA[:1_000_000])
    web = Web(address)
    while web.ask("GET", location).headers["Range"] != "0-999999":
        pass
    return connection


def go_on(address: str, location: str) -> None:
    web = Web(address)
    start = int(web.ask("GET", location).headers["Range"].removeprefix("0-")) + 1
    assert start == 1_000_000
    where = f"{start}-{len(DATA) - 1}"
    assert web.ask("PATCH", location, DATA[start:], Content_Range=where).status == 202
    answer = web.ask("PUT", ended(location, digest_of(DATA)))
    assert answer.status == 201
    assert web.ask("GET", answer.headers["Location"]).body == DATA


def serve(root: Path) -> tuple[subprocess.Popen[str], str]:
    argv = [sys.executable, "-m", "builder", "registry", "serve", "-q", "--root", str(root), "--addr", "127.0.0.1:0"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    return process, process.stdout.readline().strip().removeprefix("http://")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_upload_goes_on_after_the_server_has_ended(tmp_path: Path, number: signal.Signals) -> None:
    process, address = serve(tmp_path / "root")
    location = Web(address).begin("ended/app")
    with half_an_upload(address, location) as connection, process:
        process.send_signal(number)
        if number == signal.SIGTERM:  # it waits for requests; this one ends by going away
            connection.close()
        assert process.wait(60) == (0 if number == signal.SIGTERM else -9)
    with own_registry(str(tmp_path / "root"), "-q") as address:
        go_on(address, location)
    assert not damaged_blobs(tmp_path / "root")
    assert not os.listdir(tmp_path / "root" / "tmp")


def test_two_servers_on_one_folder(tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    with own_registry(root, "-q") as first, own_registry(root, "-q") as second:
        location = Web(first).begin("shared/app")
        with half_an_upload(first, location):
            busy = Web(second).ask("PATCH", location, b"1")
            assert (busy.status, busy.code) == (429, "TOOMANYREQUESTS")
        web = Web(second)
        while web.ask("PATCH", location, b"").status == 429:
            pass
        go_on(second, location)
        image = Web(first).image("shared/app", "1")
        answer = web.ask("GET", "/v2/shared/app/manifests/1")
        assert answer.headers["Docker-Content-Digest"] == image["digest"]
        assert web.ask("DELETE", "/v2/shared/app/manifests/1").status == 202
        assert Web(first).ask("GET", "/v2/shared/app/manifests/1").status == 404


def test_collection_beside_a_server(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with own_registry(str(root), "-q") as address:
        web = Web(address)
        image = web.image("gc/app", "1")
        lost = web.push("gc/app", DATA)
        web.push("gc/other", DATA)
        location = web.begin("gc/app")
        collect = Pybuild(root, tmp_path)
        assert "Total reclaimed space: 0B (0 blobs)" in collect.run("registry", "gc").stdout
        gone = json.loads(collect.run("registry", "gc", "--grace", "0s", "--format", "json").stdout)
        assert gone == {"uploads": 1, "manifests": 0, "links": 2, "blobs": 1, "size": len(DATA)}
        assert web.ask("GET", location).status == 404
        assert web.ask("HEAD", f"/v2/gc/app/blobs/{lost['digest']}").status == 404
        assert web.put("gc/app", "2", image_of(web.push("gc/app", b"{}"), lost)).code == "MANIFEST_BLOB_UNKNOWN"
        for part in (image["digest"], "1"):
            assert web.ask("GET", f"/v2/gc/app/manifests/{part}").status == 200
        web.ask("DELETE", f"/v2/gc/app/manifests/{image['digest']}")
        assert collect_garbage(str(root), 0, delete_untagged=False).blobs == 3
        assert web.image("gc/app", "1") == image
    with Store.open(str(root)) as store:
        assert check(store) == []


def test_collection_of_what_has_no_tag(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with own_registry(str(root), "-q") as address:
        web = Web(address)
        kept = web.image("tags/app", annotations={"in": "index"})
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [kept]}
        assert web.put("tags/app", "all", index).status == 201
        signature = web.image("tags/app", annotations={"of": "it"}, subject=kept)
        loose = web.image("tags/app", annotations={"of": "nothing"})
        sbom = web.image("tags/app", annotations={"of": "loose"}, subject=loose)
        moved = web.image("tags/app", "moves", annotations={"first": "1"})
        web.image("tags/app", "moves", annotations={"second": "1"})
        assert collect_garbage(str(root), 0, delete_untagged=False).manifests == 0
        assert collect_garbage(str(root), 3600, delete_untagged=True).manifests == 0
        assert collect_garbage(str(root), 0, delete_untagged=True).manifests == 3
        found = {item["digest"]: web.ask("GET", f"/v2/tags/app/manifests/{item['digest']}").status for item in
                 (kept, signature, loose, sbom, moved)}  # fmt: skip
    assert list(found.values()) == [200, 200, 404, 404, 404]


def test_a_damaged_blob_is_not_sent_to_its_end_and_can_be_pushed_again(tmp_path: Path) -> None:
    root = tmp_path / "root"
    digest = digest_of(DATA)
    with own_registry(str(root), "-q") as address:
        Web(address).push("damaged/app", DATA)
    path = root / "blobs" / "sha256" / digest.partition(":")[2]
    path.chmod(0o600)
    path.write_bytes(DATA[:-1] + bytes([DATA[-1] ^ 1]))
    with own_registry(str(root), "-q") as address:
        web = Web(address)
        with pytest.raises(Exception, match=r"IncompleteRead|reset"):
            web.ask("GET", f"/v2/damaged/app/blobs/{digest}")
        assert web.ask("HEAD", f"/v2/damaged/app/blobs/{digest}").status == 404
        web.push("damaged/app", DATA)
        assert web.ask("GET", f"/v2/damaged/app/blobs/{digest}").body == DATA


def test_the_folder_is_a_store(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(tmp_path / "context", {"Buildfile": "FROM scratch\nCOPY Buildfile /\n"})
    builder = Pybuild(tmp_path / "store", tmp_path / "context")
    with own_registry(str(root), "-q") as address:
        builder.build("-t", f"{address}/team/app:1.0")
        builder.run("push", f"{address}/team/app:1.0")
    own = Pybuild(root, tmp_path)
    assert "team/app" in own.run("images").stdout
    assert own.run("store", "check").stdout == "The store is whole.\n"
    own.run("prune", "--all", "--force")
    assert "the registry" in own.run("rmi", "team/app:1.0", code=1).stderr
    with own_registry(str(root), "-q") as address:
        pulled = Pybuild(tmp_path / "other", tmp_path)
        pulled.run("pull", f"{address}/team/app:1.0")
        assert Web(address).ask("DELETE", "/v2/team/app/manifests/1.0").status == 202
    assert "team/app" not in own.run("images").stdout
    assert own.run("store", "check").stdout == "The store is whole.\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--addr", "nonsense"], "bad-address"),
        (["--addr", "127.0.0.1:70000"], "bad-address"),
        (["--tls-cert", "x"], "usage"),
        (["--tls-cert", "x", "--tls-key", "x"], "bad-certificate"),
        (["--htpasswd", "/nowhere"], "bad-htpasswd"),
        (["--max-blob-size", "much"], "bad-size"),
    ],
)
def test_what_cannot_be_served(tmp_path: Path, arguments: list[str], code: str) -> None:
    done = Pybuild(tmp_path / "root", tmp_path).run("registry", "serve", *arguments, code=2)
    assert done.stderr.startswith("error: ")
    assert code


def test_an_address_that_is_taken(tmp_path: Path, own: Web) -> None:
    taken = own.base.removeprefix("http://")
    done = Pybuild(tmp_path / "root", tmp_path).run("registry", "serve", "--addr", taken, code=1)
    assert f"cannot listen on {taken}" in done.stderr
