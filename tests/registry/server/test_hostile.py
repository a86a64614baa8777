"""What no well-behaved client sends. Written to the socket: libraries would repair it."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from pathlib import Path
from unittest import mock

import pytest
from aiohttp import StreamReader
from aiohttp.test_utils import make_mocked_request

from builder.registry.server import body
from builder.registry.server.refusal import Refusal
from tests.registry.server.web import Web, digest_of, ended
from tests.support.registry import own_registry

MANIFEST = "/manifests/latest"


def raw(server: Web, request: bytes) -> bytes:
    """All that is answered until the server ends the connection."""
    host, port = server.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


def get(server: Web, path: bytes, *headers: bytes) -> int:
    head = b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: x", b"Connection: close", *headers])
    return int(raw(server, head + b"\r\n\r\n").split()[1])


@pytest.mark.parametrize(
    "name",
    [
        b"..", b"../..", b"a/../b", b"a/./b", b"a//b", b"/a", b"a/", b".a", b"a.", b"-a", b"a-", b"_a", b"a___b",
        b"a..b", b"A", b"caf\xc3\xa9", b"\xff\xfe", b"a%2fb", b"a%2Fb", b"%2e%2e", b"%2e%2e%2fetc", b"a%00b", b"a%ff",
        b"a\\b", b"a;b", b"a:b", b"a@b", b"a~b", b"x" * 256, b"a/" * 127 + b"ab", b"%25", b"\x7f",
    ],
)  # fmt: skip
def test_names_of_repositories(own: Web, name: bytes) -> None:
    assert get(own, b"/v2/" + name + b"/manifests/latest") in (400, 404)
    assert get(own, b"/v2/" + name + b"/tags/list") in (400, 404)


def test_a_name_as_long_as_may_be(own: Web) -> None:
    name = "/".join(["x" * 63] * 4)
    assert own.image(name, "t" * 128)
    assert own.ask("GET", f"/v2/{name}/manifests/{'t' * 128}").status == 200
    assert own.ask("PUT", f"/v2/{name}/manifests/{'t' * 129}", b"{}").status == 400


@pytest.mark.parametrize("word", ["manifests", "blobs", "uploads", "tags", "list", "referrers", "v2"])
def test_names_that_are_words_of_the_protocol(own: Web, word: str) -> None:
    name = f"{word}/{word}"
    own.image(name, word)
    assert own.ask("GET", f"/v2/{name}/manifests/{word}").status == 200
    assert own.ask("GET", f"/v2/{name}/tags/list").json["tags"] == [word]
    assert own.ask("GET", own.begin(name)).status == 204


@pytest.mark.parametrize(
    "reference", [b"sha256:..", b"sha256:" + b"A" * 64, b"sha256:" + b"a" * 63, b"md5:" + b"a" * 32, b"sha256:%2e%2e/x"]
)
def test_digests(own: Web, reference: bytes) -> None:
    for kind in (b"manifests", b"blobs", b"referrers"):
        assert get(own, b"/v2/app/" + kind + b"/" + reference) in (400, 404)


@pytest.mark.parametrize("name", [b"..", b"%2e%2e%2f%2e%2e%2fetc", b"0", b"g" * 36, b"\xff", b"x" * 5000])
def test_names_of_uploads(own: Web, name: bytes) -> None:
    assert get(own, b"/v2/app/blobs/uploads/" + name) in (400, 404)


def test_the_colon_of_a_digest_may_be_escaped(own: Web) -> None:
    digest = own.push("colon/app", b"1")["digest"].replace(":", "%3A")
    assert own.ask("GET", f"/v2/colon/app/blobs/{digest}").body == b"1"


@pytest.mark.parametrize("method", [b"TRACE", b"CONNECT", b"OPTIONS", b"PROPFIND"])
def test_methods(own: Web, method: bytes) -> None:
    answer = raw(own, method + b" /v2/app/tags/list HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert int(answer.split()[1]) in (400, 405)


def test_lines_and_headers_have_an_end(own: Web) -> None:
    assert get(own, b"/v2/" + b"x" * 100_000) in (400, 414)
    assert get(own, b"/v2/", b"X: " + b"x" * 100_000) in (400, 431)
    assert get(own, b"/v2/", *[b"X%d: x" % number for number in range(1000)]) in (400, 431)


def test_two_lengths_are_none(own: Web) -> None:
    head = b"POST /v2/app/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n"
    assert b" 400 " in raw(own, head + b"Content-Length: 6\r\n\r\nabcdef").splitlines()[0]
    assert b" 400 " in raw(own, head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").splitlines()[0]


def test_a_body_that_ends_too_early_leaves_what_came(own: Web) -> None:
    location = own.begin("early/app")
    host, port = own.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head.encode() + b"0123456789")
        while own.ask("GET", location).headers["Range"] != "0-9":
            pass
    while own.ask("PATCH", location, b"").status == 429:  # it has not noticed yet
        pass
    assert own.ask("GET", location).headers["Range"] == "0-9"
    assert own.ask("PUT", ended(location, digest_of(b"0123456789ab")), b"ab").status == 201


def test_a_coded_body_is_not_unpacked(own: Web) -> None:
    data = gzip.compress(bytes(10_000_000))
    answer = own.ask("PUT", ended(own.begin("coded/app"), digest_of(data)), data, Content_Encoding="gzip")
    assert answer.status == 201


def test_blobs_have_a_largest_size(tmp_path: Path) -> None:
    with own_registry(str(tmp_path / "root"), "-q", "--max-blob-size", "1000b") as address:
        server = Web(address)
        for data in (bytes(1001), iter([bytes(1000), bytes(1)])):
            answer = server.ask("PUT", ended(server.begin("app"), digest_of(bytes(1001))), data)
            assert (answer.status, answer.code) == (413, "SIZE_INVALID")
        location = server.begin("app")
        assert server.ask("PATCH", location, bytes(1000)).status == 202
        assert server.ask("PATCH", location, bytes(1)).status == 413
        assert server.push("app", bytes(1000))


async def _read(feed: list[bytes]) -> bytes:
    """The body of a request that sends `feed` and then nothing more, without an end."""
    loop = asyncio.get_running_loop()
    content = StreamReader(mock.Mock(_reading_paused=False), 2**16, loop=loop)
    request = make_mocked_request("PUT", "/", payload=content)
    for piece in feed:
        content.feed_data(piece)
    return await body.whole(request, 1000)


@pytest.mark.parametrize("feed", [[], [b"1"]])
def test_who_sends_nothing_more_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, feed: list[bytes]) -> None:
    monkeypatch.setattr(body, "IDLE_S", 0.01)
    with pytest.raises(Refusal) as raised:
        asyncio.run(_read(feed))
    assert raised.value.status == 408


def test_who_sends_too_little_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "SLOWEST", 1 << 60)
    monkeypatch.setattr(body, "IDLE_S", 0.01)
    with pytest.raises(Refusal) as raised:
        asyncio.run(_read([b"1"]))
    assert raised.value.status == 408


def test_nobody_writes_lines_into_the_log(tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    for form in ("plain", "json"):
        with own_registry(root, "--format", form) as address:
            get(Web(address), b"/v2/\xc3\xa9a", b"User-Agent: \x9b\xff", b"Authorization: Basic c2VjcmV0OnNlY3JldA==")
            get(Web(address), b"/v2/\xff\x1b[31m")
            raw(Web(address), b"\x1b[31m\r\n\r\n")
    log = Path(f"{root}.log").read_bytes()
    assert log.isascii()
    assert all(character in b"\n" or character >= 32 for character in log)
    assert b"c2VjcmV0" not in log
    assert all(json.loads(line) for line in log.splitlines() if line.startswith(b"{"))


def test_scheme_and_host_may_stand_before_a_path(own: Web) -> None:
    assert get(own, b"http://elsewhere/v2/") == 200
    assert get(own, b"http://elsewhere/v2/../") == 404


def test_the_server_outlives_all_of_it(own: Web) -> None:
    assert own.ask("GET", "/v2/").status == 200
