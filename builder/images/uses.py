"""Who needs an image besides its names: containers, and what is mounted. What is used stays, whatever is removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from builder.model.descriptor import Descriptor
from builder.model.digest import Digest


class Use(NamedTuple):
    image: Descriptor
    """The manifest of one platform."""
    by: str
    """E.g. `container web`."""
    snapshots: tuple[Digest, ...] = ()
    """Names of the snapshots that are mounted, which may be others than the image's diff ids (`implied.py`)."""


def users_of(uses: Iterable[Use], manifests: Iterable[Descriptor]) -> tuple[str, ...]:
    """Who uses one of the images, each once."""
    digests = {descriptor.digest for descriptor in manifests}
    return tuple(dict.fromkeys(use.by for use in uses if use.image.digest in digests))
