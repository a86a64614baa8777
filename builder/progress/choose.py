"""Which display a build gets."""

from __future__ import annotations

from collections.abc import Mapping

from builder.errors import UsageError
from builder.lean import TYPE_CHECKING
from builder.progress.events import Reporter

if TYPE_CHECKING:
    from typing import TextIO

MODES = ("auto", "tty", "plain", "rawjson", "quiet", "none")


def make_reporter(mode: str, stream: TextIO, env: Mapping[str, str]) -> Reporter:
    """The display that `--progress MODE` means, writing to `stream`. Raises UsageError `bad-progress` for an unknown
    mode and `no-terminal` where `tty` is asked for without one."""
    if mode == "auto":
        mode = "tty" if _is_terminal(stream, env) else "plain"
    match mode:
        case "plain":
            from builder.progress.plain import PlainReporter

            return PlainReporter(stream)
        case "tty":
            if not stream.isatty():
                raise UsageError("no-terminal", "--progress=tty needs a terminal", hint="use --progress=plain")
            from builder.progress.tty import TtyReporter

            return TtyReporter(stream, env)
        case "rawjson":
            from builder.progress.rawjson import RawJsonReporter

            return RawJsonReporter(stream)
        case "quiet":
            from builder.progress.quiet import QuietReporter

            return QuietReporter(stream)
        case "none":
            from builder.progress.silent import SilentReporter

            return SilentReporter()
    raise UsageError("bad-progress", f"there is no display {mode!r}", hint=f"use one of {', '.join(MODES)}")


def _is_terminal(stream: TextIO, env: Mapping[str, str]) -> bool:
    return env.get("TERM", "dumb") != "dumb" and stream.isatty()
