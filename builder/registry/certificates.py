"""Authorities and client certificates that the user keeps for single registries, in docker's layout:

    certs.d/HOST[:PORT]/*.crt           authorities, trusted beside this machine's own
    certs.d/HOST[:PORT]/NAME.cert .key  a client certificate and its key

in `/etc/docker`, in docker's folder (`~/.docker`, `$DOCKER_CONFIG`), and where rootless docker looks,
`~/.config/docker`. All that there is counts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from builder.configuration.docker import docker_folder
from builder.errors import UsageError
from builder.http.connections import Security


def certificate_folders(environment: Mapping[str, str]) -> tuple[str, ...]:
    home = environment.get("XDG_CONFIG_HOME") or f"{environment.get('HOME', '')}/.config"
    return tuple(
        f"{folder}/certs.d" for folder in ("/etc/docker", docker_folder(environment), f"{home}/docker") if folder
    )


def security_for(host: str, folders: tuple[str, ...]) -> Security:
    """What is kept for `host`. Raises UsageError `bad-certificates` for a certificate without its key."""
    authorities: list[str] = []
    pairs: list[tuple[str, str]] = []
    for folder in folders:
        place = os.path.join(folder, host)
        for name in _names(place):
            path = os.path.join(place, name)
            if name.endswith(".crt"):
                authorities.append(path)
            elif name.endswith(".cert"):
                pairs.append((path, _partner(path, ".cert", ".key")))
            elif name.endswith(".key"):
                _partner(path, ".key", ".cert")
    return Security(True, tuple(authorities), tuple(pairs))


def _names(place: str) -> list[str]:
    if "/" in os.path.basename(place) or os.path.basename(place) in ("", ".", ".."):
        return []
    try:
        return sorted(os.listdir(place))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError("bad-certificates", f"{place} cannot be read: {error.strerror}") from error


def _partner(path: str, ending: str, other: str) -> str:
    partner = path.removesuffix(ending) + other
    if not os.path.exists(partner):
        hint = "a client certificate is NAME.cert with NAME.key beside it; an authority is NAME.crt"
        raise UsageError("bad-certificates", f"{path} has no {os.path.basename(partner)} beside it", hint=hint)
    return partner
