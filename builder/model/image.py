"""An image that has been looked up: name, manifest digest, config and layers."""

from __future__ import annotations

from builder.lean import NamedTuple
from builder.model.config import ImageConfig
from builder.model.digest import Digest
from builder.model.layer import Chain


class ResolvedImage(NamedTuple):
    name: str
    """As the Buildfile or command line wrote it."""
    digest: Digest
    """Of the platform's manifest."""
    config: ImageConfig
    layers: Chain
    origin: str
    """Where its blobs are: `store`, `oci-layout:PATH`, or `registry:REPOSITORY`."""
