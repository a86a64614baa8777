"""Images named by where they are on this machine: `oci:./base`, `docker-archive:/tmp/app.tar:app:1.0`.

The spellings are skopeo's and podman's. A path has a slash: `oci:latest` is the image `oci` of the default registry, as
it always was, and a tag never has one.
"""

from __future__ import annotations

from enum import StrEnum

from builder.lean import NamedTuple
from builder.model.reference import Reference


class PlaceKind(StrEnum):
    OCI_LAYOUT = "oci-layout"
    OCI_ARCHIVE = "oci-archive"
    DOCKER_ARCHIVE = "docker-archive"


_KINDS = {kind.value: kind for kind in PlaceKind} | {"oci": PlaceKind.OCI_LAYOUT}


class Place(NamedTuple):
    kind: PlaceKind
    path: str
    """`PATH[:TAG]`: which colon ends the path is seen from what exists."""

    @classmethod
    def find(cls, name: str) -> Place | None:
        """The place that `name` spells; None when it is no such spelling."""
        kind, _, path = name.partition(":")
        return cls(_KINDS[kind], path) if kind in _KINDS and "/" in path else None


def check_image_name(name: str) -> None:
    """Raises ImageError `bad-reference` unless `name` can mean an image."""
    if Place.find(name) is None:
        Reference.parse(name)
