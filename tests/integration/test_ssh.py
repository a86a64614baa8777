"""RUN --mount=type=ssh: an agent's socket, forwarded."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write


@pytest.fixture
def echoing(tmp_path: Path) -> Iterator[str]:
    """An agent that answers every request with its own words in capitals."""
    place = str(tmp_path / "agent")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                with client:
                    client.sendall(client.recv(100).upper())

        thread = threading.Thread(target=serve)
        thread.start()
        yield place
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_an_agent_is_given_with_owner_and_mode_and_leaves_no_trace(
    based: Pybuild, tmp_path: Path, echoing: str
) -> None:
    text = """\
FROM base
RUN --mount=type=ssh --mount=type=ssh,id=o,uid=3,gid=4,mode=0640 \
    stat -c '%F %u:%g %a' $SSH_AUTH_SOCK /run/buildkit/ssh_agent.1 > /out; echo $SSH_AUTH_SOCK >> /out
RUN ls -A / > /after
"""
    write(based.cwd, {"Buildfile": text})
    out = tmp_path / "result"
    options = ["--ssh", "default", "--ssh", f"o={echoing}", "-o", f"type=local,dest={out}"]
    based.run("build", *options, env={"SSH_AUTH_SOCK": echoing})
    assert (out / "out").read_text() == "socket 0:0 600\nsocket 3:4 640\n/run/buildkit/ssh_agent.0\n"
    assert "run" not in (out / "after").read_text().split()
