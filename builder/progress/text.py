"""Output of processes as lines that are safe to print."""

from __future__ import annotations

import codecs
import re

_MAX_LINE = 64 << 10
"""Characters after which a line is cut, so that output without line ends does not pile up."""

_CONTROL = (
    # CSI: cursor, colours, modes
    r"\x1b\[[0-?]*[ -/]*[@-~]?|\x9b[0-?]*[ -/]*[@-~]?"
    # strings to the terminal: title, clipboard, links, device control
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    # every other escape, then single control characters but for the tab
    r"|\x1b[ -/]*[0-~]?|[\x00-\x08\x0a-\x1f\x7f-\x9f]"
    # what turns the direction of text or breaks lines
    r"|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def printable(line: str) -> str:
    """`line` without anything that steers a terminal. Tabs stay; lone surrogates become question marks."""
    shown = line if line.isascii() and line.isprintable() else re.sub(_CONTROL, "", line.replace("\n", " "))
    return shown.encode("utf-8", "replace").decode()


class LineCutter:
    """Cuts one process's output into printable lines, however it arrives."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        *lines, self._rest = (self._rest + self._decode(data)).split("\n")
        while len(self._rest) > _MAX_LINE:
            lines.append(self._rest[:_MAX_LINE])
            self._rest = self._rest[_MAX_LINE:]
        return [_final_state(line) for line in lines]

    def partial(self) -> str:
        """The line that is not complete yet."""
        return _final_state(self._rest)

    def finish(self) -> list[str]:
        """What is left when the output has ended."""
        rest, self._rest = self._rest + self._decode(b"", True), ""
        return [_final_state(rest)] if rest else []


def _final_state(line: str) -> str:
    """A line as a terminal would show it in the end: what stands before a carriage return is overwritten."""
    return printable(line.rstrip("\r").rpartition("\r")[2])
