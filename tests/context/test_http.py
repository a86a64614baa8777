"""Files behind URLs, from a real server."""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builder.context.http import HttpCache
from builder.context.weblink import file_name, safe_name, served_name, shown
from builder.errors import ContextError, StoreError
from builder.http.patience import Patience
from tests.support.web import Asked, Page, WebServer

PATIENT = Patience(attempts=3)
SOON = PATIENT._replace(connect_timeout_s=0.3, read_timeout_s=0.3)
"""For servers that never answer: a busy machine may need as long for one that does."""


@pytest.fixture
def web() -> Iterator[WebServer]:
    server = WebServer()
    yield server
    server.close()


@pytest.fixture
def other() -> Iterator[WebServer]:
    server = WebServer()
    yield server
    server.close()


def cache(
    tmp_path: Path, secret: Callable[[str], bytes | None] = lambda _: None, patience: Patience = PATIENT
) -> HttpCache:
    return HttpCache(str(tmp_path / "http"), secret, patience=patience, sleep=lambda _: None, limit=1 << 20)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ContextError) as caught:
        call()
    return caught.value.code


def leftovers(tmp_path: Path) -> list[str]:
    return [name for _, _, names in os.walk(tmp_path) for name in names if name.startswith(".")]


def test_a_file_and_what_is_known_of_it(tmp_path: Path, web: WebServer) -> None:
    web.pages["/d/a.txt"] = Page(b"text", headers={"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"})
    found = cache(tmp_path).fetch(f"{web.url}/d/a.txt?q=1#part")
    assert Path(found.path).read_bytes() == b"text"
    assert found[1:] == (sha256(b"text"), 4, "a.txt", 1445412480)
    assert web.asked[0].path == "/d/a.txt?q=1"


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_an_unchanged_file_is_not_sent_again(tmp_path: Path, web: WebServer, header: str) -> None:
    value = {"ETag": 'W/"x"', "Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}[header]
    web.pages["/a"] = Page(b"text", headers={header: value})
    first = cache(tmp_path).fetch(f"{web.url}/a")
    assert cache(tmp_path).fetch(f"{web.url}/a") == first
    os.unlink(first.path)
    assert cache(tmp_path).fetch(f"{web.url}/a") == first
    conditions = [bool({"if-none-match", "if-modified-since"} & asked.headers.keys()) for asked in web.asked]
    assert conditions == [False, True, False]


def test_a_server_that_ignores_conditions_is_not_read_to_the_end(tmp_path: Path, web: WebServer) -> None:
    web.pages["/a"] = Page(b"text", headers={"ETag": '"x"'})
    first = cache(tmp_path).fetch(f"{web.url}/a")
    web.pages["/a"] = lambda _: Page(b"", headers={"ETag": 'W/"x"', "Content-Length": "1000000"})
    assert cache(tmp_path).fetch(f"{web.url}/a") == first


def test_a_checksum_of_a_file_that_is_here_needs_no_server(tmp_path: Path, web: WebServer) -> None:
    web.pages["/a"] = Page(b"text")
    first = cache(tmp_path).fetch(f"{web.url}/a")
    assert cache(tmp_path).fetch(f"{web.url}/a", sha256(b"text")) == first
    assert len(web.asked) == 1
    assert code_of(lambda: cache(tmp_path).fetch(f"{web.url}/a", sha256(b"other"))) == "checksum-mismatch"
    assert not leftovers(tmp_path)


def test_redirects_lose_credentials_on_their_way_to_another_host(
    tmp_path: Path, web: WebServer, other: WebServer
) -> None:
    web.pages = {
        "/a": Page(status=302, headers={"Location": "/b"}),
        "/b": Page(status=307, headers={"Location": f"{other.url}/c"}),
    }
    other.pages["/c"] = Page(b"text")
    secrets = {"HTTP_AUTH_TOKEN_127.0.0.1": b"geheim\n", "HTTP_AUTH_HEADER_127.0.0.1": b"Basic other"}
    found = cache(tmp_path, secrets.get).fetch(f"{web.url}/a")
    assert [asked.headers.get("authorization") for asked in web.asked] == ["Bearer geheim"] * 2
    assert "authorization" not in other.asked[0].headers
    assert found.name == "a"
    kept = b"".join(path.read_bytes() for path in (tmp_path / "http").rglob("*") if path.is_file())
    assert b"geheim" not in kept
    assert web.url.encode() not in kept


def test_credentials_of_the_url_itself(tmp_path: Path, web: WebServer) -> None:
    web.pages["/a"] = Page(b"text")
    cache(tmp_path).fetch(web.url.replace("://", "://user:p%40ss@") + "/a")
    assert web.asked[0].headers["authorization"] == "Basic dXNlcjpwQHNz"
    with pytest.raises(ContextError) as caught:
        cache(tmp_path).fetch(web.url.replace("://", "://user:p%40ss@") + "/none?sig=abc")
    assert "p%40ss" not in caught.value.message + (caught.value.hint or "")
    assert "abc" not in caught.value.message


def test_a_secret_of_two_lines_is_refused(tmp_path: Path, web: WebServer) -> None:
    secret = {"HTTP_AUTH_HEADER_127.0.0.1": b"a\r\nEvil: 1"}.get
    assert code_of(lambda: cache(tmp_path, secret).fetch(f"{web.url}/a")) == "bad-secret"
    assert not web.asked


def test_what_the_server_cannot_do_now_is_tried_again(tmp_path: Path, web: WebServer) -> None:
    answers = [Page(status=503), Page(status=500), Page(b"text")]
    web.pages["/a"] = lambda _: answers.pop(0)
    assert cache(tmp_path).fetch(f"{web.url}/a").size == 4
    web.pages["/b"] = Page(status=500)
    assert code_of(lambda: cache(tmp_path).fetch(f"{web.url}/b")) == "fetch-failed"
    assert len(web.asked) == 6
    assert code_of(lambda: cache(tmp_path).fetch(f"{web.url}/none")) == "fetch-failed"
    assert len(web.asked) == 7


def test_a_body_that_breaks_off_leaves_nothing(tmp_path: Path, web: WebServer) -> None:
    def short(_: Asked) -> Page:
        return Page(b"te", headers={"Content-Length": "4", "Connection": "close"})

    web.pages["/a"] = short
    assert code_of(lambda: cache(tmp_path).fetch(f"{web.url}/a")) == "unreachable"
    assert not leftovers(tmp_path)
    assert not os.listdir(tmp_path / "http" / "files")


def test_an_endless_body_ends_at_the_limit(tmp_path: Path, web: WebServer) -> None:
    web.pages["/a"] = Page(bytes(2 << 20))
    assert code_of(lambda: cache(tmp_path).fetch(f"{web.url}/a")) == "too-large"
    web.pages["/bomb"] = Page(gzip.compress(bytes(2 << 20)), headers={"Content-Encoding": "gzip"})
    assert code_of(lambda: cache(tmp_path).fetch(f"{web.url}/bomb")) == "too-large"
    assert not leftovers(tmp_path)


def test_a_full_disk_is_named(tmp_path: Path, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/a"] = Page(b"text")
    ours = cache(tmp_path)
    monkeypatch.setattr("builder.context.http._read_only", lambda *_: os.open("/dev/full", os.O_WRONLY))
    with pytest.raises(StoreError) as caught:
        ours.fetch(f"{web.url}/a")
    assert caught.value.code == "disk-full"


def test_a_packed_body_is_unpacked_as_browsers_do(tmp_path: Path, web: WebServer) -> None:
    web.pages["/a"] = Page(gzip.compress(b"text"), headers={"Content-Encoding": "gzip"})
    assert cache(tmp_path).fetch(f"{web.url}/a").digest == sha256(b"text")


def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepted: list[socket.socket] = []
        thread = threading.Thread(target=lambda: accepted.extend(listening.accept()[0] for _ in range(SOON.attempts)))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/a"
        assert code_of(lambda: cache(tmp_path, patience=SOON).fetch(url)) == "unreachable"
        thread.join()
        for connection in accepted:
            connection.close()
    assert code_of(lambda: cache(tmp_path).fetch(url)) == "unreachable"


def test_redirects_in_a_circle_and_to_files(tmp_path: Path, web: WebServer) -> None:
    web.pages["/a"] = Page(status=301, headers={"Location": "/a"})
    assert code_of(lambda: cache(tmp_path).fetch(f"{web.url}/a")) == "fetch-failed"
    web.pages["/b"] = Page(status=301, headers={"Location": "file:///etc/passwd"})
    assert code_of(lambda: cache(tmp_path).fetch(f"{web.url}/b")) == "bad-url"


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://a:b/", "file:///etc/passwd", "http:///x"])
def test_bad_urls(tmp_path: Path, url: str) -> None:
    assert code_of(lambda: cache(tmp_path).fetch(url)) == "bad-url"


def test_a_damaged_record_is_none(tmp_path: Path, web: WebServer) -> None:
    web.pages["/a"] = Page(b"text", headers={"ETag": '"x"'})
    first = cache(tmp_path).fetch(f"{web.url}/a")
    (record,) = (tmp_path / "http" / "known").iterdir()
    for text in (b"", b"[]", b'{"digest": "../../x"}', b"\xff"):
        record.write_bytes(text)
        assert cache(tmp_path).fetch(f"{web.url}/a") == first


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://h/a/b.txt", "b.txt"), ("http://h/a/b.txt?x=/y#z/w", "b.txt"), ("http://h/a/", "a"),
        ("http://h", "__unnamed__"),
        ("http://h/", "__unnamed__"), ("http://h/a%2Fb", "b"), ("http://h/%20x%20", "x"), ("http://h/..", "download"),
        ("http://h/a%0Ab", "download"), ("http://h/%C3%A4", "ä"),
    ],
)  # fmt: skip
def test_names_of_urls(url: str, name: str) -> None:
    assert file_name(url) == name


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="x y.txt"', "x y.txt"), ("attachment; filename=../../etc/passwd", "passwd"),
        ("attachment; filename*=UTF-8''%e2%82%ac.txt", "€.txt"), ("attachment; filename=dir/", "a"), ("inline", "a"),
        ("", "a"), ("attachment; filename=..", "download"),
    ],
)  # fmt: skip
def test_names_that_servers_give(disposition: str, name: str) -> None:
    assert served_name("http://h/a", {"content-disposition": disposition}) == name


def test_safe_names_and_shown_urls() -> None:
    assert safe_name("a\0b") == "download"
    assert shown("https://u:p@h:1/a?sig=1#x") == "https://h:1/a?…"
