"""Who looks on is told what a registry is waited for."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable

import pytest

from builder.configuration.types import Registries
from builder.http.patience import Patience
from builder.images.report import FetchReport
from builder.model import media_types
from builder.progress.choose import make_reporter
from builder.progress.tty import TtyReporter
from builder.registry.access import Access
from builder.registry.transport import Transport
from builder.registry.waits import Over
from tests.progress.terminal import Terminal
from tests.registry.scripted import Reply, Script, scripted

MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": media_types.OCI_MANIFEST}).encode()
DONE = Reply(200, MANIFEST)


def later(seconds: int) -> Reply:
    return Reply(429, headers=(("Retry-After", str(seconds)),))


class Told:
    """What was said, and `over` for each that has ended."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.host = ""
        self.of_host = threading.Event()

    def __call__(self, what: str) -> Over:
        self.words.append(what)
        if self.host in what:
            self.of_host.set()
        return lambda: self.words.append("over")


def asked(script: Script, told: Told, sleep: Callable[[float], object] = lambda _: None, short_s: float = 2.0) -> None:
    transport = Transport(Patience(attempts=5, short_wait_s=short_s), sleep=sleep)
    with transport.waits.told_to(told):
        Access(Registries(), {}, transport).client(script.address).manifest("app", "1")
    transport.close()


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([later(7)], ["it asked to wait 7 s"]),
        ([later(100)], ["it asked to wait 100 s"]),
        ([Reply(503)] * 5, ["it failed, and is asked again in 2 s", "it failed, and is asked again in 4 s"]),
        ([Reply(503)], []),
    ],
)
def test_waits_that_last_are_told(replies: list[Reply], words: list[str]) -> None:
    told = Told()
    with scripted(*replies, DONE) as script:
        asked(script, told)
        expected = [[f"waiting for {script.address}: {text}", "over"] for text in words]
    assert told.words == [line for pair in expected for line in pair]


def test_a_registry_that_does_not_answer_yet_is_told() -> None:
    told = Told()
    with scripted(Reply(200, MANIFEST, after=told.of_host)) as script:
        asked(script, told, short_s=0.01)
        assert told.words[:2] == [f"waiting for {script.address}: no answer yet", "over"]


def test_a_token_server_that_does_not_answer_yet_is_told() -> None:
    told = Told()
    with scripted(Reply(200, b'{"token": "t"}', after=told.of_host)) as tokens:
        told.host = tokens.address
        challenge = (("WWW-Authenticate", f'Bearer realm="http://{tokens.address}/token"'),)
        with scripted(Reply(401, headers=challenge), DONE) as script:
            asked(script, told, short_s=0.01)
        assert f"waiting for {tokens.address}: no answer yet" in told.words


def test_nobody_is_told_when_nobody_listens() -> None:
    told = Told()
    transport = Transport(sleep=lambda _: None)
    with transport.waits.told_to(told):
        pass
    with scripted(later(7), DONE) as script:
        Access(Registries(), {}, transport).client(script.address).manifest("app", "1")
    assert told.words == []


def test_several_that_wait_for_the_same_are_one() -> None:
    stream = io.StringIO()
    report = FetchReport(make_reporter("rawjson", stream, {}))
    first, second = report.wait("waiting for x"), report.wait("waiting for x")
    first()
    second()
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(event["event"], event["id"]) for event in events] == [
        ("task-started", "wait.waiting for x"),
        ("task-finished", "wait.waiting for x"),
    ]


def test_a_terminal_shows_it_while_it_lasts() -> None:
    with Terminal(columns=90) as terminal, scripted(later(7), DONE) as script:
        reporter = TtyReporter(terminal.stream, {"TERM": "xterm"})
        text = f"waiting for {script.address}: it asked to wait 7 s"
        transport = Transport(sleep=lambda _: terminal.wait_for(text))
        with transport.waits.told_to(FetchReport(reporter).wait):
            Access(Registries(), {}, transport).client(script.address).manifest("app", "1")
        reporter.close()
        terminal.wait_until(lambda lines: not any("waiting" in line for line in lines))
