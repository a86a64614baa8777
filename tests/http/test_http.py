"""How long the other side is waited for, and what it can do meanwhile."""

from __future__ import annotations

import base64
import io
import socket
import threading
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import HTTPError

from builder.errors import UsageError
from builder.http.connections import Connections, release
from builder.http.failures import FailureKind, failure_of
from builder.http.patience import Patience
from builder.http.places import host_of, is_loopback, place_of, without_port
from builder.http.proxies import proxy_for
from builder.http.steady import SteadyReader
from builder.registry.transport import unreachable
from tests.registry.scripted import Reply, scripted
from tests.support.web import Page, WebServer


def test_waits_grow_and_end() -> None:
    patience = Patience(first_delay_s=1, longest_delay_s=5)
    assert [patience.delay_s(failures) for failures in (1, 2, 3, 4)] == [1, 2, 4, 5]
    assert patience.delay_s(1, "3") == 3
    assert patience.delay_s(1, "86400") == 5
    assert 3000 < Patience(longest_delay_s=9999).delay_s(1, formatdate(time.time() + 3600, usegmt=True)) <= 3600
    assert patience.delay_s(1, formatdate(time.time() + 3600, usegmt=True)) == 5
    assert patience.delay_s(1, formatdate(time.time() - 100, usegmt=True)) == 1


@given(st.text(max_size=40))
def test_any_wish_is_a_wait_within_bounds(text: str) -> None:
    assert 0.5 <= Patience().delay_s(1, text) <= 60


@pytest.mark.parametrize("most", [0, 1, 5])
def test_an_answer_that_breaks_off_within_its_headers_is_none(most: int) -> None:
    """http.client takes the headers that came for all; `most` lines of them, and a piece of the next."""
    lines = ["HTTP/1.1 200 OK", "Docker-Content-Digest: sha256:1", "Location: /next", "Content-Length: 2", "", "{}"]
    whole = "\r\n".join(lines).encode()
    cut = len("\r\n".join(lines[:most])) + 1
    with socket.create_server(("127.0.0.1", 0)) as server:
        connections, url = Connections(), f"http://127.0.0.1:{server.getsockname()[1]}/"

        def answer_with(data: bytes) -> None:
            with server.accept()[0] as connection:
                connection.recv(1000)
                connection.sendall(data)

        for data in (whole[:cut], whole):
            thread = threading.Thread(target=answer_with, args=(data,))
            thread.start()
            if data == whole:
                release(connections.send("GET", url, {}))
            else:
                with pytest.raises(HTTPError) as caught:
                    connections.send("GET", url, {})
                assert failure_of(caught.value).kind is FailureKind.BROKEN
            thread.join()
        connections.close()


class Clock:
    """One that goes on only when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("builder.http.steady.time", clock)
    return clock


class Slow(io.RawIOBase):
    """Gives one byte after each wait."""

    def __init__(self, clock: Clock, wait_s: float) -> None:
        super().__init__()
        self._clock, self._wait_s = clock, wait_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        self._clock.now += self._wait_s
        memoryview(buffer)[:1] = b"x"  # type: ignore[arg-type]
        return 1


def test_who_dribbles_is_given_up(clock: Clock) -> None:
    with pytest.raises(TimeoutError, match="only 61 bytes came in 61 seconds"):
        io.BufferedReader(SteadyReader(Slow(clock, 1), Patience(read_timeout_s=60, slow_bytes=100))).read(10_000)


def test_a_wait_of_the_reader_does_not_count(clock: Clock) -> None:
    reader = SteadyReader(Slow(clock, 0), Patience(read_timeout_s=60, slow_bytes=100))
    for _ in range(4):
        assert reader.read(1) == b"x"
        clock.now += 40


def test_a_connection_that_waits_is_cut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connections = Connections(Patience(read_timeout_s=30))
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        failures: list[Exception] = []

        def ask() -> None:
            try:
                connections.send("GET", url, {})
            except HTTPError as error:
                failures.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        accepted, _ = server.accept()
        assert accepted.recv(3) == b"GET"
        connections.abort()
        thread.join(60)
        accepted.close()
        assert not thread.is_alive()
        assert failure_of(failures[0]).is_passing


def test_connections_are_used_again() -> None:
    web = WebServer()
    web.pages["/"] = Page(b"text")
    connections = Connections()
    for _ in range(3):
        response = connections.send("GET", f"{web.url}/", {})
        assert response.read() == b"text"
        release(response)
    connections.close()
    web.close()
    with pytest.raises(HTTPError) as caught:
        connections.send("GET", f"{web.url}/", {})
    assert failure_of(caught.value).kind is FailureKind.REFUSED
    connections.close()


def test_places() -> None:
    assert place_of("https://a.example/x") == ("https", "a.example", 443)
    assert place_of("http://u:p@A.example:8080") == ("http", "a.example", 8080)
    assert host_of("https://u:p@a.example:1/x?y") == "a.example:1"
    assert without_port("[::1]:5000") == "[::1]"
    assert is_loopback("[::1]")
    for url in ("ftp://a", "https://", "nothing", "https://[::1", "https://a:99999"):
        with pytest.raises(ValueError):  # noqa: PT011 - urllib's words differ with its version
            place_of(url)


def test_this_machine_is_spoken_to_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert proxy_for("http://outside.example/") == "http://proxy.example"
    assert proxy_for("http://127.0.0.1:5000/") == ""
    assert proxy_for("http://inside.example/") == ""


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("10.0.0.0/8", "https://10.1.2.3:5000/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("fd00::/8, x", "https://[fd00::1]:5000/", True),
        ("10.1.2.3", "https://10.1.2.3:5000/", True),
        (".inside.example", "https://a.inside.example:5000/", True),
        ("*", "https://a.example/", True),
        ("10.0.0.0/99,,/", "https://10.1.2.3/", False),
    ],
)
def test_what_goes_without_a_proxy(monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str, direct: bool) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert proxy_for(url) == ("" if direct else "http://proxy.example:3128")


def test_a_proxy_that_wants_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(Reply(200)) as proxy:
        monkeypatch.setenv("http_proxy", f"http://us%40er:p%3Aw@{proxy.address}")
        release(Connections().send("GET", "http://registry.example/v2/", {}))
        (seen,) = proxy.seen
    assert seen.path == "http://registry.example/v2/"
    assert base64.b64decode(seen.headers["proxy-authorization"].removeprefix("Basic ")) == b"us@er:p:w"


@pytest.mark.parametrize("proxy", ["socks5://proxy.example:1080", "http://[::1", "http://a.example:port"])
def test_what_is_no_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(UsageError) as caught:
        Connections().send("GET", "https://registry.example/", {})
    assert caught.value.code == "bad-proxy"


def test_a_proxy_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:secret@127.0.0.1:9")
    with pytest.raises(HTTPError) as caught:
        Connections().send("GET", "https://registry.example/", {})
    assert failure_of(caught.value).kind is FailureKind.PROXY
    error = unreachable("https://registry.example/", caught.value)
    assert "the proxy 127.0.0.1:9 does not lead to registry.example: connection refused" in error.message
    assert "secret" not in f"{error.message}{error.hint}"
