"""The log of a container: one JSON object for each line of output, as docker's json-file has them.

`log` is the line with its end, bytes that are not UTF-8 as surrogate escapes; a line of more than 16 KiB comes in
pieces, of which only the last has an end.
"""

from __future__ import annotations

import json
import os

from builder.containers.times import now

LONGEST = 16 << 10


class Log:
    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._rest: dict[str, bytes] = {}

    def write(self, stream: str, data: bytes) -> None:
        """Whole lines; what has no end yet waits for it."""
        *lines, rest = (self._rest.get(stream, b"") + data).split(b"\n")
        pieces = [piece for line in lines for piece in _pieces(line + b"\n")]
        if len(rest) > LONGEST:
            *whole, rest = _pieces(rest)
            pieces += whole
        self._rest[stream] = rest
        self._append(stream, pieces)

    def close(self) -> None:
        for stream, rest in self._rest.items():
            if rest:
                self._append(stream, [rest])
        os.close(self._fd)

    def _append(self, stream: str, pieces: list[bytes]) -> None:
        if not pieces:
            return
        rest = {"stream": stream, "time": now()}
        texts = [piece.decode("utf-8", "surrogateescape") for piece in pieces]
        data = "".join(f"{json.dumps({'log': text} | rest)}\n" for text in texts).encode()
        try:
            os.write(self._fd, data)
        except OSError:  # a full disk must not end the container
            return


def _pieces(line: bytes) -> list[bytes]:
    return [line[at : at + LONGEST] for at in range(0, len(line), LONGEST)]
