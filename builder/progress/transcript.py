"""The whole output of one step, kept until it is known whether the step failed."""

from __future__ import annotations

from collections.abc import Iterator

from builder.lean import TYPE_CHECKING
from builder.progress.text import LineCutter

if TYPE_CHECKING:
    from tempfile import SpooledTemporaryFile

_IN_MEMORY = 64 << 10
_CHUNK = 64 << 10


class Transcript:
    """Long output goes to a temporary file that vanishes with `close`, so memory stays flat and nothing is lost. If the
    disk is full, what does not fit is counted and the count is told."""

    def __init__(self) -> None:
        self._file: SpooledTemporaryFile[bytes] | None = None
        """Made with the first output: most steps of most builds have none."""
        self._lost = 0

    def add(self, data: bytes) -> None:
        if self._lost:
            self._lost += len(data)
            return
        try:
            if self._file is None:
                from tempfile import SpooledTemporaryFile

                self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by close()
            self._file.write(data)
        except OSError:
            self._lost = len(data)

    def lines(self) -> Iterator[str]:
        """All lines so far, printable."""
        if self._file is None:
            return
        self._file.seek(0)
        cutter = LineCutter()
        while chunk := self._file.read(_CHUNK):
            yield from cutter.feed(chunk)
        yield from cutter.finish()
        if self._lost:
            yield f"({self._lost} bytes of output are lost: the temporary directory is full)"

    def close(self) -> None:
        if self._file:
            self._file.close()
