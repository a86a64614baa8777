"""More connections than there are files for."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from builder.registry.server.connections import capacity_of
from tests.registry.server.web import Web

HALF_A_REQUEST = b"GET /v2/ HTTP/1.1\r\nHost: registry.example\r\nX"


@given(st.integers(200, 1 << 21))
def test_what_may_be_open_is_enough(files: int) -> None:
    capacity = capacity_of(files)
    assert capacity.connections >= 8
    assert capacity.requests >= 4
    assert capacity.connections + capacity.requests * 6 + 32 <= files


def test_connections_that_are_only_held_keep_nobody_out(tmp_path: Path) -> None:
    limited = [
        "sh",
        "-c",
        'ulimit -n 200 && exec "$0" "$@"',
        sys.executable,
        "-m",
        "builder",
        "registry",
        "serve",
        "-q",
    ]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    log = tmp_path / "log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [*limited, "--root", str(tmp_path / "root"), "--addr", "127.0.0.1:0"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        host, _, port = process.stdout.readline().strip().removeprefix("http://").partition(":")
        with ExitStack() as held:
            held.callback(process.terminate)
            for _ in range(190):
                held.enter_context(socket.create_connection((host, int(port)), timeout=30)).sendall(HALF_A_REQUEST)
            web = Web(f"{host}:{port}")
            assert [web.ask("GET", "/v2/").status for _ in range(3)] == [200] * 3
            web.push("held/app", b"content")
    assert log.read_text() == ""
