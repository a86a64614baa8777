"""How errors look: file and line, what is wrong, the line under a caret, what to do."""

from __future__ import annotations

import argparse
import errno
import os
import re
import traceback
from collections.abc import Callable
from difflib import get_close_matches
from typing import TextIO

from builder.errors import BuilderError, OutputError, Problems, Span, UsageError

_MOST = 20
"""Errors of one input that are printed: nobody reads more, and a binary file has one on every line."""


def print_error(error: BuilderError, stream: TextIO) -> None:
    errors = error.errors if isinstance(error, Problems) else (error,)
    for one in errors[:_MOST]:
        stream.write(_text_of(one))
    if len(errors) > _MOST:
        stream.write(f"... and {len(errors) - _MOST} more errors\n")
    stream.flush()


def _text_of(error: BuilderError) -> str:
    place = f"{error.span.file}:{error.span.line}: " if error.span else ""
    lines = [f"{place}error: {_printable(error.message)}"]
    if error.span and error.span.text:
        lines += _excerpt(error.span)
    if error.hint:
        lines.append(f"hint: {_printable(error.hint)}")
    return "\n".join(lines) + "\n"


def _excerpt(span: Span) -> list[str]:
    """The source line with a caret below; long lines are cut around the column."""
    start = max(0, span.column - 60)
    text = span.text.expandtabs(1)[start : start + 110]
    number = f"{span.line:>5} | "
    lines = [number + _printable(text)]
    if span.column:
        lines.append(" " * (len(number) - 2) + "| " + " " * (span.column - 1 - start) + "^")
    return lines


def _printable(text: str) -> str:
    """Without control characters: an error may quote a hostile file."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def misused(
    parser: argparse.ArgumentParser, message: str, exit_code: int, instead_of: Callable[[str], str]
) -> UsageError:
    """What argparse says of arguments, without its page of usage before it. `instead_of`: what the command knows to say
    of an option that it has not got."""
    hint = f"`{parser.prog} --help` lists the arguments"
    what, _, rest = message.partition("unrecognized arguments: ")
    options = [word for word in rest.split() if word.startswith("-")]
    if options and not what:
        message = f"unrecognized arguments: {' '.join(options)}"  # argparse adds the words that they have displaced
    given = re.match(r"unrecognized arguments: --([^\s=]+)", message)
    known = [name[2:] for name in parser._option_string_actions if name.startswith("--")]
    near = get_close_matches(given[1], known, n=1) if given else []
    hint = f"did you mean --{near[0]}? {hint}" if near else hint
    error = UsageError("usage", message, hint=(given and instead_of(f"--{given[1]}")) or hint)
    error.exit_code = exit_code
    return error


def without_working_directory(error: Exception) -> UsageError | None:
    """Whoever asks for the current directory fails when that was removed."""
    if not isinstance(error, FileNotFoundError):
        return None
    try:
        os.getcwd()
    except FileNotFoundError:
        hint = "change to a folder that exists: `cd .` is enough where it was made anew"
        return UsageError("no-working-directory", "the current directory was removed", hint=hint)
    return None


_EXHAUSTED = {
    errno.ENOMEM: ("no-memory", "there is not enough memory", "free some, or raise the limit: ulimit -v"),
    errno.EAGAIN: ("no-processes", "no more processes or threads can be started", "raise the limit: ulimit -u"),
    errno.EMFILE: ("no-files", "no more files can be opened", "raise the limit: ulimit -n"),
    errno.EFBIG: (
        "file-too-large",
        "a file may not become so large",
        "raise the limit (ulimit -f), or choose another filesystem with --root",
    ),
}


def without_resources(error: Exception) -> BuilderError | None:
    """What the machine has no more of, or does not give to us; what we print can meet a full disk too."""
    number = _number_of(error)
    if number in (errno.ENOSPC, errno.EDQUOT):
        name = getattr(error, "filename", None)
        place = f" for {name}" if name else " for what is written"
        return OutputError("no-space", f"no space is left{place}", hint="free some, or write elsewhere")
    if number in _EXHAUSTED:
        code, message, hint = _EXHAUSTED[number]
        return BuilderError(code, message, hint=hint)
    return None


def _number_of(error: Exception) -> int | None:
    """The system's number of a failure, also where Python has hidden it."""
    if isinstance(error, OSError):
        return error.errno
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    return errno.EAGAIN if isinstance(error, RuntimeError) and "start new thread" in str(error) else None


def print_bug(stream: TextIO) -> None:
    stream.write(traceback.format_exc())
    stream.write("pybuild: this is a bug in pybuild, not in your Buildfile; please report it with the lines above\n")
    stream.flush()
