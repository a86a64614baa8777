"""Docker's own configuration file, which tools share: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from builder.errors import UsageError

_LIMIT = 16 << 20


def docker_folder(environment: Mapping[str, str]) -> str:
    """Where docker keeps what its user has said; empty where no one has a home."""
    home = environment.get("HOME", "")
    return environment.get("DOCKER_CONFIG") or (f"{home}/.docker" if home else "")


def docker_file(environment: Mapping[str, str]) -> str:
    """Empty where there is no such folder: never a file of the working directory, which may be anybody's."""
    folder = docker_folder(environment)
    return os.path.join(folder, "config.json") if folder else ""


def read_docker_file(path: str) -> dict[str, object]:
    """Its members; none where there is no such file, or it may not be read. Raises UsageError `bad-docker-config` for
    one that is damaged."""
    try:
        with open(path, "rb") as file:
            value = json.loads(file.read(_LIMIT) or b"{}")
    except OSError:
        return {}
    except (ValueError, RecursionError) as error:
        raise damaged(path, "it is not JSON") from error
    if not isinstance(value, dict):
        raise damaged(path, "it is no JSON object")
    return value


def damaged(path: str, what: str) -> UsageError:
    return UsageError("bad-docker-config", f"{path}: {what}", hint="docker would refuse it, too: repair the file")
