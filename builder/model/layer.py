"""A layer as builds see it: what it holds (diff id) and the blob that carries it (descriptor)."""

from __future__ import annotations

from typing import NamedTuple

from builder.model.descriptor import Descriptor
from builder.model.digest import Digest


class Layer(NamedTuple):
    diff_id: Digest
    """Digest of the uncompressed archive."""
    descriptor: Descriptor
    """The compressed blob."""


Chain = tuple[Layer, ...]
"""A stack of layers, bottom first. Its identity is `chain_id` of its diff ids: how it was made does not count."""
