"""The log of a container: one JSON object for each line of output, as docker's json-file has them.

`log` is the line with its end, bytes that are not UTF-8 as surrogate escapes; a line of more than 16 KiB comes in
pieces, of which only the last has an end. A file that is full becomes `log.1`, what was that `log.2`, and so on; the
oldest goes, so that a container that never stops talking does not fill the disk.
"""

from __future__ import annotations

import itertools
import json
import os
from contextlib import suppress

from builder.containers.times import now
from builder.containers.types import Log as Wanted

LONGEST = 16 << 10


class Log:
    def __init__(self, path: str, wanted: Wanted) -> None:
        self._path = path
        self._wanted = wanted
        self._rest: dict[str, bytes] = {}
        self._fd, self._size = -1, 0
        self._open()

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

    def _open(self) -> None:
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._fd).st_size

    def _append(self, stream: str, pieces: list[bytes]) -> None:
        """A full disk must not end the container; what does not fit on it is not logged, as a whole."""
        if not pieces:
            return
        rest = {"stream": stream, "time": now()}
        texts = [piece.decode("utf-8", "surrogateescape") for piece in pieces]
        with suppress(OSError):
            self._put([f"{json.dumps({'log': text} | rest)}\n".encode() for text in texts])

    def _put(self, lines: list[bytes]) -> None:
        batch: list[bytes] = []
        length = 0
        for line in lines:
            if self._wanted.size and self._size + length and self._size + length + len(line) > self._wanted.size:
                self._write(b"".join(batch))
                self._rotate()
                batch, length = [], 0
            batch.append(line)
            length += len(line)
        self._write(b"".join(batch))

    def _write(self, data: bytes) -> None:
        written = os.write(self._fd, data)
        if written < len(data):
            os.ftruncate(self._fd, self._size)
        else:
            self._size += written

    def _rotate(self) -> None:
        names = [self._path, *(f"{self._path}.{number}" for number in range(1, self._wanted.files))]
        for newer, older in reversed(list(itertools.pairwise(names))):
            with suppress(FileNotFoundError):
                os.rename(newer, older)
        if len(names) == 1:
            os.unlink(self._path)
        full = self._fd
        self._open()
        os.close(full)


def _pieces(line: bytes) -> list[bytes]:
    return [line[at : at + LONGEST] for at in range(0, len(line), LONGEST)]
