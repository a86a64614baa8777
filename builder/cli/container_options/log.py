"""`--log-driver` and `--log-opt`."""

from __future__ import annotations

from collections.abc import Sequence

from builder.configuration.read import LOG_DRIVERS, MOST_LOG_FILES
from builder.configuration.types import Containers
from builder.containers.types import Log
from builder.errors import UsageError
from builder.model.size import parse_size

_HINT = "--log-opt max-size=20m --log-opt max-file=5; max-size=-1 is no limit"


def log_of(driver: str, options: Sequence[str], configured: Containers) -> Log:
    """`configured`: what is meant where nothing is said."""
    driver = driver or configured.log_driver or LOG_DRIVERS[0]
    if driver not in LOG_DRIVERS:
        raise UsageError("bad-option", f"--log-driver {driver}: no such driver", hint=" or ".join(LOG_DRIVERS))
    log = Log(kept=driver != "none")
    log = log if configured.log_size is None else log._replace(size=configured.log_size)
    log = log if configured.log_files is None else log._replace(files=configured.log_files)
    for text in options:
        name, _, value = text.partition("=")
        match name:
            case "max-size":
                size = 0 if value == "-1" else parse_size(value)
                if size is None:
                    raise UsageError("bad-option", f"--log-opt {text}: not a size", hint=_HINT)
                log = log._replace(size=size)
            case "max-file":
                if not value.isdecimal() or not 1 <= int(value) <= MOST_LOG_FILES:
                    raise UsageError("bad-option", f"--log-opt {text}: not a number of files", hint=_HINT)
                log = log._replace(files=int(value))
            case _:
                raise UsageError("bad-option", f"--log-opt {text}: no such option", hint=_HINT)
    return log
