"""What the process of a container gets: environment, rights, limits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from builder.containers.types import Limits, Resolver
from builder.errors import UsageError
from builder.model.size import parse_size

_NAME = re.compile(r"[^=\s][^=]*")


def environment_of(
    given: Sequence[str], files: Sequence[str], ours: Mapping[str, str]
) -> tuple[tuple[str, str | None], ...]:
    """`NAME=VALUE`; `NAME` alone has our own value, and is taken away where we have none. Files come first."""
    pairs: dict[str, str | None] = {}
    for path in files:
        for line in _lines(path):
            pairs |= _variable(line, ours, f"{path}: {line}")
    for text in given:
        pairs |= _variable(text, ours, f"-e {text}")
    return tuple(pairs.items())


def _variable(text: str, ours: Mapping[str, str], where: str) -> dict[str, str | None]:
    name, equals, value = text.partition("=")
    if not _NAME.fullmatch(name):
        raise UsageError("bad-option", f"{where}: no variable", hint="NAME=VALUE, or NAME")
    return {name: value if equals else ours.get(name)}


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.lstrip().rstrip("\r\n") for line in file]
    except OSError as error:
        raise UsageError("bad-option", f"cannot read {path}: {error.strerror}") from error
    return [line for line in lines if line and not line.startswith("#")]


def labels_of(given: Sequence[str], files: Sequence[str]) -> tuple[tuple[str, str], ...]:
    texts = [line for path in files for line in _lines(path)] + list(given)
    return tuple(text.partition("=")[::2] for text in texts)


def hosts_of(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """`NAME:ADDRESS` or `NAME=ADDRESS`; the address may be `host-gateway`, which is this machine."""
    from builder.cli.surroundings import extra_host

    found = []
    for text in texts:
        name, _, address = text.partition("=" if "=" in text else ":")
        found.append((name.lower(), address) if name and address == "host-gateway" else extra_host(text))
    return tuple(found)


def resolver_of(servers: Sequence[str], search: Sequence[str], options: Sequence[str]) -> Resolver:
    import ipaddress

    for server in servers:
        try:
            ipaddress.ip_address(server)
        except ValueError as error:
            raise UsageError("bad-option", f"--dns {server}: no address", hint="such as 10.0.0.53") from error
    for text in (*search, *options):
        if not text or any(character.isspace() for character in text):
            raise UsageError("bad-option", f"{text!r} is neither a domain to search nor an option of the resolver")
    return Resolver(tuple(servers), tuple(search), tuple(options))


def security_of(texts: Sequence[str]) -> tuple[bool, bool]:
    """Whether new privileges are kept off, and whether system calls are filtered. What speaks of SELinux or AppArmor
    finds none: we label nothing, as `label=disable` and `apparmor=unconfined` say."""
    no_new_privileges, filtered = False, True
    for text in texts:
        match text.replace(":", "=", 1):
            case "no-new-privileges" | "no-new-privileges=true":
                no_new_privileges = True
            case "no-new-privileges=false" | "label=disable" | "apparmor=unconfined":
                pass
            case "seccomp=unconfined":
                filtered = False
            case _:
                hint = "no-new-privileges, seccomp=unconfined, label=disable or apparmor=unconfined"
                raise UsageError("bad-option", f"--security-opt {text} is not offered", hint=hint)
    return no_new_privileges, filtered


def capabilities_of(add: Sequence[str], drop: Sequence[str]) -> tuple[str, ...] | None:
    """What follows of `--cap-add` and `--cap-drop`; None where nothing was said. `ALL` stands for all that there are
    here."""
    if not (add or drop):
        return None
    from builder.sandbox.privileges import CAPABILITIES, DEFAULT_CAPABILITIES

    added, dropped = ([text.upper().removeprefix("CAP_") for text in texts] for texts in (add, drop))
    for name in (*added, *dropped):
        if name not in ("ALL", *CAPABILITIES):
            raise UsageError("bad-option", f"there is no capability {name}", hint="such as NET_ADMIN, or ALL")
    start = CAPABILITIES if "ALL" in added else () if "ALL" in dropped else tuple(DEFAULT_CAPABILITIES)
    kept = [name for name in dict.fromkeys((*start, *added)) if name not in dropped and name != "ALL"]
    return ("ALL", *kept) if "ALL" in added else tuple(kept)


def limits_of(memory: str, cpus: str, pids: str) -> Limits:
    size = parse_size(memory) if memory else 0
    try:
        processors = float(cpus) if cpus else 0.0
        processes = max(0, int(pids)) if pids else 0
    except ValueError:
        size = None
    if size is None or not 0 <= processors < 1e6:
        given = ", ".join(text for text in (memory, cpus, pids) if text)
        raise UsageError("bad-option", f"no limits: {given}", hint="--memory 512m --cpus 1.5 --pids-limit 100")
    return Limits(size, processors, processes)
