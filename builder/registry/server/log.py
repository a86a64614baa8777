"""One line per request, for people or as JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from datetime import UTC, datetime
from typing import TextIO

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

_LONGEST = 300


class Log:
    def __init__(self, stream: TextIO, form: str, quiet: bool) -> None:
        """`form` is `plain` or `json`. When `quiet`, only what is a fault of ours is said."""
        self._stream = stream
        self._json = form == "json"
        self._quiet = quiet

    def request(self, request: web.BaseRequest, status: int, size: int, started: float) -> None:
        if self._quiet:
            return
        seconds = asyncio.get_running_loop().time() - started
        self._write(
            {
                "client": request.remote or "",
                "user": request.get("user", ""),
                "method": request.method,
                "path": request.raw_path[:_LONGEST],
                "status": status,
                "bytes": size,
                "seconds": round(seconds, 4),
                "agent": request.headers.get("User-Agent", "")[:_LONGEST],
                "note": request.get("note", ""),
            }
        )

    def event(self, message: str) -> None:
        if not self._quiet:
            self._write({"note": message})

    def bug(self, error: BaseException) -> None:
        self._stream.write("".join(traceback.format_exception(error)))
        self._stream.flush()

    def of_the_library(self) -> logging.Logger:
        """What aiohttp says of requests that never get to us, in our form."""
        logger = logging.Logger("http", logging.INFO)
        logger.addHandler(_Handler(self))
        return logger

    def _write(self, fields: dict[str, object]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        if self._json:
            text = json.dumps({"time": now, **fields})
        else:
            shown = [_plain(name, value) for name, value in fields.items() if value != ""]
            text = " ".join([now, *shown])
        self._stream.write(text + "\n")
        self._stream.flush()


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None or isinstance(error, HttpProcessingError):
            self._log.event(f"{record.getMessage()}: {error.message[:_LONGEST] if error else ''}")
        else:
            self._log.bug(error)


def _plain(name: str, value: object) -> str:
    """Quoted where clients choose the text: nothing they send looks like a line of ours."""
    match name:
        case "path" | "agent" | "note" | "user":
            return json.dumps(value)
        case "bytes":
            return f"{value}B"
        case "seconds":
            return f"{value}s"
    return str(value)
