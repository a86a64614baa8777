"""All tools, and which of them can be used here."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.peers import buildah, buildkit, docker, podman, pybuild
from tests.bench.peers.protocol import Peer, UnusableError

Find = Callable[[str], Peer]


def known_peers(*, may_prune: bool) -> dict[str, Find]:
    """How each tool is found, given a folder for its state. pybuild is first: the others are compared with it."""
    return {
        "pybuild": pybuild.find,
        "buildkit": lambda work: buildkit.BuildKit("buildkit", work, may_prune=may_prune),
        "buildkit-oci": lambda work: buildkit.BuildKit("buildkit-oci", work, may_prune=may_prune),
        "buildah": buildah.find,
        "podman": podman.find,
        "docker": docker.find,
    }


def find_peers(asked: str, work: str, *, may_prune: bool) -> tuple[list[Peer], dict[str, str]]:
    """The tools to measure, and why others are left out. `asked` is `auto`, `none`, or names; a tool asked for by
    name that cannot be used raises `UnusableError`."""
    known = known_peers(may_prune=may_prune)
    names = list(known) if asked == "auto" else ["pybuild", *(name for name in asked.split(",") if name != "none")]
    found: dict[str, Peer] = {}
    left_out: dict[str, str] = {}
    for name in names:
        if name not in known:
            raise UnusableError(f"unknown peer {name!r}; known are {', '.join(known)}")
        try:
            found[name] = known[name](work)
        except UnusableError as error:
            if asked != "auto" or name == "pybuild":
                raise
            left_out[name] = str(error)
    return list(found.values()), left_out
