"""One image or an index of several platforms: what a build makes for its outputs."""

from __future__ import annotations

from collections.abc import Iterable

from builder.errors import UsageError
from builder.outputs.types import OutputKind, OutputSpec

_ARGUMENT = "BUILDKIT_MULTI_PLATFORM"
"""A build argument: an index even of one platform (true), or never one (false)."""
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")


def wants_index(count: int, given: str) -> bool:
    """`count` platforms were asked for; `given` is the argument's value. Raises UsageError for what contradicts."""
    if not given:
        return count > 1
    if given.lower() not in _TRUE + _FALSE:
        raise UsageError("bad-build-arg", f"{_ARGUMENT} is true or false, not {given!r}")
    if given.lower() in _FALSE and count > 1:
        hint = "drop the argument, or name one --platform"
        raise UsageError("bad-build-arg", f"{_ARGUMENT}={given} with {count} platforms", hint=hint)
    return given.lower() in _TRUE


def check_outputs(specs: Iterable[OutputSpec]) -> None:
    """Raises UsageError for an output that cannot hold an index."""
    if any(spec.kind is OutputKind.DOCKER for spec in specs):
        raise docker_holds_one()


def docker_holds_one() -> UsageError:
    return UsageError(
        "docker-platforms",
        "--output: an archive for docker load holds one platform",
        hint="type=oci,dest=FILE holds several; or name one --platform",
    )
