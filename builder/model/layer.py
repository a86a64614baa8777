"""A layer as builds see it: what it holds (diff id) and the blob that carries it (descriptor)."""

from __future__ import annotations

from builder.lean import NamedTuple
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest, chain_id


class Layer(NamedTuple):
    diff_id: Digest
    """Digest of the uncompressed archive."""
    descriptor: Descriptor
    """The compressed blob."""


class Claim(NamedTuple):
    """That a layer has this table of contents, as somebody says who did not bring the layer itself."""

    diff_id: Digest
    table: Digest
    """Of the table as it is written (`layers/table.py`)."""


Chain = tuple[Layer, ...]
"""A stack of layers, bottom first. Its identity is `chain_id` of its diff ids: how it was made does not count."""


def chain_identity(chain: Chain) -> str:
    """The chain id of the stack; empty for no layers."""
    return chain_id(tuple(layer.diff_id for layer in chain))
