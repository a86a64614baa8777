"""`--log-driver` and `--log-opt`."""

from __future__ import annotations

from collections.abc import Sequence

from builder.containers.types import Log
from builder.errors import UsageError
from builder.model.size import parse_size

_HINT = "--log-opt max-size=20m --log-opt max-file=5; max-size=-1 is no limit"


def log_of(driver: str, options: Sequence[str]) -> Log:
    if driver not in ("json-file", "none"):
        raise UsageError("bad-option", f"--log-driver {driver}: no such driver", hint="json-file or none")
    log = Log(kept=driver != "none")
    for text in options:
        name, _, value = text.partition("=")
        match name:
            case "max-size":
                size = 0 if value == "-1" else parse_size(value)
                if size is None:
                    raise UsageError("bad-option", f"--log-opt {text}: not a size", hint=_HINT)
                log = log._replace(size=size)
            case "max-file":
                if not value.isdecimal() or not 1 <= int(value) <= 1000:
                    raise UsageError("bad-option", f"--log-opt {text}: not a number of files", hint=_HINT)
                log = log._replace(files=int(value))
            case _:
                raise UsageError("bad-option", f"--log-opt {text}: no such option", hint=_HINT)
    return log
