"""`--progress quiet`: nothing, unless a step fails; then its whole output."""

from __future__ import annotations

import _thread

from builder.lean import TYPE_CHECKING
from builder.progress.events import Event, TaskFinished, TaskLog, TaskStarted
from builder.progress.writer import Writer

if TYPE_CHECKING:
    from typing import TextIO

    from builder.progress.transcript import Transcript


class QuietReporter:
    def __init__(self, stream: TextIO) -> None:
        self._writer = Writer(stream)
        self._mutex = _thread.allocate_lock()
        self._titles: dict[str, str] = {}
        self._transcripts: dict[str, Transcript] = {}

    def emit(self, event: Event) -> None:
        with self._mutex:
            match event:
                case TaskStarted():
                    self._titles[event.id] = event.title
                case TaskLog():
                    if event.id not in self._transcripts:
                        from builder.progress.transcript import Transcript

                        self._transcripts[event.id] = Transcript()
                    self._transcripts[event.id].add(event.data)
                case TaskFinished():
                    self._finish(event)

    def close(self) -> None:
        with self._mutex:
            for transcript in self._transcripts.values():
                transcript.close()
            self._transcripts.clear()

    def _finish(self, event: TaskFinished) -> None:
        title = self._titles.pop(event.id, event.id)
        transcript = self._transcripts.pop(event.id, None)
        if event.error and not event.canceled:
            from builder.progress.text import printable

            self._writer.write(f"{printable(title)}: {printable(event.error)}\n")
            for line in transcript.lines() if transcript else ():
                self._writer.write(f"  {line}\n")
        if transcript:
            transcript.close()
