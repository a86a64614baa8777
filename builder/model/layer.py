"""A layer as builds see it: what it holds (diff id) and the blob that carries it (descriptor)."""

from __future__ import annotations

from builder.errors import BuilderError
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


CONTENTS = "org.pybuild.contents"
_DIGITS = 19
"""Of any size that there can be."""


class Tail(NamedTuple):
    """Where a layer's blob carries its table of contents (`layers/tail.py`), and which table it is."""

    start: int
    """The first byte; it goes to the end of the blob."""
    table: Digest
    """Of the table as it is written."""

    @property
    def annotation(self) -> tuple[str, str]:
        """Of the layer's descriptor."""
        return CONTENTS, f"{self.start} {self.table}"

    @classmethod
    def of(cls, descriptor: Descriptor) -> Tail | None:
        """What the descriptor says; None where it says nothing that can be."""
        start, _, table = (descriptor.annotation(CONTENTS) or "").partition(" ")
        if not (start.isascii() and start.isdecimal() and len(start) <= _DIGITS and int(start) < descriptor.size):
            return None
        try:
            return cls(int(start), Digest.parse(table))
        except BuilderError:
            return None


Chain = tuple[Layer, ...]
"""A stack of layers, bottom first. Its identity is `chain_id` of its diff ids: how it was made does not count."""


def chain_identity(chain: Chain) -> str:
    """The chain id of the stack; empty for no layers."""
    return chain_id(tuple(layer.diff_id for layer in chain))
