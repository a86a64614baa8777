"""The part of the terminal display that is redrawn, on rich. Used by one thread only."""

from __future__ import annotations

import io
from collections.abc import Mapping

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from builder.progress.events import TaskProgress
from builder.progress.figures import progress_text, seconds_text
from builder.progress.frame import Frame, Running
from builder.progress.writer import Writer

_BAR = 20
_MOST_TAIL_LINES = 6
_SIZE_FROM_TERMINAL = ("COLUMNS", "LINES")
"""Variables that would freeze the size; the terminal itself knows better."""


class _Pipe(io.StringIO):
    """What rich writes to: hands everything to a Writer, which never raises."""

    def __init__(self, writer: Writer) -> None:
        super().__init__()
        self._writer = writer

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._writer.stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._writer.write(text)
        return len(text)


class LiveView:
    """Hides the cursor until `close`."""

    def __init__(self, writer: Writer, env: Mapping[str, str]) -> None:
        self._writer = writer
        environment = {name: value for name, value in env.items() if name not in _SIZE_FROM_TERMINAL}
        self._console = Console(
            file=_Pipe(writer),
            force_terminal=True,
            no_color=bool(env.get("NO_COLOR")),
            markup=False,
            highlight=False,
            emoji=False,
            _environ=environment,
        )
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def show(self, frame: Frame) -> None:
        """Adds what has finished above the live part and redraws that."""
        width, height = self._writer.size()
        self._console.width, self._console.height = width, height
        if frame.finished:
            lines = [Text(line.fitted(width), style=line.style) for line in frame.finished]
            self._console.print(Text("\n").join(lines), soft_wrap=True)
        self._live.update(Group(*render(frame, width, height)), refresh=True)

    def close(self) -> None:
        """Removes the live part and shows the cursor again. Safe to repeat."""
        self._live.update(Group(), refresh=False)
        self._live.stop()


def render(frame: Frame, width: int, height: int) -> list[Text]:
    """The live part: a head, then each running task with the end of its output, in at most `height - 1` lines that fit
    the width."""
    room = height - 2
    if len(frame.running) > room:
        room -= 1  # for the line that counts the others
    shown = frame.running[:room]
    lines = [_fit(f"Building {seconds_text(frame.seconds)}, {len(frame.running)} running", width, "bold")]
    spare = (room - len(shown)) // max(len(shown), 1)
    for task in shown:
        lines.append(_fit(f"  {seconds_text(task.seconds):>8} {task.title}", width, ""))
        lines += _details(task, width, min(spare, _MOST_TAIL_LINES))
    if len(shown) < len(frame.running):
        lines.append(_fit(f"           and {len(frame.running) - len(shown)} more", width, "dim"))
    return lines


def _details(task: Running, width: int, room: int) -> list[Text]:
    lines = []
    if task.progress and room > 0:
        lines.append(_fit(f"           {_bar(task.progress)}{progress_text(task.progress)}", width, ""))
    rest = room - len(lines)
    if rest > 0:
        lines += [_fit(f"           {line}", width, "dim") for line in task.tail[-rest:]]
    return lines


def _bar(progress: TaskProgress) -> str:
    if not progress.total:
        return ""
    filled = min(max(progress.done * _BAR // progress.total, 0), _BAR)
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] "


def _fit(text: str, width: int, style: str) -> Text:
    """One line that never wraps, whatever the text: a line too long would make the next redraw start in the wrong
    row."""
    line = Text(text.expandtabs(), style=style, no_wrap=True, overflow="ellipsis")
    line.truncate(width - 1, overflow="ellipsis")
    return line
