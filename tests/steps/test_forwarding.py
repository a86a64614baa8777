"""The forwarding of an agent's socket."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from builder.steps.forwarding import forward


def _ask(place: str, words: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(place)
        client.sendall(words)
        return client.recv(100)


def test_whoever_connects_talks_to_the_agent(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(f"{tmp_path}/real")
        agent.listen()

        def serve() -> None:
            for _ in range(2):
                client, _ = agent.accept()
                with client:
                    client.sendall(client.recv(100).upper())

        thread = threading.Thread(target=serve)
        thread.start()
        folder = tmp_path / ("long" * 30) / "folder"
        folder.mkdir(parents=True)
        with forward(f"{tmp_path}/real", str(folder)) as place:
            answers = []
            for words in (b"one", b"two"):
                (tmp_path / "s").unlink(missing_ok=True)
                (tmp_path / "s").symlink_to(place)
                answers.append(_ask(f"{tmp_path}/s", words))
        thread.join()
    assert answers == [b"ONE", b"TWO"]
